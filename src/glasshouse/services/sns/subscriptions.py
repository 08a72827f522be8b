"""Subscriptions: made, listed, described and changed."""

from collections.abc import Mapping

from glasshouse.core import NotSupported, ids
from glasshouse.services.sns import delivery_policy, endpoints, filtering, subscription_attributes
from glasshouse.services.sns.errors import (
    AuthorizationErrorException,
    FilterPolicyLimitExceededException,
    NotFoundException,
    SubscriptionLimitExceededException,
    invalid,
)
from glasshouse.services.sns.records import Owned, Subscription, Topic
from glasshouse.services.sns.subscription_attributes import REMOVED_BY_EMPTY

PENDING_ARN, PENDING_LISTED = "pending confirmation", "PendingConfirmation"
AT_ONCE = 100
USUAL = {"RawMessageDelivery": "false", "FilterPolicyScope": filtering.ATTRIBUTES}
MOST_OF_FIFO_TOPIC = 100
MOST_FILTER_POLICIES = 200
NEEDED_SERVICES = ("lambda", "firehose")


class Subscriptions:
    """Who gets what is published to a topic."""

    def subscribe(
        self, topic_arn: str, protocol: str, endpoint: str | None = None, attributes: dict | None = None,
        return_subscription_arn: bool = False,
    ):  # fmt: skip
        home, topic = self._found(topic_arn, "TopicArn")
        endpoint = endpoint or ""
        endpoints.check(protocol, endpoint, topic)
        self._check_there(protocol)
        kept = _checked(attributes or {}, protocol, endpoint, topic)
        existing = home._of_endpoint(topic, protocol, endpoint, kept)
        if existing and not kept.items() <= {**USUAL, **existing.attributes}.items():
            raise invalid("Attributes Reason: Subscription already exists with different attributes")
        subscription = existing or self._new(topic, protocol, endpoint, kept)
        if not existing:
            home._keep_new(topic, subscription)
        if subscription.pending:
            home._ask(topic, subscription)
            return {"SubscriptionArn": subscription.arn if return_subscription_arn else PENDING_ARN}
        return {"SubscriptionArn": subscription.arn}

    def list_subscriptions(self, next_token: str | None = None):
        page = self.owned.page(AT_ONCE, next_token, where=lambda owned: self._visible(owned.arn) is not None)
        found = [self._visible(owned.arn) for owned in page.records]
        return {"Subscriptions": [_listed(one) for one in found if one], "NextToken": page.next_token}

    def list_subscriptions_by_topic(self, topic_arn: str, next_token: str | None = None):
        home, topic = self._found(topic_arn, "TopicArn")
        page = home.subscriptions.page(AT_ONCE, next_token, topic.name, where=lambda one: not one.cancelled)
        return {"Subscriptions": [_listed(one) for one in page.records], "NextToken": page.next_token}

    def get_subscription_attributes(self, subscription_arn: str):
        home, subscription = self._subscription(subscription_arn)
        topic = home.topics.get(subscription.topic_name)
        return {"Attributes": _shown(subscription, topic)}

    def set_subscription_attributes(
        self, subscription_arn: str, attribute_name: str, attribute_value: str | None = None
    ):
        home, subscription = self._subscription(subscription_arn)
        topic = home.topics.get(subscription.topic_name)
        value = attribute_value or ""
        if attribute_name in REMOVED_BY_EMPTY and value in ("", "{}"):
            subscription.attributes.pop(attribute_name, None)
        else:
            home._set(topic, subscription, attribute_name, value)
        if attribute_name == "ReplayPolicy" and not subscription.pending:
            home._begin_replay(subscription)
        home.subscriptions.put(subscription)

    def _set(self, topic: Topic, subscription: Subscription, name: str, value: str):
        known = subscription.attributes
        scope = known.get("FilterPolicyScope", filtering.ATTRIBUTES)
        if name == "FilterPolicy" and name not in known:
            self._check_filter_policies(topic)
        try:
            checked = subscription_attributes.check(
                name, value, subscription.protocol, subscription.endpoint, topic, scope
            )
            if name == "FilterPolicyScope" and "FilterPolicy" in known:
                filtering.check(known["FilterPolicy"], checked)
        except ValueError as wrong:
            raise invalid(str(wrong)) from None
        except AttributeError:
            raise invalid("AttributeName") from None
        known[name] = checked

    def _new(self, topic: Topic, protocol: str, endpoint: str, attributes: dict[str, str]) -> Subscription:
        """Pending, if the endpoint is on the web or belongs to somebody else."""
        id, caller = ids.uuid(), self.call.principal
        owner = self.call.account
        pending = protocol in endpoints.CONFIRMED or (
            protocol == "sqs" and endpoints.account_of(protocol, endpoint) != owner
        )
        return Subscription(
            topic.name, id, f"{topic.arn}:{id}", protocol, endpoint, owner, caller.arn, self.call.source.origin,
            self.now, attributes, pending, authenticated=not pending,
        )  # fmt: skip

    def _keep_new(self, topic: Topic, subscription: Subscription):
        if topic.is_fifo and len(list(self.subscriptions.list(topic.name))) >= MOST_OF_FIFO_TOPIC:
            raise SubscriptionLimitExceededException()
        if "FilterPolicy" in subscription.attributes:
            self._check_filter_policies(topic)
        self.subscriptions.put(subscription)
        self.owned.within(account=subscription.owner).put(Owned(subscription.arn))
        if "ReplayPolicy" in subscription.attributes and not subscription.pending:
            self._begin_replay(subscription)
            self.subscriptions.put(subscription)

    def _of_endpoint(self, topic: Topic, protocol: str, endpoint: str, attributes: Mapping) -> Subscription | None:
        """The endpoint's subscription, if it has one; one that it cancelled makes room for a new one."""
        for subscription in self.subscriptions.list(topic.name):
            if (subscription.protocol, subscription.endpoint) != (protocol, endpoint):
                continue
            if not subscription.cancelled:
                return subscription
            self._forget(subscription)
        return None

    def _check_filter_policies(self, topic: Topic):
        policies = sum("FilterPolicy" in one.attributes for one in self.subscriptions.list(topic.name))
        if policies >= MOST_FILTER_POLICIES:
            raise FilterPolicyLimitExceededException()

    def _check_there(self, protocol: str):
        if protocol in NEEDED_SERVICES and protocol not in self.cloud.services.names():
            raise NotSupported(f"sns: the protocol {protocol} is not supported by Glasshouse yet")

    def _visible(self, arn: str) -> Subscription | None:
        _, subscription = self._subscription_or_none(arn)
        return subscription if subscription and not subscription.cancelled else None

    def _subscription(self, arn: str):
        """(The service where its topic is, the subscription)."""
        home, subscription = self._subscription_or_none(arn)
        if subscription is None or subscription.cancelled:
            raise NotFoundException("Subscription does not exist")
        if self.call.account not in (subscription.owner, home.call.account):
            raise AuthorizationErrorException()
        return home, subscription

    def _subscription_or_none(self, arn: str):
        parts = arn.split(":")
        if len(parts) < 6:
            raise invalid(f"SubscriptionArn Reason: An ARN must have at least 6 elements, not {len(parts)}")
        topic_arn, _, id = arn.rpartition(":")
        if len(parts) != 7 or not id:
            raise invalid("SubscriptionId")
        home, name = self._home(topic_arn, "SubscriptionArn")
        return home, home.subscriptions.get(name, id)


