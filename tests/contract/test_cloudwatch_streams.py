"""CloudWatch: metric streams to Firehose."""

import json

import pytest

from tests.contract.cloudwatch_metrics import NAMESPACE, cloudwatch, noon, put
from tests.contract.firehose_box import ACCOUNT, ARN, Box, refusal

__all__ = ["cloudwatch", "noon"]  # fixtures
SERVICE = "streams.metrics.cloudwatch.amazonaws.com"
STREAM = f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:metric-stream/all"
NEAR = {"SizeInMBs": 5, "IntervalInSeconds": 60}


@pytest.fixture
def box(aws, cloud):
    """A delivery stream `events` into the bucket `lake`, and a role with which metric streams write to it."""
    box = Box(aws, cloud)
    box.make(BufferingHints=NEAR)
    box.writer = box.new_role("writer", "firehose:PutRecord*", service=SERVICE)
    return box


def stream(cloudwatch, box, name="all", **more):
    members = {"Name": name, "FirehoseArn": f"{ARN}events", "RoleArn": box.writer, "OutputFormat": "json", **more}
    return cloudwatch.put_metric_stream(**members)["Arn"]


def sent(box, cloud, seconds=120):
    """What lies in the bucket of the namespace that tests put data into, some time later."""
    cloud.clock.advance(seconds)
    text = "".join(body if isinstance(body, str) else body.decode() for body in box.bodies())
    return [told for line in text.splitlines() if (told := json.loads(line))["namespace"] == NAMESPACE]


# What is refused


def test_formats_targets_and_filters_that_are_none(cloudwatch, box):
    good = {"Name": "all", "FirehoseArn": f"{ARN}events", "RoleArn": box.writer, "OutputFormat": "json"}
    shop = [{"Namespace": NAMESPACE}]
    for wrong, code in (
        ({"OutputFormat": "xml"}, "ValidationError"),
        ({"IncludeLinkedAccountsMetrics": True}, "NotSupported"),
        ({"FirehoseArn": "arn:aws:s3:::lake"}, "InvalidParameterValue"),
        ({"RoleArn": "writer"}, "InvalidParameterValue"),
        ({"IncludeFilters": shop, "ExcludeFilters": shop}, "InvalidParameterCombination"),
        ({"IncludeFilters": [{"MetricNames": ["a"]}]}, "MissingParameter"),
        (
            {
                "StatisticsConfigurations": [
                    {
                        "IncludeMetrics": [{"Namespace": NAMESPACE, "MetricName": "Orders"}],
                        "AdditionalStatistics": ["Median"],
                    }
                ]
            },
            "InvalidParameterValue",
        ),
    ):
        assert refusal(cloudwatch.put_metric_stream, **{**good, **wrong})[0] == code
    assert cloudwatch.list_metric_streams()["Entries"] == []


def test_a_stream_that_is_not_there(cloudwatch, box):
    stream(cloudwatch, box)
    assert refusal(cloudwatch.get_metric_stream, Name="none")[0] == "ResourceNotFoundException"
    assert refusal(cloudwatch.stop_metric_streams, Names=["all", "none"])[0] == "InvalidParameterValue"
    assert cloudwatch.get_metric_stream(Name="all")["State"] == "running"
    cloudwatch.delete_metric_stream(Name="none")


# What is done


def test_streams_are_made_changed_listed_and_deleted(cloudwatch, box, cloud):
    assert stream(cloudwatch, box, Tags=[{"Key": "team", "Value": "a"}]) == STREAM
    assert cloudwatch.list_tags_for_resource(ResourceARN=STREAM)["Tags"] == [{"Key": "team", "Value": "a"}]
    made = cloudwatch.get_metric_stream(Name="all")
    assert (made["State"], made["OutputFormat"], made["IncludeLinkedAccountsMetrics"]) == ("running", "json", False)
    assert made.keys().isdisjoint({"IncludeFilters", "ExcludeFilters", "StatisticsConfigurations"})
    cloudwatch.stop_metric_streams(Names=["all"])
    cloud.clock.advance(5)
    stream(cloudwatch, box, IncludeFilters=[{"Namespace": NAMESPACE}])
    changed = cloudwatch.get_metric_stream(Name="all")
    assert changed["State"] == "stopped" and changed["IncludeFilters"] == [{"Namespace": NAMESPACE}]
    assert changed["CreationDate"] == made["CreationDate"] < changed["LastUpdateDate"]
    stream(cloudwatch, box, "other")
    page = cloudwatch.list_metric_streams(MaxResults=1)
    rest = cloudwatch.list_metric_streams(NextToken=page["NextToken"])
    assert [one["Name"] for one in (*page["Entries"], *rest["Entries"])] == ["all", "other"]
    cloudwatch.delete_metric_stream(Name="all")
    assert [one["Name"] for one in cloudwatch.list_metric_streams()["Entries"]] == ["other"]


