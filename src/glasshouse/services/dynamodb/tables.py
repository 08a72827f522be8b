"""Creating, describing and deleting tables. What takes AWS minutes is done with the next tick of the clock."""

import json
from datetime import UTC, datetime

from glasshouse.core import ServiceError, ids
from glasshouse.core.tags import from_list
from glasshouse.engines.dynamo.values import WRONG
from glasshouse.services.dynamodb import definitions
from glasshouse.services.dynamodb.describing import describe, key_schema
from glasshouse.services.dynamodb.errors import (
    ResourceInUseException,
    ResourceNotFoundException,
    ValidationException,
)
from glasshouse.services.dynamodb.records import DynamoTable, Index, Stream

ERASED_AT_ONCE, MANAGED_KEY = 5000, "alias/aws/dynamodb"
VIEWS = ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")


class Tables:
    """CreateTable, DescribeTable, ListTables, DeleteTable."""

    def create_table(
        self,
        table_name: str | None = None,
        attribute_definitions: list | None = None,
        key_schema: list | None = None,
        local_secondary_indexes: list | None = None,
        global_secondary_indexes: list | None = None,
        billing_mode: str = "PROVISIONED",
        provisioned_throughput: dict | None = None,
        stream_specification: dict | None = None,
        sse_specification: dict | None = None,
        tags: list | None = None,
        table_class: str | None = None,
        deletion_protection_enabled: bool = False,
        resource_policy: str | None = None,
        on_demand_throughput: dict | None = None,
        warm_throughput: dict | None = None,
    ):
        if table_name is None:
            raise ValidationException("The parameter 'TableName' is required but was not present in the request")
        name = self._name_of(table_name)
        definitions.check_name(name)
        types = definitions.attribute_types(attribute_definitions)
        has_indexes = bool(local_secondary_indexes or global_secondary_indexes)
        keys = definitions.read_keys(key_schema, types, has_indexes=has_indexes)
        throughput = definitions.read_throughput(provisioned_throughput, billing_mode)
        definitions.check_warm(warm_throughput, billing_mode)
        definitions.check_lists(global_secondary_indexes, local_secondary_indexes, keys)
        indexes = [
            definitions.read_index(index, is_global, types, keys, billing_mode, self._new_number())
            for is_global, given in ((False, local_secondary_indexes), (True, global_secondary_indexes))
            for index in given or ()
        ]
        sort = keys.sorts[0] if keys.sorts else None
        definitions.check_indexes(indexes)
        definitions.check_all_used(types, keys, indexes)
        if self.tables.get(name):
            raise ResourceInUseException(f"Table already exists: {name}")
        table = DynamoTable(
            name, self._new_number(), ids.uuid(), self.call.arn(f"table/{name}"), keys.partitions[0], sort, types,
            self.now, billing_mode, throughput, indexes=indexes, deletion_protection=deletion_protection_enabled,
            table_class=table_class, on_demand=on_demand_throughput,
            on_demand_since=self.now if billing_mode == "PAY_PER_REQUEST" else None,
            encryption=self._encryption(sse_specification), warm=warm_throughput, scattered=True,
        )  # fmt: skip
        self._set_stream(table, stream_specification)
        if resource_policy:
            self._set_policy(table, resource_policy)
        self.cloud.tags.add(table.arn, from_list(tags))
        return self._begin(table)

    def describe_table(self, table_name: str):
        return {"Table": self._tell_of(self._described(table_name))}

    def list_tables(self, exclusive_start_table_name: str | None = None, limit: int = 100):
        names = [name for name in self.tables.keys() if name > (exclusive_start_table_name or "")]  # noqa: SIM118
        page = names[:limit]
        return {"TableNames": page, "LastEvaluatedTableName": page[-1] if len(names) > limit else None}

    def delete_table(self, table_name: str):
        table = self._described(table_name, told="Table")
        if table.deletion_protection:
            raise ValidationException(
                "Resource cannot be deleted as it is currently protected against deletion."
                " Disable deletion protection first."
            )
        if table.status != "ACTIVE":
            doing = {"CREATING": "created", "UPDATING": "updated"}.get(table.status, "deleted")
            raise ResourceInUseException(
                f"Attempt to change a resource which is still in use: Table is being {doing}: {table.name}"
            )
        self._leave(table)
        table.status, table.replicas = "DELETING", []
        self._keep(table)
        self.later("_finish_deletion", name=table.name, number=table.number)
        return {"TableDescription": {**describe(self.store, table), "KeySchema": None, "AttributeDefinitions": None}}

    # Within

    def _begin(self, table: DynamoTable) -> dict:
        """Keep a new table, which is ACTIVE with the next tick."""
        self._keep(table)
        self.later("_activate", key=f"activate/{table.name}", name=table.name)
        return {"TableDescription": self._tell_of(table)}

    def _tell_of(self, table: DynamoTable) -> dict:
        """A TableDescription, replicas included."""
        return {**describe(self.store, table), **self._describe_replicas(table)}

    def _activate(self, name: str):
        table = self.tables.get(name)
        if table is None or table.status not in ("CREATING", "UPDATING"):
            return
        table.status = "ACTIVE"
        for index in table.indexes:
            index.status = "ACTIVE" if index.status in ("CREATING", "UPDATING") else index.status
        if table.ttl_status == "ENABLING":
            table.ttl_status = "ENABLED"
        self._keep(table)
        self.state("TableChanged", name=name, status="ACTIVE")

    def _finish_deletion(self, name: str, number: int):
        table = self.tables.get(name)
        if table is None or table.number != number:
            return
        self._end_stream(table)
        self.tables.delete(table)
        self.cloud.tags.clear(table.arn)
        self.cancel(f"ttl/{number}")
        for one in (number, *(index.number for index in table.indexes)):
            self._erase(one)
        self.state("TableDeleted", name=name, arn=table.arn)

    def _erase(self, number: int):
        """Delete rows in portions."""
        self.store.write("DELETE FROM dynamodb_extent WHERE number = ?", (number,))
        gone = [
            self.store.write(
                f"DELETE FROM {kept} WHERE (number, hash, range) IN"
                f" (SELECT number, hash, range FROM {kept} WHERE number = ? LIMIT ?)",
                (number, ERASED_AT_ONCE),
            ).rowcount
            for kept in ("dynamodb_item", "dynamodb_entry", "dynamodb_image")
        ]
        if any(gone):
            self.later("_erase", number=number)

    def _new_number(self) -> int:
        return self.store.write("INSERT INTO dynamodb_extent DEFAULT VALUES").lastrowid

    def _encryption(self, specification: dict | None) -> dict | None:
        """The KMS key of a table: one that the caller can use, kept and told; without any, DynamoDB's own."""
        if not specification or not specification.get("Enabled"):
            if specification and (specification.get("SSEType") or specification.get("KMSMasterKeyId")):
                raise ValidationException(
                    f"{WRONG}SSEType and KMSMasterKeyId cannot be specified when Enabled is false"
                )
            return None
        if specification.get("SSEType") == "AES256":
            raise ValidationException(f"{WRONG}SSEType AES256 is not supported")
        key = specification.get("KMSMasterKeyId") or MANAGED_KEY
        try:
            found = self.aws.as_caller().kms.describe_key(KeyId=key)["KeyMetadata"]
        except ServiceError as failure:
            raise ValidationException(f"KMS key validation failed: {failure.message}") from None
        if found["KeyState"] != "Enabled":
            raise ValidationException(f"KMS key validation failed: {found['Arn']} is {found['KeyState']}")
        return {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": found["Arn"]}

    def _set_stream(self, table: DynamoTable, specification: dict | None):
        if not specification:
            return
        enabled, view = specification.get("StreamEnabled"), specification.get("StreamViewType")
        if not enabled:
            if view:
                raise definitions.wrong(
                    "Table is being created with a stream disabled, UpdateViewType should not be specified"
                )
            return
        if view not in VIEWS:
            raise definitions.wrong("StreamViewType must be specified when StreamEnabled is true")
        label = datetime.fromtimestamp(self.now, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
        arn = f"{table.arn}/stream/{label}"
        number = self.store.write(
            "INSERT INTO dynamodbstreams_stream (arn, scope, table_name, label, view, key_schema, created)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (arn, f"{self.call.account}/{self.call.region}", table.name, label, view,
             json.dumps(key_schema(table.schema)), self.now),
        ).lastrowid  # fmt: skip
        table.stream = Stream(number, arn, label, view)
        self.later("_trim_stream", after=86_400, key=f"stream/{number}", number=number)

    def _end_stream(self, table: DynamoTable):
        """Close the stream; its records stay readable for a day."""
        if table.stream is not None and table.stream.enabled:
            table.stream.enabled = False
            self.store.write(
                "UPDATE dynamodbstreams_stream SET ended = ? WHERE number = ?", (self.now, table.stream.number)
            )
            self.tell(table.stream.arn)

    def _trim_stream(self, number: int):
        """Delete records after a day, and a stream that ended a day ago."""
        oldest = self.now - 86_400
        self.store.write("DELETE FROM dynamodbstreams_record WHERE stream = ? AND written <= ?", (number, oldest))
        gone = self.store.write(
            "DELETE FROM dynamodbstreams_stream WHERE number = ? AND ended <= ?", (number, oldest)
        ).rowcount
        if not gone:
            self.later("_trim_stream", after=86_400, key=f"stream/{number}", number=number)

    def _described(self, name: str, told: str = "Table") -> DynamoTable:
        """The table of a name or ARN, whatever its status."""
        table = self._find(name)
        if table is None:
            raise ResourceNotFoundException(f"Requested resource not found: {told}: {self._name_of(name)} not found")
        return self._scattered(table)

    @staticmethod
    def _global(table: DynamoTable, name: str) -> Index:
        index = table.index(name)
        if index is None or not index.is_global:
            raise ResourceNotFoundException(f"The table does not have the specified index: {name}")
        return index
