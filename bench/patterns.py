"""Event patterns: one event against a thousand rules, by the index that a bus of EventBridge has.

    python -m bench.patterns --rules 1000

Printed are, for several kinds of rules, how long compiling them takes, how long an event takes that one of them
matches, and how long it would take to try each rule. That the index finds what trying each finds is checked.
"""

import argparse
import json
import time
from collections.abc import Callable

from bench.requests import machine
from glasshouse.engines.patterns import Index, compile_text

TIMES = 200


def literal(number: int) -> dict:
    return {"source": ["shop"], "detail-type": ["Order Placed"], "detail": {"customer": {"id": [f"customer-{number}"]}}}


def prefix(number: int) -> dict:
    return {"source": ["shop"], "detail": {"path": [{"prefix": f"/customers/{number:05d}/"}]}}


def wildcard(number: int) -> dict:
    return {"source": ["shop"], "detail": {"path": [{"wildcard": f"/customers/{number:05d}/*/in*"}]}}


def numeric(number: int) -> dict:
    return {"source": ["shop"], "detail": {"price": [{"numeric": [">=", number, "<", number + 1]}]}}


KINDS: dict[str, Callable[[int], dict]] = {
    "literals": literal, "prefixes": prefix, "wildcards": wildcard, "ranges of numbers": numeric,
}  # fmt: skip


def event(number: int) -> dict:
    return {
        "version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "detail-type": "Order Placed", "source": "shop",
        "account": "111122223333", "time": "2026-01-01T00:00:00Z", "region": "eu-west-1", "resources": [],
        "detail": {
            "customer": {"id": f"customer-{number}", "tags": ["a", "b", "c"]}, "price": number + 0.5,
            "path": f"/customers/{number:05d}/orders/in-x", "lines": [{"item": "x", "count": 2}] * 5,
        },
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=int, default=1000)
    wanted = parser.parse_args()
    print(machine())
    print(f"{wanted.rules} rules of {'compiled in, ms':>28}{'an event, µs':>16}{'without index, µs':>20}")
    for name, kind in KINDS.items():
        measure(name, [json.dumps(kind(number)) for number in range(wanted.rules)])


def measure(name: str, texts: list[str]):
    start = time.perf_counter()
    compiled = {str(number): compile_text(text, largest=5e9) for number, text in enumerate(texts)}
    index = Index(compiled)
    made = time.perf_counter() - start
    happened = event(len(texts) // 2)
    indexed = timed(lambda: index.matching(happened))
    tried = timed(lambda: [name for name, pattern in compiled.items() if pattern.matches(happened)], TIMES // 20)
    found = index.matching(happened)
    assert found == [str(len(texts) // 2)], f"the index finds {found}"
    print(f"{name:24}{made * 1e3:15.1f}{indexed * 1e6:16.1f}{tried * 1e6:20.1f}")


def timed(action: Callable, times: int = TIMES) -> float:
    start = time.perf_counter()
    for _ in range(times):
        action()
    return (time.perf_counter() - start) / times


if __name__ == "__main__":
    main()
