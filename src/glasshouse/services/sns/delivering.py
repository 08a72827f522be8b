"""Delivering: how a message reaches each kind of endpoint, and what is done when it does not.

What goes to another service of this cloud goes within the transaction that publishes. What goes over HTTP, and what
has failed and may succeed later, is a row of `sns_delivery` with a job: it is tried again by the delivery policy, then
laid into the subscription's dead-letter queue, then forgotten.
"""

import ssl
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec

from glasshouse.core import NotSupported, ServiceError, ids, outside
from glasshouse.core.digests import md5_hex
from glasshouse.core.once import once
from glasshouse.core.siblings import Seam
from glasshouse.services.sns import delivery_policy
from glasshouse.services.sns.envelopes import (
    Notice,
    missing_bytes,
    text_for,
    text_in,
    timestamp,
    unsubscribe_url,
)
from glasshouse.services.sns.filtering import wants
from glasshouse.services.sns.http import Outcome, post
from glasshouse.services.sns.records import Note, Subscription, Topic
from glasshouse.services.sns.subscription_attributes import dead_letter_queue

AGENT = "Amazon Simple Notification Service Agent"
# Errors that are the endpoint's for the moment; all others are for good (a queue that is not there, or forbids it).
PASSING = ("InternalFailure", "OverLimit", "RequestThrottled", "ServiceException", "TooManyRequestsException")
FEEDBACK = {"http": "HTTP", "https": "HTTP", "sqs": "SQS", "lambda": "Lambda", "firehose": "Firehose"}
Work = dict[str, Any]


