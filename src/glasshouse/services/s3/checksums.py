"""Checksums of bodies: the one the client states is verified, and one is always kept (CRC64NVME without a wish).

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from glasshouse.core.blobs import CHUNK_BYTES, Incoming
from glasshouse.core.digests import CYCLIC, Digests, digest, md5_hex
from glasshouse.services.s3.errors import BadDigest, InvalidDigest, InvalidPart, InvalidRequest
from glasshouse.services.s3.records import Checksum, ObjectVersion, Part, Upload

SIZES = {
    "CRC32": 4, "CRC32C": 4, "CRC64NVME": 8, "SHA1": 20, "SHA256": 32, "SHA512": 64, "MD5": 16, "XXHASH64": 8,
    "XXHASH3": 8, "XXHASH128": 16,
}  # fmt: skip
DEFAULT = "CRC64NVME"
FULL_OBJECT, COMPOSITE = "FULL_OBJECT", "COMPOSITE"
MEMBERS = {f"Checksum{algorithm}": algorithm for algorithm in SIZES}
MD5_BYTES = 16


class Received(NamedTuple):
    """A body whose checksums were found right."""

    body: Any  # bytes or Incoming
    size: int
    etag: str  # its MD5
    checksum: Checksum
    stated: str | None = None  # the algorithm that the client chose


def receive(body: Any, params: dict) -> Received:
    """Verify what the client states of a body. Raises BadDigest, InvalidDigest, InvalidRequest."""
    claim = claimed(params, body.stated if isinstance(body, Incoming) else {})
    algorithm, value = claim or (DEFAULT, None)
    measured = measure(body, ("md5", algorithm.lower()))
    found = base64(measured[algorithm.lower()])
    differs = value is not None and value != found
    if differs and not _is_digest(value, SIZES[algorithm]):
        raise InvalidRequest(f"Value for x-amz-checksum-{algorithm.lower()} header is invalid.")
    if "ContentMD5" in params:
        _verify_md5(params["ContentMD5"], measured["md5"])
    if differs:
        raise BadDigest(f"The {algorithm} you specified did not match the calculated checksum.")
    size = body.size if isinstance(body, Incoming) else len(body)
    return Received(body, size, measured["md5"].hex(), Checksum(algorithm, found), claim and algorithm)


def claimed(params: dict, trailers: dict[str, str]) -> tuple[str, str] | None:
    """The algorithm and value that headers or trailers state. Raises InvalidRequest for what is none or too many."""
    claims = {MEMBERS[name]: params[name] for name in params if name in MEMBERS and params[name] is not None}
    if trailers:
        claims.update((name.upper(), value) for name, value in trailers.items() if name.upper() in SIZES)
    wish = params.get("ChecksumAlgorithm")
    if wish is not None and wish.upper() not in SIZES:
        raise InvalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.")
    if not claims:
        if wish is not None:
            raise InvalidRequest(
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer"
                " headers were found."
            )
        return None
    if len(claims) > 1:
        raise InvalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
    [(algorithm, value)] = claims.items()
    if wish is not None and wish.upper() != algorithm:
        raise InvalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.")
    return algorithm, value


def measure(body: Any, algorithms: Sequence[str]) -> dict[str, bytes]:
    """Raw checksums of a body; those that were taken while it was received are not taken again."""
    if not isinstance(body, Incoming):
        return {name: digest(name, body) for name in algorithms}
    missing = [name for name in algorithms if name not in body.digests]
    return {**body.digests, **measure_chunks(_chunks(body), missing)} if missing else body.digests


def measure_chunks(chunks: Iterable[bytes], algorithms: Sequence[str]) -> dict[str, bytes]:
    running = Digests(algorithms)
    for chunk in chunks:
        running.update(chunk)
    return running.results()


def for_part(upload: Upload, received: Received) -> str:
    """The checksum that is kept of a part: the upload's, else the default. Raises InvalidRequest if it is another."""
    wanted = upload.checksum_algorithm
    if wanted is not None and received.stated != wanted and (received.stated or upload.checksum_type == COMPOSITE):
        stated = received.stated.lower() if received.stated else "null"
        raise InvalidRequest(
            f"Checksum Type mismatch occurred, expected checksum Type: {wanted.lower()}, actual checksum Type: {stated}"
        )
    algorithm = wanted or DEFAULT
    if received.checksum.algorithm == algorithm:
        return received.checksum.value
    return base64(measure(received.body, (algorithm.lower(),))[algorithm.lower()])


