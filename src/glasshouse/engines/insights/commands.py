"""The commands of a query, each a step from rows to rows."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cmp_to_key
from itertools import islice
from typing import Any

from glasshouse.engines.insights.aggregates import AGGREGATES, percentile
from glasshouse.engines.insights.errors import InvalidQuery
from glasshouse.engines.insights.expressions import Expression, Value, expression, truth
from glasshouse.engines.insights.functions import TIMES
from glasshouse.engines.insights.rows import Row, number, text
from glasshouse.engines.insights.tokens import Tokens, unquoted

DEFAULT_FIELDS = ("@timestamp", "@message")
DEFAULT_LIMIT = 10_000
Step = Callable[[Iterable[Row]], Iterable[Row]]


class Query:
    """A parsed query. `shown` names the columns; `grouped` says that rows are no longer events."""

    def __init__(self):
        self.steps: list[Step] = []
        self.shown: list[str] = []
        self.times: set[str] = {"@timestamp", "@ingestionTime"}
        self.grouped = False
        self.limited = self.sorted = False

    def run(self, rows: Iterable[Row], limit: int | None = None) -> list[dict[str, str]]:
        """The results; without a sort of its own a query shows the latest events first."""
        for step in self.steps:
            rows = step(rows)
        if not self.sorted and not self.grouped:
            rows = sorted(rows, key=lambda row: row.get("@timestamp") or 0, reverse=True)
        if not self.limited:
            rows = islice(rows, limit or DEFAULT_LIMIT)
        return [self._shown(row) for row in rows]

    def _shown(self, row: Row) -> dict[str, str]:
        names = self.shown or list(DEFAULT_FIELDS)
        found = {name: self._text(name, row.get(name)) for name in names if row.get(name) is not None}
        if not self.grouped and "@ptr" in row.event:
            found["@ptr"] = row.event["@ptr"]
        return found

    def _text(self, name: str, value: Any) -> str:
        moment = number(value) if name in self.times else None
        if moment is None:
            return text(value)
        return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def parse(written: str) -> Query:
    """Raises InvalidQuery."""
    tokens, query = Tokens(written), Query()
    while not tokens.over:
        token = tokens.next()
        command = COMMANDS.get(token.text.lower())
        if command is None:
            raise InvalidQuery(
                f"unexpected symbol found {token.text} at line 1 and position {token.position + 1}", token.position
            )
        command(tokens, query)
        if not tokens.over:
            tokens.expect("|")
    return query


def _fields(tokens: Tokens, query: Query):
    columns = _columns(tokens, query)
    query.shown += [name for name, _ in columns if name not in query.shown]
    query.steps.append(_computing(columns))


def _display(tokens: Tokens, query: Query):
    columns = _columns(tokens, query)
    query.shown = [name for name, _ in columns]
    query.steps.append(_computing(columns))


def _filter(tokens: Tokens, query: Query):
    condition = expression(tokens).value
    query.steps.append(lambda rows: (row for row in rows if truth(condition(row))))


def _parse(tokens: Tokens, query: Query):
    """`parse [field] "glob *" as a, b` or `parse [field] /(?<name>...)/`."""
    # Not an expression: the regular expression behind it would read as a division.
    field = _names(tokens, one=True)[0] if tokens.peek().kind in ("name", "field") else "@message"
    pattern = tokens.regex()
    if pattern is None:
        token = tokens.next()
        if token.kind != "string":
            raise InvalidQuery(f"unexpected symbol found {token.text}", token.position)
        parts = unquoted(token).split("*")
        # The last wildcard takes what is left, the others as little as they can.
        lazily = "(.*?)".join(map(re.escape, parts))
        pattern = re.compile(lazily + "$" if parts[-1] == "" else lazily, re.DOTALL)
        tokens.expect("as")
        names = _names(tokens)
        if len(names) != pattern.groups:
            raise InvalidQuery("the number of wildcards and of names after `as` differ", token.position)
    else:
        names = list(pattern.groupindex)
        if tokens.take("as"):
            names = _names(tokens)
    query.shown += [name for name in names if name not in query.shown and query.shown]
    query.steps.append(_parsing(field, pattern, names))


def _parsing(field: str, pattern: re.Pattern, names: list[str]) -> Step:
    groups = [pattern.groupindex.get(name, place) for place, name in enumerate(names, 1)]

    def step(rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            value = row.get(field)
            found = pattern.search(text(value)) if value is not None else None
            if found:
                row.computed.update({name: found[group] for name, group in zip(names, groups, strict=True)})
            yield row

    return step


def _stats(tokens: Tokens, query: Query):
    totals = [_aggregate(tokens, query)]
    while tokens.take(","):
        totals.append(_aggregate(tokens, query))
    keys = _columns(tokens, query) if tokens.take("by") else []
    query.grouped, query.shown, query.sorted = True, [name for name, _ in keys] + [name for name, _ in totals], False
    query.steps.append(_grouping(keys, totals))


def _grouping(keys: list[tuple[str, Expression]], totals: list[tuple[str, Callable[[list[Row]], Any]]]) -> Step:
    def step(rows: Iterable[Row]) -> Iterator[Row]:
        groups: dict[tuple, list[Row]] = {}
        for row in rows:
            groups.setdefault(tuple(key.value(row) for _, key in keys), []).append(row)
        if not keys and not groups:
            groups[()] = []
        for values, members in groups.items():
            row = Row({name: value for (name, _), value in zip(keys, values, strict=True)})
            row.computed = {name: total(members) for name, total in totals}
            yield row

    return step


def _aggregate(tokens: Tokens, query: Query) -> tuple[str, Callable[[list[Row]], Any]]:
    start = tokens.peek().position
    name = tokens.next().text.lower()
    tokens.expect("(")
    if name == "count" and (tokens.take("*") or tokens.peek().text == ")"):
        total: Callable[[list[Row]], Any] = lambda rows: float(len(rows))  # noqa: E731
        value = None
    else:
        value = expression(tokens)
        total = _total(tokens, name, value, start)
    tokens.expect(")")
    alias = tokens.query[start : tokens.position].strip()
    if tokens.take("as"):
        alias = _names(tokens, one=True)[0]
    if value and value.is_time and name in ("min", "max", "earliest", "latest", "sortsfirst", "sortslast"):
        query.times.add(alias)
    return alias, total


def _total(tokens: Tokens, name: str, value: Expression, position: int) -> Callable[[list[Row]], Any]:
    if name in ("pct", "percentile"):
        tokens.expect(",")
        percent = float(tokens.next().text)
        return lambda rows: percentile([value.value(row) for row in rows], percent)
    function = AGGREGATES.get(name)
    if function is None:
        raise InvalidQuery(f"unknown function {name}", position)
    return lambda rows: function([value.value(row) for row in rows])


def _sort(tokens: Tokens, query: Query):
    orders: list[tuple[Value, int]] = []
    while True:
        value = expression(tokens).value
        orders.append((value, -1 if tokens.take("asc", "desc") == "desc" else 1))
        if not tokens.take(","):
            break
    query.sorted = True
    query.steps.append(lambda rows: sorted(rows, key=cmp_to_key(lambda left, right: _order(left, right, orders))))


def _order(left: Row, right: Row, orders: list[tuple[Value, int]]) -> int:
    """Numbers before texts; what is missing comes last in either direction."""
    for value, sign in orders:
        first, second = value(left), value(right)
        if first is None or second is None:
            if first is not second:
                return 1 if first is None else -1
            continue
        one, other = _rank(first), _rank(second)
        if one != other:
            return sign if one > other else -sign
    return 0


def _rank(value: Any) -> tuple[int, Any]:
    as_number = number(value)
    return (0, as_number) if as_number is not None else (1, text(value))


def _limit(tokens: Tokens, query: Query):
    token = tokens.next()
    if token.kind != "number" or not token.text.isdigit() or not 0 < int(token.text) <= DEFAULT_LIMIT:
        raise InvalidQuery(f"limit takes a number from 1 to {DEFAULT_LIMIT}", token.position)
    count, ordered = int(token.text), query.sorted or query.grouped
    query.limited = query.sorted = True

    def step(rows: Iterable[Row]) -> Iterable[Row]:
        latest_first = rows if ordered else sorted(rows, key=lambda row: row.get("@timestamp") or 0, reverse=True)
        return islice(latest_first, count)

    query.steps.append(step)


def _dedup(tokens: Tokens, query: Query):
    columns = _columns(tokens, query)
    ordered = query.sorted or query.grouped
    query.sorted = True

    def step(rows: Iterable[Row]) -> Iterator[Row]:
        seen: set[tuple] = set()
        for row in rows if ordered else sorted(rows, key=lambda row: row.get("@timestamp") or 0, reverse=True):
            key = tuple(column.value(row) for _, column in columns)
            if key not in seen:
                seen.add(key)
                yield row

    query.steps.append(step)


def _columns(tokens: Tokens, query: Query) -> list[tuple[str, Expression]]:
    """Expressions with their names."""
    columns = []
    while True:
        column = expression(tokens)
        name = _names(tokens, one=True)[0] if tokens.take("as") else column.written.strip("`")
        if column.is_time or column.written.partition("(")[0].lower() in TIMES:
            query.times.add(name)
        columns.append((name, column))
        if not tokens.take(","):
            return columns


def _computing(columns: list[tuple[str, Expression]]) -> Step:
    made = [
        (name, column.value)
        for name, column in columns
        if name != column.written.strip("`") or "(" in name or " " in name
    ]

    def step(rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            for name, value in made:
                row.computed[name] = value(row)
            yield row

    return step if made else lambda rows: rows


def _names(tokens: Tokens, one: bool = False) -> list[str]:
    names = []
    while True:
        token = tokens.next()
        if token.kind not in ("name", "field"):
            tokens.position = token.position
            raise tokens.unexpected()
        names.append(token.text.strip("`"))
        if one or not tokens.take(","):
            return names


COMMANDS: dict[str, Callable[[Tokens, Query], None]] = {
    "fields": _fields,
    "display": _display,
    "filter": _filter,
    "parse": _parse,
    "stats": _stats,
    "sort": _sort,
    "limit": _limit,
    "head": _limit,
    "dedup": _dedup,
}
