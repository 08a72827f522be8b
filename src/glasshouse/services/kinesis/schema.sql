-- The shards of all streams. A shard's name comes of its position within its stream; hash keys are 32 hexadecimal digits,
-- `epoch` is the second with which its sequence numbers begin, `trimmed` the count of the last record that was deleted.
CREATE TABLE IF NOT EXISTS kinesis_shard (
    id INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, position INTEGER NOT NULL, parent INTEGER,
    adjacent INTEGER, first_hash TEXT NOT NULL, last_hash TEXT NOT NULL, epoch INTEGER NOT NULL, opened REAL NOT NULL,
    closed REAL, trimmed INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX IF NOT EXISTS kinesis_shard_stream ON kinesis_shard (stream, position);
CREATE INDEX IF NOT EXISTS kinesis_shard_open ON kinesis_shard (stream, first_hash) WHERE closed IS NULL;
-- The records of all shards, those of one shard beside each other: a record's place is its shard's id, shifted by 40
-- bits, plus its count within the shard. Arrivals never go back within a shard. `sealed` data are encrypted by a data key
-- that lies before them, made by the key that AWS manages (1) or by one of the customer's (2).
CREATE TABLE IF NOT EXISTS kinesis_record (
    place INTEGER PRIMARY KEY, arrived REAL NOT NULL, partition_key TEXT, sealed INTEGER NOT NULL, data BLOB NOT NULL
);
-- How far queues have come in each shard: the count of the next record to deliver.
CREATE TABLE IF NOT EXISTS kinesis_queue_position (
    queue INTEGER NOT NULL, shard INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (queue, shard)
) WITHOUT ROWID;
-- Records that queues have delivered and nobody has acknowledged: visible again from a moment on, by the latest receipt.
CREATE TABLE IF NOT EXISTS kinesis_queue_record (
    queue INTEGER NOT NULL, place INTEGER NOT NULL, visible REAL NOT NULL, received INTEGER NOT NULL, first REAL NOT NULL,
    receipt INTEGER NOT NULL, dead INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (queue, place)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kinesis_queue_record_visible ON kinesis_queue_record (queue, dead, visible);
