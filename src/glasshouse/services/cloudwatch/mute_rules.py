"""Mute rules: times in which alarms change their states and do nothing about it.

What an alarm would have done is done when it is muted no longer, if it is in ALARM then. Differs from AWS: whoever puts
a rule needs a permission on the rule, and none on the alarms.
"""

import re
from collections.abc import Iterable

from glasshouse.core.tags import from_list
from glasshouse.engines.schedules import At, InvalidSchedule, Schedule, is_zone, parse
from glasshouse.services.cloudwatch.errors import ResourceNotFoundException, ValidationError
from glasshouse.services.cloudwatch.readings import DAY_S, HOUR_S, MINUTE_S
from glasshouse.services.cloudwatch.records import Alarm, MuteRule

LONGEST_S = 15 * DAY_S
_DURATION = re.compile(r"P(?:(\d{1,3})D)?(?:T(?=\d)(?:(\d{1,4})H)?(?:(\d{1,5})M)?)?")
_FIVE_FIELDS = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+)\)")
_DAY_OF_WEEK = re.compile(r"\d")
_MINUTE = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d)\)")


class MuteRules:
    """The operations on mute rules, and what they do to alarms."""

    def put_alarm_mute_rule(
        self,
        name: str,
        rule: dict,
        description: str | None = None,
        mute_targets: dict | None = None,
        tags: list | None = None,
        start_date: float | None = None,
        expire_date: float | None = None,
    ):
        schedule, targets = rule["Schedule"], (mute_targets or {}).get("AlarmNames", [])
        _times(schedule)
        _duration_s(schedule)
        if start_date is not None and expire_date is not None and start_date >= expire_date:
            raise ValidationError("The StartDate must be before the ExpireDate.")
        missing = [target for target in targets if self._any_alarm(target) is None]
        if missing:
            raise ValidationError(f"The alarms [{', '.join(missing)}] do not exist.")
        known = self.mute_rules.get(name)
        made = MuteRule(
            name, self._mute_rule_arn(name), description, schedule, targets, start_date, expire_date, self.now
        )
        self.mute_rules.put(made)
        if known is None:
            self.cloud.tags.add(made.alarm_mute_rule_arn, from_list(tags))
        self._await_end(made)
        self._unmute(known.alarm_names if known else ())

    def get_alarm_mute_rule(self, alarm_mute_rule_name: str):
        rule = self.mute_rules.get(alarm_mute_rule_name)
        if rule is None:
            raise ResourceNotFoundException(f"The mute rule {alarm_mute_rule_name} does not exist.")
        return {
            **self._mute_summary(rule), "Name": rule.name, "Description": rule.description,
            "Rule": {"Schedule": rule.schedule}, "MuteTargets": {"AlarmNames": rule.alarm_names},
            "StartDate": rule.start_date,
        }  # fmt: skip

    def list_alarm_mute_rules(
        self,
        alarm_name: str | None = None,
        statuses: list | None = None,
        max_records: int = 50,
        next_token: str | None = None,
    ):
        def shown(rule: MuteRule) -> bool:
            aimed = alarm_name is None or alarm_name in rule.alarm_names
            return aimed and (not statuses or self._mute_status(rule) in statuses)

        rules, token = self.mute_rules.page(max_records, next_token, where=shown)
        return {"AlarmMuteRuleSummaries": [self._mute_summary(rule) for rule in rules], "NextToken": token}

    def delete_alarm_mute_rule(self, alarm_mute_rule_name: str):
        """Asking for one that is not there changes nothing."""
        rule = self.mute_rules.get(alarm_mute_rule_name)
        if rule is not None:
            self.mute_rules.delete(rule)
            self.cloud.tags.clear(rule.alarm_mute_rule_arn)
            self.cancel(f"mute/{rule.name}")
            self._unmute(rule.alarm_names)

    # What they do

    def _is_muted(self, name: str) -> bool:
        return any(name in rule.alarm_names and self._mute_end(rule) for rule in self.mute_rules.list())

    def _hold_back(self, alarm: Alarm):
        """Until it is muted no longer."""
        alarm.held_back = True
        self._keep_alarm(alarm)
        self._note(alarm, "Action", "Actions muted by a mute rule", {"actionState": "Muted"})

    def _end_mute(self, name: str):
        rule = self.mute_rules.get(name)
        if rule is not None:
            self._unmute(rule.alarm_names)
            self._await_end(rule)

    def _unmute(self, names: Iterable[str]):
        """Do what was held back of alarms that nothing mutes any more."""
        for name in names:
            alarm = self._any_alarm(name)
            if alarm is None or not alarm.held_back or self._is_muted(name):
                continue
            alarm.held_back = None
            self._keep_alarm(alarm)
            if alarm.state_value == "ALARM":
                self._act(alarm)

    def _await_end(self, rule: MuteRule):
        end = self._next_mute(rule)
        if end is not None:
            self.later("_end_mute", at=end, key=f"mute/{rule.name}", name=rule.name)
        else:
            self.cancel(f"mute/{rule.name}")

    # When they do it

    def _mute_end(self, rule: MuteRule) -> float | None:
        """When what mutes now ends; None if nothing does."""
        now, duration = self.now, _duration_s(rule.schedule)
        begin = _times(rule.schedule).after(now - duration)
        if begin is None or begin > now or now < (rule.start_date or 0.0) or self._has_expired(rule):
            return None
        return begin + duration

    def _next_mute(self, rule: MuteRule) -> float | None:
        """When the current time of muting ends, or else the next one."""
        duration = _duration_s(rule.schedule)
        begin = _times(rule.schedule).after(max(self.now, rule.start_date or 0.0) - duration)
        if begin is None or self._has_expired(rule):
            return None
        end = begin + duration
        return end if rule.expire_date is None else min(end, rule.expire_date)

    def _has_expired(self, rule: MuteRule) -> bool:
        return rule.expire_date is not None and self.now >= rule.expire_date

    def _mute_status(self, rule: MuteRule) -> str:
        if self._mute_end(rule) is not None:
            return "ACTIVE"
        return "SCHEDULED" if self._next_mute(rule) is not None else "EXPIRED"

    def _mute_summary(self, rule: MuteRule) -> dict:
        return {
            "AlarmMuteRuleArn": rule.alarm_mute_rule_arn, "ExpireDate": rule.expire_date,
            "Status": self._mute_status(rule), "LastUpdatedTimestamp": rule.last_updated_timestamp,
            "MuteType": "ONE_TIME" if isinstance(_times(rule.schedule), At) else "RECURRING",
        }  # fmt: skip

    def _mute_rule_arn(self, name: str) -> str:
        return self.call.arn(f"alarm-mute-rule:{name}")


