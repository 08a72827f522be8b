"""PartiQL: statements that read and change items, alone, in batches and in transactions."""

from glasshouse.core.errors import ServiceError
from glasshouse.engines.dynamo import Invalid, Item
from glasshouse.engines.dynamo.conditions import Binder
from glasshouse.engines.dynamo.partiql import Statement, parse_statement
from glasshouse.engines.dynamo.updates import bound
from glasshouse.services.dynamodb.capacity import Consumed, read_units
from glasshouse.services.dynamodb.errors import WORDED, ValidationException
from glasshouse.services.dynamodb.items import returned_item
from glasshouse.services.dynamodb.keys import Mismatch, place_of_item, place_of_key
from glasshouse.services.dynamodb.rows import Items
from glasshouse.services.dynamodb.selecting import OPERATOR, bound_where, key_and_rest
from glasshouse.services.dynamodb.transactions import digest
from glasshouse.services.dynamodb.writes import Write, update_change

RAN = ("ConditionalCheckFailedException", "DuplicateItemException")
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
            asked = [statement, parameters]
            said = parse_statement(statement, parameters)
            if said.kind == "EXISTS":
                raise Invalid("EXISTS can only be used in ExecuteTransaction write requests.")
            if said.kind == "SELECT":
                told = self._select(said, asked, consistent_read, limit, next_token, consumed)
            else:
                tells = return_values_on_condition_check_failure == "ALL_OLD"
                told = {"Items": self._change(said, tells, consumed)}
        return {**told, "ConsumedCapacity": consumed.only()}

    # Batches

    def batch_execute_statement(self, statements: list, return_consumed_capacity: str | None = None):
        consumed = Consumed(return_consumed_capacity)
        said = [self._parsed_or_refused(one) for one in statements]
        if len({one.kind == "SELECT" for one in said if isinstance(one, Statement)}) > 1:
            raise ValidationException("Batch statements can contain either reads or writes, not both")
        responses = [self._respond(one, given, consumed) for one, given in zip(said, statements, strict=True)]
        return {"Responses": responses, "ConsumedCapacity": consumed.all()}

    def _parsed_or_refused(self, given: dict) -> Statement | Invalid:
        try:
            return parse_statement(given["Statement"], given.get("Parameters"))
        except Invalid as wrong:
            return wrong

    def _respond(self, said: Statement | Invalid, given: dict, consumed: Consumed) -> dict:
        """One statement of a batch: its error is told beside the results of the others."""
        try:
            with WORDED, self.store.transaction():
                told = self._run_in_batch(said, given, consumed)
        except ServiceError as failure:
            if failure.code not in ERROR_CODES:
                raise
            ran = {"TableName": self._name_of(said.table)} if failure.code in RAN else {}  # type: ignore[union-attr]
            return {"Error": {"Code": ERROR_CODES[failure.code], "Message": failure.message}, **ran}
        return {"TableName": self._name_of(said.table), **told}  # type: ignore[union-attr]

    def _run_in_batch(self, said: Statement | Invalid, given: dict, consumed: Consumed) -> dict:
        if isinstance(said, Invalid):
            raise said
        if said.kind == "SELECT":
            return self._one(said, "BatchExecuteStatement", given.get("ConsistentRead") or False, consumed)
        items = self._change(said, False, consumed)
        return {"Item": items[0] if items else None}

    # Transactions

    def execute_transaction(
        self,
        transact_statements: list,
        client_request_token: str | None = None,
        return_consumed_capacity: str | None = None,
    ):
        asked = digest(transact_statements)
        with self._metered():
            said = [self._of_transaction(number, one) for number, one in enumerate(transact_statements)]
            reads = [one for one in said if one.kind == "SELECT"]
            if reads and len(reads) < len(said):
                raise Invalid("Transaction cannot contain both reads and writes")
            if reads:
                consumed = Consumed(return_consumed_capacity, "Read")
                responses = [self._read_in_transaction(number, one, consumed) for number, one in enumerate(said)]
                return {"Responses": responses, "ConsumedCapacity": consumed.all()}
            tells = [one.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" for one in transact_statements]
            consumed = self._change_all(said, tells, client_request_token, asked, return_consumed_capacity)
        return {"Responses": [{} for _ in said], "ConsumedCapacity": consumed.all()}

    def _of_transaction(self, number: int, given: dict) -> Statement:
        try:
            said = parse_statement(given["Statement"], given.get("Parameters"))
            if said.returning is not None:
                raise Invalid("RETURNING clause is not supported in ExecuteTransaction.")
            if said.kind == "SELECT" and said.index is not None:
                raise Invalid("Reads on indices are not supported within transactions.")
        except Invalid as wrong:
            raise _failed(number, wrong) from None
        return said

    def _read_in_transaction(self, number: int, said: Statement, consumed: Consumed) -> dict:
        try:
            return self._one(said, "ExecuteTransaction", True, consumed, times=2)
        except Invalid as wrong:
            raise _failed(number, wrong) from None

    def _change_all(
        self, said: list[Statement], tells: list[bool], token: str | None, asked: str, capacity: str | None
    ) -> Consumed:
        """All or nothing, and once per token: then it is told what reading the answer consumes."""
        known = self._answered(token, asked) if token else None
        if known is not None:
            reads = Consumed(capacity, "Read")
            for table, units in known:
                reads.add(table, units)
            return reads
        consumed = Consumed(capacity, "Write")
        writes = [self._plan_statement(number, *one) for number, one in enumerate(zip(said, tells, strict=True))]
        done = self._perform_all(writes)
        for write, result in zip(writes, done, strict=True):
            self._consume_write(consumed, write.table, result.change, 2.0)
        if token:
            sizes = [max(result.change.old_size, result.change.new_size) for result in done]
            read = [(write.table.name, 2 * read_units(size, True)) for write, size in zip(writes, sizes, strict=True)]
            self._remember(token, asked, read)
        return consumed

    def _plan_statement(self, number: int, said: Statement, tells: bool) -> Write | Mismatch:
        try:
            return self._plan(said, tells)
        except Mismatch as failure:
            return failure
        except Invalid as wrong:
            raise _failed(number, wrong) from None

    # Changing

    def _change(self, said: Statement, tells: bool, consumed: Consumed) -> list[Item]:
        write = self._plan(said, tells)
        done = self._write(write)
        self._consume_write(consumed, write.table, done.change)
        if said.returning is None:
            return []
        changes = bound(said.actions, said.names) if said.actions else None
        item = returned_item(done, changes, said.returning)
        return [] if item is None else [item]

    def _plan(self, said: Statement, tells: bool) -> Write:
        bound_where(said)
        if said.index is not None:
            raise Invalid("This operation is not supported on an index")
        table = self._table(said.table)
        if said.kind == "INSERT":
            item = said.item or {}
            size = Items(self.store, table, self.now).measure(item)
            place = place_of_item(table, item)
            return Write(table, place, lambda old: item, lambda old: not old, tells, size, inserts=True)
        names = said.names
        key, rest = key_and_rest(table, said.where, names)
        binder = Binder(names, OPERATOR)
        clauses = [binder.condition(clause) for clause in rest]
        place = place_of_key(table, key)
        if said.kind == "EXISTS":
            if not clauses:
                raise Invalid("EXISTS() must contain a single item read with additional condition")
            return Write(table, place, None, lambda item: all(holds(item) for holds in clauses), tells)
        if said.kind == "DELETE":
            condition = (lambda item: all(holds(item) for holds in clauses)) if clauses else None
            return Write(table, place, lambda old: None, condition, tells)
        change = update_change(table, key, bound(said.actions, names))
        return Write(table, place, change, lambda item: bool(item) and all(holds(item) for holds in clauses), tells)


def _failed(number: int, wrong: Invalid) -> Invalid:
    return Invalid(f"Validation failed in TransactStatements[{number}]: {wrong}")
