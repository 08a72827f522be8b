"""What the operations on users, groups and roles have in common: lookups, paths, inline and attached policies, tags."""

import json
from collections.abc import Callable
from urllib.parse import quote

from glasshouse.core import ids
from glasshouse.core.errors import ValidationError
from glasshouse.core.table import Rows
from glasshouse.core.tags import from_list, to_list
from glasshouse.engines.policy import MalformedPolicy
from glasshouse.engines.policy.wellformed import Purpose, require_wellformed
from glasshouse.services.iam.errors import (
    DeleteConflict,
    EntityAlreadyExists,
    InvalidInput,
    LimitExceeded,
    MalformedPolicyDocument,
    NoSuchEntity,
)
from glasshouse.services.iam.identities import AWS_MANAGED, REVISION, aws_managed
from glasshouse.services.iam.records import Group, Identity, Role, User

PAGE = 100
ATTACHED_AT_MOST = 10
TAGS_AT_MOST = 50
INLINE_BYTES = {User: 2048, Group: 5120, Role: 10_240}
KINDS: dict[type, str] = {User: "user", Group: "group", Role: "role"}


class Entities:
    """Lookups, and what is done to a user, a group or a role alike."""

    def _user(self, name: str | None) -> User:
        """By name; without one, the caller's own."""
        if name is None:
            if self.call.principal.kind != "user":
                raise ValidationError("Must specify userName when calling with non-User credentials")
            name = self.call.principal.arn.rpartition("/")[2]
        return self._found(self.users, name, "user")

    def _group(self, name: str) -> Group:
        return self._found(self.groups, name, "group")

    def _role(self, name: str) -> Role:
        return self._found(self.roles, name, "role")

    @staticmethod
    def _found(rows: Rows, name: str, kind: str):
        found = rows.get(name)
        if found is None:
            raise NoSuchEntity(f"The {kind} with name {name} cannot be found.")
        return found

    def _rows_of(self, entity: Identity) -> Rows:
        return {User: self.users, Group: self.groups, Role: self.roles}[type(entity)]

    def _keep(self, entity: Identity):
        """Write, and let the next decision read anew."""
        self._rows_of(entity).put(entity)
        self._changed()
        if isinstance(entity, Role):
            self.state("RoleChanged", arn=entity.arn)
        return entity

    def _changed(self):
        # Unlike any before it, also after a reset or when a snapshot was loaded.
        self.store.keep_setting(REVISION, ids.uuid())

    @staticmethod
    def _refuse_taken(rows: Rows, name: str, kind: str):
        """Names differ in more than the case of their letters (IAM user guide, "IAM names")."""
        taken = rows.keys()
        if any(key.lower() == name.lower() for key in taken):
            raise EntityAlreadyExists(f"{kind} with name {name} already exists.")

    def _iam_arn(self, kind: str, path: str, name: str) -> str:
        return self.call.arn(f"{kind}{path}{name}", region=False)

    @staticmethod
    def _new_id(prefix: str) -> str:
        return prefix + ids.token(17, ids.UPPER)

    # Pages

    @staticmethod
    def _page(
        records: Rows, marker: str | None, max_items: int, where: Callable = lambda record: True
    ) -> tuple[list, dict]:
        found, token = records.page(max_items, marker, where=where)
        return found, {"IsTruncated": token is not None, "Marker": token}

    @staticmethod
    def _slice(items: list, marker: str | None, max_items: int) -> tuple[list, dict]:
        """A page of a list that lies on a record; the marker is the place."""
        start = int(marker) if marker and marker.isdigit() else 0
        more = len(items) > start + max_items
        return items[start : start + max_items], {
            "IsTruncated": more,
            "Marker": str(start + max_items) if more else None,
        }

    # Policies

    def _put_inline(self, entity: Identity, name: str, document: str):
        self._check_document(document, Purpose.INLINE)
        size = sum(len("".join(text.split())) for key, text in entity.inline.items() if key != name)
        limit = INLINE_BYTES[type(entity)]
        if size + len("".join(document.split())) > limit:
            kind = KINDS[type(entity)]
            raise LimitExceeded(
                f"Maximum policy size of {limit} bytes exceeded for {kind} {entity.arn.rpartition('/')[2]}"
            )
        entity.inline[name] = document
        self._keep(entity)

    def _inline(self, entity: Identity, name: str) -> dict:
        kind = KINDS[type(entity)]
        owner = entity.arn.rpartition("/")[2]
        if name not in entity.inline:
            raise NoSuchEntity(f"The {kind} policy with name {name} cannot be found.")
        return {f"{kind.title()}Name": owner, "PolicyName": name, "PolicyDocument": encoded(entity.inline[name])}

    def _delete_inline(self, entity: Identity, name: str):
        self._inline(entity, name)
        del entity.inline[name]
        self._keep(entity)

    def _list_inline(self, entity: Identity, marker: str | None, max_items: int) -> dict:
        names, page = self._slice(sorted(entity.inline), marker, max_items)
        return {"PolicyNames": names, **page}

    def _attach(self, entity: Identity, policy_arn: str):
        self._policy_text(policy_arn)
        if policy_arn in entity.attached:
            return
        if len(entity.attached) >= ATTACHED_AT_MOST:
            kind = KINDS[type(entity)].title()
            raise LimitExceeded(f"Cannot exceed quota for PoliciesPer{kind}: {ATTACHED_AT_MOST}")
        entity.attached.append(policy_arn)
        self._keep(entity)

    def _detach(self, entity: Identity, policy_arn: str):
        if policy_arn not in entity.attached:
            raise NoSuchEntity(f"Policy {policy_arn} was not found.")
        entity.attached.remove(policy_arn)
        self._keep(entity)

    def _list_attached(self, entity: Identity, path_prefix: str, marker: str | None, max_items: int) -> dict:
        arns = [arn for arn in entity.attached if _path_of(arn).startswith(path_prefix)]
        arns, page = self._slice(arns, marker, max_items)
        return {"AttachedPolicies": [attached(arn) for arn in arns], **page}

    def _refuse_with_policies(self, entity: Identity):
        if entity.attached:
            raise DeleteConflict("Cannot delete entity, must detach all policies first.")
        if entity.inline:
            raise DeleteConflict("Cannot delete entity, must delete policies first.")

    def _policy_text(self, arn: str) -> str:
        """Of a managed policy that may be attached here. Raises ValidationError, NoSuchEntity."""
        if not is_arn(arn):
            raise ValidationError(f"ARN {arn} is not valid.")
        text = self._text_of(arn)
        if text is None:
            raise NoSuchEntity(f"Policy {arn} does not exist or is not attachable.")
        return text

    def _text_of(self, arn: str) -> str | None:
        if arn.startswith(AWS_MANAGED):
            return aws_managed(arn.removeprefix(AWS_MANAGED))
        policy = self.policies.get(arn)
        return policy.document if policy else None

    @staticmethod
    def _check_document(document: str, purpose: Purpose):
        """Raises MalformedPolicyDocument for what IAM does not store for this purpose."""
        if purpose is Purpose.TRUST and not _is_json(document):
            raise MalformedPolicyDocument("This policy contains invalid Json")
        try:
            require_wellformed(document, purpose)
        except MalformedPolicy as failure:
            raise MalformedPolicyDocument(failure.message) from None

    # Boundaries and tags

    def _boundary(self, arn: str | None) -> str | None:
        """A policy that may be a boundary. Raises InvalidInput, NoSuchEntity."""
        if arn is None:
            return None
        if not is_arn(arn) or ":policy/" not in arn:
            raise InvalidInput(f"ARN {arn} is not valid.")
        if self._text_of(arn) is None:
            raise NoSuchEntity(f"Scope ARN: {arn} does not exist or is not attachable.")
        return arn

    def _set_boundary(self, entity: User | Role, arn: str | None):
        if arn is None and entity.boundary is None:
            kind, name = KINDS[type(entity)], entity.arn.rpartition("/")[2]
            raise NoSuchEntity(f"No permissions boundary found for {kind} {name}.")
        entity.boundary = self._boundary(arn)
        self._keep(entity)

    def _tag(self, arn: str, tags: list | None):
        """Add tags to what has this ARN. Raises InvalidInput, LimitExceeded."""
        given, present = from_list(tags), self.cloud.tags.of(arn)
        keys = [_key_in(arn, tag["Key"]) for tag in tags or ()]
        if len(set(keys)) < len(keys):
            more = " Please note that Tag keys are case insensitive." if _ignores_case(arn) else ""
            raise InvalidInput(f"Duplicate tag keys found.{more}")
        if any(key.lower().startswith("aws:") for key in keys):
            raise InvalidInput("Tag keys cannot start with aws: as it is a reserved prefix.")
        replaced = [key for key in present if _key_in(arn, key) in keys]
        if len(present) - len(replaced) + len(given) > TAGS_AT_MOST:
            raise LimitExceeded("The number of tags has reached the maximum limit.")
        self.cloud.tags.remove(arn, [key for key in replaced if key not in given])
        self.cloud.tags.add(arn, given)
        self._changed()

    def _untag(self, arn: str, keys: list):
        gone = {_key_in(arn, key) for key in keys}
        self.cloud.tags.remove(arn, [key for key in self.cloud.tags.of(arn) if _key_in(arn, key) in gone])
        self._changed()

    def _tags(self, arn: str) -> list[dict]:
        return to_list(self.cloud.tags.of(arn))

    def _list_tags(self, arn: str, marker: str | None, max_items: int) -> dict:
        tags, page = self._slice(self._tags(arn), marker, max_items)
        return {"Tags": tags, **page}

    def _shown(self, entity: Identity, **more) -> dict:
        """A record as IAM shows it."""
        boundary = getattr(entity, "boundary", None)
        limit = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary} if boundary else None
        return {**vars(entity), "permissions_boundary": limit, "Tags": self._tags(entity.arn) or None, **more}


def _is_json(document: str) -> bool:
    try:
        json.loads(document)
    except ValueError:
        return False
    return True


def is_arn(text: str) -> bool:
    return text.startswith("arn:") and len(text.split(":", 5)) == 6


def _ignores_case(arn: str) -> bool:
    """Whether the case of tag keys makes no difference, which IAM handles in two ways."""
    return arn.split(":", 5)[5].split("/")[0] in ("user", "role", "server-certificate")


def _key_in(arn: str, key: str) -> str:
    return key.lower() if _ignores_case(arn) else key


def encoded(document: str) -> str:
    """Policy documents leave IAM percent-encoded (RFC 3986)."""
    return quote(document, safe="")


def attached(arn: str) -> dict[str, str]:
    return {"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn}


def _path_of(policy_arn: str) -> str:
    resource = policy_arn.split(":", 5)[5].removeprefix("policy")
    return resource[: resource.rindex("/") + 1]
