"""Walking through sorted keys, rolling up those that share a prefix up to a delimiter.

A walk reads what it shows and little more: behind a common prefix it goes on at the first key that lacks it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

NO_END = b""  # in SQLite a blob sorts after every text
STEPS_BEFORE_SEEK = 8


class Keyed(Protocol):
    """Something with a key."""

    @property
    def key(self) -> str: ...


@dataclass(slots=True)
class Walked:
    """What a walk found: entries and common prefixes, at most so many together, and where the next one begins."""

    entries: list[Any] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    last: str = ""  # the last key or common prefix that was found
    next: Any = None  # the first entry that found no room

    @property
    def truncated(self) -> bool:
        return self.next is not None


def successor(prefix: str) -> str | bytes:
    """The least key that is greater than every key with this prefix."""
    while prefix and prefix[-1] == "\U0010ffff":
        prefix = prefix[:-1]
    if not prefix:
        return NO_END
    following = ord(prefix[-1]) + 1
    return prefix[:-1] + chr(0xE000 if following == 0xD800 else following)


def walk(
    read: Callable[[str], Iterator[Keyed]], start: str, prefix: str, delimiter: str, limit: int, passed: str = ""
) -> Walked:
    """Walk over what `read(key)` gives, which begins at a key and keeps to the prefix.

    A common prefix with which the key `passed` begins was shown before.
    """
    found = Walked()
    if limit == 0:
        return found
    rows, steps = read(start), 0
    while (row := next(rows, None)) is not None:
        common = _common(row.key, prefix, delimiter)
        if common is not None and (common == found.last or passed.startswith(common)):
            steps += 1
            if steps == STEPS_BEFORE_SEEK:
                rows, steps = _from_beyond(read, common), 0
            continue
        if len(found.entries) + len(found.prefixes) == limit:
            found.next = row
            break
        steps = 0
        found.last = row.key if common is None else common
        if common is None:
            found.entries.append(row)
        else:
            found.prefixes.append(common)
    return found


def _from_beyond(read: Callable[[str], Iterator[Keyed]], common: str) -> Iterator[Keyed]:
    beyond = successor(common)
    return iter(()) if isinstance(beyond, bytes) else read(beyond)


def _common(key: str, prefix: str, delimiter: str) -> str | None:
    if not delimiter:
        return None
    end = key.find(delimiter, len(prefix))
    return None if end < 0 else key[: end + len(delimiter)]
