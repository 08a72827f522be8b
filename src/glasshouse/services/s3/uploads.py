"""The table of uploads in parts: `self.uploads` of the service."""

from collections.abc import Iterator

import msgspec

from glasshouse.core.store import Store
from glasshouse.services.s3.records import Upload

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Upload).decode


class Uploads:
    """Uploads under way, and those completed, which are remembered for a while so that completing can be repeated.

    Ids begin with the time, so that they sort as the uploads began.
    """

    def __init__(self, store: Store):
        self._store = store

    def get(self, id: str) -> Upload | None:
        row = self._store.read("SELECT body FROM s3_upload WHERE id = ?", (id,)).fetchone()
        return _decode(row[0]) if row else None

    def put(self, upload: Upload, completed: float | None = None):
        row = (upload.id, upload.bucket, upload.key, upload.initiated, completed, _encode(upload).decode())
        self._store.write("REPLACE INTO s3_upload VALUES (?, ?, ?, ?, ?, ?)", row)

    def delete(self, upload: Upload):
        self._store.write("DELETE FROM s3_upload WHERE id = ?", (upload.id,))

    def forget_completed(self, before: float):
        self._store.write("DELETE FROM s3_upload WHERE completed < ?", (before,))

    def open_in(self, bucket: str) -> list[Upload]:
        """Every upload to a bucket that is under way, by key and then by age."""
        statement = "SELECT body FROM s3_upload WHERE bucket = ? AND completed IS NULL ORDER BY key, id"
        return [_decode(row[0]) for row in self._store.read(statement, (bucket,)).fetchall()]

    def from_key(self, bucket: str, key: str, id: str, end: str | bytes) -> Iterator[Upload]:
        """Those under way, from a key and beyond an id of that key, up to but not including `end`."""
        statement = (
            "SELECT body FROM s3_upload WHERE bucket = ? AND (key, id) > (?, ?) AND key < ? AND completed IS NULL"
            " ORDER BY key, id"
        )
        return (_decode(row[0]) for row in self._store.read(statement, (bucket, key, id, end)))
