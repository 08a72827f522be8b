"""The cloud's clock, which everything reads and a user can move.

`now` is the cloud's time in epoch seconds. `real` is the machine's, for what concerns the client's own clock
(signatures) and sockets (long polls). The setting is kept in the store, so that a moved clock survives a restart.
"""

import time
from collections.abc import Callable

from glasshouse.core.store import Store


def monotonic() -> float:
    """The machine's seconds since some moment, for measuring how long something real takes."""
    return time.monotonic()


class Clock:
    """Runs at the machine's pace from wherever it was set, or stands still while frozen."""

    def __init__(self, store: Store):
        self._store = store
        self.on_change: list[Callable[[], None]] = []
        self._offset, self._frozen_at = store.setting("clock", (0.0, None))

    def now(self) -> float:
        return self._frozen_at if self._frozen_at is not None else time.time() + self._offset

    @staticmethod
    def real() -> float:
        return time.time()

    @property
    def frozen(self) -> bool:
        return self._frozen_at is not None

    def set(self, moment: float):
        """Go to an epoch second; a frozen clock stays frozen there."""
        if self.frozen:
            self._frozen_at = moment
        self._offset = moment - time.time()
        self._changed()

    def freeze(self):
        self._frozen_at = self.now()
        self._changed()

    def resume(self):
        """Run on from where the clock stands."""
        self._offset, self._frozen_at = self.now() - time.time(), None
        self._changed()

    def reset(self):
        """Back to the machine's time."""
        self._offset, self._frozen_at = 0.0, None
        self._changed()

    def reload(self):
        """Read the setting anew from the store."""
        self._offset, self._frozen_at = self._store.setting("clock", (0.0, None))
        self._changed()

    def _changed(self):
        with self._store.transaction():
            self._store.keep_setting("clock", (self._offset, self._frozen_at))
        for told in self.on_change:
            told()
