"""Evaluating alarms by the cloud's clock, and what a change of state leads to.

An alarm is looked at each full minute (every ten seconds if its period is shorter than a minute) as long as there are
data in its evaluation range; without any it waits until some come.
"""

import json
import math
from datetime import UTC, datetime

from glasshouse.core.errors import ServiceError
from glasshouse.core.metrics import metric_topic
from glasshouse.services.cloudwatch.alarm_checks import period_of
from glasshouse.services.cloudwatch.alarm_rules import read_rule
from glasshouse.services.cloudwatch.alarm_verdicts import Point, range_length, verdict
from glasshouse.services.cloudwatch.data_queries import MetricStat, read_queries
from glasshouse.services.cloudwatch.readings import DAY_S, HOUR_S, MINUTE_S, Span
from glasshouse.services.cloudwatch.records import Alarm, CompositeAlarm, MetricAlarm, state_of, written
from glasshouse.services.cloudwatch.sheets import Sheet, Within
from glasshouse.services.cloudwatch.statistics import read_statistic

SHORT_STEP_S = 10
CHANGING = ("SEARCH", "TIME_SERIES", "SELECT", "MINUTE", "HOUR", "DAY", "DATE", "MONTH", "YEAR", "EPOCH")


def step_of(alarm: MetricAlarm, period: int) -> int:
    """How often it is looked at."""
    if period < MINUTE_S:
        return SHORT_STEP_S
    return HOUR_S if period * alarm.evaluation_periods > DAY_S else MINUTE_S


