"""PartiQL: statements that read and change items, alone, in batches and in transactions.

Differs from AWS: EXISTS() in transactions is refused; a SELECT with IN on the partition key scans.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator

import msgspec

from glasshouse.core.errors import ServiceError
from glasshouse.engines.dynamo import Invalid, Item, KeyRange, Projection
from glasshouse.engines.dynamo.conditions import Binder
from glasshouse.engines.dynamo.key_conditions import range_of
from glasshouse.engines.dynamo.names import Names
from glasshouse.engines.dynamo.nodes import Comparison, Constant, Function, Junction, Node, Path
from glasshouse.engines.dynamo.partiql import Statement, parse_statement
from glasshouse.engines.dynamo.updates import bound
from glasshouse.engines.dynamo.values import kind_of
from glasshouse.services.dynamodb.capacity import Consumed, read_units
from glasshouse.services.dynamodb.errors import (
    WORDED,
    ConditionalCheckFailedException,
    DuplicateItemException,
    ValidationException,
)
from glasshouse.services.dynamodb.items import returned_item
from glasshouse.services.dynamodb.keys import place_of_item, place_of_key
from glasshouse.services.dynamodb.ranges import Source, everywhere, in_partition
from glasshouse.services.dynamodb.reading import Shape
from glasshouse.services.dynamodb.records import DynamoTable
from glasshouse.services.dynamodb.rows import Items
from glasshouse.services.dynamodb.transactions import check_different_items, digest
from glasshouse.services.dynamodb.writes import Done, Write, update_change

NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"
RANGES = ("=", "<", "<=", ">", ">=", "BETWEEN", "begins_with")
ERROR_CODES = {
    "ValidationException": "ValidationError",
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "ResourceNotFoundException": "ResourceNotFound",
    "DuplicateItemException": "DuplicateItem",
}


class Statements:
    """ExecuteStatement, BatchExecuteStatement, ExecuteTransaction."""

    def execute_statement(
        self,
        statement: str,
        parameters: list | None = None,
        consistent_read: bool = False,
        next_token: str | None = None,
        return_consumed_capacity: str | None = None,
        limit: int | None = None,
        return_values_on_condition_check_failure: str | None = None,
    ):
        consumed = Consumed(return_consumed_capacity)
        with self._metered():
            said = parse_statement(statement, parameters)
            if said.kind == "SELECT":
                told = self._select(said, consistent_read, limit, next_token, consumed)
            else:
                tells = return_values_on_condition_check_failure == "ALL_OLD"
                told = {"Items": self._change(said, tells, consumed)}
        return {**told, "ConsumedCapacity": consumed.only()}

    def batch_execute_statement(self, statements: list, return_consumed_capacity: str | None = None):
        consumed = Consumed(return_consumed_capacity)
        with self._metered():
            said = [parse_statement(one["Statement"], one.get("Parameters")) for one in statements]
        if len({one.kind == "SELECT" for one in said}) > 1:
            raise ValidationException("Batch statements can contain either reads or writes, not both")
        responses = [self._respond(one, given, consumed) for one, given in zip(said, statements, strict=True)]
        return {"Responses": responses, "ConsumedCapacity": consumed.all()}

    def execute_transaction(
        self,
        transact_statements: list,
        client_request_token: str | None = None,
        return_consumed_capacity: str | None = None,
    ):
        consumed = Consumed(return_consumed_capacity)
        with self._metered():
            said = [parse_statement(one["Statement"], one.get("Parameters")) for one in transact_statements]
            reads = [one for one in said if one.kind == "SELECT"]
            if reads and len(reads) < len(said):
                raise Invalid("Transaction cannot contain both reads and writes")
            if reads:
                responses = [self._one(one, True, consumed) for one in said]
                return {"Responses": responses, "ConsumedCapacity": consumed.all()}
            tells = [one.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" for one in transact_statements]
            self._change_all(said, tells, client_request_token, digest(transact_statements), consumed)
        return {"Responses": [{} for _ in said], "ConsumedCapacity": consumed.all()}

    def _change_all(self, said: list[Statement], tells: list[bool], token: str | None, asked: str, consumed: Consumed):
        """All or nothing, and once per token."""
        if token and self._answered(token, asked) is not None:
            return
        writes = [self._plan(one, tell) for one, tell in zip(said, tells, strict=True)]
        check_different_items(writes)
        performs = [self._insert if one.kind == "INSERT" else self._write for one in said]
        done = self._perform_all(
            [
                lambda perform=perform, write=write: perform(write)
                for perform, write in zip(performs, writes, strict=True)
            ]
        )
        for write, result in zip(writes, done, strict=True):
            self._consume_write(consumed, write.table, result.change, 2.0)
        if token:
            self._remember(token, asked, [])

    # Reading

    def _select(
        self, said: Statement, consistent: bool, limit: int | None, token: str | None, consumed: Consumed
    ) -> dict:
        source = self._source(said.table, said.index, consistent)
        names = said.names
        holds = Binder(names).condition(said.where) if said.where is not None else None
        wanted = None if said.paths is None else Projection([names.path(path) for path in said.paths])
        rows = self._rows(source, said, names, _start(token))
        page = self._read_page(source, rows, limit, holds, Shape(wanted, False, False))
        self._consume_read(consumed, source, page, consistent)
        self._count_returned(source.table, page.count)
        last = None if page.last is None else source.start_of(page.last)
        return {
            "Items": page.items,
            "NextToken": None if last is None else b64encode(msgspec.msgpack.encode(last)).decode(),
            "LastEvaluatedKey": last,
        }

    def _rows(self, source: Source, said: Statement, names: Names, start: Item | None) -> Iterator[tuple]:
        """By key where the statement fixes the partition; else all of them, of which the condition then takes some."""
        wanted = _range(source, said.where, names)
        if wanted is None:
            if said.order is not None:
                raise Invalid("Must have WHERE clause in the statement when using ORDER BY clause.")
            return everywhere(self.store, source, None, start)
        return in_partition(self.store, source, wanted, start, not said.descending)

    def _one(self, said: Statement, consistent: bool, consumed: Consumed) -> dict:
        """The single item that a statement in a batch or transaction reads, by its whole key."""
        table = self._table(said.table)
        names = said.names
        key, rest = _key_and_rest(table, said.where, names)
        place = place_of_key(table, key)
        self._admit(table, "Read")
        item, size = Items(self.store, table, self.now).sized(place)
        self._consume(consumed, table, None, "Read", read_units(size, consistent))
        binder = Binder(names)
        if item is not None and not all(binder.condition(clause)(item) for clause in rest):
            item = None
        if item is not None and said.paths is not None:
            item = Projection([names.path(path) for path in said.paths])(item)
        return {"Item": item}

    # Changing

    def _change(self, said: Statement, tells: bool, consumed: Consumed) -> list[Item]:
        write = self._plan(said, tells)
        done = self._insert(write) if said.kind == "INSERT" else self._write(write)
        self._consume_write(consumed, write.table, done.change)
        if said.returning is None:
            return []
        changes = bound(said.actions, said.names) if said.actions else None
        item = returned_item(done, changes, said.returning)
        return [] if item is None else [item]

    def _insert(self, write: Write) -> Done:
        try:
            return self._write(write)
        except ConditionalCheckFailedException as failure:
            raise DuplicateItemException(**failure.members) from None

    def _plan(self, said: Statement, tells: bool) -> Write:
        if said.index is not None:
            raise Invalid("Statements that write cannot name an index")
        table = self._table(said.table)
        if said.kind == "INSERT":
            item = said.item or {}
            size = Items(self.store, table, self.now).measure(item)
            return Write(table, place_of_item(table, item), lambda old: item, lambda old: not old, tells, size)
        names = said.names
        key, rest = _key_and_rest(table, said.where, names)
        binder = Binder(names)
        clauses = [binder.condition(clause) for clause in rest]
        place = place_of_key(table, key)
        if said.kind == "DELETE":
            condition = (lambda item: all(holds(item) for holds in clauses)) if clauses else None
            return Write(table, place, lambda old: None, condition, tells)
        change = update_change(table, key, bound(said.actions, names))
        return Write(table, place, change, lambda item: bool(item) and all(holds(item) for holds in clauses), tells)

    def _respond(self, said: Statement, given: dict, consumed: Consumed) -> dict:
        """One statement of a batch: its error is told beside the results of the others."""
        tells = given.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        try:
            with WORDED, self.store.transaction():
                if said.kind == "SELECT":
                    told = self._one(said, given.get("ConsistentRead") or False, consumed)
                else:
                    items = self._change(said, tells, consumed)
                    told = {"Item": items[0] if items else None}
        except ServiceError as failure:
            if failure.code not in ERROR_CODES:
                raise
            return {"Error": {"Code": ERROR_CODES[failure.code], "Message": failure.message, **failure.members}}
        return {"TableName": self._name_of(said.table), **told}


def _clauses(where: Node | None) -> list[Node]:
    """What must all hold."""
    if where is None:
        return []
    if isinstance(where, Junction) and where.word == "AND":
        return [clause for side in where.sides for clause in _clauses(side)]
    return [where]


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
    first = source.keys[0]
    sort = source.keys[1] if len(source.keys) == 2 else None
    found: dict[str, tuple[str, list]] = {}
    for clause in _clauses(where):
        about = _about(clause, names)
        if about is None or about[0] in found:
            continue
        name, sign, values = about
        of_sort = sort is not None and name == sort.name and sign in RANGES and kind_of(values[0]) == sort.kind
        if of_sort or (name == first.name and sign == "="):
            found[name] = (sign, values)
    return range_of(found, first, sort) if first.name in found else None


def _key_and_rest(table: DynamoTable, where: Node | None, names: Names) -> tuple[Item, list[Node]]:
    """The key that a condition fixes, and what else it asks for. Raises Invalid."""
    key: Item = {}
    rest = []
    wanted = {attribute.name for attribute in table.keys}
    for clause in _clauses(where):
        about = _about(clause, names)
        if about is not None and about[1] == "=" and about[0] in wanted and about[0] not in key:
            key[about[0]] = about[2][0]
        else:
            rest.append(clause)
    if key.keys() != wanted:
        raise Invalid(NO_KEY)
    return key, rest


def _start(token: str | None) -> Item | None:
    if token is None:
        return None
    try:
        return msgspec.msgpack.decode(b64decode(token, validate=True), type=dict[str, dict])
    except (ValueError, msgspec.MsgspecError):
        raise ValidationException("Invalid NextToken") from None
