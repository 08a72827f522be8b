"""What one service asks of another in the words of the wire, in process: routed, parsed and answered as if it had come
from a client, in the name of whom the asking service says. API Gateway's integrations with AWS services are of this
kind: their users write the requests."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from glasshouse.core.call import Call
from glasshouse.core.errors import NotSupported, ServiceError
from glasshouse.core.visit import Answer, Wired
from glasshouse.gateway import errors
from glasshouse.gateway.routing import FORM, NoService, Route
from glasshouse.protocol import faults, json, model, wire
from glasshouse.protocol.http import Request, Response
from glasshouse.protocol.model import Listing, Operation

if TYPE_CHECKING:
    from glasshouse.gateway.exchange import Gateway

MakeCall = Callable[[str, str, dict[str, Any]], Call]
JSON = "application/json"
JSON_TARGETED = "application/x-amz-json"
NO_BODY = ("GET", "HEAD", "DELETE")
# Where the JSON form of a query service's answer has a name of its own.
_OLD_NAMES = {"Messages": "messages"}


def perform(gateway: "Gateway", wired: Wired, make_call: MakeCall) -> Answer:
    """The answer, refusals included. Raises NotSupported for what this cloud does not do, and NothingYet."""
    if _listing(wired.service) is None:
        raise NotSupported(f"There is no service {wired.service}")
    name = ".".join(part for part in (wired.label, wired.service, wired.region) if part)
    place = gateway.hosts.place(f"{name}.amazonaws.com")
    request = Request(wired.method, wired.path, wired.query, dict(wired.headers), wired.body)
    if place.bucket:
        request = replace(request, path=f"/{place.bucket}{request.path}")
    if wired.action:
        request = _with_action(request, wired)
    try:
        route = gateway.router.route(request, None, place)
    except NoService:
        return Answer(404, {}, b"")
    response = _perform(gateway, route, request, make_call)
    body = response.body
    return Answer(response.status, dict(response.headers), body if isinstance(body, bytes) else _content(body))


def _perform(gateway: "Gateway", route: Route, request: Request, make_call: MakeCall) -> Response:
    operation = route.operation
    if operation is None:
        refusal = errors.unknown_operation(route.family, route.wanted)
        return route.codec.serialize_error(None, refusal, make_call(route.service, "", {}).request_id, route.service)
    asked_by_query = _is_asked_by_query(request)
    in_query = asked_by_query or route.family is errors.Family.QUERY
    in_json = in_query and JSON in request.headers.get("accept", "")
    codec = wire.codec(route.service, "query") if asked_by_query else route.codec
    call = make_call(route.service, operation.name, {})
    try:
        call.params = codec.parse(operation, request, route.labels)
        result = gateway.cloud.perform(call)
    except NotSupported:
        raise
    except ServiceError as refusal:
        if in_json:
            return _refusal_in_json(operation, refusal, call.request_id)
        return codec.serialize_error(operation, refusal, call.request_id, route.service)
    if in_json:
        return _in_json(operation, result, call.request_id)
    return codec.serialize(operation, result, call.request_id)


def _is_asked_by_query(request: Request) -> bool:
    """Whether a service that speaks JSON is asked in the old way, which AWS's answer to API Gateway as well."""
    return "x-amz-target" in request.headers and bool(request.query) and not request.body.strip()


def _with_action(request: Request, wired: Wired) -> Request:
    """A request in which the operation is named as the service wants it."""
    listing = _listing(wired.service)
    assert listing is not None
    in_query = "query" in listing.protocols or "ec2" in listing.protocols
    if in_query and JSON_TARGETED not in request.headers.get("content-type", ""):
        action = f"Action={quote(wired.action)}&Version={listing.api_version}"
        headers = request.headers | ({"content-type": FORM} if request.body.strip() else {})
        return replace(request, query=f"{action}&{request.query}" if request.query else action, headers=headers)
    if not listing.target_prefix:
        return request
    headers = {"x-amz-target": f"{listing.target_prefix}.{wired.action}"} | request.headers
    body = b"" if request.query and request.method in NO_BODY else request.body
    return replace(request, method="POST", path="/", headers=headers, body=body)


def _listing(name: str) -> Listing | None:
    """The service that hosts call so."""
    index = model.index()
    listings = index.by_endpoint_prefix.get(name) or index.by_signing_name.get(name) or []
    return listings[0] if listings else index.get(name)


def _content(body: Any) -> bytes:
    return body.read() if hasattr(body, "read") else b"".join(body)


# The services of the query protocol answer in JSON to who accepts that: API Gateway does unless told otherwise.


def _in_json(operation: Operation, result: dict[str, Any], request_id: str) -> Response:
    answer: dict[str, Any] = {"ResponseMetadata": {"RequestId": request_id}}
    shape = operation.output_shape
    if shape is not None:
        written = (json.JsonWriter().writer(shape) or dict)(result)
        members = {_OLD_NAMES.get(name, name): written.get(name) for name in sorted(shape.members)}
        answer = {f"{operation.name}Result": members, **answer}
    return Response(200, _headers(request_id), json.encode({f"{operation.name}Response": answer}))


def _refusal_in_json(operation: Operation, refusal: ServiceError, request_id: str) -> Response:
    fault = faults.describe(operation.service, refusal)
    error = {"Code": fault.code, "Message": fault.message, "Type": fault.sender}
    return Response(fault.status, _headers(request_id), json.encode({"Error": error, "RequestId": request_id}))


def _headers(request_id: str) -> dict[str, str]:
    return {"x-amzn-requestid": request_id, "content-type": JSON}
