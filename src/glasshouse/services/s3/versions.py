"""The table of object versions: `self.versions` of the service."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from glasshouse.core.store import Store
from glasshouse.services.s3.records import SSE_S3, UNLOCKED, Checksum, Encryption, Lock, ObjectVersion

LISTED = (
    "id, bucket, key, version_id, superseded, delete_marker, modified, size, etag, owner, storage_class,"
    " checksum_algorithm, checksum, checksum_type, restore"
)
COLUMNS = LISTED + (", blob, content, parts_count, content_type, headers, metadata, tags, encryption, lock, acl")
NAMES = COLUMNS.split(", ")
CURRENT = f"SELECT {COLUMNS} FROM s3_version WHERE bucket = ? AND key = ? AND superseded IS NULL"
STANDING = (
    "SELECT id, version_id, delete_marker, modified, etag, blob, content FROM s3_version"
    " WHERE bucket = ? AND key = ? AND superseded IS NULL"
)
NONCURRENT = (
    f"SELECT {COLUMNS} FROM s3_version WHERE bucket = ? AND key = ? AND version_id = ? AND superseded IS NOT NULL"
)
NEWEST_NONCURRENT = (
    "SELECT id FROM s3_version WHERE bucket = ? AND key = ? AND superseded IS NOT NULL ORDER BY id DESC LIMIT 1"
)
LIST = f"SELECT {LISTED} FROM s3_version WHERE bucket = ? AND key >= ? AND key < ?"
LIST_OBJECTS = f"{LIST} AND superseded IS NULL AND delete_marker = 0 ORDER BY key"
LIST_CURRENT = f"{LIST} AND superseded IS NULL ORDER BY key"
LIST_NONCURRENT = f"{LIST} AND superseded IS NOT NULL ORDER BY key, id DESC"
LIST_OLDER = (
    f"SELECT {LISTED} FROM s3_version WHERE bucket = ? AND key = ? AND id < ? AND superseded IS NOT NULL"
    " ORDER BY id DESC"
)
INSERT = f"INSERT INTO s3_version ({', '.join(NAMES[1:])}) VALUES ({', '.join('?' * (len(NAMES) - 1))})"
# Columns of an index that are not mentioned cost nothing, and these never change while a version is what it is.
FIXED = 4  # bucket, key, version_id, superseded
UPDATE = f"UPDATE s3_version SET {', '.join(f'{name} = ?' for name in NAMES[1 + FIXED :])} WHERE id = ?"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.decode
_decode_encryption = msgspec.json.Decoder(Encryption).decode
_decode_lock = msgspec.json.Decoder(Lock).decode


class Listed(NamedTuple):
    """What a listing shows of a version: the leading columns of its row."""

    id: int
    bucket: str
    key: str
    version_id: str
    superseded: float | None
    delete_marker: int
    modified: float
    size: int
    etag: str
    owner: str
    storage_class: str
    checksum_algorithm: str | None
    checksum: str | None
    checksum_type: str | None
    restore: str | None

    @property
    def restore_state(self) -> dict | None:
        return _decode(self.restore) if self.restore else None


@dataclass(slots=True)
class Standing:
    """What a new version must know of the one whose place it takes: a quarter of its columns."""

    id: int
    version_id: str
    delete_marker: int
    modified: float
    etag: str
    blob: str | None
    content: str | None
    superseded: float | None = None


Taken = ObjectVersion | Standing  # whose place is taken


class Versions:
    """Reads and writes versions; what a change means for blobs, locks and notifications is its callers' business."""

    def __init__(self, store: Store):
        self._store = store

    def current(self, bucket: str, key: str) -> ObjectVersion | None:
        """The newest version, be it a delete marker."""
        row = self._store.read(CURRENT, (bucket, key)).fetchone()
        return as_record(row) if row else None

    def standing(self, bucket: str, key: str) -> Standing | None:
        """The same, for whoever puts another one in its place."""
        row = self._store.read(STANDING, (bucket, key)).fetchone()
        return Standing(*row) if row else None

    def get(self, bucket: str, key: str, version_id: str) -> ObjectVersion | None:
        current = self.current(bucket, key)
        if current is None or current.version_id == version_id:
            return current
        row = self._store.read(NONCURRENT, (bucket, key, version_id)).fetchone()
        return as_record(row) if row else None

    def add(self, version: ObjectVersion):
        """Add a version as the current one; the one before must have been superseded or deleted."""
        self._store.write(INSERT, as_row(version))

    def save(self, version: ObjectVersion):
        """Write back a version that was changed."""
        self._store.write(UPDATE, (*as_row(version)[FIXED:], version.id))

    def supersede(self, version: Taken, when: float):
        """The current version becomes an older one."""
        version.superseded = when
        self._store.write("UPDATE s3_version SET superseded = ? WHERE id = ?", (when, version.id))

    def delete(self, version: ObjectVersion):
        """Delete a version; if it was the current one, the newest of the others takes its place."""
        self._store.write("DELETE FROM s3_version WHERE id = ?", (version.id,))
        if version.superseded is None:
            row = self._store.read(NEWEST_NONCURRENT, (version.bucket, version.key)).fetchone()
            if row:
                self._store.write("UPDATE s3_version SET superseded = NULL WHERE id = ?", row)

    def some(self, condition: str, arguments: tuple) -> Iterator[ObjectVersion]:
        """The versions that fulfil a condition in SQL, which may end in an order and a limit."""
        rows = self._store.read(f"SELECT {COLUMNS} FROM s3_version WHERE {condition}", arguments)
        return map(as_record, rows.fetchall())

    def objects(self, bucket: str, start: str, end: str | bytes) -> Iterator[Listed]:
        """The current versions that are no delete markers, with keys from `start` up to but not including `end`."""
        return map(Listed._make, self._store.read(LIST_OBJECTS, (bucket, start, end)))

    def history(
        self, bucket: str, start: str, end: str | bytes, behind: ObjectVersion | None = None
    ) -> Iterator[Listed]:
        """All versions, by key and then the newest first; or those that come behind a version."""
        older: Iterator[tuple] = iter(())
        if behind is not None:
            start = behind.key + "\0"
            newest = behind.id if behind.superseded is not None else 1 << 62
            older = self._store.read(LIST_OLDER, (bucket, behind.key, newest))
        current = self._store.read(LIST_CURRENT, (bucket, start, end))
        noncurrent = chain(older, self._store.read(LIST_NONCURRENT, (bucket, start, end)))
        both = map(Listed._make, current), map(Listed._make, noncurrent)
        return heapq.merge(*both, key=lambda row: (row.key, row.superseded is not None, -row.id))

    def any_in(self, bucket: str) -> bool:
        """Whether a bucket holds anything, be it delete markers."""
        found = "SELECT 1 FROM s3_version WHERE bucket = ? AND superseded IS NULL LIMIT 1"
        return self._store.read(found, (bucket,)).fetchone() is not None


