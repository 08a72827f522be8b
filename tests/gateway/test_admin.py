"""The admin API: health, clock, reset, snapshots, and who may not use it."""

import json

import pytest

from glasshouse.app import LiveCloud, Settings
from glasshouse.gateway.loopback import is_loopback, is_own_host
from tests.gateway import raw


def ask(cloud, method, what, body=None, **headers):
    sent = {"Host": "localhost:4566", **{name.replace("_", "-"): value for name, value in headers.items()}}
    data = b"" if body is None else json.dumps(body).encode()
    reply = raw.ask(cloud.url, raw.request(method, f"/_glasshouse/{what}", sent, data))
    return reply.status, json.loads(reply.body)


# What is refused


@pytest.mark.parametrize("host", ["example.com", "localhost.example.com", "evil-localhost", "10.0.0.1", "", "[::2]"])
def test_a_foreign_host_is_refused(cloud, host):
    if host:
        assert ask(cloud, "GET", "health", Host=host)[0] == 403
    assert not is_own_host(host)


@pytest.mark.parametrize("origin", ["https://example.com", "null", "http://localhost:9999", "http://localhost"])
def test_a_page_of_another_site_is_refused(cloud, origin):
    status, told = ask(cloud, "POST", "reset", {}, Origin=origin)
    assert (status, "other sites" in told["message"]) == (403, True)


def test_a_client_on_another_machine_is_refused():
    assert [is_loopback(address) for address in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1")] == [True] * 4
    assert [is_loopback(address) for address in ("192.168.0.1", "::2", "::ffff:10.0.0.1", "", "x")] == [False] * 5


@pytest.mark.parametrize(
    ("method", "what", "body", "status"),
    [
        ("GET", "nothing", None, 404),
        ("GET", "reset", None, 405),
        ("POST", "health", {}, 405),
        ("POST", "clock", {"action": "stop"}, 400),
        ("POST", "clock", {"action": "advance"}, 400),
        ("POST", "clock", {"action": "advance", "seconds": -1}, 400),
        ("POST", "clock", {"action": "advance", "seconds": True}, 400),
        ("POST", "clock", {"action": "set", "to": "now"}, 400),
        ("POST", "clock", {"action": "set", "to": 1e300}, 400),
        ("POST", "clock", [], 400),
        ("POST", "snapshot", {"action": "save", "path": "relative"}, 400),
        ("POST", "snapshot", {"action": "load", "path": "/nowhere/at/all"}, 404),
        ("POST", "snapshot", {"action": "copy", "path": "/tmp"}, 400),
    ],
)
def test_what_cannot_be_done_is_said(cloud, method, what, body, status):
    got, told = ask(cloud, method, what, body)
    assert got == status and told["message"]


def test_what_is_no_json_is_refused(cloud):
    reply = raw.ask(cloud.url, raw.request("POST", "/_glasshouse/reset", {"Host": "localhost"}, b"{"))
    assert (reply.status, json.loads(reply.body)["message"]) == (400, "The body is not JSON")


# What is done


def test_health_says_what_there_is(cloud):
    status, told = ask(cloud, "GET", "health")
    assert (status, told["ready"], told["account"]) == (200, True, "000000000000")
    assert {"s3", "sqs", "ssm", "sts"} <= set(told["services"])


def test_tools_that_know_localstack_find_the_health_page(cloud):
    reply = raw.ask(cloud.url, raw.request("GET", "/_localstack/health", {"Host": "anything"}))
    told = json.loads(reply.body)
    assert reply.status == 200 and told["services"]["s3"] == "running" and told["edition"] == "community"
    assert "gamelift" not in told["services"] and told["version"]


def test_a_page_of_our_own_may_ask(cloud):
    assert ask(cloud, "GET", "health", Origin="http://localhost:4566")[0] == 200


def test_the_clock_is_shown_and_moved(cloud):
    _, before = ask(cloud, "GET", "clock")
    _, after = ask(cloud, "POST", "clock", {"action": "advance", "seconds": 86400})
    assert 86400 <= after["now"] - before["now"] < 86500 and abs(after["real"] - before["real"]) < 100
    assert ask(cloud, "POST", "clock", {"action": "freeze"})[1]["frozen"]
    _, told = ask(cloud, "POST", "clock", {"action": "set", "to": 1000})
    assert (told["now"], told["frozen"]) == (1000, True)
    assert not ask(cloud, "POST", "clock", {"action": "resume"})[1]["frozen"]
    _, told = ask(cloud, "POST", "clock", {"action": "reset"})
    assert abs(told["now"] - told["real"]) < 1


def test_a_reset_forgets_everything(cloud, aws):
    aws("sqs").create_queue(QueueName="q")
    assert ask(cloud, "POST", "reset") == (200, {})
    assert "QueueUrls" not in aws("sqs").list_queues()


def test_a_snapshot_is_written_and_read(cloud, aws, tmp_path):
    path = str(tmp_path / "snapshot")
    aws("sqs").create_queue(QueueName="kept")
    assert ask(cloud, "POST", "snapshot", {"action": "save", "path": path})[0] == 200
    assert ask(cloud, "POST", "snapshot", {"action": "save", "path": path})[0] == 409
    ask(cloud, "POST", "reset")
    aws("sqs").create_queue(QueueName="new")
    assert ask(cloud, "POST", "snapshot", {"action": "load", "path": path})[0] == 200
    assert [url.rpartition("/")[2] for url in aws("sqs").list_queues()["QueueUrls"]] == ["kept"]


def test_jobs_that_were_given_up_are_told_and_work_is_waited_for(cloud):
    assert ask(cloud, "GET", "jobs") == (200, {"given_up": []})
    assert ask(cloud, "POST", "settle") == (200, {})


def test_a_bucket_may_have_keys_that_look_like_ours(cloud):
    reply = raw.ask(cloud.url, raw.request("GET", "/_glasshouse/health", {"Host": "bucket.s3.amazonaws.com"}))
    assert (reply.status, "<Error>" in reply.text) == (403, True)


# What happens next


def test_a_cloud_that_is_told_to_stop_stops():
    live = LiveCloud(Settings(port=0))
    assert ask(live, "POST", "stop") == (200, {})
    live._thread.join(10)
    assert not live._thread.is_alive()


def test_beyond_loopback_a_random_root_key_is_made_and_kept_and_test_is_a_stranger(tmp_path):
    from glasshouse.app import make_cloud
    from glasshouse.gateway.admission import Admission

    keys = []
    for _ in range(2):
        cloud = make_cloud(Settings(data=tmp_path / "data", account="111122223333"))
        admission = Admission(cloud, loopback=False)
        assert admission.credential("test") is None
        keys.append((admission.root.access_key_id, admission.root.secret_access_key))
        assert admission.credential(keys[0][0]).principal.arn == "arn:aws:iam::111122223333:root"
        cloud.store.close()
    assert keys[0] == keys[1] and keys[0][0].startswith("AKIA")
    path = tmp_path / "data" / "root.credential"
    assert path.stat().st_mode & 0o777 == 0o600 and keys[0][1].encode() not in path.read_bytes()
