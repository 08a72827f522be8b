"""What a lifecycle rule says: which objects it is for, and when it acts on them. Reckons only, changes nothing.

Days are counted from the moment an object was made (or superseded, or an upload begun), and the result is rounded up
to the next midnight, UTC. What is due is done at the midnight of each day.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import quote

from glasshouse.services.s3.records import ObjectVersion

DAY_S = 24 * 3600
SMALL_BYTES = 128 * 1024
# From the warmest to the coldest; rules move objects only to a colder one. REDUCED_REDUNDANCY counts as warm.
BY_WARMTH = (
    "STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE",
)  # fmt: skip
TAKE_SMALL_ONES = ("GLACIER", "DEEP_ARCHIVE")  # where the minimum "varies by storage class"


@dataclass(frozen=True, slots=True)
class Filter:
    """The objects that a rule is for. The sizes are exclusive bounds."""

    prefix: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    larger_than: int | None = None
    smaller_than: int | None = None

    def takes(self, version: ObjectVersion) -> bool:
        return (
            version.key.startswith(self.prefix)
            and all(version.tags.get(key) == value for key, value in self.tags.items())
            and (self.larger_than is None or version.size > self.larger_than)
            and (self.smaller_than is None or version.size < self.smaller_than)
        )


def filter_of(rule: dict[str, Any]) -> Filter:
    given = rule.get("Filter") or {}
    given = given.get("And") or given
    tags = given.get("Tags") or ([given["Tag"]] if "Tag" in given else [])
    return Filter(
        given.get("Prefix") or rule.get("Prefix") or "",
        {tag["Key"]: tag["Value"] for tag in tags},
        given.get("ObjectSizeGreaterThan"),
        given.get("ObjectSizeLessThan"),
    )


def enabled(rules: Iterable[dict]) -> list[dict]:
    return [rule for rule in rules if rule["Status"] == "Enabled"]


def midnight_after(moment: float) -> float:
    """The next midnight, UTC; a moment that is one is its own."""
    return -(-moment // DAY_S) * DAY_S


def midnight_before(moment: float) -> float:
    return moment // DAY_S * DAY_S


def made_by(now: float, days: int) -> float:
    """What was made by then is this many days old as of today's midnight, rounded up as S3 rounds."""
    return midnight_before(now) - days * DAY_S


def expiry(rules: list[dict], version: ObjectVersion) -> tuple[float, str] | None:
    """When a current version expires, and by which rule: the earliest, of equal ones the first."""
    found: tuple[float, str] | None = None
    for rule in enabled(rules):
        expiration = rule.get("Expiration") or {}
        if "Days" in expiration:
            due = midnight_after(version.modified + expiration["Days"] * DAY_S)
        elif "Date" in expiration:
            due = expiration["Date"]
        else:
            continue
        if filter_of(rule).takes(version) and (found is None or due < found[0]):
            found = due, rule["ID"]
    return found


def abortion(rules: list[dict], key: str, initiated: float) -> tuple[float, str] | None:
    """When an unfinished upload is aborted, and by which rule."""
    found: tuple[float, str] | None = None
    for rule in enabled(rules):
        days = (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation")
        if days is None or not key.startswith(filter_of(rule).prefix):
            continue
        due = midnight_after(initiated + days * DAY_S)
        if found is None or due < found[0]:
            found = due, rule["ID"]
    return found


def transition(rule: dict, member: str, version: ObjectVersion, now: float, smallest: str) -> str | None:
    """The coldest storage class to which a rule moves a version by now; None if it stays where it is.

    `member` is Transitions or NoncurrentVersionTransitions; `smallest` says what is too small to be moved.
    """
    since = version.modified if member == "Transitions" else version.superseded or now
    due = [step["StorageClass"] for step in rule.get(member, ()) if _is_due(step, since, now)]
    due = [storage_class for storage_class in due if not _is_too_small(version, rule, storage_class, smallest)]
    coldest = max(due, key=BY_WARMTH.index, default=None)
    if coldest is None or BY_WARMTH.index(coldest) <= _warmth(version.storage_class):
        return None
    return coldest


def _is_due(step: dict, since: float, now: float) -> bool:
    if "Date" in step:
        return step["Date"] <= now
    days = step["Days"] if "Days" in step else step["NoncurrentDays"]
    return since <= made_by(now, days)


def _is_too_small(version: ObjectVersion, rule: dict, storage_class: str, smallest: str) -> bool:
    """Objects below 128 KB stay, unless the rule's own filter speaks of sizes."""
    wanted = filter_of(rule)
    if version.size >= SMALL_BYTES or wanted.larger_than is not None or wanted.smaller_than is not None:
        return False
    return smallest != "varies_by_storage_class" or storage_class not in TAKE_SMALL_ONES


def _warmth(storage_class: str) -> int:
    return BY_WARMTH.index(storage_class) if storage_class in BY_WARMTH else 0


def http_date(moment: float) -> str:
    """Fri, 21 Dec 2012 00:00:00 GMT."""
    return formatdate(moment, usegmt=True)


def rule_id_in_header(rule_id: str) -> str:
    """As it is, unless a header could not carry it."""
    return rule_id if rule_id.isascii() and rule_id.isprintable() else quote(rule_id)
