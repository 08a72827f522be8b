"""Where the bytes of objects are: `self.contents` of the service.

Parts are put together and objects are copied by reference: a blob has as many holders as there are segments of it.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from glasshouse.core import ids
from glasshouse.core.blobs import Blobs
from glasshouse.core.store import Store
from glasshouse.services.s3.records import ObjectVersion, Part, Segment
from glasshouse.services.s3.versions import Taken

PART = "content, number, start, size, modified, etag, checksum, segments"
WITHIN = (
    "SELECT start, segments FROM s3_part WHERE content = ? AND start < ? AND size > 0 AND"
    " start >= (SELECT max(start) FROM s3_part WHERE content = ? AND start <= ?) ORDER BY number"
)
_encode = msgspec.json.Encoder().encode
_decode_segments = msgspec.json.Decoder(list[Segment]).decode


class Contents:
    def __init__(self, store: Store, blobs: Blobs):
        self._store, self._blobs = store, blobs

    def ranges(self, version: ObjectVersion, start: int, end: int) -> list[tuple[str, int, int]]:
        """Where the bytes [start, end) of a version are, for `blobs.body`."""
        if version.blob:
            return [(version.blob, start, end)]
        if not version.content or start >= end:
            return []
        found: list[tuple[str, int, int]] = []
        rows = self._store.read(WITHIN, (version.content, end, version.content, start)).fetchall()
        for place, segments in rows:
            found += _cut(_decode_segments(segments), place, start, end)
        return found

    def known(self, version: ObjectVersion, start: int, end: int) -> dict[str, bytes]:
        """Raw checksums, by algorithm, that are on record for exactly these bytes of a version."""
        part = None
        if version.parts_count is not None:
            statement = f"SELECT {PART} FROM s3_part WHERE content = ? AND start = ? AND size = ?"
            row = self._store.read(statement, (version.content, start, end - start)).fetchone()
            part = _part(row) if row else None
        elif (start, end) == (0, version.size) and version.encryption.algorithm == "AES256":
            return {"md5": bytes.fromhex(version.etag)}
        return {"md5": bytes.fromhex(part.etag)} if part else {}

    def chunks(self, ranges: Sequence[tuple[str, int, int]]) -> Iterator[bytes]:
        """The bytes themselves, a portion at a time."""
        body = self._blobs.body(ranges)
        try:
            yield from body.chunks()
        finally:
            body.close()

    def share(self, source: ObjectVersion, target: ObjectVersion):
        """Let another version hold the same bytes."""
        target.size, target.blob, target.content = source.size, source.blob, None
        if source.blob:
            self._blobs.hold(source.blob)
        elif source.content:
            target.content = ids.token(24)
            for part in list(self.parts(source.content)):
                part.content = target.content
                self.hold(part.segments)
                self.put_part(part)

    def drop(self, version: Taken):
        """A version is gone, and what it held."""
        if version.blob:
            self._blobs.drop(version.blob)
        elif version.content:
            self.drop_parts(self.parts(version.content))

    def hold(self, segments: Iterable[Segment]):
        for segment in segments:
            self._blobs.hold(segment.blob)

    # Parts

    def part(self, content: str, number: int) -> Part | None:
        statement = f"SELECT {PART} FROM s3_part WHERE content = ? AND number = ?"
        row = self._store.read(statement, (content, number)).fetchone()
        return _part(row) if row else None

    def parts(self, content: str, after: int = 0, limit: int = -1) -> list[Part]:
        """In their order, those with numbers beyond `after`."""
        statement = f"SELECT {PART} FROM s3_part WHERE content = ? AND number > ? ORDER BY number LIMIT ?"
        return [_part(row) for row in self._store.read(statement, (content, after, limit)).fetchall()]

    def put_part(self, part: Part):
        """Add a part; the one that has its number goes."""
        if (previous := self.part(part.content, part.number)) is not None:
            self.drop_parts([previous])
        self._store.write(
            f"INSERT INTO s3_part ({PART}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (part.content, part.number, part.start, part.size, part.modified, part.etag, part.checksum,
             _encode(part.segments).decode()),
        )  # fmt: skip

    def place_parts(self, parts: Sequence[Part]) -> int:
        """Put parts one behind the other, and tell the size of the whole."""
        size, places = 0, []
        for part in parts:
            part.start = size
            places.append((size, part.content, part.number))
            size += part.size
        self._store.write_many("UPDATE s3_part SET start = ? WHERE content = ? AND number = ?", places)
        return size

    def drop_parts(self, parts: Iterable[Part]):
        for part in parts:
            self._store.write("DELETE FROM s3_part WHERE content = ? AND number = ?", (part.content, part.number))
            for segment in part.segments:
                self._blobs.drop(segment.blob)


def _part(row: tuple) -> Part:
    content, number, start, size, modified, etag, checksum, segments = row
    return Part(content, number, modified, size, etag, checksum, _decode_segments(segments), start)


def _cut(segments: list[Segment], place: int, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """What of the segments that begin at `place` lies within [start, end)."""
    for segment in segments:
        first = segment.start + max(0, start - place)
        last = segment.end - max(0, place + segment.size - end)
        if first < last:
            yield segment.blob, first, last
        place += segment.size
