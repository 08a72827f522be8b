"""No sandbox: a process with limits and, started by root, a user of its own. Where nothing better is to be had.

The function sees the machine's files as any user does, and its code lies where it was unpacked.
"""

import os
import shlex
import shutil
from pathlib import Path

from .chroots import exports, script
from .privileges import descending, harmless
from .program import Folders, Launch, Places, Program


class Plain:
    name = "none"
    isolates = False

    def __init__(self, scratch: Path):
        self._scratch = scratch
        self.is_root = os.geteuid() == 0 and shutil.which("setpriv") is not None

    def places(self, folders: Folders) -> Places:
        support = folders.support or folders.task
        return Places(str(folders.task), str(folders.layers or "/opt"), str(support), str(self._scratch))

    def launch(self, program: Program, uid: int | None) -> Launch:
        temporary = self._temporary(uid)
        temporary.mkdir(mode=0o700, exist_ok=True)
        if uid is not None:
            os.chown(temporary, uid, uid)
        variables = {"TMPDIR": str(temporary), **harmless(program.variables)}
        lines = [f"cd {shlex.quote(str(program.folders.task))}", *exports(variables)]
        lines += [shlex.join(["exec", *_with_parent(descending(program, uid))])]
        return script(lines)

    def clean(self, uid: int | None):
        shutil.rmtree(self._temporary(uid), ignore_errors=True)

    def _temporary(self, uid: int | None) -> Path:
        return self._scratch / f"tmp-{uid}"


def _with_parent(command: list[str]) -> list[str]:
    """Behind what ends the process together with us."""
    if not shutil.which("setpriv"):
        return command
    if command[0] == "setpriv":
        return ["setpriv", "--pdeathsig", "KILL", *command[1:]]
    return ["setpriv", "--pdeathsig", "KILL", "--", *command]
