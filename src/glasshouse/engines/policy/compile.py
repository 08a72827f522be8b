"""From a policy's syntax tree to something that is evaluated in microseconds.

A compiled policy is immutable and belongs to whoever made it: it may be kept and asked from any thread. What it learns
(which of its statements speak of an action) it remembers, as there are few actions and many requests.

Compilation refuses what has no meaning (`MalformedPolicy`, with the place); whether a policy is wise, or fit for the
place where it is to be attached, is for `wellformed.py` and the checks to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .conditions import Condition, UnknownOperator, compile_condition
from .document import Node, Span
from .parse import Policy, Statement, parse
from .patterns import Context, PatternSet, Variable, read_pieces
from .principals import PrincipalElement, compile_principals

_REMEMBERED_ACTIONS = 4096


class MalformedPolicy(ValueError):
    """The policy cannot be evaluated; `offset` is where in its text the reason stands."""

    def __init__(self, message: str, offset: int = 0):
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(frozen=True, slots=True)
class ActionElement:
    """Action or NotAction: the patterns by service prefix, as nearly all patterns begin with one."""

    negated: bool
    by_service: dict[str, PatternSet]
    anywhere: PatternSet

    def matches(self, action: str) -> bool:
        """`action` is lower-cased."""
        service = self.by_service.get(action.partition(":")[0])
        found = self.anywhere.matches(action, {}) or (service is not None and service.matches(action, {}))
        return found is not self.negated


@dataclass(frozen=True, slots=True)
class ResourceElement:
    negated: bool
    patterns: PatternSet

    def matches(self, resource: str, context: Context) -> bool:
        return self.patterns.matches(resource, context) is not self.negated


@dataclass(frozen=True, slots=True)
class CompiledStatement:
    """One statement; `context_keys` are all context keys that it looks at, variables included."""

    index: int
    sid: str | None
    allows: bool
    actions: ActionElement
    resources: ResourceElement | None
    principals: PrincipalElement | None
    conditions: tuple[Condition, ...]
    context_keys: frozenset[str]
    span: Span

    def covers(self, resource: str, context: Context) -> bool:
        """Whether the statement applies, provided that it speaks of the action and the principal."""
        if self.resources is not None and not self.resources.matches(resource, context):
            return False
        for condition in self.conditions:  # noqa: SIM110 (the hot path: a generator costs more than the test)
            if not condition.holds(context):
                return False
        return True


@dataclass(frozen=True, slots=True)
class Relevant:
    """The statements of a policy that speak of one action."""

    denies: tuple[CompiledStatement, ...]
    allows: tuple[CompiledStatement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CompiledPolicy:
    """A policy ready to be asked; `name` is what its owner calls it (an ARN, a name), for the reasons of decisions.

    `context_keys` are all that its statements look at.
    """

    name: str | None
    statements: tuple[CompiledStatement, ...]
    context_keys: frozenset[str]
    _known: dict[str, Relevant] = field(default_factory=dict, repr=False)

    def relevant(self, action: str) -> Relevant:
        """`action` is lower-cased."""
        known = self._known.get(action)
        return known if known is not None else self._learn(action)

    def _learn(self, action: str) -> Relevant:
        speaking = [statement for statement in self.statements if statement.actions.matches(action)]
        relevant = Relevant(
            tuple(statement for statement in speaking if not statement.allows),
            tuple(statement for statement in speaking if statement.allows),
        )
        if len(self._known) >= _REMEMBERED_ACTIONS:
            self._known.clear()
        self._known[action] = relevant
        return relevant


def compile_policy(source: str | Policy, name: str | None = None) -> CompiledPolicy:
    policy = parse(source) if isinstance(source, str) else source
    if policy.document.problems or policy.root is None:
        problem = policy.document.problems[0]
        raise MalformedPolicy(problem.message, problem.offset)
    _require(policy.root.kind == "object", "a policy is an object", policy.root)
    holder = policy.elements.get("Statement")
    if holder is None:
        raise MalformedPolicy("the policy has no Statement", policy.root.start)
    for node in holder.value.listed():
        _require(node.kind == "object", "a statement is an object", node)
    statements = tuple(_statement(policy, statement) for statement in policy.statements)
    return CompiledPolicy(name, statements, frozenset().union(*(one.context_keys for one in statements)))


def _require(holds: bool, message: str, node: Node) -> None:
    if not holds:
        raise MalformedPolicy(message, node.start)


def _statement(policy: Policy, tree: Statement) -> CompiledStatement:
    for member in tree.unknown:
        raise MalformedPolicy(f"{member.name} is not an element of a statement", member.key.start)
    if tree.effect not in ("Allow", "Deny"):
        raise MalformedPolicy("Effect must be Allow or Deny", tree.node.start)
    variables = policy.has_variables
    resources = _resources(tree, variables)
    conditions = tuple(_conditions(tree, variables))
    keys = {key for condition in conditions for key in condition.keys}
    keys.update(_resource_variables(tree, variables))
    return CompiledStatement(
        tree.index,
        tree.sid,
        tree.allows,
        _actions(tree),
        resources,
        _principals(tree),
        conditions,
        frozenset(keys),
        policy.document.span(tree.node.start, tree.node.end),
    )


def _one_of(tree: Statement, element: str) -> tuple[Node | None, bool]:
    """The value of an element or of its Not- form, and whether it is the latter."""
    plain, negated = tree.value(element), tree.value("Not" + element)
    if plain is not None and negated is not None:
        raise MalformedPolicy(f"{element} and Not{element} exclude each other", negated.start)
    return (plain, False) if negated is None else (negated, True)


def _texts(node: Node, element: str) -> list[str]:
    """The strings of an element; null within a list is nothing, as IAM has it."""
    items = [item for item in node.listed() if item is node or item.kind != "null"]
    for item in items:
        _require(item.kind == "string", f"{element} takes strings", item)
    return [item.text for item in items]


def _actions(tree: Statement) -> ActionElement:
    node, negated = _one_of(tree, "Action")
    if node is None:
        raise MalformedPolicy("a statement needs an Action or a NotAction", tree.node.start)
    by_service: dict[str, list[str]] = {}
    anywhere: list[str] = []
    for text in _texts(node, "Action"):
        action = text.lower()
        service = action.partition(":")[0]
        wild = "*" in service or "?" in service
        (anywhere if wild else by_service.setdefault(service, [])).append(action)
    sets = {service: _patterns(actions, False) for service, actions in by_service.items()}
    return ActionElement(negated, sets, _patterns(anywhere, False))


def _patterns(texts: Iterable[str], variables: bool) -> PatternSet:
    return PatternSet([read_pieces(text, variables) for text in texts])


def _resources(tree: Statement, variables: bool) -> ResourceElement | None:
    node, negated = _one_of(tree, "Resource")
    return None if node is None else ResourceElement(negated, _patterns(_texts(node, "Resource"), variables))


def _resource_variables(tree: Statement, variables: bool) -> Iterable[str]:
    for node in (*tree.strings("Resource"), *tree.strings("NotResource")):
        yield from (piece.key for piece in read_pieces(node.text, variables) if isinstance(piece, Variable))


def _principals(tree: Statement) -> PrincipalElement | None:
    node, negated = _one_of(tree, "Principal")
    if node is None:
        return None
    entries = tree.principals("NotPrincipal" if negated else "Principal")
    for entry in entries:
        _require(entry.value.kind == "string", "a principal is a string", entry.value)
        _require(bool(entry.kind) or entry.value.text == "*", "a principal needs a kind", entry.value)
    return compile_principals([(entry.kind, entry.value.text) for entry in entries], negated, not tree.allows)


def _conditions(tree: Statement, variables: bool) -> Iterable[Condition]:
    block = tree.value("Condition")
    if block is None:
        return
    _require(block.kind == "object", "a Condition is an object", block)
    for member in block.members:
        _require(member.value.kind == "object", "a condition operator takes an object", member.value)
    for entry in tree.conditions():
        values = [_condition_value(node) for node in entry.values]
        try:
            yield compile_condition(entry.operator, entry.key.text, values, variables)
        except UnknownOperator as error:
            raise MalformedPolicy(f"{error} is not a condition operator", entry.operator_key.start) from None


def _condition_value(node: Node) -> str:
    if node.kind == "boolean":
        return "true" if node.value else "false"
    _require(node.kind in ("string", "number"), "a condition value is a string, a number or a boolean", node)
    return str(node.value)
