"""Users, groups, and the access keys of users."""

from glasshouse.core import ids
from glasshouse.core.access import Credential, Principal
from glasshouse.services.iam.entities import PAGE
from glasshouse.services.iam.errors import AccessDenied, DeleteConflict, LimitExceeded, NoSuchEntity
from glasshouse.services.iam.records import AccessKey, Group, User

KEYS_AT_MOST, GROUPS_AT_MOST = 2, 10


class Users:
    """The operations on users."""

    def create_user(
        self, user_name: str, path: str = "/", permissions_boundary: str | None = None, tags: list | None = None
    ):
        self._refuse_taken(self.users, user_name, "User")
        arn = self._iam_arn("user", path, user_name)
        user = User(path, arn, self.now, user_name, self._new_id("AIDA"), boundary=self._boundary(permissions_boundary))
        self._tag(arn, tags)
        return {"User": self._shown(self._keep(user))}

    def get_user(self, user_name: str | None = None):
        principal = self.call.principal
        if user_name is None and principal.is_root:
            root = {"Path": "/", "UserId": principal.account, "Arn": principal.arn, "CreateDate": self.now}
            return {"User": root}
        return {"User": self._shown(self._user(user_name))}

    def list_users(self, path_prefix: str = "/", marker: str | None = None, max_items: int = PAGE):
        users, page = self._page(self.users, marker, max_items, lambda user: user.path.startswith(path_prefix))
        return {"Users": users, **page}

    def update_user(self, user_name: str, new_path: str | None = None, new_user_name: str | None = None):
        user = self._user(user_name)
        if new_user_name and new_user_name.lower() != user_name.lower():
            self._refuse_taken(self.users, new_user_name, "User")
        self.users.delete(user)
        before = user.arn
        user.path, user.user_name = new_path or user.path, new_user_name or user_name
        user.arn = self._iam_arn("user", user.path, user.user_name)
        tags = self.cloud.tags.of(before)
        self.cloud.tags.clear(before)
        self.cloud.tags.add(user.arn, tags)
        for key in list(self.access_keys.list(user_name)):
            self.access_keys.delete(key)
            key.user_name = user.user_name
            self._keep_key(key, user)
        self._keep(user)

    def delete_user(self, user_name: str):
        user = self._user(user_name)
        self._refuse_with_policies(user)
        if user.groups:
            raise DeleteConflict("Cannot delete entity, must remove users from group first.")
        if any(self.access_keys.list(user_name)):
            raise DeleteConflict("Cannot delete entity, must delete access keys first.")
        if self.login_profiles.get(user_name):
            raise DeleteConflict("Cannot delete entity, must delete login profile first.")
        if any(device.user_name == user_name for device in self.mfa_devices.list()):
            raise DeleteConflict("Cannot delete entity, must delete MFA device first.")
        if any(self.signing_certificates.list(user_name)):
            raise DeleteConflict("Cannot delete entity, must delete signing certificates first.")
        if any(self.ssh_public_keys.list(user_name)):
            raise DeleteConflict("Cannot delete entity, must delete SSH public keys first.")
        self.cloud.tags.clear(user.arn)
        self.users.delete(user)
        self._changed()

    def put_user_permissions_boundary(self, user_name: str, permissions_boundary: str):
        self._set_boundary(self._user(user_name), permissions_boundary)

    def delete_user_permissions_boundary(self, user_name: str):
        self._set_boundary(self._user(user_name), None)

    def put_user_policy(self, user_name: str, policy_name: str, policy_document: str):
        self._put_inline(self._user(user_name), policy_name, policy_document)

    def get_user_policy(self, user_name: str, policy_name: str):
        return self._inline(self._user(user_name), policy_name)

    def delete_user_policy(self, user_name: str, policy_name: str):
        self._delete_inline(self._user(user_name), policy_name)

    def list_user_policies(self, user_name: str, marker: str | None = None, max_items: int = PAGE):
        return self._list_inline(self._user(user_name), marker, max_items)

    def attach_user_policy(self, user_name: str, policy_arn: str):
        self._attach(self._user(user_name), policy_arn)

    def detach_user_policy(self, user_name: str, policy_arn: str):
        self._detach(self._user(user_name), policy_arn)

    def list_attached_user_policies(
        self, user_name: str, path_prefix: str = "/", marker: str | None = None, max_items: int = PAGE
    ):
        return self._list_attached(self._user(user_name), path_prefix, marker, max_items)

    def tag_user(self, user_name: str, tags: list):
        self._tag(self._user(user_name).arn, tags)

    def untag_user(self, user_name: str, tag_keys: list):
        self._untag(self._user(user_name).arn, tag_keys)

    def list_user_tags(self, user_name: str, marker: str | None = None, max_items: int = PAGE):
        return self._list_tags(self._user(user_name).arn, marker, max_items)

    # Access keys

    def create_access_key(self, user_name: str | None = None):
        user = self._user(user_name)
        if len(list(self.access_keys.list(user.user_name))) >= KEYS_AT_MOST:
            raise LimitExceeded(f"Cannot exceed quota for AccessKeysPerUser: {KEYS_AT_MOST}")
        key = AccessKey(user.user_name, ids.access_key_id(self.call.account), "Active", self.now)
        secret = ids.secret_access_key()
        self._keep_key(key, user, secret)
        return {"AccessKey": {**vars(key), "SecretAccessKey": secret}}

    def update_access_key(self, access_key_id: str, status: str, user_name: str | None = None):
        user = self._user(user_name)
        key = self._access_key(user, access_key_id)
        key.status = status
        self._keep_key(key, user)

    def delete_access_key(self, access_key_id: str, user_name: str | None = None):
        key = self._access_key(self._user(user_name), access_key_id)
        self.access_keys.delete(key)
        self.cloud.credentials.delete(access_key_id)

    def list_access_keys(self, user_name: str | None = None, marker: str | None = None, max_items: int = PAGE):
        keys, page = self._slice(list(self.access_keys.list(self._user(user_name).user_name)), marker, max_items)
        return {"AccessKeyMetadata": keys, **page}

    def get_access_key_last_used(self, access_key_id: str):
        owner = next((key for _, key in self.access_keys.everywhere() if key.access_key_id == access_key_id), None)
        if owner is None:
            raise AccessDenied(
                f"User: {self.call.principal.arn} is not authorized to perform iam:GetAccessKeyLastUsed on resource:"
                f" access key {access_key_id}"
            )
        use = self.key_uses.get(access_key_id)
        unused = {"ServiceName": "N/A", "Region": "N/A"}
        last = {"LastUsedDate": use.date, "ServiceName": use.service, "Region": use.region} if use else unused
        return {"UserName": owner.user_name, "AccessKeyLastUsed": last}

    def _access_key(self, user: User, access_key_id: str) -> AccessKey:
        key = self.access_keys.get(user.user_name, access_key_id)
        if key is None:
            raise NoSuchEntity(f"The Access Key with id {access_key_id} cannot be found.")
        return key

    def _keep_key(self, key: AccessKey, user: User, secret: str | None = None):
        """Let the gateway know the key, with the secret it had if none is given."""
        if secret is None:
            known = self.cloud.credentials.get(key.access_key_id)
            assert known is not None
            secret = known.secret_access_key
        principal = Principal("user", self.call.account, user.arn, user.user_id)
        active = key.status == "Active"
        self.cloud.credentials.put(Credential(key.access_key_id, secret, principal, active=active))
        self.access_keys.put(key)


