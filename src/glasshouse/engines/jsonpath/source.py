"""The text of a path, and a place in it."""

import re


class InvalidPath(Exception):
    """A text that is no path."""


class Source:
    """The text from `at` on."""

    def __init__(self, text: str):
        self.text, self.at = text, 0

    @property
    def is_done(self) -> bool:
        return self.at >= len(self.text)

    def looks_at(self, *texts: str) -> bool:
        return self.text.startswith(texts, self.at)

    def take(self, text: str) -> bool:
        """Step over a text if it is next."""
        if not self.text.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def take_after_space(self, text: str) -> bool:
        self.skip_space()
        return self.take(text)

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Step over what a pattern matches here."""
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def skip_space(self):
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1

    def require(self, text: str):
        if not self.take_after_space(text):
            raise self.error(f"expected {text!r}")

    def error(self, problem: str = "not a path") -> InvalidPath:
        return InvalidPath(f"{problem} at position {self.at} of {self.text!r}")
