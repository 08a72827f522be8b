"""Assuming a role: the trust policy decides who may, the session remembers who did.

A role may assume itself only if its trust policy grants that, as to anybody else. AWS changed this on 2022-09-21:
until then the role's identity policy was enough, and roles that had relied on it since 2022-06-30 could go on until
2023-02-15 (AWS Security Blog, "Announcing an update to IAM role trust policy behavior"). The cloud's clock says which
rule holds. Who relies on the old one is stated as the fact `RoleReliedOnSelfTrust`, of which health makes a notice.
"""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from glasshouse.core import ServiceError
from glasshouse.core.access import Principal
from glasshouse.core.tags import from_list
from glasshouse.engines.policy import MalformedPolicy
from glasshouse.engines.policy.wellformed import Purpose, require_wellformed
from glasshouse.services.sts.errors import (
    AccessDenied,
    InvalidParameterValue,
    MalformedPolicyDocument,
    PackedPolicyTooLarge,
    ValidationError,
)

CHAINED_SESSION_S = 3600
RELIED_SINCE, NEW_RULE, GRACE_END = 1_656_547_200.0, 1_663_718_400.0, 1_676_419_200.0  # the three dates, 00:00 UTC
SESSION_POLICY_CHARACTERS = 2048
SESSION_TAGS = 50


@dataclass
class SelfAssumption:
    """A role, by its ARN, that assumed itself without its trust policy's grant, and when it last did."""

    role_arn: str
    last: float


