"""What an environment is asked, and how that ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["ready", "answered", "failed", "exited", "out of memory", "timed out", "too large", "not begun"]


@dataclass(slots=True)
class Invocation:
    """`headers` are what the runtime is told beside the event. A response in parts goes to `on_part`, after its content
    type went to `on_type`, where there are such; else it is gathered like any other."""

    request_id: str
    event: bytes
    timeout_s: float
    headers: Mapping[str, str] = field(default_factory=dict)
    on_type: Callable[[str], None] | None = None
    on_part: Callable[[bytes], None] | None = None


@dataclass(frozen=True, slots=True)
class End:
    """How an invocation, or the start of an environment, ended.

    `body` is what was answered, or the error that the function reported, whose type is `error_type`. `status` is that
    of a process that exited: a code, or minus the number of a signal. "not begun": the environment ended before it was
    given the event, which another one may be given.
    """

    kind: Kind
    duration_s: float = 0.0
    body: bytes = b""
    error_type: str = ""
    status: int = 0
    content_type: str = ""
    peak_bytes: int = 0
