"""Filter patterns of log events: terms, JSON selectors, and space-delimited columns.

`parse(text)` gives a Pattern; `pattern.match(message)` the values it extracted (a dict, perhaps empty), or None.
Source: CloudWatch Logs user guide, "Filter pattern syntax". A term matches anywhere in the message, also within a word.
"""

from typing import Protocol

from glasshouse.engines.filterpattern.columns import parse_columns
from glasshouse.engines.filterpattern.errors import InvalidPattern
from glasshouse.engines.filterpattern.selectors import parse_selector
from glasshouse.engines.filterpattern.terms import parse_terms

__all__ = ["InvalidPattern", "Pattern", "parse"]


class Pattern(Protocol):
    def match(self, message: str) -> dict[str, str] | None:
        """What the pattern extracts from a message; None if it does not match."""
        ...


def parse(text: str) -> Pattern:
    """Raises InvalidPattern."""
    stripped = text.strip()
    if stripped.startswith("{"):
        return parse_selector(stripped)
    if stripped.startswith("["):
        return parse_columns(stripped)
    return parse_terms(stripped)
