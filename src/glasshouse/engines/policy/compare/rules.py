"""The statements of policies as products of sets: of actions, of resources, of principals, of contexts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..compile import compile_policy
from ..conditions import Condition
from ..languages import includes
from ..parse import Statement, parse
from ..patterns import Piece, is_literal, is_static, read_pieces
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


def covers(wider: Rule, narrower: Rule) -> bool:
    """Whether one rule speaks of all that another speaks of; where it cannot be seen at once, it is taken not to."""
    conditions = {identity(condition) for condition in narrower.conditions}
    return (
        all(identity(condition) in conditions for condition in wider.conditions)
        and _names_all(wider.principals, narrower.principals)
        and _includes(wider.actions, narrower.actions)
        and _includes(wider.resources, narrower.resources)
    )


def _names_all(wider: PrincipalElement | None, narrower: PrincipalElement | None) -> bool:
    if wider is None or wider == narrower:
        return True
    if narrower is None or wider.negated or narrower.negated:
        return False
    return wider.everyone or (not narrower.everyone and wider.names >= narrower.names)


def _includes(wider: TextSet, narrower: TextSet) -> bool:
    if wider in (narrower, EVERYTHING):
        return True
    if wider.negated or narrower.negated:
        return False
    known = set(wider.patterns)
    fixed = [pattern for pattern in wider.patterns if is_static(pattern) and not is_literal(pattern)]
    return all(
        pattern in known or (is_static(pattern) and any(includes(one, pattern) for one in fixed))
        for pattern in narrower.patterns
    )


def identity(condition: Condition) -> tuple[object, ...]:
    """What makes two conditions the same one."""
    written = (condition.qualifier, condition.operator.name, condition.if_exists, condition.variables)
    return (condition.key, *written, condition.values)


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
