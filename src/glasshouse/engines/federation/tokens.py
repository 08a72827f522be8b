"""JSON web tokens of OpenID Connect providers (RFC 7519), signed by keys that the providers publish (RFC 7517)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jwt

from . import Untrusted

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")


@dataclass(frozen=True, slots=True)
class Token:
    """A token that nobody has verified yet."""

    text: str
    header: dict[str, Any]
    stated: dict[str, Any]

    @property
    def key_id(self) -> str:
        """The name of the key it is said to be signed with; empty if it does not say."""
        return str(self.header.get("kid", ""))

    @property
    def issuer(self) -> str:
        return str(self.stated.get("iss", ""))

    def key_in(self, keys: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Of a provider's keys the one that it names; if it names none and there is but one, that."""
        named = [key for key in keys if key.get("kid") == self.key_id] if self.key_id else keys
        return named[0] if len(named) == 1 else None

    def verified(self, key: dict[str, Any]) -> dict[str, Any]:
        """The claims, if this key has signed them. Raises Untrusted."""
        algorithm = self.header.get("alg")
        if algorithm not in ALGORITHMS:
            raise Untrusted(f"the algorithm {algorithm} is not supported")
        if key.get("kty") != ("RSA" if algorithm.startswith("RS") else "EC"):
            raise Untrusted("the key is of another kind than the signature")
        try:
            public = jwt.PyJWK({**key, "alg": algorithm})
            # Times and audience are the caller's to judge, by its own clock.
            unjudged = dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss"), False)
            return jwt.decode(self.text, public, algorithms=[algorithm], options=unjudged)  # type: ignore[arg-type]
        except jwt.PyJWTError as failure:
            raise Untrusted(str(failure)) from None


def read_token(text: str) -> Token:
    """Take a token apart without believing it. Raises Untrusted for what is none."""
    try:
        read = jwt.decode_complete(text, options={"verify_signature": False})
    except jwt.PyJWTError as failure:
        raise Untrusted(str(failure)) from None
    return Token(text, read["header"], read["payload"])
