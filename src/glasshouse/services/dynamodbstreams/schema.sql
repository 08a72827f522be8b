-- Streams and their records: read here, written by DynamoDB, whose schema says the same.
CREATE TABLE IF NOT EXISTS dynamodbstreams_stream (
    number INTEGER PRIMARY KEY AUTOINCREMENT, arn TEXT NOT NULL UNIQUE, scope TEXT NOT NULL, table_name TEXT NOT NULL,
    label TEXT NOT NULL, view TEXT NOT NULL, key_schema TEXT NOT NULL, created REAL NOT NULL, ended REAL
);
CREATE TABLE IF NOT EXISTS dynamodbstreams_record (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, written REAL NOT NULL, body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS dynamodbstreams_record_stream ON dynamodbstreams_record (stream, sequence);
