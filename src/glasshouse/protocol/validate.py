"""Validation of parameters in AWS's own words, from the constraints of the model.

`2 validation errors detected: Value null at 'name' failed to satisfy constraint: Member must not be null; Value 'x' at
'tags.1.member.key' failed to satisfy constraint: Member must have length less than or equal to 128`.

The code is ValidationException for the JSON protocols and ValidationError for query; EC2 tells only of a missing
parameter, and rest-xml checks nothing here, because its services have words of their own. An overlay changes that by

    "glasshouse": {"validation": {
        "off": true,                         nothing is checked
        "skip": ["required", "length", "range", "pattern", "enum"],     these kinds are not checked
        "skipOperations": ["SendMessage"],   these operations are not checked
        "code": "InvalidParameter",          instead of ValidationException
        "message": "Invalid parameter: {Member}",        instead of the list of errors; tells of the first one
        "input": true,                       members in the body come first, and as putIntegrationInput.type
        "values": false,                     the values are not told, as if all were sensitive
        "words": {"Member must ...": "The value for {member} is wrong."},    what is told of constraints that begin so
        "missing": "MissingParameter",       the code for a required member that is not there, told alone
        "missingMessage": "The request must contain the parameter {Member}."
    }}

In the messages {Member} is the member's wire name, {member} its path as AWS prints it, {value} the value, {constraint}
what it failed to satisfy, {operation} the operation.

Differs from AWS: ten errors are told at most, missing members first; the patterns are those that Python's `re` can be
made to understand.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from glasshouse.core import errors
from glasshouse.core.errors import SerializationException, ServiceError
from glasshouse.protocol.model import Operation, Service
from glasshouse.protocol.patterns import compile_pattern
from glasshouse.protocol.shapes import Shape
from glasshouse.protocol.wording import MEMBER, Literal, Path, printed, shown

MAX_ERRORS = 10
Check = Callable[[Any, Path, "list[Violation]"], None]


@dataclass(slots=True, frozen=True)
class Rules:
    """What is checked, and what a violation is called."""

    code: str
    off: bool = False
    skip: frozenset[str] = frozenset()
    skip_operations: frozenset[str] = frozenset()
    message: str | None = None
    input: bool = False
    values: bool = True
    words: Mapping[str, str] = field(default_factory=dict)
    missing: str | None = None
    missing_message: str | None = None


@dataclass(slots=True)
class Violation:
    path: Path
    value: str | None  # as printed; None when the member is missing
    constraint: str
    names: list[str] = field(default_factory=list)

    @property
    def missing(self) -> bool:
        return self.value is None

    def __str__(self) -> str:
        value = "Value null" if self.missing else f"Value{self.value}"
        return f"{value} at '{printed(self.path)}' failed to satisfy constraint: {self.constraint}"


_FAMILIES = {
    "json": Rules("ValidationException"),
    "rest-json": Rules("ValidationException"),
    "smithy-rpc-v2-cbor": Rules("ValidationException"),
    "query": Rules("ValidationError"),
    "ec2": Rules(
        "InvalidParameterValue",
        skip=frozenset({"length", "range", "pattern", "enum"}),
        missing="MissingParameter",
        missing_message="The request must contain the parameter {Member}",
    ),
    "rest-xml": Rules("InvalidArgument", off=True),
}


def validator(operation: Operation) -> Callable[[Mapping[str, Any]], None]:
    """What raises the error that AWS raises for such parameters, if it would."""
    rules = rules_of(operation)
    if rules.off or operation.input_shape is None or operation.name in rules.skip_operations:
        return lambda params: None
    check = _compiler(operation.service, rules.skip).structure(operation.input_shape)

    def validate(params: Mapping[str, Any]):
        violations: list[Violation] = []
        try:
            check(params, (), violations)
        except RecursionError:
            raise SerializationException("The request is nested too deeply.") from None
        if violations:
            raise _error(operation, rules, violations)

    return validate


def rules_of(operation: Operation) -> Rules:
    """The rules of the service's protocol family, as its overlay changes them."""
    base = _FAMILIES[operation.service.metadata["protocol"]]
    notes = operation.service.notes.get("validation", {})
    return Rules(
        code=notes.get("code", base.code),
        off=notes.get("off", base.off),
        skip=frozenset(notes.get("skip", base.skip)),
        skip_operations=frozenset(notes.get("skipOperations", ())),
        message=notes.get("message", base.message),
        input=notes.get("input", base.input),
        values=notes.get("values", base.values),
        words=notes.get("words", base.words),
        missing=notes.get("missing", base.missing),
        missing_message=notes.get("missingMessage", base.missing_message),
    )


