"""Patch operations: `{"op": "replace", "path": "/description", "value": "..."}`.

https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html. Paths are JSON pointers: `~1` is a slash within
a step. AWS words a refusal in two ways: some resources list what may be patched, others name the path alone.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from glasshouse.services.apigateway.errors import BadRequestException, NotFoundException

Convert = Callable[[str | None], Any]


@dataclass(frozen=True, slots=True)
class Patch:
    """One operation; `steps` are those of its path, unescaped."""

    op: str
    path: str | None
    value: str | None
    source: str | None  # of "copy" and "move"
    steps: tuple[str, ...]

    @property
    def key(self) -> str:
        return self.steps[-1] if self.steps else ""

    def require(self, *ops: str):
        """Raise unless it is one of these operations."""
        if self.op not in ops:
            raise BadRequestException(f"Invalid patch operation specified. Must be one of: [{', '.join(ops)}]")

    def unknown(self) -> BadRequestException:
        return BadRequestException(f"Invalid patch path {'null' if self.path is None else self.path}")

    def not_supported(self) -> BadRequestException:
        return BadRequestException(
            f"Invalid patch path  '{self.path}' specified for op '{self.op}'. Please choose supported operations"
        )


def read(operations: list[dict] | None) -> Iterator[Patch]:
    for operation in operations or ():
        path = operation.get("path")
        yield Patch(operation.get("op", ""), path, operation.get("value"), operation.get("from"), split(path))


def split(path: str | None) -> tuple[str, ...]:
    if not path:
        return ()
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in path.removeprefix("/").split("/"))


def text(value: str | None) -> str | None:
    return value or None


def boolean(value: str | None) -> bool:
    return (value or "").lower() == "true"


def replace_listed(record: Any, operations: list[dict] | None, fields: Mapping[str, tuple[str, Convert]]):
    """Of a resource whose refusals list what can be replaced: `fields` has (attribute, conversion) by path."""
    for patch in read(operations):
        if patch.op != "replace":
            raise patch.not_supported()
        if patch.path not in fields:
            raise BadRequestException(
                f"Invalid patch path  '{patch.path}' specified for op '{patch.op}'. "
                f"Must be one of: [{', '.join(fields)}]"
            )
        attribute, convert = fields[patch.path]
        setattr(record, attribute, convert(patch.value))


def replace_field(record: dict[str, Any], patch: Patch, name: str, convert: Convert = text):
    """A member of what is kept by its names on the wire; one without a value goes."""
    patch.require("replace")
    value = convert(patch.value)
    if value is None:
        record.pop(name, None)
    else:
        record[name] = value


def patch_map(
    record: dict[str, Any], patch: Patch, name: str, convert: Convert = text, missing: str | None = None
):  # fmt: skip
    """`/name/key` of a map: add, replace, remove. `missing` is what AWS says of a key that is not there."""
    if len(patch.steps) != 2:
        raise patch.unknown()
    patch.require("add", "replace", "remove")
    held = record.get(name) or {}
    if patch.op != "add" and patch.key not in held and missing:
        raise NotFoundException(missing)
    if patch.op == "remove":
        held.pop(patch.key, None)
    elif patch.value is None:
        raise BadRequestException(f"Invalid patch operation: {patch.op} of {name} needs a value")
    else:
        held[patch.key] = convert(patch.value)
    if held:
        record[name] = held
    else:
        record.pop(name, None)
