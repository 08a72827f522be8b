"""CloudWatch: putting data, listing metrics, and statistics of one metric."""

import gzip
import math

import pytest
from botocore.exceptions import ClientError

from glasshouse.core.call import Call
from tests.contract.cloudwatch_metrics import NAMESPACE, at, cloudwatch, noon, points, put, speaking, stat, statistics

__all__ = ["cloudwatch", "noon"]  # fixtures
MINUTE, HOUR, DAY = 60, 3600, 86_400
SET = {"SampleCount": 10, "Sum": 55, "Minimum": 1, "Maximum": 10}


# What is refused


@pytest.mark.parametrize(
    ("datum", "code", "message"),
    [
        (
            {"Value": 1, "MetricName": None},
            "MissingParameter",
            "The parameter MetricData.member.1.MetricName is required.",
        ),
        ({}, "MissingParameter", "At least one of the parameters must be specified."),
        (
            {"Value": 1.5, "Values": [1.0, 10.0]},
            "InvalidParameterCombination",
            "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and you"
            " have specified both.",
        ),
        (
            {"Value": 1.5, "StatisticValues": SET},
            "InvalidParameterCombination",
            "The parameters MetricData.member.1.Value and MetricData.member.1.StatisticValues are mutually exclusive"
            " and you have specified both.",
        ),
        (
            {"Values": [1.0, 10.0], "Counts": [2, 4, 5]},
            "InvalidParameterValue",
            "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.",
        ),
        (
            {"Values": [1.0] * 151},
            "InvalidParameterValue",
            "The collection MetricData.member.1.Values must not have a size greater than 150.",
        ),
        (
            {"Value": math.nan},
            "InvalidParameterValue",
            "The value NaN for parameter MetricData.member.1.Value is invalid.",
        ),
        (
            {"Values": [1, math.inf]},
            "InvalidParameterValue",
            "The value Infinity for parameter MetricData.member.1.Values is invalid.",
        ),
        (
            {"StatisticValues": {"Sum": 1, "SampleCount": 1, "Minimum": 1}},
            "MissingParameter",
            "The parameter MetricData.member.1.StatisticValues.Maximum is required.",
        ),
        (
            {"StatisticValues": {**SET, "Minimum": 11}},
            "InvalidParameterValue",
            "The parameter MetricData.member.1.StatisticValues.Maximum must be greater than"
            " MetricData.member.1.StatisticValues.Minimum.",
        ),
        (
            {"Value": 1, "Dimensions": [{"Name": f"d{n}", "Value": "x"} for n in range(31)]},
            "InvalidParameterValue",
            "The collection MetricData.member.1.Dimensions must not have a size greater than 30.",
        ),
        (
            {"Value": 1, "Dimensions": [{"Name": "Page"}]},
            "MissingParameter",
            "The parameter MetricData.member.1.Dimensions.member.1.Value is required.",
        ),
        (
            {"Value": 1, "Dimensions": [{"Name": ":Page", "Value": "x"}]},
            "InvalidParameterValue",
            "The value :Page for parameter MetricData.member.1.Dimensions.member.1.Name is invalid.",
        ),
    ],
)
def test_a_datum_that_is_wrong_is_refused_in_words(cloudwatch, datum, code, message):
    with pytest.raises(ClientError) as refused:
        cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[{"MetricName": "Orders", **datum}])
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["Error"]["Message"] == message
    assert cloudwatch.list_metrics()["Metrics"] == []


def test_a_unit_must_be_one_of_the_known(cloudwatch):
    with pytest.raises(ClientError, match=r"MetricData.member.1.Unit must be a value in the set \[ Megabits, Terabits"):
        put(cloudwatch, 1, Unit="Furlong")


def test_data_are_neither_older_than_two_weeks_nor_ahead_by_more_than_two_hours(cloudwatch, noon):
    with pytest.raises(ClientError) as refused:
        put(cloudwatch, 1, 2, moment=noon - 15 * DAY)
    assert refused.value.response["Error"]["Message"] == (
        "The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks.\n"
        "The parameter MetricData.member.2.Timestamp must specify a time within the past two weeks."
    )
    with pytest.raises(ClientError, match="must specify a time no more than two hours in the future"):
        put(cloudwatch, 1, moment=noon + 2 * HOUR + 1)
    put(cloudwatch, 1, moment=noon - 14 * DAY + 1)
    put(cloudwatch, 1, moment=noon + 2 * HOUR)


