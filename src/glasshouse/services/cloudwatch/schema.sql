-- What happened to alarms, for a month: `data` is JSON. The data of metrics are core's (core/metrics.py).
CREATE TABLE IF NOT EXISTS cloudwatch_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, region TEXT NOT NULL, alarm TEXT NOT NULL,
    alarm_type TEXT NOT NULL, item_type TEXT NOT NULL, summary TEXT NOT NULL, data TEXT NOT NULL, moment REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS cloudwatch_history_alarm ON cloudwatch_history (account, region, alarm, moment);
