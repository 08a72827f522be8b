"""Somebody's HTTP endpoint: keeps what it is asked, and answers as a test wants it to."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: str

    @property
    def document(self):
        return json.loads(self.body)


@dataclass
class Endpoint:
    """`answer(request)` says (status, headers, body). A context manager."""

    answer: Callable[[Asked], tuple[int, dict, str]] = lambda asked: (200, {}, "")
    asked: list[Asked] = field(default_factory=list)
    charset: str = "utf-8"  # of what it is asked; "latin-1" keeps any bytes

    def __enter__(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *failure):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(endpoint: Endpoint):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode(endpoint.charset)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, body)
            endpoint.asked.append(asked)
            status, more, text = endpoint.answer(asked)
            self.send_response(status)
            for name, value in {**more, "content-length": str(len(text.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_PUT = do_DELETE = do_PATCH = do_POST

        def log_message(self, *arguments):
            """Quiet."""

    return Handler
