"""Log groups: their settings, retention and tags."""

from glasshouse.core import ServiceError
from glasshouse.services.logs.errors import (
    InvalidOperationException,
    InvalidParameterException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
)
from glasshouse.services.logs.events import Events, Streams
from glasshouse.services.logs.records import LogGroup

DAY_MS = 86_400_000
LONGEST_NAME = 512
RETENTION_DAYS = {
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
}


class Groups:
    """The operations on log groups as a whole."""

    def create_log_group(
        self,
        log_group_name: str,
        kms_key_id: str | None = None,
        tags: dict | None = None,
        log_group_class: str = "STANDARD",
        deletion_protection_enabled: bool = False,
    ):
        check_length(log_group_name)
        if self.groups.get(log_group_name):
            raise ResourceAlreadyExistsException("The specified log group already exists")
        if log_group_name.startswith("aws/"):
            raise InvalidParameterException("Log groups starting with AWS/ are reserved for AWS.")
        number = self.store.setting("logs.groups", 0) + 1
        self.store.keep_setting("logs.groups", number)
        group = LogGroup(
            log_group_name, number, self.call.arn(f"log-group:{log_group_name}:*"), self._milliseconds(),
            log_group_class, kms_key_id=self._usable_key(kms_key_id),
            deletion_protection_enabled=deletion_protection_enabled,
        )  # fmt: skip
        self.cloud.tags.add(group.log_group_arn, tags)
        self.groups.put(group)
        self.state("LogGroupCreated", name=log_group_name)

    def delete_log_group(self, log_group_name: str):
        group = self._group(log_group_name)
        if group.deletion_protection_enabled:
            raise InvalidOperationException("Log group has deletion protection enabled.")
        Events(self.store, group.number).clear()
        for table in (self.metric_filters, self.subscription_filters):
            for record in list(table.list(log_group_name)):
                table.delete(record)
        self.cloud.tags.clear(group.log_group_arn)
        self.cancel(f"retention {group.number}")
        self.groups.delete(group)

    def describe_log_groups(
        self,
        log_group_name_prefix: str = "",
        log_group_name_pattern: str | None = None,
        log_group_class: str | None = None,
        log_group_identifiers: list | None = None,
        limit: int = 50,
        next_token: str | None = None,
        account_identifiers: list | None = None,
        include_linked_accounts: bool = False,
    ):
        """No accounts are linked, so that those of this one are all there are."""
        if log_group_name_prefix and log_group_name_pattern:
            raise InvalidParameterException(
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
            )
        check_length(log_group_name_prefix)
        wanted = {self._name_of(identifier) for identifier in log_group_identifiers or ()}

        def shown(group: LogGroup) -> bool:
            matches = not log_group_name_pattern or log_group_name_pattern.lower() in group.log_group_name.lower()
            return (
                matches
                and (not account_identifiers or self.call.account in account_identifiers)
                and log_group_class in (None, group.log_group_class)
                and (not wanted or group.log_group_name in wanted)
            )

        groups, token = self.groups.page(limit, next_token, log_group_name_prefix, where=shown)
        described = [self._described(group) for group in groups]
        if log_group_name_pattern:  # answered by an index, it seems, that does not know these two
            for group in described:
                del group["deletion_protection_enabled"], group["stored_bytes"]
        return {"logGroups": described, "nextToken": token}

    def list_log_groups(
        self,
        log_group_name_pattern: str | None = None,
        log_group_class: str | None = None,
        limit: int = 50,
        next_token: str | None = None,
        account_identifiers: list | None = None,
        include_linked_accounts: bool = False,
    ):
        pattern, prefixed = (log_group_name_pattern or "").lstrip("^"), (log_group_name_pattern or "").startswith("^")

        def shown(group: LogGroup) -> bool:
            found = group.log_group_name.startswith(pattern) if prefixed else pattern in group.log_group_name
            here = not account_identifiers or self.call.account in account_identifiers
            return found and here and log_group_class in (None, group.log_group_class)

        groups, token = self.groups.page(limit, next_token, where=shown)
        return {"logGroups": groups, "nextToken": token}

    def put_retention_policy(self, log_group_name: str, retention_in_days: int):
        group = self._group(log_group_name)
        if retention_in_days not in RETENTION_DAYS:
            raise InvalidParameterException(
                f"1 validation error detected: Value '{retention_in_days}' at 'retentionInDays' failed to satisfy"
                f" constraint: Member must satisfy enum value set: {sorted(RETENTION_DAYS)}"
            )
        group.retention_in_days = retention_in_days
        self.groups.put(group)
        self.later("_expire", name=log_group_name, number=group.number, key=f"retention {group.number}")

    def delete_retention_policy(self, log_group_name: str):
        group = self._group(log_group_name)
        group.retention_in_days = None
        self.groups.put(group)
        self.cancel(f"retention {group.number}")

    def put_log_group_deletion_protection(self, log_group_identifier: str, deletion_protection_enabled: bool):
        group = self._group(log_group_identifier)
        group.deletion_protection_enabled = deletion_protection_enabled
        self.groups.put(group)

    def associate_kms_key(
        self, kms_key_id: str, log_group_name: str | None = None, resource_identifier: str | None = None
    ):
        group = self._group(log_group_name or resource_identifier)
        group.kms_key_id = self._usable_key(kms_key_id)
        self.groups.put(group)

    def disassociate_kms_key(self, log_group_name: str | None = None, resource_identifier: str | None = None):
        group = self._group(log_group_name or resource_identifier)
        group.kms_key_id = None
        self.groups.put(group)

    def tag_resource(self, resource_arn: str, tags: dict):
        self.cloud.tags.add(self._taggable(resource_arn), tags)

    def untag_resource(self, resource_arn: str, tag_keys: list):
        self.cloud.tags.remove(self._taggable(resource_arn), tag_keys)

    def list_tags_for_resource(self, resource_arn: str):
        return {"tags": self.cloud.tags.of(self._taggable(resource_arn))}

    def tag_log_group(self, log_group_name: str, tags: dict):
        self.cloud.tags.add(self._group(log_group_name).log_group_arn, tags)

    def untag_log_group(self, log_group_name: str, tags: list):
        self.cloud.tags.remove(self._group(log_group_name).log_group_arn, tags)

    def list_tags_log_group(self, log_group_name: str):
        return {"tags": self.cloud.tags.of(self._group(log_group_name).log_group_arn)}

    # Jobs and lookups

    def _expire(self, name: str, number: int):
        """Delete what is older than the group's retention; look again a day later."""
        group = self.groups.get(name)
        if group is None or group.number != number or not group.retention_in_days:
            return
        Events(self.store, number).expire(self._milliseconds() - group.retention_in_days * DAY_MS)
        self.later("_expire", after=86_400, name=name, number=number, key=f"retention {number}")

    def _group(self, identifier: str | None) -> LogGroup:
        """By name or ARN."""
        if not identifier:
            raise InvalidParameterException("Either logGroupName or logGroupIdentifier must be specified.")
        check_length(identifier)
        group = self.groups.get(self._name_of(identifier))
        if identifier.startswith("arn:") and identifier.split(":")[3:5] != [self.call.region, self.call.account]:
            group = None
        if group is None:
            raise ResourceNotFoundException("The specified log group does not exist.")
        return group

    @staticmethod
    def _name_of(identifier: str) -> str:
        if not identifier.startswith("arn:"):
            return identifier
        return identifier.split(":", 6)[6].removesuffix(":*")

    def _taggable(self, arn: str) -> str:
        if ":destination:" in arn:
            return self._own_destination(arn).arn
        if ":log-group:" not in arn:
            raise ResourceNotFoundException("The specified resource does not exist.")
        return self._group(arn).log_group_arn

    def _described(self, group: LogGroup) -> dict:
        filters = len(list(self.metric_filters.list(group.log_group_name)))
        return {
            **vars(group),
            "log_group_arn": group.log_group_arn,
            "stored_bytes": Events(self.store, group.number).stored_bytes(),
            "metric_filter_count": filters,
        }

    def _usable_key(self, key: str | None) -> str | None:
        """The key's ARN. Raises InvalidParameterException, as AWS does, unless the key is there and enabled."""
        if key is None:
            return None
        try:
            found = self.aws.kms.describe_key(KeyId=key)["KeyMetadata"]
        except ServiceError as failure:
            raise InvalidParameterException(f"The specified KMS Key Id could not be found. {failure.message}") from None
        if not found["Enabled"]:
            raise InvalidParameterException("The specified KMS Key Id is disabled.")
        return key

    def _streams(self, group: LogGroup) -> Streams:
        return Streams(self.store, group.number)

    def _events(self, group: LogGroup) -> Events:
        return Events(self.store, group.number)

    def _milliseconds(self) -> int:
        return int(self.now * 1000)


def check_length(name: str):
    """Of a group or a stream, in words of its own; ARNs are longer. Raises InvalidParameterException."""
    if len(name) > LONGEST_NAME and not name.startswith("arn:"):
        raise InvalidParameterException(
            f"Invalid LogGroup or LogStream, both must have length less than or equal to {LONGEST_NAME}."
        )
