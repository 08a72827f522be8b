"""Processing: records transformed by a function, decompressed, taken apart; and those that fail."""

import json
from base64 import b64decode

import pytest

from tests.contract.firehose_box import ACCOUNT, ARN, FUNCTION, Box, log_data, refusal
from tests.contract.lambda_code import made

# Does what each record asks for: upper-case it, drop it, fail it, forget it, return it twice, or return something else.
OBEDIENT = """
from base64 import b64decode, b64encode

def handler(event, context):
    print(event)
    made = []
    for record in event["records"]:
        text = b64decode(record["data"]).decode()
        answer = {"recordId": record["recordId"], "result": "Ok", "data": b64encode(text.upper().encode()).decode()}
        if text == "raise":
            raise ValueError(text)
        if text == "drop":
            answer = {"recordId": record["recordId"], "result": "Dropped"}
        if text == "fail":
            answer["result"] = "ProcessingFailed"
        if text == "odd":
            answer["result"] = "ok"
        if text == "empty":
            del answer["data"]
        if text == "raw":
            answer["data"] = "!"
        if text != "forget":
            made.append(answer)
        if text == "twice":
            made.append(answer)
    return {"records": made}
"""
# Writes what it is invoked with into its answer.
MIRROR = """
import json
from base64 import b64encode

def handler(event, context):
    told = b64encode(json.dumps(event).encode()).decode()
    return {"records": [{"recordId": one["recordId"], "result": "Ok", "data": told} for one in event["records"]]}
"""
FAST = {"BufferSizeInMBs": "1", "BufferIntervalInSeconds": "10"}


@pytest.fixture
def box(aws, cloud):
    return Box(aws, cloud)


@pytest.fixture
def transformed(box, aws):
    """Makes a stream whose records go through a function."""

    def make(text=OBEDIENT, parameters=FAST, **settings):
        made(aws, "transform", text)
        function = ("Lambda", {"LambdaArn": f"{FUNCTION}transform", **parameters})
        box.processed(function, **{"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60}, **settings})

    return make


def settle(cloud, seconds=75):
    cloud.clock.advance(seconds)
    cloud.settle()


# What is refused


def test_a_stream_that_decompresses_takes_records_from_services_only(box):
    box.processed(("Decompression", {"CompressionFormat": "GZIP"}))
    assert refusal(box.put, log_data("a")) == (
        "InvalidSourceException",
        "Only requests from CloudWatch Logs are supported when CloudWatch Logs decompression is enabled.",
    )


# What is done


def test_a_function_transforms_records(box, cloud, transformed):
    transformed()
    box.put(b"one", b"drop", b"two")
    settle(cloud)
    assert box.bodies() == [b"ONETWO"]


def test_a_function_is_invoked_with_what_aws_says(box, cloud, transformed):
    transformed(MIRROR)
    cloud.clock.freeze()
    begun = int(cloud.clock.now() * 1000)
    box.put(b"one", b"two")
    settle(cloud)
    [body] = box.bodies()
    event, _ = json.JSONDecoder().raw_decode(body.decode())
    assert set(event) == {"invocationId", "deliveryStreamArn", "region", "records"}
    assert (event["deliveryStreamArn"], event["region"]) == (f"{ARN}events", "eu-west-1")
    first, second = event["records"]
    assert set(first) == {"recordId", "approximateArrivalTimestamp", "data"}
    assert (b64decode(first["data"]), b64decode(second["data"])) == (b"one", b"two")
    assert first["approximateArrivalTimestamp"] == begun
    assert first["recordId"] != second["recordId"] and len(first["recordId"]) == 62
    assert first["recordId"].endswith("000000")


def test_records_wait_for_the_function_first(box, cloud, transformed):
    transformed()
    cloud.clock.freeze()
    box.put(b"one")
    cloud.clock.advance(9)
    box.put(b"two")
    cloud.clock.advance(60)
    assert box.names() == []
    cloud.clock.advance(2)
    assert box.bodies() == [b"ONETWO"]


def test_enough_records_do_not_wait(box, cloud, transformed):
    transformed(parameters={"BufferSizeInMBs": "0.2", "BufferIntervalInSeconds": "900"})
    box.put(b"x" * 209_716, b"y")
    settle(cloud, 61)
    assert box.bodies() == [b"X" * 209_716]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (b"fail", "Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record"),
        (b"forget", "Lambda.MissingRecordId", "One or more record Ids were not returned."),
        (b"twice", "Lambda.DuplicatedRecordId", "Multiple records were returned with the same record Id."),
        (b"empty", "Lambda.InvalidReturnFormat", "The data field cannot be null"),
        (b"odd", "Lambda.JsonProcessingException", "There was an error parsing returned records"),
        (b"raw", "Lambda.JsonProcessingException", "There was an error parsing returned records"),
    ],
)
def test_a_record_that_fails_is_laid_aside(box, cloud, transformed, text, code, words):
    transformed(Prefix="data/", CloudWatchLoggingOptions=box.log())
    box.put(b"one", text)
    settle(cloud)
    failed, delivered = box.names()[1], box.names()[0]
    assert box.read(delivered) == b"ONE" and failed.startswith("data/processing-failed/20")
    [told] = box.failed("data/processing-failed/")
    assert list(told) == [
        "rawData", "errorCode", "errorMessage", "attemptsMade", "arrivalTimestamp", "attemptEndingTimestamp",
        "lambdaARN",
    ]  # fmt: skip
    assert (b64decode(told["rawData"]), told["errorCode"], told["attemptsMade"]) == (text, code, 1)
    assert told["errorMessage"].startswith(words) and told["lambdaARN"] == f"{FUNCTION}transform"
    assert told["arrivalTimestamp"] <= told["attemptEndingTimestamp"]
    [logged] = box.logged()
    assert (logged["errorCode"], logged["processor"]) == (code, f"{FUNCTION}transform")


