"""`glasshouse clock`: the cloud's time, and moving it."""

from typing import Annotated

import typer

from glasshouse.cli import terminal
from glasshouse.cli.admin import URL, the_cloud
from glasshouse.cli.durations import moment, seconds, spoken, written

app = typer.Typer(help="Show or move the cloud's clock.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def show(url: URL = None):
    """The cloud's time, and how it stands to the machine's."""
    _print(the_cloud(url).get("clock"))


@app.command("set")
def set_(
    to: Annotated[str, typer.Argument(help="An ISO date or time (UTC unless it says otherwise), or @epoch.")],
    url: URL = None,
):
    """Put the clock to a moment, without running what would have been due in between."""
    _change(url, "Setting the clock", "set", to=moment(to))


@app.command()
def advance(by: Annotated[str, typer.Argument(help="A duration such as 90s, 15m, 4d or 1w2d12h.")], url: URL = None):
    """Let time pass: everything that becomes due happens, in order."""
    _change(url, f"Advancing by {by}", "advance", seconds=seconds(by))


@app.command()
def freeze(url: URL = None):
    """Let the clock stand still."""
    _change(url, "Freezing the clock", "freeze")


@app.command()
def resume(url: URL = None):
    """Let a frozen clock run on from where it stands."""
    _change(url, "Resuming", "resume")


def _change(url: str | None, what: str, action: str, **details: float):
    with terminal.working(what):
        told = the_cloud(url).post("clock", action=action, **details)
    _print(told)


def _print(told: dict):
    offset = told["now"] - told["real"]
    how = "frozen" if told["frozen"] else "running"
    shift = "" if abs(offset) < 1 else f", {spoken(offset)} {'ahead of' if offset > 0 else 'behind'} the machine's"
    print(f"{written(told['now'])}  {how}{shift}")
