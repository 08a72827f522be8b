"""Grants: permissions on a key, given to a principal until they are retired or revoked."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace

from glasshouse.core import ids
from glasshouse.core.access import Principal
from glasshouse.core.errors import ValidationException
from glasshouse.core.table import Page, make_token, read_token
from glasshouse.services.kms import specs
from glasshouse.services.kms.errors import (
    InvalidArnException,
    InvalidGrantIdException,
    InvalidGrantTokenException,
    NotFoundException,
)
from glasshouse.services.kms.records import Grant, Key

TOKEN_CONTEXT = b"kms grant token"
_PRINCIPAL = re.compile(r"arn:[\w\-]+:(iam|sts)::\d{12}:.+|\d{12}", re.ASCII)
_SESSION = re.compile(r"arn:([\w\-]+):sts::(\d{12}):assumed-role/([^/]+)/.+")
_CONTEXTS = ("EncryptionContextEquals", "EncryptionContextSubset")


class Grants:
    """The operations on grants."""

    def create_grant(
        self,
        key_id: str,
        operations: list[str],
        grantee_principal: str | None = None,
        retiring_principal: str | None = None,
        constraints: dict | None = None,
        grant_tokens: list[str] | None = None,
        name: str | None = None,
        dry_run: bool | None = None,
        grantee_service_principal: str | None = None,
        retiring_service_principal: str | None = None,
    ):
        self._check_grant_tokens(grant_tokens)
        key = self._key(key_id)
        self._check_foreign(key, "CreateGrant")
        self._check_enabled(key)
        grant = Grant(
            key_id=key.key_id,
            grant_id=ids.token(64, ids.HEX),
            key_arn=key.arn,
            creation_date=self.now,
            issuing_account=f"arn:aws:iam::{self.call.account}:root",
            operations=operations,
            grantee_principal=grantee_principal,
            retiring_principal=retiring_principal,
            grantee_service_principal=grantee_service_principal,
            retiring_service_principal=retiring_service_principal,
            name=name,
            constraints=constraints,
        )
        _check(grant, key)
        self._stop_if_dry(dry_run)
        rows = self.grants.within(key.aws_account_id)
        # "If the grant already exists, the original GrantId is returned" (API reference, CreateGrant, Name).
        same = next((one for one in rows.list(key.key_id) if name and _alike(one, grant)), None)
        grant = same or rows.put(grant)
        self.state("KeyAccessChanged", arn=key.arn)
        return {"GrantId": grant.grant_id, "GrantToken": self._token(key, grant)}

    def list_grants(
        self,
        key_id: str,
        limit: int = 50,
        marker: str | None = None,
        grant_id: str | None = None,
        grantee_principal: str | None = None,
        grantee_service_principal: str | None = None,
    ):
        key = self._key(key_id)
        self._check_foreign(key, "ListGrants")
        if grant_id and not re.fullmatch(r"[0-9a-f]{64}", grant_id):
            raise InvalidGrantIdException()

        def wanted(grant: Grant) -> bool:
            return (
                grant_id in (None, grant.grant_id)
                and grantee_principal in (None, grant.grantee_principal)
                and grantee_service_principal in (None, grant.grantee_service_principal)
            )

        page = self.grants.within(key.aws_account_id).page(limit, marker, key.key_id, where=wanted)
        return self._listed(page, "Grants", [_shown(grant) for grant in page.records])

    def list_retirable_grants(
        self,
        limit: int = 50,
        marker: str | None = None,
        retiring_principal: str | None = None,
        retiring_service_principal: str | None = None,
    ):
        """Also those on keys of other accounts, in this Region."""
        if (retiring_principal is None) == (retiring_service_principal is None):
            raise ValidationException("Specify either RetiringPrincipal or RetiringServicePrincipal.")
        after = read_token(marker)
        found = []
        for scope, grant in self.grants.everywhere():
            here = scope.endswith(f"/{self.call.region}") and grant.grant_id > after
            if here and (grant.retiring_principal, grant.retiring_service_principal) == (
                retiring_principal,
                retiring_service_principal,
            ):
                found.append(grant)
        found.sort(key=lambda grant: grant.grant_id)
        token = make_token(found[limit - 1].grant_id) if len(found) > limit else None
        return self._listed(Page(found[:limit], token), "Grants", [_shown(grant) for grant in found[:limit]])

    def retire_grant(
        self,
        grant_token: str | None = None,
        key_id: str | None = None,
        grant_id: str | None = None,
        dry_run: bool | None = None,
    ):
        if grant_token:
            grant = self._grant_of_token(grant_token)
            if grant is None:
                raise InvalidGrantTokenException()
            key = self._key(grant.key_arn)
        elif key_id and grant_id:
            key = self._key(key_id)
            grant = self._grant(key, grant_id)
        else:
            raise ValidationException("Specify either a grant token, or a grant ID and a key ID.")
        if not self._may_retire(key, grant):
            raise self._refusal(key, "RetireGrant")
        self._stop_if_dry(dry_run)
        self.grants.within(key.aws_account_id).delete(grant)
        self.state("KeyAccessChanged", arn=key.arn)

    def revoke_grant(self, key_id: str, grant_id: str, dry_run: bool | None = None):
        key = self._key(key_id)
        self._check_foreign(key, "RevokeGrant")
        grant = self._grant(key, grant_id)
        self._stop_if_dry(dry_run)
        self.grants.within(key.aws_account_id).delete(grant)
        self.state("KeyAccessChanged", arn=key.arn)

    # Within

    def _grant(self, key: Key, grant_id: str) -> Grant:
        grant = self.grants.within(key.aws_account_id).get(key.key_id, grant_id)
        if grant is None:
            raise NotFoundException(f"Grant ID {grant_id} not found")
        return grant

    def _token(self, key: Key, grant: Grant) -> str:
        """Another one for each request, as AWS's are; it says which grant it is of."""
        said = f"{key.aws_account_id} {key.region} {grant.key_id} {grant.grant_id}"
        return urlsafe_b64encode(self.cloud.seal.close(said.encode(), TOKEN_CONTEXT)).decode()

    def _grant_of_token(self, token: str) -> Grant | None:
        from cryptography.exceptions import InvalidTag

        try:
            said = self.cloud.seal.open(urlsafe_b64decode(token.encode()), TOKEN_CONTEXT).decode()
        except (InvalidTag, ValueError):
            return None
        account, region, key_id, grant_id = said.split(" ")
        return self.grants.within(account, region).get(key_id, grant_id)

    def _may_retire(self, key: Key, grant: Grant) -> bool:
        """The retiring principal, the grantee where the grant says so, and the key's account."""
        principal = self.call.principal
        if principal.is_root and principal.account == key.aws_account_id:
            return True
        entitled = [grant.retiring_principal, grant.retiring_service_principal]
        if "RetireGrant" in grant.operations:
            entitled += [grant.grantee_principal, grant.grantee_service_principal]
        return any(name in _names(principal) for name in entitled if name)