def _error(operation: Operation, rules: Rules, violations: list[Violation]) -> ServiceError:
    if rules.input:
        for violation in violations:
            violation.path = _in_input(operation, violation.path)
        violations.sort(key=lambda violation: not printed(violation.path).startswith(_input_name(operation)))
    violations.sort(key=lambda violation: not violation.missing)
    first = violations[0]
    if first.missing and rules.missing:
        text = rules.missing_message or "The request must contain the parameter {Member}."
        return error_class(rules.missing)(_filled(text, operation, first))
    words = next((text for begin, text in rules.words.items() if first.constraint.startswith(begin)), rules.message)
    if words:
        return error_class(rules.code)(_filled(words, operation, first))
    told = violations[:MAX_ERRORS]
    for violation in () if rules.values else told:
        violation.value = None if violation.missing else ""
    count = f"{len(told)} validation error{'s' if len(told) > 1 else ''} detected: "
    return error_class(rules.code)(count + "; ".join(map(str, told)), **_fields(operation, rules.code, told))


def _in_input(operation: Operation, path: Path) -> Path:
    """The path from the input on, for a member that lies in the body."""
    parent, name = path
    if parent:
        return _in_input(operation, parent), name
    members = operation.input_shape.members if operation.input_shape else {}
    return path if members[name].location else (((), Literal(_input_name(operation))), name)


def _input_name(operation: Operation) -> str:
    return f"{operation.name[:1].lower()}{operation.name[1:]}Input"


def _fields(operation: Operation, code: str, told: list[Violation]) -> dict[str, Any]:
    """The fields that are wrong, for the services whose error has a reason and a list of them."""
    shape = operation.service.error_shape(code)
    members = shape.members if shape else {}
    holder = next((name for name in ("fieldList", "fields") if name in members), None)
    if holder is None or "reason" not in members:
        return {}
    reasons = members["reason"].enum
    reason = next((one for one in reasons if one.lower().replace("_", "") == "fieldvalidationfailed"), None)
    fields = [{"name": printed(violation.path), "message": violation.constraint} for violation in told]
    return {"reason": reason, holder: fields} if reason else {}


def _filled(text: str, operation: Operation, violation: Violation) -> str:
    name = violation.path[1]
    return text.format(
        Member=name,
        member=printed(violation.path),
        value=violation.value or "null",
        constraint=violation.constraint,
        operation=operation.name,
    )


@cache
def error_class(code: str) -> type[ServiceError]:
    """The class of errors of that code; an overlay may name one which nobody else raises."""
    return getattr(errors, code, None) or type(code, (ServiceError,), {})


# -- compiling --------------------------------------------------------------------------------------------------------


@cache
def _compiler(service: Service, skip: frozenset[str]) -> "_Compiler":
    return _Compiler(skip)


