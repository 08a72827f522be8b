"""EventBridge Pipes: from streams of Kinesis and DynamoDB."""

import json
from base64 import b64decode

import pytest

from tests.contract.dynamodb_tables import make_table
from tests.contract.events_box import ACCOUNT, REGION, role
from tests.contract.kinesis_streams import make_stream, put, wait
from tests.contract.lambda_code import made
from tests.contract.pipes_box import ARN, LAMBDA, TARGET, arrived, make, may, pipes, url

__all__ = ["may", "pipes", "url"]  # fixtures
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/events"
DATA = {"InputTemplate": '{"it": <$.data>}'}
LETTERS = f"arn:aws:sqs:{REGION}:{ACCOUNT}:letters"
# Fails for data that is `fail`, and says of `late` that it was not processed.
JUDGE = """
import base64
def handler(event, context):
    texts = [base64.b64decode(record["data"]).decode() for record in event]
    print("EVENT " + repr(texts))
    if "fail" in texts:
        raise ValueError("as it was asked to")
    return {"batchItemFailures": [
        {"itemIdentifier": record["eventID"]} for record, text in zip(event, texts) if text == "late"
    ]}
"""


@pytest.fixture
def kinesis(aws):
    return aws("kinesis")


@pytest.fixture
def stream(kinesis):
    return make_stream(kinesis)


@pytest.fixture
def judge(aws):
    worker = role(aws, "worker", "lambda.amazonaws.com", ("logs:*", "*"))
    made(aws, "judge", JUDGE, worker)
    return LAMBDA + "judge"


@pytest.fixture
def letters(aws):
    return aws("sqs").create_queue(QueueName="letters")["QueueUrl"]


def begin(cloud, pipes, may, target=TARGET, name="p", filters=None, start="TRIM_HORIZON", parameters=None, **settings):
    of_source = {"KinesisStreamParameters": {"StartingPosition": start, **settings}}
    if filters:
        of_source["FilterCriteria"] = {"Filters": [{"Pattern": json.dumps(one)} for one in filters]}
    options = {"TargetParameters": parameters} if parameters else {}
    return make(cloud, pipes, may, name, STREAM, target, SourceParameters=of_source, **options)


def seen(aws, cloud):
    cloud.settle()
    found = aws("logs").filter_log_events(logGroupName="/aws/lambda/judge", filterPattern="EVENT")["events"]
    return [event["message"].strip().removeprefix("EVENT ") for event in found]


# What is refused


def test_a_target_that_refuses_holds_the_shard_up(cloud, aws, kinesis, pipes, stream, url):
    cloud.clock.freeze()
    reader = role(aws, "reader", "pipes.amazonaws.com", ("kinesis:*", "*"))
    begin(cloud, pipes, reader, parameters=DATA)
    put(kinesis, '"a"', '"b"')
    cloud.settle()
    assert arrived(aws, url) == []
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    aws("iam").put_role_policy(RoleName="reader", PolicyName="may", PolicyDocument=json.dumps(document))
    cloud.clock.advance(60)
    assert [told["it"] for told in arrived(aws, url)] == ["a", "b"]


# What is done


def test_records_go_to_a_queue(cloud, aws, kinesis, pipes, may, stream, url):
    (sequence,) = put(kinesis, "hello", key="k")
    begin(cloud, pipes, may)
    (event,) = arrived(aws, url)
    assert b64decode(event["data"]) == b"hello"
    shard = "shardId-000000000000"
    assert {name: event[name] for name in event.keys() - {"data", "approximateArrivalTimestamp"}} == {
        "kinesisSchemaVersion": "1.0", "partitionKey": "k", "sequenceNumber": sequence, "eventSource": "aws:kinesis",
        "eventVersion": "1.0", "eventID": f"{shard}:{sequence}", "eventName": "aws:kinesis:record",
        "invokeIdentityArn": may, "awsRegion": REGION, "eventSourceARN": STREAM,
    }  # fmt: skip


def test_data_is_laid_open_for_templates_and_filters(cloud, aws, kinesis, pipes, may, stream, url):
    begin(
        cloud, pipes, may, filters=[{"data": {"n": [{"numeric": ["<", 3]}]}, "partitionKey": ["key"]}], parameters=DATA
    )
    put(kinesis, '{"n": 1}', '{"n": 5}', "no json", '{"n": 2}')
    cloud.settle()
    assert [told["it"] for told in arrived(aws, url)] == [{"n": 1}, {"n": 2}]


