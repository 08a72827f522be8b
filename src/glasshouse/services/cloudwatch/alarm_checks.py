"""What a metric alarm must be, in AWS's words."""

import math

from glasshouse.core import documents
from glasshouse.services.cloudwatch.alarm_verdicts import COMPARISONS, TREATED
from glasshouse.services.cloudwatch.data_queries import DataQuery, MetricStat, read_queries
from glasshouse.services.cloudwatch.errors import (
    InvalidFormatFault,
    InvalidParameterValueException,
    ValidationError,
)
from glasshouse.services.cloudwatch.readings import DAY_S, HOUR_S, MINUTE_S
from glasshouse.services.cloudwatch.records import MetricAlarm
from glasshouse.services.cloudwatch.statistics import read_statistic

SHORT_PERIODS = (10, 20, 30)
WEEK_S = 7 * DAY_S


def check_alarm(alarm: MetricAlarm):
    """Raises ValidationError and InvalidParameterValueException."""
    if alarm.comparison_operator not in COMPARISONS:
        raise ValidationError("Alarms that watch an anomaly detection band need ThresholdMetricId")
    if alarm.threshold is None or not math.isfinite(alarm.threshold):
        raise ValidationError("Threshold must be specified and finite")
    if (alarm.datapoints_to_alarm or 0) > alarm.evaluation_periods:
        raise ValidationError("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    _check_options(alarm)
    for action in (*alarm.ok_actions, *alarm.alarm_actions, *alarm.insufficient_data_actions):
        if not action.startswith("arn:"):
            raise ValidationError(f"Invalid arn syntax: {action}")
    if alarm.metrics:
        _check_queries(alarm)
    else:
        _check_metric(alarm)


def _check_options(alarm: MetricAlarm):
    low = alarm.evaluate_low_sample_count_percentile
    if low not in (None, "evaluate", "ignore"):
        raise ValidationError(
            f"Option {low} is not supported. Supported options for parameter EvaluateLowSampleCountPercentile are"
            " evaluate and ignore."
        )
    missing = alarm.treat_missing_data
    if missing not in (None, *TREATED):
        raise ValidationError(
            f"Option {missing} is not supported. Supported options for parameter TreatMissingData are breaching,"
            " notBreaching, ignore and missing."
        )


def _check_metric(alarm: MetricAlarm):
    if not alarm.metric_name or not alarm.namespace:
        raise ValidationError("MetricName and Namespace must be specified, or Metrics")
    if alarm.period is None:
        raise ValidationError("Period must be specified")
    if alarm.statistic and alarm.extended_statistic:
        raise ValidationError("Statistic and ExtendedStatistic cannot be set for the same alarm.")
    if not alarm.statistic and not alarm.extended_statistic:
        raise ValidationError("Statistic or ExtendedStatistic must be specified")
    if alarm.extended_statistic and read_statistic(alarm.extended_statistic) is None:
        raise InvalidParameterValueException(
            f"The value {alarm.extended_statistic} for parameter ExtendedStatistic is not supported."
        )
    _check_period(alarm, alarm.period)


def _check_period(alarm: MetricAlarm, period: int):
    if period not in SHORT_PERIODS and period % MINUTE_S:
        raise ValidationError("Period must be 10, 20, 30 or a multiple of 60")
    most, words = (WEEK_S, "seven days") if period >= HOUR_S else (DAY_S, "a day")
    if period * alarm.evaluation_periods > most:
        raise ValidationError(
            f"Metrics cannot be checked across more than {words} (EvaluationPeriods * Period must be <= {most})."
        )


def _check_queries(alarm: MetricAlarm):
    given = (
        *(alarm.metric_name, alarm.namespace, alarm.statistic, alarm.extended_statistic),
        *(alarm.dimensions, alarm.period, alarm.unit),
    )
    if any(given):
        raise ValidationError("Metrics cannot be combined with the parameters of a single metric")
    queries = read_queries(alarm.metrics or [], "Metrics")
    if sum(query.returned for query in queries) != 1:
        raise ValidationError("Exactly one element of the metrics list should return data.")
    periods = {query.period for query in queries if isinstance(query.asks, MetricStat)}
    if len(periods) > 1:
        raise ValidationError("All metrics of an alarm must have the same period")
    _check_period(alarm, period_of(queries))


def period_of(queries: list[DataQuery]) -> int:
    """The period by which an expression is evaluated."""
    periods = [query.period for query in queries if query.period]
    return min(periods, default=MINUTE_S)


def check_reason_data(text: str | None):
    """Raises InvalidFormatFault."""
    if text is None:
        return
    try:
        documents.read(text)
    except ValueError:
        raise InvalidFormatFault("Unknown") from None
