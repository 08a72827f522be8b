"""The admin API of a running cloud, under `/_glasshouse/`."""

import json
import os
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from glasshouse.cli import running
from glasshouse.cli.failures import Failure, NotRunning

URL = Annotated[str | None, typer.Option("--url", help="Of the cloud that is meant (or GLASSHOUSE_URL).")]
PATIENCE_S = 3600  # a snapshot of much, or years on the clock, take their time


class Admin:
    """One cloud, by its URL."""

    def __init__(self, url: str):
        self.url = (url if "//" in url else f"http://{url}").rstrip("/")
        self._parts = urlsplit(self.url)

    def get(self, what: str) -> dict:
        return self._ask("GET", what, None)

    def post(self, what: str, **body: Any) -> dict:
        return self._ask("POST", what, {name: value for name, value in body.items() if value is not None})

    def _ask(self, method: str, what: str, body: dict | None) -> dict:
        kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
        connection = kind(self._parts.hostname or "127.0.0.1", self._parts.port, timeout=PATIENCE_S)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, f"/_glasshouse/{what}", text, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return _answer(response.status, response.read(), self.url)
        except OSError as failure:
            raise NotRunning(f"No cloud answers at {self.url}: {failure.strerror or failure}") from failure
        except HTTPException as failure:
            raise Failure(f"What answers at {self.url} is not Glasshouse") from failure
        finally:
            connection.close()


def _answer(status: int, text: bytes, url: str) -> dict:
    try:
        told = json.loads(text) if text else {}
    except ValueError:
        raise Failure(f"What answers at {url} is not Glasshouse") from None
    if status >= 400:
        message = told.get("message") or told.get("Message") or told.get("error") or f"status {status}"
        raise Failure(f"The cloud refused: {message}")
    return told


def the_cloud(url: str | None) -> Admin:
    """The cloud that is meant: by --url, by GLASSHOUSE_URL, else the only one of this user that runs."""
    chosen = url or os.environ.get("GLASSHOUSE_URL")
    return Admin(chosen or running.the_only(list(running.all_running())).url)
