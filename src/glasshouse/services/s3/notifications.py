"""Event notifications: who is told what about a bucket's objects. How they are told is in `deliveries`."""

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any, NamedTuple

from glasshouse.core import NotSupported, ids
from glasshouse.services.s3.errors import InvalidArgument, MalformedXML
from glasshouse.services.s3.records import Bucket

KINDS = {
    "TopicConfigurations": ("TopicArn", "Topic", "sns", "topic"),
    "QueueConfigurations": ("QueueArn", "Queue", "sqs", "queue"),
    "LambdaFunctionConfigurations": ("LambdaFunctionArn", "CloudFunction", "lambda", "function"),
}
EVENTS = {
    "s3:ReducedRedundancyLostObject", "s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Copy", "s3:ObjectCreated:CompleteMultipartUpload", "s3:ObjectRemoved:*",
    "s3:ObjectRemoved:Delete", "s3:ObjectRemoved:DeleteMarkerCreated", "s3:ObjectRestore:*", "s3:ObjectRestore:Post",
    "s3:ObjectRestore:Completed", "s3:ObjectRestore:Delete", "s3:Replication:*",
    "s3:Replication:OperationFailedReplication", "s3:Replication:OperationNotTracked",
    "s3:Replication:OperationMissedThreshold", "s3:Replication:OperationReplicatedAfterThreshold",
    "s3:LifecycleTransition", "s3:IntelligentTiering", "s3:ObjectAcl:Put", "s3:LifecycleExpiration:*",
    "s3:LifecycleExpiration:Delete", "s3:LifecycleExpiration:DeleteMarkerCreated", "s3:ObjectTagging:*",
    "s3:ObjectTagging:Put", "s3:ObjectTagging:Delete", "s3:ObjectRetention:Put",
}  # fmt: skip
MAX_FILTER_BYTES = 1024
BRIDGE = "EventBridgeConfiguration"


class Target(NamedTuple):
    """One destination of a configuration, and what it wants to hear."""

    id: str
    service: str
    arn: str
    events: list[str]
    prefix: str
    suffix: str

    def wants(self, event: str, key: str) -> bool:
        """`event` without its `s3:`, such as `ObjectCreated:Put`."""
        named = any(_same(f"s3:{event}", wanted) for wanted in self.events)
        return named and key.startswith(self.prefix) and key.endswith(self.suffix)


