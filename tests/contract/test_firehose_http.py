"""Delivery to an HTTP endpoint: requests, answers, retries, and the bucket beside it."""

import gzip
import json
from base64 import b64decode

import pytest

from tests.contract.firehose_box import ACCOUNT, ARN, FUNCTION, REGION, Box, refusal
from tests.contract.http_endpoint import Endpoint
from tests.contract.lambda_code import made
from tests.contract.test_firehose_processing import FAST, OBEDIENT

HINTS = {"SizeInMBs": 1, "IntervalInSeconds": 60}
INVALID = "InvalidArgumentException"


def accept(asked):
    document = json.loads(asked.body)
    return 200, {}, json.dumps({"requestId": document["requestId"], "timestamp": document["timestamp"]})


@pytest.fixture
def box(aws, cloud):
    return Box(aws, cloud)


@pytest.fixture
def sink():
    with Endpoint(accept) as it:
        yield it


@pytest.fixture
def make(box, sink):
    """Makes a stream with the endpoint as its destination."""

    def create(configuration=None, **settings):
        destination = {
            "EndpointConfiguration": {"Url": f"{sink.url}/in?a=b", "Name": "ours", **(configuration or {})},
            "S3Configuration": box.settings(BufferingHints=HINTS), "BufferingHints": HINTS, "RoleARN": box.role,
            **settings,
        }  # fmt: skip
        created = box.firehose.create_delivery_stream(
            DeliveryStreamName="events", HttpEndpointDestinationConfiguration=destination
        )
        return created["DeliveryStreamARN"]

    return create


def data_of(asked):
    return [b64decode(record["data"]) for record in asked.document["records"]]


# What is refused


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"BufferingHints": {"SizeInMBs": 65, "IntervalInSeconds": 60}}, "less than or equal to 64"),
        ({"RetryOptions": {"DurationInSeconds": 7201}}, "less than or equal to 7200"),
        ({"EndpointConfiguration": {"Url": "ftp://localhost"}}, "regular expression pattern"),
        ({"SecretsManagerConfiguration": {"Enabled": True}}, "Invalid secret ARN: null"),
        (
            {"RequestConfiguration": {"CommonAttributes": [{"AttributeName": "a", "AttributeValue": "b"}] * 2}},
            "Http Endpoint Common Attributes have duplicate name a",
        ),
        ({"S3BackupMode": "Enabled"}, "enum value set"),
    ],
)
def test_an_endpoint_must_make_sense(make, settings, words):
    code, message = refusal(make, **settings)
    assert code in (INVALID, "ValidationException") and words in message


# What is done


def test_records_arrive_in_a_request(box, make, sink, cloud):
    make({"AccessKey": "secret"})
    box.put(b"one", b"two\xff")
    cloud.clock.advance(61)
    [asked] = sink.asked
    assert (asked.method, asked.path, data_of(asked)) == ("POST", "/in?a=b", [b"one", b"two\xff"])
    document, headers = asked.document, asked.headers
    assert set(document) == {"requestId", "timestamp", "records"} and isinstance(document["timestamp"], int)
    assert headers["x-amz-firehose-request-id"] == document["requestId"]
    assert headers["x-amz-firehose-protocol-version"] == "1.0"
    assert headers["x-amz-firehose-source-arn"] == f"{ARN}events"
    assert headers["x-amz-firehose-access-key"] == "secret"
    assert headers["content-type"] == "application/json" and "content-encoding" not in headers
    assert "x-amz-firehose-common-attributes" not in headers
    assert box.names() == []


def test_attributes_go_with_every_request(box, make, sink, cloud):
    make(RequestConfiguration={"CommonAttributes": [{"AttributeName": "team", "AttributeValue": "blue"}]})
    box.put(b"one")
    cloud.clock.advance(61)
    common = json.loads(sink.asked[0].headers["x-amz-firehose-common-attributes"])
    assert common == {"commonAttributes": {"team": "blue"}}
    assert "x-amz-firehose-access-key" not in sink.asked[0].headers


