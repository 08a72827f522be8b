-- The items of all tables. `hash` and `range` are the encoded key (engines/dynamo/keys.py; `range` is empty where a table
-- has no sort key), `size` is what DynamoDB counts, `body` the item as msgpack, `expires` when TTL deletes it.
CREATE TABLE IF NOT EXISTS dynamodb_item (
    number INTEGER NOT NULL, hash BLOB NOT NULL, range BLOB NOT NULL, size INTEGER NOT NULL, expires REAL,
    body BLOB NOT NULL, PRIMARY KEY (number, hash, range)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dynamodb_item_expires ON dynamodb_item (number, expires) WHERE expires IS NOT NULL;
-- The entries of all secondary indexes: encoded keys of the index, then of the table; `body` is what is projected.
CREATE TABLE IF NOT EXISTS dynamodb_entry (
    number INTEGER NOT NULL, hash BLOB NOT NULL, range BLOB NOT NULL, item_hash BLOB NOT NULL, item_range BLOB NOT NULL,
    size INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (number, hash, range, item_hash, item_range)
) WITHOUT ROWID;
-- The number of a table or index, and how much it holds.
CREATE TABLE IF NOT EXISTS dynamodb_extent (
    number INTEGER PRIMARY KEY AUTOINCREMENT, items INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0
);
-- Transactions by their idempotency tokens, for ten minutes: what was asked (a digest) and what was answered.
CREATE TABLE IF NOT EXISTS dynamodb_token (
    account TEXT NOT NULL, token TEXT NOT NULL, asked TEXT NOT NULL, done REAL NOT NULL, answer BLOB NOT NULL,
    PRIMARY KEY (account, token)
) WITHOUT ROWID;
-- What tables with point-in-time recovery held: an image of each item from the moment when it was written.
CREATE TABLE IF NOT EXISTS dynamodb_image (
    number INTEGER NOT NULL, hash BLOB NOT NULL, range BLOB NOT NULL, written REAL NOT NULL, id INTEGER NOT NULL,
    body BLOB, PRIMARY KEY (number, hash, range, written, id)
) WITHOUT ROWID;
-- Streams and their records: written here, read by the service of the streams, whose schema says the same.
CREATE TABLE IF NOT EXISTS dynamodbstreams_stream (
    number INTEGER PRIMARY KEY AUTOINCREMENT, arn TEXT NOT NULL UNIQUE, scope TEXT NOT NULL, table_name TEXT NOT NULL,
    label TEXT NOT NULL, view TEXT NOT NULL, key_schema TEXT NOT NULL, created REAL NOT NULL, ended REAL
);
CREATE TABLE IF NOT EXISTS dynamodbstreams_record (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, written REAL NOT NULL, body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS dynamodbstreams_record_stream ON dynamodbstreams_record (stream, sequence);
