"""Polling: what event source mappings do all the time, as jobs that wait for their sources.

Every step is taken in a transaction of its own, so a crash loses nothing that was taken from a source: it may only be
delivered twice, as on AWS. Differs from AWS: a mapping polls as soon as something is there, and takes note at once of
new shards and settings.
"""

import json
from collections.abc import Sequence
from typing import Any

from glasshouse.core import ServiceError, documents
from glasshouse.core.siblings import Siblings
from glasshouse.services.lambda_.batches import Batches
from glasshouse.services.lambda_.errors import InvalidParameterValueException
from glasshouse.services.lambda_.mapping_records import Mapping

RETRY_S, LATER_S, LATEST_S = 1.0, 15.0, 900.0
LARGEST_BYTES = 5_500_000  # of the six megabytes that an event may have, some are its wrapping
# What the service raises about a function that may be there, or have room, in a moment.
PASSING = ("TooManyRequestsException", "ResourceConflictException", "ResourceNotReadyException")
QUEUE_ACTIONS = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
STREAM_ACTIONS = {
    "kinesis": ("GetRecords", "GetShardIterator", "DescribeStream", "ListShards"),
    "dynamodb": ("GetRecords", "GetShardIterator", "DescribeStream"),
}
TOLD_STREAM_ACTIONS = {
    "kinesis": "GetRecords, GetShardIterator, DescribeStream, ListShards, and ListStreams",
    "dynamodb": "GetRecords, GetShardIterator, DescribeStream, and ListStreams",
}


class Polling:
    """What polling queues and polling streams have in common."""

    def _start_polling(self, mapping: Mapping):
        method = "_poll_queue" if mapping.kind == "sqs" else "_watch_stream"
        self.later(method, key=f"poll {mapping.uuid}", uuid=mapping.uuid, turn=mapping.turn)

    def _stop_polling(self, mapping: Mapping):
        """Batches of a queue go on their way; those of a stream are read again from where it was left."""
        self.cancel(f"poll {mapping.uuid}")
        if mapping.kind != "sqs":
            for position in self.positions.list(mapping.uuid):
                self.cancel(f"shard {mapping.uuid} {position.shard_id}")
            Batches(self.store, mapping.uuid).clear()

    def _polled(self, uuid: str, turn: int) -> Mapping | None:
        """The mapping, if this turn of it is still polling."""
        mapping = self.mappings.get(uuid)
        return mapping if mapping and mapping.turn == turn and mapping.state == "Enabled" else None

    def _mapping_role(self, mapping: Mapping) -> str:
        """The execution role of the function. Raises ResourceNotFoundException."""
        return self._target(self._reference(mapping.function_arn)).configuration.role

    def _as_poller(self, mapping: Mapping) -> Siblings:
        """The sources and destinations, as the function's role."""
        return self.aws.as_role(self._mapping_role(mapping), session_name=mapping.function_name)

    def _invoke_with(self, mapping: Mapping, event: dict[str, Any]) -> dict:
        """Invoke the function and wait for its result."""
        result = self.aws.lambda_.invoke(FunctionName=mapping.function_arn, Payload=json.dumps(event).encode())
        payload = result.get("Payload")
        return {**result, "Payload": payload if isinstance(payload, bytes) or payload is None else payload.read()}

    def _note(self, mapping: Mapping, result: str):
        """What a mapping shows of its last attempt; a queue's shows troubles only."""
        shown = None if mapping.kind == "sqs" and result == "OK" else result
        if shown != mapping.last_processing_result:
            mapping.last_processing_result, mapping.troubled_since = shown, None
            self.mappings.put(mapping)

    def _poll_again(self, mapping: Mapping, method: str, key: str, failure: ServiceError, **params: Any):
        """Something stands against polling; it may pass. The longer it lasts, the less often that is looked into."""
        self._note(mapping, f"PROBLEM: {failure.message}")
        if mapping.troubled_since is None:
            mapping.troubled_since = self.now
            self.mappings.put(mapping)
        pause = min(max(LATER_S, self.now - mapping.troubled_since), LATEST_S)
        self.later(method, after=pause, key=key, uuid=mapping.uuid, turn=mapping.turn, **params)

    def _measure(self, mapping: Mapping, name: str, value: int):
        """A metric of the mapping, if its user wants them."""
        if value and "EventCount" in ((mapping.metrics_config or {}).get("Metrics") or ()):
            self.metric("AWS/Lambda", name, value, dimensions={"EventSourceMappingUUID": mapping.uuid})

    # Before a mapping is made or changed

    def _check_reachable(self, mapping: Mapping, role: str):
        """The source must be there, and the function's role be allowed to read it."""
        if mapping.kind == "sqs":
            self._check_queue_reachable(mapping, role)
        else:
            self._check_stream_reachable(mapping, role)
        target = mapping.failure_destination
        if target and target.split(":")[2] in ("sqs", "sns"):
            self._check_dead_letters(role, target)

    def _check_queue_reachable(self, mapping: Mapping, role: str):
        url = self._queue_url(mapping.event_source_arn)
        try:
            queue = self.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
        except ServiceError as failure:
            raise InvalidParameterValueException(
                "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS"
                f" Error Message: {failure.message}"
            ) from None
        for action in QUEUE_ACTIONS:
            if not self._role_may(role, "sqs", action, {"QueueUrl": url}):
                raise InvalidParameterValueException(
                    f"The provided execution role does not have permissions to call {action} on SQS"
                )
        visibility = int(queue["Attributes"]["VisibilityTimeout"])
        timeout = self._target(self._reference(mapping.function_arn)).configuration.timeout
        if visibility < timeout:
            raise InvalidParameterValueException(
                f"Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds"
            )

    def _check_stream_reachable(self, mapping: Mapping, role: str):
        kind, arn = mapping.kind, mapping.event_source_arn
        service, member = ("kinesis", "StreamARN") if kind == "kinesis" else ("dynamodbstreams", "StreamArn")
        try:
            getattr(self.aws, service).describe_stream(**{member: stream_of(arn)})
        except ServiceError:
            raise InvalidParameterValueException(f"Stream not found: {arn}") from None
        for action in STREAM_ACTIONS[kind]:
            if not self._role_may(role, service, action, {member: stream_of(arn)}):
                raise InvalidParameterValueException(
                    f"Cannot access stream {arn}. Please ensure the role can perform the {TOLD_STREAM_ACTIONS[kind]}"
                    " Actions on your stream in IAM."
                )


def stream_of(arn: str) -> str:
    """The stream that is read: of a consumer's ARN, the consumer's stream."""
    return arn.partition("/consumer/")[0]


def reported_items(payload: bytes | None, known: Sequence[str]) -> list[str] | None:
    """The items that a function says it could not process; None if its answer makes no sense, which fails them all."""
    try:
        answer = documents.read(payload or b"null")
    except ValueError:
        return None
    failures = (answer or {}).get("batchItemFailures") if isinstance(answer, dict | None) else None
    if not failures:
        return []
    named = [one.get("itemIdentifier") if isinstance(one, dict) else None for one in failures]
    return named if all(name in known for name in named) else None
