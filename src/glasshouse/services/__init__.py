"""The services of the cloud: one folder each, found by its name and loaded at its first call."""

import importlib
import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
SUBSCRIPTION = re.compile(r'@on\("([\w-]+\.\w+)"\)\s+def (\w+)')


@cache
def names() -> list[str]:
    """By botocore's names, sorted."""
    return sorted(path.parent.name.replace("_", "-").rstrip("-") for path in FOLDER.glob("*/service.py"))


def load(name: str):
    """The class of a service: the one in its `service.py` that bears its name. None if there is no such folder."""
    if name not in names():
        return None
    module = importlib.import_module(f"glasshouse.services.{folder(name)}.service")
    return next(cls for cls in vars(module).values() if isinstance(cls, type) and vars(cls).get("name") == name)


def schema(name: str) -> str | None:
    """The tables of a service's data plane."""
    path = FOLDER / folder(name) / "schema.sql"
    return path.read_text() if path.exists() else None


def folder(name: str) -> str:
    """`lambda` is a Python word and lives in `lambda_`."""
    return "lambda_" if name == "lambda" else name.replace("-", "_")


def subscribers(fact: str) -> list[tuple[str, str]]:
    """(service, method) of those who asked to hear a fact with @on."""
    return _subscriptions().get(fact, [])


@cache
def _subscriptions() -> dict[str, list[tuple[str, str]]]:
    # Read from the sources, since loading every service to ask it would make the first call wait for all of them.
    found: dict[str, list[tuple[str, str]]] = {}
    for path in sorted(FOLDER.glob("*/*.py")):
        for fact, method in SUBSCRIPTION.findall(path.read_text()):
            service = path.parent.name.replace("_", "-").rstrip("-")
            found.setdefault(fact, []).append((service, method))
    return found
