"""PutItem, GetItem, UpdateItem and DeleteItem."""

from glasshouse.engines.dynamo import Invalid, Item, Projection, Update, legacy, measure_item, update
from glasshouse.services.dynamodb.asking import check_unmixed, condition_of, names_for, only_condition, projection_of
from glasshouse.services.dynamodb.capacity import Consumed, read_units
from glasshouse.services.dynamodb.errors import REQUEST
from glasshouse.services.dynamodb.keys import check_scalars, measure_key, place_of_item, place_of_measured
from glasshouse.services.dynamodb.rows import LARGEST_ITEM_BYTES, Items, check_size
from glasshouse.services.dynamodb.writes import TO_UPDATE, Done, Write, update_change

FEWER = ("NONE", "ALL_OLD")
NEARLY_FULL_BYTES = LARGEST_ITEM_BYTES - 20_000


class ItemOperations:
    """Operations on one item."""

    def put_item(
        self,
        table_name: str,
        item: dict,
        expected: dict | None = None,
        return_values: str = "NONE",
        return_consumed_capacity: str | None = None,
        return_item_collection_metrics: str | None = None,
        conditional_operator: str | None = None,
        condition_expression: str | None = None,
        expression_attribute_names: dict | None = None,
        expression_attribute_values: dict | None = None,
        return_values_on_condition_check_failure: str | None = None,
    ):
        with self._metered():
            with REQUEST:
                check_returned(return_values)
                condition = only_condition(
                    condition_expression, expression_attribute_names, expression_attribute_values, expected,
                    conditional_operator,
                )  # fmt: skip
                size = measure_item(item)
            check_size(size)
            table = self._table(table_name)
            write = Write(
                table, place_of_item(table, item), lambda old: item, condition,
                return_values_on_condition_check_failure == "ALL_OLD", size,
            )  # fmt: skip
            done = self._write(write)
        old = done.old if return_values == "ALL_OLD" else None
        return self._answer(write, done, old, return_consumed_capacity, return_item_collection_metrics)

    def delete_item(
        self,
        table_name: str,
        key: dict,
        expected: dict | None = None,
        conditional_operator: str | None = None,
        return_values: str = "NONE",
        return_consumed_capacity: str | None = None,
        return_item_collection_metrics: str | None = None,
        condition_expression: str | None = None,
        expression_attribute_names: dict | None = None,
        expression_attribute_values: dict | None = None,
        return_values_on_condition_check_failure: str | None = None,
    ):
        with self._metered():
            with REQUEST:
                check_returned(return_values)
                condition = only_condition(
                    condition_expression, expression_attribute_names, expression_attribute_values, expected,
                    conditional_operator, tells_which=False,
                )  # fmt: skip
            measure_key(key)
            table = self._table(table_name)
            write = Write(
                table, place_of_measured(table, key), lambda old: None, condition,
                return_values_on_condition_check_failure == "ALL_OLD",
            )  # fmt: skip
            done = self._write(write)
        old = done.old if return_values == "ALL_OLD" else None
        return self._answer(write, done, old, return_consumed_capacity, return_item_collection_metrics)

    def update_item(
        self,
        table_name: str,
        key: dict,
        attribute_updates: dict | None = None,
        expected: dict | None = None,
        conditional_operator: str | None = None,
        return_values: str = "NONE",
        return_consumed_capacity: str | None = None,
        return_item_collection_metrics: str | None = None,
        update_expression: str | None = None,
        condition_expression: str | None = None,
        expression_attribute_names: dict | None = None,
        expression_attribute_values: dict | None = None,
        return_values_on_condition_check_failure: str | None = None,
    ):
        with self._metered():
            with REQUEST:
                check_unmixed(
                    {
                        "AttributeUpdates": attribute_updates,
                        "Expected": expected,
                        "ConditionalOperator": conditional_operator,
                    },
                    {"UpdateExpression": update_expression, "ConditionExpression": condition_expression},
                )
                names = names_for(
                    expression_attribute_names,
                    expression_attribute_values,
                    {"UpdateExpression": update_expression, "ConditionExpression": condition_expression},
                )
                changes: Update | None = None
                if update_expression is not None:
                    changes = update(update_expression, names)
                elif attribute_updates:
                    changes = legacy.attribute_updates(attribute_updates)
                condition = condition_of(names, condition_expression, expected, conditional_operator)
                names.check_all_used()
            measure_key(key)
            table = self._table(table_name)
            write = Write(
                table, place_of_measured(table, key), update_change(table, key, changes), condition,
                return_values_on_condition_check_failure == "ALL_OLD",
            )  # fmt: skip
            done = self._write(write)
            if changes is not None and done.change.new_size > NEARLY_FULL_BYTES and done.new is not None:
                _check_cost(changes, done.new)
        returned = returned_item(done, changes, return_values)
        return self._answer(write, done, returned, return_consumed_capacity, return_item_collection_metrics)

    def get_item(
        self,
        table_name: str,
        key: dict,
        attributes_to_get: list | None = None,
        consistent_read: bool = False,
        return_consumed_capacity: str | None = None,
        projection_expression: str | None = None,
        expression_attribute_names: dict | None = None,
    ):
        with self._metered():
            check_unmixed({"AttributesToGet": attributes_to_get}, {"ProjectionExpression": projection_expression})
            names = names_for(expression_attribute_names, None, {"ProjectionExpression": projection_expression})
            wanted = projection_of(names, projection_expression, attributes_to_get)
            names.check_all_used()
            measure_key(key)
            table = self._table(table_name)
            if wanted is not None and wanted.nested:
                check_scalars(table, wanted.nested)
            place = place_of_measured(table, key)
            self._admit(table, "Read")
            item, size = Items(self.store, table, self.now).sized(place)
        consumed = Consumed(return_consumed_capacity)
        self._consume(consumed, table, None, "Read", read_units(size, consistent_read))
        found = item if item is None or wanted is None else wanted(item)
        return {"Item": found, "ConsumedCapacity": consumed.only()}

    def _answer(self, write: Write, done: Done, returned: Item | None, capacity: str | None, metrics: str | None):
        consumed = Consumed(capacity)
        self._consume_write(consumed, write.table, done.change)
        return {
            "Attributes": returned,
            "ConsumedCapacity": consumed.only(),
            "ItemCollectionMetrics": self._collection(write.table, write.place, done.new or done.old, metrics),
        }


def _check_cost(update: Update, item: Item):
    """UpdateItem alone refuses what it writes and the fees for that, where the item by itself would be small enough."""
    if update.cost_bytes(item) > LARGEST_ITEM_BYTES:
        raise Invalid(TO_UPDATE)


def check_returned(wanted: str):
    """Only UpdateItem tells of the new item. Raises Invalid."""
    if wanted not in FEWER:
        raise Invalid("ReturnValues can only be ALL_OLD or NONE")


def returned_item(done: Done, changes: Update | None, wanted: str) -> Item | None:
    """What ReturnValues asks for."""
    if wanted == "NONE":
        return None
    if wanted == "ALL_OLD":
        return done.old
    if wanted == "ALL_NEW":
        return done.new
    item = done.old if wanted == "UPDATED_OLD" else done.new
    if item is None or changes is None:
        return None
    return Projection(changes.paths)(item) or None
