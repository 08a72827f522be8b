"""Delivery: log files every five minutes, and every hour a signed digest of them that refers to the one before.

Layout and signatures are those that `aws cloudtrail validate-logs` checks (CloudTrail user guide, "CloudTrail log file
names" and "CloudTrail digest file structure").
"""

import gzip
import hashlib
import json
from contextlib import suppress
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from glasshouse.core import ServiceError, ids
from glasshouse.services.cloudtrail.identity import iso
from glasshouse.services.cloudtrail.records import Digest, DigestKey, LogFile, Trail
from glasshouse.services.cloudtrail.selectors import takes

DELIVERY_S, DIGEST_S = 300, 3600
FILE_EVENTS = 10_000
KEY_BITS, KEY_DAYS = 2048, 30


class Delivery:
    """The jobs of trails, and ListPublicKeys."""

    def list_public_keys(
        self, start_time: float | None = None, end_time: float | None = None, next_token: str | None = None
    ):
        start, end = start_time or self.now - 86_400, end_time or self.now
        keys = [
            key for key in self.digest_keys.list() if key.created <= end and key.created + KEY_DAYS * 86_400 >= start
        ]
        return {
            "PublicKeyList": [
                {
                    "Value": key.public, "Fingerprint": key.fingerprint, "ValidityStartTime": key.created,
                    "ValidityEndTime": key.created + KEY_DAYS * 86_400,
                }
                for key in keys
            ]
        }  # fmt: skip

    def _schedule(self, trail: Trail):
        self.later("_deliver_and_go_on", after=DELIVERY_S, key=f"deliver {trail.name}", name=trail.name)
        if trail.log_file_validation_enabled:
            self.later("_digest", after=DIGEST_S, key=f"digest {trail.name}", name=trail.name, start=self.now)

    def _last_event(self) -> int:
        return self.store.read("SELECT IFNULL(MAX(id), 0) FROM cloudtrail_event").fetchone()[0]

    def _deliver_and_go_on(self, name: str):
        trail = self.trails.get(name)
        if trail and trail.is_logging:
            self._deliver(name)
            self._forget_old()
            self.later("_deliver_and_go_on", after=DELIVERY_S, key=f"deliver {name}", name=name)

    def _deliver(self, name: str):
        """Write a file for each Region in which something happened since the last."""
        trail = self.trails.get(name)
        if trail is None:
            return
        while rows := self._undelivered(trail):
            trail.delivered = max(row[0] for row in rows)
            records = [(row[1], json.loads(row[2])) for row in rows]
            wanted = [(region, record) for region, record in records if takes(trail, record)]
            for region, group in groupby(sorted(wanted, key=lambda pair: pair[0]), key=lambda pair: pair[0]):
                self._write_file(trail, region, [record for _, record in group])
            self._write_to_log_group(trail, [record for _, record in wanted])
            self.trails.put(trail)

    def _undelivered(self, trail: Trail) -> list[tuple]:
        regions = "1" if trail.is_multi_region_trail else "region = ?"
        if not trail.is_multi_region_trail and trail.include_global_service_events:
            regions = "(region = ? OR source IN ('iam.amazonaws.com', 'sts.amazonaws.com'))"
        arguments = () if trail.is_multi_region_trail else (trail.home_region,)
        return self.store.read(
            f"SELECT id, region, record FROM cloudtrail_event WHERE account = ? AND id > ? AND {regions}"
            " ORDER BY id LIMIT ?",
            (self.call.account, trail.delivered, *arguments, FILE_EVENTS),
        ).fetchall()

    def _write_file(self, trail: Trail, region: str, records: list[dict[str, Any]]):
        account, moment = self.call.account, datetime.fromtimestamp(self.now, UTC)
        name = f"{account}_CloudTrail_{region}_{moment:%Y%m%dT%H%MZ}_{ids.token(16)}.json.gz"
        key = f"{trail.prefix}AWSLogs/{account}/CloudTrail/{region}/{moment:%Y/%m/%d}/{name}"
        content = json.dumps({"Records": records}, separators=(",", ":")).encode()
        if not self._put(trail, key, gzip.compress(content, mtime=0)):
            return
        times = [datetime.fromisoformat(record["eventTime"]).timestamp() for record in records]
        digest = hashlib.sha256(content).hexdigest()
        if trail.log_file_validation_enabled:
            self.log_files.put(LogFile(trail.name, key, region, digest, min(times), max(times)))
        self._notify(trail, key)

    def _put(self, trail: Trail, key: str, content: bytes, **options: Any) -> bool:
        """Into the bucket; what the bucket says to it is the trail's status."""
        try:
            self.aws.as_service(trail.trail_arn).s3.put_object(
                Bucket=trail.s3_bucket_name, Key=key, Body=content, ContentType="application/json",
                ContentEncoding="gzip", ACL="bucket-owner-full-control", **options,
            )  # fmt: skip
        except ServiceError as failure:
            trail.delivery_error = failure.code
            return False
        trail.latest_delivery, trail.delivery_error = self.now, None
        return True

    def _notify(self, trail: Trail, key: str):
        topic = self._trail_shown(trail)["SnsTopicARN"]
        if topic and "sns" in self.cloud.services.names():
            message = json.dumps({"s3Bucket": trail.s3_bucket_name, "s3ObjectKey": [key]})
            with suppress(ServiceError):  # a topic that no longer lets CloudTrail in is told nothing
                self.aws.as_service(trail.trail_arn).sns.publish(TopicArn=topic, Message=message)

    def _forget_old(self):
        self.store.write("DELETE FROM cloudtrail_event WHERE time < ?", (self.now - 90 * 86_400,))

    # Digests

    def _digest(self, name: str, start: float):
        trail = self.trails.get(name)
        if trail is None or not trail.log_file_validation_enabled:
            return
        self._deliver(name)
        files = list(self.log_files.list(name))
        before = {digest.region: digest for digest in self.digests.list(name)}
        for region in sorted({trail.home_region, *before, *(file.region for file in files)}):
            self._write_digest(
                trail, region, [file for file in files if file.region == region], before.get(region), start
            )
        for file in files:
            self.log_files.delete(file)
        trail = self.trails.get(name) or trail
        trail.latest_digest = self.now
        self.trails.put(trail)
        if trail.is_logging:
            self.later("_digest", after=DIGEST_S, key=f"digest {name}", name=name, start=self.now)

    def _write_digest(self, trail: Trail, region: str, files: list[LogFile], before: Digest | None, start: float):
        account, moment = self.call.account, datetime.fromtimestamp(self.now, UTC)
        name = f"{account}_CloudTrail-Digest_{region}_{trail.name}_{trail.home_region}_{moment:%Y%m%dT%H%M%SZ}.json.gz"
        key = f"{trail.prefix}AWSLogs/{account}/CloudTrail-Digest/{region}/{moment:%Y/%m/%d}/{name}"
        signer = self._digest_key(region)
        content = {
            "awsAccountId": account, "digestStartTime": iso(start), "digestEndTime": iso(self.now),
            "digestS3Bucket": trail.s3_bucket_name, "digestS3Object": key,
            "newestEventTime": iso(max(file.newest for file in files)) if files else None,
            "oldestEventTime": iso(min(file.oldest for file in files)) if files else None,
            "previousDigestS3Bucket": trail.s3_bucket_name if before else None,
            "previousDigestS3Object": before.s3_object if before else None,
            "previousDigestHashValue": before.sha256 if before else None,
            "previousDigestHashAlgorithm": "SHA-256" if before else None,
            "previousDigestSignature": before.signature if before else None,
            "digestPublicKeyFingerprint": signer.fingerprint, "digestSignatureAlgorithm": "SHA256withRSA",
            "logFiles": [_named(trail, file) for file in files],
        }  # fmt: skip
        text = json.dumps(content).encode()
        hashed = hashlib.sha256(text).hexdigest()
        previous = before.signature if before else "null"
        signed = f"{content['digestEndTime']}\n{trail.s3_bucket_name}/{key}\n{hashed}\n{previous}"
        signature = self._signature(signer, signed.encode())
        metadata = {"signature": signature, "signature-algorithm": "SHA256withRSA"}
        if self._put(trail, key, gzip.compress(text, mtime=0), Metadata=metadata):
            self.digests.put(Digest(trail.name, region, key, hashed, signature, self.now))

    def _digest_key(self, region: str) -> DigestKey:
        """The key that signs in a Region; a new one takes over before the old one's time is up."""
        keys = [key for key in self.digest_keys.list() if key.region == region]
        latest = max(keys, key=lambda key: key.created, default=None)
        if latest and latest.created + (KEY_DAYS - 1) * 86_400 > self.now:
            return latest
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        private = rsa.generate_private_key(65537, KEY_BITS)
        der, plain = serialization.Encoding.DER, serialization.NoEncryption()
        public = private.public_key().public_bytes(der, serialization.PublicFormat.PKCS1)
        sealed = self.cloud.seal.close(private.private_bytes(der, serialization.PrivateFormat.PKCS8, plain))
        fingerprint = hashlib.md5(public, usedforsecurity=False).hexdigest()
        return self.digest_keys.put(DigestKey(region, fingerprint, public, sealed, self.now))

    def _signature(self, key: DigestKey, text: bytes) -> str:
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import padding

        private = serialization.load_der_private_key(self.cloud.seal.open(key.sealed), None)
        return private.sign(text, padding.PKCS1v15(), hashes.SHA256()).hex()  # type: ignore[union-attr, call-arg]


def _named(trail: Trail, file: LogFile) -> dict[str, str]:
    """A log file as a digest names it."""
    return {
        "s3Bucket": trail.s3_bucket_name,
        "s3Object": file.s3_object,
        "hashValue": file.sha256,
        "hashAlgorithm": "SHA-256",
        "newestEventTime": iso(file.newest),
        "oldestEventTime": iso(file.oldest),
    }
