"""Query and Scan: pages of items, by key or all of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import Protocol

from glasshouse.engines.dynamo import Invalid, Item, Names, Projection, key_clauses, legacy, projection
from glasshouse.engines.dynamo.conditions import Binder, Condition
from glasshouse.engines.dynamo.grammar import parse_condition
from glasshouse.engines.dynamo.key_conditions import range_of
from glasshouse.engines.dynamo.keys import segment
from glasshouse.engines.dynamo.values import WRONG
from glasshouse.services.dynamodb.asking import check_unmixed, names_for, projection_of
from glasshouse.services.dynamodb.capacity import READ_UNIT_BYTES, Consumed
from glasshouse.services.dynamodb.errors import REQUEST, ResourceNotFoundException, ValidationException
from glasshouse.services.dynamodb.keys import check_scalars
from glasshouse.services.dynamodb.ranges import Source, check_start, everywhere, in_partition
from glasshouse.services.dynamodb.rows import Items, decode

PAGE_BYTES = 2**20
OLD_PROJECTION = "AttributesToGet"


class Wanted(Protocol):
    """What of an item is told, like a Projection."""

    @property
    def attributes(self) -> set[str]: ...

    def __call__(self, item: Item) -> Item: ...


@dataclass(slots=True)
class Page:
    """What a query or scan has come across."""

    items: list[Item] = field(default_factory=list)
    count: int = 0
    scanned: int = 0
    size: int = 0
    fetched_size: int = 0  # of items that an index had to fetch from its table
    last: Item | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """What must hold of an item to be told; the attributes it is about, and those of them that it looks into."""

    holds: Condition | None = None
    attributes: set[str] = field(default_factory=set)
    nested: set[str] = field(default_factory=set)


class Reading:
    """Query and Scan."""

    def query(
        self,
        table_name: str,
        index_name: str | None = None,
        select: str | None = None,
        attributes_to_get: list | None = None,
        limit: int | None = None,
        consistent_read: bool = False,
        key_conditions: dict | None = None,
        query_filter: dict | None = None,
        conditional_operator: str | None = None,
        scan_index_forward: bool = True,
        exclusive_start_key: dict | None = None,
        return_consumed_capacity: str | None = None,
        projection_expression: str | None = None,
        filter_expression: str | None = None,
        key_condition_expression: str | None = None,
        expression_attribute_names: dict | None = None,
        expression_attribute_values: dict | None = None,
    ):
        with self._metered():
            check_unmixed(
                {"AttributesToGet": attributes_to_get, "QueryFilter": query_filter,
                 "ConditionalOperator": conditional_operator,
                 "KeyConditions": None if key_condition_expression is None else key_conditions},
                {"ProjectionExpression": projection_expression, "FilterExpression": filter_expression,
                 "KeyConditionExpression": key_condition_expression},
            )  # fmt: skip
            names = names_for(
                expression_attribute_names, expression_attribute_values,
                {"FilterExpression": filter_expression, "KeyConditionExpression": key_condition_expression},
            )  # fmt: skip
            old = _old_filter(query_filter, conditional_operator), projection_of(names, None, attributes_to_get)
            check_start(exclusive_start_key)
            clauses, unfit = _key_clauses(names, key_condition_expression, key_conditions, index_name)
            chosen = old[0] if filter_expression is None else _filter(names, filter_expression)
            wanted = old[1] if projection_expression is None else projection(projection_expression, names)
            names.check_all_used()
            if unfit is not None:
                raise unfit
            source = self._source(table_name, index_name, consistent_read)
            start = None if exclusive_start_key is None else source.place(exclusive_start_key, scans=False)
            rows = in_partition(self.store, source, range_of(clauses, source.schema), start, scan_index_forward)
            _check_not_keys(source, chosen.attributes, "Filter Expression" if filter_expression else "QueryFilter")
            check_filter_projected(source, chosen.attributes)
            check_scalars(source.table, chosen.nested)
            shape = _shape(source, select, wanted, "ProjectionExpression" if projection_expression else OLD_PROJECTION)
            page = self._read_page(source, rows, limit, chosen.holds, shape)
        return self._told(source, page, shape, consistent_read, return_consumed_capacity)

    def scan(
        self,
        table_name: str,
        index_name: str | None = None,
        attributes_to_get: list | None = None,
        limit: int | None = None,
        select: str | None = None,
        scan_filter: dict | None = None,
        conditional_operator: str | None = None,
        exclusive_start_key: dict | None = None,
        return_consumed_capacity: str | None = None,
        total_segments: int | None = None,
        segment: int | None = None,
        projection_expression: str | None = None,
        filter_expression: str | None = None,
        expression_attribute_names: dict | None = None,
        expression_attribute_values: dict | None = None,
        consistent_read: bool = False,
    ):
        with self._metered():
            check_unmixed(
                {"AttributesToGet": attributes_to_get, "ScanFilter": scan_filter,
                 "ConditionalOperator": conditional_operator},
                {"ProjectionExpression": projection_expression, "FilterExpression": filter_expression},
            )  # fmt: skip
            names = names_for(
                expression_attribute_names, expression_attribute_values,
                {"FilterExpression": filter_expression}
                if projection_expression is None
                else {"ProjectionExpression": projection_expression},
            )  # fmt: skip
            old = projection_of(names, None, attributes_to_get), _old_filter(scan_filter, conditional_operator)
            check_start(exclusive_start_key)
            bounds = _segment_bounds(segment, total_segments)
            chosen = old[1] if filter_expression is None else _filter(names, filter_expression)
            wanted = old[0] if projection_expression is None else projection(projection_expression, names)
            names.check_all_used()
            source = self._source(table_name, index_name, consistent_read)
            shape = _shape(source, select, wanted, "ProjectionExpression" if projection_expression else OLD_PROJECTION)
            rows = everywhere(self.store, source, bounds, exclusive_start_key)
            check_scalars(source.table, chosen.nested)
            page = self._read_page(source, rows, limit, chosen.holds, shape)
        return self._told(source, page, shape, consistent_read, return_consumed_capacity)

    def _source(self, table_name: str, index_name: str | None, consistent: bool) -> Source:
        table = self._table(table_name)
        if index_name is None:
            self._admit(table, "Read")
            return Source(table, None)
        index = table.index(index_name)
        if index is None or index.status == "DELETING":
            raise ValidationException(f"The table does not have the specified index: {index_name}")
        if index.status == "CREATING":
            raise ResourceNotFoundException(f"Requested resource not found: Index: {index_name} is being created")
        if consistent and index.is_global:
            raise ValidationException("Consistent reads are not supported on global secondary indexes")
        if index.is_global:
            self._admit_index(table, index, "Read")
        else:
            self._admit(table, "Read")
        return Source(table, index)

    def _read_page(
        self, source: Source, rows: Iterator[tuple], limit: int | None, holds: Condition | None, shape: "Shape"
    ) -> Page:
        page = Page()
        items = Items(self.store, source.table, self.now)
        for size, body, *place in rows:
            if page.size >= PAGE_BYTES:
                break
            item = decode(body)
            if shape.fetches:
                item, size_there = items.sized((place[2], place[3]))
                page.fetched_size += ceil(size_there / READ_UNIT_BYTES) * READ_UNIT_BYTES
            page.scanned += 1
            page.size += size
            page.last = item
            if holds is None or holds(item):
                page.count += 1
                if not shape.counts:
                    page.items.append(shape.wanted(item) if shape.wanted else item)
            if page.scanned == limit:
                break
        else:
            page.last = None
        return page

    def _told(self, source: Source, page: Page, shape: "Shape", consistent: bool, capacity: str | None) -> dict:
        consumed = Consumed(capacity)
        self._consume_read(consumed, source, page, consistent)
        self._count_returned(source.table, page.count)
        return {
            "Items": None if shape.counts else page.items,
            "Count": page.count,
            "ScannedCount": page.scanned,
            "LastEvaluatedKey": source.start_of(page.last) if page.last is not None else None,
            "ConsumedCapacity": consumed.only(),
        }

    def _consume_read(self, consumed: Consumed, source: Source, page: Page, consistent: bool):
        rate = 1.0 if consistent else 0.5
        units = max(1, ceil(page.size / READ_UNIT_BYTES)) * rate
        table, index = source.table, source.index
        if index is None:
            self._consume(consumed, table, None, "Read", units)
            return
        fetched = page.fetched_size / READ_UNIT_BYTES * rate
        if fetched:
            self._consume(consumed, table, None, "Read", fetched)
        self._consume(consumed, table, index, "Read", units)


@dataclass(frozen=True, slots=True)
class Shape:
    """What of the items is told: a projection, only their number, or what an index must fetch from its table."""

    wanted: Wanted | None
    counts: bool
    fetches: bool


def _shape(source: Source, select: str | None, wanted: Projection | None, parameter: str) -> Shape:
    if wanted is not None and wanted.nested:
        check_scalars(source.table, wanted.nested)
    _check_select(source, select, wanted, parameter)
    return shape_of(source, select, wanted)


def shape_of(source: Source, select: str | None, wanted: Wanted | None) -> Shape:
    held = source.held
    more = held is not None and (select == "ALL_ATTRIBUTES" or (wanted is not None and not wanted.attributes <= held))
    if more and source.index.is_global and wanted is not None:  # type: ignore[union-attr]
        missing = ", ".join(sorted(wanted.attributes - held))  # type: ignore[operator]
        raise Invalid(f"{WRONG}Global secondary index {source.index.name} does not project [{missing}]")  # type: ignore
    return Shape(wanted, select == "COUNT", more)


def check_filter_projected(source: Source, attributes: set[str]):
    """Refuse to filter by what an index does not hold. Raises Invalid."""
    held = source.held
    missing = sorted(attributes - held) if held is not None else []
    if missing and source.index is not None:
        raise Invalid(
            f"{WRONG}Secondary index {source.index.name} does not project one or more filter attributes:"
            f" [{', '.join(missing)}]"
        )


def _key_clauses(names: Names, text: str | None, old: dict | None, index: str | None):
    """What a query asks of keys, and what is wrong with that which is to be told later."""
    if text is not None:
        return key_clauses(text, names)
    if old is None:
        raise Invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
    return legacy.key_conditions(old, index is not None), None


def _filter(names: Names, text: str) -> Filter:
    try:
        binder = Binder(names)
        return Filter(binder.condition(parse_condition(text)), binder.attributes, binder.nested)
    except Invalid as wrong:
        raise Invalid(f"Invalid FilterExpression: {wrong}") from None


def _old_filter(old: dict | None, operator: str | None) -> Filter:
    """The same of QueryFilter or ScanFilter."""
    if operator is not None and not old:
        raise Invalid("ConditionalOperator cannot be used without Filter or Expected")
    return Filter(legacy.filters(old, operator), set(old)) if old else Filter()


def _check_not_keys(source: Source, attributes: set[str], what: str):
    for key in source.keys:
        if key.name in attributes:
            raise Invalid(f"{what} can only contain non-primary key attributes: Primary key attribute: {key.name}")


def _check_select(source: Source, select: str | None, wanted: Projection | None, parameter: str):
    if select is None:
        return
    index = source.index
    with REQUEST:
        _check_select_alone(select, wanted is not None, index is not None, parameter)
    if select == "ALL_ATTRIBUTES" and index is not None and index.is_global and index.projection != "ALL":
        raise Invalid(
            f"{WRONG}Select type ALL_ATTRIBUTES is not supported for global secondary index {index.name} because its"
            " projection type is not ALL"
        )


def _check_select_alone(select: str, projects: bool, by_index: bool, parameter: str):
    """What of Select can be told wrong without a look at the table. Raises Invalid."""
    if select == "SPECIFIC_ATTRIBUTES" and not projects:
        raise Invalid(
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
        )
    if projects and select != "SPECIFIC_ATTRIBUTES":
        told = "only the Count" if select == "COUNT" else select
        raise Invalid(f"Cannot specify the {parameter} when choosing to get {told}")
    if select == "ALL_PROJECTED_ATTRIBUTES" and not by_index:
        raise Invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")


def _segment_bounds(number: int | None, total: int | None) -> tuple[bytes, bytes | None] | None:
    if number is None and total is None:
        return None
    if total is None:
        raise Invalid(
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is"
            " present"
        )
    if number is None:
        raise Invalid(
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is"
            " present"
        )
    if number >= total:
        raise Invalid(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment:"
            f" {number} is not less than TotalSegments: {total}"
        )
    return segment(number, total)
