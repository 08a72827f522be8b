"""Roles, instance profiles and service-linked roles.

AWS keeps no public list of service-linked roles: those that its guides name, with their policies, are in
`linked_roles.json`; the name of any other is made of its service's.
"""

import json
from functools import cache
from pathlib import Path

from glasshouse.core import ids
from glasshouse.engines.policy.wellformed import Purpose
from glasshouse.services.iam.entities import PAGE, encoded
from glasshouse.services.iam.errors import (
    DeleteConflict,
    EntityAlreadyExists,
    InvalidInput,
    LimitExceeded,
    NoSuchEntity,
    UnmodifiableEntity,
    ValidationError,
)
from glasshouse.services.iam.records import InstanceProfile, Role

SERVICE_PATH = "/aws-service-role/"
LINKED = Path(__file__).with_name("linked_roles.json")
SHORTEST_SESSION_S, LONGEST_SESSION_S = 3600, 43_200


class Roles:
    """The operations on roles."""

    def create_role(
        self,
        role_name: str,
        assume_role_policy_document: str,
        path: str = "/",
        description: str | None = None,
        max_session_duration: int = SHORTEST_SESSION_S,
        permissions_boundary: str | None = None,
        tags: list | None = None,
    ):
        self._refuse_taken(self.roles, role_name, "Role")
        self._check_document(assume_role_policy_document, Purpose.TRUST)
        _check_duration(max_session_duration)
        role = Role(
            path, self._iam_arn("role", path, role_name), self.now, role_name, self._new_id("AROA"),
            assume_role_policy_document, description, max_session_duration, self._boundary(permissions_boundary),
        )  # fmt: skip
        self._tag(role.arn, tags)
        self._keep(role)
        untold = {"description": None, "max_session_duration": None, "role_last_used": None}
        return {"Role": {**self._role_shown(role), **untold}}

    def get_role(self, role_name: str):
        return {"Role": self._role_shown(self._role(role_name))}

    def list_roles(self, path_prefix: str = "/", marker: str | None = None, max_items: int = PAGE):
        roles, page = self._page(self.roles, marker, max_items, lambda role: role.path.startswith(path_prefix))
        return {"Roles": [_listed(role) for role in roles], **page}

    def update_role(self, role_name: str, description: str | None = None, max_session_duration: int | None = None):
        role = self._own_role(role_name)
        if max_session_duration is not None:
            _check_duration(max_session_duration)
            role.max_session_duration = max_session_duration
        role.description = role.description if description is None else description
        self._keep(role)

    def update_role_description(self, role_name: str, description: str):
        role = self._own_role(role_name)
        role.description = description
        self._keep(role)
        return {"Role": self._role_shown(role)}

    def update_assume_role_policy(self, role_name: str, policy_document: str):
        role = self._own_role(role_name)
        self._check_document(policy_document, Purpose.TRUST)
        role.assume_role_policy_document = policy_document
        self._keep(role)

    def delete_role(self, role_name: str):
        role = self._own_role(role_name)
        self._refuse_with_policies(role)
        if any(profile.role_name == role_name for profile in self.instance_profiles.list()):
            raise DeleteConflict("Cannot delete entity, must remove roles from instance profile first.")
        self._forget_role(role)

    def put_role_permissions_boundary(self, role_name: str, permissions_boundary: str):
        self._set_boundary(self._own_role(role_name), permissions_boundary)

    def delete_role_permissions_boundary(self, role_name: str):
        self._set_boundary(self._own_role(role_name), None)

    def put_role_policy(self, role_name: str, policy_name: str, policy_document: str):
        self._put_inline(self._own_role(role_name), policy_name, policy_document)

    def get_role_policy(self, role_name: str, policy_name: str):
        return self._inline(self._role(role_name), policy_name)

    def delete_role_policy(self, role_name: str, policy_name: str):
        self._delete_inline(self._own_role(role_name), policy_name)

    def list_role_policies(self, role_name: str, marker: str | None = None, max_items: int = PAGE):
        return self._list_inline(self._role(role_name), marker, max_items)

    def attach_role_policy(self, role_name: str, policy_arn: str):
        self._attach(self._own_role(role_name), policy_arn)

    def detach_role_policy(self, role_name: str, policy_arn: str):
        self._detach(self._own_role(role_name), policy_arn)

    def list_attached_role_policies(
        self, role_name: str, path_prefix: str = "/", marker: str | None = None, max_items: int = PAGE
    ):
        return self._list_attached(self._role(role_name), path_prefix, marker, max_items)

    def tag_role(self, role_name: str, tags: list):
        self._tag(self._own_role(role_name).arn, tags)

    def untag_role(self, role_name: str, tag_keys: list):
        self._untag(self._own_role(role_name).arn, tag_keys)

    def list_role_tags(self, role_name: str, marker: str | None = None, max_items: int = PAGE):
        return self._list_tags(self._role(role_name).arn, marker, max_items)

    # Service-linked roles

    def create_service_linked_role(
        self, aws_service_name: str, description: str | None = None, custom_suffix: str | None = None
    ):
        service = aws_service_name.removesuffix(".amazonaws.com")
        title = service.replace("-", " ").replace(".", " ").title().replace(" ", "")
        title, policy = _linked_roles().get(service, (title, None))
        name = f"AWSServiceRoleFor{title}" + (f"_{custom_suffix}" if custom_suffix else "")
        if self.roles.get(name):
            raise InvalidInput(
                f"Service role name {name} has been taken in this account, please try a different suffix."
            )
        path = f"{SERVICE_PATH}{aws_service_name}/"
        statement = f'{{"Effect":"Allow","Principal":{{"Service":"{aws_service_name}"}},"Action":"sts:AssumeRole"}}'
        trust = f'{{"Version":"2012-10-17","Statement":[{statement}]}}'
        role = Role(path, self._iam_arn("role", path, name), self.now, name, self._new_id("AROA"), trust, description)
        role.attached = [f"arn:aws:iam::aws:policy{SERVICE_PATH}{policy}"] if policy else []
        self._keep(role)
        return {"Role": self._role_shown(role)}

    def delete_service_linked_role(self, role_name: str):
        role = self._role(role_name)
        if not role.path.startswith(SERVICE_PATH):
            raise InvalidInput(f"Role {role_name} is not a service-linked role.")
        self._forget_role(role)
        return {"DeletionTaskId": f"task{role.path}{role_name}/{ids.uuid()}"}

    def get_service_linked_role_deletion_status(self, deletion_task_id: str):
        if not deletion_task_id.startswith(f"task{SERVICE_PATH}"):
            raise NoSuchEntity(f"Deletion task {deletion_task_id} was not found.")
        return {"Status": "SUCCEEDED"}

    # Lookups

    def _own_role(self, name: str) -> Role:
        """A role that its account may change."""
        role = self._role(name)
        if role.path.startswith(SERVICE_PATH):
            raise UnmodifiableEntity(
                f"Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"
            )
        return role

    def _role_shown(self, role: Role) -> dict:
        used = {"LastUsedDate": role.last_used, "Region": role.last_used_region}
        return self._shown(role, **_listed(role), role_last_used=used)

    def _forget_role(self, role: Role):
        self.cloud.tags.clear(role.arn)
        self.roles.delete(role)
        self._changed()
        self.state("RoleChanged", arn=role.arn)


