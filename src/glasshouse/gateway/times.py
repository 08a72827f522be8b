"""Moments as signatures and their errors write them."""

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=256)
def epoch(timestamp: str) -> float:
    """The epoch second of `20260131T235959Z`. Raises ValueError."""
    return datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def basic(moment: float) -> str:
    """`20260131T235959Z`"""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y%m%dT%H%M%SZ")


def iso(moment: float) -> str:
    """`2026-01-31T23:59:59Z`"""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
