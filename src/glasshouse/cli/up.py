"""`glasshouse up`: start a cloud, in this process's place or in the background.

The server runs in a process that loads nothing of the command line (`serve`): it starts sooner and stays smaller.
"""

import json
import os
import shutil
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from glasshouse.cli import running, terminal
from glasshouse.cli.failures import Failure, Misunderstood, Taken

PORT = 4566
LOG_LINES = 20


class Auth(StrEnum):
    verified = "verified"
    open = "open"


class Unsupported(StrEnum):
    refuse = "refuse"
    warn = "warn"


def up(
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="Where it is kept, if not where yours are.")] = None,
    ephemeral: Annotated[bool, typer.Option("--ephemeral", help="Keep nothing beyond its process.")] = False,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on; 0 for any that is free.")] = PORT,
    account: Annotated[str, typer.Option(metavar="ID", help="The root user's account, twelve digits.")] = "0" * 12,
    auth: Annotated[Auth, typer.Option(help="`open` takes any key for root's; loopback only.")] = Auth.verified,
    unsupported: Annotated[
        Unsupported, typer.Option(help="What to do with inputs not supported.")
    ] = Unsupported.refuse,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return once it answers; it runs on.")] = False,
):
    """Start a cloud."""
    if data and ephemeral:
        raise Misunderstood("--data keeps the cloud and --ephemeral does not: choose one")
    if len(account) != 12 or not account.isdigit():
        raise Misunderstood(f"--account takes twelve digits, not {account}")
    directory = None if ephemeral else (data or running.home()).absolute()
    if already := next((it for it in running.all_running() if it.url.endswith(f":{port}")), None):
        _join(already, directory, detach)
        return
    settings = {
        "directory": directory and str(directory), "host": host, "port": port, "account": account, "auth": auth.value,
        "unsupported": unsupported.value, "tools": tools(),
    }  # fmt: skip
    if detach:
        print(_started(settings, directory))
    else:
        os.execv(sys.executable, _command(settings))


def tools() -> dict[str, str]:
    """How the user calls `glasshouse` and `aws`: by name, or by the path where this one lies."""
    beside = Path(sys.executable).parent
    return {name: name if shutil.which(name) else _near(beside / name) for name in ("glasshouse", "aws")}


def _near(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _join(already: running.Running, directory: Path | None, detach: bool):
    wanted = directory and str(directory)
    if not detach or already.data != wanted:
        raise Taken(f"A cloud is running at {already.url} already ({already.place}). Choose another --port, or stop it")
    print(running.usage(already, tools()))


def _command(settings: dict) -> list[str]:
    return [sys.executable, "-m", "glasshouse.cli.serve", json.dumps(settings)]


def _started(settings: dict, directory: Path | None) -> str:
    """Start it in a session of its own and wait until it answers. Returns what it says to the user."""
    place = directory or running.home() / "running"
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = place / f"glasshouse-{settings['port']}.log"
    read, write = os.pipe()
    with log.open("wb") as file:
        process = subprocess.Popen(
            _command({**settings, "ready": write, "log": str(log)}),
            stdin=subprocess.DEVNULL, stdout=file, stderr=file, pass_fds=[write], start_new_session=True, cwd=place,
        )  # fmt: skip
    os.close(write)
    with terminal.working("Starting"), os.fdopen(read) as told:
        text = told.read()
    if text:
        return text.rstrip()
    process.wait()
    last = "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
    kind = Taken if process.returncode == Taken.exit_code else Failure
    raise kind(f"The cloud did not start. Its log ({log}) ends:\n{last}")
