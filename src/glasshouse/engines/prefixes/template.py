"""A prefix: literal text and expressions `!{namespace:value}`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from .dates import InvalidPattern, formatted

EXPRESSION = re.compile(r"!\{([a-zA-Z]+):([^{}]*)\}")
NAMESPACES = ("timestamp", "firehose", "partitionKeyFromQuery", "partitionKeyFromLambda")
OF_FIREHOSE = ("error-output-type", "random-string")


class InvalidPrefix(ValueError):
    """A prefix that cannot be evaluated. Its text names the field it was found in as `{field}`."""


@dataclass(frozen=True, slots=True)
class Expression:
    namespace: str
    value: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What expressions stand for: a moment with its zone, and the rest where an expression asks for it."""

    moment: datetime
    random: Callable[[], str] = str
    error_type: str = ""
    keys: Mapping[tuple[str, str], str] = field(default_factory=dict)  # by namespace and name


@dataclass(frozen=True)
class Prefix:
    parts: tuple[str | Expression, ...]

    @classmethod
    def parse(cls, text: str) -> "Prefix":
        """Raises InvalidPrefix."""
        parts: list[str | Expression] = []
        end = 0
        for match in EXPRESSION.finditer(text):
            parts += [text[end : match.start()], _checked(Expression(match[1], match[2]))]
            end = match.end()
        parts.append(text[end:])
        if any(isinstance(part, str) and "!{" in part for part in parts):
            raise InvalidPrefix("Invalid expression usage")
        return cls(tuple(part for part in parts if part))

    @cached_property
    def expressions(self) -> list[Expression]:
        return [part for part in self.parts if isinstance(part, Expression)]

    def has(self, namespace: str, value: str | None = None) -> bool:
        """Whether there is an expression of a namespace, with this value if one is given."""
        return any(one.namespace == namespace and value in (None, one.value) for one in self.expressions)

    def evaluate(self, setting: Setting) -> str:
        return "".join(part if isinstance(part, str) else _value(part, setting) for part in self.parts)


def _checked(expression: Expression) -> Expression:
    namespace, value = expression.namespace, expression.value
    if namespace not in NAMESPACES:
        raise InvalidPrefix(f"Namespace to the left of colon ({namespace}) is an invalid keyword!")
    if namespace == "firehose" and value not in OF_FIREHOSE:
        raise InvalidPrefix("Invalid conversion character used in the value of the expression in {field}")
    if namespace == "timestamp":
        try:
            formatted(value, datetime(2018, 8, 27, 10, 30))
        except InvalidPattern:
            raise InvalidPrefix("Invalid conversion character used in the value of the expression in {field}") from None
    return expression


def _value(expression: Expression, setting: Setting) -> str:
    namespace, value = expression.namespace, expression.value
    if namespace == "timestamp":
        return formatted(value, setting.moment)
    if namespace == "firehose":
        return setting.random() if value == "random-string" else setting.error_type
    return setting.keys[namespace, value]
