"""Checksums of bytes that are stored already: what copying needs where nobody took them before.

Few bytes are read at once. Many are read by a job, outside of any transaction, while the call waits for its result.
"""

from base64 import b64decode
from collections.abc import Sequence

from glasshouse.core import outside
from glasshouse.core.digests import digest
from glasshouse.services.s3.checksums import base64, measure_chunks

Ranges = Sequence[tuple[str, int, int]]
AT_ONCE_BYTES = 32 * 1024**2
PATIENCE_S = 900.0
REMEMBERED_S = 24 * 3600


class Measuring:
    def _measured(self, ranges: Ranges, algorithms: Sequence[str]) -> dict[str, bytes]:
        """Raw checksums, by algorithm, of the bytes in some blobs."""
        if sum(end - start for _, start, end in ranges) > AT_ONCE_BYTES and self.call.may_wait:
            name = digest("sha256", repr((ranges, sorted(algorithms))).encode()).hex()
            row = self.store.read("SELECT result FROM s3_measured WHERE name = ?", (name,)).fetchone()
            if row and row[0] is not None:
                self.store.write("DELETE FROM s3_measured WHERE name = ?", (name,))
                return {pair.split()[0]: b64decode(pair.split()[1]) for pair in row[0].split(";")}
            if row is None:
                # Waiting rolls this call back, and with it whatever it would schedule itself.
                self.store.after_rollback(lambda: self._begin_measuring(name, ranges, algorithms))
            self.wait(PATIENCE_S, _topic(name))
        return measure_chunks(self.contents.chunks(ranges), algorithms)

    def _begin_measuring(self, name: str, ranges: Ranges, algorithms: Sequence[str]):
        with self.store.transaction():
            # Nobody came back for those that are still there after a day.
            self.store.write("DELETE FROM s3_measured WHERE began < ?", (self.now - REMEMBERED_S,))
            self.store.write("REPLACE INTO s3_measured VALUES (?, ?, NULL)", (name, self.now))
            self.later("_measure", name=name, ranges=list(ranges), algorithms=list(algorithms))

    @outside
    def _measure(self, name: str, ranges: list, algorithms: list[str]):
        body = self.cloud.run(lambda: self.cloud.blobs.body([tuple(each) for each in ranges]))
        try:
            measured = measure_chunks(body.chunks(), algorithms)
        except FileNotFoundError:  # deleted in the meantime, as the waiting call will find out
            measured = {}
        finally:
            self.cloud.run(body.close)
        result = ";".join(f"{algorithm} {base64(raw)}" for algorithm, raw in measured.items())
        self.inside("_keep_measured", name=name, result=result)

    def _keep_measured(self, name: str, result: str):
        if result:
            self.store.write("UPDATE s3_measured SET result = ? WHERE name = ?", (result, name))
        else:
            self.store.write("DELETE FROM s3_measured WHERE name = ?", (name,))
        self.tell(_topic(name))


def _topic(name: str) -> str:
    return f"s3.measured.{name}"
