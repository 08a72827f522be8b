"""Contributor Insights: rules that tell who contributes most to what log groups say.

Differs from AWS: a report is worked out when it is asked for, from the events that came in while the rule was enabled.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from glasshouse.core import ServiceError
from glasshouse.core.tags import from_list
from glasshouse.services.cloudwatch.contributions import SCHEMA, read_definition
from glasshouse.services.cloudwatch.errors import (
    InvalidParameterValueException,
    LimitExceededException,
    ResourceNotFoundException,
)
from glasshouse.services.cloudwatch.readings import MINUTE_S
from glasshouse.services.cloudwatch.records import InsightRule

MOST_RULES, MOST_CONTRIBUTORS = 100, 100
ENABLED, DISABLED = "ENABLED", "DISABLED"
Shares = dict[tuple[str, ...], list[float]]  # what each contributor contributed, event by event
METRICS: dict[str, Callable[[Shares], float]] = {
    "UniqueContributors": lambda shares: len(shares),
    "MaxContributorValue": lambda shares: max((sum(values) for values in shares.values()), default=0.0),
    "SampleCount": lambda shares: sum(len(values) for values in shares.values()),
    "Sum": lambda shares: sum(sum(values) for values in shares.values()),
    "Minimum": lambda shares: min((min(values) for values in shares.values()), default=0.0),
    "Maximum": lambda shares: max((max(values) for values in shares.values()), default=0.0),
    "Average": lambda shares: METRICS["Sum"](shares) / (METRICS["SampleCount"](shares) or 1),
}


class InsightRules:
    """The operations on the rules of Contributor Insights."""

    def put_insight_rule(
        self,
        rule_name: str,
        rule_definition: str,
        rule_state: str = ENABLED,
        tags: list | None = None,
        apply_on_transformed_logs: bool = False,
    ):
        """Nothing transforms logs here, so that all are the original ones, whatever the rule applies to."""
        read_definition(rule_definition)
        if rule_state not in (ENABLED, DISABLED):
            raise InvalidParameterValueException(f"The value {rule_state} for parameter RuleState is invalid.")
        known = self.insight_rules.get(rule_name)
        if known is None and len(self.insight_rules.keys()) >= MOST_RULES:
            raise LimitExceededException()
        spans = known.spans if known else []
        rule = InsightRule(
            rule_name, rule_definition, f"{SCHEMA}/1", known.state if known else DISABLED, spans,
            apply_on_transformed_logs or None,
        )  # fmt: skip
        self._switch_rule(rule, rule_state)
        if known is None:
            self.cloud.tags.add(self._insight_rule_arn(rule_name), from_list(tags))

    def describe_insight_rules(self, next_token: str | None = None, max_results: int = 500):
        rules, token = self.insight_rules.page(max_results, next_token)
        return {"InsightRules": rules, "NextToken": token}

    def enable_insight_rules(self, rule_names: list):
        return self._each_rule(rule_names, lambda rule: self._switch_rule(rule, ENABLED))

    def disable_insight_rules(self, rule_names: list):
        return self._each_rule(rule_names, lambda rule: self._switch_rule(rule, DISABLED))

    def delete_insight_rules(self, rule_names: list):
        return self._each_rule(rule_names, self._delete_rule)

    def get_insight_rule_report(
        self,
        rule_name: str,
        start_time: float,
        end_time: float,
        period: int,
        max_contributor_count: int = 10,
        metrics: list | None = None,
        order_by: str = "Sum",
    ):
        rule = self.insight_rules.get(rule_name)
        if rule is None:
            raise ResourceNotFoundException(f"The rule {rule_name} does not exist.")
        _check_report(start_time, end_time, period, metrics, order_by)
        times = range(int(start_time // period * period), -int(-end_time // 1), period)
        buckets = self._contributions(rule, times, start_time, end_time)
        whole: Shares = defaultdict(list)
        for shares in buckets.values():
            for keys, values in shares.items():
                whole[keys] += values
        combine = max if order_by == "Maximum" else sum
        order = sorted(whole, key=lambda keys: (-combine(whole[keys]), keys))
        shown = order[: min(max_contributor_count, MOST_CONTRIBUTORS)]
        definition = read_definition(rule.definition)
        return {
            "KeyLabels": definition.keys,
            "AggregationStatistic": "Sum" if definition.value_of else "SampleCount",
            "AggregateValue": float(METRICS["Sum"](whole)),
            "ApproximateUniqueCount": len(whole),
            "Contributors": [_contributor(keys, sum(whole[keys]), buckets) for keys in shown],
            "MetricDatapoints": [
                {"Timestamp": moment, **{name: float(METRICS[name](buckets[moment])) for name in metrics or ()}}
                for moment in times
            ],
        }

    # Within

    def _insight_rule_arn(self, name: str) -> str:
        return self.call.arn(f"insight-rule/{name}")

    def _switch_rule(self, rule: InsightRule, state: str):
        """It looks at the events that come in within its spans, of which the last one may be open."""
        if state == ENABLED != rule.state:
            rule.spans.append((self.now, None))
        elif state == DISABLED != rule.state:
            rule.spans[-1] = (rule.spans[-1][0], self.now)
        rule.state = state
        self.insight_rules.put(rule)

    def _delete_rule(self, rule: InsightRule):
        self.insight_rules.delete(rule)
        self.cloud.tags.clear(self._insight_rule_arn(rule.name))

    def _each_rule(self, names: list[str], change: Callable[[InsightRule], None]) -> dict:
        failures = []
        for name in dict.fromkeys(names):
            rule = self.insight_rules.get(name)
            if rule is not None:
                change(rule)
                continue
            failures.append(
                {
                    "FailureResource": name, "ExceptionType": "ResourceNotFoundException", "FailureCode": "404",
                    "FailureDescription": f"The rule {name} does not exist.",
                }
            )  # fmt: skip
        return {"Failures": failures}

    def _contributions(self, rule: InsightRule, times: range, start: float, end: float) -> dict[int, Shares]:
        """By period."""
        definition = read_definition(rule.definition)
        found: dict[int, Shares] = {moment: defaultdict(list) for moment in times}
        for event in self._events_of(definition.groups, start, end):
            came = event["ingestionTime"] / 1000
            if not any(since <= came and (until is None or came < until) for since, until in rule.spans):
                continue
            share = definition.contribution(event["message"])
            if share is not None:
                bucket = event["timestamp"] // 1000 // times.step * times.step
                found[bucket][share[0]].append(share[1])
        return found

    def _events_of(self, names: list[str], start: float, end: float) -> Iterator[dict]:
        logs, groups = self.aws.logs, set()
        for name in names:
            if not name.endswith("*"):
                groups.add(name)
                continue
            pages = _pages(logs.describe_log_groups, "logGroups", logGroupNamePrefix=name.removesuffix("*") or None)
            groups |= {group["logGroupName"] for group in pages}
        span = {"startTime": int(start * 1000), "endTime": int(end * 1000) - 1}
        for name in sorted(groups):
            try:
                yield from _pages(logs.filter_log_events, "events", logGroupName=name, **span)
            except ServiceError as failure:
                if failure.code != "ResourceNotFoundException":
                    raise


def _pages(ask: Callable[..., dict], name: str, **members: Any) -> Iterator[dict]:
    asked = {member: value for member, value in members.items() if value is not None}
    while True:
        page = ask(**asked)
        yield from page[name]
        if not page.get("nextToken"):
            return
        asked["nextToken"] = page["nextToken"]


def _check_report(start: float, end: float, period: int, metrics: list | None, order_by: str):
    if period % MINUTE_S:
        raise InvalidParameterValueException(f"The parameter Period must be a multiple of {MINUTE_S}.")
    if start >= end:
        raise InvalidParameterValueException("The parameter StartTime must be less than the parameter EndTime.")
    if (end - start) / period > 1440:
        raise InvalidParameterValueException("A report has 1440 periods at most.")
    for name in metrics or ():
        if name not in METRICS:
            raise InvalidParameterValueException(f"The value {name} for parameter Metrics is invalid.")
    if order_by not in ("Sum", "Maximum"):
        raise InvalidParameterValueException(f"The value {order_by} for parameter OrderBy is invalid.")


def _contributor(keys: tuple[str, ...], total: float, buckets: dict[int, Shares]) -> dict:
    points = [
        {"Timestamp": moment, "ApproximateValue": float(sum(shares[keys]))}
        for moment, shares in buckets.items()
        if keys in shares
    ]
    return {"Keys": [*keys], "ApproximateAggregateValue": float(total), "Datapoints": points}
