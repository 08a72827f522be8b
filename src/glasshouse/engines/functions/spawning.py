"""Starting a process that waits until it has been placed under its limits."""

import os
import subprocess
from collections.abc import Callable

from .program import PATH, PIPE, Launch


def spawn(launch: Launch, output: int, place: Callable[[int], None]) -> subprocess.Popen:
    """Start a launch's command in a session of its own, its output going to a descriptor; `place` is called with its id
    before it does anything. What it is started with is ours: the function's own variables are in the instructions."""
    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(
            [word.replace(PIPE, str(reading)) for word in launch.command], env={"PATH": PATH}, cwd="/",
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=(reading,), start_new_session=True,
        )  # fmt: skip
        place(process.pid)
        os.write(writing, launch.instructions)
    finally:
        os.close(reading)
        os.close(writing)
    return process
