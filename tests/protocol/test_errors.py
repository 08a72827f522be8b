"""The errors we write, botocore's client reads: every error shape of every service, and errors no model knows."""

import json

import pytest

from glasshouse.core.errors import InternalFailure, ServiceError, ValidationException
from glasshouse.protocol import model, wire
from glasshouse.protocol.http import Response
from tests.protocol import client
from tests.protocol.drawing import pruned, whole

REQUEST_ID = "4f8b2c1d"
XML = ("query", "ec2", "rest-xml")


def raised(name: str, message: str = "what went wrong", **members) -> ServiceError:
    return type(name, (ServiceError,), {})(message, **members)


def answer(service: str, protocol: str, error: ServiceError, operation: str | None = None) -> Response:
    operation = operation or model.service(service).operation_names[0]
    return wire.codec(service, protocol).serialize_error(model.operation(service, operation), error, REQUEST_ID)


def expected_code(service: str, protocol: str, shape) -> str:
    """The code of the shape's trait where the protocol tells it, else the shape's name."""
    ours = model.service(service)
    coded = protocol in ("query", "ec2", "rest-xml") or ours.is_query_compatible
    return ours.error_shape(shape.name).traits.get("error", {}).get("code", shape.name) if coded else shape.name


class Reading:
    """Writes errors of one shape, and compares what the client reads."""

    def __init__(self, service: str, protocol: str, shape):
        self.service, self.protocol, self.shape = service, protocol, shape
        self.messages = [name for name in shape.members if name.lower() in ("message", "errormessage")]
        traits = model.service(service).error_shape(shape.name).traits
        fault = 500 if traits.get("fault") else 400
        self.status = traits.get("error", {}).get("httpStatusCode", fault)
        self.always = traits.get("error", {}).get("queryMessage") if protocol == "query" else None

    def check(self, members: dict, message: str):
        members = {name: value for name, value in members.items() if name not in self.messages}
        response = answer(self.service, self.protocol, raised(self.shape.name, message, **members))
        read, message = client.parse(self.protocol, response, None), self.always or message
        assert read["Error"]["Code"] == expected_code(self.service, self.protocol, self.shape)
        assert (read["Error"].get("Message") or "") == message
        assert response.status == self.status
        told = [name for name in self.messages[:1] if self.protocol not in XML or name == "Message"]  # as XML calls it
        modelled = client.parse(self.protocol, response, self.shape)
        assert pruned(modelled) == pruned({**members, **dict.fromkeys(told, message)})


@pytest.mark.parametrize(("service", "protocol"), client.spoken())
def test_every_modelled_error_is_read_as_it_was_meant(service, protocol):
    texts = ["what & <went> wrong é", "x"] if protocol in XML else ["", '\x00 \u2028 "é"', "x"]
    for shape in client.service(service, protocol).error_shapes:
        check = Reading(service, protocol, shape).check
        for text in texts:
            check(whole(shape), text)
        check({}, "x")


@pytest.mark.parametrize(("service", "protocol"), client.spoken())
def test_an_error_no_model_knows_keeps_its_name_and_status(service, protocol):
    unavailable = raised("SomethingUnavailable", "x & <y>")
    type(unavailable).status = 503
    for error in (unavailable, InternalFailure(), raised("SomethingElse", "é", Detail="d")):
        read = client.parse(protocol, response := answer(service, protocol, error), None)
        assert (read["Error"]["Code"], read["Error"]["Message"]) == (error.code, error.message)
        assert response.status == read["ResponseMetadata"]["HTTPStatusCode"] == error.status
        assert read["ResponseMetadata"]["RequestId"] == REQUEST_ID


def test_a_json_error_without_a_shape_can_be_read_in_both_spellings():
    body = json.loads(answer("athena", "json", ValidationException("no")).body)
    assert body == {"__type": "ValidationException", "message": "no", "Message": "no"}


def test_a_json_1_0_error_says_its_namespace():
    assert json.loads(answer("sqs", "json", raised("OverLimit")).body)["__type"] == "com.amazonaws.sqs#OverLimit"
    kind = json.loads(answer("sqs", "json", ValidationException()).body)["__type"]
    assert kind == "com.amazon.coral.validate#ValidationException"


def test_a_service_of_the_query_protocols_past_keeps_its_older_codes():
    response = answer("cloudwatch", "json", raised("ResourceNotFound"))
    assert response.headers["x-amzn-query-error"] == "ResourceNotFound;Sender"
    read = client.parse("json", response, None)
    assert read["Error"] == {
        "Code": "ResourceNotFound", "Message": "what went wrong", "QueryErrorCode": "ResourceNotFound", "Type": "Sender"
    }  # fmt: skip
    failed = answer("cloudwatch", "smithy-rpc-v2-cbor", raised("InternalServiceFault"))
    assert failed.headers["x-amzn-query-error"] == "InternalServiceError;Receiver"


def test_an_error_is_named_in_a_header_for_rest_clients():
    assert answer("lambda", "rest-json", raised("ResourceNotFoundException")).headers["x-amzn-errortype"] == (
        "ResourceNotFoundException"
    )


def test_an_errors_header_members_are_headers():
    response = answer("lambda", "rest-json", raised("TooManyRequestsException", retryAfterSeconds="3", Reason="r"))
    assert response.headers["retry-after"] == "3" and response.status == 429
    assert json.loads(response.body) == {"message": "what went wrong", "Reason": "r"}


def test_s3_errors_are_bare_and_carry_their_members():
    error = raised("NoSuchBucket", "The specified bucket does not exist", BucketName="b&b")
    body = answer("s3", "rest-xml", error).body.decode()
    assert "<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message>" in body
    assert "<BucketName>b&amp;b</BucketName>" in body and "<RequestId>4f8b2c1d</RequestId><HostId>" in body


def test_the_code_is_told_once_even_where_the_shape_has_it_as_a_member():
    body = answer("cloudsearch", "query", raised("BaseException", Code="Other")).body.decode()
    assert body.count("<Code>") == 1 and "<Code>BaseException</Code>" in body


def test_the_error_of_a_head_has_no_body():
    response = answer("s3", "rest-xml", raised("NoSuchKey"), "HeadObject")
    assert (response.status, response.body) == (404, b"")


def test_an_error_before_the_operation_was_found_has_its_envelope_too():
    for service, protocol in (("iam", "query"), ("ec2", "ec2"), ("s3", "rest-xml"), ("kafka", "rest-json")):
        response = wire.codec(service, protocol).serialize_error(None, raised("Nope"), REQUEST_ID, service)
        assert client.parse(protocol, response, None)["Error"]["Code"] == "Nope"
