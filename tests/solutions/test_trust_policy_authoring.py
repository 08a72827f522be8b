"""Trust policy authoring by hand: what the README of the solution tells to type is typed, and does what it says."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from glasshouse.app import LiveCloud, Settings

SOLUTION = Path(__file__).parents[2] / "solutions" / "trust-policy-authoring"
README = SOLUTION / "README.md"


def blocks() -> list[str]:
    """The indented blocks of the README, but those that start clouds."""
    found = re.findall(r"(?:^    .*\n|^\n(?=    ))+", README.read_text(), re.MULTILINE)
    texts = ["".join(line[4:] if line.strip() else line for line in block.splitlines(True)) for block in found]
    return [text for text in texts if "glasshouse walk" not in text and "glasshouse up" not in text]


@pytest.fixture
def shell(tmp_path):
    """Runs a script in a copy of the solution, with a home of its own, against a cloud of ApplicationHost."""
    live = LiveCloud(Settings(port=0, account="111122223333"))
    place = shutil.copytree(SOLUTION, tmp_path / "solution")
    environment = {
        "HOME": str(tmp_path), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "AWS_ENDPOINT_URL": live.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-west-2", "AWS_PAGER": "", "AWS_DEFAULT_OUTPUT": "json",
    }  # fmt: skip

    def run(script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-e"], input=script, env=environment, cwd=place, capture_output=True, text=True, check=False
        )

    yield run
    live.stop()


def test_the_policies_of_the_folder_have_the_findings_that_the_readme_tells(shell):
    for name, title in re.findall(r"^\| `(\S+\.json)` \| ([\w ]+?)(?: \(|:| \|)", README.read_text(), re.MULTILINE):
        told = json.loads(shell(f"glasshouse policy check --type trust --format json policies/{name}").stdout)
        codes = {finding["issueCode"] for finding in told[0]["findings"]}
        assert title.upper().replace(" ", "_") in codes
    assert len(list((SOLUTION / "policies").glob("*.json"))) == 5


def test_the_readme_works_as_it_is_typed(shell):
    ran = shell("\n".join(blocks()))
    assert ran.returncode == 0, (ran.stdout[-2000:], ran.stderr)
    assert "External access to a role of the account" in ran.stdout
    assert '"changeType": "NEW"' in ran.stdout and '"findings": []' in ran.stdout
    assert re.search(r"arn:aws:sts::\d{12}:assumed-role/ApplicationAccess/", ran.stdout)
    assert "OrganizationAccountAccessRole" in ran.stdout and "role/PaymentApplication" in ran.stdout
    assert "AccessDenied" in ran.stderr and "user/administrator is not authorized" in ran.stderr
