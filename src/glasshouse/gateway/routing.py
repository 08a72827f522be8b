"""Which operation of which service a request asks for.

In this order: what the X-Amz-Target header names; the path of the smithy-rpc protocols; the Action of a query string
or form; method and path. Services that sign with the same name (S3 and S3 Control, ELB of both generations) are told
apart by target, version and path.
"""

import re
from functools import cache
from typing import Any

from glasshouse.core.errors import SerializationException
from glasshouse.gateway.errors import Family
from glasshouse.gateway.hosts import Place
from glasshouse.protocol import model, routes, wire
from glasshouse.protocol.compression import expanded
from glasshouse.protocol.http import Request
from glasshouse.protocol.model import Listing, Operation

REMEMBERED = 4096
FORM = "application/x-www-form-urlencoded"
_ACTION, _VERSION = re.compile(r"(?:^|&)Action=([^&]*)"), re.compile(r"(?:^|&)Version=([^&]*)")
_RPC_PATH = re.compile(r"/service/([\w.]+)/operation/(\w+)", re.ASCII)
_QUEUE_PATH = re.compile(r"/(?:queue/[\w-]+/)?\d{12}/[\w.-]+", re.ASCII)
_JSON, _CBOR, _QUERY = ("json",), ("smithy-rpc-v2-cbor",), ("query", "ec2")
_TARGETED_CBOR_TYPE = "application/x-amz-cbor-1.1"
_REST = ("rest-json", "rest-xml")
# Where the paths of two services overlap, the more particular one is asked first.
_ASKED_FIRST = {"s3": ("/v20180820/", "s3control")}
# What people click on: links in what SNS sends, which say neither service nor version, and its certificates.
_LINKS = {"ConfirmSubscription": "sns", "Unsubscribe": "sns"}
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9a-f]{32}\.pem", re.ASCII)


class Endpoint:
    """A service in one of the protocols that it speaks."""

    __slots__ = ("codec", "family", "is_rest", "service")

    def __init__(self, listing: Listing, protocol: str):
        self.service, self.is_rest = listing.name, protocol in _REST
        self.family = family(listing, protocol)
        self.codec = wire.codec(listing.name, protocol)


class Route:
    """Where a request goes; `wanted` is the operation as the client named it, or its method and path."""

    __slots__ = ("codec", "family", "labels", "operation", "service", "wanted")

    def __init__(
        self, endpoint: Endpoint, wanted: str, operation: Operation | None, labels: dict[str, str] | None = None
    ):
        self.service, self.family, self.codec = endpoint.service, endpoint.family, endpoint.codec
        self.wanted, self.operation, self.labels = wanted, operation, labels or {}

    @property
    def streams(self) -> bool:
        """Whether the body may be of any size, and goes to the blob store before the operation runs."""
        operation = self.operation
        if operation is None or operation.streaming_input is None or operation.input_shape is None:
            return False
        return bool(operation.input_shape.members[operation.streaming_input].traits.get("streaming"))


class NoService(Exception):
    """The request names a service that AWS does not have."""