def as_record(row: tuple) -> ObjectVersion:
    (
        id, bucket, key, version_id, superseded, delete_marker, modified, size, etag, owner, storage_class,
        algorithm, checksum, checksum_type, restore, blob, content, parts_count, content_type, headers, metadata, tags,
        encryption, lock, acl,
    ) = row  # fmt: skip
    return ObjectVersion(
        bucket, key, owner, modified, version_id, superseded, bool(delete_marker), size, etag, storage_class,
        blob, content, parts_count, content_type,
        _decode(headers) if headers else {},
        _decode(metadata) if metadata else {},
        _decode(tags) if tags else {},
        Checksum(algorithm, checksum, checksum_type) if algorithm else None,
        _decode_encryption(encryption) if encryption else SSE_S3,
        _decode_lock(lock) if lock else UNLOCKED,
        _decode(acl) if acl else None,
        _decode(restore) if restore else None,
        id,
    )  # fmt: skip


def as_row(version: ObjectVersion) -> tuple:
    """All columns but the id."""
    checksum = version.checksum
    algorithm, value, kind = (checksum.algorithm, checksum.value, checksum.type) if checksum else (None, None, None)
    return (
        version.bucket, version.key, version.version_id, version.superseded, version.delete_marker, version.modified,
        version.size, version.etag, version.owner, version.storage_class, algorithm, value, kind,
        _json(version.restore) if version.restore else None,
        version.blob, version.content, version.parts_count, version.content_type,
        _json(version.headers) if version.headers else None,
        _json(version.metadata) if version.metadata else None,
        _json(version.tags) if version.tags else None,
        None if version.encryption is SSE_S3 or version.encryption == SSE_S3 else _json(version.encryption),
        None if version.lock is UNLOCKED or version.lock == UNLOCKED else _json(version.lock),
        _json(version.acl) if version.acl else None,
    )  # fmt: skip


def _json(value: Any) -> str:
    return _encode(value).decode()
