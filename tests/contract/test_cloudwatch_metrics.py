"""CloudWatch: putting data, listing metrics, and statistics of one metric."""

import gzip
import math

import pytest
from botocore.exceptions import ClientError

from glasshouse.core.call import Call
from tests.contract.cloudwatch_metrics import NAMESPACE, at, points, put, speaking, stat

MINUTE, HOUR, DAY = 60, 3600, 86_400
SET = {"SampleCount": 10, "Sum": 55, "Minimum": 1, "Maximum": 10}


@pytest.fixture
def cloudwatch(aws):
    return aws("cloudwatch")


@pytest.fixture
def noon(cloud):
    """The clock stands still, at a full hour."""
    cloud.clock.freeze()
    moment = (cloud.clock.now() // HOUR + 1) * HOUR
    cloud.clock.set(moment)
    return moment


def statistics(cloudwatch, start: float, end: float, *names: str, period: int = MINUTE, **members) -> list[dict]:
    plain = [name for name in names if name in ("SampleCount", "Sum", "Average", "Minimum", "Maximum")]
    extended = [name for name in names if name not in plain]
    chosen = {"Statistics": plain} if plain else {"ExtendedStatistics": extended}
    asked = {"Namespace": NAMESPACE, "MetricName": "Orders", "Period": period, **chosen, **members}
    return cloudwatch.get_metric_statistics(StartTime=at(start), EndTime=at(end), **asked)["Datapoints"]


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


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        (
            {"StartTime": 5, "EndTime": 5},
            "InvalidParameterValue",
            "The parameter StartTime must not equal parameter EndTime.",
        ),
        (
            {"StartTime": 5, "EndTime": 4},
            "InvalidParameterValue",
            "The parameter StartTime must be less than the parameter EndTime.",
        ),
        (
            {"StartTime": 0, "EndTime": DAY, "Period": 1},
            "InvalidParameterCombination",
            "You have requested up to 86,400 datapoints, which exceeds the limit of 1,440. You may reduce the"
            " datapoints requested by increasing Period, or decreasing the time range.",
        ),
        ({"Period": 7}, "InvalidParameterValue", "The value 7 for parameter Period is invalid."),
        ({"Statistics": []}, "InvalidParameterCombination", "Must specify either Statistics or ExtendedStatistics"),
        (
            {"Statistics": None, "ExtendedStatistics": ["q3"]},
            "InvalidParameterValue",
            "The value q3 for parameter ExtendedStatistics is not supported.",
        ),
        ({"MetricName": None}, "MissingParameter", "The parameter MetricName is required."),
    ],
)
def test_a_question_for_statistics_is_refused_in_words(cloudwatch, members, code, message):
    asked = {"Namespace": NAMESPACE, "MetricName": "Orders", "StartTime": 0, "EndTime": 600, "Period": 60,
             "Statistics": ["Sum"], **members}  # fmt: skip
    with pytest.raises(ClientError) as refused:
        cloudwatch.get_metric_statistics(**{name: value for name, value in asked.items() if value is not None})
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["Error"]["Message"] == message


def test_a_page_token_must_be_one_that_was_given(cloudwatch):
    with pytest.raises(ClientError) as refused:
        cloudwatch.list_metrics(NextToken="nonsense")
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"
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


def test_values_counts_and_statistic_sets_are_added_up(cloudwatch, noon):
    put(cloudwatch, 11, Unit="Seconds")
    cloudwatch.put_metric_data(
        Namespace=NAMESPACE, MetricData=[{"MetricName": "Orders", "StatisticValues": SET, "Unit": "Seconds"}]
    )
    [point] = statistics(cloudwatch, noon, noon + 60, "SampleCount", "Sum", "Average", "Minimum", "Maximum")
    assert point == {
        "Timestamp": at(noon), "SampleCount": 11.0, "Sum": 66.0, "Average": 6.0, "Minimum": 1.0, "Maximum": 11.0,
        "Unit": "Seconds",
    }  # fmt: skip


def test_each_unit_has_a_point_of_its_own(cloudwatch, noon):
    for value, members in ((1, {"Unit": "Seconds"}), (5, {"Unit": "Count"}), (10, {})):
        put(cloudwatch, value, **members)
    found = statistics(cloudwatch, noon, noon + 60, "Average")
    assert {point["Unit"]: point["Average"] for point in found} == {"Seconds": 1, "Count": 5, "None": 10}
    assert [point["Average"] for point in statistics(cloudwatch, noon, noon + 60, "Average", Unit="Count")] == [5]


def test_periods_follow_one_another_from_the_start_that_was_asked_for(cloudwatch, noon):
    for minute in range(10):
        put(cloudwatch, 1, moment=noon - 600 + minute * 60)
    found = statistics(cloudwatch, noon - 540 + 7, noon, "Sum", period=300)
    assert [(point["Timestamp"], point["Sum"]) for point in found] == [(at(noon - 540), 5), (at(noon - 240), 4)]


def test_the_end_is_not_part_of_what_is_asked_for(cloudwatch, noon):
    put(cloudwatch, 1, moment=noon - 60)
    put(cloudwatch, 2, moment=noon)
    assert [point["Sum"] for point in statistics(cloudwatch, noon - 60, noon, "Sum")] == [1]


def test_a_metric_of_high_resolution_tells_of_seconds(cloudwatch, noon):
    for second in range(0, 60, 5):
        put(cloudwatch, second, moment=noon - 60 + second, StorageResolution=1)
    put(cloudwatch, 100, moment=noon - 30)
    tens = statistics(cloudwatch, noon - 60, noon, "Sum", period=10)
    assert [point["Sum"] for point in tens] == [5, 25, 45, 65, 85, 105]
    assert [point["Sum"] for point in statistics(cloudwatch, noon - 60, noon, "Sum", period=60)] == [430]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("p50", 50), ("p90", 90), ("p99.9", 100), ("p0", 1), ("p100", 100), ("tm90", 45.5), ("tc90", 90),
        ("ts90", 4095), ("wm90", 49.95), ("TM(10%:90%)", 50.5), ("TM(:10%)", 5.5), ("TM(95:)", 98), ("TC(80%:)", 20),
        ("TS(98:100)", 199), ("PR(:30)", 30), ("PR(10:20)", 10), ("WM(10%:90%)", 50.4), ("IQM", 50.5),
    ],
)  # fmt: skip
def test_statistics_of_the_values_themselves(cloudwatch, noon, name, value):
    cloudwatch.put_metric_data(
        Namespace=NAMESPACE, MetricData=[{"MetricName": "Orders", "Values": list(range(1, 101))}]
    )
    [point] = statistics(cloudwatch, noon, noon + 60, name)
    assert point["ExtendedStatistics"] == {name: pytest.approx(value)}


def test_percentiles_need_values_that_are_known_and_not_negative(cloudwatch, noon):
    put(cloudwatch, 1)
    cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[{"MetricName": "Orders", "StatisticValues": SET}])
    assert "ExtendedStatistics" not in statistics(cloudwatch, noon, noon + 60, "p50")[0]
    cloudwatch.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[{
            "MetricName": "Same", "StatisticValues": {"SampleCount": 3, "Sum": 12, "Minimum": 4, "Maximum": 4}
        }],
    )  # fmt: skip
    [point] = statistics(cloudwatch, noon, noon + 60, "p50", MetricName="Same")
    assert point["ExtendedStatistics"] == {"p50": 4}
    put(cloudwatch, -1, 2, name="Signed")
    assert "ExtendedStatistics" not in statistics(cloudwatch, noon, noon + 60, "p50", MetricName="Signed")[0]


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
