"""Functions: called as integrations and as authorizers, for so long as the gateway waits for them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from glasshouse.core import ServiceError
from glasshouse.core.clock import monotonic
from glasshouse.core.parking import NothingYet
from glasshouse.core.siblings import Siblings
from glasshouse.services.apigateway.exchanges import Exchange
from glasshouse.services.apigateway.refusals import Refused, misconfigured

T = TypeVar("T")
OF_CALLER = "arn:aws:iam::*:user/*"  # instead of a role: whoever has signed the request
# Calls that a request makes are known by their numbers when it is taken up again, so each kind has its own.
OF_AUTHORIZER, OF_INTEGRATION, OF_LOGS = 100, 200, 300
URI = re.compile(r"arn:[\w-]+:apigateway:[^:]*:lambda:path/+[^/]+/functions/(.+)/invocations")
HIDDEN = ("AccessDeniedException", "ResourceNotFoundException")
NOT_PERMITTED = "Invalid permissions on Lambda function"


@dataclass(frozen=True, slots=True)
class Called:
    """What a function has answered; `error` if it failed."""

    payload: bytes
    error: str | None
    status: int = 200


class Functions:
    """Calls of functions that a request waits for."""

    def _call_function(
        self, uri: str, role_arn: str | None, source_arn: str, payload: bytes, options: dict[str, str] | None = None
    ) -> Called:  # fmt: skip
        """Raises Refused when it may not be called, or cannot."""
        found = URI.fullmatch(uri)
        parts = found[1].split(":") if found else []
        if len(parts) < 7:
            raise misconfigured(f"Invalid function ARN: {uri}")
        given = {"InvocationType": "RequestResponse"} | (options or {})
        try:
            asking = self._asking(role_arn) or self.aws.as_service(source_arn)
            called = asking(account=parts[4], region=parts[3]).lambda_.invoke(
                FunctionName=found[1], Payload=payload, **given
            )
        except ServiceError as refusal:
            raise misconfigured(NOT_PERMITTED if refusal.code in HIDDEN else str(refusal)) from None
        answered = called.get("Payload") or b""
        answered = answered if isinstance(answered, bytes) else answered.read()
        return Called(answered, called.get("FunctionError"), called.get("StatusCode", 200))

    def _asking(self, role_arn: str | None) -> Siblings | None:
        """Other services, asked in the name that an integration says. Raises Refused for a role it cannot have."""
        if not role_arn:
            return None
        if role_arn == OF_CALLER:
            return self.aws.as_caller()
        try:
            return self.aws.as_role(role_arn, session_name="BackplaneAssumeRoleSession")
        except ServiceError:
            raise misconfigured("API Gateway does not have permission to assume the provided role") from None

    def _in_time(self, started: float, seconds: float, action: Callable[[], T]) -> T:
        """What an action returns that may wait, some real seconds at the most. Raises Refused."""
        left = seconds - (monotonic() - started)
        if left <= 0:
            raise Refused("INTEGRATION_TIMEOUT", reason="Execution failed due to a timeout error")
        try:
            return action()
        except NothingYet as waiting:
            raise NothingYet(left, waiting.topics, waiting.until) from None


def role_of(exchange: Exchange, integration: dict[str, Any]) -> str | None:
    return exchange.named(integration.get("credentials") or "") or None
