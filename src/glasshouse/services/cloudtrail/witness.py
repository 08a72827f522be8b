"""The witness: sees every call from outside, and notes it as an event.

Events are written right after the answer to the call, a tick of the event loop later and several at a time, so that a
call does not wait for its record. Management events are always kept, for ninety days, but a hundred thousand at most;
data events only while a trail or an event data store of the account asks for them.
"""

import asyncio
import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from glasshouse.core import ids
from glasshouse.core.access import service_principal
from glasshouse.core.call import Call
from glasshouse.core.cloud import Cloud
from glasshouse.core.errors import ServiceError
from glasshouse.core.service import HEARD
from glasshouse.services.cloudtrail.identity import iso, user_identity, username
from glasshouse.services.cloudtrail.masking import shown

READ_PREFIXES = (
    "Get",
    "List",
    "Describe",
    "Head",
    "Lookup",
    "Filter",
    "Search",
    "Simulate",
    "Test",
    "Select",
    "Validate",
)
DATA_WANTED = "cloudtrail.data"
HISTORY_EVENTS, TRIMMED_EVERY = 100_000, 5_000
EVENT_VERSION, ARN_PARTS = "1.11", 6


@cache
def data_events() -> dict[str, dict[str, Any]]:
    return json.loads(Path(__file__).with_name("data_events.json").read_text())


@cache
def event_names() -> dict[str, dict[str, str]]:
    """The names that events have which are not called as their operations, by service."""
    return json.loads(Path(__file__).with_name("event_names.json").read_text())


@cache
def is_data(service: str, operation: str) -> bool:
    return operation in data_events().get(service, {}).get("operations", ())