@pytest.mark.parametrize(
    ("namespace", "message"),
    [
        ("AWS/EC2", "The value AWS/EC2 for parameter Namespace is invalid."),
        (":colon", "The value :colon for parameter Namespace is invalid."),
        (None, "The parameter Namespace is required."),
    ],
)
def test_a_namespace_is_there_and_not_one_of_aws(cloudwatch, namespace, message):
    with pytest.raises(ClientError) as refused:
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "Orders", "Value": 1}])
    assert refused.value.response["Error"]["Message"] == message


def test_a_request_has_one_datum_at_least_and_a_thousand_at_most(cloudwatch):
    with pytest.raises(ClientError, match="The parameter MetricData is required"):
        cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[])
    with pytest.raises(ClientError, match="The collection MetricData must not have a size greater than 1000"):
        put(cloudwatch, *range(1001))


def test_a_page_token_must_be_one_that_was_given(cloudwatch):
    with pytest.raises(ClientError) as refused:
        cloudwatch.list_metrics(NextToken="nonsense")
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"
    with pytest.raises(ClientError, match=r"The parameter Dimensions\.member\.1\.Name is required\."):
        cloudwatch.list_metrics(Dimensions=[{"Value": "one"}])
    with pytest.raises(ClientError, match="RecentlyActive"):
        cloudwatch.list_metrics(RecentlyActive="PT4H")


def test_what_a_machine_cannot_do_is_refused_in_words(cloudwatch):
    with pytest.raises(ClientError) as refused:
        cloudwatch.get_metric_widget_image(MetricWidget="{}")
    assert refused.value.response["Error"]["Code"] == "NotSupported"


# What is done


@pytest.mark.parametrize("protocol", ["query", "json", "smithy-rpc-v2-cbor"])
def test_each_protocol_puts_and_asks_and_is_told_its_errors(endpoint, protocol):
    client = speaking(protocol, endpoint)
    client.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[{"MetricName": "Orders", "Values": [1.0, 10.0], "Counts": [2, 4], "Unit": "Count"}],
    )
    now = client.list_metrics(Namespace=NAMESPACE)["ResponseMetadata"] and at(2e9)
    answer = client.get_metric_data(MetricDataQueries=[stat(period=86_400)], StartTime=at(1.7e9), EndTime=now)
    assert answer["MetricDataResults"][0]["Values"] == [42.0]
    assert answer["MetricDataResults"][0]["Timestamps"][0].tzinfo is not None
    with pytest.raises(ClientError) as refused:
        client.put_metric_data(Namespace="AWS/X", MetricData=[{"MetricName": "Orders", "Value": 1}])
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"
    with pytest.raises(ClientError) as refused:
        client.get_dashboard(DashboardName="none")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFound"


def test_a_compressed_form_is_read(cloudwatch, endpoint):
    client = speaking("query", endpoint)

    def compress(request, **_):
        request.data = gzip.compress(request.data if isinstance(request.data, bytes) else request.data.encode())
        request.headers["Content-Encoding"] = "gzip"

    client.meta.events.register("before-sign.cloudwatch.PutMetricData", compress)
    client.put_metric_data(Namespace=NAMESPACE, MetricData=[{"MetricName": "Orders", "Value": 1}])
    assert [metric["MetricName"] for metric in cloudwatch.list_metrics()["Metrics"]] == ["Orders"]


def test_metrics_are_listed_by_namespace_name_and_dimensions(cloudwatch):
    one, two = [{"Name": "Shop", "Value": "one"}], [{"Name": "Shop", "Value": "two"}]
    put(cloudwatch, 1, name="Orders")
    put(cloudwatch, 1, 2, name="Visits", Dimensions=one)
    put(cloudwatch, 1, name="Visits", Dimensions=two)
    cloudwatch.put_metric_data(Namespace="Other", MetricData=[{"MetricName": "Visits", "Value": 1}])

    def listed(**filters):
        return [
            (metric["MetricName"], [dimension["Value"] for dimension in metric["Dimensions"]])
            for metric in cloudwatch.list_metrics(**filters)["Metrics"]
        ]

    assert listed(Namespace=NAMESPACE) == [("Orders", []), ("Visits", ["one"]), ("Visits", ["two"])]
    assert listed(Namespace=NAMESPACE, MetricName="Orders") == [("Orders", [])]
    assert listed(Dimensions=[{"Name": "Shop"}]) == [("Visits", ["one"]), ("Visits", ["two"])]
    assert listed(Dimensions=two) == [("Visits", ["two"])]
    assert listed(Namespace="None") == []
    assert cloudwatch.list_metrics(Namespace="Other", IncludeLinkedAccounts=True)["OwningAccounts"] == ["000000000000"]
    assert listed(OwningAccount="111111111111") == []