def _times(schedule: dict) -> Schedule:
    """Raises ValidationError."""
    text, zone = schedule["Expression"], schedule.get("Timezone", "UTC")
    if not is_zone(zone):
        raise ValidationError(f"The time zone {zone} is not known.")
    if found := _MINUTE.fullmatch(text):
        text = f"at({found[1]}:00)"
    elif found := _FIVE_FIELDS.fullmatch(text):
        text = _with_six_fields(*found.groups())
    else:
        raise ValidationError(f"The schedule expression {text} is neither cron(...) with five fields nor at(...).")
    try:
        return parse(text, zone)
    except InvalidSchedule as wrong:
        raise ValidationError(f"The schedule expression {schedule['Expression']} is not valid: {wrong}") from None


def _with_six_fields(minutes: str, hours: str, day: str, month: str, weekday: str) -> str:
    """A cron expression with a year, in which one of the two kinds of days is left open and Sunday is 1, not 0."""
    if weekday == "*":
        weekday = "?"
    elif day == "*":
        day = "?"
    weekday = _DAY_OF_WEEK.sub(lambda found: str(int(found[0]) % 7 + 1), weekday)
    return f"cron({minutes} {hours} {day} {month} {weekday} *)"


def _duration_s(schedule: dict) -> int:
    """Raises ValidationError."""
    found = _DURATION.fullmatch(schedule["Duration"])
    days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    duration = days * DAY_S + hours * HOUR_S + minutes * MINUTE_S
    if not MINUTE_S <= duration <= LONGEST_S:
        raise ValidationError(f"The duration {schedule['Duration']} is not one of PT1M to P15D.")
    return duration
