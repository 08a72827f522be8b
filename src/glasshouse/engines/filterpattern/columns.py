"""Space-delimited patterns: `[ip, user, ..., status = 4* || status = 5*, bytes > 1000]`.

A message is cut at spaces; what stands in double quotes or square brackets is one column.
"""

import re

from glasshouse.engines.filterpattern.comparison import comparison
from glasshouse.engines.filterpattern.errors import InvalidPattern
from glasshouse.engines.filterpattern.tokens import Test, Tokens, any_of

COLUMN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|\[([^\]]*)\]|(\S+))')
ELLIPSIS = "..."


class Columns:
    """A name and a condition for each column; an ellipsis stands for any number of them."""

    def __init__(self, columns: list[tuple[str, Test | None]]):
        self.columns = columns
        self.ellipsis = next((place for place, (name, _) in enumerate(columns) if name == ELLIPSIS), None)

    def match(self, message: str) -> dict[str, str] | None:
        values = _cut(message)
        placed = self._place(values)
        if placed is None or not all(test is None or test(value) for (_, test), value in placed):
            return None
        return {f"${name}": value for (name, _), value in placed}

    def _place(self, values: list[str]):
        """Which column each value stands in; the ones under an ellipsis are numbered by their place."""
        if self.ellipsis is None:
            return list(zip(self.columns, values, strict=True)) if len(values) == len(self.columns) else None
        before, after = self.columns[: self.ellipsis], self.columns[self.ellipsis + 1 :]
        between = len(values) - len(before) - len(after)
        if between < 0:
            return None
        unnamed = [(str(len(before) + place + 1), None) for place in range(between)]
        return list(zip([*before, *unnamed, *after], values, strict=True))


def parse_columns(text: str) -> Columns:
    if not text.endswith("]"):
        raise InvalidPattern("Invalid filter pattern: ] is missing")
    tokens = Tokens(text[1:-1])
    columns: list[tuple[str, Test | None]] = []
    while tokens.items:
        columns.append(_column(tokens, len(columns)))
        if tokens.items:
            tokens.expect(",")
    if sum(name == ELLIPSIS for name, _ in columns) > 1:
        raise InvalidPattern("Invalid filter pattern: only one ellipsis may stand in it")
    return Columns(columns)


def _column(tokens: Tokens, place: int) -> tuple[str, Test | None]:
    if tokens.take(ELLIPSIS):
        return ELLIPSIS, None
    kind, name = tokens.items[0] if tokens.items[0][1] != "(" else tokens.items[1]
    if name == ",":
        return str(place + 1), None
    if kind != "word":
        raise InvalidPattern(f"Invalid filter pattern: {name} does not name a column")
    if len(tokens.items) == 1 or tokens.items[1][1] == ",":
        tokens.next()
        return name, None
    return name, any_of(tokens, _atom)


def _atom(tokens: Tokens) -> Test:
    tokens.next()  # the column's name, which each condition on it repeats
    operator = tokens.take("=", "!=", "<", ">", "<=", ">=")
    if operator is None:
        raise InvalidPattern("Invalid filter pattern: a column is compared with nothing")
    test = comparison(operator, tokens.operand())
    return lambda value: test.holds(value)  # type: ignore[arg-type]


def _cut(message: str) -> list[str]:
    found = COLUMN.findall(message)
    return [quoted or bracketed or word for quoted, bracketed, word in found]
