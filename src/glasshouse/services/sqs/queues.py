"""Queues: made, named, described, tagged, purged and deleted."""

import re

from glasshouse.core import NotSupported
from glasshouse.services.sqs import attributes as queue_attributes
from glasshouse.services.sqs.errors import (
    InvalidParameterValue,
    MissingParameter,
    PurgeQueueInProgress,
    QueueDeletedRecently,
    QueueDoesNotExist,
    QueueNameExists,
    invalid,
)
from glasshouse.services.sqs.records import Deletion, Queue

NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
FIFO_NAME = re.compile(r"[A-Za-z0-9_-]{1,75}\.fifo")
NAME_RULE = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
DELETED_RECENTLY_S = PURGED_RECENTLY_S = 60
MOST_RESULTS = 1000
MOST_TAGS = 50


class Queues:
    """The queues of an account in a region."""

    def create_queue(self, queue_name: str = "", attributes: dict | None = None, tags: dict | None = None):
        attributes = attributes or {}
        fifo = _is_fifo(queue_name, attributes)
        fields = queue_attributes.read(attributes, fifo)
        existing = self.queues.get(queue_name)
        if existing:
            _check_same(existing, fields, attributes)
            return {"QueueUrl": self._url(existing)}
        deletion = self.deletions.get(queue_name)
        if deletion and self.now - deletion.at < DELETED_RECENTLY_S:
            raise QueueDeletedRecently()
        number = self._next_number()
        queue = Queue(queue_name, self.call.arn(queue_name), number, number, self.now, self.now)
        self._set(queue, fields, attributes)
        self._tag(queue, tags)
        self._sweep_later()
        return {"QueueUrl": self._url(queue)}

    def get_queue_url(self, queue_name: str = "", queue_owner_aws_account_id: str | None = None):
        if not queue_name:
            raise InvalidParameterValue("Value for parameter QueueName is invalid. Reason: Must specify a queue name.")
        queue = self.queues.within(account=queue_owner_aws_account_id).get(queue_name)
        if queue is None:
            raise QueueDoesNotExist()
        return {"QueueUrl": self._url(queue)}

    def list_queues(self, queue_name_prefix: str = "", next_token: str | None = None, max_results: int | None = None):
        page = self.queues.page(_limit(max_results), next_token, queue_name_prefix)
        urls = [self._url(queue) for queue in page.records]
        return {"QueueUrls": urls or None, "NextToken": page.next_token if max_results else None}

    def get_queue_attributes(self, queue_url: str, attribute_names: list[str] | None = None):
        queue = self._queue(queue_url)
        shown = queue_attributes.shown(queue, self._messages(queue).count, attribute_names or [])
        return {"Attributes": shown or None}

    def set_queue_attributes(self, queue_url: str, attributes: dict):
        queue = self._queue(queue_url)
        if not attributes:
            raise MissingParameter("The request must contain the parameter Attribute.Name.")
        fields = queue_attributes.read(attributes, queue.fifo_queue)
        queue.modified = self.now
        delay = queue.delay_seconds
        self._set(queue, fields, attributes)
        if queue.fifo_queue and queue.delay_seconds != delay:
            # "For FIFO queues, the per-queue delay setting is retroactive" (developer guide, "Delay queues").
            self._messages(queue).set_delay(queue.delay_seconds)
            self._groups(queue).settle_all()
        self.tell(queue.topic)

    def list_dead_letter_source_queues(
        self, queue_url: str, next_token: str | None = None, max_results: int | None = None
    ):
        grave = self._queue(queue_url)
        page = self._tables(grave).page(
            _limit(max_results), next_token, where=lambda queue: queue.dead_letter_target_arn == grave.arn
        )
        urls = [self._url(queue) for queue in page.records]
        return {"queueUrls": urls, "NextToken": page.next_token if max_results else None}

    def list_queue_tags(self, queue_url: str):
        return {"Tags": self.cloud.tags.of(self._queue(queue_url).arn) or None}

    def tag_queue(self, queue_url: str, tags: dict):
        self._tag(self._queue(queue_url), tags)

    def untag_queue(self, queue_url: str, tag_keys: list[str]):
        self.cloud.tags.remove(self._queue(queue_url).arn, tag_keys)

    def purge_queue(self, queue_url: str):
        queue = self._queue(queue_url)
        if queue.purged is not None and self.now - queue.purged < PURGED_RECENTLY_S:
            raise PurgeQueueInProgress(
                f"Only one PurgeQueue operation on {queue.name} is allowed every {PURGED_RECENTLY_S} seconds."
            )
        self.later("_discard", lot=queue.lot)
        queue.lot, queue.purged = self._next_number(), self.now
        self._tables(queue).put(queue)
        self.store.write("DELETE FROM sqs_deduplication WHERE queue = ?", (queue.number,))

    def delete_queue(self, queue_url: str):
        queue = self._queue(queue_url)
        self._tables(queue).delete(queue)
        self.cloud.tags.clear(queue.arn)
        if queue.policy:
            self.state("QueueAccessChanged", arn=queue.arn)
        self.deletions.within(account=queue.account).put(Deletion(queue.name, self.now))
        self.later("_discard", lot=queue.lot)
        self.tell(queue.topic)

    def _set(self, queue: Queue, fields: dict, attributes: dict):
        """Give a queue what its attributes say, and keep it."""
        for field, value in fields.items():
            setattr(queue, field, value)
        queue_attributes.check_together(queue)
        if fields.get("kms_master_key_id") and "kms" not in self.cloud.services.names():
            raise NotSupported("sqs: KmsMasterKeyId is not supported by Glasshouse yet: there is no KMS")
        if fields.get("dead_letter_target_arn"):
            self._check_dead_letter_queue(queue, attributes["RedrivePolicy"])
        self._tables(queue).put(queue)
        if "policy" in fields:
            self.state("QueueAccessChanged", arn=queue.arn)

    def _check_dead_letter_queue(self, queue: Queue, policy: str):
        grave = self._dead_letter_queue(queue)
        if grave is None:
            raise invalid(policy, "RedrivePolicy", "Dead letter target does not exist.")
        permission = grave.redrive_permission or "allowAll"
        if permission == "denyAll" or (permission == "byQueue" and queue.arn not in grave.source_queue_arns):
            raise invalid(
                policy, "RedrivePolicy", "The redrive allow policy of the dead-letter queue does not permit this queue."
            )

    def _tag(self, queue: Queue, tags: dict | None):
        self.cloud.tags.add(queue.arn, tags)
        if tags and len(self.cloud.tags.of(queue.arn)) > MOST_TAGS:
            raise InvalidParameterValue(f"Too many tags added for queue {queue.name}.")

    def _next_number(self) -> int:
        number = self.store.setting("sqs queues", 0) + 1
        self.store.keep_setting("sqs queues", number)
        return number


