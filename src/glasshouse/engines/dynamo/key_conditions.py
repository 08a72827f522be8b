"""Key conditions: which partition a query is about, and which part of it.

The parts of the sort key are ranges of its encoded bytes.
"""

from dataclasses import dataclass

from .grammar import parse_key_condition
from .invalid import Invalid
from .keys import after_prefix, encoded
from .names import Names
from .nodes import Comparison, Constant, Function, Junction, Node, Path
from .values import Value, kind_of, ordered, shown

NOT_SUPPORTED = "Query key condition not supported"
TYPES_DIFFER = "One or more parameter values were invalid: Condition parameter type does not match schema type"
TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
Clause = tuple[str, list[Value]]  # a comparator, BETWEEN or begins_with, and its values


@dataclass(frozen=True, slots=True)
class KeyRange:
    """A partition, and the sort keys within: from `low` on, before or up to `high` (encoded; None is no bound)."""

    partition: Value
    low: bytes = b""
    low_included: bool = True
    high: bytes | None = None
    high_included: bool = True


@dataclass(frozen=True, slots=True)
class KeyAttribute:
    name: str
    kind: str


def key_range(text: str, names: Names, partition: KeyAttribute, sort: KeyAttribute | None) -> KeyRange:
    """Raises Invalid."""
    try:
        clauses = _Clauses(names).read(parse_key_condition(text))
    except Invalid as wrong:
        raise Invalid(f"Invalid KeyConditionExpression: {wrong}") from None
    return range_of(clauses, partition, sort)


def range_of(clauses: dict[str, Clause], partition: KeyAttribute, sort: KeyAttribute | None) -> KeyRange:
    """Of clauses by the attributes that they are about. Raises Invalid."""
    if partition.name not in clauses:
        raise Invalid(f"Query condition missed key schema element: {partition.name}")
    if len(clauses) > 1:
        if sort is None:
            raise Invalid(NOT_SUPPORTED)
        if sort.name not in clauses:
            raise Invalid(f"Query condition missed key schema element: {sort.name}")
    sign, values = clauses[partition.name]
    _check_types(values, partition)
    if sign != "=":
        raise Invalid(NOT_SUPPORTED)
    if len(clauses) == 1:
        return KeyRange(values[0])
    sign, bounds = clauses[sort.name]  # type: ignore[union-attr]
    _check_types(bounds, sort)  # type: ignore[arg-type]
    return _bounded(values[0], sign, bounds)


def _bounded(partition: Value, sign: str, bounds: list[Value]) -> KeyRange:
    first = encoded(bounds[0])
    if sign == "=":
        return KeyRange(partition, first, True, first, True)
    if sign == "BETWEEN":
        return KeyRange(partition, first, True, encoded(bounds[1]), True)
    if sign == "begins_with":
        if kind_of(bounds[0]) == "N":
            raise Invalid(NOT_SUPPORTED)
        return KeyRange(partition, first, True, after_prefix(first), False)
    if sign in ("<", "<="):
        return KeyRange(partition, high=first, high_included=sign == "<=")
    if sign in (">", ">="):
        return KeyRange(partition, first, sign == ">=")
    raise Invalid(NOT_SUPPORTED)


def _check_types(values: list[Value], attribute: KeyAttribute):
    if any(kind_of(value) != attribute.kind for value in values):
        raise Invalid(TYPES_DIFFER)


class _Clauses:
    def __init__(self, names: Names):
        self._names = names
        self._found: dict[str, Clause] = {}

    def read(self, node: Node) -> dict[str, Clause]:
        self._read(node)
        return self._found

    def _read(self, node: Node):
        if isinstance(node, Junction) and node.word == "AND":
            for side in node.sides:
                self._read(side)
        elif isinstance(node, Comparison) and node.sign not in ("IN", "<>"):
            self._add(node.sign, node.operands)
        elif isinstance(node, Function) and node.name == "begins_with":
            if len(node.arguments) != 2:
                raise Invalid(
                    "Incorrect number of operands for operator or function; operator or function:"
                    f" begins_with, number of operands: {len(node.arguments)}"
                )
            self._add("begins_with", node.arguments)
        else:
            raise Invalid(f"Invalid operator used in KeyConditionExpression: {_operator(node)}")

    def _add(self, sign: str, operands: tuple):
        paths = [operand for operand in operands if isinstance(operand, Path)]
        values = [self._names.value(operand) for operand in operands if isinstance(operand, Constant)]
        if len(paths) + len(values) < len(operands):
            raise Invalid("KeyConditionExpressions cannot contain nested operations")
        if len(paths) != 1:
            several = "Multiple attribute names used in one condition" if paths else "No key attribute specified"
            raise Invalid(f"Invalid condition in KeyConditionExpression: {several}")
        steps = self._names.path(paths[0])
        if len(steps) > 1:
            raise Invalid("KeyConditionExpressions cannot have conditions on nested attributes")
        if operands[0] is not paths[0]:
            if sign in ("BETWEEN", "begins_with"):
                raise Invalid(f"Invalid operator used in KeyConditionExpression: {sign}")
            sign = TURNED.get(sign, sign)
        [name] = map(str, steps)
        if name in self._found:
            raise Invalid("KeyConditionExpressions must only contain one condition per key")
        _check_values(sign, values)
        self._found[name] = (sign, values)


def _check_values(sign: str, values: list[Value]):
    if sign != "BETWEEN":
        return
    low, high = values
    told = f"lower bound operand: AttributeValue: {shown(low)}, upper bound operand: AttributeValue: {shown(high)}"
    if kind_of(low) != kind_of(high):
        raise Invalid(f"The BETWEEN operator requires same data type for lower and upper bounds; {told}")
    if kind_of(low) in ("S", "N", "B") and ordered(low) > ordered(high):
        raise Invalid(f"The BETWEEN operator requires upper bound to be greater than or equal to lower bound; {told}")


def _operator(node: Node) -> str:
    if isinstance(node, Junction):
        return node.word
    if isinstance(node, Comparison):
        return node.sign
    return node.name if isinstance(node, Function) else "NOT"
