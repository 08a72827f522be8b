"""What expressions consist of, as they were written: names and values are still placeholders."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Path:
    """`a.#b[2]` as ("a", "#b", 2)."""

    steps: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Constant:
    """A value, by its placeholder `:v`."""

    name: str


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    arguments: tuple["Operand", ...]


Operand = Path | Constant | Function


@dataclass(frozen=True, slots=True)
class Comparison:
    """`sign` is a comparator, BETWEEN or IN."""

    sign: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Not:
    inner: "Node"


@dataclass(frozen=True, slots=True)
class Junction:
    """`word` is AND or OR."""

    word: str
    sides: tuple["Node", ...]


Node = Path | Constant | Function | Comparison | Not | Junction


@dataclass(frozen=True, slots=True)
class Sum:
    """`a + b` or `a - b` in the SET section of an update."""

    sign: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Action:
    """One action of an update: `section` is SET, REMOVE, ADD or DELETE."""

    section: str
    path: Path
    operand: Operand | Sum | None
