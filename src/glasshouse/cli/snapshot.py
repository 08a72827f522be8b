"""`glasshouse snapshot`: all of a cloud in a directory, and back."""

from pathlib import Path
from typing import Annotated

import typer

from glasshouse.cli import terminal
from glasshouse.cli.admin import URL, the_cloud

app = typer.Typer(help="Keep all of the cloud's state in a directory, or take it back.", no_args_is_help=True,
                  rich_markup_mode=None)  # fmt: skip


@app.command()
def save(path: Annotated[Path, typer.Argument(help="A directory that does not exist yet.")], url: URL = None):
    """Write everything the cloud holds into a new directory."""
    _do(url, "Saving", "save", path)
    print(f"Saved in {path.absolute()}. It holds the key to the cloud's secrets: treat it as you would those.")


@app.command()
def load(path: Annotated[Path, typer.Argument(help="A directory that `snapshot save` wrote.")], url: URL = None):
    """Replace everything the cloud holds by what a snapshot holds."""
    _do(url, "Loading", "load", path)
    print(f"The cloud is as it was in {path.absolute()}")


def _do(url: str | None, what: str, action: str, path: Path):
    with terminal.working(what):
        the_cloud(url).post("snapshot", action=action, path=str(path.absolute()))
