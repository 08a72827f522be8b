"""$context: what mapping templates, parameter mappings, functions and access logs are told of a request.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

import json
from datetime import UTC, datetime
from typing import Any

from glasshouse.services.apigateway.exchanges import Exchange

NO_IDENTITY = dict.fromkeys(
    (
        "cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller", "sourceIp", "principalOrgId", "accessKey",
        "cognitoAuthenticationType", "cognitoAuthenticationProvider", "userArn", "userAgent", "user",
    )
)  # fmt: skip


def identity(exchange: Exchange) -> dict[str, Any]:
    found = {
        **NO_IDENTITY, **exchange.signer, "sourceIp": exchange.visit.source.address,
        "userAgent": exchange.headers.get("user-agent"),
    }  # fmt: skip
    if exchange.api_key:
        found |= {"apiKeyId": exchange.api_key[0], "apiKey": exchange.api_key[1]}
    return found


def request_time(exchange: Exchange) -> str:
    """As in common log files."""
    return datetime.fromtimestamp(exchange.under_way.begun, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")


def base(exchange: Exchange) -> dict[str, Any]:
    """What functions are told too."""
    known = {
        "resourceId": exchange.resource.get("id"), "resourcePath": exchange.resource.get("path"),
        "operationName": exchange.method.get("operationName"), "httpMethod": exchange.verb,
        "extendedRequestId": exchange.extended_id, "requestTime": request_time(exchange),
        "path": exchange.request_path, "accountId": exchange.account, "protocol": "HTTP/1.1",
        "stage": exchange.stage.stage_name, "domainPrefix": exchange.host.partition(".")[0],
        "requestTimeEpoch": int(exchange.under_way.begun * 1000), "requestId": exchange.request_id,
        "identity": identity(exchange), "domainName": exchange.host,
        "deploymentId": exchange.release.deployment_id, "apiId": exchange.api_id,
    }  # fmt: skip
    if exchange.is_canary:
        known["isCanaryRequest"] = True
    if exchange.authorizer:
        known["authorizer"] = dict(exchange.authorizer)
    return {name: value for name, value in known.items() if value is not None}


def whole(exchange: Exchange) -> dict[str, Any]:
    """With what is known of the answer by now."""
    outcome = exchange.outcome
    found = base(exchange)
    found["xrayTraceId"] = exchange.trace.partition("Root=")[2].partition(";")[0] or exchange.trace
    found["isCanaryRequest"] = exchange.is_canary
    error = {
        "message": outcome.error, "messageString": _quoted(outcome.error), "responseType": outcome.error_kind,
        "validationErrorString": outcome.validation_error,
    }  # fmt: skip
    found["error"] = {name: value for name, value in error.items() if value is not None}
    late = {
        "status": outcome.status, "responseLength": outcome.length, "responseLatency": outcome.latency_ms,
        "integrationLatency": outcome.integration_ms, "integrationStatus": outcome.integration_status,
        "integrationErrorMessage": outcome.integration_error, "awsEndpointRequestId": outcome.integration_request_id,
    }  # fmt: skip
    found |= {name: value for name, value in late.items() if value not in (None, "", 0)}
    integration = {
        "status": outcome.integration_status, "integrationStatus": outcome.integration_status,
        "latency": outcome.integration_ms, "error": outcome.integration_error,
        "requestId": outcome.integration_request_id,
    }  # fmt: skip
    found["integration"] = {name: value for name, value in integration.items() if value is not None}
    asked = {
        "status": outcome.authorizer_status, "latency": outcome.authorizer_ms, "error": outcome.authorizer_error,
    }  # fmt: skip
    if outcome.authorizer_status:
        found["authorizer"] = found.get("authorizer", {}) | {
            name: value for name, value in asked.items() if value is not None
        }
    return found


def _quoted(message: str | None) -> str | None:
    return None if message is None else json.dumps(message, ensure_ascii=False)


def look_up(values: Any, path: str) -> Any:
    """The value at `identity.sourceIp`; None if there is none. Names may hold dots."""
    if not path:
        return values
    if not isinstance(values, dict):
        return None
    if path in values:
        return values[path]
    first, _, rest = path.partition(".")
    return look_up(values.get(first), rest) if rest else None
