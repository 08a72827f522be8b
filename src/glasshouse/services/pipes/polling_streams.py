"""Polling streams: each shard is read in order, one batch at a time, from where it was left.

A shard that came of others is read when those have been read to their end. Differs from AWS: a pipe takes note at once
of new records and shards; ParallelizationFactor does not make it read one shard side by side.
"""

from collections.abc import Iterator, Sequence
from math import inf

from glasshouse.core import ServiceError
from glasshouse.services.pipes.batches import Batches
from glasshouse.services.pipes.filtering import passing
from glasshouse.services.pipes.polling_queues import LARGEST_BYTES, LONGEST_WAIT_S
from glasshouse.services.pipes.records import Part, Pipe, Position
from glasshouse.services.pipes.source_events import arrival_of, of_record, sequence_of, size_of

MOST_READ = {"kinesis": 10_000, "dynamodb": 1000}
# Of each kind: botocore's name of the service that reads it, and how that names a stream's ARN.
READERS = {"kinesis": ("kinesis", "StreamARN"), "dynamodb": ("dynamodbstreams", "StreamArn")}
RETRY_S = 1.0
TOO_FAST = ("ProvisionedThroughputExceededException", "LimitExceededException")
LOST = ("ExpiredIteratorException", "TrimmedDataAccessException")


