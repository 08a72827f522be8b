"""Alarms: putting and deleting them, setting their states, and switching their actions."""

from dataclasses import asdict

from glasshouse.core.tags import from_list
from glasshouse.services.cloudwatch.alarm_checks import check_alarm, check_reason_data
from glasshouse.services.cloudwatch.alarm_rules import read_rule
from glasshouse.services.cloudwatch.errors import ResourceNotFound, ValidationError
from glasshouse.services.cloudwatch.records import Alarm, CompositeAlarm, MetricAlarm

SUPPRESSED = ("actions_suppressor", "actions_suppressor_wait_period", "actions_suppressor_extension_period")


class Alarms:
    """Operations on alarms. A composite alarm and a metric alarm cannot have the same name."""

    def put_metric_alarm(
        self,
        alarm_name: str,
        alarm_description: str | None = None,
        actions_enabled: bool = True,
        ok_actions: list | None = None,
        alarm_actions: list | None = None,
        insufficient_data_actions: list | None = None,
        metric_name: str | None = None,
        namespace: str | None = None,
        statistic: str | None = None,
        extended_statistic: str | None = None,
        dimensions: list | None = None,
        period: int | None = None,
        unit: str | None = None,
        evaluation_periods: int | None = None,
        datapoints_to_alarm: int | None = None,
        threshold: float | None = None,
        comparison_operator: str | None = None,
        treat_missing_data: str | None = None,
        evaluate_low_sample_count_percentile: str | None = None,
        metrics: list | None = None,
        tags: list | None = None,
    ):
        for name, value in (("evaluationPeriods", evaluation_periods), ("comparisonOperator", comparison_operator)):
            if value is None:
                raise ValidationError(
                    f"1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not"
                    " be null"
                )
        alarm = MetricAlarm(
            alarm_name=alarm_name, alarm_arn=self._alarm_arn(alarm_name), alarm_description=alarm_description,
            actions_enabled=actions_enabled, ok_actions=ok_actions or [], alarm_actions=alarm_actions or [],
            insufficient_data_actions=insufficient_data_actions or [],
            alarm_configuration_updated_timestamp=self.now, evaluation_periods=evaluation_periods,
            comparison_operator=comparison_operator, threshold=threshold, metric_name=metric_name,
            namespace=namespace, statistic=statistic, extended_statistic=extended_statistic,
            dimensions=dimensions or [], period=period, unit=unit, datapoints_to_alarm=datapoints_to_alarm,
            treat_missing_data=treat_missing_data,
            evaluate_low_sample_count_percentile=evaluate_low_sample_count_percentile, metrics=metrics,
        )  # fmt: skip
        check_alarm(alarm)
        self._put_alarm(alarm, self.metric_alarms, self.composite_alarms, tags)
        self._evaluate_next(alarm)

    def put_composite_alarm(
        self,
        alarm_name: str,
        alarm_rule: str,
        alarm_description: str | None = None,
        actions_enabled: bool = True,
        ok_actions: list | None = None,
        alarm_actions: list | None = None,
        insufficient_data_actions: list | None = None,
        tags: list | None = None,
        actions_suppressor: str | None = None,
        actions_suppressor_wait_period: int | None = None,
        actions_suppressor_extension_period: int | None = None,
    ):
        children = read_rule(alarm_rule).names
        missing = [name for name in children if self._any_alarm(name) is None]
        if missing:
            raise ValidationError(
                f"Could not save the composite alarm as alarms [{', '.join(missing)}] in the alarm rule do not exist"
            )
        self._check_no_cycle(alarm_name, children)
        alarm = CompositeAlarm(
            alarm_name=alarm_name, alarm_arn=self._alarm_arn(alarm_name), alarm_description=alarm_description,
            actions_enabled=actions_enabled, ok_actions=ok_actions or [], alarm_actions=alarm_actions or [],
            insufficient_data_actions=insufficient_data_actions or [],
            alarm_configuration_updated_timestamp=self.now, alarm_rule=alarm_rule, children=children,
            actions_suppressor=actions_suppressor, actions_suppressor_wait_period=actions_suppressor_wait_period,
            actions_suppressor_extension_period=actions_suppressor_extension_period,
        )  # fmt: skip
        self._check_suppressor(alarm)
        self._put_alarm(alarm, self.composite_alarms, self.metric_alarms, tags)
        self.later("_evaluate_composite", key=f"alarm/{alarm_name}", name=alarm_name)

    def delete_alarms(self, alarm_names: list):
        """Names that there are no alarms of are passed over."""
        for name in dict.fromkeys(alarm_names):
            alarm = self._any_alarm(name)
            if alarm is None:
                continue
            (self.metric_alarms if isinstance(alarm, MetricAlarm) else self.composite_alarms).delete(alarm)
            self.cloud.tags.clear(alarm.alarm_arn)
            self.cancel(f"alarm/{name}")
            self.cancel(f"suppression/{name}")
            self._note_configuration(alarm, "Delete")

    def set_alarm_state(
        self, alarm_name: str, state_value: str, state_reason: str, state_reason_data: str | None = None
    ):
        alarm = self._any_alarm(alarm_name)
        if alarm is None:
            raise ResourceNotFound()
        check_reason_data(state_reason_data)
        self._change_state(alarm, state_value, state_reason, state_reason_data)
        if isinstance(alarm, MetricAlarm):
            self._evaluate_next(alarm)

    def enable_alarm_actions(self, alarm_names: list):
        self._switch_actions(alarm_names, True)

    def disable_alarm_actions(self, alarm_names: list):
        self._switch_actions(alarm_names, False)

    # Within

    def _alarm_arn(self, name: str) -> str:
        return self.call.arn(f"alarm:{name}")

    def _any_alarm(self, name: str) -> Alarm | None:
        return self.metric_alarms.get(name) or self.composite_alarms.get(name)

    def _keep_alarm(self, alarm: Alarm):
        (self.metric_alarms if isinstance(alarm, MetricAlarm) else self.composite_alarms).put(alarm)

    def _put_alarm(self, alarm: Alarm, table, others, tags: list | None):
        """Keep an alarm: a new one has not been checked yet, one that is put again stays in its state."""
        if others.get(alarm.alarm_name):
            raise ValidationError(f"An alarm of the other kind is called {alarm.alarm_name} already")
        previous = table.get(alarm.alarm_name)
        if previous is None:
            alarm.state_updated_timestamp = alarm.state_transitioned_timestamp = self.now
            self.cloud.tags.add(alarm.alarm_arn, from_list(tags))
        else:
            alarm.take_state_of(previous)
        table.put(alarm)
        self._note_configuration(alarm, "Update" if previous else "Create", previous)

    def _check_no_cycle(self, name: str, children: list[str]):
        waiting, seen = list(children), set()
        while waiting:
            child = waiting.pop()
            if child == name:
                raise ValidationError(f"The alarm rule of {name} would depend on the alarm itself")
            if child not in seen:
                seen.add(child)
                composite = self.composite_alarms.get(child)
                waiting += composite.children if composite else []

    def _check_suppressor(self, alarm: CompositeAlarm):
        if alarm.actions_suppressor is None:
            if any(getattr(alarm, name) is not None for name in SUPPRESSED):
                raise ValidationError("ActionsSuppressor must be specified with its periods")
            return
        if alarm.actions_suppressor_wait_period is None or alarm.actions_suppressor_extension_period is None:
            raise ValidationError(
                "ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must be specified with"
                " ActionsSuppressor"
            )
        if self._any_alarm(self._suppressor_name(alarm)) is None:
            raise ValidationError(f"The suppressor alarm {alarm.actions_suppressor} does not exist")

    @staticmethod
    def _suppressor_name(alarm: CompositeAlarm) -> str:
        return (alarm.actions_suppressor or "").rpartition(":alarm:")[2]

    def _switch_actions(self, names: list[str], enabled: bool):
        for name in names:
            alarm = self._any_alarm(name)
            if alarm is None or alarm.actions_enabled is enabled:
                continue
            previous = self._any_alarm(name)
            alarm.actions_enabled = enabled
            alarm.alarm_configuration_updated_timestamp = self.now
            self._keep_alarm(alarm)
            self._note_configuration(alarm, "Update", previous)

    def _note_configuration(self, alarm: Alarm, kind: str, previous: Alarm | None = None):
        """History, and the event, of an alarm that was created, updated or deleted."""
        done = {"Create": "created", "Update": "updated", "Delete": "deleted"}[kind]
        data: dict = {"version": "1.0", "type": kind, f"{done}Alarm": _spelled(alarm)}
        if previous is not None:
            data["previousAlarm"] = _spelled(previous)
        self._note(alarm, "ConfigurationUpdate", f'Alarm "{alarm.alarm_name}" {done}', data)
        self._tell_configuration(alarm, kind.lower(), previous)


def _spelled(alarm: Alarm) -> dict:
    """An alarm as history has it."""
    words = {}
    for name, value in asdict(alarm).items():
        first, *rest = name.split("_")
        words[first + "".join(part.capitalize() for part in rest)] = value
    return {name: value for name, value in words.items() if value is not None}
