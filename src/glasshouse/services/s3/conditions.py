"""Conditional requests: on what is read, on what is copied, on what is written over; and ranges."""

import re

from glasshouse.core import ServiceError
from glasshouse.services.s3.errors import (
    ConditionalRequestConflict,
    InvalidArgument,
    InvalidPartNumber,
    InvalidRange,
    InvalidRequest,
    NoSuchKey,
    NotImplemented,
    NotModified,
    PreconditionFailed,
)
from glasshouse.services.s3.records import ObjectVersion, Upload
from glasshouse.services.s3.versions import Taken

RANGE = re.compile(r"bytes=\s*(\d{0,20})\s*-\s*(\d{0,20})\s*", re.ASCII)
COPY_SOURCE = "x-amz-copy-source-"


def matches(wanted: str, etag: str) -> bool:
    """Whether an entity tag is among those of an If-Match or If-None-Match header."""
    if etag in wanted or "*" in wanted:
        tags = [tag.strip().removeprefix("W/").strip('"') for tag in wanted.split(",")]
        return etag in tags or "*" in tags
    return False


def check_read(version: ObjectVersion, params: dict):
    """Raise PreconditionFailed or NotModified, in the order of RFC 9110, section 13.2.2."""
    failed, header = _failed(version, params, "")
    if failed and header in ("If-None-Match", "If-Modified-Since"):
        raise not_modified(version)
    if failed:
        raise PreconditionFailed(Condition=header)


def check_copy_source(version: ObjectVersion, params: dict):
    """Raise PreconditionFailed unless the source of a copy is as the copier believes it to be."""
    failed, header = _failed(version, params, "CopySource")
    if failed:
        raise PreconditionFailed(Condition=COPY_SOURCE + header)


def _failed(version: ObjectVersion, params: dict, prefix: str) -> tuple[bool, str]:
    """Whether a condition failed, and which."""
    if (wanted := params.get(prefix + "IfMatch")) is not None:
        if not matches(wanted, version.etag):
            return True, "If-Match"
    elif (moment := params.get(prefix + "IfUnmodifiedSince")) is not None and version.modified > moment:
        return True, "If-Unmodified-Since"
    if (unwanted := params.get(prefix + "IfNoneMatch")) is not None:
        if matches(unwanted, version.etag):
            return True, "If-None-Match"
    elif (moment := params.get(prefix + "IfModifiedSince")) is not None and version.modified <= moment:
        return True, "If-Modified-Since"
    return False, ""


def not_modified(version: ObjectVersion) -> ServiceError:
    """The answer that has no body, but the headers by which a cache renews what it holds (RFC 9110, 15.4.5)."""
    headers = {name: version.headers[name] for name in ("CacheControl", "Expires") if name in version.headers}
    return NotModified(ETag=version.quoted_etag, LastModified=version.modified, **headers)


def check_write(
    current: Taken | None,
    key: str,
    params: dict,
    upload: Upload | None = None,
    existed: bool = False,
):
    """Raise unless a key may be written (or an upload in parts completed, whose key `existed` when it began)."""
    wanted, unwanted = params.get("IfMatch"), params.get("IfNoneMatch")
    if wanted is None and unwanted is None:
        return
    there = current is not None and not current.delete_marker
    if wanted is not None and unwanted is not None:
        raise _not_implemented("If-Match,If-None-Match", "Multiple conditional request headers present in the request")
    if unwanted is not None:
        if unwanted != "*":
            raise _not_accepted("If-None-Match")
        if there:
            raise PreconditionFailed(Condition="If-None-Match")
        if existed:
            raise ConditionalRequestConflict(Condition="If-None-Match", Key=key)
        return
    if wanted == "*":
        raise _not_accepted("If-Match")
    if current is None or current.delete_marker:
        raise NoSuchKey(Key=key)
    if not matches(wanted, current.etag):
        raise PreconditionFailed(Condition="If-Match")
    if upload is not None and current.modified > upload.initiated:
        raise ConditionalRequestConflict(Condition="If-Match", Key=key)


def check_delete(current: ObjectVersion | None, key: str, wanted: str | None):
    """Raise unless the current version is the one that the client means to delete."""
    if wanted is None:
        return
    if current is None:
        raise NoSuchKey(Key=key)
    if current.delete_marker or not matches(wanted, current.etag):
        raise PreconditionFailed(Condition="If-Match")


def _not_accepted(header: str) -> ServiceError:
    return _not_implemented(header, f"We don't accept the provided value of {header} header for this API")


def _not_implemented(header: str, message: str) -> ServiceError:
    return NotImplemented(Header=header, additionalMessage=message)


def window(size: int, wanted: str | None) -> tuple[int, int] | None:
    """The bytes [start, end) of a Range header; None for all, also for what is no single range of bytes.

    Raises InvalidRange for a range that lies outside.
    """
    found = RANGE.fullmatch(wanted) if wanted else None
    if not found or not (found[1] or found[2]):
        return None
    if not found[1]:
        suffix = int(found[2])
        if suffix == 0:
            raise InvalidRange(RangeRequested=wanted, ActualObjectSize=size, ContentRange=f"bytes */{size}")
        return (max(0, size - suffix), size) if size else None
    first, last = int(found[1]), int(found[2]) if found[2] else size - 1
    if first >= size:
        raise InvalidRange(RangeRequested=wanted, ActualObjectSize=size, ContentRange=f"bytes */{size}")
    return (first, min(last, size - 1) + 1) if first <= last else None


def copy_window(size: int, wanted: str | None) -> tuple[int, int]:
    """The bytes [start, end) of a source that are to be copied; here a range must be exact."""
    if wanted is None:
        return 0, size
    found = RANGE.fullmatch(wanted)
    if not found or not found[1] or not found[2]:
        raise InvalidArgument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the"
            " zero-based offsets of the first and last bytes to copy",
            ArgumentName="x-amz-copy-source-range", ArgumentValue=wanted,
        )  # fmt: skip
    first, last = int(found[1]), int(found[2])
    if size < first <= last:
        raise InvalidRequest("The specified copy range is invalid for the source object size")
    if first > last or last >= size:
        raise InvalidArgument(
            f"Range specified is not valid for source object of size: {size}",
            ArgumentName="x-amz-copy-source-range", ArgumentValue=wanted,
        )  # fmt: skip
    return first, last + 1


def part_not_there(number: int, count: int) -> ServiceError:
    return InvalidPartNumber(PartNumberRequested=number, ActualPartCount=count)
