"""CloudWatch: Contributor Insights, rules that tell who contributes most to what log groups say."""

import json

import pytest

from tests.contract.cloudwatch_metrics import at, cloudwatch, noon
from tests.contract.firehose_box import ACCOUNT, refusal

__all__ = ["cloudwatch", "noon"]  # fixtures
JSON = {
    "Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "LogGroupNames": ["api-*"], "LogFormat": "JSON",
    "Contribution": {"Keys": ["$.ip"], "Filters": []}, "AggregateOn": "Count",
}  # fmt: skip
CLF = {
    **JSON, "LogFormat": "CLF", "Fields": {"1": "IpAddress", "6": "StatusCode", "7": "Size"},
    "Contribution": {"Keys": ["IpAddress"], "Filters": [{"Match": "StatusCode", "EqualTo": 200}]},
}  # fmt: skip


@pytest.fixture
def write(aws):
    """Write messages into the log group `api-gateway`."""
    logs = aws("logs")
    logs.create_log_group(logGroupName="api-gateway")
    logs.create_log_stream(logGroupName="api-gateway", logStreamName="s")

    def write(moment, *messages):
        events = [
            {"timestamp": moment * 1000, "message": one if isinstance(one, str) else json.dumps(one)}
            for one in messages
        ]
        logs.put_log_events(logGroupName="api-gateway", logStreamName="s", logEvents=events)

    return write


def rule(cloudwatch, definition=JSON, name="top", **more):
    contribution = {**definition["Contribution"], **more.pop("contribution", {})}
    text = json.dumps({**definition, "Contribution": contribution})
    cloudwatch.put_insight_rule(RuleName=name, RuleDefinition=text, **more)
    return text


def report(cloudwatch, noon, name="top", **more):
    members = {"StartTime": at(noon - 300), "EndTime": at(noon + 300), "Period": 300, **more}
    answer = cloudwatch.get_insight_rule_report(RuleName=name, **members)
    return answer, [(one["Keys"], one["ApproximateAggregateValue"]) for one in answer["Contributors"]]


# What is refused


@pytest.mark.parametrize(
    "change",
    [
        {"Schema": "CloudWatchLogRule"}, {"LogFormat": "XML"}, {"AggregateOn": "Most"}, {"LogGroupNames": []},
        {"Contribution": {"Keys": []}}, {"Contribution": {"Keys": ["a"] * 5}}, {"AggregateOn": "Sum"},
        {"Contribution": {"Keys": ["$.a"], "Filters": [{"Match": "$.a", "Like": "x"}]}},
        {"Contribution": {"Keys": ["$.a"], "Filters": [{"Match": "$.a", "In": "x"}]}}, {"Fields": {"a": "b"}},
    ],
)  # fmt: skip
def test_a_definition_that_is_none(cloudwatch, change):
    text = json.dumps({**JSON, **change})
    assert refusal(cloudwatch.put_insight_rule, RuleName="top", RuleDefinition=text)[0] == "InvalidParameterValue"
    assert cloudwatch.describe_insight_rules()["InsightRules"] == []


def test_reports_that_cannot_be(cloudwatch, noon):
    assert refusal(report, cloudwatch, noon)[0] == "ResourceNotFoundException"
    rule(cloudwatch)
    for wrong in ({"Period": 70}, {"EndTime": at(noon - 300)}, {"Metrics": ["Median"]}, {"OrderBy": "Name"}):
        assert refusal(report, cloudwatch, noon, **wrong)[0] == "InvalidParameterValue"
    assert refusal(cloudwatch.put_insight_rule, RuleName="x", RuleDefinition="{", RuleState="ENABLED")[0] == (
        "InvalidParameterValue"
    )


def test_rules_that_are_not_there_are_told(cloudwatch):
    rule(cloudwatch)
    (failure,) = cloudwatch.disable_insight_rules(RuleNames=["top", "none"])["Failures"]
    assert (failure["FailureResource"], failure["ExceptionType"]) == ("none", "ResourceNotFoundException")
    assert cloudwatch.describe_insight_rules()["InsightRules"][0]["State"] == "DISABLED"


# What is done


def test_rules_are_described_switched_tagged_and_deleted(cloudwatch):
    text = rule(cloudwatch, Tags=[{"Key": "team", "Value": "a"}])
    rule(cloudwatch, CLF, "other", RuleState="DISABLED")
    first, second = cloudwatch.describe_insight_rules()["InsightRules"]
    assert (second["Name"], first["State"]) == ("top", "DISABLED")
    expected = {"Name": "top", "State": "ENABLED", "Schema": "CloudWatchLogRule/1", "Definition": text}
    assert second.items() >= {**expected, "ManagedRule": False}.items()
    arn = f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:insight-rule/top"
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "a"}]
    assert cloudwatch.enable_insight_rules(RuleNames=["other"])["Failures"] == []
    assert cloudwatch.delete_insight_rules(RuleNames=["top"])["Failures"] == []
    page = cloudwatch.describe_insight_rules(MaxResults=1)
    assert [(one["Name"], one["State"]) for one in page["InsightRules"]] == [("other", "ENABLED")]


