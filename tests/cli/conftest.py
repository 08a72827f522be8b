"""The command line as a user runs it: processes, with a home of their own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from glasshouse.cli.running import Running


@dataclass
class Shell:
    """Runs `glasshouse` in an environment in which nothing else runs."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        foreign = ("AWS_", "GLASSHOUSE_", "XDG_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
        return {
            **kept,
            "PATH": path,
            "HOME": str(self.home),
            "XDG_DATA_HOME": str(self.home / "share"),
            "SHELL": "/bin/bash",
        }

    def run(self, *words: str, code: int = 0, **more: str) -> str:
        """What it printed on stdout, or, if it is to fail with another exit code, on stderr."""
        ran = subprocess.run(
            [sys.executable, "-c", "from glasshouse.cli import main; main()", *words],
            env={**self.environment, **more}, cwd=self.home, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            check=False,
        )  # fmt: skip
        assert ran.returncode == code, (words, ran.returncode, ran.stdout, ran.stderr)
        return ran.stderr if code else ran.stdout

    def up(self, *options: str) -> str:
        """Start a cloud in the background, on any port. Returns its URL."""
        before = set(self.noted())
        self.run("up", "--detach", "--port", "0", *options)
        return next(it["url"] for path, it in self.noted().items() if path not in before)

    def noted(self) -> dict[Path, dict]:
        """What is written down of the running clouds."""
        return {path: json.loads(path.read_text()) for path in self.home.glob("share/glasshouse/running/*.json")}

    def client(self, service: str, **options):
        """A boto3 client for the only cloud that runs."""
        (noted,) = self.noted().values()
        keys = {key: noted[key] for key in ("access_key_id", "secret_access_key")}
        given = {"endpoint_url": noted["url"], **{f"aws_{key}": value for key, value in keys.items()}, **options}
        return boto3.client(service, "us-east-1", **given)


@pytest.fixture
def shell(tmp_path):
    it = Shell(tmp_path)
    yield it
    for noted in it.noted().values():
        Running(**noted).end(patience_s=10)
