"""Which stream or shard a call means, and what its account lets others do with it."""

from functools import cached_property

from glasshouse.services.kinesis import iterators
from glasshouse.services.kinesis.errors import (
    InvalidArgumentException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from glasshouse.services.kinesis.log import Log
from glasshouse.services.kinesis.records import Consumer, Stream
from glasshouse.services.kinesis.shards import Shard, Shards, position_of, shard_name
from glasshouse.services.kinesis.throughput import Throughput

LIVING = ("ACTIVE", "UPDATING")


class Finding:
    """Lookups, and what the question of access needs to know."""

    @cached_property
    def _found(self) -> dict[str, Stream | None]:
        """Streams by ARN, for the time of this call: access asks for them first."""
        return {}

    @cached_property
    def _throughput(self) -> Throughput:
        return self.cloud.resident(Throughput)

    def _stream(self, name: str | None, arn: str | None, living: bool = True) -> Stream:
        """The stream of a name or an ARN. Raises ResourceNotFoundException, also for one that takes no records."""
        arn = self._arn(name, arn)
        stream = self._look_up(arn)
        if stream is None or (living and stream.stream_status not in LIVING):
            raise self._no_stream(arn)
        return stream

    def _arn(self, name: str | None, arn: str | None) -> str:
        if arn is None and name is None:
            raise InvalidArgumentException("Either StreamName or StreamARN must be specified.")
        if arn is None:
            return self.call.arn(f"stream/{name}")
        if name is not None and arn.rpartition("/")[2] != name:
            raise InvalidArgumentException("StreamARN and StreamName must refer to the same stream.")
        return arn

    def _look_up(self, arn: str) -> Stream | None:
        if arn not in self._found:
            parts = arn.split(":", 5)
            here = len(parts) == 6 and parts[3] == self.call.region and parts[5].startswith("stream/")
            name = parts[5].removeprefix("stream/").partition("/")[0] if here else ""
            self._found[arn] = self.streams.within(account=parts[4]).get(name) if here else None
        return self._found[arn]

    def _no_stream(self, arn: str) -> ResourceNotFoundException:
        account, name = _ends(arn)
        return ResourceNotFoundException(f"Stream {name} under account {account} not found.")

    def _idle(self, name: str | None, arn: str | None) -> Stream:
        """A stream that nothing is being done to. Raises ResourceInUseException."""
        stream = self._stream(name, arn, living=False)
        self._check_idle(stream)
        return stream

    def _check_idle(self, stream: Stream):
        if stream.stream_status != "ACTIVE":
            raise ResourceInUseException(
                f"Stream {stream.stream_name} under account {stream.account} not ACTIVE, instead in state"
                f" {stream.stream_status}"
            )

    def _keep(self, stream: Stream):
        """Write a stream back, into the account that owns it."""
        self.streams.within(stream.account, stream.region).put(stream)

    def _shards(self, stream: Stream) -> Shards:
        return Shards(self.store, stream.number)

    def _log(self, stream: Stream, shard: Shard) -> Log:
        return Log(self.store, shard, stream.oldest(self.now))

    def _shard(self, stream: Stream, name: str) -> Shard:
        """Raises ResourceNotFoundException for a shard that is not there, or has expired."""
        position = position_of(name)
        if position is None:
            raise ResourceNotFoundException(
                f"Could not find shard {name} in stream {stream.stream_name} under account {stream.account}."
            )
        shard = self._shards(stream).get(position)
        if shard is None or _expired(shard, stream.oldest(self.now)):
            raise ResourceNotFoundException(
                f"Shard {shard_name(position)} in stream {stream.stream_name} under account {stream.account} does not"
                " exist"
            )
        return shard

    def _consumer(self, arn: str) -> Consumer | None:
        """The consumer of an ARN."""
        stream, _, rest = arn.partition("/consumer/")
        parts = arn.split(":")
        if not rest or len(parts) < 6:
            return None
        found = self.consumers.within(account=parts[4]).get(stream, rest.partition(":")[0])
        return found if found and found.consumer_arn == arn else None

    # Access

    def resource_arns(self, params: dict) -> list[str] | None:
        arn = self._arn_of(params)
        return [arn] if arn else None

    def resource_account(self, params: dict) -> str | None:
        parts = (self._arn_of(params) or "").split(":")
        return parts[4] if len(parts) > 5 else None

    def resource_policies(self, params: dict) -> list[tuple[str, str]]:
        arn = self._arn_of(params) or ""
        if ":queue/" in arn:
            holder = self.queues.within(account=arn.split(":")[4]).get(arn.partition(":queue/")[2])
        else:
            holder = self._consumer(arn) if "/consumer/" in arn else self._look_up(arn)
        return [(arn, holder.policy)] if holder and holder.policy else []

    def _arn_of(self, params: dict) -> str | None:
        """The ARN of the resource that a call is about."""
        for member in ("StreamARN", "ResourceARN", "ConsumerARN", "QueueARN"):
            if member in params:
                return params[member]
        if "StreamName" in params:
            return self.call.arn(f"stream/{params['StreamName']}")
        if "ShardIterator" in params:
            place = iterators.parse(params["ShardIterator"])
            return place.stream if place else None
        return None


def _ends(arn: str) -> tuple[str, str]:
    """(account, name) of a stream's ARN."""
    parts = (arn + ":::::").split(":", 5)
    return parts[4], parts[5].rstrip(":").partition("/")[2]


def _expired(shard: Shard, oldest: float) -> bool:
    """A closed shard can be read until its last record has gone."""
    return shard.closed is not None and shard.closed <= oldest
