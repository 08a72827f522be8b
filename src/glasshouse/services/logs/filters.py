"""What happens when events arrive: metric filters count them, subscription filters pass them on, live tails show them.

A subscription's destination gets AWS's gzipped JSON, as soon as Glasshouse has the service the destination belongs to.
"""

import gzip
import json
from base64 import b64decode, b64encode

from glasshouse.core import ServiceError
from glasshouse.services.logs.errors import (
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from glasshouse.services.logs.events import Event, last_arrival
from glasshouse.services.logs.records import LogGroup, MetricFilter, SubscriptionFilter

METRIC_FILTERS, SUBSCRIPTION_FILTERS = 100, 2
TAIL_EVENTS = 500
TAIL_MINUTES = 180


class Filters:
    """The operations on filters, and the arrival of events."""

    def put_metric_filter(
        self, log_group_name: str, filter_name: str, filter_pattern: str, metric_transformations: list
    ):
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
        self.metric_filters.put(
            MetricFilter(
                group.log_group_name, filter_name, filter_pattern, metric_transformations, self._milliseconds()
            )
        )

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

    def put_subscription_filter(
        self,
        log_group_name: str,
        filter_name: str,
        filter_pattern: str,
        destination_arn: str,
        role_arn: str | None = None,
        distribution: str = "ByLogStream",
    ):
        group = self._group(log_group_name)
        self._pattern(filter_pattern)
        service = _service_of(destination_arn)
        if service not in ("lambda", "kinesis", "firehose"):
            raise InvalidParameterException(f"Invalid destination ARN: {destination_arn}")
        if service != "lambda" and not role_arn:
            raise InvalidParameterException("destinationArn for vendor kinesis cannot be used without roleArn")
        others = [f for f in self.subscription_filters.list(log_group_name) if f.filter_name != filter_name]
        if len(others) >= SUBSCRIPTION_FILTERS:
            raise LimitExceededException("Resource limit exceeded.")
        self.subscription_filters.put(
            SubscriptionFilter(
                log_group_name,
                filter_name,
                filter_pattern,
                destination_arn,
                role_arn,
                distribution,
                self._milliseconds(),
            )
        )
        if service in self.cloud.services.names():
            self._try_destination(destination_arn, role_arn, group.arn)

    def delete_subscription_filter(self, log_group_name: str, filter_name: str):
        self._group(log_group_name)
        found = self.subscription_filters.get(log_group_name, filter_name)
        if found is None:
            raise ResourceNotFoundException("The specified subscription filter does not exist.")
        self.subscription_filters.delete(found)

    def describe_subscription_filters(
        self, log_group_name: str, filter_name_prefix: str = "", limit: int = 50, next_token: str | None = None
    ):
        self._group(log_group_name)

        def shown(found: SubscriptionFilter) -> bool:
            return found.filter_name.startswith(filter_name_prefix)

        filters, token = self.subscription_filters.page(limit, next_token, log_group_name, where=shown)
        return {"subscriptionFilters": filters, "nextToken": token}

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
            raise InvalidParameterException("LogStreamNames and LogStreamNamePrefixes can't be specified together.")
        if (log_stream_names or log_stream_name_prefixes) and len(groups) > 1:
            raise InvalidParameterException(
                "Log stream names and prefixes can only be specified with a single log group identifier."
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
            pattern = self._pattern(subscription.filter_pattern)
            matching = [event for event in events if pattern.match(event.message) is not None]
            service = _service_of(subscription.destination_arn)
            if matching and service in self.cloud.services.names():
                data = self._message(group, subscription, matching)
                to = {"arn": subscription.destination_arn, "role_arn": subscription.role_arn, "group_arn": group.arn}
                self.later("_deliver", **to, data=data, key_text=matching[0].stream)
        for counted in self.metric_filters.list(group.log_group_name):
            self._count(counted, events)

    def _message(self, group: LogGroup, subscription: SubscriptionFilter, events: list[Event]) -> str:
        message = {
            "messageType": "DATA_MESSAGE",
            "owner": self.call.account,
            "logGroup": group.log_group_name,
            "logStream": events[0].stream,
            "subscriptionFilters": [subscription.filter_name],
            "logEvents": [
                {
                    "id": f"{e.timestamp:013d}{group.number:021d}{e.sequence:022d}",
                    "timestamp": e.timestamp,
                    "message": e.message,
                }
                for e in events
            ],
        }
        return b64encode(gzip.compress(json.dumps(message).encode(), mtime=0)).decode()

    def _deliver(self, arn: str, role_arn: str | None, group_arn: str, data: str, key_text: str):
        """Pass a message, gzipped and in base64, to a subscription's destination."""
        service = _service_of(arn)
        if service == "lambda":
            payload = json.dumps({"awslogs": {"data": data}}).encode()
            invoke = self.aws.as_service(group_arn).lambda_.invoke
            invoke(FunctionName=arn, InvocationType="Event", Payload=payload)
            return
        aws = self.aws.as_role(role_arn or "")
        if service == "kinesis":
            aws.kinesis.put_record(StreamARN=arn, Data=b64decode(data), PartitionKey=key_text)
        else:
            aws.firehose.put_record(DeliveryStreamName=arn.rpartition("/")[2], Record={"Data": b64decode(data)})

    def _try_destination(self, arn: str, role_arn: str | None, group_arn: str):
        if _service_of(arn) == "lambda":
            self._try_function(arn, group_arn)
            return
        check = "CWL CONTROL MESSAGE: Checking health of destination."
        test = {
            "messageType": "CONTROL_MESSAGE",
            "owner": "CloudwatchLogs",
            "logGroup": "",
            "logStream": "",
            "subscriptionFilters": [],
            "logEvents": [{"id": "", "timestamp": self._milliseconds(), "message": check}],
        }
        data = b64encode(gzip.compress(json.dumps(test).encode(), mtime=0)).decode()
        try:
            self._deliver(arn, role_arn, group_arn, data, "control")
        except ServiceError as failure:
            raise InvalidParameterException(
                f"Could not deliver test message to specified destination: {arn}. {failure.message}"
            ) from None

    def _try_function(self, arn: str, group_arn: str):
        """A function is not called to see whether it may be."""
        try:
            self.aws.as_service(group_arn).lambda_.invoke(FunctionName=arn, InvocationType="DryRun", Payload=b"{}")
        except ServiceError:
            raise InvalidParameterException(
                "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute"
                " your function."
            ) from None

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


def _service_of(arn: str) -> str:
    parts = arn.split(":")
    return parts[2] if len(parts) > 2 else ""