def _is_fifo(name: str, attributes: dict) -> bool:
    """Whether a new queue is to be a FIFO queue. Raises for a name that does not fit."""
    if not name:
        raise InvalidParameterValue("Value for parameter QueueName is invalid. Reason: Must specify a queue name.")
    fifo = name.endswith(".fifo")
    fits = FIFO_NAME.fullmatch(name) if fifo else NAME.fullmatch(name)
    said = attributes.get("FifoQueue")
    if not fits or (fifo and said is None) or (not fifo and said is not None and said.lower() == "true"):
        raise InvalidParameterValue(NAME_RULE)
    return fifo


def _check_same(queue: Queue, fields: dict, attributes: dict):
    """Creating a queue that exists is fine, if what is asked for is what it has."""
    differing = {field for field, value in fields.items() if getattr(queue, field) != value}
    for name in attributes:
        if differing.intersection(queue_attributes.read({name: attributes[name]}, queue.fifo_queue)):
            raise QueueNameExists(
                f"A queue already exists with the same name and a different value for attribute {name}"
            )


def _limit(max_results: int | None) -> int:
    if max_results is not None and not 1 <= max_results <= MOST_RESULTS:
        raise InvalidParameterValue(
            f"Value {max_results} for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1"
            f" and {MOST_RESULTS}."
        )
    return max_results or MOST_RESULTS
