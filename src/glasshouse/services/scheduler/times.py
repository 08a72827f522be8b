"""Times as the scheduler writes them."""

from datetime import UTC, datetime


def iso_time(moment: float) -> str:
    """2022-03-22T18:59:43Z."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
