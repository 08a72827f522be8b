"""The interpreters that the machine has, and which of them is nearest to the one that is wanted."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Language = Literal["python", "nodejs"]
LANGUAGES: tuple[Language, ...] = ("python", "nodejs")
PROBE_S = 10
# Where version managers keep theirs; the shims they put on the PATH are no interpreters.
MANAGED = {
    "python": (".pyenv/versions/*/bin", ".local/share/uv/python/*/bin", ".asdf/installs/python/*/bin"),
    "nodejs": (".nvm/versions/node/*/bin", ".fnm/node-versions/*/installation/bin", ".asdf/installs/nodejs/*/bin"),
}
# Older ones are served by newer ones: neither AWS's SDKs nor their makers support them any more.
OLDEST = {"python": (3, 10), "nodejs": (18,)}
NAMED = re.compile(r"python3\.(\d+)")
MANAGED_NODE = re.compile(r"/v?(\d+)\.\d+\.\d+/")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """`version` as the runtimes are named by: (3, 12), (20,). `prefix` is the folder that holds all of it."""

    language: Language
    version: tuple[int, ...]
    path: Path

    @property
    def prefix(self) -> Path:
        return self.path.parents[1]

    @property
    def runtime(self) -> str:
        """The name of the runtime that this is: `python3.12`, `nodejs20.x`."""
        text = ".".join(map(str, self.version))
        return f"python{text}" if self.language == "python" else f"nodejs{text}.x"


def nearest(language: Language, version: tuple[int, ...], fits: Callable[[Interpreter], bool]) -> Interpreter | None:
    """The interpreter of the version or, without one, of the nearest, the newer of two. None if there is none."""
    found = sorted(
        filter(fits, candidates(language)), key=lambda it: (abs(it.version[-1] - version[-1]), -it.version[-1])
    )
    return next(filter(works, found), None)


@cache
def candidates(language: Language) -> tuple[Interpreter, ...]:
    """What seems to be there, from the oldest to the newest; of one version our own first, then the system's."""
    found = dict.fromkeys(_pythons() if language == "python" else _nodes())
    return tuple(sorted((it for it in found if it.version >= OLDEST[language]), key=lambda it: it.version))


def installed() -> list[str]:
    """The names of the runtimes that can be had as they are."""
    found = [it.runtime for language in LANGUAGES for it in candidates(language) if works(it)]
    return list(dict.fromkeys(found))


@cache
def works(interpreter: Interpreter) -> bool:
    """Whether it starts, with what a runtime needs of its library."""
    if interpreter.language == "nodejs":
        return _said(interpreter.path, "--version").startswith("v")
    return _said(interpreter.path, "-I", "-S", "-c", "import json, logging, _socket; print('well')") == "well"


def is_open_to_all(path: Path) -> bool:
    """Whether any user may reach it."""
    try:
        return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents)
    except OSError:
        return False


def _pythons() -> Iterator[Interpreter]:
    own = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    yield Interpreter("python", sys.version_info[:2], own)
    for path in _executables("python", "python3.*"):
        if named := NAMED.fullmatch(path.name):
            yield Interpreter("python", (3, int(named[1])), path.resolve())


def _nodes() -> Iterator[Interpreter]:
    for path in _executables("nodejs", "node"):
        named = MANAGED_NODE.search(str(path)) or re.match(r"v(\d+)\.", _said(path, "--version"))
        if named:
            yield Interpreter("nodejs", (int(named[1]),), path.resolve())


def _executables(language: Language, pattern: str) -> Iterator[Path]:
    folders = [Path(folder) for folder in ("/usr/local/bin", "/usr/bin")]
    folders += [folder for place in MANAGED[language] for folder in sorted(Path.home().glob(place), reverse=True)]
    if found := shutil.which("node" if language == "nodejs" else "python3"):
        folders.insert(0, Path(found).parent)
    for folder in folders:
        if folder.name != "shims" and folder.is_dir():
            yield from sorted(folder.glob(pattern))


def _said(path: Path, *arguments: str) -> str:
    command = [str(path), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=PROBE_S, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
