"""What of a document does not satisfy a schema, in the words of the Java library that API Gateway validates with
(https://github.com/java-json-tools/json-schema-validator): users show them by $context.error.validationErrorString."""

import json
from collections.abc import Callable
from typing import Any

NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}


def worded(failure: Any) -> str:
    """`failure` is a ValidationError of jsonschema."""
    if failure.validator == "additionalProperties":
        unknown = sorted(set(failure.instance) - set(failure.schema.get("properties", ())))
        return f"object instance has properties which are not allowed by the schema: {_text(unknown)}"
    write = WORDS.get(failure.validator)
    return write(failure.validator_value, failure.instance) if write else failure.message


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _type(allowed: Any, found: Any) -> str:
    names = [allowed] if isinstance(allowed, str) else list(allowed)
    names = ["integer", *names] if "number" in names and "integer" not in names else names
    kind = "null" if found is None else NAMES[type(found)]
    return f"instance type ({kind}) does not match any allowed primitive type (allowed: {_text(names)})"


def _required(wanted: Any, found: Any) -> str:
    missing = sorted(name for name in wanted if name not in found)
    return f"object has missing required properties ({_text(missing)})"


WORDS: dict[str, Callable[[Any, Any], str]] = {
    "type": _type,
    "required": _required,
    "enum": lambda wanted, found: (
        f"instance value ({_text(found)}) not found in enum (possible values: {_text(wanted)})"
    ),
    "minimum": lambda least, found: (
        f"numeric instance is lower than the required minimum (minimum: {least}, found: {found})"
    ),
    "maximum": lambda most, found: (
        f"numeric instance is greater than the required maximum (maximum: {most}, found: {found})"
    ),
    "minLength": lambda least, found: (
        f"string {_text(found)} is too short (length: {len(found)}, required minimum: {least})"
    ),
    "maxLength": lambda most, found: (
        f"string {_text(found)} is too long (length: {len(found)}, maximum allowed: {most})"
    ),
    "pattern": lambda pattern, found: f"ECMA 262 regex {_text(pattern)} does not match input string {_text(found)}",
    "minItems": lambda least, found: (
        f"array is too short: must have at least {least} elements but instance has {len(found)} elements"
    ),
    "maxItems": lambda most, found: (
        f"array is too long: must have at most {most} elements but instance has {len(found)} elements"
    ),
}
