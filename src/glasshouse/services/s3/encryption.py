"""Encryption on the server: the default of a bucket, what an object asks for, and the keys of KMS.

With SSE-KMS each object has a data key, which lies beside it encrypted by KMS: KMS is asked for it in the caller's name
when the object is made, and to open it when the object is read, so that a key that is disabled, gone or not the
caller's to use keeps the object closed. The key that AWS manages is open to everyone in the account who comes through
here. Differs from AWS: the bytes themselves are not encrypted with the data key, and a bucket key is asked for as often
as an object's.
"""

import json
from base64 import b64decode, b64encode
from typing import Any

from glasshouse.core import NotSupported, ServiceError
from glasshouse.services.s3.customer_keys import BLOCKED, OWN, SSE_C
from glasshouse.services.s3.errors import AccessDenied, InvalidArgument, MalformedXML
from glasshouse.services.s3.records import SSE_S3, Bucket, Encryption, ObjectVersion

KMS = ("aws:kms", "aws:kms:dsse")
MANAGED_KEY = "alias/aws/s3"
HEADER = "x-amz-server-side-encryption"
DEFAULT = {"SSEAlgorithm": "AES256"}


class Encryptions:
    def put_bucket_encryption(
        self, bucket: str, server_side_encryption_configuration: dict, content_md5: str | None = None,
        checksum_algorithm: str | None = None, expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        rules = server_side_encryption_configuration["Rules"]
        blocked = _blocked_types(rules[0]) if len(rules) == 1 else []
        default = rules[0].get("ApplyServerSideEncryptionByDefault", DEFAULT if blocked else None) if rules else None
        if len(rules) != 1 or default is None or default["SSEAlgorithm"] not in ("AES256", *KMS):
            raise MalformedXML()
        key = default.get("KMSMasterKeyID")
        if key is not None and default["SSEAlgorithm"] not in KMS:
            raise InvalidArgument(
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
                ArgumentName="ApplyServerSideEncryptionByDefault",
            )
        found.encryption = Encryption(default["SSEAlgorithm"], key, rules[0].get("BucketKeyEnabled"))
        found.encryption_chosen = True
        self.buckets.put(found)
        if blocked:
            self._keep_setting(found, BLOCKED, blocked)

    def get_bucket_encryption(self, bucket: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        default, blocked = found.encryption, self._setting(found, BLOCKED)
        apply = {"SSEAlgorithm": default.algorithm}
        if default.kms_key_id:
            apply["KMSMasterKeyID"] = default.kms_key_id
        rule = {"ApplyServerSideEncryptionByDefault": apply, "BucketKeyEnabled": bool(default.bucket_key)}
        if blocked:
            rule["BlockedEncryptionTypes"] = {"EncryptionType": blocked}
        return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}

    def delete_bucket_encryption(self, bucket: str, expected_bucket_owner: str | None = None):
        """Back to S3's own keys: since 2023 no object goes without encryption."""
        found = self._bucket(bucket, expected_bucket_owner)
        found.encryption, found.encryption_chosen = SSE_S3, False
        self.buckets.put(found)

    def _default_encryption(self, bucket: Bucket, params: dict) -> Encryption:
        """How a new object is encrypted for which these members were sent: as they say, else as the bucket says."""
        if "SSECustomerAlgorithm" in params or "SSECustomerKey" in params:
            return self._customer_encryption(bucket, params)
        algorithm, key = params.get("ServerSideEncryption"), params.get("SSEKMSKeyId")
        if algorithm is None and key is None:
            return self._with_data_key(bucket, params, bucket.encryption)
        if algorithm is not None and algorithm not in ("AES256", *KMS):
            raise InvalidArgument(
                "The encryption method specified is not supported", ArgumentName=HEADER, ArgumentValue=algorithm
            )
        if key is not None and algorithm not in KMS:
            raise InvalidArgument(
                f"Server Side Encryption with AWS KMS managed key requires HTTP header {HEADER} : aws:kms",
                ArgumentName=HEADER, ArgumentValue=algorithm or "null",
            )  # fmt: skip
        if algorithm == "AES256":
            return SSE_S3
        default = bucket.encryption
        if key is None and default.algorithm in KMS:
            key = default.kms_key_id
        bucket_key = params.get("BucketKeyEnabled", default.bucket_key if default.algorithm in KMS else None)
        asked = Encryption(algorithm, key, bucket_key, params.get("SSEKMSEncryptionContext"))
        return self._with_data_key(bucket, params, asked)

    def _with_data_key(self, bucket: Bucket, params: dict, asked: Encryption) -> Encryption:
        """For KMS, with a new data key, and with the ARN of the key that encrypted it."""
        if asked.algorithm not in KMS:
            return asked
        context = encryption_context(asked, bucket.arn, params["Key"])
        key = asked.kms_key_id or MANAGED_KEY
        made = self._ask_kms(bucket, key, "generate_data_key", KeyId=key, KeySpec="AES_256", EncryptionContext=context)
        sealed = b64encode(made["CiphertextBlob"]).decode()
        return Encryption(asked.algorithm, made["KeyId"], asked.bucket_key or None, asked.kms_context, sealed, key)

    def _check_key(self, version: ObjectVersion, names: tuple[str, ...] = OWN):
        """Raise what keeps an object closed that the client's key or KMS has to open. Called by everything that reads
        bytes."""
        self._check_customer_key(version, names)
        encryption = version.encryption
        if encryption.data_key is None:
            return
        bucket = self._bucket(version.bucket)
        context = encryption_context(encryption, bucket.arn, version.key)
        sealed = b64decode(encryption.data_key)
        self._ask_kms(
            bucket, encryption.asked_key or "", "decrypt", CiphertextBlob=sealed, EncryptionContext=context,
            KeyId=encryption.kms_key_id,
        )  # fmt: skip

    def _open_as(self, kms: Any, version: ObjectVersion, bucket: Bucket):
        """Raise what keeps an object closed to somebody else, by whose name KMS is asked."""
        encryption = version.encryption
        context = encryption_context(encryption, bucket.arn, version.key)
        kms.decrypt(
            CiphertextBlob=b64decode(encryption.data_key or ""), EncryptionContext=context,
            KeyId=encryption.kms_key_id,
        )  # fmt: skip

    def _ask_kms(self, bucket: Bucket, key: str, operation: str, **params: Any) -> dict:
        if "kms" not in self.cloud.services.names():
            raise NotSupported("s3: encryption with KMS keys needs KMS, which Glasshouse does not have yet")
        if self.call.principal.kind == "anonymous":
            raise InvalidArgument(
                "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.",
                ArgumentName="Authorization", ArgumentValue="null",
            )  # fmt: skip
        there = self.aws(account=bucket.account, region=bucket.region, source_arn=bucket.arn)
        if not key.endswith(MANAGED_KEY):
            there = there.as_caller()
        try:
            return getattr(there.kms, operation)(**params)
        except NotSupported:
            raise
        except ServiceError as refusal:
            raise _refusal(refusal) from None


def _blocked_types(rule: dict[str, Any]) -> list[str]:
    blocked = (rule.get("BlockedEncryptionTypes") or {}).get("EncryptionType") or []
    if not set(blocked) <= {SSE_C, "NONE"}:
        raise MalformedXML()
    return blocked


def encryption_context(encryption: Encryption, bucket_arn: str, key: str) -> dict[str, str]:
    """The encryption context: the object's ARN, or the bucket's for a bucket key, and what the client adds."""
    context = {"aws:s3:arn": bucket_arn if encryption.bucket_key else f"{bucket_arn}/{key}"}
    if encryption.kms_context:
        try:
            given = json.loads(b64decode(encryption.kms_context, validate=True))
        except ValueError:
            given = None
        if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
            raise InvalidArgument(
                "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON"
                " which represents a string-string map", ArgumentName=f"{HEADER}-context",
                ArgumentValue=encryption.kms_context,
            )  # fmt: skip
        context = {**given, **context}
    return context


def _refusal(refusal: ServiceError) -> ServiceError:
    """What KMS says, in S3's words."""
    if refusal.code in ("AccessDenied", "AccessDeniedException"):
        return AccessDenied(refusal.message)
    return type(f"KMS.{refusal.code}", (ServiceError,), {})(refusal.message)
