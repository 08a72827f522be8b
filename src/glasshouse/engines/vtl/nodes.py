"""The parts of a template: text, references, directives. A part is `render`ed, an expression has a `value`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from glasshouse.engines.vtl import methods
from glasshouse.engines.vtl.errors import TemplateError
from glasshouse.engines.vtl.expressions import Expression
from glasshouse.engines.vtl.scope import Break, Scope, Stop
from glasshouse.engines.vtl.values import Host, is_true, text


class Part:
    def render(self, scope: Scope) -> None:
        raise TemplateError("nothing to render")


@dataclass(slots=True)
class Text(Part):
    text: str

    def render(self, scope: Scope) -> None:
        scope.out.append(self.text)


@dataclass(slots=True)
class Block(Part):
    """Parts one after another."""

    parts: list[Part] = field(default_factory=list)

    def render(self, scope: Scope) -> None:
        for part in self.parts:
            part.render(scope)


@dataclass(slots=True)
class Defined:
    """What #define keeps: rendered each time it is referred to."""

    block: Block


@dataclass(slots=True)
class Print(Part):
    """A reference in the text. `escapes` are backslashes before it; where it finds nothing its source is printed."""

    reference: Expression
    source: str
    is_quiet: bool
    escapes: int = 0

    def render(self, scope: Scope) -> None:
        value = self.reference.value(scope)
        if self.escapes:
            self._render_escaped(scope, value)
        elif isinstance(value, Defined):
            value.block.render(scope)
        elif value is not None:
            scope.out.append(text(value))
        elif not self.is_quiet:
            scope.out.append(self.source)

    def _render_escaped(self, scope: Scope, value: Any):
        """Two backslashes are one, and an odd one takes the reference its meaning; but not where there is nothing."""
        if value is None:
            scope.out.append("\\" * self.escapes + self.source)
            return
        scope.out.append("\\" * (self.escapes // 2))
        scope.out.append(self.source if self.escapes % 2 else text(value))


@dataclass(slots=True)
class Set(Part):
    reference: Any  # a Reference, which can be assigned to
    expression: Expression

    def render(self, scope: Scope) -> None:
        value = self.expression.value(scope)
        if value is not None:
            self.reference.assign(scope, value)


@dataclass(slots=True)
class Define(Part):
    name: str
    block: Block

    def render(self, scope: Scope) -> None:
        scope.variables[self.name] = Defined(self.block)


@dataclass(slots=True)
class If(Part):
    """The first branch whose condition is true; that of #else has none."""

    branches: list[tuple[Expression | None, Block]]

    def render(self, scope: Scope) -> None:
        for condition, block in self.branches:
            if condition is None or is_true(condition.value(scope)):
                block.render(scope)
                return


@dataclass(slots=True)
class Foreach(Part):
    name: str
    expression: Expression
    block: Block

    def render(self, scope: Scope) -> None:
        items = list(_items(self.expression.value(scope)))
        variables = scope.variables
        names = (self.name, "foreach", "velocityCount", "velocityHasNext")
        before = {name: variables[name] for name in names if name in variables}
        loop = Loop(len(items), variables.get("foreach"))
        try:
            for loop.index, variables[self.name] in enumerate(items):
                variables["foreach"] = loop
                variables["velocityCount"], variables["velocityHasNext"] = loop.index + 1, loop.get("hasNext")
                scope.turn()
                self.block.render(scope)
        except Break:
            pass
        finally:
            for name in names:
                variables.pop(name, None)
            variables.update(before)


class Loop(Host):
    """`$foreach`: where a loop stands."""

    def __init__(self, size: int, parent: Any):
        self.index, self.size, self.parent = 0, size, parent

    def get(self, name: str) -> Any:
        known = {
            "index": self.index, "count": self.index + 1, "hasNext": self.index + 1 < self.size,
            "first": self.index == 0, "last": self.index + 1 == self.size, "parent": self.parent,
        }  # fmt: skip
        return known.get(name)

    def call(self, name: str, arguments: Any) -> Any:
        if name == "hasNext":
            return self.get(name)
        if name == "stop":
            raise Break
        return self.get(methods.property_of(name) or "")


@dataclass(slots=True)
class Leave(Part):
    """#break and #stop."""

    how: type[Break] | type[Stop]

    def render(self, scope: Scope) -> None:
        raise self.how


def _items(value: Any) -> Iterator[Any]:
    """What a loop goes over: a list's items, or a map's values."""
    if isinstance(value, dict):
        return iter(list(value.values()))
    return iter(value) if isinstance(value, (list, tuple)) else iter(())
