"""Who may use a key: its policy, its grants, and keys of other accounts.

Grants are shown to IAM, which decides, as a policy of the key, in which a grant's constraints on the encryption context
and the source are conditions. The cloud's own services, which IAM lets pass, may use a key of another account only if
the key permits that to them or to the account for which they act; this is asked here.
"""

import json
from collections.abc import Iterable
from functools import cached_property

from glasshouse.core.access import Principal, root
from glasshouse.core.errors import ServiceError
from glasshouse.services.kms.errors import MalformedPolicyDocumentException
from glasshouse.services.kms.records import Grant, Key
from glasshouse.services.kms.specs import ALWAYS

_BLOBS = {"Decrypt": "CiphertextBlob", "ReEncrypt": "CiphertextBlob"}
_REFERENCES = ("KeyId", "TargetKeyId", "SourceKeyId", "DestinationKeyId")


class Access:
    """The hooks of the core, and the question about foreign keys."""

    def resource_policies(self, params: dict) -> list[tuple[str, str]]:
        return [policy for key in self._concerned for policy in self._policies_of(key)]

    def resource_arns(self, params: dict) -> list[str] | None:
        return [key.arn for key in self._concerned] or None

    def resource_account(self, params: dict) -> str | None:
        return next((key.aws_account_id for key in self._concerned), None)

    def resource_rule(self, params: dict) -> str:
        """ "No AWS principal, including the account root user or key creator, has any permissions to a KMS key unless
        they are explicitly allowed" by its policy (developer guide, "Key policies"). Keys alone have one."""
        return "required" if self._concerned else "optional"

    @cached_property
    def _concerned(self) -> list[Key]:
        """The keys that the call names, or whose ciphertext it brings."""
        params = self.call.params
        named = [self._known(params[member]) for member in _REFERENCES if params.get(member)]
        blob, token = params.get(_BLOBS.get(self.call.operation, "")), params.get("GrantToken")
        made_by = self._key_of_blob(blob) if blob else None
        grant = self._grant_of_token(token) if token else None
        granted = self._known(grant.key_arn) if grant else None
        return list({key.arn: key for key in (*named, made_by, granted) if key}.values())

    def _policies_of(self, key: Key) -> list[tuple[str, str]]:
        rows = self.grants.within(key.aws_account_id, key.region)
        statements = [statement for grant in rows.list(key.key_id) for statement in _statements(grant)]
        if not statements:
            return [(key.arn, key.policy)]
        return [(key.arn, key.policy), (key.arn, json.dumps({"Version": "2012-10-17", "Statement": statements}))]

    def _key_of_blob(self, blob: bytes) -> Key | None:
        try:
            return self._key_that_made(blob)
        except ServiceError:
            return None

    def _check_foreign(self, key: Key, operation: str, context: dict[str, str] | None = None):
        """Raises AccessDeniedException unless a key of another account permits the operation to a service."""
        principal = self.call.principal
        if key.aws_account_id == self.call.account or principal.kind != "service":
            return
        texts = [text for _, text in self._policies_of(key)]
        for asker in (principal, root(principal.account)):
            if permits(texts, asker, operation, key, self._conditions(context)):
                return
        raise self._refusal(key, operation)

    def _conditions(self, context: dict[str, str] | None) -> dict[str, list[str]]:
        """Condition keys of a request, as far as KMS knows them (developer guide, "Condition keys")."""
        conditions = {"kms:calleraccount": [self.call.account]}
        for name, value in (context or {}).items():
            conditions[f"kms:encryptioncontext:{name.lower()}"] = [value]
        if context:
            conditions["kms:encryptioncontextkeys"] = list(context)
        if self.call.source_arn:
            conditions["aws:sourcearn"] = [self.call.source_arn]
        return conditions


def permits(texts: Iterable[str], principal: Principal, operation: str, key: Key, conditions: dict) -> bool:
    """Whether the key's own policies allow it; what else the caller's account says is not asked here."""
    from glasshouse.engines import policy as language

    asker = _asker(principal)
    request = language.Request(asker, f"kms:{operation}", key.arn, key.aws_account_id, conditions)
    everything = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
    policies = language.Policies(
        identity=[language.compile_policy(everything)],
        resource=[language.compile_policy(text) for text in texts],
        resource_rule=language.ResourceRule.REQUIRED,
    )
    return language.decide(request, policies).allowed


def check_policy(text: str, principal: Principal, key: Key, bypass: bool):
    """Raises MalformedPolicyDocumentException on what is no policy, or would lock its author out."""
    from glasshouse.engines import policy as language

    try:
        language.compile_policy(text)
        statements = json.loads(text)["Statement"]
    except (language.MalformedPolicy, ValueError, KeyError, TypeError) as wrong:
        raise MalformedPolicyDocumentException(str(wrong)) from None
    for statement in statements if isinstance(statements, list) else [statements]:
        if not statement.keys() & {"Principal", "NotPrincipal"}:
            raise MalformedPolicyDocumentException("Policy statement must contain principals.")
    if bypass or principal.kind == "service":
        return
    if not permits([text], principal, "PutKeyPolicy", key, {"kms:calleraccount": [key.aws_account_id]}):
        raise MalformedPolicyDocumentException(
            "The new key policy will not allow you to update the key policy in the future."
        )


def _asker(principal: Principal):
    from glasshouse.engines import policy as language

    if principal.kind == "root":
        return language.Principal.root(principal.account)
    if principal.kind == "role":
        return language.Principal.role_session(principal.arn, principal.session.get("role_arn"))
    makers = {"user": language.Principal.user, "service": language.Principal.service}
    maker = makers.get(principal.kind)
    return maker(principal.arn) if maker else language.Principal.anonymous()


def _statements(grant: Grant) -> list[dict]:
    """A grant as statements of a policy: its constraints on the encryption context concern cryptography only."""
    principal = _principal(grant.grantee_principal, grant.grantee_service_principal)
    free = [operation for operation in grant.operations if operation in ALWAYS]
    bound = [operation for operation in grant.operations if operation not in ALWAYS]
    found = []
    for operations, conditions in ((bound, _constraints(grant.constraints or {})), (free, {})):
        if operations:
            actions = [f"kms:{operation}" for operation in operations]
            statement = {"Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*"}
            found.append(statement | {"Condition": conditions} if conditions else statement)
    if grant.retiring_principal or grant.retiring_service_principal:
        retiring = _principal(grant.retiring_principal, grant.retiring_service_principal)
        found.append({"Effect": "Allow", "Principal": retiring, "Action": "kms:RetireGrant", "Resource": "*"})
    return found


def _principal(name: str | None, service: str | None) -> dict[str, str | None]:
    return {"Service": service} if service else {"AWS": name}


def _constraints(constraints: dict) -> dict:
    exact = constraints.get("EncryptionContextEquals")
    pairs = exact or constraints.get("EncryptionContextSubset") or {}
    equal = {f"kms:EncryptionContext:{name}": value for name, value in pairs.items()}
    if source := constraints.get("SourceArn"):
        equal["aws:SourceArn"] = source
    conditions: dict = {"StringEquals": equal} if equal else {}
    if exact:
        conditions["ForAllValues:StringEquals"] = {"kms:EncryptionContextKeys": list(exact)}
    return conditions
