"""Conditions and filters: an expression and its placeholders become a function of an item."""

from collections.abc import Callable

from . import comparing
from .documents import find
from .grammar import parse_condition
from .invalid import Invalid
from .names import Names, Steps, printed
from .nodes import Comparison, Constant, Function, Junction, Node, Not, Operand, Path
from .values import TYPES, Item, Value, kind_of, ordered, shown

Condition = Callable[[Item], bool]
Getter = Callable[[Item], Value | None]
OPERANDS = {"attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2, "begins_with": 2, "contains": 2,
            "size": 1}  # fmt: skip
MAX_IN = 100


def condition(text: str, names: Names, expression: str) -> Condition:
    """`expression` is the parameter's name, for the messages. Raises Invalid."""
    try:
        return Binder(names).condition(parse_condition(text))
    except Invalid as wrong:
        raise Invalid(f"Invalid {expression}: {wrong}") from None


class Binder:
    """Gives the nodes of a condition their names and values, and checks what can be told before items are seen."""

    def __init__(self, names: Names, operator: str = "operator"):
        """`operator` is what an operator is called in messages."""
        self._names, self._operator = names, operator
        self.attributes: set[str] = set()  # the top-level attributes that are looked at
        self.nested: set[str] = set()  # those that are looked into

    def condition(self, node: Node) -> Condition:
        if isinstance(node, Junction):
            return self._junction(node)
        if isinstance(node, Not):
            inner = self.condition(node.inner)
            return lambda item: not inner(item)
        if isinstance(node, Comparison):
            return self._comparison(node)
        if isinstance(node, Function):
            return self._function(node)
        raise Invalid("Syntax error")

    def _junction(self, node: Junction) -> Condition:
        sides = [self.condition(side) for side in node.sides]
        every = all if node.word == "AND" else any
        return lambda item: every(side(item) for side in sides)

    def _comparison(self, node: Comparison) -> Condition:
        operands = [self._resolved(operand) for operand in node.operands]
        if node.sign not in ("BETWEEN", "IN"):
            _check_distinct(node.sign, operands)
        getters = [self._getter(operand) for operand in operands]
        if node.sign not in ("=", "<>", "IN"):
            self._check_sortable(node.sign, operands)
        if node.sign == "BETWEEN":
            return _between(getters)
        if node.sign == "IN":
            return _within(getters)
        left, right = getters
        test = comparing.COMPARATORS[node.sign]
        return lambda item: test(left(item), right(item))

    def _check_sortable(self, sign: str, operands: list):
        for operand in operands:
            if isinstance(operand, dict) and kind_of(operand) not in comparing.SORTED_KINDS:
                if sign == "BETWEEN":
                    raise wrong_type(sign, kind_of(operand))
                raise Invalid(
                    f"Incorrect operand type for operator or function; {self._operator}: {sign}, operand type:"
                    f" {kind_of(operand)}"
                )
        if sign == "BETWEEN" and isinstance(operands[1], dict) and isinstance(operands[2], dict):
            check_bounds(operands[1], operands[2])

    def _function(self, node: Function) -> Condition:
        name = node.name
        operands = self._operands(node)
        getters = [self._getter(operand) for operand in operands]
        if name in ("attribute_exists", "attribute_not_exists"):
            _check_path(name, operands[0])
            wanted, get = name == "attribute_exists", getters[0]
            return lambda item: (get(item) is not None) is wanted
        if name == "attribute_type":
            return _of_type(operands[1], getters[0])
        if name == "begins_with":
            _check_kinds(name, operands, ("S", "B"))
        test = comparing.begins_with if name == "begins_with" else comparing.contains
        whole, part = getters
        return lambda item: test(whole(item), part(item))

    def _operands(self, node: Function) -> list["Steps | Value | Sized"]:
        operands = [self._resolved(operand) for operand in node.arguments]
        if len(operands) != OPERANDS[node.name]:
            raise Invalid(
                "Incorrect number of operands for operator or function; operator or function:"
                f" {node.name}, number of operands: {len(operands)}"
            )
        _check_distinct(node.name, operands)
        return operands

    def _resolved(self, operand: Operand) -> "Steps | Value | Sized":
        if isinstance(operand, Path):
            steps = self._names.path(operand)
            self.attributes.add(str(steps[0]))
            if len(steps) > 1:
                self.nested.add(str(steps[0]))
            return steps
        if isinstance(operand, Constant):
            return self._names.value(operand)
        [of] = self._operands(operand)
        if isinstance(of, Sized):
            raise wrong_type("size", "N")
        if isinstance(of, dict) and kind_of(of) in ("N", "BOOL", "NULL"):
            raise wrong_type("size", kind_of(of))
        return Sized(of)

    def _getter(self, operand: "Steps | Value | Sized") -> Getter:
        if isinstance(operand, tuple):
            return _at(operand)
        if isinstance(operand, Sized):
            get = self._getter(operand.of)
            return lambda item: comparing.size(get(item))
        return lambda item: operand


