"""What happens when events arrive: metric filters count them, subscriptions pass them on, live tails show them."""

from glasshouse.services.logs.errors import (
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from glasshouse.services.logs.events import Event, last_arrival
from glasshouse.services.logs.records import LogGroup, MetricFilter

METRIC_FILTERS = 100
TAIL_EVENTS = 500
TAIL_MINUTES = 180


class Filters:
    """The operations on filters, and the arrival of events."""

    def put_metric_filter(
        self,
        log_group_name: str,
        filter_name: str,
        filter_pattern: str,
        metric_transformations: list,
        apply_on_transformed_logs: bool = False,
    ):
        """Nothing transforms logs here, so that all are the original ones, whatever the filter applies to."""
        group = self._group(log_group_name)
        self._pattern(filter_pattern)
        others = [f for f in self.metric_filters.list(log_group_name) if f.filter_name != filter_name]
        if len(others) >= METRIC_FILTERS:
            raise LimitExceededException("Resource limit exceeded.")
        for transformation in metric_transformations:
            if transformation.get("dimensions") and transformation.get("defaultValue") is not None:
                raise InvalidParameterException(
                    "Invalid metric transformation: dimensions and default value are mutually exclusive properties."
                )
        made = MetricFilter(
            group.log_group_name, filter_name, filter_pattern, metric_transformations, self._milliseconds(),
            apply_on_transformed_logs,
        )  # fmt: skip
        self.metric_filters.put(made)

    def delete_metric_filter(self, log_group_name: str, filter_name: str):
        self._group(log_group_name)
        found = self.metric_filters.get(log_group_name, filter_name)
        if found is None:
            raise ResourceNotFoundException("The specified metric filter does not exist.")
        self.metric_filters.delete(found)

    def describe_metric_filters(
        self,
        log_group_name: str | None = None,
        filter_name_prefix: str = "",
        metric_name: str | None = None,
        metric_namespace: str | None = None,
        limit: int = 50,
        next_token: str | None = None,
    ):
        if log_group_name:
            self._group(log_group_name)

        def shown(found: MetricFilter) -> bool:
            metrics = [(made["metricName"], made["metricNamespace"]) for made in found.metric_transformations]
            named = metric_name is None or any(
                (metric_name, metric_namespace or space) == (n, space) for n, space in metrics
            )
            return named and found.filter_name.startswith(filter_name_prefix)

        prefix = (log_group_name,) if log_group_name else ()
        filters, token = self.metric_filters.page(limit, next_token, *prefix, where=shown)
        return {"metricFilters": filters, "nextToken": token}

    def test_metric_filter(self, filter_pattern: str, log_event_messages: list):
        pattern = self._pattern(filter_pattern)
        matches = [(number, message, pattern.match(message)) for number, message in enumerate(log_event_messages, 1)]
        return {
            "matches": [
                {"eventNumber": number, "eventMessage": message, "extractedValues": values}
                for number, message, values in matches
                if values is not None
            ]
        }

    def start_live_tail(
        self,
        log_group_identifiers: list,
        log_stream_names: list | None = None,
        log_stream_name_prefixes: list | None = None,
        log_event_filter_pattern: str = "",
    ):
        """Events as they arrive, in updates of 500 at most, for three hours."""
        groups = [self._group(identifier) for identifier in log_group_identifiers]
        if log_stream_names and log_stream_name_prefixes:
            raise InvalidParameterException("Only one of logStreamNames or logStreamNamePrefixes can be provided.")
        if (log_stream_names or log_stream_name_prefixes) and len(groups) > 1:
            raise InvalidParameterException(
                "logStreamNames and logStreamNamePrefixes can only be used with a single log group."
            )
        self._pattern(log_event_filter_pattern)
        start = {
            "requestId": self.call.request_id,
            "sessionId": self.call.request_id,
            "logGroupIdentifiers": log_group_identifiers,
            "logStreamNames": log_stream_names or [],
            "logStreamNamePrefixes": log_stream_name_prefixes or [],
            "logEventFilterPattern": log_event_filter_pattern,
        }
        state = {"start": start, "last": last_arrival(self.store), "end": self.now + TAIL_MINUTES * 60}
        return {"responseStream": self.stream("_tail", **state, begun=False)}

    # The arrival of events

    def _arrived(self, group: LogGroup, events: list[Event]):
        self.tell(f"logs {group.number}")
        for subscription in self.subscription_filters.list(group.log_group_name):
            self._pass_on(group, subscription, events)
        for subscription in self._account_subscriptions(group):
            self._pass_on(group, subscription, events, policyLevel="ACCOUNT_LEVEL_POLICY")
        for counted in self.metric_filters.list(group.log_group_name):
            self._count(counted, events)

    def _count(self, counted: MetricFilter, events: list[Event]):
        """Publish the metrics of a metric filter."""
        if "cloudwatch" not in self.cloud.services.names():
            return
        pattern = self._pattern(counted.filter_pattern)
        matches = [values for event in events if (values := pattern.match(event.message)) is not None]
        for made in counted.metric_transformations:
            default = made.get("defaultValue")
            data = [datum for values in matches if (datum := _datum(made, values))]
            if not data and default is not None:
                data = [{"MetricName": made["metricName"], "Value": default}]
            for start in range(0, len(data), 1000):
                self.later("_publish", namespace=made["metricNamespace"], data=data[start : start + 1000])

    def _publish(self, namespace: str, data: list):
        self.aws.cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)

    def _tail(self, start: dict, last: int, end: float, begun: bool):
        """The next update of a live tail, and the state after it."""
        state = {"start": start, "last": last, "end": end, "begun": True}
        if not begun:
            return [{"sessionStart": start}], state
        groups = [self._group(identifier) for identifier in start["logGroupIdentifiers"]]
        pattern = self._pattern(start["logEventFilterPattern"])
        arrived = last_arrival(self.store)
        results = [
            {
                "logStreamName": event.stream, "logGroupIdentifier": group.log_group_name, "message": event.message,
                "timestamp": event.timestamp, "ingestionTime": event.ingestion_time,
            }
            for group in groups
            for event in self._events(group).arrived(last)
            if _tailed(event, start) and pattern.match(event.message) is not None
        ]  # fmt: skip
        if not results and self.now < end:
            self.wait(end - self.now, *(f"logs {group.number}" for group in groups))
        update = {
            "sessionMetadata": {"sampled": len(results) > TAIL_EVENTS},
            "sessionResults": results[:TAIL_EVENTS],
        }
        return [{"sessionUpdate": update}], state | {"last": arrived} if self.now < end else None


def _tailed(event: Event, start: dict) -> bool:
    names, prefixes = start["logStreamNames"], start["logStreamNamePrefixes"]
    if not names and not prefixes:
        return True
    return event.stream in names or any(event.stream.startswith(prefix) for prefix in prefixes)


def _datum(made: dict, values: dict[str, str]) -> dict | None:
    """A metric's value for one matching event; None if the pattern did not extract a number."""
    value = made["metricValue"]
    if value.startswith("$"):
        value = values.get(value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    dimensions = [
        {"Name": name, "Value": values[path]} for name, path in made.get("dimensions", {}).items() if path in values
    ]
    return {
        "MetricName": made["metricName"],
        "Value": number,
        "Unit": made.get("unit", "None"),
        "Dimensions": dimensions,
    }
