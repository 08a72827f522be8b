"""What functions are told of the clients of a WebSocket API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
"""

from typing import Any

from glasshouse.services.apigatewayv2.socket_exchanges import CONNECT, MESSAGE, SocketExchange


def of_integration(exchange: SocketExchange) -> dict[str, Any]:
    """The event of a function that a route leads to."""
    event: dict[str, Any] = {}
    if exchange.event_type == CONNECT:
        event |= _headers(exchange, {})
        if exchange.query:
            event |= _query(exchange)
    elif exchange.event_type != MESSAGE:
        event |= _both({"Host": exchange.domain_name, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""})
    event["requestContext"] = exchange.context
    if exchange.event_type == MESSAGE:
        event["body"] = exchange.body.decode()
    event["isBase64Encoded"] = False
    if exchange.stage.stage_variables:
        event["stageVariables"] = exchange.stage.stage_variables
    return event


def of_authorizer(exchange: SocketExchange) -> dict[str, Any]:
    """The event of a function that says who may connect."""
    return {
        "type": "REQUEST", "methodArn": exchange.arn(""),
        **_headers(exchange, {"Connection": "upgrade", "Upgrade": "websocket"}), **_query(exchange),
        "stageVariables": exchange.stage.stage_variables, "requestContext": exchange.context,
    }  # fmt: skip


def _headers(exchange: SocketExchange, more: dict[str, str]) -> dict[str, Any]:
    """The headers in the client's own spelling, with those that the gateway puts in."""
    sent: dict[str, list[str]] = {}
    for name, value in exchange.visit.raw_headers:
        sent.setdefault(name, []).append(value)
    added = {
        "Host": exchange.domain_name, "X-Amzn-Trace-Id": exchange.trace, "X-Forwarded-For": exchange.source_ip,
        "X-Forwarded-Port": "443", "X-Forwarded-Proto": "https", **more,
    }  # fmt: skip
    replaced = {name.lower() for name in added}
    kept = {name: values for name, values in sent.items() if name.lower() not in replaced}
    several = dict(sorted((kept | {name: [value] for name, value in added.items()}).items()))
    return {"headers": {name: values[-1] for name, values in several.items()}, "multiValueHeaders": several}


def _both(headers: dict[str, str]) -> dict[str, Any]:
    return {"headers": headers, "multiValueHeaders": {name: [value] for name, value in headers.items()}}


def _query(exchange: SocketExchange) -> dict[str, Any]:
    return {
        "queryStringParameters": {name: values[-1] for name, values in exchange.query.items()},
        "multiValueQueryStringParameters": exchange.query,
    }
