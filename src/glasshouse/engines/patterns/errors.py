"""What is wrong with a pattern."""

SHOWN_CHARACTERS = 500


class InvalidPattern(ValueError):
    """A document that is no pattern. The message is the one of AWS's Event Ruler; `located` also says where, in the
    words of the JSON parser that stands behind it, for those refusals that know a place."""

    def __init__(self, message: str, located: str | None = None):
        super().__init__(message)
        self.located = located or message

    def again(self, place: str) -> "InvalidPattern":
        """As Event Ruler passes it on from within the lists of `anything-but`: with the place said twice."""
        return InvalidPattern(str(self), self.located + place)


def place_in(text: str, position: int) -> str:
    """How Jackson, the parser of Event Ruler, spells a place in a text."""
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    more = len(text) - SHOWN_CHARACTERS
    shown = f'"{text[:SHOWN_CHARACTERS]}"' + (f"[truncated {more} chars]" if more > 0 else "")
    return f"\n at [Source: (String){shown}; line: {line}, column: {column}]"
