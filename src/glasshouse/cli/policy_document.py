"""A policy as it is being written: its text, and changes to the statement at hand. Every change can be undone."""

import json
from collections.abc import Callable
from typing import Any

VERSION = "2012-10-17"


class CannotChange(Exception):
    """A change that makes no sense; its message is what the user reads."""


def template(type: str) -> str:
    """What a new policy begins with, as in the IAM console."""
    statement: dict[str, Any] = {"Sid": "Statement1", "Effect": "Deny" if type == "rcp" else "Allow"}
    if type in ("trust", "resource"):
        statement["Principal"] = {}
    if type == "rcp":
        statement["Principal"] = "*"
    statement["Action"] = []
    if type != "trust":
        statement["Resource"] = [] if type in ("identity", "resource") else "*"
    return written({"Version": VERSION, "Statement": [statement]})


def written(policy: Any) -> str:
    return json.dumps(policy, indent=2, ensure_ascii=False) + "\n"


class PolicyDocument:
    """The text, which may be no policy at all; `at` counts the statement at hand from 0."""

    def __init__(self, text: str):
        self.text, self.saved = text, text
        self.at = 0
        self._before: list[str] = []

    @property
    def is_saved(self) -> bool:
        return self.text == self.saved

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def undo(self):
        if not self._before:
            raise CannotChange("There is nothing to undo.")
        self.text = self._before.pop()

    # By lines

    def replace_line(self, number: int, text: str | None):
        """Without a text the line goes."""
        lines = self.lines
        if not 1 <= number <= len(lines):
            raise CannotChange(f"There is no line {number}.")
        lines[number - 1 : number] = [] if text is None else [text]
        self._become("\n".join(lines) + "\n")

    def insert_line(self, number: int, text: str):
        lines = self.lines
        if not 1 <= number <= len(lines) + 1:
            raise CannotChange(f"A line can be inserted before the lines 1 to {len(lines) + 1}.")
        lines.insert(number - 1, text)
        self._become("\n".join(lines) + "\n")

    # By elements

    def new_statement(self, statement: dict):
        policy = self._policy()
        statements = _listed(policy.get("Statement", []))
        names = {one.get("Sid") for one in statements}
        number = next(number for number in range(1, len(names) + 2) if f"Statement{number}" not in names)
        policy["Statement"] = [*statements, {**statement, "Sid": f"Statement{number}"}]
        self._become(written(policy))
        self.at = len(statements)

    def choose(self, number: int):
        """The statement that is changed from now on, counted from 1."""
        if not 1 <= number <= len(_listed(self._policy().get("Statement", []))):
            raise CannotChange(f"There is no statement {number}.")
        self.at = number - 1

    def add_action(self, action: str):
        self._change(lambda statement: _add(statement, "Action", action))

    def remove_action(self, action: str):
        self._change(lambda statement: _remove(statement, "Action", action))

    def add_resource(self, resource: str):
        self._change(lambda statement: _add(statement, "Resource", resource))

    def add_principal(self, kind: str, value: str):
        def add(statement: dict):
            if value == "*" and kind == "*":
                statement["Principal"] = "*"
                return
            held = statement.get("Principal")
            statement["Principal"] = principals = held if isinstance(held, dict) else {}
            _add(principals, kind, value)

        self._change(add)

    def remove_principal(self, value: str):
        def remove(statement: dict):
            held = statement.get("Principal")
            if held == value:
                statement["Principal"] = {}
                return
            kinds = (
                [kind for kind, values in held.items() if value in _listed(values)] if isinstance(held, dict) else []
            )
            if not kinds:
                raise CannotChange(f"The statement has no principal {value}.")
            _remove(held, kinds[0], value)
            if not held[kinds[0]]:
                del held[kinds[0]]

        self._change(remove)

    def add_condition(self, operator: str, key: str, values: list[str]):
        def add(statement: dict):
            block = statement.setdefault("Condition", {}).setdefault(operator, {})
            for value in values:
                _add(block, key, value)

        self._change(add)

    def remove_condition(self, key: str):
        def remove(statement: dict):
            conditions = statement.get("Condition", {})
            if not any(key in block for block in conditions.values()):
                raise CannotChange(f"The statement has no condition on {key}.")
            for operator in [operator for operator, block in conditions.items() if key in block]:
                del conditions[operator][key]
                if not conditions[operator]:
                    del conditions[operator]
            if not conditions:
                del statement["Condition"]

        self._change(remove)

    def statement(self) -> dict:
        """The statement at hand."""
        statements = _listed(self._policy().get("Statement", []))
        if self.at >= len(statements) or not isinstance(statements[self.at], dict):
            raise CannotChange("There is no statement to change.")
        return statements[self.at]

    # Within

    def _policy(self) -> dict:
        try:
            policy = json.loads(self.text)
        except ValueError as wrong:
            raise CannotChange(f"This is no JSON, so change its lines: {wrong}") from None
        if not isinstance(policy, dict):
            raise CannotChange("This is no policy, which is an object in braces.")
        return policy

    def _change(self, change: Callable[[dict], None]):
        policy = self._policy()
        statements = _listed(policy.get("Statement", []))
        if self.at >= len(statements) or not isinstance(statements[self.at], dict):
            raise CannotChange("There is no statement to change.")
        change(statements[self.at])
        policy["Statement"] = statements
        self._become(written(policy))

    def _become(self, text: str):
        self._before.append(self.text)
        self.text = text


def _add(holder: dict, name: str, value: str):
    """One value stands for itself, several for a list."""
    held = _listed(holder.get(name, []))
    if value not in held:
        held = [*held, value]
    holder[name] = held[0] if len(held) == 1 else held


def _remove(holder: dict, name: str, value: str):
    held = _listed(holder.get(name, []))
    if value not in held:
        raise CannotChange(f"The statement has no {name.lower()} {value}.")
    kept = [one for one in held if one != value]
    holder[name] = kept[0] if len(kept) == 1 else kept


def _listed(value: Any) -> list:
    return value if isinstance(value, list) else [value]
