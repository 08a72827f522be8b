"""Enhanced fan-out of Kinesis: consumers, and what is sent to them."""

import json
import threading

import pytest
from botocore.exceptions import EventStreamError

from tests.contract.kinesis_streams import ACCOUNT, ARN, make_stream, put, refusal, shards, summary, wait

FIRST = "shardId-000000000000"


@pytest.fixture
def kinesis(aws):
    return aws("kinesis")


def register(kinesis, name="reader", stream=ARN + "events"):
    """A consumer that is active; its ARN."""
    arn = kinesis.register_stream_consumer(StreamARN=stream, ConsumerName=name)["Consumer"]["ConsumerARN"]
    while kinesis.describe_stream_consumer(ConsumerARN=arn)["ConsumerDescription"]["ConsumerStatus"] != "ACTIVE":
        pass
    return arn


@pytest.fixture
def subscribe(kinesis):
    """`subscribe(arn)` is an iterator over the events of a subscription; it ends with the test."""
    streams = []

    def subscribed(arn, kind="TRIM_HORIZON", shard=FIRST, **more):
        position = {"Type": kind, **more}
        answer = kinesis.subscribe_to_shard(ConsumerARN=arn, ShardId=shard, StartingPosition=position)
        streams.append(answer["EventStream"])
        return iter(streams[-1])

    yield subscribed
    for stream in streams:
        stream.close()


def event(events):
    return next(events)["SubscribeToShardEvent"]


def texts(events, count):
    """The next records, as they were put."""
    found = []
    while len(found) < count:
        found += [record["Data"].decode() for record in event(events)["Records"]]
    return found


# What is refused


def test_a_consumer_registers_once(kinesis):
    make_stream(kinesis)
    register(kinesis)
    code, message = refusal(kinesis.register_stream_consumer, StreamARN=ARN + "events", ConsumerName="reader")
    assert code == "ResourceInUseException" and "reader" in message


def test_twenty_consumers_are_the_most_and_fifty_with_a_commitment(kinesis):
    make_stream(kinesis)
    for number in range(20):
        register(kinesis, f"reader{number}")
    asked = {"StreamARN": ARN + "events", "ConsumerName": "another"}
    assert refusal(kinesis.register_stream_consumer, **asked)[0] == "LimitExceededException"
    kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": "ENABLED"})
    kinesis.register_stream_consumer(**asked)


def test_a_consumer_that_is_not_there_is_told(kinesis):
    arn = make_stream(kinesis)
    gone = f"{arn}/consumer/reader:1"
    words = f"Consumer {gone}, account {ACCOUNT} not found."
    assert refusal(kinesis.describe_stream_consumer, ConsumerARN=gone) == ("ResourceNotFoundException", words)
    assert refusal(kinesis.deregister_stream_consumer, ConsumerARN=gone) == ("ResourceNotFoundException", words)
    asked = {"ConsumerARN": gone, "ShardId": FIRST, "StartingPosition": {"Type": "LATEST"}}
    assert refusal(kinesis.subscribe_to_shard, **asked) == ("ResourceNotFoundException", words)
    code, _ = refusal(kinesis.describe_stream_consumer, StreamARN=arn, ConsumerName="reader")
    assert code == "ResourceNotFoundException"
    assert refusal(kinesis.describe_stream_consumer, StreamARN=arn)[0] == "InvalidArgumentException"


def test_the_names_of_a_consumer_must_agree(kinesis):
    arn = make_stream(kinesis)
    consumer = register(kinesis)
    asked = {"ConsumerARN": consumer, "StreamARN": arn, "ConsumerName": "other"}
    assert refusal(kinesis.describe_stream_consumer, **asked)[0] == "InvalidArgumentException"


def test_a_stream_with_consumers_is_kept(kinesis, cloud):
    make_stream(kinesis)
    consumer = register(kinesis)
    assert refusal(kinesis.delete_stream, StreamName="events")[0] == "ResourceInUseException"
    kinesis.delete_stream(StreamName="events", EnforceConsumerDeletion=True)
    cloud.settle()
    assert refusal(kinesis.describe_stream_consumer, ConsumerARN=consumer)[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "position", [{"Type": "AT_SEQUENCE_NUMBER"}, {"Type": "AT_TIMESTAMP"}, {"Type": "LATEST", "SequenceNumber": "5"}]
)
def test_a_subscription_begins_somewhere(kinesis, position):
    make_stream(kinesis)
    asked = {"ConsumerARN": register(kinesis), "ShardId": FIRST, "StartingPosition": position}
    assert refusal(kinesis.subscribe_to_shard, **asked)[0] == "InvalidArgumentException"


