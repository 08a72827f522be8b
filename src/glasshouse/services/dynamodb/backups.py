"""Backups on demand and point-in-time recovery: tables that come back as they were.

A backup is a copy of a table's items under a number of its own. With point-in-time recovery each write leaves an image
of the item, from which the table is put together as it was at any moment of the recovery period.
Differs from AWS: backups and restored tables are ready at once, the latest restorable time is now, and deleting a table
makes no system backup.
"""

from collections.abc import Iterator
from dataclasses import replace

from glasshouse.core import ids
from glasshouse.core.errors import NotSupported
from glasshouse.services.dynamodb import definitions
from glasshouse.services.dynamodb.describing import extent, key_schema, projection
from glasshouse.services.dynamodb.errors import (
    BackupNotFoundException,
    InvalidRestoreTimeException,
    PointInTimeRecoveryUnavailableException,
    TableAlreadyExistsException,
    TableNotFoundException,
    ValidationException,
)
from glasshouse.services.dynamodb.keys import place_of_item
from glasshouse.services.dynamodb.records import Backup, DynamoTable, Index, Throughput
from glasshouse.services.dynamodb.rows import Items, decode

DAY_S = 86_400


class Backups:
    """Backups, and restoring tables."""

    def create_backup(self, table_name: str, backup_name: str):
        table = self._find(table_name)
        if table is None or table.status not in ("ACTIVE", "UPDATING"):
            raise TableNotFoundException(f"Table not found: {self._name_of(table_name)}")
        number = self._new_number()
        self.store.write(
            "INSERT INTO dynamodb_item SELECT ?, hash, range, size, NULL, body FROM dynamodb_item WHERE number = ?",
            (number, table.number),
        )
        items, size = extent(self.store, table.number)
        arn = f"{table.arn}/backup/{int(self.now * 1000):014d}-{ids.token(8, ids.HEX)}"
        backup = self.backups.put(Backup(arn, backup_name, self.now, number, size, items, table))
        return {"BackupDetails": _details(backup)}

    def describe_backup(self, backup_arn: str):
        return {"BackupDescription": _description(self._backup(backup_arn))}

    def delete_backup(self, backup_arn: str):
        backup = self._backup(backup_arn)
        self.backups.delete(backup)
        self._erase(backup.number)
        told = _description(backup)
        return {"BackupDescription": {**told, "BackupDetails": {**told["BackupDetails"], "BackupStatus": "DELETED"}}}

    def list_backups(
        self,
        table_name: str | None = None,
        limit: int = 100,
        time_range_lower_bound: float | None = None,
        time_range_upper_bound: float | None = None,
        exclusive_start_backup_arn: str | None = None,
        backup_type: str = "USER",
    ):
        if backup_type not in ("USER", "ALL"):
            return {"BackupSummaries": []}
        found = [
            backup
            for backup in self.backups.list(after=exclusive_start_backup_arn or "")
            if (table_name is None or backup.table.name == self._name_of(table_name))
            and (time_range_lower_bound or 0) <= backup.created
            and (time_range_upper_bound is None or backup.created < time_range_upper_bound)
        ]
        page = found[:limit]
        return {
            "BackupSummaries": [{**_table_of(backup), **_details(backup)} for backup in page],
            "LastEvaluatedBackupArn": page[-1].arn if len(found) > limit else None,
        }

    def restore_table_from_backup(
        self,
        target_table_name: str,
        backup_arn: str,
        billing_mode_override: str | None = None,
        global_secondary_index_override: list | None = None,
        local_secondary_index_override: list | None = None,
        provisioned_throughput_override: dict | None = None,
        on_demand_throughput_override: dict | None = None,
        sse_specification_override: dict | None = None,
    ):
        backup = self._backup(backup_arn)
        indexes = _kept(backup.table, global_secondary_index_override, local_secondary_index_override)
        table = self._restored(
            backup.table, target_table_name, indexes, billing_mode_override, provisioned_throughput_override
        )
        table.on_demand = on_demand_throughput_override or table.on_demand
        table.encryption = self._encryption(sse_specification_override)
        table.restored = {
            "SourceBackupArn": backup.arn, "SourceTableArn": backup.table.arn, "RestoreDateTime": self.now,
            "RestoreInProgress": False,
        }  # fmt: skip
        rows = self.store.read("SELECT body FROM dynamodb_item WHERE number = ?", (backup.number,)).fetchall()
        self._fill(table, (body for (body,) in rows))
        return self._begin(table)

    def update_continuous_backups(self, table_name: str, point_in_time_recovery_specification: dict):
        table = self._recoverable(table_name)
        wanted = point_in_time_recovery_specification
        table.recovery_days = wanted.get("RecoveryPeriodInDays") or table.recovery_days
        if not wanted["PointInTimeRecoveryEnabled"]:
            table.recovery_since = None
            self.cancel(f"images/{table.number}")
            self.store.write("DELETE FROM dynamodb_image WHERE number = ?", (table.number,))
        elif table.recovery_since is None:
            table.recovery_since = self.now
            self.store.write(
                "INSERT INTO dynamodb_image SELECT number, hash, range, ?, 1, body FROM dynamodb_item WHERE number = ?",
                (self.now, table.number),
            )
            self.later("_trim_images", after=DAY_S, key=f"images/{table.number}", name=table.name)
        self._keep(table)
        return {"ContinuousBackupsDescription": self._continuous(table)}

    def describe_continuous_backups(self, table_name: str):
        return {"ContinuousBackupsDescription": self._continuous(self._recoverable(table_name))}

    def restore_table_to_point_in_time(
        self,
        target_table_name: str,
        source_table_arn: str | None = None,
        source_table_name: str | None = None,
        use_latest_restorable_time: bool = False,
        restore_date_time: float | None = None,
        billing_mode_override: str | None = None,
        global_secondary_index_override: list | None = None,
        local_secondary_index_override: list | None = None,
        provisioned_throughput_override: dict | None = None,
        on_demand_throughput_override: dict | None = None,
        sse_specification_override: dict | None = None,
    ):
        named = source_table_name or source_table_arn
        if named is None:
            raise ValidationException("Either SourceTableName or SourceTableArn must be specified")
        source = self._recoverable(named)
        if source.recovery_since is None:
            raise PointInTimeRecoveryUnavailableException(
                f"Point in time recovery is not enabled for table '{source.name}'"
            )
        moment = self._moment(source, use_latest_restorable_time, restore_date_time)
        indexes = _kept(source, global_secondary_index_override, local_secondary_index_override)
        table = self._restored(
            source, target_table_name, indexes, billing_mode_override, provisioned_throughput_override
        )
        table.on_demand = on_demand_throughput_override or table.on_demand
        table.encryption = self._encryption(sse_specification_override)
        table.restored = {"SourceTableArn": source.arn, "RestoreDateTime": moment, "RestoreInProgress": False}
        self._fill(table, self._images_at(source, moment))
        return self._begin(table)

    # Within

    def _backup(self, arn: str) -> Backup:
        backup = self.backups.get(arn)
        if backup is None:
            raise BackupNotFoundException(f"Backup not found: {arn}")
        return backup

    def _recoverable(self, name: str) -> DynamoTable:
        table = self._find(name)
        if table is None:
            raise TableNotFoundException(f"Table not found: {name}")
        return self._scattered(table)

    def _earliest(self, table: DynamoTable) -> float:
        return max(table.recovery_since or 0.0, self.now - table.recovery_days * DAY_S)

    def _continuous(self, table: DynamoTable) -> dict:
        told: dict = {"PointInTimeRecoveryStatus": "DISABLED"}
        if table.recovery_since is not None:
            told = {
                "PointInTimeRecoveryStatus": "ENABLED",
                "RecoveryPeriodInDays": table.recovery_days,
                "EarliestRestorableDateTime": self._earliest(table),
                "LatestRestorableDateTime": self.now,
            }
        return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": told}

    def _moment(self, table: DynamoTable, latest: bool, asked: float | None) -> float:
        if latest and asked is not None:
            raise ValidationException("UseLatestRestorableTime and RestoreDateTime cannot be specified together")
        if latest:
            return self.now
        if asked is None:
            raise ValidationException("Either UseLatestRestorableTime or RestoreDateTime must be specified")
        # Whole seconds are told, so the second in which recovery began counts as part of it.
        if not int(self._earliest(table)) <= asked <= self.now:
            raise InvalidRestoreTimeException()
        return asked

    def _images_at(self, table: DynamoTable, moment: float) -> list[bytes]:
        """The items as they were then: of each the last image until that moment."""
        rows = self.store.read(
            "SELECT hash, range, body FROM dynamodb_image WHERE number = ? AND written <= ?"
            " ORDER BY hash, range, written, id",
            (table.number, moment),
        )
        last = {(hash, range): body for hash, range, body in rows}
        return [body for body in last.values() if body is not None]

    def _trim_images(self, name: str):
        """Delete images that were followed by others before the recovery period began."""
        table = self.tables.get(name)
        if table is None or table.recovery_since is None:
            return
        self.store.write(
            "DELETE FROM dynamodb_image WHERE number = ?1 AND written < ?2 AND EXISTS (SELECT 1 FROM dynamodb_image"
            " AS later WHERE later.number = ?1 AND later.hash = dynamodb_image.hash AND later.range ="
            " dynamodb_image.range AND later.written <= ?2 AND (later.written, later.id) >"
            " (dynamodb_image.written, dynamodb_image.id))",
            (table.number, self._earliest(table)),
        )
        self.later("_trim_images", after=DAY_S, key=f"images/{table.number}", name=name)

    def _restored(
        self, source: DynamoTable, name: str, indexes: list[Index], billing: str | None, throughput: dict | None
    ) -> DynamoTable:
        """A new table like another, without what a restored table does not inherit."""
        if self.tables.get(name):
            raise TableAlreadyExistsException(f"Table already exists: {name}")
        mode = billing or source.billing
        if mode == "PAY_PER_REQUEST" or throughput or source.billing != mode:
            units = definitions.read_throughput(throughput, mode)
        else:
            units = replace(source.throughput)
        renewed = [
            replace(
                index, number=self._new_number(), status="CREATING",
                throughput=Throughput() if mode == "PAY_PER_REQUEST" else index.throughput,
            )
            for index in indexes
        ]  # fmt: skip
        used = {key.name for one in renewed for key in one.keys} | {key.name for key in source.keys}
        return DynamoTable(
            name, self._new_number(), ids.uuid(), self.call.arn(f"table/{name}"), source.partition, source.sort,
            {attribute: kind for attribute, kind in source.attributes.items() if attribute in used}, self.now, mode,
            units, indexes=renewed, on_demand=source.on_demand, table_class=source.table_class,
            on_demand_since=self.now if mode == "PAY_PER_REQUEST" else None, scattered=True,
        )  # fmt: skip

    def _fill(self, table: DynamoTable, bodies: Iterator[bytes] | list[bytes]):
        items = Items(self.store, table, self.now)
        for body in bodies:
            item = decode(body)
            items.write(place_of_item(table, item), None, 0, item, items.measure(item))


