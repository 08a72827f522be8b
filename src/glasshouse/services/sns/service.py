"""SNS: topics, whose messages go to everybody who subscribed.

Differs from AWS: what goes to another service of this cloud has arrived when Publish is answered; short messages and
mobile pushes go into an outbox instead of a network; a protocol whose service is not there yet cannot be subscribed;
a message is refused, not masked, where data protection would have been asked for.
"""

from typing import Any

from glasshouse.core import Service, Table
from glasshouse.core.once import once
from glasshouse.services.sns.archive import Archive
from glasshouse.services.sns.confirming import Confirming
from glasshouse.services.sns.delivering import Delivering
from glasshouse.services.sns.encryption import Encryption
from glasshouse.services.sns.errors import InvalidParameterException, NotFoundException, ServiceError, invalid
from glasshouse.services.sns.mailing import Mailing
from glasshouse.services.sns.permissions import Permissions
from glasshouse.services.sns.publishing import DEDUPLICATION_S, Publishing
from glasshouse.services.sns.push import Push
from glasshouse.services.sns.records import (
    Application,
    Certificate,
    CurrentKey,
    Endpoint,
    Owned,
    SigningKey,
    SmsSettings,
    Subscription,
    Topic,
)
from glasshouse.services.sns.signing import Signing
from glasshouse.services.sns.sms import ShortMessages
from glasshouse.services.sns.subscriptions import Subscriptions
from glasshouse.services.sns.topic_attributes import default_policy
from glasshouse.services.sns.topics import Topics

HOUR_S = 3600
NAMED_BY = ("TopicArn", "TargetArn", "ResourceArn")


class Sns(
    Topics, Permissions, Subscriptions, Confirming, Publishing, Delivering, Archive, Encryption, Signing, Mailing,
    ShortMessages, Push, Service,
):  # fmt: skip
    name = "sns"
    invalid_page_token = InvalidParameterException
    topics = Table(Topic, key="name")
    subscriptions = Table(Subscription, key=("topic_name", "id"))
    owned = Table(Owned, key="arn")
    applications = Table(Application, key="arn")
    endpoints = Table(Endpoint, key=("application", "id"))
    sms_settings = Table(SmsSettings, key="id")
    signing_keys = Table(SigningKey, key="name", scope="cloud")
    current_keys = Table(CurrentKey, key="id", scope="cloud")
    certificates = Table(Certificate, key="name", scope="cloud")

    def resource_policies(self, params: dict) -> list[tuple[str, str]]:
        try:
            _, topic = self._found(_topic_arn(params), "TopicArn")
        except ServiceError:
            return []
        policy = topic.attributes.get("Policy")
        if policy is None and self.call.principal.kind == "service":
            policy = default_policy(topic)
        return [(topic.arn, policy)] if policy else []

    def resource_account(self, params: dict) -> str | None:
        parts = _topic_arn(params).split(":")
        return parts[4] if len(parts) > 5 and parts[4] else None

    def _home(self, arn: str, parameter: str) -> tuple[Any, str]:
        """(This service where a topic is, the topic's name) for an ARN."""
        parts = arn.split(":")
        if len(parts) < 6:
            raise invalid(f"{parameter} Reason: An ARN must have at least 6 elements, not {len(parts)}")
        _, _, service, region, account = parts[:5]
        # A link has no signature that names a region.
        here = region == self.call.region or self.call.principal.kind == "anonymous"
        if parts[0] != "arn" or service != "sns" or len(parts) != 6 or not (here and account):
            raise invalid(parameter)
        if (account, region) == (self.call.account, self.call.region):
            return self, parts[5]
        return type(self)(self.cloud, self.call.elsewhere(account, region)), parts[5]

    def _found(self, arn: str, parameter: str) -> tuple[Any, Topic]:
        """(This service where a topic is, the topic). Access asks for it first, so it is remembered."""
        if arn in self._known:
            return self, self._known[arn]
        home, name = self._home(arn, parameter)
        topic = home.topics.get(name)
        if topic is None:
            raise NotFoundException("Topic does not exist")
        if home is self:
            self._known[arn] = topic
        return home, topic

    @once
    def _known(self) -> dict[str, Topic]:
        """Topics of here by ARN, for the time of this call."""
        return {}

    def _sweep_later(self):
        self.later("_sweep", at=(self.now // HOUR_S + 1) * HOUR_S, key="sweep")

    def _sweep(self):
        """Delete what FIFO topics need not remember any more. Nobody sees it, so now and then is enough."""
        remembering = False
        for topic in self.topics.list():
            if topic.is_fifo:
                oldest = self.now - DEDUPLICATION_S
                self.store.write(
                    "DELETE FROM sns_deduplication WHERE topic = ? AND published <= ?", (topic.arn, oldest)
                )
                self._forget_archived(topic)
                remembering = True
        if remembering:
            self._sweep_later()


def _topic_arn(params: dict) -> str:
    for name in NAMED_BY:
        if arn := params.get(name):
            return arn
    return ""
