"""Unpacking zip files that nobody has vouched for."""

import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

CHUNK_BYTES = 1 << 20


def unpack(archive: IO[bytes], folder: Path):
    """Write an archive's files below a folder, readable for everybody. What would lie outside is left out.

    Raises zipfile.BadZipFile.
    """
    with zipfile.ZipFile(archive) as package:
        links = []
        for member, path in _members(package, folder):
            mode = member.external_attr >> 16
            if member.is_dir():
                _make(path, folder)
            elif stat.S_ISLNK(mode):
                links.append((path, package.read(member).decode(errors="surrogateescape")))
            else:
                _make(path.parent, folder)
                _write(package, member, path)
                path.chmod(stat.S_IMODE(mode) & 0o777 | 0o444 if mode else 0o644)
        # Last, so that nothing is written through them.
        for path, target in links:
            _make(path.parent, folder)
            if not path.is_dir() or path.is_symlink():
                path.unlink(missing_ok=True)
                path.symlink_to(target)


def _members(package: zipfile.ZipFile, folder: Path) -> Iterator[tuple[zipfile.ZipInfo, Path]]:
    for member in package.infolist():
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if not name.is_absolute() and ".." not in name.parts and name.parts:
            yield member, folder / name


def _make(path: Path, folder: Path):
    """A folder and those above it, down from the given one, which may replace files of earlier archives."""
    place = folder
    for part in path.relative_to(folder).parts:
        place /= part
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            place.unlink()
        if not place.exists():
            place.mkdir(mode=0o755)
            place.chmod(0o755)


def _write(package: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path):
    if path.is_symlink():
        path.unlink()
    with package.open(member) as packed, path.open("wb") as file:
        while chunk := packed.read(CHUNK_BYTES):
            file.write(chunk)
