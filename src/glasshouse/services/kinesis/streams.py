"""Streams: made, described, listed and deleted. What takes AWS a minute is done with the next tick of the clock."""

import msgspec

from glasshouse.services.kinesis import iterators
from glasshouse.services.kinesis.errors import (
    InvalidArgumentException,
    LimitExceededException,
    ResourceInUseException,
)
from glasshouse.services.kinesis.log import erase
from glasshouse.services.kinesis.records import AUTO, DEFAULT_RECORD_KIB, ON_DEMAND, PROVISIONED, Stream
from glasshouse.services.kinesis.shards import Shard, evenly, position_of

ON_DEMAND_SHARDS, ON_DEMAND_STREAMS = 4, 50
SHARD_LIMITS = {"us-east-1": 20_000, "us-west-2": 20_000, "eu-west-1": 20_000}
SHARD_LIMIT = 6000
LISTED_STREAMS, DESCRIBED_SHARDS, LISTED_SHARDS = 100, 100, 1000


class Streams:
    """The life of streams, and what is told of them and their shards."""

    def create_stream(
        self,
        stream_name: str,
        shard_count: int | None = None,
        stream_mode_details: dict | None = None,
        tags: dict | None = None,
        warm_throughput_mi_bps: int | None = None,
        max_record_size_in_ki_b: int = DEFAULT_RECORD_KIB,
        record_distribution_strategy: str | None = None,
    ):
        mode = _mode(stream_mode_details, shard_count)
        if self.streams.get(stream_name):
            raise ResourceInUseException(f"Stream {stream_name} under account {self.call.account} already exists.")
        if record_distribution_strategy == AUTO and mode != ON_DEMAND:
            raise InvalidArgumentException(
                "RecordDistributionStrategy AUTO is only supported for streams in the On-Demand capacity mode."
            )
        self._check_shard_limit(shard_count or ON_DEMAND_SHARDS)
        if mode == ON_DEMAND:
            self._check_on_demand_limit()
        stream = Stream(stream_name, self.call.arn(f"stream/{stream_name}"), self._next_number(), mode, self.now)
        stream.record_kib = max_record_size_in_ki_b
        stream.distribution = record_distribution_strategy or stream.distribution
        if warm_throughput_mi_bps is not None:
            self._warm_up(stream, warm_throughput_mi_bps)
        self._tag(stream.stream_arn, tags)
        self._grow(stream, shard_count or ON_DEMAND_SHARDS)
        self.later("_activate", name=stream_name, number=stream.number)

    def delete_stream(
        self, stream_name: str | None = None, enforce_consumer_deletion: bool = False, stream_arn: str | None = None
    ):
        stream = self._stream(stream_name, stream_arn, living=False)
        if stream.stream_status == "DELETING":
            raise self._no_stream(stream.stream_arn)
        self._check_no_queues(stream)
        consumers = self._consumers_of(stream)
        if consumers and not enforce_consumer_deletion:
            raise ResourceInUseException(
                f"Stream {stream.stream_name} under account {stream.account} has {len(consumers)} registered consumers."
                " Deregister them or set EnforceConsumerDeletion."
            )
        stream.stream_status = "DELETING"
        self._keep(stream)
        self._later_for(stream, "_finish_deletion", name=stream.stream_name, number=stream.number)

    def describe_stream(
        self,
        stream_name: str | None = None,
        limit: int = DESCRIBED_SHARDS,
        exclusive_start_shard_id: str | None = None,
        stream_arn: str | None = None,
    ):
        stream = self._stream(stream_name, stream_arn, living=False)
        limit = min(limit, DESCRIBED_SHARDS)
        shards = self._visible(stream, self._after(exclusive_start_shard_id), limit + 1)
        told = _told(stream) | {
            "Shards": [shard.described() for shard in shards[:limit]],
            "HasMoreShards": len(shards) > limit,
        }
        return {"StreamDescription": told}

    def describe_stream_summary(self, stream_name: str | None = None, stream_arn: str | None = None):
        stream = self._stream(stream_name, stream_arn, living=False)
        told = _told(stream) | {
            "OpenShardCount": stream.open_shards,
            "ConsumerCount": len(self._consumers_of(stream)),
            "QueueCount": len(self._queues_of(stream)),
            "MaxRecordSizeInKiB": stream.record_kib,
        }
        if stream.mode == ON_DEMAND:
            told["RecordDistributionStrategy"] = stream.distribution
        if stream.warm_mibps is not None:
            told["WarmThroughput"] = self._warm_throughput(stream)
        return {"StreamDescriptionSummary": told}

    def list_streams(
        self,
        limit: int = LISTED_STREAMS,
        exclusive_start_stream_name: str | None = None,
        next_token: str | None = None,
    ):
        after = exclusive_start_stream_name or ""
        if next_token:
            _, after = iterators.read_token("streams", next_token, self.now)
        limit = min(limit, LISTED_STREAMS)
        found = []
        for stream in self.streams.list(after=after):
            found.append(stream)
            if len(found) > limit:
                break
        page, more = found[:limit], len(found) > limit
        return {
            "StreamNames": [stream.stream_name for stream in page],
            "HasMoreStreams": more,
            "NextToken": iterators.write_token("streams", "", page[-1].stream_name, self.now) if more else None,
            "StreamSummaries": page,
        }

    def list_shards(
        self,
        stream_name: str | None = None,
        next_token: str | None = None,
        exclusive_start_shard_id: str | None = None,
        max_results: int = LISTED_SHARDS,
        stream_creation_timestamp: float | None = None,
        shard_filter: dict | None = None,
        stream_arn: str | None = None,
    ):
        if next_token:
            _check_alone(
                StreamName=stream_name, StreamARN=stream_arn, ExclusiveStartShardId=exclusive_start_shard_id,
                StreamCreationTimestamp=stream_creation_timestamp, ShardFilter=shard_filter,
            )  # fmt: skip
        if not next_token and not stream_name and not stream_arn:
            raise InvalidArgumentException("Either NextToken or StreamName should be provided.")
        after = self._after(exclusive_start_shard_id)
        if next_token:
            stream_arn, place = iterators.read_token("shards", next_token, self.now)
            after, shard_filter = msgspec.json.decode(place)
        stream = self._stream(stream_name, stream_arn, living=False)
        if stream_creation_timestamp is not None and int(stream_creation_timestamp) != int(
            stream.stream_creation_timestamp
        ):
            raise self._no_stream(stream.stream_arn)
        found, limit = self._filtered(stream, after, shard_filter), min(max_results, LISTED_SHARDS)
        token = None
        if len(found) > limit:
            place = msgspec.json.encode([found[limit - 1].position, shard_filter]).decode()
            token = iterators.write_token("shards", stream.stream_arn, place, self.now)
        return {"Shards": [shard.described() for shard in found[:limit]], "NextToken": token}

    def describe_limits(self):
        streams = list(self.streams.list())
        return {
            "ShardLimit": self._shard_limit(),
            "OpenShardCount": sum(stream.open_shards for stream in streams),
            "OnDemandStreamCount": sum(stream.mode == ON_DEMAND for stream in streams),
            "OnDemandStreamCountLimit": ON_DEMAND_STREAMS,
        }

    # Within

    def _next_number(self) -> int:
        number = self.store.setting("kinesis streams", 0) + 1
        self.store.keep_setting("kinesis streams", number)
        return number

    def _grow(self, stream: Stream, count: int):
        """The first shards of a new stream."""
        shards = self._shards(stream)
        for position, hashes in enumerate(evenly(count)):
            shards.add(position, hashes, int(self.now), self.now)
        stream.shards = stream.open_shards = count
        self._keep(stream)

    def _activate(self, name: str, number: int):
        """A stream has been made, or changed."""
        stream = self.streams.get(name)
        if stream and stream.number == number and stream.stream_status in ("CREATING", "UPDATING"):
            stream.stream_status = "ACTIVE"
            self._keep(stream)

    def _finish_deletion(self, name: str, number: int):
        stream = self.streams.get(name)
        if stream is None or stream.number != number:
            return
        for consumer in self._consumers_of(stream):
            self._forget_consumer(consumer)
        self.streams.delete(stream)
        self.cloud.tags.clear(stream.stream_arn)
        self.tell(stream.stream_arn)
        self._erase(number)

    def _erase(self, number: int):
        if erase(self.store, number):
            self.later("_erase", number=number)

    def _later_for(self, stream: Stream, method: str, at: float | None = None, key: str | None = None, **params):
        """A job where the stream is, whoever caused it."""
        due = self.now if at is None else at
        self.cloud.jobs.schedule(self.name, method, stream.account, stream.region, due, key, params)

    def _shard_limit(self) -> int:
        return SHARD_LIMITS.get(self.call.region, SHARD_LIMIT)

    def _check_shard_limit(self, more: int):
        current, limit = sum(stream.open_shards for stream in self.streams.list()), self._shard_limit()
        if current + more > limit:
            raise LimitExceededException(
                f"This request would exceed the shard limit for the account {self.call.account} in {self.call.region}."
                f" Current shard count for the account: {current}. Limit: {limit}. Number of additional shards that"
                f" would have resulted from this request: {more}. Refer to the AWS Service Limits page"
                " (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to"
                " request higher limits."
            )

    def _check_on_demand_limit(self):
        if sum(stream.mode == ON_DEMAND for stream in self.streams.list()) >= ON_DEMAND_STREAMS:
            raise LimitExceededException(
                f"This request would exceed the limit of {ON_DEMAND_STREAMS} On-Demand streams for the account"
                f" {self.call.account} in {self.call.region}."
            )

    def _after(self, shard_id: str | None) -> int:
        """The position after which a list begins. Raises InvalidArgumentException."""
        if shard_id is None:
            return -1
        position = position_of(shard_id)
        if position is None:
            raise InvalidArgumentException(f"ExclusiveStartShardId {shard_id} is not a valid shard id.")
        return position

    def _visible(self, stream: Stream, after: int, limit: int = -1) -> list[Shard]:
        """The shards of a stream that have not expired; a stream that is being made shows none."""
        if stream.stream_status == "CREATING":
            return []
        oldest = stream.oldest(self.now)
        found = self._shards(stream).all(after, limit)
        return [shard for shard in found if shard.closed is None or shard.closed > oldest]

    def _filtered(self, stream: Stream, after: int, shard_filter: dict | None) -> list[Shard]:
        kind = (shard_filter or {}).get("Type", "FROM_TRIM_HORIZON")
        given = shard_filter or {}
        if kind == "AFTER_SHARD_ID":
            if "ShardId" not in given:
                raise InvalidArgumentException("ShardId must be provided for the filter type AFTER_SHARD_ID.")
            return self._visible(stream, max(after, self._after(given["ShardId"])))
        shards = self._visible(stream, after)
        if kind == "FROM_TRIM_HORIZON":
            return shards
        if kind == "AT_LATEST":
            return [shard for shard in shards if shard.closed is None]
        moment = max(stream.oldest(self.now), stream.stream_creation_timestamp)
        if kind != "AT_TRIM_HORIZON":
            if "Timestamp" not in given:
                raise InvalidArgumentException(f"Timestamp must be provided for the filter type {kind}.")
            moment = max(moment, given["Timestamp"])
        open_then = [shard for shard in shards if shard.closed is None or shard.closed > moment]
        return open_then if kind == "FROM_TIMESTAMP" else [shard for shard in open_then if shard.opened <= moment]


