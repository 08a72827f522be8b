"""Tags of buckets and objects.

A bucket's tags are kept with those of the cloud's other resources, an object's with the object.
"""

import unicodedata
from urllib.parse import unquote_plus

from glasshouse.core.tags import from_list, to_list
from glasshouse.services.s3.errors import InvalidArgument, InvalidTag, MethodNotAllowed, NoSuchKey
from glasshouse.services.s3.records import Bucket, ObjectVersion
from glasshouse.services.s3.setting_errors import BadRequest, NoSuchTagSet

BUCKET_TAGS, OBJECT_TAGS = 50, 10
KEY_CHARACTERS, VALUE_CHARACTERS = 128, 256
SYMBOLS = frozenset("_.:/=+-@")
SYSTEM_PREFIX = "aws:"


class Tagging:
    def put_bucket_tagging(
        self, bucket: str, tagging: dict, content_md5: str | None = None, checksum_algorithm: str | None = None,
        expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        self._tag_bucket(found, tagging["TagSet"])

    def get_bucket_tagging(self, bucket: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        tags = self.cloud.tags.of(found.arn)
        if not tags:
            raise NoSuchTagSet(BucketName=bucket)
        return {"TagSet": to_list(tags)}

    def delete_bucket_tagging(self, bucket: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        self.cloud.tags.clear(found.arn)

    def put_object_tagging(
        self, bucket: str, key: str, tagging: dict, version_id: str | None = None, content_md5: str | None = None,
        checksum_algorithm: str | None = None, expected_bucket_owner: str | None = None,
        request_payer: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        version = self._visible_version(found, key, version_id)
        version.tags = object_tags(tagging["TagSet"])
        return self._keep_tags(found, version, "Put")

    def get_object_tagging(
        self, bucket: str, key: str, version_id: str | None = None, expected_bucket_owner: str | None = None,
        request_payer: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        try:
            version = self._visible_version(found, key, version_id)
        except NoSuchKey:
            raise NoSuchKey(Key=f"{bucket}/{key}") from None  # which only this operation calls it
        return {"TagSet": to_list(version.tags), **_version_id(found, version)}

    def delete_object_tagging(
        self, bucket: str, key: str, version_id: str | None = None, expected_bucket_owner: str | None = None
    ):
        found = self._bucket(bucket, expected_bucket_owner)
        version = self._visible_version(found, key, version_id)
        version.tags = {}
        return self._keep_tags(found, version, "Delete")

    def _tag_bucket(self, bucket: Bucket, tag_set: list[dict]):
        """Replace a bucket's tags. Those that the system gave it stay."""
        if len(tag_set) > BUCKET_TAGS:
            raise BadRequest(f"Bucket tag count cannot be greater than {BUCKET_TAGS}")
        check_tags(tag_set, "System tags cannot be added/updated by requester")
        given = {key: value for key, value in self.cloud.tags.of(bucket.arn).items() if key.startswith(SYSTEM_PREFIX)}
        self.cloud.tags.replace(bucket.arn, from_list(tag_set) | given)

    def _tags_of_header(self, tagging: str) -> dict[str, str]:
        """The tags of an `x-amz-tagging` header, which is a query string. Called by everything that makes objects."""
        tags: list[dict] = []
        for part in filter(None, tagging.split("&")):
            key, _, value = part.partition("=")
            if "=" in value:
                raise _bad_header(tagging)
            tags.append({"Key": unquote_plus(key), "Value": unquote_plus(value)})
        if len({tag["Key"] for tag in tags}) < len(tags):
            raise _bad_header(tagging)
        return object_tags(tags)

    def _visible_version(self, bucket: Bucket, key: str, version_id: str | None) -> ObjectVersion:
        """A version whose tags or locks are asked for; unlike the object itself, a delete marker has none of them
        even when it is the current version."""
        current = self.versions.current(bucket.name, key) if version_id is None else None
        if current is not None and current.delete_marker:
            raise MethodNotAllowed(
                Method=self._http_method(), ResourceType="DeleteMarker", DeleteMarker=True,
                VersionId=current.version_id, Allow="DELETE",
            )  # fmt: skip
        return current or self._version_asked_for(bucket, key, version_id)

    def _keep_tags(self, bucket: Bucket, version: ObjectVersion, event: str) -> dict:
        version.tags = dict(sorted(version.tags.items()))
        self.versions.save(version)
        self._notify(bucket, version, f"ObjectTagging:{event}")
        if bucket.replicates:
            self._replicate_change(bucket, version)
        return _version_id(bucket, version)


def object_tags(tag_set: list[dict]) -> dict[str, str]:
    """The tags of an object, in the order in which S3 shows them. Raises BadRequest, InvalidTag."""
    if len(tag_set) > OBJECT_TAGS:
        raise BadRequest(f"Object tags cannot be greater than {OBJECT_TAGS}")
    check_tags(tag_set, "Your TagKey cannot be prefixed with aws:")
    return dict(sorted(from_list(tag_set).items()))


def check_tags(tag_set: list[dict], reserved: str):
    """Raise InvalidTag for what cannot be a tag; `reserved` is what is said of a key that is the system's."""
    keys = set()
    for tag in tag_set:
        key, value = tag["Key"], tag["Value"]
        if not 0 < len(key) <= KEY_CHARACTERS or not _allowed(key):
            raise InvalidTag("The TagKey you have provided is invalid", TagKey=key)
        if len(value) > VALUE_CHARACTERS or not _allowed(value):
            raise InvalidTag("The TagValue you have provided is invalid", TagKey=key, TagValue=value)
        if key.lower().startswith(SYSTEM_PREFIX):
            raise InvalidTag(reserved, TagKey=key)
        if key in keys:
            raise InvalidTag("Cannot provide multiple Tags with the same key", TagKey=key)
        keys.add(key)


def _allowed(text: str) -> bool:
    r"""Letters, numbers, separators and a few symbols: [\p{L}\p{Z}\p{N}_.:/=+\-@]*."""
    return all(character in SYMBOLS or unicodedata.category(character)[0] in "LZN" for character in text)


def _bad_header(tagging: str) -> InvalidArgument:
    return InvalidArgument(
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters"
        " without tag name duplicates.", ArgumentName="x-amz-tagging", ArgumentValue=tagging,
    )  # fmt: skip


def _version_id(bucket: Bucket, version: ObjectVersion) -> dict:
    return {"VersionId": version.version_id} if bucket.versioned else {}
