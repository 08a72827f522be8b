"""What an environment runs: a command, its variables, folders and limits, as a sandbox is told of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TASKS, FILES = 1024, 1024  # processes and threads, and open files: AWS's own quotas


@dataclass(frozen=True, slots=True)
class Folders:
    """Folders of this machine: the code, the layers and what supports the runtime. They are shown read-only; what lies
    in `support` may be links to elsewhere."""

    task: Path
    layers: Path | None = None
    support: Path | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """The same as the function sees them, and its folder for temporary files."""

    task: str
    layers: str
    support: str
    temporary: str


@dataclass(frozen=True, slots=True)
class Limits:
    memory_bytes: int
    temporary_bytes: int
    tasks: int = TASKS
    files: int = FILES


@dataclass(frozen=True, slots=True)
class Program:
    """The command and the variables speak of places; `prefix` is where the interpreter is installed."""

    command: tuple[str, ...]
    variables: Mapping[str, str]
    folders: Folders
    limits: Limits
    prefix: Path | None = None


@dataclass(frozen=True, slots=True)
class Launch:
    """A command line, and the instructions it reads from the pipe whose number replaces `PIPE` in it. It must do
    nothing before it has read them to their end: by then its process has been placed under its limits."""

    command: tuple[str, ...]
    instructions: bytes


PIPE = "{pipe}"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # of what starts the program