def test_requests_can_be_compressed(box, make, cloud):
    with Endpoint(accept, charset="latin-1") as sink:
        make({"Url": sink.url}, RequestConfiguration={"ContentEncoding": "GZIP"})
        sink.answer = lambda asked: (413, {}, "")
        box.put(b"one")
        cloud.clock.advance(61)
        [asked] = sink.asked
    document = json.loads(gzip.decompress(asked.body.encode("latin-1")))
    assert b64decode(document["records"][0]["data"]) == b"one"
    assert asked.headers["content-encoding"] == "gzip"


def test_a_stream_shows_its_endpoint_without_the_key(box, make, sink):
    make({"AccessKey": "secret"})
    [destination] = box.describe()["Destinations"]
    assert set(destination) == {"DestinationId", "HttpEndpointDestinationDescription"}
    shown = destination["HttpEndpointDestinationDescription"]
    assert shown.pop("S3DestinationDescription")["BucketARN"] == "arn:aws:s3:::lake"
    assert shown == {
        "EndpointConfiguration": {"Url": f"{sink.url}/in?a=b", "Name": "ours"}, "RoleARN": box.role,
        "BufferingHints": HINTS, "CloudWatchLoggingOptions": {"Enabled": False},
        "RequestConfiguration": {"ContentEncoding": "NONE", "CommonAttributes": []},
        "RetryOptions": {"DurationInSeconds": 300}, "S3BackupMode": "FailedDataOnly",
        "SecretsManagerConfiguration": {"Enabled": False},
        "ProcessingConfiguration": {"Enabled": False, "Processors": []},
    }  # fmt: skip


def test_the_key_can_lie_in_a_secret(box, make, sink, cloud, aws):
    secret = aws("secretsmanager").create_secret(Name="key", SecretString='{"api_key": "from the safe"}')["ARN"]
    make(SecretsManagerConfiguration={"Enabled": True, "SecretARN": secret, "RoleARN": box.role})
    box.put(b"one")
    cloud.clock.advance(61)
    assert sink.asked[0].headers["x-amz-firehose-access-key"] == "from the safe"


def test_a_function_transforms_records_on_their_way(box, make, sink, cloud, aws):
    made(aws, "transform", OBEDIENT)
    parameters = {"LambdaArn": f"{FUNCTION}transform", **FAST}
    listed = [{"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()]
    make(ProcessingConfiguration={"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": listed}]})
    box.put(b"one", b"fail")
    cloud.clock.advance(100)
    cloud.settle()
    assert data_of(sink.asked[0]) == [b"ONE"]
    assert [b64decode(told["rawData"]) for told in box.failed("processing-failed/")] == [b"fail"]


def test_all_records_can_go_into_the_bucket_too(box, make, sink, cloud):
    make(S3BackupMode="AllData")
    box.put(b"one", b"two")
    cloud.clock.advance(61)
    assert data_of(sink.asked[0]) == [b"one", b"two"]
    assert box.bodies() == [b"onetwo"]


def test_the_endpoint_can_be_changed(box, make, sink, cloud):
    make({"AccessKey": "old"})
    with Endpoint(accept) as other:
        box.firehose.update_destination(
            DeliveryStreamName="events", CurrentDeliveryStreamVersionId="1",
            DestinationId="destinationId-000000000001",
            HttpEndpointDestinationUpdate={
                "EndpointConfiguration": {"Url": other.url, "AccessKey": "new"}, "S3Update": {"Prefix": "left/"},
            },
        )  # fmt: skip
        box.put(b"one")
        cloud.clock.advance(61)
        assert data_of(other.asked[0]) == [b"one"] and sink.asked == []
        assert other.asked[0].headers["x-amz-firehose-access-key"] == "new"
    shown = box.describe()["Destinations"][0]["HttpEndpointDestinationDescription"]
    assert shown["S3DestinationDescription"]["Prefix"] == "left/"
    assert shown["S3DestinationDescription"]["BucketARN"] == "arn:aws:s3:::lake"


