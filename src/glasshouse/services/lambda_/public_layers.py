"""Layers that others publish on AWS and that functions here may name as they do there.

Their content comes from the packages they are made of: from the Python installation that Glasshouse runs in, if it has
them, else from the package index, installed once into a folder below the user's cache. Differs from AWS: whatever
version of a layer is asked for, it holds the packages' latest releases.
"""

import asyncio
import importlib.metadata
import importlib.util
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from glasshouse.core.cloud import Cloud
from glasshouse.core.workers import Limits, Worker
from glasshouse.services.lambda_.errors import InvalidParameterValueException, ServiceException
from glasshouse.services.lambda_.records import Layer

# Account and name of a layer, what is installed for it, and the module by which an installation is known.
KNOWN = (
    ("336392948345", re.compile(r"AWSSDKPandas-Python3\d+(-Arm64)?"), "awswrangler", "awswrangler"),
    (
        "017000801446", re.compile(r"AWSLambdaPowertoolsPythonV[23].*"), "aws-lambda-powertools[all]",
        "aws_lambda_powertools",
    ),
)  # fmt: skip
INSTALLING_S, PATIENCE_S = 600, 55
# Every Python runtime has them.
PROVIDED = {"boto3", "botocore", "s3transfer", "jmespath", "urllib3"}
NAMED = re.compile(r"[\w.-]+")


class PublicLayers:
    """Resolving the ARNs of public layers."""

    def _public_layer(self, arn: str) -> Layer | None:
        """A public layer that we know, with its content at hand; None for any other. Waits while it is installed.

        Raises InvalidParameterValueException where the content cannot be had.
        """
        known = _known(arn)
        if known is None:
            return None
        requirement, module = known
        folder = _folder(requirement)
        if not _is_there(folder):
            installations = self.cloud.resident(Installations)
            failure = installations.begin(requirement, module, folder)
            if failure is None:
                self.wait(PATIENCE_S, topic(folder))
                failure = "it is still being installed; try again in a minute"
            raise InvalidParameterValueException(
                f"Layer version {arn} is made of the package {requirement}, which cannot be had here: {failure}"
            )
        return Layer(arn, _size(folder))

    def _public_layer_folder(self, arn: str) -> Path:
        """The content of a public layer, as it lies under /opt."""
        known = _known(arn)
        if known is None:
            raise ValueError(f"{arn} is no public layer that we know")
        return _folder(known[0])


class Installations:
    """Packages being installed, each in a process of its own."""

    def __init__(self, cloud: Cloud):
        self._cloud = cloud
        self._running: dict[Path, asyncio.Future] = {}
        self._failed: dict[Path, str] = {}

    def begin(self, requirement: str, module: str, folder: Path) -> str | None:
        """Start to install, unless that is under way; why the last attempt failed, which is told once."""
        if folder in self._failed:
            return self._failed.pop(folder)
        if folder not in self._running:
            loop = asyncio.get_running_loop()
            self._running[folder] = loop.run_in_executor(None, fill, requirement, module, folder)
            self._running[folder].add_done_callback(lambda done: self._ended(folder, done))
        return None

    async def restore(self, layers: Mapping[str, Path]):
        """See to it that the content of layers, by their ARNs, is there, as it was when a function was given them: it
        lies in a cache, and below another name once their packages have another version. Raises ServiceException."""
        for arn, folder in layers.items():
            known = _known(arn)
            if known is None or _is_there(folder):
                continue
            failure = self.begin(*known, folder)
            if failure is None:
                failure = await asyncio.shield(self._running[folder])
            if failure is not None:
                raise ServiceException(
                    f"Layer version {arn} is made of the package {known[0]}, which is gone: {failure}"
                )

    def close(self):
        for running in self._running.values():
            running.cancel()

    def _ended(self, folder: Path, done: asyncio.Future):
        self._running.pop(folder, None)
        if not done.cancelled():
            failure = done.exception()
            reason = str(failure) if failure else done.result()
            if reason:
                self._failed[folder] = reason
        self._cloud.parking.tell([topic(folder)])


def fill(requirement: str, module: str, folder: Path) -> str | None:
    """Make the content of a layer, from our own installation or from the package index. Returns why that failed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent))
    draft.chmod(0o755)
    failure = None if borrow(requirement, module, draft / "python") else install(requirement, draft)
    try:
        if failure is None:
            draft.rename(folder)
    except OSError:
        pass  # another cloud was faster
    shutil.rmtree(draft, ignore_errors=True)
    return failure


def install(requirement: str, draft: Path) -> str | None:
    """Install a package and what it needs, as a layer has it. Returns why that failed."""
    printed: list[bytes] = []
    command = [
        sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1",
        "--timeout", "15", "--target", str(draft / "python"), requirement,
    ]  # fmt: skip
    limits = Limits(wall_s=INSTALLING_S)
    with Worker(command, os.environ, draft, limits, lambda stream, chunk: printed.append(chunk)) as worker:
        finished = worker.finish()
    if finished.status == 0 and not finished.timed_out:
        return None
    said = b"".join(printed).decode(errors="replace").strip().splitlines()
    return said[-1] if said else "pip failed"


def borrow(requirement: str, module: str, python: Path) -> bool:
    """Link the package and what it needs of our own installation. Whether that has it."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return False
    needed = _needed(_name(requirement))
    if not needed:  # a package that nobody installed, such as one that is being written
        shutil.copytree(Path(spec.origin).parent, python / module, copy_function=_link)
    for distribution in needed:
        for file in distribution.files or ():
            if ".." not in file.parts and (source := Path(str(distribution.locate_file(file)))).is_file():
                (python / file).parent.mkdir(parents=True, exist_ok=True)
                _link(str(source), str(python / file))
    return True


def _needed(name: str) -> list[importlib.metadata.Distribution]:
    """An installed package and those that it needs, but for what is there in any case; none if it is not installed."""
    found: dict[str, importlib.metadata.Distribution] = {}
    wanted = [name]
    while wanted:
        name = wanted.pop()
        if name in found or name in PROVIDED:
            continue
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        found[name] = distribution
        wanted += [_name(each) for each in distribution.requires or () if "extra ==" not in each]
    return list(found.values())


def _name(requirement: str) -> str:
    named = NAMED.match(requirement)
    return named[0].lower().replace("_", "-") if named else requirement


def _link(source: str, target: str):
    """A file costs no second copy where the file system can do without."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def topic(folder: Path) -> str:
    return f"lambda layer {folder}"


def _known(arn: str) -> tuple[str, str] | None:
    """(requirement, module) of a public layer's content."""
    parts = arn.split(":")
    if len(parts) != 8 or parts[5] != "layer":
        return None
    found = (
        (need, module) for account, name, need, module in KNOWN if account == parts[4] and name.fullmatch(parts[6])
    )
    return next(found, None)


def _folder(requirement: str) -> Path:
    """Where the content lies, or will lie once it is made: another folder for another release that we have."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "glasshouse" / "layers"
    try:
        version = importlib.metadata.version(_name(requirement))
    except importlib.metadata.PackageNotFoundError:
        version = "latest"
    return base / f"{_name(requirement)}-{version}-{sys.implementation.cache_tag}"


def _is_there(folder: Path) -> bool:
    return (folder / "python").exists()


@cache
def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / "python").rglob("*") if path.is_file())
