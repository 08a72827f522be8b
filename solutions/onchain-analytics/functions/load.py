"""Loads what Firehose wrote to S3 into the table: the queue's messages say which objects are new."""

import json
import os
from decimal import Decimal
from urllib.parse import unquote_plus

import awswrangler as wr

TABLE = os.environ["TABLE"]
KEY = ["address", "timestamp"]
AMOUNTS = ["transaction_value", "transfer_value"]
MOST_DIGITS = 38  # of a number in DynamoDB


def handler(event, context):
    """Messages whose objects could not be loaded come again; after some times the queue sets them aside."""
    failed = []
    for message in event["Records"]:
        try:
            load(json.loads(message["body"]))
        except Exception as failure:
            print(f"Message {message['messageId']}: {type(failure).__name__}: {failure}")
            failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}


def load(notification):
    """The objects that a notification of S3's names; its test message, sent once, names none."""
    for record in notification.get("Records", []):
        bucket_name = record["s3"]["bucket"]["name"]
        object_key = unquote_plus(record["s3"]["object"]["key"])
        # A list is read as it is; for a single path the library would list the bucket.
        frame = wr.s3.read_json(
            path=[f"s3://{bucket_name}/{object_key}"], lines=True, dtype=False, convert_dates=False, orient="records"
        )
        # A producer or Firehose may send a record twice. A batch of DynamoDB's must not name an item twice.
        frame = frame.drop_duplicates(subset=KEY, keep="last")
        for name in AMOUNTS:
            frame[name] = frame[name].map(number)
        wr.dynamodb.put_df(df=frame, table_name=TABLE)
        print(f"{len(frame)} transfers of {object_key}")


def number(text):
    """An amount as a number, or, if it is longer than DynamoDB's numbers are, as the text that it is."""
    found = Decimal(text)
    return found if len(found.as_tuple().digits) <= MOST_DIGITS else text
