"""kill -9 along a whole pipeline, at different moments and amid moves of the clock: Kinesis, Firehose with a function
that transforms, S3, its notifications in a queue, and a function that loads a table. Each record that was taken is in
the table in the end, and nothing was set aside."""

import json
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from glasshouse.cli.admin import Admin
from glasshouse.cli.failures import Failure
from tests.contract.lambda_code import execution_role, made
from tests.recovery.process import REGION, KillableCloud

ACCOUNT = "000000000000"
QUEUE_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
MOMENTS = (20, 5, 60, 35)  # how many requests are answered before a kill
AT_ONCE, BUFFER_S, HIDDEN_S, MOST_ROUNDS = 10, 60, 360, 30
TRANSFORM = """
import base64

def handler(event, context):
    lines = ((each["recordId"], base64.b64decode(each["data"]) + b"\\n") for each in event["records"])
    return {"records": [
        {"recordId": name, "result": "Ok", "data": base64.b64encode(line).decode()} for name, line in lines
    ]}
"""
LOAD = """
import boto3, json

s3, dynamodb = boto3.client("s3"), boto3.client("dynamodb")

def handler(event, context):
    for message in event["Records"]:
        for record in json.loads(message["body"]).get("Records", []):
            told = s3.get_object(Bucket=record["s3"]["bucket"]["name"], Key=record["s3"]["object"]["key"])
            for line in told["Body"].iter_lines():
                dynamodb.put_item(TableName="items", Item={"id": {"S": json.loads(line)["id"]}})
"""


@pytest.fixture
def cloud(tmp_path):
    it = KillableCloud(tmp_path)
    yield it.start()
    it.end()


def begin(cloud):
    """The pipeline, from its end to its beginning."""
    aws = cloud.client
    for name, text in (("transform", TRANSFORM), ("load", LOAD)):
        role = execution_role(aws, name, "logs:*", "s3:GetObject", "sqs:*", "dynamodb:PutItem")
        made(aws, name, text, role=role, Timeout=60)
    aws("dynamodb").create_table(
        TableName="items", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    notify(aws)
    aws("lambda").create_event_source_mapping(FunctionName="load", EventSourceArn=QUEUE_ARN + "new", BatchSize=5)
    deliver(aws)
    advance(cloud, 1)


def notify(aws):
    """A bucket that tells a queue of its objects; what is received three times in vain goes to another one."""
    redrive = {"deadLetterTargetArn": QUEUE_ARN + "dead", "maxReceiveCount": 3}
    allowed = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage",
               "Resource": QUEUE_ARN + "new"}  # fmt: skip
    attributes = {"VisibilityTimeout": str(HIDDEN_S), "RedrivePolicy": json.dumps(redrive),
                  "Policy": json.dumps({"Version": "2012-10-17", "Statement": allowed})}  # fmt: skip
    aws("sqs").create_queue(QueueName="dead")
    aws("sqs").create_queue(QueueName="new", Attributes=attributes)
    aws("s3").create_bucket(Bucket="lake")
    rule = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "data/"}]}}
    told = [{"QueueArn": QUEUE_ARN + "new", "Events": ["s3:ObjectCreated:*"], "Filter": rule}]
    aws("s3").put_bucket_notification_configuration(
        Bucket="lake", NotificationConfiguration={"QueueConfigurations": told}
    )


def deliver(aws):
    """From a stream through a function to the bucket."""
    role = execution_role(aws, "hose", "s3:*", "kinesis:*", "lambda:*", service="firehose.amazonaws.com")
    aws("kinesis").create_stream(StreamName="source", ShardCount=2)
    aws("kinesis").get_waiter("stream_exists").wait(StreamName="source", WaiterConfig={"Delay": 0})
    transform = {"LambdaArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:transform", "BufferSizeInMBs": "1",
                 "BufferIntervalInSeconds": "1"}  # fmt: skip
    parameters = [{"ParameterName": name, "ParameterValue": value} for name, value in transform.items()]
    destination = {
        "RoleARN": role, "BucketARN": "arn:aws:s3:::lake", "Prefix": "data/", "ErrorOutputPrefix": "failed/",
        "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": BUFFER_S},
        "ProcessingConfiguration": {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": parameters}]},
    }  # fmt: skip
    source = {"KinesisStreamARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/source", "RoleARN": role}
    aws("firehose").create_delivery_stream(
        DeliveryStreamName="hose", DeliveryStreamType="KinesisStreamAsSource",
        KinesisStreamSourceConfiguration=source, ExtendedS3DestinationConfiguration=destination,
    )  # fmt: skip


class Putter(threading.Thread):
    """Puts records without pause until the cloud is gone."""

    def __init__(self, cloud, name: str, enough: int):
        super().__init__()
        self._kinesis, self._name, self._enough = cloud.client("kinesis"), name, enough
        self.taken: set[str] = set()
        self.enough = threading.Event()
        self.start()

    def run(self):
        for first in range(0, 100_000, AT_ONCE):
            names = [f"{self._name}-{number}" for number in range(first, first + AT_ONCE)]
            records = [
                {"Data": json.dumps({"id": name, "filling": "x" * 200}).encode(), "PartitionKey": name}
                for name in names
            ]
            try:
                answers = self._kinesis.put_records(StreamName="source", Records=records)["Records"]
            except (BotoCoreError, ClientError):
                return
            self.taken |= {name for name, answer in zip(names, answers, strict=True) if "ErrorCode" not in answer}
            if first >= self._enough * AT_ONCE:
                self.enough.set()


class Mover(threading.Thread):
    """Moves the clock without pause until the cloud is gone, so that records are under way in all places."""

    def __init__(self, cloud):
        super().__init__()
        self._cloud = cloud
        self.start()

    def run(self):
        try:
            while True:
                advance(self._cloud, BUFFER_S / 2)
        except Failure:
            return


def advance(cloud, seconds):
    Admin(cloud.url).post("clock", action="advance", seconds=seconds)


def loaded(cloud) -> set[str]:
    pages = cloud.client("dynamodb").get_paginator("scan").paginate(TableName="items")
    return {item["id"]["S"] for page in pages for item in page["Items"]}


def test_what_a_stream_has_taken_comes_out_at_the_end_of_a_pipeline(cloud):
    begin(cloud)
    taken: set[str] = set()
    for turn, moment in enumerate(MOMENTS):
        putter, mover = Putter(cloud, str(turn), moment), Mover(cloud)
        assert putter.enough.wait(60)
        cloud.kill()
        putter.join(), mover.join()
        taken |= putter.taken
        cloud.start()
    for _ in range(MOST_ROUNDS):
        advance(cloud, BUFFER_S)
        if taken <= loaded(cloud):
            break
    assert taken <= loaded(cloud)
    assert cloud.client("s3").list_objects_v2(Bucket="lake", Prefix="failed/")["KeyCount"] == 0
    asked = {"QueueUrl": cloud.client("sqs").get_queue_url(QueueName="dead")["QueueUrl"]}
    told = cloud.client("sqs").get_queue_attributes(**asked, AttributeNames=["ApproximateNumberOfMessages"])
    assert told["Attributes"]["ApproximateNumberOfMessages"] == "0"
    assert Admin(cloud.url).get("jobs") == {"given_up": []}
    assert not Admin(cloud.url).get("clock")["frozen"]
