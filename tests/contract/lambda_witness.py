"""A function that witnesses what it is called with, and how tests read what it saw."""

import json
from base64 import b64decode

from tests.contract.lambda_code import execution_role, made

# Prints each event. A record whose data is `fail` fails its batch, one that is `late` is reported as not processed.
WITNESS = """
import base64, json

def data_of(record):
    if "body" in record:
        return record["body"]
    if "kinesis" in record:
        return base64.b64decode(record["kinesis"]["data"]).decode()
    return record["dynamodb"]["Keys"]["id"]["S"]

def name_of(record):
    if "messageId" in record:
        return record["messageId"]
    return record.get("kinesis", {}).get("sequenceNumber") or record["dynamodb"]["SequenceNumber"]

def handler(event, context):
    print("EVENT " + json.dumps(event))
    records = event.get("Records", [])
    if any(data_of(record) == "fail" for record in records):
        raise ValueError("as it was asked to")
    failures = [{"itemIdentifier": name_of(record)} for record in records if data_of(record) == "late"]
    state = event.get("state") or {}
    return {"batchItemFailures": failures, "state": {"count": state.get("count", 0) + len(records)}}
"""
LOGGING = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")


def witness(aws, *actions: str, name: str = "witness", **settings) -> str:
    """A function whose role may do these actions, and log; its name."""
    made(aws, name, WITNESS, role=execution_role(aws, f"{name}-role", *LOGGING, *actions), **settings)
    return name


def seen(aws, cloud, name: str = "witness") -> list[dict]:
    """The events that it was called with so far."""
    cloud.settle()
    logs = aws("logs")
    try:
        found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="EVENT")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [json.loads(one["message"].removeprefix("EVENT ")) for one in found]


def records(events: list[dict]) -> list[list[str]]:
    """The data of the records of each event."""
    return [[_data(record) for record in event.get("Records", ())] for event in events]


def _data(record: dict) -> str:

    if "body" in record:
        return record["body"]
    if "kinesis" in record:
        return b64decode(record["kinesis"]["data"]).decode()
    return record["dynamodb"]["Keys"]["id"]["S"]
