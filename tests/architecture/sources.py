"""The project's own sources, parsed, for the tests that judge them."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "glasshouse"
OURS = ("src", "tests", "bench", "docs", "tools", "solutions")
FOREIGN = {"__pycache__", "node_modules", "cdk.out", ".venv"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file of ours."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def layer(self) -> str:
        """The room of the house: `core`, `services` ...; for a file that lies in the package itself, its name."""
        return self.path.relative_to(PACKAGE).parts[0].removesuffix(".py")

    @property
    def part(self) -> str:
        """Within services and engines: which one."""
        return self.path.relative_to(PACKAGE).parts[1].removesuffix(".py")

    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def at(self, node: ast.AST) -> str:
        return f"{self.name}:{getattr(node, 'lineno', 1)}"


@cache
def everything() -> tuple[Source, ...]:
    """Every Python file of the project."""
    paths = (path for folder in OURS for path in sorted((ROOT / folder).rglob("*.py")))
    return tuple(read(path) for path in paths if not FOREIGN & set(path.parts))


@cache
def package() -> tuple[Source, ...]:
    """Every Python file of the package."""
    return tuple(source for source in everything() if source.path.is_relative_to(PACKAGE))


def of_tests() -> tuple[Source, ...]:
    return tuple(source for source in everything() if source.path.is_relative_to(ROOT / "tests"))


def read(path: Path) -> Source:
    text = path.read_text()
    return Source(path, text, ast.parse(text))


def imports(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """(node, dotted name) of everything a file imports, also within its functions."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = ".".join([*_above(source.path, node.level), *filter(None, [node.module])])
            if module == "glasshouse":
                yield from ((node, f"glasshouse.{name.name}") for name in node.names)
            else:
                yield node, module


def _above(path: Path, level: int) -> tuple[str, ...]:
    """The package that the dots of a relative import stand for."""
    return path.relative_to(PACKAGE.parent).parts[:-level] if level else ()


def dotted(node: ast.AST) -> str:
    """`time.time` for the expression `time.time`."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def nobody(complaints: Iterable[str]):
    """Fail with all the complaints, one a line."""
    found = list(complaints)
    assert not found, "\n" + "\n".join(found)
