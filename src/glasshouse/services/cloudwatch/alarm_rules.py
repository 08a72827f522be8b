"""The rule of a composite alarm: `ALARM("a") AND NOT (OK(b) OR INSUFFICIENT_DATA(arn:aws:...:alarm:c))`."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from glasshouse.services.cloudwatch.errors import ValidationError

LONGEST = 10_240
_TOKEN = re.compile(r"\s*(?:(?P<quoted>\"(?:[^\"\\]|\\.)*\")|(?P<sign>[()])|(?P<word>[^\s()\"]+)|(?P<end>\Z))")
_STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")
States = Callable[[str], str | None]  # the state of an alarm by its name


class Rule:
    """`holds(states)`, and the `names` of the alarms it is about."""

    def __init__(self, holds: Callable[[States], bool], names: list[str]):
        self.holds, self.names = holds, names


@lru_cache(256)
def read_rule(text: str) -> Rule:
    """Raises ValidationError."""
    if not text.strip():
        raise ValidationError("AlarmRule must not be empty")
    if len(text) > LONGEST:
        raise ValidationError(f"AlarmRule must not be longer than {LONGEST} characters")
    parser = _Parser(text)
    return Rule(parser.whole(), list(dict.fromkeys(parser.names)))


class _Parser:
    def __init__(self, text: str):
        self.names: list[str] = []
        self._tokens = list(_tokens(text))
        self._at = 0

    def whole(self) -> Callable[[States], bool]:
        holds = self._either()
        if self._tokens[self._at][0] != "end":
            raise self._unexpected()
        return holds

    def _sees(self, *texts: str) -> bool:
        kind, text = self._tokens[self._at]
        return kind != "quoted" and text in texts

    def _either(self) -> Callable[[States], bool]:
        parts = [self._both()]
        while self._sees("OR"):
            self._at += 1
            parts.append(self._both())
        return lambda states: any(part(states) for part in parts)

    def _both(self) -> Callable[[States], bool]:
        parts = [self._negated()]
        while self._sees("AND"):
            self._at += 1
            parts.append(self._negated())
        return lambda states: all(part(states) for part in parts)

    def _negated(self) -> Callable[[States], bool]:
        if not self._sees("NOT"):
            return self._primary()
        self._at += 1
        part = self._negated()
        return lambda states: not part(states)

    def _primary(self) -> Callable[[States], bool]:
        if self._sees("TRUE", "FALSE"):
            holds = self._take() == "TRUE"
            return lambda states: holds
        if self._sees("("):
            self._at += 1
            within = self._either()
            self._expect(")")
            return within
        if not self._sees(*_STATES):
            raise self._unexpected()
        state = self._take()
        self._expect("(")
        name = self._name()
        self._expect(")")
        self.names.append(name)
        return lambda states: states(name) == state

    def _name(self) -> str:
        kind, text = self._tokens[self._at]
        if kind not in ("quoted", "word"):
            raise self._unexpected()
        self._at += 1
        name = re.sub(r"\\(.)", r"\1", text[1:-1]) if kind == "quoted" else text
        return name.split(":alarm:", 1)[1] if name.startswith("arn:") and ":alarm:" in name else name

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _expect(self, sign: str):
        if not self._sees(sign):
            raise self._unexpected()
        self._at += 1

    def _unexpected(self) -> ValidationError:
        kind, text = self._tokens[self._at]
        return ValidationError(f"AlarmRule is not valid: unexpected {'end' if kind == 'end' else text}")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while True:
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValidationError(f"AlarmRule is not valid: unexpected {text[at:].strip()}")
        kind = found.lastgroup or "end"
        yield kind, found[kind]
        if kind == "end":
            return
        at = found.end()