def test_a_destination_may_become_another_one(box, make, sink, cloud):
    make()
    assert refusal(box.update, Prefix="a/")[0] == INVALID
    box.update(**box.settings(Prefix="a/"))
    box.put(b"one")
    cloud.clock.advance(301)
    assert box.bodies() == [b"one"] and sink.asked == []


# What happens next


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ((500, {}, "no"), "HttpEndpoint.DestinationException", "Received the following response from the endpoint"),
        ((200, {}, ""), "HttpEndpoint.InvalidResponseFromDestination", "is invalid"),
        ((200, {}, '{"requestId": "x"}'), "HttpEndpoint.InvalidResponseFromDestination", "is invalid"),
    ],
)
def test_what_is_not_accepted_is_sent_again_and_laid_aside_at_last(box, make, sink, cloud, answer, code, words):
    sink.answer = lambda asked: answer
    make(RetryOptions={"DurationInSeconds": 10}, CloudWatchLoggingOptions=box.log())
    box.put(b"one", b"two")
    cloud.clock.advance(61 + 20)
    assert len({asked.document["requestId"] for asked in sink.asked}) == 1
    assert len(sink.asked) == 4  # after 1, 2 and 4 seconds; the next would be too late
    cloud.clock.advance(61)
    told = box.failed("http-endpoint-failed/20")
    assert [b64decode(one["rawData"]) for one in told] == [b"one", b"two"]
    assert list(told[0]) == [
        "attemptsMade", "arrivalTimestamp", "errorCode", "errorMessage", "attemptEndingTimestamp", "rawData",
        "subsequenceNumber", "dataId",
    ]  # fmt: skip
    assert (told[0]["attemptsMade"], told[0]["errorCode"]) == (4, code) and words in told[0]["errorMessage"]
    assert [one["errorCode"] for one in box.logged()] == [code] * 4
    assert box.logged()[0]["destination"] == f"{sink.url}/in?a=b"


def test_an_endpoint_that_comes_back_gets_the_records(box, make, sink, cloud):
    answers = [(503, {}, ""), (429, {}, "")]
    sink.answer = lambda asked: answers.pop() if answers else accept(asked)
    make()
    box.put(b"one")
    cloud.clock.advance(70)
    assert len(sink.asked) == 3
    cloud.clock.advance(1000)
    assert len(sink.asked) == 3 and box.names() == []


def test_what_is_too_large_is_not_sent_again(box, make, sink, cloud):
    sink.answer = lambda asked: (413, {}, "")
    make()
    box.put(b"one")
    cloud.clock.advance(130)
    assert len(sink.asked) == 1
    assert [told["attemptsMade"] for told in box.failed("http-endpoint-failed/")] == [1]


def test_an_endpoint_that_is_not_there_is_told_of(box, cloud, make, sink):
    make({"Url": "http://127.0.0.1:1/"}, RetryOptions={"DurationInSeconds": 0})
    box.put(b"one")
    cloud.clock.advance(130)
    [told] = box.failed("http-endpoint-failed/")
    assert told["errorCode"] == "HttpEndpoint.ConnectionFailed"


@pytest.mark.parametrize("kept", [None, {"SecretString": "key"}, {"SecretString": "[1]"}, {"SecretBinary": b"key"}])
def test_a_secret_that_cannot_be_read_holds_the_records(box, make, sink, cloud, aws, kept):
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:none-abcdef"
    if kept:
        secret = aws("secretsmanager").create_secret(Name="odd", **kept)["ARN"]
    make(SecretsManagerConfiguration={"Enabled": True, "SecretARN": secret, "RoleARN": box.role})
    box.put(b"one")
    cloud.clock.advance(61)
    assert sink.asked == []
    box.firehose.update_destination(
        DeliveryStreamName="events", CurrentDeliveryStreamVersionId="1", DestinationId="destinationId-000000000001",
        HttpEndpointDestinationUpdate={"SecretsManagerConfiguration": {"Enabled": False}},
    )  # fmt: skip
    cloud.clock.advance(200)
    assert data_of(sink.asked[0]) == [b"one"]
