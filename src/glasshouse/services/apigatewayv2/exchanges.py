"""A request to an API while it is under way: what was asked, what is known of it, and what became of it."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from hashlib import blake2s
from typing import Any
from urllib.parse import SplitResult, urlsplit

from glasshouse.core.visit import Visit
from glasshouse.services.apigatewayv2 import expressions
from glasshouse.services.apigatewayv2.records import Route, Stage

MESSAGES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 413: "Request Entity Too Large",
    429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip
KINDS = {401: "UNAUTHORIZED", 403: "ACCESS_DENIED", 404: "NOT_FOUND", 413: "REQUEST_TOO_LARGE", 429: "THROTTLED"}


class Refused(Exception):
    """The gateway answers by itself. `reason` is for the log of the API's owner only, `says` is the error of a function
    that failed."""

    def __init__(self, status: int, reason: str = "", headers: dict[str, str] | None = None, says: str = ""):
        super().__init__(reason)
        self.status, self.reason, self.headers, self.says = status, reason, headers or {}, says

    @property
    def message(self) -> str:
        return MESSAGES[self.status]


def url_parts(url: str) -> SplitResult:
    """The parts of a backend's URL. Raises Refused, since what the request says may stand in it."""
    try:
        return urlsplit(url)
    except ValueError as failure:
        raise Refused(500, f"{url} is no URL: {failure}") from None


@dataclass(slots=True)
class Outcome:
    """What is told of a request afterwards: in logs and metrics."""

    status: int = 0
    length: int = 0
    error: str = ""
    kind: str = ""
    authorizer_error: str = ""
    integration_error: str = ""
    integration_status: int | None = None
    integration_request_id: str = ""
    integration_ms: int | None = None
    latency_ms: int = 0


