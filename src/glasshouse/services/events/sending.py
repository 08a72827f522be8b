"""What each kind of target is given, and in whose name."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from glasshouse.core import ServiceError, documents, ids
from glasshouse.core.access import root
from glasshouse.core.call import Call
from glasshouse.core.siblings import Siblings
from glasshouse.engines.templates import MISSING
from glasshouse.services.events.errors import Undelivered
from glasshouse.services.events.inputs import found, moment_of

LATEST_MS = 253_402_300_799_999  # of the year 9999
Send = Callable[[Siblings, dict, str, dict, str | None], None]


class Sending:
    """From an event to a call of another service."""

    def _reach(self, rule: str, target: dict) -> Siblings:
        """The services where a target lies: as its role, or as EventBridge, if the target's own policy allows that."""
        region, account = target["Arn"].split(":")[3:5]
        there = self.aws(account=account or None, region=region or None)
        if not target.get("RoleArn"):
            return there.as_service(rule)
        try:
            return there(source_arn=rule).as_role(target["RoleArn"])
        except ServiceError as refusal:
            raise Undelivered("FAILED_TO_ASSUME_ROLE", refusal.message) from None

    def _sender(self, arn: str) -> Send:
        return SENDERS[arn.split(":")[2]]

    def _to_bus(self, rule: str, target: dict, event: dict, trace: str | None):
        """On to another bus. It keeps its account and region, and its id within a region; a third account or region
        it does not reach."""
        account, region, name = self._place_of(target["Arn"])
        if event["account"] not in (self.call.account, account):
            raise Undelivered("THIRD_ACCOUNT_HOP_DETECTED", "The event has come from another account already.")
        if event["region"] not in (self.call.region, region):
            raise Undelivered("THIRD_REGION_HOP_DETECTED", "The event has come from another region already.")
        there = self._at_bus(rule, target, account, region)
        if there is not None:
            self.cloud.access.authorize(there, self.cloud.model.operation("events", "PutEvents"))
        elsewhere = self._at(account, region)
        if name != "default" and elsewhere.buses.get(name) is None:
            raise Undelivered("NO_RESOURCE", f"Event bus {name} does not exist.")
        told = event if region == self.call.region else {**event, "id": ids.uuid()}
        elsewhere._receive(name, told, trace)

    def _at_bus(self, rule: str, target: dict, account: str, region: str):
        """The question whether an event may be put there: as a role, or as the account itself. Within an account
        nobody asks."""
        if target.get("RoleArn"):
            principal = self._reach(rule, target).principal
        elif account == self.call.account:
            return None
        else:
            principal = root(self.call.account)
        params = {"Entries": [{"EventBusName": target["Arn"]}]}
        call = Call("events", "PutEvents", params, principal.account, region, principal, source_arn=rule)
        return type(self)(self.cloud, call)

    def _is_gone(self, target: dict) -> bool:
        """Whether a queue, topic or function that refused us is not there at all."""
        arn = target["Arn"]
        _, _, service, region, account, name = arn.split(":", 5)
        there = self.aws(account=account or None, region=region or None)
        try:
            if service == "sqs":
                there.sqs.get_queue_url(QueueName=name)
            elif service == "sns":
                there.sns.get_topic_attributes(TopicArn=arn)
            elif service == "lambda":
                there.lambda_.get_function(FunctionName=arn)
        except ServiceError:
            return True
        return False


def _to_queue(aws: Siblings, target: dict, text: str, event: dict, trace: str | None):
    account, name = target["Arn"].split(":")[4:6]
    params: dict[str, Any] = {"QueueUrl": f"https://sqs/{account}/{name}", "MessageBody": text}
    if group := (target.get("SqsParameters") or {}).get("MessageGroupId"):
        params["MessageGroupId"] = group
    if trace:
        params["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
    aws.sqs.send_message(**params)


def _to_topic(aws: Siblings, target: dict, text: str, event: dict, trace: str | None):
    aws.sns.publish(TopicArn=target["Arn"], Message=text)


def _to_function(aws: Siblings, target: dict, text: str, event: dict, trace: str | None):
    aws.lambda_.invoke(FunctionName=target["Arn"], InvocationType="Event", Payload=text.encode())


def _to_stream(aws: Siblings, target: dict, text: str, event: dict, trace: str | None):
    path = (target.get("KinesisParameters") or {}).get("PartitionKeyPath")
    key = found(path, event) if path else event["id"]
    if key is MISSING or isinstance(key, dict | list):
        raise Undelivered("INVALID_PARAMETER", f"There is no partition key at {path}.")
    aws.kinesis.put_record(StreamARN=target["Arn"], Data=text.encode(), PartitionKey=str(key))


def _to_delivery_stream(aws: Siblings, target: dict, text: str, event: dict, trace: str | None):
    name = target["Arn"].rpartition("/")[2]
    aws.firehose.put_record(DeliveryStreamName=name, Record={"Data": text.encode()})


def _to_state_machine(aws: Siblings, target: dict, text: str, event: dict, trace: str | None):
    aws.stepfunctions.start_execution(stateMachineArn=target["Arn"], name=ids.uuid(), input=text)


def _to_log_group(aws: Siblings, target: dict, text: str, event: dict, trace: str | None):
    group = target["Arn"].split(":", 6)[6].removesuffix(":*")
    moment, message = _log_event(text, event)
    stream = ids.uuid()
    aws.logs.create_log_stream(logGroupName=group, logStreamName=stream)
    aws.logs.put_log_events(
        logGroupName=group, logStreamName=stream, logEvents=[{"timestamp": int(moment * 1000), "message": message}]
    )


def _log_event(text: str, event: dict) -> tuple[float, str]:
    """A template for a log group makes an object of a timestamp and a message."""
    moment = moment_of(event)
    try:
        made = documents.read(text)
    except ValueError:
        return moment, text
    if not isinstance(made, dict) or made.keys() != {"timestamp", "message"}:
        return moment, text
    message = made["message"] if isinstance(made["message"], str) else json.dumps(made["message"])
    stated = made["timestamp"]
    if isinstance(stated, int | float) and abs(stated) <= LATEST_MS:
        return stated / 1000, message
    try:
        return datetime.fromisoformat(str(stated)).timestamp(), message
    except ValueError:
        return moment, message


SENDERS: dict[str, Send] = {
    "firehose": _to_delivery_stream,
    "kinesis": _to_stream,
    "lambda": _to_function,
    "logs": _to_log_group,
    "sns": _to_topic,
    "sqs": _to_queue,
    "states": _to_state_machine,
}
