"""Updates: what an update expression makes of an item.

All values are computed from the item as it was; then SET, REMOVE, ADD and DELETE change a copy of it.
"""

from collections.abc import Callable
from copy import deepcopy

from . import numbers
from .conditions import wrong_type
from .documents import find, put, remove
from .invalid import Invalid
from .names import Names, Steps, check_apart
from .nodes import Action, Constant, Function, Operand, Path, Sum
from .update_grammar import parse_update
from .values import SETS, Item, Value, kind_of, measure_item

Getter = Callable[[Item], Value]
TYPE_NAMES = {"S": "STRING", "N": "NUMBER", "B": "BINARY", "NULL": "NULL", "BOOL": "BOOLEAN", "L": "LIST", "M": "MAP",
              "SS": "STRING_SET", "NS": "NUMBER_SET", "BS": "BINARY_SET"}  # fmt: skip
WRONG_TYPE = "An operand in the update expression has an incorrect data type"
NOT_THERE = "The provided expression refers to an attribute that does not exist in the item"
BASE_FEE_BYTES, WRITE_FEE_BYTES, REMOVAL_FEE_BYTES = 3, 19, 2  # as measured (nubo-db/dynamodb-conformance)
ALLOWED = {"ADD": ("N", *SETS), "DELETE": tuple(SETS)}


class Update:
    """An update that has been read: `paths` are those it changes, in the order written."""

    def __init__(self, sets: list[tuple[Steps, Getter]], others: list[tuple[str, Steps, Value | None]]):
        self._sets, self._others = sets, others
        self.paths = [steps for steps, _ in sets] + [steps for _, steps, _ in others]

    @property
    def attributes(self) -> list[str]:
        """The top-level attributes that it changes."""
        return [str(steps[0]) for steps in self.paths]

    def cost_bytes(self, item: Item) -> int:
        """What it counts against the largest item: what it writes, as the item has it, and a fee for each action."""
        written = self.written
        fees = BASE_FEE_BYTES + sum(WRITE_FEE_BYTES + isinstance(steps[-1], int) for steps in written)
        fees += REMOVAL_FEE_BYTES * (len(self.paths) - len(written))
        names = {str(steps[0]) for steps in written}
        return fees + measure_item({name: item[name] for name in names if name in item})

    @property
    def written(self) -> list[Steps]:
        """The paths that it sets or adds to."""
        return [steps for steps, _ in self._sets] + [steps for section, steps, _ in self._others if section == "ADD"]

    def __call__(self, item: Item) -> Item:
        """The item as it is afterwards. Raises Invalid."""
        changed = deepcopy(item) if any(len(steps) > 1 for steps in self.paths) else dict(item)
        values = [(steps, get(item)) for steps, get in self._sets]
        for steps, value in sorted(values, key=lambda pair: _last_index(pair[0])):
            put(changed, steps, value)
        for section, steps, value in sorted(self._others, key=_from_the_end):
            if section == "REMOVE":
                remove(changed, steps)
            elif value is not None:
                combine(section, changed, steps, value)
        return changed


def update(text: str, names: Names) -> Update:
    """Raises Invalid."""
    try:
        return bound(parse_update(text), names)
    except Invalid as wrong:
        raise Invalid(f"Invalid UpdateExpression: {wrong}") from None


def bound(actions: tuple[Action, ...], names: Names) -> Update:
    """Actions with the names and values that they use. Raises Invalid."""
    binder = _Binder(names)
    paths = [names.path(action.path) for action in actions]
    for action in actions:
        binder.touch(action.operand)
    check_apart(paths)
    sets, others = [], []
    for action, steps in zip(actions, paths, strict=True):
        if action.section == "SET":
            sets.append((steps, binder.right(action.operand)))  # type: ignore[arg-type]
        elif isinstance(action.operand, Constant):
            value = names.value(action.operand)
            _check_allowed(action.section, value)
            others.append((action.section, steps, value))
        else:
            others.append((action.section, steps, None))
    return Update(sets, others)


