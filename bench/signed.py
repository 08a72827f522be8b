"""Requests as an AWS SDK sends them, signed once so that they can be replayed (a signature holds for 15 minutes)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

# The load generator writes its own Host and length, does not wait for 100-continue and does not say who it is.
DROPPED = {"host", "expect", "user-agent", "content-length", "amz-sdk-request", "amz-sdk-invocation-id", "connection"}


@dataclass(frozen=True)
class Signed:
    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    def raw(self) -> bytes:
        """As bytes for a socket."""
        parts = urlsplit(self.url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {"Host": parts.netloc, **self.headers, "Content-Length": str(len(self.body))}
        lines = [f"{self.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


class Captured(Exception):
    """Carries the request out of botocore, in place of sending it."""

    def __init__(self, request: Any):
        super().__init__()
        self.request = request


ROOT = ("test", "test")


def client(service: str, url: str, key: tuple[str, str] = ROOT):
    """`key` is the id and the secret of an access key."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=key[0],
        aws_secret_access_key=key[1],
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def signed(service: str, url: str, call: Callable[[Any], Any], key: tuple[str, str] = ROOT) -> Signed:
    """The request that a call of a boto3 client would send."""
    asking = client(service, url, key)
    asking.meta.events.register("before-send", _capture)
    try:
        call(asking)
    except Captured as captured:
        request = captured.request
        headers = {name: _text(value) for name, value in request.headers.items() if name.lower() not in DROPPED}
        return Signed(request.method, request.url, headers, _bytes(request.body))
    raise RuntimeError("the call sent nothing")


def _capture(request, **_):
    raise Captured(request)


def _bytes(body: Any) -> bytes:
    """A body as botocore holds it: nothing, text, bytes or a file."""
    if hasattr(body, "read"):
        return body.read()
    return body.encode() if isinstance(body, str) else bytes(body or b"")


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
