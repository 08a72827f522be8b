"""Managed policies and their versions."""

from glasshouse.engines.policy.wellformed import Purpose
from glasshouse.services.iam.entities import PAGE, encoded
from glasshouse.services.iam.errors import (
    AccessDenied,
    DeleteConflict,
    EntityAlreadyExists,
    LimitExceeded,
    NoSuchEntity,
)
from glasshouse.services.iam.identities import AWS_MANAGED, aws_managed_policies
from glasshouse.services.iam.records import Identity, ManagedPolicy, PolicyVersion

VERSIONS_AT_MOST = 5
LONGEST_POLICY = 6144


class Policies:
    """The operations on managed policies."""

    def create_policy(
        self,
        policy_name: str,
        policy_document: str,
        path: str = "/",
        description: str | None = None,
        tags: list | None = None,
    ):
        arn = self._iam_arn("policy", path, policy_name)
        if any(policy.policy_name.lower() == policy_name.lower() for policy in self.policies.list()):
            raise EntityAlreadyExists(f"A policy called {policy_name} already exists. Duplicate names are not allowed.")
        self._check_managed(policy_document)
        version = PolicyVersion("v1", policy_document, self.now)
        policy = ManagedPolicy(
            policy_name, self._new_id("ANPA"), arn, path, self.now, self.now, "v1", [version], description
        )
        self._tag(arn, tags)
        self.policies.put(policy)
        return {"Policy": {**self._policy_listed(policy), "Tags": self._tags(arn) or None}}

    def get_policy(self, policy_arn: str):
        policy = self._policy(policy_arn)
        return {"Policy": {**self._policy_shown(policy), "Tags": self._tags(policy.arn)}}

    def list_policies(
        self,
        scope: str = "All",
        only_attached: bool = False,
        path_prefix: str = "/",
        policy_usage_filter: str | None = None,
        marker: str | None = None,
        max_items: int = PAGE,
    ):
        own = list(self.policies.list()) if scope in ("All", "Local") else []
        amazon = [self._aws_policy(name) for name in aws_managed_policies()] if scope in ("All", "AWS") else []
        limits = policy_usage_filter == "PermissionsBoundary"
        counts = self._usage(limits)
        used = only_attached or policy_usage_filter is not None
        wanted = [
            policy
            for policy in [*own, *amazon]
            if policy.path.startswith(path_prefix) and (not used or counts.get(policy.arn))
        ]
        policies, page = self._slice(wanted, marker, max_items)
        return {"Policies": [self._policy_listed(policy) for policy in policies], **page}

    def delete_policy(self, policy_arn: str):
        policy = self._own_policy(policy_arn, "delete policies")
        if self._usage(False).get(policy_arn) or self._usage(True).get(policy_arn):
            raise DeleteConflict("Cannot delete a policy attached to entities.")
        if len(policy.versions) > 1:
            raise DeleteConflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's"
                " versions. The default version is deleted with the policy."
            )
        self.cloud.tags.clear(policy_arn)
        self.policies.delete(policy)
        self._changed()

    def create_policy_version(self, policy_arn: str, policy_document: str, set_as_default: bool = False):
        policy = self._own_policy(policy_arn)
        self._check_managed(policy_document)
        if len(policy.versions) >= VERSIONS_AT_MOST:
            raise LimitExceeded(
                "A managed policy can have up to 5 versions. Before you create a new version, you must delete an"
                " existing version."
            )
        policy.last_version += 1
        version = PolicyVersion(f"v{policy.last_version}", policy_document, self.now)
        policy.versions.append(version)
        if set_as_default:
            policy.default_version_id = version.version_id
        policy.update_date = self.now
        self._keep_policy(policy)
        return {"PolicyVersion": self._version_shown(policy, version, document=False)}

    def get_policy_version(self, policy_arn: str, version_id: str):
        policy = self._policy(policy_arn)
        return {"PolicyVersion": self._version_shown(policy, self._version(policy, version_id))}

    def list_policy_versions(self, policy_arn: str, marker: str | None = None, max_items: int = PAGE):
        policy = self._policy(policy_arn)
        versions, page = self._slice(policy.versions[::-1], marker, max_items)
        return {"Versions": [self._version_shown(policy, version, document=False) for version in versions], **page}

    def set_default_policy_version(self, policy_arn: str, version_id: str):
        policy = self._own_policy(policy_arn)
        policy.default_version_id = self._version(policy, version_id).version_id
        policy.update_date = self.now
        self._keep_policy(policy)

    def delete_policy_version(self, policy_arn: str, version_id: str):
        policy = self._own_policy(policy_arn, "delete policy versions for policies")
        version = self._version(policy, version_id)
        if version_id == policy.default_version_id:
            raise DeleteConflict("Cannot delete the default version of a policy.")
        policy.versions.remove(version)
        self._keep_policy(policy)

    def list_entities_for_policy(
        self,
        policy_arn: str,
        entity_filter: str | None = None,
        path_prefix: str = "/",
        policy_usage_filter: str | None = None,
        marker: str | None = None,
        max_items: int = PAGE,
    ):
        self._policy(policy_arn)
        limits = policy_usage_filter == "PermissionsBoundary"

        def using(rows) -> list:
            return [one for one in rows.list() if policy_arn in _used(one, limits) and one.path.startswith(path_prefix)]

        users = using(self.users) if entity_filter in (None, "User") else []
        roles = using(self.roles) if entity_filter in (None, "Role") else []
        groups = using(self.groups) if entity_filter in (None, "Group") else []
        entities, page = self._slice([*groups, *users, *roles], marker, max_items)
        return {
            "PolicyGroups": [one for one in entities if one in groups],
            "PolicyUsers": [one for one in entities if one in users],
            "PolicyRoles": [one for one in entities if one in roles],
            **page,
        }

    def tag_policy(self, policy_arn: str, tags: list):
        self._tag(self._own_policy(policy_arn).arn, tags)

    def untag_policy(self, policy_arn: str, tag_keys: list):
        self._untag(self._own_policy(policy_arn).arn, tag_keys)

    def list_policy_tags(self, policy_arn: str, marker: str | None = None, max_items: int = PAGE):
        return self._list_tags(self._policy(policy_arn).arn, marker, max_items)

    # Lookups

    def _policy(self, arn: str) -> ManagedPolicy:
        policy = self.policies.get(arn)
        if policy is None and arn.removeprefix(AWS_MANAGED) in aws_managed_policies():
            policy = self._aws_policy(arn.removeprefix(AWS_MANAGED))
        if policy is None:
            raise NoSuchEntity(f"Policy {arn} was not found.")
        return policy

    def _own_policy(self, arn: str, doing: str = "update policies") -> ManagedPolicy:
        if arn.startswith(AWS_MANAGED):
            raise AccessDenied(f"Cannot {doing} outside your own account.")
        return self._policy(arn)

    @staticmethod
    def _aws_policy(name: str) -> ManagedPolicy:
        """One of AWS's own policies as a record."""
        known = aws_managed_policies()[name]
        path, _, short = f"/{name}".rpartition("/")
        version = PolicyVersion(known.version_id, known.document, known.created)
        return ManagedPolicy(
            short, f"ANPA{short.upper()[:17]:A<17}", AWS_MANAGED + name, f"{path}/", known.created, known.created,
            known.version_id, [version],
        )  # fmt: skip

    @staticmethod
    def _version(policy: ManagedPolicy, version_id: str) -> PolicyVersion:
        found = next((version for version in policy.versions if version.version_id == version_id), None)
        if found is None:
            raise NoSuchEntity(f"Policy {policy.arn} version {version_id} does not exist or is not attachable.")
        return found

    @staticmethod
    def _version_shown(policy: ManagedPolicy, version: PolicyVersion, document: bool = True) -> dict:
        return {
            "Document": encoded(version.document) if document else None,
            "VersionId": version.version_id,
            "IsDefaultVersion": version.version_id == policy.default_version_id,
            "CreateDate": version.create_date,
        }

    def _policy_shown(self, policy: ManagedPolicy) -> dict:
        return {
            **vars(policy),
            "AttachmentCount": self._usage(False).get(policy.arn, 0),
            "PermissionsBoundaryUsageCount": self._usage(True).get(policy.arn, 0),
            "IsAttachable": True,
        }

    def _policy_listed(self, policy: ManagedPolicy) -> dict:
        """Lists, and the answer to its creation, do not tell the description of a policy."""
        return {**self._policy_shown(policy), "description": None}

    def _usage(self, limits: bool) -> dict[str, int]:
        """How many users, groups and roles carry each policy, or have it as their boundary."""
        counts: dict[str, int] = {}
        for rows in (self.users, self.groups, self.roles):
            for one in rows.list():
                for arn in _used(one, limits):
                    counts[arn] = counts.get(arn, 0) + 1
        return counts

    def _keep_policy(self, policy: ManagedPolicy):
        self.policies.put(policy)
        self._changed()

    def _check_managed(self, document: str):
        self._check_document(document, Purpose.MANAGED)
        if len("".join(document.split())) > LONGEST_POLICY:
            raise LimitExceeded(f"Cannot exceed quota for PolicySize: {LONGEST_POLICY}")


def _used(one: Identity, limits: bool) -> list[str]:
    if not limits:
        return one.attached
    boundary = getattr(one, "boundary", None)
    return [boundary] if boundary else []
