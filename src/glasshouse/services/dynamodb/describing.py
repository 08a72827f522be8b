"""How a table is told of: TableDescription and what it contains."""

from glasshouse.core.store import Store
from glasshouse.engines.dynamo.key_conditions import KeyAttribute
from glasshouse.services.dynamodb.records import DynamoTable, Index, Throughput

# What a new table is told to bear at once; the figures of AWS.
WARM = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000, "Status": "ACTIVE"}


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
        "KeySchema": key_schema(table.keys),
        "ItemCount": items,
        "TableSizeBytes": size,
        "ProvisionedThroughput": _throughput(table.throughput),
        "GlobalSecondaryIndexes": globals_ or None,
        "LocalSecondaryIndexes": locals_ or None,
        "DeletionProtectionEnabled": table.deletion_protection,
        "OnDemandThroughput": table.on_demand,
        "SSEDescription": table.encryption,
        "RestoreSummary": table.restored,
        "WarmThroughput": {**WARM, **(table.warm or {})},
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


def key_schema(keys: list[KeyAttribute]) -> list[dict]:
    return [{"AttributeName": k.name, "KeyType": kind} for k, kind in zip(keys, ("HASH", "RANGE"), strict=False)]


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
        "KeySchema": key_schema(index.keys),
        "Projection": projection(index),
        "ItemCount": items,
        "IndexSizeBytes": size,
    }
    if index.is_global:
        told["IndexStatus"] = index.status
        told["ProvisionedThroughput"] = _throughput(index.throughput)
        told["OnDemandThroughput"] = index.on_demand
        if index.status == "CREATING" and table.status != "CREATING":
            told["Backfilling"] = True
    return told


def _throughput(throughput: Throughput) -> dict:
    return {
        "ReadCapacityUnits": throughput.read,
        "WriteCapacityUnits": throughput.write,
        "NumberOfDecreasesToday": throughput.decreases_today,
        "LastIncreaseDateTime": throughput.increased,
        "LastDecreaseDateTime": throughput.decreased,
    }
