"""What an alarm does when its state changes: topics and functions are told, others hear of it as a fact.

An action for another service, such as a scaling policy, is stated as the fact AlarmAction; actions on instances and
those of Systems Manager fail, and the history says so.
"""

import json

from glasshouse.core import Service, ServiceError, documents
from glasshouse.services.cloudwatch.alarm_messages import change, configuration, message, region_name
from glasshouse.services.cloudwatch.records import Alarm, CompositeAlarm, written

HEARD = (":scalingPolicy:", ":autoscaling:")


class CallerOfFunctions(Service):
    """CloudWatch under the name by which the policies of functions know its alarms."""

    name, principal = "cloudwatch", "lambda.alarms.cloudwatch"


class NotPerformed(ServiceError):
    """The action is one that nobody here can perform."""


class AlarmActions:
    """Actions, and the reasons to hold them back."""

    def _act(self, alarm: Alarm):
        if not alarm.actions_enabled:
            return
        if self._is_muted(alarm.alarm_name):
            self._hold_back(alarm)
            return
        told = json.dumps(message(alarm, self.call.account, self.call.region))
        event = json.dumps(
            {
                "source": "aws.cloudwatch", "alarmArn": alarm.alarm_arn, "accountId": self.call.account,
                "time": written(self.now), "region": self.call.region, "alarmData": change(alarm),
            }
        )  # fmt: skip
        for action in alarm.actions():
            self.later("_perform", name=alarm.alarm_name, action=action, told=told, event=event)

    def _perform(self, name: str, action: str, told: str, event: str):
        """One action. Its failure is noted, and changes nothing else."""
        alarm = self._any_alarm(name)
        if alarm is None:
            return
        try:
            with self.store.transaction():
                self._reach(alarm, action, told, event)
        except ServiceError as failure:
            self._note_action(alarm, action, told, f"{failure.code}: {failure.message}")
            return
        self._note_action(alarm, action, told, None)

    def _reach(self, alarm: Alarm, action: str, told: str, event: str):
        service = action.split(":")[2] if action.count(":") > 2 else ""
        if service == "sns":
            content = json.loads(told)
            subject = f'{content["NewStateValue"]}: "{alarm.alarm_name}" in {region_name(self.call.region)}'
            self.aws.as_service(alarm.alarm_arn).sns.publish(TopicArn=action, Message=told, Subject=subject[:100])
        elif service == "lambda":
            functions = CallerOfFunctions(self.cloud, self.call).aws.as_service(alarm.alarm_arn).lambda_
            functions.invoke(FunctionName=action, InvocationType="Event", Payload=event.encode())
        elif any(mark in action for mark in HEARD):
            self.state("AlarmAction", action=action, alarm=alarm.alarm_name, message=json.loads(told))
        else:
            raise NotPerformed(f"Actions of {service or action} are not supported by Glasshouse yet")

    # What is told of every change

    def _note_change(self, alarm: Alarm):
        """History, the event on the bus, and the fact of a change of state."""
        old = alarm.previous
        before = {"stateValue": old["value"], "stateReason": old["reason"], **_data(old.get("reasonData"))}
        after = {"stateValue": alarm.state_value, "stateReason": alarm.state_reason, **_data(alarm.state_reason_data)}
        summary = f"Alarm updated from {old['value']} to {alarm.state_value}"
        self._note(alarm, "StateUpdate", summary, {"version": "1.0", "oldState": before, "newState": after})
        self._put_event(alarm, "CloudWatch Alarm State Change", change(alarm))
        self.state("AlarmStateChanged", alarm=alarm.alarm_name, state=alarm.state_value, previous=old["value"])

    def _tell_configuration(self, alarm: Alarm, operation: str, previous: Alarm | None):
        settings = {"alarmName": alarm.alarm_name, **configuration(alarm), "actionsEnabled": alarm.actions_enabled}
        detail = {"alarmName": alarm.alarm_name, "operation": operation, "configuration": settings}
        if previous is not None:
            detail["previousConfiguration"] = {"alarmName": alarm.alarm_name, **configuration(previous)}
        detail["state"] = {"value": alarm.state_value, "timestamp": written(alarm.state_updated_timestamp)}
        self._put_event(alarm, "CloudWatch Alarm Configuration Change", detail)

    def _put_event(self, alarm: Alarm, kind: str, detail: dict):
        if "events" not in self.cloud.services.names():
            return
        entry = {
            "Source": "aws.cloudwatch", "DetailType": kind, "Detail": json.dumps(detail),
            "Resources": [alarm.alarm_arn],
        }  # fmt: skip
        self.aws.events.put_events(Entries=[entry])

    def _note_action(self, alarm: Alarm, action: str, told: str, failure: str | None):
        done = "Successfully executed" if failure is None else "Failed to execute"
        data = {
            "actionState": "Succeeded" if failure is None else "Failed",
            "stateUpdateTimestamp": int(alarm.state_updated_timestamp * 1000),
            "notificationResource": action,
        }
        if failure is not None:
            data["error"] = failure
        self._note(alarm, "Action", f"{done} action {action}", data | {"publishedMessage": told})

    # Composite alarms with a suppressor

    def _act_unless_suppressed(self, alarm: CompositeAlarm):
        if self._state_of(self._suppressor_name(alarm)) == "ALARM":
            self._suppress(alarm, "Alarm")
        elif alarm.actions_suppressor_wait_period:
            self._suppress(alarm, "WaitPeriod")
            self._end_later(alarm, "WaitPeriod", alarm.actions_suppressor_wait_period)
        else:
            self._act(alarm)

    def _suppress(self, alarm: CompositeAlarm, by: str):
        alarm.actions_suppressed_by = by
        alarm.actions_suppressed_reason = f"Actions suppressed by {by} of {alarm.actions_suppressor}"
        self.composite_alarms.put(alarm)
        data = {"actionState": "Suppressed", "suppressedBy": by}
        self._note(alarm, "Action", f"Actions suppressed by {by}", data)

    def _suppressor_changed(self, alarm: CompositeAlarm, suppresses: bool):
        if suppresses and alarm.actions_suppressed_by in ("WaitPeriod", "ExtensionPeriod"):
            self.cancel(f"suppression/{alarm.alarm_name}")
            self._suppress(alarm, "Alarm")
        elif not suppresses and alarm.actions_suppressed_by == "Alarm":
            self._suppress(alarm, "ExtensionPeriod")
            self._end_later(alarm, "ExtensionPeriod", alarm.actions_suppressor_extension_period or 0)

    def _end_later(self, alarm: CompositeAlarm, by: str, seconds: int):
        name = alarm.alarm_name
        self.later("_end_suppression", after=seconds, key=f"suppression/{name}", name=name, by=by)

    def _end_suppression(self, name: str, by: str):
        """A period is over: do what was held back."""
        alarm = self.composite_alarms.get(name)
        if alarm is None or alarm.actions_suppressed_by != by:
            return
        alarm.actions_suppressed_by = alarm.actions_suppressed_reason = None
        self.composite_alarms.put(alarm)
        self._act(alarm)


def _data(text: str | None) -> dict:
    if text is None:
        return {}
    try:
        return {"stateReasonData": documents.read(text)}
    except ValueError:
        return {"stateReasonData": text}
