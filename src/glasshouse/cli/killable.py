"""A cloud in a process of its own, for walks that kill it at any moment and start it again over the same data."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from glasshouse.cli.admin import Admin
from glasshouse.cli.failures import Failure

SAYS_WHERE = "Glasshouse runs at "
PATIENCE_S = 30
LOG_LINES = 20


class KillableClock:
    """The clock of such a cloud; see `app.LiveClock`."""

    def __init__(self, cloud: "KillableCloud"):
        self._cloud = cloud

    def now(self) -> float:
        return self._cloud.admin.get("clock")["now"]

    def advance(self, seconds: float):
        """Let time pass: what becomes due on the way happens, in order, before this returns."""
        self._cloud.admin.post("clock", action="advance", seconds=seconds)

    def set(self, moment: float):
        """Go to an epoch second, and do there what is due."""
        self._cloud.admin.post("clock", action="set", to=moment)
        self._cloud.settle()


class KillableCloud:
    """One data directory, and the process that has it at the moment. It always answers at the same port."""

    def __init__(self, home: Path, account: str):
        self.data, self._home, self._account = home / "data", home, account
        self._port = 0
        self.clock = KillableClock(self)
        self.url = ""

    @property
    def admin(self) -> Admin:
        return Admin(self.url)

    @property
    def log(self) -> Path:
        return self._home / "log"

    def start(self):
        """Returns when it answers. Raises Failure, with the end of its log, if it does not."""
        asked = ["--data", str(self.data), "--port", str(self._port), "--account", self._account, "--transparent"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from glasshouse.cli import main; main()", "up", *asked],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
                env={**os.environ, "XDG_DATA_HOME": str(self._home)},
            )  # fmt: skip
        assert self._process.stdout is not None
        said = next((line for line in self._process.stdout if line.startswith(SAYS_WHERE)), None)
        if said is None:
            raise Failure("The cloud did not start. Its log ends:\n" + self._end_of_log())
        self.url = said.removeprefix(SAYS_WHERE).split()[0]
        self._port = urlsplit(self.url).port or 0
        noted = json.loads((self._home / "glasshouse" / "running" / f"{self._port}.json").read_text())
        self.bundle = Path(noted["bundle"])
        self.authority = self.bundle.with_name("ca.pem")

    def settle(self):
        """Until nothing is due and nothing is under way."""
        self.admin.post("settle")

    def kill(self):
        """As `kill -9` does: it has no chance to do or to say anything more."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self):
        """In good order, if it still runs."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def _end_of_log(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_LINES:])
