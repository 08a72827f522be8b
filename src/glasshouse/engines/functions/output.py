"""What a process prints, as events: a line each, or a frame of several lines that belong together.

A frame is `a5 5a 00 TT`, the length of the message in four bytes, its time in eight (microseconds since 1970, both big
endian), and the message, as AWS's own runtime clients write it. Frames stand between lines on the same pipe, so that
the order of what was printed is never lost.
"""

from dataclasses import dataclass

MAGIC = b"\xa5\x5a\x00"
HEAD_BYTES = 16
LONGEST_BYTES = 1_048_000  # of an event; longer ones are cut into several


@dataclass(frozen=True, slots=True)
class Line:
    """One event, with its newline; `moment` in epoch seconds of the machine's clock."""

    moment: float
    text: str


class Output:
    """Cuts a stream of bytes into events, in the order of their times."""

    def __init__(self):
        self._rest, self._last = b"", 0.0

    def feed(self, data: bytes, now: float) -> list[Line]:
        """The events that are complete with these bytes."""
        self._rest += data
        lines: list[Line] = []
        while self._take(lines, now):
            pass
        return lines

    def flush(self, now: float) -> list[Line]:
        """What was printed without a newline after it."""
        rest, self._rest = self._rest, b""
        return [self._line(rest, now)] if rest else []

    def _take(self, lines: list[Line], now: float) -> bool:
        """Move one event from the rest to the lines, if there is a complete one."""
        rest = self._rest
        if rest.startswith(MAGIC):
            return self._take_frame(lines)
        frame, newline = rest.find(MAGIC), rest.find(b"\n")
        end = newline + 1 if newline >= 0 else 0
        if frame > 0 and (not end or frame < end):
            end = frame
        if not end and len(rest) > LONGEST_BYTES:
            end = LONGEST_BYTES
        if not end:
            return False
        self._add(lines, rest[:end], now)
        self._rest = rest[end:]
        return True

    def _take_frame(self, lines: list[Line]) -> bool:
        rest = self._rest
        end = HEAD_BYTES + int.from_bytes(rest[4:8])
        if len(rest) < max(HEAD_BYTES, end):
            return False
        self._add(lines, rest[HEAD_BYTES:end], int.from_bytes(rest[8:HEAD_BYTES]) / 1e6)
        self._rest = rest[end:]
        return True

    def _add(self, lines: list[Line], data: bytes, moment: float):
        for start in range(0, len(data) or 1, LONGEST_BYTES):
            lines.append(self._line(data[start : start + LONGEST_BYTES], moment))

    def _line(self, data: bytes, moment: float) -> Line:
        self._last = max(self._last, moment)
        text = data.decode(errors="replace")
        return Line(self._last, text if text.endswith("\n") else text + "\n")
