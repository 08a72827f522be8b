"""What CloudWatch tells of alarms: messages for topics, events for functions and the event bus."""

from typing import Any

from glasshouse.services.cloudwatch.records import Alarm, CompositeAlarm, MetricAlarm, state_of, written

REGION_NAMES = {
    "af-south-1": "Africa (Cape Town)", "ap-east-1": "Asia Pacific (Hong Kong)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)", "ap-northeast-3": "Asia Pacific (Osaka)",
    "ap-south-1": "Asia Pacific (Mumbai)", "ap-south-2": "Asia Pacific (Hyderabad)",
    "ap-southeast-1": "Asia Pacific (Singapore)", "ap-southeast-2": "Asia Pacific (Sydney)",
    "ap-southeast-3": "Asia Pacific (Jakarta)", "ap-southeast-4": "Asia Pacific (Melbourne)",
    "ca-central-1": "Canada (Central)", "ca-west-1": "Canada West (Calgary)", "cn-north-1": "China (Beijing)",
    "cn-northwest-1": "China (Ningxia)", "eu-central-1": "EU (Frankfurt)", "eu-central-2": "EU (Zurich)",
    "eu-north-1": "EU (Stockholm)", "eu-south-1": "EU (Milan)", "eu-south-2": "EU (Spain)", "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)", "eu-west-3": "EU (Paris)", "il-central-1": "Israel (Tel Aviv)",
    "me-central-1": "Middle East (UAE)", "me-south-1": "Middle East (Bahrain)",
    "sa-east-1": "South America (Sao Paulo)",
    "us-east-1": "US East (N. Virginia)", "us-east-2": "US East (Ohio)", "us-gov-east-1": "AWS GovCloud (US-East)",
    "us-gov-west-1": "AWS GovCloud (US-West)", "us-west-1": "US West (N. California)", "us-west-2": "US West (Oregon)",
}  # fmt: skip
SPELLED = {"SampleCount": "SAMPLE_COUNT"}  # how messages write a statistic, where it is not just in capitals


def region_name(region: str) -> str:
    return REGION_NAMES.get(region, region)


def message(alarm: Alarm, account: str, region: str) -> dict[str, Any]:
    """What a topic is told."""
    told: dict[str, Any] = {
        "AlarmName": alarm.alarm_name, "AlarmDescription": alarm.alarm_description, "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": written(alarm.alarm_configuration_updated_timestamp),
        "NewStateValue": alarm.state_value, "NewStateReason": alarm.state_reason,
        "StateChangeTime": written(alarm.state_updated_timestamp), "Region": region_name(region),
        "AlarmArn": alarm.alarm_arn, "OldStateValue": alarm.previous.get("value"), "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions, "InsufficientDataActions": alarm.insufficient_data_actions,
    }  # fmt: skip
    if isinstance(alarm, MetricAlarm):
        told["Trigger"] = _trigger(alarm)
    if isinstance(alarm, CompositeAlarm):
        told["AlarmRule"] = alarm.alarm_rule
    return told


def _trigger(alarm: MetricAlarm) -> dict[str, Any]:
    rules = {
        "Period": alarm.period or 0, "EvaluationPeriods": alarm.evaluation_periods,
        "ComparisonOperator": alarm.comparison_operator, "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "",
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile or "",
    }  # fmt: skip
    if alarm.datapoints_to_alarm is not None:
        rules["DatapointsToAlarm"] = alarm.datapoints_to_alarm
    if alarm.metrics:
        return {**rules, "Metrics": [_trigger_query(query) for query in alarm.metrics]}
    told: dict[str, Any] = {"MetricName": alarm.metric_name, "Namespace": alarm.namespace}
    if alarm.statistic:
        told |= {"StatisticType": "Statistic", "Statistic": SPELLED.get(alarm.statistic, alarm.statistic.upper())}
    else:
        told |= {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": alarm.extended_statistic}
    return {**told, "Unit": alarm.unit, "Dimensions": _turned(alarm.dimensions), **rules}


def _turned(dimensions: list[dict[str, str]] | None) -> list[dict[str, str]]:
    return [{"value": dimension["Value"], "name": dimension["Name"]} for dimension in dimensions or ()]


def _trigger_query(query: dict[str, Any]) -> dict[str, Any]:
    stat = query.get("MetricStat")
    if stat is None:
        return {"ReturnData": True, **query}
    metric = {**stat["Metric"], "Dimensions": _turned(stat["Metric"].get("Dimensions"))}
    return {"ReturnData": True, **query, "MetricStat": {**stat, "Metric": metric}}


def change(alarm: Alarm) -> dict[str, Any]:
    """What events tell of the last change of an alarm's state."""
    return {
        "alarmName": alarm.alarm_name,
        "state": state_of(alarm),
        "previousState": alarm.previous,
        "configuration": configuration(alarm),
    }


def configuration(alarm: Alarm) -> dict[str, Any]:
    """What events tell of an alarm's settings."""
    told: dict[str, Any] = {"description": alarm.alarm_description} if alarm.alarm_description is not None else {}
    if isinstance(alarm, CompositeAlarm):
        told["alarmRule"] = alarm.alarm_rule
        if alarm.actions_suppressor:
            told |= {
                "actionsSuppressor": alarm.actions_suppressor,
                "actionsSuppressorWaitPeriod": alarm.actions_suppressor_wait_period,
                "actionsSuppressorExtensionPeriod": alarm.actions_suppressor_extension_period,
            }
    if isinstance(alarm, MetricAlarm):
        told["metrics"] = [_event_query(query) for query in alarm.metrics or [_single(alarm)]]
    return told


def _single(alarm: MetricAlarm) -> dict[str, Any]:
    metric = {"Namespace": alarm.namespace, "MetricName": alarm.metric_name, "Dimensions": alarm.dimensions}
    stat = {"Metric": metric, "Period": alarm.period, "Stat": alarm.statistic or alarm.extended_statistic}
    return {"Id": "m1", "MetricStat": stat | ({"Unit": alarm.unit} if alarm.unit else {})}


def _event_query(query: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"id": query["Id"]}
    if stat := query.get("MetricStat"):
        metric = stat["Metric"]
        told["metricStat"] = {
            "metric": {
                "namespace": metric["Namespace"], "name": metric["MetricName"],
                "dimensions": {one["Name"]: one["Value"] for one in metric.get("Dimensions") or ()},
            },
            "period": stat["Period"], "stat": stat["Stat"],
        }  # fmt: skip
        if stat.get("Unit"):
            told["metricStat"]["unit"] = stat["Unit"]
    for name in ("Expression", "Label"):
        if query.get(name) is not None:
            told[name.lower()] = query[name]
    return {**told, "returnData": query.get("ReturnData", True)}
