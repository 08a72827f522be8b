"""Archives of FIFO topics: what was published is kept for some days, and sent again to whoever asks for it.

A subscription that replays gets the archive first, in order, then what is published: a message that comes while it
replays is in the archive, too, and is sent from there.
"""

from datetime import datetime

import msgspec

from glasshouse.services.sns import topic_attributes
from glasshouse.services.sns.records import Note, Subscription, Topic

DAY_S = 24 * 3600
AT_ONCE = 100
PENDING, RUNNING, COMPLETED = "Pending", "In progress", "Completed"


class Archive:
    """What a FIFO topic remembers."""

    def _archive(self, topic: Topic, note: Note):
        if topic.archived_from is not None:
            row = (
                topic.arn,
                int(note.sequence_number or 0) // 1000,
                note.published,
                self._sealed(topic, _encode(note)),
            )
            self.store.write("INSERT INTO sns_archive VALUES (?, ?, ?, ?)", row)

    def _archiving_changed(self, topic: Topic):
        """The topic's archive policy was set: an archive begins, or ends with all that is in it."""
        days = topic_attributes.archive_days(topic.attributes)
        if days is None:
            topic.archived_from = None
            self.store.write("DELETE FROM sns_archive WHERE topic = ?", (topic.arn,))
        elif topic.archived_from is None:
            topic.archived_from = self.now
            self._sweep_later()

    def _beginning_of_archive(self, topic: Topic) -> float | None:
        """The earliest moment that can be replayed."""
        days = topic_attributes.archive_days(topic.attributes)
        if days is None or topic.archived_from is None:
            return None
        return max(topic.archived_from, self.now - days * DAY_S)

    def _forget_archived(self, topic: Topic):
        oldest = self._beginning_of_archive(topic)
        if oldest is not None:
            self.store.write("DELETE FROM sns_archive WHERE topic = ? AND published < ?", (topic.arn, oldest))

    def _is_replaying(self, subscription: Subscription) -> bool:
        """Whether new messages wait for a replay, or are no longer wanted since the replay had an end."""
        if subscription.replay_status in (PENDING, RUNNING):
            return True
        return subscription.replay_status == COMPLETED and _end(subscription) is not None

    def _begin_replay(self, subscription: Subscription):
        """A subscription's replay policy was set, or taken away."""
        if "ReplayPolicy" in subscription.attributes:
            subscription.replay_status, subscription.replayed_to = PENDING, 0
            self.later("_replay", topic_name=subscription.topic_name, id=subscription.id)
        else:
            subscription.replay_status = None

    def _replay(self, topic_name: str, id: str):
        """Send the next messages of the archive again."""
        topic, subscription = self.topics.get(topic_name), self.subscriptions.get(topic_name, id)
        if topic is None or subscription is None or subscription.replay_status not in (PENDING, RUNNING):
            return
        start, end = max(_start(subscription), self._beginning_of_archive(topic) or 0.0), _end(subscription)
        rows = self.store.read(
            "SELECT sequence, note FROM sns_archive"
            " WHERE topic = ? AND sequence > ? AND published >= ? AND published <= ? ORDER BY sequence LIMIT ?",
            (topic.arn, subscription.replayed_to, start, self.now if end is None else end, AT_ONCE),
        ).fetchall()
        for sequence, sealed in rows:
            note = msgspec.json.decode(self._opened(topic.arn, sealed), type=Note)
            note.replayed = True
            self._deliver_to(topic, subscription, note, {})
            subscription.replayed_to = sequence
        going_on = len(rows) == AT_ONCE or (end is not None and end > self.now)
        subscription.replay_status = RUNNING if going_on else COMPLETED
        self.subscriptions.put(subscription)
        if going_on:
            after = 0.0 if len(rows) == AT_ONCE else 1.0
            self.later("_replay", after=after, topic_name=topic_name, id=id)


def _encode(note: Note) -> bytes:
    return msgspec.json.encode(note)


def _point(subscription: Subscription, name: str) -> float | None:
    text = msgspec.json.decode(subscription.attributes["ReplayPolicy"]).get(name)
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment.timestamp() if moment.tzinfo else datetime.fromisoformat(f"{text}+00:00").timestamp()


def _start(subscription: Subscription) -> float:
    return _point(subscription, "StartingPoint") or 0.0


def _end(subscription: Subscription) -> float | None:
    return _point(subscription, "EndingPoint") if "ReplayPolicy" in subscription.attributes else None
