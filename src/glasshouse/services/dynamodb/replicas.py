"""Global tables (version 2019.11.21): the same table in several regions, all of which can be written.

Each region has a table of its own, with its own stream; a write goes to all of them in its transaction. Differs from
AWS: replicas hold a write at once and never conflict; strong consistency across regions and witnesses are refused.
"""

from dataclasses import replace
from typing import Any

from glasshouse.core import ids
from glasshouse.core.errors import NotSupported
from glasshouse.engines.dynamo import Item
from glasshouse.services.dynamodb.errors import ValidationException
from glasshouse.services.dynamodb.keys import Place
from glasshouse.services.dynamodb.records import DynamoTable, Throughput
from glasshouse.services.dynamodb.rows import Change, Items

VERSION = "2019.11.21"
BOTH_IMAGES = "NEW_AND_OLD_IMAGES"
LOCAL = (
    "Cannot add, delete, or update the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or"
    " UpdateTable as required."
)
NOT_PART = "Update global table operation failed because one or more replicas were not part of the global table."


class Replicas:
    """ReplicaUpdates of UpdateTable, and keeping replicas alike."""

    def _update_replicas(self, table: DynamoTable, updates: list[dict]):
        for update in updates:
            [(kind, given)] = [(kind, given) for kind, given in update.items() if given] or [("", {})]
            if kind not in ("Create", "Update", "Delete"):
                raise NotSupported(f"ReplicaUpdates {kind} is not supported by Glasshouse yet")
            region = given["RegionName"]
            if region == self.call.region:
                raise ValidationException(LOCAL)
            if kind == "Create":
                self._create_replica(table, region, given)
            elif region not in table.replicas:
                raise ValidationException(NOT_PART)
            elif kind == "Update":
                self._in(region)._override(table.name, given)
            else:
                self._in(region)._drop_replica(table.name)
                table.replicas.remove(region)

    def _create_replica(self, table: DynamoTable, region: str, given: dict):
        home = self._in(region)
        if home.tables.get(table.name):
            raise ValidationException(
                f"Failed to create a the new replica of table with name: '{table.name}' because one or more replicas"
                " already existed as tables."
            )
        if table.stream is None or not table.stream.enabled:
            self._set_stream(table, {"StreamEnabled": True, "StreamViewType": BOTH_IMAGES})
        elif table.stream.view != BOTH_IMAGES:
            raise ValidationException(f"Tables with replicas must have a stream of the type {BOTH_IMAGES}")
        everywhere = [self.call.region, *table.replicas, region]
        copy = replace(
            table, number=self._new_number(), arn=home.call.arn(f"table/{table.name}"), created=self.now,
            status="CREATING", stream=None, destinations=[], policy=None, policy_revision=None, recovery_since=None,
            restored=None, deletion_protection=False, throughput=replace(table.throughput), id=ids.uuid(),
            indexes=[replace(one, number=self._new_number(), status="CREATING") for one in table.indexes],
            replicas=[one for one in everywhere if one != region],
        )  # fmt: skip
        home._set_stream(copy, {"StreamEnabled": True, "StreamViewType": BOTH_IMAGES})
        home._set_overrides(copy, given)
        home._begin(copy)
        home._copy_items(table, copy)
        if copy.ttl_attribute:
            home._expire_later(copy)
        for other in table.replicas:
            there = self._in(other)
            known = there.tables.get(table.name)
            if known is not None:
                known.replicas = [one for one in everywhere if one != other]
                there.tables.put(known)
        table.replicas.append(region)

    def _copy_items(self, source: DynamoTable, copy: DynamoTable):
        rows = self.store.read("SELECT hash, range FROM dynamodb_item WHERE number = ?", (source.number,)).fetchall()
        items, into = Items(self.store, source, self.now), Items(self.store, replace(copy, stream=None), self.now)
        for place in rows:
            item, size = items.sized(place)
            into.write(place, None, 0, item, size)

    def _override(self, name: str, given: dict):
        table = self.tables.get(name)
        if table is not None:
            self._set_overrides(table, given)
            table.status = "UPDATING"
            self._begin(table)

    @staticmethod
    def _set_overrides(table: DynamoTable, given: dict):
        if given.get("KMSMasterKeyId"):
            raise NotSupported("KMSMasterKeyId of replicas is not supported by Glasshouse yet")
        if override := given.get("ProvisionedThroughputOverride"):
            table.throughput = replace(table.throughput, read=override["ReadCapacityUnits"])
        if override := given.get("OnDemandThroughputOverride"):
            table.on_demand = {**(table.on_demand or {}), **override}
        if given.get("TableClassOverride"):
            table.table_class = given["TableClassOverride"]
        for asked in given.get("GlobalSecondaryIndexes") or ():
            index = table.index(asked["IndexName"])
            override = asked.get("ProvisionedThroughputOverride")
            if index is not None and override:
                index.throughput = replace(index.throughput or Throughput(), read=override["ReadCapacityUnits"])

    def _drop_replica(self, name: str):
        """Delete this region's table, and tell the others."""
        table = self.tables.get(name)
        if table is None:
            return
        self._leave(table)
        table.status = "DELETING"
        table.replicas = []
        self.tables.put(table)
        self.later("_finish_deletion", name=name, number=table.number)

    def _leave(self, table: DynamoTable):
        """Strike this region from the other replicas of a table."""
        for region in table.replicas:
            there = self._in(region)
            other = there.tables.get(table.name)
            if other is not None and self.call.region in other.replicas:
                other.replicas.remove(self.call.region)
                there.tables.put(other)

    def _others(self, table: DynamoTable) -> list[tuple[Any, DynamoTable]]:
        """(This service there, the table there) for each other replica."""
        found = [(there := self._in(region), there.tables.get(table.name)) for region in table.replicas]
        return [(there, other) for there, other in found if other is not None]

    def _spread(self, table: DynamoTable, place: Place, new: Item | None, size: int, expired: bool = False):
        """Write an item in the other regions too."""
        for there, other in self._others(table):
            items = Items(self.store, other, self.now)
            old, old_size = items.sized(place)
            change: Change = items.write(place, old, old_size, new, size, expired)
            there._tell(other, place, old, new, change, expired)

    def _in(self, region: str) -> Any:
        """This service in another region."""
        return type(self)(self.cloud, self.call.elsewhere(region=region))

    def _describe_replicas(self, table: DynamoTable) -> dict:
        if not table.replicas:
            return {}
        told = []
        for there, other in self._others(table):
            status = "ACTIVE" if other.status in ("ACTIVE", "UPDATING") else other.status
            one: dict = {"RegionName": there.call.region, "ReplicaStatus": status, "ReplicaArn": other.arn}
            if other.throughput.read != table.throughput.read:
                one["ProvisionedThroughputOverride"] = {"ReadCapacityUnits": other.throughput.read}
            if other.table_class:
                one["ReplicaTableClassSummary"] = {"TableClass": other.table_class}
            one["GlobalSecondaryIndexes"] = [{"IndexName": index.name} for index in other.indexes if index.is_global]
            told.append(one)
        return {"Replicas": told, "GlobalTableVersion": VERSION}
