"""The servers that are compared: how each is installed and started, and what it uses of the machine."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
INSTALLED = ROOT / ".bench"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
START_LIMIT_S = 60


@dataclass(frozen=True)
class Product:
    """Something to compare. `{port}` in its command and environment is replaced."""

    name: str
    command: tuple[str, ...]
    requirements: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    def install(self):
        """Into a virtual environment of its own, once."""
        place = INSTALLED / self.name
        if not self.requirements or (place / "installed").exists():
            return
        print(f"Installing {', '.join(self.requirements)}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        pip = [place / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *self.requirements], check=True)
        (place / "installed").touch()

    def version(self) -> str:
        python = Path(self.command[0]).parent / "python"
        script = f"import importlib.metadata as m; print(m.version('{self.name}'))"
        return subprocess.run([python, "-c", script], capture_output=True, text=True, check=True).stdout.strip()


GLASSHOUSE = Product(
    "glasshouse", (str(Path(sys.executable).parent / "glasshouse"), "up", "--ephemeral", "--port", "{port}")
)
PEERS = (
    Product(
        "moto",
        (str(INSTALLED / "moto" / "bin" / "moto_server"), "-H", "127.0.0.1", "-p", "{port}"),
        ("moto[server,dynamodb,s3,sqs,ssm]",),
    ),
    Product(
        "ministack",
        (str(INSTALLED / "ministack" / "bin" / "ministack"),),
        ("ministack",),
        {"GATEWAY_PORT": "{port}", "LOG_LEVEL": "ERROR"},
    ),
)


class Server:
    """A product on a port of its own, which runs within a `with`."""

    def __init__(self, product: Product):
        self.product, self.name = product, product.name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Server":
        self._scratch = tempfile.TemporaryDirectory(prefix="glasshouse-bench-")
        product = self.product
        environment = {key: value.format(port=self.port) for key, value in product.environment.items()}
        self._process = subprocess.Popen(
            [part.format(port=self.port) for part in product.command],
            env={**os.environ, "XDG_DATA_HOME": self._scratch.name, **environment},
            cwd=self._scratch.name,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self

    def __exit__(self, *failure):
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._scratch.cleanup()

    def first_answer(self, request: bytes) -> float:
        """Send the request until it is answered with 200. Returns the seconds that took."""
        start = time.perf_counter()
        while time.perf_counter() - start < START_LIMIT_S:
            if self._process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with status {self._process.returncode} instead of starting")
            if b" 200 " in ask(self.port, request)[:20]:
                return time.perf_counter() - start
            time.sleep(0.001)
        raise RuntimeError(f"{self.name} gave no answer within {START_LIMIT_S} s")

    def cpu_s(self) -> float:
        """The processor time used so far, by the process and its children."""
        ticks = sum(sum(map(int, _stat(pid)[11:13])) for pid in self._pids())
        return ticks / TICKS_PER_SECOND

    def memory_bytes(self) -> int:
        """What is resident now."""
        return sum(int(_stat(pid)[21]) * PAGE_BYTES for pid in self._pids())

    def _pids(self) -> list[int]:
        group = str(self._process.pid)
        pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
        return [pid for pid in pids if (stat := _stat(pid)) and stat[2] == group]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port: int, request: bytes) -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(request)
            return connection.recv(4096)
    except OSError:
        return b""


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on; none if the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
