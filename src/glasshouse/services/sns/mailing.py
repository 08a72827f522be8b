"""Letters: what subscribers by e-mail get, into the cloud's mailbox."""

from glasshouse.services.sns.envelopes import Fields, Notice, document, subscribe_url, unsubscribe_url
from glasshouse.services.sns.records import Subscription, Topic

ADDRESS = "no-reply@sns.amazonaws.com"
USUAL_NAME = "AWS Notifications"
USUAL_SUBJECT = "AWS Notification Message"
FOOTER = """

--
If you wish to stop receiving notifications from this topic, please click or visit the link below to unsubscribe:
{url}

Please do not reply directly to this email.
"""
CONFIRMATION = """You have chosen to subscribe to the topic:
{topic}

To confirm this subscription, click or visit the link below (If this was in error no action is necessary):
{url}

Please do not reply directly to this email.
"""
CANCELLATION = """Your subscription to the topic below has been deactivated:
{topic}

If this was in error, click or visit the link below to restore the subscription:
{url}

Please do not reply directly to this email.
"""


class Mailing:
    """The protocols email and email-json."""

    def _mail_note(self, topic: Topic, subscription: Subscription, notice: Notice):
        sender = f"{topic.attributes.get('DisplayName') or USUAL_NAME} <{ADDRESS}>"
        if subscription.protocol == "email-json":
            text = notice.document(unsubscribe_url(subscription))
        else:
            text = notice.text + FOOTER.format(url=unsubscribe_url(subscription))
        self.post(sender, [subscription.endpoint], notice.note.subject or USUAL_SUBJECT, text)

    def _mail_confirmation(self, topic: Topic, subscription: Subscription, fields: Fields):
        """What asks to confirm a subscription, or tells of its end."""
        begins = fields["Type"] == "SubscriptionConfirmation"
        if subscription.protocol == "email-json":
            text = document(fields | self._signature(topic, fields))
        else:
            form = CONFIRMATION if begins else CANCELLATION
            text = form.format(topic=topic.arn, url=subscribe_url(subscription))
        subject = f"AWS Notification - {'Subscription' if begins else 'Unsubscribe'} Confirmation"
        self.post(f"{USUAL_NAME} <{ADDRESS}>", [subscription.endpoint], subject, text)
