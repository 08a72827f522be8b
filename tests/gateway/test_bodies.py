"""Bodies as they come: in chunks, signed or with trailers, too large, cut off, or not what was promised."""

import hmac
import json
from base64 import b64encode
from hashlib import sha256
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasshouse.core.errors import ServiceError
from glasshouse.gateway.chunks import ChunkReader
from tests.gateway import raw

CONTENT = bytes(range(256)) * 256
SIZE = len(CONTENT)
BIG = 8 * 1024 * 1024


@pytest.fixture
def bucket(aws):
    aws("s3").create_bucket(Bucket="bodies", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return "/bodies/key"


def incoming(cloud):
    """The bodies that were begun and neither kept nor thrown away."""
    return list((cloud.cloud.directory / "incoming").iterdir())


def crc(content):
    return b64encode(crc32(content).to_bytes(4)).decode()


class ChunkSigner:
    """Signs chunks as the documentation tells, independently of what verifies them."""

    def __init__(self, headers, secret="test", region="eu-west-1"):
        self.date = headers["X-Amz-Date"]
        self.scope = f"{self.date[:8]}/{region}/s3/aws4_request"
        self.previous = headers["Authorization"].rpartition("=")[2]
        key = b"AWS4" + secret.encode()
        for part in self.scope.split("/"):
            key = hmac.new(key, part.encode(), sha256).digest()
        self.key = key

    def _sign(self, kind, *parts):
        text = "\n".join([f"AWS4-HMAC-SHA256-{kind}", self.date, self.scope, self.previous, *parts])
        self.previous = hmac.new(self.key, text.encode(), sha256).hexdigest()
        return self.previous

    def chunk(self, data):
        signature = self._sign("PAYLOAD", sha256(b"").hexdigest(), sha256(data).hexdigest())
        return b"%x;chunk-signature=%s\r\n%s" % (len(data), signature.encode(), data)

    def trailer(self, name, value):
        line = f"{name}:{value}\n"
        signature = self._sign("TRAILER", sha256(line.encode()).hexdigest())
        return f"{name}:{value}\r\nx-amz-trailer-signature:{signature}\r\n\r\n".encode()


class ChunkedAuth(raw.S3SigV4Auth):
    """botocore's signer for a body that is signed otherwise."""

    def payload(self, request):
        return request.headers["x-amz-content-sha256"]

    def _modify_request_before_signing(self, request):
        stated = request.headers["x-amz-content-sha256"]
        super()._modify_request_before_signing(request)
        del request.headers["x-amz-content-sha256"]
        request.headers["x-amz-content-sha256"] = stated


def head(cloud, path, kind, length, decoded=SIZE, **more):
    extra = {
        "x-amz-content-sha256": kind,
        "x-amz-decoded-content-length": str(decoded),
        "Content-Encoding": "aws-chunked",
        "Content-Length": str(length),
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    return raw.signed("PUT", cloud.url + path, "s3", extra, signer=ChunkedAuth)


def put_signed(cloud, path, pieces, change=lambda body: body, trailer=None, **more):
    kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
    overhead = sum(len(f"{len(piece):x};chunk-signature=") + 64 + 4 for piece in [*pieces, b""])
    length = sum(map(len, pieces)) + overhead
    if trailer:
        more["x_amz_trailer"] = trailer[0]
        length += len(f"{trailer[0]}:{trailer[1]}\r\nx-amz-trailer-signature:") + 64 + 4 - 2
    headers = head(cloud, path, kind, length, sum(map(len, pieces)), **more)
    signer = ChunkSigner(headers)
    body = b"".join(signer.chunk(piece) + b"\r\n" for piece in pieces)
    body += signer.chunk(b"") + (signer.trailer(*trailer) if trailer else b"\r\n")
    assert len(body) == length
    return raw.ask(cloud.url, raw.request("PUT", path, headers, change(body)), "PUT")


def put_with_trailer(cloud, path, body, trailer="x-amz-checksum-crc32", decoded=SIZE):
    kind = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    headers = head(cloud, path, kind, len(body), decoded, x_amz_trailer=trailer)
    return raw.ask(cloud.url, raw.request("PUT", path, headers, body), "PUT")


# What is refused


def test_a_changed_chunk_is_refused(cloud, aws, bucket):
    reply = put_signed(
        cloud, bucket, [CONTENT, CONTENT], lambda body: body.replace(b"\x01\x02\x03", b"\x01\x02\x04", 1)
    )
    assert (reply.status, "<Code>SignatureDoesNotMatch</Code>" in reply.text) == (403, True)
    assert incoming(cloud) == [] and "Contents" not in aws("s3").list_objects_v2(Bucket="bodies")


def test_chunks_in_another_order_are_refused(cloud, bucket):
    def swap(body):
        size = (len(body) - 86) // 2
        return body[size : 2 * size] + body[:size] + body[2 * size :]

    assert put_signed(cloud, bucket, [CONTENT, CONTENT[::-1]], swap).status == 403


def test_a_small_chunk_before_the_last_is_refused(cloud, bucket):
    reply = put_signed(cloud, bucket, [b"x" * 8191, CONTENT])
    assert (reply.status, "<Code>InvalidChunkSizeError</Code>" in reply.text) == (403, True)


def test_a_changed_trailer_is_refused(cloud, bucket):
    trailer = ("x-amz-checksum-crc32", crc(CONTENT))
    reply = put_signed(cloud, bucket, [CONTENT], lambda b: b.replace(crc(CONTENT).encode(), b"AAAAAA=="), trailer)
    assert (reply.status, "<Code>SignatureDoesNotMatch</Code>" in reply.text) == (403, True)


@pytest.mark.parametrize(
    "body",
    [
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(CONTENT), CONTENT),  # without the trailer that was announced
        b"%x\r\n%s\r\n0\r\nx-amz-checksum-sha1:AAAA\r\n\r\n" % (len(CONTENT), CONTENT),
        b"%x\r\n%s\r\n0\r\nno colon\r\n\r\n" % (len(CONTENT), CONTENT),
    ],
)
def test_trailers_other_than_announced_are_refused(cloud, bucket, body):
    reply = put_with_trailer(cloud, bucket, body)
    assert (reply.status, "<Code>MalformedTrailerError</Code>" in reply.text) == (400, True)


@pytest.mark.parametrize(
    "body",
    [
        CONTENT,
        b"%x\r\n%s" % (len(CONTENT), CONTENT),
        b"%x\r\n%s\r\n0" % (len(CONTENT), CONTENT),
        b"%x\r\n%sxx0\r\n" % (len(CONTENT), CONTENT),
        b"zz\r\n",
        b"-1\r\n",
        b"f" * 10000,
        b"%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\nmore" % (len(CONTENT), CONTENT, crc(CONTENT).encode()),
    ],
)
def test_chunks_that_are_malformed_or_cut_off_are_refused(cloud, bucket, body):
    reply = put_with_trailer(cloud, bucket, body)
    assert (reply.status, "<Code>IncompleteBody</Code>" in reply.text) == (400, True), reply.text
    assert incoming(cloud) == []


def test_a_checksum_in_a_trailer_that_is_wrong_is_refused(cloud, bucket):
    reply = put_with_trailer(
        cloud, bucket, b"%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n" % (len(CONTENT), CONTENT)
    )
    assert (reply.status, "<Code>BadDigest</Code>" in reply.text) == (400, True)
    assert incoming(cloud) == []


def test_another_length_than_announced_is_refused(cloud, bucket):
    body = b"%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % (len(CONTENT), CONTENT, crc(CONTENT).encode())
    for decoded in (len(CONTENT) - 1, len(CONTENT) + 1):
        assert "<Code>IncompleteBody</Code>" in put_with_trailer(cloud, bucket, body, decoded=decoded).text


def test_chunks_need_to_say_their_length(cloud, bucket):
    headers = head(cloud, bucket, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", 5, "x")
    reply = raw.ask(cloud.url, raw.request("PUT", bucket, headers, b"0\r\n\r\n"))
    assert (reply.status, "<Code>MissingContentLength</Code>" in reply.text) == (411, True)


def test_a_body_without_the_sha256_that_was_signed_is_refused(cloud, aws, bucket):
    headers = raw.signed("PUT", cloud.url + bucket, "s3", body=b"good")
    for changed in (b"evil", b"goodness"):
        reply = raw.ask(cloud.url, raw.request("PUT", bucket, headers, changed))
        assert (reply.status, "<Code>XAmzContentSHA256Mismatch</Code>" in reply.text) == (400, True)
        assert f"<S3ComputedContentSHA256>{sha256(changed).hexdigest()}</S3ComputedContentSHA256>" in reply.text
    reply = raw.ask(cloud.url, raw.request("PUT", bucket, {**headers, "Content-Length": "0"}))
    assert "<Code>XAmzContentSHA256Mismatch</Code>" in reply.text
    assert "Contents" not in aws("s3").list_objects_v2(Bucket="bodies")


def test_a_way_of_signing_the_body_that_is_none_is_refused(cloud, bucket):
    headers = raw.signed("PUT", cloud.url + bucket, "s3", {"x-amz-content-sha256": "nonsense"}, signer=ChunkedAuth)
    reply = raw.ask(cloud.url, raw.request("PUT", bucket, headers, b"x"))
    assert (reply.status, "<ArgumentName>x-amz-content-sha256</ArgumentName>" in reply.text) == (400, True)


@pytest.mark.parametrize(
    ("service", "headers", "code"),
    [
        ("sts", {"Content-Type": "application/x-www-form-urlencoded"}, "<Code>RequestEntityTooLarge</Code>"),
        ("ssm", {"X-Amz-Target": "AmazonSSM.PutParameter"}, "RequestEntityTooLargeException"),
    ],
)
def test_a_body_larger_than_a_control_plane_reads_is_refused(cloud, service, headers, code):
    with raw.Wire(cloud.url) as wire:
        wire.send(
            raw.request("POST", "/", {**raw.signed("POST", cloud.url, service, headers), "Content-Length": "17000000"})
        )
        reply = wire.reply()
        assert (reply.status, code in reply.text) == (413, True)
    with raw.Wire(cloud.url) as wire:
        chunked = {**raw.signed("POST", cloud.url, service, headers), "Transfer-Encoding": "chunked"}
        wire.send(raw.request("POST", "/", chunked))
        for _ in range(3):
            wire.send(b"%x\r\n%s\r\n" % (BIG, bytes(BIG)))
        assert wire.reply().status == 413


def test_an_object_larger_than_five_gibibytes_is_refused_before_it_comes(cloud, bucket):
    headers = raw.signed("PUT", cloud.url + bucket, "s3") | {"Content-Length": str(5 * 1024**3 + 1)}
    reply = raw.ask(cloud.url, raw.request("PUT", bucket, headers))
    assert (reply.status, "<Code>EntityTooLarge</Code>" in reply.text) == (400, True)


# What is done


def test_signed_chunks_arrive(cloud, aws, bucket):
    assert put_signed(cloud, bucket, [CONTENT, CONTENT, b"end"], Content_Encoding="aws-chunked,gzip").status == 200
    got = aws("s3").get_object(Bucket="bodies", Key="key")
    assert (got["Body"].read(), got["ContentEncoding"]) == (CONTENT + CONTENT + b"end", "gzip")


def test_signed_chunks_with_a_trailer_arrive(cloud, aws, bucket):
    assert put_signed(cloud, bucket, [CONTENT], trailer=("x-amz-checksum-crc32", crc(CONTENT))).status == 200
    got = aws("s3").head_object(Bucket="bodies", Key="key", ChecksumMode="ENABLED")
    assert (got["ChecksumCRC32"], got.get("ContentEncoding")) == (crc(CONTENT), None)


def test_a_checksum_in_a_trailer_is_kept(cloud, aws, bucket):
    body = b"%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % (len(CONTENT), CONTENT, crc(CONTENT).encode())
    assert put_with_trailer(cloud, bucket, body).status == 200
    got = aws("s3").get_object(Bucket="bodies", Key="key", ChecksumMode="ENABLED")
    assert (got["Body"].read(), got["ChecksumCRC32"]) == (CONTENT, crc(CONTENT))


def test_an_empty_body_in_chunks_arrives(cloud, aws, bucket):
    assert put_signed(cloud, bucket, []).status == 200
    assert aws("s3").head_object(Bucket="bodies", Key="key")["ContentLength"] == 0


def test_a_body_in_the_chunks_of_http_arrives(cloud, aws, bucket):
    headers = raw.signed("PUT", cloud.url + bucket, "s3", body=CONTENT) | {"Transfer-Encoding": "chunked"}
    body = b"".join(b"%x\r\n%s\r\n" % (len(CONTENT[i : i + 999]), CONTENT[i : i + 999]) for i in range(0, 65536, 999))
    with raw.Wire(cloud.url) as wire:
        wire.send(raw.request("PUT", bucket, headers) + body + b"0\r\n\r\n")
        assert wire.reply().status == 200
    assert aws("s3").get_object(Bucket="bodies", Key="key")["Body"].read() == CONTENT


def test_a_body_that_is_cut_off_leaves_nothing_behind(cloud, aws, bucket):
    headers = raw.signed("PUT", cloud.url + bucket, "s3", body=CONTENT) | {"Content-Length": str(len(CONTENT))}
    with raw.Wire(cloud.url) as wire:
        wire.send(raw.request("PUT", bucket, headers) + CONTENT[:60000])
        raw.ask(cloud.url, raw.request("GET", "/", {"Host": "x"}))  # by now the first bytes have been read
        assert len(incoming(cloud)) == 1
    raw.ask(cloud.url, raw.request("GET", "/", {"Host": "x"}))
    assert "Contents" not in aws("s3").list_objects_v2(Bucket="bodies")
    assert incoming(cloud) == []


def test_a_large_object_comes_back_whole(cloud, aws, bucket):
    aws("s3").put_object(Bucket="bodies", Key="large", Body=bytes(BIG))
    got = aws("s3").get_object(Bucket="bodies", Key="large")["Body"]
    assert sha256(got.read()).hexdigest() == sha256(bytes(BIG)).hexdigest()


def test_a_reader_who_leaves_lets_go_of_the_file(cloud, aws, bucket):
    client = aws("s3")
    client.put_object(Bucket="bodies", Key="key", Body=bytes(BIG))
    with raw.Wire(cloud.url) as wire:
        wire.send(raw.request("GET", bucket, raw.signed("GET", cloud.url + bucket, "s3")))
        wire.socket.recv(1000)
        client.delete_object(Bucket="bodies", Key="key")
        assert len(list((cloud.cloud.directory / "blobs").glob("*/*"))) == 1
    for _ in range(1000):
        if not list((cloud.cloud.directory / "blobs").glob("*/*")):
            break
        client.list_buckets()  # the server learns of it in its own time
    assert list((cloud.cloud.directory / "blobs").glob("*/*")) == []


# The chunks themselves


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=4), st.data())
def test_chunks_may_be_cut_anywhere(pieces, data):
    pieces = [piece * 8192 for piece in pieces]
    coded = (
        b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\nx-amz-checksum-crc32:abc\r\n\r\n"
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(coded)), max_size=8)))
    out = bytearray()
    reader = ChunkReader(out.extend, has_trailers=True)
    for start, end in zip([0, *cuts], [*cuts, len(coded)], strict=True):
        reader.feed(coded[start:end])
    reader.finish()
    assert (bytes(out), reader.trailers) == (b"".join(pieces), {"x-amz-checksum-crc32": "abc"})


@given(st.binary(max_size=200))
def test_bytes_that_are_no_chunks_are_refused_and_nothing_else(data):
    reader = ChunkReader(lambda piece: None, has_trailers=True)
    try:
        reader.feed(data)
        reader.finish()
    except ServiceError as refused:
        assert refused.status < 500


def test_json_that_is_none_is_refused(cloud):
    reply = raw.send_signed(cloud.url, "POST", "/", "ssm", b"{", headers={"X-Amz-Target": "AmazonSSM.PutParameter"})
    assert (reply.status, json.loads(reply.body)["__type"]) == (400, "SerializationException")
