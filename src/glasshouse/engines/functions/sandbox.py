"""Choosing how functions are kept apart: the best of what the machine has, found by trying."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Protocol

from .bubblewrap import Bubblewrap
from .chroots import Chroot
from .plain import Plain
from .privileges import FIRST_UID
from .program import Folders, Launch, Limits, Places, Program
from .spawning import spawn

TRIAL_S = 10
MEGABYTE = 1 << 20


class Sandbox(Protocol):
    """A way to run a program apart from everything else. `is_root`: whether each environment has a user of its own;
    `isolates`: whether it sees files of its own only."""

    name: str
    isolates: bool
    is_root: bool

    def places(self, folders: Folders) -> Places: ...
    def launch(self, program: Program, uid: int | None) -> Launch: ...
    def clean(self, uid: int | None) -> None: ...


def choose_sandbox(scratch: Path) -> Sandbox:
    """The best that works. `scratch` is a folder for what a sandbox needs to write outside itself."""
    return next(sandbox for sandbox in _candidates(scratch) if sandbox.name == best())


@cache
def best() -> str:
    """The name of the best kind of sandbox that works on this machine."""
    with tempfile.TemporaryDirectory(prefix="glasshouse-trial-") as folder:
        scratch = Path(folder)
        return next(sandbox.name for sandbox in _candidates(scratch) if not sandbox.isolates or works(sandbox, scratch))


def _candidates(scratch: Path) -> Iterator[Sandbox]:
    if path := shutil.which("bwrap"):
        yield Bubblewrap(path, scratch)
    if os.geteuid() == 0 and shutil.which("unshare"):
        yield Chroot(scratch)
    yield Plain(scratch)


def works(sandbox: Sandbox, scratch: Path) -> bool:
    """Whether a program that does nothing can be run in it."""
    limits = Limits(64 * MEGABYTE, MEGABYTE)
    program = Program(("true",), {"PATH": "/usr/bin:/bin"}, Folders(scratch), limits)
    uid = FIRST_UID if sandbox.is_root else None
    try:
        process = spawn(sandbox.launch(program, uid), subprocess.DEVNULL, lambda pid: None)
        return process.wait(TRIAL_S) == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
    finally:
        sandbox.clean(uid)
