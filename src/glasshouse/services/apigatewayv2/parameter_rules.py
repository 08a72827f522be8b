"""Which parameters of requests and responses an integration of an HTTP API may change, and how.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
"""

import re
from collections.abc import Mapping

from glasshouse.services.apigatewayv2.errors import BadRequestException
from glasshouse.services.apigatewayv2.expressions import is_expression, is_known

REQUEST_KEY = re.compile(r"(append|overwrite|remove):(header|querystring)\.(\S+)|overwrite:path")
RESPONSE_KEY = re.compile(r"(append|overwrite|remove):(header)\.(\S+)|overwrite:statuscode")
STATUS = re.compile(r"[1-5]\d\d")
RESERVED = frozenset({
    "authorization", "connection", "content-encoding", "content-length", "content-location", "forwarded", "keep-alive",
    "origin", "proxy-authenticate", "proxy-authorization", "te", "trailers", "transfer-encoding", "upgrade", "via",
    "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
})  # fmt: skip
RESERVED_PREFIXES = ("access-control-", "apigw-", "x-amz-", "x-amzn-")


def check_request(parameters: Mapping[str, str]):
    """Raises BadRequestException."""
    for key, value in parameters.items():
        _check(key, value, REQUEST_KEY, "Invalid Request Actioned Parameter Key")


def check_response(parameters: Mapping[str, Mapping[str, str]]):
    """Raises BadRequestException."""
    for status, rules in parameters.items():
        if not STATUS.fullmatch(status):
            raise _invalid(f"Invalid status code: {status}")
        for key, value in rules.items():
            _check(key, value, RESPONSE_KEY, "Invalid Response Actioned Parameter Key")


def check_source(value: str, destination: str):
    """Raises BadRequestException for what a first-class integration cannot evaluate."""
    if value.startswith(("{", "[")) or (is_expression(value) and not is_known(value)):
        raise BadRequestException(
            "Invalid selection expression specified: Validation Result: warnings : [], errors : [Invalid source:"
            f" {value} specified for destination: {destination}]"
        )


def _check(key: str, value: str, form: re.Pattern, complaint: str):
    found = form.fullmatch(key)
    if found is None:
        raise _invalid(f"{complaint}: {key}")
    if found[2] == "header" and _is_reserved(found[3]):
        raise _invalid(f"Operations on header {found[3].lower()} are restricted")
    if is_expression(value) and not is_known(value):
        raise _invalid(f"Invalid mapping expression specified: {value}")


def _is_reserved(header: str) -> bool:
    name = header.lower()
    return name in RESERVED or name.startswith(RESERVED_PREFIXES)


def _invalid(error: str) -> BadRequestException:
    return BadRequestException(
        f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{error}]"
    )
