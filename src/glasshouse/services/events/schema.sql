-- Events in archives: `time` is that of the event, `kept` when it came in; both by the cloud's clock.
CREATE TABLE IF NOT EXISTS events_archived (
    id INTEGER PRIMARY KEY AUTOINCREMENT, archive TEXT NOT NULL, time REAL NOT NULL, kept REAL NOT NULL,
    size INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_archived_time ON events_archived (archive, time, id);
CREATE INDEX IF NOT EXISTS events_archived_kept ON events_archived (archive, kept);