class AlarmStates:
    """The states of alarms."""

    def _evaluate_next(self, alarm: MetricAlarm):
        step = step_of(alarm, self._period(alarm))
        moment = (self.now // step + 1) * step
        self.later("_evaluate_alarm", at=moment, key=f"alarm/{alarm.alarm_name}", name=alarm.alarm_name)

    def _evaluate_alarm(self, name: str):
        alarm = self.metric_alarms.get(name)
        if alarm is None:
            return
        self._refresh()
        points = self._points(alarm)
        found = verdict(alarm, points)
        if found is not None and found.state != alarm.state_value:
            data = self._reason_data(alarm, points, found.evaluated)
            self._change_state(alarm, found.state, found.reason, json.dumps(data, separators=(",", ":")))
        if self._must_look_again(alarm):
            self._evaluate_next(alarm)
        else:
            self.later("_await_data", key=f"alarm/{name}", name=name)

    def _await_data(self, name: str):
        """Until some data come; then evaluate them when their period is over."""
        alarm = self.metric_alarms.get(name)
        if alarm is None:
            return
        if not self._must_look_again(alarm):
            self.wait(MINUTE_S, *self._topics(alarm))
        self._evaluate_next(alarm)

    def _period(self, alarm: MetricAlarm) -> int:
        return alarm.period or period_of(read_queries(alarm.metrics or [], "Metrics"))

    def _span(self, alarm: MetricAlarm) -> Span:
        """The evaluation range: whole periods until now."""
        period = self._period(alarm)
        step = period if period < MINUTE_S else MINUTE_S
        end = int(self.now // step * step)
        return Span(end - range_length(alarm, period) * period, end, period)

    def _points(self, alarm: MetricAlarm) -> list[Point]:
        over = self._span(alarm)
        if alarm.metrics:
            queries = read_queries(alarm.metrics, "Metrics")
            wanted = next(query for query in queries if query.returned)
            try:
                listed = Sheet(self, queries, Within(over.start, over.end)).series(wanted.id)
            except ServiceError:
                listed = []
            known = listed[0].points if listed else {}
            return [Point(moment, known.get(moment)) for moment in over.times]
        statistic = read_statistic(alarm.statistic or alarm.extended_statistic or "")
        metric = self._metric(alarm.namespace, alarm.metric_name, alarm.dimensions)
        measured = self._measured_in_one_unit(metric, over, alarm.unit, statistic.needs_values)
        return [
            Point(moment, statistic.of(measured[moment]), measured[moment].count)
            if moment in measured
            else Point(moment, None)
            for moment in over.times
        ]

    def _watched(self, alarm: MetricAlarm) -> list[tuple[str, str, list]]:
        """(namespace, name, dimensions) of the metrics it watches."""
        if not alarm.metrics:
            return [(alarm.namespace or "", alarm.metric_name or "", alarm.dimensions or [])]
        asked = [query.asks for query in read_queries(alarm.metrics, "Metrics")]
        return [(one.namespace, one.metric_name, one.dimensions) for one in asked if isinstance(one, MetricStat)]

    def _topics(self, alarm: MetricAlarm) -> list[str]:
        call = self.call
        return [metric_topic(call.account, call.region, space, name) for space, name, _ in self._watched(alarm)]

    def _must_look_again(self, alarm: MetricAlarm) -> bool:
        """Whether another moment may tell something else without new data."""
        expressions = [query.get("Expression", "") for query in alarm.metrics or ()]
        if any(word in expression.upper() for word in CHANGING for expression in expressions):
            return True
        self.cloud.metrics.flush()
        start = self._span(alarm).start
        return any(
            (metric := self._metric(*watched)) is not None
            and self.store.read(
                "SELECT 1 FROM metric_data WHERE metric = ? AND start >= ? LIMIT 1", (metric.id, start)
            ).fetchone()
            for watched in self._watched(alarm)
        )

    def _reason_data(self, alarm: MetricAlarm, points: list[Point], evaluated: list[Point]) -> dict:
        known = [point for point in points if point.value is not None]
        told: dict = {"version": "1.0", "queryDate": written(self.now)}
        if known:
            told["startDate"] = written(known[0].moment)
        if alarm.unit:
            told["unit"] = alarm.unit
        if not alarm.metrics:
            told["statistic"] = alarm.statistic or alarm.extended_statistic
        told["period"] = self._period(alarm)
        told["recentDatapoints"] = [point.value for point in known]
        told["threshold"] = alarm.threshold
        told["evaluatedDatapoints"] = [_evaluated(point) for point in reversed(evaluated)]
        return told

    # Composite alarms

    def _evaluate_composite(self, name: str, because: str | None = None):
        """Work out the rule of a composite alarm, of whose children one has changed."""
        alarm = self.composite_alarms.get(name)
        if alarm is None:
            return
        holds = read_rule(alarm.alarm_rule).holds(self._state_of)
        state = "ALARM" if holds else "OK"
        if state == alarm.state_value:
            return
        child = self._any_alarm(because) if because else None
        reason = f"The alarm rule {alarm.alarm_rule} is {'true' if holds else 'false'}"
        data = None
        if child is not None:
            moment = datetime.fromtimestamp(child.state_updated_timestamp, UTC)
            reason = (
                f"{child.alarm_arn} transitioned to {child.state_value} at"
                f" {moment:%A} {moment.day:02d} {moment:%B, %Y %H:%M:%S} UTC"
            )
            state_of_child = {"value": child.state_value, "timestamp": written(child.state_updated_timestamp)}
            data = json.dumps({"triggeringAlarms": [{"arn": child.alarm_arn, "state": state_of_child}]})
        self._change_state(alarm, state, reason, data)

    def _state_of(self, name: str) -> str | None:
        alarm = self._any_alarm(name)
        return alarm.state_value if alarm else None

    # Any change

    def _change_state(self, alarm: Alarm, state: str, reason: str, data: str | None):
        if state != alarm.state_value:
            alarm.previous, alarm.held_back = state_of(alarm), None
            alarm.state_transitioned_timestamp = self.now
        changed = state != alarm.state_value
        alarm.state_value, alarm.state_reason, alarm.state_reason_data = state, reason, data  # type: ignore[assignment]
        alarm.state_updated_timestamp = self.now
        self._keep_alarm(alarm)
        if not changed:
            return
        self._note_change(alarm)
        for composite in self.composite_alarms.list():
            if alarm.alarm_name in composite.children:
                self.later("_evaluate_composite", name=composite.alarm_name, because=alarm.alarm_name)
            if self._suppressor_name(composite) == alarm.alarm_name:
                self._suppressor_changed(composite, alarm.state_value == "ALARM")
        if isinstance(alarm, CompositeAlarm) and alarm.actions_suppressor:
            self._act_unless_suppressed(alarm)
        else:
            self._act(alarm)


def _evaluated(point: Point) -> dict:
    told: dict = {"timestamp": written(point.moment)}
    if point.count is not None:
        told["sampleCount"] = point.count
    if point.value is not None and math.isfinite(point.value):
        told["value"] = point.value
    return told
