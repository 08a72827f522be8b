"""Amazon Data Firehose: records gathered into objects, and delivered.

Differs from AWS: what takes a minute there is done with the next tick of the clock; the limits on throughput do not
hold; an endpoint may be of plain HTTP. Destinations other than S3 and HTTP endpoints, sources other than Kinesis data
streams, and the conversion of formats are refused.
"""

from glasshouse.core import Service, Table
from glasshouse.services.firehose.buffering import Buffering
from glasshouse.services.firehose.delivering import Delivering
from glasshouse.services.firehose.encryption import Encryption
from glasshouse.services.firehose.errors import InvalidArgumentException
from glasshouse.services.firehose.finding import Finding
from glasshouse.services.firehose.posting import Posting
from glasshouse.services.firehose.processing import Processing
from glasshouse.services.firehose.reading import Reading
from glasshouse.services.firehose.records import DeliveryStream, Position
from glasshouse.services.firehose.reporting import Reporting
from glasshouse.services.firehose.streams import Streams
from glasshouse.services.firehose.tagging import Tagging
from glasshouse.services.firehose.updating import Updating
from glasshouse.services.firehose.writing import Writing


class Firehose(
    Streams, Updating, Writing, Buffering, Processing, Delivering, Posting, Reading, Encryption, Reporting, Tagging,
    Finding, Service,
):  # fmt: skip
    name = "firehose"
    invalid_page_token = InvalidArgumentException
    streams = Table(DeliveryStream, key="delivery_stream_name")
    positions = Table(Position, key=("stream", "shard_id"))