# What happens next


def test_contributors_are_counted_by_their_keys(cloudwatch, noon, write):
    rule(cloudwatch)
    write(noon - 60, {"ip": "a"}, {"ip": "b"}, {"name": "nobody"}, "no json")
    write(noon + 60, {"ip": "a"})
    answer, contributors = report(
        cloudwatch, noon, Metrics=["UniqueContributors", "SampleCount", "MaxContributorValue"]
    )
    assert contributors == [(["a"], 2.0), (["b"], 1.0)]
    assert (answer["KeyLabels"], answer["AggregationStatistic"], answer["AggregateValue"]) == (
        ["$.ip"], "SampleCount", 3.0,
    )  # fmt: skip
    assert answer["ApproximateUniqueCount"] == 2
    assert [(point["UniqueContributors"], point["SampleCount"]) for point in answer["MetricDatapoints"]] == [
        (2.0, 2.0), (1.0, 1.0),
    ]  # fmt: skip
    points = answer["Contributors"][0]["Datapoints"]
    assert [(point["Timestamp"], point["ApproximateValue"]) for point in points] == [(at(noon - 300), 1), (at(noon), 1)]


def test_values_are_summed_and_filters_choose(cloudwatch, noon, write):
    more = {"ValueOf": "$.bytes", "Filters": [{"Match": "$.verb", "In": ["GET"]}, {"Match": "$.bytes", "LessThan": 90}]}
    rule(cloudwatch, {**JSON, "AggregateOn": "Sum"}, contribution=more)
    get = {"verb": "GET"}
    write(noon, {"ip": "a", "bytes": 3, **get}, {"ip": "b", "bytes": 40, **get}, {"ip": "a", "bytes": 5, **get})
    write(noon, {"ip": "a", "bytes": 9, "verb": "PUT"}, {"ip": "a", "bytes": 99, **get}, {"ip": "c", **get})
    answer, contributors = report(cloudwatch, noon, MaxContributorCount=1, OrderBy="Maximum")
    assert contributors == [(["b"], 40.0)]
    assert (answer["AggregateValue"], answer["AggregationStatistic"]) == (48.0, "Sum")


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ({"NotIn": ["GET"]}, {"b"}), ({"StartsWith": ["G", "H"]}, {"a"}), ({"NotEqualTo": "GET"}, {"b"}),
        ({"EqualTo": "PUT"}, {"b"}), ({"IsPresent": False}, {"c"}), ({"IsPresent": True}, {"a", "b"}),
        ({"GreaterThan": 1}, set()),
    ],
)  # fmt: skip
def test_each_operator_tests(cloudwatch, noon, write, test, found):
    rule(cloudwatch, contribution={"Filters": [{"Match": "$.verb", **test}]})
    write(noon, {"ip": "a", "verb": "GET"}, {"ip": "b", "verb": "PUT"}, {"ip": "c"})
    assert {keys[0] for keys, _ in report(cloudwatch, noon)[1]} == found


def test_columns_have_names(cloudwatch, noon, write):
    rule(cloudwatch, CLF)
    write(noon, '10.0.0.1 - me [25/Nov/2026:06:00:00 +0000] "GET / HTTP/1.1" 200 12')
    write(noon, '10.0.0.2 - me [25/Nov/2026:06:00:00 +0000] "GET / HTTP/1.1" 404 12')
    answer, contributors = report(cloudwatch, noon)
    assert (answer["KeyLabels"], contributors) == (["IpAddress"], [(["10.0.0.1"], 1.0)])


def test_what_comes_while_a_rule_is_disabled_is_not_seen(cloudwatch, noon, write, cloud):
    write(noon, {"ip": "before"})
    cloud.clock.advance(10)
    rule(cloudwatch)
    write(noon, {"ip": "first"})
    cloud.clock.advance(10)
    cloudwatch.disable_insight_rules(RuleNames=["top"])
    write(noon, {"ip": "between"})
    cloud.clock.advance(10)
    cloudwatch.enable_insight_rules(RuleNames=["top"])
    write(noon, {"ip": "second"})
    assert report(cloudwatch, noon)[1] == [(["first"], 1.0), (["second"], 1.0)]
