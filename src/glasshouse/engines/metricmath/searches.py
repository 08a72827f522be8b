"""The query of a SEARCH: `{Namespace,Dimension} MetricName="CPU" AND term`.

The schema in braces names a namespace and all the dimensions that a metric must have. A term in double quotes equals a
name or value; another one is found among the words of it, also of CamelCase ones. A term without a property is looked
for everywhere.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from glasshouse.engines.metricmath.invalid import Invalid

_TOKEN = re.compile(
    r"\s*(?:(?P<sign>[()])|(?P<property>(?:\"[^\"]+\"|[\w:.-]+)=)|(?P<exact>\"[^\"]*\")|(?P<word>[^\s()\"]+)|(?P<end>\Z))"
)
_SCHEMA = re.compile(r"\s*\{([^}]*)\}")
_NAMED = re.compile(r'\s*(?:"([^"]*)"|([^,"]+?))\s*(?:,|\Z)')
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
Properties = Mapping[str, str]  # MetricName, Namespace, and the dimensions
Test = Callable[[Properties], bool]


@dataclass(frozen=True, slots=True)
class Search:
    """What a metric must be: of a namespace and with exactly these dimensions, if there is a schema."""

    namespace: str | None
    dimensions: frozenset[str]
    holds: Test

    def finds(self, namespace: str, name: str, dimensions: Mapping[str, str]) -> bool:
        if self.namespace is not None and (namespace != self.namespace or self.dimensions != dimensions.keys()):
            return False
        return self.holds({"Namespace": namespace, "MetricName": name, **dimensions})


def search(text: str) -> Search:
    """Raises Invalid."""
    schema = _SCHEMA.match(text)
    namespace, dimensions = None, frozenset()
    if schema:
        names = [quoted or plain for quoted, plain in _NAMED.findall(schema[1])]
        if not names:
            raise Invalid("The schema of a SEARCH needs a namespace")
        namespace, dimensions = names[0], frozenset(names[1:])
        text = text[schema.end() :]
    return Search(namespace, dimensions, _Parser(text).whole())


class _Parser:
    def __init__(self, text: str):
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while True:
            found = _TOKEN.match(text, at)
            if found is None:
                raise Invalid(f"Unexpected '{text[at:].strip()}' in SEARCH")
            kind = found.lastgroup or "end"
            self._tokens.append((kind, found[kind]))
            at = found.end()
            if kind == "end":
                break
        self._at = 0

    def whole(self) -> Test:
        if self._tokens[0][0] == "end":
            return lambda properties: True
        test = self._either()
        if self._tokens[self._at][0] != "end":
            raise Invalid(f"Unexpected '{self._tokens[self._at][1]}' in SEARCH")
        return test

    def _sees(self, *texts: str) -> bool:
        kind, text = self._tokens[self._at]
        return kind in ("sign", "word") and text in texts

    def _either(self) -> Test:
        tests = [self._both()]
        while self._sees("OR"):
            self._at += 1
            tests.append(self._both())
        return lambda properties: any(test(properties) for test in tests)

    def _both(self) -> Test:
        tests = [self._negated()]
        while self._tokens[self._at][0] != "end" and not self._sees("OR", ")"):
            if self._sees("AND"):
                self._at += 1
            tests.append(self._negated())
        return lambda properties: all(test(properties) for test in tests)

    def _negated(self) -> Test:
        if not self._sees("NOT"):
            return self._primary(None)
        self._at += 1
        test = self._negated()
        return lambda properties: not test(properties)

    def _primary(self, name: str | None) -> Test:
        kind, text = self._tokens[self._at]
        self._at += 1
        if text == "(":
            return self._within(name)
        if kind == "property" and name is None:
            return self._primary(text[:-1].strip('"'))
        if kind == "exact":
            return _test(name, lambda value: value == text[1:-1])
        if kind == "word" and text not in ("AND", "OR"):
            return _test(name, _partial(text))
        raise Invalid(f"Unexpected '{text or 'end'}' in SEARCH")

    def _within(self, name: str | None) -> Test:
        """What stands in parentheses; behind `Property=` these are values of it, joined by OR."""
        if name is None:
            test = self._either()
        else:
            tests = [self._primary(name)]
            while self._sees("OR"):
                self._at += 1
                tests.append(self._primary(name))
            test = lambda properties: any(one(properties) for one in tests)  # noqa: E731
        if not self._sees(")"):
            raise Invalid("Missing ) in SEARCH")
        self._at += 1
        return test


def _test(name: str | None, holds: Callable[[str], bool]) -> Test:
    if name is None:
        return lambda properties: any(holds(text) for pair in properties.items() for text in pair)
    return lambda properties: name in properties and holds(properties[name])


def _partial(term: str) -> Callable[[str], bool]:
    """Whether the words of a term are words of a text, one after another."""
    wanted = _words(term)

    def holds(text: str) -> bool:
        if term.lower() == text.lower():
            return True
        words = _words(text)
        return bool(wanted) and any(
            words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1)
        )

    return holds


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(text)]
