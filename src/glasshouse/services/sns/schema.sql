-- What is on its way to an endpoint: one row until it has arrived, or is given up. `work` is JSON: what to send where.
CREATE TABLE IF NOT EXISTS sns_delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT, subscription TEXT NOT NULL, attempt INTEGER NOT NULL DEFAULT 0,
    begun REAL NOT NULL, work BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS sns_delivery_subscription ON sns_delivery (subscription);
-- What was published to FIFO topics in the last five minutes. Ids grow forever: sequence numbers are made of them.
CREATE TABLE IF NOT EXISTS sns_deduplication (
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, scope TEXT NOT NULL, deduplication TEXT NOT NULL,
    published REAL NOT NULL, message_id TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS sns_deduplication_key ON sns_deduplication (topic, scope, deduplication);
-- The archives of FIFO topics, in the order of publication.
CREATE TABLE IF NOT EXISTS sns_archive (
    topic TEXT NOT NULL, sequence INTEGER NOT NULL, published REAL NOT NULL, note BLOB NOT NULL,
    PRIMARY KEY (topic, sequence)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sns_archive_published ON sns_archive (topic, published);
