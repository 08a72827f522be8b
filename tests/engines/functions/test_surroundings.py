"""What surrounds a function: archives, interpreters, control groups, the owners of connections."""

import io
import os
import socket
import stat
import struct
import sys
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from glasshouse.engines.functions import peers
from glasshouse.engines.functions.archives import unpack
from glasshouse.engines.functions.control_groups import ControlGroups
from glasshouse.engines.functions.interpreters import Interpreter, candidates, nearest, works
from glasshouse.engines.functions.privileges import descending, harmless
from glasshouse.engines.functions.program import Folders, Limits, Program
from glasshouse.engines.functions.sandbox import choose_sandbox
from glasshouse.engines.functions.spawning import spawn


def archive(*members: tuple[str, int, bytes]) -> io.BytesIO:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as package:
        for name, mode, content in members:
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            package.writestr(member, content)
    written.seek(0)
    return written


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


# Archives


def test_files_keep_their_modes_and_can_be_read_by_all(tmp_path):
    unpack(
        archive(("a/run", 0o100700, b"x"), ("plain", 0, b"y"), ("private", 0o100600, b"z"), ("empty/", 0, b"")),
        tmp_path,
    )
    assert mode(tmp_path / "a/run") == 0o744 and mode(tmp_path / "plain") == 0o644
    assert mode(tmp_path / "private") == 0o644 and mode(tmp_path / "a") == 0o755 and (tmp_path / "empty").is_dir()


