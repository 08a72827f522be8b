"""The tour of the README, run as it stands: every block of commands, in order, compared with the result below it.

`...` in a result stands for anything.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Step:
    language: str
    script: str
    result: str | None = None


def steps(section: str) -> Iterator[Step]:
    """The blocks of commands below a heading, each with the block of text that follows it."""
    text = (ROOT / "README.md").read_text().split(f"\n## {section}\n")[1].split("\n## ")[0]
    step = None
    for language, content in BLOCK.findall(text):
        if language == "text":
            assert step and step.result is None, f"this result belongs to nothing: {content}"
            step.result = content
        else:
            if step:
                yield step
            step = Step(language, content)
    if step:
        yield step


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """That of a user who has nothing of ours: a home of his own, and the commands of the virtual environment."""
    beside = Path(sys.executable).parent
    kept = {name: os.environ[name] for name in ("LANG", "LD_LIBRARY_PATH") if name in os.environ}
    path = f"{beside}{os.pathsep}/usr/local/bin{os.pathsep}/usr/bin{os.pathsep}/bin"
    return kept | {"PATH": path, "HOME": str(tmp_path), "GLASSHOUSE_PORT": str(free_port()), "AWS_PAGER": ""}


def test_the_tour_of_the_readme_goes_as_it_says(environment, tmp_path):
    script = ["set -euo pipefail"]
    for number, step in enumerate(steps("Five minutes")):
        (tmp_path / f"{number}.py").write_text(step.script)
        command = step.script if step.language == "sh" else f"python {number}.py\n"
        script.append(f"exec >{number}.out 2>&1\n{command}")
    try:
        ran = subprocess.run(
            [shutil.which("bash"), "-c", "\n".join(script)], cwd=tmp_path, env=environment, check=False
        )
        said = {path.name: path.read_text() for path in sorted(tmp_path.glob("*.out"))}
        assert ran.returncode == 0, said
    finally:
        subprocess.run(["glasshouse", "stop"], env=environment, capture_output=True, check=False)
    for number, step in enumerate(steps("Five minutes")):
        compare(said[f"{number}.out"], step.result or "")


def test_the_example_of_a_unit_test_does_what_it_says(environment, tmp_path):
    for step in steps("In unit tests"):
        ran = subprocess.run(
            [sys.executable, "-c", step.script],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        compare(ran.stdout + ran.stderr, step.result or "")


def test_every_command_and_option_in_the_readme_exists(environment):
    for command, words in re.findall(r"\| `glasshouse (\w+)`[^|]*\| ([^|]*)\|", (ROOT / "README.md").read_text()):
        told = subprocess.run(
            ["glasshouse", command, "--help"], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for word in re.findall(r"`(-{1,2}\w+|show|set|advance|freeze|resume|save|load)", words):
            assert word in told, f"the README tells of glasshouse {command} {word}, its help does not"


def compare(said: str, expected: str):
    pattern = ".*?".join(map(re.escape, expected.strip().split("...")))
    assert re.fullmatch(pattern, said.strip(), re.DOTALL), f"expected:\n{expected}\nbut it said:\n{said}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
