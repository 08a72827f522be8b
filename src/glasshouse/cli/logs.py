"""`glasshouse logs`: what a cloud in the background has to say."""

import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from glasshouse.cli import running
from glasshouse.cli.admin import URL, the_cloud
from glasshouse.cli.failures import Failure

PAUSE_S = 0.2


def logs(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as more is written, until it ends.")] = False,
    url: URL = None,
):
    """Print the log of a cloud that was started with --detach."""
    process = running.at(the_cloud(url).url)
    if process is None or process.log is None:
        raise Failure("This cloud was not started with --detach on this machine: it logs to its own terminal")
    path = Path(process.log)
    with path.open(encoding="utf-8", errors="replace") as file:
        _print_rest(file)
        while follow and running.is_alive(process):
            threading.Event().wait(PAUSE_S)
            _print_rest(file)


def _print_rest(file):
    while chunk := file.read(65536):
        sys.stdout.write(chunk)
    sys.stdout.flush()