@cache
def _linked_roles() -> dict[str, tuple[str, str | None]]:
    """(title, policy) of the roles of services."""
    return json.loads(LINKED.read_text())


def _listed(role: Role) -> dict:
    """Lists tell neither of a role's boundary, nor of its tags and last use."""
    return {**vars(role), "assume_role_policy_document": encoded(role.assume_role_policy_document)}


class InstanceProfiles:
    """The operations on instance profiles."""

    def create_instance_profile(self, instance_profile_name: str, path: str = "/", tags: list | None = None):
        if self.instance_profiles.get(instance_profile_name):
            raise EntityAlreadyExists(f"Instance Profile {instance_profile_name} already exists.")
        arn = self._iam_arn("instance-profile", path, instance_profile_name)
        profile = InstanceProfile(instance_profile_name, self._new_id("AIPA"), path, arn, self.now)
        self._tag(arn, tags)
        return {"InstanceProfile": self._profile_shown(self.instance_profiles.put(profile))}

    def get_instance_profile(self, instance_profile_name: str):
        return {"InstanceProfile": self._profile_shown(self._profile(instance_profile_name))}

    def list_instance_profiles(self, path_prefix: str = "/", marker: str | None = None, max_items: int = PAGE):
        profiles, page = self._page(
            self.instance_profiles, marker, max_items, lambda profile: profile.path.startswith(path_prefix)
        )
        return {"InstanceProfiles": [self._profile_shown(profile, tags=False) for profile in profiles], **page}

    def list_instance_profiles_for_role(self, role_name: str, marker: str | None = None, max_items: int = PAGE):
        self._role(role_name)
        profiles, page = self._page(
            self.instance_profiles, marker, max_items, lambda profile: profile.role_name == role_name
        )
        return {"InstanceProfiles": [self._profile_shown(profile, tags=False) for profile in profiles], **page}

    def delete_instance_profile(self, instance_profile_name: str):
        profile = self._profile(instance_profile_name)
        if profile.role_name:
            raise DeleteConflict("Cannot delete entity, must remove roles from instance profile first.")
        self.cloud.tags.clear(profile.arn)
        self.instance_profiles.delete(profile)

    def add_role_to_instance_profile(self, instance_profile_name: str, role_name: str):
        profile = self._profile(instance_profile_name)
        self._own_role(role_name)
        if profile.role_name:
            raise LimitExceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
        profile.role_name = role_name
        self.instance_profiles.put(profile)

    def remove_role_from_instance_profile(self, instance_profile_name: str, role_name: str):
        profile = self._profile(instance_profile_name)
        self._role(role_name)
        if profile.role_name != role_name:
            raise NoSuchEntity(f"Role {role_name} in Instance Profile {instance_profile_name} cannot be found.")
        profile.role_name = None
        self.instance_profiles.put(profile)

    def tag_instance_profile(self, instance_profile_name: str, tags: list):
        self._tag(self._profile(instance_profile_name).arn, tags)

    def untag_instance_profile(self, instance_profile_name: str, tag_keys: list):
        self._untag(self._profile(instance_profile_name).arn, tag_keys)

    def list_instance_profile_tags(self, instance_profile_name: str, marker: str | None = None, max_items: int = PAGE):
        return self._list_tags(self._profile(instance_profile_name).arn, marker, max_items)

    def _profile(self, name: str) -> InstanceProfile:
        profile = self.instance_profiles.get(name)
        if profile is None:
            raise NoSuchEntity(f"Instance Profile {name} cannot be found.")
        return profile

    def _profile_shown(self, profile: InstanceProfile, tags: bool = True) -> dict:
        role = self.roles.get(profile.role_name) if profile.role_name else None
        shown = {**vars(profile), "Roles": [_listed(role)] if role else []}
        return {**shown, "Tags": self._tags(profile.arn)} if tags else shown


def _check_duration(seconds: int):
    if not SHORTEST_SESSION_S <= seconds <= LONGEST_SESSION_S:
        bound, limit = ("greater", SHORTEST_SESSION_S) if seconds < SHORTEST_SESSION_S else ("less", LONGEST_SESSION_S)
        raise ValidationError(
            f"1 validation error detected: Value '{seconds}' at 'maxSessionDuration' failed to satisfy constraint:"
            f" Member must have value {bound} than or equal to {limit}"
        )
