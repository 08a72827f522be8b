"""TransactGetItems and TransactWriteItems: all or nothing, once per token.

Calls come one after another, so no transaction ever meets another: TransactionConflict is never a reason.
"""

import hashlib
from collections.abc import Callable
from typing import TypeVar

import msgspec

from glasshouse.core.errors import ServiceError
from glasshouse.engines.dynamo import Invalid, Projection, update
from glasshouse.services.dynamodb.asking import condition_of, names_for, projection_of
from glasshouse.services.dynamodb.capacity import Consumed, read_units
from glasshouse.services.dynamodb.errors import (
    ConditionalCheckFailedException,
    DuplicateItemException,
    IdempotentParameterMismatchException,
    TransactionCanceledException,
    ValidationException,
)
from glasshouse.services.dynamodb.keys import EmptyIndexKey, Mismatch, Place, place_of_item, place_of_key
from glasshouse.services.dynamodb.metering import THROTTLED
from glasshouse.services.dynamodb.records import DynamoTable
from glasshouse.services.dynamodb.rows import Items, decode, encode
from glasshouse.services.dynamodb.writes import Done, Write, update_change

TOKEN_S, MOST_BYTES = 600, 4 * 2**20
REASONS = (ConditionalCheckFailedException, DuplicateItemException, Invalid, *THROTTLED)
P = TypeVar("P")
KINDS = ("ConditionCheck", "Put", "Delete", "Update")


class Transactions:
    """Transactions."""

    def transact_get_items(self, transact_items: list, return_consumed_capacity: str | None = None):
        consumed = Consumed(return_consumed_capacity, "Read")
        responses, total = [], 0
        with self._metered():
            planned = [planned_or_not(self._plan_get, wanted["Get"]) for wanted in transact_items]
            check_keys_match(planned)
            for table, place, wanted in planned:
                self._admit(table, "Read")
                item, size = Items(self.store, table, self.now).sized(place)
                self._consume(consumed, table, None, "Read", 2 * read_units(size, consistent=True))
                responses.append({"Item": item if item is None or wanted is None else wanted(item)})
                total += size
            check_total(total)
        return {"Responses": responses, "ConsumedCapacity": consumed.all()}

    def _plan_get(self, get: dict) -> tuple[DynamoTable, Place, Projection | None]:
        text = get.get("ProjectionExpression")
        names = names_for(get.get("ExpressionAttributeNames"), None, {"ProjectionExpression": text})
        wanted = projection_of(names, text, None)
        names.check_all_used()
        table = self._table(get["TableName"])
        return table, place_of_key(table, get["Key"]), wanted

    def transact_write_items(
        self,
        transact_items: list,
        return_consumed_capacity: str | None = None,
        return_item_collection_metrics: str | None = None,
        client_request_token: str | None = None,
    ):
        asked = digest(transact_items)
        consumed = Consumed(return_consumed_capacity, "Write")
        known = self._answered(client_request_token, asked) if client_request_token else None
        if known is not None:
            reads = Consumed(return_consumed_capacity, "Read")
            for table, units in known:
                reads.add(table, units)
            return {"ConsumedCapacity": reads.all()}
        with self._metered():
            writes = [planned_or_not(self._plan_in_transaction, action) for action in transact_items]
            done = self._perform_all(writes)
            check_total(sum(max(result.change.old_size, result.change.new_size) for result in done))
        collections: dict[str, list] = {}
        read: list[tuple[str, float]] = []
        for write, result in zip(writes, done, strict=True):
            self._consume_write(consumed, write.table, result.change, 2.0)
            size = max(result.change.old_size, result.change.new_size)
            read.append((write.table.name, 2 * read_units(size, consistent=True)))
            told = self._collection(write.table, write.place, result.new or result.old, return_item_collection_metrics)
            if told:
                collections.setdefault(write.table.name, []).append(told)
        if client_request_token:
            self._remember(client_request_token, asked, read)
        return {"ConsumedCapacity": consumed.all(), "ItemCollectionMetrics": collections or None}

    def _perform_all(self, writes: list[Write | Mismatch]) -> list[Done]:
        """Perform every write, and cancel all of them with the reason of each that fails."""
        check_different_items([write for write in writes if isinstance(write, Write)])
        done, reasons = [], []
        for write in writes:
            try:
                done.append(self._write_planned(write))
                reasons.append({"Code": "None"})
            except EmptyIndexKey:
                raise
            except REASONS as failure:
                reasons.append(reason_of(failure))
        if len(done) < len(writes):
            raise cancelled(reasons)
        return done

    def _write_planned(self, write: Write | Mismatch) -> Done:
        if isinstance(write, Mismatch):
            raise write
        return self._write(write)

    def _plan_in_transaction(self, action: dict) -> Write:
        given = [(kind, action[kind]) for kind in KINDS if action.get(kind) is not None]
        if len(given) != 1:
            raise Invalid("TransactItems can only contain one of Check, Put, Update or Delete")
        [(kind, wanted)] = given
        expressions = {"ConditionExpression": wanted.get("ConditionExpression")}
        if kind == "Update":
            expressions = {"UpdateExpression": wanted["UpdateExpression"], **expressions}
        names = names_for(wanted.get("ExpressionAttributeNames"), wanted.get("ExpressionAttributeValues"), expressions)
        changes = update(wanted["UpdateExpression"], names) if kind == "Update" else None
        condition = condition_of(names, wanted.get("ConditionExpression"), None, None)
        names.check_all_used()
        table = self._table(wanted["TableName"])
        tells = wanted.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        if kind == "Put":
            item = wanted["Item"]
            size = Items(self.store, table, self.now).measure(item)
            return Write(table, place_of_item(table, item), lambda old: item, condition, tells, size)
        place = place_of_key(table, wanted["Key"])
        if kind == "ConditionCheck":
            return Write(table, place, None, condition, tells)
        if kind == "Delete":
            return Write(table, place, lambda old: None, condition, tells)
        return Write(table, place, update_change(table, wanted["Key"], changes), condition, tells)

    def _answered(self, token: str, asked: str) -> list | None:
        """What a transaction of this token consumed when it was done less than ten minutes ago."""
        row = self.store.read(
            "SELECT asked, answer FROM dynamodb_token WHERE account = ? AND token = ? AND done > ?",
            (self._token_scope, token, self.now - TOKEN_S),
        ).fetchone()
        if row is None:
            return None
        if row[0] != asked:
            raise IdempotentParameterMismatchException()
        return decode(row[1])

    def _remember(self, token: str, asked: str, answer: list):
        row = (self._token_scope, token, asked, self.now, encode(answer))
        self.store.write("REPLACE INTO dynamodb_token VALUES (?, ?, ?, ?, ?)", row)
        self.later("_forget_tokens", after=TOKEN_S, key="tokens")

    @property
    def _token_scope(self) -> str:
        return f"{self.call.account}/{self.call.region}"

    def _forget_tokens(self):
        self.store.write("DELETE FROM dynamodb_token WHERE done <= ?", (self.now - TOKEN_S,))


