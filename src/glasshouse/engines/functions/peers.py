"""Whose is the other end of a connection on loopback? The kernel's own answer (sock_diag(7)).

All environments share the machine's network, so that functions reach what listens on it; this is how one of them is
kept from speaking for another, and for the machine's users.
"""

import re
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from errno import ENOENT
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from .privileges import UIDS

NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, NLMSG_ERROR = 4, 20, 2
NLM_F_REQUEST = 1
ALL_STATES, ESTABLISHED = 0xFFFFFFFF, 1
NO_COOKIE = 0xFFFFFFFF
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI")
_ADDRESSES = struct.Struct("!HH16s16s")
_TAIL = struct.Struct("=III")
_COUNTS = struct.Struct("=IIIII")
_ERROR = struct.Struct("=i")
SOCKET_LINK = re.compile(r"socket:\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Owner:
    """Of a socket: the user, and the number by which a process that holds it can be told, 0 once it is closed.
    `connected`: whether neither side has ended the connection."""

    uid: int
    inode: int
    connected: bool


GONE = Owner(-1, 0, False)


def is_sandboxed(peer: tuple[str, int], here: tuple[str, int]) -> bool:
    """Whether the other end of a connection belongs to an environment with a user of its own, whichever it is.

    Of a socket that is closed already nobody knows whose it was: it may have been an environment's.
    """
    found = owner(peer, here)
    if found is None:
        return False  # nothing can be told on this machine
    if found is GONE:  # else it is another machine's, whose packets were led here
        at_our_end = owner(here, peer)
        return at_our_end is None or not at_our_end.connected
    return found.inode == 0 or found.uid in UIDS


def owner(own: tuple[str, int], other: tuple[str, int]) -> Owner | None:
    """Who holds the socket at `own` that is connected with `other`; GONE if there is none, None if nobody may know."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as asking:
            asking.settimeout(1)
            asking.send(_question(own, other))
            return _read(asking.recv(4096))
    except OSError:
        return None


def _question(own: tuple[str, int], other: tuple[str, int]) -> bytes:
    source, target = _address(own[0]), _address(other[0])
    family = socket.AF_INET if isinstance(source, IPv4Address) else socket.AF_INET6
    body = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, ALL_STATES)
    source, target = source.packed.ljust(16, b"\0"), target.packed.ljust(16, b"\0")
    body += _ADDRESSES.pack(own[1], other[1], source, target) + _TAIL.pack(0, NO_COOKIE, NO_COOKIE)
    return _HEADER.pack(_HEADER.size + len(body), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 0, 0) + body


def _address(text: str) -> IPv4Address | IPv6Address:
    """An address of version 4 in the clothes of version 6 is the kernel's as it is without them."""
    found = ip_address(text)
    return getattr(found, "ipv4_mapped", None) or found


def _read(answer: bytes) -> Owner | None:
    kind = _HEADER.unpack_from(answer)[1]
    if kind == NLMSG_ERROR:
        return GONE if _ERROR.unpack_from(answer, _HEADER.size)[0] == -ENOENT else None
    state = answer[_HEADER.size + 1]
    counts = _HEADER.size + 4 + _ADDRESSES.size + _TAIL.size
    *_, uid, inode = _COUNTS.unpack_from(answer, counts)
    return Owner(uid, inode, state == ESTABLISHED)


def holds(pids: Iterable[int], inode: int) -> bool:
    """Whether one of these processes has the socket open."""
    for pid in pids:
        with suppress(OSError):
            for entry in Path(f"/proc/{pid}/fd").iterdir():
                link = SOCKET_LINK.match(str(entry.readlink()))
                if link and int(link[1]) == inode:
                    return True
    return False