def test_an_answer_without_records_fails_them_all(box, cloud, transformed):
    transformed("def handler(event, context):\n    return 'records'\n", ErrorOutputPrefix="errors/")
    box.put(b"one", b"two")
    settle(cloud)
    assert [told["errorCode"] for told in box.failed("errors/processing-failed/")] == ["Lambda.MissingRecordId"] * 2


def test_a_function_that_fails_is_tried_four_times(box, cloud, transformed):
    error_prefix = "bad/!{firehose:error-output-type}/!{timestamp:yyyy}/"
    transformed(ErrorOutputPrefix=error_prefix, CloudWatchLoggingOptions=box.log())
    box.put(b"one", b"raise")
    settle(cloud)
    assert len(box.names()) == 1
    told = box.failed("bad/processing-failed/20")
    assert [b64decode(one["rawData"]) for one in told] == [b"one", b"raise"]
    assert {(one["errorCode"], one["attemptsMade"]) for one in told} == {("Lambda.FunctionError", 4)}
    assert [one["errorCode"] for one in box.logged()] == ["Lambda.FunctionError"] * 4


def test_how_often_it_is_tried_can_be_said(box, cloud, transformed):
    transformed(parameters={"NumberOfRetries": "0", **FAST})
    box.put(b"raise")
    settle(cloud)
    assert [one["attemptsMade"] for one in box.failed()] == [1]


def test_a_function_that_is_not_there_fails_records(box, cloud):
    box.processed(("Lambda", {"LambdaArn": f"{FUNCTION}none", **FAST}))
    box.put(b"one")
    settle(cloud, 400)
    assert [one["errorCode"] for one in box.failed()] == ["Lambda.ResourceNotFound"]


def test_the_role_must_be_allowed_to_invoke(box, cloud, transformed):
    transformed(RoleARN=box.new_role("weak", "s3:*"))
    box.put(b"one")
    settle(cloud)
    assert [one["errorCode"] for one in box.failed()] == ["Lambda.InvokeAccessDenied"]


def test_the_role_must_trust_the_service(box, cloud, transformed):
    role = box.new_role("stranger", "lambda:*", service="lambda.amazonaws.com")
    transformed(parameters={"RoleArn": role, **FAST})
    box.put(b"one")
    settle(cloud)
    assert [one["errorCode"] for one in box.failed()] == ["Lambda.AssumeRoleAccessDenied"]


def test_source_records_are_backed_up_as_they_came(box, cloud, transformed):
    backup = box.settings(Prefix="source/", BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 60})
    transformed(Prefix="made/", S3BackupMode="Enabled", S3BackupConfiguration=backup)
    box.put(b"one", b"drop")
    settle(cloud)
    made_key, source_key = box.names()
    assert (box.read(made_key), box.read(source_key)) == (b"ONE", b"onedrop")


