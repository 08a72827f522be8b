CREATE TABLE IF NOT EXISTS logs_stream (
    id INTEGER PRIMARY KEY AUTOINCREMENT, group_id INTEGER NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL,
    first_event INTEGER, last_event INTEGER, last_ingestion INTEGER, bytes INTEGER NOT NULL DEFAULT 0,
    UNIQUE (group_id, name)
);
CREATE INDEX IF NOT EXISTS logs_stream_latest ON logs_stream (group_id, last_event, name);
CREATE TABLE IF NOT EXISTS logs_event (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, group_id INTEGER NOT NULL, stream_id INTEGER NOT NULL,
    timestamp INTEGER NOT NULL, ingestion INTEGER NOT NULL, message TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS logs_event_group ON logs_event (group_id, timestamp, sequence);
CREATE INDEX IF NOT EXISTS logs_event_stream ON logs_event (stream_id, timestamp, sequence);
