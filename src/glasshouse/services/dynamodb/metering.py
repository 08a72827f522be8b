"""Metering: what requests consume, told to CloudWatch and taken from what is left of provisioned capacity.

Capacity that is not used can be used within five minutes (a bucket that holds 300 seconds of it, full at first). A
request is let in while something is left, and may overdraw; one that is not let in is throttled. The buckets are in
memory: a restart fills them. Source: developer guide, "Burst capacity"; "DynamoDB metrics and dimensions".
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from glasshouse.core.clock import monotonic
from glasshouse.core.errors import ServiceError
from glasshouse.engines.dynamo import Invalid
from glasshouse.services.dynamodb.capacity import Consumed, write_units
from glasshouse.services.dynamodb.errors import (
    ConditionalCheckFailedException,
    ProvisionedThroughputExceededException,
    ThrottlingException,
    ValidationException,
)
from glasshouse.services.dynamodb.records import DynamoTable, Index
from glasshouse.services.dynamodb.rows import Change

if TYPE_CHECKING:
    from glasshouse.core.cloud import Cloud

NAMESPACE, BURST_S = "AWS/DynamoDB", 300.0
THROTTLED = (ProvisionedThroughputExceededException, ThrottlingException)
OF_TABLE = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning"
    " level with the UpdateTable API."
)
OF_INDEX = (
    "The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded."
    " Consider increasing your provisioning level for the under-provisioned global secondary indexes with the"
    " UpdateTable API"
)
ON_DEMAND = "Throughput exceeds the maximum OnDemandThroughput configured on table or index"


class Buckets:
    """What is left of the capacity of tables and indexes, by their numbers."""

    def __init__(self, cloud: "Cloud"):
        self._left: dict[tuple[int, str], tuple[float, float]] = {}
        self.told: dict[int, float] = {}  # the minute in which a table's or index's capacity was told last

    def close(self):
        self._left.clear()

    def left(self, number: int, kind: str, rate: float, now: float) -> float:
        known = self._left.get((number, kind))
        if known is None:
            return rate * BURST_S
        tokens, moment = known
        return min(rate * BURST_S, tokens + max(0.0, now - moment) * rate)

    def take(self, number: int, kind: str, rate: float, units: float, now: float):
        self._left[number, kind] = self.left(number, kind, rate, now) - units, now


class Metered:
    """`with self._metered():` what the engine refuses is worded, and success and failure are counted."""

    __slots__ = ("_begun", "_service")

    def __init__(self, service: "Metering"):
        self._service = service

    def __enter__(self) -> "Metered":
        self._begun = monotonic()
        return self

    def __exit__(self, kind, failure, trace):
        if kind is None:
            self._service._count_success(monotonic() - self._begun)
        elif kind is not None and issubclass(kind, Invalid):
            wrong = ValidationException(str(failure))
            self._service._count_failure(wrong)
            raise wrong from None
        elif isinstance(failure, ServiceError):
            self._service._count_failure(failure)


class Metering:
    """Counting what is consumed, and throttling."""

    def _metered(self) -> Metered:
        return Metered(self)

    # Being let in

    def _admit(self, table: DynamoTable, kind: str, indexes: Iterable[Index] = ()):
        """Raise if nothing is left of the capacity of a table, or of one of its indexes, to read or write (`kind`)."""
        if (failure := self._refusal(table, kind, indexes)) is not None:
            raise failure

    def _admit_index(self, table: DynamoTable, index: Index, kind: str):
        """The same of an index alone."""
        if not self._has_left(table, index, kind):
            raise self._throttled(table, index, kind)

    def _refusal(
        self, table: DynamoTable, kind: str, indexes: Iterable[Index] = (), spent: float = 0.0
    ) -> ServiceError | None:
        """What a request is refused with that has already used some units."""
        limited = table.billing == "PROVISIONED" or table.on_demand is not None
        if limited and not self._has_left(table, None, kind, spent):
            return self._throttled(table, None, kind)
        for index in indexes:
            if index.is_global and not self._has_left(table, index, kind):
                return self._throttled(table, index, kind)
        return None

    def _has_left(self, table: DynamoTable, index: Index | None, kind: str, spent: float = 0.0) -> bool:
        rate = _rate(table, index, kind)
        number = index.number if index else table.number
        return rate is None or self.cloud.resident(Buckets).left(number, kind, rate, self.now) > spent

    def _throttled(self, table: DynamoTable, index: Index | None, kind: str) -> ServiceError:
        self._count_now("ThrottledRequests", 1.0, {"TableName": table.name, "Operation": self.call.operation})
        self._count_now(f"{kind}ThrottleEvents", 1.0, _dimensions(table, index))
        arn = f"{table.arn}/index/{index.name}" if index else table.arn
        of = "Index" if index else "Table"
        if table.billing == "PROVISIONED":
            reason = {"reason": f"{of}{kind}ProvisionedThroughputExceeded", "resource": arn}
            return ProvisionedThroughputExceededException(OF_INDEX if index else OF_TABLE, ThrottlingReasons=[reason])
        reason = {"reason": f"{of}{kind}MaxOnDemandThroughputExceeded", "resource": arn}
        return ThrottlingException(ON_DEMAND, throttlingReasons=[reason])

    # Consuming

    def _consume(self, consumed: Consumed, table: DynamoTable, index: Index | None, kind: str, units: float):
        """Units that a request used of a table or one of its indexes."""
        if index is None:
            consumed.add(table.name, units)
        else:
            consumed.add_index(table.name, index.is_global, index.name, units)
        of = index if index is not None and index.is_global else None
        self.metric(NAMESPACE, f"Consumed{kind}CapacityUnits", units, "Count", _dimensions(table, of))
        if table.billing == "PROVISIONED" or table.on_demand is not None:
            self._take(table, of, kind, units)

    def _take(self, table: DynamoTable, index: Index | None, kind: str, units: float):
        rate = _rate(table, index, kind)
        if rate is None:
            return
        buckets, number = self.cloud.resident(Buckets), index.number if index else table.number
        buckets.take(number, kind, rate, units, self.now)
        minute = self.now // 60
        if table.billing == "PROVISIONED" and buckets.told.get(number) != minute:
            buckets.told[number] = minute
            throughput = index.throughput if index else table.throughput
            dimensions = _dimensions(table, index)
            self.metric(NAMESPACE, "ProvisionedReadCapacityUnits", throughput.read, "Count", dimensions)
            self.metric(NAMESPACE, "ProvisionedWriteCapacityUnits", throughput.write, "Count", dimensions)

    def _consume_write(self, consumed: Consumed, table: DynamoTable, change: Change, times: float = 1.0):
        self._consume(consumed, table, None, "Write", times * write_units(change.old_size, change.new_size))
        for index in table.indexes if change.index_units else ():
            if units := change.index_units.get(index.name):
                self._consume(consumed, table, index, "Write", times * units)

    # Counting

    def _count_success(self, seconds: float):
        operation = self.call.operation
        for table in self._found.values():
            if table is not None:
                dimensions = {"TableName": table.name, "Operation": operation}
                self.metric(NAMESPACE, "SuccessfulRequestLatency", seconds * 1000, "Milliseconds", dimensions)

    def _count_returned(self, table: DynamoTable, count: int):
        dimensions = {"TableName": table.name, "Operation": self.call.operation}
        self.metric(NAMESPACE, "ReturnedItemCount", count, "Count", dimensions)

    def _count_failure(self, failure: ServiceError):
        if isinstance(failure, ConditionalCheckFailedException):
            for table in self._found.values():
                if table is not None:
                    self._count_now("ConditionalCheckFailedRequests", 1.0, {"TableName": table.name})
        elif not isinstance(failure, THROTTLED):
            self._count_now("UserErrors", 1.0, None)

    def _count_now(self, name: str, value: float, dimensions: dict[str, str] | None):
        """Also of a request that fails."""
        call = self.call
        self.cloud.metrics.add(call.account, call.region, NAMESPACE, name, "Count", dimensions, self.now, value)


def _rate(table: DynamoTable, index: Index | None, kind: str) -> float | None:
    """Units a second; None where there is no limit."""
    if table.billing == "PROVISIONED":
        throughput = index.throughput if index else table.throughput
        return throughput.read if kind == "Read" else throughput.write
    limits = (index.on_demand if index else table.on_demand) or {}
    most = limits.get(f"Max{kind}RequestUnits", -1)
    return most if most > 0 else None


def _dimensions(table: DynamoTable, index: Index | None) -> dict[str, str]:
    if index is None:
        return {"TableName": table.name}
    return {"TableName": table.name, "GlobalSecondaryIndexName": index.name}
