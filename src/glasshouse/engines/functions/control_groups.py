"""Control groups: how much memory and how many processes an environment may have, kept by the kernel.

Both versions are known. Where none may be written to (an unprivileged user, most containers) there are none, and
resource limits and watching have to do.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

MOUNTS, OWN, PROCESSES = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup"), Path("/proc")
PREFIX = "glasshouse-"


class Group:
    """The control group of one environment: one folder, or with version 1 one a controller."""

    def __init__(self, memory: Path | None, tasks: Path | None, unified: bool):
        self._memory, self._tasks, self._unified = memory, tasks, unified

    def limit(self, memory_bytes: int, tasks: int):
        if self._memory:
            name = "memory.max" if self._unified else "memory.limit_in_bytes"
            _write(self._memory / name, memory_bytes)
            with suppress(OSError):  # there is no swap to count
                swap = ("memory.swap.max", 0) if self._unified else ("memory.memsw.limit_in_bytes", memory_bytes)
                _write(self._memory / swap[0], swap[1])
        if self._tasks:
            _write(self._tasks / "pids.max", tasks)

    def add(self, pid: int):
        """Place a process, and with it all that it will start."""
        for folder in self._folders():
            _write(folder / "cgroup.procs", pid)

    def held_bytes(self) -> int | None:
        """The memory its processes hold for themselves: neither what the machine caches for them nor their files."""
        if not self._memory:
            return None
        name = b"anon " if self._unified else b"total_rss "
        try:
            lines = (self._memory / "memory.stat").read_bytes().splitlines()
        except OSError:
            return None
        return next((int(line.split()[1]) for line in lines if line.startswith(name)), None)

    def ran_out(self) -> bool:
        """Whether the kernel had to end one of its processes for want of memory."""
        if not self._memory:
            return False
        name = "memory.events" if self._unified else "memory.oom_control"
        try:
            words = [line.split() for line in (self._memory / name).read_text().splitlines()]
        except OSError:
            return False
        return any(word[0] == "oom_kill" and int(word[1]) > 0 for word in words)

    def processes(self) -> list[int]:
        for folder in self._folders():
            with suppress(OSError):
                return [int(pid) for pid in (folder / "cgroup.procs").read_text().split()]
        return []

    def remove(self) -> bool:
        """Whether it is gone; it stays for as long as a process of it lives."""
        for folder in self._folders():
            with suppress(FileNotFoundError):
                try:
                    folder.rmdir()
                except OSError:
                    return False
        return True

    def _folders(self) -> Iterable[Path]:
        return {folder for folder in (self._memory, self._tasks) if folder}


class ControlGroups:
    """The place below which environments get their groups."""

    def __init__(self, memory: Path | None, tasks: Path | None, unified: bool):
        self._memory, self._tasks, self._unified = memory, tasks, unified

    @classmethod
    def found(cls, mounts: Path = MOUNTS, own: Path = OWN) -> "ControlGroups | None":
        """A place where this process may make groups. None if there is no such place."""
        name = f"{PREFIX}{os.getpid()}"
        if (mounts / "cgroup.controllers").exists():
            folder = next(filter(_delegates, _made(mounts, _own_path(own, ""), name)), None)
            return cls(folder, folder, True) if folder else None
        memory, tasks = (
            next(_made(mounts / controller, _own_path(own, controller), name), None)
            for controller in ("memory", "pids")
        )
        return cls(memory, tasks, False) if memory or tasks else None

    @property
    def limits_memory(self) -> bool:
        return self._memory is not None

    def make(self, name: str) -> Group:
        memory, tasks = (folder / name if folder else None for folder in (self._memory, self._tasks))
        for folder in filter(None, (memory, tasks)):
            folder.mkdir(exist_ok=True)
        return Group(memory, tasks, self._unified)

    def remove(self):
        """Its groups are to be empty by now."""
        for folder in filter(None, (self._memory, self._tasks)):
            _remove(folder)


def _remove(folder: Path):
    for group in [*folder.glob("*/"), folder]:
        with suppress(OSError):
            group.rmdir()


def _own_path(own: Path, controller: str) -> str:
    """Where this process is in a hierarchy; the one of version 2 has no controllers named."""
    with suppress(OSError):
        for line in own.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controller in controllers.split(","):
                return path.strip("/")
    return ""


def _made(hierarchy: Path, path: str, name: str) -> Iterator[Path]:
    """The new folders that may be made: below the own place, and, as containers see theirs, below the root."""
    for parent in (hierarchy / path, hierarchy):
        for left in parent.glob(f"{PREFIX}*"):  # by processes that were killed
            if not (PROCESSES / left.name.removeprefix(PREFIX)).exists():
                _remove(left)
        with suppress(OSError):
            (parent / name).mkdir(exist_ok=True)
            if os.access(parent / name / "cgroup.procs", os.W_OK):
                yield parent / name


def _delegates(folder: Path) -> bool:
    """Whether the groups below can have limits; a group with processes of its own cannot give them any."""
    with suppress(OSError):
        (folder.parent / "cgroup.subtree_control").write_text("+memory +pids")
        (folder / "cgroup.subtree_control").write_text("+memory +pids")
    with suppress(OSError):
        controlled = (folder / "cgroup.subtree_control").read_text().replace("+", "").split()
        if {"memory", "pids"} <= set(controlled):
            return True
        folder.rmdir()
    return False


def _write(path: Path, value: int):
    path.write_text(str(value))
