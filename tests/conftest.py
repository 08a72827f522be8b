"""A fresh cloud for each test, and boto3 clients of it."""

import boto3
import pytest
from botocore.config import Config

from glasshouse.app import LiveCloud


def pytest_addoption(parser):
    parser.addoption("--endpoint", help="run the contract against the cloud at this URL, not fresh ones of our own")


def pytest_collection_modifyitems(config, items):
    """Elsewhere there is no clock to move: tests that reach into the cloud's process are left out."""
    if config.getoption("--endpoint"):
        within = [item for item in items if "cloud" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=within)
        items[:] = [item for item in items if item not in within]


@pytest.fixture
def cloud():
    """A running cloud: `url`, `clock` (advance, set, freeze, resume), `settle()`, `run(action)`, and its `cloud`."""
    live = LiveCloud()
    yield live
    live.stop()


@pytest.fixture
def endpoint(request):
    """The URL of the cloud that the test talks to."""
    return request.config.getoption("--endpoint") or request.getfixturevalue("cloud").url


@pytest.fixture
def aws(endpoint):
    """`aws("sqs")` is a boto3 client that neither checks parameters nor retries: it is the cloud that must refuse."""

    def client(service: str, region: str = "eu-west-1", config: Config | None = None, **options):
        settings = Config(parameter_validation=False, retries={"max_attempts": 0}, s3={"addressing_style": "path"})
        options = {"endpoint_url": endpoint, "aws_access_key_id": "test", "aws_secret_access_key": "test", **options}
        return boto3.client(service, region, config=settings.merge(config) if config else settings, **options)

    return client
