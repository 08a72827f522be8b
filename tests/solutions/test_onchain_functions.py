"""The functions of on-chain analytics, as Lambda calls them."""

import base64
import importlib
import json
import sys
from pathlib import Path

import pytest

from glasshouse.app import LiveCloud, Settings

FUNCTIONS = Path(__file__).parents[2] / "solutions" / "onchain-analytics" / "functions"
CONTRACT, ALICE, BOB, NOBODY = ("0x" + digit * 40 for digit in "cab0")
FIRST, SECOND = "0x" + "1" * 64, "0x" + "2" * 64


@pytest.fixture
def function(monkeypatch):
    """Loads one, in an environment of its own."""
    monkeypatch.syspath_prepend(str(FUNCTIONS))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if str(FUNCTIONS) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]


def told(**transfer):
    """A transfer, as the producer tells it."""
    return {
        "address": CONTRACT,
        "token": {"symbol": "LANT", "decimals": 18},
        "block": {"number": "0x10", "hash": "0xff", "timestamp": 1661990417},
        "transaction": {"hash": FIRST, "from": ALICE, "to": CONTRACT, "value": "0x6f05b59d3b20000", "gas": "0x1d4c0",
                        "gasPrice": "0x77359400", "nonce": "0x0", "input": "0xa6f2ae3a"},
        "transfer": {"from": NOBODY, "to": ALICE, "value": "0xad78ebc5ac6200001", "logIndex": "0x3", **transfer},
    }  # fmt: skip


def event(*payloads: bytes):
    records = [
        {"recordId": str(number), "data": base64.b64encode(payload).decode(), "approximateArrivalTimestamp": 0}
        for number, payload in enumerate(payloads)
    ]
    return {"invocationId": "i", "deliveryStreamArn": "d", "region": "us-west-2", "records": records}


# Transforming


def test_a_transfer_is_flattened_dated_and_counted_in_tokens(function):
    payload = json.dumps(told()).encode()
    (record,) = function("transform").handler(event(payload), None)["records"]
    line = base64.b64decode(record["data"]).decode()
    assert (record["result"], record["recordId"], line.endswith("}\n")) == ("Ok", "0", True)
    assert json.loads(line) == {
        "address": CONTRACT, "timestamp": f"2022-09-01T00:00:17Z#{FIRST}#0003", "time": "2022-09-01T00:00:17Z",
        "token_symbol": "LANT", "token_decimals": 18, "block_number": 16, "block_hash": "0xff",
        "transaction_hash": FIRST, "transaction_from": ALICE, "transaction_to": CONTRACT, "transaction_value": "0.5",
        "transaction_gas": 120000, "transaction_gas_price": 2000000000, "transaction_nonce": 0,
        "transaction_input": "0xa6f2ae3a", "transfer_from": NOBODY, "transfer_to": ALICE,
        "transfer_value": "200.000000000000000001", "transfer_log_index": 3,
    }  # fmt: skip


def test_the_largest_number_of_a_chain_keeps_all_its_digits(function):
    line = function("transform").flat(told(value="0x" + "f" * 64))
    assert line["transfer_value"] == "115792089237316195423570985008687907853269984665640564039457.584007913129639935"


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[]", b"null", b'{"address": "0x"}', json.dumps(told(value=12)).encode(),
     json.dumps(told(value="200.5")).encode(), json.dumps(told(logIndex=None)).encode(), b"\xff\xfe"],
)  # fmt: skip
def test_what_is_no_transfer_fails_and_the_others_do_not(function, payload):
    good = json.dumps(told()).encode()
    records = function("transform").handler(event(good, payload, good), None)["records"]
    assert [record["result"] for record in records] == ["Ok", "ProcessingFailed", "Ok"]
    assert base64.b64decode(records[1]["data"]) == payload


# Counting