class Sized:
    """The length of an operand."""

    def __init__(self, of: "Steps | Value | Sized"):
        self.of = of


def wrong_type(function: str, kind: str) -> Invalid:
    return Invalid(
        f"Incorrect operand type for operator or function; operator or function: {function}, operand type: {kind}"
    )


def _at(steps: Steps) -> Getter:
    if len(steps) == 1:
        name = str(steps[0])
        return lambda item: item.get(name)
    return lambda item: find(item, steps)


def _between(getters: list[Getter]) -> Condition:
    get, get_low, get_high = getters

    def holds(item: Item) -> bool:
        value = get(item)
        return comparing.less_or_equal(get_low(item), value) and comparing.less_or_equal(value, get_high(item))

    return holds


def check_bounds(low: Value, high: Value):
    told = f"lower bound operand: AttributeValue: {shown(low)}, upper bound operand: AttributeValue: {shown(high)}"
    if kind_of(low) != kind_of(high):
        raise Invalid(f"The BETWEEN operator requires same data type for lower and upper bounds; {told}")
    if kind_of(low) in comparing.SORTED_KINDS and ordered(low) > ordered(high):
        raise Invalid(f"The BETWEEN operator requires upper bound to be greater than or equal to lower bound; {told}")


def _within(getters: list[Getter]) -> Condition:
    get, *options = getters
    if len(options) > MAX_IN:
        raise Invalid(f"The IN operator is provided with too many operands; number of operands: {len(options)}")
    return lambda item: any(comparing.equal(get(item), option(item)) for option in options)


def _of_type(wanted, get: Getter) -> Condition:
    if not isinstance(wanted, dict) or kind_of(wanted) != "S":
        kind = kind_of(wanted) if isinstance(wanted, dict) else "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"
        raise wrong_type("attribute_type", kind)
    name = wanted["S"]
    if name not in TYPES:
        raise Invalid(f"Invalid attribute type name found; type: {name}, valid types: {{{','.join(TYPES)}}}")

    def holds(item: Item) -> bool:
        value = get(item)
        return value is not None and kind_of(value) == name

    return holds


def _check_path(function: str, operand):
    if not isinstance(operand, tuple):
        raise Invalid(f"Operator or function requires a document path; operator or function: {function}")


def _check_kinds(function: str, operands: list, kinds: tuple[str, ...]):
    for operand in operands:
        kind = "N" if isinstance(operand, Sized) else kind_of(operand) if isinstance(operand, dict) else None
        if kind is not None and kind not in kinds:
            raise wrong_type(function, kind)


def _check_distinct(operator: str, operands: list):
    if len(operands) == 2 and isinstance(operands[0], tuple) and operands[0] == operands[1]:
        raise Invalid(
            "The first operand must be distinct from the remaining operands for this operator or function; operator:"
            f" {operator}, first operand: {printed(operands[0])}"
        )
