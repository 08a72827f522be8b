"""GetMetricData."""

from collections.abc import Iterator
from datetime import timezone

from glasshouse.core.table import make_token, read_token
from glasshouse.engines.metricmath import Series
from glasshouse.services.cloudwatch.data_queries import DataQuery, MetricStat, read_queries
from glasshouse.services.cloudwatch.errors import InvalidNextToken, ValidationError
from glasshouse.services.cloudwatch.labels import Surroundings, filled, read_zone
from glasshouse.services.cloudwatch.sheets import Sheet, Within

MOST_POINTS = 100_800
ORDERS = ("TimestampDescending", "TimestampAscending")


class Data:
    """Metrics, and what expressions make of them."""

    def get_metric_data(
        self,
        metric_data_queries: list | None = None,
        start_time: float | None = None,
        end_time: float | None = None,
        next_token: str | None = None,
        scan_by: str = "TimestampDescending",
        max_datapoints: int = MOST_POINTS,
        label_options: dict | None = None,
    ):
        queries = self._queries(metric_data_queries, start_time, end_time)
        zone = read_zone(label_options)
        if scan_by not in ORDERS:
            raise ValidationError(
                f"1 validation error detected: Value '{scan_by}' at 'scanBy' failed to satisfy constraint: Member must"
                f" satisfy enum value set: [{', '.join(ORDERS)}]"
            )
        if not 1 <= max_datapoints <= MOST_POINTS:
            raise ValidationError(f"The value {max_datapoints} for parameter MaxDatapoints is invalid.")
        self._refresh()
        sheet = Sheet(self, queries, Within(start_time, end_time))
        results = [
            (query.id, series, label, sheet.messages(query.id))
            for query in queries
            if query.returned
            for series, label in self._labelled(query, queries, sheet, zone)
        ]
        page, token = _page(results, _place(next_token), max_datapoints, scan_by == "TimestampDescending")
        return {"MetricDataResults": page, "NextToken": token, "Messages": []}

    def _queries(self, queries: list | None, start: float | None, end: float | None) -> list[DataQuery]:
        given = {"MetricDataQueries": queries, "StartTime": start, "EndTime": end}
        missing = [name for name, value in given.items() if value in (None, [])]
        if missing:
            raise ValidationError("\n".join(f"The parameter {name} is required." for name in missing))
        if int(start) > int(end):
            raise ValidationError("The parameter EndTime must be greater than StartTime.")
        if int(start) == int(end):  # fractions of seconds do not count
            raise ValidationError("The parameter StartTime must not equal parameter EndTime.")
        read = read_queries(queries)
        for number, query in enumerate(queries, 1):
            if query.get("AccountId") not in (None, self.call.account):
                raise ValidationError(
                    f"The value {query['AccountId']} for parameter MetricDataQueries.member.{number}.AccountId is"
                    " invalid."
                )
        return read

    def _labelled(
        self, query: DataQuery, queries: list[DataQuery], sheet: Sheet, zone: timezone
    ) -> Iterator[tuple[Series, str]]:
        several = isinstance(sheet.value(query.id), list)
        for series in sheet.series(query.id):
            label = series.label if several else _label(query, queries)
            around = Surroundings(label, self._properties(query), zone, self.now)
            if query.label is None:
                yield series, label
            elif several and "${" not in query.label:
                yield series, f"{query.label} {label}"
            else:
                yield series, filled(query.label, series, around)

    def _properties(self, query: DataQuery) -> dict[str, str]:
        told = {"AccountId": self.call.account, "AccountLabel": self.call.account, "Region": self.call.region}
        asked = query.asks
        if isinstance(asked, MetricStat):
            told |= {
                "MetricName": asked.metric_name, "Namespace": asked.namespace, "Period": str(asked.period),
                "Stat": asked.statistic.name,
            }  # fmt: skip
            told |= {f"Dim.{dimension['Name']}": dimension["Value"] for dimension in asked.dimensions}
        return told


def _label(query: DataQuery, queries: list[DataQuery]) -> str:
    """A metric's name, with its statistic and period where those of a request differ; an expression's id."""
    asked = query.asks
    if not isinstance(asked, MetricStat):
        return query.id
    others = [one.asks for one in queries if isinstance(one.asks, MetricStat)]
    parts = [asked.metric_name]
    if len({other.statistic.name for other in others}) > 1:
        parts.append(asked.statistic.name)
    if len({other.period for other in others}) > 1:
        parts.append(str(asked.period))
    return " ".join(parts)


def _page(
    results: list[tuple[str, Series, str, list[dict]]], skipped: int, most: int, backwards: bool
) -> tuple[list[dict], str | None]:
    """The points after those of earlier pages; a result is left out once all of it was told."""
    page, room, before, left = [], most, 0, False
    for name, series, label, messages in results:
        count = len(series.points)
        told = max(0, min(count, skipped - before))
        before += count
        if skipped and before <= skipped:
            continue
        points = sorted(series.points.items(), reverse=backwards)[told : told + room]
        room -= len(points)
        complete = told + len(points) == count
        left = left or not complete
        page.append(
            {
                "Id": name, "Label": label, "Timestamps": [moment for moment, _ in points],
                "Values": [value for _, value in points], "StatusCode": "Complete" if complete else "PartialData",
                "Messages": messages or None,
            }
        )  # fmt: skip
    return page, make_token(f"data {skipped + most}") if left else None


def _place(token: str | None) -> int:
    """How many points earlier pages told."""
    word, _, number = read_token(token).partition(" ")
    if token and (word != "data" or not number.isdecimal()):
        raise InvalidNextToken("The NextToken is invalid.")
    return int(number or 0)
