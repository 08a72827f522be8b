"""Tags, resource policies and limits."""

import json

from glasshouse.core.errors import NotSupported
from glasshouse.core.tags import from_list, to_list
from glasshouse.engines.dynamo.values import WRONG
from glasshouse.services.dynamodb.errors import (
    PolicyNotFoundException,
    ResourceNotFoundException,
    ValidationException,
)
from glasshouse.services.dynamodb.records import DynamoTable

NO_POLICY = "Resource-based policy not found for the provided ResourceArn"
MOST_TAGS, TAGS_PER_PAGE, LONGEST_POLICY_BYTES = 50, 10, 20 * 1024
ACCOUNT_UNITS, TABLE_UNITS = 80_000, 40_000


class Settings:
    """TagResource, UntagResource, ListTagsOfResource; Put-, Get- and DeleteResourcePolicy; DescribeLimits."""

    def tag_resource(self, resource_arn: str, tags: list):
        table = self._of_arn(resource_arn)
        added = from_list(tags)
        if len({**self.cloud.tags.of(table.arn), **added}) > MOST_TAGS:
            raise ValidationException(f"The number of tags exceeds the limit of {MOST_TAGS}")
        if any(key.lower().startswith("aws:") for key in added):
            raise ValidationException(f"{WRONG}Tag keys starting with aws: are reserved")
        self.cloud.tags.add(table.arn, added)

    def untag_resource(self, resource_arn: str, tag_keys: list):
        self.cloud.tags.remove(self._of_arn(resource_arn).arn, tag_keys)

    def list_tags_of_resource(self, resource_arn: str, next_token: str | None = None):
        tags = to_list(self.cloud.tags.of(self._of_arn(resource_arn).arn))
        if next_token is not None and not next_token.isdecimal():
            raise ValidationException("Invalid NextToken")
        begin = int(next_token or 0)
        end = begin + TAGS_PER_PAGE
        return {"Tags": tags[begin:end], "NextToken": str(end) if end < len(tags) else None}

    def put_resource_policy(
        self, resource_arn: str, policy: str, expected_revision_id: str | None = None,
        confirm_remove_self_resource_access: bool = False,
    ):  # fmt: skip
        table = self._with_policy(resource_arn)
        self._check_revision(table, expected_revision_id)
        if policy != table.policy:
            self._set_policy(table, policy)
            self._keep(table)
        return {"RevisionId": table.policy_revision}

    def get_resource_policy(self, resource_arn: str):
        table = self._with_policy(resource_arn)
        if table.policy is None:
            raise PolicyNotFoundException(f"{NO_POLICY}: {resource_arn}")
        return {"Policy": table.policy, "RevisionId": table.policy_revision}

    def delete_resource_policy(self, resource_arn: str, expected_revision_id: str | None = None):
        table = self._with_policy(resource_arn)
        if table.policy is None:
            return {"RevisionId": None}
        self._check_revision(table, expected_revision_id)
        revision, table.policy, table.policy_revision = table.policy_revision, None, None
        self._keep(table)
        return {"RevisionId": revision}

    def describe_limits(self):
        return {
            "AccountMaxReadCapacityUnits": ACCOUNT_UNITS,
            "AccountMaxWriteCapacityUnits": ACCOUNT_UNITS,
            "TableMaxReadCapacityUnits": TABLE_UNITS,
            "TableMaxWriteCapacityUnits": TABLE_UNITS,
        }

    def describe_endpoints(self):
        return {"Endpoints": [{"Address": self.call.source.origin.split("://")[-1], "CachePeriodInMinutes": 1440}]}

    def _of_arn(self, arn: str) -> DynamoTable:
        table = self._found_by(arn)
        if table is None:
            raise ResourceNotFoundException(f"Requested resource not found: ResourcArn: {arn} not found")
        return table

    def _with_policy(self, arn: str) -> DynamoTable:
        """The same, which the operations on policies miss in other words."""
        table = self._found_by(arn)
        if table is None:
            raise ResourceNotFoundException(f"Requested resource not found: Table: {self._name_of(arn)} not found")
        return table

    def _found_by(self, arn: str) -> DynamoTable | None:
        if "/stream/" in arn or "/index/" in arn:
            raise NotSupported("Tags and policies of streams and indexes are not supported by Glasshouse yet")
        if not arn.startswith("arn:") or ":table/" not in arn:
            raise ValidationException(f"Invalid TableArn: Invalid ResourceArn provided as input {arn}")
        return self._find(arn)

    @staticmethod
    def _check_revision(table: DynamoTable, expected: str | None):
        there = table.policy_revision
        if expected is None or expected == (there or "NO_POLICY"):
            return
        if expected == "NO_POLICY":
            raise PolicyNotFoundException(
                f"{NO_POLICY}: Requested policy update expecting none to be present for table {table.name}, but a"
                f" policy exists with revision id {there}."
            )
        told = f", but the policy associated to target table {table.name} has revision id {there}." if there else "."
        raise PolicyNotFoundException(f"{NO_POLICY}: Requested update for policy with revision id {expected}{told}")

    def _set_policy(self, table: DynamoTable, policy: str):
        if len(policy.encode()) > LONGEST_POLICY_BYTES:
            raise ValidationException("Resource-based policy exceeds the maximum size of 20 KB")
        try:
            document = json.loads(policy)
        except ValueError:
            raise ValidationException("Invalid policy document") from None
        if not isinstance(document, dict) or "Statement" not in document:
            raise ValidationException("Invalid policy document")
        # Revisions are moments, and later ones are greater.
        revision = max(int(self.now * 1000), int(table.policy_revision or 0) + 1)
        table.policy, table.policy_revision = policy, str(revision)
