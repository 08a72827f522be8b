"""A running cloud as a test sees it: boto3 clients, its clock, and its address."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

from glasshouse.app import LiveCloud, Settings

KEY = "test"


class Clock:
    """The cloud's clock, which a test can move; the machine's stays as it is."""

    def __init__(self, live: LiveCloud):
        self._live = live

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self._live.clock.now(), UTC)

    def advance(self, **duration: float):
        """Let time pass, as `timedelta` takes it: `advance(days=4, hours=1)`. What becomes due meanwhile is done, in
        order, when this returns."""
        self._live.clock.advance(timedelta(**duration).total_seconds())

    def set(self, moment: datetime):
        """Go to a moment; one without a time zone is UTC."""
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        self._live.clock.set(aware.timestamp())

    def freeze(self):
        self._live.clock.freeze()

    def resume(self):
        self._live.clock.resume()


class Aws:
    """A running cloud: what `cloud()` gives."""

    def __init__(self, live: LiveCloud, region: str):
        self._live, self.region = live, region
        self.endpoint_url = live.url
        self.clock = Clock(live)

    def session(self, region: str | None = None):
        """A boto3 session whose clients and resources speak to this cloud as root."""
        return _session(self.endpoint_url, region or self.region)

    def client(self, service: str, region: str | None = None, **options: Any):
        """A boto3 client; `options` are those of `boto3.client`."""
        return self.session(region).client(service, **options)

    def resource(self, service: str, region: str | None = None, **options: Any):
        """A boto3 resource; `options` are those of `boto3.resource`."""
        return self.session(region).resource(service, **options)

    @property
    def environment(self) -> dict[str, str]:
        """What points other programs at this cloud, such as the AWS CLI in a subprocess."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": KEY,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
        }

    def settle(self):
        """Wait until everything that is due by now has been done: notifications delivered, states changed."""
        self._live.settle()


@contextmanager
def cloud(
    account: str = "000000000000",
    region: str = "us-east-1",
    data: Path | None = None,
    auth: Literal["verified", "open"] = "verified",
    unsupported: Literal["refuse", "warn"] = "refuse",
    env: bool = False,
) -> Iterator[Aws]:
    """Run a cloud for the length of a `with` block.

    `data` is a directory to keep it in; `auth="open"` takes any key for root's. With `env` the process's AWS_*
    variables point at it within the block, for code under test that makes its own clients.
    """
    live = LiveCloud(Settings(data=data, port=0, account=account, auth=auth, unsupported=unsupported))
    try:
        aws = Aws(live, region)
        with _patched(aws.environment) if env else nullcontext():
            yield aws
    finally:
        live.stop()


@contextmanager
def _patched(variables: dict[str, str]) -> Iterator[None]:
    """These AWS_* variables and no others, for a while."""
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    kept = {name: before[name] for name in ("AWS_CA_BUNDLE", "AWS_DATA_PATH") if name in before}
    try:
        _replace(kept | variables)
        yield
    finally:
        _replace(before)


def _replace(variables: dict[str, str]):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(variables)


def _session(endpoint_url: str, region: str):
    try:
        import boto3
        import botocore.session
        from botocore.configprovider import ConstantProvider
    except ImportError:
        raise ImportError("glasshouse.testing hands out boto3 clients: install boto3") from None

    class Session(boto3.Session):
        """As boto3's, with another endpoint for those who name none."""

        def client(self, *args: Any, **options: Any):
            return super().client(*args, **{**options, "endpoint_url": options.get("endpoint_url") or endpoint_url})

        def resource(self, *args: Any, **options: Any):
            return super().resource(*args, **{**options, "endpoint_url": options.get("endpoint_url") or endpoint_url})

    below = botocore.session.get_session()
    # The user's own profiles have no say here, not even the one that AWS_PROFILE names.
    below.get_component("config_store").set_config_provider("profile", ConstantProvider(None))
    below.set_config_variable("config_file", os.devnull)
    below.set_config_variable("credentials_file", os.devnull)
    below.register_component("data_loader", _loader())
    return Session(KEY, KEY, region_name=region, botocore_session=below)


@cache
def _loader():
    """The models that clients are made of, read once for all clouds of a process."""
    from botocore.loaders import create_loader

    return create_loader()
