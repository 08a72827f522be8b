"""What metric streams send: each minute of each metric, as soon as the minute is over.

What comes in for a minute that was sent already is sent once more, with all of that minute.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from glasshouse.core import Service, ServiceError
from glasshouse.core.metrics import Measures, place_topic, read_measures
from glasshouse.services.cloudwatch.metric_formats import Minutes, pieces
from glasshouse.services.cloudwatch.readings import HOUR_S, MINUTE_S, Metric
from glasshouse.services.cloudwatch.records import RUNNING, MetricStream

OF_MINUTES = f"d.period IN (1, {MINUTE_S})"  # one by one, so that the index by period and start is used
MOST_BYTES, MOST_RECORDS = 100_000, 30
LATEST_S = 2 * HOUR_S  # what could not be sent is tried again for so long


class SenderOfMetrics(Service):
    """CloudWatch under the name by which roles know its metric streams."""

    name, principal = "cloudwatch", "streams.metrics.cloudwatch"


class MetricStreaming:
    """Sending, minute by minute."""

    def _send_on(self, stream: MetricStream):
        self.later("_await_metrics", key=f"stream/{stream.name}", name=stream.name)

    def _await_metrics(self, name: str):
        """Until there is something to send; then send it when its minute is over."""
        stream = self.metric_streams.get(name)
        if stream is None or stream.state != RUNNING:
            return
        self.cloud.metrics.flush()
        if not self._have_come(stream):
            self.wait(MINUTE_S, place_topic(self.call.account, self.call.region))
        self.later("_send_metrics", at=self._this_minute() + MINUTE_S, key=f"stream/{name}", name=name)

    def _send_metrics(self, name: str):
        stream = self.metric_streams.get(name)
        if stream is None or stream.state != RUNNING:
            return
        self._refresh()
        end = self._this_minute()
        start = max(stream.sent_until, end - LATEST_S)
        if self._sent(stream, self._minutes("d.start >= ? AND d.start < ?", start, end)):
            stream.sent_until = end
            self.metric_streams.put(stream)
        self._send_on(stream)

    def _send_late(self, minutes: list):
        """What has come in for minutes that are over, as (metric, start), to those who have sent them already."""
        late: Minutes = {}
        for metric, start in minutes:
            late |= self._minutes("d.metric = ? AND d.start >= ? AND d.start < ?", metric, start, start + MINUTE_S)
        for stream in self.metric_streams.list():
            sent = {key: measures for key, measures in late.items() if key[1] < stream.sent_until}
            if stream.state == RUNNING:
                self._sent(stream, sent)

    def _tell_streams(self, minutes: set[tuple[int, int]]):
        """Data of these minutes have come in."""
        over = sorted(minute for minute in minutes if minute[1] < self._this_minute())
        if over and any(stream.state == RUNNING for stream in self.metric_streams.list()):
            self.later("_send_late", minutes=over)

    def _have_come(self, stream: MetricStream) -> bool:
        """Whether there is anything to send. What sending itself adds to the metrics of the delivery stream waits until
        there is something else, or sending would never end."""
        own = msgspec.json.encode([("DeliveryStreamName", stream.firehose_arn.rpartition("/")[2])]).decode()
        found = self.store.read(
            f"SELECT 1 FROM metric_data d JOIN metric m ON m.id = d.metric WHERE {OF_MINUTES} AND d.start >= ?"
            " AND m.account = ? AND m.region = ? AND NOT (m.namespace = 'AWS/Firehose' AND m.dimensions = ?) LIMIT 1",
            (stream.sent_until, self.call.account, self.call.region, own),
        )
        return found.fetchone() is not None

    def _minutes(self, condition: str, *arguments: Any) -> Minutes:
        """What was measured, by the minute."""
        rows = self.store.read(
            "SELECT m.id, m.namespace, m.name, m.dimensions, d.start, d.unit, d.count, d.total, d.least, d.most,"
            f" d.frequencies FROM metric_data d JOIN metric m ON m.id = d.metric WHERE {condition} AND {OF_MINUTES}"
            " AND m.account = ? AND m.region = ? ORDER BY d.start, m.id",
            (*arguments, self.call.account, self.call.region),
        )
        found: Minutes = {}
        for number, namespace, name, dimensions, start, unit, *measured in rows:
            key = (Metric(number, namespace, name, dimensions), start // MINUTE_S * MINUTE_S, unit)
            found.setdefault(key, Measures()).merge(read_measures(*measured))
        return found

    def _sent(self, stream: MetricStream, minutes: Minutes) -> bool:
        """Whether all that the stream is to send has been taken."""
        wanted = {key: measures for key, measures in minutes.items() if _wants(stream, key[0])}
        records = [{"Data": data} for data in _packed(pieces(stream, self.call.account, self.call.region, wanted))]
        if not records:
            return True
        aws = SenderOfMetrics(self.cloud, self.call).aws(source_arn=stream.arn)
        name = stream.firehose_arn.rpartition("/")[2]
        try:
            with self.store.transaction():
                firehose = aws.as_role(stream.role_arn).firehose
                for first in range(0, len(records), MOST_RECORDS):
                    batch = records[first : first + MOST_RECORDS]
                    firehose.put_record_batch(DeliveryStreamName=name, Records=batch)
        except ServiceError:
            return False
        return True


def _wants(stream: MetricStream, metric: Metric) -> bool:
    if stream.include_filters:
        return _named(stream.include_filters, metric)
    return not _named(stream.exclude_filters or [], metric)


def _named(filters: list[dict], metric: Metric) -> bool:
    return any(
        one["Namespace"] == metric.namespace and metric.metric_name in (one.get("MetricNames") or [metric.metric_name])
        for one in filters
    )


def _packed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Many pieces a record."""
    record = b""
    for piece in pieces:
        if record and len(record) + len(piece) > MOST_BYTES:
            yield record
            record = b""
        record += piece
    if record:
        yield record
