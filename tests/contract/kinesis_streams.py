"""What the tests of Kinesis share: streams, their shards, and what is in them."""

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"
ARN = f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/"


def refusal(call, **parameters):
    """(code, message) of the error with which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


def make_stream(kinesis, name="events", shards=1, **more):
    """An active stream; its ARN."""
    kinesis.create_stream(StreamName=name, **({"ShardCount": shards} if shards else {}), **more)
    wait(kinesis, name)
    return ARN + name


def wait(kinesis, name="events"):
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 1000})


def shards(kinesis, name="events"):
    return kinesis.list_shards(StreamName=name)["Shards"]


def open_shards(kinesis, name="events"):
    return [shard for shard in shards(kinesis, name) if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]


def summary(kinesis, name="events"):
    return kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]


def iterator(kinesis, shard="shardId-000000000000", kind="TRIM_HORIZON", name="events", **more):
    answer = kinesis.get_shard_iterator(StreamName=name, ShardId=shard, ShardIteratorType=kind, **more)
    return answer["ShardIterator"]


def read(kinesis, shard="shardId-000000000000", kind="TRIM_HORIZON", name="events", **more):
    return kinesis.get_records(ShardIterator=iterator(kinesis, shard, kind, name, **more))


def data(kinesis, *arguments, **more):
    return [record["Data"] for record in read(kinesis, *arguments, **more)["Records"]]


def put(kinesis, *texts, name="events", key="key"):
    """Put texts one by one; their sequence numbers."""
    return [
        kinesis.put_record(StreamName=name, Data=text.encode(), PartitionKey=key)["SequenceNumber"] for text in texts
    ]


def many(count, size=1, key="key"):
    """So many records of so many bytes each, for PutRecords."""
    return [{"Data": b"x" * size, "PartitionKey": key} for _ in range(count)]
