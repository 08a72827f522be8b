"""Lambda authorizers: functions that say who may call a method, and whose answers hold for a while.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
"""

import json
import re
from hashlib import sha256
from typing import Any

from glasshouse.core import documents
from glasshouse.core.call import arn
from glasshouse.core.clock import monotonic
from glasshouse.services.apigateway import mapping, proxy_events
from glasshouse.services.apigateway.authorizing import DENIED_EXPLICITLY
from glasshouse.services.apigateway.exchanges import Exchange
from glasshouse.services.apigateway.functions import OF_AUTHORIZER
from glasshouse.services.apigateway.records import DEFAULT_TTL_S
from glasshouse.services.apigateway.refusals import Refused

LONGEST_S = 30.0
UNAUTHORIZED = "Unauthorized"


class AskingAuthorizers:
    """Lets requests in by what functions say, or raises Refused."""

    def _authorize_by_function(self, exchange: Exchange, policy: str | None):
        authorizer = exchange.release.authorizers.get(exchange.method.get("authorizerId", ""))
        if authorizer is None:
            raise Refused("AUTHORIZER_CONFIGURATION_ERROR", reason="The authorizer is not there")
        try:
            verdict = self._verdict(exchange, authorizer)
        except Refused as refusal:
            exchange.outcome.authorizer_error = refusal.reason or refusal.message
            exchange.outcome.authorizer_status = refusal.status
            raise
        exchange.authorizer = {
            **{name: mapping.as_text(value) for name, value in (verdict.get("context") or {}).items()},
            "principalId": verdict["principalId"], "integrationLatency": exchange.outcome.authorizer_ms or 0,
        }  # fmt: skip
        exchange.usage_key = verdict.get("usageIdentifierKey")
        self._judge(exchange, policy, verdict)

    def _verdict(self, exchange: Exchange, authorizer: dict[str, Any]) -> dict[str, Any]:
        """What the authorizer says of who calls, now or a while ago."""
        identity = _identity(exchange, authorizer)
        ttl = authorizer["authorizer_result_ttl_in_seconds"]
        ttl = DEFAULT_TTL_S if ttl is None else ttl
        key = sha256("\x1f".join(identity).encode()).hexdigest()
        place = (exchange.api_id, exchange.stage.stage_name, authorizer["id"], key)
        if ttl and identity and (known := self._known_verdict(place)):
            return known
        verdict = self._asked_authorizer(exchange, authorizer, identity)
        if ttl and identity and not exchange.is_test:
            self.store.write("DELETE FROM apigateway_verdict WHERE api = ? AND expires < ?", (place[0], self.now))
            self.store.write(
                "REPLACE INTO apigateway_verdict VALUES (?, ?, ?, ?, ?, ?)",
                (*place, json.dumps(verdict), self.now + ttl),
            )
        return verdict

    def _known_verdict(self, place: tuple[str, ...]) -> dict[str, Any] | None:
        row = self.store.read(
            "SELECT verdict FROM apigateway_verdict WHERE api = ? AND stage = ? AND authorizer = ? AND identity = ?"
            " AND expires > ?",
            (*place, self.now),
        ).fetchone()
        return json.loads(row[0]) if row else None

    def _asked_authorizer(self, exchange: Exchange, authorizer: dict[str, Any], identity: list[str]) -> dict[str, Any]:
        token = identity[0] if identity else None
        event = proxy_events.of_authorizer(exchange, authorizer["type"], token)
        place = f"{exchange.api_id}/authorizers/{authorizer['id']}"
        source = arn("execute-api", place, exchange.region, exchange.account)
        uri = exchange.named(authorizer["authorizer_uri"] or "")
        role = exchange.named(authorizer["authorizer_credentials"] or "") or None
        started, self.call.caused = exchange.under_way.started, OF_AUTHORIZER
        try:
            called = self._in_time(
                started, LONGEST_S, lambda: self._call_function(uri, role, source, json.dumps(event).encode())
            )
        except Refused as refusal:
            raise Refused("AUTHORIZER_CONFIGURATION_ERROR", reason=refusal.reason) from None
        exchange.outcome.authorizer_ms = int((monotonic() - started) * 1000)
        exchange.outcome.authorizer_status = 200
        if called.error:
            raise _failed(called.payload)
        return _checked(called.payload)

    def _judge(self, exchange: Exchange, policy: str | None, verdict: dict[str, Any]):
        """Raise Refused unless the authorizer's policy lets the request in, and that of the API does not forbid it."""
        from glasshouse.engines.policy import MalformedPolicy

        said = json.dumps(verdict["policyDocument"])
        try:
            decision = self._by_policy(exchange, policy or "", said, verdict["principalId"])
        except MalformedPolicy as failure:
            raise Refused("AUTHORIZER_CONFIGURATION_ERROR", reason=f"Invalid policy: {failure}") from None
        if not decision.allowed:
            raise Refused("ACCESS_DENIED", DENIED_EXPLICITLY if decision.explicit else None)


def _identity(exchange: Exchange, authorizer: dict[str, Any]) -> list[str]:
    """What the identity sources say. Raises Refused if one says nothing, or nothing that can be true."""
    found = []
    for source in filter(None, (one.strip() for one in (authorizer["identity_source"] or "").split(","))):
        values = [value for value in mapping.of_request(exchange, source, b"") if value]
        if not values:
            raise Refused("UNAUTHORIZED", reason=f"The identity source {source} is not in the request")
        found.append(",".join(values))
    expression = authorizer["identity_validation_expression"]
    if authorizer["type"] == "TOKEN" and expression and not re.fullmatch(expression, found[0]):
        raise Refused("UNAUTHORIZED", reason="The token does not match the validation expression")
    return found


def _failed(payload: bytes) -> Refused:
    """A function that throws an error whose message is "Unauthorized" turns a caller away."""
    try:
        message = documents.read(payload).get("errorMessage")
    except (ValueError, AttributeError):
        message = None
    if message == UNAUTHORIZED:
        return Refused("UNAUTHORIZED", reason="The authorizer says: Unauthorized")
    return Refused("AUTHORIZER_FAILURE", reason=f"The authorizer has failed: {message}")


def _checked(payload: bytes) -> dict[str, Any]:
    try:
        verdict = documents.read(payload)
    except ValueError:
        verdict = None
    if verdict == UNAUTHORIZED:
        raise Refused("UNAUTHORIZED", reason="The authorizer says: Unauthorized")
    valid = (
        isinstance(verdict, dict)
        and isinstance(verdict.get("principalId"), str)
        and bool(verdict["principalId"])
        and isinstance(verdict.get("policyDocument"), dict)
    )
    context = verdict.get("context") or {} if valid else {}
    if not valid or not isinstance(context, dict) or any(isinstance(one, dict | list) for one in context.values()):
        raise Refused("AUTHORIZER_CONFIGURATION_ERROR", reason="Invalid JSON in the response of the authorizer")
    return verdict
