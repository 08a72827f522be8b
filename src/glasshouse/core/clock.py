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
        self._held = False  # whether it stands still only for as long as somebody moves it
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
        self._frozen_at, self._held = self.now(), False
        self._changed()

    def resume(self):
        """Run on from where the clock stands."""
        self._offset, self._frozen_at, self._held = self.now() - time.time(), None, False
        self._changed()

    def hold(self):
        """Stand still until `release`, unless it does anyway; if the process ends before that, the clock runs on."""
        if not self.frozen:
            self._frozen_at, self._held = self.now(), True
            self._changed()

    def release(self):
        """Run on, unless it was frozen before it was held, or meanwhile."""
        if self._held:
            self.resume()

    def reset(self):
        """Back to the machine's time."""
        self._offset, self._frozen_at, self._held = 0.0, None, False
        self._changed()

    def reload(self):
        """Read the setting anew from the store."""
        self._held = False
        self._offset, self._frozen_at = self._store.setting("clock", (0.0, None))
        self._changed()

    def _changed(self):
        with self._store.transaction():
            self._store.keep_setting("clock", (self._offset, None if self._held else self._frozen_at))
        for told in self.on_change:
            told()