def _check_alone(**given):
    """A page token says all the rest itself. Raises InvalidArgumentException if something else is said, too."""
    for name, value in given.items():
        if value is not None:
            raise InvalidArgumentException(f"NextToken and {name} cannot be provided together.")


def _mode(details: dict | None, shard_count: int | None) -> str:
    """The capacity mode of a new stream: without one, a number of shards decides."""
    mode = details["StreamMode"] if details else PROVISIONED if shard_count else ON_DEMAND
    if mode == PROVISIONED and shard_count is None:
        raise InvalidArgumentException("ShardCount must be set while creating stream in Provisioned StreamMode")
    if mode == ON_DEMAND and shard_count is not None:
        raise InvalidArgumentException("ShardCount cannot be set while creating stream in On-Demand StreamMode")
    return mode


def _told(stream: Stream) -> dict:
    """What both descriptions of a stream say."""
    return {
        "StreamName": stream.stream_name,
        "StreamARN": stream.stream_arn,
        "StreamStatus": stream.stream_status,
        "StreamModeDetails": stream.stream_mode_details,
        "RetentionPeriodHours": stream.retention_period_hours,
        "StreamCreationTimestamp": stream.stream_creation_timestamp,
        "EnhancedMonitoring": [{"ShardLevelMetrics": stream.shard_level_metrics}],
        "EncryptionType": stream.encryption_type,
        "KeyId": stream.key_id,
    }