def _kept(table: DynamoTable, globals_: list | None, locals_: list | None) -> list[Index]:
    """The indexes to restore: all, or those that are named. A restored table can leave indexes out, not gain them."""
    kept = []
    for is_global, override in ((False, locals_), (True, globals_)):
        own = [index for index in table.indexes if index.is_global is is_global]
        if override is None:
            kept += own
            continue
        names = [given["IndexName"] for given in override]
        unknown = sorted(set(names) - {index.name for index in own})
        if unknown:
            raise NotSupported(f"Restoring indexes that the table did not have ({', '.join(unknown)}) is not supported")
        kept += [index for index in own if index.name in names]
    return kept


def _details(backup: Backup) -> dict:
    return {
        "BackupArn": backup.arn,
        "BackupName": backup.name,
        "BackupSizeBytes": backup.size,
        "BackupStatus": "AVAILABLE",
        "BackupType": "USER",
        "BackupCreationDateTime": backup.created,
    }


def _table_of(backup: Backup) -> dict:
    table = backup.table
    return {"TableName": table.name, "TableId": table.id, "TableArn": table.arn}


def _description(backup: Backup) -> dict:
    table = backup.table
    features: dict = {
        word: [
            {"IndexName": index.name, "KeySchema": key_schema(index.schema), "Projection": projection(index)}
            for index in table.indexes
            if index.is_global is is_global
        ]
        for word, is_global in (("GlobalSecondaryIndexes", True), ("LocalSecondaryIndexes", False))
    }
    return {
        "BackupDetails": _details(backup),
        "SourceTableDetails": {
            **_table_of(backup),
            "TableSizeBytes": backup.size,
            "ItemCount": backup.items,
            "KeySchema": key_schema(table.schema),
            "TableCreationDateTime": table.created,
            "BillingMode": table.billing,
            "ProvisionedThroughput": {
                "ReadCapacityUnits": table.throughput.read,
                "WriteCapacityUnits": table.throughput.write,
            },
        },
        "SourceTableFeatureDetails": {name: told for name, told in features.items() if told},
    }
