"""Consumed capacity: units by table and index, told as much as a request asks for."""

from math import ceil

READ_UNIT_BYTES, WRITE_UNIT_BYTES = 4096, 1024


def read_units(size: int, consistent: bool) -> float:
    """Of one item, or of all that a query has looked at."""
    return max(1, ceil(size / READ_UNIT_BYTES)) * (1.0 if consistent else 0.5)


def write_units(*sizes: int) -> float:
    """The larger of an item before and after counts."""
    return float(max(1, *(ceil(size / WRITE_UNIT_BYTES) for size in sizes)))


class Consumed:
    """What one request consumed, by table."""

    def __init__(self, wanted: str | None, kind: str = ""):
        """`kind` is Read or Write where transactions tell of it."""
        self._wanted, self._kind = wanted, kind
        self._tables: dict[str, float] = {}
        self._indexes: dict[str, dict[tuple[bool, str], float]] = {}

    @property
    def counts(self) -> bool:
        return self._wanted in ("TOTAL", "INDEXES")

    def add(self, table: str, units: float):
        self._tables[table] = self._tables.get(table, 0.0) + units

    def add_index(self, table: str, is_global: bool, index: str, units: float):
        self._tables.setdefault(table, 0.0)
        known = self._indexes.setdefault(table, {})
        known[is_global, index] = known.get((is_global, index), 0.0) + units

    def all(self) -> list[dict] | None:
        return [self._told(table) for table in self._tables] if self.counts else None

    def only(self) -> dict | None:
        return self.all()[0] if self.counts and self._tables else None  # type: ignore[index]

    def _told(self, table: str) -> dict:
        own, indexes = self._tables[table], self._indexes.get(table, {})
        told = {"TableName": table, **self._units(own + sum(indexes.values()))}
        if self._wanted == "INDEXES":
            told["Table"] = self._units(own)
            for word, is_global in (("GlobalSecondaryIndexes", True), ("LocalSecondaryIndexes", False)):
                units = {name: self._units(of) for (kind, name), of in indexes.items() if kind is is_global}
                told[word] = units or None
        return told

    def _units(self, units: float) -> dict:
        return {"CapacityUnits": units, **({f"{self._kind}CapacityUnits": units} if self._kind else {})}
