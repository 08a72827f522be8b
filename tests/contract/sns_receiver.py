"""A subscriber over HTTP, and what the tests of SNS share."""

import json
import queue
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

ARN = "arn:aws:sns:eu-west-1:000000000000:"
QUEUE_ARN = "arn:aws:sqs:eu-west-1:000000000000:"
WAIT_S = 30


@dataclass
class Delivery:
    """One request that a subscriber got."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def document(self) -> dict:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Keeps what it gets. `answers` are the status codes that it gives first, then it gives `answer`; `challenge` wants
    a password first."""

    answers: list[int] = field(default_factory=list)
    answer: int = 200
    port: int = 0
    challenge: bool = False
    tls: ssl.SSLContext | None = None

    def __post_init__(self):
        self.deliveries: queue.Queue[Delivery] = queue.Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        if self.tls:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        scheme = "https" if self.tls else "http"
        self.url = f"{scheme}://localhost:{self._server.server_port}/inbox"

    def next(self) -> Delivery:
        return self.deliveries.get(timeout=WAIT_S)

    def count(self) -> int:
        """How many have come since the last look."""
        found = 0
        while not self.deliveries.empty():
            self.deliveries.get()
            found += 1
        return found

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(receiver: Receiver):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            if receiver.challenge and "authorization" not in headers:
                self._reply(401, {"www-authenticate": 'Basic realm="inbox"'})
                return
            status = receiver.answers.pop(0) if receiver.answers else receiver.answer
            receiver.deliveries.put(Delivery(self.path, headers, body.decode()))
            self._reply(status, {})

        def _reply(self, status, headers):
            self.send_response(status)
            for name, value in {**headers, "content-length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *arguments):
            """Quiet."""

    return Handler


def refusal(call, **parameters) -> tuple[str, str]:
    """The code and message with which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


def visit(url: str) -> str:
    """What a browser gets that follows a link."""
    with urlopen(url, timeout=WAIT_S) as answer:
        return answer.read().decode()


def subscribed(sns, receiver: Receiver, topic: str, **attributes) -> str:
    """Subscribe and confirm; the subscription's ARN."""
    arn = sns.subscribe(
        TopicArn=topic, Protocol="http", Endpoint=receiver.url, Attributes=attributes, ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    sns.confirm_subscription(TopicArn=topic, Token=receiver.next().document["Token"])
    return arn


def bodies(sqs, url: str) -> list[str]:
    """What waits in a queue, taken out of it."""
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def texts(sqs, url: str) -> list[str]:
    """The messages within the notifications that wait in a queue."""
    return [json.loads(body)["Message"] for body in bodies(sqs, url)]
