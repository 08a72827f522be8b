"""BatchGetItem and BatchWriteItem: many items at once, each for itself."""

from glasshouse.engines.dynamo import Invalid
from glasshouse.services.dynamodb.asking import check_unmixed, names_for, projection_of
from glasshouse.services.dynamodb.capacity import Consumed, read_units
from glasshouse.services.dynamodb.errors import WORDED, ValidationException
from glasshouse.services.dynamodb.keys import place_of_item, place_of_key
from glasshouse.services.dynamodb.rows import Items
from glasshouse.services.dynamodb.writes import Write

MOST_READ, MOST_WRITTEN, MOST_BYTES = 100, 25, 16 * 2**20
NO_DUPLICATES = "Provided list of item keys contains duplicates"


class Batches:
    """Operations on batches."""

    def batch_get_item(self, request_items: dict, return_consumed_capacity: str | None = None):
        if sum(len(asked["Keys"]) for asked in request_items.values()) > MOST_READ:
            raise ValidationException("Too many items requested for the BatchGetItem call")
        consumed = Consumed(return_consumed_capacity)
        responses, unprocessed, room = {}, {}, MOST_BYTES
        with WORDED:
            for name, asked in request_items.items():
                found, left, room = self._get_batch(name, asked, consumed, room)
                responses[self._name_of(name)] = found
                if left:
                    unprocessed[name] = {**asked, "Keys": left}
        return {"Responses": responses, "UnprocessedKeys": unprocessed, "ConsumedCapacity": consumed.all()}

    def _get_batch(self, name: str, asked: dict, consumed: Consumed, room: int) -> tuple[list, list, int]:
        """The items of one table, the keys that no room was left for, and the room that is left."""
        text, attributes = asked.get("ProjectionExpression"), asked.get("AttributesToGet")
        check_unmixed({"AttributesToGet": attributes}, {"ProjectionExpression": text})
        names = names_for(asked.get("ExpressionAttributeNames"), None, {"ProjectionExpression": text})
        wanted = projection_of(names, text, attributes)
        names.check_all_used()
        table = self._table(name)
        items = Items(self.store, table, self.now)
        places = [place_of_key(table, key) for key in asked["Keys"]]
        if len(set(places)) < len(places):
            raise Invalid(NO_DUPLICATES)
        found = []
        for number, place in enumerate(places):
            item, size = items.sized(place)
            if size > room:
                return found, asked["Keys"][number:], 0
            room -= size
            consumed.add(table.name, read_units(size, asked.get("ConsistentRead") or False))
            if item is not None:
                found.append(wanted(item) if wanted else item)
        return found, [], room

    def batch_write_item(
        self,
        request_items: dict,
        return_consumed_capacity: str | None = None,
        return_item_collection_metrics: str | None = None,
    ):
        if sum(map(len, request_items.values())) > MOST_WRITTEN:
            raise ValidationException("Too many items requested for the BatchWriteItem call")
        consumed, collections = Consumed(return_consumed_capacity), {}
        with WORDED:
            planned = {name: self._plan_batch(name, requests) for name, requests in request_items.items()}
            for writes in planned.values():
                for write in writes:
                    done = self._write(write)
                    self._consume_write(consumed, write.table, done.change)
                    told = self._collection(
                        write.table, write.place, done.new or done.old, return_item_collection_metrics
                    )
                    if told:
                        collections.setdefault(write.table.name, []).append(told)
        return {
            "UnprocessedItems": {},
            "ItemCollectionMetrics": collections or None,
            "ConsumedCapacity": consumed.all(),
        }

    def _plan_batch(self, name: str, requests: list[dict]) -> list[Write]:
        table = self._table(name)
        writes = [self._plan_one(table, request) for request in requests]
        if len({write.place for write in writes}) < len(writes):
            raise Invalid(NO_DUPLICATES)
        return writes

    def _plan_one(self, table, request: dict) -> Write:
        put, delete = request.get("PutRequest"), request.get("DeleteRequest")
        if (put is None) is (delete is None):
            how_many = "has more than one datatypes set" if put else "is empty"
            raise Invalid(f"Supplied AttributeValue {how_many}, must contain exactly one of the supported datatypes")
        if put is None:
            return Write(table, place_of_key(table, delete["Key"]), lambda old: None)  # type: ignore[index]
        item = put["Item"]
        size = Items(self.store, table, self.now).measure(item)
        return Write(table, place_of_item(table, item), lambda old: item, known_size=size)
