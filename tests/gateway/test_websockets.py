"""WebSockets on the gateway's port: who gets one, and what frames lead to."""

import json
import socket
import ssl
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

from tests.contract.http_apis import Backend
from tests.contract.socket_apis import PATIENCE_S, dial, heard, mocked, routed, spoken
from tests.gateway.raw import Wire


@pytest.fixture
def api(aws):
    """An API whose backend tells of what is said to it."""
    backend, client = Backend(), aws("apigatewayv2")
    api = spoken(client)
    routed(client, api, "$default", IntegrationType="HTTP_PROXY", IntegrationUri=backend.url)
    yield api
    backend.stop()


def heard_again(client) -> str:
    return json.loads(heard(client))["body"].encode("latin-1").decode()


def upgrade(cloud, api, **headers):
    wanted = {
        "Host": f"{api}.execute-api.localhost", "Upgrade": "websocket", "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", **headers,
    }  # fmt: skip
    lines = "".join(f"{name}: {value}\r\n" for name, value in wanted.items() if value is not None)
    return f"GET /dev HTTP/1.1\r\n{lines}\r\n".encode()


def closed(client) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as ended:
        heard(client)
    return ended.value.rcvd.code, ended.value.rcvd.reason


# What is refused


@pytest.mark.parametrize("headers", [{"Sec-WebSocket-Version": "8"}, {"Sec-WebSocket-Key": None}, {"Upgrade": "h2c"}])
def test_a_wish_that_is_none_gets_an_answer_over_http(cloud, api, headers):
    with Wire(cloud.url) as wire:
        wire.send(upgrade(cloud, api, **headers))
        assert wire.reply().status == 426
        wire.send(upgrade(cloud, api, **headers))
        assert wire.reply().status == 426


def test_a_service_that_does_not_talk_answers_as_ever(cloud):
    with Wire(cloud.url) as wire:
        wire.send(upgrade(cloud, "x", Host="sts.localhost").replace(b"GET /dev", b"GET /?Action=GetCallerIdentity"))
        assert wire.reply().status == 403


def test_messages_and_frames_that_are_too_large(cloud, api):
    with dial(cloud.url, api) as client:
        client.send("x" * (32 * 1024 + 1))
        assert closed(client)[0] == 1009
    with dial(cloud.url, api) as client:
        client.send(["x" * 30_000] * 5)
        assert closed(client)[0] == 1009


def test_texts_that_are_no_utf_8(cloud, api):
    with dial(cloud.url, api) as client:
        client.socket.sendall(Frame(Opcode.TEXT, b"\xff").serialize(mask=True))
        assert closed(client)[0] == 1007


def test_frames_without_a_mask_break_the_protocol(cloud, api):
    with dial(cloud.url, api) as client:
        client.socket.sendall(Frame(Opcode.TEXT, b"a").serialize(mask=False))
        assert closed(client)[0] == 1002


# What is done


def test_the_answer_proves_that_the_key_was_read(cloud, api):
    with Wire(cloud.url) as wire:
        wire.send(upgrade(cloud, api))
        head = b""
        while b"\r\n\r\n" not in head:
            head += wire.socket.recv(1000)
    assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    assert b"\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head
    assert b"content-length" not in head


def test_a_message_may_come_in_several_frames_and_bytes(cloud, api):
    with dial(cloud.url, api) as client:
        client.send(["he", "l", "lo \N{SNOWMAN}"])
        assert heard_again(client) == "hello \N{SNOWMAN}"
        for byte in Frame(Opcode.TEXT, b"slow").serialize(mask=True):
            client.socket.sendall(bytes([byte]))
        assert heard_again(client) == "slow"


def test_pings_are_answered(cloud, api):
    with dial(cloud.url, api) as client:
        assert client.ping().wait(PATIENCE_S)


def test_many_messages_at_a_time(cloud, aws):
    client = aws("apigatewayv2")
    api = spoken(client)
    mocked(client, api, "$default", "$context.messageId")
    with dial(cloud.url, api) as client:
        for _ in range(50):
            client.send("{}")
        assert len({heard(client) for _ in range(50)}) == 50


def test_the_same_over_tls(cloud, api):
    trust = ssl.create_default_context(cadata=cloud.run(lambda: cloud.server.gateway.authority().pem).decode())
    parts = urlsplit(cloud.url)
    line = socket.create_connection((parts.hostname, parts.port))
    name = f"{api}.execute-api.eu-west-1.amazonaws.com"
    with connect(f"wss://{name}/dev", sock=line, ssl=trust, server_hostname=name) as client:
        client.send("hello")
        assert heard_again(client) == "hello"


# What happens next


def test_a_client_that_says_goodbye_is_answered(cloud, api):
    with dial(cloud.url, api) as client:
        client.close(1000, "bye")
    assert (client.close_code, client.close_reason) == (1000, "bye")


def test_a_server_that_stops_says_goodbye(cloud, api):
    with dial(cloud.url, api) as client:
        cloud.stop()
        assert closed(client) == (1001, "Going away")
