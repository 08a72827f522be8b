"""The regular expressions of the models, which are Java's, as predicates of Python.

A pattern must match the whole value, unless it anchors itself at one end only. What Python's `re` cannot be made to
understand (intersections of classes, unknown properties) is not checked at all, and what could take ages to match is
checked on short values, or not at all: one client's pattern must not hold up everybody.
"""

import re
import unicodedata
import warnings
from collections.abc import Callable
from functools import cache

from glasshouse.protocol.backtracking import longest_text

_SURROGATES = re.compile(
    r"\\u[dD]8[0-9a-fA-F]{2}\\u[dD][cC][0-9a-fA-F]{2}-\\u[dD][bB][0-9a-fA-F]{2}\\u[dD][fF][0-9a-fA-F]{2}"
)
_CODE_POINT = re.compile(r"\\x\{([0-9a-fA-F]{1,6})\}")
_PROPERTY = re.compile(r"(\\\\)|\\([pP])(?:\{\^?(?:Is)?(\w+)\}|([A-Z]))")
_CLASS_THEN_HYPHEN = re.compile(r"(\\\\)|(\\[wWdDsS])-(?!\])")
_NAMED_GROUP = re.compile(r"\(\?<(?=[A-Za-z])")
_POSIX = {
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Upper": "A-Z",
    "Lower": "a-z",
    "Space": r" \t\n\x0b\f\r",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "ASCII": r"\x00-\x7f",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F",
}
_LAST_ASSIGNED = 0x3FFFF  # beyond are only tags, variation selectors and private use
_SINGLE_CHARACTER = re.compile(r"\\?.|\[\^?\\?.\]")


@cache
def compile_pattern(pattern: str) -> Callable[[str], bool] | None:
    """Whether a value satisfies a pattern; None when the pattern is not understood."""
    try:
        translated = _translated(pattern)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a set within a set means something else to Java
            compiled, longest = re.compile(translated), longest_text(translated)
    except (re.error, Warning, OverflowError, RecursionError):
        return None
    if longest == 0:
        return None
    matches = _anchored(pattern, compiled)
    if longest is None:
        return lambda value: matches(value) is not None
    return lambda value: len(value) > longest or matches(value) is not None


def _anchored(pattern: str, compiled: re.Pattern[str]) -> Callable[[str], re.Match[str] | None]:
    """How a value must match: the whole of it, unless the pattern anchors itself at one end only."""
    if _SINGLE_CHARACTER.fullmatch(pattern):
        return compiled.search
    starts, ends = pattern.startswith("^"), pattern.endswith("$") and not pattern.endswith(r"\$")
    if starts != ends:
        return compiled.match if starts else compiled.search
    return compiled.fullmatch


def _translated(pattern: str) -> str:
    if "&&" in pattern or r"\Q" in pattern:
        raise re.error("not understood")
    text = _SURROGATES.sub(r"\\U00010000-\\U0010FFFF", pattern)
    text = _CODE_POINT.sub(lambda found: f"\\U{found[1]:0>8}", text)
    text = _NAMED_GROUP.sub("(?P<", text).replace(r"\z", r"\Z").replace(r"\h", r"[ \t]")
    text = _CLASS_THEN_HYPHEN.sub(lambda found: found[1] or _escaped_hyphen(text, found), text)
    return _replace_properties(text)


def _escaped_hyphen(text: str, found: re.Match[str]) -> str:
    """In [\\w-.] the hyphen is one: no range begins with a class."""
    return f"{found[2]}\\-" if _inside_class(text, found.start()) else found[0]


def _replace_properties(text: str) -> str:
    """Write out the classes of characters that have a name: \\p{L} becomes its ranges, in brackets unless in some."""
    out, position = [], 0
    for found in _PROPERTY.finditer(text):
        if found[1]:
            continue
        ranges, inside = _ranges(found[3] or found[4], found[2] == "P"), _inside_class(text, found.start())
        out += [text[position : found.start()], ranges if inside else f"[{ranges}]"]
        position = found.end()
    return "".join([*out, text[position:]])


def _inside_class(text: str, end: int) -> bool:
    inside, position = False, 0
    while position < end:
        if text[position] == "\\":
            position += 1
        elif text[position] == "[":
            inside = True
        elif text[position] == "]":
            inside = False
        position += 1
    return inside


@cache
def _ranges(name: str, negated: bool) -> str:
    """The characters of a Unicode category (or all others), or of one of POSIX's classes, as ranges for a class."""
    if name in _POSIX and not negated:
        return _POSIX[name]
    if len(name) > 2 or name[0] not in "LMNPSZC":
        raise re.error("not understood")
    beyond = (name == "C") != negated
    ranges, start = [f"\\U{_LAST_ASSIGNED + 1:08x}-\\U0010ffff"] if beyond else [], None
    for code in range(_LAST_ASSIGNED + 2):
        held = code <= _LAST_ASSIGNED and unicodedata.category(chr(code)).startswith(name) != negated
        if held and start is None:
            start = code
        elif not held and start is not None:
            ranges.append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start = None
    return "".join(ranges)
