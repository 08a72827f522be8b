"""HTTP/1.1 on the wire: what is answered in order, and what is cut off."""

import gzip

import pytest

from tests.gateway import raw

PLAIN = {"Host": "localhost"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
IDENTITY = b"Action=GetCallerIdentity&Version=2011-06-15"


def identity(url, **more):
    return raw.request("POST", "/", raw.signed("POST", url + "/", "sts", FORM, IDENTITY) | more, IDENTITY)


@pytest.fixture
def wire(cloud):
    with raw.Wire(cloud.url) as wire:
        yield wire


@pytest.fixture
def bucket(aws):
    aws("s3").create_bucket(Bucket="wired", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return "/wired/key"


# What is refused


@pytest.mark.parametrize(
    "data",
    [
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: x\r\n Folded: 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nNul: a\0b\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        "NONSENSE\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_can_be_read_in_two_ways_is_not_read(wire, data):
    wire.send(data + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
    reply = wire.reply()
    assert (reply.status, reply.headers["connection"]) == (400, "close")
    assert "<Code>BadRequest</Code>" in reply.text and wire.is_closed()


def test_headers_that_are_too_large_are_refused(cloud):
    for data in (
        raw.request("GET", "/", PLAIN | {"x-large": "x" * 20000}),
        raw.request("GET", "/", PLAIN | {f"x-{number}": "x" * 100 for number in range(200)}),
        b"GET / HTTP/1.1\r\nx-endless: " + b"x" * 40000,
        b"GET / HTTP/1.1\r\n" + b"y" * 40000,
    ):
        reply = raw.ask(cloud.url, data)
        assert (reply.status, "<Code>RequestHeaderSectionTooLarge</Code>" in reply.text) == (400, True)


def test_a_request_line_that_is_too_long_is_refused(cloud):
    reply = raw.ask(cloud.url, raw.request("GET", "/" + "x" * 13000, PLAIN))
    assert (reply.status, "<Code>RequestUriTooLong</Code>" in reply.text) == (414, True)


def test_a_client_that_stops_in_the_middle_is_cut_off(cloud, wire):
    wire.send("POST / HTTP/1.1\r\nHost: x\r\n")
    raw.ask(cloud.url, raw.request("GET", "/", PLAIN))
    connection = next(one for one in cloud.server.connections if one._in_head)
    cloud.run(lambda: connection.look(connection.active + 59, 60, 300))
    cloud.run(lambda: connection.look(connection.active + 61, 60, 300))
    reply = wire.reply()
    assert (reply.status, "<Code>RequestTimeout</Code>" in reply.text) == (400, True) and wire.is_closed()


def test_an_idle_connection_is_closed_in_time(cloud, wire):
    wire.send(raw.request("GET", "/", PLAIN))
    assert wire.reply().status == 403
    [connection] = cloud.server.connections
    cloud.run(lambda: connection.look(connection.active + 299, 60, 300))
    wire.send(raw.request("GET", "/", PLAIN))
    assert wire.reply().status == 403
    cloud.run(lambda: connection.look(connection.active + 301, 60, 300))
    assert wire.is_closed()


def test_a_wrong_signature_is_told_before_the_body_is_sent(cloud, wire, bucket):
    headers = raw.signed("PUT", cloud.url + bucket, "s3", {"Expect": "100-continue"}, b"x" * 1000)
    headers["Authorization"] = headers["Authorization"][:-4] + "0000"
    wire.send(raw.request("PUT", bucket, headers | {"Content-Length": "1000"}))
    reply = wire.reply()
    assert (reply.status, reply.headers["connection"]) == (403, "close") and wire.is_closed()


def test_an_answer_cannot_be_made_to_hold_two(cloud, aws, wire, bucket):
    aws("s3").put_object(Bucket="wired", Key="key", Body=b"hello")
    path = bucket + "?response-content-type=a%0d%0aX-Evil:%20b%0d%0a%0d%0ahello"
    wire.send(raw.request("GET", path, raw.signed("GET", cloud.url + path, "s3")))
    reply = wire.reply()
    assert "x-evil" not in reply.headers and reply.body == b"hello"
    wire.send(identity(cloud.url))
    assert wire.reply().status == 200


# What is done


def test_a_client_that_waits_is_told_to_continue(cloud, aws, wire, bucket):
    headers = raw.signed("PUT", cloud.url + bucket, "s3", {"Expect": "100-continue"}, b"hello")
    wire.send(raw.request("PUT", bucket, headers | {"Content-Length": "5"}))
    assert wire.socket.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
    wire.send("hello")
    assert wire.reply().status == 200
    wire.send(identity(cloud.url))
    assert wire.reply().status == 200


def test_requests_sent_ahead_are_answered_in_order(cloud, aws, wire):
    queue = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    form = f"Action=ReceiveMessage&Version=2012-11-05&WaitTimeSeconds=1&QueueUrl={queue}".encode()
    parked = raw.request("POST", "/", raw.signed("POST", cloud.url + "/", "sqs", FORM, form), form)
    wire.send(identity(cloud.url) + parked + identity(cloud.url) * 300 + parked + raw.request("GET", "/", PLAIN))
    told = [wire.reply() for _ in range(304)]
    assert "GetCallerIdentity" in told[0].text and "ReceiveMessageResponse" in told[1].text
    assert all("GetCallerIdentity" in one.text for one in told[2:302])
    assert "ReceiveMessageResponse" in told[302].text and told[303].status == 403


def test_a_client_that_leaves_takes_its_parked_call_along(cloud, aws):
    queue = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    form = f"Action=ReceiveMessage&Version=2012-11-05&WaitTimeSeconds=20&QueueUrl={queue}".encode()
    with raw.Wire(cloud.url) as wire:
        wire.send(raw.request("POST", "/", raw.signed("POST", cloud.url + "/", "sqs", FORM, form), form))
        while not cloud.run(lambda: dict(cloud.cloud.parking._parked)):
            aws("sts").get_caller_identity()
    while cloud.run(lambda: dict(cloud.cloud.parking._parked)):
        aws("sts").get_caller_identity()
    aws("sqs").send_message(QueueUrl=queue, MessageBody="for somebody else")
    assert len(aws("sqs").receive_message(QueueUrl=queue)["Messages"]) == 1


def test_the_answer_to_head_has_no_body_and_says_how_long_it_would_be(cloud, aws, wire, bucket):
    aws("s3").put_object(Bucket="wired", Key="key", Body=b"hello")
    for path, status, length in ((bucket, 200, "5"), (bucket + "x", 404, "0")):
        wire.send(raw.request("HEAD", path, raw.signed("HEAD", cloud.url + path, "s3")))
        reply = wire.reply("HEAD")
        assert (reply.status, reply.headers["content-length"], reply.body) == (status, length, b"")
    wire.send(identity(cloud.url))
    assert wire.reply().status == 200


def test_an_answer_without_content_has_no_length(cloud, aws, wire, bucket):
    wire.send(raw.request("DELETE", bucket, raw.signed("DELETE", cloud.url + bucket, "s3")))
    reply = wire.reply()
    assert (reply.status, "content-length" in reply.headers, "transfer-encoding" in reply.headers) == (
        204,
        False,
        False,
    )


def test_a_client_of_the_old_version_is_served_and_let_go(cloud, wire):
    data = identity(cloud.url).replace(b"HTTP/1.1", b"HTTP/1.0")
    wire.send(data)
    reply = wire.reply()
    assert (reply.status, reply.headers["connection"]) == (200, "close") and wire.is_closed()


def test_a_client_that_wants_to_go_is_let_go(cloud, wire):
    wire.send(identity(cloud.url, Connection="close"))
    assert wire.reply().headers["connection"] == "close" and wire.is_closed()


def test_a_request_that_came_through_a_proxy_names_its_host_in_the_request_line(cloud, wire):
    headers = raw.signed("GET", "http://s3.eu-west-1.amazonaws.com/", "s3")
    wire.send(raw.request("GET", "http://s3.eu-west-1.amazonaws.com/", headers | {"Host": "other"}))
    assert "ListAllMyBucketsResult" in wire.reply().text


def test_a_wish_for_another_protocol_is_passed_over(cloud, wire):
    upgrade = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "x"}
    wire.send(identity(cloud.url, **upgrade))
    assert wire.reply().status == 200


def test_answers_carry_the_machines_date_and_an_id_and_no_boast(cloud, aws):
    cloud.clock.advance(1e7)
    told = aws("sts").get_caller_identity()["ResponseMetadata"]
    assert told["HTTPHeaders"]["date"].endswith("GMT") and "server" not in told["HTTPHeaders"]
    assert told["RequestId"] == told["HTTPHeaders"]["x-amzn-requestid"]
    told = aws("s3").list_buckets()["ResponseMetadata"]
    assert told["RequestId"] == told["HTTPHeaders"]["x-amz-request-id"] and told["HostId"]


def test_a_server_that_stops_lets_what_is_under_way_come_to_its_end(cloud, aws):
    queue = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    form = f"Action=ReceiveMessage&Version=2012-11-05&WaitTimeSeconds=1&QueueUrl={queue}".encode()
    with raw.Wire(cloud.url) as parked, raw.Wire(cloud.url) as idle:
        idle.send(identity(cloud.url))
        idle.reply()
        parked.send(raw.request("POST", "/", raw.signed("POST", cloud.url + "/", "sqs", FORM, form), form))
        while not cloud.run(lambda: dict(cloud.cloud.parking._parked)):
            aws("sts").get_caller_identity()
        cloud.stop()
        reply = parked.reply()
        assert (reply.status, reply.headers["connection"]) == (200, "close")
        assert idle.is_closed()


def test_nothing_is_sent_compressed_that_nobody_compressed(cloud, aws, bucket):
    aws("s3").put_object(Bucket="wired", Key="key", Body=gzip.compress(b"hello"), ContentEncoding="gzip")
    headers = raw.signed("GET", cloud.url + bucket, "s3") | {"Accept-Encoding": "gzip"}
    reply = raw.ask(cloud.url, raw.request("GET", bucket, headers))
    assert gzip.decompress(reply.body) == b"hello" and reply.headers["content-encoding"] == "gzip"
