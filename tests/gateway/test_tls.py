"""TLS on the port that also takes plain HTTP, with certificates of the cloud's own authority."""

import socket
import ssl
import stat
import subprocess
from urllib.parse import urlsplit

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from glasshouse.app import LiveCloud, Settings
from glasshouse.gateway.authority import Authority
from tests.gateway import raw

NOW = 1_800_000_000.0


@pytest.fixture
def trust(cloud, tmp_path):
    path = tmp_path / "ca.pem"
    path.write_bytes(cloud.run(lambda: cloud.server.gateway.authority().pem))
    return str(path)


def greet(cloud, name, trust):
    """The names in the certificate shown to who asks for a name."""
    context = ssl.create_default_context(cafile=trust)
    parts = urlsplit(cloud.url)
    with (
        socket.create_connection((parts.hostname, parts.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=name) as wrapped,
    ):
        wrapped.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
        answer = wrapped.recv(1000)
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 403")), answer
        return {value for _, value in wrapped.getpeercert()["subjectAltName"]}


# What is refused


def test_a_client_that_does_not_trust_the_authority_goes_away(cloud):
    with pytest.raises(ssl.SSLCertVerificationError):
        greet(cloud, "localhost", None)


def test_bytes_that_begin_like_tls_and_are_none_end_the_connection(cloud, aws):
    with raw.Wire(cloud.url) as wire:
        wire.send(b"\x16GET / HTTP/1.1\r\n\r\n")
        wire.socket.settimeout(10)
        while wire.socket.recv(100):
            pass
    assert aws("sts").get_caller_identity()


def test_the_authority_vouches_for_nobody_elses_names(tmp_path):
    authority = Authority(tmp_path, lambda: NOW)
    assert authority.context("www.example.com") is authority.context(None)
    assert authority.context("amazonaws.com.example.com") is authority.context(None)
    constraints = authority._root.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical and constraints.value.excluded_subtrees is None
    assert {str(one.value) for one in constraints.value.permitted_subtrees} == {
        "amazonaws.com", "amazonaws.com.cn", "aws", "localhost", "localhost.localstack.cloud", "127.0.0.0/8", "::1/128",
    }  # fmt: skip


def test_a_certificate_beyond_the_constraints_is_not_believed(tmp_path):
    authority = Authority(tmp_path, lambda: NOW)
    certificate, _ = authority._leaf(["www.example.com"], [])
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    command = ["openssl", "verify", "-attime", str(int(NOW)), "-CAfile", str(tmp_path / "ca.pem"), str(leaf)]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "permitted subtree violation" in judged.stdout + judged.stderr


# What is done


@pytest.mark.parametrize(
    "name",
    ["localhost", "bucket.localhost", "s3.localhost.localstack.cloud", "sqs.eu-west-1.amazonaws.com",
     "bucket.s3.eu-west-1.amazonaws.com", "kms.cn-north-1.amazonaws.com.cn", "lambda.eu-west-1.api.aws"],
)  # fmt: skip
def test_a_client_is_shown_a_certificate_for_the_name_it_asks_for(cloud, trust, name):
    shown = greet(cloud, name, trust)
    assert name in shown or f"*.{name.partition('.')[2]}" in shown


def test_an_address_is_as_good_as_a_name(cloud, trust):
    client = boto3.client(
        "s3", "eu-west-1", endpoint_url=cloud.url.replace("http:", "https:"), verify=trust,
        aws_access_key_id="test", aws_secret_access_key="test",
    )  # fmt: skip
    client.create_bucket(Bucket="secret", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client.put_object(Bucket="secret", Key="large", Body=bytes(3_000_000))
    assert client.get_object(Bucket="secret", Key="large")["Body"].read() == bytes(3_000_000)


def test_the_same_port_takes_both(cloud, aws, trust):
    secure = cloud.url.replace("http:", "https:")
    queue = aws("sqs", endpoint_url=secure, verify=trust).create_queue(QueueName="q")["QueueUrl"]
    assert queue.startswith("https://") and aws("sqs").list_queues()["QueueUrls"][0].startswith("http://")


def test_a_connection_is_used_again_after_long_answers(cloud, aws, trust):
    client = aws("s3", endpoint_url=cloud.url.replace("http:", "https:"), verify=trust)
    client.create_bucket(Bucket="again", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for size in (0, 1, 300_000, 2_000_000, 5):
        client.put_object(Bucket="again", Key="k", Body=b"x" * size)
        assert len(client.get_object(Bucket="again", Key="k")["Body"].read()) == size
    assert len(cloud.server.connections) <= 2


# What happens next


def test_the_authority_outlives_its_process_and_only_its_owner_reads_the_key(tmp_path):
    pems = []
    for _ in range(2):
        live = LiveCloud(Settings(data=tmp_path / "data", port=0))
        pems.append(live.run(lambda live=live: live.server.gateway.authority().pem))
        live.stop()
    assert pems[0] == pems[1]
    key = tmp_path / "data" / "authority" / "ca.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    loaded = serialization.load_pem_private_key(key.read_bytes(), None)
    assert isinstance(loaded.curve, ec.SECP256R1)
    assert sorted(path.name for path in key.parent.iterdir() if path.suffix != ".crt")[:2] == ["ca.key", "ca.pem"]
