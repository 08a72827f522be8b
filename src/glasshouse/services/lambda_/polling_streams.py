"""Polling streams: each shard is read in order, from where it was left.

What is read of a shard is laid into lanes, side by side, by the keys of the records; the shard's position moves on when
all of them are empty. A shard that came of others is read when those have been read to their end.
"""

import zlib
from collections.abc import Iterator

from glasshouse.core import ServiceError
from glasshouse.services.lambda_.batches import Batches
from glasshouse.services.lambda_.filtering import Filter
from glasshouse.services.lambda_.mapping_events import (
    arrival_of,
    key_of,
    of_change,
    of_kinesis_record,
    sequence_of,
    size_of,
)
from glasshouse.services.lambda_.mapping_records import Mapping, Position
from glasshouse.services.lambda_.polling import LARGEST_BYTES, RETRY_S, stream_of

LONGEST_WAIT_S = 20
MOST_READ = {"kinesis": 10_000, "dynamodb": 1000}
SERVICES = {"kinesis": "kinesis", "dynamodb": "dynamodbstreams"}
TOO_FAST = "ProvisionedThroughputExceededException"
LOST = ("ExpiredIteratorException", "TrimmedDataAccessException")


class StreamPolling:
    """The jobs of mappings of streams."""

    def _watch_stream(self, uuid: str, turn: int):
        """Begin to read the shards whose turn it is."""
        mapping = self._polled(uuid, turn)
        if mapping is None:
            return
        try:
            shards = self._shards(mapping)
            known = {position.shard_id: position for position in self.positions.list(uuid)}
            new = {shard_id: parents for shard_id, parents in shards.items() if shard_id not in known}
            at_first = not known
            for shard_id, parents in new.items():
                known[shard_id] = self._first_position(mapping, shard_id, parents, at_first)
        except ServiceError as failure:
            self._poll_again(mapping, "_watch_stream", f"poll {uuid}", failure)
            return
        if not known:  # a stream that is being created
            self.later("_watch_stream", after=RETRY_S, key=f"poll {uuid}", uuid=uuid, turn=turn)
        for position in known.values():
            older = [known[parent] for parent in position.parents if parent in known]
            if not position.finished and all(parent.finished for parent in older):
                self._read_later(mapping, position)

    def _shards(self, mapping: Mapping) -> dict[str, list[str]]:
        """The shards of the stream, each with those it came of."""
        source = getattr(self._as_poller(mapping), SERVICES[mapping.kind])
        member = "StreamARN" if mapping.kind == "kinesis" else "StreamArn"
        found, last = {}, None
        while True:
            further = {} if last is None else {"ExclusiveStartShardId": last}
            told = source.describe_stream(**{member: stream_of(mapping.event_source_arn)}, **further)
            for shard in told["StreamDescription"]["Shards"]:
                parents = [shard.get("ParentShardId"), shard.get("AdjacentParentShardId")]
                found[shard["ShardId"]] = [parent for parent in parents if parent]
                last = shard["ShardId"]
            if not told["StreamDescription"].get("HasMoreShards"):
                return found

    def _first_position(self, mapping: Mapping, shard_id: str, parents: list[str], at_first: bool) -> Position:
        """The position of a shard that was not there before: those that came later are read from their beginning."""
        kind = mapping.starting_position if at_first or not parents else "TRIM_HORIZON"
        begun = {"LATEST": self.now, "AT_TIMESTAMP": mapping.starting_position_timestamp}.get(kind or "")
        iterator = self._iterator(mapping, shard_id, kind or "TRIM_HORIZON")
        return self.positions.put(Position(mapping.uuid, shard_id, parents, iterator, begun or 0.0))

    def _iterator(self, mapping: Mapping, shard_id: str, kind: str, sequence: str | None = None) -> str:
        source = self._as_poller(mapping)
        arn = stream_of(mapping.event_source_arn)
        if mapping.kind == "dynamodb":
            asked = {"StreamArn": arn, "ShardId": shard_id, "ShardIteratorType": kind, "SequenceNumber": sequence}
            return source.dynamodbstreams.get_shard_iterator(**asked)["ShardIterator"]
        asked = {"StreamARN": arn, "ShardId": shard_id, "ShardIteratorType": kind, "StartingSequenceNumber": sequence}
        if kind == "AT_TIMESTAMP":
            asked["Timestamp"] = mapping.starting_position_timestamp
        return source.kinesis.get_shard_iterator(**asked)["ShardIterator"]

    def _read_later(self, mapping: Mapping, position: Position, after: float = 0.0):
        self.later(
            "_read_shard", after=after, key=f"shard {mapping.uuid} {position.shard_id}", uuid=mapping.uuid,
            shard_id=position.shard_id, turn=mapping.turn,
        )  # fmt: skip

    def _read_shard(self, uuid: str, shard_id: str, turn: int):
        """Read what has come, or wait for it."""
        mapping, position = self._polled(uuid, turn), self.positions.get(uuid, shard_id)
        if mapping is None or position is None:
            return
        try:
            items, ended = self._records(mapping, position)
        except ServiceError as failure:
            if failure.code == TOO_FAST:
                self._read_later(mapping, position, RETRY_S)
            else:
                self._poll_again(mapping, "_read_shard", f"shard {uuid} {shard_id}", failure, shard_id=shard_id)
            return
        if items and self._window_is_over(mapping, position, arrival_of(items[0])):
            self._end_window(mapping, position)
        elif items:
            self._take(mapping, position, items, ended)
        elif position.window is not None and (ended or self._window_is_over(mapping, position, self.now)):
            self._end_window(mapping, position)
        elif ended:
            position.finished = True
            self.positions.put(position)
            self.later("_watch_stream", key=f"poll {uuid}", uuid=uuid, turn=turn)
        else:
            end = None if position.window is None else position.window + (mapping.tumbling_window_in_seconds or 0)
            self.wait(LONGEST_WAIT_S, stream_of(mapping.event_source_arn), until=end)

    def _records(self, mapping: Mapping, position: Position) -> tuple[list[dict], bool]:
        """The records that follow, as events have them, and whether the shard ends with them."""
        role = self._mapping_role(mapping)
        source = self._as_poller(mapping)
        limit = min(mapping.batch_size * (mapping.parallelization_factor or 1), MOST_READ[mapping.kind])
        told = self._read(mapping, position, getattr(source, SERVICES[mapping.kind]), limit)
        if mapping.kind == "kinesis":
            items = [of_kinesis_record(record, mapping, position.shard_id, role) for record in told["Records"]]
        else:
            items = [of_change(record, mapping) for record in told["Records"]]
        ended = not told.get("NextShardIterator")
        if position.sequence is None:
            begun = position.begun if mapping.kind == "kinesis" else int(position.begun)  # changes tell whole seconds
            items = [item for item in items if arrival_of(item) >= begun]
        return items, ended

    def _read(self, mapping: Mapping, position: Position, source, limit: int) -> dict:
        if position.sequence is None:
            iterator = position.iterator
        else:
            iterator = self._after(mapping, position)
        try:
            return source.get_records(ShardIterator=iterator, Limit=limit)
        except ServiceError as failure:
            if failure.code not in LOST:
                raise
        return source.get_records(ShardIterator=self._iterator(mapping, position.shard_id, "TRIM_HORIZON"), Limit=limit)

    def _after(self, mapping: Mapping, position: Position) -> str:
        try:
            return self._iterator(mapping, position.shard_id, "AFTER_SEQUENCE_NUMBER", position.sequence)
        except ServiceError as failure:
            if failure.code not in LOST:
                raise
        return self._iterator(mapping, position.shard_id, "TRIM_HORIZON")

    # From a shard into its lanes

    def _take(self, mapping: Mapping, position: Position, items: list[dict], ended: bool):
        """Lay records into lanes, or wait until there are enough of them."""
        full = len(items) >= mapping.batch_size or ended
        if mapping.maximum_batching_window_in_seconds and not full:
            if position.gathering_since is None:
                position.gathering_since = self.now
                self.positions.put(position)
                self._read_later(mapping, position)
                return
            end = position.gathering_since + mapping.maximum_batching_window_in_seconds
            if self.now < end:
                self.wait(LONGEST_WAIT_S, stream_of(mapping.event_source_arn), until=end)
        if mapping.tumbling_window_in_seconds:
            items = self._of_one_window(mapping, position, items)
        lanes = _laid(items, mapping.parallelization_factor or 1)
        position.gathering_since, position.reading_to = None, sequence_of(items[-1])
        self.positions.put(position)
        self._measure(mapping, "PolledEventCount", len(items))
        self._fill(mapping, position, lanes)

    def _fill(self, mapping: Mapping, position: Position, lanes: dict[int, list[dict]]):
        passes, batches = Filter(mapping.filter_criteria, mapping.kind).passes, Batches(self.store, mapping.uuid)
        begun = False
        for lane, items in lanes.items():
            wanted = [item for item in items if passes(item)]
            self._measure(mapping, "FilteredOutEventCount", len(items) - len(wanted))
            for portion in _portions(wanted, mapping.batch_size):
                batches.add(batches.open(position.shard_id, lane, self.now), portion)
            if wanted:
                self._deliver_later(mapping, position.shard_id, lane)
                begun = True
        if not begun:
            self._move_on(mapping, position)

    def _move_on(self, mapping: Mapping, position: Position):
        """All that was read is done with."""
        position.sequence = position.reading_to or position.sequence
        self.positions.put(position)
        self._read_later(mapping, position)

    # Tumbling windows

    def _of_one_window(self, mapping: Mapping, position: Position, items: list[dict]) -> list[dict]:
        """The first records, as far as they belong to one window, which is begun if none is open."""
        length = mapping.tumbling_window_in_seconds or 1
        if position.window is None:
            position.window, position.state = arrival_of(items[0]) // length * length, {}
        end = position.window + length
        return [item for item in items if arrival_of(item) < end]

    @staticmethod
    def _window_is_over(mapping: Mapping, position: Position, moment: float) -> bool:
        return position.window is not None and moment >= position.window + (mapping.tumbling_window_in_seconds or 0)

    def _end_window(self, mapping: Mapping, position: Position):
        self.later(
            "_finish_window", key=f"shard {mapping.uuid} {position.shard_id}", uuid=mapping.uuid,
            shard_id=position.shard_id, turn=mapping.turn,
        )  # fmt: skip


def _laid(items: list[dict], lanes: int) -> dict[int, list[dict]]:
    """Records by their lanes: those with a key in common lie in one."""
    laid: dict[int, list[dict]] = {}
    for item in items:
        laid.setdefault(zlib.crc32(key_of(item).encode()) % lanes, []).append(item)
    return laid


def _portions(items: list[dict], most: int) -> Iterator[list[dict]]:
    """The records of a lane as batches, none larger than an event may be."""
    portion: list[dict] = []
    size = 0
    for item in items:
        if portion and (len(portion) >= most or size + size_of(item) > LARGEST_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(item)
        size += size_of(item)
    if portion:
        yield portion
