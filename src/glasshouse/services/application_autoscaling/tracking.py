"""What target tracking watches: the alarms of a policy, and the capacity that its metric asks for.

The throughput of tables is compared with what is consumed of it in a minute: above the target for two minutes it is
raised, 20 points below for fifteen it is lowered. Other metrics are taken as they are: above the target for three
minutes, below nine tenths of it for fifteen. Two more alarms watch a table's own capacity, for when somebody else
changes it; the service hears that from DynamoDB.
"""

import math
from typing import Any

from glasshouse.core.siblings import Siblings
from glasshouse.services.application_autoscaling.dimensions import Resource
from glasshouse.services.application_autoscaling.records import Policy

HIGH, LOW = "AlarmHigh", "AlarmLow"
ABOVE, BELOW = "GreaterThanThreshold", "LessThanThreshold"
MINUTE_S, MINUTES_OUT, MINUTES_OUT_OF_TABLES, MINUTES_IN = 60, 3, 2, 15
POINTS_BELOW, PART_BELOW = 20, 0.9


def minutes_out(resource: Resource, policy: Policy) -> int:
    return MINUTES_OUT_OF_TABLES if is_consumption(resource, policy) else MINUTES_OUT


def is_consumption(resource: Resource, policy: Policy) -> bool:
    """Whether the metric is what is consumed of a throughput, which is not a share of it."""
    return resource.is_throughput and not _customized(policy)


def alarm_settings(policy: Policy, resource: Resource) -> dict[str, dict[str, Any]]:
    """What PutMetricAlarm is told of each of a policy's alarms."""
    target = policy.target_tracking_scaling_policy_configuration["TargetValue"]
    watched = _watched(policy, resource)
    if not is_consumption(resource, policy):
        high, low = target, target * PART_BELOW
    else:
        of_a_minute = (policy.capacity or 0) * MINUTE_S
        high, low = of_a_minute * target / 100, of_a_minute * (target - POINTS_BELOW) / 100
    alarms = {
        HIGH: _alarm(watched, minutes_out(resource, policy), ABOVE, high),
        LOW: _alarm(watched, MINUTES_IN, BELOW, low),
    }
    if is_consumption(resource, policy):
        own = {
            **watched, "MetricName": f"Provisioned{resource.unit}", "Statistic": "Average", "Period": 5 * MINUTE_S,
        }  # fmt: skip
        alarms["ProvisionedCapacityHigh"] = _alarm(own, 3, ABOVE, policy.capacity or 0)
        alarms["ProvisionedCapacityLow"] = _alarm(own, 3, BELOW, policy.capacity or 0)
    return alarms


def _alarm(watched: dict[str, Any], periods: int, comparison: str, threshold: float) -> dict[str, Any]:
    return {
        **watched, "EvaluationPeriods": periods, "ComparisonOperator": comparison, "Threshold": round(threshold, 6),
    }  # fmt: skip


def _customized(policy: Policy) -> dict[str, Any] | None:
    return policy.target_tracking_scaling_policy_configuration.get("CustomizedMetricSpecification")


def _watched(policy: Policy, resource: Resource) -> dict[str, Any]:
    """The metric of an alarm."""
    customized = _customized(policy)
    if customized is None:
        return {**resource.metric(), "Period": MINUTE_S}
    if customized.get("Metrics"):
        return {"Metrics": [_query(one) for one in customized["Metrics"]]}
    return {**{name: value for name, value in customized.items() if value}, "Period": MINUTE_S}


def _query(given: dict[str, Any]) -> dict[str, Any]:
    query = {name: value for name, value in given.items() if value is not None}
    if stat := query.get("MetricStat"):
        query["MetricStat"] = {"Period": MINUTE_S, **{name: value for name, value in stat.items() if value is not None}}
    return query


def measured(policy: Policy, resource: Resource, cloudwatch: Siblings, start: float, end: float) -> list[float]:
    """The values of the policy's metric of each minute."""
    watched = _watched(policy, resource)
    queries = watched.get("Metrics")
    if queries is None:
        metric = {name: watched[name] for name in ("Namespace", "MetricName")}
        metric["Dimensions"] = watched.get("Dimensions") or []
        stat = {"Metric": metric, "Period": MINUTE_S, "Stat": watched["Statistic"]}
        if watched.get("Unit"):
            stat["Unit"] = watched["Unit"]
        queries = [{"Id": "metric", "MetricStat": stat}]
    results = cloudwatch.cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=start, EndTime=end)
    return [value for result in results["MetricDataResults"] for value in result["Values"]]


def capacity_for(policy: Policy, resource: Resource, most: float, capacity: int) -> int:
    """The capacity at which the metric would be at its target, which is now at `most`."""
    target = policy.target_tracking_scaling_policy_configuration["TargetValue"]
    if is_consumption(resource, policy):
        return math.ceil(round(most / MINUTE_S / (target / 100), 6))
    return math.ceil(round(capacity * most / target, 6))