@dataclass
class Exchange:
    """`path` is the request's path below the stage, or below the part of it that a domain's mapping names."""

    visit: Visit
    account: str
    region: str
    api_id: str
    stage: Stage
    path: str
    domain_name: str
    begun: float
    body: bytes = b""
    base_path: str = ""
    route: Route | None = None
    path_parameters: dict[str, str] = field(default_factory=dict)
    authorizer: dict[str, Any] = field(default_factory=dict)  # what it says in payloads: jwt, iam or lambda
    principal_id: str | None = None
    outcome: Outcome = field(default_factory=Outcome)

    @cached_property
    def request_id(self) -> str:
        """In the form of HTTP APIs: eleven bytes in base64."""
        return b64encode(blake2s(self.visit.request_id.encode(), digest_size=11).digest()).decode()

    @property
    def method(self) -> str:
        return self.visit.method

    @property
    def headers(self) -> Mapping[str, str]:
        return self.visit.headers

    @property
    def raw_path(self) -> str:
        """The path as it was asked for, decoded, the stage included."""
        return self.visit.path

    @cached_property
    def query(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in self.visit.query:
            found.setdefault(name, []).append(value)
        return found

    @property
    def raw_query(self) -> str:
        return self.visit.raw_query

    @cached_property
    def all_headers(self) -> dict[str, list[str]]:
        """Each header with all of its values, by lower-case names."""
        found: dict[str, list[str]] = {}
        for name, value in self.visit.raw_headers:
            found.setdefault(name.lower(), []).append(value)
        return found

    @property
    def cookies(self) -> list[str]:
        sent = ";".join(self.all_headers.get("cookie", ()))
        return [part.strip() for part in sent.split(";") if part.strip()]

    @property
    def source_ip(self) -> str:
        return self.visit.source.address

    @property
    def user_agent(self) -> str:
        return self.headers.get("user-agent", "")

    @property
    def time(self) -> str:
        """As in common log files."""
        return datetime.fromtimestamp(self.begun, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")

    @property
    def time_ms(self) -> int:
        return int(self.begun * 1000)

    @property
    def trace(self) -> str:
        """The X-Ray header: as it came, or begun here."""
        given = self.headers.get("x-amzn-trace-id")
        return given or f"Root=1-{int(self.begun):08x}-{self.visit.request_id.replace('-', '')[:24]}"

    @property
    def route_key(self) -> str:
        return self.route.route_key if self.route else ""

    @property
    def route_path(self) -> str:
        """The path of the route as it was defined; `$default` is its own."""
        return self.route_key.partition(" ")[2] or self.route_key

    def arn(self, path: str) -> str:
        """The ARN of calling a path of this API with this method."""
        below = f"{self.method}/{path.lstrip('/')}" if path != "$default" else path
        return f"arn:aws:execute-api:{self.region}:{self.account}:{self.api_id}/{self.stage.stage_name}/{below}"

    # Expressions

    def identity_of(self, source: str) -> Any:
        """What an authorizer's identity source says."""
        return expressions.evaluate(source, self.look_up)

    def look_up(self, root: str, rest: str) -> Any:
        """The value of `$request.<rest>`, `$context.<rest>` or `$stageVariables.<rest>`."""
        if root == "stageVariables":
            return self.stage.stage_variables.get(rest)
        return self._context(rest) if root == "context" else self._part(rest)

    def _part(self, rest: str) -> Any:
        part, _, name = rest.partition(".")
        if part == "header":
            return self.headers.get(name.lower())
        if part == "querystring":
            return ",".join(self.query[name]) if name in self.query else None
        if part == "path":
            return self.path_parameters.get(name) if name else self.path
        if part.startswith("body"):
            return expressions.in_document(self.body, rest.removeprefix("body"))
        return self.method if part == "method" else None

    def _context(self, rest: str) -> Any:
        """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html"""
        if rest.startswith("authorizer."):
            return self._of_authorizer(rest.removeprefix("authorizer."))
        if rest.startswith("identity."):
            return self._identity.get(rest.removeprefix("identity."))
        known, outcome = self._known, self.outcome
        if rest in known:
            return known[rest]
        late = {
            "error.message": outcome.error or None, "error.responseType": outcome.kind or None,
            "error.messageString": f'"{outcome.error}"' if outcome.error else None, "status": outcome.status or None,
            "responseLength": outcome.length, "dataProcessed": outcome.length + len(self.body),
            "responseLatency": outcome.latency_ms, "integrationErrorMessage": outcome.integration_error or None,
            "integration.error": outcome.integration_error or None, "integrationLatency": outcome.integration_ms,
            "integration.latency": outcome.integration_ms, "integrationStatus": outcome.integration_status,
            "integration.status": outcome.integration_status,
            "integration.integrationStatus": outcome.integration_status,
            "integration.requestId": outcome.integration_request_id or None,
            "awsEndpointRequestId": outcome.integration_request_id or None,
        }  # fmt: skip
        return late.get(rest)

    @property
    def _known(self) -> dict[str, Any]:
        return {
            "accountId": self.account, "apiId": self.api_id, "domainName": self.domain_name,
            "domainPrefix": self.domain_name.partition(".")[0], "extendedRequestId": self.request_id,
            "httpMethod": self.method, "path": self.raw_path, "protocol": "HTTP/1.1", "requestId": self.request_id,
            "requestTime": self.time, "requestTimeEpoch": self.time_ms, "routeKey": self.route_key or None,
            "stage": self.stage.stage_name, "customDomain.basePathMatched": self.base_path or None,
        }  # fmt: skip

    @property
    def _identity(self) -> dict[str, Any]:
        iam = self.authorizer.get("iam") or {}
        return {
            "sourceIp": self.source_ip, "userAgent": self.user_agent, "accountId": iam.get("accountId"),
            "caller": iam.get("callerId"), "user": iam.get("userId"), "userArn": iam.get("userArn"),
            "accessKey": iam.get("accessKey"), "principalOrgId": iam.get("principalOrgId"),
        }  # fmt: skip

    def _of_authorizer(self, rest: str) -> Any:
        if rest == "error":
            return self.outcome.authorizer_error or None
        if rest == "principalId":
            return self.principal_id
        if rest.startswith(("claims.", "jwt.claims.")):
            claims = (self.authorizer.get("jwt") or {}).get("claims") or {}
            return claims.get(rest.partition("claims.")[2])
        return (self.authorizer.get("lambda") or {}).get(rest)
