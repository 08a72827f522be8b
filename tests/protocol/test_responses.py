"""What we write, botocore's client reads: for every operation, in each protocol of its service, whatever the values."""

from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given, settings

from glasshouse.protocol import model, wire
from tests.protocol import client
from tests.protocol.drawing import Drawing, pruned

REQUEST_ID = "4f8b2c1d"


@pytest.mark.parametrize(("service", "protocol", "name"), client.operations(deprecated=False))
def test_a_response_is_read_as_it_was_meant(service, protocol, name):
    theirs, ours = client.operation(service, protocol, name), model.operation(service, name)
    codec, shape = wire.codec(service, protocol), theirs.output_shape
    members = shape.members if shape else {}
    status_members = [n for n, member in members.items() if member.serialization.get("location") == "statusCode"]
    retyped = client.retyped(shape, ours.output_shape)
    streaming = ours.streaming_output is not None

    def reads_back(result):
        for member in retyped:
            result.pop(member, None)
        response = codec.serialize(ours, ours.project(result), REQUEST_ID)
        if ours.event_stream_output:
            return  # see test_events
        if ours.response_code == 204:
            assert not response.body  # which HTTP forbids, whatever members the model may give it
            return
        if name == "GetBucketLocation":  # the client reads it by hand
            read = {"LocationConstraint": fromstring(response.body).text or ""}
            assert read == {"LocationConstraint": "", **result}
            return
        read = client.parse(protocol, response, shape, streaming)
        metadata = read.pop("ResponseMetadata")
        assert response.headers.get("x-amzn-requestid", response.headers.get("x-amz-request-id")) == REQUEST_ID
        assert metadata.get("RequestId", REQUEST_ID) == REQUEST_ID
        for member in status_members:
            assert read.pop(member) == result.pop(member, ours.response_code)
        if streaming:
            read[ours.streaming_output] = read[ours.streaming_output].read()
            result.setdefault(ours.streaming_output, b"")
        elif name == "GetBucketPolicy":
            result.setdefault("Policy", "")
        assert read == result or pruned(read) == pruned(result)

    xml = protocol in ("rest-xml", "query", "ec2")
    given(Drawing(xml).values(shape))(reads_back)()
    settings(max_examples=1)(given(Drawing(xml, whole=True).values(shape))(reads_back))()
