"""The sandbox where bubblewrap is not installed: namespaces by unshare(1), mounts and chroot(8). For root only."""

import shlex
import shutil
from pathlib import Path

from .bubblewrap import passwd
from .mounts import PLACES, seen
from .privileges import descending, harmless
from .program import PATH, PIPE, Folders, Launch, Places, Program

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
UNSHARE = (
    "setpriv", "--pdeathsig", "KILL", "--", "unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child",
    "--propagation", "private",
)  # fmt: skip


class Chroot:
    name = "unshare"
    isolates = True
    is_root = True

    def __init__(self, scratch: Path):
        self._root = scratch / "root"  # a mount point; each environment mounts its own there, unseen by the others
        self._root.mkdir(exist_ok=True)
        self._chroot = shutil.which("chroot", path=PATH) or "/usr/sbin/chroot"

    def places(self, folders: Folders) -> Places:
        return PLACES

    def launch(self, program: Program, uid: int | None) -> Launch:
        lines = ["set -e", f"root={shlex.quote(str(self._root))}", "mount -t tmpfs -o mode=755 tmpfs $root"]
        for mount in seen(program):
            lines += _link(mount.source, mount.target) if mount.kind == "link" else _bind(mount.source, mount.target)
        lines += ["mkdir -p $root/dev $root/proc", "mount -t proc -o nosuid,nodev,noexec proc $root/proc"]
        lines += ["mount -t tmpfs -o mode=755,noexec tmpfs $root/dev"]
        lines += [f"touch $root/dev/{name}; mount --bind /dev/{name} $root/dev/{name}" for name in DEVICES]
        lines += ["ln -s /proc/self/fd $root/dev/fd", f"mkdir -p $root{PLACES.temporary}"]
        lines += [f"mount -t tmpfs -o mode=1777,nosuid,nodev,size={program.limits.temporary_bytes} tmpfs $root/tmp"]
        lines += [f"printf %s {shlex.quote(passwd(uid or 0))} > $root/etc/passwd"]
        lines += ["mount -o remount,ro $root"]
        lines += exports(harmless(program.variables))
        lines += [shlex.join([self._chroot, str(self._root), *_in_task(descending(program, uid))]), "exit $?"]
        return script(lines, UNSHARE)

    def clean(self, uid: int | None):
        """Its mounts went with the last process that saw them."""


def script(lines: list[str], before: tuple[str, ...] = ()) -> Launch:
    """A shell that reads these lines from the pipe."""
    return Launch((*before, "sh", f"/proc/self/fd/{PIPE}"), ("\n".join(lines) + "\n").encode())


def exports(variables: dict[str, str]) -> list[str]:
    return [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]


def _in_task(command: list[str]) -> list[str]:
    """chroot leaves a process at the root."""
    return ["sh", "-c", f'cd {PLACES.task}; exec "$@"', "sh", *command]


def _link(source: str, target: str) -> list[str]:
    return [f"ln -s {source} $root{target}"]


def _bind(source: str, target: str) -> list[str]:
    place = f"$root{shlex.quote(target)}"
    above = f"$root{shlex.quote(str(Path(target).parent))}"
    make = f"mkdir -p {place}" if Path(source).is_dir() else f"mkdir -p {above}; touch {place}"
    bind = f"mount --bind {shlex.quote(source)} {place}"
    return [f"{make}; {bind}; mount -o remount,bind,ro,nosuid,nodev {place}"]