class StreamPolling:
    """The jobs of pipes that begin at streams."""

    def _poll_stream(self, name: str, number: str, turn: int):
        """Take what has come in any shard, or wait for it."""
        pipe = self._polled(name, number, turn)
        if pipe is None:
            return
        try:
            due = self._read_shards(pipe)
        except ServiceError as failure:
            if failure.code in TOO_FAST:
                self._poll_later(pipe, RETRY_S)
            else:
                self._troubled(pipe, failure)
            return
        if due > self.now and not pipe.is_troubled:
            self.wait(LONGEST_WAIT_S, pipe.source, pipe.topic, until=None if due == inf else due)
        self._untroubled(pipe)
        self._poll_later(pipe)

    def _read_shards(self, pipe: Pipe) -> float:
        """Read those whose turn it is; when to look into them again, unless it is told. If that is now, something has
        changed."""
        positions = list(self.positions.list(pipe.number))
        if not positions:
            return self.now if self._find_shards(pipe) else self.now + RETRY_S  # or it is being created
        return min((self._read_shard(pipe, position) for position in self._readable(pipe, positions)), default=inf)

    def _readable(self, pipe: Pipe, positions: Sequence[Position]) -> Iterator[Position]:
        """The shards whose turn it is, and that have nothing on its way."""
        known = {position.shard_id: position for position in positions}
        under_way = set(Batches(self.store, pipe.number).under_way())
        for position in positions:
            older = [known[parent] for parent in position.parents if parent in known]
            is_free = not position.finished and position.shard_id not in under_way
            if is_free and all(parent.finished for parent in older):
                yield position

    def _find_shards(self, pipe: Pipe) -> list[Position]:
        """Take note of shards that were not there before."""
        known = {position.shard_id: position for position in self.positions.list(pipe.number)}
        at_first = not known
        for shard_id, parents in self._shards(pipe).items():
            if shard_id not in known:
                known[shard_id] = self._first_position(pipe, shard_id, parents, at_first)
        return list(known.values())

    def _shards(self, pipe: Pipe) -> dict[str, list[str]]:
        """The shards of the stream, each with those it came of."""
        found, more = {}, True
        while more:
            start = {"ExclusiveStartShardId": [*found][-1]} if found else {}
            told = self._reader(pipe).describe_stream(**_stream(pipe), **start)["StreamDescription"]
            for shard in told["Shards"]:
                parents = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
                found[shard["ShardId"]] = [parent for parent in parents if parent]
            more = told.get("HasMoreShards") or told.get("LastEvaluatedShardId")
        return found

    def _first_position(self, pipe: Pipe, shard_id: str, parents: list[str], at_first: bool) -> Position:
        """Shards that came later are read from their beginning."""
        start = pipe.settings["StartingPosition"] if at_first or not parents else "TRIM_HORIZON"
        begun = {"LATEST": self.now, "AT_TIMESTAMP": pipe.settings.get("StartingPositionTimestamp")}.get(start)
        iterator = self._iterator(pipe, shard_id, start)
        return self.positions.put(Position(pipe.number, shard_id, parents, iterator, begun or 0.0))

    def _iterator(self, pipe: Pipe, shard_id: str, start: str, sequence: str | None = None) -> str:
        asked = {**_stream(pipe), "ShardId": shard_id, "ShardIteratorType": start}
        if sequence:
            asked["SequenceNumber" if pipe.kind == "dynamodb" else "StartingSequenceNumber"] = sequence
        if start == "AT_TIMESTAMP":
            asked["Timestamp"] = pipe.settings["StartingPositionTimestamp"]
        return self._reader(pipe).get_shard_iterator(**asked)["ShardIterator"]

    def _read_shard(self, pipe: Pipe, position: Position) -> float:
        """Take what has come in a shard; when to look into it again, unless it is told."""
        try:
            items, ended = self._records(pipe, position)
        except ServiceError as failure:
            if failure.code in TOO_FAST:
                return self.now + RETRY_S
            raise
        if not items and ended:
            position.finished = True
            self.positions.put(position)
            self._find_shards(pipe)
            return self.now
        if not items:
            return inf
        full = len(items) >= pipe.batch_size or ended
        if pipe.window_s and not full:
            if position.gathering_since is None:
                position.gathering_since = self.now
                self.positions.put(position)
                return self.now
            if self.now < position.gathering_since + pipe.window_s:
                return position.gathering_since + pipe.window_s
        self._take(pipe, position, items)
        return self.now

    def _take(self, pipe: Pipe, position: Position, items: list[dict]):
        """Make a batch of records, and send it on its way."""
        items = _portion(items)
        position.gathering_since, position.reading_to = None, sequence_of(items[-1])
        self.positions.put(position)
        wanted = passing(pipe, items)
        if not wanted:
            self._move_on(pipe, position.shard_id)
            return
        batches = Batches(self.store, pipe.number)
        number = batches.open(position.shard_id, self.now)
        batches.add(number, wanted)
        batches.close(number, [Part(len(wanted))])
        self._measure_events(pipe, len(wanted), batches.size_bytes(number))
        self._carry_later(pipe, number)

    def _move_on(self, pipe: Pipe, shard_id: str):
        """All that was read of a shard is done with."""
        position = self.positions.get(pipe.number, shard_id)
        if position:
            position.sequence = position.reading_to or position.sequence
            self.positions.put(position)
            self.tell(pipe.topic)

    def _records(self, pipe: Pipe, position: Position) -> tuple[list[dict], bool]:
        """The records that follow, as events, and whether the shard ends with them."""
        told = self._read(pipe, position)
        items = [of_record(pipe, position.shard_id, record) for record in told["Records"]]
        if position.sequence is None:
            begun = position.begun if pipe.kind == "kinesis" else int(position.begun)  # changes tell whole seconds
            items = [item for item in items if arrival_of(item) >= begun]
        return items, not told.get("NextShardIterator")

    def _read(self, pipe: Pipe, position: Position) -> dict:
        """From what is done with; from the oldest record there is, if that one is gone."""
        limit = min(pipe.batch_size, MOST_READ[pipe.kind])
        iterator, shard_id = position.iterator, position.shard_id
        try:
            if position.sequence is not None:
                iterator = self._iterator(pipe, shard_id, "AFTER_SEQUENCE_NUMBER", position.sequence)
            return self._reader(pipe).get_records(ShardIterator=iterator, Limit=limit)
        except ServiceError as failure:
            if failure.code not in LOST:
                raise
        oldest = self._iterator(pipe, shard_id, "TRIM_HORIZON")
        return self._reader(pipe).get_records(ShardIterator=oldest, Limit=limit)

    def _reader(self, pipe: Pipe):
        return getattr(self._as_pipe(pipe), READERS[pipe.kind][0])


def _stream(pipe: Pipe) -> dict[str, str]:
    return {READERS[pipe.kind][1]: pipe.source}


def _portion(items: list[dict]) -> list[dict]:
    """The first records, as many as fit into a request."""
    size = 0
    for place, item in enumerate(items):
        size += size_of(item)
        if place and size > LARGEST_BYTES:
            return items[:place]
    return items
