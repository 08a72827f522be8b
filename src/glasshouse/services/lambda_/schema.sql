-- What event source mappings have taken from their sources and not yet delivered: batches, and in `body` their items as
-- the function's event has them. An open batch is still being gathered.
CREATE TABLE IF NOT EXISTS lambda_batch (
    number INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL, shard_id TEXT NOT NULL, lane INTEGER NOT NULL,
    opened REAL NOT NULL, attempts INTEGER NOT NULL, closed INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS lambda_batch_lane ON lambda_batch (uuid, shard_id, lane, number);
CREATE TABLE IF NOT EXISTS lambda_item (
    batch INTEGER NOT NULL, position INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (batch, position)
) WITHOUT ROWID;
-- Events of asynchronous invocations that are not yet done with, in the order in which they came.
CREATE TABLE IF NOT EXISTS lambda_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT, function_arn TEXT NOT NULL, request_id TEXT NOT NULL, received REAL NOT NULL,
    invoked INTEGER NOT NULL DEFAULT 0, throttled INTEGER NOT NULL DEFAULT 0, context TEXT NOT NULL,
    payload BLOB NOT NULL
);
