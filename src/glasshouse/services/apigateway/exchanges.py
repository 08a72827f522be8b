"""A request to an API while it is under way: what was asked, what is known of it, and what became of it."""

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2s
from typing import Any
from urllib.parse import parse_qsl

from glasshouse.core.call import arn
from glasshouse.core.visit import Visit
from glasshouse.services.apigateway.records import Stage
from glasshouse.services.apigateway.traffic import Release, UnderWay
from glasshouse.services.apigateway.trails import Trail

Values = dict[str, list[str]]


class Headers:
    """Headers with all of their values, by their names as they were sent, found by names in any case."""

    def __init__(self, lines: Iterable[tuple[str, str]]):
        self.sent: Values = {}
        self._names: dict[str, str] = {}
        for name, value in lines:
            known = self._names.setdefault(name.lower(), name)
            self.sent.setdefault(known, []).append(value)

    def all(self, name: str) -> list[str]:
        return self.sent.get(self._names.get(name.lower(), ""), [])

    def get(self, name: str) -> str | None:
        """The last value, as API Gateway has it where it takes one."""
        found = self.all(name)
        return found[-1] if found else None


@dataclass(slots=True)
class Outcome:
    """What is told of a request afterwards: in logs and metrics."""

    status: int = 0
    length: int = 0
    error: str | None = None
    error_kind: str | None = None
    validation_error: str | None = None
    integration_status: int | None = None
    integration_ms: int | None = None
    integration_error: str | None = None
    integration_request_id: str | None = None
    latency_ms: int = 0
    authorizer_status: int | None = None
    authorizer_error: str | None = None
    authorizer_ms: int | None = None


@dataclass(slots=True)
class Overrides:
    """What mapping templates set in $context.requestOverride and $context.responseOverride."""

    headers: dict[str, Any] = field(default_factory=dict)
    path: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    response_headers: dict[str, Any] = field(default_factory=dict)
    status: Any = None


@dataclass
class Exchange:
    """`path` is the request's path below the stage; `request_path` is all of it, as it was sent."""

    visit: Visit
    release: Release
    stage: Stage
    account: str
    region: str
    path: str
    under_way: UnderWay
    trail: Trail
    request_path: str
    is_mapped: bool = False  # by a domain
    is_canary: bool = False
    is_test: bool = False
    resource: dict[str, Any] = field(default_factory=dict)
    method: dict[str, Any] = field(default_factory=dict)
    path_parameters: dict[str, str] = field(default_factory=dict)
    authorizer: dict[str, Any] = field(default_factory=dict)  # what an authorizer said: principalId and its context
    signer: dict[str, Any] = field(default_factory=dict)  # who signed, as $context.identity has it
    api_key: tuple[str, str] | None = None  # (id, value)
    usage_key: str | None = None  # the key that an authorizer gives
    overrides: Overrides = field(default_factory=Overrides)
    outcome: Outcome = field(default_factory=Outcome)

    @property
    def api_id(self) -> str:
        return self.release.api["id"]

    @property
    def verb(self) -> str:
        return self.visit.method

    @property
    def request_id(self) -> str:
        return self.visit.request_id

    @cached_property
    def extended_id(self) -> str:
        return f"{b64encode(blake2s(self.request_id.encode(), digest_size=11).digest()).decode()}"

    @cached_property
    def trace(self) -> str:
        """The X-Ray header: as it came, or begun here."""
        given = self.headers.get("x-amzn-trace-id")
        return given or f"Root=1-{int(self.under_way.begun):08x}-{self.request_id.replace('-', '')[:24]}"

    @cached_property
    def headers(self) -> Headers:
        return Headers(self.visit.raw_headers)

    @cached_property
    def query(self) -> Values:
        found: Values = {}
        for name, value in parse_qsl(self.visit.raw_query, keep_blank_values=True):
            found.setdefault(name, []).append(value)
        return found

    @property
    def body(self) -> bytes:
        return self.visit.body if isinstance(self.visit.body, bytes) else b""

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type") or ""

    @cached_property
    def host(self) -> str:
        """The host that was asked for; that of the API where it was asked for in another way."""
        named = self.visit.host.partition(":")[0]
        if self.is_mapped or self.is_test or named.lower().startswith(self.api_id):
            return named
        return f"{self.api_id}.execute-api.{self.region}.amazonaws.com"

    @cached_property
    def variables(self) -> dict[str, str]:
        """The variables of the stage, with those that are otherwise for its canary."""
        over = self.stage.canary_settings.get("stageVariableOverrides") if self.is_canary else None
        return {**self.stage.variables, **(over or {})}

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The stage's settings for this method, those of all methods behind them."""
        known = self.stage.method_settings
        path = self.resource.get("path", "/")[1:].replace("/", "~1")
        verb = self.method.get("httpMethod", self.verb)
        found = dict(known.get("*/*", {}))
        for key in (f"~1{path}/*", f"~1{path}/{verb}", f"{path}/{verb}"):
            found |= known.get(key, {})
        return found

    def arn(self, path: str | None = None) -> str:
        """The ARN of calling a path with the request's method; of the resource's path unless another is given."""
        below = (self.resource.get("path", "/") if path is None else path).lstrip("/")
        place = f"{self.api_id}/{self.stage.stage_name}/{self.verb}/{below}"
        return arn("execute-api", place, self.region, self.account)

    def named(self, uri: str) -> str:
        """A text with the stage variables that it names (`${stageVariables.name}`) in their places."""
        for name, value in self.variables.items() if "${" in uri else ():
            uri = uri.replace(f"${{stageVariables.{name}}}", value)
        return uri
