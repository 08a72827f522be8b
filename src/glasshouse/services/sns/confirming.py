"""Confirmation: a subscriber over the web or by mail agrees first, and can take back an end it did not want.

A token is part of what the endpoint is sent. It holds for two days and is good for once; what nobody confirmed within
three days is deleted. A cancelled subscription is kept as long, since the token of its cancellation restores it.
"""

import re
from uuid import UUID

from glasshouse.core import ids
from glasshouse.services.sns.endpoints import CONFIRMED
from glasshouse.services.sns.envelopes import confirmation, document
from glasshouse.services.sns.errors import AuthorizationErrorException, InvalidParameterException, invalid
from glasshouse.services.sns.records import Subscription, Topic

TOKEN = re.compile(r"[0-9a-f]{32,}")
SECRET_DIGITS = 192  # after those of the subscription's id
DAY_S = 24 * 3600
TOKEN_S, PENDING_S = 2 * DAY_S, 3 * DAY_S


class Confirming:
    """ConfirmSubscription and Unsubscribe, which anybody may ask for who has the link."""

    def confirm_subscription(self, topic_arn: str, token: str, authenticate_on_unsubscribe: str | None = None):
        signed = self.call.principal.kind != "anonymous"
        wants_signature = (authenticate_on_unsubscribe or "").lower() == "true"
        home, name = self._home(topic_arn, "TopicArn")
        if not TOKEN.fullmatch(token):
            raise InvalidParameterException("Invalid token")
        subscription = home._of_token(name, str(UUID(token[:32])))
        if subscription is None or subscription.token != token or subscription.token_expires <= self.now:
            raise invalid("Token")
        if wants_signature and not signed:
            raise AuthorizationErrorException("Only a signed request can ask for AuthenticateOnUnsubscribe.")
        subscription.pending = subscription.cancelled = False
        subscription.token = None
        subscription.authenticated = signed
        subscription.authenticate_on_unsubscribe = wants_signature
        home.cancel(_expiry(subscription))
        home.subscriptions.put(subscription)
        if "ReplayPolicy" in subscription.attributes:
            home._begin_replay(subscription)
            home.subscriptions.put(subscription)
        return {"SubscriptionArn": subscription.arn}

    def _of_token(self, topic_name: str, id: str) -> Subscription | None:
        """A token leads to its subscription even where another topic of the place is named with it, as on AWS."""
        named = self.subscriptions.get(topic_name, id)
        return named or next((one for one in self.subscriptions.list() if one.id == id), None)

    def unsubscribe(self, subscription_arn: str):
        home, subscription = self._subscription_or_none(subscription_arn)
        if subscription is None or subscription.cancelled:
            return
        topic = home.topics.get(subscription.topic_name)
        self._check_may_end(topic, subscription)
        topic.subscriptions_deleted += 1
        home.topics.put(topic)
        if subscription.protocol in CONFIRMED and not subscription.pending and self._tells_of_end(subscription):
            subscription.cancelled = True
            home._ask(topic, subscription)
        else:
            home._forget(subscription)

    def _check_may_end(self, topic: Topic, subscription: Subscription):
        principal = self.call.principal
        if principal.kind == "anonymous":
            allowed = not (subscription.authenticate_on_unsubscribe or subscription.pending)
        else:
            allowed = principal.account in (subscription.owner, topic.account)
        if not allowed:
            raise AuthorizationErrorException()

    def _tells_of_end(self, subscription: Subscription) -> bool:
        """An owner who ends a subscription by mail knows of it; an HTTP endpoint is always told."""
        is_owner = self.call.principal.account == subscription.owner
        return subscription.protocol in ("http", "https") or not is_owner

    def _ask(self, topic: Topic, subscription: Subscription):
        """Send the endpoint a new token: to confirm, or to restore what was cancelled."""
        subscription.token = UUID(subscription.id).hex + ids.token(SECRET_DIGITS, ids.HEX)
        subscription.token_expires = self.now + TOKEN_S
        self.subscriptions.put(subscription)
        self.later(
            "_expire", after=PENDING_S, key=_expiry(subscription), name=subscription.topic_name, id=subscription.id
        )
        message_id = ids.uuid()
        fields = confirmation(subscription, message_id, self.now, subscription.cancelled)
        if subscription.protocol in ("email", "email-json"):
            self._mail_confirmation(topic, subscription, fields)
            return
        work = {
            "kind": fields["Type"], "message_id": message_id, "raw": False, "published": self.now,
            "body": document(fields | self._signature(topic, fields)), "group": None,
            "deduplication": None,
        }  # fmt: skip
        self._send(topic, subscription, work)

    def _expire(self, name: str, id: str):
        """Delete what nobody has confirmed, or what was cancelled and not restored."""
        subscription = self.subscriptions.get(name, id)
        if subscription and (subscription.pending or subscription.cancelled):
            self._forget(subscription)

    def _forget(self, subscription: Subscription):
        """Delete a subscription with all that is on its way to it."""
        self.cancel(_expiry(subscription))
        self.store.write("DELETE FROM sns_delivery WHERE subscription = ?", (subscription.arn,))
        owned = self.owned.within(account=subscription.owner)
        if record := owned.get(subscription.arn):
            owned.delete(record)
        self.subscriptions.delete(subscription)


def _expiry(subscription: Subscription) -> str:
    return f"expiry of {subscription.id}"
