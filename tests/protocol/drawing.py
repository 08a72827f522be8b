"""Values of a shape: drawn by Hypothesis, and one that has every member, which covers what a few draws do not."""

from dataclasses import dataclass

from hypothesis import strategies as st

MAX_DEPTH = 3
MEMBERS_DRAWN = 4
SCALARS = ("string", "character", "boolean", "integer", "long", "float", "double", "blob", "timestamp")

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
# XML has no control characters, and turns a carriage return into a line feed
XML_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=6)
TOKEN = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=6)
JSON = st.recursive(
    st.booleans() | st.integers(-(1 << 80), 1 << 80) | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(ANY_TEXT, inner, max_size=2),
    max_leaves=4,
)
FIXED = {
    "string": st.just("aé<&\"'> 0"),
    "character": st.just("c"),
    "boolean": st.just(True),
    "integer": st.just(-7),
    "long": st.just(1 << 40),
    "float": st.just(0.25),
    "double": st.just(1e-9),
    "blob": st.just(b"\x00\xff\xfe"),
    "timestamp": st.just(1700000000.125),
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


@dataclass(frozen=True)
class Drawing:
    """What the values may be: all members or a few, and which texts the body can carry."""

    xml: bool = False
    whole: bool = False

    def values(self, shape, outgoing: bool = False):
        """A strategy for the members of an input (or, outgoing, of an output)."""
        if shape is None:
            return st.just({})
        return _structure(self, shape, 0, outgoing)

    def scalar(self, shape, location):
        kind = shape.type_name
        if location in ("header", "headers") and shape.serialization.get("jsonvalue"):
            return st.just({"a": [1, "é"]})
        if location in ("header", "headers", "hostLabel") and kind in ("string", "character"):
            return TOKEN
        if location == "uri" and kind == "string":
            return st.just("a b/é%2F+..~") if self.whole else st.text(min_size=1, max_size=6).filter(_encodable)
        if kind == "timestamp" and (location == "header" or shape.serialization.get("timestampFormat") == "rfc822"):
            return st.integers(0, 1 << 32).map(float)
        if location == "statusCode":
            return st.just(207)
        if location == "payload":
            return st.just(b"\x00body") if kind == "blob" else st.just("text é")
        if self.whole:
            return FIXED[kind]
        return XML_TEXT if self.xml and kind in ("string", "character") else DRAWN[kind]


def _encodable(text: str) -> bool:
    return not any(0xD800 <= ord(character) < 0xE000 for character in text)


@st.composite
def _structure(draw, drawing, shape, depth, outgoing=False):
    members = _chosen(draw, drawing, shape, depth)
    payload = shape.serialization.get("payload") if depth == 0 else None
    value = {}
    for name in members:
        member = shape.members[name]
        if member.serialization.get("eventstream"):
            continue
        location = "hostLabel" if member.serialization.get("hostLabel") else member.serialization.get("location")
        if name == payload and member.type_name in SCALARS:
            location = "payload"
        value[name] = draw(_value(drawing, member, depth + 1, location if depth == 0 else None))
    return value


def _chosen(draw, drawing, shape, depth) -> list[str]:
    """Which members a structure has: of a union one, of the deepest those that go no deeper."""
    names = list(shape.members)
    if depth >= MAX_DEPTH:
        names = [name for name in names if shape.members[name].type_name in SCALARS] or names[: depth < 2 * MAX_DEPTH]
    if not names:
        return []
    if shape.is_tagged_union:
        return [draw(st.sampled_from(names))]
    if drawing.whole:
        return names
    payload = shape.serialization.get("payload")
    bound = [name for name in shape.members if name == payload or shape.members[name].serialization.get("location")]
    always = [name for name in shape.required_members if depth == 0 and name in bound]
    return list(dict.fromkeys(always + draw(st.lists(st.sampled_from(names), max_size=MEMBERS_DRAWN, unique=True))))


def _value(drawing, shape, depth, location):
    kind = shape.type_name
    if kind == "structure":
        return JSON if shape.is_document_type else _structure(drawing, shape, depth)
    if kind == "list":
        size = {"min_size": 2, "max_size": 2} if drawing.whole else {"max_size": 2}
        return st.lists(_value(drawing, shape.member, depth + 1, location), **size)
    if kind == "map":
        keys = TOKEN if location in ("headers", "querystring") else XML_TEXT if drawing.xml else ANY_TEXT
        if drawing.whole and location is None:
            keys = st.sampled_from(["k", "é.1"])
        return st.dictionaries(keys, _value(drawing, shape.value, depth + 1, location), max_size=2)
    return drawing.scalar(shape, location)


def pruned(value):
    """A value without the empty collections, which forms and XML cannot tell from nothing."""
    if isinstance(value, dict):
        kept = {key: pruned(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in ({}, [])}
    if isinstance(value, list):
        return [item for item in map(pruned, value) if item not in ({}, [])]
    return value
