"""The AWS CLI, unmodified, with nothing but what `glasshouse env` prints."""

import filecmp
import hashlib
import json
import os
import subprocess
import urllib.request

import pytest

BYTES = 40_000_000  # five parts of the AWS CLI's eight megabytes


@pytest.fixture
def aws(shell):
    """Runs one `aws` command in a shell that has evaluated the exports. Returns what it printed."""
    shell.up("--ephemeral")
    exports = shell.run("env")

    def run(command: str) -> str:
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"{exports}\naws {command}"],
            cwd=shell.home, env={**shell.environment, "AWS_PAGER": ""}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, (command, ran.stdout, ran.stderr)
        return ran.stdout

    run.home = shell.home
    return run


def test_a_large_file_goes_up_and_down_in_parts_and_stays_the_same(aws):
    (aws.home / "up").write_bytes(os.urandom(BYTES))
    aws("s3 mb s3://large")
    aws("s3 cp up s3://large/file --no-progress")
    assert json.loads(aws("s3api head-object --bucket large --key file"))["ETag"].endswith('-5"')
    aws("s3 cp s3://large/file down --no-progress")
    assert filecmp.cmp(aws.home / "up", aws.home / "down", shallow=False)


def test_a_stream_of_unknown_length_goes_up(aws):
    aws("s3 mb s3://streams")
    aws("s3 cp - s3://streams/it --no-progress < <(seq 100000)")
    assert aws("s3 cp s3://streams/it -") == "".join(f"{number}\n" for number in range(1, 100001))


def test_folders_are_kept_the_same_and_removed(aws):
    tree = {"a.txt": "1", "sub/b.txt": "22", "sub/deep/ü &+.txt": "333"}
    for name, text in tree.items():
        (aws.home / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (aws.home / "tree" / name).write_text(text)
    aws("s3 mb s3://trees")
    assert aws("s3 sync tree s3://trees/x --no-progress").count("upload:") == 3
    assert aws("s3 sync tree s3://trees/x --no-progress") == ""
    (aws.home / "tree" / "a.txt").unlink()
    assert aws("s3 sync tree s3://trees/x --delete").strip() == "delete: s3://trees/x/a.txt"
    listed = aws("s3 ls s3://trees/x/ --recursive --summarize")
    assert "x/sub/deep/ü &+.txt" in listed and "Total Objects: 2" in listed
    assert "PRE deep/" in aws("s3 ls s3://trees/x/sub/")
    aws("s3 sync s3://trees/x back --no-progress")
    assert (aws.home / "back" / "sub" / "deep" / "ü &+.txt").read_text() == "333"
    assert "move: s3://trees/x/sub/b.txt to s3://trees/moved.txt" in aws(
        "s3 mv s3://trees/x/sub/b.txt s3://trees/moved.txt --no-progress"
    )
    assert aws("s3 rm s3://trees --recursive").count("delete:") == 2
    aws("s3 rb s3://trees")
    assert aws("s3 ls") == ""


def test_a_presigned_link_is_opened_without_keys(aws):
    (aws.home / "it").write_text("for everybody")
    aws("s3 mb s3://links")
    aws("s3 cp it s3://links/it --no-progress")
    with urllib.request.urlopen(aws("s3 presign s3://links/it").strip()) as answer:
        assert answer.read() == b"for everybody"


def test_messages_are_sent_received_and_deleted(aws):
    queue = json.loads(aws("sqs create-queue --queue-name orders"))["QueueUrl"]
    sent = json.loads(aws(f"sqs send-message --queue-url {queue} --message-body 'hello there'"))
    assert sent["MD5OfMessageBody"] == hashlib.md5(b"hello there").hexdigest()
    (message,) = json.loads(aws(f"sqs receive-message --queue-url {queue}"))["Messages"]
    assert message["Body"] == "hello there"
    aws(f"sqs delete-message --queue-url {queue} --receipt-handle {message['ReceiptHandle']}")
    assert json.loads(aws("sqs list-queues"))["QueueUrls"] == [queue]


def test_parameters_are_put_and_got_by_path(aws):
    aws("ssm put-parameter --name /app/db/host --value here --type String")
    aws("ssm put-parameter --name /app/db/port --value 5432 --type String")
    assert aws(
        "ssm get-parameters-by-path --path /app --recursive --query Parameters[].Value --output text"
    ).split() == [
        "here",
        "5432",
    ]


def test_who_is_asking_is_told(aws):
    assert json.loads(aws("sts get-caller-identity"))["Arn"] == "arn:aws:iam::000000000000:root"
