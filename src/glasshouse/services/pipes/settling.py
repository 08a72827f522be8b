"""States: what follows when a pipe was made, changed, started or stopped, in jobs.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-error-troubleshooting.html
Differs from AWS: each of it is done in a moment, not in minutes.
"""

from glasshouse.core import ServiceError
from glasshouse.core.refusals import kind_of
from glasshouse.core.siblings import Siblings
from glasshouse.services.pipes.batches import Batches
from glasshouse.services.pipes.polling_streams import READERS
from glasshouse.services.pipes.records import PROBLEM, RUNNING, STOPPED, USER_INITIATED, Pipe

TROUBLE_S = 15.0
FAILED = {"CREATING": "CREATE_FAILED", "UPDATING": "UPDATE_FAILED", "STARTING": "START_FAILED"}
QUEUE_ACTIONS = {
    "ReceiveMessage": "receive_message",
    "DeleteMessage": "delete_message",
    "GetQueueAttributes": "get_queue_attributes",
}
STREAM_ACTIONS = {
    "kinesis": ("get_records", "get_shard_iterator", "describe_stream", "list_shards"),
    "dynamodb": ("get_records", "get_shard_iterator", "describe_stream"),
}
TOLD_STREAM_ACTIONS = {
    "kinesis": "GetRecords, GetShardIterator, DescribeStream, ListShards, and ListStreams",
    "dynamodb": "GetRecords, GetShardIterator, DescribeStream, and ListStreams",
}
WRONG = "Input parameter is invalid from the request due to : "
LOST = {
    "sqs": "Queue not found. To resume processing please delete the pipe and create a new one.",
    "kinesis": "Stream not found. To resume processing please delete the pipe and create a new one.",
}


class Settling:
    """The jobs of states, and what polling has in common."""

    def _change(self, pipe: Pipe) -> Pipe:
        self.later("_settle", key=f"state {pipe.name}", name=pipe.name, number=pipe.number)
        return self.pipes.put(pipe)

    def _settle(self, name: str, number: str):
        """Become what was asked for."""
        pipe = self.pipes.get(name)
        if pipe is None or pipe.number != number:
            return
        if pipe.current_state == "DELETING":
            self._forget(pipe)
            return
        wrong = None if pipe.current_state == "STOPPING" else self._unreachable(pipe)
        if wrong:
            pipe.current_state, pipe.state_reason = FAILED[pipe.current_state], WRONG + wrong
        else:
            pipe.current_state = STOPPED if pipe.desired_state == STOPPED else RUNNING
            pipe.state_reason = USER_INITIATED if pipe.current_state == STOPPED else pipe.calm
        if pipe.current_state == RUNNING:
            pipe.turn += 1
            self._poll_later(pipe)
        self.pipes.put(pipe)

    def _forget(self, pipe: Pipe):
        Batches(self.store, pipe.number).clear()
        for position in list(self.positions.list(pipe.number)):
            self.positions.delete(position)
        self.cloud.tags.clear(pipe.arn)
        self.pipes.delete(pipe)

    # Polling

    def _poll_later(self, pipe: Pipe, after: float = 0.0):
        method = "_poll_queue" if pipe.kind == "sqs" else "_poll_stream"
        self.later(
            method, after=after, key=f"poll {pipe.name}", name=pipe.name, number=pipe.number, turn=pipe.turn
        )  # fmt: skip

    def _stop_polling(self, pipe: Pipe):
        """Batches of a queue go on their way; those of a stream are read again from where it was left."""
        self.cancel(f"poll {pipe.name}")
        batches = Batches(self.store, pipe.number)
        if pipe.kind != "sqs":
            batches.clear()
        elif gathering := batches.gathering():
            batches.drop(gathering.number)

    def _polled(self, name: str, number: str, turn: int) -> Pipe | None:
        """The pipe, if this turn of it is still polling."""
        pipe = self.pipes.get(name)
        is_polling = pipe and (pipe.number, pipe.turn, pipe.current_state) == (number, turn, RUNNING)
        return pipe if is_polling else None

    def _troubled(self, pipe: Pipe, failure: ServiceError):
        """Something stands against polling: a source that is gone stops the pipe, all else may pass."""
        if kind_of(failure) == "absent":
            pipe.current_state = STOPPED
            self._note(pipe, LOST["sqs" if pipe.kind == "sqs" else "kinesis"])
            return
        self._note(pipe, PROBLEM + failure.message)
        self._poll_later(pipe, TROUBLE_S)

    def _untroubled(self, pipe: Pipe):
        """Nothing stands against polling any more."""
        if pipe.is_troubled:
            self._note(pipe, pipe.calm)

    def _measure_events(self, pipe: Pipe, count: int, size_bytes: int):
        self._measure(pipe, "EventCount", count)
        self._measure(pipe, "EventSize", size_bytes, "Bytes")

    # Whether it can be

    def _unreachable(self, pipe: Pipe) -> str | None:
        """What stands against reading the source, or telling of failures."""
        try:
            role = self._as_pipe(pipe)
        except ServiceError:
            return "The role defined for the pipe cannot be assumed by Pipes."
        found = self._unreachable_queue(pipe, role) if pipe.kind == "sqs" else self._unreachable_stream(pipe, role)
        return found or self._unreachable_letters(pipe, role)

    def _unreachable_queue(self, pipe: Pipe, role: Siblings) -> str | None:
        account, name = pipe.source.split(":")[4:6]
        url = f"https://sqs/{account}/{name}"
        try:
            self.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        except ServiceError as failure:
            return (
                "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS"
                f" Error Message: {failure.message}"
            )
        for action, method in QUEUE_ACTIONS.items():
            if not role.may("sqs", method, QueueUrl=url):
                return f"The provided customer role does not have permissions to call {action} on SQS"
        return None

    def _unreachable_stream(self, pipe: Pipe, role: Siblings) -> str | None:
        service, member = READERS[pipe.kind]
        try:
            getattr(self.aws, service).describe_stream(**{member: pipe.source})
        except ServiceError:
            return f"Stream not found: {pipe.source}"
        if all(role.may(service, method, **{member: pipe.source}) for method in STREAM_ACTIONS[pipe.kind]):
            return None
        return (
            f"Cannot access stream {pipe.source}. Please ensure the role can perform the"
            f" {TOLD_STREAM_ACTIONS[pipe.kind]} Actions on your stream in IAM."
        )

    def _unreachable_letters(self, pipe: Pipe, role: Siblings) -> str | None:
        letters = (pipe.settings.get("DeadLetterConfig") or {}).get("Arn")
        if not letters:
            return None
        service, region, account, name = letters.split(":")[2:6]
        there = role(account=account, region=region)
        if service == "sns":
            may = there.may("sns", "publish", TopicArn=letters)
            return None if may else f"Error occurred while publishing to SNS topic: {letters}"
        may = there.may("sqs", "send_message", QueueUrl=f"https://sqs/{account}/{name}")
        return None if may else f"Error occurred while sending message to SQS queue: {letters}"
