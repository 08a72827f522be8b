"""What the three metrics share: the question, the transfers that it is about, the answer.

A question names the contract (`address`) and the length of the intervals in minutes (`interval`); with `from` and `to`
it is about a part of the contract's history. Answers have an interval where something happened in it.
"""

import json
import os
import re
from datetime import datetime, timezone

import boto3

ADDRESS = re.compile("0x[0-9a-f]{40}")
TIME = "%Y-%m-%dT%H:%M:%SZ"
LONGEST_MINUTES = 366 * 24 * 60
AFTER_ALL = "~"  # sorts after every character of a sort key
HEADERS = {"Content-Type": "application/json", "Access-Control-Allow-Origin": os.environ.get("ORIGIN", "*")}

dynamodb = boto3.client("dynamodb")


class Refused(Exception):
    """The question makes no sense, for the reason given."""


def answer(event, attributes, measure):
    """The response of the API. `measure` makes a metric of (start of the interval, transfer), in order of time."""
    try:
        question = read(event.get("queryStringParameters") or {})
    except Refused as refusal:
        return response(400, {"message": str(refusal)})
    length_s = question["interval"] * 60
    total, points = measure(
        (start_of(transfer["timestamp"], length_s), transfer) for transfer in transfers(question, attributes)
    )
    in_order = [{"time": written(start), **points[start]} for start in sorted(points)]
    return response(200, {**question, "total": total, "points": in_order})


def read(parameters):
    """The question. Raises Refused."""
    for name in ("address", "interval"):
        if not parameters.get(name):
            raise Refused(f"The parameter {name} is missing")
    address, interval = parameters["address"].lower(), parameters["interval"]
    if not ADDRESS.fullmatch(address):
        raise Refused("The address must be 0x and 40 hexadecimal digits")
    if not (interval.isascii() and interval.isdigit() and 1 <= int(interval) <= LONGEST_MINUTES):
        raise Refused(f"The interval must be a number of minutes from 1 to {LONGEST_MINUTES}")
    question = {"address": address, "interval": int(interval)}
    for name in ("from", "to"):
        if parameters.get(name):
            question[name] = written(moment(name, parameters[name]))
    if question.get("to", AFTER_ALL) < question.get("from", ""):
        raise Refused("from must not be later than to")
    return question


def moment(name, text):
    try:
        return datetime.strptime(text, TIME).replace(tzinfo=timezone.utc).timestamp()
    except ValueError:
        raise Refused(f"{name} must be a time such as 2022-09-01T00:00:00Z") from None


def transfers(question, attributes):
    """Those of the contract, in order of time, with the attributes that the metric needs."""
    names = {f"#{number}": name for number, name in enumerate(("timestamp", *attributes))}
    pages = dynamodb.get_paginator("query").paginate(
        TableName=os.environ["TABLE"],
        IndexName=os.environ["INDEX"],
        KeyConditionExpression="address = :address AND #0 BETWEEN :from AND :to",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={
            ":address": {"S": question["address"]},
            ":from": {"S": question.get("from", "0")},
            ":to": {"S": question.get("to", AFTER_ALL)},
        },
        ProjectionExpression=", ".join(names),
    )
    for page in pages:
        for item in page["Items"]:
            yield {name: next(iter(value.values())) for name, value in item.items()}


def start_of(timestamp, length_s):
    """The epoch second in which the interval of a sort key begins."""
    year, month, day = int(timestamp[:4]), int(timestamp[5:7]), int(timestamp[8:10])
    hour, minute, second = int(timestamp[11:13]), int(timestamp[14:16]), int(timestamp[17:19])
    epoch = int(datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc).timestamp())
    return epoch - epoch % length_s


def transaction_of(timestamp):
    """The transaction that a sort key names."""
    return timestamp.split("#")[1]


def written(epoch):
    return datetime.fromtimestamp(epoch, timezone.utc).strftime(TIME)


def response(status, body):
    return {"statusCode": status, "headers": HEADERS, "body": json.dumps(body)}
