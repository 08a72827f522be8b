"""Values of a shape: drawn by Hypothesis, and one that has every member, which covers what a few draws do not."""

from zlib import crc32

from hypothesis import given, seed
from hypothesis import strategies as st

MAX_DEPTH = 3
MEMBERS_DRAWN = 4

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
# XML has no control characters, and turns a carriage return into a line feed
XML_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=6)
LABEL = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
TOKEN = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=6)
JSON = st.recursive(
    st.booleans() | st.integers(-(1 << 80), 1 << 80) | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(ANY_TEXT, inner, max_size=2),
    max_leaves=4,
)
FIXED = {
    "string": "aé<&\"'> 0",
    "character": "c",
    "boolean": True,
    "integer": -7,
    "long": 1 << 40,
    "float": 0.25,
    "double": 1e-9,
    "blob": b"\x00\xff\xfe",
    "timestamp": 1700000000.125,
}
DRAWN = {
    "string": ANY_TEXT,
    "character": ANY_TEXT,
    "boolean": st.booleans(),
    "integer": st.integers(-(1 << 31), (1 << 31) - 1),
    "long": st.integers(-(1 << 63), (1 << 63) - 1),
    "float": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "blob": st.binary(max_size=6),
    "timestamp": st.integers(0, 8 << 32).map(lambda eighths: eighths / 8),
}


def check_all(shape, check, xml: bool = False):
    """Check a value that has every member of a shape, and such as Hypothesis draws."""
    check(whole(shape))
    # A seed of its own spares Hypothesis the reading of the source, which takes longer than the test
    seed(crc32(shape.name.encode()) if shape else 0)(given(values(shape, xml))(check))()


def values(shape, xml: bool = False):
    """A strategy for the members of an input or output; with xml, of what XML can say."""
    return _structure(XML_TEXT if xml else ANY_TEXT, shape, 0) if shape else st.just({})


def whole(shape, depth: int = 0) -> dict:
    """A value with every member of a structure, down to a depth; of a union, with its last."""
    value = {}
    members = _reachable(shape, depth) if shape else []
    for name in members[-1:] if shape and shape.is_tagged_union else members:
        member = shape.members[name]
        if not member.serialization.get("eventstream"):
            value[name] = _whole(member, depth + 1, _location(shape, name) if depth == 0 else None)
    return value


def _whole(shape, depth, location):
    kind = shape.type_name
    if kind == "structure":
        return {"a": [1, None, {"b": 0.5}]} if shape.is_document_type else whole(shape, depth)
    if kind == "list":
        return [_whole(shape.member, depth + 1, location)] * 2
    if kind == "map":
        keys = ["k"] if location else ["k", "é.1"]
        return {key: _whole(shape.value, depth + 1, location) for key in keys}
    return _special(shape, location, FIXED[kind])


def _special(shape, location, otherwise):
    """What a place in the message or the shape can carry, where that is less than anything."""
    kind = shape.type_name
    if location in ("header", "headers") and shape.serialization.get("jsonvalue"):
        return {"a": [1, "é"]}
    if location in ("header", "headers", "hostLabel") and kind in ("string", "character"):
        return "token-1"
    if location == "uri" and kind == "string":
        return "a b/é%2F+..~"
    if location == "payload":
        return b"\x00body" if kind == "blob" else "text é"
    if location == "statusCode":
        return 207
    if kind == "timestamp" and (location == "header" or shape.serialization.get("timestampFormat") == "rfc822"):
        return 1700000000.0
    return otherwise


@st.composite
def _structure(draw, text, shape, depth):
    names = _reachable(shape, depth)
    if names and shape.is_tagged_union:
        names = [draw(st.sampled_from(names))]
    elif names:
        bound = [name for name in shape.required_members if depth == 0 and _location(shape, name)]
        names = list(dict.fromkeys(bound + draw(st.lists(st.sampled_from(names), max_size=MEMBERS_DRAWN, unique=True))))
    return {
        name: draw(_value(text, shape.members[name], depth + 1, _location(shape, name) if depth == 0 else None))
        for name in names
        if not shape.members[name].serialization.get("eventstream")
    }


def _value(text, shape, depth, location):
    kind = shape.type_name
    if kind == "structure":
        return JSON if shape.is_document_type else _structure(text, shape, depth)
    if kind == "list":
        return st.lists(_value(text, shape.member, depth + 1, location), max_size=2)
    if kind == "map":
        keys = TOKEN if location else text
        return st.dictionaries(keys, _value(text, shape.value, depth + 1, location), max_size=2)
    return _scalar(text, shape, location)


def _scalar(text, shape, location):
    kind = shape.type_name
    if kind in ("string", "character"):
        text = {"header": TOKEN, "headers": TOKEN, "hostLabel": TOKEN, "uri": LABEL}.get(location, text)
        return st.just(_special(shape, location, None)) if location == "payload" or _is_json(shape, location) else text
    if location in ("payload", "statusCode"):
        return st.just(_special(shape, location, None))
    if kind == "timestamp" and _special(shape, location, None):
        return st.integers(0, 1 << 32).map(float)
    return DRAWN[kind]


def _is_json(shape, location) -> bool:
    return location == "header" and bool(shape.serialization.get("jsonvalue"))


def _location(shape, name: str) -> str | None:
    """Where a member of an input or output is, if it is not one of several in the body."""
    member = shape.members[name]
    if member.serialization.get("hostLabel"):
        return "hostLabel"
    if name == shape.serialization.get("payload"):
        return "payload" if member.type_name in FIXED else None
    return member.serialization.get("location")


def _reachable(shape, depth: int) -> list[str]:
    """The members of a structure; of the deepest those that go no deeper."""
    names = list(shape.members)
    if depth < MAX_DEPTH:
        return names
    return [name for name in names if shape.members[name].type_name in FIXED] or names[: depth < 2 * MAX_DEPTH]


def pruned(value):
    """A value without the empty collections, which forms and XML cannot tell from nothing."""
    if isinstance(value, dict):
        kept = {key: pruned(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in ({}, [])}
    if isinstance(value, list):
        return [item for item in map(pruned, value) if item not in ({}, [])]
    return value
