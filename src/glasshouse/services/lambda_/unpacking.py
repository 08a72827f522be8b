"""Deployment packages and layers as folders: unpacked once, shared read-only by all environments that run them."""

import asyncio
import hashlib
import io
import os
import shutil
from base64 import b64decode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from glasshouse.core.cloud import Cloud
from glasshouse.engines.functions.archives import unpack
from glasshouse.services.lambda_.records import Code, Layer

OURS = "glasshouse*"


class Unpacked:
    """The folders below one base, named after what they hold. They are made anew with each run of the cloud."""

    def __init__(self, cloud: Cloud, base: Path):
        self._cloud, self._base = cloud, base
        self._made: dict[str, asyncio.Future[Path]] = {}

    async def code(self, code: Code) -> Path:
        """Raises OSError and zipfile.BadZipFile for a package that cannot be unpacked."""
        return await self._folder(_name(code), [self._source(code)])

    async def layers(self, layers: Sequence[Layer], public: Mapping[str, Path]) -> Path | None:
        """All of a function's layers in one folder, the later ones over the earlier; `public` are folders by ARN."""
        if not layers:
            return None
        names = [_name(layer.code) if layer.code else layer.arn for layer in layers]
        sources = [self._source(layer.code) if layer.code else public[layer.arn] for layer in layers]
        return await self._folder("layers-" + hashlib.sha256(" ".join(names).encode()).hexdigest(), sources)

    def _source(self, code: Code) -> Path | bytes:
        return self._cloud.blobs.path(code.blob) or self._cloud.blobs.read(code.blob)

    async def _folder(self, name: str, sources: list[Path | bytes]) -> Path:
        made = self._made.get(name)
        if made is None or (made.done() and (made.cancelled() or made.exception())):
            loop = asyncio.get_running_loop()
            made = self._made[name] = loop.run_in_executor(None, _fill, self._base / name, sources)
        return await asyncio.shield(made)


def _name(code: Code) -> str:
    return b64decode(code.sha256).hex()


def _fill(folder: Path, sources: Sequence[Path | bytes]) -> Path:
    draft = folder.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    draft.chmod(0o755)
    for source in sources:
        if isinstance(source, Path) and source.is_dir():
            shutil.copytree(source, draft, copy_function=_link, ignore=shutil.ignore_patterns(OURS), dirs_exist_ok=True)
        else:
            with _opened(source) as archive:
                unpack(archive, draft)
    draft.rename(folder)
    return folder


def _opened(source: Path | bytes) -> IO[bytes]:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _link(source: str, target: str):
    """A file costs no second copy where the file system can do without."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
