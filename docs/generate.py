"""Write docs/services.md: what each service does, from its signatures held against botocore's models.

`docs/generate.py` writes it, `docs/generate.py --check` says whether it is fresh. Nothing is counted by hand: a public
method is an operation done, a parameter it declares is a member taken, and a method that does nothing but raise
NotSupported is refused.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from glasshouse import services
from glasshouse.core import Service
from glasshouse.protocol import model

TARGET = Path(__file__).with_name("services.md")
HEAD = """\
# Services

Made by `make docs` from the services' signatures and botocore's models; do not edit. An operation counts as done when
its service has a method for it; a member of its input that the method does not take is refused by name
(`NotSupported`, status 501), never ignored, unless the cloud was started with `--unsupported warn`. What is not listed
here, an operation or a whole service, is refused in the same way.

| Service | Operations | Members of their inputs |
|---|---:|---:|
"""


@dataclass
class Coverage:
    """What one service does, of what AWS offers."""

    name: str
    summary: str
    done: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    lacking: dict[str, list[str]] = field(default_factory=dict)  # members not taken, by operation
    members: int = 0

    @property
    def all(self) -> int:
        return len(self.done) + len(self.refused)

    @property
    def taken(self) -> int:
        return self.members - sum(map(len, self.lacking.values()))


def main():
    text = document()
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(text)
    elif not TARGET.exists() or TARGET.read_text() != text:
        sys.exit("docs/services.md is not fresh: run `make docs` and commit what it writes")


def document() -> str:
    found = [coverage(name) for name in services.names()]
    return HEAD + "".join(map(row, found)) + "".join(map(section, found))


def coverage(name: str) -> Coverage:
    service, described = services.load(name), model.service(name)
    assert service is not None
    found = Coverage(name, _summary(service))
    for method, operation_name in sorted(described.methods.items(), key=lambda pair: pair[1]):
        function = getattr(service, method, None)
        if function is None or hasattr(Service, method) or refuses(function):
            found.refused.append(operation_name)
            continue
        found.done.append(operation_name)
        arguments = described.operation(operation_name).arguments
        found.members += len(arguments)
        declared = inspect.signature(function).parameters
        if lacking := [wire for wire, argument in arguments.items() if argument not in declared]:
            found.lacking[operation_name] = lacking
    return found


def refuses(function: Callable) -> bool:
    """Whether a method does nothing but say that it is not supported."""
    definition = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(definition, ast.FunctionDef)
    body = [statement for statement in definition.body if not _is_docstring(statement)]
    return len(body) == 1 and isinstance(body[0], ast.Raise) and "NotSupported" in ast.unparse(body[0])


def row(it: Coverage) -> str:
    return f"| [{it.name}](#{it.name}) | {len(it.done)} of {it.all} | {it.taken} of {it.members} |\n"


def section(it: Coverage) -> str:
    return "\n".join(_lines(it)) + "\n"


def _lines(it: Coverage) -> Iterator[str]:
    yield f"\n## {it.name}\n\n{it.summary}\n"
    yield _wrapped("Done: ", it.done)
    if it.refused:
        yield "\n" + _wrapped("Refused: ", it.refused)
    if it.lacking:
        yield "\nMembers refused:\n"
        for operation, members in it.lacking.items():
            yield _wrapped(f"- {operation}: ", members, indent="  ")


def _wrapped(start: str, words: list[str], indent: str = "") -> str:
    text = start + (", ".join(words) or "nothing yet") + "."
    return textwrap.fill(text, 118, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _summary(service: type[Service]) -> str:
    """The first paragraph of its module's docstring."""
    text = inspect.getdoc(inspect.getmodule(service)) or ""
    return textwrap.fill(" ".join(text.split("\n\n")[0].split()), 118)


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


if __name__ == "__main__":
    main()
