"""`glasshouse mail`: the letters that the cloud's services sent."""

from datetime import datetime
from typing import Annotated

import typer

from glasshouse.cli.admin import URL, the_cloud
from glasshouse.cli.failures import Failure, Misunderstood

SECURITIES = {"smtp": "none", "smtp+starttls": "starttls", "smtps": "tls"}
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


def mail(
    number: Annotated[int | None, typer.Argument(help="The letter to show whole.")] = None,
    to: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Only letters to somebody.")] = None,
    relay: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Hand letters on to a server: smtp[s]://[user:password@]host[:port], or none."
        ),
    ] = None,
    url: URL = None,
):
    """List the letters that the cloud's services sent, or show one."""
    cloud = the_cloud(url)
    if relay is not None:
        cloud.post("mail", relay=None if relay == "none" else _relay(relay))
        print("Letters stay in the mailbox" if relay == "none" else "Letters are handed on from now on")
        return
    letters = [letter for letter in cloud.get("mail")["letters"] if to is None or to in letter["recipients"]]
    if number is None:
        for letter in letters:
            kept = datetime.fromtimestamp(letter["kept"]).isoformat(" ", "seconds")
            print(f"{letter['number']:4}  {kept}  {', '.join(letter['recipients'])}  {letter['subject']}")
        return
    found = next((letter for letter in letters if letter["number"] == number), None)
    if found is None:
        raise Failure(f"There is no letter {number}")
    print(found["content"].replace("\r\n", "\n"), end="")


def _relay(written: str) -> dict:
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(written)
    if parts.scheme not in SECURITIES or not parts.hostname:
        raise Misunderstood(f"--relay takes smtp://host:port, smtp+starttls:// or smtps://, or none, not {written}")
    return {
        "host": parts.hostname,
        "port": parts.port or PORTS[parts.scheme],
        "security": SECURITIES[parts.scheme],
        "user": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
    }
