"""Delivery over HTTP: one POST, and what became of it. Runs in a thread; nothing here touches the store."""

import ssl
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import unquote, urlsplit

from glasshouse.core.clock import monotonic

TIMEOUT_S = 15  # as AWS: an endpoint must answer within 15 seconds
SHOWN_BYTES = 1024
TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status` is None when there was no answer; `response` shows its beginning, or what went wrong."""

    status: int | None
    response: str
    dwell_ms: int

    @property
    def arrived(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def may_be_retried(self) -> bool:
        """Not after an answer that blames the sender (developer guide, "Amazon SNS dead-letter queues")."""
        return self.status is None or self.status == TOO_MANY_REQUESTS or self.status >= 500


def post(url: str, headers: Mapping[str, str], body: bytes, trust: Callable[[], ssl.SSLContext]) -> Outcome:
    """Send a body to a URL. A user and password in the URL are used if the endpoint asks for them."""
    begun = monotonic()
    try:
        status, text = _exchange(url, headers, body, trust)
    except (OSError, HTTPException, ValueError) as failure:
        status, text = None, f"{type(failure).__name__}: {failure}"
    return Outcome(status, text, int((monotonic() - begun) * 1000))


def _exchange(url: str, headers: Mapping[str, str], body: bytes, trust: Callable) -> tuple[int, str]:
    parts = urlsplit(url)
    answer, text = _request(url, headers, body, trust)
    if answer.status == 401 and parts.username and answer.headers.get("www-authenticate", "").lower()[:5] == "basic":
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        allowed = {**headers, "Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        answer, text = _request(url, allowed, body, trust)
    return answer.status, text


def _request(url: str, headers: Mapping[str, str], body: bytes, trust: Callable) -> tuple[HTTPResponse, str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        connection: HTTPConnection = HTTPSConnection(host, parts.port, timeout=TIMEOUT_S, context=trust())
    else:
        connection = HTTPConnection(host, parts.port, timeout=TIMEOUT_S)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, dict(headers))
        answer = connection.getresponse()
        return answer, answer.read(SHOWN_BYTES).decode("utf-8", "replace")
    finally:
        connection.close()
