"""The trail of a request: what API Gateway did with it, step by step, for its execution log and for those who test."""

from datetime import UTC, datetime
from typing import Any

LONGEST_TEXT = 1024


class Trail:
    """Lines, if anybody wants them. `is_full` says whether contents are wanted too (data trace)."""

    def __init__(self, is_kept: bool, is_full: bool, now: float):
        self.lines: list[str] = []
        self.is_kept, self.is_full, self._now = is_kept, is_full, now

    def say(self, form: str, *values: Any):
        """Maps are written as Java does it, and bodies not to their end."""
        if self.is_kept:
            self.lines.append(form % tuple(map(_shown, values)) if values else form)

    def show(self, form: str, *values: Any):
        """Something with contents of the request."""
        if self.is_full:
            self.say(form, *values)

    @property
    def text(self) -> str:
        """As TestInvokeMethod shows it."""
        moment = datetime.fromtimestamp(self._now, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
        return "".join(f"{moment} : {line}\n" for line in self.lines)


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}={_shown(item)}" for name, item in value.items()) + "}"
    if isinstance(value, bytes):
        text = value.decode(errors="replace")
        return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} [TRUNCATED]"
    return ",".join(value) if isinstance(value, list) else value
