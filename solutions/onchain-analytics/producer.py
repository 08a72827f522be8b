"""The data producer: reads the transfers of contracts from a chain and puts them to a stream.

    python producer.py --rpc http://127.0.0.1:8545 --stream onchain-transfers --contract 0x... [--follow]

It begins with the block that --from names, as far back as is wanted, and with --follow goes on with each new block.
What the stream did not take is put again. The checkpoint is moved when all up to it is taken: a producer that is
killed and started again sends some records twice, and leaves none out.
"""

import argparse
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.exceptions import HTTPClientError
from chain import Chain, Transfers

RECORDS_IN_A_PUT, BYTES_IN_A_PUT = 500, 5 * 1024 * 1024
BLOCKS_AT_ONCE = 500
PAUSE_S, LONGEST_PAUSE_S, LOOKS_S = 0.1, 5.0, 0.5
ATTEMPTS = 30  # to put some records, over two minutes
SETTINGS = Config(retries={"mode": "standard", "total_max_attempts": 2})  # since we try again ourselves


class Producer:
    """From a chain to a stream."""

    def __init__(self, transfers: Transfers, chain: Chain, kinesis: Any, stream: str, checkpoint: Path | None = None):
        self._transfers, self._chain, self._kinesis, self._stream = transfers, chain, kinesis, stream
        self._checkpoint = checkpoint
        self.taken = 0
        """How many records the stream has acknowledged."""
        self.put_again = 0

    def next_block(self, first: int) -> int:
        """Where to begin: at the checkpoint, if there is one."""
        if self._checkpoint and self._checkpoint.exists():
            return int(self._checkpoint.read_text())
        return first

    def run(self, first: int, last: int):
        """Put the transfers of some blocks."""
        for start in range(first, last + 1, BLOCKS_AT_ONCE):
            end = min(last, start + BLOCKS_AT_ONCE - 1)
            for records in portions(self._transfers.between(start, end)):
                self.put(records)
            if self._checkpoint:
                self._checkpoint.write_text(str(end + 1))

    def follow(self, first: int, ended: threading.Event) -> int:
        """Put the transfers of all blocks from the first on, as they come, until somebody ends it. Returns the next."""
        while not ended.wait(LOOKS_S):
            last = self._chain.height()
            self.run(first, last)
            first = max(first, last + 1)
        return first

    def put(self, records: list[dict[str, Any]]):
        """Until the stream has taken them all. Raises what botocore does when the stream cannot be reached for long."""
        pause_s = PAUSE_S
        for attempt in range(1, ATTEMPTS + 1):
            try:
                records = self._put_once(records)
            except (BotoConnectionError, HTTPClientError):
                if attempt == ATTEMPTS:
                    raise
            if not records:
                return
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        raise RuntimeError(f"The stream refused {len(records)} records {ATTEMPTS} times")

    def _put_once(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """PutRecords may take some of a request and refuse others. Returns those that it refused."""
        answers = self._kinesis.put_records(StreamName=self._stream, Records=records)["Records"]
        refused = [record for record, answer in zip(records, answers, strict=True) if "ErrorCode" in answer]
        self.taken += len(records) - len(refused)
        self.put_again += len(refused)
        return refused


def portions(transfers: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """As many as one PutRecords takes: 500 records, 5 MiB."""
    portion, size = [], 0
    for transfer in transfers:
        record = {"Data": json.dumps(transfer).encode(), "PartitionKey": transfer["transaction"]["hash"]}
        length = len(record["Data"]) + len(record["PartitionKey"])
        if portion and (len(portion) == RECORDS_IN_A_PUT or size + length > BYTES_IN_A_PUT):
            yield portion
            portion, size = [], 0
        portion.append(record)
        size += length
    if portion:
        yield portion


def main():
    it = argparse.ArgumentParser("producer.py", description="Put the transfers of contracts to a stream.")
    it.add_argument("--rpc", required=True, metavar="URL", help="of a node of the chain")
    it.add_argument("--stream", required=True, help="the name of the Kinesis data stream")
    it.add_argument("--contract", required=True, action="append", metavar="ADDRESS", help="may be given several times")
    it.add_argument("--from", dest="first", type=int, default=0, metavar="BLOCK", help="the first (default: 0)")
    it.add_argument("--follow", action="store_true", help="go on with new blocks")
    it.add_argument("--checkpoint", type=Path, metavar="FILE", help="where to keep how far it has come")
    it.add_argument("--profile", help="of the AWS configuration, such as one that assumes the producer's role")
    told = it.parse_args()
    chain = Chain(told.rpc)
    kinesis = boto3.Session(profile_name=told.profile).client("kinesis", config=SETTINGS)
    producer = Producer(Transfers(chain, told.contract), chain, kinesis, told.stream, told.checkpoint)
    first = producer.next_block(told.first)
    with suppress(KeyboardInterrupt):
        if told.follow:
            producer.follow(first, threading.Event())
        else:
            producer.run(first, chain.height())
    print(f"{producer.taken} records taken, {producer.put_again} put again", file=sys.stderr)


if __name__ == "__main__":
    main()