def test_a_dry_run_subscribes_to_nothing(kinesis, subscribe):
    make_stream(kinesis)
    arn = register(kinesis)
    asked = {"ConsumerARN": arn, "ShardId": FIRST, "StartingPosition": {"Type": "LATEST"}, "DryRun": True}
    assert refusal(kinesis.subscribe_to_shard, **asked)[0] == "DryRunOperationException"
    subscribe(arn)


def test_a_token_of_consumers_belongs_to_a_stream(kinesis):
    make_stream(kinesis)
    make_stream(kinesis, "others")
    register(kinesis, "a")
    register(kinesis, "b")
    token = kinesis.list_stream_consumers(StreamARN=ARN + "events", MaxResults=1)["NextToken"]
    code, _ = refusal(kinesis.list_stream_consumers, StreamARN=ARN + "others", NextToken=token)
    assert code == "InvalidArgumentException"


# What is done


def test_a_consumer_is_registered_described_and_deregistered(kinesis, cloud):
    cloud.clock.freeze()
    arn = make_stream(kinesis)
    made = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader", Tags={"a": "b"})["Consumer"]
    assert made["ConsumerStatus"] == "CREATING"
    assert made["ConsumerARN"] == f"{arn}/consumer/reader:{int(cloud.clock.now())}"
    cloud.settle()
    by_arn = kinesis.describe_stream_consumer(ConsumerARN=made["ConsumerARN"])["ConsumerDescription"]
    assert by_arn == made | {"ConsumerStatus": "ACTIVE", "StreamARN": arn}
    by_name = kinesis.describe_stream_consumer(StreamARN=arn, ConsumerName="reader")["ConsumerDescription"]
    assert by_name == by_arn and summary(kinesis)["ConsumerCount"] == 1
    assert kinesis.list_tags_for_resource(ResourceARN=made["ConsumerARN"])["Tags"] == [{"Key": "a", "Value": "b"}]
    kinesis.deregister_stream_consumer(StreamARN=arn, ConsumerName="reader")
    cloud.settle()
    assert kinesis.list_stream_consumers(StreamARN=arn)["Consumers"] == []


def test_consumers_are_listed_in_pages(kinesis):
    arn = make_stream(kinesis)
    for name in "abc":
        register(kinesis, name)
    pages = kinesis.get_paginator("list_stream_consumers").paginate(StreamARN=arn, PaginationConfig={"PageSize": 2})
    assert [[it["ConsumerName"] for it in page["Consumers"]] for page in pages] == [["a", "b"], ["c"]]
    created = kinesis.describe_stream_summary(StreamName="events")["StreamDescriptionSummary"][
        "StreamCreationTimestamp"
    ]
    assert len(kinesis.list_stream_consumers(StreamARN=arn, StreamCreationTimestamp=created)["Consumers"]) == 3
    code, _ = refusal(kinesis.list_stream_consumers, StreamARN=arn, StreamCreationTimestamp=1)
    assert code == "ResourceNotFoundException"


def test_a_subscriber_gets_what_is_there_and_what_comes(kinesis, subscribe):
    make_stream(kinesis)
    numbers = put(kinesis, "a", "b")
    events = subscribe(register(kinesis))
    first = event(events)
    assert [record["SequenceNumber"] for record in first["Records"]] == numbers
    assert (first["Records"][0]["PartitionKey"], first["MillisBehindLatest"]) == ("key", 0)
    assert first["Records"][0]["ApproximateArrivalTimestamp"].timestamp() > 1e9
    put(kinesis, "c")
    assert texts(events, 1) == ["c"]


@pytest.mark.parametrize("kind", ["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP"])
def test_a_subscription_begins_at_any_place(kinesis, subscribe, cloud, kind):
    make_stream(kinesis)
    put(kinesis, "a")
    cloud.clock.advance(10)
    numbers = put(kinesis, "b")
    more = {"SequenceNumber": numbers[0]} if "SEQUENCE" in kind else {}
    if kind == "AT_TIMESTAMP":
        more = {"Timestamp": cloud.clock.now() - 5}
    events = subscribe(register(kinesis), kind, **more)
    put(kinesis, "c")
    assert texts(events, 1)[0] == ("c" if kind in ("AFTER_SEQUENCE_NUMBER", "LATEST") else "b")


