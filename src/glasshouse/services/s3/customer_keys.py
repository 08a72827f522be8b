"""Encryption with the customer's own keys (SSE-C): S3 keeps no key but knows it again when it comes.

Whoever reads what was put with a key must bring the same one. Differs from AWS: the bytes are not encrypted with it,
they lie as they came; it may come without TLS; and buckets do not block such keys unless they are told to.
"""

from base64 import b64decode
from typing import Any

from glasshouse.core.digests import digest
from glasshouse.services.s3.checksums import base64
from glasshouse.services.s3.errors import AccessDenied, InvalidArgument, InvalidEncryptionAlgorithmError, InvalidRequest
from glasshouse.services.s3.records import Bucket, Encryption, ObjectVersion, Upload

SSE_C = "SSE-C"
ALGORITHM = "AES256"
KEY_BYTES = 32
HEADER = "x-amz-server-side-encryption"
BRINGING = "Requests specifying Server Side Encryption with Customer provided keys must provide"
OWN = ("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5")
OF_COPY_SOURCE = ("CopySourceSSECustomerAlgorithm", "CopySourceSSECustomerKey", "CopySourceSSECustomerKeyMD5")
BLOCKED = "blocked encryption"  # the setting


class CustomerKeys:
    def _customer_encryption(self, bucket: Bucket, params: dict) -> Encryption:
        """How a new object is encrypted whose maker brings a key."""
        md5 = brought(params, OWN)
        if (other := params.get("ServerSideEncryption")) is not None:
            raise InvalidArgument(
                "Server Side Encryption with Customer provided key is incompatible with the encryption method"
                " specified",
                ArgumentName=HEADER, ArgumentValue=other,
            )  # fmt: skip
        if SSE_C in (self._setting(bucket, BLOCKED) or ()):
            raise AccessDenied(
                f"User: {self.call.principal.arn} is not authorized to perform: s3:PutObject on resource:"
                f' "{bucket.arn}/{params["Key"]}" because this bucket has blocked upload requests that specify Server'
                " Side Encryption with Customer provided keys (SSE-C). Please specify a different server-side"
                " encryption type"
            )
        return Encryption(SSE_C, customer_key_md5=md5)

    def _check_customer_key(self, version: ObjectVersion, names: tuple[str, ...] = OWN):
        """Raise unless the right key is brought, or none where none is needed. Called by all that reads an object."""
        params, kept = self.call.params, version.encryption.customer_key_md5
        if kept is None and names[0] not in params and names[1] not in params:
            return
        given = brought(params, names)
        if given is None:
            raise InvalidRequest(
                "The object was stored using a form of Server Side Encryption. The correct parameters must be provided"
                " to retrieve the object."
            )
        if kept is None:
            raise InvalidRequest("The encryption parameters are not applicable to this object.")
        if given != kept:
            raise AccessDenied(f"{BRINGING} the correct secret key.")

    def _check_part_key(self, upload: Upload):
        """Raise unless a part comes with the key with which its upload began."""
        kept, given = upload.draft.encryption.customer_key_md5, brought(self.call.params, OWN)
        if kept is not None and given is None:
            raise InvalidRequest(
                "The multipart upload initiate requested encryption. Subsequent part requests must include the"
                " appropriate encryption parameters."
            )
        if kept is None and given is not None:
            raise InvalidRequest("The encryption parameters are not applicable to this object.")
        if given != kept:
            raise InvalidRequest("The provided encryption parameters did not match the ones used originally.")


def brought(params: dict[str, Any], names: tuple[str, ...]) -> str | None:
    """The MD5 of the key that a request brings (base64), if it brings one. Raises what is wrong with it."""
    algorithm, key, md5 = (params.get(name) for name in names)
    if algorithm is None and key is None and md5 is None:
        return None
    if algorithm is not None and algorithm != ALGORITHM:
        raise InvalidEncryptionAlgorithmError(
            f"The Encryption request you specified is not valid. Supported value: {ALGORITHM}.",
            ArgumentName=HEADER, ArgumentValue=algorithm,
        )  # fmt: skip
    if key is None:
        raise _wrong(f"{BRINGING} an appropriate secret key.")
    if algorithm is None:
        raise _wrong(f"{BRINGING} a valid encryption algorithm.")
    if md5 is None:
        raise _wrong(f"{BRINGING} the client calculated MD5 of the secret key.")
    try:
        raw = b64decode(key, validate=True)
    except ValueError:
        raw = b""
    if len(raw) != KEY_BYTES:
        raise _wrong("The secret key was invalid for the specified algorithm.")
    if base64(digest("md5", raw)) != md5:
        raise _wrong("The calculated MD5 hash of the key did not match the hash that was provided.")
    return md5


def _wrong(message: str) -> InvalidArgument:
    return InvalidArgument(message, ArgumentName=HEADER, ArgumentValue="null")
