"""The Runtime API, spoken by a client that may be wrong, and heard from the environment's own processes only."""

import asyncio

from glasshouse.engines.functions.runtime_api import LARGEST_BYTES, Refused, RuntimeApi


class Desk:
    """Answers each runtime with the same event, and notes what it is told."""

    def __init__(self):
        self.told: list[tuple] = []

    def next_wanted(self, connection):
        connection.send(200, b"event", {"Lambda-Runtime-Aws-Request-Id": "id"})

    def response_begun(self, request_id, headers):
        return lambda part: self.told.append(("part", bytes(part)))

    def response_ended(self, request_id, headers, body):
        if request_id != "id":
            raise Refused(400, "InvalidRequestID", "Invalid request ID")
        self.told.append(("response", body, headers.get("lambda-runtime-function-error-type")))

    def response_too_large(self, request_id, size):
        self.told.append(("too large", size))

    def failed(self, request_id, headers, body):
        self.told.append(("error", headers["lambda-runtime-function-error-type"], body))

    def init_failed(self, headers, body):
        self.told.append(("init error", body))


def speak(*requests: bytes, own: bool = True) -> tuple[list[bytes], list[tuple]]:
    """What is answered to requests on one connection, and what the desk was told."""

    async def run():
        desk = Desk()
        api = RuntimeApi(desk, lambda peer, here: own)
        await api.open()
        reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
        answers = [await asked(reader, writer, request) for request in requests]
        writer.close()
        api.close()
        return answers, desk.told

    return asyncio.run(run())


async def asked(reader, writer, request: bytes) -> bytes:
    writer.write(request)
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return b""
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    return head + await reader.readexactly(length)


def post(path: str, body: bytes, headers: str = "") -> bytes:
    return f"POST /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: x\r\n{headers}".encode() + (
        b"Content-Length: %d\r\n\r\n" % len(body) + body
    )


def test_the_next_invocation_is_asked_for_and_answered():
    answers, told = speak(
        b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n", post("invocation/id/response", b"done")
    )
    assert answers[0].startswith(b"HTTP/1.1 200 OK\r\n") and answers[0].endswith(b"\r\n\r\nevent")
    assert b"Lambda-Runtime-Aws-Request-Id: id\r\n" in answers[0]
    assert answers[1].startswith(b"HTTP/1.1 202 Accepted\r\n") and answers[1].endswith(b'{"status":"OK"}\n')
    assert told == [("response", b"done", None)]


def test_errors_are_told_with_their_types():
    kind = "Lambda-Runtime-Function-Error-Type: Oops\r\n"
    _, told = speak(post("invocation/id/error", b"{}", kind), post("init/error", b"[]"))
    assert told == [("error", "Oops", b"{}"), ("init error", b"[]")]


def test_a_response_may_come_in_parts_with_trailers():
    streaming = (
        b"POST /2018-06-01/runtime/invocation/id/response HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        b"Lambda-Runtime-Function-Response-Mode: streaming\r\n"
        b"Trailer: Lambda-Runtime-Function-Error-Type\r\n\r\n"
        b"3\r\none\r\n3\r\ntwo\r\n0\r\nLambda-Runtime-Function-Error-Type: Late\r\n\r\n"
    )
    answers, told = speak(streaming)
    assert answers[0].startswith(b"HTTP/1.1 202 ")
    assert told == [("part", b"one"), ("part", b"two"), ("response", b"", "Late")]


def test_what_makes_no_sense_is_refused_in_words():
    answers, told = speak(
        post("invocation/other/response", b"x"), post("nothing", b""), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    )
    assert answers[0].startswith(b"HTTP/1.1 400 ") and b'"errorType": "InvalidRequestID"' in answers[0]
    assert answers[1].startswith(b"HTTP/1.1 404 ") and answers[2].startswith(b"HTTP/1.1 404 ") and told == []


def test_a_response_that_is_too_large_is_refused_and_the_connection_kept():
    answers, told = speak(
        post("invocation/id/response", b"x" * (LARGEST_BYTES + 1)), post("invocation/id/error", b"{}", "Lambda-Runtime-"
        "Function-Error-Type: Next\r\n")
    )  # fmt: skip
    assert answers[0].startswith(b"HTTP/1.1 413 ") and b"RequestEntityTooLarge" in answers[0]
    assert told == [("too large", LARGEST_BYTES + 1), ("error", "Next", b"{}")]


def test_strangers_and_garbage_are_not_heard():
    answers, told = speak(post("invocation/id/response", b"x"), own=False)
    assert answers == [b""] and told == []
    answers, told = speak(b"garbage\r\n\r\n")
    assert answers == [b""] and told == []
