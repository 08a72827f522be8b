"""Which clouds are running: one small file each, by port, in the user's data directory.

A file may outlive its cloud (kill -9), and a process id may be given to a stranger afterwards. So a cloud counts as
running only while its process has the start time that the file noted.
"""

import json
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from glasshouse.cli.failures import NotRunning

PAUSE_S = 0.02


@dataclass(frozen=True)
class Running:
    """One running cloud; `began`, the start time of its process, identifies it together with the id."""

    pid: int
    began: str
    url: str
    data: str | None  # None if it is ephemeral
    log: str | None  # None if it logs to its terminal
    access_key_id: str  # of the root user
    secret_access_key: str
    bundle: str | None = None  # of certificates, where it is a proxy too

    @property
    def place(self) -> str:
        return f"data in {self.data}" if self.data else "ephemeral"

    def end(self, patience_s: float):
        """Ask the process to end, and end it if it does not. Nothing it answered is lost either way."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if is_alive(self):
                os.kill(self.pid, number)
            for _ in range(int(patience_s / PAUSE_S)):
                if not is_alive(self):
                    return
                threading.Event().wait(PAUSE_S)


def home() -> Path:
    """Where a cloud lives that was given no directory (XDG base directories)."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "glasshouse"


def file_of(port: int) -> Path:
    return home() / "running" / f"{port}.json"


def note(port: int, running: Running) -> Path:
    """Write down a running cloud, for this user's eyes only: its root key is in there."""
    path = file_of(port)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(f".{running.pid}")
    draft.touch(0o600)
    draft.write_text(json.dumps(asdict(running)))
    draft.rename(path)
    return path


def all_running() -> Iterator[Running]:
    """Those that are alive; the files of the others are removed."""
    for path in sorted((home() / "running").glob("*.json")):
        try:
            running = Running(**json.loads(path.read_text()))
        except (ValueError, TypeError, FileNotFoundError):
            continue
        if is_alive(running):
            yield running
        else:
            forget(path, running)


def is_alive(running: Running) -> bool:
    """Whether it is still the same process."""
    began = started(running.pid)
    return bool(began) and began == running.began


def forget(path: Path, running: Running):
    """It runs no more. The log of one that kept nothing goes with it."""
    path.unlink(missing_ok=True)
    if running.log and not running.data:
        Path(running.log).unlink(missing_ok=True)


def at(url: str) -> Running | None:
    """The process of a cloud of this user, by its URL."""
    return next((cloud for cloud in all_running() if cloud.url == url), None)


def the_only(clouds: list[Running]) -> Running:
    if not clouds:
        raise NotRunning("No cloud is running. Start one with: glasshouse up --detach")
    if len(clouds) > 1:
        listed = ", ".join(f"{cloud.url} ({cloud.place})" for cloud in clouds)
        raise NotRunning(f"Several clouds are running: {listed}. Name one with --url")
    return clouds[0]


def started(pid: int) -> str:
    """When a process started, in whatever form this system tells it; nothing if there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return ""
        import subprocess  # only where there is no /proc

        told = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return told.stdout.strip()
    fields = stat.rpartition(")")[2].split()
    # The third field is the state, the twenty-second the start time in ticks since boot (proc(5)). Zombies are dead.
    return "" if fields[0] == "Z" else fields[19]
