-- What pipes have taken from their sources and not yet delivered: batches, and in `body` their items as events have
-- them. An open batch is still being gathered. `parts` and `enriched` are JSON.
CREATE TABLE IF NOT EXISTS pipes_batch (
    number INTEGER PRIMARY KEY AUTOINCREMENT, pipe TEXT NOT NULL, shard_id TEXT NOT NULL, opened REAL NOT NULL,
    closed INTEGER NOT NULL, parts TEXT NOT NULL DEFAULT '[]', enriched BLOB
);
CREATE INDEX IF NOT EXISTS pipes_batch_shard ON pipes_batch (pipe, shard_id, number);
CREATE TABLE IF NOT EXISTS pipes_item (
    batch INTEGER NOT NULL, position INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (batch, position)
) WITHOUT ROWID;
