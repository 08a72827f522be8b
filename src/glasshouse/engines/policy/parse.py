"""The syntax tree of a policy: what the text says, element by element, each with its place in the text.

Nothing is judged here: a tree exists for every text that is JSON, however wrong the policy is, so that the checks can
say what is wrong with it. `compile.py` turns a tree into something that can be evaluated and refuses what cannot be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .document import Document, Member, Node

POLICY_ELEMENTS = ("Version", "Id", "Statement")
STATEMENT_ELEMENTS = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
CURRENT_VERSION = "2012-10-17"
FIRST_VERSION = "2008-10-17"


@dataclass(frozen=True, slots=True)
class PrincipalEntry:
    """One principal: its kind (AWS, Service, Federated, CanonicalUser; "" for a bare value) and its value."""

    kind: str
    key: Node | None
    value: Node


@dataclass(frozen=True, slots=True)
class Operator:
    """A condition operator as written, taken apart: `ForAllValues:StringEqualsIfExists`."""

    qualifier: str
    base: str
    if_exists: bool

    @classmethod
    def read(cls, text: str) -> Operator:
        qualifier, colon, rest = text.partition(":")
        if not colon:
            qualifier, rest = "", text
        if_exists = rest.lower().endswith("ifexists")
        return cls(qualifier, rest[: -len("IfExists")] if if_exists else rest, if_exists)


@dataclass(frozen=True, slots=True)
class ConditionEntry:
    """One line of a Condition: an operator, a context key, and the values it is compared with."""

    operator: Operator
    operator_key: Node
    key: Node
    value: Node

    @property
    def values(self) -> list[Node]:
        return self.value.listed()


@dataclass(slots=True, eq=False)
class Statement:
    """A statement: its elements by name; `index` is its place in the policy."""

    node: Node
    index: int
    elements: dict[str, Member] = field(default_factory=dict)
    unknown: list[Member] = field(default_factory=list)

    def value(self, name: str) -> Node | None:
        member = self.elements.get(name)
        return member.value if member else None

    def text(self, name: str) -> str | None:
        node = self.value(name)
        return node.text if node is not None and node.kind == "string" else None

    def strings(self, name: str) -> list[Node]:
        """The strings of an element that is a string or an array of strings."""
        node = self.value(name)
        return [item for item in node.listed() if item.kind == "string"] if node is not None else []

    @property
    def sid(self) -> str | None:
        return self.text("Sid")

    @property
    def effect(self) -> str | None:
        return self.text("Effect")

    @property
    def allows(self) -> bool:
        return self.effect == "Allow"

    @property
    def denies(self) -> bool:
        return self.effect == "Deny"

    def principals(self, name: str = "Principal") -> list[PrincipalEntry]:
        node = self.value(name)
        if node is None:
            return []
        if node.kind != "object":
            return [PrincipalEntry("", None, item) for item in node.listed()]
        return [
            PrincipalEntry(member.name, member.key, item) for member in node.members for item in member.value.listed()
        ]

    def conditions(self) -> Iterator[ConditionEntry]:
        block = self.value("Condition")
        for member in block.members if block is not None else ():
            operator = Operator.read(member.name)
            for entry in member.value.members:
                yield ConditionEntry(operator, member.key, entry.key, entry.value)


@dataclass(slots=True, eq=False)
class Policy:
    """A policy as written. `statements` holds the objects only; whatever else stands in Statement is left out."""

    document: Document
    root: Node | None
    elements: dict[str, Member] = field(default_factory=dict)
    unknown: list[Member] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)

    @property
    def version(self) -> str:
        member = self.elements.get("Version")
        return member.value.text if member and member.value.kind == "string" else FIRST_VERSION

    @property
    def has_variables(self) -> bool:
        """Whether ${...} stands for something: only from version 2012-10-17 on."""
        return self.version == CURRENT_VERSION


def parse(text: str) -> Policy:
    document = Document(text)
    policy = Policy(document, document.root)
    if document.root is None or document.root.kind != "object":
        return policy
    for member in document.root.members:
        if member.name in POLICY_ELEMENTS:
            policy.elements[member.name] = member
        else:
            policy.unknown.append(member)
    holder = policy.elements.get("Statement")
    nodes = holder.value.listed() if holder else []
    policy.statements = [_statement(node, index) for index, node in enumerate(nodes) if node.kind == "object"]
    return policy


def _statement(node: Node, index: int) -> Statement:
    statement = Statement(node, index)
    for member in node.members:
        if member.name in STATEMENT_ELEMENTS:
            statement.elements[member.name] = member
        else:
            statement.unknown.append(member)
    return statement
