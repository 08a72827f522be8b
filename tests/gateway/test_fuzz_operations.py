"""Operations with inputs drawn from the models, often with names of what is there: none fails by itself, and neither
does what comes of it later."""

import json
import logging

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glasshouse.app import LiveCloud, Settings
from tests.protocol.drawing import values

SERVICES = (
    "events", "scheduler", "pipes", "kinesis", "firehose", "cloudwatch", "application-autoscaling", "lambda",
    "apigatewayv2",
)  # fmt: skip
ARN = "arn:aws:{}:eu-west-1:000000000000:{}"
# Names of what is there, and texts that are read in one way or another.
KNOWN = st.sampled_from(
    [
        "fuzz", "default", "1", "-1", "0", "", "{}", "[]", '{"a": [1]}', "[" * 300, "rate(1 minute)",
        "cron(0 0 31 2 ? *)",
        "$default", "GET /{x}", "http://[", "$.a[", "m1 / 0", "*", "UTC", "true", "1e999",
        ARN.format("sqs", "fuzz"), ARN.format("kinesis", "stream/fuzz"), ARN.format("events", "event-bus/fuzz"),
        ARN.format("lambda", "function:fuzz"), ARN.format("sqs", "a:b"), "arn:a", "arn:aws:s3:::fuzz",
        ARN.format("logs", "log-group:fuzz"), "arn:aws:iam::000000000000:role/fuzz",
        "arn:aws:iam::111111111111:role/no",
    ]
)  # fmt: skip
LONG = {"SubscribeToShard", "InvokeWithResponseStream", "ReceiveQueueRecords"}  # their answers need not end soon


@pytest.fixture(scope="module")
def live():
    cloud = LiveCloud(Settings(port=0))
    cloud.clock.freeze()
    trusted = {"Service": [f"{name}.amazonaws.com" for name in ("events", "scheduler", "pipes", "firehose", "lambda")]}
    trust = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    client(cloud, "iam").create_role(RoleName="fuzz", AssumeRolePolicyDocument=policy)
    client(cloud, "sqs").create_queue(QueueName="fuzz")
    client(cloud, "kinesis").create_stream(StreamName="fuzz", ShardCount=1)
    client(cloud, "events").create_event_bus(Name="fuzz")
    client(cloud, "logs").create_log_group(logGroupName="fuzz")
    yield cloud
    cloud.stop()


def client(cloud, service: str):
    config = Config(parameter_validation=False, retries={"max_attempts": 0}, inject_host_prefix=False, read_timeout=30)
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(service, "eu-west-1", endpoint_url=cloud.url, config=config, **keys)


@st.composite
def requests(draw, described):
    """An operation of a service's model and its input, in which some texts are known ones."""
    name = draw(st.sampled_from(sorted(set(described.operation_names) - LONG)))
    chance = draw(st.randoms(use_true_random=False))

    def known(value):
        if isinstance(value, dict):
            return {key: known(item) for key, item in value.items()}
        if isinstance(value, list):
            return [known(item) for item in value]
        return draw(KNOWN) if isinstance(value, str) and chance.random() < 0.7 else value

    return name, known(draw(values(described.operation_model(name).input_shape)))


@pytest.mark.parametrize("service", SERVICES)
def test_no_operation_fails_by_itself(live, caplog, service):
    asking = client(live, service)

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(requests(asking.meta.service_model))
    def ask(request):
        name, params = request
        try:
            asking._make_api_call(name, params)
        except ClientError as refusal:
            status = refusal.response["ResponseMetadata"]["HTTPStatusCode"]
            assert status < 500 or status == 501, refusal
        except (ParamValidationError, ValueError):
            return  # an empty label, which botocore does not send

    with caplog.at_level(logging.WARNING, "glasshouse"):
        ask()
        live.settle()
        live.clock.advance(61)
    assert live.run(live.cloud.jobs.given_up) == []
    assert [record.exc_text or record.message for record in caplog.records if record.exc_info] == []
