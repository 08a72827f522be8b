"""`glasshouse up`: start a cloud, in this process or in the background.

Its command line is read with argparse rather than typer, and what a server does not need is loaded only where it is
used: a cloud gives its first answer that much sooner, and stays that much smaller.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glasshouse.cli import running
from glasshouse.cli.failures import Failure, Misunderstood, Taken

PORT = 4566
LOG_LINES = 20
SUMMARY = "Start a cloud."


def up(arguments: Sequence[str]):
    """Do what the command line after `glasshouse up` says."""
    told = parser().parse_args(arguments)
    settings = settings_of(told)
    already = next((it for it in running.all_running() if told.port and it.url.endswith(f":{told.port}")), None)
    if already:
        _join(already, settings, told.detach)
    elif told.detach:
        print(_started(settings), end="")
    else:
        from glasshouse.cli import serve

        serve.serve(settings)


def parser() -> argparse.ArgumentParser:
    it = argparse.ArgumentParser("glasshouse up", description=SUMMARY)
    it.add_argument("--data", type=Path, metavar="DIR", help=f"where it is kept (default: {running.home()})")
    it.add_argument("--ephemeral", action="store_true", help="keep nothing beyond its process")
    it.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    it.add_argument(
        "--port", type=int, default=os.environ.get("GLASSHOUSE_PORT", PORT),
        help="0 takes any that is free (default: GLASSHOUSE_PORT, else 4566)",
    )  # fmt: skip
    it.add_argument("--account", default="0" * 12, metavar="ID", help="the root user's account (default: %(default)s)")
    it.add_argument(
        "--auth", choices=("verified", "open"), default="verified",
        help="open verifies no signature and takes any access key for the root user's, of the account its 12 digits"
        " name if it has 12 digits; on loopback only (default: %(default)s)",
    )  # fmt: skip
    it.add_argument(
        "--unsupported", choices=("refuse", "warn"), default="refuse",
        help="what becomes of an input that Glasshouse does not support yet (default: %(default)s)",
    )  # fmt: skip
    it.add_argument(
        "--transparent", action="store_true",
        help="also be an HTTPS proxy that answers as AWS's own hosts, for clients that cannot be given an endpoint;"
        " see glasshouse env --transparent",
    )  # fmt: skip
    it.add_argument(
        "--allow-internet", action="store_true", help="let that proxy pass requests to all other hosts through"
    )
    it.add_argument("--detach", "-d", action="store_true", help="return once it answers, and leave it running")
    return it


def settings_of(told: argparse.Namespace) -> dict[str, Any]:
    """What `serve` takes. Raises Misunderstood for what does not go together."""
    if told.data and told.ephemeral:
        raise Misunderstood("--data keeps the cloud and --ephemeral does not: choose one")
    if len(told.account) != 12 or not (told.account.isascii() and told.account.isdigit()):
        raise Misunderstood(f"--account takes twelve digits, not {told.account}")
    if told.auth == "open" and not _is_loopback(told.host):
        raise Misunderstood(f"--auth open would let everybody who can reach {told.host} in: it is for loopback only")
    if told.allow_internet and not told.transparent:
        raise Misunderstood("--allow-internet is about the proxy that --transparent starts")
    directory = None if told.ephemeral else str((told.data or running.home()).absolute())
    return {
        "directory": directory, "host": told.host, "port": told.port, "account": told.account, "auth": told.auth,
        "unsupported": told.unsupported, "transparent": told.transparent, "allow_internet": told.allow_internet,
        "tools": tools(),
    }  # fmt: skip


def tools() -> dict[str, str]:
    """How the user calls `glasshouse` and `aws`: by name if they are on the PATH, else by where ours lie."""
    from shutil import which

    beside = Path(sys.executable).parent
    return {name: name if which(name) else _near(beside / name) for name in ("glasshouse", "aws")}


def _near(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _join(already: running.Running, settings: dict[str, Any], detach: bool):
    """One runs on that port. That is what was wanted, if it is the same and may run in the background."""
    from glasshouse.cli.usage import usage

    if not detach or already.data != settings["directory"]:
        raise Taken(f"A cloud is running at {already.url} already ({already.place}). Choose another --port, or stop it")
    print(usage(already, settings["tools"]), end="")


def _started(settings: dict[str, Any]) -> str:
    """Start it in a session of its own and wait until it answers. Returns what it has to say."""
    import json
    import subprocess

    from glasshouse.cli import terminal

    log = _log_of(settings["directory"])
    read, write = os.pipe()
    told = json.dumps({**settings, "ready": write, "log": str(log)})
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "glasshouse.cli.serve", told],
            stdin=subprocess.DEVNULL, stdout=file, stderr=file, pass_fds=[write], start_new_session=True,
            cwd=log.parent,
        )  # fmt: skip
    os.close(write)
    with terminal.working("Starting"), os.fdopen(read) as said:
        text = said.read()
    if text:
        return text
    process.wait()
    lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:]
    if process.returncode == Taken.exit_code:
        raise Taken(lines[-1].removeprefix("glasshouse: "))
    raise Failure("The cloud did not start. Its log ends:\n" + "\n".join(lines))


def _log_of(directory: str | None) -> Path:
    place = Path(directory) if directory else running.home() / "running"
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    return place / ("glasshouse.log" if directory else f"{os.getpid()}.log")
