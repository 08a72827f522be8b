"""What the walk stands on: the chain, the cloud as the deployer sees it, and the commands that a person would type."""

import json
import os
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
from botocore.config import Config
from chain import Chain, Transfers
from names import DATA, Names
from producer import SETTINGS, Producer

HERE = Path(__file__).parent
BUFFER_S = 60
MOST_ROUNDS = 60
PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 10})


class Stage:
    """One deployment on the walk's cloud."""

    def __init__(self, aws, chain: Chain, prefix: str):
        self.aws, self.chain = aws, chain
        self.names = Names(prefix, aws.account, aws.environment["AWS_DEFAULT_REGION"])
        self.keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        self.contracts: list[str] = []
        self.made: dict[str, str] = {}
        self.first = self.last = self.expected = 0
        """The blocks that were put to the stream, and how many transfers are to be in the table."""

    def command(self, *words: str) -> str:
        """Run one of this folder's programs, with the keys that are held at the moment. Returns what it printed."""
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        place = {"AWS_ENDPOINT_URL": self.aws.url, "AWS_DEFAULT_REGION": self.names.region}
        ran = subprocess.run(
            [sys.executable, *words], cwd=HERE, env={**environment, **place, **self.keys}, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr[-2000:]
        return ran.stdout

    def client(self, service: str, **keys: str) -> Any:
        """A client with the deployer's keys, or others."""
        given = {f"{name.lower()}": value for name, value in {**self.keys, **keys}.items()}
        return boto3.client(service, self.names.region, endpoint_url=self.aws.url, config=PATIENT, **given)

    def produces(self, checkpoint: Path | None = None) -> Producer:
        """A producer with the producer's role, and with a connection of its own to the chain."""
        arn = self.names.arn("iam", f"role/{self.names.role('producer')}")
        given = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="producer")["Credentials"]
        kinesis = boto3.client(
            "kinesis", self.names.region, endpoint_url=self.aws.url, config=SETTINGS,
            aws_access_key_id=given["AccessKeyId"], aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )  # fmt: skip
        chain = Chain(self.chain.url)
        return Producer(Transfers(chain, self.contracts), chain, kinesis, self.names.stream, checkpoint)

    def loaded(self) -> int:
        """How many items the table has."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self.names.table, Select="COUNT")
        return sum(page["Count"] for page in pages)

    def arrives(self, count: int) -> float:
        """Let the cloud's time pass until so many items are in the table. Returns how much of it passed, in seconds."""
        began = self.aws.clock.now()
        for _ in range(MOST_ROUNDS):
            self.aws.clock.advance(BUFFER_S)
            if self.loaded() >= count:
                return self.aws.clock.now() - began
        raise AssertionError(f"Of {count} transfers {self.loaded()} are in the table; {self.where_others_are()}")

    def where_others_are(self) -> str:
        """What there is between the stream and the table, for whoever looks for transfers that did not arrive."""
        names, sqs = self.names, self.client("sqs")
        kinds = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = {bucket: len(self.objects(bucket, "")) for bucket in (names.data_bucket, names.failed_bucket)}
        for name in (names.queue, names.dead_letters):
            url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
            told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=kinds)["Attributes"]
            found[name] = "+".join(told[kind] for kind in kinds)
        asked = {
            "logGroupName": f"/aws/lambda/{names.function('load')}",
            "filterPattern": '?Message ?Error ?"Status: "',
        }
        complaints = self.client("logs").filter_log_events(**asked)["events"][-3:]
        return f"there are {found}; the loader said last: {[event['message'].strip() for event in complaints]}"

    def objects(self, bucket: str, prefix: str = DATA) -> list[str]:
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def get(self, metric: str, method: str = "GET", headers: dict[str, str] | None = None, **query: Any):
        """Ask the API. Returns the status, the headers and what the body says."""
        url = urlsplit(f"{self.made['api']}/{metric}")
        # Names below localhost are this machine's, whether or not its resolver knows that.
        connection = HTTPConnection("127.0.0.1", url.port or 80, timeout=60)
        path = f"{url.path}?{urlencode(query)}" if query else url.path
        connection.request(method, path, headers={"Host": url.netloc, **(headers or {})})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, told, json.loads(body) if body else None

    @property
    def domain(self) -> str:
        """What the host names of this cloud's APIs and websites end with."""
        return f"localhost:{urlsplit(self.aws.url).port}"

    def left(self) -> dict[str, list[str]]:
        """What there still is in the account, by what it is, as its root sees it."""
        names = self.names.prefix
        told = {
            "buckets": self.client("s3").list_buckets()["Buckets"],
            "streams": self.client("kinesis").list_streams()["StreamNames"],
            "delivery streams": self.client("firehose").list_delivery_streams()["DeliveryStreamNames"],
            "queues": self.client("sqs").list_queues().get("QueueUrls", []),
            "tables": self.client("dynamodb").list_tables()["TableNames"],
            "functions": self.client("lambda").list_functions()["Functions"],
            "event source mappings": self.client("lambda").list_event_source_mappings()["EventSourceMappings"],
            "APIs": self.client("apigateway").get_rest_apis()["items"],
            "scalable targets": self.client("application-autoscaling").describe_scalable_targets(
                ServiceNamespace="dynamodb")["ScalableTargets"],
            "alarms": self.client("cloudwatch").describe_alarms()["MetricAlarms"],
            "log groups": self.client("logs").describe_log_groups()["logGroups"],
            "roles": [role for role in self.client("iam").list_roles()["Roles"] if role["RoleName"].startswith(names)],
            "policies": self.client("iam").list_policies(Scope="Local")["Policies"],
            "users": self.client("iam").list_users()["Users"],
        }  # fmt: skip
        return {name: [str(each) for each in found] for name, found in told.items()}
