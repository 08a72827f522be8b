"""The walk of on-chain analytics: see README.md for what each step is about.

A chain with a history, a pipeline that brings it into a table, an API that counts, a page that shows it.
"""

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path

import tools
from botocore.exceptions import ClientError
from chain import Chain
from deploy import CAPACITY
from looks import page, scaled, watch
from market import DAY_S, Market, moments
from names import METRICS
from stage import Stage
from trouble import killed, malformed, poisoned
from truth import metric, transfers

KILLABLE = True
WALLETS = 60
BURST_S = 300
FEW, MANY = 500, 20_000
BEFORE_NOW_S = 3600  # where the history ends, so that there is something to come
INTERVALS = (60, 1440)
NOBODYS = "0x" + "9" * 40


def options(parser: argparse.ArgumentParser):
    parser.add_argument("--rpc", metavar="URL", help="a node of a chain (default: a ganache with a history of its own)")
    parser.add_argument("--contract", action="append", metavar="ADDRESS", help="with --rpc: on that chain")
    parser.add_argument("--from", dest="first", type=int, default=0, metavar="BLOCK", help="with --rpc: the first")
    parser.add_argument("--days", type=float, default=45, help="of history (default: %(default)s)")
    parser.add_argument("--per-minute", type=float, default=0.02, help="transfers (default: %(default)s)")
    parser.add_argument("--payload-bytes", type=int, default=500, help="of each transaction (default: %(default)s)")
    parser.add_argument("--prefix", default="onchain", help="what all names begin with (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="move the clock rather than wait for a minute")
    parser.add_argument("--screenshots", type=Path, metavar="DIR", help="where to put pictures of the page")
    parser.add_argument("--keep", action="store_true", help="leave all of it running until Enter is pressed")


def walk(step, aws, told):
    place = Path(tempfile.mkdtemp(prefix="onchain-analytics-"))
    lacking = tools.missing()
    ganache = None
    try:
        with step("Look for the programs that run beside the cloud") as it:
            it.saw("; ".join(f"{name} is missing: {what} is left out" for name, what in lacking.items()) or "all here")
            if not told.rpc and tools.node():
                ganache = tools.Ganache(WALLETS)
        if told.rpc or ganache:
            follow(step, Stage(aws, Chain(told.rpc or ganache.url), told.prefix), told, place, ganache)
    finally:
        if ganache:
            ganache.stop()
        shutil.rmtree(place, ignore_errors=True)


def follow(step, stage: Stage, told, place: Path, ganache):
    """From an empty account to an empty account."""
    with_page = not tools.missing()
    administer(step, stage)
    deploy(step, stage, told, tools.built(place / "page") if with_page else None)
    bounded(step, stage)
    market = history(step, stage, told, ganache)
    ingest(step, stage, told)
    metrics(step, stage)
    if market:
        killed(step, stage, market)
    malformed(step, stage)
    poisoned(step, stage)
    if with_page:
        page(step, stage, market, told)
    watch(step, stage)
    if FEW < stage.expected < MANY:  # fewer are no load, and with more the table was given enough from the start
        scaled(step, stage)
    if told.keep:
        input(f"It is all there until you press Enter: {json.dumps(stage.made, indent=2)}\n")
    leave(step, stage)


def administer(step, stage: Stage):
    with step("An administrator makes a user who may deploy, and a boundary for all roles that this user makes") as it:
        exports = stage.command("administer.py", "--prefix", stage.names.prefix).splitlines()
        stage.keys = dict(line.removeprefix("export ").split("=", 1) for line in exports)
        it.saw(stage.client("sts").get_caller_identity()["Arn"])


def deploy(step, stage: Stage, told, page_folder: Path | None):
    names = stage.names
    with step("The user deploys, with the script that would deploy to AWS") as it:
        words = ["deploy.py", "--prefix", names.prefix, "--domain", stage.domain, "--capacity", str(capacity(told))]
        stage.made = json.loads(stage.command(*words, *(["--page", str(page_folder)] if page_folder else [])))
        for name, value in stage.made.items():
            it.saw(f"{name}: {value}")
    with step("Each function, the delivery, the API and the producer have a role of their own") as it:
        it.saw(", ".join(sorted(names.roles)))
        given = json.loads(names.policy("metric", "wallets"))["Statement"][-1]
        it.saw(f"{names.role('wallets')} may {given['Action'][0]} {given['Resource'].rpartition(':')[2]}")


def capacity(told) -> int:
    """What the table needs to take the whole history at once: five minutes of capacity that was not used."""
    units_of_an_item = 3 + 2 * told.payload_bytes // 1024
    return max(CAPACITY, round(told.days * 24 * 60 * told.per_minute * units_of_an_item / BURST_S))


def bounded(step, stage: Stage):
    iam, names = stage.client("iam"), stage.names
    with step("The user may do nothing else: no user, no role without the boundary, no role of another name") as it:
        role = {
            "RoleName": names.role("more"),
            "AssumeRolePolicyDocument": '{"Version": "2012-10-17", "Statement": []}',
        }
        for action in (
            lambda: iam.create_user(UserName="another"),
            lambda: iam.create_role(**role),
            lambda: iam.create_role(**{**role, "RoleName": "more"}, PermissionsBoundary=names.boundary),
        ):
            it.saw(refused(action, "AccessDenied"))


def history(step, stage: Stage, told, ganache) -> Market | None:
    """What there is to be ingested. A market only on a chain of our own."""
    if ganache is None:
        stage.contracts = [contract.lower() for contract in told.contract or []]
        stage.first = told.first
        with step("Find the contracts on the chain") as it:
            assert stage.contracts, "--rpc needs at least one --contract"
            it.saw(f"{', '.join(stage.contracts)}, blocks {stage.first} to {stage.chain.height()}")
        return None
    market = Market(stage.chain, payload_bytes=told.payload_bytes)
    with step(f"Start a chain, and let {told.days:g} days of trade go by on it") as it:
        ganache.wait()
        until = int(time.time()) - BEFORE_NOW_S
        when = moments(told.days, told.per_minute, until)
        market.open(until - int(told.days * DAY_S) - 60)
        market.trade(when)
        stage.contracts = market.contracts
        it.saw(f"{len(when)} transfers in {stage.chain.height()} blocks")
        it.saw(f"of {' and '.join(stage.contracts)}")
    return market


def ingest(step, stage: Stage, told):
    with step("The producer puts the history to the stream, up to 500 records at a time") as it:
        producer = stage.produces()
        stage.last = stage.chain.height()
        producer.run(stage.first, stage.last)
        stage.expected = producer.taken
        it.saw(f"{producer.taken} records taken, {producer.put_again} of them not at first")
    with step("Firehose, S3, SQS and the loader bring them into the table: the cloud's clock is moved meanwhile") as it:
        passed_s = stage.arrives(stage.expected)
        assert stage.loaded() == stage.expected
        it.saw(f"{stage.expected} items after {passed_s:.0f} s of the cloud's time; the queue is empty: {empty(stage)}")
    with step("The objects are JSON Lines, by the hour of their arrival") as it:
        keys = stage.objects(stage.names.data_bucket)
        line = stage.client("s3").get_object(Bucket=stage.names.data_bucket, Key=keys[0])["Body"].readline()
        it.saw(f"{len(keys)} objects, the first of them {keys[0]}")
        record = json.loads(line)
        for name in ("address", "timestamp", "block_number", "transfer_value", "transaction_value"):
            it.saw(f"{name}: {record[name]}")


def metrics(step, stage: Stage):
    found = transfers(stage.chain, stage.contracts, stage.first, stage.last)
    with step("The three metrics are what a count over the chain (eth_getLogs) gives, digit by digit") as it:
        for contract in stage.contracts:
            own = [transfer for transfer in found if transfer.contract == contract]
            for name in METRICS:
                compare(stage, name, contract, own)
            totals = {
                **metric("wallets", own, 60)[0],
                **metric("transactions", own, 60)[0],
                **metric("tokens", own, 60)[0],
            }
            it.saw(f"{contract}: {totals}")
    with step("An unknown address has 0 of everything; without a parameter it is 400; other methods are refused") as it:
        for name in METRICS:
            status, _, body = stage.get(name, address=NOBODYS, interval=60)
            assert status == 200 and body["points"] == [] and not any(float(each) for each in body["total"].values())
        it.saw(f"{body['total']}")
        for query in ({"address": NOBODYS}, {"interval": 60}, {"address": "0x1", "interval": 60}):
            status, headers, body = stage.get("wallets", **query)
            assert status == 400 and headers["access-control-allow-origin"] == "*", (status, body)
            it.saw(f"400: {body['message']}")
        status, headers, body = stage.get("wallets", "DELETE")
        assert status == 403 and headers["access-control-allow-origin"] == "*", (status, headers)
        it.saw(f"DELETE: {status} {body['message']}")


def compare(stage: Stage, name: str, contract: str, own: list):
    for minutes in INTERVALS:
        status, _, body = stage.get(name, address=contract, interval=minutes)
        assert status == 200, (name, status, body)
        assert (body["total"], body["points"]) == metric(name, own, minutes), (name, contract, minutes)


def empty(stage: Stage) -> bool:
    sqs = stage.client("sqs")
    url = sqs.get_queue_url(QueueName=stage.names.queue)["QueueUrl"]
    counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=counts)["Attributes"]
    return not any(int(told[count]) for count in counts)


def refused(action, code: str) -> str:
    try:
        action()
    except ClientError as failure:
        error = failure.response["Error"]
        assert error["Code"] == code, error
        return f"{error['Code']}: {error['Message'].rpartition('perform: ')[2]}"
    raise AssertionError(f"nothing was refused with {code}")


def leave(step, stage: Stage):
    with step("Remove the deployment, then the user: nothing is left") as it:
        stage.command("remove.py", "--prefix", stage.names.prefix)
        stage.keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        stage.command("administer.py", "--prefix", stage.names.prefix, "--remove")
        left = stage.left()
        assert not any(left.values()), left
        it.saw(f"no {', no '.join(left)}")
