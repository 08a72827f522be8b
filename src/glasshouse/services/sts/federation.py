"""Assuming a role with the word of an identity provider: SAML assertions and OpenID Connect tokens.

What the provider has signed is verified first; then the trust policy of the role decides as for anybody else, asked in
the name of the provider with the claims as condition keys. Differs from AWS: encrypted SAML assertions and SHA-1
signatures are not accepted; web identities without a registered provider (Amazon, Facebook, Google by their old
tokens) are not known; the claims of a token stay condition keys of its session.
"""

import base64
import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import Any

from glasshouse.core.access import Principal
from glasshouse.core.errors import NotSupported
from glasshouse.core.tags import to_list
from glasshouse.services.sts.errors import (
    AccessDenied,
    ExpiredTokenException,
    IDPCommunicationError,
    IDPRejectedClaim,
    InvalidIdentityToken,
    ValidationError,
)

KEYS_WAIT_S = 12.0
SKEW_S = 300
ATTRIBUTE = "https://aws.amazon.com/SAML/Attributes/"
CLAIM = "https://aws.amazon.com/"
AUDIENCES = re.compile(
    r"https://([a-z0-9-]+\.)?signin\.aws(\.amazon)?\.(com|cn)/saml(/acs/\S+)?|urn:amazon:webservices"
)
SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
UNREACHED = (
    "Couldn't retrieve verification key from your identity provider,"
    " please reference AssumeRoleWithWebIdentity documentation for requirements"
)


@dataclass
class Proof:
    """What a provider vouches for: the claims as condition keys, and what the session is to be."""

    kind: Any
    provider: str
    subject: str
    claims: dict[str, list[str]]
    session_name: str
    tags: dict[str, str] = field(default_factory=dict)
    transitive: list[str] = field(default_factory=list)
    source_identity: str | None = None


class Federation:
    """AssumeRoleWithSAML and AssumeRoleWithWebIdentity."""

    def assume_role_with_saml(
        self,
        role_arn: str,
        principal_arn: str,
        saml_assertion: str,
        policy_arns: list | None = None,
        policy: str | None = None,
        duration_seconds: int | None = None,
    ):
        # lxml and the XML signatures are loaded by the first assertion, not by the service.
        from glasshouse.engines.federation import Untrusted

        role = self._role(role_arn)
        try:
            assertion = self._asserted(principal_arn, saml_assertion)
        except Untrusted as failure:
            raise InvalidIdentityToken(f"Response signature invalid: {failure}") from None
        self._judge_assertion(assertion)
        given = assertion.attributes
        pairs = [{part.strip() for part in value.split(",")} for value in given.get(f"{ATTRIBUTE}Role", [])]
        if role is None or {role_arn, principal_arn} not in pairs:
            raise AccessDenied("Not authorized to perform sts:AssumeRoleWithSAML")
        proof = _saml_proof(assertion, principal_arn)
        wanted = [value for value in (duration_seconds, _stated_duration(given)) if value]
        answer = self._assume_by_proof(role, proof, policy, policy_arns, min(wanted, default=3600))
        return {
            **answer, "Subject": assertion.subject, "SubjectType": proof.claims["saml:sub_type"][0],
            "Issuer": assertion.issuer, "Audience": assertion.recipient,
            "NameQualifier": proof.claims["saml:namequalifier"][0],
        }  # fmt: skip

    def assume_role_with_web_identity(
        self,
        role_arn: str,
        role_session_name: str,
        web_identity_token: str,
        provider_id: str | None = None,
        policy_arns: list | None = None,
        policy: str | None = None,
        duration_seconds: int = 3600,
    ):
        if provider_id:
            raise NotSupported(f"OAuth 2.0 access tokens of {provider_id} are not supported by Glasshouse yet")
        role = self._role(role_arn)
        account = role_arn.split(":")[4]
        claims, provider = self._verified_token(account, web_identity_token)
        audience = self._judge_token(claims, provider.client_id_list)
        if role is None:
            raise AccessDenied("Not authorized to perform sts:AssumeRoleWithWebIdentity")
        proof = _web_proof(claims, provider, audience, role_session_name)
        answer = self._assume_by_proof(role, proof, policy, policy_arns, duration_seconds)
        return {
            **answer, "SubjectFromWebIdentityToken": proof.subject, "Provider": provider.arn, "Audience": audience,
        }  # fmt: skip

    # SAML

    def _asserted(self, provider_arn: str, response: str):
        """The assertion within a response that the provider has signed. Raises Untrusted."""
        from glasshouse.engines.federation import saml

        parts = provider_arn.split(":", 5)
        if len(parts) < 6 or not parts[5].startswith("saml-provider/"):
            raise ValidationError(f"Invalid provider ARN: {provider_arn}")
        known = self.cloud.run_method(
            self.call.elsewhere(parts[4]), "iam", "_known_saml_provider", {"arn": provider_arn}
        )
        if known is None:
            raise AccessDenied("Not authorized to perform sts:AssumeRoleWithSAML")
        provider = saml.read_metadata(known.saml_metadata_document)
        raw = saml.decoded(response)
        if saml.status_of(raw) != saml.SUCCESS:
            raise IDPRejectedClaim("The response of the identity provider does not state success.")
        if saml.issuer_of(raw) != provider.entity_id:
            raise InvalidIdentityToken("Issuer not present in specified provider")
        assertion = provider.verified(raw)
        if assertion.issuer != provider.entity_id:
            raise InvalidIdentityToken("Issuer not present in specified provider")
        return assertion

    def _judge_assertion(self, assertion):
        """Whether it is for AWS, and for now."""
        for moment in (assertion.redeem_before, assertion.not_on_or_after):
            if moment is None or self.now >= moment:
                raise ExpiredTokenException("Token must be redeemed within 5 minutes of issuance")
        if assertion.not_before is not None and self.now + SKEW_S < assertion.not_before:
            raise InvalidIdentityToken("The assertion is not valid yet")
        if not any(map(AUDIENCES.fullmatch, assertion.audiences)):
            raise InvalidIdentityToken("Response does not contain the required audience.")
        if not AUDIENCES.fullmatch(assertion.recipient or ""):
            raise InvalidIdentityToken("Response does not contain the required recipient.")

    # Web identity

    def _verified_token(self, account: str, text: str):
        """The claims of a token, and the provider whose key has signed it; waits for keys that are not known yet."""
        from glasshouse.engines.federation import Untrusted
        from glasshouse.engines.federation.tokens import read_token

        try:
            token = read_token(text)
        except Untrusted:
            raise InvalidIdentityToken(
                "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
            ) from None
        home = self.call.elsewhere(account)
        arn = f"arn:aws:iam::{account}:oidc-provider/{token.issuer.partition('://')[2].rstrip('/')}"
        provider = self.cloud.run_method(home, "iam", "_known_provider", {"arn": arn})
        if provider is None:
            raise InvalidIdentityToken(f"No OpenIDConnect provider found in your account for {token.issuer}")
        key = token.key_in(provider.keys)
        if key is None:
            self._await_keys(home, provider, token.key_id)
            raise IDPCommunicationError(UNREACHED) if provider.failure else InvalidIdentityToken(UNREACHED)
        try:
            return token.verified(key), provider
        except Untrusted as failure:
            raise InvalidIdentityToken(f"The token's signature is not valid: {failure}") from None

    def _await_keys(self, home, provider, key_id: str):
        """Have the keys fetched beside the calls, and this call run again when they are there.

        Once in a minute for each key: `sought` tells what was looked for in vain.
        """
        sought = provider.sought.get(key_id)
        if sought is None or self.now - sought >= 60 or sought > self.now:
            seek = {"arn": provider.arn, "key_id": key_id}
            # Waiting takes back what this call writes, so the job is made after that.
            self.store.after_rollback(lambda: self.cloud.run_method(home, "iam", "_seek_key", seek))
            self.wait(KEYS_WAIT_S, f"keys of {provider.arn}")

    def _judge_token(self, claims: dict, clients: list[str]) -> str:
        """The audience of a token that is for one of the provider's clients, and for now."""
        for name in ("iss", "aud", "sub", "exp", "iat"):
            if name not in claims:
                raise InvalidIdentityToken(f"Missing a required claim: {name}")
        if self.now >= claims["exp"]:
            raise ExpiredTokenException(
                f"Token expired: current date/time {int(self.now)} must be before the expiration date/time"
                f" {int(claims['exp'])}"
            )
        if claims.get("nbf", claims["iat"]) > self.now + SKEW_S:
            raise InvalidIdentityToken("The token is not valid yet")
        stated = [claims["azp"]] if claims.get("azp") else _several(claims["aud"])
        audience = next((name for name in stated if name in clients), None)
        if audience is None:
            raise InvalidIdentityToken("Incorrect token audience")
        return audience

    # Both

    def _assume_by_proof(
        self, role: dict, proof: Proof, policy: str | None, policy_arns: list | None, duration_seconds: int
    ) -> dict:
        """Ask, in the name of whom the proof is about, whether the role may be assumed; then assume it."""
        told = {"providers": [proof.provider], "claims": proof.claims, "tags": {}}
        stranger = Principal(proof.kind, "", proof.provider, proof.subject, told)
        stated = {
            "RoleSessionName": proof.session_name, "Tags": to_list(proof.tags),
            "TransitiveTagKeys": proof.transitive, "SourceIdentity": proof.source_identity,
        }  # fmt: skip
        params = self.call.params | {name: value for name, value in stated.items() if value}
        asking = type(self)(self.cloud, replace(self.call, principal=stranger, params=params))
        self.cloud.access.authorize(asking, self.cloud.model.operation("sts", self.call.operation))
        session = {
            "issued": self.now, "by": self.call.operation, "tags": proof.tags, "transitive": proof.transitive,
            "source_identity": proof.source_identity, "provider": proof.provider, "claims": proof.claims,
            "policies": self._session_policies(role["Arn"], policy, policy_arns),
        }  # fmt: skip
        return self._assumed(role, proof.session_name, session, duration_seconds)


