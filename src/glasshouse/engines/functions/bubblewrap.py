"""The sandbox of choice: bubblewrap, a small program that makes namespaces, with root's rights or with a user's own.

The function has a process tree, a host name and a file system of its own; the network is the machine's, so that it
reaches the cloud on loopback.
"""

import os
from pathlib import Path

from .mounts import PLACES, folders_above, seen
from .privileges import descending, harmless
from .program import PIPE, Folders, Launch, Places, Program

NAMESPACES = ("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent")


class Bubblewrap:
    name = "bubblewrap"
    isolates = True

    def __init__(self, path: str, scratch: Path):
        self._path, self._scratch = path, scratch
        self.is_root = os.geteuid() == 0

    def places(self, folders: Folders) -> Places:
        return PLACES

    def launch(self, program: Program, uid: int | None) -> Launch:
        instructions = "\0".join(self._options(program, uid)) + "\0"
        inner = descending(program, uid)
        if not self.is_root:  # who started us may have many processes: only those within are counted
            inner = ["prlimit", f"--nproc={program.limits.tasks}", "--", *inner]
        return Launch((self._path, "--args", PIPE, "--", *inner), instructions.encode())

    def clean(self, uid: int | None):
        self._passwd(uid).unlink(missing_ok=True)

    def _options(self, program: Program, uid: int | None) -> list[str]:
        options = [*NAMESPACES] if self.is_root else [*NAMESPACES, "--unshare-user"]
        mounts = list(seen(program))
        for folder in folders_above(mounts):  # those that bubblewrap makes by itself can be entered by root only
            options += ["--perms", "0755", "--dir", folder]
        for mount in mounts:
            options += ["--symlink" if mount.kind == "link" else "--ro-bind", mount.source, mount.target]
        options += ["--ro-bind", str(self._write_passwd(uid)), "/etc/passwd"]
        options += ["--proc", "/proc", "--dev", "/dev", "--size", str(program.limits.temporary_bytes)]
        options += ["--perms", "1777", "--tmpfs", PLACES.temporary, "--remount-ro", "/"]
        options += ["--chdir", PLACES.task, "--clearenv"]
        for name, value in harmless(program.variables).items():
            options += ["--setenv", name, value]
        return options

    def _passwd(self, uid: int | None) -> Path:
        return self._scratch / f"passwd-{uid}"

    def _write_passwd(self, uid: int | None) -> Path:
        path, number = self._passwd(uid), os.geteuid() if uid is None else uid
        path.write_text(passwd(number))
        return path


def passwd(uid: int) -> str:
    """So that the process has a name, as on AWS."""
    return f"root:x:0:0:root:/root:/sbin/nologin\nsbx_user1051:x:{uid}:{uid}::/tmp:/sbin/nologin\n"