class _Compiler:
    """Compiles the checks of a service's shapes, once each; what cannot fail has none."""

    def __init__(self, skip: frozenset[str]):
        self._skip = skip
        self._known: dict[str, Check] = {}

    def structure(self, shape: Shape) -> Check:
        required = [] if "required" in self._skip else shape.required
        checks = {name: check for name, member in shape.members.items() if (check := self._check(member)) is not None}

        def check_structure(value: Any, path: Path, violations: list[Violation]):
            for name in required:
                if value.get(name) is None:
                    violations.append(Violation((path, name), None, "Member must not be null"))
            for name, item in value.items():
                if name in checks and item is not None:
                    checks[name](item, (path, name), violations)

        return check_structure

    def _check(self, shape: Shape) -> Check | None:
        kind = shape.type_name
        if kind == "structure":
            return self._known_structure(shape)
        own = self._constraints(shape)
        if kind == "list":
            return _both(_scalar(own, shape), self._elements(shape))
        if kind == "map":
            return _both(_scalar(own, shape), self._entries(shape))
        return _scalar(own, shape)

    def _known_structure(self, shape: Shape) -> Check | None:
        if shape.is_document or shape.traits.get("eventstream"):
            return None
        if not self._can_fail(shape, set()):
            return None
        if shape.name not in self._known:
            self._known[shape.name] = lambda value, path, found: self._known[shape.name](value, path, found)
            self._known[shape.name] = self.structure(shape)
        return self._known[shape.name]

    def _can_fail(self, shape: Shape, seen: set[str]) -> bool:
        """Whether anything is asked of a value of the shape, or of what it holds."""
        kind = shape.type_name
        if kind != "structure":
            parts = {"list": lambda: [shape.member], "map": lambda: [shape.key, shape.value]}.get(kind, list)()
            return bool(self._constraints(shape)) or any(self._can_fail(part, seen) for part in parts)
        if shape.name in seen or shape.is_document or shape.traits.get("eventstream"):
            return False
        seen.add(shape.name)
        if shape.required and "required" not in self._skip:
            return True
        return any(self._can_fail(member, seen) for member in shape.members.values())

    def _elements(self, shape: Shape) -> Check | None:
        member = shape.member
        if member.type_name in ("structure", "list", "map"):
            return _each(self._check(member))
        constraints = self._constraints(member)
        if not constraints:
            return None
        constraint = f"Member must satisfy constraint: [{', '.join(text for _, text in constraints)}]"

        def check_elements(value: Any, path: Path, violations: list[Violation]):
            if not all(holds(item) for item in value for holds, _ in constraints):
                violations.append(Violation(path, shown(value, shape), constraint))

        return check_elements

    def _entries(self, shape: Shape) -> Check | None:
        keys, values = self._constraints(shape.key), self._constraints(shape.value)
        nested = self._within(shape.value)
        key_text = f"Map keys must satisfy constraint: [{', '.join(text for _, text in keys)}]"
        value_text = f"Map value must satisfy constraint: [{', '.join(text for _, text in values)}]"
        if not keys and not values and nested is None:
            return None

        def check_entries(value: Any, path: Path, violations: list[Violation]):
            if not all(holds(key) for key in value for holds, _ in keys):
                violations.append(Violation(path, shown(value, shape), key_text))
            if not all(holds(item) for item in value.values() for holds, _ in values):
                violations.append(Violation(path, shown(value, shape), value_text))
            if nested:
                for key, item in value.items():
                    nested(item, (((path, Literal(key))), MEMBER), violations)

        return check_entries

    def _within(self, shape: Shape) -> Check | None:
        """The check of what a value holds, without what is asked of the value itself."""
        parts = {"structure": self._known_structure, "list": self._elements, "map": self._entries}
        return parts[shape.type_name](shape) if shape.type_name in parts else None

    def _constraints(self, shape: Shape) -> list[tuple[Callable[[Any], bool], str]]:
        """What a value of the shape must satisfy by itself, in the order in which AWS tells of it."""
        kind, traits, found = shape.type_name, shape.traits, []
        least, most = traits.get("min"), traits.get("max")
        if kind in ("string", "list", "map", "blob") and "length" not in self._skip and not traits.get("streaming"):
            found += _length(least, most)
        elif kind in ("integer", "long", "float", "double") and "range" not in self._skip:
            found += _range(least, most)
        if kind == "string" and traits.get("enum") and "enum" not in self._skip:
            found.append(
                (frozenset(shape.enum).__contains__, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
            )
        if kind == "string" and traits.get("pattern") and "pattern" not in self._skip:
            matches = compile_pattern(traits["pattern"])
            if matches:
                found.append((matches, f"Member must satisfy regular expression pattern: {traits['pattern']}"))
        if found and traits.get("notNull"):  # an overlay's, of elements which AWS says this of, last
            found.append((lambda value: value is not None, "Member must not be null"))
        return found


def _length(least: int | None, most: int | None) -> list[tuple[Callable[[Any], bool], str]]:
    found: list[tuple[Callable[[Any], bool], str]] = []
    if most is not None:
        found.append((lambda value: len(value) <= most, f"Member must have length less than or equal to {most}"))
    if least:
        found.append((lambda value: len(value) >= least, f"Member must have length greater than or equal to {least}"))
    return found


def _range(least: float | None, most: float | None) -> list[tuple[Callable[[Any], bool], str]]:
    found: list[tuple[Callable[[Any], bool], str]] = []
    if most is not None:
        found.append((lambda value: value <= most, f"Member must have value less than or equal to {most}"))
    if least is not None:
        found.append((lambda value: value >= least, f"Member must have value greater than or equal to {least}"))
    return found


def _scalar(constraints: list[tuple[Callable[[Any], bool], str]], shape: Shape) -> Check | None:
    if not constraints:
        return None

    def check_value(value: Any, path: Path, violations: list[Violation]):
        for holds, text in constraints:
            if not holds(value):
                violations.append(Violation(path, shown(value, shape), text))

    return check_value


def _both(first: Check | None, second: Check | None) -> Check | None:
    if first is None or second is None:
        return first or second

    def check_both(value: Any, path: Path, violations: list[Violation]):
        first(value, path, violations)
        second(value, path, violations)

    return check_both


def _each(check: Check | None) -> Check | None:
    if check is None:
        return None

    def check_each(value: Any, path: Path, violations: list[Violation]):
        for position, item in enumerate(value, 1):
            if item is not None:
                check(item, ((path, Literal(position)), MEMBER), violations)

    return check_each
