"""Log events: 200,000 go in by batches and come out filtered, on Glasshouse, moto's server and ministack in turn.

    python -m bench.events --events 200000

Each server gets the same batches from one boto3 client, then answers FilterLogEvents to the last page. Printed are
events a second in either direction, what the server used of the processor for one, and what was resident at the end.
That all events come out, in order, is checked.
"""

import argparse
import time
from itertools import pairwise

from bench.requests import first_request, machine
from bench.servers import GLASSHOUSE, PEERS, Product, Server
from bench.signed import client

BATCH = 1000
GROUP, STREAM, PATTERN = "bench", "stream", "ERROR"
EVERY = 100  # how many events there are for one that matches


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--servers", nargs="*", default=["glasshouse", "moto", "ministack"])
    wanted = parser.parse_args()
    print(machine())
    print(f"{'':12}{'in, events/s':>14}{'cpu µs an event':>17}{'filtered, events/s':>20}{'memory, MB':>12}")
    for product in (GLASSHOUSE, *PEERS):
        if product.name in wanted.servers:
            measure(product, wanted.events)


def measure(product: Product, count: int):
    product.install()
    with Server(product) as server:
        server.first_answer(first_request(server).raw())
        logs = client("logs", server.url)
        logs.create_log_group(logGroupName=GROUP)
        logs.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
        before, start = server.cpu_s(), time.perf_counter()
        put(logs, count)
        taken, used = time.perf_counter() - start, server.cpu_s() - before
        start = time.perf_counter()
        found = filtered(logs)
        read = time.perf_counter() - start
        fault = "" if found == count // EVERY else f"  {found} of {count // EVERY} came out"
        rates = f"{count / taken:14,.0f}{used * 1e6 / count:17.1f}{count / read:20,.0f}"
        print(f"{product.name:12}{rates}{server.memory_bytes() / 1e6:12.0f}{fault}")


def put(logs, count: int):
    now = int(time.time() * 1000) - count
    for first in range(0, count, BATCH):
        batch = [
            {
                "timestamp": now + number,
                "message": f"{PATTERN if number % EVERY == 0 else 'INFO'} event {number} " + "x" * 80,
            }
            for number in range(first, first + BATCH)
        ]
        logs.put_log_events(logGroupName=GROUP, logStreamName=STREAM, logEvents=batch)


def filtered(logs) -> int:
    """How many events come out of the filter, all of them in order."""
    found: list[int] = []
    options = {"logGroupName": GROUP, "filterPattern": PATTERN}
    while True:
        page = logs.filter_log_events(**options)
        found += [event["timestamp"] for event in page["events"]]
        if not page.get("nextToken"):
            break
        options["nextToken"] = page["nextToken"]
    assert all(earlier <= later for earlier, later in pairwise(found)), "events came out of order"
    return len(found)


if __name__ == "__main__":
    main()
