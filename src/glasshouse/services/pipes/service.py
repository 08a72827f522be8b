"""EventBridge Pipes: from a queue or a stream, by filters and an enrichment, to a target.

Differs from AWS: keys (KmsKeyIdentifier) are noted only.
"""

from glasshouse.core import Service, Table
from glasshouse.services.pipes.calling import Calling
from glasshouse.services.pipes.carrying import Carrying
from glasshouse.services.pipes.journal import Journal
from glasshouse.services.pipes.pipes import Pipes as Operations
from glasshouse.services.pipes.polling_queues import QueuePolling
from glasshouse.services.pipes.polling_streams import StreamPolling
from glasshouse.services.pipes.records import Pipe, Position
from glasshouse.services.pipes.settling import Settling


class Pipes(Operations, Settling, QueuePolling, StreamPolling, Carrying, Calling, Journal, Service):
    name = "pipes"
    pipes = Table(Pipe, key="name")
    positions = Table(Position, key=("pipe", "shard_id"))

    def resource_arns(self, params: dict) -> list[str] | None:
        if "resourceArn" in params:
            return [params["resourceArn"]]
        return [self.call.arn(f"pipe/{params['Name']}")] if "Name" in params else None
