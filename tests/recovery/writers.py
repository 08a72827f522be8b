"""Clients that write without pause, and remember what they tried and what was answered."""

import hashlib
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

BUCKET = "kept"
SMALL, LARGE, PART = 1_000, 150_000, 90_000  # a body, a body past what the database holds, a part of an upload


@dataclass
class Ledger:
    """What was tried and what was answered, since the beginning; `answers` wakes whoever waits for some more."""

    tried: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in KINDS})
    answered: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in KINDS})
    refused: list[str] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    answers: int = 0

    def note(self, kind: str, name: str):
        with self.changed:
            self.answered[kind].add(name)
            self.answers += 1
            self.changed.notify_all()

    def await_answers(self, count: int):
        """Until that many more were answered."""
        with self.changed:
            goal = self.answers + count
            assert self.changed.wait_for(lambda: self.answers >= goal or self.refused, 60), "nobody answers any more"
        assert not self.refused, self.refused


def content(name: str, size: int) -> bytes:
    """Bytes that follow from a name, so that a mix of two bodies is noticed."""
    block = hashlib.sha256(name.encode()).digest()
    return (block * (size // len(block) + 1))[:size]


def send(cloud, name: str):
    cloud.sqs.send_message(QueueUrl=cloud.sends, MessageBody=name)


def put_small(cloud, name: str):
    cloud.s3.put_object(Bucket=BUCKET, Key=name, Body=content(name, SMALL))


def put_large(cloud, name: str):
    cloud.s3.put_object(Bucket=BUCKET, Key=name, Body=content(name, LARGE))


def overwrite(cloud, name: str):
    """The same key again and again: its body says which time it was."""
    cloud.s3.put_object(Bucket=BUCKET, Key="overwritten", Body=content(name, LARGE), Metadata={"time": name})


def complete(cloud, name: str):
    """An upload in parts, from its beginning to its completion."""
    upload = cloud.s3.create_multipart_upload(Bucket=BUCKET, Key=name)["UploadId"]
    of = {"Bucket": BUCKET, "Key": name, "UploadId": upload}
    tag = cloud.s3.upload_part(**of, PartNumber=1, Body=content(name, PART))["ETag"]
    cloud.s3.complete_multipart_upload(**of, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})


KINDS: dict[str, Callable] = {
    "send": send, "small": put_small, "large": put_large, "overwrite": overwrite, "complete": complete,
}  # fmt: skip
SIZES = {"small": SMALL, "large": LARGE, "complete": PART}


class Writers:
    """One thread for each kind of writing, until the cloud is gone."""

    def __init__(self, cloud, ledger: Ledger, numbers: itertools.count):
        self._cloud, self._ledger, self._numbers = cloud, ledger, numbers
        self._threads = [threading.Thread(target=self._write, args=(kind,)) for kind in KINDS]
        for thread in self._threads:
            thread.start()

    def join(self):
        for thread in self._threads:
            thread.join()

    def _write(self, kind: str):
        while True:
            name = f"{kind}/{next(self._numbers):05d}"
            self._ledger.tried[kind].add(name)
            try:
                KINDS[kind](self._cloud, name)
            except ClientError as refusal:  # an answer, and not the one that was to be expected
                self._ledger.refused.append(f"{name}: {refusal}")
                return
            except BotoCoreError:  # nobody there any more
                return
            self._ledger.note(kind, name)