class Router:
    """Finds the route of a request, and remembers those that do not depend on a path."""

    def __init__(self):
        self._index = model.index()
        self._known: dict[tuple, Route] = {}
        self._rest: dict[tuple[str | None, str | None], list[Listing]] = {}  # by signing name and place

    def route(self, request: Request, signing_name: str | None, place: Place) -> Route:
        """The route of a request whose body is there if it is a form. Raises NoService."""
        target = request.headers.get("x-amz-target")
        if target is not None:
            in_cbor = request.headers.get("content-type", "").startswith(_TARGETED_CBOR_TYPE)
            key = ("target", target, signing_name, place.prefix, in_cbor)
            return self._remembered(key, self._by_target, target, signing_name, place, in_cbor)
        if request.path.startswith("/service/") and (found := _RPC_PATH.fullmatch(request.path)):
            return self._by_rpc_path(found[1], found[2], signing_name, place)
        if action := self._action(request):
            key = ("action", action, signing_name, place.prefix, bool(_QUEUE_PATH.fullmatch(request.path)))
            return self._remembered(key, self._by_action, *action, signing_name, place, request.path)
        return self._by_path(request, signing_name, place)

    def site(self, service: str, request: Request) -> Route:
        """The route to a service's sites, where every path is the visited service's own affair."""
        listing = self._index.services[service]
        return Route(endpoint(listing.name, _REST), f"{request.method} {request.path}", None)

    def _remembered(self, key: tuple, find, *arguments) -> Route:
        route = self._known.get(key)
        if route is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            route = find(*arguments)
            if route.operation:
                self._known[key] = route
        return route

    # By name

    def _by_target(self, target: str, signing_name: str | None, place: Place, in_cbor: bool) -> Route:
        speak = _in_targeted_cbor if in_cbor else _in_json
        prefix, _, name = target.rpartition(".")
        listings = self._index.by_target_prefix.get(prefix) or self._candidates(signing_name, place)
        for listing in sorted(listings, key=lambda one: one.endpoint_prefix != place.prefix):
            if operation := _operation(listing, name):
                return Route(speak(listing.name), name, operation)
        if not listings:
            raise NoService(prefix or target)
        return Route(speak(listings[0].name), name, None)

    def _by_rpc_path(self, prefix: str, name: str, signing_name: str | None, place: Place) -> Route:
        listings = self._index.by_target_prefix.get(prefix.rpartition(".")[2])
        for listing in listings or self._candidates(signing_name, place):
            if operation := _operation(listing, name):
                return Route(endpoint(listing.name, _CBOR), name, operation)
        if not listings:
            raise NoService(prefix)
        return Route(endpoint(listings[0].name, _CBOR), name, None)

    def _action(self, request: Request) -> tuple[str, str] | None:
        """The Action and Version of a query string or form."""
        text = request.query if "Action=" in request.query else ""
        if not text and request.headers.get("content-type", "").startswith(FORM):
            body = _form(request)
            text = body.decode("latin-1") if isinstance(body, bytes) and b"Action=" in body else ""
        action = _ACTION.search(text) if text else None
        if action is None:
            return None
        version = _VERSION.search(text)
        return action[1], version[1] if version else ""

    def _by_action(self, name: str, version: str, signing_name: str | None, place: Place, path: str) -> Route:
        listings = self._candidates(signing_name, place)
        if not listings and (_QUEUE_PATH.fullmatch(path) or name in _LINKS):
            listings = [self._index.services[_LINKS.get(name, "sqs")]]
        spoken = [one for one in listings or self._index.services.values() if _first(one, _QUERY) in _QUERY]
        versioned = [one for one in spoken if one.api_version == version] or (spoken if listings else [])
        for listing in sorted(versioned, key=_is_other):
            if operation := _operation(listing, name):
                return Route(endpoint(listing.name, _QUERY), name, operation)
        if not (versioned or listings):
            raise NoService(f"with the action {name} of version {version}")
        listing = (versioned or listings)[0]
        return Route(endpoint(listing.name, _QUERY), name, None)

    # By path

    def _by_path(self, request: Request, signing_name: str | None, place: Place) -> Route:
        listings = self._rest.get((signing_name, place.prefix))
        if listings is None:
            if len(self._rest) >= REMEMBERED:
                self._rest.clear()
            listings = sorted(self._candidates(signing_name, place), key=_is_other)
            self._rest[signing_name, place.prefix] = listings
        if not listings:
            if signing_name and signing_name not in self._index.by_signing_name:
                raise NoService(signing_name)
            listings = [self._index.services["sns" if _CERTIFICATE.fullmatch(request.path) else "s3"]]
        first = _ASKED_FIRST.get(signing_name or listings[0].name)
        if first and request.path.startswith(first[0]) and "x-amz-account-id" in request.headers:
            listings = [self._index.services[first[1]]]
        for listing in listings:
            spoken = endpoint(listing.name, _REST)
            if not spoken.is_rest:
                continue
            found = routes.match(listing.name, request.method, request.path, request.query_pairs, request.headers)
            if found:
                return Route(spoken, found[0], model.operation(listing.name, found[0]), found[1])
        return Route(endpoint(listings[0].name, _REST), f"{request.method} {request.path}", None)

    def _candidates(self, signing_name: str | None, place: Place) -> list[Listing]:
        """The services that a request may be for, by the name it is signed for, else by its host."""
        index = self._index
        if signing_name:
            signed = index.by_signing_name.get(signing_name) or index.by_endpoint_prefix.get(signing_name)
            signed = signed or ([index.services[signing_name]] if signing_name in index else [])
            if len(signed) > 1 and place.prefix:
                return [one for one in signed if one.endpoint_prefix == place.prefix] or signed
            return signed
        if place.prefix in (None, "s3-website"):
            return []
        return index.by_endpoint_prefix.get(place.prefix) or [one for one in [index.get(place.prefix)] if one]


@cache
def endpoint(name: str, protocols: tuple[str, ...]) -> Endpoint:
    """A service in the first of these protocols that it speaks, else in its own first one."""
    listing = model.index().services[name]
    return Endpoint(listing, _first(listing, protocols))


def _in_json(name: str) -> Endpoint:
    return endpoint(name, _JSON)


@cache
def _in_targeted_cbor(name: str) -> Endpoint:
    """A service of the JSON protocol asked in CBOR, as the Java SDKs do (Kinesis)."""
    return Endpoint(model.index().services[name], wire.TARGETED_CBOR)


def family(listing: Listing, protocol: str) -> Family:
    """Whose words a service speaks. One that once spoke the query protocol keeps its words."""
    if listing.name in ("s3", "s3control"):
        return Family.S3
    if protocol == "ec2":
        return Family.EC2
    if protocol in ("query", "rest-xml") or "query" in listing.protocols:
        return Family.QUERY
    return Family.REST if protocol == "rest-json" else Family.JSON


def _form(request: Request) -> Any:
    """The body of a form; of a compressed one what was compressed, or nothing if it cannot be expanded."""
    if "content-encoding" not in request.headers:
        return request.body
    try:
        return expanded(request)
    except SerializationException:
        return b""


def _operation(listing: Listing, name: str) -> Operation | None:
    try:
        return model.operation(listing.name, name)
    except KeyError:
        return None


def _first(listing: Listing, wanted: tuple[str, ...]) -> str:
    """The first of these protocols that the service speaks, else its own first one."""
    return next((protocol for protocol in listing.protocols if protocol in wanted), listing.protocols[0])


def _is_other(listing: Listing) -> bool:
    """Whether a service signs with another's name: those that have the name themselves are asked first."""
    return listing.name != listing.signing_name
