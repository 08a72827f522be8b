"""The witness of S3: sees the requests to buckets that are watched, for their access logs and metrics.

Which buckets are watched is a setting of the cloud; while there is none, a call costs a look at it. What was seen is
written right after the answer, a tick of the event loop later.
"""

import asyncio
from collections.abc import Mapping

from glasshouse.core import ServiceError
from glasshouse.core.call import Call
from glasshouse.core.cloud import Cloud
from glasshouse.core.ports import Witness
from glasshouse.services.s3.log_lines import Seen, copy_source

WATCHED = "s3.watched"  # what for, by bucket
NOBODY: Mapping[str, list[str]] = {}


class BucketWitness:
    """Tells S3 of requests to the buckets that it watches, and another witness of all."""

    def __init__(self, cloud: Cloud, other: Witness):
        self._cloud, self._other = cloud, other
        self._seen: list[Seen] = []

    def __call__(self, call: Call, result: dict | None, failure: ServiceError | None):
        self._other(call, result, failure)
        if call.service == "s3" and (watched := self._cloud.store.setting(WATCHED, NOBODY)):
            self._note(watched, call, result, failure)

    def _note(self, watched: Mapping, call: Call, result: dict | None, failure: ServiceError | None):
        source = copy_source(call)
        if call.params.get("Bucket") in watched or (source and source[0] in watched):
            operation = self._cloud.model.operation("s3", call.operation)
            self._seen.append(Seen(call, operation, self._cloud.clock.now(), result or {}, failure))
            if len(self._seen) == 1:
                asyncio.get_running_loop().call_soon(self._write)

    def _write(self):
        seen, self._seen = self._seen, []
        with self._cloud.store.transaction():
            for each in seen:
                self._cloud.run_method(each.call, "s3", "_was_asked", {"seen": each})
