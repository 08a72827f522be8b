"""Kinesis records: put by PutRecords of 500 and one by one, then read, on Glasshouse, moto's server and ministack.

    python -m bench.streams --seconds 5 --rounds 3

The servers run at the same time and are asked in turn, round after round; the figures are medians of the rounds. Each
gets a stream on demand of four shards. The signed requests are replayed over one connection; a request that is answered
with records that failed counts as failed. Then 20,000 records of 1 KB are put and read by one boto3 client, and it is
checked that all of them come out, in the order of each shard.
"""

import argparse
import itertools
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.load import generator, replay
from bench.requests import first_request, machine
from bench.servers import GLASSHOUSE, PEERS, Server
from bench.signed import client, signed

BATCH, READ_RECORDS = 500, 20_000
STREAM = "bench"


@dataclass(frozen=True)
class Case:
    """A way to put records of so many bytes, so many in a request."""

    name: str
    records: int
    size: int
    call: Callable[[Any, list], Any]


def put_batch(kinesis, records: list):
    kinesis.put_records(StreamName=STREAM, Records=records)


def put_one(kinesis, records: list):
    kinesis.put_record(StreamName=STREAM, **records[0])


CASES = (
    Case("PutRecords, 500 of 100 bytes", BATCH, 100, put_batch),
    Case("PutRecords, 500 of 1 KB", BATCH, 1024, put_batch),
    Case("PutRecord, 1 KB", 1, 1024, put_one),
)


def main():
    wanted = arguments()
    products = [product for product in (GLASSHOUSE, *PEERS) if product.name in wanted.servers]
    for product in products:
        product.install()
    print(f"{machine()}; load by {generator()}; {wanted.rounds} rounds of {wanted.seconds} s, interleaved; medians")
    print("; ".join(f"{product.name} {product.version()}" for product in products))
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(product)) for product in products]
        for server in servers:
            server.first_answer(first_request(server).raw())
            make_stream(client("kinesis", server.url))
        print(f"\n{'':34}{'records/s':>14}{'MB/s':>10}{'cpu µs a record':>18}{'to the best peer':>18}")
        for case in CASES:
            measure(servers, case, wanted)
        print(f"\n{'':34}{'put, records/s':>14}{'read, records/s':>18}{'memory, MB':>12}")
        for server in servers:
            check(server)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=2, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--servers", nargs="*", default=["glasshouse", "moto", "ministack"])
    return parser.parse_args()


def make_stream(kinesis, name: str = STREAM):
    """A stream on demand that is active."""
    kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    while kinesis.describe_stream(StreamName=name)["StreamDescription"]["StreamStatus"] != "ACTIVE":
        time.sleep(0.01)


def drawn(count: int, size: int) -> list[dict]:
    """Random records with keys that spread over the shards."""
    return [{"Data": os.urandom(size), "PartitionKey": str(number)} for number in range(count)]


def measure(servers: list[Server], case: Case, wanted: argparse.Namespace):
    rates: dict[str, list[float]] = {server.name: [] for server in servers}
    cpu: dict[str, list[float]] = {server.name: [] for server in servers}
    failures = dict.fromkeys(rates, 0)
    records = drawn(case.records, case.size)
    for _, server in itertools.product(range(wanted.rounds), servers):
        request = signed("kinesis", server.url, lambda kinesis: case.call(kinesis, records))
        before = server.cpu_s()
        load = replay(request, 1, wanted.seconds)
        cpu[server.name].append((server.cpu_s() - before) * 1e6 / max(1, load.requests * case.records))
        rates[server.name].append(load.per_second * case.records)
        failures[server.name] += load.failures
    best = max((median(rates[name]) for name in rates if name != GLASSHOUSE.name), default=0)
    print(case.name)
    for name, values in rates.items():
        rate = median(values)
        ratio = f"{rate / best:.1f}x" if best and name == GLASSHOUSE.name else ""
        failed = f"  {failures[name]} failed" if failures[name] else ""
        megabytes = rate * case.size / 1e6
        print(f"    {name:30}{rate:>14,.0f}{megabytes:>10.1f}{median(cpu[name]):>18.1f}{ratio:>18}{failed}", flush=True)


def check(server: Server):
    """Put records into a stream of their own and read them all."""
    kinesis, name, put = client("kinesis", server.url), "checked", {}
    make_stream(kinesis, name)
    start = time.perf_counter()
    for first in range(0, READ_RECORDS, BATCH):
        records = [
            {"Data": f"{number}".encode().ljust(1024), "PartitionKey": str(number)}
            for number in range(first, first + BATCH)
        ]
        answer = kinesis.put_records(StreamName=name, Records=records)
        for number, result in enumerate(answer["Records"], first):
            put.setdefault(result.get("ShardId"), []).append(number)
    written, start = time.perf_counter() - start, time.perf_counter()
    found = {shard: read(kinesis, name, shard, len(numbers)) for shard, numbers in put.items() if shard}
    taken = time.perf_counter() - start
    fault = "" if found == put else "  not all of them came out in order"
    rates = f"{READ_RECORDS / written:14,.0f}{READ_RECORDS / taken:18,.0f}"
    print(f"    {server.name:30}{rates}{server.memory_bytes() / 1e6:12.0f}{fault}", flush=True)


def read(kinesis, name: str, shard: str, count: int) -> list[int]:
    """The numbers of the records of a shard."""
    asked = {"StreamName": name, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    iterator = kinesis.get_shard_iterator(**asked)["ShardIterator"]
    found: list[int] = []
    while iterator and len(found) < count:
        page = kinesis.get_records(ShardIterator=iterator)
        if not page["Records"]:
            break
        found += [int(record["Data"]) for record in page["Records"]]
        iterator = page.get("NextShardIterator")
    return found


if __name__ == "__main__":
    sys.exit(main())
