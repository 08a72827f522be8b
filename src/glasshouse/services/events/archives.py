"""Archives of events, and replays of what is in them.

Differs from AWS: counts are exact at once; a replay begins after a second, and takes a hundred events a second, in
the order of their times.
"""

import json
from typing import Any

from glasshouse.core import ids
from glasshouse.services.events.errors import (
    IllegalStatusException,
    LimitExceededException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    ValidationException,
)
from glasshouse.services.events.inputs import moment_of, spelled
from glasshouse.services.events.matching import check_pattern
from glasshouse.services.events.records import Archive, Bus, Replay, Rule

PAGE = 100
DAY_S = 86_400
MANAGER = "prod.vhs.events.aws.internal"
MOST_REPLAYS = 10
STARTING_S, REPLAYED_AT_ONCE = 1, 100
ONE_FILTER = "At most one filter is allowed for {}. Use either : State, EventSourceArn, or NamePrefix."


class Archives:
    """The operations on archives."""

    def create_archive(
        self,
        archive_name: str,
        event_source_arn: str,
        description: str | None = None,
        event_pattern: str | None = None,
        retention_days: int = 0,
        kms_key_identifier: str | None = None,
    ):
        bus = self._bus(event_source_arn)
        if self.archives.get(archive_name):
            raise ResourceAlreadyExistsException(f"Archive {archive_name} already exists.")
        if event_pattern is not None:
            check_pattern(event_pattern)
        archive = Archive(
            archive_name, self.call.arn(f"archive/{archive_name}"), bus.arn, self.now, description, event_pattern,
            retention_days, kms_key_identifier,
        )  # fmt: skip
        self.archives.put(archive)
        self._put_archive_rule(archive, bus)
        return archive

    def update_archive(
        self,
        archive_name: str,
        description: str | None = None,
        event_pattern: str | None = None,
        retention_days: int | None = None,
        kms_key_identifier: str | None = None,
    ):
        archive = self._archive(archive_name)
        if event_pattern is not None:
            check_pattern(event_pattern)
            archive.event_pattern = event_pattern
        archive.description = archive.description if description is None else description
        archive.retention_days = archive.retention_days if retention_days is None else retention_days
        archive.kms_key_identifier = kms_key_identifier or archive.kms_key_identifier
        self.archives.put(archive)
        self._put_archive_rule(archive, self._bus(archive.event_source_arn))
        return archive

    def describe_archive(self, archive_name: str):
        return self._counted(self._archive(archive_name))

    def list_archives(
        self,
        name_prefix: str | None = None,
        event_source_arn: str | None = None,
        state: str | None = None,
        next_token: str | None = None,
        limit: int = PAGE,
    ):
        _check_one_filter("ListArchives", name_prefix, event_source_arn, state)
        if event_source_arn:
            self._bus(event_source_arn)
        page = self.archives.page(
            limit, next_token, name_prefix or "",
            where=lambda one: event_source_arn in (None, one.event_source_arn) and state in (None, one.state),
        )  # fmt: skip
        return {"Archives": [self._counted(archive) for archive in page.records], "NextToken": page.next_token}

    def delete_archive(self, archive_name: str):
        archive = self._archive(archive_name)
        self.archives.delete(archive)
        self.store.write("DELETE FROM events_archived WHERE archive = ?", (archive.archive_arn,))
        self.cancel(f"retention {archive.archive_arn}")
        rule = self.rules.get(self._name_of(archive.event_source_arn), f"Events-Archive-{archive_name}")
        if rule:
            self._remove_rule(rule)

    # Within

    def _archive(self, name: str) -> Archive:
        archive = self.archives.get(name)
        if archive is None:
            raise ResourceNotFoundException(f"Archive {name} does not exist.")
        return archive

    def _put_archive_rule(self, archive: Archive, bus: Bus):
        """What fills an archive is a rule that EventBridge manages; replayed events are not kept again."""
        pattern: dict[str, Any] = json.loads(archive.event_pattern) if archive.event_pattern else {}
        name = f"Events-Archive-{archive.archive_name}"
        rule = Rule(
            bus.name, name, self._rule_arn(bus.name, name), self.call.account, "ENABLED",
            spelled(pattern | {"replay-name": [{"exists": False}]}), managed_by=MANAGER, anchor=self.now,
            archive=archive.archive_arn,
        )  # fmt: skip
        self._put_rule(rule)
        self._expire_later(archive)

    def _keep_in_archive(self, archive: str, event: dict[str, Any]):
        text = spelled(event)
        size = len(event["source"]) + len(event["detail-type"]) + len(event["time"]) + len(spelled(event["detail"]))
        self.store.write(
            "INSERT INTO events_archived (archive, time, kept, size, body) VALUES (?, ?, ?, ?, ?)",
            (archive, moment_of(event), self.now, size, text),
        )

    def _counted(self, archive: Archive) -> Archive:
        archive.event_count, archive.size_bytes = self.store.read(
            "SELECT COUNT(*), COALESCE(SUM(size), 0) FROM events_archived WHERE archive = ?", (archive.archive_arn,)
        ).fetchone()
        return archive

    def _expire_later(self, archive: Archive):
        key = f"retention {archive.archive_arn}"
        if archive.retention_days:
            self.later("_expire", at=(self.now // DAY_S + 1) * DAY_S, key=key, name=archive.archive_name)
        else:
            self.cancel(key)

    def _expire(self, name: str):
        """Once a day: what is older than an archive keeps it."""
        archive = self.archives.get(name)
        if archive is None or not archive.retention_days:
            return
        oldest = self.now - archive.retention_days * DAY_S
        self.store.write("DELETE FROM events_archived WHERE archive = ? AND kept <= ?", (archive.archive_arn, oldest))
        self._expire_later(archive)


class Replays:
    """The operations on replays."""

    def start_replay(
        self,
        replay_name: str,
        event_source_arn: str,
        event_start_time: float,
        event_end_time: float,
        destination: dict,
        description: str | None = None,
    ):
        if ":event-bus/" not in destination["Arn"]:
            raise _not_valid("Destination.Arn", "Must contain an event bus ARN.")
        if event_start_time >= event_end_time:
            raise _not_valid("EventEndTime", "EventStartTime must be before EventEndTime.")
        bus = self._bus(destination["Arn"])
        name = event_source_arn.rpartition("archive/")[2]
        archive = self.archives.get(name)
        if archive is None:
            raise _not_valid("EventSourceArn", f"Archive {name} does not exist.")
        if archive.event_source_arn != bus.arn:
            raise _not_valid("Destination.Arn", "Cross event bus replay is not permitted.")
        if self.replays.get(replay_name):
            raise ResourceAlreadyExistsException(f"Replay {replay_name} already exists.")
        if sum(replay.state in ("STARTING", "RUNNING", "CANCELLING") for replay in self.replays.list()) >= MOST_REPLAYS:
            raise LimitExceededException()
        replay = Replay(
            replay_name, self.call.arn(f"replay/{replay_name}"), archive.archive_arn, event_start_time, event_end_time,
            destination, self.now, description, after=(event_start_time, 0),
        )  # fmt: skip
        self.replays.put(replay)
        self.later("_replay", after=STARTING_S, name=replay_name)
        return replay

    def describe_replay(self, replay_name: str):
        return self._replay_named(replay_name)

    def list_replays(
        self,
        name_prefix: str | None = None,
        state: str | None = None,
        event_source_arn: str | None = None,
        next_token: str | None = None,
        limit: int = PAGE,
    ):
        _check_one_filter("ListReplays", name_prefix, event_source_arn, state)
        page = self.replays.page(
            limit, next_token, name_prefix or "",
            where=lambda one: event_source_arn in (None, one.event_source_arn) and state in (None, one.state),
        )  # fmt: skip
        return {"Replays": page.records, "NextToken": page.next_token}

    def cancel_replay(self, replay_name: str):
        replay = self._replay_named(replay_name)
        if replay.state not in ("STARTING", "RUNNING"):
            raise IllegalStatusException(f"Replay {replay_name} is not in a valid state for this operation.")
        replay.state = "CANCELLING"
        return self.replays.put(replay)

    # Within

    def _replay_named(self, name: str) -> Replay:
        replay = self.replays.get(name)
        if replay is None:
            raise ResourceNotFoundException(f"Replay {name} does not exist.")
        return replay

    def _replay(self, name: str):
        """The next events of a replay."""
        replay = self.replays.get(name)
        if replay is None:
            return
        if replay.state == "CANCELLING":
            self._end_replay(replay, "CANCELLED")
            return
        rows = self.store.read(
            "SELECT time, id, body FROM events_archived WHERE archive = ? AND (time, id) > (?, ?) AND time < ?"
            " ORDER BY time, id LIMIT ?",
            (replay.event_source_arn, *replay.after, replay.event_end_time, REPLAYED_AT_ONCE),
        ).fetchall()
        for time, number, body in rows:
            replay.after, replay.event_last_replayed_time = (time, number), time
            self._put_again(replay, json.loads(body))
        if len(rows) < REPLAYED_AT_ONCE:
            self._end_replay(replay, "COMPLETED")
            return
        replay.state = "RUNNING"
        self.replays.put(replay)
        self.later("_replay", after=1, name=name)

    def _put_again(self, replay: Replay, event: dict[str, Any]):
        event["id"], event["replay-name"] = ids.uuid(), replay.replay_name
        bus = self._name_of(replay.destination["Arn"])
        wanted = replay.destination.get("FilterArns")
        for plan in self._rulebook(bus).matching(event):
            if not plan.rule.archive and (not wanted or plan.rule.arn in wanted):
                self._send_to_targets(plan.rule.name, plan.rule.arn, plan.targets, event)

    def _end_replay(self, replay: Replay, state: str):
        replay.state, replay.replay_end_time = state, self.now
        self.replays.put(replay)


def _check_one_filter(operation: str, *filters: str | None):
    if sum(filter_ is not None for filter_ in filters) > 1:
        raise ValidationException(ONE_FILTER.format(operation))


def _not_valid(parameter: str, reason: str) -> ValidationException:
    return ValidationException(f"Parameter {parameter} is not valid. Reason: {reason}")
