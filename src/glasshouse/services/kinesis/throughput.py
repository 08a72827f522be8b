"""What a shard carries in a second, and who has to come again later.

Counted is what comes from outside, to the second: 1 MiB and 1000 records written to a shard, of provisioned streams;
2 MiB and five transactions read from it. What is more than a second's worth (a record of 10 MiB, a read of 10 MiB) is
paid off by the seconds that follow. Not counted: the cloud's own services, which read and write as fast as they can so
that a moved clock does not leave them behind, and writes to streams on demand, which are taken to have scaled already.

A second is over when the cloud's clock or the machine's has gone on by one, so that a frozen clock blocks nobody.
Nothing of this is kept: a restart forgets the last second.
"""

from dataclasses import dataclass

from glasshouse.core.cloud import Cloud

WRITTEN_BYTES, WRITTEN_RECORDS = 1024 * 1024, 1000
READ_BYTES, READ_TRANSACTIONS = 2 * 1024 * 1024, 5
REMEMBERED = 20_000


@dataclass(slots=True)
class Second:
    """What has been used since a moment, by the cloud's clock and by the machine's."""

    moment: float
    real: float
    count: int = 0
    size: int = 0

    def pass_on(self, now: float, real: float, count: int, size: int):
        """Let the whole seconds that have passed pay for what was used: so many and so much in each of them."""
        passed = int(max(now - self.moment, real - self.real))
        if passed >= 1 or now < self.moment:
            passed = max(passed, 1)
            self.moment, self.real = now, real
            self.count, self.size = max(0, self.count - passed * count), max(0, self.size - passed * size)


class Throughput:
    """The use of all shards in this second."""

    def __init__(self, cloud: Cloud):
        self._clock = cloud.clock
        self._written: dict[int, Second] = {}
        self._read: dict[int, Second] = {}

    def write(self, shard: int, size: int) -> bool:
        """Whether a shard takes a record of this size now; if so it is counted."""
        second = self._second(self._written, shard, WRITTEN_RECORDS, WRITTEN_BYTES)
        if second.count >= WRITTEN_RECORDS or (second.size and second.size + size > WRITTEN_BYTES):
            return False
        second.count += 1
        second.size += size
        return True

    def begin_read(self, shard: int) -> bool:
        """Whether a shard answers another read now; if so it is counted."""
        second = self._second(self._read, shard, READ_TRANSACTIONS, READ_BYTES)
        if second.count >= READ_TRANSACTIONS or second.size >= READ_BYTES:
            return False
        second.count += 1
        return True

    def end_read(self, shard: int, size: int):
        """What a read returned."""
        self._read[shard].size += size

    def close(self):
        """Nothing of it outlives the cloud."""

    def _second(self, used: dict[int, Second], shard: int, count: int, size: int) -> Second:
        now, real = self._clock.now(), self._clock.real()
        second = used.get(shard)
        if second is None:
            if len(used) >= REMEMBERED:
                used.clear()
            second = used[shard] = Second(now, real)
        else:
            second.pass_on(now, real, count, size)
        return second
