"""SQS: queues in which messages wait for somebody who receives and deletes them.

Differs from AWS: counts are exact and everything takes effect at once (AWS: within a minute); a short poll sees every
message; an older receipt handle deletes nothing; fair queues give no tenant a preference; a message is buried as a dead
letter by the receive that finds it, which may therefore answer empty before its waiting time is over.
"""

import math
import re
from functools import lru_cache

from glasshouse.core import Service, Table
from glasshouse.core.call import arn
from glasshouse.core.once import once
from glasshouse.services.sqs.encryption import Encryption
from glasshouse.services.sqs.errors import InvalidAddress, InvalidParameterValue, QueueDoesNotExist
from glasshouse.services.sqs.groups import Groups
from glasshouse.services.sqs.messages import Messages, forget
from glasshouse.services.sqs.moving import MoveTasks
from glasshouse.services.sqs.permissions import Permissions
from glasshouse.services.sqs.queues import DELETED_RECENTLY_S, Queues
from glasshouse.services.sqs.receiving import ATTEMPT_S, Receiving
from glasshouse.services.sqs.records import Deletion, MoveTask, Queue
from glasshouse.services.sqs.sending import DEDUPLICATION_S, Sending

HOUR_S = 3600
LONGEST_REUSE_S = 86_400
SWEPT_AT_ONCE = 5000
ACCOUNT = re.compile(r"\d{12}")


class Sqs(Queues, Permissions, Sending, Receiving, Encryption, MoveTasks, Service):
    name = "sqs"
    invalid_page_token = InvalidParameterValue
    queues = Table(Queue, key="name")
    deletions = Table(Deletion, key="name")
    move_tasks = Table(MoveTask, key=("source_name", "started_timestamp"))

    @once
    def _found(self) -> dict[str, Queue]:
        """Queues by URL, for the time of this call."""
        return {}

    @once
    def _data_keys(self) -> dict:
        """Ciphers by data key, for the time of this call."""
        return {}

    def resource_arns(self, params: dict) -> list[str] | None:
        if "QueueUrl" in params:
            if known := self._found.get(params["QueueUrl"]):
                return [known.arn]
            account, name = self._address(params["QueueUrl"])
        elif "QueueOwnerAWSAccountId" in params:
            account, name = params["QueueOwnerAWSAccountId"], params.get("QueueName", "")
        else:
            return [params["SourceArn"]] if "SourceArn" in params else None
        return [arn("sqs", name, self.call.region, account)]

    def resource_policies(self, params: dict) -> list[tuple[str, str]]:
        try:
            queue = self._queue(params["QueueUrl"]) if "QueueUrl" in params else self._named(params)
        except (QueueDoesNotExist, InvalidAddress):
            return []
        return [(queue.arn, queue.policy)] if queue and queue.policy else []

    def resource_account(self, params: dict) -> str | None:
        if "QueueUrl" not in params:
            return params.get("QueueOwnerAWSAccountId")
        account, _ = self._address(params["QueueUrl"])
        return account if account == self.call.account or ACCOUNT.fullmatch(account) else None

    def _queue(self, url: str) -> Queue:
        """The queue of a URL, whatever its host, or of a bare name. Access asks for it first, so it is remembered."""
        known = self._found.get(url)
        if known is not None:
            return known
        account, name = self._address(url)
        if account == self.call.account:
            queue = self.queues.get(name)
        elif ACCOUNT.fullmatch(account):
            queue = self.queues.within(account=account).get(name)
        else:
            raise InvalidAddress(f"The address {url} is not valid for this endpoint.")
        if queue is None:
            raise QueueDoesNotExist()
        self._found[url] = queue
        return queue

    def _named(self, params: dict) -> Queue | None:
        """The queue of somebody else that GetQueueUrl asks for."""
        owner = params.get("QueueOwnerAWSAccountId")
        return self.queues.within(account=owner).get(params.get("QueueName", "")) if owner else None

    def _address(self, url: str) -> tuple[str, str]:
        """(account, name) in a queue's URL; a bare name is one of the caller's."""
        account, name = _parts(url)
        return self.call.account if account is None else account, name

    def _by_arn(self, arn: str) -> Queue | None:
        _, _, service, region, account, name = arn.split(":")
        return self.queues.within(account, region).get(name) if service == "sqs" else None

    def _dead_letter_queue(self, queue: Queue) -> Queue | None:
        """Where messages that were received too often go; it must be of the same account and region."""
        arn = queue.dead_letter_target_arn
        return self._by_arn(arn) if arn and arn.rpartition(":")[0] == queue.arn.rpartition(":")[0] else None

    def _tables(self, queue: Queue):
        """The table that a queue, perhaps of another account, is kept in."""
        return self.queues.within(account=queue.account)

    def _url(self, queue: Queue) -> str:
        return f"{self.call.source.origin}/{queue.account}/{queue.name}"

    def _messages(self, queue: Queue) -> Messages:
        return Messages(self.store, queue.lot, self.now, self.now - queue.message_retention_period)

    def _groups(self, queue: Queue) -> Groups:
        return Groups(self._messages(queue))

    def _sweep_later(self):
        self.later("_sweep", at=(self.now // HOUR_S + 1) * HOUR_S, key="sweep")

    def _sweep(self):
        """Delete what has expired. Nobody sees it any more, so it is enough to do that now and then."""
        queues, busy = list(self.queues.list()), False
        for queue in queues:
            busy |= forget(self.store, queue.lot, self.now - queue.message_retention_period, SWEPT_AT_ONCE) > 0
            if queue.fifo_queue:
                oldest = self.now - DEDUPLICATION_S
                self.store.write("DELETE FROM sqs_deduplication WHERE queue = ? AND sent <= ?", (queue.number, oldest))
                oldest = self.now - ATTEMPT_S
                self.store.write("DELETE FROM sqs_attempt WHERE queue = ? AND made <= ?", (queue.number, oldest))
        self.store.write(
            "DELETE FROM sqs_key WHERE made <= ? AND NOT EXISTS (SELECT 1 FROM sqs_message WHERE key = sqs_key.id)",
            (self.now - LONGEST_REUSE_S,),
        )
        for deletion in list(self.deletions.list()):
            if self.now - deletion.at >= DELETED_RECENTLY_S:
                self.deletions.delete(deletion)
        if busy:
            self.later("_sweep", key="sweep")
        elif queues or next(self.deletions.list(), None):
            self._sweep_later()

    def _discard(self, lot: int):
        """Delete what a purged or deleted queue has left, in portions."""
        self.store.write("DELETE FROM sqs_group WHERE lot = ?", (lot,))
        if forget(self.store, lot, math.inf, SWEPT_AT_ONCE) == SWEPT_AT_ONCE:
            self.later("_discard", lot=lot)


@lru_cache(4096)
def _parts(url: str) -> tuple[str | None, str]:
    path, slash, name = url.rpartition("/")
    return path.rpartition("/")[2] if slash else None, name
