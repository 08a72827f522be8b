"""How an invocation came out, in the words of AWS."""

import json
import signal
from dataclasses import dataclass
from typing import Literal

from glasshouse.core import documents
from glasshouse.engines.functions.ends import End
from glasshouse.engines.functions.runtime_api import LARGEST_BYTES

Status = Literal["success", "error", "timeout"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`payload` is what the function answered or, with an `error_type`, what its error is told as. `note` goes into the
    log; `status` is what the report says."""

    payload: bytes
    error_type: str = ""
    note: str = ""
    status: Status = "success"
    duration_s: float = 0.0
    log_tail: bytes = b""
    executed_version: str = ""
    content_type: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.error_type)


def of_invocation(end: End, request_id: str, timeout_s: float) -> Outcome:
    """The outcome of an invocation that ended, or of a start that failed for good."""
    if end.kind == "answered":
        return Outcome(end.body, duration_s=end.duration_s, content_type=end.content_type)
    if end.kind == "failed":
        kind = end.error_type or _told_type(end.body) or "Runtime.Unknown"
        return Outcome(end.body, kind, duration_s=end.duration_s)
    if end.kind == "timed out":
        told = f"Task timed out after {timeout_s:.2f} seconds"
        payload = _error("Sandbox.Timedout", f"RequestId: {request_id} Error: {told}")
        return Outcome(payload, "Sandbox.Timedout", f"{request_id} {told}\n\n", "timeout", timeout_s)
    if end.kind == "too large":
        told = f"Response payload size exceeded maximum allowed payload size ({LARGEST_BYTES} bytes)."
        return Outcome(_error("Function.ResponseSizeTooLarge", told), "Function.ResponseSizeTooLarge", "", "error",
                       end.duration_s)  # fmt: skip
    kind = "Runtime.OutOfMemory" if end.kind == "out of memory" else "Runtime.ExitError"
    status = -signal.SIGKILL if end.kind == "out of memory" else end.status
    return crashed(request_id, kind, f"Runtime exited {_reason(status)}", end.duration_s)


def crashed(request_id: str, kind: str, told: str, duration_s: float = 0.0) -> Outcome:
    """Of a runtime that is gone, or never was."""
    message = f"RequestId: {request_id} Error: {told}"
    return Outcome(_error(kind, message), kind, f"{message}\n{kind}\n", "error", duration_s)


def start_status(end: End) -> tuple[Status, str]:
    """What the report of a failed start says: its status and the type of the error."""
    if end.kind == "timed out":
        return "timeout", ""
    if end.kind == "failed":
        return "error", end.error_type or "Runtime.Unknown"
    return "error", "Runtime.OutOfMemory" if end.kind == "out of memory" else "Runtime.ExitError"


def _reason(status: int) -> str:
    """As Go words the end of a process."""
    if status == 0:
        return "without providing a reason"
    if status > 0:
        return f"with error: exit status {status}"
    return f"with error: signal: {(signal.strsignal(-status) or str(-status)).lower()}"


def _error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}, separators=(",", ":")).encode()


def _told_type(body: bytes) -> str:
    """The type that an error's body tells, if it is of the usual form."""
    try:
        told = documents.read(body)
    except ValueError:
        return ""
    kind = told.get("errorType") if isinstance(told, dict) else None
    return kind if isinstance(kind, str) else ""
