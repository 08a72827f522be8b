"""Verbatim mode: clients that cannot be given an endpoint reach the cloud through a proxy."""

import socket
import ssl
import subprocess
import threading

import boto3
import pytest
from botocore.config import Config

from glasshouse.app import LiveCloud, Settings


def live(**settings):
    cloud = LiveCloud(Settings(port=0, account="123456789012", transparent=True, **settings))
    return cloud, cloud.run(cloud.server.gateway.authority).pem.decode()


@pytest.fixture
def cloud(tmp_path):
    made, authority = live()
    bundle = tmp_path / "ca.pem"
    bundle.write_text(authority)
    made.bundle = str(bundle)
    yield made
    made.stop()


def client(cloud, service, region="us-west-2"):
    """A client that is given no endpoint."""
    return boto3.client(
        service, region, aws_access_key_id="test", aws_secret_access_key="test", verify=cloud.bundle,
        config=Config(proxies={"https": cloud.url}, retries={"max_attempts": 0}),
    )  # fmt: skip


def ask(cloud, head):
    """What the proxy says to the head of a request."""
    with socket.create_connection((cloud.settings.host, cloud.server.port)) as connection:
        connection.sendall(head)
        return connection.makefile("rb").readline().decode().strip()


def test_a_client_without_an_endpoint_reaches_the_cloud(cloud):
    assert client(cloud, "sts").get_caller_identity()["Account"] == "123456789012"
    url = client(cloud, "sqs").create_queue(QueueName="q")["QueueUrl"]
    assert url == "https://sqs.us-west-2.amazonaws.com/123456789012/q"
    assert client(cloud, "sqs").send_message(QueueUrl=url, MessageBody="hello")["MessageId"]


def test_buckets_have_hosts_of_their_own(cloud):
    s3 = client(cloud, "s3")
    s3.create_bucket(Bucket="my.bucket", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.create_bucket(Bucket="mine", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket="mine", Key="a/b", Body=b"hello")
    assert s3.get_object(Bucket="mine", Key="a/b")["Body"].read() == b"hello"
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["mine", "my.bucket"]


def test_the_certificate_is_the_hosts_own_and_of_our_authority(cloud):
    context = ssl.create_default_context(cafile=cloud.bundle)
    with socket.create_connection((cloud.settings.host, cloud.server.port)) as connection:
        connection.sendall(b"CONNECT sns.us-west-2.amazonaws.com:443 HTTP/1.1\r\nhost: x\r\n\r\n")
        assert connection.recv(1024) == b"HTTP/1.1 200 Connection established\r\n\r\n"
        with context.wrap_socket(connection, server_hostname="sns.us-west-2.amazonaws.com") as tls:
            names = {name for _, name in tls.getpeercert()["subjectAltName"]}
    assert "sns.us-west-2.amazonaws.com" in names


def test_the_authority_vouches_for_no_other_names(cloud, tmp_path):
    path = tmp_path / "ca.pem"
    shown = subprocess.run(
        ["openssl", "x509", "-in", path, "-noout", "-text"], capture_output=True, text=True, check=True
    )
    permitted = shown.stdout.partition("Permitted:")[2].partition("X509v3")[0].split()
    assert {"DNS:amazonaws.com", "DNS:amazonaws.com.cn", "DNS:aws"} <= set(permitted)
    assert "DNS:com" not in permitted


@pytest.mark.parametrize("host", ["example.com", "amazonaws.com.example.com", "notamazonaws.com", "127.0.0.1"])
def test_other_hosts_are_refused_in_words(cloud, host):
    assert ask(cloud, f"CONNECT {host}:443 HTTP/1.1\r\n\r\n".encode()) == "HTTP/1.1 403 Forbidden"


@pytest.mark.parametrize("head", [b"CONNECT nonsense HTTP/1.1\r\n\r\n", b"CONNECT a" + b"a" * 20_000])
def test_a_malformed_wish_is_refused(cloud, head):
    assert ask(cloud, head) == "HTTP/1.1 400 Bad Request"


def test_a_head_that_comes_byte_by_byte_is_read(cloud):
    with socket.create_connection((cloud.settings.host, cloud.server.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"CONNECT sts.amazonaws.com:443 HTTP/1.1\r\n\r\n":
            connection.sendall(bytes([byte]))
        assert connection.recv(1024).startswith(b"HTTP/1.1 200")


def test_other_hosts_are_reached_where_that_is_allowed():
    cloud, _ = live(allow_internet=True)
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:

        def echo():
            connection, _ = elsewhere.accept()
            with connection:
                while data := connection.recv(65536):
                    connection.sendall(data)

        threading.Thread(target=echo, daemon=True).start()
        with socket.create_connection((cloud.settings.host, cloud.server.port)) as connection:
            port = elsewhere.getsockname()[1]
            connection.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\nfirst ".encode())
            reading = connection.makefile("rb")
            assert reading.readline() == b"HTTP/1.1 200 Connection established\r\n"
            assert reading.readline() == b"\r\n"
            connection.sendall(b"second")
            assert reading.read(12) == b"first second"
            connection.shutdown(socket.SHUT_WR)
            assert reading.read() == b""
        assert ask(cloud, b"CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n") == "HTTP/1.1 502 Bad Gateway"
    cloud.stop()


def test_a_cloud_that_is_not_transparent_is_no_proxy():
    cloud = LiveCloud()
    assert not ask(cloud, b"CONNECT sts.amazonaws.com:443 HTTP/1.1\r\nhost: x\r\n\r\n").startswith("HTTP/1.1 200")
    cloud.stop()
