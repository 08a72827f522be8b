"""What Java's texts, numbers, lists and maps can do, for the values of Python that stand for them.

A method that the class does not have is nothing, like any reference that finds nothing.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from glasshouse.engines.vtl.errors import TemplateError
from glasshouse.engines.vtl.values import Entry, Host, equals, is_number, text

GETTER = re.compile(r"(?:get|is)([A-Z]\w*)")
GROUP = re.compile(r"\\(.)|\$(\d+)", re.DOTALL)


def get(value: Any, name: str) -> Any:
    """The property `value.name`."""
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, Host):
        return value.get(name)
    if isinstance(value, Entry):
        return value.key if name == "key" else value.value if name == "value" else None
    getter = "isEmpty" if name == "empty" else f"get{name[:1].upper()}{name[1:]}"
    return call(value, getter, ()) if not isinstance(value, (bool, int, float)) else None


def item(value: Any, key: Any) -> Any:
    """The element `value[key]`."""
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, Host):
        return value.get(text(key))
    if isinstance(value, list) and isinstance(key, int):
        return value[key] if -len(value) <= key < len(value) else None
    return None


def call(value: Any, name: str, arguments: Sequence[Any]) -> Any:
    """The method `value.name(arguments)`."""
    method = _table(value).get(name) or ANYTHING.get(name)
    if method is None:
        return None
    try:
        return method(value, *arguments)
    except (TypeError, ValueError, IndexError, AttributeError, KeyError, OverflowError, re.error) as wrong:
        raise TemplateError(f"{name}({', '.join(map(text, arguments))}) failed: {wrong}") from wrong


def property_of(getter: str) -> str | None:
    """The name of the property that a getter is for: `index` for `getIndex`."""
    found = GETTER.fullmatch(getter)
    return found and found[1][0].lower() + found[1][1:]


def _table(value: Any) -> dict[str, Callable]:
    if isinstance(value, str):
        return TEXTS
    if isinstance(value, list):
        return LISTS
    if isinstance(value, dict):
        return MAPS
    if isinstance(value, Entry):
        return ENTRIES
    return NUMBERS if is_number(value) else BOOLEANS if isinstance(value, bool) else {}


# Texts


def _substring(value: str, begin: int, end: int | None = None) -> str:
    end = len(value) if end is None else end
    if not 0 <= begin <= end <= len(value):
        raise IndexError(f"begin {begin}, end {end}, length {len(value)}")
    return value[begin:end]


def _split(value: str, pattern: str, limit: int = 0) -> list[str]:
    """As String.split: empty texts at the end do not count, nor one at the start that nothing was split off."""
    if limit == 1 or not value:
        return [value]
    parts, start = [], 0
    for found in re.finditer(_python_pattern(pattern), value):
        if found.end() == 0 or (found.start() == found.end() == len(value)):
            continue
        parts.append(value[start : found.start()])
        start = found.end()
        if limit > 0 and len(parts) == limit - 1:
            break
    parts.append(value[start:])
    while limit == 0 and len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


def _python_pattern(pattern: str) -> str:
    """A pattern of Java's; possessive quantifiers and most classes are the same."""
    return pattern.replace(r"\p{Alpha}", "[A-Za-z]").replace(r"\p{Digit}", "[0-9]").replace(
        r"\p{Alnum}", "[A-Za-z0-9]"
    ).replace(r"\p{Punct}", r"[!-/:-@\[-`{-~]").replace(r"\p{Space}", r"\s").replace(r"\p{L}", r"[^\W\d_]").replace(
        "(?<", "(?P<"
    ).replace("(?P<=", "(?<=").replace("(?P<!", "(?<!")  # fmt: skip


def _replace_pattern(value: str, pattern: str, replacement: str, count: int = 0) -> str:
    def expand(found: re.Match[str]) -> str:
        return GROUP.sub(lambda part: part[1] or found[int(part[2])] or "", text(replacement))

    return re.sub(_python_pattern(pattern), expand, value, count=count)


def _hash(value: str) -> int:
    number = 0
    for character in value:
        number = (31 * number + ord(character)) & 0xFFFFFFFF
    return number - (1 << 32) if number >= 1 << 31 else number


def _compare_texts(value: str, other: str) -> int:
    for one, two in zip(value, other, strict=False):
        if one != two:
            return ord(one) - ord(two)
    return len(value) - len(other)


TEXTS: dict[str, Callable] = {
    "length": len,
    "isEmpty": lambda value: not value,
    "isBlank": lambda value: not value.strip(),
    "contains": lambda value, part: text(part) in value,
    "startsWith": lambda value, part, start=0: value.startswith(text(part), start),
    "endsWith": lambda value, part: value.endswith(text(part)),
    "indexOf": lambda value, part, start=0: value.find(text(part), max(0, start)),
    "lastIndexOf": lambda value, part: value.rfind(text(part)),
    "substring": _substring,
    "subSequence": _substring,
    "charAt": lambda value, index: _substring(value, index, index + 1),
    "toLowerCase": lambda value, *locale: value.lower(),
    "toUpperCase": lambda value, *locale: value.upper(),
    "trim": lambda value: value.strip(),
    "strip": lambda value: value.strip(),
    "replace": lambda value, old, new: value.replace(text(old), text(new)),
    "replaceAll": _replace_pattern,
    "replaceFirst": lambda value, pattern, replacement: _replace_pattern(value, pattern, replacement, 1),
    "split": _split,
    "matches": lambda value, pattern: re.fullmatch(_python_pattern(pattern), value) is not None,
    "concat": lambda value, other: value + text(other),
    "equalsIgnoreCase": lambda value, other: isinstance(other, str) and value.lower() == other.lower(),
    "compareTo": _compare_texts,
    "compareToIgnoreCase": lambda value, other: _compare_texts(value.lower(), other.lower()),
    "hashCode": _hash,
    "repeat": lambda value, count: value * count,
    "toCharArray": lambda value: list(value),
    "intern": lambda value: value,
    "join": lambda value, separator, parts: text(separator).join(map(text, parts)),
    "valueOf": lambda value, other: text(other),
    "format": lambda value, pattern, *arguments: pattern % tuple(arguments),
}

