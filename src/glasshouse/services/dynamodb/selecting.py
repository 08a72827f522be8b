"""SELECT: what a PartiQL statement reads, by key or by looking at all of a table or an index.

Differs from AWS: a SELECT with IN on the partition key scans; an element of a list is told by the name of the list.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator

import msgspec

from glasshouse.engines.dynamo import Invalid, Item, KeyRange, Projection
from glasshouse.engines.dynamo.conditions import Binder
from glasshouse.engines.dynamo.documents import find
from glasshouse.engines.dynamo.key_conditions import SIGNS, range_of
from glasshouse.engines.dynamo.names import Names, Steps
from glasshouse.engines.dynamo.nodes import Comparison, Constant, Function, Junction, Node, Not, Path
from glasshouse.engines.dynamo.partiql import Statement
from glasshouse.engines.dynamo.values import kind_of
from glasshouse.services.dynamodb.capacity import Consumed, read_units
from glasshouse.services.dynamodb.keys import place_of_key
from glasshouse.services.dynamodb.ranges import Source, everywhere, in_partition
from glasshouse.services.dynamodb.reading import check_filter_projected, shape_of
from glasshouse.services.dynamodb.records import DynamoTable
from glasshouse.services.dynamodb.rows import Items
from glasshouse.services.dynamodb.transactions import digest

OPERATOR = "operator or function"  # what PartiQL calls an operator in messages
NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"


class Selection:
    """The paths of a SELECT: each is told by its last name."""

    def __init__(self, paths: list[Steps]):
        self._paths = [(str(next(step for step in reversed(steps) if isinstance(step, str))), steps) for steps in paths]

    @property
    def attributes(self) -> set[str]:
        return {str(steps[0]) for _, steps in self._paths}

    def __call__(self, item: Item) -> Item:
        found = ((name, find(item, steps)) for name, steps in self._paths)
        return {name: value for name, value in found if value is not None}


class Selecting:
    """Reading as statements ask for it."""

    def _select(
        self, said: Statement, asked: list, consistent: bool, limit: int | None, token: str | None, consumed: Consumed
    ) -> dict:
        names = said.names
        holds = bound_where(said)
        source = self._source_of(said, consistent)
        if keyed(source, said.where, names):
            check_filter_projected(source, filtered(said.where, names))
        shape = shape_of(source, None, selection(said, names))
        request = digest(asked)
        rows = self._rows(source, said, names, _start(token, request))
        page = self._read_page(source, rows, limit, holds, shape)
        self._consume_read(consumed, source, page, consistent)
        self._count_returned(source.table, page.count)
        last = None if page.last is None else source.start_of(page.last)
        return {
            "Items": page.items,
            "NextToken": None if last is None else b64encode(msgspec.msgpack.encode((request, last))).decode(),
            "LastEvaluatedKey": last,
        }

    def _source_of(self, said: Statement, consistent: bool) -> Source:
        if said.index is not None:
            index = self._table(said.table).index(said.index)
            if index is None or index.status == "DELETING":
                raise Invalid("The table does not have the specified index")
            if consistent and index.is_global:
                raise Invalid("Strongly consistent read is not supported on Global Secondary Indexes")
        return self._source(said.table, said.index, consistent)

    def _rows(self, source: Source, said: Statement, names: Names, start: Item | None) -> Iterator[tuple]:
        """By key where the statement fixes the partition; else all of them, of which the condition then takes some."""
        wanted = _range(source, said.where, names)
        if wanted is None:
            if said.order is not None:
                raise Invalid("Must have WHERE clause in the statement when using ORDER BY clause.")
            return everywhere(self.store, source, None, start)
        place = None if start is None else source.place(start, scans=False)
        return in_partition(self.store, source, wanted, place, not said.descending)

    def _one(self, said: Statement, operation: str, consistent: bool, consumed: Consumed, times: int = 1) -> dict:
        """The single item that a statement in a batch or transaction reads, by its whole key."""
        names = said.names
        holds = bound_where(said)
        table = self._table(said.table)
        if said.index is not None or not fixes_key(table, said.where, names):
            raise Invalid(f"Select statements within {operation} must specify the primary key in the where clause.")
        key, _ = key_and_rest(table, said.where, names)
        place = place_of_key(table, key)
        self._admit(table, "Read")
        item, size = Items(self.store, table, self.now).sized(place)
        self._consume(consumed, table, None, "Read", times * read_units(size, consistent))
        if item is None or (holds is not None and not holds(item)):
            return {"Item": None}
        wanted = selection(said, names)
        return {"Item": wanted(item) if wanted else item}


def selection(said: Statement, names: Names) -> Selection | Projection | None:
    """What of the items a SELECT tells; None is everything."""
    if said.paths is None:
        return None
    paths = [names.path(path) for path in said.paths]
    return Projection(paths) if all(len(steps) == 1 for steps in paths) else Selection(paths)


def bound_where(said: Statement):
    """The condition of a statement, which is checked before anything is known of its table. Raises Invalid."""
    return None if said.where is None else Binder(said.names, OPERATOR).condition(said.where)


def clauses(where: Node | None) -> list[Node]:
    """What must all hold."""
    if where is None:
        return []
    if isinstance(where, Junction) and where.word == "AND":
        return [clause for side in where.sides for clause in clauses(side)]
    return [where]


def keyed(source: Source, where: Node | None, names: Names) -> bool:
    """Whether a condition is about some partitions, rather than about everything."""
    found = [_about(clause, names) for clause in clauses(where)]
    return any(about is not None and about[0] == source.keys[0].name and about[1] in ("=", "IN") for about in found)


def filtered(where: Node | None, names: Names) -> set[str]:
    """The attributes that the clauses of a condition look at; alternatives do not count."""
    binder = Binder(names, OPERATOR)
    for clause in clauses(where):
        inner = clause
        while isinstance(inner, Not):
            inner = inner.inner
        if not isinstance(inner, Junction):
            binder.condition(inner)
    return binder.attributes


def fixes_key(table: DynamoTable, where: Node | None, names: Names) -> bool:
    try:
        key_and_rest(table, where, names)
    except Invalid:
        return False
    return True


def key_and_rest(table: DynamoTable, where: Node | None, names: Names) -> tuple[Item, list[Node]]:
    """The key that a condition fixes, and what else it asks for. Raises Invalid."""
    key: Item = {}
    rest = []
    wanted = {attribute.name for attribute in table.keys}
    for clause in clauses(where):
        about = _about(clause, names)
        if about is not None and about[1] == "=" and about[0] in wanted and about[0] not in key:
            key[about[0]] = about[2][0]
        else:
            rest.append(clause)
    if key.keys() != wanted:
        raise Invalid(NO_KEY)
    return key, rest


def _about(clause: Node, names: Names) -> tuple[str, str, list] | None:
    """(attribute, sign, values) of a clause that compares a whole attribute with values."""
    if isinstance(clause, Comparison):
        sign, operands = clause.sign, clause.operands
    elif isinstance(clause, Function):
        sign, operands = clause.name, clause.arguments
    else:
        return None
    first, *rest = operands
    if not isinstance(first, Path) or len(first.steps) > 1 or not all(isinstance(one, Constant) for one in rest):
        return None
    return str(names.path(first)[0]), sign, [names.value(one) for one in rest if isinstance(one, Constant)]


def _range(source: Source, where: Node | None, names: Names) -> KeyRange | None:
    """The part of one partition that a condition is about, if it fixes the partition."""
    keys = source.schema
    asked: dict[str, tuple[str, list]] = {}
    for clause in clauses(where):
        about = _about(clause, names)
        if about is not None:
            asked.setdefault(about[0], about[1:])
    found: dict[str, tuple[str, list]] = {}
    for attribute in keys.partitions:
        sign, values = asked.get(attribute.name, ("", []))
        if sign != "=":
            return None
        found[attribute.name] = (sign, values)
    for attribute in keys.sorts:
        sign, values = asked.get(attribute.name, ("", []))
        if sign not in SIGNS or kind_of(values[0]) != attribute.kind:
            break
        found[attribute.name] = (sign, values)
        if sign != "=":
            break
    return range_of(found, keys)


def _start(token: str | None, request: str) -> Item | None:
    """Where the page of a token begins; it belongs to the statement that it was given for. Raises Invalid."""
    if token is None:
        return None
    try:
        asked, last = msgspec.msgpack.decode(b64decode(token, validate=True), type=tuple[str, dict[str, dict]])
    except (ValueError, msgspec.MsgspecError):
        raise Invalid("Invalid NextToken") from None
    if asked != request:
        raise Invalid("NextToken does not match request")
    return last
