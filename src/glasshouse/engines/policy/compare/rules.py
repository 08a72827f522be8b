"""The statements of policies as products of sets: of actions, of resources, of principals, of contexts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..compile import compile_policy
from ..conditions import Condition
from ..parse import Statement, parse
from ..patterns import Piece, read_pieces
from ..principals import PrincipalElement

Patterns = tuple[tuple[Piece, ...], ...]


@dataclass(frozen=True, slots=True)
class TextSet:
    """The texts that one of some patterns matches; negated, those that none does."""

    patterns: Patterns
    negated: bool = False


EVERYTHING = TextSet((), negated=True)


@dataclass(frozen=True, slots=True)
class Rule:
    """A statement; `principals` is None where it speaks of whoever the policy is attached to."""

    index: int
    sid: str | None
    allows: bool
    actions: TextSet
    resources: TextSet
    principals: PrincipalElement | None
    conditions: tuple[Condition, ...]


def rules_of(text: str) -> list[Rule]:
    """The statements of a policy; raises MalformedPolicy where it has no meaning."""
    tree = parse(text)
    compiled = compile_policy(tree)
    variables = tree.has_variables
    return [
        Rule(
            statement.index,
            statement.sid,
            statement.allows,
            _texts(source, "Action", False),
            _texts(source, "Resource", variables),
            statement.principals,
            statement.conditions,
        )
        for source, statement in zip(tree.statements, compiled.statements, strict=True)
    ]


def _texts(statement: Statement, element: str, variables: bool) -> TextSet:
    """Actions are lower-cased. Without the element everything is meant."""
    for name, negated in ((element, False), ("Not" + element, True)):
        if name in statement.elements:
            texts = [node.text for node in statement.strings(name)]
            return text_set(texts, negated, fold=element == "Action", variables=variables)
    return EVERYTHING


def text_set(texts: Sequence[str], negated: bool = False, fold: bool = False, variables: bool = False) -> TextSet:
    return TextSet(tuple(read_pieces(text.lower() if fold else text, variables) for text in texts), negated)
