"""Telling of events: the documented messages, delivered by jobs after the commit, at least once, in order.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
Differs from AWS: events of one bucket are delivered in the order in which they happened, at once.
"""

import json
import logging
from base64 import b32encode
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from glasshouse.core import NotSupported, ServiceError
from glasshouse.core.digests import digest
from glasshouse.core.ids import host_id
from glasshouse.services.s3.notifications import BRIDGE, Target, targets
from glasshouse.services.s3.records import Bucket, ObjectVersion

log = logging.getLogger("glasshouse.s3")
NEWER = ("LifecycleExpiration", "LifecycleTransition", "ObjectAcl", "ObjectTagging", "ObjectRetention")
DETAIL_TYPES = {
    "ObjectCreated": "Object Created",
    "ObjectRemoved": "Object Deleted",
    "LifecycleExpiration": "Object Deleted",
    "LifecycleTransition": "Object Storage Class Changed",
    "ObjectRestore:Post": "Object Restore Initiated",
    "ObjectRestore:Completed": "Object Restore Completed",
    "ObjectRestore:Delete": "Object Restore Expired",
    "ObjectTagging:Put": "Object Tags Added",
    "ObjectTagging:Delete": "Object Tags Deleted",
    "ObjectAcl": "Object ACL Updated",
}
MARKED = "Delete Marker Created"
REASONS = {
    "ObjectCreated:Put": "PutObject", "ObjectCreated:Post": "POST Object", "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload", "ObjectRemoved": "DeleteObject",
    "LifecycleExpiration": "Lifecycle Expiration",
}  # fmt: skip
SERVICE = "s3.amazonaws.com"


