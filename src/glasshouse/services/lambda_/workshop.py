"""Where environments are made: the sandbox and the limits of this machine, unpacked code, and programs to run it."""

import logging
import resource
import shutil
import tempfile
from pathlib import Path

from glasshouse.core.cloud import Cloud
from glasshouse.engines.functions.control_groups import ControlGroups
from glasshouse.engines.functions.environment import Environment
from glasshouse.engines.functions.peers import is_sandboxed
from glasshouse.engines.functions.program import Program
from glasshouse.engines.functions.sandbox import choose_sandbox
from glasshouse.services.lambda_.programs import Dressing, Programs
from glasshouse.services.lambda_.unpacking import Unpacked

log = logging.getLogger("glasshouse.lambda")
OPEN_FILES = 65_536  # each environment takes four of ours


class Workshop:
    """Set up once the first environment is wanted."""

    def __init__(self, cloud: Cloud):
        self._cloud = cloud
        self._groups = ControlGroups.found()
        base = cloud.directory / "functions"
        base.mkdir(exist_ok=True)
        self._sandbox = choose_sandbox(base)
        self._open_base: tempfile.TemporaryDirectory | None = None
        if not self._sandbox.isolates and self._sandbox.is_root:
            # The users of functions must reach their code, but nothing else in the data directory.
            self._open_base = tempfile.TemporaryDirectory(prefix="glasshouse-functions-")
            base = Path(self._open_base.name)
            base.chmod(0o711)
            self._sandbox = choose_sandbox(base)
        if self._sandbox.is_root:
            cloud.is_sandboxed = is_sandboxed  # from now on: what runs may outlive what started it
        shutil.rmtree(base / "unpacked", ignore_errors=True)  # by an earlier run
        self._unpacked = Unpacked(cloud, base / "unpacked")
        bundle = cloud.authority().bundle() if cloud.is_proxy else None
        self._programs = Programs(self._sandbox, base, cloud.url, bundle)
        _allow_open_files()
        limited = "control groups" if self._groups and self._groups.limits_memory else "watching"
        log.info("functions run in: %s; their memory is limited by %s", self._sandbox.name, limited)

    async def folders(self, dressing: Dressing) -> tuple[Path, Path | None]:
        """The code and the layers of a function, unpacked."""
        configuration = dressing.configuration
        task = await self._unpacked.code(configuration.code)
        if self._sandbox.isolates and len(configuration.layers) == len(dressing.public_layers) == 1:
            return task, *dressing.public_layers.values()  # thousands of files that need not lie elsewhere too
        return task, await self._unpacked.layers(configuration.layers, dressing.public_layers)

    def environment(self) -> Environment:
        return Environment(self._sandbox, self._groups, self._cloud.clock.real)

    def program(
        self, environment: Environment, dressing: Dressing, folders: tuple[Path, Path | None], stream: str, kind: str
    ) -> Program:
        """What an environment is to run. Raises NoEntrypoint, and NotSupported."""
        return self._programs.program(dressing, *folders, environment.address, stream, kind)

    def close(self):
        """Its environments are to be gone by now."""
        self._programs.close()
        if self._groups:
            self._groups.remove()
        if self._open_base:
            self._open_base.cleanup()


def _allow_open_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
