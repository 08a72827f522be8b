-- What delivery streams have taken in and not yet delivered. Records lie in buffers: `kind` says where they go (to be
-- processed, to the destination, into the backup, or what has failed), `partition` the keys of a dynamic partition.
-- A sealed buffer takes no more. `key` is the data key of encrypted records, itself encrypted; `name` what the buffer is
-- called on its way out: an object or a request.
CREATE TABLE IF NOT EXISTS firehose_buffer (
    id INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, kind TEXT NOT NULL, partition TEXT NOT NULL,
    opened REAL NOT NULL, oldest REAL NOT NULL, size INTEGER NOT NULL, records INTEGER NOT NULL,
    sealed INTEGER NOT NULL, key BLOB, name TEXT, attempts INTEGER NOT NULL, begun REAL
);
CREATE UNIQUE INDEX IF NOT EXISTS firehose_buffer_open ON firehose_buffer (stream, kind, partition) WHERE sealed = 0;
CREATE INDEX IF NOT EXISTS firehose_buffer_stream ON firehose_buffer (stream, kind, sealed, id);
-- The records, those of one buffer beside each other: a record's place is its buffer's id, shifted by 32 bits, plus its
-- count within the buffer. `source` is what is known of a record that was read from a stream.
CREATE TABLE IF NOT EXISTS firehose_record (
    place INTEGER PRIMARY KEY, arrived REAL NOT NULL, data BLOB NOT NULL, source TEXT
);
