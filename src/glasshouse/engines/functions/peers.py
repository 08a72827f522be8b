"""Whose is the other end of a connection on loopback? The kernel's own answer (sock_diag(7)).

All environments share the machine's network, so that functions reach what listens on it; this is how one of them is
kept from speaking for another.
"""

import re
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, NLMSG_ERROR = 4, 20, 2
NLM_F_REQUEST = 1
ALL_STATES = 0xFFFFFFFF
NO_COOKIE = 0xFFFFFFFF
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI")
_ADDRESSES = struct.Struct("!HH16s16s")
_TAIL = struct.Struct("=III")
_COUNTS = struct.Struct("=IIIII")
SOCKET_LINK = re.compile(r"socket:\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Owner:
    """Of a socket: the user, and the number by which a process that holds it can be told."""

    uid: int
    inode: int


def owner(own: tuple[str, int], other: tuple[str, int]) -> Owner | None:
    """Who holds the socket at `own` that is connected with `other`; None if there is none, or nobody may know."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as asking:
            asking.settimeout(1)
            asking.send(_question(own, other))
            return _read(asking.recv(4096))
    except OSError:
        return None


def _question(own: tuple[str, int], other: tuple[str, int]) -> bytes:
    source, target = (socket.inet_aton(address).ljust(16, b"\0") for address in (own[0], other[0]))
    body = _REQUEST.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0, ALL_STATES)
    body += _ADDRESSES.pack(own[1], other[1], source, target) + _TAIL.pack(0, NO_COOKIE, NO_COOKIE)
    return _HEADER.pack(_HEADER.size + len(body), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 0, 0) + body


def _read(answer: bytes) -> Owner | None:
    kind = _HEADER.unpack_from(answer)[1]
    if kind == NLMSG_ERROR:
        return None
    counts = _HEADER.size + 4 + _ADDRESSES.size + _TAIL.size
    *_, uid, inode = _COUNTS.unpack_from(answer, counts)
    return Owner(uid, inode)


def holds(pids: Iterable[int], inode: int) -> bool:
    """Whether one of these processes has the socket open."""
    for pid in pids:
        with suppress(OSError):
            for entry in Path(f"/proc/{pid}/fd").iterdir():
                link = SOCKET_LINK.match(str(entry.readlink()))
                if link and int(link[1]) == inode:
                    return True
    return False
