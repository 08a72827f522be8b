"""What processors make of records, one step after another: outside of the store, and knowing nothing of it.

Records are decompressed, taken apart, transformed by a function, and given the keys of their partition, in this order
(https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-multirecord-deaggergation.html).
"""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from glasshouse.core import documents
from glasshouse.services.firehose.buffers import Item

GZIP_WINDOW = 31
LARGEST_BYTES = 32 * 1024 * 1024  # that a record may have once it is decompressed
MOST_PARTS = 500
PROCESSING, DECOMPRESSION, EXTRACTION, PARTITIONING = (
    "processing-failed", "decompression-failed", "metadata-extraction-failed", "partitioning-failed",
)  # fmt: skip
Parameters = dict[str, str]


@dataclass(frozen=True, slots=True)
class Work:
    """A record on its way: `raw` is what is shown of it if it fails."""

    record_id: str
    data: bytes
    raw: bytes
    arrived: float
    source: str | None
    keys: dict[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """A record that has failed: `kind` is the type of its failure, as in the names of objects."""

    work: Work
    kind: str
    code: str
    message: str
    attempts: int = 1
    function: str | None = None

    def told(self, moment: float) -> bytes:
        """The line that AWS writes of it."""
        told = {
            "rawData": b64encode(self.work.raw).decode(),
            "errorCode": self.code,
            "errorMessage": self.message,
            "attemptsMade": self.attempts,
            "arrivalTimestamp": int(self.work.arrived * 1000),
            "attemptEndingTimestamp": int(moment * 1000),
        }
        if self.function is not None:
            told["lambdaARN"] = self.function
        return json.dumps(told, separators=(",", ":")).encode() + b"\n"


@dataclass(slots=True)
class Outcome:
    """What has come of some records; `again` says why a function could not answer, and shall be asked once more."""

    done: list[Work] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def started(items: list[Item], first: int) -> list[Work]:
    """Records as they were taken in; `first` numbers them."""
    return [
        Work(_record_id(item, first + index), item.data, item.data, item.arrived, item.source)
        for index, item in enumerate(items)
    ]


def _record_id(item: Item, number: int) -> str:
    """56 digits, as sequence numbers have, and six of those that a record may be taken apart into."""
    if item.source is None:
        return f"49{number:054d}{0:06d}"
    source = json.loads(item.source)
    return f"{source['sequenceNumber']}{int(source['subsequenceNumber'] or 0):06d}"


def decompressed(works: list[Work], outcome: Outcome) -> list[Work]:
    kept = []
    for work in works:
        try:
            kept.append(replace(work, data=_gunzipped(work.data)))
        except (zlib.error, ValueError) as failure:
            message = f"Data could not be decompressed. {failure}"
            outcome.failures.append(Failure(work, DECOMPRESSION, "Decompression.GZIPDecompressionFailed", message))
    return kept


def _gunzipped(data: bytes) -> bytes:
    """Raises zlib.error and ValueError."""
    inflate = zlib.decompressobj(GZIP_WINDOW)
    made = inflate.decompress(data, LARGEST_BYTES)
    if not inflate.eof:
        raise ValueError("It is cut off or too large.")
    return made


def messages_of_logs(works: list[Work]) -> list[Work]:
    """The messages alone, where a record is a batch of log events."""
    return [replace(work, data=_messages(work.data)) for work in works]


def _messages(data: bytes) -> bytes:
    try:
        events = documents.read(data)["logEvents"]
        return b"".join(event["message"].encode() + b"\n" for event in events)
    except (ValueError, KeyError, TypeError, AttributeError):
        return data


def taken_apart(works: list[Work], parameters: Parameters) -> list[Work]:
    """One record for each that lies within another; one with more than 500 stays as it is."""
    if parameters["SubRecordType"] == "JSON":
        split: Callable[[bytes], list[bytes]] = _documents
    else:
        delimiter = b64decode(parameters["Delimiter"])
        split = lambda data: [part for part in data.split(delimiter) if part]  # noqa: E731
    made = []
    for work in works:
        parts = split(work.data)
        if not 0 < len(parts) <= MOST_PARTS:
            parts = [work.data]
        for index, part in enumerate(parts):
            made.append(replace(work, record_id=f"{work.record_id[:-6]}{index:06d}", data=part, raw=part))
    return made


def _documents(data: bytes) -> list[bytes]:
    """The JSON documents of a record, as they are written; the record itself if something else is in it."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return [data]
    decoder, position, found = json.JSONDecoder(), 0, []
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        try:
            _, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            return [data]
        found.append(text[position:end].encode())
        position = end
    return found


def given_keys(works: list[Work], found: list[dict[str, str] | str], outcome: Outcome) -> list[Work]:
    """Records with the keys that a query has found, or that it has not found."""
    kept = []
    for work, keys in zip(works, found, strict=True):
        if isinstance(keys, str):
            code = "DynamicPartitioning.MetadataExtractionFailed"
            outcome.failures.append(Failure(work, EXTRACTION, code, keys))
        else:
            named = {("partitionKeyFromQuery", name): value for name, value in keys.items()}
            kept.append(replace(work, keys={**work.keys, **named}))
    return kept


def with_all_keys(works: list[Work], wanted: set[tuple[str, str]], outcome: Outcome) -> list[Work]:
    """Records that have the keys of their partition."""
    kept = []
    for work in works:
        missing = [key for key in wanted if not work.keys.get(key)]
        if not missing:
            kept.append(replace(work, keys={key: work.keys[key] for key in wanted}))
            continue
        from_query = any(namespace == "partitionKeyFromQuery" for namespace, _ in missing)
        kind = EXTRACTION if from_query else PARTITIONING
        code = "DynamicPartitioning.MetadataExtractionFailed"
        outcome.failures.append(Failure(work, kind, code, "partitionKeys values must not be null or empty"))
    return kept


def in_portions(works: list[Work], most: int) -> Iterator[list[Work]]:
    """As many at a time as have so many bytes between them."""
    portion: list[Work] = []
    size = 0
    for work in works:
        if portion and size + len(work.data) > most:
            yield portion
            portion, size = [], 0
        portion.append(work)
        size += len(work.data)
    if portion:
        yield portion
