"""Enhanced fan-out: consumers that are registered with a stream, and what is sent to them of a shard for five minutes.

Differs from AWS: the stream of events goes over HTTP/1.1, and as fast as the consumer takes it.
"""

from glasshouse.services.kinesis import iterators, sequences
from glasshouse.services.kinesis.errors import (
    DryRunOperationException,
    InvalidArgumentException,
    LimitExceededException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from glasshouse.services.kinesis.records import Consumer, Stream, Subscription
from glasshouse.services.kinesis.shards import Shard

CONSUMERS, CONSUMERS_WITH_COMMITMENT, CREATED_AT_ONCE = 20, 50, 5
LISTED = 100
SUBSCRIBED_S, UNDISTURBED_S, SILENCE_S = 300, 5, 5
EVENT_RECORDS = 1000


class Consumers:
    """The operations on consumers, and SubscribeToShard."""

    def register_stream_consumer(self, stream_arn: str, consumer_name: str, tags: dict | None = None):
        stream = self._stream(None, stream_arn)
        others = self._consumers_of(stream)
        if any(other.consumer_name == consumer_name for other in others):
            raise ResourceInUseException(
                f"Consumer {consumer_name} of stream {stream.stream_name} under account {stream.account} already"
                " exists."
            )
        self._check_consumer_limit(stream)
        if sum(other.consumer_status == "CREATING" for other in others) >= CREATED_AT_ONCE:
            raise LimitExceededException(f"More than {CREATED_AT_ONCE} consumers cannot be created at the same time.")
        arn = f"{stream.stream_arn}/consumer/{consumer_name}:{int(self.now)}"
        consumer = Consumer(stream.stream_arn, consumer_name, arn, self.now)
        self.consumers.within(stream.account, stream.region).put(consumer)
        self._tag(arn, tags)
        self._later_for(stream, "_activate_consumer", arn=arn)
        return {"Consumer": consumer}

    def deregister_stream_consumer(
        self, stream_arn: str | None = None, consumer_name: str | None = None, consumer_arn: str | None = None
    ):
        consumer = self._named_consumer(stream_arn, consumer_name, consumer_arn)
        if consumer.consumer_status == "DELETING":
            raise self._no_consumer(consumer.consumer_arn)
        consumer.consumer_status = "DELETING"
        self.consumers.put(consumer)
        self.later("_finish_deregistration", arn=consumer.consumer_arn)

    def describe_stream_consumer(
        self, stream_arn: str | None = None, consumer_name: str | None = None, consumer_arn: str | None = None
    ):
        return {"ConsumerDescription": self._named_consumer(stream_arn, consumer_name, consumer_arn)}

    def list_stream_consumers(
        self,
        stream_arn: str,
        next_token: str | None = None,
        max_results: int = LISTED,
        stream_creation_timestamp: float | None = None,
    ):
        if next_token and stream_creation_timestamp is not None:
            raise InvalidArgumentException("NextToken and StreamCreationTimestamp cannot be provided together.")
        stream = self._stream(None, stream_arn, living=False)
        if stream_creation_timestamp is not None and int(stream_creation_timestamp) != int(
            stream.stream_creation_timestamp
        ):
            raise self._no_stream(stream_arn)
        after = ""
        if next_token:
            owner, after = iterators.read_token("consumers", next_token, self.now)
            if owner != stream_arn:
                raise InvalidArgumentException("NextToken is invalid.")
        found = [it for it in self._consumers_of(stream) if it.consumer_name > after]
        page, more = found[: min(max_results, LISTED)], len(found) > min(max_results, LISTED)
        token = iterators.write_token("consumers", stream_arn, page[-1].consumer_name, self.now) if more else None
        return {"Consumers": page, "NextToken": token}

    def subscribe_to_shard(self, consumer_arn: str, shard_id: str, starting_position: dict, dry_run: bool = False):
        consumer = self._named_consumer(None, None, consumer_arn)
        stream = self._stream(None, consumer.stream_arn)
        shard = self._shard(stream, shard_id)
        if consumer.consumer_status != "ACTIVE":
            raise ResourceInUseException(
                f"Consumer {consumer_arn} under account {stream.account} not ACTIVE, instead in state"
                f" {consumer.consumer_status}"
            )
        count = self._start(
            stream, shard, "SubscribeToShard", starting_position["Type"],
            starting_position.get("SequenceNumber"), starting_position.get("Timestamp"),
        )  # fmt: skip
        earlier = self.subscriptions.get(consumer_arn, shard.name)
        if earlier and 0 <= self.now - earlier.begun < UNDISTURBED_S:
            raise ResourceInUseException(
                f"Another active subscription exists for this consumer: {stream.account}:{stream.stream_name}:"
                f"{shard.name}:{consumer.consumer_name}"
            )
        if dry_run:
            raise DryRunOperationException()
        subscription = Subscription(consumer_arn, shard.name, self.call.request_id, self.now)
        self.subscriptions.put(subscription)
        self.tell(stream.stream_arn)  # ends an earlier subscription
        self._count_subscribed(stream, consumer)
        state = {"arn": consumer_arn, "shard": shard.position, "count": count, "id": subscription.id}
        return {"EventStream": self.stream("_events", **state, sent=self.now, end=self.now + SUBSCRIBED_S)}

    # Within

    def _consumers_of(self, stream: Stream) -> list[Consumer]:
        return list(self.consumers.within(stream.account, stream.region).list(stream.stream_arn))

    def _consumer_limit(self) -> int:
        return CONSUMERS_WITH_COMMITMENT if self._is_committed() else CONSUMERS

    def _named_consumer(self, stream_arn: str | None, name: str | None, arn: str | None) -> Consumer:
        if arn is None and (stream_arn is None or name is None):
            raise InvalidArgumentException("Either ConsumerARN or both StreamARN and ConsumerName must be specified.")
        if arn is not None:
            found = self._consumer(arn)
        else:
            found = self.consumers.within(account=stream_arn.split(":")[4]).get(stream_arn, name)
        if found is None:
            raise self._no_consumer(arn or f"{stream_arn}/consumer/{name}")
        if (stream_arn, name) != (None, None) and not _agrees(found, stream_arn, name):
            raise InvalidArgumentException("StreamARN, ConsumerName and ConsumerARN must refer to the same consumer.")
        return found

    def _no_consumer(self, arn: str) -> ResourceNotFoundException:
        return ResourceNotFoundException(f"Consumer {arn}, account {arn.split(':')[4]} not found.")

    def _activate_consumer(self, arn: str):
        consumer = self._consumer(arn)
        if consumer and consumer.consumer_status == "CREATING":
            consumer.consumer_status = "ACTIVE"
            self.consumers.put(consumer)

    def _finish_deregistration(self, arn: str):
        consumer = self._consumer(arn)
        if consumer and consumer.consumer_status == "DELETING":
            self._forget_consumer(consumer)
            self.tell(consumer.stream_arn)

    def _forget_consumer(self, consumer: Consumer):
        self.consumers.delete(consumer)
        self.cloud.tags.clear(consumer.consumer_arn)
        for subscription in list(self.subscriptions.list(consumer.consumer_arn)):
            self.subscriptions.delete(subscription)

    # What is sent

    def _events(self, arn: str, shard: int, count: int, id: str, sent: float, end: float):
        """The next event of a subscription, and the state after it; an empty one now and then shows that it lives."""
        consumer = self._consumer(arn)
        stream = self._look_up(consumer.stream_arn) if consumer else None
        source = self._shards(stream).get(shard) if stream else None
        if consumer is None or stream is None or source is None:
            raise ResourceNotFoundException(f"Consumer {arn}, account {arn.split(':')[4]} not found.")
        subscription = self.subscriptions.get(arn, source.name)
        if subscription is None or subscription.id != id:
            raise ResourceInUseException(f"Another subscription has taken over this one: {arn}")
        if self.now >= end:
            return [], None
        log = self._log(stream, source)
        found, size = log.read(count, EVENT_RECORDS)
        over = source.closed is not None and not found and count > log.tip()[0]
        if not found and not over and self.now < sent + SILENCE_S:
            self.wait(SILENCE_S, stream.stream_arn, until=min(end, sent + SILENCE_S))
        following = found[-1].place - source.base + 1 if found else max(count, source.trimmed + 1)
        behind = self._milliseconds_behind(log, following, found)
        event = {
            "Records": self._opened(stream, log, found),
            "ContinuationSequenceNumber": None if over else self._continuation(source, following),
            "MillisBehindLatest": behind,
            "ChildShards": self._children(stream, source) if over else None,
        }
        self._count_event(stream, consumer, len(found), size, behind)
        state = {"arn": arn, "shard": shard, "count": following, "id": id, "sent": self.now, "end": end}
        return [{"SubscribeToShardEvent": event}], None if over else state

    def _continuation(self, shard: Shard, following: int) -> str:
        """The number after which a consumer goes on."""
        if following <= 1:
            return shard.first_number
        return sequences.number(sequences.shard_part(shard.epoch, shard.position), following - 1, self.now)

    def _count_subscribed(self, stream: Stream, consumer: Consumer):
        names = {"StreamName": stream.stream_name, "ConsumerName": consumer.consumer_name}
        self.metric("AWS/Kinesis", "SubscribeToShard.Success", 1, "Count", names)

    def _count_event(self, stream: Stream, consumer: Consumer, records: int, size: int, behind: int):
        names = {"StreamName": stream.stream_name, "ConsumerName": consumer.consumer_name}
        self.metric("AWS/Kinesis", "SubscribeToShardEvent.Success", 1, "Count", names)
        self.metric("AWS/Kinesis", "SubscribeToShardEvent.Records", records, "Count", names)
        self.metric("AWS/Kinesis", "SubscribeToShardEvent.Bytes", size, "Bytes", names)
        self.metric("AWS/Kinesis", "SubscribeToShardEvent.MillisBehindLatest", behind, "Milliseconds", names)


def _agrees(consumer: Consumer, stream_arn: str | None, name: str | None) -> bool:
    return stream_arn in (None, consumer.stream_arn) and name in (None, consumer.consumer_name)
