"""The regular expressions of the models, which are Java's, as predicates of Python.

A pattern must match the whole value, unless it anchors itself at one end only. What Python's `re` cannot be made to
understand (intersections of classes, unknown properties) is not checked at all.
"""

import re
import unicodedata
import warnings
from collections.abc import Callable
from functools import cache

_SURROGATES = re.compile(
    r"\\u[dD]8[0-9a-fA-F]{2}\\u[dD][cC][0-9a-fA-F]{2}-\\u[dD][bB][0-9a-fA-F]{2}\\u[dD][fF][0-9a-fA-F]{2}"
)
_CODE_POINT = re.compile(r"\\x\{([0-9a-fA-F]{1,6})\}")
_PROPERTY = re.compile(r"(\\\\)|\\([pP])(?:\{\^?(?:Is)?(\w+)\}|([A-Z]))")
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
            compiled = re.compile(translated)
    except (re.error, Warning, OverflowError, RecursionError):
        return None
    starts, ends = pattern.startswith("^"), pattern.endswith("$") and not pattern.endswith(r"\$")
    if _SINGLE_CHARACTER.fullmatch(pattern):
        return lambda value: compiled.search(value) is not None
    if starts and not ends:
        return lambda value: compiled.match(value) is not None
    if ends and not starts:
        return lambda value: compiled.search(value) is not None
    return lambda value: compiled.fullmatch(value) is not None


def _translated(pattern: str) -> str:
    if "&&" in pattern or r"\Q" in pattern:
        raise re.error("not understood")
    text = _SURROGATES.sub(r"\\U00010000-\\U0010FFFF", pattern)
    text = _CODE_POINT.sub(lambda found: f"\\U{found[1]:0>8}", text)
    text = _NAMED_GROUP.sub("(?P<", text).replace(r"\z", r"\Z").replace(r"\h", r"[ \t]")
    return _replace_properties(text)


def _replace_properties(text: str) -> str:
    """Write out the classes of characters that have a name: \\p{L} becomes its ranges, in brackets unless in some."""
    out, position = [], 0
    for found in _PROPERTY.finditer(text):
        if found[1]:
            continue
        ranges, negated = _ranges(found[3] or found[4]), found[2] == "P"
        inside = _inside_class(text, found.start())
        if negated and inside:
            raise re.error("not understood")
        out += [text[position : found.start()], ranges if inside else f"[{'^' if negated else ''}{ranges}]"]
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
def _ranges(name: str) -> str:
    """The characters of a Unicode category, or of one of POSIX's classes, as ranges for a class."""
    if name in _POSIX:
        return _POSIX[name]
    if len(name) > 2 or name[0] not in "LMNPSZ":
        raise re.error("not understood")
    ranges, start = [], None
    for code in range(_LAST_ASSIGNED + 2):
        held = unicodedata.category(chr(code)).startswith(name)
        if held and start is None:
            start = code
        elif not held and start is not None:
            ranges.append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start = None
    return "".join(ranges)
