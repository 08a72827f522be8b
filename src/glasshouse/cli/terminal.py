"""What is shown on a terminal only: progress while something takes long, questions, tables."""

import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager


def is_interactive() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on stderr, if somebody watches, that something is going on and for how long."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        progress.add_task(what, total=None)
        yield


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]):
    """To stdout: drawn if somebody watches, else lines of fields separated by tabs."""
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(row))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    drawn = Table(*columns, box=box.SIMPLE_HEAD)
    for row in rows:
        drawn.add_row(*row)
    Console().print(drawn)


def wrapped(start: str, words: Sequence[str], width: int = 100) -> str:
    return textwrap.fill(start + ", ".join(words), width, subsequent_indent="  ", break_on_hyphens=False)
