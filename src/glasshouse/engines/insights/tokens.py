"""A query cut into tokens."""

import re
from typing import NamedTuple

from glasshouse.engines.insights.errors import InvalidQuery

TOKEN = re.compile(
    r"""\s*(?:\#[^\n]*\s*)*(?:
        (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*') | (?P<field>`[^`]+`) | (?P<number>\d+(?:\.\d+)?(?![\w.]))
        | (?P<duration>\d+(?:ms|s|m|h|d|w|mo|q|y)\b) | (?P<name>[@\w][\w.@:-]*(?<![:-])|[@\w])
        | (?P<symbol>=~|!=|<=|>=|[-+*/%^()\[\],|=<>])
    )""",
    re.VERBOSE,
)
REGEX = re.compile(r"\s*/((?:[^/\\\n]|\\.)+)/")


class Token(NamedTuple):
    kind: str
    text: str
    position: int


class Tokens:
    """What is left of a query. A regular expression is only looked for where one may stand."""

    def __init__(self, query: str):
        self.query, self.position = query.rstrip(), 0

    @property
    def over(self) -> bool:
        return self.peek().kind == "end"

    def peek(self) -> Token:
        if self.position >= len(self.query) or not self.query[self.position :].strip():
            return Token("end", "", len(self.query))
        token = TOKEN.match(self.query, self.position)
        if token is None or token.lastgroup is None:
            rest = self.query[self.position :].lstrip()
            if rest.startswith("#"):
                return Token("end", "", len(self.query))
            raise InvalidQuery(f"unexpected symbol found {rest[:1]}", len(self.query) - len(rest))
        return Token(token.lastgroup, token[token.lastgroup], token.start(token.lastgroup))

    def next(self) -> Token:
        token = self.peek()
        self.position = token.position + len(token.text)
        return token

    def take(self, *texts: str) -> str | None:
        """The next token in lower case, if it is one of these words or symbols."""
        token = self.peek()
        if token.kind in ("name", "symbol") and token.text.lower() in texts:
            self.next()
            return token.text.lower()
        return None

    def expect(self, text: str):
        if not self.take(text):
            raise self.unexpected()

    def regex(self) -> re.Pattern | None:
        """`/.../`, if one stands here; groups are named as in Java."""
        found = REGEX.match(self.query, self.position)
        if found is None:
            return None
        self.position = found.end()
        try:
            return re.compile(re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", found[1].replace("\\/", "/")))
        except re.error as failure:
            raise InvalidQuery(f"invalid regular expression: {failure}", found.start()) from None

    def unexpected(self) -> InvalidQuery:
        token = self.peek()
        found = "end of query" if token.kind == "end" else f"unexpected symbol found {token.text}"
        return InvalidQuery(f"{found} at line 1 and position {token.position + 1}", token.position)


def unquoted(token: Token) -> str:
    return re.sub(r"\\(.)", r"\1", token.text[1:-1])
