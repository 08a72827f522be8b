"""A cloud in a process of its own, which a test may kill at any moment and start again over the same data."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import boto3
from botocore.config import Config

REGION = "us-east-1"


class KillableCloud:
    """One data directory, and the process that has it at the moment."""

    def __init__(self, home: Path):
        self.data, self._home = home / "data", home

    def start(self) -> "KillableCloud":
        """Start a process and wait until it says that it answers."""
        log = (self._home / "log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from glasshouse.cli import main; main()", "up", "--data", self.data, "--port", "0"],
            stdout=subprocess.PIPE, stderr=log, env={**os.environ, "XDG_DATA_HOME": str(self._home)}, text=True,
        )  # fmt: skip
        said = next((line for line in self._process.stdout if line.startswith("Glasshouse runs at ")), None)
        assert said, (self._home / "log").read_text()
        self.url = said.split()[3]
        return self

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self):
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self):
        """In good order, as `glasshouse stop` does."""
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(30) == 0, (self._home / "log").read_text()

    def end(self):
        """Whatever happened: it is gone afterwards."""
        if self._process.poll() is None:
            self.kill()

    def client(self, service: str):
        # No retries: a retried call would be answered after the kill, by nobody.
        settings = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, max_pool_connections=8)
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, REGION, endpoint_url=self.url, config=settings, **keys)

    def blob_files(self) -> set[str]:
        """The names of the files that hold bodies; half-received ones too."""
        return {path.name for path in [*self.data.glob("blobs/*/*"), *self.data.glob("incoming/*")]}

    def blob_rows(self) -> dict[str, tuple[int, bool]]:
        """(size, whether it is a file) of each body the database knows, by the name of its file."""
        with sqlite3.connect(f"file:{self.data / 'state.sqlite'}?mode=ro", uri=True) as database:
            rows = database.execute("SELECT id, size, content IS NULL FROM blob").fetchall()
        return {name: (size, bool(in_file)) for name, size, in_file in rows}