class Witness:
    """Notes what a cloud performs."""

    def __init__(self, cloud: Cloud):
        self._cloud = cloud
        self._seen: list[tuple[Call, float, dict | None, ServiceError | None]] = []
        self._is_ready = False
        self._since_trimmed = 0

    def __call__(self, call: Call, result: dict | None, failure: ServiceError | None):
        if is_data(call.service, call.operation) and call.account not in self._cloud.store.setting(DATA_WANTED, ()):
            return
        self._seen.append((call, self._cloud.clock.now(), result, failure))
        if len(self._seen) == 1:
            asyncio.get_running_loop().call_soon(self.write)

    def write(self):
        """Keep what was seen."""
        seen, self._seen = self._seen, []
        if not seen:
            return
        store = self._cloud.store
        if not self._is_ready:
            store.add_schema(self._cloud.services.schema("cloudtrail") or "")
            self._is_ready = True
        rows = [self._row(*each) for each in seen]
        with store.transaction():
            store.write_many(
                "INSERT INTO cloudtrail_event (event_id, account, region, time, name, source, username, access_key_id,"
                " read_only, category, resources, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            self._tell(rows)
            self._since_trimmed += len(seen)
            if self._since_trimmed >= TRIMMED_EVERY:
                self._since_trimmed = 0
                newest = "(SELECT MAX(id) FROM cloudtrail_event)"
                store.write(f"DELETE FROM cloudtrail_event WHERE id <= {newest} - ?", (HISTORY_EVENTS,))

    def _tell(self, rows: list[tuple]):
        """State management events, where somebody wants to hear of them: EventBridge, for a rule about calls."""
        if not self._cloud.store.setting(HEARD, None):
            return
        for _, account, region, _, _, _, _, _, read_only, category, _, record in rows:
            if category == "Management":
                call = Call("cloudtrail", "", {}, account, region, service_principal("cloudtrail", account))
                cloudtrail = self._cloud.service_class("cloudtrail")(self._cloud, call)
                cloudtrail.state("ManagementRead" if read_only else "ManagementEvent", record=record)

    def _row(self, call: Call, time: float, result: dict | None, failure: ServiceError | None) -> tuple:
        source = f"{self._cloud.model.endpoint_prefix(call.service)}.amazonaws.com"
        read_only = call.operation.startswith(READ_PREFIXES)
        data = is_data(call.service, call.operation)
        event_id, resources = ids.uuid(), _resources(call)
        name = event_names().get(call.service, {}).get(call.operation, call.operation)
        category = "Data" if data else "Management"
        record = {
            "eventVersion": EVENT_VERSION,
            "userIdentity": user_identity(call, result),
            "eventTime": iso(time),
            "eventSource": source,
            "eventName": name,
            "awsRegion": call.region,
            "sourceIPAddress": call.source.address,
            "userAgent": call.source.user_agent,
            **({"errorCode": failure.code, "errorMessage": failure.message} if failure else {}),
            "requestParameters": shown(call.service, call.params) or None,
            "responseElements": None if read_only or failure else shown(call.service, result or {}) or None,
            "requestID": call.request_id,
            "eventID": event_id,
            "readOnly": read_only,
            **({"resources": resources} if resources else {}),
            "eventType": "AwsApiCall",
            "managementEvent": not data,
            "recipientAccountId": call.account,
            "eventCategory": category,
        }
        text = msgspec.json.encode(record).decode()
        listed = msgspec.json.encode(_named(call)).decode()
        key = call.access_key_id
        who = username(call.principal)
        where = (event_id, call.account, call.region, time)
        return *where, name, source, who, key, read_only, category, listed, text


def _resources(call: Call) -> list[dict[str, str]]:
    """The resources that a record names: roles and keys by their ARNs, buckets and objects."""
    params = call.params
    if call.service == "sts" and len(account := str(params.get("RoleArn", "")).split(":", 5)) == ARN_PARTS:
        return [{"accountId": account[4], "type": "AWS::IAM::Role", "ARN": params["RoleArn"]}]
    if call.service == "s3" and "Bucket" in params:
        bucket = f"arn:aws:s3:::{params['Bucket']}"
        found = [{"accountId": call.account, "type": "AWS::S3::Bucket", "ARN": bucket}]
        return [{"type": "AWS::S3::Object", "ARN": f"{bucket}/{params['Key']}"}, *found] if "Key" in params else found
    if call.service == "kms" and str(params.get("KeyId", "")).startswith("arn:"):
        return [{"accountId": call.account, "type": "AWS::KMS::Key", "ARN": params["KeyId"]}]
    return []


def _named(call: Call) -> list[dict[str, str]]:
    """Resources as LookupEvents lists them: those whose names the request tells."""
    kinds = RESOURCE_MEMBERS.get(call.service, ())
    return [
        {"ResourceType": kind, "ResourceName": str(call.params[member])}
        for member, kind in kinds
        if call.params.get(member)
    ]


RESOURCE_MEMBERS: dict[str, tuple[tuple[str, str], ...]] = {
    "s3": (("Bucket", "AWS::S3::Bucket"), ("Key", "AWS::S3::Object")),
    "iam": (
        ("UserName", "AWS::IAM::User"),
        ("RoleName", "AWS::IAM::Role"),
        ("GroupName", "AWS::IAM::Group"),
        ("PolicyName", "AWS::IAM::Policy"),
        ("PolicyArn", "AWS::IAM::Policy"),
        ("InstanceProfileName", "AWS::IAM::InstanceProfile"),
    ),
    "sts": (("RoleArn", "AWS::IAM::Role"), ("RoleSessionName", "AWS::STS::AssumedRole")),
    "kms": (("KeyId", "AWS::KMS::Key"),),
    "sqs": (("QueueUrl", "AWS::SQS::Queue"), ("QueueName", "AWS::SQS::Queue")),
    "sns": (("TopicArn", "AWS::SNS::Topic"), ("Name", "AWS::SNS::Topic")),
    "ssm": (("Name", "AWS::SSM::Parameter"),),
    "secretsmanager": (("SecretId", "AWS::SecretsManager::Secret"), ("Name", "AWS::SecretsManager::Secret")),
    "logs": (("logGroupName", "AWS::Logs::LogGroup"),),
    "cloudtrail": (("Name", "AWS::CloudTrail::Trail"), ("TrailName", "AWS::CloudTrail::Trail")),
}