class Notifications:
    def put_bucket_notification_configuration(
        self, bucket: str, notification_configuration: dict, expected_bucket_owner: str | None = None,
        skip_destination_validation: bool = False,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        configuration = _normalized(notification_configuration)
        configured = list(targets(configuration))
        for target in configured:
            self._check_target(target, found)
        _check_ids(configured)
        _check_overlaps(configured)
        if BRIDGE in configuration:
            self._need("events", "EventBridge")
        if not skip_destination_validation:
            self._test_targets(found, configured)
        found.notifies = bool(configuration)
        self.buckets.put(found)
        if configuration:
            self._keep_setting(found, "notification", configuration)
        else:
            self._drop_setting(found, "notification")

    def get_bucket_notification_configuration(self, bucket: str, expected_bucket_owner: str | None = None):
        return self._setting(self._bucket(bucket, expected_bucket_owner), "notification") or {}

    def _check_target(self, target: Target, bucket: Bucket):
        name = next(wire for _, wire, service, _ in KINDS.values() if service == target.service)
        parts = target.arn.split(":")
        if len(parts) < 6 or parts[0] != "arn":
            raise InvalidArgument("The ARN could not be parsed", ArgumentName=name, ArgumentValue=target.arn)
        if parts[2] != target.service or not parts[5]:
            raise InvalidArgument("The ARN is not well formed", ArgumentName=name, ArgumentValue=target.arn)
        if parts[3] != bucket.region:
            raise InvalidArgument(
                "The notification destination service region is not valid for the bucket location constraint",
                ArgumentName=name, ArgumentValue=target.arn,
            )  # fmt: skip
        self._need(target.service, {"sns": "SNS", "sqs": "SQS", "lambda": "Lambda"}[target.service])

    def _need(self, service: str, title: str):
        if service not in self.cloud.services.names():
            raise NotSupported(f"s3: notifications to {title} are not supported: Glasshouse does not have it yet")

    def _test_targets(self, bucket: Bucket, configured: list[Target]):
        """Say a word to every destination, as a proof that it can be told. Raises InvalidArgument."""
        failures: dict[str, str] = {}
        for target in {target.arn: target for target in configured}.values():
            refusal = self._test(bucket, target)
            if refusal:
                number = len(failures) // 2 + 1
                failures |= {f"ArgumentName{number}": target.arn, f"ArgumentValue{number}": refusal}
        if failures:
            raise InvalidArgument("Unable to validate the following destination configurations", **failures)


def targets(configuration: dict[str, Any]) -> Iterator[Target]:
    for member, (arn, _, service, _) in KINDS.items():
        for each in configuration.get(member, ()):
            rules = {rule["Name"]: rule["Value"] for rule in _filter_rules(each)}
            prefix, suffix = rules.get("Prefix", ""), rules.get("Suffix", "")
            yield Target(each["Id"], service, each[arn], each["Events"], prefix, suffix)


def _normalized(configuration: dict[str, Any]) -> dict[str, Any]:
    """As S3 shows it: with ids, and the names of filter rules in upper case."""
    kept: dict[str, Any] = {}
    for member in KINDS:
        if configuration.get(member):
            kept[member] = [_normalized_one(each) for each in configuration[member]]
    if configuration.get(BRIDGE) is not None:
        kept[BRIDGE] = {}
    return kept


def _normalized_one(each: dict[str, Any]) -> dict[str, Any]:
    events = each["Events"]
    if not events:
        raise MalformedXML()
    for event in events:
        if event not in EVENTS:
            raise InvalidArgument(
                "A specified event is not supported for notifications.", ArgumentName="Event", ArgumentValue=event
            )
    shown = {**each, "Id": each.get("Id") or ids.uuid()}
    if "Filter" in each:
        shown["Filter"] = {"Key": {"FilterRules": _checked_filter(_filter_rules(each))}}
        if not shown["Filter"]["Key"]["FilterRules"]:
            del shown["Filter"]
    return shown


def _filter_rules(each: dict[str, Any]) -> list[dict]:
    return ((each.get("Filter") or {}).get("Key") or {}).get("FilterRules") or []


def _checked_filter(rules: list[dict]) -> list[dict]:
    shown: list[dict] = []
    for rule in rules:
        name, value = rule.get("Name") or "", rule.get("Value") or ""
        if name.lower() not in ("prefix", "suffix"):
            raise InvalidArgument(
                "filter rule name must be either prefix or suffix", ArgumentName="FilterRule.Name", ArgumentValue=name
            )
        if any(other["Name"] == name.capitalize() for other in shown):
            raise InvalidArgument(
                f"Cannot specify more than one {name.lower()} rule in a filter.",
                ArgumentName="FilterRule.Name", ArgumentValue=name,
            )  # fmt: skip
        if len(value.encode()) > MAX_FILTER_BYTES:
            raise InvalidArgument(
                f"Size of filter rule value cannot exceed {MAX_FILTER_BYTES} bytes in UTF-8 representation",
                ArgumentName="FilterRule.Value", ArgumentValue=value,
            )  # fmt: skip
        shown.append({"Name": name.capitalize(), "Value": value})
    return shown


def _check_ids(configured: Iterable[Target]):
    seen = set()
    for target in configured:
        if target.id in seen:
            raise InvalidArgument(
                "Same ID used for multiple configurations. IDs must be unique", ArgumentName="Id",
                ArgumentValue=target.id,
            )  # fmt: skip
        seen.add(target.id)


def _check_overlaps(configured: Iterable[Target]):
    """No event of an object may fall to two destinations: there would be no saying which is told."""
    for one, other in combinations(configured, 2):
        prefixes = one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
        suffixes = one.suffix.endswith(other.suffix) or other.suffix.endswith(one.suffix)
        if prefixes and suffixes and any(_same(event, another) for event in one.events for another in other.events):
            raise InvalidArgument(
                "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes"
                " are overlapping for the same event type."
            )


def _same(event: str, other: str) -> bool:
    """Whether two names of events, either of which may be a family, have one in common."""
    return event == other or _belongs(event, other) or _belongs(other, event)


def _belongs(event: str, family: str) -> bool:
    return family.endswith("*") and event.startswith(family[:-1])
