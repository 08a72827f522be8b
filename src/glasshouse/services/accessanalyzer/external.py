"""External access to a resource: by its policies, and by what else opens it (a bucket's ACL, a key's grants)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glasshouse.services.accessanalyzer.kinds import ALL_USERS, AUTHENTICATED_USERS, Resource

if TYPE_CHECKING:
    from glasshouse.engines.policy.outsiders import Zone

EVERYONE = {"AWS": "*"}
ACL_ACTIONS = {
    "READ": ("s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"),
    "WRITE": ("s3:DeleteObject", "s3:PutObject"),
    "READ_ACP": ("s3:GetBucketAcl",),
    "WRITE_ACP": ("s3:PutBucketAcl",),
}


@dataclass
class Access:
    """What one external principal may do under one set of conditions."""

    principal: dict
    condition: dict
    source: str | None
    is_public: bool = False
    actions: set[str] = field(default_factory=set)

    @property
    def identity(self) -> str:
        return json.dumps([self.principal, self.condition, self.source], sort_keys=True)


def external_access(resource: Resource, zone: "Zone") -> list[Access]:
    """Raises MalformedPolicy where a policy has no meaning."""
    found: dict[str, Access] = {}
    for access in (*_by_policies(resource, zone), *_by_acl(resource, zone), *_by_grants(resource, zone)):
        kept = found.setdefault(access.identity, access)
        kept.actions |= access.actions
        kept.is_public = kept.is_public or access.is_public
    return sorted(found.values(), key=lambda access: access.identity)


def _by_policies(resource: Resource, zone: "Zone") -> Iterator[Access]:
    from glasshouse.engines.policy.compare import public_access
    from glasshouse.engines.policy.outsiders import Place, outsiders

    places = [Place(kind, arn) for kind, arn in resource.places]
    for text in resource.policies:
        found = list(outsiders(text, places, zone))
        if resource.restricts_public and public_access(text).permitted:
            continue  # "restrict public buckets" lets only the bucket's own account use a policy that is public
        for one in found:
            yield Access(one.principal, one.condition, resource.source, one.is_public, {*one.actions})


def _by_acl(resource: Resource, zone: "Zone") -> Iterator[Access]:
    """A bucket's access control list: grants to other accounts and to groups."""
    for grant in resource.acl:
        uri, identity = grant["grantee"].get("uri"), grant["grantee"].get("id")
        public = uri in (ALL_USERS, AUTHENTICATED_USERS)
        if (public and resource.ignores_public_acls) or (uri and not public) or identity in zone.canonical_ids:
            continue
        permissions = ACL_ACTIONS if grant["permission"] == "FULL_CONTROL" else (grant["permission"],)
        actions = {action for permission in permissions for action in ACL_ACTIONS[permission]}
        principal = EVERYONE if public else {"CanonicalUser": identity}
        yield Access(principal, {}, "BUCKET_ACL", public, actions)


def _by_grants(resource: Resource, zone: "Zone") -> Iterator[Access]:
    """The grants of a KMS key."""
    for grant in resource.grants:
        if zone.trusts("AWS", grant["grantee"]) or not grant["grantee"].startswith("arn:"):
            continue
        context = {f"kms:EncryptionContext:{key}": value for key, value in sorted(grant["context"].items())}
        actions = {f"kms:{operation}" for operation in grant["operations"]}
        yield Access({"AWS": grant["grantee"]}, context, None, False, actions)
