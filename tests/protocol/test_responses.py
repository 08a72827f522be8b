"""What we write, botocore's client reads: for every operation, in each protocol of its service, whatever the values."""

from xml.etree.ElementTree import fromstring

import pytest

from glasshouse.protocol import model, wire
from tests.protocol import client
from tests.protocol.drawing import check_all, pruned

REQUEST_ID = "4f8b2c1d"


class Answers:
    """Writes answers of one operation, and compares what the client reads."""

    def __init__(self, service: str, protocol: str, name: str):
        self.protocol, self.operation = protocol, model.operation(service, name)
        self.codec, self.shape = wire.codec(service, protocol), client.operation(service, protocol, name).output_shape
        members = self.shape.members.items() if self.shape else ()
        self.retyped = client.retyped(self.shape, self.operation.output_shape)
        self.statuses = [name for name, member in members if member.serialization.get("location") == "statusCode"]
        self.types = [name for name, member in members if member.serialization.get("name") == "Content-Type"]

    def check(self, result: dict):
        result = {name: value for name, value in result.items() if name not in self.retyped}
        response = self.codec.serialize(self.operation, self.operation.project(result), REQUEST_ID)
        assert response.headers.get("x-amzn-requestid", response.headers.get("x-amz-request-id")) == REQUEST_ID
        if self.operation.response_code == 204:
            assert not response.body  # which HTTP forbids, whatever members the model may give it
        elif self.operation.name == "GetBucketLocation":  # the client reads it by hand
            read = {"LocationConstraint": fromstring(response.body).text or ""}
            assert read == {"LocationConstraint": "", **result}
        elif not self.operation.event_stream_output:  # see test_events
            read = self.read(response)
            expected = self.expected(result, read)
            assert read == expected or pruned(read) == pruned(expected)

    def read(self, response) -> dict:
        member = self.operation.streaming_output
        read = client.parse(self.protocol, response, self.shape, member is not None)
        assert read.pop("ResponseMetadata").get("RequestId", REQUEST_ID) == REQUEST_ID
        if member:
            read[member] = read[member].read()
        return read

    def expected(self, result: dict, read: dict) -> dict:
        """The result, with what the client sees of an answer even when the service told nothing."""
        seen = dict.fromkeys(self.statuses, self.operation.response_code)
        if self.operation.streaming_output:
            seen[self.operation.streaming_output] = b""
            seen.update((name, "application/octet-stream") for name in self.types if name in read)
        if self.operation.name == "GetBucketPolicy":
            seen["Policy"] = ""
        return {**seen, **result}


@pytest.mark.parametrize(("service", "protocol", "name"), client.operations(deprecated=False))
def test_a_response_is_read_as_it_was_meant(service, protocol, name):
    answers = Answers(service, protocol, name)
    check_all(answers.shape, answers.check, xml=protocol in ("rest-xml", "query", "ec2"))
