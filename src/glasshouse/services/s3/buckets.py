"""Buckets: making, finding, deleting them; their region and versioning.

Any region's endpoint serves every bucket, so no client is sent elsewhere. Buckets share one name space across
accounts, as in AWS.
"""

import re
from ipaddress import IPv4Address

from glasshouse.core import NotSupported
from glasshouse.services.s3.errors import (
    BucketAlreadyExists,
    BucketAlreadyOwnedByYou,
    BucketNotEmpty,
    IllegalLocationConstraintException,
    IllegalVersioningConfigurationException,
    InvalidArgument,
    InvalidBucketName,
    InvalidBucketState,
    InvalidLocationConstraint,
    MalformedXML,
)
from glasshouse.services.s3.records import Bucket, owner

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d", re.ASCII)
FIRST_REGION = "us-east-1"  # has no location constraint
OWNERSHIPS = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
MAX_LISTED = 10_000


class Buckets:
    def create_bucket(
        self, bucket: str, acl=None, create_bucket_configuration: dict | None = None, grant_full_control=None,
        grant_read=None, grant_read_acp=None, grant_write=None, grant_write_acp=None,
        object_lock_enabled_for_bucket: bool = False, object_ownership: str = "BucketOwnerEnforced",
        bucket_namespace: str = "global",
    ):  # fmt: skip
        if create_bucket_configuration == {}:
            raise MalformedXML()
        configuration = create_bucket_configuration or {}
        check_name(bucket, self._namespace_suffix(bucket_namespace))
        region = self._new_region(configuration)
        if object_ownership not in OWNERSHIPS:
            raise InvalidArgument(
                f"Invalid x-amz-object-ownership header: {object_ownership}", ArgumentName="x-amz-object-ownership"
            )
        made = Bucket(bucket, self.call.account, region, self.now, ownership=object_ownership)
        answer = {"BucketArn": made.arn, "Location": self._location(bucket, configuration)}
        existing = self.buckets.get(bucket)
        if existing is not None:
            self._check_can_be_made_again(existing, region)
            return answer
        if object_lock_enabled_for_bucket:
            made.object_lock, made.versioning = True, "Enabled"
        self._new_settings(made, self.call.params)
        self.buckets.put(made)
        return answer

    def list_buckets(
        self, max_buckets: int | None = None, continuation_token: str | None = None, prefix: str = "",
        bucket_region: str | None = None,
    ):  # fmt: skip
        if max_buckets is not None and not 1 <= max_buckets <= MAX_LISTED:
            raise InvalidArgument(
                f"max-buckets should be an integer between 1 and {MAX_LISTED}", ArgumentName="max-buckets",
                ArgumentValue=max_buckets,
            )  # fmt: skip

        def wanted(bucket: Bucket) -> bool:
            return bucket.account == self.call.account and bucket_region in (None, bucket.region)

        page = self.buckets.page(max_buckets or MAX_LISTED, continuation_token, prefix, where=wanted)
        return {
            "Buckets": page.records,
            "Owner": owner(self.call.account),
            "ContinuationToken": page.next_token,
            "Prefix": prefix or None,
        }

    def head_bucket(self, bucket: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        known = {"BucketRegion": found.region, "BucketArn": found.arn, "AccessPointAlias": False}
        return known | {"ContentType": "application/xml"}

    def get_bucket_location(self, bucket: str, expected_bucket_owner: str | None = None):
        region = self._bucket(bucket, expected_bucket_owner).region
        return {"LocationConstraint": None if region == FIRST_REGION else region}

    def delete_bucket(self, bucket: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        if self.versions.any_in(bucket):
            message = BucketNotEmpty.__doc__
            if found.versioned:
                message = "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
            raise BucketNotEmpty(message, BucketName=bucket)
        for upload in self.uploads.open_in(bucket):
            self._drop_upload(upload)
        self._forget_settings(found)
        self.buckets.delete(found)

    def get_bucket_versioning(self, bucket: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        return {"Status": found.versioning or None, "MFADelete": found.mfa_delete or None}

    def put_bucket_versioning(
        self, bucket: str, versioning_configuration: dict | None = None, content_md5: str | None = None,
        checksum_algorithm: str | None = None, expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        configuration = versioning_configuration or {}
        status = configuration.get("Status")
        if status is None:
            raise IllegalVersioningConfigurationException()
        if status not in ("Enabled", "Suspended"):
            raise MalformedXML()
        if configuration.get("MFADelete") == "Enabled":
            raise NotSupported("s3:PutBucketVersioning MFADelete is not supported by Glasshouse yet")
        if status == "Suspended" and self._setting(found, "replication"):
            raise InvalidBucketState(
                "A replication configuration is present on this bucket, so you cannot change the versioning state. To"
                " change the versioning state, first delete the replication configuration."
            )
        if status == "Suspended" and found.object_lock:
            raise InvalidBucketState(
                "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
            )
        found.versioning, found.mfa_delete = status, configuration.get("MFADelete") or ""
        self.buckets.put(found)

    def _new_region(self, configuration: dict) -> str:
        """Where the bucket is made, by the rules that the endpoint of each region has."""
        if "Location" in configuration or "Bucket" in configuration:
            raise NotSupported("s3:CreateBucket of directory buckets is not supported by Glasshouse yet")
        here, wanted = self.call.region, configuration.get("LocationConstraint")
        if not wanted:
            if here != FIRST_REGION:
                raise _wrong_endpoint("unspecified")
            return here
        region = "eu-west-1" if wanted == "EU" else wanted
        if region == here == FIRST_REGION or not REGION.fullmatch(region):
            raise InvalidLocationConstraint(LocationConstraint=wanted)
        if here not in (FIRST_REGION, region):
            raise _wrong_endpoint(wanted)
        return region

    def _check_can_be_made_again(self, existing: Bucket, region: str):
        """In the first region the owner may make a bucket twice, for old clients' sake."""
        if existing.account != self.call.account:
            raise BucketAlreadyExists(BucketName=existing.name)
        if not region == existing.region == FIRST_REGION:
            raise BucketAlreadyOwnedByYou(BucketName=existing.name)

    def _location(self, name: str, configuration: dict) -> str:
        return f"http://{name}.s3.amazonaws.com/" if configuration.get("LocationConstraint") else f"/{name}"

    def _namespace_suffix(self, namespace: str) -> str:
        if namespace not in ("global", "account-regional"):
            raise InvalidArgument(
                "Invalid x-amz-bucket-namespace header", ArgumentName="x-amz-bucket-namespace", ArgumentValue=namespace
            )
        return f"-{self.call.account}-{self.call.region}-an" if namespace == "account-regional" else ""


def check_name(name: str, namespace_suffix: str = ""):
    """Raise InvalidBucketName for what cannot name a bucket; https://docs.aws.amazon.com/console/s3/bucket-naming."""
    if name.endswith("--x-s3"):
        raise NotSupported("s3:CreateBucket of directory buckets is not supported by Glasshouse yet")
    if (
        not NAME.fullmatch(name)
        or ".." in name
        or _is_address(name)
        or name.startswith(RESERVED_PREFIXES)
        or name.endswith(RESERVED_SUFFIXES)
        or not (name.endswith(namespace_suffix) if namespace_suffix else not name.endswith("-an"))
    ):
        raise InvalidBucketName(BucketName=name)


def _is_address(name: str) -> bool:
    try:
        IPv4Address(name)
    except ValueError:
        return False
    return True


def _wrong_endpoint(constraint: str) -> IllegalLocationConstraintException:
    return IllegalLocationConstraintException(
        f"The {constraint} location constraint is incompatible for the region specific endpoint this request was"
        " sent to."
    )
