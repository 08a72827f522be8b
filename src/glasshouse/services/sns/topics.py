"""Topics: made, described, changed, tagged and deleted."""

import re
from collections.abc import Mapping

from glasshouse.core import NotSupported
from glasshouse.core.tags import from_list, to_list
from glasshouse.services.sns import topic_attributes
from glasshouse.services.sns.envelopes import timestamp
from glasshouse.services.sns.errors import (
    InvalidStateException,
    ResourceNotFoundException,
    TagLimitExceededException,
    invalid,
)
from glasshouse.services.sns.records import Topic

NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
FIFO_NAME = re.compile(r"[A-Za-z0-9_-]{1,251}\.fifo")
AT_ONCE = 100
MOST_TAGS = 50
MOST_WITH_LARGE_MESSAGES = 100
LARGE_MESSAGE_PROTOCOLS = ("sqs", "lambda", "firehose")
# An empty value takes these away.
REMOVED_BY_EMPTY = {"DeliveryPolicy", "KmsMasterKeyId", *topic_attributes.ROLES}


class Topics:
    """The topics of an account in a region."""

    def create_topic(self, name: str, attributes: dict | None = None, tags: list | None = None):
        attributes = attributes or {}
        fifo = _is_fifo(name, attributes)
        settable = {key: value for key, value in attributes.items() if key != "FifoTopic"}
        checked = topic_attributes.check_all(settable, fifo)
        given = _distinct(tags or [])
        existing = self.topics.get(name)
        if existing:
            self._check_same(existing, checked, given)
            return {"TopicArn": existing.arn}
        self._check_supported(checked)
        topic = Topic(name, self.call.arn(name), _without_empty(checked))
        self._archiving_changed(topic)
        self.topics.put(topic)
        if "Policy" in topic.attributes:
            self.state("TopicAccessChanged", arn=topic.arn)
        self._tag(topic.arn, given)
        if fifo:
            self._sweep_later()
        return {"TopicArn": topic.arn}

    def delete_topic(self, topic_arn: str):
        home, name = self._home(topic_arn, "TopicArn")
        topic = home.topics.get(name)
        if topic is None:
            return
        if topic_attributes.archive_days(topic.attributes) is not None:
            raise InvalidStateException("Invalid state: The topic has an ArchivePolicy; deactivate it first.")
        for subscription in home.subscriptions.list(name):
            home._forget(subscription)
        self.store.write("DELETE FROM sns_deduplication WHERE topic = ?", (topic.arn,))
        self.cloud.tags.clear(topic.arn)
        home.topics.delete(topic)
        if "Policy" in topic.attributes:
            self.state("TopicAccessChanged", arn=topic.arn)

    def list_topics(self, next_token: str | None = None):
        page = self.topics.page(AT_ONCE, next_token)
        return {"Topics": page.records, "NextToken": page.next_token}

    def get_topic_attributes(self, topic_arn: str):
        home, topic = self._found(topic_arn, "TopicArn")
        confirmed = pending = 0
        for subscription in home.subscriptions.list(topic.name):
            confirmed += not (subscription.pending or subscription.cancelled)
            pending += subscription.pending
        shown = topic_attributes.shown(topic, confirmed, pending)
        beginning = home._beginning_of_archive(topic)
        if beginning is not None:
            shown["BeginningArchiveTime"] = timestamp(beginning)
        return {"Attributes": shown}

    def set_topic_attributes(self, topic_arn: str, attribute_name: str, attribute_value: str | None = None):
        home, topic = self._found(topic_arn, "TopicArn")
        value = attribute_value or ""
        if not value and attribute_name in REMOVED_BY_EMPTY:
            topic.attributes.pop(attribute_name, None)
        else:
            try:
                topic.attributes[attribute_name] = topic_attributes.check(attribute_name, value, topic.is_fifo)
            except ValueError as wrong:
                raise invalid(str(wrong)) from None
            except AttributeError:
                raise invalid("AttributeName") from None
        home._check_supported({attribute_name: value})
        if attribute_name == "MaximumMessageSize" and topic.maximum_message_size > topic_attributes.USUAL_BYTES:
            home._check_large_messages(topic)
        if attribute_name == "ArchivePolicy":
            home._archiving_changed(topic)
        home.topics.put(topic)
        if attribute_name == "Policy":
            self.state("TopicAccessChanged", arn=topic.arn)

    # Tags

    def tag_resource(self, resource_arn: str, tags: list[dict]):
        arn = self._taggable(resource_arn)
        self._tag(arn, _distinct(tags))

    def untag_resource(self, resource_arn: str, tag_keys: list[str]):
        self.cloud.tags.remove(self._taggable(resource_arn), tag_keys)

    def list_tags_for_resource(self, resource_arn: str):
        return {"Tags": to_list(self.cloud.tags.of(self._taggable(resource_arn)))}

    def _tag(self, arn: str, tags: Mapping[str, str]):
        self.cloud.tags.add(arn, tags)
        if tags and len(self.cloud.tags.of(arn)) > MOST_TAGS:
            raise TagLimitExceededException()

    def _taggable(self, arn: str) -> str:
        home, name = self._home(arn, "ResourceArn")
        if home.topics.get(name) is None:
            raise ResourceNotFoundException()
        return arn

    # What a topic may be

    def _check_same(self, topic: Topic, attributes: Mapping[str, str], tags: Mapping[str, str]):
        """A topic is made twice without harm, if it is made the same."""
        known = topic_attributes.shown(topic, 0, 0)
        if any(known.get(name, "") != value for name, value in attributes.items()):
            raise invalid("Attributes Reason: Topic already exists with different attributes")
        if not tags.items() <= self.cloud.tags.of(topic.arn).items():
            raise invalid("Tags Reason: Topic already exists with different tags")

    def _check_supported(self, attributes: Mapping[str, str]):
        """Refuse what would need a service that is not there."""
        services = self.cloud.services.names()
        if attributes.get("KmsMasterKeyId") and "kms" not in services:
            raise NotSupported("sns: KmsMasterKeyId is not supported by Glasshouse yet: there is no KMS")
        if attributes.get("TracingConfig") == "Active" and "xray" not in services:
            raise NotSupported("sns: TracingConfig Active is not supported by Glasshouse yet: there is no X-Ray")

    def _check_large_messages(self, topic: Topic):
        subscriptions = list(self.subscriptions.list(topic.name))
        if len(subscriptions) > MOST_WITH_LARGE_MESSAGES:
            raise invalid(
                f"MaximumMessageSize: A topic with more than {MOST_WITH_LARGE_MESSAGES} subscriptions takes messages of"
                f" at most {topic_attributes.USUAL_BYTES} bytes."
            )
        for subscription in subscriptions:
            if subscription.protocol not in LARGE_MESSAGE_PROTOCOLS:
                raise invalid(
                    f"MaximumMessageSize: Subscribers by {subscription.protocol} take messages of at most"
                    f" {topic_attributes.USUAL_BYTES} bytes."
                )


def _is_fifo(name: str, attributes: Mapping[str, str]) -> bool:
    """Whether name and attributes say so, which they must do together."""
    said = attributes.get("FifoTopic", "false")
    if said.lower() not in ("true", "false"):
        raise invalid(f"Attributes Reason: FifoTopic: Invalid value [{said}]. Must be true or false.")
    fifo = said.lower() == "true"
    if not (FIFO_NAME if fifo else NAME).fullmatch(name):
        raise invalid("Topic Name")
    return fifo


def _distinct(tags: list[dict]) -> dict[str, str]:
    found = from_list(tags)
    if len(found) < len(tags):
        raise invalid("Duplicated keys are not allowed.")
    return found


def _without_empty(attributes: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if value or name not in REMOVED_BY_EMPTY}
