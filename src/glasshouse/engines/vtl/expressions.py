"""Expressions: literals, operators, and references with their properties, methods and indexes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from glasshouse.engines.vtl import methods
from glasshouse.engines.vtl.errors import TemplateError
from glasshouse.engines.vtl.scope import Scope
from glasshouse.engines.vtl.values import Host, compute, is_true, negate


class Expression(Protocol):
    def value(self, scope: Scope) -> Any: ...


@dataclass(slots=True)
class Literal:
    literal: Any

    def value(self, scope: Scope) -> Any:
        return self.literal


@dataclass(slots=True)
class Interpolated:
    """A text in double quotes, which is a template itself."""

    block: Any

    def value(self, scope: Scope) -> str:
        outer, scope.out = scope.out, []
        try:
            self.block.render(scope)
            return "".join(scope.out)
        finally:
            scope.out = outer


@dataclass(slots=True)
class ListOf:
    items: list[Expression]

    def value(self, scope: Scope) -> list:
        return [item.value(scope) for item in self.items]


@dataclass(slots=True)
class Range:
    """Whole numbers from one to another, up or down, both included."""

    first: Expression
    last: Expression

    def value(self, scope: Scope) -> list[int] | None:
        first, last = self.first.value(scope), self.last.value(scope)
        if not (isinstance(first, int) and isinstance(last, int)):
            return None
        if abs(last - first) > scope.turns_left:
            raise TemplateError("the range is too long")
        return list(range(first, last + 1)) if first <= last else list(range(first, last - 1, -1))


@dataclass(slots=True)
class MapOf:
    entries: list[tuple[Expression, Expression]]

    def value(self, scope: Scope) -> dict:
        return {key.value(scope): value.value(scope) for key, value in self.entries}


@dataclass(slots=True)
class Not:
    operand: Expression

    def value(self, scope: Scope) -> bool:
        return not is_true(self.operand.value(scope))


@dataclass(slots=True)
class Negative:
    operand: Expression

    def value(self, scope: Scope) -> Any:
        return negate(self.operand.value(scope))


@dataclass(slots=True)
class And:
    left: Expression
    right: Expression

    def value(self, scope: Scope) -> bool:
        return is_true(self.left.value(scope)) and is_true(self.right.value(scope))


@dataclass(slots=True)
class Or:
    left: Expression
    right: Expression

    def value(self, scope: Scope) -> bool:
        return is_true(self.left.value(scope)) or is_true(self.right.value(scope))


@dataclass(slots=True)
class Comparison:
    decide: Callable[[Any, Any], bool]
    left: Expression
    right: Expression

    def value(self, scope: Scope) -> bool:
        return self.decide(self.left.value(scope), self.right.value(scope))


@dataclass(slots=True)
class Arithmetic:
    operator: str
    left: Expression
    right: Expression

    def value(self, scope: Scope) -> Any:
        return compute(self.operator, self.left.value(scope), self.right.value(scope))


# References


@dataclass(slots=True)
class Property:
    name: str

    def of(self, value: Any, scope: Scope) -> Any:
        return methods.get(value, self.name)

    def put(self, container: Any, value: Any, scope: Scope):
        if isinstance(container, Host):
            container.put(self.name, value)
        elif isinstance(container, dict):
            container[self.name] = value


@dataclass(slots=True)
class Call:
    name: str
    arguments: list[Expression]

    def of(self, value: Any, scope: Scope) -> Any:
        arguments = [argument.value(scope) for argument in self.arguments]
        if isinstance(value, Host):
            return value.call(self.name, arguments)
        return methods.call(value, self.name, arguments)

    def put(self, container: Any, value: Any, scope: Scope):
        raise TemplateError(f"{self.name}() cannot be set")


@dataclass(slots=True)
class Index:
    expression: Expression

    def of(self, value: Any, scope: Scope) -> Any:
        return methods.item(value, self.expression.value(scope))

    def put(self, container: Any, value: Any, scope: Scope):
        key = self.expression.value(scope)
        if isinstance(container, Host):
            container.put(key, value)
        elif isinstance(container, dict) or (
            isinstance(container, list) and isinstance(key, int) and -len(container) <= key < len(container)
        ):
            container[key] = value


@dataclass(slots=True)
class Reference:
    """`$name.property.method(...)[index]`: what `missing` stands for where a step finds nothing."""

    name: str
    steps: list[Property | Call | Index]

    def value(self, scope: Scope) -> Any:
        value = self._walk(scope, self.steps)
        return scope.missing if value is None else value

    def assign(self, scope: Scope, value: Any):
        if not self.steps:
            scope.variables[self.name] = value
            return
        container = self._walk(scope, self.steps[:-1])
        if container is not None:
            self.steps[-1].put(container, value, scope)

    def _walk(self, scope: Scope, steps: list) -> Any:
        value = scope.variables.get(self.name)
        for step in steps:
            if value is None:
                return None
            value = step.of(value, scope)
        return value
