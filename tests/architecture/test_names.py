"""Names say what a thing is, and nothing is left for later or tied to somebody's machine."""

import ast
import re
import shutil
import subprocess

from tests.architecture.sources import FOREIGN, OURS, ROOT, everything, nobody, of_tests

NOTHINGS = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "shared", "stuff", "base"}
LATER = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "NotImplemented" + "Error")) + r")\b")
# The folders of one machine: a workplace, a home, a package mirror.
SOMEWHERE = re.compile("|".join(("/wo" + "rk/", "/ho" + "me/[a-z]", "/ro" + "ot/", "/o" + "pt/(pypi|wheels)")))
TEXT = {
    ".py",
    ".md",
    ".toml",
    ".sh",
    ".sql",
    ".json",
    ".yaml",
    ".yml",
    ".js",
    ".ts",
    ".html",
    ".css",
    ".cfg",
    ".lua",
    "",
}
SKIPS = {"pytest.skip", "pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail", "pytest.xfail"}


def test_nothing_is_called_by_a_name_that_says_nothing():
    nobody(
        f"{source.name}: name it after what it is about"
        for source in everything()
        if NOTHINGS & {part.removesuffix(".py").strip("_") for part in source.path.relative_to(ROOT).parts}
    )


def test_every_module_says_what_it_is():
    nobody(
        f"{source.name}: begin with a docstring: what it is, and where it differs from AWS"
        for source in everything()
        if source.tree.body and not ast.get_docstring(source.tree)
    )


def test_nothing_is_left_for_later():
    nobody(
        f"{path}:{number}: do it, refuse it in words (NotSupported), or file an issue: {line.strip()}"
        for path, number, line in _lines()
        if LATER.search(line)
    )


def test_nothing_is_tied_to_a_machine():
    nobody(
        f"{path}:{number}: this folder exists on one machine only: {line.strip()}"
        for path, number, line in _lines()
        if SOMEWHERE.search(line)
    )


def test_no_test_is_skipped_or_asserts_nothing():
    for source in of_tests():
        if not source.path.name.startswith("test_"):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute):
                assert _spelled(node) not in SKIPS, f"{source.at(node)}: a test that is skipped proves nothing"
            if isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant):
                raise AssertionError(f"{source.at(node)}: assert something that can fail")


def _spelled(node: ast.AST) -> str:
    return ast.unparse(node) if isinstance(node, ast.Attribute) else ""


def _lines():
    """(path, line number, line) of every text file of the project."""
    for name in _files():
        path = ROOT / name
        if path.suffix in TEXT and path.is_file() and path.stat().st_size < 1_000_000:
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                yield name, number, line


def _files() -> list[str]:
    """Those that git keeps, or, where there is no git, every file in our folders."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
        return listed.stdout.splitlines()
    found = [*ROOT.glob("*"), *(path for folder in OURS for path in (ROOT / folder).rglob("*"))]
    return [str(path.relative_to(ROOT)) for path in found if path.is_file() and not FOREIGN & set(path.parts)]