def _names(principal: Principal) -> set[str]:
    """What a principal may be called in a grant: itself, its role, or its account when it is the root."""
    names = {principal.arn}
    session = _SESSION.fullmatch(principal.arn)
    if session:
        names.add("arn:{}:iam::{}:role/{}".format(*session.groups()))
    if principal.is_root:
        names.add(principal.account)
    return names


def _shown(grant: Grant) -> dict:
    return {**vars(grant), "key_id": grant.key_arn}


def _alike(one: Grant, other: Grant) -> bool:
    return one == replace(other, grant_id=one.grant_id, creation_date=one.creation_date)


def _check(grant: Grant, key: Key):
    """Raises what AWS raises of such a grant on such a key."""
    if bool(grant.grantee_principal) == bool(grant.grantee_service_principal):
        raise ValidationException("Specify either GranteePrincipal or GranteeServicePrincipal.")
    if grant.retiring_principal and grant.retiring_service_principal:
        raise ValidationException("Specify either RetiringPrincipal or RetiringServicePrincipal.")
    for principal in (grant.grantee_principal, grant.retiring_principal):
        if principal and not (_PRINCIPAL.fullmatch(principal) or principal.endswith(".amazonaws.com")):
            raise InvalidArnException(f"ARN does not refer to a valid principal: {principal}")
    possible = specs.operations(key.key_spec, key.key_usage)
    for operation in grant.operations:
        if operation not in possible:
            raise ValidationException(
                f"Operation {operation} is not valid for a grant on a key of the spec {key.key_spec}."
            )
    constraints = grant.constraints or {}
    if not key.is_symmetric and any(constraints.get(name) for name in _CONTEXTS):
        raise ValidationException("Encryption context constraints are valid for symmetric encryption keys only.")
    if grant.grantee_service_principal and not constraints.get("SourceArn"):
        raise ValidationException("A grant to a service principal needs a SourceArn constraint.")
    if grant.grantee_service_principal and not (grant.retiring_principal or grant.retiring_service_principal):
        raise ValidationException("A grant to a service principal needs a retiring principal.")
