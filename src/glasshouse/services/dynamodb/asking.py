"""What item operations have in common in their requests: expressions, or the parameters that were before them."""

from collections.abc import Iterable

from glasshouse.engines.dynamo import Invalid, Names, condition, legacy, projection
from glasshouse.engines.dynamo.conditions import Condition
from glasshouse.engines.dynamo.projections import Projection

MIXED = (
    "Can not use both expression and non-expression parameters in the same request:"
    " Non-expression parameters: {{{old}}} Expression parameters: {{{new}}}"
)


def check_unmixed(old: dict, new: dict):
    """Refuse a request with parameters of both kinds. Raises Invalid."""
    old_given = [name for name, value in old.items() if value is not None]
    new_given = [name for name, value in new.items() if value is not None]
    if old_given and new_given:
        raise Invalid(MIXED.format(old=", ".join(old_given), new=", ".join(new_given)))


def names_for(
    names: dict | None, values: dict | None, expressions: dict[str, str | None], tells_which: bool = True
) -> Names:
    """The placeholders of a request, of which there may be none without an expression (the refusal mostly tells which
    expressions there could be). Raises Invalid."""
    if names is None and values is None:
        return Names(None, None)
    if all(text is None for text in expressions.values()):
        if names is not None:
            raise Invalid("ExpressionAttributeNames can only be specified when using expressions")
        told = " and ".join(expressions) + (" is null" if len(expressions) == 1 else " are null")
        which = f": {told}" if tells_which else ""
        raise Invalid(f"ExpressionAttributeValues can only be specified when using expressions{which}")
    return Names(names, values)


def condition_of(
    names: Names, text: str | None, expected: dict | None, operator: str | None, kind: str = "ConditionExpression"
) -> Condition | None:
    """What must hold of an item before it is changed. Raises Invalid."""
    if text is not None:
        return condition(text, names, kind)
    if operator is not None and expected is None:
        raise Invalid("ConditionalOperator cannot be used without Filter or Expected")
    return legacy.expected(expected, operator) if expected else None


def only_condition(
    text: str | None,
    names: dict | None,
    values: dict | None,
    expected: dict | None,
    operator: str | None,
    tells_which: bool = True,
) -> Condition | None:
    """The condition of a request without other expressions, checked whole. Raises Invalid."""
    check_unmixed({"Expected": expected, "ConditionalOperator": operator}, {"ConditionExpression": text})
    placeholders = names_for(names, values, {"ConditionExpression": text}, tells_which)
    condition = condition_of(placeholders, text, expected, operator)
    placeholders.check_all_used()
    return condition


def projection_of(names: Names, text: str | None, attributes: list[str] | None) -> Projection | None:
    """The attributes a request asks for. Raises Invalid."""
    if text is not None:
        return projection(text, names)
    if attributes is None:
        return None
    repeated = _repeated(attributes)
    if repeated:
        raise Invalid(f"One or more parameter values were invalid: Duplicate value in attribute name: {repeated}")
    return Projection([(name,) for name in attributes])


def _repeated(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
