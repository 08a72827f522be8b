"""UpdateTable: one change at a time, as DynamoDB asks for it."""

from glasshouse.services.dynamodb import definitions
from glasshouse.services.dynamodb.errors import (
    LimitExceededException,
    ResourceInUseException,
    ResourceNotFoundException,
    ValidationException,
)
from glasshouse.services.dynamodb.records import DynamoTable, Throughput
from glasshouse.services.dynamodb.rows import Items, decode

DAY_S = 86_400
NOTHING = (
    "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or"
    " SSESpecification or ReplicaUpdates is required"
)


class TableUpdates:
    """UpdateTable."""

    def update_table(
        self,
        table_name: str,
        attribute_definitions: list | None = None,
        billing_mode: str | None = None,
        provisioned_throughput: dict | None = None,
        global_secondary_index_updates: list | None = None,
        stream_specification: dict | None = None,
        table_class: str | None = None,
        deletion_protection_enabled: bool | None = None,
        on_demand_throughput: dict | None = None,
        sse_specification: dict | None = None,
        replica_updates: list | None = None,
        warm_throughput: dict | None = None,
    ):
        asked = (
            *(billing_mode, provisioned_throughput, global_secondary_index_updates, stream_specification),
            *(table_class, deletion_protection_enabled, on_demand_throughput, sse_specification, replica_updates),
            warm_throughput,
        )
        if all(value is None for value in asked):
            raise ValidationException(NOTHING)
        table = self._described(table_name)
        if table.status != "ACTIVE":
            raise ResourceInUseException(
                f"Attempt to change a resource which is still in use: Table is being updated: {table.name}"
            )
        if deletion_protection_enabled is not None:
            table.deletion_protection = deletion_protection_enabled
        if table_class is not None:
            table.table_class, table.class_changed = table_class, self.now
        table.on_demand = on_demand_throughput or table.on_demand
        table.warm = warm_throughput or table.warm
        before = table.encryption
        if sse_specification is not None:
            table.encryption = self._encryption(sse_specification)
        if stream_specification is not None:
            self._update_stream(table, stream_specification)
        if replica_updates:
            self._update_replicas(table, replica_updates)
        for there, one in [(self, table), *self._others(table)] if billing_mode or provisioned_throughput else ():
            there._update_billing(one, billing_mode, provisioned_throughput)
            there.tables.put(one)
        if global_secondary_index_updates:
            self._update_all_indexes(table, attribute_definitions, global_secondary_index_updates)
        table.status = "UPDATING"
        told = self._begin(table)
        if before is not None and table.encryption is None:
            told["TableDescription"]["SSEDescription"] = {**before, "Status": "UPDATING"}
        return told

    def _update_all_indexes(self, table: DynamoTable, attribute_definitions: list | None, updates: list):
        """Those of its replicas too."""
        for there, one in [*self._others(table), (self, table)]:
            there._update_indexes(one, attribute_definitions, updates)
            one.status = "UPDATING"
            there._begin(one)

    def _update_billing(self, table: DynamoTable, mode: str | None, given: dict | None):
        if mode == "PAY_PER_REQUEST":
            definitions.read_throughput(given, mode)
            table.billing, table.on_demand_since, table.throughput = mode, self.now, Throughput()
            for index in table.indexes:
                index.throughput = Throughput()
            return
        if mode == "PROVISIONED" and table.billing != mode and not given:
            definitions.read_throughput(None, mode)
        if given is None:
            return
        if mode is None and table.billing == "PAY_PER_REQUEST":
            definitions.read_throughput(given, table.billing)
        table.billing = "PROVISIONED"
        self._provision(table.throughput, given, f"table: {table.name}")

    def _provision(self, throughput: Throughput, given: dict, of: str):
        read, write = given["ReadCapacityUnits"], given["WriteCapacityUnits"]
        if (read, write) == (throughput.read, throughput.write):
            raise ValidationException(
                f"The provisioned throughput for the {of} will not change. The requested value equals the current"
                f" value. Current ReadCapacityUnits provisioned for the {of.split(':')[0]}: {read}. Requested"
                f" ReadCapacityUnits: {read}. Current WriteCapacityUnits provisioned for the {of.split(':')[0]}:"
                f" {write}. Requested WriteCapacityUnits: {write}. Refer to the Amazon DynamoDB Developer Guide for"
                " current limits and how to request higher limits."
            )
        if read > throughput.read or write > throughput.write:
            throughput.increased = self.now
        if read < throughput.read or write < throughput.write:
            same_day = (throughput.decreased or 0) // DAY_S == self.now // DAY_S
            throughput.decreases_today = throughput.decreases_today + 1 if same_day else 1
            throughput.decreased = self.now
        throughput.read, throughput.write = read, write

    def _update_stream(self, table: DynamoTable, specification: dict):
        enabled = table.stream is not None and table.stream.enabled
        if specification.get("StreamEnabled"):
            if enabled:
                raise ValidationException(f"Table already has an enabled stream: TableName: {table.name}")
            self._set_stream(table, specification)
        else:
            if not enabled:
                raise ValidationException(f"Table has already disabled stream: TableName: {table.name}")
            self._end_stream(table)

    def _update_indexes(self, table: DynamoTable, attributes: list | None, updates: list[dict]):
        if sum(1 for update in updates if update.get("Create") or update.get("Delete")) > 1:
            raise LimitExceededException(
                "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
            )
        for update in updates:
            if sum(1 for change in update.values() if change) != 1:
                raise definitions.wrong(
                    "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create,"
                    " GlobalSecondaryIndexUpdate.Delete must not be null"
                )
            if created := update.get("Create"):
                self._create_index(table, attributes, created)
            elif changed := update.get("Update"):
                self._change_index(table, changed)
            else:
                self._drop_index(table, update["Delete"]["IndexName"])

    def _create_index(self, table: DynamoTable, attributes: list | None, given: dict):
        types = {**table.attributes, **definitions.attribute_types(attributes)}
        if table.index(given["IndexName"]):
            raise ValidationException(f"Attempting to create an index which already exists: {given['IndexName']}")
        index = definitions.read_index(given, True, types, table.schema, table.billing, self._new_number())
        table.indexes.append(index)
        definitions.check_counts(table.indexes)
        used = {key.name for one in table.indexes for key in one.keys} | {key.name for key in table.keys}
        table.attributes = {name: kind for name, kind in types.items() if name in used}
        items = Items(self.store, table, self.now)
        rows = self.store.read("SELECT hash, range, body FROM dynamodb_item WHERE number = ?", (table.number,))
        for hash, range, body in rows.fetchall():
            items.add_to_index(index, (hash, range), decode(body))

    def _change_index(self, table: DynamoTable, given: dict):
        index = self._global(table, given["IndexName"])
        if given.get("OnDemandThroughput"):
            index.on_demand = given["OnDemandThroughput"]
        index.warm = given.get("WarmThroughput") or index.warm
        if given.get("ProvisionedThroughput"):
            self._provision(index.throughput, given["ProvisionedThroughput"], f"index: {index.name}")
        index.status = "UPDATING"

    def _drop_index(self, table: DynamoTable, name: str):
        index = table.index(name)
        if index is None or not index.is_global:
            raise ResourceNotFoundException("Requested resource not found")
        index.status = "DELETING"
        self.later("_finish_index", name=table.name, index=name)

    def _finish_index(self, name: str, index: str):
        table = self.tables.get(name)
        dropped = table and table.index(index)
        if table is None or dropped is None:
            return
        table.indexes.remove(dropped)
        used = {key.name for one in table.indexes for key in one.keys} | {key.name for key in table.keys}
        table.attributes = {attribute: kind for attribute, kind in table.attributes.items() if attribute in used}
        self._keep(table)
        self._erase(dropped.number)
