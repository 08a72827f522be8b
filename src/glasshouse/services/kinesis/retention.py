"""How long records are kept, and what becomes of those that have been kept long enough.

Nobody sees a record that is too old; that it is deleted costs nothing until then, since each shard has a job for the
time at which its oldest record expires.
"""

from glasshouse.services.kinesis.errors import InvalidArgumentException
from glasshouse.services.kinesis.records import Stream
from glasshouse.services.kinesis.shards import Shard

LEAST_HOURS, MOST_HOURS, HOUR_S = 24, 8760, 3600


class Retention:
    """IncreaseStreamRetentionPeriod and DecreaseStreamRetentionPeriod."""

    def increase_stream_retention_period(
        self, retention_period_hours: int, stream_name: str | None = None, stream_arn: str | None = None
    ):
        stream = self._retained(stream_name, stream_arn, retention_period_hours)
        if retention_period_hours < stream.retention_period_hours:
            raise InvalidArgumentException(
                f"Requested retention period ({retention_period_hours} hours) for stream {stream.stream_name} can not"
                f" be shorter than existing retention period ({stream.retention_period_hours} hours). Use"
                " DecreaseRetentionPeriod API."
            )
        stream.horizon = stream.oldest(self.now)  # what has expired does not come back
        stream.retention_period_hours = retention_period_hours
        self._update(stream, "_activate")

    def decrease_stream_retention_period(
        self, retention_period_hours: int, stream_name: str | None = None, stream_arn: str | None = None
    ):
        stream = self._retained(stream_name, stream_arn, retention_period_hours)
        if retention_period_hours > stream.retention_period_hours:
            raise InvalidArgumentException(
                f"Requested retention period ({retention_period_hours} hours) for stream {stream.stream_name} can not"
                f" be longer than existing retention period ({stream.retention_period_hours} hours). Use"
                " IncreaseRetentionPeriod API."
            )
        stream.retention_period_hours = retention_period_hours
        self._update(stream, "_activate")
        for shard in self._shards(stream).all():
            self._trim_later(stream, shard, None)

    # Within

    def _retained(self, name: str | None, arn: str | None, hours: int) -> Stream:
        stream = self._stream(name, arn, living=False)
        if hours < LEAST_HOURS:
            raise InvalidArgumentException(
                f"Minimum allowed retention period is {LEAST_HOURS} hours. Requested retention period ({hours} hours)"
                " is too short."
            )
        if hours > MOST_HOURS:
            raise InvalidArgumentException(
                f"Maximum allowed retention period is {MOST_HOURS} hours. Requested retention period ({hours} hours) is"
                " too long."
            )
        self._check_idle(stream)
        return stream

    def _trim_later(self, stream: Stream, shard: Shard, since: float | None):
        """Look at a shard when what has been there since a moment expires; without one, now."""
        due = self.now if since is None else since + stream.retention_period_hours * HOUR_S
        self._later_for(
            stream, "_trim", due, f"trim {shard.id}",
            name=stream.stream_name, number=stream.number, position=shard.position,
        )  # fmt: skip

    def _trim(self, name: str, number: int, position: int):
        stream = self.streams.get(name)
        shard = self._shards(stream).get(position) if stream and stream.number == number else None
        if stream is None or shard is None:
            return
        log = self._log(stream, shard)
        if log.trim():
            self._trim_later(stream, shard, None)
            return
        if first := log.first():
            # Not for each record of a busy shard, but what expires within the hour together.
            self._trim_later(stream, shard, max(first[1], self.now - (stream.retention_period_hours - 1) * HOUR_S))
        elif shard.closed is not None and shard.closed > stream.oldest(self.now):
            self._trim_later(stream, shard, shard.closed)
        elif shard.closed is not None:
            self._shards(stream).remove(shard)