class RoleSessions:
    """AssumeRole."""

    judged_by_new_rule = False

    def assume_role(
        self,
        role_arn: str,
        role_session_name: str,
        policy_arns: list | None = None,
        policy: str | None = None,
        duration_seconds: int = CHAINED_SESSION_S,
        tags: list | None = None,
        transitive_tag_keys: list | None = None,
        external_id: str | None = None,
        source_identity: str | None = None,
        serial_number: str | None = None,
        token_code: str | None = None,
    ):
        caller = self.call.principal
        mfa = self._shown_mfa(serial_number, token_code)
        role = self._role(role_arn)
        if role is None:
            raise AccessDenied(
                f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
            )
        if caller.kind == "role" and duration_seconds > CHAINED_SESSION_S:
            raise ValidationError(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
            )
        if self.resource_rule(self.call.params) == "denies only":
            self._note_self_trust(role_arn)
        session = self._session(caller, tags, transitive_tag_keys)
        session |= {"by": "AssumeRole", "source_identity": _source_identity(caller, source_identity), **mfa}
        session["policies"] = self._session_policies(role_arn, policy, policy_arns)
        packed = _packed_percent(policy, policy_arns, tags)
        return {**self._assumed(role, role_session_name, session, duration_seconds), "PackedPolicySize": packed}

    def _service_session(self, role_arn: str, session_name: str) -> Principal:
        """A session of a role for the service that calls; core's `as_role` asks for it. Raises AccessDenied.

        In an open cloud the service acts itself for a role that is not there.
        """
        role = self._role(role_arn)
        if role is None and self.cloud.is_open:
            return self.call.principal
        if role is None:
            raise AccessDenied(
                f"User: {self.call.principal.arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
            )
        self.cloud.access.authorize(self, self.cloud.model.operation("sts", "AssumeRole"))
        return _role_session(role, session_name, {"issued": self.now, "by": "AssumeRole"})

    def _assumed(self, role: dict, session_name: str, session: dict, duration_seconds: int) -> dict:
        """The credentials of a new session of a role."""
        if duration_seconds > role["MaxSessionDuration"]:
            raise ValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
        principal = _role_session(role, session_name, session)
        return {
            "Credentials": self._issue(principal, duration_seconds),
            "AssumedRoleUser": {"AssumedRoleId": principal.user_id, "Arn": principal.arn},
            "SourceIdentity": session.get("source_identity"),
        }

    def _note_self_trust(self, role_arn: str):
        """Note that a role goes by the old rule, unless by the new one it might assume itself all the same."""
        asking = type(self)(self.cloud, self.call)
        asking.judged_by_new_rule = True
        try:
            self.cloud.access.authorize(asking, self.cloud.model.operation("sts", "AssumeRole"))
        except ServiceError:
            self._rely_on_self_trust(role_arn)

    def _rely_on_self_trust(self, role_arn: str):
        self.self_assumptions.put(SelfAssumption(role_arn, self.now))
        if self.now >= RELIED_SINCE:
            self.state("RoleReliedOnSelfTrust", role_arn=role_arn, notice_from=NEW_RULE, retired=GRACE_END)

    # What the question of access needs to know

    def resource_policies(self, params: dict) -> list[tuple[str, str]]:
        role = self._role(params["RoleArn"]) if "RoleArn" in params else None
        return [(params["RoleArn"], role["AssumeRolePolicyDocument"])] if role else []

    def resource_arns(self, params: dict) -> list[str] | None:
        return [params["RoleArn"]] if "RoleArn" in params else None

    def resource_rule(self, params: dict) -> Literal["optional", "required", "denies only"]:
        """A role's own policy must allow, but for roles that still assume themselves by the old rule."""
        if "RoleArn" not in params:
            return "optional"
        if params["RoleArn"] != self.call.principal.session.get("role_arn"):
            return "required"
        if self.judged_by_new_rule:
            return "required"
        if self.now < NEW_RULE:
            return "denies only"
        relied = self.self_assumptions.get(params["RoleArn"])
        kept = relied is not None and relied.last >= RELIED_SINCE and self.now < GRACE_END
        return "denies only" if kept else "required"

    # Within

    def _role(self, role_arn: str) -> dict | None:
        """What IAM says of a role, its trust policy as text."""
        parts = role_arn.split(":", 5)
        if len(parts) < 6 or not parts[5].startswith("role/"):
            raise ValidationError(f"{role_arn} is invalid")
        try:
            role = self.aws(account=parts[4]).iam.get_role(RoleName=parts[5].rpartition("/")[2])["Role"]
        except ServiceError:
            return None
        return {**role, "AssumeRolePolicyDocument": unquote(role["AssumeRolePolicyDocument"])}

    def _session(self, caller: Principal, tags: list | None, transitive: list | None) -> dict:
        """Session tags, with the transitive ones of the session that asks."""
        if len(tags or ()) > SESSION_TAGS:
            raise ValidationError(f"A session may have {SESSION_TAGS} tags at most")
        inherited = {
            key: value
            for key, value in caller.session.get("tags", {}).items()
            if key in caller.session.get("transitive", ())
        }
        given = from_list(tags)
        lowered = [tag["Key"].lower() for tag in tags or ()]
        if len(set(lowered)) < len(lowered):
            raise InvalidParameterValue("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
        if not {key.lower() for key in transitive or ()} <= set(lowered):
            raise InvalidParameterValue("The specified transitive tag key must be included in the requested tags.")
        if any(key.lower() in lowered for key in inherited):
            raise InvalidParameterValue(
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key"
                " from the calling session."
            )
        keys = [*inherited, *(transitive or ())]
        return {"issued": self.now, "tags": {**inherited, **given}, "transitive": keys}

    def _session_policies(self, owner_arn: str, policy: str | None, policy_arns: list | None) -> list[str] | None:
        """The texts of the session policies; None where there are none, which limits nothing."""
        if policy is None and not policy_arns:
            return None
        texts = []
        if policy is not None:
            if len(policy) > SESSION_POLICY_CHARACTERS:
                raise PackedPolicyTooLarge("Serialized token too large for session")
            try:
                require_wellformed(policy, Purpose.SESSION)
            except MalformedPolicy as failure:
                raise MalformedPolicyDocument(failure.message) from None
            texts.append(policy)
        iam = self.aws(account=owner_arn.split(":")[4]).iam
        for arn in [given["arn"] for given in policy_arns or ()]:
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            texts.append(unquote(document))
        return texts


def _role_session(role: dict, session_name: str, session: dict) -> Principal:
    """A session of a role, who remembers of itself what `session` says."""
    account = role["Arn"].split(":")[4]
    arn = f"arn:aws:sts::{account}:assumed-role/{role['RoleName']}/{session_name}"
    remembered = {**session, "role_arn": role["Arn"], "role_name": role["RoleName"]}
    return Principal("role", account, arn, f"{role['RoleId']}:{session_name}", remembered)


def _source_identity(caller: Principal, given: str | None) -> str | None:
    """Once set it stays through every chained session."""
    before = caller.session.get("source_identity")
    if before and given and given != before:
        raise AccessDenied("The source identity of a chained session cannot be changed")
    return given or before


def _packed_percent(policy: str | None, policy_arns: list | None, tags: list | None) -> int | None:
    """How much of the allotted space policies and tags take; AWS's own packing is not public."""
    if not (policy or policy_arns or tags):
        return None
    size = len(policy or "") + sum(len(given["arn"]) for given in policy_arns or ())
    size += sum(len(tag["Key"]) + len(tag["Value"]) for tag in tags or ())
    return max(1, min(100, size * 100 // (2 * SESSION_POLICY_CHARACTERS)))
