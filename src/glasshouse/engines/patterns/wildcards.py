"""Wildcards: `*` stands for any characters, `\\*` and `\\\\` for themselves.

How much work a wildcard can make is counted as in AWS's Event Ruler: by the number of its beginnings that some value
may fit at once.
"""

import re

from .errors import InvalidPattern

STAR = ""
MOST_COMPLEX = 7  # the documented example of a wildcard that is too complex has this many
MOST_SUBSETS = 2000
Parts = list[str]


def read_wildcard(text: str) -> Parts:
    """The characters of a wildcard, with an empty text for a star. Raises InvalidPattern, counting from the quote."""
    parts: Parts = []
    position = 0
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 1
            if position == len(text) or text[position] not in "*\\":
                raise InvalidPattern(f"Invalid escape character at pos {position}")
            parts.append(text[position])
        elif character == "*" and parts and parts[-1] == STAR:
            raise InvalidPattern(f"Consecutive wildcard characters at pos {position}")
        else:
            parts.append(STAR if character == "*" else character)
        position += 1
    return parts


def matcher(parts: Parts) -> re.Pattern[str]:
    return re.compile("".join(".*" if part == STAR else re.escape(part) for part in parts), re.DOTALL)


def beginning(parts: Parts) -> str:
    """What every value begins with that the wildcard fits."""
    start = []
    for part in parts:
        if part == STAR:
            break
        start.append(part)
    return "".join(start)


def complexity(parts: Parts) -> int:
    """The most beginnings of the wildcard that one value may fit at once; counted no further than MOST_COMPLEX."""
    alphabet = {part for part in parts if part != STAR}
    start = frozenset([0])
    seen, waiting, most = {start}, [start], 1
    while waiting and most < MOST_COMPLEX and len(seen) < MOST_SUBSETS:
        states = waiting.pop()
        for character in alphabet:
            following = _step(parts, states, character)
            most = max(most, len(following))
            if following not in seen:
                seen.add(following)
                waiting.append(following)
    return most


def _step(parts: Parts, states: frozenset[int], character: str) -> frozenset[int]:
    reached: set[int] = set()
    for state in states:
        if state < len(parts) and parts[state] == STAR:
            reached.add(state)
            state += 1
        if state < len(parts) and parts[state] == character:
            reached.add(state + 1)
    return frozenset(reached)
