"""Definitions of tables and indexes: read from a request, and checked in DynamoDB's words."""

import re
from collections.abc import Iterable

from glasshouse.engines.dynamo.key_conditions import KeyAttribute, Keys
from glasshouse.engines.dynamo.values import WRONG
from glasshouse.services.dynamodb.errors import LimitExceededException, ValidationException
from glasshouse.services.dynamodb.records import Index, Throughput

NAME = re.compile(r"[a-zA-Z0-9_.-]+").fullmatch
SHORTEST_NAME, LONGEST_NAME, MOST_KEYS, MOST_OF_A_KIND = 3, 255, 2, 4
MOST_GLOBAL, MOST_LOCAL, MOST_INCLUDED = 20, 5, 100
MOST_UNITS = 1_000_000_000_000
PROJECTIONS = ("ALL", "KEYS_ONLY", "INCLUDE")
# What tables and indexes on demand bear at once; the figures of AWS.
WARM = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000}


def check_name(name: str, shortest: int = SHORTEST_NAME):
    """Refuse what cannot be the name of a table; other operations than CreateTable mind only that there is one."""
    if not NAME(name):
        raise unsatisfied(name, "tableName", "satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
    if len(name) < shortest:
        raise unsatisfied(name, "tableName", f"have length greater than or equal to {shortest}")
    if len(name) > LONGEST_NAME:
        raise unsatisfied(name, "tableName", f"have length less than or equal to {LONGEST_NAME}")


def unsatisfied(value: str, member: str, constraint: str) -> ValidationException:
    return ValidationException(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must"
        f" {constraint}"
    )


def attribute_types(definitions: list[dict] | None) -> dict[str, str]:
    types: dict[str, str] = {}
    for definition in definitions or ():
        if definition["AttributeName"] in types:
            raise wrong("Duplicate AttributeName: " + definition["AttributeName"])
        types[definition["AttributeName"]] = definition["AttributeType"]
    return types


def read_keys(schema: list[dict] | None, types: dict[str, str], of: str = "", has_indexes: bool = False) -> Keys:
    """The attributes of a key schema, the partition key first. `of` names the index whose schema it is."""
    if not schema:
        raise (
            wrong("Missing the key schema" + of)
            if schema is None
            else unsatisfied("[]", "keySchema", "have length greater than or equal to 1")
        )
    if len(schema) > MOST_KEYS and not of:
        told = ", ".join(
            f"KeySchemaElement(attributeName={one['AttributeName']}, keyType={one['KeyType']})" for one in schema
        )
        raise unsatisfied(f"[{told}]", "keySchema", f"have length less than or equal to {MOST_KEYS}")
    if schema[0]["KeyType"] != "HASH":
        raise ValidationException("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if not of and not has_indexes and len(types) < len(schema):
        raise ValidationException("Invalid KeySchema: Some index key attribute have no definition")
    if len(schema) == 2 and not of and schema[1]["KeyType"] != "RANGE":
        raise ValidationException("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
    names = [element["AttributeName"] for element in schema]
    if len(set(names)) < len(names):
        raise ValidationException("Both the Hash Key and the Range Key element in the KeySchema have the same name")
    missing = [name for name in names if name not in types]
    if missing:
        raise wrong(
            "Some index key attributes are not defined in AttributeDefinitions. Keys:"
            f" [{', '.join(names)}], AttributeDefinitions: [{', '.join(sorted(types))}]"
        )
    return Keys(*([KeyAttribute(name, types[name]) for name in part] for part in _kinds(schema)))


def _kinds(schema: list[dict]) -> tuple[list[str], list[str]]:
    """The names of the partition key's attributes, and of the sort key's. Indexes may have up to four of each.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html
    """
    firsts, lasts = ([one["AttributeName"] for one in schema if one["KeyType"] == kind] for kind in ("HASH", "RANGE"))
    if [one["AttributeName"] for one in schema] != firsts + lasts:
        raise ValidationException("Invalid KeySchema: All HASH key elements must come before the RANGE key elements")
    if max(len(firsts), len(lasts)) > MOST_OF_A_KIND:
        kind = "HASH" if len(firsts) > MOST_OF_A_KIND else "RANGE"
        raise ValidationException(f"Invalid KeySchema: There can be no more than {MOST_OF_A_KIND} {kind} key elements")
    return firsts, lasts


def check_all_used(types: dict[str, str], keys: Keys, indexes: Iterable[Index]):
    used = {attribute.name for attribute in keys.all} | {key.name for index in indexes for key in index.keys}
    if used != types.keys():
        if not indexes:
            raise wrong(
                "Number of attributes in KeySchema does not exactly match number of attributes defined in"
                " AttributeDefinitions"
            )
        raise wrong(
            f"Some AttributeDefinitions are not used. AttributeDefinitions: [{', '.join(sorted(types))}],"
            f" keys used: [{', '.join(sorted(used))}]"
        )


def read_throughput(given: dict | None, billing: str, of: str = "") -> Throughput:
    """What a table or index is provisioned with; nothing on demand."""
    if billing == "PAY_PER_REQUEST":
        if given and of:
            raise wrong(
                f"ProvisionedThroughput should not be specified for index: {of} when BillingMode is PAY_PER_REQUEST"
            )
        if given:
            raise wrong(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
            )
        return Throughput()
    if not given:
        if of:
            raise wrong(f"ProvisionedThroughput must be specified for index: {of}")
        raise wrong("ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
    for member, units in given.items():
        if units > MOST_UNITS:
            index = f" for index {of}" if of else ""
            raise ValidationException(f"Given value {units} for {member} is out of bounds{index}")
    return Throughput(given["ReadCapacityUnits"], given["WriteCapacityUnits"])


def check_warm(given: dict | None, billing: str, of: str = "table"):
    """Refuse to warm less than what a table or index on demand bears from the beginning."""
    for member, least in WARM.items() if given and billing == "PAY_PER_REQUEST" else ():
        if (given or {}).get(member, least) < least:
            raise wrong(f"Requested {member} for WarmThroughput for {of} is lower than initial throughput for OnDemand")


def read_index(given: dict, is_global: bool, types: dict[str, str], table: Keys, billing: str, number: int) -> Index:
    """An index as it is asked for."""
    name = given["IndexName"]
    keys = read_keys(given.get("KeySchema"), types, f" for index: {name}")
    if not is_global:
        _check_local(name, keys, table)
    projection, included = _read_projection(given.get("Projection"))
    throughput = read_throughput(given.get("ProvisionedThroughput"), billing, name) if is_global else Throughput()
    check_warm(given.get("WarmThroughput"), billing, f"index {name}")
    first, *more_partition = keys.partitions
    sort, *more_sort = keys.sorts or [None]
    return Index(
        name, number, is_global, first, sort, projection, included, throughput, given.get("OnDemandThroughput"),
        more_partition=more_partition, more_sort=more_sort, warm=given.get("WarmThroughput"),
    )  # fmt: skip


def _check_local(name: str, keys: Keys, table: Keys):
    """Refuse a local index whose key is not the partition of its table and one other attribute."""
    first = keys.partitions[0]
    if len(keys.partitions) > 1:
        raise ValidationException("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
    if not keys.sorts:
        raise wrong(f"Index KeySchema does not have a range key for index: {name}")
    if first != table.partitions[0]:
        raise wrong(
            f"Index KeySchema does not have the same leading hash key as table KeySchema for index: {name}."
            f" index hash key: {first.name}, table hash key: {table.partitions[0].name}"
        )
    if len(keys.sorts) > 1:
        raise wrong(f"Index KeySchema has more than one range key for index: {name}")


def _read_projection(given: dict | None) -> tuple[str, list[str]]:
    if not given or not given.get("ProjectionType"):
        raise wrong("Unknown ProjectionType: null")
    kind, included = given["ProjectionType"], given.get("NonKeyAttributes")
    if kind not in PROJECTIONS:
        raise wrong(f"Unknown ProjectionType: {kind}")
    if included is not None and kind != "INCLUDE":
        raise wrong(f"ProjectionType is {kind}, but NonKeyAttributes is specified")
    if kind == "INCLUDE" and not included:
        raise wrong(f"ProjectionType is {kind}, but NonKeyAttributes is not specified")
    return kind, included or []


def check_lists(given_global: list | None, given_local: list | None, keys: Keys):
    """Refuse lists of indexes that are empty, and local indexes of a table without a sort key."""
    for given, word in ((given_local, "LocalSecondaryIndexes"), (given_global, "GlobalSecondaryIndexes")):
        if given is not None and not given:
            kind = word.removesuffix("Indexes")
            raise wrong(f"List of {kind}Indexes is empty")
    if given_local and not keys.sorts:
        raise wrong(
            "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
        )


def check_indexes(indexes: list[Index]):
    names = set()
    for index in indexes:
        if index.name in names:
            raise wrong(f"Duplicate index name: {index.name}")
        names.add(index.name)
    if sum(not index.is_global for index in indexes) > MOST_LOCAL:
        raise wrong(f"Number of LocalSecondaryIndexes exceeds per-table limit of {MOST_LOCAL}")
    if sum(index.is_global for index in indexes) > MOST_GLOBAL:
        raise wrong(f"GlobalSecondaryIndex count exceeds the per-table limit of {MOST_GLOBAL}")
    check_counts(indexes)


def check_counts(indexes: list[Index]):
    if sum(index.is_global for index in indexes) > MOST_GLOBAL:
        raise LimitExceededException(
            f"Subscriber limit exceeded: Number of global secondary indexes per table exceeds limit of {MOST_GLOBAL}"
        )
    if sum(len(index.included) for index in indexes) > MOST_INCLUDED:
        raise wrong(f"Number of NonKeyAttributes across all indexes exceeds the limit of {MOST_INCLUDED}")


def wrong(message: str) -> ValidationException:
    return ValidationException(WRONG + message)
