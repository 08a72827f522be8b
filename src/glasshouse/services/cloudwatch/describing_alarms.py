"""What alarms there are, and what happened to them."""

import json

from glasshouse.core.table import make_token, read_token
from glasshouse.services.cloudwatch.errors import InvalidNextToken, ValidationError
from glasshouse.services.cloudwatch.readings import DAY_S, dimension_pairs
from glasshouse.services.cloudwatch.records import Alarm, CompositeAlarm, MetricAlarm

HISTORY_S = 30 * DAY_S
# There are no alarms of the third kind, LogAlarm, as nothing here makes one.
KINDS = {"MetricAlarm": MetricAlarm, "CompositeAlarm": CompositeAlarm}


class DescribingAlarms:
    """DescribeAlarms, DescribeAlarmsForMetric and DescribeAlarmHistory."""

    def describe_alarms(
        self,
        alarm_names: list | None = None,
        alarm_name_prefix: str | None = None,
        alarm_types: list | None = None,
        children_of_alarm_name: str | None = None,
        parents_of_alarm_name: str | None = None,
        state_value: str | None = None,
        action_prefix: str | None = None,
        max_records: int = 50,
        next_token: str | None = None,
    ):
        if alarm_names and alarm_name_prefix:
            raise ValidationError("AlarmNamePrefix and AlarmNames are mutually exclusive")
        kin = children_of_alarm_name or parents_of_alarm_name
        if kin is not None:
            return self._describe_kin(children_of_alarm_name, parents_of_alarm_name, max_records, next_token)
        kinds = tuple(KINDS[kind] for kind in alarm_types or ["MetricAlarm"] if kind in KINDS)
        found = [
            alarm
            for alarm in self._all_alarms()
            if isinstance(alarm, kinds)
            and (alarm_names is None or alarm.alarm_name in alarm_names)
            and alarm.alarm_name.startswith(alarm_name_prefix or "")
            and state_value in (None, alarm.state_value)
            and _acts_on(alarm, action_prefix)
        ]
        page, token = _page(found, max_records, next_token)
        return {
            "MetricAlarms": [alarm for alarm in page if isinstance(alarm, MetricAlarm)],
            "CompositeAlarms": [alarm for alarm in page if isinstance(alarm, CompositeAlarm)],
            "NextToken": token,
        }

    def describe_alarms_for_metric(
        self,
        metric_name: str,
        namespace: str,
        statistic: str | None = None,
        extended_statistic: str | None = None,
        dimensions: list | None = None,
        period: int | None = None,
        unit: str | None = None,
    ):
        asked = {"statistic": statistic, "extended_statistic": extended_statistic, "period": period, "unit": unit}
        pairs = sorted(dimension_pairs(dimensions))
        found = [
            alarm
            for alarm in self.metric_alarms.list()
            if (alarm.metric_name, alarm.namespace) == (metric_name, namespace)
            and sorted(dimension_pairs(alarm.dimensions)) == pairs
            and all(value in (None, getattr(alarm, name)) for name, value in asked.items())
        ]
        return {"MetricAlarms": found}

    def describe_alarm_history(
        self,
        alarm_name: str | None = None,
        alarm_types: list | None = None,
        history_item_type: str | None = None,
        start_date: float | None = None,
        end_date: float | None = None,
        max_records: int = 100,
        next_token: str | None = None,
        scan_by: str = "TimestampDescending",
    ):
        kinds = alarm_types or list(KINDS)
        query = f"account = ? AND region = ? AND moment >= ? AND alarm_type IN ({', '.join('?' * len(kinds))})"
        start = max(self.now - HISTORY_S, start_date or 0.0)
        arguments = [self.call.account, self.call.region, start, *kinds]
        given = {"alarm = ?": alarm_name, "item_type = ?": history_item_type, "moment <= ?": end_date}
        for condition, value in given.items():
            if value is not None:
                query += f" AND {condition}"
                arguments.append(value)
        backwards = scan_by == "TimestampDescending"
        if next_token:
            query += f" AND id {'<' if backwards else '>'} ?"
            arguments.append(_place(next_token))
        rows = self.store.read(
            "SELECT id, alarm, alarm_type, item_type, summary, data, moment FROM cloudwatch_history"
            f" WHERE {query} ORDER BY id {'DESC' if backwards else 'ASC'} LIMIT ?",
            (*arguments, max_records + 1),
        ).fetchall()
        page = rows[:max_records]
        more = len(rows) > max_records
        return {
            "AlarmHistoryItems": [
                {
                    "AlarmName": name, "AlarmType": kind, "HistoryItemType": item, "HistorySummary": summary,
                    "HistoryData": data, "Timestamp": moment,
                }
                for _, name, kind, item, summary, data, moment in page
            ],
            "NextToken": make_token(f"history {page[-1][0]}") if more else None,
        }  # fmt: skip

    # Within

    def _all_alarms(self) -> list[Alarm]:
        """Of both kinds, by name."""
        both = [*self.metric_alarms.list(), *self.composite_alarms.list()]
        return sorted(both, key=lambda alarm: alarm.alarm_name)

    def _describe_kin(self, children_of: str | None, parents_of: str | None, most: int, token: str | None) -> dict:
        """Alarms that a composite alarm watches, or those that watch an alarm; little is told of them."""
        if children_of is not None:
            parent = self.composite_alarms.get(children_of)
            names = set(parent.children if parent else ())
        else:
            names = {alarm.alarm_name for alarm in self.composite_alarms.list() if parents_of in alarm.children}
        page, next_token = _page([alarm for alarm in self._all_alarms() if alarm.alarm_name in names], most, token)
        told: dict[str, list] = {"MetricAlarms": [], "CompositeAlarms": []}
        for alarm in page:
            brief = {"AlarmName": alarm.alarm_name, "AlarmArn": alarm.alarm_arn}
            if children_of is not None:
                brief |= {"StateValue": alarm.state_value, "StateUpdatedTimestamp": alarm.state_updated_timestamp}
            told["MetricAlarms" if isinstance(alarm, MetricAlarm) else "CompositeAlarms"].append(brief)
        return {**told, "NextToken": next_token}

    def _note(self, alarm: Alarm, item: str, summary: str, data: dict):
        """Write down what happened to an alarm; what is older than a month goes."""
        kind = "MetricAlarm" if isinstance(alarm, MetricAlarm) else "CompositeAlarm"
        self.store.write(
            "INSERT INTO cloudwatch_history (account, region, alarm, alarm_type, item_type, summary, data, moment)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self.call.account, self.call.region, alarm.alarm_name, kind, item, summary, json.dumps(data), self.now),
        )
        self.store.write(
            "DELETE FROM cloudwatch_history WHERE account = ? AND region = ? AND alarm = ? AND moment < ?",
            (self.call.account, self.call.region, alarm.alarm_name, self.now - HISTORY_S),
        )


def _acts_on(alarm: Alarm, prefix: str | None) -> bool:
    actions = (*alarm.ok_actions, *alarm.alarm_actions, *alarm.insufficient_data_actions)
    return prefix is None or any(action.startswith(prefix) for action in actions)


def _page(found: list[Alarm], most: int, token: str | None) -> tuple[list[Alarm], str | None]:
    after = read_token(token)
    rest = [alarm for alarm in found if alarm.alarm_name > after]
    page = rest[:most]
    return page, make_token(page[-1].alarm_name) if len(rest) > most else None


def _place(token: str) -> int:
    word, _, number = read_token(token).partition(" ")
    if word != "history" or not number.isdecimal():
        raise InvalidNextToken("The NextToken is invalid.")
    return int(number)
