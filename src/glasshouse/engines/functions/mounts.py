"""What of the machine a function sees: the system read-only, its own folders, and nothing else."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .program import Folders, Places, Program

PLACES = Places("/var/task", "/opt", "/var/runtime", "/tmp")
SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SETTINGS = (
    "alternatives", "ca-certificates", "ca-certificates.conf", "crypto-policies", "hosts", "ld.so.cache", "ld.so.conf",
    "ld.so.conf.d", "localtime", "mime.types", "nsswitch.conf", "os-release", "pki", "protocols", "resolv.conf",
    "services", "ssl",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mount:
    """Something to be seen at `target`: a part of the machine, or what a link there says."""

    kind: Literal["folder", "link"]
    source: str
    target: str


def seen(program: Program) -> Iterator[Mount]:
    """What is to be mounted, in this order; all of it read-only."""
    yield Mount("folder", "/usr", "/usr")
    for name in SYSTEM:
        path = Path(name)
        if path.is_symlink():
            yield Mount("link", str(path.readlink()), name)
        elif path.exists():
            yield Mount("folder", name, name)
    for name in SETTINGS:
        if (path := Path("/etc") / name).exists():
            yield Mount("folder", str(path.resolve()), str(path))
    if program.prefix and not program.prefix.is_relative_to("/usr"):
        yield Mount("folder", str(program.prefix), str(program.prefix))
    yield from _own(program.folders)


def _own(folders: Folders) -> Iterator[Mount]:
    yield Mount("folder", str(folders.task), PLACES.task)
    if folders.layers:
        yield Mount("folder", str(folders.layers), PLACES.layers)
    if folders.support:
        for entry in sorted(os.scandir(folders.support), key=lambda entry: entry.name):
            yield Mount("folder", str(Path(entry.path).resolve()), f"{PLACES.support}/{entry.name}")


def folders_above(mounts: list[Mount]) -> list[str]:
    """The folders in which something is mounted, the higher ones first."""
    folders = {str(folder) for mount in mounts for folder in Path(mount.target).parents}
    return sorted(folders - {"/"})
