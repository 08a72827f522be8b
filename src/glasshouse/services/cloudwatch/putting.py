"""PutMetricData: what clients measure, in AWS's words where it is wrong."""

import math
from collections.abc import Callable, Iterator
from itertools import repeat

from glasshouse.core.metrics import MINUTE, Measures, metric_topic, place_topic
from glasshouse.services.cloudwatch.errors import (
    InvalidParameterCombinationException,
    InvalidParameterValueException,
    MissingRequiredParameterException,
)
from glasshouse.services.cloudwatch.readings import DAY_S, HOUR_S, UNITS, dimension_pairs

MOST_DATA, MOST_VALUES, MOST_DIMENSIONS = 1000, 150, 30
LONGEST_NAME, LONGEST_DIMENSION_VALUE = 255, 1024
LARGEST = 2.0**360
STATISTICS = ("SampleCount", "Sum", "Minimum", "Maximum")


class Putting:
    """Putting data. Differs from AWS: they can be read at once; any storage resolution below a minute is a second."""

    def put_metric_data(self, namespace: str | None = None, metric_data: list | None = None):
        self._check_namespace(namespace)
        if not metric_data:
            raise MissingRequiredParameterException("The parameter MetricData is required.")
        _check_size("MetricData", metric_data, MOST_DATA)
        _raise_first(
            lambda: (wrong for number, datum in enumerate(metric_data, 1) for wrong in self._wrongs(number, datum))
        )
        metrics, call, minutes = self.cloud.metrics, self.call, set()
        for datum in metric_data:
            moment = datum.get("Timestamp", self.now)
            period = 1 if datum.get("StorageResolution", MINUTE) < MINUTE else MINUTE
            start = int(moment // period * period)
            known = metrics.known(
                call.account,
                call.region,
                namespace,
                datum["MetricName"],
                dimension_pairs(datum.get("Dimensions")),
                start,
            )
            metrics.keep(known, start, period, datum.get("Unit", "None"), _measures(datum))
            minutes.add((known, start // MINUTE * MINUTE))
        self._tell_streams(minutes)
        names = {datum["MetricName"] for datum in metric_data}
        topics = [metric_topic(call.account, call.region, namespace, name) for name in names]
        self.tell(place_topic(call.account, call.region), *topics)

    def _check_namespace(self, namespace: str | None):
        if not namespace:
            raise MissingRequiredParameterException("The parameter Namespace is required.")
        reserved = namespace.startswith("AWS/") and self.call.principal.kind != "service"
        if reserved or namespace.startswith(":") or len(namespace) > LONGEST_NAME or not _is_plain(namespace):
            raise InvalidParameterValueException(f"The value {namespace} for parameter Namespace is invalid.")

    def _wrongs(self, number: int, datum: dict) -> Iterator[Exception]:
        """What is wrong with a datum."""
        at = f"MetricData.member.{number}"
        name = datum.get("MetricName")
        if not name:
            yield MissingRequiredParameterException(f"The parameter {at}.MetricName is required.")
        elif len(name) > LONGEST_NAME or not _is_plain(name):
            yield InvalidParameterValueException(f"The value {name} for parameter {at}.MetricName is invalid.")
        yield from _wrong_dimensions(at, datum.get("Dimensions", []))
        yield from _wrong_values(at, datum)
        unit = datum.get("Unit", "None")
        if unit not in UNITS:
            yield InvalidParameterValueException(
                f"The parameter {at}.Unit must be a value in the set [ {', '.join(UNITS)} ]."
            )
        moment = datum.get("Timestamp")
        if moment is not None and moment < self.now - 14 * DAY_S:
            yield InvalidParameterValueException(
                f"The parameter {at}.Timestamp must specify a time within the past two weeks."
            )
        if moment is not None and moment > self.now + 2 * HOUR_S:
            yield InvalidParameterValueException(
                f"The parameter {at}.Timestamp must specify a time no more than two hours in the future."
            )
        resolution = datum.get("StorageResolution", MINUTE)
        if resolution < 1:
            yield InvalidParameterValueException(
                f"The value {resolution} for parameter {at}.StorageResolution is invalid."
            )


def _raise_first(wrongs: Callable[[], Iterator[Exception]]):
    """Raise the first error, with the messages of all that are of its kind, a line each."""
    first = next(wrongs(), None)
    if first is not None:
        alike = [str(wrong) for wrong in wrongs() if type(wrong) is type(first)]
        raise type(first)("\n".join(alike))


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and bool(text.strip())


def _check_size(name: str, collection: list, most: int):
    if len(collection) > most:
        raise InvalidParameterValueException(f"The collection {name} must not have a size greater than {most}.")


def _wrong_dimensions(at: str, dimensions: list) -> Iterator[Exception]:
    _check_size(f"{at}.Dimensions", dimensions, MOST_DIMENSIONS)
    for number, dimension in enumerate(dimensions, 1):
        for part, longest in (("Name", LONGEST_NAME), ("Value", LONGEST_DIMENSION_VALUE)):
            text, place = dimension.get(part), f"{at}.Dimensions.member.{number}.{part}"
            if text is None:
                yield MissingRequiredParameterException(f"The parameter {place} is required.")
            elif not _is_plain(text) or len(text) > longest or (part == "Name" and text.startswith(":")):
                yield InvalidParameterValueException(f"The value {text} for parameter {place} is invalid.")


def _wrong_values(at: str, datum: dict) -> Iterator[Exception]:
    value, values, counts = datum.get("Value"), datum.get("Values"), datum.get("Counts")
    statistics = datum.get("StatisticValues")
    given = {"Values": values, "StatisticValues": statistics}
    for other, content in given.items():
        if value is not None and content is not None:
            yield InvalidParameterCombinationException(
                f"The parameters {at}.Value and {at}.{other} are mutually exclusive and you have specified both."
            )
    if value is None and not values and statistics is None:
        yield MissingRequiredParameterException("At least one of the parameters must be specified.")
    if value is not None and _is_beyond(value):
        yield InvalidParameterValueException(f"The value {_shown(value)} for parameter {at}.Value is invalid.")
    if values is not None:
        yield from _wrong_list(at, values, counts)
    if statistics is not None:
        yield from _wrong_statistics(at, statistics)


def _wrong_list(at: str, values: list, counts: list | None) -> Iterator[Exception]:
    _check_size(f"{at}.Values", values, MOST_VALUES)
    if counts is not None and len(counts) != len(values):
        yield InvalidParameterValueException(f"The parameters {at}.Values and {at}.Counts must be of the same size.")
    for value in values:
        if _is_beyond(value):
            yield InvalidParameterValueException(f"The value {_shown(value)} for parameter {at}.Values is invalid.")
    for count in counts or ():
        if _is_beyond(count) or count < 0:
            yield InvalidParameterValueException(f"The value {_shown(count)} for parameter {at}.Counts is invalid.")


def _wrong_statistics(at: str, statistics: dict) -> Iterator[Exception]:
    for name in STATISTICS:
        place, value = f"{at}.StatisticValues.{name}", statistics.get(name)
        if value is None:
            yield MissingRequiredParameterException(f"The parameter {place} is required.")
        elif _is_beyond(value):
            yield InvalidParameterValueException(f"The value {_shown(value)} for parameter {place} is invalid.")
    if statistics.get("SampleCount", 1) < 0:
        yield InvalidParameterValueException(
            f"The value {_shown(statistics['SampleCount'])} for parameter {at}.StatisticValues.SampleCount is invalid."
        )
    if statistics.get("Minimum", 0) > statistics.get("Maximum", math.inf):
        yield InvalidParameterValueException(
            f"The parameter {at}.StatisticValues.Maximum must be greater than {at}.StatisticValues.Minimum."
        )


def _is_beyond(value: float) -> bool:
    return math.isnan(value) or abs(value) > LARGEST


def _shown(value: float) -> str:
    """As Java prints it."""
    if math.isnan(value):
        return "NaN"
    return ("Infinity" if value > 0 else "-Infinity") if math.isinf(value) else str(float(value))


def _measures(datum: dict) -> Measures:
    measures = Measures()
    if "Value" in datum:
        measures.add(float(datum["Value"]))
    for value, times in zip(datum.get("Values", ()), datum.get("Counts") or repeat(1), strict=False):
        if times:
            measures.add(float(value), float(times))
    if "StatisticValues" in datum:
        measures.merge(_statistic_set(datum["StatisticValues"]))
    return measures


def _statistic_set(statistics: dict) -> Measures:
    """Of a single value, or of several that are the same, the value is known."""
    count, total, least, most = (float(statistics[name]) for name in STATISTICS)
    known = {least: count} if count == 1 or least == most else None
    return Measures(count, total, least, most, known)
