"""Reading expressions: what conditions, projections and updates have in common."""

from collections.abc import Callable
from typing import TypeVar

from .invalid import Invalid
from .nodes import Constant, Function, Operand, Path
from .tokens import Token, reserved_words, syntax_error, tokens

MAX_STEPS = 32
MAX_DEPTH = 60
T = TypeVar("T")


class Reader:
    """Goes through the tokens of one expression. What is wrong with names is remembered, to be told after what is wrong
    with the syntax, in DynamoDB's order."""

    words: frozenset[str] = frozenset()  # which no path can begin with

    def __init__(self, text: str):
        self.text = text
        self.tokens = tokens(text)
        self.at = 0
        self._depth = 0
        self.complaints: dict[str, str] = {}

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def complain(self, about: str, message: str):
        self.complaints.setdefault(about, message)

    def raise_complaints(self, *order: str):
        for about in order:
            if about in self.complaints:
                raise Invalid(self.complaints[about])

    def refuse(self) -> Invalid:
        return syntax_error(self.text, self.tokens, self.at)

    def take(self) -> Token:
        token = self.token
        self.at += 1
        return token

    def sees(self, *texts: str) -> bool:
        return self.token.kind == "sign" and self.token.text in texts

    def sees_word(self, *words: str) -> bool:
        return self.token.kind == "name" and self.token.text.upper() in words

    def expect(self, text: str):
        if not self.sees(text):
            raise self.refuse()
        self.at += 1

    def expect_word(self, word: str):
        if not self.sees_word(word):
            raise self.refuse()
        self.at += 1

    def expect_end(self):
        if self.token.kind != "end":
            raise self.refuse()

    def path(self) -> Path:
        steps: list[str | int] = [self._step()]
        while self.sees(".", "["):
            if self.take().text == ".":
                steps.append(self._step())
                continue
            if self.token.kind != "index":
                raise self.refuse()
            steps.append(_index(self.take().text))
            self.expect("]")
        if len(steps) > MAX_STEPS:
            raise Invalid("The document path has too many nesting elements; nesting levels: " + str(len(steps)))
        return Path(tuple(steps))

    def _step(self) -> str:
        token = self.token
        if token.kind not in ("name", "alias") or token.text.upper() in self.words:
            raise self.refuse()
        if token.kind == "name" and token.text.upper() in reserved_words():
            self.complain("reserved", f"Attribute name is a reserved keyword; reserved keyword: {token.text}")
        return self.take().text

    def operand(self) -> Operand:
        """A value, a function or a path."""
        if self.token.kind == "value":
            return Constant(self.take().text)
        if self.token.kind == "name" and self.tokens[self.at + 1].text == "(" and not self.sees_word(*self.words):
            return self._function()
        return self.path()

    def argument(self) -> Operand:
        return self.operand()

    def arguments(self) -> tuple[Operand, ...]:
        """What stands in parentheses, separated by commas."""
        self.expect("(")
        found = [self.argument()]
        while self.sees(","):
            self.at += 1
            found.append(self.argument())
        self.expect(")")
        return tuple(found)

    def _function(self) -> Function:
        name = self.take().text
        return Function(name, self.deeper(self.arguments))

    def deeper(self, read: Callable[[], T]) -> T:
        """Read what is nested, unless it is nested beyond measure."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Invalid("The expression is nested too deeply;")
        found = read()
        self._depth -= 1
        return found


def _index(digits: str) -> int:
    if len(digits) > 10:
        raise Invalid(f"List index is not within the allowable range; index: [{digits}]")
    return int(digits)