def _checked(attributes: Mapping[str, str], protocol: str, endpoint: str, topic: Topic) -> dict[str, str]:
    """The attributes of a new subscription as they are kept."""
    scope, kept = attributes.get("FilterPolicyScope", filtering.ATTRIBUTES), {}
    for name, value in attributes.items():
        if name in REMOVED_BY_EMPTY and value in ("", "{}"):
            continue
        try:
            kept[name] = subscription_attributes.check(name, value, protocol, endpoint, topic, scope)
        except ValueError as wrong:
            raise invalid(f"Attributes Reason: {wrong}") from None
        except AttributeError:
            raise invalid(f"Attributes Reason: Unknown attribute: {name}") from None
    return kept


def _listed(subscription: Subscription) -> dict:
    return {
        "SubscriptionArn": PENDING_LISTED if subscription.pending else subscription.arn,
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": subscription.topic_arn,
    }


def _shown(subscription: Subscription, topic: Topic) -> dict[str, str]:
    """All that GetSubscriptionAttributes tells."""
    shown = {
        "SubscriptionArn": subscription.arn,
        "TopicArn": subscription.topic_arn,
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "SubscriptionPrincipal": subscription.principal,
        "ConfirmationWasAuthenticated": _boolean(subscription.authenticated),
        "PendingConfirmation": _boolean(subscription.pending),
        "RawMessageDelivery": "false",
        **subscription.attributes,
    }
    shown.pop("FilterPolicyScope", None)
    if "FilterPolicy" in subscription.attributes:
        shown["FilterPolicyScope"] = subscription.attributes.get("FilterPolicyScope", filtering.ATTRIBUTES)
    if subscription.protocol in ("http", "https"):
        effective = delivery_policy.effective(topic.attributes, subscription.attributes)
        shown["EffectiveDeliveryPolicy"] = delivery_policy.text(effective)
    if subscription.replay_status:
        shown["ReplayStatus"] = subscription.replay_status
    return shown


def _boolean(value: bool) -> str:
    return "true" if value else "false"
