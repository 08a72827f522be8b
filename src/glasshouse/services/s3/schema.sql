CREATE TABLE IF NOT EXISTS s3_version (
    id INTEGER PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, version_id TEXT NOT NULL,
    superseded REAL, delete_marker INTEGER NOT NULL, modified REAL NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    owner TEXT NOT NULL, storage_class TEXT NOT NULL, checksum_algorithm TEXT, checksum TEXT, checksum_type TEXT,
    restore TEXT, blob TEXT, content TEXT, parts_count INTEGER, content_type TEXT NOT NULL, headers TEXT,
    metadata TEXT, tags TEXT, encryption TEXT, lock TEXT, acl TEXT
);
-- Current versions and older ones lie in separate indexes, so that listing objects never wades through old versions.
CREATE UNIQUE INDEX IF NOT EXISTS s3_current ON s3_version (bucket, key) WHERE superseded IS NULL;
CREATE INDEX IF NOT EXISTS s3_noncurrent ON s3_version (bucket, key, id DESC) WHERE superseded IS NOT NULL;
CREATE INDEX IF NOT EXISTS s3_noncurrent_id ON s3_version (bucket, key, version_id) WHERE superseded IS NOT NULL;
CREATE TABLE IF NOT EXISTS s3_upload (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, initiated REAL NOT NULL, completed REAL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS s3_open_upload ON s3_upload (bucket, key, id) WHERE completed IS NULL;
CREATE INDEX IF NOT EXISTS s3_completed_upload ON s3_upload (completed) WHERE completed IS NOT NULL;
CREATE TABLE IF NOT EXISTS s3_part (
    content TEXT NOT NULL, number INTEGER NOT NULL, start INTEGER NOT NULL, size INTEGER NOT NULL,
    modified REAL NOT NULL, etag TEXT NOT NULL, checksum TEXT, segments TEXT NOT NULL, PRIMARY KEY (content, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS s3_part_start ON s3_part (content, start);
CREATE TABLE IF NOT EXISTS s3_measured (name TEXT PRIMARY KEY, began REAL NOT NULL, result TEXT) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS s3_access (
    id INTEGER PRIMARY KEY, bucket TEXT NOT NULL, moment REAL NOT NULL, line TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS s3_access_bucket ON s3_access (bucket, id);
CREATE TABLE IF NOT EXISTS s3_replication (
    bucket TEXT NOT NULL, key TEXT NOT NULL, version_id TEXT NOT NULL, status TEXT NOT NULL, outcomes TEXT NOT NULL,
    PRIMARY KEY (bucket, key, version_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS s3_tiering (
    id INTEGER PRIMARY KEY, made TEXT NOT NULL, bucket TEXT NOT NULL, accessed REAL NOT NULL, tier TEXT
);
CREATE INDEX IF NOT EXISTS s3_tiering_bucket ON s3_tiering (bucket);
