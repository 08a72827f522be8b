"""Metrics Insights queries: `SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/EC2", InstanceId) WHERE ... GROUP BY ...`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from glasshouse.engines.metricmath.invalid import Invalid

FUNCTIONS = ("AVG", "COUNT", "MAX", "MIN", "SUM")
_TOKEN = re.compile(
    r"\s*(?:(?P<quoted>\"(?:[^\"]|\"\")*\")|(?P<text>'(?:[^']|'')*')|(?P<word>[\w.:]+)|(?P<sign>!=|[=(),])|(?P<wrong>\S)"
    r"|(?P<end>\Z))"
)


@dataclass(frozen=True, slots=True)
class Comparison:
    name: str
    equals: bool
    value: str


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for: `schema` are the dimensions a metric must have and no others, None for whatever it has."""

    function: str
    metric: str
    namespace: str
    schema: frozenset[str] | None
    conditions: tuple[Comparison, ...]
    groups: tuple[str, ...]
    order: str | None
    descending: bool
    limit: int | None

    def finds(self, dimensions: Mapping[str, str]) -> bool:
        """Whether a metric of the namespace and name takes part."""
        if self.schema is not None and self.schema != dimensions.keys():
            return False
        if any(name not in dimensions for name in self.groups):
            return False
        return all((dimensions.get(one.name) == one.value) is one.equals for one in self.conditions)


def read_query(text: str) -> Query:
    """Raises Invalid."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str):
        self._tokens = []
        for found in _TOKEN.finditer(text):
            kind = found.lastgroup or "end"
            if kind == "wrong":
                raise Invalid(f"Unexpected '{found[kind]}'")
            self._tokens.append((kind, found[kind]))
            if kind == "end":
                break
        self._at = 0

    def whole(self) -> Query:
        self._expect("SELECT")
        function = self._function()
        self._expect("(")
        metric = self._name()
        self._expect(")")
        self._expect("FROM")
        namespace, schema = self._source()
        conditions = self._conditions() if self._takes("WHERE") else ()
        groups = self._groups() if self._takes("GROUP") else ()
        order, descending = self._order() if self._takes("ORDER") else (None, False)
        limit = self._limit() if self._takes("LIMIT") else None
        if self._tokens[self._at][0] != "end":
            raise self._unexpected()
        if schema is not None and not schema.issuperset(groups):
            raise Invalid("GROUP BY names what is not in the schema")
        return Query(function, metric, namespace, schema, conditions, groups, order, descending, limit)

    def _source(self) -> tuple[str, frozenset[str] | None]:
        if not self._takes("SCHEMA"):
            return self._name(), None
        self._expect("(")
        names = self._names()
        self._expect(")")
        return names[0], frozenset(names[1:])

    def _conditions(self) -> tuple[Comparison, ...]:
        found = [self._comparison()]
        while self._takes("AND"):
            found.append(self._comparison())
        return tuple(found)

    def _comparison(self) -> Comparison:
        name = self._name()
        equals = self._takes("=")
        if not equals:
            self._expect("!=")
        kind, text = self._take()
        if kind not in ("text", "word"):
            self._at -= 1
            raise self._unexpected()
        return Comparison(name, equals, text[1:-1].replace("''", "'") if kind == "text" else text)

    def _groups(self) -> tuple[str, ...]:
        self._expect("BY")
        return tuple(self._names())

    def _order(self) -> tuple[str, bool]:
        self._expect("BY")
        function = self._function()
        self._expect("(")
        self._expect(")")
        descending = self._takes("DESC")
        if not descending:
            self._takes("ASC")
        return function, descending

    def _limit(self) -> int:
        kind, text = self._take()
        if kind != "word" or not text.isdecimal():
            self._at -= 1
            raise self._unexpected()
        return int(text)

    def _function(self) -> str:
        name = self._name().upper()
        if name not in FUNCTIONS:
            raise Invalid(f"Unknown function '{name}'")
        return name

    def _names(self) -> list[str]:
        names = [self._name()]
        while self._takes(","):
            names.append(self._name())
        return names

    def _name(self) -> str:
        kind, text = self._take()
        if kind not in ("quoted", "word"):
            self._at -= 1
            raise self._unexpected()
        return text[1:-1].replace('""', '"') if kind == "quoted" else text

    def _take(self) -> tuple[str, str]:
        self._at += 1
        return self._tokens[self._at - 1]

    def _takes(self, text: str) -> bool:
        kind, found = self._tokens[self._at]
        if kind not in ("word", "sign") or found.upper() != text:
            return False
        self._at += 1
        return True

    def _expect(self, text: str):
        if not self._takes(text):
            raise self._unexpected()

    def _unexpected(self) -> Invalid:
        kind, text = self._tokens[self._at]
        return Invalid(f"Unexpected {'end of the query' if kind == 'end' else text}")
