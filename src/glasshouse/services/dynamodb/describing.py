"""How a table is told of: TableDescription and what it contains."""

from glasshouse.core.store import Store
from glasshouse.engines.dynamo.key_conditions import Keys
from glasshouse.services.dynamodb.definitions import WARM
from glasshouse.services.dynamodb.records import DynamoTable, Index, Throughput


def describe(store: Store, table: DynamoTable) -> dict:
    """A TableDescription; counts are those of this moment."""
    items, size = extent(store, table.number)
    globals_ = [_index(store, table, index) for index in table.indexes if index.is_global]
    locals_ = [_index(store, table, index) for index in table.indexes if not index.is_global]
    told = {
        "TableName": table.name,
        "TableArn": table.arn,
        "TableId": table.id,
        "TableStatus": table.status,
        "CreationDateTime": table.created,
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": t} for n, t in table.attributes.items()],
        "KeySchema": key_schema(table.schema),
        "ItemCount": items,
        "TableSizeBytes": size,
        "ProvisionedThroughput": _throughput(table.throughput),
        "GlobalSecondaryIndexes": globals_ or None,
        "LocalSecondaryIndexes": locals_ or None,
        "DeletionProtectionEnabled": table.deletion_protection,
        "OnDemandThroughput": table.on_demand,
        "SSEDescription": table.encryption,
        "RestoreSummary": table.restored,
        "WarmThroughput": _warm(table, table),
    }
    return {**told, **_modes(table), **_stream(table)}


def _modes(table: DynamoTable) -> dict:
    told: dict = {}
    if table.billing == "PAY_PER_REQUEST" or table.on_demand_since:
        told["BillingModeSummary"] = {
            "BillingMode": table.billing,
            "LastUpdateToPayPerRequestDateTime": table.on_demand_since,
        }
    if table.table_class:
        told["TableClassSummary"] = {"TableClass": table.table_class, "LastUpdateDateTime": table.class_changed}
    return told


def _stream(table: DynamoTable) -> dict:
    if table.stream is None:
        return {}
    told: dict = {"LatestStreamArn": table.stream.arn, "LatestStreamLabel": table.stream.label}
    if table.stream.enabled:
        told["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": table.stream.view}
    return told


def key_schema(keys: Keys) -> list[dict]:
    kinds = (("HASH", keys.partitions), ("RANGE", keys.sorts))
    return [{"AttributeName": key.name, "KeyType": kind} for kind, attributes in kinds for key in attributes]


def extent(store: Store, number: int) -> tuple[int, int]:
    """(items, bytes) of a table or index."""
    row = store.read("SELECT items, bytes FROM dynamodb_extent WHERE number = ?", (number,)).fetchone()
    return row or (0, 0)


def projection(index: Index) -> dict:
    return {"ProjectionType": index.projection, "NonKeyAttributes": index.included or None}


def _index(store: Store, table: DynamoTable, index: Index) -> dict:
    items, size = extent(store, index.number)
    told = {
        "IndexName": index.name,
        "IndexArn": f"{table.arn}/index/{index.name}",
        "KeySchema": key_schema(index.schema),
        "Projection": projection(index),
        "ItemCount": items,
        "IndexSizeBytes": size,
    }
    if index.is_global:
        told["IndexStatus"] = index.status
        told["ProvisionedThroughput"] = _throughput(index.throughput)
        told["OnDemandThroughput"] = index.on_demand
        told["WarmThroughput"] = _warm(table, index)
        if index.status == "CREATING" and table.status != "CREATING":
            told["Backfilling"] = True
    return told


def _warm(table: DynamoTable, what: DynamoTable | Index) -> dict:
    """What a table or index bears at once: what it is provisioned with, or what any bears on demand."""
    units = what.throughput
    initial = {"ReadUnitsPerSecond": units.read, "WriteUnitsPerSecond": units.write}
    return {**(WARM if table.billing == "PAY_PER_REQUEST" else initial), **(what.warm or {}), "Status": what.status}


def _throughput(throughput: Throughput) -> dict:
    return {
        "ReadCapacityUnits": throughput.read,
        "WriteCapacityUnits": throughput.write,
        "NumberOfDecreasesToday": throughput.decreases_today,
        "LastIncreaseDateTime": throughput.increased,
        "LastDecreaseDateTime": throughput.decreased,
    }