def test_a_delimiter_comes_last(box, cloud, aws):
    made(aws, "transform", OBEDIENT)
    function = ("Lambda", {"LambdaArn": f"{FUNCTION}transform", **FAST})
    box.processed(("AppendDelimiterToRecord", {}), function)
    box.put(b"one", b"two")
    settle(cloud, 400)
    assert box.bodies() == [b"ONE\nTWO\n"]


def test_batches_keep_their_order(box, cloud, transformed):
    hints = {"SizeInMBs": 5, "IntervalInSeconds": 60}
    transformed(parameters={"BufferSizeInMBs": "0.2", "BufferIntervalInSeconds": "1"}, BufferingHints=hints)
    for number in range(6):
        box.put(b"%d" % number + b"x" * 220_000)
    settle(cloud)
    [whole] = box.bodies()
    assert [whole[start : start + 1] for start in range(0, len(whole), 220_001)] == [b"%d" % n for n in range(6)]


def logs_into(box, aws, name="events"):
    """A log group whose events go into the stream."""
    logs = aws("logs")
    logs.create_log_group(logGroupName="app")
    logs.create_log_stream(logGroupName="app", logStreamName="s")
    role = box.new_role("logs", "firehose:*", service="logs.amazonaws.com")
    logs.put_subscription_filter(
        logGroupName="app", filterName="all", filterPattern="", destinationArn=ARN + name, roleArn=role
    )
    return lambda *texts: logs.put_log_events(
        logGroupName="app", logStreamName="s",
        logEvents=[{"timestamp": int(box.cloud.clock.now() * 1000), "message": text} for text in texts],
    )  # fmt: skip


def documents(body):
    decoder, text, found = json.JSONDecoder(), body.decode(), []
    while text:
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:].lstrip()
    return found


def test_log_events_are_decompressed(box, aws, cloud):
    box.processed(("Decompression", {"CompressionFormat": "GZIP"}))
    write = logs_into(box, aws)
    write("one", "two")
    settle(cloud, 400)
    [body] = box.bodies()
    control, batch = documents(body)
    assert control["messageType"] == "CONTROL_MESSAGE" and batch["owner"] == ACCOUNT
    assert [event["message"] for event in batch["logEvents"]] == ["one", "two"]


def test_messages_alone_can_be_had(box, aws, cloud):
    extraction = ("CloudWatchLogProcessing", {"DataMessageExtraction": "True"})
    box.processed(("Decompression", {"CompressionFormat": "GZIP"}), extraction)
    write = logs_into(box, aws)
    write("one", "two")
    settle(cloud, 400)
    assert box.bodies()[0].splitlines()[1:] == [b"one", b"two"]


def test_what_cannot_be_decompressed_is_laid_aside(box, aws, cloud):
    box.processed(("Decompression", {"CompressionFormat": "GZIP"}))
    role = box.new_role("sns", "firehose:*", service="sns.amazonaws.com")
    topic = aws("sns").create_topic(Name="t")["TopicArn"]
    attributes = {"SubscriptionRoleArn": role, "RawMessageDelivery": "true"}
    aws("sns").subscribe(TopicArn=topic, Protocol="firehose", Endpoint=f"{ARN}events", Attributes=attributes)
    aws("sns").publish(TopicArn=topic, Message="plain")
    settle(cloud, 400)
    [told] = box.failed("decompression-failed/")
    assert b64decode(told["rawData"]) == b"plain\n" and "lambdaARN" not in told


# What happens next


def test_a_function_that_comes_late_transforms_what_waits(box, aws, cloud):
    box.processed(("Lambda", {"LambdaArn": f"{FUNCTION}transform", **FAST}))
    box.put(b"one")
    made(aws, "transform", OBEDIENT)
    settle(cloud, 400)
    assert box.bodies() == [b"ONE"]


def test_processing_can_be_switched_off_and_on(box, cloud, transformed):
    transformed()
    box.update(ProcessingConfiguration={"Enabled": False})
    box.put(b"one")
    settle(cloud)
    assert box.bodies() == [b"one"]
    parameters = [{"ParameterName": "LambdaArn", "ParameterValue": f"{FUNCTION}transform"}]
    box.update(ProcessingConfiguration={"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": parameters}]})
    box.put(b"two")
    settle(cloud, 130)
    assert sorted(box.bodies()) == [b"TWO", b"one"]


def test_a_stream_that_goes_takes_along_what_is_being_processed(box, cloud, transformed):
    transformed()
    box.put(b"one")
    box.firehose.delete_delivery_stream(DeliveryStreamName="events")
    settle(cloud, 400)
    assert box.names() == []
