"""A walk's cloud in a process of its own: killed and started again, it is the same one at the same place."""

from pathlib import Path

import boto3
import pytest

from glasshouse.cli.failures import Failure
from glasshouse.cli.killable import KillableCloud

ACCOUNT = "123456789012"


@pytest.fixture
def cloud(tmp_path: Path):
    cloud = KillableCloud(tmp_path, ACCOUNT)
    cloud.start()
    yield cloud
    cloud.stop()


def queues(cloud):
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client("sqs", "us-west-2", endpoint_url=cloud.url, **keys)


def test_what_was_answered_is_there_after_a_kill_at_the_same_address(cloud):
    before = cloud.url
    url = queues(cloud).create_queue(QueueName="q")["QueueUrl"]
    cloud.kill()
    cloud.start()
    assert (cloud.url, queues(cloud).list_queues()["QueueUrls"]) == (before, [url])
    assert f"/{ACCOUNT}/" in url


def test_its_clock_is_moved_from_outside(cloud):
    before = cloud.clock.now()
    cloud.clock.advance(3600)
    assert cloud.clock.now() >= before + 3600
    cloud.clock.set(before)
    cloud.settle()
    assert before <= cloud.clock.now() < before + 3600


def test_what_kept_it_from_starting_is_told(cloud, tmp_path):
    second = KillableCloud(tmp_path, ACCOUNT)
    with pytest.raises(Failure, match="Another cloud is running with the data in"):
        second.start()
    second.stop()


def test_it_shows_certificates_of_its_own_authority(cloud):
    assert "BEGIN CERTIFICATE" in cloud.authority.read_text() and cloud.bundle.exists()