class Delivering:
    """From a published message to each subscriber's endpoint."""

    def _deliver_to_all(self, topic: Topic, note: Note):
        notices: dict[str, Notice] = {}
        for subscription in self.subscriptions.list(topic.name):
            if not (subscription.pending or subscription.cancelled or self._is_replaying(subscription)):
                self._deliver_to(topic, subscription, note, notices)

    def _deliver_to(self, topic: Topic, subscription: Subscription, note: Note, notices: dict[str, Notice]):
        """Send a message on its way to one subscriber, if that one wants it. Those before have left their notices."""
        text = text_for(note, subscription.protocol)
        if not wants(subscription.attributes, note.attributes, text):
            return
        notice = notices.get(text)
        if notice is None:
            notice = notices[text] = Notice(note, text, partial(self._blank_signature, topic), self._sign)
        if subscription.protocol in ("email", "email-json"):
            self._mail_note(topic, subscription, notice)
        elif subscription.protocol == "sms":
            self._write_out("sms", subscription.endpoint, note, text)
        elif subscription.protocol == "application":
            self._push_to(subscription.endpoint, note)
        else:
            self._send(topic, subscription, _work(subscription, notice))

    def _send(self, topic: Topic, subscription: Subscription, work: Work):
        """The first attempt: at once within the cloud, by a job over HTTP."""
        if subscription.protocol in ("http", "https"):
            after = self._pace(topic, subscription) if work["kind"] == "Notification" else 0.0
            self._put_on_its_way(topic, subscription, work, "_deliver_by_http", after)
            return
        try:
            answer = self._hand_over(topic, subscription, work)
            self._note_status(topic, subscription, work, answer, attempts=1)
        except ServiceError as refusal:
            if refusal.code in PASSING:
                self._put_on_its_way(topic, subscription, work, "_deliver_again", 0.0)
            else:
                self._give_up(topic, subscription, work, str(refusal), attempts=1)

    def _hand_over(self, topic: Topic, subscription: Subscription, work: Work) -> dict:
        """Give a message to another service of this cloud."""
        arn = subscription.endpoint
        if subscription.protocol == "sqs":
            return self._to_queue(topic, arn, work)
        region, account = arn.split(":")[3:5]
        aws = self.aws(account=account, region=region).as_service(topic.arn)
        if subscription.protocol == "lambda":
            return aws.lambda_.invoke(FunctionName=arn, InvocationType="Event", Payload=work["body"].encode())
        if subscription.protocol == "firehose":
            name, role = arn.rpartition("/")[2], subscription.attributes["SubscriptionRoleArn"]
            put = aws.as_role(role).firehose.put_record
            return put(DeliveryStreamName=name, Record={"Data": f"{work['body']}\n".encode()})
        raise NotSupported(f"sns: delivery by {subscription.protocol} is not supported by Glasshouse yet")

    def _to_queue(self, topic: Topic, arn: str, work: Work) -> dict:
        region, account, name = arn.split(":")[3:6]
        members: dict[str, Any] = {"QueueUrl": f"https://sqs/{account}/{name}", "MessageBody": work["body"]}
        if work["raw"] and work["attributes"]:
            members["MessageAttributes"] = _decoded(work["attributes"])
        if name.endswith(".fifo"):
            members["MessageDeduplicationId"] = work["deduplication"] or work["message_id"]
            members["MessageGroupId"] = work["group"] or topic.name
        elif work["group"] and not topic.is_fifo:
            members["MessageGroupId"] = work["group"]
        place = (region, account, topic.arn)
        if place not in self._queues:
            aws = self.aws(account=account, region=region).as_service(topic.arn)
            self._queues[place] = aws.seam("sqs", "send_message", "_send")
        if work.get("open"):
            return self._queues[place](members, completion="sns._completed", missing_bytes=missing_bytes())
        return self._queues[place](members)

    @once
    def _queues(self) -> dict[tuple[str, str, str], Seam]:
        """How the queues of a place are sent to for a topic, for the time of this call."""
        return {}

    # On its way

    def _put_on_its_way(self, topic: Topic, subscription: Subscription, work: Work, method: str, after: float):
        id = self.store.write(
            "INSERT INTO sns_delivery (subscription, begun, work) VALUES (?, ?, ?)",
            (subscription.arn, self.now, self._sealed(topic, msgspec.json.encode(work))),
        ).lastrowid
        self.later(method, after=after, key=f"delivery {id}", delivery=id)

    def _loaded(self, delivery: int) -> tuple[Topic, Subscription, Work, int] | None:
        """What is on its way, unless its subscription went away meanwhile."""
        row = self.store.read(
            "SELECT subscription, attempt, work FROM sns_delivery WHERE id = ?", (delivery,)
        ).fetchone()
        if row is None:
            return None
        name, id = row[0].split(":")[5:7]
        topic, subscription = self.topics.get(name), self.subscriptions.get(name, id)
        if topic is None or subscription is None:
            self._arrived(delivery)
            return None
        return topic, subscription, msgspec.json.decode(self._opened(topic.arn, row[2])), row[1]

    def _arrived(self, delivery: int):
        self.store.write("DELETE FROM sns_delivery WHERE id = ?", (delivery,))

    def _again(self, delivery: int, method: str, after: float):
        self.store.write("UPDATE sns_delivery SET attempt = attempt + 1 WHERE id = ?", (delivery,))
        self.later(method, after=after, key=f"delivery {delivery}", delivery=delivery)

    def _deliver_again(self, delivery: int):
        """A retry within the cloud."""
        loaded = self._loaded(delivery)
        if loaded is None:
            return
        topic, subscription, work, attempt = loaded
        try:
            answer = self._hand_over(topic, subscription, work)
            self._note_status(topic, subscription, work, answer, attempts=attempt + 2)
            self._arrived(delivery)
        except ServiceError as refusal:
            after = delivery_policy.managed_delay(attempt + 1) if refusal.code in PASSING else None
            if after is None:
                self._give_up(topic, subscription, work, str(refusal), attempts=attempt + 2)
                self._arrived(delivery)
            else:
                self._again(delivery, "_deliver_again", after)

    @outside
    def _deliver_by_http(self, delivery: int):
        request = self.inside("_http_request", delivery=delivery)
        if request:
            outcome = post(*request, trust=self._trust)
            self.inside("_http_answered", delivery=delivery, outcome=outcome)

    def _http_request(self, delivery: int) -> tuple[str, dict[str, str], bytes] | None:
        """(URL, headers, body) of what is to be sent."""
        loaded = self._loaded(delivery)
        if loaded is None:
            return None
        topic, subscription, work, _ = loaded
        effective = delivery_policy.effective(topic.attributes, subscription.attributes)
        kind, notifies = effective["requestPolicy"]["headerContentType"], work["kind"] == "Notification"
        headers = {
            "x-amz-sns-message-type": work["kind"],
            "x-amz-sns-message-id": work["message_id"],
            "x-amz-sns-topic-arn": topic.arn,
            "Content-Type": kind if notifies else delivery_policy.CONTENT_TYPE,
            "User-Agent": AGENT,
            "Accept-Encoding": "gzip,deflate",
        }
        if work["kind"] != "SubscriptionConfirmation":
            headers["x-amz-sns-subscription-arn"] = subscription.arn
        if notifies and work["raw"]:
            headers["x-amz-sns-rawdelivery"] = "true"
        return subscription.endpoint, headers, work["body"].encode()

    def _http_answered(self, delivery: int, outcome: Outcome):
        loaded = self._loaded(delivery)
        if loaded is None:
            return
        topic, subscription, work, attempt = loaded
        effective = delivery_policy.effective(topic.attributes, subscription.attributes)
        retries = delivery_policy.delays(effective["healthyRetryPolicy"])
        if outcome.arrived:
            answer = {"status": outcome.status, "response": outcome.response}
            self._note_status(topic, subscription, work, answer, attempt + 1, outcome.dwell_ms)
        elif outcome.may_be_retried and attempt < len(retries):
            self._again(delivery, "_deliver_by_http", retries[attempt])
            return
        else:
            self._give_up(topic, subscription, work, outcome.response, attempt + 1, outcome.status, outcome.dwell_ms)
        self._arrived(delivery)

    def _pace(self, topic: Topic, subscription: Subscription) -> float:
        """How long a message must wait so that its endpoint is not given more than it takes in a second."""
        throttle = delivery_policy.effective(topic.attributes, subscription.attributes)["throttlePolicy"] or {}
        rate = throttle.get("maxReceivesPerSecond")
        if not rate:
            return 0.0
        turn = max(self.now, subscription.next_turn)
        subscription.next_turn = turn + 1 / rate
        self.subscriptions.put(subscription)
        return turn - self.now

    def _trust(self) -> ssl.SSLContext:
        """An HTTPS endpoint's certificate must be trusted on this machine, or come from this cloud."""
        context = ssl.create_default_context()
        context.load_verify_locations(cadata=self.cloud.authority().pem.decode())
        return context

    # The end

    def _give_up(
        self, topic: Topic, subscription: Subscription, work: Work, reason: str, attempts: int,
        status: int | None = None, dwell_ms: int = 0,
    ):  # fmt: skip
        """Lay a message into the dead-letter queue, if the subscription has one."""
        if work["kind"] == "Notification":
            arn = dead_letter_queue(subscription.attributes)
            self._note_status(
                topic, subscription, work, {"status": status, "response": reason}, attempts, dwell_ms, failed=True
            )
            with suppress(ServiceError):  # a queue that is not there, or refuses it: the message is lost, as on AWS
                if arn:
                    self._to_queue(topic, arn, work | {"body": work.get("letter", work["body"])})

    def _note_status(
        self, topic: Topic, subscription: Subscription, work: Work, answer: Mapping, attempts: int,
        dwell_ms: int = 0, failed: bool = False,
    ):  # fmt: skip
        """Write a delivery's outcome into CloudWatch Logs, where the topic asks for that."""
        protocol = FEEDBACK.get(subscription.protocol)
        if protocol is None or work["kind"] != "Notification":
            return
        outcome = "Failure" if failed else "Success"
        if f"{protocol}{outcome}FeedbackRoleArn" not in topic.attributes:
            return
        rate = int(topic.attributes.get(f"{protocol}SuccessFeedbackSampleRate", 100))
        if failed or ids.random_fraction() * 100 < rate:
            entry = {
                "notification": {
                    "messageMD5Sum": md5_hex(text_in(work).encode()), "messageId": work["message_id"],
                    "topicArn": topic.arn, "timestamp": _spaced(work["published"]),
                },
                "delivery": {
                    "deliveryId": ids.uuid(), "destination": subscription.endpoint, "dwellTimeMs": dwell_ms,
                    **({"attempts": attempts} if protocol == "HTTP" else {}),
                    **_provider(subscription.protocol, answer, failed),
                },
                "status": outcome.upper(),
            }  # fmt: skip
            self.later("_log_status", topic=topic.name, failed=failed, entry=entry)

    def _log_status(self, topic: str, failed: bool, entry: dict):
        group = f"sns/{self.call.region}/{self.call.account}/{topic}{'/Failure' if failed else ''}"
        stream = ids.uuid()
        try:
            self.aws.logs.create_log_group(logGroupName=group)
        except ServiceError as refusal:
            if refusal.code != "ResourceAlreadyExistsException":
                raise
        self.aws.logs.create_log_stream(logGroupName=group, logStreamName=stream)
        event = {"timestamp": int(self.now * 1000), "message": msgspec.json.encode(entry).decode()}
        self.aws.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])


