"""Requests a second, processor time a request, cold start and memory: Glasshouse beside moto's server and ministack.

Each server runs on this machine at the same time and is asked in turn, round after round, so that a slow moment of the
machine hits them alike; the figures are medians of the rounds. The clients send what boto3 sends, signed.

    make bench                                        # or: python -m bench.requests --seconds 5 --rounds 5
    python -m bench.requests --only "S3 Put"          # cases whose names begin so
"""

import argparse
import itertools
import json
import platform
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench.load import generator, replay
from bench.servers import GLASSHOUSE, PEERS, Product, Server
from bench.signed import ROOT, Signed, client, signed

KILOBYTE, LARGE = b"k" * 1024, 64 * 1024 * 1024
CONNECTIONS = (1, 8)
SENDER = {
    "Effect": "Allow",
    "Principal": {"Service": "sns.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": "*",
}
OPEN = json.dumps({"Version": "2012-10-17", "Statement": [SENDER]})  # a queue that lets SNS in


@dataclass(frozen=True)
class Case:
    """One request; `prepared` holds what `prepare` returned for a server."""

    name: str
    service: str
    call: Callable[[Any, dict], Any]
    least_s: int = 0  # how long a measurement of it must last at least


CASES = (
    Case("STS GetCallerIdentity", "sts", lambda sts, _: sts.get_caller_identity()),
    Case("S3 PutObject 1 KB", "s3", lambda s3, _: s3.put_object(Bucket="bench", Key="put", Body=KILOBYTE)),
    Case("S3 GetObject 1 KB", "s3", lambda s3, _: s3.get_object(Bucket="bench", Key="small")),
    Case("S3 GetObject 64 MB", "s3", lambda s3, _: s3.get_object(Bucket="bench", Key="large"), 6),
    Case("SQS SendMessage", "sqs", lambda sqs, it: sqs.send_message(QueueUrl=it["queue"], MessageBody="a" * 100)),
    Case("SNS Publish to a queue", "sns", lambda sns, it: sns.publish(TopicArn=it["one"], Message="a" * 100)),
    Case("SNS Publish to a queue, raw", "sns", lambda sns, it: sns.publish(TopicArn=it["raw"], Message="a" * 100)),
    Case("SNS Publish to 100 queues", "sns", lambda sns, it: sns.publish(TopicArn=it["hundred"], Message="a" * 100)),
    Case("SSM GetParameter", "ssm", lambda ssm, _: ssm.get_parameter(Name="/bench/parameter")),
    Case("DynamoDB PutItem", "dynamodb", lambda dynamodb, _: dynamodb.put_item(TableName="bench", Item=order(0))),
    Case("DynamoDB GetItem", "dynamodb", lambda dynamodb, _: dynamodb.get_item(TableName="bench", Key=key_of(0))),
    Case("DynamoDB Query of 10", "dynamodb", lambda dynamodb, _: dynamodb.query(**OF_A_CUSTOMER)),
)
OF_A_CUSTOMER = {
    "TableName": "bench",
    "KeyConditionExpression": "customer = :customer",
    "ExpressionAttributeValues": {":customer": {"S": "customer-1"}},
    "Limit": 10,
}


@dataclass
class Figures:
    """What was measured of one case on one server, a value a round."""

    per_second: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    failures: int = 0


class AsUser:
    """Glasshouse once more, asked by a user whose policy must allow each request."""

    name = f"{GLASSHOUSE.name}, as a user"

    def __init__(self, server: Server):
        self.url, self.cpu_s = server.url, server.cpu_s
        iam = client("iam", server.url)
        iam.create_user(UserName="bench")
        actions = [
            "s3:*Object",
            "sqs:SendMessage",
            "sns:Publish",
            "ssm:GetParameter",
            "dynamodb:*Item",
            "dynamodb:Query",
        ]
        allow = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        iam.put_user_policy(UserName="bench", PolicyName="bench", PolicyDocument=document)
        made = iam.create_access_key(UserName="bench")["AccessKey"]
        self.key = made["AccessKeyId"], made["SecretAccessKey"]


def main():
    wanted = arguments()
    products = [product for product in (GLASSHOUSE, *PEERS) if product.name in wanted.servers]
    for product in products:
        product.install()
    print(f"{machine()}; load by {generator()}; {wanted.rounds} rounds of {wanted.seconds} s, interleaved; medians")
    print("; ".join(f"{product.name} {product.version()}" for product in products))
    report = {"cold start": cold_starts(products, wanted.rounds)}
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(product)) for product in products]
        for server in servers:
            server.first_answer(first_request(server).raw())
        prepared = {server.name: prepare(server.url) for server in servers}
        cases = [case for case in CASES if case.name.startswith(wanted.only)]
        asked: list[Server | AsUser] = list(servers)
        if servers[0].name == GLASSHOUSE.name:
            asked.insert(1, AsUser(servers[0]))
            prepared[AsUser.name] = prepared[GLASSHOUSE.name]
        report["requests"] = measure(asked, prepared, cases, wanted.rounds, wanted.seconds)
        report["memory after all that, MB"] = {it.name: round(it.memory_bytes() / 1e6) for it in servers}
        print_beside("memory after all that, MB", report["memory after all that, MB"], smaller_is_better=True)
    if wanted.json:
        Path(wanted.json).write_text(json.dumps(report, indent=2))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=2, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", metavar="BEGINNING", help="of the names of the cases to measure")
    parser.add_argument("--servers", nargs="*", default=["glasshouse", "moto", "ministack"])
    parser.add_argument("--json", metavar="FILE", help="write all figures there")
    return parser.parse_args()


