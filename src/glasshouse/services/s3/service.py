"""S3: buckets of objects.

The bytes of objects lie in the blob store; what is known of them in tables of S3's own (schema.sql). Directory
buckets (S3 Express) and access points are refused in words. Encryption is recorded and shown, and KMS or the client's
own key (SSE-C) decides whether an object can be read, but the bytes lie in the data directory as they came.
"""

from glasshouse.core import NotSupported, Service, Table
from glasshouse.core.once import once
from glasshouse.services.s3.access import BucketAccess
from glasshouse.services.s3.access_logs import AccessLogs
from glasshouse.services.s3.acl import Acls
from glasshouse.services.s3.aging import Aging
from glasshouse.services.s3.attributes import Attributes
from glasshouse.services.s3.bucket_settings import BucketSettings
from glasshouse.services.s3.buckets import Buckets
from glasshouse.services.s3.configurations import Configurations
from glasshouse.services.s3.contents import Contents
from glasshouse.services.s3.copies import Copies
from glasshouse.services.s3.cors import Cors
from glasshouse.services.s3.customer_keys import CustomerKeys
from glasshouse.services.s3.deletes import Deletes
from glasshouse.services.s3.deliveries import Deliveries
from glasshouse.services.s3.drafts import Drafts, invalid_version_id, is_genuine
from glasshouse.services.s3.encryption import Encryptions
from glasshouse.services.s3.errors import (
    AccessDenied,
    InvalidArgument,
    MethodNotAllowed,
    NoSuchBucket,
    NoSuchKey,
    NoSuchVersion,
)
from glasshouse.services.s3.forms import Forms
from glasshouse.services.s3.inventory import Inventories
from glasshouse.services.s3.lifecycle import Lifecycles
from glasshouse.services.s3.listing import Listing
from glasshouse.services.s3.lock import Locks
from glasshouse.services.s3.measuring import Measuring
from glasshouse.services.s3.multipart import Multipart
from glasshouse.services.s3.notifications import Notifications
from glasshouse.services.s3.objects import Objects
from glasshouse.services.s3.payment import Payment
from glasshouse.services.s3.records import Bucket, ObjectVersion
from glasshouse.services.s3.replicas import Replicas
from glasshouse.services.s3.replication import Replication
from glasshouse.services.s3.request_metrics import RequestMetrics
from glasshouse.services.s3.sites import Sites
from glasshouse.services.s3.storage_class import StorageClasses
from glasshouse.services.s3.tagging import Tagging
from glasshouse.services.s3.tiering import Tiering
from glasshouse.services.s3.uploads import Uploads
from glasshouse.services.s3.versions import Versions
from glasshouse.services.s3.web import Web
from glasshouse.services.s3.website import Websites

OTHER_KINDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3")  # of what a bucket's name may stand for


class S3(
    Buckets, Objects, Deletes, Copies, Listing, Multipart, Measuring, Attributes, Drafts,
    Tagging, Acls, BucketAccess, BucketSettings, CustomerKeys, Encryptions, Cors, Locks, Lifecycles, Aging,
    Notifications, Deliveries,
    StorageClasses, AccessLogs, Configurations, Inventories, Payment, Replication, Replicas, RequestMetrics, Tiering,
    Web, Websites, Sites, Forms, Service,
):  # fmt: skip
    name = "s3"
    invalid_page_token = InvalidArgument
    buckets = Table(Bucket, key="name", scope="cloud")

    @once
    def versions(self) -> Versions:
        return Versions(self.store)

    @once
    def contents(self) -> Contents:
        return Contents(self.store, self.cloud.blobs)

    @once
    def uploads(self) -> Uploads:
        return Uploads(self.store)

    def _bucket(self, name: str, expected_bucket_owner: str | None = None) -> Bucket:
        """The bucket of that name. Raises NoSuchBucket, AccessDenied if it is not the expected account's."""
        bucket = self._known_bucket(name)
        if bucket is None:
            if name.endswith(OTHER_KINDS):
                raise NotSupported("s3: access points and directory buckets are not supported by Glasshouse yet")
            raise NoSuchBucket(BucketName=name)
        if expected_bucket_owner is not None and expected_bucket_owner != bucket.account:
            raise AccessDenied()
        if bucket.requester_pays:
            self._check_payer(bucket)
        return bucket

    def _version(self, bucket: Bucket, key: str, version_id: str | None = None) -> ObjectVersion:
        """The version asked for, or the current one. Raises NoSuchKey, NoSuchVersion, MethodNotAllowed."""
        if version_id is None:
            current = self.versions.current(bucket.name, key)
            if current is None:
                raise NoSuchKey(Key=key)
            if current.delete_marker:
                raise NoSuchKey(Key=key, DeleteMarker=True, VersionId=current.version_id)
            return current
        version = self.versions.get(bucket.name, key, version_id)
        if version is None and not is_genuine(version_id):
            raise invalid_version_id(version_id)
        if version is None:
            raise NoSuchVersion(Key=key, VersionId=version_id)
        if version.delete_marker:
            raise MethodNotAllowed(
                Method=self._http_method(), ResourceType="DeleteMarker", DeleteMarker=True, VersionId=version_id,
                LastModified=version.modified, Allow="DELETE",
            )  # fmt: skip
        return version

    def _http_method(self) -> str:
        """Of the call, as errors mention it."""
        operation = self.call.operation
        return next((verb for verb in ("GET", "HEAD", "PUT", "DELETE") if operation.upper().startswith(verb)), "POST")
