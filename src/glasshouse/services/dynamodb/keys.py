"""The keys of items: taken from items and requests, checked in DynamoDB's words."""

from glasshouse.engines.dynamo import Invalid, Item, Value, measure
from glasshouse.engines.dynamo.key_conditions import KeyAttribute
from glasshouse.engines.dynamo.keys import encoded, joined, partition, partition_of
from glasshouse.engines.dynamo.values import WRONG, kind_of
from glasshouse.services.dynamodb.records import DynamoTable, Index

LONGEST_PARTITION_BYTES, LONGEST_SORT_BYTES = 2048, 1024
MISMATCH = "The provided key element does not match the schema"
NOT_VALID = "One or more parameter values are not valid. "
Place = tuple[bytes, bytes]  # encoded partition and sort key


class Mismatch(Invalid):
    """A key that is not one of its table's, of which transactions tell as the reason of one action."""


class EmptyIndexKey(Invalid):
    """An empty value where an index has its key, which an update tells of in other words."""

    def __init__(self, message: str, word: str):
        super().__init__(message)
        self._word = word

    def of_update(self) -> "EmptyIndexKey":
        return EmptyIndexKey(
            f"{NOT_VALID}The update expression attempted to update a secondary index key to a value that is not"
            f" supported. The AttributeValue for a key attribute cannot contain an empty {self._word} value.",
            self._word,
        )


def measure_key(key: Item):
    """Check the values of a key, which is done before its table is looked at. Raises Invalid."""
    for value in key.values():
        measure(value)


def place_of_key(table: DynamoTable, key: Item) -> Place:
    """Where the item of a key is. Raises Invalid."""
    measure_key(key)
    return place_of_measured(table, key)


def place_of_measured(table: DynamoTable, key: Item) -> Place:
    """The same of a key whose values have been checked."""
    sort = table.sort
    if len(key) != (1 if sort is None else 2):
        raise Mismatch(MISMATCH)
    check_keys(table, key)
    return place_of_item(table, key)


def check_keys(table: DynamoTable, item: Item):
    """Refuse an item that lacks keys of its table, or has others than them. Raises Invalid."""
    for attribute in table.keys:
        value = item.get(attribute.name)
        if value is None:
            raise Mismatch(MISMATCH)
        if attribute.kind not in value:
            raise Mismatch(MISMATCH)


def check_key_value(attribute: KeyAttribute, value: Value):
    """Refuse a value that cannot be one of a key. Raises Invalid."""
    content = value.get(attribute.kind)
    if content is None:
        raise Mismatch(MISMATCH)
    if not content:
        raise Invalid(_empty(attribute))


def place_of_item(table: DynamoTable, item: Item) -> Place:
    """Where an item whose values have been checked belongs. Raises Invalid."""
    first, sort = table.partition, table.sort
    hash = partition(_key_value(item, first))
    if len(hash) - 4 > LONGEST_PARTITION_BYTES:
        raise Invalid(f"{WRONG}Size of hashkey has exceeded the maximum size limit of{LONGEST_PARTITION_BYTES} bytes")
    if sort is None:
        return hash, b""
    range = encoded(_key_value(item, sort))
    if len(range) > LONGEST_SORT_BYTES:
        raise Invalid(
            f"{WRONG}Aggregated size of all range keys has exceeded the size limit of {LONGEST_SORT_BYTES} bytes"
        )
    return hash, range


def place_in_index(index: Index, item: Item) -> Place | None:
    """Where an index has an item; None if it lacks a key of the index."""
    if index.more_partition or index.more_sort:
        return _place_by_several(index, item)
    first = item.get(index.partition.name)
    if first is None:
        return None
    if index.sort is None:
        return partition(first), b""
    second = item.get(index.sort.name)
    return None if second is None else (partition(first), encoded(second))


def _place_by_several(index: Index, item: Item) -> Place | None:
    if any(attribute.name not in item for attribute in index.keys):
        return None
    firsts, lasts = ([item[one.name] for one in part] for part in (index.schema.partitions, index.schema.sorts))
    return partition_of(firsts), encoded(lasts[0]) if len(lasts) == 1 else joined(lasts)


def check_index_keys(table: DynamoTable, item: Item):
    """Refuse an item whose attributes are not of the types that its indexes have for keys. Raises Invalid."""
    for index in table.indexes:
        for attribute in index.keys:
            value = item.get(attribute.name)
            if value is not None:
                _check_index_key(table, index, attribute, value)


def check_scalars(table: DynamoTable, nested: set[str]):
    """Refuse paths that lead into attributes of keys, by the attributes that paths lead into. Raises Invalid."""
    if not nested:
        return
    for kind, keys in (("Key", table.keys), ("IndexKey", [key for index in table.indexes for key in index.keys])):
        for attribute in keys:
            if attribute.name in nested:
                raise Invalid(
                    "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed:"
                    f" {kind}: {attribute.name}"
                )


def key_of(table: DynamoTable, item: Item) -> Item:
    return {attribute.name: item[attribute.name] for attribute in table.keys}


def _key_value(item: Item, attribute: KeyAttribute) -> Value:
    value = item.get(attribute.name)
    if value is None:
        raise Mismatch(f"{WRONG}Missing the key {attribute.name} in the item")
    content = value.get(attribute.kind)
    if content is None:
        raise Mismatch(
            f"{WRONG}Type mismatch for key {attribute.name} expected: {attribute.kind} actual: {kind_of(value)}"
        )
    if not content:
        raise Invalid(_empty(attribute))
    return value


def _empty(attribute: KeyAttribute) -> str:
    return (
        f"{NOT_VALID}The AttributeValue for a key attribute cannot contain an empty {_word(attribute)} value."
        f" Key: {attribute.name}"
    )


def _check_index_key(table: DynamoTable, index: Index, attribute: KeyAttribute, value: Value):
    content = value.get(attribute.kind)
    if not content:
        index = min((one for one in table.indexes if attribute in one.keys), key=lambda one: one.name)
    if content is None:
        raise Invalid(
            f"{WRONG}Type mismatch for Index Key {attribute.name} Expected: {attribute.kind} Actual: {kind_of(value)}"
            f" IndexName: {index.name}"
        )
    if not content:
        raise EmptyIndexKey(
            f"{NOT_VALID}A value specified for a secondary index key is not supported. The AttributeValue for a key"
            f" attribute cannot contain an empty {_word(attribute)} value. IndexName: {index.name},"
            f" IndexKey: {attribute.name}",
            _word(attribute),
        )
    leads = attribute == index.partition or attribute in index.more_partition
    longest = LONGEST_PARTITION_BYTES if leads else LONGEST_SORT_BYTES
    if len(content if isinstance(content, bytes) else content.encode()) > longest:
        raise Invalid(f"{WRONG}Size of hashkey has exceeded the maximum size limit of{longest} bytes")


def _word(attribute: KeyAttribute) -> str:
    return "string" if attribute.kind == "S" else "binary"
