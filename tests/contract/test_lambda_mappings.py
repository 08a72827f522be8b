"""Lambda: event source mappings of queues."""

import json

import pytest

from tests.contract.lambda_code import ACCOUNT, PREFIX, REGION, execution_role, grant, made, refused, updated
from tests.contract.lambda_witness import LOGGING, records, seen, witness

INVALID, MISSING = "InvalidParameterValueException", "ResourceNotFoundException"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:work"
READING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


@pytest.fixture
def functions(aws):
    return aws("lambda")


@pytest.fixture
def sqs(aws):
    return aws("sqs")


@pytest.fixture
def queue(sqs):
    return sqs.create_queue(QueueName="work")["QueueUrl"]


def mapped(functions, cloud, name: str = "witness", source: str = QUEUE, **settings) -> str:
    """A mapping that is polling; its id."""
    made = functions.create_event_source_mapping(FunctionName=name, EventSourceArn=source, **settings)
    cloud.settle()
    return made["UUID"]


def send(sqs, queue, *bodies: str):
    for start in range(0, len(bodies), 10):
        entries = [{"Id": str(i), "MessageBody": body} for i, body in enumerate(bodies[start : start + 10])]
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)


def left(sqs, queue) -> tuple[int, int]:
    """How many messages are visible, and how many are hidden."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return int(found[names[0]]), int(found[names[1]])


# What is refused


def test_mappings_that_are_not_there(functions):
    ghost = "0" * 36
    gone = (MISSING, "The resource you requested does not exist.")
    assert refused(functions.get_event_source_mapping, UUID=ghost) == gone
    assert refused(functions.update_event_source_mapping, UUID=ghost) == gone
    assert refused(functions.delete_event_source_mapping, UUID=ghost) == gone
    assert functions.list_event_source_mappings()["EventSourceMappings"] == []


def test_a_role_that_may_not_read_the_queue(functions, aws, queue):
    made(aws, "echo", role=execution_role(aws))
    asked = {"FunctionName": "echo", "EventSourceArn": QUEUE}
    for count, action in enumerate(("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")):
        assert refused(functions.create_event_source_mapping, **asked) == (
            INVALID, f"The provided execution role does not have permissions to call {action} on SQS",
        )  # fmt: skip
        grant(aws, "worker", *READING[: count + 1])
    assert functions.create_event_source_mapping(**asked)["State"] == "Creating"


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"EventSourceArn": None}, INVALID, "Unrecognized event source."),
        ({"EventSourceArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t"}, INVALID, "must be kinesis, dynamodb stream or sqs."),
        ({"EventSourceArn": f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/c/1"}, "NotSupported", "service kafka"),
        (
            {"EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:no"},
            INVALID,
            "AWS.SimpleQueueService.NonExistentQueue",
        ),
        (
            {"EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:no:such"},
            INVALID,
            "AWS.SimpleQueueService.NonExistentQueue",
        ),
        ({"FunctionName": "ghost"}, INVALID, "Function does not exist"),
        ({"FunctionName": "witness:9"}, MISSING, f"Function not found: {PREFIX}witness:9"),
        ({"StartingPosition": "LATEST"}, INVALID, "StartingPosition is not valid for SQS event sources."),
        ({"BatchSize": 11}, INVALID, "Maximum batch window in seconds must be greater than 0 if maximum batch size is"),
        ({"BatchSize": 10_001}, "ValidationException", "less than or equal to 10000"),
        ({"ParallelizationFactor": 2}, INVALID, "Unsupported ParallelizationFactor parameter for given event source"),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{no"}]}}, INVALID, "Invalid filter pattern definition."),
        ({"ScalingConfig": {"MaximumConcurrency": 1}}, "ValidationException", "greater than or equal to 2"),
        ({"Topics": ["news"]}, "NotSupported", "Topics is not supported by Glasshouse yet"),
    ],
)
def test_mappings_that_cannot_be(functions, aws, queue, change, code, words):
    witness(aws, *READING)
    wanted = {"FunctionName": "witness", "EventSourceArn": QUEUE, **change}
    refusal = refused(
        functions.create_event_source_mapping, **{name: value for name, value in wanted.items() if value is not None}
    )
    assert refusal[0] == code and words in refusal[1]
    assert functions.list_event_source_mappings()["EventSourceMappings"] == []


def test_a_function_that_may_run_longer_than_messages_stay_hidden(functions, aws, queue):
    witness(aws, *READING, Timeout=60)
    assert refused(functions.create_event_source_mapping, FunctionName="witness", EventSourceArn=QUEUE) == (
        INVALID, "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds",
    )  # fmt: skip


def test_a_second_mapping_of_the_same(functions, aws, queue, cloud):
    witness(aws, *READING)
    first = mapped(functions, cloud)
    code, message = refused(functions.create_event_source_mapping, FunctionName="witness", EventSourceArn=QUEUE)
    assert code == "ResourceConflictException"
    assert message == (
        f'An event source mapping with SQS arn (" {QUEUE} ") and function (" witness ") already exists.'
        f" Please update or delete the existing mapping with UUID {first}"
    )


def test_a_fifo_queue_has_small_batches_at_once(functions, aws, sqs):
    witness(aws, *READING)
    sqs.create_queue(QueueName="work.fifo", Attributes={"FifoQueue": "true"})
    asked = {"FunctionName": "witness", "EventSourceArn": f"{QUEUE}.fifo"}
    assert "FIFO" in refused(functions.create_event_source_mapping, **asked, BatchSize=11)[1]
    assert refused(functions.create_event_source_mapping, **asked, MaximumBatchingWindowInSeconds=5) == (
        INVALID, "Batching window is not supported for FIFO queues",
    )  # fmt: skip


# What is done


def test_a_mapping_goes_through_its_states(functions, aws, queue, cloud):
    witness(aws, *READING)
    made = functions.create_event_source_mapping(
        FunctionName="witness", EventSourceArn=QUEUE, FunctionResponseTypes=["ReportBatchItemFailures"],
        ScalingConfig={"MaximumConcurrency": 2}, Tags={"team": "blue"}, MetricsConfig={"Metrics": ["EventCount"]},
    )  # fmt: skip
    assert made.pop("ResponseMetadata")["HTTPStatusCode"] == 202
    uuid, changed = made.pop("UUID"), made.pop("LastModified")
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{uuid}"
    assert made == {
        "BatchSize": 10, "MaximumBatchingWindowInSeconds": 0, "EventSourceArn": QUEUE, "State": "Creating",
        "FunctionArn": f"{PREFIX}witness", "StateTransitionReason": "USER_INITIATED", "EventSourceMappingArn": arn,
        "FunctionResponseTypes": ["ReportBatchItemFailures"], "ScalingConfig": {"MaximumConcurrency": 2},
        "MetricsConfig": {"Metrics": ["EventCount"]},
    }  # fmt: skip
    cloud.settle()
    assert functions.list_tags(Resource=arn)["Tags"] == {"team": "blue"}
    shown = functions.get_event_source_mapping(UUID=uuid)
    assert (shown["State"], shown["LastModified"]) == ("Enabled", changed)
    for change, state, then in (
        ({"BatchSize": 5}, "Updating", "Enabled"),
        ({"Enabled": False}, "Disabling", "Disabled"),
        ({"BatchSize": 7}, "Updating", "Disabled"),
        ({"Enabled": True}, "Enabling", "Enabled"),
    ):
        assert functions.update_event_source_mapping(UUID=uuid, **change)["State"] == state
        cloud.settle()
        assert functions.get_event_source_mapping(UUID=uuid)["State"] == then
    assert functions.get_event_source_mapping(UUID=uuid)["BatchSize"] == 7
    assert functions.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    cloud.settle()
    assert refused(functions.get_event_source_mapping, UUID=uuid)[0] == MISSING
    assert cloud.run(lambda: cloud.cloud.tags.of(arn)) == {}


def test_mappings_are_listed_by_function_and_by_source(functions, aws, sqs, queue, cloud):
    witness(aws, *READING)
    other = made(aws, "other", role=execution_role(aws, "worker", *READING))["FunctionArn"]
    sqs.create_queue(QueueName="more")
    one, two = mapped(functions, cloud), mapped(functions, cloud, "other")
    three = mapped(functions, cloud, other, f"arn:aws:sqs:{REGION}:{ACCOUNT}:more", Enabled=False)

    def listed(**asked) -> set[str]:
        return {each["UUID"] for each in functions.list_event_source_mappings(**asked)["EventSourceMappings"]}

    assert listed() == {one, two, three}
    assert listed(FunctionName="other") == listed(FunctionName=other) == {two, three}
    assert listed(EventSourceArn=QUEUE) == {one, two}
    assert listed(EventSourceArn=QUEUE, FunctionName="other") == {two}
    page = functions.list_event_source_mappings(MaxItems=2)
    assert len(page["EventSourceMappings"]) == 2
    assert len(functions.list_event_source_mappings(Marker=page["NextMarker"])["EventSourceMappings"]) == 1
    assert functions.get_event_source_mapping(UUID=three)["State"] == "Disabled"


def test_messages_reach_the_function_as_an_event(functions, aws, sqs, queue, cloud):
    witness(aws, *READING)
    mapped(functions, cloud)
    carried = {
        "kind": {"DataType": "String", "StringValue": "note"}, "raw": {"DataType": "Binary", "BinaryValue": b"\0\1"},
    }  # fmt: skip
    sent = sqs.send_message(QueueUrl=queue, MessageBody="hello", MessageAttributes=carried)
    (event,) = seen(aws, cloud)
    (record,) = event["Records"]
    assert record.pop("receiptHandle")
    attributes = record.pop("attributes")
    assert attributes["ApproximateReceiveCount"] == "1" and attributes["SenderId"] == ACCOUNT
    assert {"SentTimestamp", "ApproximateFirstReceiveTimestamp"} < set(attributes)
    lists = {"stringListValues": [], "binaryListValues": []}
    assert record == {
        "messageId": sent["MessageId"], "body": "hello", "md5OfBody": sent["MD5OfMessageBody"],
        "md5OfMessageAttributes": sent["MD5OfMessageAttributes"], "eventSource": "aws:sqs", "eventSourceARN": QUEUE,
        "awsRegion": REGION,
        "messageAttributes": {
            "kind": {"stringValue": "note", "dataType": "String", **lists},
            "raw": {"binaryValue": "AAE=", "dataType": "Binary", **lists},
        },
    }  # fmt: skip
    assert left(sqs, queue) == (0, 0)


# What happens next


def test_what_fails_comes_back_when_its_time_is_over(functions, aws, sqs, queue, cloud):
    witness(aws, *READING)
    sqs.create_queue(QueueName="dead")
    redrive = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead", "maxReceiveCount": 2}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": json.dumps(redrive)})
    uuid = mapped(functions, cloud)
    send(sqs, queue, "fail", "good")
    assert [sorted(batch) for batch in records(seen(aws, cloud))] == [["fail", "good"]]
    assert left(sqs, queue) == (0, 2)
    assert functions.get_event_source_mapping(UUID=uuid)["LastProcessingResult"] == "PROBLEM: Function call failed"
    cloud.clock.advance(31)
    assert len(seen(aws, cloud)) == 2
    cloud.clock.advance(31)
    assert len(seen(aws, cloud)) == 2 and left(sqs, queue) == (0, 0)
    assert left(sqs, sqs.get_queue_url(QueueName="dead")["QueueUrl"]) == (2, 0)


def test_only_what_was_reported_comes_back(functions, aws, sqs, queue, cloud):
    witness(aws, *READING)
    mapped(functions, cloud, FunctionResponseTypes=["ReportBatchItemFailures"])
    send(sqs, queue, "a", "late", "b")
    assert [sorted(batch) for batch in records(seen(aws, cloud))] == [["a", "b", "late"]]
    assert left(sqs, queue) == (0, 1)
    cloud.clock.advance(31)
    assert records(seen(aws, cloud))[1:] == [["late"]]


def test_a_batch_is_gathered_for_a_while(functions, aws, sqs, queue, cloud):
    witness(aws, *READING)
    mapped(functions, cloud, BatchSize=25, MaximumBatchingWindowInSeconds=20)
    send(sqs, queue, *map(str, range(12)))
    assert seen(aws, cloud) == []
    cloud.clock.advance(21)
    assert [len(batch) for batch in records(seen(aws, cloud))] == [12]
    send(sqs, queue, *map(str, range(30)))
    assert [len(batch) for batch in records(seen(aws, cloud))] == [12, 25]
    cloud.clock.advance(21)
    assert [len(batch) for batch in records(seen(aws, cloud))] == [12, 25, 5]


def test_what_no_filter_wants_is_deleted_unseen(functions, aws, sqs, queue, cloud):
    witness(aws, *READING)
    wanted = [{"Pattern": json.dumps({"body": {"kind": ["order"], "total": [{"numeric": [">", 10]}]}})}]
    mapped(functions, cloud, FilterCriteria={"Filters": wanted})
    fit = json.dumps({"kind": "order", "total": 11})
    send(sqs, queue, json.dumps({"kind": "order", "total": 1}), fit, "no JSON", json.dumps({"kind": "note"}))
    assert records(seen(aws, cloud)) == [[fit]] and left(sqs, queue) == (0, 0)


def test_what_passes_is_counted_for_who_asks(functions, aws, sqs, queue, cloud):
    witness(aws, *READING)
    wanted = {"Filters": [{"Pattern": json.dumps({"body": ["yes"]})}]}
    uuid = mapped(functions, cloud, FilterCriteria=wanted, MetricsConfig={"Metrics": ["EventCount"]})
    send(sqs, queue, "yes", "no", "yes")
    cloud.settle()
    end = cloud.clock.now()
    counted = {}
    for name in ("PolledEventCount", "FilteredOutEventCount", "InvokedEventCount", "DeletedEventCount"):
        found = aws("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda", MetricName=name, Dimensions=[{"Name": "EventSourceMappingUUID", "Value": uuid}],
            StartTime=end - 300, EndTime=end + 60, Period=60, Statistics=["Sum"],
        )  # fmt: skip
        counted[name] = sum(one["Sum"] for one in found["Datapoints"])
    assert counted == {
        "PolledEventCount": 3, "FilteredOutEventCount": 1, "InvokedEventCount": 2, "DeletedEventCount": 2,
    }  # fmt: skip


def test_groups_of_a_fifo_queue_go_in_order(functions, aws, sqs, cloud):
    witness(aws, *READING)
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    queue = sqs.create_queue(QueueName="work.fifo", Attributes=attributes)["QueueUrl"]
    mapped(functions, cloud, source=f"{QUEUE}.fifo", BatchSize=1)
    for body in ("1", "2", "3"):
        sqs.send_message(QueueUrl=queue, MessageBody=body, MessageGroupId="g")
    events = seen(aws, cloud)
    assert records(events) == [["1"], ["2"], ["3"]]
    assert events[0]["Records"][0]["attributes"]["MessageGroupId"] == "g"


def test_a_mapping_that_is_disabled_leaves_messages_alone(functions, aws, sqs, queue, cloud):
    witness(aws, *READING)
    uuid = mapped(functions, cloud, Enabled=False)
    send(sqs, queue, "wait")
    assert seen(aws, cloud) == [] and left(sqs, queue) == (1, 0)
    functions.update_event_source_mapping(UUID=uuid, Enabled=True)
    assert records(seen(aws, cloud)) == [["wait"]]
    functions.update_event_source_mapping(UUID=uuid, Enabled=False)
    cloud.settle()
    send(sqs, queue, "too late")
    assert len(seen(aws, cloud)) == 1


def test_a_permission_that_is_taken_away_is_told_of(functions, aws, sqs, queue, cloud):
    witness(aws, *READING)
    uuid = mapped(functions, cloud)
    grant(aws, "witness-role", *LOGGING)
    send(sqs, queue, "one")
    assert seen(aws, cloud) == []
    problem = functions.get_event_source_mapping(UUID=uuid)["LastProcessingResult"]
    assert problem.startswith("PROBLEM: ") and "is not authorized to perform: sqs:ReceiveMessage" in problem
    grant(aws, "witness-role", *LOGGING, *READING)
    cloud.clock.advance(20)
    assert records(seen(aws, cloud)) == [["one"]]


def test_an_alias_is_followed(functions, aws, sqs, queue, cloud):
    witness(aws, *READING, Publish=True)
    functions.create_alias(FunctionName="witness", Name="live", FunctionVersion="1")
    uuid = mapped(functions, cloud, "witness:live")
    assert functions.get_event_source_mapping(UUID=uuid)["FunctionArn"] == f"{PREFIX}witness:live"
    functions.update_function_configuration(FunctionName="witness", Handler="app.ghost")
    updated(functions, "witness")
    send(sqs, queue, "hello")
    assert records(seen(aws, cloud)) == [["hello"]]
