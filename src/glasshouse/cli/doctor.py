"""What this machine has of the programs that do the real work, and which services go without."""

import platform
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from glasshouse.cli import terminal
from glasshouse.cli.admin import URL, the_cloud
from glasshouse.cli.failures import NotRunning
from glasshouse.engines.functions.control_groups import ControlGroups
from glasshouse.engines.functions.interpreters import installed
from glasshouse.engines.functions.sandbox import best


@dataclass(frozen=True)
class Program:
    """Something installed beside Glasshouse: any of `commands` will do. `package` is its name on Debian."""

    name: str
    commands: tuple[str, ...]
    serves: str
    package: str
    version: tuple[str, ...] = ("--version",)


PROGRAMS = (
    Program("setpriv", ("setpriv",), "ending functions and builds together with the cloud", "util-linux"),
    Program("prlimit", ("prlimit",), "limits of functions and builds", "util-linux"),
    Program("bubblewrap", ("bwrap",), "Lambda, CodeBuild, ECS: a root file system of their own", "bubblewrap"),
    Program("podman", ("podman",), "ECS, CodeBuild: container images", "podman"),
    Program(
        "docker", ("docker",), "the same, if its engine runs", "docker.io", ("version", "-f", "{{.Server.Version}}")
    ),
    Program("buildah", ("buildah",), "CodeBuild: building images", "buildah"),
    Program("git", ("git",), "CodeCommit, CodePipeline sources", "git"),
    Program("node", ("node",), "Lambda: the nodejs runtimes; CDK apps", "nodejs"),
    Program("java", ("java",), "Lambda: the java runtimes; Spark", "default-jre-headless", ("-version",)),
    Program("PostgreSQL", ("postgres",), "RDS, Aurora, Redshift endpoints", "postgresql"),
    Program("MariaDB", ("mariadbd",), "RDS for MySQL and MariaDB", "mariadb-server"),
    Program("Redis", ("redis-server", "valkey-server"), "ElastiCache", "redis-server"),
    Program("chromium", ("chromium", "chromium-browser", "google-chrome"), "Synthetics canaries, reports", "chromium"),
    Program("openssl", ("openssl",), "the project's own tests", "openssl", ("version",)),
)
# Debian keeps the servers of its databases off the PATH.
ELSEWHERE = ("/usr/sbin", "/usr/local/sbin", "/usr/lib/postgresql/*/bin")


@dataclass(frozen=True)
class Finding:
    program: Program
    path: str | None
    version: str


def examine() -> Iterator[Finding]:
    for program in PROGRAMS:
        path = next(filter(None, map(find, program.commands)), None)
        yield Finding(program, path, version_of(path, program) if path else "")


def find(command: str) -> str | None:
    if path := shutil.which(command):
        return path
    root = Path("/")
    places = [place for pattern in ELSEWHERE for place in sorted(root.glob(pattern.lstrip("/")), reverse=True)]
    return shutil.which(command, path=":".join(map(str, places)))


def version_of(path: str, program: Program) -> str:
    """The first number of the form 1.2 that it prints about itself."""
    try:
        told = subprocess.run([path, *program.version], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "does not start"
    found = re.search(r"\d+(\.\d+)+\S*", told.stdout + told.stderr)
    return found.group().strip('",)') if found else "does not answer"


def doctor(url: URL = None):
    """Say what this machine has of the programs that do the real work, and what a running cloud gave up on."""
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.platform()}")
    findings = list(examine())
    terminal.table(
        ("program", "version", "for"),
        [(it.program.name, it.version or "missing", it.program.serves) for it in findings],
    )
    print("Some serve services that this version does not have yet: see `glasshouse status` for those it has.")
    if missing := [it.program.package for it in findings if it.path is None]:
        print(f"What is missing can be had, on Debian, with: apt-get install {' '.join(missing)}")
    _print_functions()
    _print_given_up(url)


def _print_functions():
    """How functions are kept apart, and by what they are run."""
    kind = {"none": "nothing but users and limits: they see this machine's files"}.get(best(), best())
    groups = ControlGroups.found()
    limited = "control groups" if groups and groups.limits_memory else "watching them"
    if groups:
        groups.remove()
    print(f"Functions are kept apart by {kind}; their memory is limited by {limited}.")
    print(f"They are run by {', '.join(installed())}; another version of these is served by the nearest.")


def _print_given_up(url: str | None):
    """Jobs that failed time and again: something was promised that will not happen before the cloud is started anew."""
    try:
        cloud = the_cloud(url)
    except NotRunning as failure:
        print(failure)
        return
    jobs = cloud.get("jobs")["given_up"]
    print(f"The cloud at {cloud.url} gave up on {len(jobs)} jobs" + (", until it is started anew:" if jobs else ""))
    for job in jobs:
        print(f"  {job['service']}.{job['method']}: {job['error']}")
