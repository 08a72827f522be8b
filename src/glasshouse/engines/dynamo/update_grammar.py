"""The grammar of update expressions: sections, each of which stands there once."""

from functools import lru_cache

from .nodes import Action, Constant, Operand, Sum
from .reading import Reader

SECTIONS = ("SET", "REMOVE", "ADD", "DELETE")
FUNCTIONS = ("if_not_exists", "list_append")


@lru_cache(1024)
def parse_update(text: str) -> tuple[Action, ...]:
    """Raises Invalid, without the name of the expression."""
    return Updates(text).whole()


class Updates(Reader):
    words = frozenset(SECTIONS)

    def whole(self) -> tuple[Action, ...]:
        actions, seen = [], set()
        while self.token.kind != "end":
            if not self.sees_word(*SECTIONS):
                raise self.refuse()
            section = self.take().text.upper()
            if section in seen:
                self.complain("section", f'The "{section}" section can only be used once in an update expression;')
            seen.add(section)
            actions += self._actions(section)
        self.raise_complaints("reserved", "function", "section")
        return tuple(actions)

    def _actions(self, section: str) -> list[Action]:
        found = [self._action(section)]
        while self.sees(","):
            self.at += 1
            found.append(self._action(section))
        return found

    def _action(self, section: str) -> Action:
        path = self.path()
        if section == "REMOVE":
            return Action(section, path, None)
        if section == "SET":
            self.expect("=")
            return Action(section, path, self._right())
        if self.token.kind != "value":
            raise self.refuse()
        return Action(section, path, Constant(self.take().text))

    def _right(self) -> Operand | Sum:
        """`operand`, `operand + operand` or `operand - operand`, perhaps in parentheses."""
        if self.sees("("):
            self.at += 1
            within = self.deeper(self._right)
            self.expect(")")
            if isinstance(within, Sum):
                return within
            left = within
        else:
            left = self.operand()
        if not self.sees("+", "-"):
            return left
        return Sum(self.take().text, left, self.argument())

    def argument(self) -> Operand:
        if not self.sees("("):
            return self.operand()
        self.at += 1
        within = self.deeper(self.argument)
        self.expect(")")
        return within

    def _function(self):
        function = super()._function()
        if function.name not in FUNCTIONS:
            self.complain("function", f"Invalid function name; function: {function.name}")
        return function
