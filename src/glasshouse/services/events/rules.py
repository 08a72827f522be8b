"""Rules: which events of a bus go to which targets, or when it is time for one.

Differs from AWS: a change takes effect at once.
"""

from glasshouse.core.tags import from_list
from glasshouse.engines.schedules import InvalidSchedule, Schedule, parse
from glasshouse.services.events.errors import (
    LimitExceededException,
    ManagedRuleException,
    ResourceNotFoundException,
    ValidationException,
)
from glasshouse.services.events.matching import check_pattern
from glasshouse.services.events.records import DEFAULT, DISABLED, Rule

MOST_RULES = 300
PAGE = 100


class Rules:
    """The operations on rules."""

    def put_rule(
        self,
        name: str,
        schedule_expression: str | None = None,
        event_pattern: str | None = None,
        state: str = "ENABLED",
        description: str | None = None,
        role_arn: str | None = None,
        tags: list | None = None,
        event_bus_name: str = DEFAULT,
    ):
        bus = self._bus(event_bus_name)
        if not schedule_expression and not event_pattern:
            raise ValidationException("Parameter(s) EventPattern or ScheduleExpression must be specified.")
        if schedule_expression:
            if bus.name != DEFAULT:
                raise ValidationException("ScheduleExpression is supported only on the default event bus.")
            _schedule(schedule_expression, self.now)
        if event_pattern:
            check_pattern(event_pattern)
        before = self.rules.get(bus.name, name)
        if before is None and sum(1 for _ in self.rules.list(bus.name)) >= MOST_RULES:
            raise LimitExceededException()
        self._check_managed(before)
        rule = Rule(
            bus.name, name, self._rule_arn(bus.name, name), self.call.account, state, event_pattern or None,
            schedule_expression or None, description or None, role_arn, self._manager(before),
        )  # fmt: skip
        same = before is not None and before.schedule_expression == rule.schedule_expression
        rule.anchor = before.anchor if before and same and before.is_enabled else self.now
        self._put_rule(rule)
        if before is None:
            self.cloud.tags.add(rule.arn, from_list(tags))
        return {"RuleArn": rule.arn}

    def describe_rule(self, name: str, event_bus_name: str = DEFAULT):
        return self._rule(event_bus_name, name)

    def list_rules(
        self,
        name_prefix: str = "",
        event_bus_name: str = DEFAULT,
        next_token: str | None = None,
        limit: int = PAGE,
    ):
        page = self.rules.page(limit, next_token, self._bus(event_bus_name).name, name_prefix)
        return {"Rules": page.records, "NextToken": page.next_token}

    def enable_rule(self, name: str, event_bus_name: str = DEFAULT):
        rule = self._rule(event_bus_name, name)
        self._check_managed(rule)
        if not rule.is_enabled:
            rule.state, rule.anchor = "ENABLED", self.now
            self._put_rule(rule)

    def disable_rule(self, name: str, event_bus_name: str = DEFAULT):
        rule = self._rule(event_bus_name, name)
        self._check_managed(rule)
        rule.state = DISABLED
        self._put_rule(rule)

    def delete_rule(self, name: str, event_bus_name: str = DEFAULT, force: bool = False):
        bus = self._bus(event_bus_name)
        rule = self.rules.get(bus.name, name)
        if rule is None:
            return
        self._check_managed(rule, force)
        if next(self.targets.list(bus.name, name), None):
            raise ValidationException("Rule can't be deleted since it has targets.")
        self._remove_rule(rule)

    def list_rule_names_by_target(
        self,
        target_arn: str,
        event_bus_name: str = DEFAULT,
        next_token: str | None = None,
        limit: int = PAGE,
    ):
        bus = self._bus(event_bus_name)
        names = {target.rule for target in self.targets.list(bus.name) if target.arn == target_arn}
        page = self.rules.page(limit, next_token, bus.name, where=lambda rule: rule.name in names)
        return {"RuleNames": [rule.name for rule in page.records], "NextToken": page.next_token}

    # Within

    def _rule(self, bus_name: str, name: str) -> Rule:
        bus = self._bus(bus_name)
        rule = self.rules.get(bus.name, name)
        if rule is None:
            raise ResourceNotFoundException(f"Rule {name} does not exist on EventBus {bus.name}.")
        return rule

    def _rule_arn(self, bus_name: str, name: str) -> str:
        return self.call.arn(f"rule/{name}" if bus_name == DEFAULT else f"rule/{bus_name}/{name}")

    def _put_rule(self, rule: Rule):
        self.rules.put(rule)
        self._rules_changed(rule.event_bus_name)
        self._plan(rule)

    def _remove_rule(self, rule: Rule):
        self.rules.delete(rule)
        self.cloud.tags.clear(rule.arn)
        self._rules_changed(rule.event_bus_name)
        self.cancel(f"schedule {rule.arn}")

    def _manager(self, before: Rule | None) -> str | None:
        """A rule that a service makes for somebody is managed by that service."""
        if before is not None:
            return before.managed_by
        return self.call.principal.arn if self.call.principal.kind == "service" else None

    def _check_managed(self, rule: Rule | None, force: bool = False):
        if rule and rule.managed_by and not force and self.call.principal.kind != "service":
            raise ManagedRuleException()

    # Schedules

    def _plan(self, rule: Rule):
        """Have a rule done at its next time."""
        key = f"schedule {rule.arn}"
        due = None
        if rule.is_enabled and rule.schedule_expression:
            due = _schedule(rule.schedule_expression, rule.anchor).after(self.now)
        if due is None:
            self.cancel(key)
        else:
            self.later("_scheduled", at=due, key=key, name=rule.name)

    def _scheduled(self, name: str):
        """It is time for a rule."""
        rule = self.rules.get(DEFAULT, name)
        if rule is None or not rule.is_enabled or not rule.schedule_expression:
            return
        self._plan(rule)
        event = self._event("aws.events", "Scheduled Event", {}, [rule.arn], self.now)
        self._send_to_targets(rule.name, rule.arn, list(self.targets.list(DEFAULT, name)), event)


def _schedule(expression: str, anchor: float) -> Schedule:
    try:
        if expression.startswith("at("):  # those are the scheduler's only
            raise InvalidSchedule(expression)
        return parse(expression, anchor=anchor)
    except InvalidSchedule:
        raise ValidationException("Parameter ScheduleExpression is not valid.") from None
