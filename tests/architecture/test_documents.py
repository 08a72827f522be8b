"""What the documents say is so."""

import re
import subprocess
import sys

from tests.architecture.sources import ROOT, nobody

README = ROOT / "README.md"
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def test_the_coverage_of_the_services_is_fresh():
    ran = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_the_make_targets_in_the_documents_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    nobody(
        f"{path.name}: `make {target}` is not in the Makefile"
        for path in _documents()
        for target in re.findall(r"(?:`|^|\$ )make ([a-z]+)", path.read_text(), re.MULTILINE)
        if target not in targets
    )


def test_the_links_in_the_documents_lead_somewhere():
    nobody(
        f"{path.name}: there is no {link}"
        for path in _documents()
        for link in LINK.findall(path.read_text())
        if not (path.parent / link).exists()
    )


def test_continuous_integration_runs_the_test_command_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text()
    assert "make test" in script and "make test" in README.read_text()


def _documents():
    return [README, *sorted((ROOT / "docs").glob("*.md"))]
