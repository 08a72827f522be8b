"""Inventories: lists of a bucket's objects, delivered each day or each Sunday at midnight (UTC) of the cloud's clock.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory.html. S3 writes the files as itself, so the
destination's policy must let it in; what it may not deliver is left out that day. A job writes one file and schedules
itself for the next, until the manifest tells that all are there. ORC and Parquet are refused in words.
"""

import csv
import gzip
import io
import json
import logging
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from glasshouse.core import NotSupported, ServiceError, ids
from glasshouse.core.digests import digest
from glasshouse.services.s3.aging import next_midnight
from glasshouse.services.s3.customer_keys import SSE_C
from glasshouse.services.s3.errors import MalformedXML
from glasshouse.services.s3.lifecycle_rules import DAY_S, filter_of
from glasshouse.services.s3.records import Bucket, ObjectVersion
from glasshouse.services.s3.replication_rules import BUCKET
from glasshouse.services.s3.setting_errors import InvalidS3DestinationBucket
from glasshouse.services.s3.storage_class import TIERING
from glasshouse.services.s3.walk import successor

log = logging.getLogger("glasshouse.s3")
PORTION = 10_000  # rows of a file
FREQUENCIES = ("Daily", "Weekly")
VERSIONS = ("All", "Current")
OF_VERSIONS = ("VersionId", "IsLatest", "IsDeleteMarker")
OPTIONAL = (
    "Size", "LastModifiedDate", "ETag", "StorageClass", "IsMultipartUploaded", "ReplicationStatus", "EncryptionStatus",
    "ObjectLockRetainUntilDate", "ObjectLockMode", "ObjectLockLegalHoldStatus", "BucketKeyStatus", "ChecksumAlgorithm",
    "ObjectOwner", "IntelligentTieringAccessTier",
)  # fmt: skip
NOT_HERE = ("ObjectAccessControlList", "LifecycleExpirationDate")
ENCRYPTIONS = {"AES256": "SSE-S3", "aws:kms": "SSE-KMS", "aws:kms:dsse": "DSSE-KMS", SSE_C: SSE_C}
CURRENT = "bucket = ? AND superseded IS NULL AND delete_marker = 0 AND key >= ? AND key > ? AND key < ? ORDER BY key"
EVERY = "bucket = ? AND key >= ? AND (key > ? OR (key = ? AND id < ?)) AND key < ? ORDER BY key, id DESC"