@pytest.fixture
def table(monkeypatch):
    """The table of transfers, in a cloud."""
    live = LiveCloud(Settings(port=0))
    for name, value in {
        "AWS_ENDPOINT_URL": live.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-west-2", "TABLE": "transfers", "INDEX": "metrics",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    import boto3

    keys = [{"AttributeName": "address", "KeyType": "HASH"}, {"AttributeName": "timestamp", "KeyType": "RANGE"}]
    capacity = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    table = boto3.resource("dynamodb").create_table(
        TableName="transfers", KeySchema=keys, ProvisionedThroughput=capacity,
        AttributeDefinitions=[{"AttributeName": key["AttributeName"], "AttributeType": "S"} for key in keys],
        GlobalSecondaryIndexes=[{"IndexName": "metrics", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"},
                                 "ProvisionedThroughput": capacity}],
    )  # fmt: skip
    yield table
    live.stop()


def put(table, time: str, transaction: str, index: int, sender: str, receiver: str, tokens: str, paid: str = "0"):
    item = {"address": CONTRACT, "timestamp": f"2022-09-01T{time}Z#{transaction}#{index:04}", "transfer_from": sender,
            "transfer_to": receiver, "transfer_value": tokens, "transaction_value": paid}  # fmt: skip
    table.put_item(Item=item)


def ask(function, metric: str, **parameters):
    answer = function(metric).handler({"queryStringParameters": parameters or None}, None)
    assert answer["headers"]["Access-Control-Allow-Origin"] == "*"
    return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def transfers(table):
    """Alice buys, and pays Bob twice in one transaction; an hour later Bob pays Alice."""
    put(table, "10:00:00", FIRST, 0, NOBODY, ALICE, "200.5", "0.5")
    put(table, "10:59:59", SECOND, 0, ALICE, BOB, "10", "0.25")
    put(table, "10:59:59", SECOND, 1, ALICE, BOB, "10", "0.25")
    put(table, "11:00:00", "0x" + "3" * 64, 0, BOB, ALICE, "0.000000000000000001")


@pytest.mark.parametrize(
    ("metric", "total", "points"),
    [
        ("wallets", {"wallets": 2}, [{"wallets": 2}, {"wallets": 2}]),
        ("transactions", {"transactions": 3}, [{"transactions": 2}, {"transactions": 1}]),
        ("tokens", {"tokens": "220.500000000000000001", "value": "0.75"},
         [{"tokens": "220.5", "value": "0.75"}, {"tokens": "0.000000000000000001", "value": "0"}]),
    ],
)  # fmt: skip
def test_a_metric_has_a_point_for_each_interval(function, transfers, metric, total, points):
    status, told = ask(function, metric, address=CONTRACT.upper().replace("X", "x"), interval="60")
    times = ["2022-09-01T10:00:00Z", "2022-09-01T11:00:00Z"]
    expected = [{"time": time, **point} for time, point in zip(times, points, strict=True)]
    assert (status, told) == (200, {"address": CONTRACT, "interval": 60, "total": total, "points": expected})


def test_a_part_of_the_history_ends_before_its_end(function, transfers):
    part = {"from": "2022-09-01T10:30:00Z", "to": "2022-09-01T11:00:00Z"}
    _, told = ask(function, "transactions", address=CONTRACT, interval="1", **part)
    assert told["total"] == {"transactions": 1} and told["points"][0]["time"] == "2022-09-01T10:59:00Z"


@pytest.mark.parametrize("metric", ["wallets", "transactions", "tokens"])
def test_nothing_is_known_of_another_contract(function, transfers, metric):
    status, told = ask(function, metric, address=ALICE, interval="60")
    assert (status, told["points"], {float(value) for value in told["total"].values()}) == (200, [], {0.0})


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "The parameter address is missing"),
        ({"address": CONTRACT}, "The parameter interval is missing"),
        ({"interval": "60"}, "The parameter address is missing"),
        ({"address": "0x12", "interval": "60"}, "The address must be 0x and 40 hexadecimal digits"),
        ({"address": CONTRACT, "interval": "0"}, "The interval must be a number of minutes from 1 to 527040"),
        ({"address": CONTRACT, "interval": "-5"}, "The interval must be a number of minutes from 1 to 527040"),
        ({"address": CONTRACT, "interval": "1", "from": "yesterday"},
         "from must be a time such as 2022-09-01T00:00:00Z"),
        ({"address": CONTRACT, "interval": "1", "from": "2022-09-02T00:00:00Z", "to": "2022-09-01T00:00:00Z"},
         "from must not be later than to"),
    ],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused(function, table, parameters, message):
    assert ask(function, "wallets", **parameters) == (400, {"message": message})