def test_a_page_lists_500_metrics(cloudwatch):
    for start in range(0, 1200, 600):
        data = [{"MetricName": f"m{start + number}", "Value": 1} for number in range(600)]
        cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=data)
    pages = list(cloudwatch.get_paginator("list_metrics").paginate(Namespace=NAMESPACE))
    assert [len(page["Metrics"]) for page in pages] == [500, 500, 200]
    assert len({metric["MetricName"] for page in pages for metric in page["Metrics"]}) == 1200


def test_metrics_of_other_regions_and_accounts_are_others(aws):
    put(aws("cloudwatch"), 1)
    assert aws("cloudwatch", "us-east-1").list_metrics()["Metrics"] == []


def test_what_services_measure_is_there_when_it_is_asked_for(cloud, cloudwatch, noon):
    def measure():
        service = cloud.cloud.service_class("cloudwatch")
        call = Call("sqs", "SendMessage", {}, "000000000000", "eu-west-1", cloud.cloud.root())
        service(cloud.cloud, call).metric("AWS/SQS", "NumberOfMessagesSent", 3, dimensions={"QueueName": "q"})

    cloud.run(measure)
    cloud.run(measure)
    [metric] = cloudwatch.list_metrics(Namespace="AWS/SQS")["Metrics"]
    assert metric["Dimensions"] == [{"Name": "QueueName", "Value": "q"}]
    query = {"Id": "sent", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
    [result] = cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=at(noon - 60), EndTime=at(noon + 60))[
        "MetricDataResults"
    ]
    assert points(result) == {int(noon): 6.0}


def test_metric_filters_of_logs_put_their_metrics(cloud, aws, cloudwatch, noon):
    logs = aws("logs")
    logs.create_log_group(logGroupName="shop")
    logs.create_log_stream(logGroupName="shop", logStreamName="one")
    logs.put_metric_filter(
        logGroupName="shop",
        filterName="orders",
        filterPattern="[word=order, count]",
        metricTransformations=[{"metricName": "Orders", "metricNamespace": NAMESPACE, "metricValue": "$count"}],
    )
    events = [{"timestamp": int(noon * 1000), "message": message} for message in ("order 3", "order 4", "else 5")]
    logs.put_log_events(logGroupName="shop", logStreamName="one", logEvents=events)
    cloud.settle()
    assert [point["Sum"] for point in statistics(cloudwatch, noon, noon + 60, "Sum")] == [7]


# What happens next


def test_data_grow_coarser_and_go(cloud, cloudwatch, noon):
    for second in (0, 10):
        put(cloudwatch, 1, moment=noon + second, StorageResolution=1)
    start, end = noon, noon + 300

    def counts(period):
        return [point["SampleCount"] for point in statistics(cloudwatch, start, end, "SampleCount", period=period)]

    assert counts(10) == [1, 1]
    cloud.clock.advance(3 * HOUR + MINUTE)
    assert counts(10) == []
    assert counts(60) == [2]
    cloud.clock.advance(15 * DAY)
    assert counts(60) == []
    assert counts(300) == [2]
    cloud.clock.advance(48 * DAY)
    end = start + HOUR
    assert counts(300) == []
    assert counts(3600) == [2]
    cloud.clock.advance(393 * DAY)
    assert counts(3600) == []


def test_a_metric_without_data_for_two_weeks_is_not_listed(cloud, cloudwatch, noon):
    put(cloudwatch, 1)
    cloud.clock.advance(3 * HOUR + 1)
    assert len(cloudwatch.list_metrics()["Metrics"]) == 1
    assert cloudwatch.list_metrics(RecentlyActive="PT3H")["Metrics"] == []
    cloud.clock.advance(14 * DAY)
    assert cloudwatch.list_metrics()["Metrics"] == []


def test_old_data_are_looked_after_though_nobody_asks(cloud, cloudwatch, noon):
    put(cloudwatch, 1)
    cloud.clock.advance(16 * DAY)
    periods = cloud.run(lambda: cloud.cloud.store.read("SELECT period FROM metric_data").fetchall())
    assert periods == [(300,)]
    cloud.clock.advance(500 * DAY)
    assert cloud.run(lambda: cloud.cloud.store.read("SELECT count(*) FROM metric").fetchone()) == (0,)
