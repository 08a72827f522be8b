"""HTTP as bytes on a socket, and requests signed by botocore, for what no SDK would send."""

import socket
from dataclasses import dataclass
from http.client import HTTPResponse
from urllib.parse import urlsplit

from botocore.auth import SIGV4_TIMESTAMP, S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

PATIENCE_S = 10
TEST = Credentials("test", "test")


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Stream:
    """What comes in on a socket, kept open from one response to the next."""

    def __init__(self, file):
        self._file = file
        self.readline, self.read, self.readinto = file.readline, file.read, file.readinto
        self.read1, self.peek = file.read1, file.peek

    def makefile(self, mode):
        return self

    def flush(self):
        pass

    def close(self):
        pass

    def end(self):
        self._file.close()


class Wire:
    """One connection to a cloud."""

    def __init__(self, url: str):
        parts = urlsplit(url)
        self.host = parts.netloc
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_S)
        self.stream = Stream(self.socket.makefile("rb"))

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.stream.end()
        self.socket.close()

    def send(self, data: bytes | str):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def reply(self, method: str = "GET") -> Reply:
        """The next response."""
        response = HTTPResponse(self.stream, method=method)
        response.begin()
        body = response.read()
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, body)

    def is_closed(self) -> bool:
        """Whether the other side has ended the connection, and sent nothing more."""
        try:
            return self.stream.read(1) == b""
        except ConnectionResetError:
            return True


def ask(url: str, data: bytes | str, method: str = "GET") -> Reply:
    """Send bytes on a connection of their own and read one response."""
    with Wire(url) as wire:
        wire.send(data)
        return wire.reply(method)


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body and "content-length" not in {name.lower() for name in headers}:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def signed(
    method: str, url: str, service: str, headers: dict | None = None, body: bytes = b"", signer=None,
    credentials: Credentials = TEST, region: str = "eu-west-1", at=None,
) -> dict[str, str]:  # fmt: skip
    """The headers of a request that botocore has signed."""
    drawn = AWSRequest(method, url, {"Host": urlsplit(url).netloc, **(headers or {})}, body)
    auth = signer or (S3SigV4Auth if service == "s3" else SigV4Auth)
    drawn.context["payload_signing_enabled"] = True
    if at is None:
        auth(credentials, service, region).add_auth(drawn)
    else:
        sign_at(auth(credentials, service, region), drawn, at)
    return dict(drawn.headers.items())


def sign_at(auth, drawn: AWSRequest, moment):
    """Sign as if it were another time."""
    drawn.context["timestamp"] = moment.strftime(SIGV4_TIMESTAMP)
    auth._modify_request_before_signing(drawn)
    canonical = auth.canonical_request(drawn)
    auth._inject_signature_to_request(drawn, auth.signature(auth.string_to_sign(drawn, canonical), drawn))


def send_signed(url: str, method: str, path: str, service: str, body: bytes = b"", **options) -> Reply:
    """Sign a request and send it."""
    headers = signed(method, url + path, service, body=body, **options)
    return ask(url, request(method, path, headers, body), method)