def test_reading_continues_after_the_number_of_the_last_event(kinesis, subscribe, cloud):
    make_stream(kinesis)
    arn = register(kinesis)
    put(kinesis, "a", "b")
    after = event(subscribe(arn))["ContinuationSequenceNumber"]
    cloud.clock.advance(6)
    put(kinesis, "c")
    assert texts(subscribe(arn, "AFTER_SEQUENCE_NUMBER", SequenceNumber=after), 1) == ["c"]


# What happens next


def test_a_silent_subscription_shows_that_it_lives(kinesis, subscribe, cloud):
    make_stream(kinesis)
    events = subscribe(register(kinesis))
    cloud.clock.advance(5)
    told = event(events)
    start = shards(kinesis)[0]["SequenceNumberRange"]["StartingSequenceNumber"]
    assert (told["Records"], told["ContinuationSequenceNumber"]) == ([], start)


def test_a_subscription_ends_after_five_minutes(kinesis, subscribe, cloud):
    make_stream(kinesis)
    events = subscribe(register(kinesis))
    cloud.clock.advance(301)
    assert [it for it in events if it["SubscribeToShardEvent"]["Records"]] == []


def test_a_second_subscription_takes_over_after_five_seconds(kinesis, subscribe, cloud):
    make_stream(kinesis)
    arn = register(kinesis)
    events = subscribe(arn)
    asked = {"ConsumerARN": arn, "ShardId": FIRST, "StartingPosition": {"Type": "LATEST"}}
    assert refusal(kinesis.subscribe_to_shard, **asked)[0] == "ResourceInUseException"
    cloud.clock.advance(5)
    subscribe(arn)
    with pytest.raises(EventStreamError) as ended:
        list(events)
    assert ended.value.response["Error"]["Code"] == "ResourceInUseException"


def test_a_subscription_to_a_closed_shard_ends_with_its_children(kinesis, subscribe):
    make_stream(kinesis)
    put(kinesis, "a")
    events = subscribe(register(kinesis))
    assert texts(events, 1) == ["a"]
    kinesis.split_shard(StreamName="events", ShardToSplit=FIRST, NewStartingHashKey="1000")
    wait(kinesis)
    last = list(events)[-1]["SubscribeToShardEvent"]
    assert [child["ParentShards"] for child in last["ChildShards"]] == [[FIRST], [FIRST]]
    assert "ContinuationSequenceNumber" not in last


def test_a_subscription_ends_with_its_consumer(kinesis, subscribe):
    make_stream(kinesis)
    arn = register(kinesis)
    events = subscribe(arn)
    kinesis.deregister_stream_consumer(ConsumerARN=arn)
    with pytest.raises(EventStreamError) as ended:
        list(events)
    assert ended.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_many_consumers_are_sent_the_same(kinesis, subscribe):
    make_stream(kinesis)
    found, streams = {}, {name: subscribe(register(kinesis, name)) for name in "abc"}

    def listen(name):
        found[name] = texts(streams[name], 100)

    threads = [threading.Thread(target=listen, args=(name,)) for name in streams]
    for thread in threads:
        thread.start()
    sent = [str(number) for number in range(100)]
    for text in sent:
        put(kinesis, text)
    for thread in threads:
        thread.join(20)
    assert found == dict.fromkeys("abc", sent)


def test_the_policy_of_a_consumer_decides_who_subscribes(kinesis, subscribe):
    make_stream(kinesis)
    arn = register(kinesis)
    allowed = {"Effect": "Deny", "Principal": "*", "Action": "kinesis:SubscribeToShard", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    kinesis.put_resource_policy(ResourceARN=arn, Policy=policy)
    assert kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == policy
    asked = {"ConsumerARN": arn, "ShardId": FIRST, "StartingPosition": {"Type": "LATEST"}}
    assert refusal(kinesis.subscribe_to_shard, **asked)[0] == "AccessDeniedException"
    kinesis.delete_resource_policy(ResourceARN=arn)
    subscribe(arn)
