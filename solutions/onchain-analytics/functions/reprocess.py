"""Repairs records that failed their transformation, and puts them to the stream again.

An earlier producer wrote numbers in decimal and times as texts: such records are repaired. What is beyond repair is
kept under another prefix, for somebody to look at.
"""

import base64
import json
import os
from datetime import datetime

import boto3

s3, kinesis = boto3.client("s3"), boto3.client("kinesis")
BUCKET, STREAM = os.environ["FAILED_BUCKET"], os.environ["STREAM"]
FAILED, BEYOND_REPAIR = "failed/", "beyond-repair/"
NUMBERS = (
    ("block", "number"), ("transaction", "value"), ("transaction", "gas"), ("transaction", "gasPrice"),
    ("transaction", "nonce"), ("transfer", "value"), ("transfer", "logIndex"),
)  # fmt: skip
RECORDS_IN_A_PUT = 500


def handler(event, context):
    told = {"objects": 0, "repaired": 0, "beyondRepair": 0}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=FAILED):
        for found in page.get("Contents", []):
            repaired, beyond_repair = reprocess(found["Key"])
            told["objects"] += 1
            told["repaired"] += repaired
            told["beyondRepair"] += beyond_repair
    print(json.dumps(told))
    return told


def reprocess(key):
    """The records of one object. It is deleted when all of them are in other places."""
    lines = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode().splitlines()
    records, rest = [], []
    for line in lines:
        try:
            record = repaired(json.loads(base64.b64decode(json.loads(line)["rawData"])))
        except (ValueError, LookupError, TypeError, AttributeError) as failure:
            print(f"{key}: {type(failure).__name__}: {failure}")
            rest.append(line)
        else:
            records.append({"Data": json.dumps(record), "PartitionKey": record["transaction"]["hash"]})
    for start in range(0, len(records), RECORDS_IN_A_PUT):
        put(records[start : start + RECORDS_IN_A_PUT])
    if rest:
        s3.put_object(Bucket=BUCKET, Key=BEYOND_REPAIR + key, Body="".join(f"{line}\n" for line in rest))
    s3.delete_object(Bucket=BUCKET, Key=key)
    return len(records), len(rest)


def repaired(told):
    """A record as the producer writes it now."""
    for part, name in NUMBERS:
        if isinstance(told[part][name], int):
            told[part][name] = hex(told[part][name])
    if isinstance(told["block"]["timestamp"], str):
        time = datetime.strptime(told["block"]["timestamp"], "%Y-%m-%dT%H:%M:%S%z")
        told["block"]["timestamp"] = int(time.timestamp())
    return told


def put(records):
    """Until the stream has taken them all: it may refuse some of a request."""
    while records:
        answer = kinesis.put_records(StreamName=STREAM, Records=records)["Records"]
        records = [record for record, result in zip(records, answer) if "ErrorCode" in result]
