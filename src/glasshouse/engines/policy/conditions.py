"""Conditions: whether the context of a request satisfies the Condition element of a statement.

All lines must hold; of a line's values one suffices (or, for a negated operator, none may match). A key that the
request lacks makes a line false, except where the operator is negated or ends in IfExists, and except ForAllValues,
which holds for no values at all. Without a qualifier a key with several values is compared like any of them; AWS leaves
this undefined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .operators import OPERATORS, QUALIFIERS, VARIABLE_FAMILIES, OperatorKind, Test
from .parse import Operator
from .patterns import Context, Variable, read_pieces

Predicate = Callable[[Context], bool]


class UnknownOperator(ValueError):
    """The condition operator does not exist."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a Condition, ready to be asked; `key` is lower-cased, `keys` are all that it looks at.

    `variables` says whether ${...} stands for something in its values.
    """

    key: str
    operator: OperatorKind
    qualifier: str
    if_exists: bool
    values: tuple[str, ...]
    variables: bool
    holds: Predicate
    keys: frozenset[str]


def compile_condition(operator: Operator, key: str, values: Sequence[str], variables: bool) -> Condition:
    kind = OPERATORS.get(operator.base.lower())
    qualifier = QUALIFIERS.get(operator.qualifier.lower())
    if kind is None or qualifier is None:
        raise UnknownOperator(operator.base)
    variables = variables and kind.family in VARIABLE_FAMILIES
    name = key.lower()
    if kind.family == "Null":
        holds = _null(name, values)
    else:
        test = kind.make(values, variables)
        holds = _PREDICATES[qualifier, kind.negated](name, test, operator.if_exists)
    used = {piece.key for value in values for piece in read_pieces(value, variables) if isinstance(piece, Variable)}
    return Condition(
        name, kind, qualifier, operator.if_exists, tuple(values), variables, holds, frozenset({name, *used})
    )


def _null(key: str, values: Sequence[str]) -> Predicate:
    wanted = {value.lower() == "true" for value in values}
    return lambda context: (not context.get(key)) in wanted


def _any(key: str, test: Test, if_exists: bool) -> Predicate:
    def holds(context: Context) -> bool:
        values = context.get(key)
        if not values:
            return if_exists
        for value in values:  # noqa: SIM110 (the hot path: a generator costs more than the test)
            if test(value, context):
                return True
        return False

    return holds


def _none(key: str, test: Test, if_exists: bool) -> Predicate:
    def holds(context: Context) -> bool:
        for value in context.get(key, ()):  # noqa: SIM110 (as above)
            if test(value, context):
                return False
        return True

    return holds


def _for_all(key: str, test: Test, if_exists: bool) -> Predicate:
    return lambda context: all(test(value, context) for value in _full(context, key))


def _for_all_not(key: str, test: Test, if_exists: bool) -> Predicate:
    return lambda context: not any(test(value, context) for value in _full(context, key))


def _for_any(key: str, test: Test, if_exists: bool) -> Predicate:
    def holds(context: Context) -> bool:
        values = _full(context, key)
        return any(test(value, context) for value in values) if values else if_exists

    return holds


def _for_any_not(key: str, test: Test, if_exists: bool) -> Predicate:
    def holds(context: Context) -> bool:
        values = _full(context, key)
        return not all(test(value, context) for value in values) if values else if_exists

    return holds


def _full(context: Context, key: str) -> list[str]:
    """The values of a key for the set operators, to which an empty string is no value."""
    return [value for value in context.get(key, ()) if value]


_PREDICATES: dict[tuple[str, bool], Callable[[str, Test, bool], Predicate]] = {
    ("", False): _any,
    ("", True): _none,
    ("ForAllValues", False): _for_all,
    ("ForAllValues", True): _for_all_not,
    ("ForAnyValue", False): _for_any,
    ("ForAnyValue", True): _for_any_not,
}
