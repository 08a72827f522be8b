"""Responses that are sent while they are written."""

import json

import pytest

from tests.contract.lambda_code import refused, zipped_files
from tests.contract.lambda_running import failed, invoked, runnable, tail

NODE = """
const { pipeline } = require("node:stream/promises");
const { Readable } = require("node:stream");
exports.parts = awslambda.streamifyResponse(async (event, stream, context) => {
  stream.setContentType("text/plain");
  for (const part of event) {
    stream.write(part);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  stream.end();
});
exports.piped = awslambda.streamifyResponse(async (event, stream) => pipeline(Readable.from(["a", "b"]), stream));
exports.early = awslambda.streamifyResponse(async () => { throw new Error("early"); });
exports.late = awslambda.streamifyResponse(async (event, stream) => { stream.write("some"); throw new Error("late"); });
exports.web = awslambda.streamifyResponse(async (event, stream) => {
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { "x-a": "b" } });
  stream.write("body");
  stream.end();
});
"""


@pytest.fixture
def node(aws):
    """A function of Node.js with a handler of the module above."""

    def make(handler: str) -> str:
        code = {"ZipFile": zipped_files({"index.js": NODE})}
        return runnable(aws, Runtime="nodejs20.x", Handler=f"index.{handler}", Code=code)

    return make


def streamed(answer: dict) -> tuple[list[bytes], dict]:
    """The parts of a response, and what its last event says."""
    *chunks, last = answer["EventStream"]
    return [chunk["PayloadChunk"]["Payload"] for chunk in chunks], last["InvokeComplete"]


# What is refused


def test_a_function_that_is_not_there_cannot_stream(aws):
    code, _ = refused(aws("lambda").invoke_with_response_stream, FunctionName="nobody")
    assert code == "ResourceNotFoundException"


def test_an_error_before_the_first_part_is_told_at_the_end(aws, node):
    parts, complete = streamed(aws("lambda").invoke_with_response_stream(FunctionName=node("early")))
    assert parts == [] and complete["ErrorCode"] == "Unhandled"
    assert json.loads(complete["ErrorDetails"])["errorMessage"] == "early"


def test_an_error_amid_the_parts_is_told_at_the_end(aws, node):
    parts, complete = streamed(aws("lambda").invoke_with_response_stream(FunctionName=node("late")))
    assert b"".join(parts) == b"some" and complete["ErrorCode"] == "Unhandled"
    assert json.loads(complete["ErrorDetails"])["errorMessage"] == "late"


# What is done


def test_parts_come_as_they_are_written(aws, node):
    answer = aws("lambda").invoke_with_response_stream(
        FunctionName=node("parts"), Payload=b'["one", "two", "three"]', LogType="Tail"
    )
    assert answer["ExecutedVersion"] == "$LATEST"
    parts, complete = streamed(answer)
    assert b"".join(parts) == b"onetwothree" and len(parts) > 1
    assert "ErrorCode" not in complete and tail(complete).startswith("START RequestId: ")


def test_streams_can_be_piped(aws, node):
    parts, _ = streamed(aws("lambda").invoke_with_response_stream(FunctionName=node("piped")))
    assert b"".join(parts) == b"ab"


def test_a_function_that_does_not_stream_answers_in_one_part(aws):
    name = runnable(aws)
    parts, complete = streamed(aws("lambda").invoke_with_response_stream(FunctionName=name, Payload=b"[1]"))
    assert parts == [b"[1]"] and "ErrorCode" not in complete


def test_a_rehearsal_streams_nothing(aws):
    answer = aws("lambda").invoke_with_response_stream(FunctionName=runnable(aws), InvocationType="DryRun")
    assert answer["StatusCode"] == 204


# What happens next


def test_what_is_streamed_can_be_had_at_once(aws, node):
    answer = aws("lambda").invoke(FunctionName=node("parts"), Payload=b'["one", "two"]')
    assert answer["Payload"].read() == b"onetwo"


def test_an_answer_for_the_web_begins_with_its_head(aws, node):
    answer = aws("lambda").invoke(FunctionName=node("web"))
    head, _, body = answer["Payload"].read().partition(b"\0" * 8)
    assert json.loads(head) == {"statusCode": 201, "headers": {"x-a": "b"}} and body == b"body"


def test_after_a_broken_stream_the_environment_goes_on(aws, node):
    name = node("late")
    assert failed(aws, name)["errorMessage"] == "late"
    assert failed(aws, name)["errorMessage"] == "late"
    assert invoked(aws, runnable(aws, name="other"), 1) == 1
