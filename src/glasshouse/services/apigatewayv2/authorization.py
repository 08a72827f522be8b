"""Who may make a request: by IAM, by a token of a trusted issuer, or by what a function says."""

import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

from glasshouse.core import ServiceError, documents
from glasshouse.services.apigatewayv2 import expressions, payloads, socket_events
from glasshouse.services.apigatewayv2.exchanges import Exchange, Refused
from glasshouse.services.apigatewayv2.functions import AUTHORIZER_S, OF_AUTHORIZER
from glasshouse.services.apigatewayv2.records import Authorizer, CachedAnswer, Route
from glasshouse.services.apigatewayv2.socket_exchanges import SocketExchange
from glasshouse.services.apigatewayv2.stages import answers_of
from glasshouse.services.apigatewayv2.traffic import Release

HOUR_S = 3600
UNAUTHORIZED = "Unauthorized"  # the error by which a function says that nobody is known


class Invocation:
    """The operation that calling an API is to policies."""

    service_name, name, method = "execute-api", "Invoke", "invoke"
    http_method = "POST"
    arguments: dict[str, str] = {}


INVOKE = Invocation()


class Authorization:
    """Lets requests in, or raises Refused."""

    def _authorize(self, exchange: Exchange, release: Release, route: Route, started: float):
        kind = route.authorization_type
        if kind == "AWS_IAM":
            self._authorize_by_iam(exchange)
        elif kind in ("JWT", "CUSTOM"):
            authorizer = release.authorizers.get(route.authorizer_id or "")
            if authorizer is None:
                raise Refused(500, "The authorizer is not there")
            if kind == "JWT":
                self._authorize_by_token(exchange, route, authorizer, started)
            else:
                self._authorize_by_function(exchange, authorizer, started)

    def _authorize_by_iam(self, exchange: Exchange):
        if exchange.visit.principal.kind == "anonymous":
            raise Refused(403, "The request is not signed")
        call = replace(self.call, service=INVOKE.service_name, operation=INVOKE.name, params={})
        asking = type(self)(self.cloud, call)
        asking._invoked_arn = exchange.arn(exchange.path)
        try:
            self.cloud.access.authorize(asking, INVOKE)
        except ServiceError as refusal:
            raise Refused(403, str(refusal)) from None
        exchange.authorizer = {"iam": _caller(exchange)}

    # By a function

    def _authorize_by_function(self, exchange: Exchange, authorizer: Authorizer, started: float):
        identity = self._identity(exchange, authorizer)
        place = answers_of(exchange.api_id, exchange.stage.stage_name, authorizer.authorizer_id)
        key = sha256("\x1f".join(identity).encode()).hexdigest()
        ttl = authorizer.authorizer_result_ttl_in_seconds or 0
        cached = self.answers.get(place, key) if ttl and identity else None
        if cached and cached.until > self.now:
            answer = cached.answer
        else:
            answer = self._ask_authorizer(exchange, authorizer, identity, started)
            if ttl and identity:
                self.answers.put(CachedAnswer(place, key, self.now + ttl, answer))
                self.later("_forget_old_answers", at=(self.now // HOUR_S + 1) * HOUR_S, key="forget answers")
        self._judge(exchange, authorizer, answer)

    def _identity(self, exchange: Exchange, authorizer: Authorizer) -> list[str]:
        """What the identity sources say; without all of them nobody is asked."""
        found = []
        for source in authorizer.identity_source:
            value = expressions.as_text(exchange.identity_of(source)) if source else None
            if not value:
                raise Refused(401, f"The identity source {source} is not in the request")
            found.append(value)
        return found

    def _ask_authorizer(
        self, exchange: Exchange, authorizer: Authorizer, identity: list[str], started: float
    ) -> dict[str, Any]:
        version = authorizer.authorizer_payload_format_version or "1.0"
        event = (
            socket_events.of_authorizer(exchange)
            if isinstance(exchange, SocketExchange)
            else payloads.of_authorizer(exchange, version, identity)
        )
        source = (
            f"arn:aws:execute-api:{exchange.region}:{exchange.account}:{exchange.api_id}/authorizers/"
            f"{authorizer.authorizer_id}"
        )
        uri = expressions.evaluate(authorizer.authorizer_uri or "", exchange.look_up)
        role = authorizer.authorizer_credentials_arn
        self.call.caused = OF_AUTHORIZER
        try:
            called = self._in_time(
                started, AUTHORIZER_S, lambda: self._call_function(exchange, uri, role, source, event)
            )
        except Refused as failure:
            exchange.outcome.authorizer_error, exchange.outcome.integration_status = failure.reason, None
            raise Refused(401 if failure.says == UNAUTHORIZED else 500, failure.reason) from None
        try:
            answer = documents.read(called)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            exchange.outcome.authorizer_error = "The authorizer's answer is no JSON object"
            raise Refused(500, exchange.outcome.authorizer_error)
        return answer

    def _judge(self, exchange: Exchange, authorizer: Authorizer, answer: dict[str, Any]):
        """Raise Refused unless the answer lets the request in."""
        context = answer.get("context") or {}
        if authorizer.enable_simple_responses:
            if not isinstance(answer.get("isAuthorized"), bool):
                exchange.outcome.authorizer_error = "The authorizer's answer does not say isAuthorized"
                raise Refused(500, exchange.outcome.authorizer_error)
            allowed = answer["isAuthorized"]
        else:
            allowed = self._allows(exchange, answer)
        exchange.principal_id = answer.get("principalId")
        exchange.authorizer = {"lambda": context}
        if not allowed:
            raise Refused(403, "The authorizer does not let the request in")

    def _allows(self, exchange: Exchange, answer: dict[str, Any]) -> bool:
        """What the policy says that an authorizer has given."""
        # The policy engine is loaded by the first authorizer that answers with a policy.
        from glasshouse.engines.policy import MalformedPolicy, Policies, Principal, Request, compile_policy, decide

        if not answer.get("principalId") or not isinstance(answer.get("policyDocument"), dict):
            exchange.outcome.authorizer_error = "The authorizer's answer has no principalId or no policyDocument"
            raise Refused(500, exchange.outcome.authorizer_error)
        try:
            policy = compile_policy(json.dumps(answer["policyDocument"]))
        except MalformedPolicy as failure:
            exchange.outcome.authorizer_error = f"The authorizer's policy is malformed: {failure}"
            raise Refused(500, exchange.outcome.authorizer_error) from None
        caller = Principal.user(f"arn:aws:iam::{exchange.account}:user/{answer['principalId']}")
        context = {"aws:sourceip": [exchange.source_ip], "aws:useragent": [exchange.user_agent]}
        request = Request(caller, "execute-api:Invoke", exchange.arn(exchange.path), exchange.account, context)
        return decide(request, Policies(identity=[policy])).allowed


def _caller(exchange: Exchange) -> dict[str, Any]:
    """Who signed, as payloads tell it."""
    principal = exchange.visit.principal
    return {
        "accessKey": exchange.visit.access_key_id, "accountId": principal.account, "callerId": principal.user_id,
        "principalOrgId": None, "userArn": principal.arn, "userId": principal.user_id,
    }  # fmt: skip
