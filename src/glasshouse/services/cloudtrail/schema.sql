CREATE TABLE IF NOT EXISTS cloudtrail_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL,
    time REAL NOT NULL, name TEXT NOT NULL, source TEXT NOT NULL, username TEXT, access_key_id TEXT,
    read_only INTEGER NOT NULL, category TEXT NOT NULL, resources TEXT NOT NULL, record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS cloudtrail_event_time ON cloudtrail_event (account, time, id);
