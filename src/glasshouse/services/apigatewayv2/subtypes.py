"""First-class integrations: operations of other services that a route of an HTTP API may end in.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html
AppConfig is not there to be asked.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subtype:
    """An operation: its parameters and, of those that are no text, how they are read from what a request says."""

    service: str
    method: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    binary: tuple[str, ...] = ()

    @property
    def parameters(self) -> tuple[str, ...]:
        return (*self.required, *self.optional, "Region")


SUBTYPES = {
    "EventBridge-PutEvents": Subtype(
        "events", "put_events", ("Detail", "DetailType", "Source"),
        ("Time", "EventBusName", "Resources", "TraceHeader"), lists=("Resources",),
    ),
    "SQS-SendMessage": Subtype(
        "sqs", "send_message", ("QueueUrl", "MessageBody"),
        ("DelaySeconds", "MessageAttributes", "MessageDeduplicationId", "MessageGroupId", "MessageSystemAttributes"),
        numbers=("DelaySeconds",), documents=("MessageAttributes", "MessageSystemAttributes"),
    ),
    "SQS-ReceiveMessage": Subtype(
        "sqs", "receive_message", ("QueueUrl",),
        (
            "AttributeNames", "MaxNumberOfMessages", "MessageAttributeNames", "ReceiveRequestAttemptId",
            "VisibilityTimeout", "WaitTimeSeconds",
        ),
        numbers=("MaxNumberOfMessages", "VisibilityTimeout", "WaitTimeSeconds"),
        lists=("AttributeNames", "MessageAttributeNames"),
    ),
    "SQS-DeleteMessage": Subtype("sqs", "delete_message", ("ReceiptHandle", "QueueUrl")),
    "SQS-PurgeQueue": Subtype("sqs", "purge_queue", ("QueueUrl",)),
    "Kinesis-PutRecord": Subtype(
        "kinesis", "put_record", ("StreamName", "Data", "PartitionKey"),
        ("SequenceNumberForOrdering", "ExplicitHashKey"), binary=("Data",),
    ),
    "StepFunctions-StartExecution": Subtype(
        "stepfunctions", "start_execution", ("StateMachineArn",), ("Name", "Input", "TraceHeader"),
    ),
    "StepFunctions-StartSyncExecution": Subtype(
        "stepfunctions", "start_sync_execution", ("StateMachineArn",), ("Name", "Input", "TraceHeader"),
    ),
    "StepFunctions-StopExecution": Subtype(
        "stepfunctions", "stop_execution", ("ExecutionArn",), ("Cause", "Error"),
    ),
}  # fmt: skip
ABSENT = ("AppConfig-GetConfiguration",)
