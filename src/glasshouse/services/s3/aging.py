"""The lifecycle at work: at each midnight (UTC) of the cloud's clock, the rules of a bucket act on what is due.

A job takes the rules' actions one after another and, within each, the objects in portions, in the order of their keys.
After a full portion it schedules itself anew, to go on from there, so that neither a transaction nor the loop is ever
held for long; after the last one it schedules itself for the next midnight.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from glasshouse.services.s3.errors import AccessDenied
from glasshouse.services.s3.lifecycle_rules import (
    DAY_S,
    enabled,
    filter_of,
    made_by,
    midnight_before,
    transition,
)
from glasshouse.services.s3.records import Bucket, ObjectVersion
from glasshouse.services.s3.walk import successor

PORTION = 500
SMALLEST = ("all_storage_classes_128K", "varies_by_storage_class")  # the default is the first
CURRENT = "bucket = ? AND superseded IS NULL AND key > ? AND key >= ? AND key < ?"
NONCURRENT = "bucket = ? AND superseded IS NOT NULL AND key >= ? AND (key > ? OR id < ?) AND key >= ? AND key < ?"
NEWER = "SELECT count(*) FROM s3_version WHERE bucket = ? AND key = ? AND superseded IS NOT NULL AND id > ?"
OLDER = "SELECT 1 FROM s3_version WHERE bucket = ? AND key = ? AND superseded IS NOT NULL LIMIT 1"
EVER = float("inf")


class Step(NamedTuple):
    """One action of one rule; `act` takes a portion of what it is for."""

    rank: int  # permanent deletion precedes transitions, and these the making of delete markers
    act: Callable[["Portion"], None]
    rule: dict


class Portion:
    """Where a step has got to."""

    def __init__(self, bucket: Bucket, rule: dict, smallest: str, after: list):
        self.bucket, self.rule, self.filter, self.smallest = bucket, rule, filter_of(rule), smallest
        self.after = after  # the key, and for older versions the id, of the last one that was looked at
        self.seen = 0

    @property
    def is_full(self) -> bool:
        return self.seen >= PORTION


class Aging:
    def _age(self, bucket: str, step: int = 0, after: list | None = None):
        """Do what is due now, beginning with a step of the rules behind some key."""
        found = self.buckets.get(bucket)
        kept = self._setting(found, "lifecycle") if found else None
        if found is None or kept is None:
            return
        steps = sorted(self._steps(found, enabled(kept["rules"])), key=lambda each: each.rank)
        for number in range(step, len(steps)):
            portion = Portion(found, steps[number].rule, kept["smallest"], (after or []) if number == step else [])
            steps[number].act(portion)
            if portion.is_full:
                again = {"bucket": bucket, "step": number, "after": portion.after}
                self._schedule(found, "_age", self.now, again, job_key(bucket))
                return
        self._schedule(found, "_age", next_midnight(self.now), {"bucket": bucket}, job_key(bucket))

    def _steps(self, bucket: Bucket, rules: list[dict]) -> Iterator[Step]:
        for rule in rules:
            expiration = rule.get("Expiration") or {}
            if "NoncurrentVersionExpiration" in rule:
                yield Step(0, self._expire_noncurrent, rule)
            if "AbortIncompleteMultipartUpload" in rule:
                yield Step(0, self._abort_uploads, rule)
            if rule.get("Transitions"):
                yield Step(1, self._move_current, rule)
            if rule.get("NoncurrentVersionTransitions"):
                yield Step(1, self._move_noncurrent, rule)
            if "Days" in expiration or "Date" in expiration:
                yield Step(2 if bucket.versioned else 0, self._expire_current, rule)
            if "Days" in expiration or expiration.get("ExpiredObjectDeleteMarker"):
                yield Step(0, self._expire_markers, rule)

    # What the actions do

    def _expire_current(self, portion: Portion):
        expiration = portion.rule["Expiration"]
        if expiration.get("Date", 0) > self.now:
            return
        made = made_by(self.now, expiration["Days"]) if "Days" in expiration else EVER
        for version in self._current(portion, "delete_marker = 0 AND modified <= ?", (made,)):
            self._delete_unlocked(portion.bucket, version.key, None)

    def _expire_markers(self, portion: Portion):
        """Delete markers that hide nothing any more."""
        days = portion.rule["Expiration"].get("Days")
        made = EVER if days is None else made_by(self.now, days)
        for marker in self._current(portion, "delete_marker = 1 AND modified <= ?", (made,)):
            if not self.store.read(OLDER, (marker.bucket, marker.key)).fetchone():
                self._delete(portion.bucket, marker.key, marker.version_id)

    def _expire_noncurrent(self, portion: Portion):
        action = portion.rule["NoncurrentVersionExpiration"]
        kept = action.get("NewerNoncurrentVersions", 0)
        for version in self._noncurrent(portion, made_by(self.now, action["NoncurrentDays"])):
            if self._newer(version) >= kept:
                self._delete_unlocked(portion.bucket, version.key, version.version_id)

    def _move_current(self, portion: Portion):
        for version in self._current(portion, "delete_marker = 0", ()):
            self._move(portion, version, transition(portion.rule, "Transitions", version, self.now, portion.smallest))

    def _move_noncurrent(self, portion: Portion):
        for version in self._noncurrent(portion, self.now):
            steps = portion.rule["NoncurrentVersionTransitions"]
            newer = self._newer(version)
            due = [step for step in steps if newer >= step.get("NewerNoncurrentVersions", 0)]
            rule = portion.rule | {"NoncurrentVersionTransitions": due}
            coldest = transition(rule, "NoncurrentVersionTransitions", version, self.now, portion.smallest)
            if not version.delete_marker:
                self._move(portion, version, coldest)

    def _move(self, portion: Portion, version: ObjectVersion, storage_class: str | None):
        if storage_class is not None:
            version.storage_class = storage_class
            self.versions.save(version)
            self._notify(portion.bucket, version, "LifecycleTransition")

    def _abort_uploads(self, portion: Portion):
        days = portion.rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
        begun = made_by(self.now, days)
        for upload in self.uploads.open_in(portion.bucket.name):
            if upload.initiated <= begun and upload.key.startswith(portion.filter.prefix):
                self._drop_upload(upload)

    def _delete_unlocked(self, bucket: Bucket, key: str, version_id: str | None):
        """What is locked stays: the rule comes again tomorrow."""
        try:
            with self.store.transaction():
                self._delete(bucket, key, version_id)
        except AccessDenied:
            pass

    # What they are for

    def _current(self, portion: Portion, condition: str, arguments: tuple) -> Iterator[ObjectVersion]:
        wanted, after = portion.filter, portion.after[0] if portion.after else ""
        place = (portion.bucket.name, after, wanted.prefix, successor(wanted.prefix))
        found = self.versions.some(f"{CURRENT} AND {condition} ORDER BY key LIMIT {PORTION}", place + arguments)
        for version in found:
            portion.seen, portion.after = portion.seen + 1, [version.key]
            if wanted.takes(version):
                yield version

    def _noncurrent(self, portion: Portion, superseded_by: float) -> Iterator[ObjectVersion]:
        """Of each key the newest first."""
        wanted, (after, id) = portion.filter, portion.after or ["", 0]
        place = (portion.bucket.name, after, after, id, wanted.prefix, successor(wanted.prefix), superseded_by)
        condition = f"{NONCURRENT} AND superseded <= ? ORDER BY key, id DESC LIMIT {PORTION}"
        for version in self.versions.some(condition, place):
            portion.seen, portion.after = portion.seen + 1, [version.key, version.id]
            if wanted.takes(version):
                yield version

    def _newer(self, version: ObjectVersion) -> int:
        """How many noncurrent versions of the same key are newer."""
        return self.store.read(NEWER, (version.bucket, version.key, version.id)).fetchone()[0]


def next_midnight(now: float) -> float:
    return midnight_before(now) + DAY_S


def job_key(bucket: str) -> str:
    return f"lifecycle {bucket}"