def cold_starts(products: list[Product], rounds: int) -> dict:
    """From starting the process to its first answer, and what is resident then."""
    seconds: dict[str, list[float]] = {product.name: [] for product in products}
    memory: dict[str, list[float]] = {product.name: [] for product in products}
    for _ in range(rounds):
        for product in products:
            server = Server(product)
            request = first_request(server).raw()  # signed beforehand: that takes longer than some servers need
            with server:
                seconds[server.name].append(server.first_answer(request))
                memory[server.name].append(server.memory_bytes() / 1e6)
    result = {
        "cold start to the first answer, s": {name: round(median(values), 3) for name, values in seconds.items()},
        "memory when idle, MB": {name: round(median(values)) for name, values in memory.items()},
    }
    for title, values in result.items():
        print_beside(title, values, smaller_is_better=True)
    return result


def first_request(server: Server) -> Signed:
    return signed("sts", server.url, lambda sts: sts.get_caller_identity())


def prepare(url: str) -> dict:
    """A bucket with a small and a large object, a queue, a parameter, a table, topics with one and a hundred queues."""
    s3 = client("s3", url)
    s3.create_bucket(Bucket="bench")
    s3.put_object(Bucket="bench", Key="small", Body=KILOBYTE)
    s3.put_object(Bucket="bench", Key="large", Body=bytes(LARGE))
    client("ssm", url).put_parameter(Name="/bench/parameter", Value="value", Type="String")
    table(url)
    queue = client("sqs", url).create_queue(QueueName="bench")["QueueUrl"]
    return {"queue": queue, "one": topic(url, 1), "raw": topic(url, 1, raw=True), "hundred": topic(url, 100)}


def key_of(number: int) -> dict:
    return {"customer": {"S": "customer-1"}, "number": {"N": str(number)}}


def order(number: int) -> dict:
    """An item of some 200 bytes."""
    lines = [{"M": {"article": {"S": f"article {line}"}, "pieces": {"N": str(line)}}} for line in range(3)]
    return {**key_of(number), "note": {"S": "a" * 100}, "paid": {"BOOL": True}, "lines": {"L": lines}}


