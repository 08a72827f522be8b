"""Targets: the call of a service that a schedule stands for.

Templated targets are named by the ARN of a queue, a function ...; universal ones say what is called:
`arn:aws:scheduler:::aws-sdk:<service>:<action>`, by the names of AWS's SDKs.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
Differs from AWS: targets that are services this cloud does not have are refused, not accepted and never reached.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from glasshouse.core import documents, ids
from glasshouse.core.cloud import Cloud
from glasshouse.services.scheduler.errors import NotSupported, ValidationException
from glasshouse.services.scheduler.universal import find_operation, shaped

ARN = re.compile(r"arn:aws[\w-]*:([\w-]+):([\w-]*):(\d{12})?:(.+)")
UNIVERSAL = re.compile(r"arn:aws[\w-]*:scheduler:::aws-sdk:([\w-]+):(\w+)")
NEED_JSON = ("lambda", "states", "events")
SPECIAL = {"events": "EventBridgeParameters", "kinesis": "KinesisParameters", "sqs": "SqsParameters"}
UNREACHED = ("codebuild", "codepipeline", "ecs", "inspector", "sagemaker")
UNREACHED_PARAMETERS = (
    "EcsParameters", "EventBridgePutEventsV2Parameters", "EventBridgePutRawEventsParameters",
    "SageMakerPipelineParameters",
)  # fmt: skip


class Asked(NamedTuple):
    """A call, by botocore's names of the service and the method."""

    service: str
    method: str
    params: dict[str, Any]


def _to_queue(target: dict, text: str) -> Asked:
    account, name = target["Arn"].split(":")[4:6]
    params = {"QueueUrl": f"https://sqs/{account}/{name}", "MessageBody": text}
    if group := (target.get("SqsParameters") or {}).get("MessageGroupId"):
        params["MessageGroupId"] = group
    return Asked("sqs", "send_message", params)


def _to_topic(target: dict, text: str) -> Asked:
    return Asked("sns", "publish", {"TopicArn": target["Arn"], "Message": text})


def _to_function(target: dict, text: str) -> Asked:
    params = {"FunctionName": target["Arn"], "InvocationType": "Event", "Payload": text.encode()}
    return Asked("lambda", "invoke", params)


def _to_bus(target: dict, text: str) -> Asked:
    of = target["EventBridgeParameters"]
    entry = {
        "EventBusName": target["Arn"], "Source": of["Source"], "DetailType": of["DetailType"], "Detail": text
    }  # fmt: skip
    return Asked("events", "put_events", {"Entries": [entry]})


def _to_stream(target: dict, text: str) -> Asked:
    key = target["KinesisParameters"]["PartitionKey"]
    return Asked("kinesis", "put_record", {"StreamARN": target["Arn"], "Data": text.encode(), "PartitionKey": key})


def _to_delivery_stream(target: dict, text: str) -> Asked:
    name = target["Arn"].rpartition("/")[2]
    return Asked("firehose", "put_record", {"DeliveryStreamName": name, "Record": {"Data": text.encode()}})


def _to_state_machine(target: dict, text: str) -> Asked:
    params = {"stateMachineArn": target["Arn"], "name": ids.uuid(), "input": text}
    return Asked("stepfunctions", "start_execution", params)


# By the service in the ARN: the service of this cloud that must be there, and how it is called.
TEMPLATED: dict[str, tuple[str, Callable[[dict, str], Asked]]] = {
    "events": ("events", _to_bus),
    "firehose": ("firehose", _to_delivery_stream),
    "kinesis": ("kinesis", _to_stream),
    "lambda": ("lambda", _to_function),
    "sns": ("sns", _to_topic),
    "sqs": ("sqs", _to_queue),
    "states": ("stepfunctions", _to_state_machine),
}


def call_of(cloud: Cloud, target: dict, text: str) -> Asked:
    """What a target is to be asked, with this input. Raises ValueError for an input that does not fit."""
    universal = UNIVERSAL.fullmatch(target["Arn"])
    if universal is None:
        return TEMPLATED[target["Arn"].split(":")[2]][1](target, text)
    operation = find_operation(cloud, universal[1], universal[2])
    given = documents.read(text) if text else {}
    return Asked(operation.service_name, operation.method, shaped(operation, given))


def check_target(cloud: Cloud, target: dict):
    """Raises ValidationException, or NotSupported for what this cloud cannot reach."""
    arn = target["Arn"]
    for name in UNREACHED_PARAMETERS:
        if target.get(name) is not None:
            raise NotSupported(f"scheduler: {name} is not supported by Glasshouse yet")
    if universal := UNIVERSAL.fullmatch(arn):
        find_operation(cloud, universal[1], universal[2])
        if target.get("Input") is not None and not _is_object(target["Input"]):
            raise ValidationException("The Input of a universal target must be a JSON object.")
        return
    found = ARN.fullmatch(arn)
    if not found or found[1] == "scheduler":
        raise ValidationException("Provided Arn is not in correct format.")
    service, resource = found[1], found[4]
    if service in UNREACHED:
        raise NotSupported(f"scheduler: targets of {service} are not supported by Glasshouse yet")
    if service not in TEMPLATED or (service == "events" and not resource.startswith("event-bus/")):
        raise ValidationException(f"{service} is not a supported service for a target.")
    if TEMPLATED[service][0] not in cloud.services.names():
        raise NotSupported(f"scheduler: targets of {service} are not supported by Glasshouse yet")
    _check_parameters(target, service, resource)


def _check_parameters(target: dict, service: str, resource: str):
    for of, name in SPECIAL.items():
        if target.get(name) is not None and of != service:
            raise ValidationException(f"{name} is not supported for target {target['Arn']}.")
    if service in ("events", "kinesis") and not target.get(SPECIAL[service]):
        raise ValidationException(f"{SPECIAL[service]} must be specified for target {target['Arn']}.")
    if service == "sqs" and resource.endswith(".fifo") and not target.get("SqsParameters"):
        raise ValidationException(f"SqsParameters must be specified for target {target['Arn']}.")
    if service in NEED_JSON and target.get("Input") is not None and not _is_json(target["Input"]):
        raise ValidationException(f"The Input for target {target['Arn']} must be a well-formed JSON.")


def _is_json(text: str) -> bool:
    try:
        documents.read(text)
    except ValueError:
        return False
    return True


def _is_object(text: str) -> bool:
    return _is_json(text) and isinstance(documents.read(text), dict)
