"""The process of a cloud: `python -m glasshouse.cli.serve SETTINGS`, with the settings as JSON; see `up`.

It loads the server and none of the command line, notes that it runs, says so, and serves until it is told to end.
"""

import asyncio
import errno
import fcntl
import gc
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

from glasshouse.cli import running, usage
from glasshouse.cli.failures import Failure, Taken

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def main():
    try:
        serve(json.loads(sys.argv[1]))
    except Failure as failure:
        print(f"glasshouse: {failure}", file=sys.stderr)
        sys.exit(failure.exit_code)


def serve(wanted: dict[str, Any]):
    """Run a cloud until it is told to end. Raises Taken if its port or its directory is."""
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, stream=sys.stderr)
    directory = Path(wanted["directory"]) if wanted["directory"] else None
    lock = taken(directory) if directory else None
    import uvloop

    from glasshouse import app

    told = ("host", "port", "account", "auth", "unsupported", "transparent", "allow_internet")
    settings = app.Settings(directory, **{name: wanted[name] for name in told})
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(live(app, settings, wanted))
    except OSError as failure:
        if failure.errno not in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
            raise
        raise Taken(f"Cannot listen on {wanted['host']} port {wanted['port']}: {os.strerror(failure.errno)}") from None
    finally:
        if lock is not None:
            os.close(lock)


async def live(app, settings, wanted: dict[str, Any]):
    """From the first breath to the last."""
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    cloud = app.make_cloud(settings)
    server = app.make_server(cloud, settings)
    server.gateway.on_stop = ending.set
    await server.bind(settings.host, settings.port)
    await cloud.start()
    await server.start()
    collect_less_often()
    noted, mine = announce(wanted, server)
    await ending.wait()
    running.forget(noted, mine)
    await server.stop()
    await cloud.stop()


def collect_less_often():
    """A request leaves no cycles behind: looking for some after every 700 objects costs a fifth of its time."""
    gc.freeze()  # what is loaded stays
    gc.set_threshold(50_000, 20, 100)


def announce(wanted: dict[str, Any], server) -> tuple[Path, running.Running]:
    """Note that this process is a running cloud, and tell the user, or the process that started this one."""
    root = server.gateway.admission.root
    mine = running.Running(
        os.getpid(), running.started(os.getpid()), url_of(wanted["host"], server.port), wanted["directory"],
        wanted.get("log"), root.access_key_id, root.secret_access_key,
        str(server.gateway.authority().bundle()) if wanted["transparent"] else None,
    )  # fmt: skip
    noted = running.note(server.port, mine)
    text = usage.usage(mine, wanted["tools"], wanted["auth"] == "open")
    if "ready" in wanted:
        with os.fdopen(wanted["ready"], "w") as told:
            told.write(text)
    else:
        print(text, end="", flush=True)
    return noted, mine


def url_of(host: str, port: int) -> str:
    """The address by which this machine reaches it."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def taken(directory: Path) -> int:
    """Take a data directory for this process. Raises Taken if another cloud has it."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Taken(f"Another cloud is running with the data in {directory}") from None
    return lock


if __name__ == "__main__":
    main()
