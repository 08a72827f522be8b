"""What functions are called with: the payload formats 1.0 and 2.0 of integrations and of authorizers.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
Format 2.0 leaves out what there is not, where 1.0 says null.
"""

import re
from base64 import b64encode
from typing import Any

from glasshouse.services.apigatewayv2.exchanges import Exchange

TEXT = re.compile(
    r"text/|application/(json|javascript|xml|[\w.-]+\+(json|xml))|image/svg\+xml|multipart/related", re.IGNORECASE
)
CAPITALS = ("content-length", "host", "user-agent", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port",
            "x-forwarded-proto")  # fmt: skip


def of_integration(exchange: Exchange, version: str) -> dict[str, Any]:
    """The event of a function that answers requests."""
    return _integration_2(exchange) if version == "2.0" else _integration_1(exchange)


def of_authorizer(exchange: Exchange, version: str, identity: list[str]) -> dict[str, Any]:
    """The event of a function that says who may make a request."""
    return _authorizer_2(exchange, identity) if version == "2.0" else _authorizer_1(exchange, identity)


def _integration_2(exchange: Exchange) -> dict[str, Any]:
    event = {"version": "2.0", **_request_2(exchange)}
    if exchange.authorizer:
        event["requestContext"]["authorizer"] = _shown(exchange)
    body, encoded = _body(exchange)
    if body is not None:
        event["body"] = body
    if exchange.path_parameters:
        event["pathParameters"] = exchange.path_parameters
    event["isBase64Encoded"] = encoded
    if exchange.stage.stage_variables:
        event["stageVariables"] = exchange.stage.stage_variables
    return event


def _request_2(exchange: Exchange) -> dict[str, Any]:
    """What integrations and authorizers are told in format 2.0."""
    event: dict[str, Any] = {
        "routeKey": exchange.route_key, "rawPath": exchange.raw_path, "rawQueryString": exchange.raw_query,
    }  # fmt: skip
    if exchange.cookies:
        event["cookies"] = exchange.cookies
    event["headers"] = {name: value for name, value in _headers(exchange).items() if name != "cookie"}
    if exchange.query:
        event["queryStringParameters"] = {name: ",".join(values) for name, values in exchange.query.items()}
    event["requestContext"] = {
        "accountId": exchange.account, "apiId": exchange.api_id, "domainName": exchange.domain_name,
        "domainPrefix": exchange.domain_name.partition(".")[0],
        "http": {
            "method": exchange.method, "path": exchange.raw_path, "protocol": "HTTP/1.1",
            "sourceIp": exchange.source_ip, "userAgent": exchange.user_agent,
        },
        "requestId": exchange.request_id, "routeKey": exchange.route_key, "stage": exchange.stage.stage_name,
        "time": exchange.time, "timeEpoch": exchange.time_ms,
    }  # fmt: skip
    return event


def _integration_1(exchange: Exchange) -> dict[str, Any]:
    headers, body = _headers(exchange), _body(exchange)
    sent = exchange.all_headers
    several = {
        name: sent[name] if name in sent and name not in CAPITALS else [value] for name, value in headers.items()
    }
    event = {
        "version": "1.0", "resource": exchange.route_path, "path": exchange.raw_path, "httpMethod": exchange.method,
        "headers": _capitalised(headers), "multiValueHeaders": _capitalised(several),
        "queryStringParameters": {name: values[-1] for name, values in exchange.query.items()} or None,
        "multiValueQueryStringParameters": exchange.query or None,
        "requestContext": _context_1(exchange),
        "pathParameters": exchange.path_parameters or None, "stageVariables": exchange.stage.stage_variables or None,
        "body": body[0], "isBase64Encoded": body[1],
    }  # fmt: skip
    if exchange.authorizer:
        event["requestContext"]["authorizer"] = _shown_flat(exchange)
    return event


