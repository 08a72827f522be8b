"""JSON schemas of models: their references to one another, whether a body satisfies one, and a sample of one.

A model refers to another of its API by the address `https://apigateway.amazonaws.com/restapis/<api>/models/<name>`, or,
in OpenAPI documents, by `#/definitions/<name>` or `#/components/schemas/<name>`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from glasshouse.core import documents
from glasshouse.services.apigateway.schema_words import worded

ADDRESS = "https://apigateway.amazonaws.com/restapis/"
PLACES = ("definitions", "components/schemas")
SAMPLES = {"integer": 42, "number": 42, "boolean": True, "null": None}


def referred(reference: str) -> str | None:
    """The model that a `$ref` refers to; None if it points somewhere within its own schema."""
    if reference.startswith(ADDRESS) and "/models/" in reference:
        return reference.rpartition("/models/")[2]
    for place in PLACES:
        if reference.startswith(f"#/{place}/"):
            return reference.removeprefix(f"#/{place}/")
    return None


def used_models(schema: str) -> set[str]:
    """The models that a schema refers to."""
    try:
        document = documents.read(schema)
    except ValueError:
        return set()
    return {name for name in map(referred, _references(document)) if name}


def _references(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        if isinstance(document.get("$ref"), str):
            yield document["$ref"]
        for value in document.values():
            yield from _references(value)
    elif isinstance(document, list):
        for item in document:
            yield from _references(item)


def bundled(schema: str, schemas: Mapping[str, str]) -> dict[str, Any]:
    """A schema that stands alone: the models it needs lie under its `definitions`."""
    document = _localized(json.loads(schema))
    needed, waiting = {}, list(used_models(schema))
    while waiting:
        name = waiting.pop()
        if name not in needed and name in schemas:
            needed[name] = _localized(json.loads(schemas[name]))
            waiting.extend(used_models(schemas[name]))
    if needed:
        document["definitions"] = {**needed, **document.get("definitions", {})}
    return document


def _localized(document: Any) -> Any:
    """With references to models as references into `definitions`."""
    if isinstance(document, list):
        return [_localized(item) for item in document]
    if not isinstance(document, dict):
        return document
    local = {name: _localized(value) for name, value in document.items()}
    if isinstance(local.get("$ref"), str) and (name := referred(local["$ref"])):
        local["$ref"] = f"#/definitions/{name}"
    return local


def flattened(schema: str, schemas: Mapping[str, str]) -> dict[str, Any]:
    """A schema with what it refers to in the places of the references; a model within itself stays a reference."""
    return _inlined(json.loads(schema), schemas, ())


def _inlined(document: Any, schemas: Mapping[str, str], within: tuple[str, ...]) -> Any:
    if isinstance(document, list):
        return [_inlined(item, schemas, within) for item in document]
    if not isinstance(document, dict):
        return document
    reference = document.get("$ref")
    name = referred(reference) if isinstance(reference, str) else None
    if name in schemas and name not in within:
        return _inlined(json.loads(schemas[name]), schemas, (*within, name))
    return {key: _inlined(value, schemas, within) for key, value in document.items()}


@lru_cache(512)
def _validator(bundle: str) -> Any:
    from jsonschema import Draft4Validator
    from referencing import Registry

    # An empty registry: no reference leads out of the schema onto the network.
    return Draft4Validator(json.loads(bundle), registry=Registry())


def failures(document: Any, bundle: str) -> list[str]:
    """What of a document does not satisfy a schema that stands alone, given as JSON; nothing satisfies a broken one."""
    from jsonschema.exceptions import SchemaError, UnknownType
    from referencing.exceptions import Unresolvable

    try:
        return list(dict.fromkeys(worded(one) for one in _validator(bundle).iter_errors(document)))
    except (SchemaError, UnknownType, Unresolvable, re.error, RecursionError) as failure:
        return [str(failure)]


# Samples


def sample(schema: dict[str, Any]) -> str:
    """A mapping template that takes a body of the schema apart and makes the same again."""
    return f"#set($inputRoot = $input.path('$'))\n{_sample(schema, '$inputRoot', 0)}"


def _sample(schema: dict[str, Any], place: str, depth: int) -> str:
    indent = "  " * depth
    if schema.get("type") == "array" or "items" in schema:
        element = "elem" if depth == 0 else f"elem{depth}"
        inner = _sample(schema.get("items") or {}, f"${element}", depth + 1)
        more = "#if($foreach.hasNext),#end"
        return f"[\n{indent}#foreach(${element} in {place})\n{indent}  {inner}{more}\n{indent}#end\n{indent}]"
    properties = schema.get("properties")
    if properties:
        lines = [
            f'{indent}  "{name}" : {_sample(inner, f"{place}.{name}", depth + 1)}' for name, inner in properties.items()
        ]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if schema.get("type") == "object":
        return "{ }"
    return place if schema.get("type") in SAMPLES else f'"{place}"'
