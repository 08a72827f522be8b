"""Lambda: event source mappings of streams, those of DynamoDB and of Kinesis."""

import json
from base64 import b64decode

import pytest

from tests.contract.lambda_code import ACCOUNT, PREFIX, REGION, execution_role, made, refused
from tests.contract.lambda_witness import records, seen, witness

INVALID = "InvalidParameterValueException"
READING = (
    "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams",
    "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:ListShards",
)  # fmt: skip
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks"
FAILED = f"arn:aws:sqs:{REGION}:{ACCOUNT}:failed"


@pytest.fixture
def functions(aws):
    return aws("lambda")


@pytest.fixture
def table(aws, cloud):
    """A client of DynamoDB, with the table `items` that has a stream."""
    client = aws("dynamodb")
    client.create_table(
        TableName="items", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )  # fmt: skip
    cloud.settle()
    return client


@pytest.fixture
def clicks(aws, cloud):
    """A client of Kinesis, with the stream `clicks` of one shard."""
    client = aws("kinesis")
    client.create_stream(StreamName="clicks", ShardCount=1)
    cloud.clock.advance(60)
    return client


@pytest.fixture
def failed(aws):
    """The queue for batches that were given up: what came into it so far, read once."""
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="failed")["QueueUrl"]

    def told() -> list[dict]:
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ())
        return [json.loads(one["Body"]) for one in found]

    return told


def changes(table) -> str:
    return table.describe_table(TableName="items")["Table"]["LatestStreamArn"]


def put(table, *ids: str):
    for id in ids:
        table.put_item(TableName="items", Item={"id": {"S": id}})


def click(clicks, *data: str, key: str = "k"):
    clicks.put_records(StreamName="clicks", Records=[{"Data": one.encode(), "PartitionKey": key} for one in data])


def mapped(functions, cloud, source: str, position: str = "TRIM_HORIZON", **settings) -> str:
    made = functions.create_event_source_mapping(
        FunctionName="witness", EventSourceArn=source, StartingPosition=position, **settings
    )
    cloud.settle()
    return made["UUID"]


def flat(events: list[dict]) -> list[str]:
    return [one for batch in records(events) for one in batch]


# What is refused


def test_a_stream_that_the_role_may_not_read(functions, aws, table, clicks):
    made(aws, "echo", role=execution_role(aws))
    for source, actions in (
        (changes(table), "GetRecords, GetShardIterator, DescribeStream, and ListStreams"),
        (STREAM, "GetRecords, GetShardIterator, DescribeStream, ListShards, and ListStreams"),
    ):
        asked = {"FunctionName": "echo", "EventSourceArn": source, "StartingPosition": "LATEST"}
        assert refused(functions.create_event_source_mapping, **asked) == (
            INVALID, f"Cannot access stream {source}. Please ensure the role can perform the {actions} Actions on your"
            " stream in IAM.",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"StartingPosition": None}, INVALID, "Value null at 'startingPosition' failed to satisfy constraint"),
        ({"StartingPosition": "SOON"}, "ValidationException", "Member must satisfy enum value set"),
        ({"StartingPosition": "AT_TIMESTAMP"}, INVALID, "StartingPositionTimestamp"),
        ({"StartingPositionTimestamp": 1}, INVALID, "Timestamp only valid with StartingPosition AT_TIMESTAMP"),
        (
            {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": -1},
            INVALID,
            "class java.lang.Long can not be converted to a Timestamp",
        ),
        ({"EventSourceArn": f"{STREAM}s"}, INVALID, f"Stream not found: {STREAM}s"),
        ({"ScalingConfig": {"MaximumConcurrency": 5}}, INVALID, "Unsupported ScalingConfig parameter"),
        ({"MaximumRecordAgeInSeconds": 59}, INVALID, "maximumRecordAgeInSeconds"),
        ({"ParallelizationFactor": 11}, "ValidationException", "less than or equal to 10"),
        ({"TumblingWindowInSeconds": 60, "ParallelizationFactor": 2}, INVALID, "Tumbling windows do not support"),
        ({"DestinationConfig": {"OnSuccess": {"Destination": FAILED}}}, INVALID, "Unsupported DestinationConfig"),
        ({"DestinationConfig": {"OnFailure": {"Destination": FAILED}}}, INVALID, "to call SendMessage on SQS"),
        (
            {"DestinationConfig": {"OnFailure": {"Destination": PREFIX + "f"}}},
            INVALID,
            "DestinationConfig(onSuccess=null",
        ),
    ],
)
def test_mappings_that_cannot_be(functions, aws, clicks, change, code, words):
    witness(aws, *READING)
    wanted = {"FunctionName": "witness", "EventSourceArn": STREAM, "StartingPosition": "LATEST", **change}
    asked = {name: value for name, value in wanted.items() if value is not None}
    refusal = refused(functions.create_event_source_mapping, **asked)
    assert refusal[0] == code and words in refusal[1]
    assert functions.list_event_source_mappings()["EventSourceMappings"] == []


