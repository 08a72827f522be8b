"""kill -9 amid a stream of calls, twenty times over: what was answered is there, and nothing half done is seen.

Each round starts a process over the same data, compares everything with what its predecessors answered, lets five
clients write without pause (SQS sends; S3 puts small, large and over each other; uploads in parts, with a notification
for every object) and kills it while their calls are under way.
"""

import itertools
import json
from collections import Counter
from urllib.parse import unquote_plus

import pytest

from tests.recovery.process import KillableCloud
from tests.recovery.writers import BUCKET, SIZES, Ledger, Writers, content

ROUNDS = 20


@pytest.fixture
def cloud(tmp_path):
    it = KillableCloud(tmp_path)
    yield it
    it.end()


def test_what_was_answered_survives_twenty_kills(cloud):
    ledger, numbers = Ledger(), itertools.count()
    begin(cloud.start())
    for round_ in range(ROUNDS):
        connect(cloud)
        writers = Writers(cloud, ledger, numbers)
        ledger.await_answers(5 + 13 * round_ % 40)  # so that the kills fall into different moments
        cloud.kill()
        writers.join()
        connect(cloud.start())
        compare_objects(cloud, ledger, everything=round_ == ROUNDS - 1)
        compare_blobs(cloud)
    compare_queues(cloud, ledger)
    for kind, answered in ledger.answered.items():
        assert answered, f"no {kind} was ever answered, so nothing is proved of it"
        assert ledger.tried[kind] > answered, f"no {kind} was under way at any kill"


def test_a_stop_in_good_order_loses_nothing_either(cloud):
    ledger = Ledger()
    begin(cloud.start())
    connect(cloud)
    writers = Writers(cloud, ledger, itertools.count())
    ledger.await_answers(25)
    cloud.stop()
    writers.join()
    connect(cloud.start())
    compare_objects(cloud, ledger, everything=True)
    compare_blobs(cloud)
    compare_queues(cloud, ledger)


def begin(cloud: KillableCloud):
    """A queue for messages, and a bucket that tells another queue of every object."""
    s3, sqs = cloud.client("s3"), cloud.client("sqs")
    sqs.create_queue(QueueName="sends")
    events = sqs.create_queue(QueueName="events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=events, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
    }  # fmt: skip
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    sqs.set_queue_attributes(QueueUrl=events, Attributes={"Policy": json.dumps(policy)})
    s3.create_bucket(Bucket=BUCKET)
    told = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration=told)


def connect(cloud: KillableCloud):
    """Clients for the process that is there now."""
    cloud.s3, cloud.sqs = cloud.client("s3"), cloud.client("sqs")
    cloud.sends = cloud.sqs.get_queue_url(QueueName="sends")["QueueUrl"]
    cloud.events = cloud.sqs.get_queue_url(QueueName="events")["QueueUrl"]


def objects(cloud: KillableCloud) -> dict[str, int]:
    """The size of every object."""
    pages = cloud.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return {it["Key"]: it["Size"] for page in pages for it in page.get("Contents", [])}


def compare_objects(cloud: KillableCloud, ledger: Ledger, everything: bool):
    """Every answered object is listed, none that nobody tried is, and each has its whole body."""
    listed = objects(cloud)
    for kind, size in SIZES.items():
        there = {key for key in listed if key.startswith(kind)}
        assert ledger.answered[kind] <= there <= ledger.tried[kind]
        assert {listed[key] for key in there} <= {size}
        # The latest are the ones a kill could have hurt; all the others once more at the end.
        for key in sorted(there) if everything else sorted(there)[-3:]:
            assert cloud.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == content(key, size)
    if ledger.answered["overwrite"]:
        answer = cloud.s3.get_object(Bucket=BUCKET, Key="overwritten")
        time = answer["Metadata"]["time"]
        assert time >= max(ledger.answered["overwrite"]) and time in ledger.tried["overwrite"]
        assert answer["Body"].read() == content(time, answer["ContentLength"])


def compare_blobs(cloud: KillableCloud):
    """Every file belongs to a body, and every body to an object or to a part of an upload that is still open."""
    rows = cloud.blob_rows()
    assert cloud.blob_files() == {name for name, (_, in_file) in rows.items() if in_file}
    parts = [
        part["Size"]
        for upload in cloud.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        for part in cloud.s3.list_parts(Bucket=BUCKET, Key=upload["Key"], UploadId=upload["UploadId"]).get("Parts", [])
    ]
    assert Counter(size for size, _ in rows.values()) == Counter([*objects(cloud).values(), *parts])


def compare_queues(cloud: KillableCloud, ledger: Ledger):
    """Every answered message is there, once; every object that is there was told of, and no other."""
    sent = Counter(drain(cloud, cloud.sends))
    assert ledger.answered["send"] <= set(sent) <= ledger.tried["send"]
    assert set(sent.values()) == {1}
    told = [json.loads(body) for body in drain(cloud, cloud.events)]
    keys = {unquote_plus(record["s3"]["object"]["key"]) for event in told for record in event.get("Records", [])}
    assert keys == set(objects(cloud))


def drain(cloud: KillableCloud, queue: str) -> list[str]:
    """Take every message out of a queue; those still on their way come within the wait."""
    bodies = []
    while messages := receive(cloud, queue):
        bodies += [message["Body"] for message in messages]
        entries = [{"Id": str(at), "ReceiptHandle": it["ReceiptHandle"]} for at, it in enumerate(messages)]
        cloud.sqs.delete_message_batch(QueueUrl=queue, Entries=entries)
    return bodies


def receive(cloud: KillableCloud, queue: str) -> list[dict]:
    answer = cloud.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
    return answer.get("Messages", [])
