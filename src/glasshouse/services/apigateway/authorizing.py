"""Who may call a method: by signature and IAM's policies, by an API's own policy, or by what a function says.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from glasshouse.core import Service, ServiceError
from glasshouse.core.call import Call
from glasshouse.core.cloud import Cloud
from glasshouse.services.apigateway.exchanges import Exchange
from glasshouse.services.apigateway.refusals import Refused

ACTION = "execute-api:Invoke"
SIGNED = "AWS4-HMAC-SHA256"
DENIED_EXPLICITLY = "User is not authorized to access this resource with an explicit deny"


class Invocation:
    """The operation that calling an API is to policies."""

    service_name, name, method = "execute-api", "Invoke", "invoke"
    http_method = "POST"
    arguments: dict[str, str] = {}


INVOKE = Invocation()


class Invoked(Service):
    """An API as it is called, for the question whether somebody may."""

    name = "apigateway"

    def __init__(self, cloud: Cloud, call: Call, arn: str, policy: str | None):
        super().__init__(cloud, call)
        self._arn, self._policy = arn, policy

    def resource_arns(self, params: dict) -> list[str] | None:
        return [self._arn]

    def resource_policies(self, params: dict) -> list[tuple[str, str]]:
        return [(self._arn, self._policy)] if self._policy else []


class Authorizing:
    """Lets requests in, or raises Refused."""

    def _authorize(self, exchange: Exchange):
        kind = exchange.method["authorizationType"].upper()
        policy = exchange.release.api["policy"]
        if kind == "AWS_IAM":
            self._authorize_by_iam(exchange, policy)
        elif kind == "CUSTOM":
            if policy and self._by_policy(exchange, policy).explicit:
                raise Refused("ACCESS_DENIED", DENIED_EXPLICITLY)
            self._authorize_by_function(exchange, policy)
        elif policy:
            decision = self._by_policy(exchange, policy)
            if not decision.allowed:
                raise Refused("ACCESS_DENIED", _words(exchange, decision))

    # By signature

    def _authorize_by_iam(self, exchange: Exchange, policy: str | None):
        principal = exchange.visit.principal
        if principal.kind == "anonymous":
            raise self._unsigned(exchange)
        arn = exchange.arn(exchange.path)
        call = replace(self.call, service=INVOKE.service_name, operation=INVOKE.name, params={})
        try:
            self.cloud.access.authorize(Invoked(self.cloud, call, arn, policy), INVOKE)
        except ServiceError as refusal:
            raise Refused("ACCESS_DENIED", str(refusal).replace(arn, _masked(arn))) from None
        exchange.signer = {
            "accountId": principal.account, "caller": principal.user_id, "user": principal.user_id,
            "userArn": principal.arn, "accessKey": exchange.visit.access_key_id,
        }  # fmt: skip

    def _unsigned(self, exchange: Exchange) -> Refused:
        """What stands against a request that nobody is known to have signed."""
        header = exchange.headers.get("authorization")
        key_id = exchange.visit.access_key_id
        if header is None and key_id is None:
            return Refused("MISSING_AUTHENTICATION_TOKEN")
        if header is not None and not header.startswith(SIGNED):
            return _incomplete(header)
        credential = self.cloud.credentials.get(key_id) if key_id else None
        if credential is None or not credential.active:
            return Refused(
                "DEFAULT_4XX", "The security token included in the request is invalid.", status=403,
                error_type="UnrecognizedClientException",
            )  # fmt: skip
        if credential.expires is not None and credential.expires < self.now:
            return Refused("EXPIRED_TOKEN")
        return Refused("INVALID_SIGNATURE")

    # By the policy of the API

    def _by_policy(self, exchange: Exchange, policy: str, said: str | None = None, principal_id: str = ""):
        """What the policy of the API and one that an authorizer has `said` decide about a caller, anonymous if there is
        no authorizer. Raises ValueError for a policy that is none."""
        # The policy engine is loaded by the first request that a policy has a say in.
        from glasshouse.engines.policy import Policies, Principal, Request, compile_policy, decide

        caller = Principal.anonymous()
        if said is not None:
            caller = Principal.user(f"arn:aws:iam::{exchange.account}:user/{principal_id}")
        policies = Policies(
            identity=[compile_policy(said)] if said is not None else [],
            resource=[compile_policy(policy)] if policy else [],
        )
        arn = exchange.arn(exchange.path)
        return decide(Request(caller, ACTION, arn, exchange.account, _conditions(exchange)), policies)


def _conditions(exchange: Exchange) -> dict[str, list[str]]:
    """Condition keys in lower case."""
    source, begun = exchange.visit.source, exchange.under_way.begun
    found = {
        "aws:sourceip": source.address, "aws:useragent": exchange.headers.get("user-agent"),
        "aws:referer": exchange.headers.get("referer"), "aws:securetransport": "true",
        "aws:currenttime": datetime.fromtimestamp(begun, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:epochtime": str(int(begun)),
    }  # fmt: skip
    return {name: [value] for name, value in found.items() if value is not None}


def _words(exchange: Exchange, decision: Any) -> str:
    from glasshouse.engines.policy import access_denied

    return access_denied("anonymous", ACTION, _masked(exchange.arn(exchange.path)), decision)


def _masked(arn: str) -> str:
    """Callers are told four digits of the account."""
    parts = arn.split(":", 5)
    parts[4] = f"********{parts[4][-4:]}"
    return ":".join(parts)


def _incomplete(header: str) -> Refused:
    """The header is there, but is no signature."""
    message = (
        f"'{header}' not a valid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and"
        " encoded with Base64): '"
    )
    return Refused("DEFAULT_4XX", message, status=403, error_type="IncompleteSignatureException")
