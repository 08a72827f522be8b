-- What was deployed: never changed, and read by every request.
CREATE TABLE IF NOT EXISTS apigateway_snapshot (
    api TEXT NOT NULL, deployment TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (api, deployment)
) WITHOUT ROWID;
-- What authorizers said, by the identity they were asked about.
CREATE TABLE IF NOT EXISTS apigateway_verdict (
    api TEXT NOT NULL, stage TEXT NOT NULL, authorizer TEXT NOT NULL, identity TEXT NOT NULL, verdict TEXT NOT NULL,
    expires REAL NOT NULL, PRIMARY KEY (api, stage, authorizer, identity)
) WITHOUT ROWID;
-- Answers that were cached.
CREATE TABLE IF NOT EXISTS apigateway_answer (
    api TEXT NOT NULL, stage TEXT NOT NULL, key TEXT NOT NULL, answer BLOB NOT NULL, expires REAL NOT NULL,
    PRIMARY KEY (api, stage, key)
) WITHOUT ROWID;
-- Requests by usage plan, key and day, and what was left of the quota at the day's last one.
CREATE TABLE IF NOT EXISTS apigateway_use (
    plan TEXT NOT NULL, key TEXT NOT NULL, day TEXT NOT NULL, used INTEGER NOT NULL, remaining INTEGER NOT NULL,
    PRIMARY KEY (plan, key, day)
) WITHOUT ROWID;
-- Requests of a key in the present period of its plan's quota.
CREATE TABLE IF NOT EXISTS apigateway_period (
    plan TEXT NOT NULL, key TEXT NOT NULL, begun TEXT NOT NULL, used INTEGER NOT NULL, extra INTEGER NOT NULL,
    PRIMARY KEY (plan, key)
) WITHOUT ROWID;
