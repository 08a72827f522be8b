"""Event streams: our frames against botocore's buffer, our events against its parsers, and frames back into values."""

import asyncio
from datetime import UTC, datetime

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given, settings
from hypothesis import strategies as st

from glasshouse.core.errors import SerializationException, ServiceError
from glasshouse.protocol import eventstream, model, wire
from glasshouse.protocol.eventstream import Frame, Uuid
from tests.protocol import client
from tests.protocol.drawing import pruned, values

STREAMS = [
    ("s3", "rest-xml", "SelectObjectContent"),
    ("kinesis", "json", "SubscribeToShard"),
    ("logs", "json", "StartLiveTail"),
    ("logs", "json", "GetLogObject"),
    ("lambda", "rest-json", "InvokeWithResponseStream"),
    ("bedrock-runtime", "rest-json", "ConverseStream"),
    ("sagemaker-runtime", "rest-json", "InvokeEndpointWithResponseStream"),
]
HEADERS = st.dictionaries(
    st.text("abc:-", min_size=1, max_size=8),
    st.one_of(
        st.booleans(),
        st.integers(-(1 << 63), (1 << 63) - 1),
        st.binary(max_size=20),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(
            lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
        ),
        st.binary(min_size=16, max_size=16).map(Uuid),
    ),
    max_size=4,
)


@settings(max_examples=50)
@given(st.lists(st.builds(Frame, HEADERS, st.binary(max_size=50)), max_size=3))
def test_frames_are_read_as_they_were_written(frames):
    data = b"".join(map(eventstream.encode, frames))
    assert list(eventstream.decode(data)) == frames
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    for frame, message in zip(frames, buffer, strict=True):
        assert message.payload == frame.payload
        times = {name: round(v.timestamp() * 1000) for name, v in frame.headers.items() if isinstance(v, datetime)}
        assert message.headers == {**frame.headers, **times}


@settings(max_examples=50)
@given(st.binary(max_size=60), st.integers(0, 59), st.integers(1, 255))
def test_a_damaged_frame_is_refused(payload, position, change):
    data = bytearray(eventstream.encode(Frame({"a": "b"}, payload)))
    data[position % len(data)] ^= change
    with pytest.raises(SerializationException):
        list(eventstream.decode(bytes(data)))


def test_a_frame_is_there_only_when_all_of_it_is():
    data = eventstream.encode(Frame({"a": 1}, b"payload"))
    for length in range(len(data)):
        assert eventstream.decode_one(data[:length]) == (None, 0)
    assert eventstream.decode_one(data + b"x")[1] == len(data)


def test_headers_that_are_repeated_or_cut_off_are_refused():
    for headers in (b"\x01a\x00\x01a\x00", b"\x01a\x07\x00\x09ab", b"\x01a\x63", b"\x01\xff\x00", b"\x01a"):
        prelude = eventstream.struct.pack("!II", len(headers) + 16, len(headers))
        message = prelude + eventstream.struct.pack("!I", eventstream.crc32(prelude)) + headers
        with pytest.raises(SerializationException):
            list(eventstream.decode(message + eventstream.struct.pack("!I", eventstream.crc32(message))))


def events_of(shape):
    """Lists of events of a stream, of which none is an error."""
    happy = {name: member for name, member in shape.members.items() if not member.metadata.get("exception")}
    return st.lists(st.one_of([one_event(name, member) for name, member in happy.items()]), max_size=3)


def one_event(name, shape):
    """An event; one whose payload is a blob always has it, if only an empty one."""
    members = shape.members.items()
    blobs = {n: b"" for n, m in members if m.serialization.get("eventpayload") and m.type_name == "blob"}
    return values(shape, xml=True).map(lambda value: {name: {**blobs, **value}})


def answered(service, protocol, name, events, **members):
    theirs, ours = client.operation(service, protocol, name), model.operation(service, name)
    response = wire.codec(service, protocol).serialize(ours, {ours.event_stream_output: events, **members}, "id")
    assert response.headers["content-type"] == "application/vnd.amazon.eventstream"
    return client.parse(protocol, response, theirs.output_shape, streaming=True, operation_name=name)


@pytest.mark.parametrize(("service", "protocol", "name"), STREAMS)
def test_events_are_read_as_they_were_meant(service, protocol, name):
    stream = model.operation(service, name).event_stream_output

    def reads_back(events):
        read = list(answered(service, protocol, name, events)[stream])
        assert read == events or pruned(read) == pruned(events)

    shape = client.operation(service, protocol, name).output_shape.members[stream]
    settings(max_examples=20)(given(events_of(shape))(reads_back))()


@pytest.mark.parametrize(("service", "protocol", "name"), STREAMS)
def test_an_error_ends_a_stream(service, protocol, name):
    operation = model.operation(service, name)
    shape = operation.output_shape.members[operation.event_stream_output]
    modelled = [member.name for member in shape.members.values() if member.is_exception]

    for code in ["Unforeseen", *modelled]:

        def events(code=code):
            yield from ()
            raise type(code, (ServiceError,), {})("what went wrong")

        with pytest.raises(Exception, match="what went wrong") as ended:
            list(answered(service, protocol, name, events())[operation.event_stream_output])
        names = [member for member, held in shape.members.items() if held.name == code]
        assert ended.value.response["Error"]["Code"] == (names[0] if names else code)


def test_the_other_members_of_an_rpc_answer_are_its_initial_response():
    operation = model.operation("logs", "GetLogObject")
    members = [name for name in operation.output_shape.members if name != operation.event_stream_output]
    assert members == []  # no modelled operation has any; the response is there all the same
    frames = wire.codec("logs", "json").serialize(operation, {}, "id").body
    (first,) = list(eventstream.decode(b"".join(frames)))
    assert first.headers[":event-type"] == "initial-response" and first.payload == b"{}"


def test_events_may_come_asynchronously_and_as_frames():
    operation = model.operation("lambda", "InvokeWithResponseStream")

    async def events():
        yield {"PayloadChunk": {"Payload": b"a"}}
        yield eventstream.encode(Frame({":event-type": "PayloadChunk", ":message-type": "event"}, b"b"))

    async def collect():
        response = wire.codec("lambda", "rest-json").serialize(operation, {"EventStream": events()}, "id")
        return [frame async for frame in response.body]

    frames = [frame for data in asyncio.run(collect()) for frame in eventstream.decode(data)]
    assert [frame.payload for frame in frames] == [b"a", b"b"]


def test_events_are_written_when_they_are_asked_for():
    operation, asked = model.operation("lambda", "InvokeWithResponseStream"), []

    def events():
        for number in range(3):
            asked.append(number)
            yield {"PayloadChunk": {"Payload": b"x"}}

    body = wire.codec("lambda", "rest-json").serialize(operation, {"EventStream": events()}, "id").body
    assert asked == []
    next(body)
    assert asked == [0]
