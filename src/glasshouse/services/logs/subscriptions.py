"""Subscription filters: events that match go on to a function or a stream, gzipped, as AWS packs them.

A destination may stand between, of this account or another one: then its role writes to what it stands for.
"""

import gzip
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha256

from glasshouse.core import ServiceError, ids
from glasshouse.services.logs.errors import (
    AccessDeniedException,
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from glasshouse.services.logs.events import Event
from glasshouse.services.logs.records import LogGroup, SubscriptionFilter

SUBSCRIPTION_FILTERS = 2
TARGETS = ("lambda", "kinesis", "firehose")
MOST_CHARACTERS = 180_000  # of a message in base64: a function is called with 256 KB at most
NAMESPACE = "AWS/Logs"
KINDS = {"lambda": "Lambda", "kinesis": "Kinesis", "firehose": "Firehose", "logs": "LogDestination"}
CHECK = "CWL CONTROL MESSAGE: Checking health of destination."


class Subscriptions:
    """The operations on subscription filters, and what they deliver."""

    def put_subscription_filter(
        self,
        log_group_name: str,
        filter_name: str,
        filter_pattern: str,
        destination_arn: str,
        role_arn: str | None = None,
        distribution: str = "ByLogStream",
        apply_on_transformed_logs: bool = False,
    ):
        """Nothing transforms logs here, so that all are the original ones, whatever the filter applies to."""
        self._check_kind(destination_arn, role_arn)
        group = self._group(log_group_name)
        self._pattern(filter_pattern)
        others = [f for f in self.subscription_filters.list(log_group_name) if f.filter_name != filter_name]
        if len(others) >= SUBSCRIPTION_FILTERS:
            raise LimitExceededException("Resource limit exceeded.")
        made = SubscriptionFilter(
            log_group_name, filter_name, filter_pattern, destination_arn, role_arn, distribution,
            self._milliseconds(), apply_on_transformed_logs,
        )  # fmt: skip
        self.subscription_filters.put(made)
        self._reach(destination_arn, role_arn, group.arn, filter_name)

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

    # What may be subscribed to

    def _check_subscription(self, arn: str, role_arn: str | None, source_arn: str, name: str):
        """Raises AccessDeniedException and InvalidParameterException."""
        self._check_kind(arn, role_arn)
        self._reach(arn, role_arn, source_arn, name)

    def _check_kind(self, arn: str, role_arn: str | None):
        service = service_of(arn)
        if service == "lambda" and arn.split(":")[4:5] != [self.call.account]:
            raise AccessDeniedException(
                "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to create"
                " cross account lambda triggers."
            )
        if service not in (*TARGETS, "logs"):
            raise InvalidParameterException(f"Invalid destination ARN: {arn}")
        if service in ("kinesis", "firehose") and not role_arn:
            raise InvalidParameterException(f"destinationArn for vendor {service} cannot be used without roleArn")

    def _reach(self, arn: str, role_arn: str | None, source_arn: str, name: str):
        if service_of(arn) == "logs":
            self._check_destination(arn, name)
        else:
            self._try_target(arn, role_arn, source_arn)

    # Deliveries

    def _pass_on(self, group: LogGroup, subscription: SubscriptionFilter, events: list[Event], **told: str):
        """Have the events that match delivered; `told` goes into the messages."""
        pattern = self._pattern(subscription.filter_pattern)
        matching = [event for event in events if pattern.match(event.message) is not None]
        to = {
            "arn": subscription.destination_arn, "role_arn": subscription.role_arn, "group_arn": group.arn,
            "partition_key": _partition_key(subscription, matching),
        }  # fmt: skip
        for data, count in self._messages(group, subscription, matching, told):
            self.later("_forward", name=subscription.filter_name, count=count, to={**to, "data": data})

    def _messages(
        self, group: LogGroup, subscription: SubscriptionFilter, events: list[Event], told: dict
    ) -> Iterator[tuple[str, int]]:
        """One message, or several where it would be too long, and how many events each has."""
        if not events:
            return
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
            **told,
        }
        data = packed(message)
        if len(data) <= MOST_CHARACTERS or len(events) == 1:
            yield data, len(events)
            return
        middle = len(events) // 2
        yield from self._messages(group, subscription, events[:middle], told)
        yield from self._messages(group, subscription, events[middle:], told)

    def _forward(self, name: str, count: int, to: dict):
        """Deliver; what a destination refuses is dropped."""
        service, group = service_of(to["arn"]), to["group_arn"].split(":log-group:")[1].removesuffix(":*")
        about = {"LogGroupName": group, "DestinationType": KINDS[service], "FilterName": name}
        try:
            with self.store.transaction():
                self._deliver(**to)
        except ServiceError:
            self.metric(NAMESPACE, "DeliveryErrors", 1, "Count", about)
            return
        self.metric(NAMESPACE, "ForwardedLogEvents", count, "Count", about)
        self.metric(NAMESPACE, "ForwardedBytes", len(b64decode(to["data"])), "Bytes", about)

    def _deliver(self, arn: str, role_arn: str | None, group_arn: str, data: str, partition_key: str):
        """Pass a message, gzipped and in base64, to where a subscription sends it."""
        account, region = self.call.account, self.call.region
        if service_of(arn) == "logs":
            destination = self._destination_of(arn)
            if destination is None:
                return
            account = arn.split(":")[4]
            arn, role_arn = destination.target_arn, destination.role_arn
            region = arn.split(":")[3]
        aws = self.aws(account=account, region=region, source_arn=group_arn)
        service = service_of(arn)
        if service == "lambda":
            payload = json.dumps({"awslogs": {"data": data}}).encode()
            aws.as_service(group_arn).lambda_.invoke(FunctionName=arn, InvocationType="Event", Payload=payload)
        elif service == "kinesis":
            kinesis = aws.as_role(role_arn or "").kinesis
            kinesis.put_record(StreamARN=arn, Data=b64decode(data), PartitionKey=partition_key)
        else:
            firehose = aws.as_role(role_arn or "").firehose
            firehose.put_record(DeliveryStreamName=arn.rpartition("/")[2], Record={"Data": b64decode(data)})

    def _try_target(self, arn: str, role_arn: str | None, source_arn: str):
        """A test message must arrive. A function is not called to see whether it may be."""
        if service_of(arn) == "lambda":
            self._try_function(arn, source_arn)
            return
        try:
            self._deliver(arn, role_arn, source_arn, self._control_message(), "control")
        except ServiceError as failure:
            raise InvalidParameterException(
                f"Could not deliver test message to specified destination: {arn}. {failure.message}"
            ) from None

    def _try_function(self, arn: str, group_arn: str):
        try:
            self.aws.as_service(group_arn).lambda_.invoke(FunctionName=arn, InvocationType="DryRun", Payload=b"{}")
        except ServiceError:
            raise InvalidParameterException(
                "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute"
                " your function."
            ) from None

    def _control_message(self) -> str:
        test = {
            "messageType": "CONTROL_MESSAGE",
            "owner": "CloudwatchLogs",
            "logGroup": "",
            "logStream": "",
            "subscriptionFilters": [],
            "logEvents": [{"id": "", "timestamp": self._milliseconds(), "message": CHECK}],
        }
        return packed(test)


def packed(message: dict) -> str:
    """Gzipped, in base64."""
    return b64encode(gzip.compress(json.dumps(message).encode(), mtime=0)).decode()


def service_of(arn: str) -> str:
    parts = arn.split(":")
    return parts[2] if len(parts) > 2 else ""


def _partition_key(subscription: SubscriptionFilter, events: list[Event]) -> str:
    """Events of a log stream stay together in a shard, unless the filter distributes them at random."""
    if subscription.distribution == "Random" or not events:
        return ids.uuid()
    return sha256(events[0].stream.encode()).hexdigest()
