"""Moves records that failed their transformation to the bucket of failed records.

Firehose writes them to the bucket where it writes all else, under a prefix of their own.
"""

import os
from urllib.parse import unquote_plus

import boto3

s3 = boto3.client("s3")


def handler(event, context):
    for record in event["Records"]:
        bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
        s3.copy_object(Bucket=os.environ["FAILED_BUCKET"], Key=key, CopySource={"Bucket": bucket, "Key": key})
        s3.delete_object(Bucket=bucket, Key=key)
        print(f"Set aside: {key}")
