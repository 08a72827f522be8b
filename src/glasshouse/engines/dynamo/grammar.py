"""The grammar of conditions: comparisons and functions joined by AND, OR and NOT.

Parentheses hold a condition or an operand; which of them, is known when they close.
"""

from collections.abc import Callable
from functools import lru_cache

from .nodes import Comparison, Constant, Function, Junction, Node, Not, Operand, Path
from .reading import Reader

COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")
FUNCTIONS = ("attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size")


@lru_cache(2048)
def parse_condition(text: str) -> Node:
    """Raises Invalid, without the name of the expression."""
    return Conditions(text).whole("parentheses", "function", "misuse", "reserved")


@lru_cache(1024)
def parse_key_condition(text: str) -> Node:
    """The same, where superfluous parentheses do no harm."""
    return Conditions(text).whole("function", "misuse", "reserved")


class Conditions(Reader):
    words = frozenset(("AND", "OR", "NOT", "BETWEEN", "IN"))

    def __init__(self, text: str):
        super().__init__(text)
        self._closed: Node | None = None  # what the parentheses that were read last held

    def whole(self, *complaints: str) -> Node:
        """All of it; `complaints` are those that count, in the order in which they are told."""
        node = self._condition(self._either())
        self.expect_end()
        self.raise_complaints(*complaints)
        return node

    def _either(self) -> Node:
        return self._joined("OR", self._both)

    def _both(self) -> Node:
        return self._joined("AND", self._negated)

    def _joined(self, word: str, read: Callable[[], Node]) -> Node:
        sides = [read()]
        while self.sees_word(word):
            self._condition(sides[-1])
            self.at += 1
            sides.append(self._condition(read()))
        return sides[0] if len(sides) == 1 else Junction(word, tuple(sides))

    def _negated(self) -> Node:
        if not self.sees_word("NOT"):
            return self._comparison()
        self.at += 1
        return Not(self._condition(self.deeper(self._negated)))

    def _comparison(self) -> Node:
        left = self._primary()
        if self.sees(*COMPARATORS):
            left = self._operand(left)
            sign = self.take().text
            return Comparison(sign, (left, self.argument()))
        if self.sees_word("BETWEEN"):
            left = self._operand(left)
            self.at += 1
            low = self.argument()
            self.expect_word("AND")
            return Comparison("BETWEEN", (left, low, self.argument()))
        if self.sees_word("IN"):
            left = self._operand(left)
            self.at += 1
            return Comparison("IN", (left, *self.arguments()))
        return left

    def _primary(self) -> Node:
        if not self.sees("("):
            return self._known(self.operand())
        self.at += 1
        within = self.deeper(self._either)
        self.expect(")")
        if within is self._closed:
            self.complain("parentheses", "The expression has redundant parentheses;")
        self._closed = within
        return within

    def argument(self) -> Operand:
        return self._operand(self._primary())

    def _known(self, operand: Operand) -> Operand:
        if isinstance(operand, Function) and operand.name not in FUNCTIONS:
            self.complain("function", f"Invalid function name; function: {operand.name}")
        return operand

    def _operand(self, node: Node) -> Operand:
        """A node where a value must stand: of the functions only size has one."""
        if not isinstance(node, Path | Constant | Function):
            raise self.refuse()
        if isinstance(node, Function) and node.name != "size":
            self._misused(node)
        return node

    def _condition(self, node: Node) -> Node:
        """A node where something true or false must stand."""
        if isinstance(node, Path | Constant):
            raise self.refuse()
        if isinstance(node, Function) and node.name == "size":
            self._misused(node)
        return node

    def _misused(self, function: Function):
        self.complain(
            "misuse", f"The function is not allowed to be used this way in an expression; function: {function.name}"
        )
