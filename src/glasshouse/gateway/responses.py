"""Responses as bytes: the head, and which framing the body gets."""

from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus

STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
BODILESS = frozenset({204, 304})
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "date"})


class Dates:
    """The Date header, written anew each second. It tells the machine's time: SDKs set their own clock by it."""

    def __init__(self):
        self._second, self._line = -1, ""

    def line(self, now: float) -> str:
        second = int(now)
        if second != self._second:
            self._second, self._line = second, f"date: {formatdate(second, usegmt=True)}\r\n"
        return self._line


def head(status: int, headers: Mapping[str, str | list[str]], date_line: str, framing: str) -> bytes:
    """Status line and headers. `framing` is what says where the body ends, one or more lines."""
    lines = [STATUS_LINES.get(status) or f"HTTP/1.1 {status} Unknown\r\n", date_line]
    for name, value in headers.items():
        if type(value) is list:
            lines += [f"{name}: {one}\r\n" for one in value]
        elif name not in _FRAMING:
            lines.append(f"{name}: {value}\r\n")
    lines.append(framing)
    lines.append("\r\n")
    text = "".join(lines)
    ends = len(lines) + framing.count("\n") - 1
    if text.count("\n") != ends or text.count("\r") != ends or "\0" in text:
        return head(status, _without_controls(headers), date_line, framing)
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def framing(status: int, is_head: bool, headers: Mapping[str, str], size: int | None, old: bool) -> str:
    """How the client learns where the body ends; `size` is None if nobody knows yet, `old` is HTTP/1.0."""
    if status in BODILESS:
        return ""
    if is_head:
        stated = headers.get("content-length")
        return f"content-length: {stated if stated is not None else size or 0}\r\n"
    if size is not None:
        return f"content-length: {size}\r\n"
    return "" if old else "transfer-encoding: chunked\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"


def _without_controls(headers: Mapping[str, str | list[str]]) -> dict[str, str | list[str]]:
    """A value that a client had a say in must not end its header and begin another."""
    return {
        "".join(c for c in name if c > " " and c != ":"): [_in_one_line(one) for one in value]
        if isinstance(value, list)
        else _in_one_line(value)
        for name, value in headers.items()
    }


def _in_one_line(value: object) -> str:
    return "".join(c if c >= " " else " " for c in str(value))
