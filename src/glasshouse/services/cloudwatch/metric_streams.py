"""Metric streams: what is measured goes on to a delivery stream of Firehose.

Differs from AWS: the metrics of linked accounts are refused.
"""

from glasshouse.core.errors import NotSupported
from glasshouse.core.tags import from_list
from glasshouse.services.cloudwatch.errors import (
    InvalidParameterCombinationException,
    InvalidParameterValueException,
    MissingRequiredParameterException,
    ResourceNotFoundException,
)
from glasshouse.services.cloudwatch.readings import MINUTE_S
from glasshouse.services.cloudwatch.records import RUNNING, STOPPED, MetricStream
from glasshouse.services.cloudwatch.statistics import PLAIN, read_statistic

MOST_FILTERS, MOST_STATISTICS = 1000, 20


class MetricStreams:
    """The operations on metric streams."""

    def put_metric_stream(
        self,
        name: str,
        firehose_arn: str,
        role_arn: str,
        output_format: str,
        include_filters: list | None = None,
        exclude_filters: list | None = None,
        tags: list | None = None,
        statistics_configurations: list | None = None,
        include_linked_accounts_metrics: bool = False,
    ):
        """A new one runs; one that is put again stays running or stopped."""
        _check_targets(firehose_arn, role_arn)
        _check_filters(include_filters, exclude_filters)
        _check_statistics(statistics_configurations or [], only_percentiles=output_format != "json")
        if include_linked_accounts_metrics:
            raise NotSupported("Metrics of linked accounts are not supported by Glasshouse yet")
        known = self.metric_streams.get(name)
        stream = MetricStream(
            name, self._metric_stream_arn(name), firehose_arn, role_arn, output_format, creation_date=self.now,
            last_update_date=self.now, sent_until=self._this_minute(), include_filters=include_filters or None,
            exclude_filters=exclude_filters or None, statistics_configurations=statistics_configurations or None,
        )  # fmt: skip
        if known is not None:
            stream.state, stream.creation_date, stream.sent_until = known.state, known.creation_date, known.sent_until
        self.metric_streams.put(stream)
        if known is None:
            self.cloud.tags.add(stream.arn, from_list(tags))
            self._send_on(stream)
        return {"Arn": stream.arn}

    def get_metric_stream(self, name: str):
        stream = self.metric_streams.get(name)
        if stream is None:
            raise ResourceNotFoundException(f"The metric stream {name} does not exist.")
        return stream

    def list_metric_streams(self, next_token: str | None = None, max_results: int = 500):
        streams, token = self.metric_streams.page(max_results, next_token)
        return {"Entries": streams, "NextToken": token}

    def start_metric_streams(self, names: list):
        """From where they are started on: what was measured while a stream had stopped is not sent."""
        for stream in self._named_streams(names):
            if stream.state == STOPPED:
                stream.state, stream.last_update_date, stream.sent_until = RUNNING, self.now, self._this_minute()
                self.metric_streams.put(stream)
                self._send_on(stream)

    def stop_metric_streams(self, names: list):
        for stream in self._named_streams(names):
            if stream.state == RUNNING:
                stream.state, stream.last_update_date = STOPPED, self.now
                self.metric_streams.put(stream)
                self.cancel(f"stream/{stream.name}")

    def delete_metric_stream(self, name: str):
        """Asking for one that is not there changes nothing."""
        stream = self.metric_streams.get(name)
        if stream is not None:
            self.metric_streams.delete(stream)
            self.cloud.tags.clear(stream.arn)
            self.cancel(f"stream/{name}")

    # Within

    def _metric_stream_arn(self, name: str) -> str:
        return self.call.arn(f"metric-stream/{name}")

    def _this_minute(self) -> int:
        return int(self.now // MINUTE_S * MINUTE_S)

    def _named_streams(self, names: list[str]) -> list[MetricStream]:
        """All of them, or none if one is not there."""
        found = {name: self.metric_streams.get(name) for name in names}
        for name, stream in found.items():
            if stream is None:
                raise InvalidParameterValueException(f"The metric stream {name} does not exist.")
        return [stream for stream in found.values() if stream]


def _check_targets(firehose_arn: str, role_arn: str):
    if not firehose_arn.startswith("arn:") or firehose_arn.split(":")[2] != "firehose":
        raise InvalidParameterValueException("Invalid FirehoseArn")
    if not role_arn.startswith("arn:") or ":role/" not in role_arn:
        raise InvalidParameterValueException("Invalid RoleArn")


def _check_filters(included: list | None, excluded: list | None):
    if included and excluded:
        raise InvalidParameterCombinationException("You cannot specify both IncludeFilters and ExcludeFilters")
    for name, filters in (("IncludeFilters", included or []), ("ExcludeFilters", excluded or [])):
        if len(filters) > MOST_FILTERS:
            raise InvalidParameterValueException(
                f"The collection {name} must not have a size greater than {MOST_FILTERS}."
            )
        for number, one in enumerate(filters, 1):
            if not one.get("Namespace"):
                raise MissingRequiredParameterException(f"The parameter {name}.member.{number}.Namespace is required.")


def _check_statistics(configurations: list[dict], only_percentiles: bool):
    """OpenTelemetry's summaries have room for percentiles alone."""
    for configuration in configurations:
        for statistic in configuration["AdditionalStatistics"]:
            misplaced = only_percentiles and not statistic.startswith("p")
            if misplaced or statistic in PLAIN or read_statistic(statistic) is None:
                raise InvalidParameterValueException(f"The value {statistic} for AdditionalStatistics is invalid.")
        if len(configuration["AdditionalStatistics"]) > MOST_STATISTICS:
            raise InvalidParameterValueException(
                f"The collection AdditionalStatistics must not have a size greater than {MOST_STATISTICS}."
            )
