"""Key conditions: which partition a query is about, and which part of it.

The parts of the sort key are ranges of its encoded bytes.
"""

from dataclasses import dataclass

from .comparing import SORTED_KINDS
from .conditions import Binder, check_bounds, wrong_type
from .grammar import parse_key_condition
from .invalid import Invalid
from .keys import after_prefix, beginning, encoded, joined, partition_of
from .names import Names
from .nodes import Comparison, Constant, Function, Junction, Node, Path
from .values import Value, kind_of

NOT_SUPPORTED = "Query key condition not supported"
TYPES_DIFFER = "One or more parameter values were invalid: Condition parameter type does not match schema type"
SIGNS = ("=", "<", "<=", ">", ">=", "BETWEEN", "begins_with")
TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
CONDITION = "Invalid condition in KeyConditionExpression: "
Clause = tuple[str, list[Value]]  # a comparator, BETWEEN or begins_with, and its values


@dataclass(frozen=True, slots=True)
class KeyRange:
    """A partition, and the sort keys within: from `low` on, before or up to `high` (encoded; None is no bound)."""

    partition: bytes
    low: bytes = b""
    low_included: bool = True
    high: bytes | None = None
    high_included: bool = True

    def __contains__(self, sort: bytes) -> bool:
        if sort < self.low or (sort == self.low and not self.low_included):
            return False
        return self.high is None or sort < self.high or (sort == self.high and self.high_included)


@dataclass(frozen=True, slots=True)
class KeyAttribute:
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Keys:
    """The attributes of a key: those of the partition and those of the sort key, of which there may be none."""

    partitions: list[KeyAttribute]
    sorts: list[KeyAttribute]

    @property
    def all(self) -> list[KeyAttribute]:
        return [*self.partitions, *self.sorts]


class NotOfKeys(Invalid):
    """A condition that could be one of items, not of keys. It is told after what is wrong with other expressions."""


def key_clauses(text: str, names: Names) -> tuple[dict[str, Clause], NotOfKeys | None]:
    """The clauses of an expression by the attributes that they are about, and what it cannot be as one of keys.
    Raises Invalid.
    """
    try:
        node = parse_key_condition(text)
        try:
            return _Clauses(names).read(node), None
        except NotOfKeys as wrong:
            Binder(names).condition(node)
            return {}, wrong
    except Invalid as wrong:
        raise Invalid(f"Invalid KeyConditionExpression: {wrong}") from None


def range_of(clauses: dict[str, Clause], keys: Keys) -> KeyRange:
    """Of clauses by the attributes that they are about: each of the partition's, the first ones of the sort key's.
    Raises Invalid.
    """
    _check_asked(clauses, keys.partitions)
    of_sort = len(clauses) - len(keys.partitions)
    if of_sort > len(keys.sorts):
        raise Invalid(NOT_SUPPORTED)
    asked = keys.sorts[:of_sort]
    _check_asked(clauses, asked)
    for attribute in (*keys.partitions, *asked):
        if clauses[attribute.name][0] not in SIGNS:
            raise Invalid("Attempted conditional constraint is not an indexable operation")
        _check_types(clauses[attribute.name][1], attribute)
    if any(clauses[attribute.name][0] != "=" for attribute in (*keys.partitions, *asked[:-1])):
        raise Invalid(NOT_SUPPORTED)
    firsts = [clauses[attribute.name][1][0] for attribute in keys.partitions]
    partition = partition_of(firsts)
    if not asked:
        return KeyRange(partition)
    sign, bounds = clauses[asked[-1].name]
    if len(keys.sorts) == 1:
        return _bounded(partition, sign, bounds)
    return _within(partition, joined(clauses[attribute.name][1][0] for attribute in asked[:-1]), sign, bounds)


def _check_asked(clauses: dict[str, Clause], attributes: list[KeyAttribute]):
    for attribute in attributes:
        if attribute.name not in clauses:
            raise Invalid(f"Query condition missed key schema element: {attribute.name}")


def _bounded(partition: bytes, sign: str, bounds: list[Value]) -> KeyRange:
    first = encoded(bounds[0])
    if sign == "=":
        return KeyRange(partition, first, True, first, True)
    if sign == "BETWEEN":
        return KeyRange(partition, first, True, encoded(bounds[1]), True)
    if sign == "begins_with":
        return KeyRange(partition, first, True, after_prefix(first), False)
    if sign in ("<", "<="):
        return KeyRange(partition, high=first, high_included=sign == "<=")
    if sign in (">", ">="):
        return KeyRange(partition, first, sign == ">=")
    raise Invalid(NOT_SUPPORTED)


def _within(partition: bytes, stem: bytes, sign: str, bounds: list[Value]) -> KeyRange:
    """The part of the keys of several attributes that begin with `stem` and go on as is asked for."""
    first, low, high = stem + joined(bounds[:1]), stem, after_prefix(stem)
    if sign in ("=", "BETWEEN"):
        low, high = first, after_prefix(stem + joined(bounds[-1:]))
    elif sign == "begins_with":
        low = stem + beginning(bounds[0])
        high = after_prefix(low)
    elif sign == "<":
        high = first
    elif sign == "<=":
        high = after_prefix(first)
    elif sign == ">":
        low = after_prefix(first) or first
    elif sign == ">=":
        low = first
    else:
        raise Invalid(NOT_SUPPORTED)
    return KeyRange(partition, low, True, high, False)


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
                Binder(self._names).condition(node)
            self._add("begins_with", node.arguments)
        else:
            raise NotOfKeys(f"Invalid operator used in KeyConditionExpression: {_operator(node)}")

    def _add(self, sign: str, operands: tuple):
        if sign in ("BETWEEN", "begins_with") and not isinstance(operands[0], Path):
            raise NotOfKeys(f"{CONDITION}{sign} operator must have the key attribute as its first operand")
        name = ""
        values: list[Value] = []
        for operand in operands:
            if isinstance(operand, Constant):
                values.append(self._names.value(operand))
            elif isinstance(operand, Path):
                name = self._name(operand, name)
            else:
                raise NotOfKeys("KeyConditionExpressions cannot contain nested operations")
        if not name:
            raise NotOfKeys(f"{CONDITION}No key attribute specified")
        if name in self._found:
            raise NotOfKeys("KeyConditionExpressions must only contain one condition per key")
        if sign != "=":
            _check_values(sign, values)
        self._found[name] = (sign if isinstance(operands[0], Path) else TURNED.get(sign, sign), values)

    def _name(self, path: Path, before: str) -> str:
        """The attribute of a condition, which may have but one."""
        if before:
            raise NotOfKeys(f"{CONDITION}Multiple attribute names used in one condition")
        steps = self._names.path(path)
        if len(steps) > 1:
            raise NotOfKeys("KeyConditionExpressions cannot have conditions on nested attributes")
        [name] = map(str, steps)
        return name


def _check_values(sign: str, values: list[Value]):
    for kind in map(kind_of, values):
        if (sign == "begins_with" and kind not in ("S", "B")) or (sign == "BETWEEN" and kind not in SORTED_KINDS):
            raise wrong_type(sign, kind)
        if kind not in SORTED_KINDS:
            raise Invalid(f"Incorrect operand type for operator or function; operator: {sign}, operand type: {kind}")
    if sign == "BETWEEN":
        check_bounds(*values)


def _operator(node: Node) -> str:
    if isinstance(node, Junction):
        return node.word
    if isinstance(node, Comparison):
        return node.sign
    return node.name if isinstance(node, Function) else "NOT"
