"""Lines: the WebSockets that are open to visitors, by the ids under which others may speak to them.

They end with the process; whoever needs to know of them afterwards keeps that in the store.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glasshouse.core.visit import Line

if TYPE_CHECKING:
    from glasshouse.core.cloud import Cloud

CLOSED, GOING_AWAY = 1000, 1001


@dataclass(slots=True)
class Held:
    """An open line: whose it is (`place` tells the service more), and who is there. Times are the cloud's."""

    line: Line
    account: str
    region: str
    place: str
    since: float
    active: float
    address: str
    agent: str
    is_parting: bool = False

    def hang_up(self, code: int = CLOSED, reason: str = "Connection Closed Normally"):
        """Nobody can speak to the visitor any more."""
        self.is_parting = True
        self.line.hang_up(code, reason)


class Lines:
    """All open lines of a cloud."""

    def __init__(self, cloud: "Cloud"):
        self._held: dict[str, Held] = {}

    def hold(self, name: str, held: Held):
        self._held[name] = held

    def get(self, name: str) -> Held | None:
        return self._held.get(name)

    def drop(self, name: str):
        self._held.pop(name, None)

    def close(self):
        """Hang up on everybody."""
        held, self._held = list(self._held.values()), {}
        for one in held:
            one.hang_up(GOING_AWAY, "Going away")
