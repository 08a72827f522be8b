"""An HTTP endpoint that keeps what Amazon SNS posts to it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any, NamedTuple


class Delivery(NamedTuple):
    """A posted message: its headers, its body, and the body read as JSON if it is."""

    headers: dict[str, str]
    body: str

    @property
    def message(self) -> dict[str, Any]:
        return json.loads(self.body)


class Receiver:
    """Listens on a free port of this machine; `next()` is the next delivery."""

    def __init__(self):
        self._deliveries: Queue[Delivery] = Queue()
        deliveries = self._deliveries

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                deliveries.put(Delivery(headers, body))

            def log_message(self, *_: Any): ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def next(self, patience_s: float = 60) -> Delivery:
        """The next delivery. Raises queue.Empty if none comes."""
        return self._deliveries.get(timeout=patience_s)

    def close(self):
        self._server.shutdown()
        self._server.server_close()
