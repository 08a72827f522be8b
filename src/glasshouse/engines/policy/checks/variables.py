"""Checks of policy variables, the ${...} in strings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..document import Node
from ..operators import VARIABLE_FAMILIES
from ..parse import STATEMENT_ELEMENTS, Statement
from .condition_keys import conditions, operator_kind
from .subject import Finding, Location, Subject

_VARIABLE = re.compile(r"\$\{([^{}$]*)(\}?)")
_ESCAPED = frozenset({"*", "?", "$"})


@dataclass(frozen=True, slots=True)
class Written:
    """A variable as it stands in a string: what is between the braces, and whether they are closed."""

    node: Node
    start: int
    text: str
    inner: str
    closed: bool

    def place(self, subject: Subject) -> Location:
        return subject.within(self.node, self.start, len(self.text))

    @property
    def name(self) -> str:
        return self.inner.partition(",")[0]

    @property
    def default(self) -> str | None:
        _, comma, default = self.inner.partition(",")
        return default.strip() if comma else None


def _in_node(node: Node) -> Iterator[Written]:
    if node.kind != "string" or "${" not in node.text:
        return
    for match in _VARIABLE.finditer(node.text):
        inner = match.group(1)
        if inner or not node.text.startswith("$}", match.end()):
            yield Written(node, match.start(), match.group(), inner, bool(match.group(2)))


def _in_resources(statement: Statement) -> Iterator[Written]:
    for name in ("Resource", "NotResource"):
        for node in statement.strings(name):
            yield from _in_node(node)


def _in_conditions(statement: Statement) -> Iterator[Written]:
    for entry in statement.conditions():
        for node in entry.values:
            yield from _in_node(node)


def _well_placed(subject: Subject) -> Iterator[Written]:
    for statement in subject.statements:
        yield from _in_resources(statement)
        yield from _in_conditions(statement)


def _is_real(variable: Written) -> bool:
    return variable.closed and variable.inner not in _ESCAPED


def form_of_variables(subject: Subject) -> Iterator[Finding]:
    """A missing brace, an empty variable, a space in its name, a default without its quotes."""
    for variable in _well_placed(subject):
        place = variable.place(subject)
        if not variable.closed:
            yield subject.finding("MISSING_BRACE_IN_VARIABLE", [place])
        elif not variable.inner.strip():
            yield subject.finding("EMPTY_VARIABLE", [place])
        elif " " in variable.name.rstrip(" ") or variable.name.endswith(" "):
            yield subject.finding("UNSUPPORTED_SPACE_IN_VARIABLE", [place])
        elif variable.default is not None and not _is_quoted(variable.default):
            yield subject.finding("MISSING_QUOTE_IN_VARIABLE", [place])


def _is_quoted(text: str) -> bool:
    return len(text) >= 2 and text.startswith("'") and text.endswith("'")


def invalid_variable_for_operator(subject: Subject) -> Iterator[Finding]:
    for _, entry in conditions(subject):
        kind = operator_kind(entry)
        if kind is None or kind.family in VARIABLE_FAMILIES:
            continue
        for node in entry.values:
            for variable in _in_node(node):
                yield subject.finding("INVALID_VARIABLE_FOR_OPERATOR", [variable.place(subject)])


def variable_unsupported_in_element(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        for variable in _misplaced(statement):
            place = variable.place(subject)
            yield subject.finding("VARIABLE_UNSUPPORTED_IN_ELEMENT", [place], variable=variable.text)


def _misplaced(statement: Statement) -> Iterator[Written]:
    for name in STATEMENT_ELEMENTS:
        if name not in ("Resource", "NotResource", "Condition"):
            for node in _strings_within(statement.value(name)):
                yield from _in_node(node)


def _strings_within(node: Node | None) -> Iterator[Node]:
    if node is None:
        return
    yield from (item for item in node.listed() if item.kind == "string")
    for member in node.members:
        yield from (item for item in member.value.listed() if item.kind == "string")


def variable_unsupported_in_version(subject: Subject) -> Iterator[Finding]:
    if subject.policy.has_variables:
        return
    for variable in _well_placed(subject):
        if _is_real(variable):
            yield subject.finding("VARIABLE_UNSUPPORTED_IN_VERSION", [variable.place(subject)])


CHECKS = (
    form_of_variables,
    invalid_variable_for_operator,
    variable_unsupported_in_element,
    variable_unsupported_in_version,
)