def test_nothing_is_written_outside(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    unpack(
        archive(
            ("../evil", 0o100644, b"x"), ("/evil", 0o100644, b"x"), ("a/../../evil", 0o100644, b"x"),
            ("link", 0o120777, str(tmp_path).encode()), ("link/evil", 0o100644, b"x"), ("good", 0o100644, b"x"),
        ),
        inside,
    )  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside"]
    assert (inside / "good").read_bytes() == b"x"


def test_later_archives_replace_what_earlier_ones_left(tmp_path):
    unpack(archive(("a", 0o100644, b"file"), ("b", 0o120777, b"/etc/passwd")), tmp_path)
    unpack(archive(("a/in", 0o100644, b"x"), ("b", 0o100644, b"mine")), tmp_path)
    assert (tmp_path / "a/in").exists() and not (tmp_path / "b").is_symlink()
    assert (tmp_path / "b").read_bytes() == b"mine"


# Interpreters


def test_our_own_interpreter_is_among_those_that_work():
    own = next(it for it in candidates("python") if it.version == sys.version_info[:2])
    assert works(own) and own.runtime == f"python{sys.version_info[0]}.{sys.version_info[1]}"


def test_a_missing_version_is_served_by_the_nearest():
    exact = nearest("python", sys.version_info[:2], lambda it: True)
    assert exact and exact.version == sys.version_info[:2]
    newest = nearest("python", (3, 99), lambda it: True)
    assert newest and newest.version == max(it.version for it in candidates("python") if works(it))
    assert nearest("python", (3, 11), lambda it: False) is None


def test_what_does_not_start_is_no_interpreter(tmp_path):
    assert not works(Interpreter("python", (3, 11), tmp_path / "bin" / "python3.11"))


# Control groups


def test_groups_of_version_two_are_written_as_the_kernel_reads_them(tmp_path):
    mounts, own = tmp_path / "cgroup", tmp_path / "own"
    (mounts / "slice").mkdir(parents=True)
    own.write_text("0::/slice\n")
    for folder in (mounts, mounts / "slice"):
        (folder / "cgroup.controllers").write_text("memory pids\n")
        (folder / "cgroup.subtree_control").write_text("")
    name = f"glasshouse-{os.getpid()}"
    (mounts / "slice" / name).mkdir()
    (mounts / "slice" / name / "cgroup.procs").write_text("")
    (mounts / "slice" / name / "cgroup.subtree_control").write_text("memory pids\n")
    groups = ControlGroups.found(mounts, own)
    assert groups and groups.limits_memory
    group = groups.make("one")
    folder = mounts / "slice" / name / "one"
    group.limit(1000, 7)
    group.add(42)
    assert (folder / "memory.max").read_text() == "1000" and (folder / "pids.max").read_text() == "7"
    assert (folder / "cgroup.procs").read_text() == "42" and group.processes() == [42]
    (folder / "memory.stat").write_text("anon 123\nfile 5\n")
    (folder / "memory.events").write_text("low 0\noom_kill 1\n")
    assert group.held_bytes() == 123 and group.ran_out()


def test_without_a_place_for_groups_there_are_none(tmp_path):
    (tmp_path / "own").write_text("")
    assert ControlGroups.found(tmp_path / "nowhere", tmp_path / "own") is None


# Whose a connection is


def test_the_owner_of_a_connection_is_known():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
        with socket.create_connection(address) as ours:
            owner = peers.owner(ours.getsockname(), address)
            assert owner and owner.uid == os.geteuid()
            assert peers.holds([os.getpid()], owner.inode) and not peers.holds([1], owner.inode + 1)
            assert peers.owner(("127.0.0.1", 1), address) is peers.GONE


@pytest.mark.parametrize(
    ("listening_at", "reached_at"),
    [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("::", "127.0.0.1"), ("127.0.0.1", "::ffff:127.0.0.1")],
)
def test_a_sandbox_is_told_by_its_user(monkeypatch, listening_at, reached_at):
    with connected(listening_at, reached_at) as (_, peer, here):
        assert not peers.is_sandboxed(peer, here)
        monkeypatch.setattr(peers, "UIDS", [os.geteuid()])
        assert peers.is_sandboxed(peer, here)


def test_who_is_gone_may_have_been_a_sandbox():
    with connected() as (ours, peer, here):
        ours.close()
        assert peers.is_sandboxed(peer, here)
    with connected() as (ours, peer, here):
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        ours.close()  # with a reset, which leaves no trace
        assert peers.owner(peer, here) is peers.GONE and peers.is_sandboxed(peer, here)


def test_another_machine_is_no_sandbox_and_nothing_can_be_told_of_sockets_without_the_kernel(monkeypatch):
    answers = [peers.GONE, peers.Owner(0, 7, True)]
    monkeypatch.setattr(peers, "owner", lambda own, other: answers.pop(0))
    assert not peers.is_sandboxed(("127.0.0.1", 1), ("127.0.0.1", 2)) and not answers
    monkeypatch.setattr(peers, "owner", lambda own, other: None)
    assert not peers.is_sandboxed(("127.0.0.1", 1), ("127.0.0.1", 2))


@contextmanager
def connected(listening_at="127.0.0.1", reached_at="127.0.0.1"):
    """A client's socket, and what the server knows of its two ends."""
    family = socket.AF_INET6 if ":" in listening_at else socket.AF_INET
    with socket.create_server((listening_at, 0), family=family, dualstack_ipv6=listening_at == "::") as listening:
        ours = socket.socket(socket.AF_INET6 if ":" in reached_at else socket.AF_INET)
        ours.connect((reached_at, listening.getsockname()[1]))
        theirs, peer = listening.accept()
        with ours, theirs:
            yield ours, peer[:2], theirs.getsockname()[:2]


# Privileges


def test_what_loads_code_is_set_after_the_privileges_are_gone(tmp_path):
    variables = {"LD_PRELOAD": "evil.so", "GLIBC_TUNABLES": "x", "PATH": "/bin", "LDX": "fine"}
    program = Program(("run",), variables, Folders(tmp_path), Limits(1, 1))
    assert harmless(variables) == {"PATH": "/bin", "LDX": "fine"}
    command = descending(program, 1_000_001)
    assert command[0] == "setpriv" and "1000001" in command
    assert command[command.index("--") + 1 :] == ["/usr/bin/env", "LD_PRELOAD=evil.so", "GLIBC_TUNABLES=x", "run"]


@pytest.mark.parametrize("value", ["it's", '"$(id)"', "a\nb", "`id`", "é"])
def test_values_of_variables_arrive_as_they_are(tmp_path, value):
    task = tmp_path / "task"
    task.mkdir()
    sandbox = choose_sandbox(tmp_path)
    program = Program(
        ("sh", "-c", 'printf %s "$VALUE"'),
        {"PATH": "/usr/bin:/bin", "VALUE": value},
        Folders(task),
        Limits(1 << 27, 1 << 20),
    )
    reading, writing = os.pipe()
    process = spawn(sandbox.launch(program, 1_000_001 if sandbox.is_root else None), writing, lambda pid: None)
    os.close(writing)
    assert process.wait(10) == 0
    assert os.read(reading, 100).decode() == value
    os.close(reading)