# Numbers, whose classes' static methods a template reaches through any of them


def _parse_integer(value: Any, digits: Any, base: int = 10) -> int:
    return int(text(digits).strip(), base) if not is_number(digits) else int(digits)


NUMBERS: dict[str, Callable] = {
    "intValue": lambda value: int(value),
    "longValue": lambda value: int(value),
    "shortValue": lambda value: int(value),
    "doubleValue": lambda value: float(value),
    "floatValue": lambda value: float(value),
    "parseInt": _parse_integer,
    "parseLong": _parse_integer,
    "parseDouble": lambda value, digits: float(digits),
    "parseFloat": lambda value, digits: float(digits),
    "valueOf": lambda value, digits: type(value)(digits),
    "compareTo": lambda value, other: (value > other) - (value < other),
    "hashCode": lambda value: int(value),
    "max": lambda value, one, two: max(one, two),
    "min": lambda value, one, two: min(one, two),
    "abs": lambda value, one: abs(one),
    "toString": lambda value, *other: text(other[0] if other else value),
    "isNaN": lambda value: value != value,
}
BOOLEANS: dict[str, Callable] = {
    "booleanValue": lambda value: value,
    "parseBoolean": lambda value, word: text(word).lower() == "true",
    "valueOf": lambda value, word: text(word).lower() == "true",
}

# Lists and maps


def _add(value: list, *arguments: Any) -> bool | None:
    if len(arguments) == 2:
        value.insert(arguments[0], arguments[1])
        return None
    value.append(*arguments)
    return True


def _add_all(value: list, *arguments: Any) -> bool:
    items = list(arguments[-1])
    start = arguments[0] if len(arguments) == 2 else len(value)
    value[start:start] = items
    return bool(items)


def _remove_item(value: list, what: Any) -> Any:
    """By its index, or the item itself; then whether it was there."""
    if isinstance(what, int) and not isinstance(what, bool):
        return value.pop(_checked(value, what))
    if what in value:
        value.remove(what)
        return True
    return False


def _checked(value: list, index: int) -> int:
    if not 0 <= index < len(value):
        raise IndexError(f"index {index}, size {len(value)}")
    return index


def _set_item(value: list, index: int, new: Any) -> Any:
    old, value[index] = value[_checked(value, index)], new
    return old


def _index_of(value: list, wanted: Any) -> int:
    return next((index for index, item in enumerate(value) if equals(item, wanted)), -1)


def _remove_all(value: list, others: list) -> bool:
    size = len(value)
    value[:] = [item for item in value if item not in others]
    return len(value) < size


def _put(value: dict, key: Any, new: Any) -> Any:
    old, value[key] = value.get(key), new
    return old


LISTS: dict[str, Callable] = {
    "size": len,
    "length": len,
    "isEmpty": lambda value: not value,
    "get": lambda value, index: value[_checked(value, index)],
    "set": _set_item,
    "add": _add,
    "addAll": _add_all,
    "remove": _remove_item,
    "removeAll": _remove_all,
    "clear": lambda value: value.clear(),
    "contains": lambda value, wanted: _index_of(value, wanted) >= 0,
    "containsAll": lambda value, others: all(_index_of(value, one) >= 0 for one in others),
    "indexOf": _index_of,
    "lastIndexOf": lambda value, wanted: max((i for i, one in enumerate(value) if equals(one, wanted)), default=-1),
    "subList": lambda value, begin, end: value[begin:end],
    "toArray": lambda value, *kind: value,
    "iterator": lambda value: Walk(value),
    "toJSONString": lambda value: text(value),
}
MAPS: dict[str, Callable] = {
    "size": len,
    "isEmpty": lambda value: not value,
    "get": lambda value, key: value.get(key),
    "getOrDefault": lambda value, key, other: value.get(key, other),
    "put": _put,
    "putIfAbsent": lambda value, key, new: value.get(key) if value.get(key) is not None else _put(value, key, new),
    "putAll": lambda value, others: value.update(others),
    "remove": lambda value, key: value.pop(key, None),
    "clear": lambda value: value.clear(),
    "containsKey": lambda value, key: key in value,
    "containsValue": lambda value, wanted: _index_of(list(value.values()), wanted) >= 0,
    "keySet": list,
    "values": lambda value: list(value.values()),
    "entrySet": lambda value: [Entry(key, item) for key, item in value.items()],
}
ENTRIES: dict[str, Callable] = {"getKey": lambda value: value.key, "getValue": lambda value: value.value}
ANYTHING: dict[str, Callable] = {
    "toString": lambda value: text(value),
    "equals": lambda value, other: type(value) is type(other) and value == other,
    "hashCode": lambda value: _hash(text(value)),
}


class Walk(Host):
    """An iterator."""

    def __init__(self, items: list):
        self._items, self._at = items, 0

    def call(self, name: str, arguments: Sequence[Any]) -> Any:
        if name == "hasNext":
            return self._at < len(self._items)
        if name != "next" or self._at >= len(self._items):
            raise TemplateError(f"the iterator cannot do {name}()")
        self._at += 1
        return self._items[self._at - 1]
