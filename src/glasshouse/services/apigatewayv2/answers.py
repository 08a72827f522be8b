"""What functions answer, and how the gateway reads it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html#http-api-develop-integrations-lambda.response
"""

import json
from base64 import b64decode
from typing import Any

from glasshouse.core import documents
from glasshouse.core.visit import Answer
from glasshouse.services.apigatewayv2.exchanges import Refused

USUAL = "text/plain;charset=UTF-8"
HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade", "content-length",
})  # fmt: skip


def of_function(payload: bytes, version: str) -> Answer:
    """The answer that a function's result stands for. Raises Refused for one that stands for none."""
    try:
        result = documents.read(payload or b"null")
    except ValueError:
        raise Refused(500, "The response from the Lambda function is not JSON") from None
    structured = isinstance(result, dict) and "statusCode" in result
    if version == "2.0" and not structured:
        text = result if isinstance(result, str) else payload.decode()
        return Answer(200, {"content-type": "application/json"}, text.encode())
    if not structured:
        raise Refused(500, "The response from the Lambda function doesn't match the format that API Gateway expects")
    return _structured(result, version)


def _structured(result: dict[str, Any], version: str) -> Answer:
    headers: dict[str, Any] = {}
    for name, value in _mapping(result, "headers").items():
        headers[name.lower()] = _as_header(value)
    if version == "1.0":
        for name in _mapping(result, "multiValueHeaders"):
            texts = [_as_header(value) for value in _list(result["multiValueHeaders"], name)]
            headers[name.lower()] = texts if len(texts) > 1 else (texts or [""])[0]
    elif cookies := _list(result, "cookies"):
        headers["set-cookie"] = [str(cookie) for cookie in cookies]
    headers = {name: value for name, value in headers.items() if name not in HOP_BY_HOP}
    headers.setdefault("content-type", USUAL)
    return Answer(_status(result["statusCode"]), headers, _body(result))


def _mapping(result: dict[str, Any], name: str) -> dict[str, Any]:
    value = result.get(name) or {}
    if not isinstance(value, dict):
        raise Refused(500, f"The {name} of the Lambda function's response are no object")
    return value


def _list(result: dict[str, Any], name: str) -> list:
    value = result.get(name) or []
    if not isinstance(value, list):
        raise Refused(500, f"The {name} of the Lambda function's response are no list")
    return value


def _status(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not (len(text) == 3 and text.isdecimal() and 200 <= int(text) <= 599):
        raise Refused(500, "The status code of the Lambda function's response is invalid")
    return int(text)


def _body(result: dict[str, Any]) -> bytes:
    body = result.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise Refused(500, "The body of the Lambda function's response is no string")
    if not result.get("isBase64Encoded"):
        return body.encode()
    try:
        return b64decode(body, validate=True)
    except ValueError:
        raise Refused(500, "The body of the Lambda function's response is not base64") from None


def _as_header(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
