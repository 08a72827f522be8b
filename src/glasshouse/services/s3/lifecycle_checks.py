"""What S3 refuses in a lifecycle configuration, in its words."""

from typing import Any

from glasshouse.services.s3.errors import InvalidArgument, InvalidRequest, MalformedXML
from glasshouse.services.s3.lifecycle_rules import BY_WARMTH, DAY_S

MAX_RULES = 1000
MAX_ID_CHARACTERS = 255
MAX_LARGER_BYTES = 50 * 1024**4
MAX_SMALLER_BYTES = 1000 * 1024**4
IA_DAYS = 30
ACTIONS = (
    "Expiration", "Transitions", "NoncurrentVersionTransitions", "NoncurrentVersionExpiration",
    "AbortIncompleteMultipartUpload",
)  # fmt: skip
PREDICATES = ("Prefix", "Tag", "ObjectSizeGreaterThan", "ObjectSizeLessThan", "And")


def check(rules: list[dict[str, Any]]):
    """Raise what S3 raises for such rules, if it would."""
    if not 0 < len(rules) <= MAX_RULES:
        raise MalformedXML()
    _check_ids(rules)
    filtered = any("Filter" in rule for rule in rules)
    for rule in rules:
        _check_form(rule, filtered)
        _check_filter(rule)
        _check_actions(rule)
        _check_days(rule)


def _check_ids(rules: list[dict]):
    seen = set()
    for rule in rules:
        rule_id = rule.get("ID")
        if rule_id is None:
            continue
        if len(rule_id) > MAX_ID_CHARACTERS:
            raise InvalidArgument(
                f"ID length should not exceed allowed limit of {MAX_ID_CHARACTERS}", ArgumentName="ID",
                ArgumentValue=rule_id,
            )  # fmt: skip
        if rule_id in seen:
            raise InvalidArgument(
                "Rule ID must be unique. Found same ID for more than one rule", ArgumentName="ID",
                ArgumentValue=rule_id,
            )  # fmt: skip
        seen.add(rule_id)


def _check_form(rule: dict, filtered: bool):
    """A configuration is of the first version, with prefixes in its rules, or of the second, with filters."""
    if rule["Status"] not in ("Enabled", "Disabled") or ("Filter" in rule) == ("Prefix" in rule):
        raise MalformedXML()
    if filtered and "Prefix" in rule:
        raise InvalidRequest(
            "Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the Filter."
        )
    newest = [rule.get("NoncurrentVersionExpiration"), *rule.get("NoncurrentVersionTransitions", ())]
    if not filtered and any("NewerNoncurrentVersions" in action for action in newest if action):
        raise InvalidRequest("NewerNoncurrentVersions element can only be used in Lifecycle V2.")
    if not any(rule.get(action) is not None for action in ACTIONS):
        raise InvalidRequest("At least one action needs to be specified in a rule")


def _check_filter(rule: dict):
    given = rule.get("Filter") or {}
    if len([name for name in PREDICATES if name in given]) > 1:
        raise MalformedXML()
    several = given.get("And")
    if several is not None:
        tags = several.get("Tags", ())
        if len(several) - ("Tags" in several) + len(tags) < 2:
            raise MalformedXML()
        if len({tag["Key"] for tag in tags}) < len(tags):
            raise InvalidRequest("Duplicate Tag Keys are not allowed.")
    inner = several or given
    _check_sizes(inner)
    limits = {"Tags": "Tag" in inner or "Tags" in inner, "Object Size": _has_sizes(inner)}
    for what in (name for name, is_there in limits.items() if is_there):
        if "AbortIncompleteMultipartUpload" in rule:
            raise InvalidRequest(f"AbortIncompleteMultipartUpload cannot be specified with {what}.")
        if "ExpiredObjectDeleteMarker" in (rule.get("Expiration") or {}):
            raise InvalidRequest(f"ExpiredObjectDeleteMarker cannot be specified with {what}.")


def _has_sizes(given: dict) -> bool:
    return "ObjectSizeGreaterThan" in given or "ObjectSizeLessThan" in given


