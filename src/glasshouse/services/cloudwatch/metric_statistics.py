"""GetMetricStatistics."""

from glasshouse.core.metrics import Measures
from glasshouse.services.cloudwatch.errors import (
    InvalidParameterCombinationException,
    InvalidParameterValueException,
    MissingRequiredParameterException,
)
from glasshouse.services.cloudwatch.readings import MINUTE_S, UNITS, lacks, span
from glasshouse.services.cloudwatch.statistics import PLAIN, Statistic, read_statistic

MOST_POINTS = 1440
SHORT_PERIODS = (1, 5, 10, 20, 30)


class MetricStatistics:
    """Statistics of one metric."""

    def get_metric_statistics(
        self,
        namespace: str | None = None,
        metric_name: str | None = None,
        dimensions: list | None = None,
        start_time: float | None = None,
        end_time: float | None = None,
        period: int | None = None,
        statistics: list | None = None,
        extended_statistics: list | None = None,
        unit: str | None = None,
    ):
        given = {"Namespace": namespace, "MetricName": metric_name, "StartTime": start_time, "EndTime": end_time,
                 "Period": period}  # fmt: skip
        missing = [f"The parameter {name} is required." for name, value in given.items() if value in (None, "")]
        if missing := [*missing, *lacks(dimensions)]:
            raise MissingRequiredParameterException("\n".join(missing))
        _check_times(start_time, end_time, period)
        wanted = _read_statistics(statistics or [], extended_statistics or [])
        if unit is not None and unit not in UNITS:
            raise InvalidParameterValueException(
                f"The parameter Unit must be a value in the set [ {', '.join(UNITS)} ]."
            )
        self._refresh()
        metric = self._metric(namespace, metric_name, dimensions)
        over = span(start_time, end_time, period, self.now)
        measured = self._measured(metric, over, unit, any(one.needs_values for one in wanted))
        points = [
            _point(moment, of_unit, measures, wanted)
            for of_unit, by_moment in measured.items()
            for moment, measures in by_moment.items()
        ]
        return {"Label": metric_name, "Datapoints": sorted(points, key=lambda point: point["Timestamp"])}


def _check_times(start: float, end: float, period: int):
    if int(start) >= int(end):  # fractions of seconds do not count
        raise InvalidParameterValueException("The parameter StartTime must be less than the parameter EndTime.")
    if period <= 0 or (period % MINUTE_S and period not in SHORT_PERIODS):
        raise InvalidParameterValueException(f"The value {period} for parameter Period is invalid.")
    count = int((end - start) // period)
    if count > MOST_POINTS:
        raise InvalidParameterCombinationException(
            f"You have requested up to {count:,} datapoints, which exceeds the limit of {MOST_POINTS:,}. You may reduce"
            " the datapoints requested by increasing Period, or decreasing the time range."
        )


def _read_statistics(plain: list[str], extended: list[str]) -> list[Statistic]:
    if bool(plain) is bool(extended):
        raise InvalidParameterCombinationException("Must specify either Statistics or ExtendedStatistics")
    found = []
    for number, name in enumerate(plain, 1):
        if name not in PLAIN:
            raise InvalidParameterValueException(
                f"The parameter Statistics.member.{number} must be a value in the set [ Average, Sum, SampleCount,"
                " Maximum, Minimum ]."
            )
        found.append(read_statistic(name))
    for name in extended:
        statistic = read_statistic(name)
        if statistic is None or name in PLAIN:
            raise InvalidParameterValueException(f"The value {name} for parameter ExtendedStatistics is not supported.")
        found.append(statistic)
    return found


def _point(moment: int, unit: str, measures: Measures, wanted: list[Statistic]) -> dict:
    told: dict = {"Timestamp": moment, "Unit": unit}
    for statistic in wanted:
        value = statistic.of(measures)
        if statistic.name in PLAIN:
            told[statistic.name] = value
        elif value is not None:
            told.setdefault("ExtendedStatistics", {})[statistic.name] = value
    return told
