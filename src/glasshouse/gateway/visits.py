"""Requests that are no operation: preflights, forms, websites, pages. A service answers them if it wants to."""

import re
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from glasshouse.core import domains
from glasshouse.core.access import Principal
from glasshouse.core.call import Source
from glasshouse.core.cloud import Cloud
from glasshouse.core.errors import NotSupported, ServiceError
from glasshouse.core.service import Service
from glasshouse.core.visit import Visit
from glasshouse.gateway.hosts import Place
from glasshouse.protocol.http import Request, Response

# What a host may name beside an API's endpoint, and who serves it: the first service that knows what it names.
SITES = {
    "s3-website": ("s3",), "execute-api": ("apigateway", "apigatewayv2"), "lambda-url": ("lambda",),
    "cloudfront": ("cloudfront",),
}  # fmt: skip
# What a site answers where no service knows what the host names: an API that is not there.
NOBODY = {"execute-api": b'{"message":"Forbidden"}'}
SIGNED_SITES = frozenset({"execute-api", "lambda-url"})
# For clients that cannot resolve such hosts: /_aws/execute-api/<API>/<stage>/..., and the same for function URLs.
_SITE_PATH = re.compile(r"/_aws/(execute-api|lambda-url)/([\w-]+)(/.*)?", re.ASCII | re.DOTALL)
# The same as tools know it from LocalStack: /restapis/<API>/<stage>/_user_request_/...
_USER_REQUEST = re.compile(r"/restapis/([\w-]+)(/[\w$-]+)/_user_request_(/.*)?", re.ASCII | re.DOTALL)
SITE_PATHS = ("/_aws/", "/restapis/")


def is_answered(cloud: Cloud, service: str) -> bool:
    """Whether a service answers visits at all."""
    return _overrides(cloud, service, "visit")


def make(
    request: Request, place: Place, principal: Principal, region: str, source: Source, body: Any, form=()
) -> Visit:
    site = place.prefix if place.prefix in SITES else None
    return Visit(
        request.method, request.headers.get("host", ""), unquote(request.path), request.query_pairs, request.headers,
        body, principal, region, source, list(form), site or "", place.labels if site else "", raw_path=request.path,
        raw_query=request.query, raw_headers=_as_sent(request) if site else [],
    )  # fmt: skip


def _as_sent(request: Request) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.header_lines]


def site_in_path(request: Request) -> tuple[Place, Request] | None:
    """The site that a path names instead of the host, and the request as that site gets it."""
    if found := _SITE_PATH.fullmatch(request.path):
        return Place(found[1], None, found[2], own=True), replace(request, path=found[3] or "/")
    if found := _USER_REQUEST.fullmatch(request.path):
        return Place("execute-api", None, found[1], own=True), replace(request, path=found[2] + (found[3] or "/"))
    return None


def site_of_domain(cloud: Cloud, host: str) -> Place | None:
    """The site that a host name of the user's own leads to."""
    if not domains.are_claimed(cloud.store):
        return None
    name = host.partition(":")[0].lower()
    site = domains.site_of(cloud.store, name)
    return Place(site, None, name, own=True) if site else None


def add_headers(cloud: Cloud, service: str, visit: Visit, response: Response):
    """What a service adds for a browser that says which site its request comes from."""
    if _overrides(cloud, service, "response_headers"):
        with suppress(ServiceError):
            for name, value in cloud.response_headers(service, visit).items():
                response.headers.setdefault(name.lower(), value)


def _overrides(cloud: Cloud, service: str, method: str) -> bool:
    try:
        return getattr(cloud.service_class(service), method) is not getattr(Service, method)
    except NotSupported:
        return False
