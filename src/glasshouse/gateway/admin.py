"""The admin API under `/_glasshouse/`, and the health page where tools that know LocalStack look for one.

It is for this machine alone: clients must come from a loopback address, name us by a name of ours, and not be sent by
some other site's page. Functions that run here are none (see `sandboxes`).
"""

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from glasshouse.core.call import Source
from glasshouse.core.mail import Relay
from glasshouse.gateway import sandboxes
from glasshouse.gateway.loopback import is_loopback, is_own_host
from glasshouse.protocol.http import Request, Response

if TYPE_CHECKING:
    from glasshouse.gateway.exchange import Gateway

log = logging.getLogger("glasshouse.gateway")
PREFIX, HEALTH = "/_glasshouse/", "/_localstack/health"
LARGEST_BYTES = 64 * 1024


class Refused(Exception):
    """Told to the client, with a status."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


def is_admin(request: Request) -> bool:
    return request.path.startswith(PREFIX) or request.path == HEALTH


class Administration:
    """One request to the admin API; the connection treats it like any other exchange."""

    def __init__(self, gateway: "Gateway", request: Request, source: Source):
        self._gateway, self._cloud, self.request, self._source = gateway, gateway.cloud, request, source
        self._received = bytearray()

    def open(self) -> Response | None:
        try:
            if self.request.path != HEALTH:
                self._check_client()
        except Refused as refusal:
            return _answer({"message": str(refusal)}, refusal.status)
        return None

    def write(self, chunk: bytes) -> Response | None:
        self._received += chunk
        if len(self._received) > LARGEST_BYTES:
            return _answer({"message": "The body is too large"}, 413)
        return None

    def abandon(self):
        self._received.clear()

    async def end(self) -> Response:
        try:
            return _answer(await self._done())
        except Refused as refusal:
            return _answer({"message": str(refusal)}, refusal.status)
        except Exception as failure:
            log.exception("%s failed", self.request.path)
            return _answer({"message": f"{type(failure).__name__}: {failure}"}, 500)

    def _check_client(self):
        headers = self.request.headers
        if not is_loopback(self._source.address):
            raise Refused(403, "The admin API is for clients on this machine")
        if not is_own_host(headers.get("host", "")):
            raise Refused(403, "The admin API does not answer to this Host")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != headers.get("host"):
            raise Refused(403, "The admin API is not for pages of other sites")
        if sandboxes.is_function(self._cloud, self._source):
            raise Refused(403, "The admin API is not for functions, which run on this machine but are not its user")

    async def _done(self) -> Any:
        method, path = self.request.method, self.request.path
        if path == HEALTH:
            return self._localstack_health()
        name = path.removeprefix(PREFIX)
        action: Callable[..., Awaitable[Any]] | None = getattr(self, f"_{method.lower()}_{name}", None)
        if action is None:
            known = [one for one in ("get", "post") if hasattr(self, f"_{one}_{name}")]
            raise Refused(405 if known else 404, f"There is no {method} {path}")
        return await action(**self._parameters()) if method == "POST" else await action()

    def _parameters(self) -> dict[str, Any]:
        try:
            body = msgspec.json.decode(self._received) if self._received else {}
        except msgspec.DecodeError:
            raise Refused(400, "The body is not JSON") from None
        if not isinstance(body, dict):
            raise Refused(400, "The body is not a JSON object")
        return {"parameters": body}

    # What can be asked and done

    def _localstack_health(self) -> dict:
        services = dict.fromkeys(self._cloud.services.names(), "running")
        return {"services": services, "edition": "community", "version": _version()}

    async def _get_health(self) -> dict:
        services = dict.fromkeys(self._cloud.services.names(), "running")
        return {"ready": True, "version": _version(), "account": self._cloud.account, "services": services}

    async def _get_clock(self) -> dict:
        clock = self._cloud.clock
        return {"now": clock.now(), "real": clock.real(), "frozen": clock.frozen}

    async def _post_clock(self, parameters: dict) -> dict:
        clock, action = self._cloud.clock, parameters.get("action")
        if action == "advance":
            await self._cloud.runner.advance(clock.now() + _number(parameters, "seconds", at_least=0))
        elif action == "set":
            clock.set(_number(parameters, "to"))
        elif action in ("freeze", "resume", "reset"):
            getattr(clock, action)()
        else:
            raise Refused(400, "The action must be set, advance, freeze, resume or reset")
        return await self._get_clock()

    async def _post_reset(self, parameters: dict) -> dict:
        self._cloud.reset()
        return {}

    async def _post_snapshot(self, parameters: dict) -> dict:
        action, path = parameters.get("action"), parameters.get("path")
        if action not in ("save", "load") or not isinstance(path, str) or not Path(path).is_absolute():
            raise Refused(400, "The action must be save or load, and the path absolute")
        try:
            getattr(self._cloud, action)(Path(path))
        except FileExistsError:
            raise Refused(409, f"{path} exists already") from None
        except FileNotFoundError:
            raise Refused(404, f"{path} holds no snapshot") from None
        except OSError as failure:
            raise Refused(400, f"{path}: {failure.strerror}") from None
        return {"path": path}

    async def _get_jobs(self) -> dict:
        given_up = self._cloud.jobs.given_up()
        return {"given_up": [{"service": s, "method": m, "error": error} for s, m, error in given_up]}

    async def _get_mail(self) -> dict:
        return {"letters": self._cloud.mail.letters(), "relay": _relay_shown(self._cloud.mail.relay)}

    async def _post_mail(self, parameters: dict) -> dict:
        """Name the mail server that letters are handed to, or none."""
        try:
            relay = msgspec.convert(parameters.get("relay"), Relay | None)
        except msgspec.ValidationError as failure:
            raise Refused(400, f"The relay is not of the form: {failure}") from None
        with self._cloud.store.transaction():
            self._cloud.mail.relay = relay
        return {"relay": _relay_shown(relay)}

    async def _get_outbox(self) -> dict:
        return {"dispatches": self._cloud.outbox.dispatches()}

    async def _post_settle(self, parameters: dict) -> dict:
        await self._cloud.runner.settle()
        return {}

    async def _post_stop(self, parameters: dict) -> dict:
        self._gateway.on_stop()
        return {}

    async def _get_ca(self) -> dict:
        return {"certificate": self._gateway.authority().pem.decode()}


def _relay_shown(relay: Relay | None) -> dict | None:
    """Without its password."""
    return {"host": relay.host, "port": relay.port, "security": relay.security, "user": relay.user} if relay else None


def _number(parameters: dict, name: str, at_least: float | None = None) -> float:
    value = parameters.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < 1e12:
        raise Refused(400, f"{name} must be a number of seconds")
    if at_least is not None and value < at_least:
        raise Refused(400, f"{name} must not be negative: use set to go back")
    return value


def _answer(told: Any, status: int = 200) -> Response:
    return Response(status, {"content-type": "application/json"}, msgspec.json.encode(told))


def _version() -> str:
    from importlib.metadata import version  # which loads a good deal

    return version("glasshouse")
