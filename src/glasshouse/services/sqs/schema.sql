-- Messages of all queues. A queue's are those of its lot; purging gives the queue another lot and leaves the old one to a
-- job. `visible` is when a message can be received next, `taken` when it was received last (NULL once it was given back),
-- `receipt` what its latest receipt handle contains. Ids grow forever: sequence numbers are made of them.
CREATE TABLE IF NOT EXISTS sqs_message (
    id INTEGER PRIMARY KEY AUTOINCREMENT, lot INTEGER NOT NULL, visible REAL NOT NULL, received INTEGER NOT NULL DEFAULT 0,
    sent REAL NOT NULL, first_received REAL, taken REAL, receipt INTEGER, message_id TEXT NOT NULL, sender TEXT NOT NULL,
    message_group TEXT, deduplication TEXT, source TEXT, trace TEXT, attributes TEXT, digest TEXT NOT NULL,
    key INTEGER, body NOT NULL
);
-- Who completes the body when it is given out (`sns._completed`), where the service that sent it left a draft; its
-- `digest` is known only then.
ALTER TABLE sqs_message ADD COLUMN completion TEXT;
CREATE INDEX IF NOT EXISTS sqs_message_visible ON sqs_message (lot, visible, received, sent);
CREATE INDEX IF NOT EXISTS sqs_message_group ON sqs_message (lot, message_group, id) WHERE deduplication IS NOT NULL;
CREATE INDEX IF NOT EXISTS sqs_message_key ON sqs_message (key) WHERE key IS NOT NULL;
-- Data keys of encrypted queues, encrypted by KMS; `body` is encrypted by the one that `key` names.
CREATE TABLE IF NOT EXISTS sqs_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT, arn TEXT NOT NULL, kms_key TEXT NOT NULL, made REAL NOT NULL, sealed BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS sqs_key_arn ON sqs_key (arn, kms_key, id);
-- The message groups of FIFO queues that have messages: `ready` is when the next can be received, `head` its id.
CREATE TABLE IF NOT EXISTS sqs_group (
    lot INTEGER NOT NULL, name TEXT NOT NULL, ready REAL NOT NULL, head INTEGER NOT NULL, PRIMARY KEY (lot, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sqs_group_ready ON sqs_group (lot, ready, head);
-- What was sent to FIFO queues in the last five minutes, also if it was received and deleted meanwhile.
CREATE TABLE IF NOT EXISTS sqs_deduplication (
    queue INTEGER NOT NULL, scope TEXT NOT NULL, id TEXT NOT NULL, sent REAL NOT NULL, message INTEGER NOT NULL,
    message_id TEXT NOT NULL, PRIMARY KEY (queue, scope, id)
) WITHOUT ROWID;
-- What a ReceiveRequestAttemptId got: a JSON list of [message, receipt], all of them hidden until `visible`.
CREATE TABLE IF NOT EXISTS sqs_attempt (
    queue INTEGER NOT NULL, id TEXT NOT NULL, made REAL NOT NULL, visible REAL NOT NULL, got TEXT NOT NULL,
    PRIMARY KEY (queue, id)
) WITHOUT ROWID;