class Deliveries:
    def _object_created(self, bucket: Bucket, version: ObjectVersion, event_name: str):
        """Called in the transaction that makes a version: `event_name` is "Put", "Post", "Copy" or
        "CompleteMultipartUpload"."""
        self._notify(bucket, version, f"ObjectCreated:{event_name}")
        self._state_of("ObjectCreated", bucket, version, event_name)
        if bucket.replicates:
            self._replicate(bucket, version)

    def _object_removed(self, bucket: Bucket, version: ObjectVersion, event_name: str):
        """Called when a version is deleted ("Delete"), or with the marker that hides it ("DeleteMarkerCreated")."""
        by_rule = self.call.operation == "_age"
        self._notify(bucket, version, f"{'LifecycleExpiration' if by_rule else 'ObjectRemoved'}:{event_name}")
        self._state_of("ObjectRemoved", bucket, version, event_name)
        # Markers that rules have made are not replicated.
        if bucket.replicates and event_name == "DeleteMarkerCreated" and not by_rule:
            self._replicate(bucket, version)

    def _state_of(self, fact: str, bucket: Bucket, version: ObjectVersion, event_name: str):
        if self.cloud.services.subscribers(f"s3.{fact}"):
            self.state(
                fact, bucket=bucket.name, account=bucket.account, region=bucket.region, key=version.key,
                version_id=version.version_id, size=version.size, etag=version.etag, event=event_name,
            )  # fmt: skip

    def _notify(self, bucket: Bucket, version: ObjectVersion, event: str):
        """Schedule what the bucket's configuration wants to be told of an event, such as `ObjectCreated:Put`."""
        if not bucket.notifies:
            return
        configuration = self._setting(bucket, "notification") or {}
        told = [target for target in targets(configuration) if target.wants(event, version.key)]
        bridge = BRIDGE in configuration
        if not told and not bridge:
            return
        record = self._record(bucket, version, event)
        for target in told:
            record["s3"]["configurationId"] = target.id
            message = json.dumps({"Records": [record]})
            params = {"service": target.service, "arn": target.arn, "bucket": bucket.arn, "message": message}
            self._schedule(bucket, "_deliver", self.now, params)
        if bridge and (detail_type := _detail_type(event)):
            detail = json.dumps(self._detail(bucket, version, event, record))
            params = {"bucket": bucket.arn, "detail_type": detail_type, "detail": detail}
            self._schedule(bucket, "_deliver_to_bridge", self.now, params)

    def _record(self, bucket: Bucket, version: ObjectVersion, event: str) -> dict[str, Any]:
        request_id = self.call.request_id
        record: dict[str, Any] = {
            "eventVersion": "2.3" if event.startswith(NEWER) or event == "ObjectRestore:Delete" else "2.1",
            "eventSource": "aws:s3",
            "awsRegion": bucket.region,
            "eventTime": iso_time(self.now),
            "eventName": event,
            "userIdentity": {"principalId": self._principal_id()},
            "requestParameters": {"sourceIPAddress": self._source_address()},
            "responseElements": {"x-amz-request-id": request_id, "x-amz-id-2": host_id(request_id)},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "",
                "bucket": {
                    "name": bucket.name,
                    "ownerIdentity": {"principalId": customer_id(bucket.account)},
                    "arn": bucket.arn,
                },
                "object": self._described(bucket, version, event),
            },
        }
        if event == "ObjectRestore:Completed" and version.restore:
            until = iso_time(version.restore["RestoreExpiryDate"])
            of_restore = {
                "lifecycleRestorationExpiryTime": until, "lifecycleRestoreStorageClass": version.storage_class,
            }  # fmt: skip
            record["glacierEventData"] = {"restoreEventData": of_restore}
        if event == "LifecycleTransition":
            of_transition = {"destinationStorageClass": version.storage_class}
            record["lifecycleEventData"] = {"transitionEventData": of_transition}
        return record

    def _described(self, bucket: Bucket, version: ObjectVersion, event: str) -> dict[str, Any]:
        """The object of an event. What is gone has no size; what was only marked has not been made anew."""
        thing: dict[str, Any] = {"key": quote_plus(version.key, safe="/")}
        gone = event in ("ObjectRemoved:Delete", "LifecycleExpiration:Delete")
        marked = event.startswith(("ObjectAcl", "ObjectTagging"))
        if not (gone or marked or version.delete_marker):
            thing["size"] = version.size
        if not gone and version.etag:
            thing["eTag"] = version.etag
        if bucket.versioned:
            thing["versionId"] = version.version_id
        if not marked:
            thing["sequencer"] = self._next_sequencer()
        return thing

    def _detail(self, bucket: Bucket, version: ObjectVersion, event: str, record: dict) -> dict[str, Any]:
        """The detail of an EventBridge event, whose names have hyphens and whose key is not encoded."""
        told = record["s3"]["object"]
        thing = {"key": version.key, "size": told.get("size"), "etag": told.get("eTag"),
                 "version-id": told.get("versionId"), "sequencer": told.get("sequencer")}  # fmt: skip
        detail: dict[str, Any] = {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": {name: value for name, value in thing.items() if value is not None},
            "request-id": self.call.request_id,
            "requester": bucket.account if self._is_inside() else self.call.principal.account,
            "source-ip-address": self._source_address(),
        }
        reason = REASONS.get(event) or REASONS.get(event.partition(":")[0])
        if reason:
            detail["reason"] = reason
        if event.startswith(("ObjectRemoved", "LifecycleExpiration")):
            marked = event.endswith("DeleteMarkerCreated")
            detail["deletion-type"] = MARKED if marked else "Permanently Deleted"
        if event == "LifecycleTransition":
            detail["destination-storage-class"] = version.storage_class
        return detail

    def _next_sequencer(self) -> str:
        """Hexadecimal, and greater than all before: compared as text, it orders the events of a key."""
        number = self.store.setting("s3 sequencer", 0) + 1
        self.store.keep_setting("s3 sequencer", number)
        return f"{number:018X}"

    def _is_inside(self) -> bool:
        return self.call.principal.kind == "service"

    def _principal_id(self) -> str:
        principal = self.call.principal
        if principal.kind == "anonymous":
            return "Anonymous"
        return SERVICE if self._is_inside() else f"AWS:{principal.user_id}"

    def _source_address(self) -> str:
        return SERVICE if self._is_inside() else self.call.source.address

    # To whom

    def _deliver(self, service: str, arn: str, bucket: str, message: str):
        try:
            self._send(service, arn, bucket, message)
        except ServiceError as refusal:
            if not (_is_gone(refusal) or _is_forbidden(refusal)):
                raise
            log.warning("an event of %s was not delivered to %s: %s", bucket, arn, refusal)

    def _deliver_to_bridge(self, bucket: str, detail_type: str, detail: str):
        entry = {"Source": "aws.s3", "DetailType": detail_type, "Detail": detail, "Resources": [bucket]}
        self.aws(source_arn=bucket).events.put_events(Entries=[entry])

    def _send(self, service: str, arn: str, bucket: str, message: str):
        _, _, _, region, account, name, *_ = arn.split(":")
        there = self.aws(account=account, region=region)
        acting = there.as_service(bucket)
        if service == "sqs":
            url = there.sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
            acting.sqs.send_message(QueueUrl=url, MessageBody=message)
        elif service == "sns":
            acting.sns.publish(TopicArn=arn, Subject="Amazon S3 Notification", Message=message)
        else:
            acting.lambda_.invoke(FunctionName=arn, InvocationType="Event", Payload=message.encode())

    def _test(self, bucket: Bucket, target: Target) -> str | None:
        """Send a first message to a queue or topic; what keeps it from being received, if anything does."""
        kind = {"sqs": "queue", "sns": "topic", "lambda": "function"}[target.service]
        message = {
            "Service": "Amazon S3",
            "Event": "s3:TestEvent",
            "Time": iso_time(self.now),
            "Bucket": bucket.name,
            "RequestId": self.call.request_id,
            "HostId": host_id(self.call.request_id),
        }
        try:
            with self.store.transaction():
                if target.service == "lambda":
                    _, _, _, region, account, *_ = target.arn.split(":")
                    there = self.aws(account=account, region=region).as_service(bucket.arn)
                    there.lambda_.invoke(FunctionName=target.arn, InvocationType="DryRun", Payload=b"{}")
                else:
                    self._send(target.service, target.arn, bucket.arn, json.dumps(message))
        except NotSupported:
            raise
        except ServiceError as refusal:
            if _is_gone(refusal):
                return f"The destination {kind} does not exist"
            return f"Permissions on the destination {kind} do not allow S3 to publish notifications from this bucket"
        return None


def _detail_type(event: str) -> str | None:
    return DETAIL_TYPES.get(event) or DETAIL_TYPES.get(event.partition(":")[0])


def _is_gone(refusal: ServiceError) -> bool:
    """Whether there is no such queue, topic or function (any more)."""
    return any(word in refusal.code for word in ("NotExist", "NonExistent", "NotFound"))


def _is_forbidden(refusal: ServiceError) -> bool:
    return refusal.code.startswith("AccessDenied") or refusal.code == "AuthorizationError"


def iso_time(moment: float) -> str:
    """2014-10-13T15:57:02.089Z."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def customer_id(account: str) -> str:
    """An account as an Amazon customer, such as A3NL1KOZZKExample."""
    return "A" + b32encode(digest("sha256", f"customer of {account}".encode())).decode()[:13]
