"""PartiQL as DynamoDB has it: SELECT, INSERT, UPDATE and DELETE on one table, read into the nodes of expressions.

What a statement names and the values it contains become placeholders of the nodes, so that conditions and updates mean
the same here as in expressions.
"""

from dataclasses import dataclass, field

from .invalid import Invalid
from .names import Names
from .nodes import Action, Comparison, Constant, Function, Junction, Node, Not, Operand, Path, Sum
from .partiql_tokens import Words
from .values import Item, Value, kind_of, measure

SIGNS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
FUNCTIONS = {"begins_with": 2, "contains": 2, "attribute_type": 2, "size": 1}
CHANGES = {"list_append": 2, "if_not_exists": 2, "set_add": 2, "set_delete": 2}
KINDS = ("SELECT", "INSERT", "UPDATE", "DELETE", "EXISTS")


@dataclass
class Statement:
    """What a statement says. `names` resolves the placeholders of its nodes."""

    kind: str  # SELECT, INSERT, UPDATE, DELETE or EXISTS
    table: str = ""
    index: str | None = None
    paths: list[Path] | None = None  # of SELECT; None is all
    where: Node | None = None
    descending: bool = False
    order: Path | None = None
    item: Item | None = None  # of INSERT
    actions: tuple[Action, ...] = ()
    returning: str | None = None  # "ALL_OLD", ...
    aliases: dict[str, str] = field(default_factory=dict)
    constants: Item = field(default_factory=dict)

    @property
    def names(self) -> Names:
        return Names(self.aliases or None, self.constants or None)


def parse_statement(text: str, parameters: list[Value] | None) -> Statement:
    """Raises Invalid."""
    return _Parser(text, parameters or []).statement()