def digest(asked: list) -> str:
    """Tells one request from another."""
    return hashlib.sha256(msgspec.msgpack.encode(asked, order="deterministic")).hexdigest()


def planned_or_not(plan: Callable[[dict], P], asked: dict) -> P | Mismatch:
    """A plan; or that its key is none of its table's, which is told with the reasons of the others."""
    try:
        return plan(asked)
    except Mismatch as failure:
        return failure


def check_keys_match(planned: list):
    if any(isinstance(plan, Mismatch) for plan in planned):
        raise cancelled([reason_of(plan) if isinstance(plan, Mismatch) else {"Code": "None"} for plan in planned])


def reason_of(failure: Exception) -> dict:
    """Why one action of a transaction failed."""
    if isinstance(failure, ServiceError):
        item = {"Item": failure.members["Item"]} if "Item" in failure.members else {}
        return {"Code": failure.code.removesuffix("Exception"), "Message": failure.message, **item}
    return {"Code": "ValidationError", "Message": str(failure)}


def check_total(size: int):
    if size > MOST_BYTES:
        raise ValidationException("Transaction request has exceeded the maximum aggregate size of 4 MB")


def check_different_items(writes: list[Write]):
    if len({(write.table.number, *write.place) for write in writes}) < len(writes):
        raise ValidationException("Transaction request cannot include multiple operations on one item")


def cancelled(reasons: list[dict]) -> TransactionCanceledException:
    codes = ", ".join(reason["Code"] for reason in reasons)
    return TransactionCanceledException(
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        CancellationReasons=reasons,
    )
