"""An execution environment: a process that handles one invocation after another, frozen between them."""

import asyncio
import os
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Callable, Mapping

from .control_groups import ControlGroups, Group
from .ends import End, Invocation, Kind
from .output import Line, Output
from .peers import holds, owner
from .privileges import uid_of
from .process import Process
from .program import Program
from .runtime_api import LARGEST_BYTES, Connection, Headers, Refused, RuntimeApi
from .sandbox import Sandbox

FREEZE_AFTER_S = 0.05  # so that one invocation after another costs no signals
LOOK_S = 0.05  # how often the memory of a running one is looked at
ERROR_TYPE = "lambda-runtime-function-error-type"
ERROR_BODY = "lambda-runtime-function-error-body"


class Environment:
    """Made on the event loop it lives on. `lines` is what was printed and not yet taken away; `on_line` is called when
    there is more, and `on_end` when the process is gone, for whatever reason but `close`."""

    def __init__(self, sandbox: Sandbox, groups: ControlGroups | None, now: Callable[[], float]):
        """`now` reads the machine's clock, in epoch seconds."""
        self._loop = asyncio.get_running_loop()
        self._sandbox, self._groups, self._now = sandbox, groups, now
        self._api = RuntimeApi(self, self._is_own)
        self._uid = uid_of(self._api.port) if sandbox.is_root else None
        self._process: Process | None = None
        self._output = Output()
        self._waiting: Connection | None = None  # where the runtime waits for an invocation
        self._invocation: Invocation | None = None  # given to the runtime, or to be given to it next
        self._given = self._answered = False
        self._parts: list[bytes] = []
        self._type = ""
        self._end: asyncio.Future[End] | None = None
        self._begun = 0.0
        self._peak = 0
        self._error: tuple[bytes, str] = (b"", "")
        self._verdict: Kind | None = None  # why we killed it
        self._timer: asyncio.TimerHandle | None = None
        self._look: asyncio.TimerHandle | None = None
        self._freezing: asyncio.TimerHandle | None = None
        self.lines: list[Line] = []
        self.on_line: Callable[[], None] = lambda: None
        self.on_end: Callable[[], None] = lambda: None

    @property
    def address(self) -> str:
        """Of its Runtime API; the program's variables name it."""
        return f"127.0.0.1:{self._api.port}"

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.alive

    @property
    def is_waiting(self) -> bool:
        """Whether the runtime has asked for its next invocation."""
        return self._waiting is not None

    async def start(self, program: Program, limit_s: float) -> End:
        """Start the process and wait until it wants its first invocation ("ready"), or for what kept it from that."""
        await self._api.open()
        self._limit_bytes = program.limits.memory_bytes
        self._end, self._begun = self._loop.create_future(), self._now()
        self._set_timers(limit_s)
        launch = self._sandbox.launch(program, self._uid)
        self._process = Process(launch, program.limits, self._group(), self._printed, self._ended)
        return await self._end

    async def invoke(self, invocation: Invocation) -> End:
        """Have it handle an event. It must not be handling another; it may still be about to ask for the next."""
        self._end = self._loop.create_future()
        self._invocation, self._given, self._answered = invocation, False, False
        self._parts, self._type = [], ""
        if not self.alive:
            return End("not begun")
        if self._waiting:
            self._give()
        else:
            self._set_timers(invocation.timeout_s)
        return await self._end

    def take_lines(self) -> list[Line]:
        """What was printed since the last time."""
        if self._process:
            self._process.drain()
        taken, self.lines = self.lines, []
        return taken

    def end_line(self):
        """Close a line that was begun: what it belongs to is over."""
        self.lines += self._output.flush(self._now())

    def kill(self):
        """End its process; `close` sees it gone."""
        if self._process:
            self._process.kill()

    def close(self):
        """End it at once."""
        self._stop_timers()
        self.on_end = lambda: None
        if self._process:
            self._process.close()
        self._api.close()
        self._sandbox.clean(self._uid)
        if self._end and not self._end.done():
            self._end.cancel()

    # What the Runtime API calls

    def next_wanted(self, connection: Connection):
        if self._invocation and self._given and not self._answered:
            raise Refused(403, "InvalidStateTransition", "Transition from Running to Ready is not allowed.")
        self._waiting = connection
        if self._invocation and not self._given:
            self._give()
            return
        self._stop_timers()
        self._invocation = None
        if self._end and not self._end.done():
            self._finish("ready")
        if self._process:
            self._freezing = self._loop.call_later(FREEZE_AFTER_S, self._process.freeze)

    def response_begun(self, request_id: str, headers: Headers) -> Callable[[bytes], None]:
        invocation = self._current(request_id)
        self._type = headers.get("content-type", "")
        if invocation.on_type:
            invocation.on_type(self._type)
        return invocation.on_part or self._gather

    def response_ended(self, request_id: str, headers: Headers, body: bytes):
        self._current(request_id)
        self._type = self._type or headers.get("content-type", "")
        if ERROR_TYPE in headers:  # trailers of a response that broke off
            self._finish("failed", _decoded(headers.get(ERROR_BODY, "")), headers[ERROR_TYPE])
        elif body or not self._parts:
            self._finish("answered", body)
        else:
            self._finish("answered", b"".join(self._parts))

    def response_too_large(self, request_id: str, size: int):
        self._current(request_id)
        self._finish("too large")

    def failed(self, request_id: str, headers: Headers, body: bytes):
        self._current(request_id)
        self._finish("failed", body, headers.get(ERROR_TYPE, ""))

    def init_failed(self, headers: Headers, body: bytes):
        if self._invocation or self._waiting:
            raise Refused(403, "InvalidStateTransition", "Transition from Ready to InitError is not allowed.")
        self._error = body, headers.get(ERROR_TYPE, "")
        # Whatever the runtime means to do next, this environment is of no use.
        self._loop.call_later(0.1, self._kill, "failed")

    def _current(self, request_id: str) -> Invocation:
        invocation = self._invocation
        if invocation is None or not self._given or invocation.request_id != request_id:
            raise Refused(400, "InvalidRequestID", "Invalid request ID")
        if self._answered:
            raise Refused(403, "InvalidStateTransition", "Transition from ResponseSent to ResponseSent is not allowed.")
        return invocation

    def _gather(self, part: bytes):
        if sum(map(len, self._parts)) <= LARGEST_BYTES:
            self._parts.append(bytes(part))

    # Within

    def _give(self):
        invocation, connection = self._invocation, self._waiting
        assert invocation and connection and self._process
        self._process.thaw()
        if not connection.is_open:
            self._waiting = None  # it may ask anew
            self._set_timers(invocation.timeout_s)
            return
        self._waiting, self._given, self._verdict = None, True, None
        self._begun = self._now()
        self._set_timers(invocation.timeout_s)
        deadline = int((self._now() + invocation.timeout_s) * 1000)
        connection.send(200, invocation.event, _told(invocation, deadline))

    def _finish(self, kind: Kind, body: bytes = b"", error_type: str = "", status: int = 0):
        """Tell how what is under way ended. The runtime may go on until it asks for more."""
        self._answered = True
        process, end = self._process, self._end
        if process and process.alive:
            process.drain()
        if end and not end.done():
            self._note_peak(look=kind == "ready")
            end.set_result(End(kind, self._now() - self._begun, body, error_type, status, self._type, self._peak))

    def _ended(self, status: int):
        """The process is gone."""
        self._stop_timers()
        self.end_line()
        self._api.close()
        self._sandbox.clean(self._uid)
        process = self._process
        body, error_type = self._error
        if self._invocation and not self._given:
            self._finish("not begun")
        elif self._verdict:
            self._finish(self._verdict, body, error_type, status)
        elif process and process.ran_out():
            self._finish("out of memory", status=status)
        elif error_type or body:
            self._finish("failed", body, error_type, status)
        else:
            self._finish("exited", status=status)
        self.on_end()

    def _kill(self, verdict: Kind):
        self._verdict = self._verdict or verdict
        if self._process:
            self._process.kill()

    def _watch(self):
        """Look at the memory it holds, while it runs."""
        process = self._process
        if process and process.alive:
            self._note_peak(look=True)
            if process.held_bytes() > self._limit_bytes:
                self._kill("out of memory")
            self._look = self._loop.call_later(LOOK_S, self._watch)

    def _note_peak(self, look: bool):
        if self._process:
            self._peak = max(self._peak, self._process.peak_bytes(look))

    def _set_timers(self, limit_s: float):
        self._stop_timers()
        self._timer = self._loop.call_later(limit_s, self._kill, "timed out")
        self._look = self._loop.call_later(LOOK_S, self._watch)

    def _stop_timers(self):
        for timer in (self._timer, self._look, self._freezing):
            if timer:
                timer.cancel()
        self._timer = self._look = self._freezing = None

    def _printed(self, data: bytes):
        self.lines += self._output.feed(data, self._now())
        self.on_line()

    def _group(self) -> Group | None:
        return self._groups.make(f"environment-{self._api.port}") if self._groups else None

    def _is_own(self, peer: tuple[str, int], here: tuple[str, int]) -> bool:
        """Whether a connection comes from a process of this environment."""
        found = owner(peer, here)
        if found is None or self._process is None:
            return False
        if self._uid is not None:
            return found.uid == self._uid
        return found.uid == os.geteuid() and holds(self._process.pids(), found.inode)


def _told(invocation: Invocation, deadline_ms: int) -> Mapping[str, str]:
    return {
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
        **invocation.headers,
    }


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text)
    except (BadBase64, ValueError):
        return text.encode()
