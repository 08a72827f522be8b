"""BatchGetItem and BatchWriteItem: many items at once, each for itself."""

from glasshouse.core.errors import ServiceError
from glasshouse.engines.dynamo import Invalid, Item, measure_item
from glasshouse.services.dynamodb.asking import check_unmixed, names_for, projection_of
from glasshouse.services.dynamodb.capacity import Consumed, read_units
from glasshouse.services.dynamodb.errors import ValidationException
from glasshouse.services.dynamodb.keys import check_keys, check_scalars, measure_key, place_of_item, place_of_measured
from glasshouse.services.dynamodb.metering import THROTTLED
from glasshouse.services.dynamodb.records import DynamoTable
from glasshouse.services.dynamodb.rows import Items, check_size
from glasshouse.services.dynamodb.writes import Done, Write

MOST_READ, MOST_WRITTEN, MOST_BYTES = 100, 25, 16 * 2**20
NO_DUPLICATES = "Provided list of item keys contains duplicates"


class Batches:
    """Operations on batches."""

    _held_back: ServiceError | None = None  # what throttled a part of the batch

    def batch_get_item(self, request_items: dict, return_consumed_capacity: str | None = None):
        _check_requests("BatchGetItem", request_items)
        asked_for = sum(len(asked["Keys"]) for asked in request_items.values())
        if asked_for > MOST_READ:
            raise ValidationException("Too many items requested for the BatchGetItem call")
        consumed = Consumed(return_consumed_capacity)
        responses, unprocessed, room = {}, {}, MOST_BYTES
        with self._metered():
            _check_projections(request_items)
            for key in [key for asked in request_items.values() for key in asked["Keys"]]:
                measure_key(key)
            for name, asked in request_items.items():
                found, left, room = self._get_batch(name, asked, consumed, room)
                responses[name] = found
                if left:
                    unprocessed[name] = {**asked, "Keys": left}
            self._check_progress(sum(len(of["Keys"]) for of in unprocessed.values()), asked_for)
        return {"Responses": responses, "UnprocessedKeys": unprocessed, "ConsumedCapacity": consumed.all()}

    def _get_batch(self, name: str, asked: dict, consumed: Consumed, room: int) -> tuple[list, list, int]:
        """The items of one table, the keys that no room was left for, and the room that is left."""
        text, attributes = asked.get("ProjectionExpression"), asked.get("AttributesToGet")
        names = names_for(asked.get("ExpressionAttributeNames"), None, {"ProjectionExpression": text})
        wanted = projection_of(names, text, attributes)
        names.check_all_used()
        table = self._table(name)
        items = Items(self.store, table, self.now)
        if wanted is not None:
            check_scalars(table, wanted.nested)
        places = [place_of_measured(table, key) for key in asked["Keys"]]
        if len(set(places)) < len(places):
            raise Invalid(NO_DUPLICATES)
        found, units, left = [], 0.0, []
        for number, place in enumerate(places):
            self._held_back = self._refusal(table, "Read", spent=units) or self._held_back
            item, size = items.sized(place)
            if self._held_back is not None or size > room:
                left, room = asked["Keys"][number:], 0 if size > room else room
                break
            room -= size
            units += read_units(size, asked.get("ConsistentRead") or False)
            if item is not None:
                found.append(wanted(item) if wanted else item)
        if units:
            self._consume(consumed, table, None, "Read", units)
        return found, left, room

    def batch_write_item(
        self,
        request_items: dict,
        return_consumed_capacity: str | None = None,
        return_item_collection_metrics: str | None = None,
    ):
        _check_requests("BatchWriteItem", request_items)
        if sum(map(len, request_items.values())) > MOST_WRITTEN:
            raise ValidationException("Too many items requested for the BatchWriteItem call")
        consumed, collections, unprocessed = Consumed(return_consumed_capacity), {}, {}
        with self._metered():
            checked = {name: [_checked(one) for one in requests] for name, requests in request_items.items()}
            planned = {name: self._plan_batch(name, requests) for name, requests in checked.items()}
            for name, writes in planned.items():
                for write, request in zip(writes, request_items[name], strict=True):
                    done = self._write_if_let_in(write)
                    if done is None:
                        unprocessed.setdefault(name, []).append(request)
                        continue
                    self._consume_write(consumed, write.table, done.change)
                    told = self._collection(
                        write.table, write.place, done.new or done.old, return_item_collection_metrics
                    )
                    if told:
                        collections.setdefault(write.table.name, []).append(told)
            self._check_progress(sum(map(len, unprocessed.values())), sum(map(len, request_items.values())))
        return {
            "UnprocessedItems": unprocessed,
            "ItemCollectionMetrics": collections or None,
            "ConsumedCapacity": consumed.all(),
        }

    def _write_if_let_in(self, write: Write) -> Done | None:
        """One write of a batch; None if it is throttled, so that nothing of it is done."""
        if write.table.billing != "PROVISIONED":
            return self._write(write)
        try:
            with self.store.transaction():
                return self._write(write)
        except THROTTLED as refusal:
            self._held_back = refusal
            return None

    def _check_progress(self, left: int, asked_for: int):
        """A batch of which everything was throttled fails; one of which a part was, tells what is left."""
        if self._held_back is not None and left == asked_for:
            raise self._held_back

    def _plan_batch(self, name: str, requests: list[tuple[Item, int | None]]) -> list[Write]:
        table = self._table(name)
        writes = [_planned(table, item, size) for item, size in requests]
        if len({write.place for write in writes}) < len(writes):
            raise Invalid(NO_DUPLICATES)
        return writes


def _checked(request: dict) -> tuple[Item, int | None]:
    """The item that one request puts and its size; or the key that it deletes. Raises Invalid."""
    put, delete = request.get("PutRequest"), request.get("DeleteRequest")
    if (put is None) is (delete is None):
        how_many = "has more than one datatypes set" if put else "is empty"
        raise Invalid(f"Supplied AttributeValue {how_many}, must contain exactly one of the supported datatypes")
    if put is None:
        measure_key(delete["Key"])  # type: ignore[index]
        return delete["Key"], None  # type: ignore[index]
    size = measure_item(put["Item"])
    check_size(size)
    return put["Item"], size


def _planned(table: DynamoTable, item: Item, size: int | None) -> Write:
    if size is None:
        return Write(table, place_of_measured(table, item), lambda old: None)
    check_keys(table, item)
    return Write(table, place_of_item(table, item), lambda old: item, known_size=size)


def _check_requests(operation: str, requests: dict):
    if not requests:
        raise ValidationException(f"The requestItems parameter is required for {operation}")
    for name, asked in requests.items():
        if isinstance(asked, dict) and len(asked["Keys"]) > MOST_READ:
            raise ValidationException(
                f"1 validation error detected: Value at 'RequestItems.{name}.member.Keys' failed to satisfy constraint:"
                f" Member must have length less than or equal to {MOST_READ}"
            )


def _check_projections(requests: dict):
    """All tables of a request have projections of one kind. Raises Invalid."""
    given = {name for asked in requests.values() for name, value in asked.items() if value is not None}
    old, new = ("AttributesToGet",), ("ProjectionExpression",)
    check_unmixed({name: name in given or None for name in old}, {name: name in given or None for name in new})
