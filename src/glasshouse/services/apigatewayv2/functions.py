"""Functions: called as integrations and as authorizers, for so long as the gateway waits for them."""

import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

from glasshouse.core import ServiceError, documents
from glasshouse.core.clock import monotonic
from glasshouse.core.parking import NothingYet
from glasshouse.services.apigatewayv2 import answers, expressions, payloads
from glasshouse.services.apigatewayv2.exchanges import Exchange, Refused
from glasshouse.services.apigatewayv2.records import Integration
from glasshouse.services.apigatewayv2.traffic import UnderWay

T = TypeVar("T")
AUTHORIZER_S = 10.0
OF_CALLER = "arn:aws:iam::*:user/*"  # instead of a role: whoever has signed the request
# Calls that a request makes are known by their numbers when it is taken up again, so each kind has its own.
OF_AUTHORIZER, OF_INTEGRATION = 100, 200
WRAPPED = re.compile(r"arn:[\w-]+:apigateway:[^:]*:lambda:path/[^/]+/functions/(.+)/invocations")


class Functions:
    """Calls of functions that a request waits for."""

    def _answer_of_function(self, exchange: Exchange, integration: Integration, under_way: UnderWay):
        version = integration.payload_format_version
        event = payloads.of_integration(exchange, version)
        uri = expressions.evaluate(integration.integration_uri or "", exchange.look_up)
        credentials = expressions.evaluate(integration.credentials_arn or "", exchange.look_up)
        self.call.caused = OF_INTEGRATION
        payload = self._in_time(
            under_way.integration_started, integration.timeout_in_millis / 1000,
            lambda: self._call_function(exchange, uri, credentials, exchange.arn(exchange.route_path), event),
        )  # fmt: skip
        exchange.outcome.integration_status = 200
        return answers.of_function(payload, version)

    def _call_function(
        self, exchange: Exchange, uri: str, role_arn: str | None, source_arn: str, event: dict[str, Any]
    ) -> bytes:
        """What a function returns. Raises Refused when it fails or may not be called."""
        payload, failed = self._invoke_function(uri, role_arn, source_arn, json.dumps(event).encode())
        if failed:
            exchange.outcome.integration_status = 200
            told = f"The Lambda function returned the following error: {payload.decode(errors='replace')}"
            raise Refused(500, told, says=_error_of(payload))
        return payload

    def _invoke_function(self, uri: str, role_arn: str | None, source_arn: str, payload: bytes) -> tuple[bytes, bool]:
        """What a function returns, and whether it failed. Raises Refused if it may not be called."""
        arn = function_arn(uri)
        parts = arn.split(":")
        if len(parts) < 7:
            raise Refused(500, f"Invalid function ARN: {arn}")
        try:
            if role_arn == OF_CALLER:
                asking = self.aws.as_caller()
            else:
                asking = self.aws.as_role(role_arn) if role_arn else self.aws.as_service(source_arn)
            called = asking(account=parts[4], region=parts[3]).lambda_.invoke(
                FunctionName=arn, InvocationType="RequestResponse", Payload=payload
            )
        except ServiceError as refusal:
            raise Refused(500, f"{refusal.code}: {refusal}") from None
        answer = called.get("Payload") or b""
        return answer if isinstance(answer, bytes) else answer.read(), bool(called.get("FunctionError"))

    def _in_time(self, started: float | None, seconds: float, action: Callable[[], T]) -> T:
        """What an action returns that may wait, some real seconds at the most. Raises Refused."""
        left = seconds if started is None else seconds - (monotonic() - started)
        if left <= 0:
            raise Refused(503, "The integration has not answered in time")
        try:
            return action()
        except NothingYet as waiting:
            raise NothingYet(left, waiting.topics, waiting.until) from None


def _error_of(payload: bytes) -> str:
    try:
        told = documents.read(payload)
    except ValueError:
        return ""
    return str(told.get("errorMessage", "")) if isinstance(told, dict) else ""


def function_arn(uri: str) -> str:
    """The ARN of a function, also within an ARN of API Gateway's own form."""
    found = WRAPPED.fullmatch(uri)
    return found[1] if found else uri
