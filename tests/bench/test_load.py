"""What the measurements stand on: requests signed once and replayed, and counted rightly."""

import bench.load
from bench.requests import CASES, prepare
from bench.servers import ask
from bench.signed import signed


def test_every_case_is_answered_when_it_is_replayed(cloud, monkeypatch):
    monkeypatch.setattr(bench.load, "generator", lambda: "asyncio")  # which is the one that is always there
    prepared = prepare(cloud.url)
    for case in CASES:
        request = signed(case.service, cloud.url, lambda asking, case=case: case.call(asking, prepared))
        load = bench.load.replay(request, connections=2, seconds=0)
        assert load.failures == 0, case.name
        assert ask(cloud.server.port, request.raw()).startswith(b"HTTP/1.1 200 "), case.name


def test_a_refused_request_counts_as_a_failure(cloud):
    request = signed("s3", cloud.url, lambda s3: s3.get_object(Bucket="absent", Key="absent"))
    assert bench.load.replay(request, connections=1, seconds=1).failures > 0