def table(url: str):
    """A table with twenty items of one partition."""
    dynamodb = client("dynamodb", url)
    dynamodb.create_table(
        TableName="bench",
        KeySchema=[
            {"AttributeName": "customer", "KeyType": "HASH"},
            {"AttributeName": "number", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "customer", "AttributeType": "S"},
            {"AttributeName": "number", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(TableName="bench", WaiterConfig={"Delay": 1})
    for number in range(20):
        dynamodb.put_item(TableName="bench", Item=order(number))


def topic(url: str, queues: int, raw: bool = False) -> str:
    """A topic that so many queues are subscribed to."""
    sns, sqs = client("sns", url), client("sqs", url)
    kind = "raw" if raw else "signed"
    arn = sns.create_topic(Name=f"{kind}-to-{queues}")["TopicArn"]
    for number in range(queues):
        made = sqs.create_queue(QueueName=f"{kind}-{queues}-{number}", Attributes={"Policy": OPEN})["QueueUrl"]
        queue = sqs.get_queue_attributes(QueueUrl=made, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        attributes = {"RawMessageDelivery": "true"} if raw else {}
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes=attributes)
    return arn


def measure(servers: list[Server | AsUser], prepared: dict, cases: list[Case], rounds: int, seconds: int) -> list[dict]:
    rows = []
    print(f"\n{'':38}{'requests a second':>18}{'cpu µs a request':>20}{'to the best peer':>20}")
    for case, connections in itertools.product(cases, CONNECTIONS):
        figures = {server.name: Figures() for server in servers}
        for _, server in itertools.product(range(rounds), servers):
            once(server, case, prepared[server.name], connections, seconds, figures[server.name])
        rows.append(print_case(case, connections, figures))
    return rows


def once(server: Server | AsUser, case: Case, prepared: dict, connections: int, seconds: int, figures: Figures):
    key = server.key if isinstance(server, AsUser) else ROOT
    request = signed(case.service, server.url, lambda asking: case.call(asking, prepared), key)
    before = server.cpu_s()
    load = replay(request, connections, max(seconds, case.least_s))
    figures.cpu_us.append((server.cpu_s() - before) * 1e6 / max(1, load.requests))
    figures.per_second.append(load.per_second)
    figures.failures += load.failures


def print_case(case: Case, connections: int, figures: dict[str, Figures]) -> dict:
    title = f"{case.name}, {connections} connection{'s' if connections > 1 else ''}"
    print(title)
    rates = {name: median(it.per_second) for name, it in figures.items()}
    best = max((rate for name, rate in rates.items() if not name.startswith(GLASSHOUSE.name)), default=None)
    for name, it in figures.items():
        ratio = f"{rates[name] / best:.2f}x" if best and name.startswith(GLASSHOUSE.name) else ""
        failed = f"  {it.failures} failed" if it.failures else ""
        print(f"    {name:34}{rates[name]:>18,.1f}{median(it.cpu_us):>20,.0f}{ratio:>20}{failed}", flush=True)
    return {
        "case": title,
        "per second": rates,
        "cpu us": {name: median(it.cpu_us) for name, it in figures.items()},
        "failures": {name: it.failures for name, it in figures.items()},
    }


def print_beside(title: str, values: dict[str, float], smaller_is_better: bool):
    listed = "   ".join(f"{name} {value}" for name, value in values.items())
    peers = [value for name, value in values.items() if name != GLASSHOUSE.name]
    ours = values.get(GLASSHOUSE.name)
    ratio = (
        f"   {ours / (min(peers) if smaller_is_better else max(peers)):.2f}x the best peer's" if peers and ours else ""
    )
    print(f"{title}: {listed}{ratio}", flush=True)


def machine() -> str:
    cores = subprocess.run(["nproc"], capture_output=True, text=True, check=False).stdout.strip()
    return f"{platform.system()} {platform.machine()}, {cores} cores, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
