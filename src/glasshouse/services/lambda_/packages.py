"""Deployment packages: zip files of functions and layers, where they come from and where they can be fetched.

The location that GetFunction shows holds for ten minutes, as on AWS. It bears what it opens, sealed with the cloud's
key, so nothing needs to be kept of it. Differs from AWS: a package is downloaded from the cloud itself, not from S3.
"""

import hashlib
import io
import zipfile
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import msgspec

from glasshouse.core import NotSupported, ServiceError
from glasshouse.core.call import INSIDE
from glasshouse.core.visit import Answer, Visit
from glasshouse.services.lambda_.errors import InvalidParameterValueException, RequestEntityTooLargeException
from glasshouse.services.lambda_.records import Code, Configuration

ZIPPED_BYTES, UNZIPPED_BYTES, REQUEST_BYTES = 52_428_800, 262_144_000, 70_167_211
LOCATION_S = 600
SEAL_CONTEXT = b"lambda package"
SOURCES = ("ZipFile", "S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri")


class Packages:
    """Receiving packages, and handing them out."""

    def _package(self, given: Mapping[str, Any], operation: str) -> Code:
        """Keep the package that ZipFile, or S3Bucket and S3Key, say. Raises what AWS says of a bad one."""
        self._check_source(given)
        content = given.get("ZipFile")
        if content is not None:
            _check_upload(content, operation)
        else:
            content = self._object(given)
        unpacked = _unpacked_size(content)
        if unpacked > UNZIPPED_BYTES:
            raise InvalidParameterValueException(f"Unzipped size must be smaller than {UNZIPPED_BYTES} bytes")
        sha256 = b64encode(hashlib.sha256(content).digest()).decode()
        return Code(self.cloud.blobs.keep(content, ()).id, sha256, len(content), unpacked)

    def _check_source(self, given: Mapping[str, Any]):
        named = [source for source in SOURCES if given.get(source) is not None]
        if "ImageUri" in named:
            raise NotSupported("lambda: functions from container images are not supported by Glasshouse yet")
        if given.get("SourceKMSKeyArn") or given.get("S3ObjectStorageMode", "COPY") != "COPY":
            raise NotSupported(
                "lambda: packages encrypted with SourceKMSKeyArn or left in S3 (S3ObjectStorageMode REFERENCE)"
                " are not supported by Glasshouse yet"
            )
        if "ZipFile" in named and len(named) > 1:
            raise InvalidParameterValueException(
                "Please do not provide other FunctionCode parameters when providing a ZipFile."
            )
        if "ZipFile" not in named and not {"S3Bucket", "S3Key"} <= set(named):
            raise InvalidParameterValueException("Please provide a source for function code.")

    def _object(self, given: Mapping[str, Any]) -> bytes:
        """An object of S3, read in the caller's name."""
        params = {"Bucket": given["S3Bucket"], "Key": given["S3Key"], "VersionId": given.get("S3ObjectVersion")}
        try:
            found = self.aws.as_caller().s3.get_object(**params)
        except ServiceError as failure:
            raise InvalidParameterValueException(
                f"Error occurred while GetObject. S3 Error Code: {failure.code}. S3 Error Message: {failure.message}"
            ) from None
        return found["Body"].read()

    @property
    def _origin(self) -> str:
        """How the caller reaches the cloud; a service of the cloud asks for somebody on this machine."""
        return self.cloud.url if self.call.source is INSIDE else self.call.source.origin

    def _location(self, code: Code, path: str) -> str:
        """A URL from which a package can be downloaded for ten minutes."""
        ticket = msgspec.json.encode([code.blob, code.size, self.now + LOCATION_S])
        token = urlsafe_b64encode(self.cloud.seal.close(ticket, SEAL_CONTEXT)).decode().rstrip("=")
        return f"{self._origin}/_aws/lambda-url/{token}/snapshots/{path}"

    def _download(self, visit: Visit) -> Answer | None:
        """The package that a location names; None for a visit of something else."""
        if not visit.path.startswith("/snapshots/") or visit.method not in ("GET", "HEAD"):
            return None
        ticket = self._opened(visit.owner)
        if ticket is None:
            return None
        blob, size, end = ticket
        if self.now > end:
            return Answer(403, {"content-type": "application/xml"}, EXPIRED)
        if self.store.read("SELECT 1 FROM blob WHERE id = ?", (blob,)).fetchone() is None:
            return Answer(404)
        return Answer(200, {"content-type": "application/zip"}, self.cloud.blobs.body([(blob, 0, size)]))

    def _opened(self, token: str) -> tuple[str, int, float] | None:
        from cryptography.exceptions import InvalidTag  # OpenSSL's bindings, which the seal loads too

        try:
            sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
            ticket = self.cloud.seal.open(sealed, SEAL_CONTEXT)
        except (ValueError, InvalidTag):
            return None
        return msgspec.json.decode(ticket, type=tuple[str, int, float])


EXPIRED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
)


def check_whole_size(configuration: Configuration):
    """Code and layers together have a limit. Raises InvalidParameterValueException."""
    packages = [configuration.code, *(layer.code for layer in configuration.layers)]
    size = sum(package.unpacked_size for package in packages if package is not None)
    if size > UNZIPPED_BYTES:
        raise InvalidParameterValueException(
            f"Function code combined with layers exceeds the maximum allowed size of {UNZIPPED_BYTES} bytes. The actual"
            f" size is {size} bytes."
        )


def _check_upload(content: bytes, operation: str):
    if len(content) * 4 // 3 > REQUEST_BYTES:
        raise RequestEntityTooLargeException(
            f"Request must be smaller than {REQUEST_BYTES} bytes for the {operation} operation"
        )
    if len(content) > ZIPPED_BYTES:
        raise RequestEntityTooLargeException(f"Zipped size must be smaller than {ZIPPED_BYTES} bytes")


def _unpacked_size(content: bytes) -> int:
    if not content:
        raise InvalidParameterValueException("Uploaded file must be a non-empty zip")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            members = package.infolist()
    except (zipfile.BadZipFile, ValueError, EOFError):
        raise InvalidParameterValueException(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from None
    if not members:
        raise InvalidParameterValueException("Uploaded file must be a non-empty zip")
    return sum(member.file_size for member in members)
