"""A backend over HTTP, callers of APIs, and what the tests of HTTP APIs share."""

import json
import threading
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

WAIT_S = 30


@dataclass
class Reply:
    """What a caller gets."""

    status: int
    headers: dict[str, str]
    all_headers: list[tuple[str, str]]
    body: bytes

    @property
    def document(self):
        return json.loads(self.body)


@dataclass
class Backend:
    """Answers each request by telling of it, unless `answers` has something for its path: (status, headers, body)."""

    answers: dict[str, tuple[int, dict, bytes]] = field(default_factory=dict)
    hold: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.asked: list[dict] = []

    def stop(self):
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(backend: Backend):
    class Handler(BaseHTTPRequestHandler):
        def _answer(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen = {"method": self.command, "path": self.path, "headers": headers, "body": body.decode("latin-1")}
            backend.asked.append(seen)
            if self.path == "/slow":
                backend.hold.wait(WAIT_S)
            usual = (200, {"content-type": "application/json"}, json.dumps(seen).encode())
            status, headers, body = backend.answers.get(urlsplit(self.path).path, usual)
            self.send_response(status)
            for name, value in headers.items():
                for one in value if isinstance(value, list) else [value]:
                    self.send_header(name, one)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_HEAD = _answer

        def log_message(self, *arguments):
            """Quiet."""

    return Handler


@dataclass
class Caller:
    """Sends requests to the hosts of APIs."""

    endpoint: str
    region: str = "eu-west-1"

    def __call__(self, api, path="/", method="GET", headers=None, body=None, host=None) -> Reply:
        parts = urlsplit(self.endpoint)
        host = host or f"{api}.execute-api.{self.region}.amazonaws.com"
        connection = HTTPConnection(parts.hostname, parts.port, timeout=WAIT_S)
        connection.request(method, path, body, {"host": host, **(headers or {})})
        answer = connection.getresponse()
        found = [(name.lower(), value) for name, value in answer.getheaders()]
        reply = Reply(answer.status, dict(found), found, answer.read())
        connection.close()
        return reply


@pytest.fixture
def apis(aws):
    return aws("apigatewayv2")


@pytest.fixture
def ask(endpoint):
    return Caller(endpoint)


@pytest.fixture
def backend():
    found = Backend()
    yield found
    found.stop()


def refusal(call, **parameters) -> tuple[str, str]:
    """The code and message with which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


def served(client, **settings) -> str:
    """An HTTP API whose changes are served at once; its id."""
    api = client.create_api(Name="served", ProtocolType="HTTP", **settings)["ApiId"]
    client.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    return api


def integrated(client, api: str, route_key: str, route: dict | None = None, **integration) -> str:
    """A route with an integration of its own; the integration's id."""
    made = client.create_integration(ApiId=api, **integration)["IntegrationId"]
    client.create_route(ApiId=api, RouteKey=route_key, Target=f"integrations/{made}", **(route or {}))
    return made


def proxied(client, api: str, route_key: str, url: str, route: dict | None = None, **integration) -> str:
    """A route to a backend."""
    settings = {"IntegrationMethod": "ANY", "PayloadFormatVersion": "1.0", **integration}
    return integrated(client, api, route_key, route, IntegrationType="HTTP_PROXY", IntegrationUri=url, **settings)
