"""One HTTP request to somebody's endpoint. Runs in a thread; nothing here touches the store."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

TIMEOUT_S = 5  # as AWS: an API destination must answer within five seconds
LARGEST_ANSWER = 1_048_576


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent; a body that is None is not sent at all."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is None when there was no answer; the text is its beginning, or what went wrong."""

    status: int | None
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send(request: Request, trust: Callable[[], ssl.SSLContext]) -> Answer:
    parts = urlsplit(request.url)
    try:
        if parts.scheme == "https":
            connection: HTTPConnection = HTTPSConnection(
                parts.hostname or "", parts.port, timeout=TIMEOUT_S, context=trust()
            )
        else:
            connection = HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(request.method, target, request.body, request.headers)
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, answer.read(LARGEST_ANSWER).decode("utf-8", "replace"), headers)
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError) as failure:
        return Answer(None, f"{type(failure).__name__}: {failure}")
