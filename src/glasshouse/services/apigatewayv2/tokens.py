"""Tokens: JSON web tokens, verified with the keys that their issuer publishes.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html. Times are judged by the
cloud's clock. An issuer is asked for its keys when a token names one that is not known, and every two hours.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from glasshouse.core import documents, outside
from glasshouse.core.web import Asked, fetch, trusted
from glasshouse.services.apigatewayv2 import checks, expressions
from glasshouse.services.apigatewayv2.exchanges import Exchange, Refused
from glasshouse.services.apigatewayv2.records import Authorizer, Issuer, Route

if TYPE_CHECKING:
    from glasshouse.engines.federation.tokens import Token

ALGORITHMS = ("RS256", "RS384", "RS512")
FETCH_S, WAIT_S = 1.5, 5.0  # the timeouts of both documents are quotas
FRESH_S, SOUGHT_AGAIN_S = 7200.0, 60.0
DISCOVERY = "/.well-known/openid-configuration"


class Tokens:
    """Lets in whoever brings a token, or raises Refused."""

    def _authorize_by_token(self, exchange: Exchange, route: Route, authorizer: Authorizer, started: float):
        rules = authorizer.jwt_configuration or {}
        source = authorizer.identity_source[0]
        text = expressions.as_text(expressions.evaluate(source, exchange.look_up))
        if not text:
            raise Refused(401, "There is no token", {"www-authenticate": "Bearer"})
        if text[:7].lower() == "bearer ":
            text = text[7:].strip()
        claims = self._in_time(started, WAIT_S, lambda: self._claims(exchange, text, rules.get("Issuer", "")))
        if failure := _judgement(claims, rules, self.now):
            raise _invalid(failure)
        granted = _scopes(claims)
        wanted = route.authorization_scopes or []
        if wanted and not granted & set(wanted):
            challenge = (
                f'Bearer scope="{" ".join(wanted)}" error="insufficient_scope" error_description="the token does not'
                ' have any of the required scopes"'
            )
            raise Refused(403, "insufficient_scope", {"www-authenticate": challenge})
        scopes = [scope for scope in wanted if scope in granted] or None
        exchange.authorizer = {
            "jwt": {"claims": {name: _as_claim(value) for name, value in claims.items()}, "scopes": scopes}
        }

    def _claims(self, exchange: Exchange, text: str, issuer: str) -> dict[str, Any]:
        """The claims of a token that a key of the issuer has signed."""
        # The cryptography is loaded by the first token, not by the service.
        from glasshouse.engines.federation import Untrusted
        from glasshouse.engines.federation.tokens import read_token

        try:
            token = read_token(text)
        except Untrusted as failure:
            raise _invalid(str(failure).lower()) from None
        if token.header.get("alg") not in ALGORITHMS:
            raise _invalid(f"signing method {token.header.get('alg')} is invalid")
        if token.issuer != issuer:
            raise _invalid("the token does not have a valid issuer")
        try:
            return token.verified(self._key(exchange, token, issuer))
        except Untrusted:
            raise _invalid("the token has an invalid signature") from None

    def _key(self, exchange: Exchange, token: "Token", issuer: str) -> dict[str, Any]:
        """The key that a token is said to be signed with; waits for keys that are not known yet."""
        known = self.issuers.get(issuer) or Issuer(issuer)
        key = token.key_in(known.keys) if token.key_id else None
        sought = known.sought.get(token.key_id)
        fresh = self.now - known.fetched < FRESH_S
        recently = sought is not None and 0 <= self.now - sought < SOUGHT_AGAIN_S
        if not (recently or (key and fresh)):
            seek = {"issuer": issuer, "key_id": token.key_id, "origin": exchange.visit.source.origin}
            # Waiting takes back what this visit writes, so the job is made after that.
            self.store.after_rollback(lambda: self.cloud.run_method(self.call, self.name, "_seek_keys", seek))
            self.wait(WAIT_S, _topic(issuer))
        if key is None:
            exchange.outcome.authorizer_error = known.failure or ""
            raise _invalid(f"unable to find a key of the issuer with the id {token.key_id}")
        return key

    def _seek_keys(self, issuer: str, key_id: str, origin: str):
        self.later("_fetch_keys", key=_topic(issuer), issuer=issuer, key_id=key_id, origin=origin)

    @outside
    def _fetch_keys(self, issuer: str, key_id: str, origin: str):
        keys, failure = [], None
        try:
            keys = self._published(issuer, origin)
        except (ValueError, LookupError, TypeError, AttributeError) as reason:
            failure = f"Caught exception when connecting to {issuer.rstrip('/')}{DISCOVERY}: {reason}"
        self.inside("_take_keys", issuer=issuer, key_id=key_id, keys=keys, failure=failure)

    def _take_keys(self, issuer: str, key_id: str, keys: list, failure: str | None):
        known = self.issuers.get(issuer) or Issuer(issuer)
        known.failure = failure
        if failure is None:
            known.keys, known.fetched = keys, self.now
        recent = {name: at for name, at in known.sought.items() if 0 <= self.now - at < SOUGHT_AGAIN_S}
        known.sought = {**recent, key_id: self.now}
        self.issuers.put(known)
        self.tell(_topic(issuer))

    def _published(self, issuer: str, origin: str) -> list[dict[str, Any]]:
        """The signing keys that an issuer publishes now. Raises an error for what is no list of keys."""
        configuration = self._document(f"{issuer.rstrip('/')}{DISCOVERY}", origin)
        if not configuration.get("issuer"):
            raise ValueError("the configuration names no issuer")
        keys = self._document(configuration["jwks_uri"], origin)["keys"]
        return [key for key in keys if key.get("use", "sig") == "sig"]

    def _document(self, url: str, origin: str) -> dict[str, Any]:
        if not checks.is_url(url):
            raise ValueError(f"{url} is no URL to be asked")
        asked = Asked("GET", url, {"accept": "application/json"}, timeout_s=FETCH_S, origin=origin)
        fetched = fetch(asked, lambda: trusted(self.cloud))
        if fetched.status != 200:
            raise ValueError(fetched.failure or f"{url} answers {fetched.status}")
        return documents.read(fetched.body)


def _topic(issuer: str) -> str:
    return f"keys of {issuer}"


def _judgement(claims: Mapping[str, Any], rules: Mapping[str, Any], now: float) -> str | None:
    """What is wrong with a token that its issuer has signed."""
    if not isinstance(claims.get("exp"), int | float) or now >= claims["exp"]:
        return "the token has expired"
    if any(isinstance(claims.get(name), int | float) and claims[name] > now for name in ("nbf", "iat")):
        return "the token is not valid yet"
    audience = claims.get("aud", claims.get("client_id"))
    audiences = audience if isinstance(audience, list) else [audience]
    if not set(map(str, audiences)) & set(rules.get("Audience") or ()):
        return "the token does not have a valid audience"
    return None


def _scopes(claims: Mapping[str, Any]) -> set[str]:
    stated = claims.get("scope", claims.get("scp")) or []
    return set(map(str, stated)) if isinstance(stated, list) else set(str(stated).split())


def _as_claim(value: Any) -> str:
    """Claims reach functions as text; lists as `[a b]`."""
    if isinstance(value, list):
        return f"[{' '.join(map(_as_claim, value))}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{name}:{_as_claim(item)}' for name, item in sorted(value.items()))}]"
    return value if isinstance(value, str) else json.dumps(value)


def _invalid(description: str) -> Refused:
    text = description.replace('"', "'")
    challenge = f'Bearer scope="" error="invalid_token" error_description="{text}"'
    return Refused(401, description, {"www-authenticate": challenge})