class Inventories:
    def put_bucket_inventory_configuration(
        self, bucket: str, id: str, inventory_configuration: dict, expected_bucket_owner: str | None = None
    ):
        found = self._bucket(bucket, expected_bucket_owner)
        _check(inventory_configuration)
        self._put_configuration(found, "inventory", id, inventory_configuration)
        self._schedule_inventory(found, id, inventory_configuration)

    def delete_bucket_inventory_configuration(self, bucket: str, id: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        self._drop_configuration(found, "inventory", id)
        self._unschedule(found, inventory_job(bucket, id))

    def _schedule_inventory(self, bucket: Bucket, id: str, configuration: dict):
        """At the next midnight, or the one with which the next Sunday begins."""
        due = next_midnight(self.now)
        if configuration["Schedule"]["Frequency"] == "Weekly":
            while datetime.fromtimestamp(due, UTC).isoweekday() != 7:
                due += DAY_S
        self._schedule(
            bucket, "_take_inventory", due, {"bucket": bucket.name, "id": id}, inventory_job(bucket.name, id)
        )

    def _take_inventory(
        self, bucket: str, id: str, begun: float = 0, after: list | None = None, files: list | None = None
    ):
        """Write the next file, and after the last one the manifest."""
        found = self.buckets.get(bucket)
        configuration = self._configurations(found, "inventory").get(id) if found else None
        if found is None or configuration is None:
            return
        if not configuration["IsEnabled"]:
            self._schedule_inventory(found, id, configuration)
            return
        begun = begun or self.now
        try:
            with self.store.transaction():
                written, after = self._write_rows(found, id, configuration, after or ["", 0])
                files = [*(files or ()), *written]
                if after is None:
                    self._write_manifest(found, id, configuration, begun, files)
        except ServiceError as refusal:
            log.warning("the inventory %s of %s was not delivered: %s", id, bucket, refusal)
            after = None
        if after is None:
            self._schedule_inventory(found, id, configuration)
        else:
            params = {"bucket": bucket, "id": id, "begun": begun, "after": after, "files": files}
            self._schedule(found, "_take_inventory", self.now, params, inventory_job(bucket, id))

    def _write_rows(self, bucket: Bucket, id: str, configuration: dict, after: list) -> tuple[list[dict], list | None]:
        """The next file, if there are rows for it, and behind which version the one after it begins."""
        prefix, (key, number) = filter_of(configuration).prefix, after
        end = successor(prefix)
        if configuration["IncludedObjectVersions"] == "All":
            rows = list(self.versions.some(f"{EVERY} LIMIT {PORTION}", (bucket.name, prefix, key, key, number, end)))
        else:
            rows = list(self.versions.some(f"{CURRENT} LIMIT {PORTION}", (bucket.name, prefix, key, end)))
        if not rows:
            return [], None
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        names = schema(configuration)
        for version in rows:
            known = self._inventoried(bucket, version)
            writer.writerow([known[name] for name in names])
        packed = gzip.compress(text.getvalue().encode(), mtime=0)
        place = f"{_place(bucket, id, configuration)}/data/{ids.uuid()}.csv.gz"
        self._put_inventory(bucket, configuration, place, packed, "application/x-gzip")
        file = {"key": place, "size": len(packed), "MD5checksum": digest("md5", packed).hex()}
        return [file], [rows[-1].key, rows[-1].id] if len(rows) == PORTION else None

    def _write_manifest(self, bucket: Bucket, id: str, configuration: dict, begun: float, files: list):
        wanted = configuration["Destination"]["S3BucketDestination"]
        manifest = {
            "sourceBucket": bucket.name, "destinationBucket": wanted["Bucket"], "version": "2016-11-30",
            "creationTimestamp": str(int(begun * 1000)), "fileFormat": "CSV",
            "fileSchema": ", ".join(schema(configuration)), "files": files,
        }  # fmt: skip
        text = json.dumps(manifest, indent=2).encode()
        moment = datetime.fromtimestamp(begun, UTC)
        place = _place(bucket, id, configuration)
        links = "\n".join(f"s3://{_destination(configuration)}/{file['key']}" for file in files).encode()
        self._put_inventory(bucket, configuration, f"{place}/hive/dt={moment:%Y-%m-%d-%H-%M}/symlink.txt", links)
        folder = f"{place}/{moment:%Y-%m-%dT%H-%MZ}"
        self._put_inventory(bucket, configuration, f"{folder}/manifest.json", text, "application/json")
        checksum = digest("md5", text).hex().encode()
        self._put_inventory(bucket, configuration, f"{folder}/manifest.checksum", checksum)

    def _put_inventory(self, bucket: Bucket, configuration: dict, key: str, body: bytes, kind: str = "text/plain"):
        wanted = configuration["Destination"]["S3BucketDestination"]
        sealed: dict[str, str] = {}
        if key_id := ((wanted.get("Encryption") or {}).get("SSEKMS") or {}).get("KeyId"):
            sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id}
        there = self.aws(account=bucket.account, region=bucket.region).as_service(bucket.arn)
        owned = {"ExpectedBucketOwner": wanted["AccountId"]} if "AccountId" in wanted else {}
        there.s3.put_object(
            Bucket=_destination(configuration), Key=key, Body=body, ContentType=kind,
            ACL="bucket-owner-full-control", **owned, **sealed,
        )  # fmt: skip

    def _inventoried(self, bucket: Bucket, version: ObjectVersion) -> dict[str, Any]:
        """All that an inventory can tell of a version."""
        lock, encryption, outcomes = version.lock, version.encryption, None
        if bucket.replicates:
            outcomes = self._outcomes(version)
        return {
            "Bucket": bucket.name, "Key": quote(version.key, safe="/"), "VersionId": version.version_id,
            "IsLatest": _said(version.superseded is None), "IsDeleteMarker": _said(version.delete_marker),
            "Size": "" if version.delete_marker else version.size, "LastModifiedDate": _time(version.modified),
            "ETag": version.etag, "StorageClass": version.storage_class,
            "IsMultipartUploaded": _said(version.parts_count is not None),
            "ReplicationStatus": outcomes[0] if outcomes else "", "EncryptionStatus": ENCRYPTIONS[encryption.algorithm],
            "ObjectLockRetainUntilDate": _time(lock.until) if lock.until else "", "ObjectLockMode": lock.mode or "",
            "ObjectLockLegalHoldStatus": lock.legal_hold or "",
            "BucketKeyStatus": "ENABLED" if encryption.bucket_key else "DISABLED",
            "ChecksumAlgorithm": version.checksum.algorithm if version.checksum else "", "ObjectOwner": version.owner,
            "IntelligentTieringAccessTier": self._access_tier(version),
        }  # fmt: skip

    def _access_tier(self, version: ObjectVersion) -> str:
        """Those above the archive tiers are all the frequent one here."""
        if version.storage_class != TIERING:
            return ""
        return {"ARCHIVE_ACCESS": "ARCHIVE", "DEEP_ARCHIVE_ACCESS": "DEEP_ARCHIVE"}.get(
            self._tier_of(version)[1] or "", "FREQUENT"
        )


def inventory_job(bucket: str, id: str) -> str:
    return f"inventory {bucket} {id}"


def schema(configuration: dict[str, Any]) -> list[str]:
    """The names of the columns, in their order."""
    chosen = configuration.get("OptionalFields") or ()
    of_versions = OF_VERSIONS if configuration["IncludedObjectVersions"] == "All" else ()
    return ["Bucket", "Key", *of_versions, *(name for name in OPTIONAL if name in chosen)]


def _check(configuration: dict[str, Any]):
    wanted = configuration["Destination"]["S3BucketDestination"]
    if wanted["Format"] in ("ORC", "Parquet"):
        raise NotSupported(f"s3: inventories in the format {wanted['Format']} are not supported by Glasshouse yet")
    if wanted["Format"] != "CSV" or configuration["IncludedObjectVersions"] not in VERSIONS:
        raise MalformedXML()
    if configuration["Schedule"]["Frequency"] not in FREQUENCIES:
        raise MalformedXML()
    if not BUCKET.fullmatch(wanted["Bucket"]):
        raise InvalidS3DestinationBucket()
    for name in configuration.get("OptionalFields") or ():
        if name in NOT_HERE:
            raise NotSupported(f"s3: the inventory field {name} is not supported by Glasshouse yet")
        if name not in OPTIONAL:
            raise MalformedXML()


def _destination(configuration: dict[str, Any]) -> str:
    return configuration["Destination"]["S3BucketDestination"]["Bucket"].rpartition(":")[2]


def _place(bucket: Bucket, id: str, configuration: dict[str, Any]) -> str:
    prefix = configuration["Destination"]["S3BucketDestination"].get("Prefix")
    return "/".join(filter(None, (prefix, bucket.name, id)))


def _said(truth: bool) -> str:
    return "true" if truth else "false"


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
