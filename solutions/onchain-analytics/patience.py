"""Waiting for what AWS does by and by."""

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

PATIENCE_S, PAUSE_S = 120, 1


def patiently(action: Callable[[], Any], *codes: str) -> Any:
    """Do something that may be refused at first: it takes IAM some seconds to make a new role known everywhere."""
    for _ in range(PATIENCE_S // PAUSE_S):
        try:
            return action()
        except ClientError as failure:
            if failure.response["Error"]["Code"] not in codes:
                raise
            refusal = failure
            time.sleep(PAUSE_S)
    raise refusal


def until(is_so: Callable[[], bool], what: str):
    for _ in range(PATIENCE_S // PAUSE_S):
        if is_so():
            return
        time.sleep(PAUSE_S)
    raise TimeoutError(f"It took more than {PATIENCE_S} s until {what}")


def waiting() -> dict[str, int]:
    """How boto3's waiters ask: more often than they would."""
    return {"Delay": PAUSE_S, "MaxAttempts": PATIENCE_S // PAUSE_S}
