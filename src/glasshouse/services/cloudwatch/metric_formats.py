"""How metric streams write what was measured: as lines of JSON, or as OpenTelemetry's summaries.

Source: CloudWatch user guide, "CloudWatch metric stream output formats". Many OpenTelemetry requests follow one another
in a record, each after its length.
"""

import json
from collections.abc import Iterator, Mapping

from glasshouse.core.metrics import Measures
from glasshouse.engines.otlp import Summary, Version, delimited, request
from glasshouse.services.cloudwatch.readings import MINUTE_S, Metric
from glasshouse.services.cloudwatch.records import MetricStream
from glasshouse.services.cloudwatch.statistics import read_statistic

VERSIONS = {"opentelemetry0.7": Version.ZERO_SEVEN, "opentelemetry1.0": Version.ONE}
MOST_SUMMARIES = 100  # in a request
NANO = 10**9
UNITS = {
    "Seconds": "s", "Milliseconds": "ms", "Microseconds": "us", "Bytes": "By", "Kilobytes": "kBy", "Megabytes": "MBy",
    "Gigabytes": "GBy", "Terabytes": "TBy", "Bits": "bit", "Kilobits": "kbit", "Megabits": "MBit",
    "Gigabits": "GBit", "Terabits": "Tbit", "Percent": "%", "Count": "{Count}", "None": "1",
}  # fmt: skip
Minutes = dict[tuple[Metric, int, str], Measures]  # by metric, start and unit


def pieces(stream: MetricStream, account: str, region: str, minutes: Minutes) -> Iterator[bytes]:
    """What records are put together from."""
    if stream.output_format == "json":
        for (metric, start, unit), measures in minutes.items():
            yield _line(stream, account, region, metric, start, unit, measures)
        return
    version = VERSIONS[stream.output_format]
    resource = {
        "cloud.provider": "aws", "cloud.account.id": account, "cloud.region": region, "aws.exporter.arn": stream.arn,
    }  # fmt: skip
    summaries = [
        _summary(stream, version, metric, start, unit, measures) for (metric, start, unit), measures in minutes.items()
    ]
    for first in range(0, len(summaries), MOST_SUMMARIES):
        yield delimited(request(version, resource, summaries[first : first + MOST_SUMMARIES]))


def _line(
    stream: MetricStream, account: str, region: str, metric: Metric, start: int, unit: str, measures: Measures
) -> bytes:
    value = {
        "max": measures.most, "min": measures.least, "sum": measures.total, "count": measures.count,
        **_additional(stream, metric, measures),
    }  # fmt: skip
    told = {
        "metric_stream_name": stream.name, "account_id": account, "region": region, "namespace": metric.namespace,
        "metric_name": metric.metric_name, "dimensions": metric.by_name, "timestamp": start * 1000, "value": value,
        "unit": unit,
    }  # fmt: skip
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def _summary(
    stream: MetricStream, version: Version, metric: Metric, start: int, unit: str, measures: Measures
) -> Summary:
    """The least value is the quantile 0, the most one the quantile 1, and percentiles lie between."""
    between = [
        (float(name.removeprefix("p")) / 100, value) for name, value in _additional(stream, metric, measures).items()
    ]
    attributes: dict = {"Namespace": metric.namespace, "MetricName": metric.metric_name}
    attributes |= {"Dimensions": metric.by_name} if version is Version.ONE else metric.by_name
    base, _, per = unit.partition("/")
    return Summary(
        f"amazonaws.com/{metric.namespace}/{metric.metric_name}", UNITS.get(base, base) + ("/s" if per else ""),
        attributes, start * NANO, (start + MINUTE_S) * NANO, measures.count, measures.total,
        sorted([(0.0, measures.least), (1.0, measures.most), *between]),
    )  # fmt: skip


def _additional(stream: MetricStream, metric: Metric, measures: Measures) -> Mapping[str, float]:
    """The statistics that the stream adds for this metric, as far as they can be told."""
    own = {"Namespace": metric.namespace, "MetricName": metric.metric_name}
    chosen = [one for one in stream.statistics_configurations or () if own in one["IncludeMetrics"]]
    names = [name for one in chosen for name in one["AdditionalStatistics"]]
    found = ((name, read_statistic(name)) for name in dict.fromkeys(names))
    values = ((name, statistic.of(measures)) for name, statistic in found if statistic)
    return {name: value for name, value in values if value is not None}