class _Binder:
    def __init__(self, names: Names):
        self._names = names

    def touch(self, operand: Operand | Sum | None):
        """Resolve the names within: undefined ones are told before anything else is."""
        if isinstance(operand, Sum):
            self.touch(operand.left)
            self.touch(operand.right)
        elif isinstance(operand, Function):
            for argument in operand.arguments:
                self.touch(argument)
        elif isinstance(operand, Path):
            self._names.path(operand)
        elif isinstance(operand, Constant):
            self._names.value(operand)

    def right(self, operand: Operand | Sum) -> Getter:
        if not isinstance(operand, Sum):
            return self.operand(operand)
        self._check_types(operand.sign, (operand.left, operand.right), "N")
        left, right = self.operand(operand.left), self.operand(operand.right)
        compute = numbers.add if operand.sign == "+" else numbers.subtract
        return lambda item: {"N": compute(_content(left(item), "N"), _content(right(item), "N"))}

    def operand(self, operand: Operand) -> Getter:
        if isinstance(operand, Constant):
            value = self._names.value(operand)
            return lambda item: value
        if isinstance(operand, Path):
            return _existing(self._names.path(operand))
        return self._if_not_exists(operand) if operand.name == "if_not_exists" else self._list_append(operand)

    def _if_not_exists(self, function: Function) -> Getter:
        path, default = _two(function)
        if not isinstance(path, Path):
            raise Invalid("Operator or function requires a document path; operator or function: if_not_exists")
        steps, otherwise = self._names.path(path), self.operand(default)

        def value(item: Item) -> Value:
            found = find(item, steps)
            return otherwise(item) if found is None else found

        return value

    def _list_append(self, function: Function) -> Getter:
        arguments = _two(function)
        self._check_types("list_append", arguments, "L")
        first, second = map(self.operand, arguments)
        return lambda item: {"L": [*_content(first(item), "L"), *_content(second(item), "L")]}

    def _check_types(self, function: str, operands: tuple[Operand, Operand], wanted: str):
        for operand in operands:
            if isinstance(operand, Constant):
                kind = kind_of(self._names.value(operand))
                if kind != wanted:
                    raise wrong_type(function, kind)


def _two(function: Function) -> tuple[Operand, Operand]:
    if len(function.arguments) != 2:
        raise Invalid(
            "Incorrect number of operands for operator or function; operator or function:"
            f" {function.name}, number of operands: {len(function.arguments)}"
        )
    return function.arguments  # type: ignore[return-value]


def _existing(steps: Steps) -> Getter:
    def value(item: Item) -> Value:
        found = find(item, steps)
        if found is None:
            raise Invalid(NOT_THERE)
        return found

    return value


def _content(value: Value, kind: str):
    if kind_of(value) != kind:
        raise Invalid(WRONG_TYPE)
    return value[kind]


def _check_allowed(section: str, value: Value):
    if kind_of(value) not in ALLOWED[section]:
        raise Invalid(
            f"Incorrect operand type for operator or function; operator: {section}, operand type:"
            f" {TYPE_NAMES[kind_of(value)]}, typeSet: ALLOWED_FOR_{section}_OPERAND"
        )


def combine(section: str, item: Item, steps: Steps, value: Value):
    """ADD a number or elements to what is there, or DELETE elements of a set; an empty set is no set."""
    present = find(item, steps)
    if present is None:
        if section == "ADD":
            put(item, steps, value)
        return
    [(kind, content)] = value.items()
    if kind_of(present) != kind:
        raise Invalid(WRONG_TYPE)
    if kind == "N":
        put(item, steps, {"N": numbers.add(present["N"], content)})
        return
    if section == "ADD":
        put(item, steps, {kind: list(dict.fromkeys([*present[kind], *content]))})
        return
    left = [element for element in present[kind] if element not in content]
    if left:
        put(item, steps, {kind: left})
    else:
        remove(item, steps)


def _last_index(steps: Steps) -> int:
    """Elements beyond the end of a list are appended in the order of their indexes."""
    return steps[-1] if isinstance(steps[-1], int) else 0


def _from_the_end(action: tuple[str, Steps, Value | None]) -> tuple[bool, int]:
    """REMOVE goes first, and through a list from its end, so that indexes mean the list as it was."""
    section, steps, _ = action
    return section != "REMOVE", -_last_index(steps)
