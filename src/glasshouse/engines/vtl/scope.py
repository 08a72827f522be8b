"""What a template knows while it is rendered."""

from typing import Any

from glasshouse.engines.vtl.errors import TemplateError


class Stop(Exception):
    """#stop: the rest of the template is not rendered."""


class Break(Exception):
    """#break: the rest of the loop is not rendered."""


class Scope:
    """Its variables, what stands for nothing, and how often its loops may still turn."""

    __slots__ = ("missing", "out", "turns_left", "variables")

    def __init__(self, variables: dict[str, Any], missing: Any, most_turns: int):
        self.variables, self.missing, self.turns_left = variables, missing, most_turns
        self.out: list[str] = []

    def turn(self):
        """One more turn of a loop."""
        self.turns_left -= 1
        if self.turns_left < 0:
            raise TemplateError("the loops of the template turn too often")
