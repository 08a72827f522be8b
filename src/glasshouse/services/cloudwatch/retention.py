"""Retention: data grow coarser with their age, and go after fifteen months."""

from glasshouse.core import on
from glasshouse.core.metrics import read_measures
from glasshouse.services.cloudwatch.readings import DAY_S, KEPT

AT_ONCE = 5000


class Retention:
    """What is done with old data: by a job each night, and whenever somebody reads."""

    @on("cloud.Measured")
    def _look_after_data(self):
        self._roll_up_due()
        self.store.write("DELETE FROM metric WHERE last < ?", (self.now - KEPT[3600][0],))
        self.later("_look_after_data", at=(self.now // DAY_S + 1) * DAY_S, key="_look_after_data")

    def _roll_up_due(self):
        for period, (seconds, longer) in KEPT.items():
            oldest = self.now - seconds
            if longer:
                oldest = oldest // longer * longer  # longer periods are made whole at once
            while self._roll_up(period, longer, oldest) == AT_ONCE:
                pass

    def _roll_up(self, period: int, longer: int, before: float) -> int:
        """Put data of a period together to those of the next longer one; without one, drop them."""
        rows = self.store.read(
            "SELECT metric, start, unit, count, total, least, most, frequencies FROM metric_data"
            " WHERE period = ? AND start < ? LIMIT ?",
            (period, before, AT_ONCE),
        ).fetchall()
        for metric, start, unit, *numbers in rows:
            if longer:
                self.cloud.metrics.keep(metric, start // longer * longer, longer, unit, read_measures(*numbers))
            self.store.write(
                "DELETE FROM metric_data WHERE metric = ? AND start = ? AND period = ? AND unit = ?",
                (metric, start, period, unit),
            )
        return len(rows)
