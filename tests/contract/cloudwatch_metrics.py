"""Clients of CloudWatch in each of its protocols, and short ways to put and to ask."""

from datetime import UTC, datetime

import botocore.session
import pytest
from botocore.config import Config

NAMESPACE = "Shop"
HOUR = 3600


@pytest.fixture
def cloudwatch(aws):
    return aws("cloudwatch")


@pytest.fixture
def noon(cloud):
    """The clock stands still, at a full hour."""
    cloud.clock.freeze()
    moment = int((cloud.clock.now() // HOUR + 1) * HOUR)
    cloud.clock.set(moment)
    return moment


def speaking(protocol: str, url: str):
    """A client that speaks one protocol, as older and newer SDKs do."""
    session = botocore.session.get_session()
    loader = session.get_component("data_loader")
    load = loader.load_service_model

    def load_in_one_protocol(service, kind, api_version=None):
        model = load(service, kind, api_version)
        if kind == "service-2":
            metadata = {**model["metadata"], "protocol": protocol, "protocols": [protocol]}
            if protocol == "query":
                metadata.pop("awsQueryCompatible", None)
            return {**model, "metadata": metadata}
        return model

    loader.load_service_model = load_in_one_protocol
    return session.create_client(
        "cloudwatch", "eu-west-1", endpoint_url=url, aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(parameter_validation=False, retries={"max_attempts": 0}),
    )  # fmt: skip


def at(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def put(cloudwatch, *values: float, name: str = "Orders", moment: float | None = None, **members):
    """Values of one metric, each as a datum."""
    stamp = {} if moment is None else {"Timestamp": at(moment)}
    data = [{"MetricName": name, "Value": value, **stamp, **members} for value in values]
    cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=data)


def stat(name: str = "Orders", statistic: str = "Sum", period: int = 60, identifier: str = "m1", **members) -> dict:
    """A query for a statistic of a metric."""
    dimensions = [{"Name": key, "Value": value} for key, value in members.pop("dimensions", {}).items()]
    metric = {"Namespace": NAMESPACE, "MetricName": name, "Dimensions": dimensions}
    asked = {"Metric": metric, "Period": period, "Stat": statistic}
    if "unit" in members:
        asked["Unit"] = members.pop("unit")
    return {"Id": identifier, "MetricStat": asked, **members}


def ask(cloudwatch, start: float, end: float, *queries: dict, **members) -> list[dict]:
    """What GetMetricData answers, the oldest point first."""
    members = {"ScanBy": "TimestampAscending", **members}
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=list(queries), StartTime=at(start), EndTime=at(end), **members
    )
    return answer["MetricDataResults"]


def points(result: dict) -> dict[int, float]:
    """The values of a result by their epoch seconds."""
    return {
        int(moment.timestamp()): value for moment, value in zip(result["Timestamps"], result["Values"], strict=True)
    }


def statistics(cloudwatch, start: float, end: float, *names: str, period: int = 60, **members) -> list[dict]:
    """The points that GetMetricStatistics answers for the metric Orders."""
    plain = [name for name in names if name in ("SampleCount", "Sum", "Average", "Minimum", "Maximum")]
    extended = [name for name in names if name not in plain]
    chosen = {"Statistics": plain} if plain else {"ExtendedStatistics": extended}
    asked = {"Namespace": NAMESPACE, "MetricName": "Orders", "Period": period, **chosen, **members}
    return cloudwatch.get_metric_statistics(StartTime=at(start), EndTime=at(end), **asked)["Datapoints"]