def _check_sizes(given: dict):
    larger, smaller = given.get("ObjectSizeGreaterThan"), given.get("ObjectSizeLessThan")
    if larger is not None and not 0 <= larger <= MAX_LARGER_BYTES:
        raise InvalidRequest(f"'ObjectSizeGreaterThan' should be between 0 and {MAX_LARGER_BYTES}.")
    if smaller is not None and not 1 <= smaller <= MAX_SMALLER_BYTES:
        raise InvalidRequest(f"'ObjectSizeLessThan' should be between 1 and {MAX_SMALLER_BYTES}.")
    if larger is not None and smaller is not None and smaller <= larger:
        raise InvalidRequest("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.")


def _check_actions(rule: dict):
    expiration = rule.get("Expiration")
    if expiration is not None and len(expiration) != 1:
        raise MalformedXML()
    noncurrent = rule.get("NoncurrentVersionExpiration")
    if noncurrent is not None and "NoncurrentDays" not in noncurrent:
        raise MalformedXML()
    abort = rule.get("AbortIncompleteMultipartUpload")
    if abort is not None and "DaysAfterInitiation" not in abort:
        raise MalformedXML()
    for step in rule.get("Transitions", ()):
        if ("Days" in step) == ("Date" in step) or step.get("StorageClass") not in BY_WARMTH[1:]:
            raise MalformedXML()
    for step in rule.get("NoncurrentVersionTransitions", ()):
        if "NoncurrentDays" not in step or step.get("StorageClass") not in BY_WARMTH[1:]:
            raise MalformedXML()


def _check_days(rule: dict):
    expiration = rule.get("Expiration") or {}
    _positive(expiration, "Days", "Expiration")
    _positive(rule.get("NoncurrentVersionExpiration") or {}, "NoncurrentDays", "NoncurrentVersionExpiration")
    _positive(rule.get("NoncurrentVersionExpiration") or {}, "NewerNoncurrentVersions", "NoncurrentVersionExpiration")
    _positive(rule.get("AbortIncompleteMultipartUpload") or {}, "DaysAfterInitiation", "AbortIncompleteMultipartUpload")
    steps, later = rule.get("Transitions", []), rule.get("NoncurrentVersionTransitions", [])
    for step in (expiration, *steps):
        if "Date" in step and step["Date"] % DAY_S:
            raise InvalidArgument("'Date' must be at midnight GMT", ArgumentName="Date", ArgumentValue=step["Date"])
    _check_steps(rule, steps, "Transition", "Days")
    _check_steps(rule, later, "NoncurrentVersionTransition", "NoncurrentDays")
    kinds = {kind for step in (expiration, *steps) for kind in ("Days", "Date") if kind in step}
    if len(kinds) > 1:
        raise InvalidRequest(
            "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for filter"
            f" '{_described(rule)}'"
        )
    for step in steps:
        if "Days" in expiration and step.get("Days", -1) >= expiration["Days"]:
            raise InvalidArgument(
                f"'Days' in the Expiration action for filter '{_described(rule)}' must be greater than 'Days' in the"
                " Transition action"
            )


def _positive(action: dict, member: str, name: str):
    if action.get(member, 1) <= 0:
        raise InvalidArgument(
            f"'{member}' for {name} action must be a positive integer", ArgumentName=member,
            ArgumentValue=action[member],
        )  # fmt: skip


def _check_steps(rule: dict, steps: list[dict], name: str, member: str):
    classes = [step["StorageClass"] for step in steps]
    if len(set(classes)) < len(classes):
        raise InvalidRequest(
            f"'StorageClass' must be different for '{name}' actions in same 'Rule' with filter '{_described(rule)}'"
        )
    for step in steps:
        days = step.get(member, IA_DAYS)
        if days < 0:
            raise InvalidArgument(
                f"'{member}' in {name} action must be nonnegative", ArgumentName=member, ArgumentValue=days
            )
        if step["StorageClass"] in ("STANDARD_IA", "ONEZONE_IA") and days < IA_DAYS:
            raise InvalidArgument(
                f"'{member}' in {name} action must be greater than or equal to {IA_DAYS} for storageClass"
                f" '{step['StorageClass']}'", ArgumentName=member, ArgumentValue=days,
            )  # fmt: skip


def _described(rule: dict) -> str:
    given = rule.get("Filter") or {}
    given = given.get("And") or given
    return f"(prefix={given.get('Prefix') or rule.get('Prefix') or ''})"