def test_changes_of_a_table_are_not_read_from_a_moment(functions, aws, table):
    witness(aws, *READING)
    asked = {"FunctionName": "witness", "StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1}
    source = changes(table)
    assert refused(functions.create_event_source_mapping, EventSourceArn=source, **asked) == (
        INVALID, f"Unsupported starting position for arn type: {source}",
    )  # fmt: skip
    table_arn = source.partition("/stream/")[0]
    assert "must be kinesis, dynamodb stream or sqs" in refused(
        functions.create_event_source_mapping, FunctionName="witness", EventSourceArn=table_arn
    )[1]  # fmt: skip


# What is done


def test_a_mapping_of_a_stream_shows_all_its_settings(functions, aws, table, cloud):
    witness(aws, *READING)
    answer = functions.create_event_source_mapping(
        FunctionName="witness", EventSourceArn=changes(table), StartingPosition="LATEST"
    )
    settings = {
        "BatchSize": 100, "MaximumBatchingWindowInSeconds": 0, "ParallelizationFactor": 1, "StartingPosition": "LATEST",
        "BisectBatchOnFunctionError": False, "MaximumRecordAgeInSeconds": -1, "MaximumRetryAttempts": -1,
        "TumblingWindowInSeconds": 0, "DestinationConfig": {"OnFailure": {}}, "FunctionResponseTypes": [],
        "State": "Creating", "StateTransitionReason": "User action", "LastProcessingResult": "No records processed",
        "EventSourceArn": changes(table), "FunctionArn": f"{PREFIX}witness",
    }  # fmt: skip
    assert {name: answer[name] for name in settings} == settings
    cloud.settle()
    put(table, "one")
    assert records(seen(aws, cloud)) == [["one"]]
    assert functions.get_event_source_mapping(UUID=answer["UUID"])["LastProcessingResult"] == "OK"


def test_changes_of_items_reach_the_function_as_an_event(functions, aws, table, cloud):
    witness(aws, *READING)
    put(table, "before")
    mapped(functions, cloud, changes(table), "LATEST")
    table.put_item(TableName="items", Item={"id": {"S": "it"}, "raw": {"B": b"\0\1"}})
    table.delete_item(TableName="items", Key={"id": {"S": "it"}})
    first, second = (event["Records"][0] for event in seen(aws, cloud))
    told = first.pop("dynamodb")
    assert isinstance(told.pop("ApproximateCreationDateTime"), float) and told.pop("SequenceNumber").isdecimal()
    assert told.pop("SizeBytes") > 0 and first.pop("eventID")
    item = {"id": {"S": "it"}, "raw": {"B": "AAE="}}
    assert told == {"Keys": {"id": {"S": "it"}}, "NewImage": item, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert first == {
        "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": REGION,
        "eventSourceARN": changes(table),
    }  # fmt: skip
    assert (second["eventName"], second["dynamodb"]["OldImage"]) == ("REMOVE", item)


def test_records_of_a_stream_reach_the_function_as_an_event(functions, aws, clicks, cloud):
    witness(aws, *READING)
    mapped(functions, cloud, STREAM)
    sent = clicks.put_record(StreamName="clicks", Data=b"hello", PartitionKey="k")
    (event,) = seen(aws, cloud)
    (record,) = event["Records"]
    data = record.pop("kinesis")
    assert isinstance(data.pop("approximateArrivalTimestamp"), float)
    assert b64decode(data.pop("data")) == b"hello"
    number = sent["SequenceNumber"]
    assert data == {"kinesisSchemaVersion": "1.0", "partitionKey": "k", "sequenceNumber": number}
    assert record == {
        "eventVersion": "1.0", "eventID": f"{sent['ShardId']}:{number}", "eventName": "aws:kinesis:record",
        "eventSource": "aws:kinesis", "eventSourceARN": STREAM, "awsRegion": REGION,
        "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/witness-role",
    }  # fmt: skip


# What happens next


def test_a_stream_is_read_from_where_it_was_asked(functions, aws, clicks, cloud):
    for name in ("all", "later", "some"):
        witness(aws, *READING, name=name)
    click(clicks, "old")
    cloud.clock.advance(10)
    moment = cloud.clock.now()
    click(clicks, "recent")
    start = {"EventSourceArn": STREAM, "StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": moment}
    functions.create_event_source_mapping(FunctionName="some", **start)
    for name, position in (("all", "TRIM_HORIZON"), ("later", "LATEST")):
        functions.create_event_source_mapping(FunctionName=name, EventSourceArn=STREAM, StartingPosition=position)
    cloud.settle()
    cloud.clock.advance(3600)
    click(clicks, "new")
    told = {name: flat(seen(aws, cloud, name)) for name in ("all", "later", "some")}
    assert told == {"all": ["old", "recent", "new"], "later": ["new"], "some": ["recent", "new"]}


def test_a_batch_that_fails_is_split_and_at_last_given_up(functions, aws, table, cloud, failed):
    witness(aws, *READING, "sqs:SendMessage")
    mapped(
        functions, cloud, changes(table), BisectBatchOnFunctionError=True, MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": FAILED}}, MaximumBatchingWindowInSeconds=5,
    )  # fmt: skip
    put(table, "a", "b", "fail", "c")
    cloud.clock.advance(60)
    assert records(seen(aws, cloud)) == [
        ["a", "b", "fail", "c"], ["a", "b"], ["fail", "c"], ["fail"], ["fail"], ["c"],
    ]  # fmt: skip
    (told,) = failed()
    batch = told.pop("DDBStreamBatchInfo")
    assert (batch["batchSize"], batch["streamArn"]) == (1, changes(table))
    assert batch["startSequenceNumber"] == batch["endSequenceNumber"] and batch["shardId"].startswith("shardId-")
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["requestContext"]["approximateInvokeCount"] == 2
    assert told["requestContext"]["functionArn"] == f"{PREFIX}witness"
    assert told["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert told["version"] == "1.0"


def test_a_failing_record_holds_up_those_behind_it(functions, aws, clicks, cloud):
    witness(aws, *READING)
    uuid = mapped(functions, cloud, STREAM, BatchSize=1)
    click(clicks, "fail", "next")
    cloud.clock.advance(20)
    told = records(seen(aws, cloud))
    assert len(told) > 2 and set(map(tuple, told)) == {("fail",)}
    assert functions.get_event_source_mapping(UUID=uuid)["LastProcessingResult"] == "PROBLEM: Function call failed"
    functions.update_event_source_mapping(UUID=uuid, MaximumRetryAttempts=0)
    cloud.clock.advance(100)
    assert records(seen(aws, cloud))[-1] == ["next"]


def test_what_was_not_processed_is_tried_again_from_there(functions, aws, clicks, cloud):
    witness(aws, *READING)
    mapped(
        functions, cloud, STREAM, FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=2,
        MaximumBatchingWindowInSeconds=2,
    )  # fmt: skip
    click(clicks, "a", "late", "b")
    cloud.clock.advance(60)
    assert records(seen(aws, cloud)) == [["a", "late", "b"], *[["late", "b"]] * 2]


def test_records_that_have_become_old_are_given_up(functions, aws, clicks, cloud, failed):
    witness(aws, *READING, "sqs:SendMessage")
    click(clicks, "old")
    cloud.clock.advance(100)
    click(clicks, "new")
    destination = {"OnFailure": {"Destination": FAILED}}
    mapped(functions, cloud, STREAM, MaximumRecordAgeInSeconds=60, DestinationConfig=destination)
    assert records(seen(aws, cloud)) == [["new"]]
    (told,) = failed()
    assert told["requestContext"]["condition"] == "RecordAgeExceeded" and "responseContext" not in told
    assert told["KinesisBatchInfo"]["batchSize"] == 1


def test_what_fails_is_not_tried_for_longer_than_the_stream_keeps_it(functions, aws, clicks, cloud):
    witness(aws, *READING, MemorySize=256)
    mapped(functions, cloud, STREAM)
    click(clicks, "fail")
    cloud.settle()
    functions.put_function_concurrency(FunctionName="witness", ReservedConcurrentExecutions=0)
    cloud.clock.advance(86_400)
    functions.delete_function_concurrency(FunctionName="witness")
    click(clicks, "new")
    cloud.clock.advance(61)
    assert records(seen(aws, cloud))[-1] == ["new"]


def test_records_with_a_key_in_common_stay_in_order(functions, aws, clicks, cloud):
    witness(aws, *READING)
    for key in "abcd":
        click(clicks, *(f"{key}{number}" for number in range(3)), key=key)
    mapped(functions, cloud, STREAM, BatchSize=2, ParallelizationFactor=4)
    told = flat(seen(aws, cloud))
    assert sorted(told) == sorted(f"{key}{number}" for key in "abcd" for number in range(3))
    for key in "abcd":
        assert [one for one in told if one[0] == key] == [f"{key}{number}" for number in range(3)]


def test_only_what_a_filter_wants_is_delivered(functions, aws, clicks, table, cloud):
    witness(aws, *READING)
    data = {"Filters": [{"Pattern": json.dumps({"data": {"kind": ["order"]}})}]}
    mapped(functions, cloud, STREAM, FilterCriteria=data)
    names = {"Filters": [{"Pattern": json.dumps({"eventName": ["REMOVE"]})}]}
    mapped(functions, cloud, changes(table), FilterCriteria=names)
    click(clicks, json.dumps({"kind": "note"}), "text", json.dumps({"kind": "order"}))
    put(table, "it")
    table.delete_item(TableName="items", Key={"id": {"S": "it"}})
    events = seen(aws, cloud)
    assert sorted(records(events)) == [["it"], [json.dumps({"kind": "order"})]]


def test_a_window_sums_up_what_fell_into_it(functions, aws, clicks, cloud):
    witness(aws, *READING)
    cloud.clock.advance(60 - cloud.clock.now() % 60)
    mapped(functions, cloud, STREAM, TumblingWindowInSeconds=60)
    click(clicks, "1", "2")
    cloud.settle()
    cloud.clock.advance(10)
    click(clicks, "3")
    cloud.settle()
    cloud.clock.advance(60)
    click(clicks, "4")
    events = seen(aws, cloud)
    assert [(len(event["Records"]), event["state"], event["isFinalInvokeForWindow"]) for event in events] == [
        (2, {}, False), (1, {"count": 2}, False), (0, {"count": 3}, True), (1, {}, False),
    ]  # fmt: skip
    first = events[0]
    assert first["window"]["start"].endswith(":00Z") and first["window"]["end"] == events[3]["window"]["start"]
    assert (first["eventSourceARN"], first["isWindowTerminatedEarly"]) == (STREAM, False)


def test_shards_that_came_of_others_are_read_after_them(functions, aws, clicks, cloud):
    witness(aws, *READING)
    mapped(functions, cloud, STREAM, BatchSize=1)
    click(clicks, "1")
    cloud.settle()
    clicks.update_shard_count(StreamName="clicks", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    cloud.clock.advance(60)
    for key in ("a", "b", "c", "d"):
        click(clicks, f"new {key}", key=key)
    told = records(seen(aws, cloud))
    assert told[0] == ["1"] and sorted(told[1:]) == [[f"new {key}"] for key in "abcd"]