def _work(subscription: Subscription, notice: Notice) -> Work:
    """What is to be sent, complete: it must not change while it is tried again."""
    note, raw, link = notice.note, subscription.is_raw, unsubscribe_url(subscription)
    work: Work = {
        "kind": "Notification", "message_id": note.message_id, "raw": raw, "published": note.published,
        "group": note.group, "deduplication": note.deduplication,
    }  # fmt: skip
    if raw:
        work["body"], work["attributes"] = notice.text, note.attributes
    elif subscription.protocol == "sqs":
        work["open"] = bool(notice.blank_signature)
        work["body"] = notice.draft(link) if work["open"] else notice.document(link)
    elif subscription.protocol == "lambda":
        work["body"] = notice.lambda_event(subscription)
        if dead_letter_queue(subscription.attributes):
            work["letter"] = notice.document(link)  # a queue is not sent what functions are
    else:
        work["body"] = notice.document(link)
    return work


def _provider(protocol: str, answer: Mapping, failed: bool) -> dict:
    """What the endpoint answered, as delivery logs show it."""
    if failed or protocol in ("http", "https"):
        return {"providerResponse": answer["response"], "statusCode": answer["status"] or 0}
    if protocol == "sqs":
        shown = msgspec.json.encode({"sqsMessageId": answer["MessageId"]}).decode()
        return {"providerResponse": shown, "statusCode": 200}
    return {"providerResponse": "{}", "statusCode": answer.get("StatusCode", 200)}


def _spaced(moment: float) -> str:
    """A timestamp as delivery logs write it."""
    return timestamp(moment).replace("T", " ").removesuffix("Z")


def _decoded(attributes: Mapping[str, Mapping]) -> dict[str, dict]:
    """Message attributes as SQS takes them."""
    return {name: _decoded_one(attribute) for name, attribute in attributes.items()}


def _decoded_one(attribute: Mapping) -> dict:
    if "BinaryValue" not in attribute:
        return dict(attribute)
    return {**attribute, "BinaryValue": b64decode(attribute["BinaryValue"])}