class Groups:
    """The operations on groups."""

    def create_group(self, group_name: str, path: str = "/"):
        self._refuse_taken(self.groups, group_name, "Group")
        group = Group(path, self._iam_arn("group", path, group_name), self.now, group_name, self._new_id("AGPA"))
        return {"Group": self._keep(group)}

    def get_group(self, group_name: str, marker: str | None = None, max_items: int = PAGE):
        group = self._group(group_name)
        members, page = self._page(self.users, marker, max_items, lambda user: group_name in user.groups)
        return {"Group": group, "Users": members, **page}

    def list_groups(self, path_prefix: str = "/", marker: str | None = None, max_items: int = PAGE):
        groups, page = self._page(self.groups, marker, max_items, lambda group: group.path.startswith(path_prefix))
        return {"Groups": groups, **page}

    def list_groups_for_user(self, user_name: str, marker: str | None = None, max_items: int = PAGE):
        names, page = self._slice(self._user(user_name).groups, marker, max_items)
        return {"Groups": [self._group(name) for name in names], **page}

    def update_group(self, group_name: str, new_path: str | None = None, new_group_name: str | None = None):
        group = self._group(group_name)
        if new_group_name and new_group_name.lower() != group_name.lower():
            self._refuse_taken(self.groups, new_group_name, "Group")
        self.groups.delete(group)
        group.path, group.group_name = new_path or group.path, new_group_name or group_name
        group.arn = self._iam_arn("group", group.path, group.group_name)
        for user in [user for user in self.users.list() if group_name in user.groups]:
            user.groups = [group.group_name if name == group_name else name for name in user.groups]
            self.users.put(user)
        self._keep(group)

    def delete_group(self, group_name: str):
        group = self._group(group_name)
        self._refuse_with_policies(group)
        if any(group_name in user.groups for user in self.users.list()):
            raise DeleteConflict("Cannot delete entity, must remove users from group first.")
        self.groups.delete(group)
        self._changed()

    def add_user_to_group(self, group_name: str, user_name: str):
        user = self._user(user_name)
        self._group(group_name)
        if group_name in user.groups:
            return
        if len(user.groups) >= GROUPS_AT_MOST:
            raise LimitExceeded(f"Cannot exceed quota for GroupsPerUser: {GROUPS_AT_MOST}")
        user.groups.append(group_name)
        self._keep(user)

    def remove_user_from_group(self, group_name: str, user_name: str):
        user = self._user(user_name)
        self._group(group_name)
        if group_name not in user.groups:
            raise NoSuchEntity(f"User {user_name} is not in group {group_name}.")
        user.groups.remove(group_name)
        self._keep(user)

    def put_group_policy(self, group_name: str, policy_name: str, policy_document: str):
        self._put_inline(self._group(group_name), policy_name, policy_document)

    def get_group_policy(self, group_name: str, policy_name: str):
        return self._inline(self._group(group_name), policy_name)

    def delete_group_policy(self, group_name: str, policy_name: str):
        self._delete_inline(self._group(group_name), policy_name)

    def list_group_policies(self, group_name: str, marker: str | None = None, max_items: int = PAGE):
        return self._list_inline(self._group(group_name), marker, max_items)

    def attach_group_policy(self, group_name: str, policy_arn: str):
        self._attach(self._group(group_name), policy_arn)

    def detach_group_policy(self, group_name: str, policy_arn: str):
        self._detach(self._group(group_name), policy_arn)

    def list_attached_group_policies(
        self, group_name: str, path_prefix: str = "/", marker: str | None = None, max_items: int = PAGE
    ):
        return self._list_attached(self._group(group_name), path_prefix, marker, max_items)
