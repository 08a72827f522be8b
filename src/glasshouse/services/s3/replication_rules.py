"""What a replication configuration says, and what S3 refuses to keep of one. Reckons only, changes nothing.

There are two forms: the older one has a prefix in each rule, the newer one a filter, a priority and a word about delete
markers. https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html
"""

import re
from collections.abc import Iterator
from typing import Any

from glasshouse.core import NotSupported, ids
from glasshouse.services.s3.errors import InvalidArgument, InvalidRequest, MalformedXML
from glasshouse.services.s3.lifecycle_rules import enabled, filter_of
from glasshouse.services.s3.records import ObjectVersion
from glasshouse.services.s3.storage_class import CLASSES

ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/.+", re.ASCII)
BUCKET = re.compile(r"arn:aws[\w-]*:s3:::([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])", re.ASCII)
STATUSES = ("Enabled", "Disabled")
MAX_RULES, MAX_ID = 1000, 255
MINUTES = 15  # the one time that replication time control knows
VERSION = "for this version of Cross Region Replication configuration schema."
GUIDE = "Please refer to S3 Developer Guide for more information"


def checked(configuration: dict[str, Any]) -> dict[str, Any]:
    """A configuration as it is kept: with an id for each rule. Raises what S3 finds wrong with it."""
    rules = configuration["Rules"]
    if not 1 <= len(rules) <= MAX_RULES:
        raise MalformedXML()
    if not ROLE.fullmatch(configuration["Role"]):
        raise InvalidArgument("Invalid Role ARN", ArgumentName="Role", ArgumentValue=configuration["Role"])
    for rule in rules:
        _check_rule(rule)
    if len({"Filter" in rule for rule in rules}) > 1:
        raise InvalidRequest(f"Rules of different versions cannot be in one replication configuration. {GUIDE}")
    kept = [{"ID": ids.token(48), **rule} if not rule.get("ID") else rule for rule in rules]
    if len({rule["ID"] for rule in kept}) < len(kept):
        raise InvalidArgument("Rule ID must be unique. Found same ID for more than one rule")
    _check_priorities(kept)
    return {"Role": configuration["Role"], "Rules": kept}


def destination(rule: dict[str, Any]) -> str:
    """The name of the bucket to which a rule replicates."""
    found = BUCKET.fullmatch(rule["Destination"]["Bucket"])
    return found[1] if found else ""


def applying(configuration: dict[str, Any], version: ObjectVersion) -> Iterator[dict[str, Any]]:
    """The rules that replicate a version: for each destination, the one of the highest priority."""
    chosen: dict[str, dict] = {}
    for rule in sorted(enabled(configuration["Rules"]), key=lambda rule: -rule.get("Priority", 0)):
        if destination(rule) not in chosen and filter_of(rule).takes(version) and _takes_encryption(rule, version):
            chosen[destination(rule)] = rule
    yield from chosen.values()


def takes_markers(rule: dict[str, Any]) -> bool:
    """Whether delete markers are replicated: in the older form always."""
    return "Filter" not in rule or is_enabled(rule, "DeleteMarkerReplication")


def is_enabled(rule: dict[str, Any], *path: str) -> bool:
    value: Any = rule
    for name in path:
        value = (value or {}).get(name)
    return (value or {}).get("Status") == "Enabled"


def _takes_encryption(rule: dict[str, Any], version: ObjectVersion) -> bool:
    """What KMS has encrypted is replicated where the rule says so."""
    return version.encryption.data_key is None or is_enabled(rule, "SourceSelectionCriteria", "SseKmsEncryptedObjects")


def _check_rule(rule: dict[str, Any]):
    if rule.get("Status") not in STATUSES or ("Filter" in rule) == ("Prefix" in rule):
        raise MalformedXML()
    if len(rule.get("ID") or "") > MAX_ID:
        raise InvalidArgument(f"ID length should not exceed allowed limit of {MAX_ID}")
    if is_enabled(rule, "ExistingObjectReplication"):
        raise NotSupported("s3: replication of existing objects is not supported by Glasshouse yet")
    for name in ("DeleteMarkerReplication", "Priority"):
        if "Filter" in rule and name not in rule:
            raise InvalidRequest(f"{name} must be specified {VERSION} {GUIDE}")
        if "Prefix" in rule and name in rule:
            raise InvalidRequest(f"{name} cannot be used {VERSION} {GUIDE}")
    given = rule.get("Filter") or {}
    if len(given) > 1:
        raise MalformedXML()
    if filter_of(rule).tags and takes_markers(rule):
        raise InvalidRequest(f"Delete marker replication is not supported if any Tag filter is specified. {GUIDE}")
    _check_destination(rule, rule["Destination"])


def _check_destination(rule: dict[str, Any], wanted: dict[str, Any]):
    if not BUCKET.fullmatch(wanted["Bucket"]):
        raise InvalidArgument("Invalid bucket ARN", ArgumentName="Bucket", ArgumentValue=wanted["Bucket"])
    if wanted.get("StorageClass", "STANDARD") not in CLASSES:
        raise MalformedXML()
    if "AccessControlTranslation" in wanted and "Account" not in wanted:
        raise InvalidRequest("Account must be specified if AccessControlTranslation is specified.")
    encrypted = is_enabled(rule, "SourceSelectionCriteria", "SseKmsEncryptedObjects")
    key = (wanted.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
    if encrypted and not key:
        raise InvalidRequest("ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.")
    if key and not encrypted:
        raise InvalidRequest("SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present.")
    time, metrics = wanted.get("ReplicationTime"), wanted.get("Metrics")
    for timed in (time and time.get("Time"), metrics and metrics.get("EventThreshold")):
        if timed and timed.get("Minutes") != MINUTES:
            raise MalformedXML()
    if time and time.get("Status") == "Enabled" and not is_enabled(wanted, "Metrics"):
        raise InvalidRequest("Metrics must be enabled if ReplicationTime is enabled.")


def _check_priorities(rules: list[dict]):
    """No two rules may be as important as each other, lest it be open which one replicates an object."""
    seen: set[int] = set()
    for rule in rules:
        if "Priority" not in rule:
            continue
        if rule["Priority"] < 0:
            raise InvalidArgument("Priority must be a non-negative integer", ArgumentName="Priority")
        if rule["Priority"] in seen:
            raise InvalidRequest(f"Found duplicate priority {rule['Priority']}. {GUIDE}")
        seen.add(rule["Priority"])