def check_listed_part(upload: Upload, part: Part, listed: dict):
    """Raise unless the client, completing an upload, lists a part with the checksum it has."""
    algorithm = upload.checksum_algorithm
    if algorithm is None:
        return
    stated = listed.get(f"Checksum{algorithm}")
    if stated is None and upload.checksum_type == COMPOSITE:
        raise InvalidRequest(
            f"The upload was created using a {algorithm.lower()} checksum. The complete request must include the"
            f" checksum for each part. It was missing for part {part.number} in the request."
        )
    if stated is not None and stated != part.checksum:
        raise InvalidPart(UploadId=upload.id, PartNumber=part.number, ETag=part.etag)


def of_upload(upload: Upload, parts: Sequence[Part], params: dict) -> Checksum:
    """The checksum of the object made of an upload. Raises if the client states another."""
    kind = upload.checksum_type or FULL_OBJECT
    stated_kind = params.get("ChecksumType")
    if stated_kind is not None and stated_kind != kind:
        raise InvalidRequest(
            f"The upload was created using the {kind} checksum mode. The complete request must use the same checksum"
            " mode."
        )
    make = composite if kind == COMPOSITE else whole
    found = make(upload.checksum_algorithm or DEFAULT, parts)
    for name, algorithm in MEMBERS.items():
        if (stated := params.get(name)) is not None:
            _verify_stated(algorithm, stated, found, upload)
    return found


def _verify_stated(algorithm: str, stated: str, found: Checksum, upload: Upload):
    if upload.checksum_algorithm is not None and algorithm != upload.checksum_algorithm:
        raise InvalidRequest(
            f"Checksum Type mismatch occurred, expected checksum Type: {found.algorithm.lower()}, actual checksum"
            f" Type: {algorithm.lower()}"
        )
    # Of an upload without an algorithm only the default is known of the whole.
    if algorithm == found.algorithm and stated not in (found.value, found.value.partition("-")[0]):
        raise BadDigest(f"The {algorithm.lower()} you specified did not match the calculated checksum.")


def whole(algorithm: str, parts: Sequence[Part]) -> Checksum:
    """The checksum of a body from those of its parts (CRCs only)."""
    from awscrt import checksums

    name = algorithm.lower()
    combine = getattr(checksums, f"combine_{name}")
    running = 0
    for part in parts:
        running = combine(running, int.from_bytes(_raw(part)), part.size)
    return Checksum(algorithm, base64(running.to_bytes(CYCLIC[name], "big")), FULL_OBJECT)


def composite(algorithm: str, parts: Sequence[Part]) -> Checksum:
    """The checksum of the parts' checksums."""
    value = digest(algorithm.lower(), b"".join(_raw(part) for part in parts))
    return Checksum(algorithm, f"{base64(value)}-{len(parts)}", COMPOSITE)


def etag_of_parts(parts: Sequence[Part]) -> str:
    """The MD5 of the parts' MD5s, and their number."""
    return f"{md5_hex(b''.join(bytes.fromhex(part.etag) for part in parts))}-{len(parts)}"


def base64(raw: bytes) -> str:
    return b64encode(raw).decode()


def of_part(version: ObjectVersion, part: Part) -> Checksum | None:
    """The checksum of one part of an object."""
    if version.checksum is None or part.checksum is None:
        return None
    return Checksum(version.checksum.algorithm, part.checksum, version.checksum.type)


def upload_type(algorithm: str | None, wish: str | None) -> str | None:
    """How an upload's checksum is made of its parts'. Raises InvalidRequest for what the algorithm cannot do."""
    if algorithm is None:
        if wish is not None:
            raise InvalidRequest(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
            )
        return None
    if algorithm not in SIZES:
        raise InvalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types:"
                             f" [{', '.join(SIZES)}]")  # fmt: skip
    if wish not in (None, FULL_OBJECT, COMPOSITE):
        raise InvalidRequest("Value for x-amz-checksum-type header is invalid.")
    possible = {"CRC64NVME": (FULL_OBJECT,), "CRC32": (COMPOSITE, FULL_OBJECT), "CRC32C": (COMPOSITE, FULL_OBJECT)}
    types = possible.get(algorithm, (COMPOSITE,))
    if wish is not None and wish not in types:
        raise InvalidRequest(
            f"The {wish} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
        )
    return wish or types[0]


def _verify_md5(stated: str, found: bytes):
    if not _is_digest(stated, MD5_BYTES):
        raise InvalidDigest(**{"Content-MD5": stated})
    if b64decode(stated) != found:
        raise BadDigest(ExpectedDigest=b64decode(stated).hex(), CalculatedDigest=b64encode(found).decode())


def _is_digest(text: str, size: int) -> bool:
    try:
        return len(b64decode(text.encode(), validate=True)) == size
    except ValueError:
        return False


def _raw(part: Part) -> bytes:
    return b64decode(part.checksum or "")


def _chunks(body: Incoming) -> Iterable[bytes]:
    if body.path is None:
        yield body.read()
        return
    with body.path.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
