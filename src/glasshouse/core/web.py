"""What services ask over HTTP: the backends of APIs, issuers of tokens, endpoints of the user's own.

Requests run in threads, beside the calls that wait for them:

    fetched = self.cloud.resident(Web).fetched(topic, lambda: Asked("GET", url))
    if fetched is None:
        self.wait(30, topic)

AWS's own host names lead back to this cloud.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from glasshouse.core.clock import monotonic

if TYPE_CHECKING:
    from glasshouse.core.cloud import Cloud

THREADS = 64
LARGEST_BYTES = 10 * 1024 * 1024
KEPT_S = 400
OWN_HOSTS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".on.aws", ".cloudfront.net")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request; `origin` is where this cloud is reached, for hosts that are its own. Certificates are not looked at
    where the asker says so (`is_trusting`)."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    timeout_s: float = 30.0
    origin: str = ""
    is_trusting: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """`status` is 0 when there was no answer; `failure` then says why."""

    status: int = 0
    headers: dict[str, str | list[str]] = field(default_factory=dict)
    body: bytes = b""
    failure: str = ""
    timed_out: bool = False
    took_ms: int = 0


class Web:
    """Requests under way, by the names of those who wait for them."""

    def __init__(self, cloud: "Cloud"):
        self._cloud = cloud
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="web")
        self._asked: dict[str, tuple[float, asyncio.Future]] = {}

    def fetched(self, name: str, asked: Callable[[], Asked]) -> Fetched | None:
        """The answer to a request; None while it is under way, when the topic `name` will be told. It is begun at the
        first asking, and answered once."""
        if name not in self._asked:
            self._begin(name, asked())
        future = self._asked[name][1]
        if not future.done():
            return None
        del self._asked[name]
        return future.result()

    def close(self):
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _begin(self, name: str, asked: Asked):
        now = monotonic()
        for old in [known for known, (begun, _) in self._asked.items() if now - begun > KEPT_S]:
            del self._asked[old]  # nobody came back for it
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._threads, fetch, asked, lambda: _trust(self._cloud, asked))
        future.add_done_callback(lambda done: self._cloud.parking.tell([name]))
        self._cloud.runner.track(future)
        self._asked[name] = (now, future)


def _trust(cloud: "Cloud", asked: Asked) -> ssl.SSLContext:
    context = trusted(cloud)
    if asked.is_trusting:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def trusted(cloud: "Cloud") -> ssl.SSLContext:
    """Certificates of the machine's authorities and of this cloud's."""
    context = ssl.create_default_context()
    context.load_verify_locations(cadata=cloud.authority().pem.decode())
    return context


def fetch(asked: Asked, trust: Callable[[], ssl.SSLContext]) -> Fetched:
    """Ask, and wait for the whole answer. Runs in a thread."""
    begun = monotonic()
    try:
        status, headers, body = _exchange(asked, trust)
        failure, timed_out = "", False
    except (OSError, HTTPException, ValueError) as reason:
        status, headers, body = 0, {}, b""
        failure, timed_out = f"{type(reason).__name__}: {reason}", isinstance(reason, TimeoutError)
    return Fetched(status, headers, body, failure, timed_out, int((monotonic() - begun) * 1000))


def _exchange(asked: Asked, trust: Callable[[], ssl.SSLContext]) -> tuple[int, dict[str, str | list[str]], bytes]:
    parts = urlsplit(asked.url)
    headers = {**asked.headers, "host": parts.netloc.rpartition("@")[2]}
    reached = parts
    if asked.origin and (parts.hostname or "").endswith(OWN_HOSTS):
        reached = urlsplit(asked.origin)
    if reached.scheme not in ("http", "https") or not reached.hostname:
        raise ValueError(f"{asked.url} is no URL to be asked")
    connection: HTTPConnection
    if reached.scheme == "https":
        connection = HTTPSConnection(reached.hostname, reached.port, timeout=asked.timeout_s, context=trust())
    else:
        connection = HTTPConnection(reached.hostname, reached.port, timeout=asked.timeout_s)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.putrequest(asked.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if asked.body or asked.method in ("POST", "PUT", "PATCH"):
            connection.putheader("content-length", str(len(asked.body)))
        connection.endheaders(asked.body or None)
        answer = connection.getresponse()
        body = answer.read(LARGEST_BYTES + 1)
        if len(body) > LARGEST_BYTES:
            raise ValueError("the answer is larger than 10 MB")
        return answer.status, _headers(answer.headers), body
    finally:
        connection.close()


def _headers(message: HTTPMessage) -> dict[str, str | list[str]]:
    """By lower-case names; cookies stay apart."""
    found: dict[str, str | list[str]] = {}
    for name in {name.lower() for name in message}:
        several = message.get_all(name) or []
        found[name] = several if name == "set-cookie" and len(several) > 1 else ", ".join(several)
    return found