# What happens next


def test_each_minute_of_a_metric_arrives_as_a_line(cloudwatch, box, cloud, noon):
    stream(cloudwatch, box)
    put(cloudwatch, 3, 5, Dimensions=[{"Name": "Shop", "Value": "x"}], Unit="Count")
    (line,) = sent(box, cloud)
    assert line == {
        "metric_stream_name": "all", "account_id": ACCOUNT, "region": "eu-west-1", "namespace": NAMESPACE,
        "metric_name": "Orders", "dimensions": {"Shop": "x"}, "timestamp": noon * 1000, "unit": "Count",
        "value": {"max": 5.0, "min": 3.0, "sum": 8.0, "count": 2.0},
    }  # fmt: skip
    put(cloudwatch, 7)
    assert [line["value"]["sum"] for line in sent(box, cloud)] == [8.0, 7.0]


def test_filters_choose_and_statistics_are_added(cloudwatch, box, cloud, noon):
    named = {"Namespace": NAMESPACE, "MetricNames": ["Orders"]}
    more = {
        "IncludeMetrics": [{"Namespace": NAMESPACE, "MetricName": "Orders"}], "AdditionalStatistics": ["p50", "p99"],
    }  # fmt: skip
    stream(cloudwatch, box, IncludeFilters=[named], StatisticsConfigurations=[more])
    stream(cloudwatch, box, "rest", ExcludeFilters=[named])
    put(cloudwatch, 1, 2, 3)
    put(cloudwatch, 9, name="Returns")
    found = {(line["metric_stream_name"], line["metric_name"]): line["value"] for line in sent(box, cloud)}
    assert found.keys() == {("all", "Orders"), ("rest", "Returns")}
    assert (found["all", "Orders"]["p50"], found["all", "Orders"]["p99"]) == (2.0, 3.0)


def test_opentelemetry_requests_follow_one_another(cloudwatch, box, cloud, noon):
    stream(cloudwatch, box, OutputFormat="opentelemetry1.0", IncludeFilters=[{"Namespace": NAMESPACE}])
    stream(cloudwatch, box, "old", OutputFormat="opentelemetry0.7", IncludeFilters=[{"Namespace": NAMESPACE}])
    put(cloudwatch, 3, 5, Dimensions=[{"Name": "Shop", "Value": "x"}], Unit="Count/Second")
    cloud.clock.advance(120)
    text = b"".join(box.bodies())
    assert text.count(b"amazonaws.com/Shop/Orders") == 2 and text.count(b"{Count}/s") == 2
    assert text.count(STREAM.encode()) == 1 and text.count(b"cloud.account.id") == 2
    start, length = 0, 0
    while start < len(text):
        length = (text[start] & 0x7F) | text[start + 1] << 7  # a length of more than 127 takes two bytes
        start += 2 + length
    assert start == len(text)


def test_what_comes_late_is_sent_once_more(cloudwatch, box, cloud, noon):
    stream(cloudwatch, box)
    put(cloudwatch, 1)
    assert len(sent(box, cloud)) == 1
    put(cloudwatch, 2, moment=noon + 30)
    assert [line["value"]["sum"] for line in sent(box, cloud)] == [1.0, 3.0]


def test_a_stream_that_has_stopped_sends_nothing(cloudwatch, box, cloud, noon):
    stream(cloudwatch, box)
    cloudwatch.stop_metric_streams(Names=["all"])
    put(cloudwatch, 1)
    assert sent(box, cloud) == []
    cloudwatch.start_metric_streams(Names=["all"])
    put(cloudwatch, 2)
    assert [line["value"]["sum"] for line in sent(box, cloud)] == [2.0]


def test_sending_ends_when_nothing_else_is_measured(cloudwatch, box, cloud, noon):
    stream(cloudwatch, box)
    put(cloudwatch, 1)
    sent(box, cloud, 300)
    objects = box.names()
    cloud.clock.advance(3600)
    assert box.names() == objects


def test_what_cannot_be_sent_is_tried_again(cloudwatch, box, cloud, noon, aws):
    iam = aws("iam")
    iam.delete_role_policy(RoleName="writer", PolicyName="granted")
    stream(cloudwatch, box)
    put(cloudwatch, 1)
    assert sent(box, cloud) == []
    box.grant("writer", "firehose:PutRecord*")
    put(cloudwatch, 2)
    assert [line["value"]["sum"] for line in sent(box, cloud)] == [1.0, 2.0]
