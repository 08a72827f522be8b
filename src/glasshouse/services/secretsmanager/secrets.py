"""Secrets: made, described, listed, changed, deleted and restored, with their tags."""

from glasshouse.core import ids
from glasshouse.core import tags as tag_lists
from glasshouse.core.errors import ServiceError
from glasshouse.core.table import make_token, read_token
from glasshouse.services.secretsmanager import filters
from glasshouse.services.secretsmanager.errors import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceExistsException,
)
from glasshouse.services.secretsmanager.finding import SUFFIX, check_name
from glasshouse.services.secretsmanager.records import Secret

DAY_S = 24 * 3600
SHORTEST_WAIT_DAYS, LONGEST_WAIT_DAYS = 7, 30
MOST_TAGS = 50
OWNER_TAG = "aws:secretsmanager:owningService"


class Secrets:
    """The operations on secrets as such."""

    def create_secret(
        self,
        name: str,
        client_request_token: str | None = None,
        description: str | None = None,
        kms_key_id: str | None = None,
        secret_binary: bytes | None = None,
        secret_string: str | None = None,
        tags: list[dict] | None = None,
        add_replica_regions: list[dict] | None = None,
        force_overwrite_replica_secret: bool = False,
    ):
        check_name(name)
        token = self._token(client_request_token)
        value = self._value(secret_string, secret_binary)
        secret = self.secrets.get(name)
        if secret is not None:
            return self._created_before(secret, token, value)
        arn = self._new_arn(name)
        caller = self.call.principal  # what a service makes in its own name is its own
        owner = caller.arn.removesuffix(".amazonaws.com") if caller.kind == "service" else None
        secret = Secret(name, arn, self.now, self.now, description, kms_key_id or None, owning_service=owner)
        self.secrets.put(secret)
        self._tag(secret, tags or [])
        self.cloud.tags.add(arn, {OWNER_TAG: owner} if owner else None)
        if value is not None:
            self._add_version(secret, token, value)
        self._replicate(secret, add_replica_regions or [], force_overwrite_replica_secret)
        self._put(secret)
        created = {"ARN": arn, "Name": name, "ReplicationStatus": secret.replicas or None}
        return created if value is None else {**created, "VersionId": token}

    def describe_secret(self, secret_id: str):
        return self._described(self._any_secret(secret_id))

    def list_secrets(
        self,
        include_planned_deletion: bool = False,
        max_results: int = 100,
        next_token: str | None = None,
        filters: list[dict] | None = None,
        sort_order: str = "asc",
        sort_by: str = "created-date",
    ):
        found = self._found(filters or [], include_planned_deletion)
        field = sort_by.replace("-", "_")
        ordered = sorted(((_sortable(getattr(secret, field)), secret.name), secret) for secret in found)
        page, following = _page(ordered, max_results, next_token, sort_order == "desc")
        return {"SecretList": [self._described(secret) for secret in page], "NextToken": following}

    def update_secret(
        self,
        secret_id: str,
        client_request_token: str | None = None,
        description: str | None = None,
        kms_key_id: str | None = None,
        secret_binary: bytes | None = None,
        secret_string: str | None = None,
    ):
        token = self._token(client_request_token)
        value = self._value(secret_string, secret_binary)
        secret = self._primary(secret_id)
        secret.last_changed_date = self.now
        if description is not None:
            secret.description = description
        if kms_key_id is not None:
            self._change_key(secret, kms_key_id or None)
        if value is not None:
            self._add_version(secret, token, value)
        self._put(secret)
        self._synchronize(secret)
        changed = {"ARN": secret.arn, "Name": secret.name}
        return changed if value is None else {**changed, "VersionId": token}

    def delete_secret(
        self,
        secret_id: str,
        recovery_window_in_days: int | None = None,
        force_delete_without_recovery: bool = False,
    ):
        if force_delete_without_recovery and recovery_window_in_days is not None:
            raise InvalidParameterException(
                "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
            )
        days = LONGEST_WAIT_DAYS if recovery_window_in_days is None else recovery_window_in_days
        if not SHORTEST_WAIT_DAYS <= days <= LONGEST_WAIT_DAYS:
            raise InvalidParameterException("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
        if force_delete_without_recovery:
            return self._delete_at_once(secret_id)
        secret = self._primary(secret_id)
        self._check_no_replicas(secret)
        secret.deleted_date, end = self.now, self.now + days * DAY_S
        self._put(secret)
        self.later("_delete_when_due", at=end, key=f"delete {secret.arn}", secret_id=secret.arn)
        return {"ARN": secret.arn, "Name": secret.name, "DeletionDate": end}

    def restore_secret(self, secret_id: str):
        secret = self._any_secret(secret_id)
        self.cancel(f"delete {secret.arn}")
        secret.deleted_date = None
        return self._put(secret)

    def tag_resource(self, secret_id: str, tags: list[dict]):
        secret = self._primary(secret_id)
        self._tag(secret, tags)
        self._synchronize(secret)

    def untag_resource(self, secret_id: str, tag_keys: list[str]):
        secret = self._primary(secret_id)
        self.cloud.tags.remove(secret.arn, tag_keys)
        self._synchronize(secret)

    # Within

    def _new_arn(self, name: str) -> str:
        return self.call.arn(f"secret:{name}-{ids.token(SUFFIX)}")

    def _created_before(self, secret: Secret, token: str, value: "bytes | str | None") -> dict:
        """The same request come again is answered again; another one is refused."""
        if secret.deleted_date is not None:
            raise InvalidRequestException(
                "You can't create this secret because a secret with this name is already scheduled for deletion."
            )
        version = self.versions.get(secret.name, token)
        if version is None or value is None:
            raise ResourceExistsException(f"The operation failed because the secret {secret.name} already exists.")
        if self._revealed(secret, version) != value:
            raise ResourceExistsException(
                f"You can't use ClientRequestToken {token} because that value is already in use for a version of"
                f" secret {secret.arn}."
            )
        return {"ARN": secret.arn, "Name": secret.name, "VersionId": token}

    def _described(self, secret: Secret) -> dict:
        """DescribeSecret and the entries of ListSecrets, in the names of Python."""
        stages = secret.versions_to_stages
        alone = secret.primary_region is None and not secret.replicas
        return {
            **vars(secret),
            "tags": tag_lists.to_list(self.cloud.tags.of(secret.arn)) or None,
            "version_ids_to_stages": stages,
            "secret_versions_to_stages": stages,
            "primary_region": None if alone else secret.primary_region or self._region_of(secret),
            "replication_status": secret.replicas or None,
        }

    def _found(self, given: list[dict], planned_deletion: bool = False) -> list[Secret]:
        wanted = filters.predicate(given, self.call.region, self.cloud.tags.of)
        return [
            secret
            for secret in self.secrets.list()
            if (planned_deletion or secret.deleted_date is None) and wanted(secret)
        ]

    def _delete_at_once(self, secret_id: str) -> dict:
        try:
            secret = self._lookup(secret_id)
        except ServiceError:
            secret = None
        if secret is None:
            # "If you forcibly delete an already deleted or nonexistent secret, the operation does not return
            # ResourceNotFoundException" (API reference, DeleteSecret).
            arn = (
                secret_id if secret_id.startswith("arn:") else self.call.arn(f"secret:{secret_id}-{ids.token(SUFFIX)}")
            )
            return {"ARN": arn, "Name": secret_id.rpartition(":")[2], "DeletionDate": self.now}
        if secret.deleted_date is None:
            self._primary(secret_id)
        self._check_no_replicas(secret)
        self._erase(secret)
        return {"ARN": secret.arn, "Name": secret.name, "DeletionDate": self.now}

    def _delete_when_due(self, secret_id: str):
        secret = self._lookup(secret_id)
        if secret and secret.deleted_date is not None:
            self._erase(secret)

    def _erase(self, secret: Secret):
        self.cancel(f"delete {secret.arn}")
        self.cancel(f"rotate {secret.arn}")
        for version in self._versions(secret).list(secret.name):
            self._versions(secret).delete(version)
        self.cloud.tags.clear(secret.arn)
        self.secrets.within(self._account_of(secret)).delete(secret)

    @staticmethod
    def _check_no_replicas(secret: Secret):
        if secret.replicas:
            regions = ",".join(replica.region for replica in secret.replicas)
            raise InvalidParameterException(
                f"You can't delete secret {secret.name} that still has replica regions [{regions}]"
            )

    def _tag(self, secret: Secret, tags: list[dict]):
        added = tag_lists.from_list(tags)
        if any(key.lower().startswith("aws:") for key in added):
            raise InvalidParameterException("Tag keys can't start with aws: (case-insensitive), which AWS reserves.")
        if len(self.cloud.tags.of(secret.arn).keys() | added.keys()) > MOST_TAGS:
            raise InvalidParameterException(f"A secret can have {MOST_TAGS} tags at most.")
        self.cloud.tags.add(secret.arn, added)


def _sortable(value: "float | str | None") -> str:
    return value if isinstance(value, str) else f"{value or 0.0:020.6f}"


def _page(ordered: list, limit: int, token: str | None, descending: bool) -> tuple[list[Secret], str | None]:
    """The secrets behind the token, which holds what the last page ended with."""
    if descending:
        ordered.reverse()
    if token:
        after = tuple(read_token(token).split("\n"))
        ordered = [pair for pair in ordered if (pair[0] < after if descending else pair[0] > after)]
    found = ordered[:limit]
    following = make_token("\n".join(found[-1][0])) if len(ordered) > limit else None
    return [secret for _, secret in found], following