def _saml_proof(assertion, provider_arn: str) -> Proof:
    given = assertion.attributes
    names = given.get(f"{ATTRIBUTE}RoleSessionName", [])
    if len(names) != 1:
        raise InvalidIdentityToken("RoleSessionName is required in AuthnResponse")
    if not SESSION_NAME.fullmatch(names[0]):
        raise InvalidIdentityToken("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
    account, name = provider_arn.split(":")[4], provider_arn.rpartition("/")[2]
    digest = hashlib.sha1(f"{assertion.issuer}{account}/{name}".encode(), usedforsecurity=False).digest()
    claims = {
        "saml:aud": [assertion.recipient], "saml:iss": [assertion.issuer], "saml:sub": [assertion.subject],
        "saml:sub_type": [assertion.subject_format.removeprefix(FORMAT)], "saml:doc": [f"{account}/{name}"],
        "saml:namequalifier": [base64.b64encode(digest).decode()],
    }  # fmt: skip
    tag = f"{ATTRIBUTE}PrincipalTag:"
    tags = {key.removeprefix(tag): values[0] for key, values in given.items() if key.startswith(tag) and values}
    source = given.get(f"{ATTRIBUTE}SourceIdentity") or [None]
    transitive = given.get(f"{ATTRIBUTE}TransitiveTagKeys", [])
    return Proof("saml", provider_arn, assertion.subject, claims, names[0], tags, transitive, source[0])


def _stated_duration(given: dict[str, list[str]]) -> int | None:
    stated = given.get(f"{ATTRIBUTE}SessionDuration")
    if not stated:
        return None
    if not stated[0].isdigit() or not 900 <= int(stated[0]) <= 43_200:
        raise InvalidIdentityToken("SessionDuration in AuthnResponse must be between 900 and 43200")
    return int(stated[0])


def _web_proof(claims: dict, provider, audience: str, session_name: str) -> Proof:
    keys = {f"{provider.place}:aud": [audience], f"{provider.place}:sub": [str(claims["sub"])]}
    if "amr" in claims:
        keys[f"{provider.place}:amr"] = _several(claims["amr"])
    stated = claims.get(f"{CLAIM}tags") or {}
    tags = {key: str(values[0]) for key, values in stated.get("principal_tags", {}).items() if values}
    transitive = list(stated.get("transitive_tag_keys", []))
    source = claims.get(f"{CLAIM}source_identity")
    return Proof("web", provider.arn, str(claims["sub"]), keys, session_name, tags, transitive, source)


def _several(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
