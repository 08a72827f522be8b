"""How long a text a regular expression may be tried on, before a backtracking matcher could be busy for ages.

A loop whose body can be split in several ways over the same text (`(a+)*`, `(-?[a-z]+)*`) takes exponential time, three
long repetitions in a row that overlap take the cube of the length. It errs on the side of caution.
"""

import re
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

# There is no public way to a pattern's tree
parser: Any = import_module("re._parser")
sre: Any = import_module("re._constants")

LOOP = 8  # repetitions from which on a nested loop is one
LONG = 256  # and from which on several in a row are too many
_ALPHABET = [chr(code) for code in range(256)]
_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT)


def longest_text(pattern: str) -> int | None:
    """The length up to which matching stays quick; None when it always does."""
    items = list(parser.parse(pattern))
    if _anywhere(items, lambda found: any(map(_is_ambiguous_loop, found))):
        return 0
    return LONG if _anywhere(items, lambda found: _longest_overlap(found) >= 3) else None


def _anywhere(items: list[Any], holds: Callable[[list[Any]], bool]) -> bool:
    return holds(items) or any(_anywhere(list(inner), holds) for item in items for inner in _inner(item))


def _is_ambiguous_loop(item: Any) -> bool:
    """A loop around a loop, with nothing in between that would tell where one round ends."""
    if item[0] not in _REPEATS or item[1][1] < LOOP:
        return False
    body = list(_flat(item[1][2]))
    if len(body) == 1 and body[0][0] is sre.BRANCH:
        return any(_can_be_split(list(_flat(alternative))) for alternative in body[0][1][1])
    return _can_be_split(body)


def _can_be_split(body: list[Any]) -> bool:
    for position, part in enumerate(body):
        if part[0] in _REPEATS and part[1][1] - part[1][0] >= LOOP:
            looped = _characters([part])
            others = [other for index, other in enumerate(body) if index != position and _is_mandatory(other)]
            if all(_characters([other]) & looped for other in others):
                return True
    return False


def _longest_overlap(items: list[Any]) -> int:
    longest, row = 0, []
    for item in _flat(items):
        characters = _characters([item])
        if item[0] in _REPEATS and item[1][1] - item[1][0] > LONG:
            row = [*row, characters] if not row or row[-1] & characters else [characters]
            longest = max(longest, len(row))
        elif row and _is_mandatory(item) and not characters & row[-1]:
            row = []
    return longest


def _flat(items: Iterable[Any]) -> Iterable[Any]:
    """The items of a sequence, with those of its groups in their place."""
    for item in items:
        if item[0] is sre.SUBPATTERN:
            yield from _flat(item[1][3])
        else:
            yield item


def _is_mandatory(item: Any) -> bool:
    if item[0] in _REPEATS:
        return item[1][0] > 0
    return item[0] not in (sre.AT, sre.ASSERT, sre.ASSERT_NOT)


def _inner(item: Any) -> list[Any]:
    kind, argument = item
    if kind in _REPEATS:
        return [argument[2]]
    if kind is sre.SUBPATTERN:
        return [argument[3]]
    if kind is sre.BRANCH:
        return list(argument[1])
    return [argument[1]] if kind in (sre.ASSERT, sre.ASSERT_NOT) else []


def _characters(items: Iterable[Any]) -> frozenset[str]:
    """The characters, of the first 256, that could be in what the items match."""
    found: set[str] = set()
    for item in items:
        kind, argument = item
        if kind is sre.LITERAL:
            found.add(chr(argument))
        elif kind is sre.NOT_LITERAL:
            found.update(character for character in _ALPHABET if ord(character) != argument)
        elif kind is sre.ANY:
            found.update(_ALPHABET)
        elif kind is sre.IN:
            found.update(filter(_class(argument).match, _ALPHABET))
        elif kind not in (sre.ASSERT, sre.ASSERT_NOT, sre.AT):
            for inner in _inner(item):
                found |= _characters(inner)
    return frozenset(found)


def _class(members: list[Any]) -> re.Pattern[str]:
    """The class of characters that these members make."""
    text = []
    for kind, argument in members:
        if kind is sre.NEGATE:
            text.append("^")
        elif kind is sre.LITERAL:
            text.append(f"\\U{argument:08x}")
        elif kind is sre.RANGE:
            text.append(f"\\U{argument[0]:08x}-\\U{argument[1]:08x}")
        else:
            text.append(_CATEGORIES[argument])
    return re.compile(f"[{''.join(text)}]")


_CATEGORIES = {
    sre.CATEGORY_DIGIT: r"\d",
    sre.CATEGORY_NOT_DIGIT: r"\D",
    sre.CATEGORY_SPACE: r"\s",
    sre.CATEGORY_NOT_SPACE: r"\S",
    sre.CATEGORY_WORD: r"\w",
    sre.CATEGORY_NOT_WORD: r"\W",
}