def test_data_that_is_no_json_stays_in_base64(cloud, aws, kinesis, pipes, may, stream, url):
    begin(cloud, pipes, may, parameters=DATA)
    put(kinesis, "no json")
    cloud.settle()
    assert [b64decode(told["it"]) for told in arrived(aws, url)] == [b"no json"]


@pytest.mark.parametrize(("start", "expected"), [("TRIM_HORIZON", ["old", "new"]), ("LATEST", ["new"])])
def test_where_reading_starts(cloud, aws, kinesis, pipes, may, stream, url, start, expected):
    put(kinesis, '"old"')
    begin(cloud, pipes, may, start=start, parameters=DATA)
    put(kinesis, '"new"')
    cloud.settle()
    assert [told["it"] for told in arrived(aws, url)] == expected


def test_reading_starts_at_a_time(cloud, aws, kinesis, pipes, may, stream, url):
    put(kinesis, '"old"')
    cloud.clock.advance(100)
    then = cloud.clock.now()
    put(kinesis, '"new"')
    begin(cloud, pipes, may, start="AT_TIMESTAMP", StartingPositionTimestamp=then, parameters=DATA)
    assert [told["it"] for told in arrived(aws, url)] == ["new"]


def test_changes_of_a_table_go_to_a_queue(cloud, aws, pipes, may, url):
    dynamodb = aws("dynamodb")
    make_table(dynamodb, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    arn = dynamodb.describe_table(TableName="things")["Table"]["LatestStreamArn"]
    filters = {
        "Filters": [{"Pattern": json.dumps({"eventName": ["INSERT"], "dynamodb": {"Keys": {"p": {"S": ["a"]}}}})}]
    }
    settings = {"DynamoDBStreamParameters": {"StartingPosition": "LATEST"}, "FilterCriteria": filters}
    make(cloud, pipes, may, begin=arn, SourceParameters=settings)
    for key in "ab":
        dynamodb.put_item(TableName="things", Item={"p": {"S": key}, "n": {"N": "1"}, "data": {"B": b"x"}})
    dynamodb.delete_item(TableName="things", Key={"p": {"S": "a"}})
    cloud.settle()
    (event,) = arrived(aws, url)
    assert (event["eventName"], event["eventSource"], event["eventSourceARN"]) == ("INSERT", "aws:dynamodb", arn)
    assert event["dynamodb"]["NewImage"] == {"p": {"S": "a"}, "n": {"N": "1"}, "data": {"B": "eA=="}}
    assert {"SequenceNumber", "SizeBytes", "StreamViewType", "ApproximateCreationDateTime"} <= event["dynamodb"].keys()


def test_shards_that_came_of_others_are_read_after_them(cloud, aws, kinesis, pipes, may, stream, url):
    begin(cloud, pipes, may, parameters=DATA)
    put(kinesis, '"before"')
    kinesis.split_shard(StreamName="events", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127))
    wait(kinesis)
    for key in "abcdef":
        put(kinesis, f'"{key}"', key=key)
    cloud.settle()
    found = [told["it"] for told in arrived(aws, url)]
    assert found[0] == "before" and sorted(found[1:]) == list("abcdef")


# What happens next


def test_records_gather_in_a_window(cloud, aws, kinesis, pipes, may, stream, judge):
    cloud.clock.freeze()
    begin(cloud, pipes, may, judge, MaximumBatchingWindowInSeconds=10, BatchSize=3)
    put(kinesis, "a")
    cloud.clock.advance(9)
    put(kinesis, "b")
    cloud.clock.advance(1)
    put(kinesis, "c", "d", "e")
    assert seen(aws, cloud) == [repr(["a", "b"]), repr(["c", "d", "e"])]


def test_what_follows_the_first_failure_is_tried_again(cloud, aws, kinesis, pipes, may, stream, judge):
    cloud.clock.freeze()
    begin(cloud, pipes, may, judge, MaximumRetryAttempts=1)
    cloud.clock.advance(1)
    put_together(kinesis, "a", "late", "b")
    assert seen(aws, cloud) == [repr(["a", "late", "b"])]
    cloud.clock.advance(1)
    assert seen(aws, cloud)[1:] == [repr(["late", "b"])]


