"""The order in which a server and its cloud start."""

from glasshouse.app import LiveCloud, Settings
from glasshouse.core.cloud import Cloud


def test_jobs_that_an_earlier_run_left_know_where_the_cloud_is_reached(monkeypatch):
    """They run as soon as the cloud starts, and some hand its URL to functions."""
    known: list[str] = []
    start = Cloud.start

    async def noting(cloud: Cloud):
        known.append(cloud.url)
        await start(cloud)

    monkeypatch.setattr(Cloud, "start", noting)
    live = LiveCloud(Settings(port=0))
    live.stop()
    assert known == [live.url]
