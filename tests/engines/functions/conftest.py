"""Environments in tests of the engine: made, started and seen gone."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from glasshouse.engines.functions import bootstraps
from glasshouse.engines.functions.control_groups import ControlGroups
from glasshouse.engines.functions.ends import End, Invocation
from glasshouse.engines.functions.environment import Environment
from glasshouse.engines.functions.interpreters import candidates
from glasshouse.engines.functions.program import Folders, Limits, Program
from glasshouse.engines.functions.sandbox import choose_sandbox

MEGABYTE = 1 << 20


class Box:
    """A sandbox, and Python functions in it."""

    def __init__(self, folder: Path, sandbox, groups: ControlGroups | None):
        self.sandbox, self.groups, self._folder = sandbox, groups, folder
        self.made: list[Environment] = []
        (folder / "task").mkdir()
        (folder / "support").mkdir()
        source = Path(bootstraps.__file__).parent / "bootstrap.py"
        (folder / "support" / "bootstrap.py").symlink_to(source)

    def environment(self) -> Environment:
        environment = Environment(self.sandbox, self.groups, time.time)
        self.made.append(environment)
        return environment

    async def start(self, text: str, environment: Environment | None = None, limit_s: float = 10.0, **limits) -> End:
        """Start a module of Python whose function `handler` is the handler."""
        environment = environment or self.environment()
        (self._folder / "task" / "app.py").write_text(text)
        folders = Folders(self._folder / "task", None, self._folder / "support")
        places = self.sandbox.places(folders)
        interpreter = next(it for it in candidates("python") if it.version == (3, 11))
        variables = {
            "PATH": "/usr/bin:/bin", "_HANDLER": "app.handler", "LAMBDA_TASK_ROOT": places.task,
            "AWS_LAMBDA_RUNTIME_API": environment.address,
        }  # fmt: skip
        command = (str(interpreter.path), "-I", "-S", f"{places.support}/bootstrap.py", places.layers)
        allowed = Limits(**{"memory_bytes": 128 * MEGABYTE, "temporary_bytes": 64 * MEGABYTE, **limits})
        return await environment.start(Program(command, variables, folders, allowed, interpreter.prefix), limit_s)

    async def ready(self, text: str, **limits) -> Environment:
        environment = self.environment()
        end = await self.start(text, environment, **limits)
        assert end.kind == "ready", (end, environment.take_lines())
        return environment

    def close(self):
        for environment in self.made:
            environment.close()
        if self.groups:
            self.groups.remove()


@pytest.fixture
def folder(tmp_path):
    """A folder that other users may enter."""
    for place in (tmp_path, *tmp_path.parents):
        if place.stat().st_uid == os.geteuid() and place != Path("/tmp"):
            place.chmod(place.stat().st_mode | 0o011)
    return tmp_path


@pytest.fixture
def in_box(folder):
    """Run a coroutine function with a box of the best kind that the machine has."""

    def run(work, make=choose_sandbox, groups=True):
        async def within():
            box = Box(folder, make(folder), ControlGroups.found() if groups else None)
            try:
                return await work(box)
            finally:
                box.close()

        return asyncio.run(within())

    return run


def event(request_id: str, body: bytes = b"null", timeout_s: float = 5.0) -> Invocation:
    return Invocation(request_id, body, timeout_s)