def _context_1(exchange: Exchange) -> dict[str, Any]:
    iam = exchange.authorizer.get("iam") or {}
    return {
        "accountId": exchange.account, "apiId": exchange.api_id, "domainName": exchange.domain_name,
        "domainPrefix": exchange.domain_name.partition(".")[0], "extendedRequestId": exchange.request_id,
        "httpMethod": exchange.method,
        "identity": {
            "accessKey": iam.get("accessKey"), "accountId": iam.get("accountId"), "caller": iam.get("callerId"),
            "cognitoAuthenticationProvider": None, "cognitoAuthenticationType": None, "cognitoIdentityId": None,
            "cognitoIdentityPoolId": None, "principalOrgId": iam.get("principalOrgId"),
            "sourceIp": exchange.source_ip, "user": iam.get("userId"), "userAgent": exchange.user_agent,
            "userArn": iam.get("userArn"),
        },
        "path": exchange.raw_path, "protocol": "HTTP/1.1", "requestId": exchange.request_id,
        "requestTime": exchange.time, "requestTimeEpoch": exchange.time_ms, "resourceId": None,
        "resourcePath": exchange.route_path, "stage": exchange.stage.stage_name,
    }  # fmt: skip


def _authorizer_2(exchange: Exchange, identity: list[str]) -> dict[str, Any]:
    event = {
        "version": "2.0", "type": "REQUEST", "routeArn": exchange.arn(exchange.path), "identitySource": identity,
        **_request_2(exchange),
    }  # fmt: skip
    if exchange.path_parameters:
        event["pathParameters"] = exchange.path_parameters
    if exchange.stage.stage_variables:
        event["stageVariables"] = exchange.stage.stage_variables
    return event


def _authorizer_1(exchange: Exchange, identity: list[str]) -> dict[str, Any]:
    joined = ",".join(identity)
    return {
        "version": "1.0", "type": "REQUEST", "methodArn": exchange.arn(exchange.path), "identitySource": joined,
        "authorizationToken": joined, "resource": exchange.route_path, "path": exchange.raw_path,
        "httpMethod": exchange.method, "headers": _capitalised(_headers(exchange)),
        "queryStringParameters": {name: values[-1] for name, values in exchange.query.items()},
        "pathParameters": exchange.path_parameters, "stageVariables": exchange.stage.stage_variables,
        "requestContext": _context_1(exchange),
    }  # fmt: skip


def _headers(exchange: Exchange) -> dict[str, str]:
    """The headers as they came, with those that the gateway puts in."""
    source = exchange.visit.source
    given = dict(exchange.headers)
    before = f"{given['x-forwarded-for']}, " if "x-forwarded-for" in given else ""
    added = {
        "content-length": str(len(exchange.body)), "host": exchange.domain_name, "x-amzn-trace-id": exchange.trace,
        "x-forwarded-for": f"{before}{source.address}", "x-forwarded-port": "443", "x-forwarded-proto": "https",
    }  # fmt: skip
    return dict(sorted((given | added).items()))


def _capitalised(headers: dict[str, Any]) -> dict[str, Any]:
    """Format 1.0 capitalises the headers that the gateway knows."""
    named = {name.title() if name in CAPITALS else name: value for name, value in headers.items()}
    return dict(sorted(named.items()))


def _body(exchange: Exchange) -> tuple[str | None, bool]:
    """The body as text, and whether that is base64."""
    if not exchange.body:
        return None, False
    kind = exchange.headers.get("content-type", "")
    if "content-encoding" not in exchange.headers and (TEXT.match(kind) or not kind):
        try:
            return exchange.body.decode(), False
        except UnicodeDecodeError:
            pass
    return b64encode(exchange.body).decode(), True


def _shown(exchange: Exchange) -> dict[str, Any]:
    """What an authorizer has found out, as format 2.0 says it."""
    if "iam" not in exchange.authorizer:
        return exchange.authorizer
    return {"iam": {"cognitoIdentity": None, **exchange.authorizer["iam"]}}


def _shown_flat(exchange: Exchange) -> dict[str, Any]:
    """What an authorizer has found out, as format 1.0 says it."""
    if "jwt" in exchange.authorizer:
        return exchange.authorizer["jwt"]
    return {"principalId": exchange.principal_id, **(exchange.authorizer.get("lambda") or {})}