class _Parser(Words):
    def __init__(self, text: str, parameters: list[Value]):
        super().__init__(text)
        self._parameters = list(parameters)
        self._taken = 0
        self._made = Statement("")

    def statement(self) -> Statement:
        made = self._made
        if not self._sees_word(*KINDS):
            raise Invalid("Statement wasn't well formed, can't be processed: Expected data manipulation")
        made.kind = self._keyword(*KINDS)
        {
            "SELECT": self._select,
            "INSERT": self._insert,
            "UPDATE": self._update,
            "DELETE": self._delete,
            "EXISTS": self._exists,
        }[made.kind]()
        if self._sees(";"):
            self._at += 1
        if self._token.kind != "end":
            raise self._wrong()
        if self._taken != len(self._parameters):
            raise Invalid("Number of parameters in request and statement don't match.")
        return made

    # Statements

    def _select(self):
        made = self._made
        if self._sees("*"):
            self._at += 1
        else:
            made.paths = [self._path()]
            while self._comma():
                made.paths.append(self._path())
        self._keyword("FROM")
        self._table()
        self._where()
        if self._sees_word("ORDER"):
            self._at += 1
            self._keyword("BY")
            made.order = self._path()
            if self._sees_word("ASC", "DESC"):
                made.descending = self._keyword("ASC", "DESC") == "DESC"

    def _exists(self):
        self._expect("(")
        self._keyword("SELECT")
        self._select()
        self._expect(")")

    def _insert(self):
        self._keyword("INTO")
        self._table()
        if self._made.index is not None:
            raise Invalid("FROM clause may only contain a single table name in data manipulation statements")
        self._keyword("VALUE")
        value = self._value()
        if kind_of(value) != "M":
            raise Invalid("Unexpected input: INSERT expects a map of attributes")
        self._made.item = value["M"]

    def _update(self):
        self._table()
        actions: list[Action] = []
        while self._sees_word("SET", "REMOVE"):
            section = self._keyword("SET", "REMOVE")
            actions.append(self._action(section))
            while self._comma():
                actions.append(self._action(section))
        if not actions:
            raise self._wrong()
        self._made.actions = tuple(actions)
        self._where()
        self._returning()

    def _delete(self):
        self._keyword("FROM")
        self._table()
        self._where()
        self._returning()

    def _table(self):
        self._made.table = self._component()
        if self._sees("."):
            self._at += 1
            self._made.index = self._component()
        if self._sees("."):
            raise Invalid("A path may contain at most 2 components in the FROM clause")

    def _component(self) -> str:
        if self._token.text == '""':
            raise Invalid("Path component cannot be an empty string")
        return self._name()

    def _where(self):
        if self._sees_word("WHERE"):
            self._at += 1
            self._made.where = self._either()

    def _returning(self):
        if self._sees_word("RETURNING"):
            self._at += 1
            scope, age = self._keyword("ALL", "MODIFIED"), self._keyword("OLD", "NEW")
            self._expect("*")
            self._made.returning = f"{'ALL' if scope == 'ALL' else 'UPDATED'}_{age}"
            if self._made.kind == "DELETE" and self._made.returning != "ALL_OLD":
                raise Invalid(
                    f"Invalid returning clause: RETURNING {scope} {age} *. Only RETURNING ALL OLD * is allowed in"
                    " DELETE statements."
                )

    def _action(self, section: str) -> Action:
        path = self._path()
        if section == "REMOVE":
            return Action("REMOVE", path, None)
        self._expect("=")
        left = self._operand(CHANGES)
        if isinstance(left, Function) and left.name in ("set_add", "set_delete"):
            if left.arguments[0] != path or not isinstance(left.arguments[1], Constant):
                raise Invalid(f"{left.name} changes the attribute that it reads, by a value")
            return Action("ADD" if left.name == "set_add" else "DELETE", path, left.arguments[1])
        if self._sees("+", "-"):
            return Action("SET", path, Sum(self._take().text, left, self._operand(CHANGES)))
        return Action("SET", path, left)

    # Conditions

    def _either(self) -> Node:
        return self._joined("OR", lambda: self._joined("AND", self._negated))

    def _joined(self, word: str, read) -> Node:
        sides = [read()]
        while self._sees_word(word):
            self._at += 1
            sides.append(read())
        return sides[0] if len(sides) == 1 else Junction(word, tuple(sides))

    def _negated(self) -> Node:
        if self._sees_word("NOT"):
            self._at += 1
            return Not(self._deeper(self._negated))
        if self._sees("("):
            self._at += 1
            within = self._deeper(self._either)
            self._expect(")")
            return within
        return self._comparison()

    def _comparison(self) -> Node:
        left = self._operand(FUNCTIONS)
        if self._token.kind == "sign" and self._token.text in SIGNS:
            sign = SIGNS[self._take().text]
            return Comparison(sign, (left, self._operand(FUNCTIONS)))
        if self._sees_word("BETWEEN"):
            self._at += 1
            low = self._operand(FUNCTIONS)
            self._keyword("AND")
            return Comparison("BETWEEN", (left, low, self._operand(FUNCTIONS)))
        if self._sees_word("IN"):
            self._at += 1
            return Comparison("IN", (left, *self._options()))
        if self._sees_word("IS"):
            self._at += 1
            return self._state(left)
        if isinstance(left, Function) and left.name != "size":
            return left
        raise self._wrong()

    def _state(self, left: Operand) -> Node:
        """`IS [NOT] MISSING` and `IS [NOT] NULL`."""
        negated = self._sees_word("NOT")
        self._at += negated
        if self._keyword("MISSING", "NULL") == "MISSING":
            return Function("attribute_exists" if negated else "attribute_not_exists", (left,))
        null = Function("attribute_type", (left, self._constant({"S": "NULL"})))
        return Not(null) if negated else null

    def _options(self) -> list[Operand]:
        close = ")" if self._sees("(") else "]"
        self._expect("(" if close == ")" else "[")
        found = [self._operand(FUNCTIONS)]
        while self._comma():
            found.append(self._operand(FUNCTIONS))
        self._expect(close)
        return found

    def _operand(self, functions: dict[str, int]) -> Operand:
        token = self._token
        if token.kind == "word" and self._tokens[self._at + 1].text == "(" and token.text.lower() in functions:
            return self._deeper(lambda: self._function(functions))
        literal = token.kind in ("text", "number") or token.text in ("?", "-", "[", "{", "<<")
        if literal or self._sees_word("TRUE", "FALSE", "NULL"):
            return self._constant(self._value())
        return self._path()

    def _function(self, functions: dict[str, int]) -> Function:
        name = self._take().text.lower()
        self._expect("(")
        arguments = [self._operand(functions)]
        while self._comma():
            arguments.append(self._operand(functions))
        self._expect(")")
        if len(arguments) != functions[name]:
            raise Invalid(f"Incorrect number of arguments to {name}: {len(arguments)}")
        return Function(name, tuple(arguments))

    # Values

    def _value(self) -> Value:
        value = self._deeper(self._literal)
        measure(value)
        return value

    def _literal(self) -> Value:
        token = self._take()
        if token.kind == "text":
            return {"S": token.text[1:-1].replace("''", "'")}
        if token.kind == "number":
            return {"N": token.text}
        if token.text == "-" and self._token.kind == "number":
            return {"N": "-" + self._take().text}
        if token.kind == "word" and token.text.upper() in ("TRUE", "FALSE", "NULL"):
            word = token.text.upper()
            return {"NULL": True} if word == "NULL" else {"BOOL": word == "TRUE"}
        if token.text == "?":
            return self._parameter()
        if token.text == "[":
            return {"L": self._elements("]")}
        if token.text == "<<":
            return _set_of(self._elements(">>"))
        if token.text == "{":
            return {"M": self._members()}
        self._at -= 1
        raise self._wrong()

    def _parameter(self) -> Value:
        self._taken += 1
        if self._taken > len(self._parameters):
            raise Invalid("Number of parameters in request and statement don't match.")
        return self._parameters[self._taken - 1]

    def _elements(self, close: str) -> list[Value]:
        found: list[Value] = []
        while not self._sees(close):
            found.append(self._value())
            if not self._comma():
                break
        self._expect(close)
        return found

    def _members(self) -> Item:
        found: Item = {}
        while not self._sees("}"):
            name = self._take()
            if name.kind not in ("text", "quoted"):
                self._at -= 1
                raise self._wrong()
            self._expect(":")
            found[name.text[1:-1].replace("''", "'")] = self._value()
            if not self._comma():
                break
        self._expect("}")
        return found

    # Names

    def _path(self) -> Path:
        steps: list[str | int] = [self._alias(self._name())]
        while self._sees(".", "["):
            if self._take().text == ".":
                steps.append(self._alias(self._name()))
                continue
            token = self._take()
            if token.kind == "number" and token.text.isdecimal() and len(token.text) < 10:
                steps.append(int(token.text))
            elif token.kind == "text":
                steps.append(self._alias(token.text[1:-1]))
            else:
                self._at -= 1
                raise self._wrong()
            self._expect("]")
        return Path(tuple(steps))

    def _name(self) -> str:
        token = self._token
        if token.kind == "word":
            return self._take().text
        if token.kind == "quoted" and len(token.text) > 2:
            return self._take().text[1:-1].replace('""', '"')
        raise self._wrong()

    def _alias(self, name: str) -> str:
        known = next((alias for alias, of in self._made.aliases.items() if of == name), None)
        alias = known or f"#n{len(self._made.aliases)}"
        self._made.aliases[alias] = name
        return alias

    def _constant(self, value: Value) -> Constant:
        placeholder = f":v{len(self._made.constants)}"
        self._made.constants[placeholder] = value
        return Constant(placeholder)


def _set_of(elements: list[Value]) -> Value:
    kinds = {kind_of(element) for element in elements}
    if len(kinds) != 1 or not kinds <= {"S", "N", "B"}:
        raise Invalid("A set consists of strings, of numbers or of binaries")
    [kind] = kinds
    return {f"{kind}S": [element[kind] for element in elements]}
