"""`glasshouse.testing`: a cloud for the length of a `with` block, and the pytest plugin."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import boto3
import botocore.exceptions
import pytest

from glasshouse.testing import cloud


def test_clients_of_the_block_speak_to_its_cloud():
    with cloud(account="123456789012") as aws:
        assert aws.client("sts").get_caller_identity()["Account"] == "123456789012"
        aws.client("ssm").put_parameter(Name="/a", Value="1", Type="String")
        assert aws.session().client("ssm").get_parameter(Name="/a")["Parameter"]["Value"] == "1"


def test_resources_of_the_block_speak_to_its_cloud():
    with cloud() as aws:
        aws.resource("s3").create_bucket(Bucket="photos")
        assert [bucket.name for bucket in aws.resource("s3").buckets.all()] == ["photos"]


def test_each_block_has_a_cloud_of_its_own():
    with cloud() as one, cloud(region="eu-west-1") as other:
        one.client("ssm").put_parameter(Name="/a", Value="1", Type="String")
        assert other.client("ssm").describe_parameters()["Parameters"] == []
        assert other.client("ssm").meta.region_name == "eu-west-1"


def test_after_the_block_nothing_answers():
    with cloud() as aws:
        sts = aws.client("sts")
    with pytest.raises(botocore.exceptions.EndpointConnectionError):
        sts.get_caller_identity()


def test_a_directory_keeps_what_a_block_did(tmp_path):
    with cloud(data=tmp_path / "data") as aws:
        aws.client("ssm").put_parameter(Name="/a", Value="kept", Type="String")
    with cloud(data=tmp_path / "data") as aws:
        assert aws.client("ssm").get_parameter(Name="/a")["Parameter"]["Value"] == "kept"


def test_the_clock_is_moved_and_stands_still():
    with cloud() as aws:
        aws.clock.freeze()
        before = aws.clock.now
        aws.clock.advance(days=4, hours=1)
        assert (aws.clock.now - before).total_seconds() == 4 * 86400 + 3600
        aws.clock.set(datetime(2030, 1, 1))
        assert aws.clock.now == datetime(2030, 1, 1, tzinfo=UTC)
        aws.clock.resume()
        assert aws.clock.now >= datetime(2030, 1, 1, tzinfo=UTC)


def test_a_message_is_gone_once_its_retention_is_over():
    with cloud() as aws:
        sqs = aws.client("sqs")
        queue = sqs.create_queue(QueueName="q", Attributes={"MessageRetentionPeriod": "3600"})["QueueUrl"]
        sqs.send_message(QueueUrl=queue, MessageBody="soon gone")
        aws.clock.advance(hours=2)
        assert "Messages" not in sqs.receive_message(QueueUrl=queue)


def test_the_environment_is_left_alone_unless_asked():
    before = dict(os.environ)
    with cloud():
        assert dict(os.environ) == before


def test_the_environment_points_at_the_cloud_within_the_block_only(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "office")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of the office")
    before = dict(os.environ)
    with cloud(env=True, account="123456789012", region="eu-west-1"):
        assert boto3.Session().client("sts").get_caller_identity()["Account"] == "123456789012"
        assert "AWS_PROFILE" not in os.environ and "AWS_SESSION_TOKEN" not in os.environ
    assert dict(os.environ) == before


def test_a_profile_of_the_user_does_not_matter(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "absent")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with cloud() as aws:
        assert aws.client("sts").get_caller_identity()["Account"] == "000000000000"


def test_an_open_cloud_takes_any_key_and_a_verified_one_does_not():
    keys = {"aws_access_key_id": "111122223333", "aws_secret_access_key": "whatever"}
    with cloud(auth="open") as aws:
        assert aws.client("sts", **keys).get_caller_identity()["Account"] == "111122223333"
    with cloud() as aws, pytest.raises(botocore.exceptions.ClientError, match="InvalidClientTokenId"):
        aws.client("sts", **keys).get_caller_identity()


def test_what_is_not_supported_is_refused_or_let_pass_with_a_warning(caplog):
    with cloud() as aws, pytest.raises(botocore.exceptions.ClientError, match="Shared is not supported"):
        aws.client("ssm").describe_parameters(Shared=True)
    with cloud(unsupported="warn") as aws:
        assert aws.client("ssm").describe_parameters(Shared=True)["Parameters"] == []
    assert "Shared" in caplog.text


def test_a_project_gets_the_fixture_from_the_plugin(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "def test_upload(cloud):\n"
        "    s3 = cloud.client('s3')\n"
        "    s3.create_bucket(Bucket='photos')\n"
        "    s3.put_object(Bucket='photos', Key='a', Body=b'1')\n"
        "    assert s3.get_object(Bucket='photos', Key='a')['Body'].read() == b'1'\n"
    )
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr
