"""Resharding: shards are closed and others opened in their place, one step at a time.

UpdateShardCount does what AWS does: splits where a new boundary lies within a shard, then merges what lies between two
boundaries. Children and what is between take their places one after another, so every shard has at most two parents.
Differs from AWS: a stream on demand keeps the shards it has, since nothing here is ever too much for them.
"""

from glasshouse.services.kinesis.errors import (
    InvalidArgumentException,
    LimitExceededException,
    ResourceNotFoundException,
    ValidationException,
)
from glasshouse.services.kinesis.records import ON_DEMAND, Stream
from glasshouse.services.kinesis.shards import Shard, evenly, position_of, shard_name

DAY_S = 86_400
MOST_SHARDS, SCALINGS_A_DAY, MODE_CHANGES_A_DAY = 10_000, 10, 2


class Resharding:
    """SplitShard, MergeShards, UpdateShardCount and UpdateStreamMode."""

    def split_shard(
        self,
        shard_to_split: str,
        new_starting_hash_key: str,
        stream_name: str | None = None,
        stream_arn: str | None = None,
    ):
        stream = self._stream(stream_name, stream_arn, living=False)
        _check_provisioned(stream)
        shard = self._resharded(stream, shard_to_split)
        self._check_shard_limit(1)
        start, (first, last) = int(new_starting_hash_key), shard.range
        if not first + 1 < start < last:
            raise InvalidArgumentException(
                f"NewStartingHashKey {start} used in SplitShard() on shard {shard.name} in stream {stream.stream_name}"
                f" under account {stream.account} is not both greater than one plus the shard's StartingHashKey {first}"
                f" and less than the shard's EndingHashKey {last}."
            )
        self._check_idle(stream)
        self._check_open(stream, shard)
        self._update(stream, "_split", position=shard.position, start=str(start))

    def merge_shards(
        self,
        shard_to_merge: str,
        adjacent_shard_to_merge: str,
        stream_name: str | None = None,
        stream_arn: str | None = None,
    ):
        stream = self._stream(stream_name, stream_arn, living=False)
        _check_provisioned(stream)
        one, other = self._resharded(stream, shard_to_merge), self._resharded(stream, adjacent_shard_to_merge)
        if one.range[1] + 1 != other.range[0] and other.range[1] + 1 != one.range[0]:
            raise InvalidArgumentException(
                f"Shards {one.name} and {other.name} in stream {stream.stream_name} under account {stream.account} are"
                " not an adjacent pair of shards eligible for merging"
            )
        self._check_idle(stream)
        for shard in (one, other):
            self._check_open(stream, shard)
        self._update(stream, "_merge", positions=[one.position, other.position])

    def update_shard_count(
        self,
        target_shard_count: int,
        scaling_type: str,
        stream_name: str | None = None,
        stream_arn: str | None = None,
    ):
        stream = self._stream(stream_name, stream_arn, living=False)
        _check_provisioned(stream)
        self._check_idle(stream)
        current = stream.open_shards
        _check_target(current, target_shard_count)
        if target_shard_count > current:
            self._check_shard_limit(target_shard_count - current)
        stream.scalings = self._once_more(
            stream.scalings, SCALINGS_A_DAY, f"Stream {stream.stream_name} has been scaled {SCALINGS_A_DAY} times"
        )
        self._update(stream, "_rescale", target=target_shard_count)
        return {
            "StreamName": stream.stream_name,
            "CurrentShardCount": current,
            "TargetShardCount": target_shard_count,
            "StreamARN": stream.stream_arn,
        }

    def update_stream_mode(self, stream_arn: str, stream_mode_details: dict, warm_throughput_mi_bps: int | None = None):
        stream = self._idle(None, stream_arn)
        mode = stream_mode_details["StreamMode"]
        if mode != ON_DEMAND and warm_throughput_mi_bps is not None:
            raise InvalidArgumentException("WarmThroughputMiBps is only valid for the On-Demand capacity mode.")
        if mode != stream.mode:
            if mode == ON_DEMAND:
                self._check_on_demand_limit()
            else:
                self._check_no_queues(stream)
            stream.mode_changes = self._once_more(
                stream.mode_changes,
                MODE_CHANGES_A_DAY,
                f"The capacity mode of stream {stream.stream_name} has been changed {MODE_CHANGES_A_DAY} times",
            )
        stream.mode, stream.warm_mibps = mode, None
        if warm_throughput_mi_bps is not None:
            self._warm_up(stream, warm_throughput_mi_bps)
        self._update(stream, "_activate")

    # What the jobs do

    def _split(self, name: str, number: int, position: int, start: str):
        if stream := self._updating(name, number):
            self._divide(stream, self._shards(stream).get(position), [int(start)])
            self._finish_update(stream)

    def _merge(self, name: str, number: int, positions: list[int]):
        if stream := self._updating(name, number):
            self._unite(stream, *(self._shards(stream).get(position) for position in positions))
            self._finish_update(stream)

    def _rescale(self, name: str, number: int, target: int):
        stream = self._updating(name, number)
        if stream is None:
            return
        ranges = evenly(target)
        starts = [first for first, _ in ranges]
        for shard in self._shards(stream).open():
            first, last = shard.range
            self._divide(stream, shard, [start for start in starts if first < start <= last])
        for first, last in ranges:
            within = [it for it in self._shards(stream).open() if first <= it.range[0] and it.range[1] <= last]
            while len(within) > 1:
                within[:2] = [self._unite(stream, within[0], within[1])]
        self._finish_update(stream)

    # Within

    def _update(self, stream: Stream, method: str, **params):
        stream.stream_status = "UPDATING"
        self._keep(stream)
        self._later_for(stream, method, name=stream.stream_name, number=stream.number, **params)

    def _updating(self, name: str, number: int) -> Stream | None:
        stream = self.streams.get(name)
        return stream if stream and stream.number == number and stream.stream_status == "UPDATING" else None

    def _finish_update(self, stream: Stream):
        stream.stream_status = "ACTIVE"
        stream.open_shards = len(self._shards(stream).open())
        self._keep(stream)
        self.tell(stream.stream_arn)

    def _divide(self, stream: Stream, shard: Shard, starts: list[int]):
        """Split a shard where others are to begin, from its beginning on."""
        for start in starts:
            first, last = shard.range
            for hashes in ((first, start - 1), (start, last)):
                child = self._open(stream, hashes, shard)
            self._close(stream, shard)
            shard = child

    def _unite(self, stream: Stream, one: Shard, other: Shard) -> Shard:
        hashes = sorted([*one.range, *other.range])
        child = self._open(stream, (hashes[0], hashes[-1]), one, other)
        for shard in (one, other):
            self._close(stream, shard)
        return child

    def _open(self, stream: Stream, hashes: tuple[int, int], parent: Shard, adjacent: Shard | None = None) -> Shard:
        position = stream.shards
        # Later than its parents, so that its sequence numbers are beyond theirs.
        epoch = max(int(self.now), parent.epoch + 1, adjacent.epoch + 1 if adjacent else 0)
        parents = (parent.position, adjacent.position if adjacent else None)
        self._shards(stream).add(position, hashes, epoch, self.now, parents)
        stream.shards += 1
        return self._shards(stream).get(position)

    def _close(self, stream: Stream, shard: Shard):
        self._shards(stream).close([shard], self.now)
        if self._log(stream, shard).first() is None:
            self._trim_later(stream, shard, self.now)

    def _resharded(self, stream: Stream, name: str) -> Shard:
        position = position_of(name)
        shard = None if position is None else self._shards(stream).get(position)
        if shard is None:
            name = name if position is None else shard_name(position)
            raise ResourceNotFoundException(
                f"Could not find shard {name} in stream {stream.stream_name} under account {stream.account}."
            )
        return shard

    def _check_open(self, stream: Stream, shard: Shard):
        if shard.closed is not None:
            raise InvalidArgumentException(
                f"Shard {shard.name} in stream {stream.stream_name} under account {stream.account} has already been"
                " merged or split, and thus is not eligible for merging or splitting."
            )

    def _once_more(self, times: list[float], most: int, words: str) -> list[float]:
        """The times within a day, with now. Raises LimitExceededException if there are too many."""
        recent = [moment for moment in times if moment > self.now - DAY_S]
        if len(recent) >= most:
            raise LimitExceededException(f"{words} within the last 24 hours, which is the limit.")
        return [*recent, self.now]


def _check_provisioned(stream: Stream):
    if stream.mode == ON_DEMAND:
        raise ValidationException(
            f"Request is invalid. Stream {stream.stream_name} under account {stream.account} is in On-Demand mode."
        )


def _check_target(current: int, target: int):
    counts = f"Current open shard count: {current}, Target shard count: {target}"
    if target > MOST_SHARDS:
        raise LimitExceededException(
            f"Target shard count or number of open shards cannot be greater than {MOST_SHARDS}. {counts}"
        )
    if target > 2 * current:
        raise LimitExceededException(
            f"UpdateShardCount cannot scale up over double your current open shard count. {counts}"
        )
    if target < current / 2:
        raise LimitExceededException(
            f"UpdateShardCount cannot scale down below half your current open shard count. {counts}"
        )