def put_together(kinesis, *texts):
    records = [{"Data": text.encode(), "PartitionKey": "key"} for text in texts]
    kinesis.put_records(StreamName="events", Records=records)


def test_records_that_fail_for_good_are_told_of(cloud, aws, kinesis, pipes, may, stream, judge, letters):
    cloud.clock.freeze()
    begin(cloud, pipes, may, judge, MaximumRetryAttempts=1, DeadLetterConfig={"Arn": LETTERS})
    put_together(kinesis, "fail", "x")
    assert seen(aws, cloud) == [repr(["fail", "x"])]
    cloud.clock.advance(60)
    assert seen(aws, cloud) == [repr(["fail", "x"])] * 2
    (told,) = arrived(aws, letters)
    assert told["context"] == {"partnerResourceArn": ARN + "p", "condition": "RetryAttemptsExhausted"}
    info = told["KinesisBatchInfo"]
    assert (info["shardId"], info["batchSize"], info["streamArn"]) == ("shardId-000000000000", 2, STREAM)
    put(kinesis, "after")
    assert seen(aws, cloud)[2:] == [repr(["after"])]


def test_a_failing_batch_is_halved(cloud, aws, kinesis, pipes, may, stream, judge, letters):
    cloud.clock.freeze()
    begin(
        cloud, pipes, may, judge, MaximumRetryAttempts=0, OnPartialBatchItemFailure="AUTOMATIC_BISECT",
        DeadLetterConfig={"Arn": LETTERS},
    )  # fmt: skip
    put_together(kinesis, "a", "b", "fail", "c")
    cloud.clock.advance(120)
    tried = (["a", "b", "fail", "c"], ["a", "b"], ["fail", "c"], ["fail"], ["c"])
    assert seen(aws, cloud) == [repr(texts) for texts in tried]
    (told,) = arrived(aws, letters)
    assert told["KinesisBatchInfo"]["batchSize"] == 1


def test_records_that_became_too_old_are_told_of(cloud, aws, kinesis, pipes, may, stream, url, letters):
    cloud.clock.freeze()
    put(kinesis, '"old"')
    cloud.clock.advance(100)
    put(kinesis, '"young"')
    begin(cloud, pipes, may, parameters=DATA, MaximumRecordAgeInSeconds=60, DeadLetterConfig={"Arn": LETTERS})
    assert [told["it"] for told in arrived(aws, url)] == ["young"]
    (told,) = arrived(aws, letters)
    assert (told["context"]["condition"], told["KinesisBatchInfo"]["batchSize"]) == ("RecordAgeExceeded", 1)


def test_dead_letters_may_go_to_a_topic(cloud, aws, kinesis, pipes, may, stream, judge):
    topic = aws("sns").create_topic(Name="letters")["TopicArn"]
    to = aws("sqs").create_queue(QueueName="heard")["QueueUrl"]
    policy = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [policy]})
    aws("sqs").set_queue_attributes(QueueUrl=to, Attributes={"Policy": document})
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:heard")
    begin(cloud, pipes, may, judge, MaximumRetryAttempts=0, DeadLetterConfig={"Arn": topic})
    put(kinesis, "fail")
    cloud.settle()
    (told,) = arrived(aws, to)
    assert json.loads(told["Message"])["context"]["condition"] == "RetryAttemptsExhausted"


def test_a_pipe_goes_on_where_it_was_stopped(cloud, aws, kinesis, pipes, may, stream, url):
    begin(cloud, pipes, may, start="LATEST", parameters=DATA)
    put(kinesis, '"a"')
    cloud.settle()
    pipes.stop_pipe(Name="p")
    cloud.settle()
    put(kinesis, '"b"')
    cloud.settle()
    assert [told["it"] for told in arrived(aws, url)] == ["a"]
    pipes.start_pipe(Name="p")
    cloud.settle()
    assert [told["it"] for told in arrived(aws, url)] == ["b"]


def test_a_stream_that_goes_stops_the_pipe(cloud, aws, kinesis, pipes, may, stream, url):
    begin(cloud, pipes, may)
    kinesis.delete_stream(StreamName="events")
    cloud.clock.advance(120)
    found = pipes.describe_pipe(Name="p")
    assert found["CurrentState"] == "STOPPED"
    assert found["StateReason"] == "Stream not found. To resume processing please delete the pipe and create a new one."
