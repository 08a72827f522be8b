"""Where a value that is refused lies, and what it is, as AWS's own services print it."""

from collections.abc import Mapping
from typing import Any

from glasshouse.protocol.shapes import Shape

Path = tuple  # (path of the parent, name); joined only when something is wrong


class Literal(str):
    """A part of a path that is printed as it is: the key of a map."""

    __slots__ = ()


MEMBER = Literal("member")


def printed(path: Path) -> str:
    """A path as AWS prints it: tags.1.member.key."""
    parts: list[str] = []
    while path:
        path, name = path
        parts.append(name if isinstance(name, Literal) else name[:1].lower() + name[1:])
    return ".".join(reversed(parts))


def shown(value: Any, shape: Shape) -> str:
    """A value as AWS prints it after the word Value; what is sensitive is not printed."""
    if shape.traits.get("sensitive"):
        return ""
    held = {"map": "value", "list": "member"}.get(shape.type_name)
    if held and "sensitive" in getattr(shape, held).traits:
        return ""
    return f" '{_java(value)}'"


def _java(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    if isinstance(value, list):
        return f"[{', '.join(map(_java, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}={_java(item)}' for key, item in value.items())}}}"
    return str(value)
