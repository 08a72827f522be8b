"""Serving function URLs: a visit becomes an event (payload format 2.0), and what the function returns an answer.

See https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html. Differs from AWS: the permission
lambda:InvokeFunctionUrl alone lets visitors in.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from glasshouse.core import ServiceError, documents
from glasshouse.core.access import ANONYMOUS, Principal
from glasshouse.core.blobs import Incoming
from glasshouse.core.call import Call
from glasshouse.core.visit import Answer, Visit
from glasshouse.services.lambda_.records import FunctionUrl, UrlAddress
from glasshouse.services.lambda_.runs import Run

JSON = "application/json"
MALFORMED = (TypeError, ValueError, AttributeError, OverflowError)  # what reading an answer of another form ends with
LARGEST_BYTES = 6 * 1024 * 1024
TEXTS = ("text", "json", "xml", "javascript")
# By which a function that streams says that it tells of its answer before the body, and what ends that.
INTEGRATION, PRELUDE_END = "application/vnd.awslambda.http-integration-response", b"\0" * 8
PATIENCE_S = 920.0  # a function's longest time, and its start
FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see:"
    " https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


@dataclass(frozen=True)
class Entering:
    """What access is asked for who visits a URL; it is no operation of the API."""

    service_name: str = "lambda"
    name: str = "InvokeFunctionUrl"
    arguments: dict[str, str] = field(default_factory=dict, hash=False)


ENTERING = Entering()


class Serving:
    """Visits of function URLs, and of the locations of packages."""

    def visit(self, visit: Visit) -> Answer | None:
        address = self.addresses.get(visit.owner) if visit.site == "lambda-url" else None
        if address is None:
            return self._download(visit) or (_told(404, None) if visit.site == "lambda-url" else None)
        url = self.urls.within(address.account, address.region).get(address.function_name, address.qualifier)
        if url is None:
            return _told(404, None)
        origin = visit.headers.get("origin")
        if url.cors and origin and visit.method == "OPTIONS" and "access-control-request-method" in visit.headers:
            return Answer(200, _preflight(url.cors, origin))
        answer = self._entered(visit, url, address)
        if url.cors and origin:
            answer.headers.update(_allowances(url.cors, origin))
        return answer

    def _entered(self, visit: Visit, url: FunctionUrl, address: UrlAddress) -> Answer:
        principal = visit.principal if url.auth_type == "AWS_IAM" else ANONYMOUS
        if url.qualifier and not self._aliases_there(address).get(url.function_name, url.qualifier):
            return _told(403, None, {"x-amzn-errortype": "AccessDeniedException"})  # its alias has been deleted
        if not self._may_enter(visit, url, address, principal):
            return _told(403, FORBIDDEN, {"x-amzn-errortype": "AccessDeniedException"})
        body = visit.body.read() if isinstance(visit.body, Incoming) else bytes(visit.body or b"")
        if len(body) > LARGEST_BYTES:
            return _told(413, "Request Entity Too Large")
        event = _event(visit, url, principal, body, self.now, self.call.request_id)
        ask = self._streaming if url.invoke_mode == "RESPONSE_STREAM" else self._buffered
        try:
            answer = ask(url, address, json.dumps(event).encode())
        except ServiceError as failure:
            throttled = failure.code == "TooManyRequestsException"
            return _told(429 if throttled else 502, failure.message if throttled else "Internal Server Error")
        answer.headers.setdefault("x-amzn-requestid", self.call.request_id)
        return answer

    def _buffered(self, url: FunctionUrl, address: UrlAddress, payload: bytes) -> Answer:
        """What the function returns, once it has."""
        there = type(self)(self.cloud, self.call.elsewhere(address.account, address.region))
        result = there.invoke(url.function_arn, payload=payload)
        return _broken() if result.get("FunctionError") else _returned(_bytes(result.get("Payload")))

    def _streaming(self, url: FunctionUrl, address: UrlAddress, payload: bytes) -> Answer:
        """What the function writes, as it writes it; before that it may say the status and the headers."""
        there = self.call.elsewhere(address.account, address.region)
        service = type(self)(self.cloud, there)
        run = service._run_of_call(url.function_arn, None, payload, None, streams=True)
        begun = b"".join(run.parts)
        preluded = (run.content_type or "").startswith(INTEGRATION)
        if not run.is_over and (not begun or (preluded and PRELUDE_END not in begun)):
            self.wait(PATIENCE_S, run.topic)
        if run.is_over:
            outcome = service._outcome(run)
            return _broken() if outcome.failed and not begun else _begun(begun or outcome.payload, preluded, run, None)
        return _begun(begun, preluded, run, service.stream("_next_parts", key=run.key, sent=len(run.parts), tail=False))

    def _aliases_there(self, address: UrlAddress):
        return self.aliases.within(address.account, address.region)

    def _may_enter(self, visit: Visit, url: FunctionUrl, address: UrlAddress, principal: Principal) -> bool:
        if url.auth_type == "AWS_IAM" and principal.kind == "anonymous":
            return False
        params = {"FunctionName": url.function_arn, "FunctionUrlAuthType": url.auth_type}
        asked = Call("lambda", ENTERING.name, params, address.account, address.region, principal, source=visit.source)
        try:
            self.cloud.access.authorize(type(self)(self.cloud, asked), ENTERING)
        except ServiceError:
            return False
        return True


def _event(visit: Visit, url: FunctionUrl, principal: Principal, body: bytes, now: float, request_id: str) -> dict:
    """The event that a function gets."""
    headers = {name: value for name, value in visit.headers.items() if name not in ("connection", "cookie")}
    headers |= {
        "x-forwarded-for": visit.source.address,
        "x-forwarded-proto": "https" if visit.source.secure else "http",
        "x-forwarded-port": visit.host.rpartition(":")[2] if ":" in visit.host else "443",
    }
    path = visit.raw_path  # as it was sent: what it encodes may not be a path
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": visit.raw_query,
        "headers": headers,
        "requestContext": _context(visit, url, principal, path, now, request_id),
        "isBase64Encoded": False,
    }
    if cookie := visit.headers.get("cookie"):
        event["cookies"] = [one.strip() for one in cookie.split(";")]
    if visit.query:
        event["queryStringParameters"] = _joined(visit.query)
    if body:
        is_text = any(text in headers.get("content-type", "").lower() for text in TEXTS) and _is_text(body)
        event["body"] = body.decode() if is_text else b64encode(body).decode()
        event["isBase64Encoded"] = not is_text
    return event


def _context(
    visit: Visit, url: FunctionUrl, principal: Principal, path: str, now: float, request_id: str
) -> dict[str, Any]:
    known = principal.kind != "anonymous"
    context = {
        "accountId": principal.account if known else "anonymous",
        "apiId": url.url_id,
        "domainName": f"{url.url_id}.lambda-url.{url.region}.on.aws",
        "domainPrefix": url.url_id,
        "http": {
            "method": visit.method,
            "path": unquote(re.sub("//+", "/", path)),
            "protocol": "HTTP/1.1",
            "sourceIp": visit.source.address,
            "userAgent": visit.headers.get("user-agent", ""),
        },
        "requestId": request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now * 1000),
    }
    if known:
        who = {"accountId": principal.account, "userArn": principal.arn, "userId": principal.user_id}
        nobody = {"cognitoIdentity": None, "principalOrgId": None}
        context["authorizer"] = {"iam": {**who, "callerId": principal.user_id, **nobody}}
    return context


def _joined(query: list[tuple[str, str]]) -> dict[str, str]:
    """Parameters by name; one that comes several times has its values joined by commas."""
    found: dict[str, str] = {}
    for name, value in query:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


# Answers


def _told(status: int, message: str | None, headers: Mapping[str, str] | None = None) -> Answer:
    """What Lambda itself says."""
    return Answer(status, {"content-type": JSON, **(headers or {})}, json.dumps({"Message": message}).encode())


def _broken() -> Answer:
    return Answer(502, {"content-type": JSON}, b"Internal Server Error")


def _returned(payload: bytes) -> Answer:
    """What a function has returned: an answer with a status, or anything else, which is a body."""
    try:
        value = documents.read(payload or b"null")
    except ValueError:
        return _broken()
    if not isinstance(value, dict) or "statusCode" not in value:
        compact = json.dumps(value, separators=(",", ":"), ensure_ascii=False) if payload else ""
        return Answer(200, {"content-type": JSON}, (value if isinstance(value, str) else compact).encode())
    try:
        return Answer(_status(value["statusCode"]), _headers(value), _body(value))
    except MALFORMED:
        return _broken()


def _begun(begun: bytes, preluded: bool, run: Run, following: AsyncIterator[dict] | None) -> Answer:
    """What a function streams: a body, before which it may say the status and the headers."""
    prelude, end, body = begun.partition(PRELUDE_END) if preluded else (b"", b"", begun)
    whole = body if following is None else _pieces(body, following)
    if not end:
        return Answer(200, {"content-type": run.content_type or "application/octet-stream"}, whole)
    try:
        value = documents.read(prelude)
        return Answer(_status(value.get("statusCode", 200)), _headers(value), whole)
    except MALFORMED:
        return _broken()


def _status(value: Any) -> int:
    """Raises one of MALFORMED for what is no status of a whole answer."""
    status = int(value)
    if not 200 <= status <= 599:
        raise ValueError(f"{status} is no status")
    return status


async def _pieces(begun: bytes, following: AsyncIterator[dict]) -> AsyncIterator[bytes]:
    if begun:
        yield begun
    async for event in following:
        if chunk := event.get("PayloadChunk"):
            yield chunk["Payload"]


def _headers(value: Mapping[str, Any]) -> dict[str, str | list[str]]:
    given = value.get("headers") or {}
    headers: dict[str, str | list[str]] = {str(name).lower(): _printed(one) for name, one in given.items()}
    headers.setdefault("content-type", JSON)
    if cookies := value.get("cookies"):
        headers["set-cookie"] = [str(cookie) for cookie in cookies]
    return headers


def _printed(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _body(value: Mapping[str, Any]) -> bytes:
    body = value.get("body")
    if body is None:
        return b""
    text = body if isinstance(body, str) else json.dumps(body)
    return b64decode(text, validate=True) if value.get("isBase64Encoded") else text.encode()


def _bytes(payload: Any) -> bytes:
    return payload if isinstance(payload, bytes) else payload.read() if payload is not None else b""


# Other sites' pages


def _allowances(cors: Mapping[str, Any], origin: str) -> dict[str, str]:
    """The headers by which a browser lets a page of this origin see an answer."""
    allowed = cors.get("AllowOrigins") or []
    if "*" not in allowed and origin not in allowed:
        return {}
    # A browser does not take "*" for an answer where credentials are sent.
    named = cors.get("AllowCredentials") or "*" not in allowed
    headers = {"access-control-allow-origin": origin if named else "*", "vary": "Origin"}
    if cors.get("AllowCredentials"):
        headers["access-control-allow-credentials"] = "true"
    if exposed := cors.get("ExposeHeaders"):
        headers["access-control-expose-headers"] = ",".join(exposed)
    return headers


def _preflight(cors: Mapping[str, Any], origin: str) -> dict[str, str]:
    headers = _allowances(cors, origin)
    if headers:
        lists = {"access-control-allow-methods": "AllowMethods", "access-control-allow-headers": "AllowHeaders"}
        headers |= {name: ",".join(cors[member]) for name, member in lists.items() if cors.get(member)}
        if cors.get("MaxAge") is not None:
            headers["access-control-max-age"] = str(cors["MaxAge"])
    return headers
