"""Kinesis Data Streams: records in the order of their arrival, in shards, for a day or a year.

Differs from AWS: what takes a minute there is done with the next tick of the clock; the limits on how often an
operation may be called do not hold, those on the throughput of shards do (throughput.py); channels are refused.
"""

from glasshouse.core import Service, Table
from glasshouse.services.kinesis.consumers import Consumers
from glasshouse.services.kinesis.deliveries import Deliveries
from glasshouse.services.kinesis.encryption import Encryption
from glasshouse.services.kinesis.errors import InvalidArgumentException
from glasshouse.services.kinesis.finding import Finding
from glasshouse.services.kinesis.policies import Policies
from glasshouse.services.kinesis.queues import Queues
from glasshouse.services.kinesis.reading import Reading
from glasshouse.services.kinesis.records import Commitment, Consumer, Queue, Stream, Subscription
from glasshouse.services.kinesis.resharding import Resharding
from glasshouse.services.kinesis.retention import Retention
from glasshouse.services.kinesis.settings import Settings
from glasshouse.services.kinesis.streams import Streams
from glasshouse.services.kinesis.tagging import Tagging
from glasshouse.services.kinesis.writing import Writing


class Kinesis(
    Streams, Resharding, Writing, Reading, Consumers, Queues, Deliveries, Retention, Settings, Encryption, Tagging,
    Policies, Finding, Service,
):  # fmt: skip
    name = "kinesis"
    invalid_page_token = InvalidArgumentException
    streams = Table(Stream, key="stream_name")
    consumers = Table(Consumer, key=("stream_arn", "consumer_name"))
    subscriptions = Table(Subscription, key=("consumer_arn", "shard_id"))
    queues = Table(Queue, key="id")
    commitments = Table(Commitment, key="id")
