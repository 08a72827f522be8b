"""Rotation by a function, in a cloud whose Lambda knows one function: a rotation function as AWS's templates are."""

import asyncio
import json

import pytest

from glasshouse import services
from glasshouse.core import Service, ServiceError
from glasshouse.core.call import Call
from glasshouse.core.cloud import Cloud
from glasshouse.protocol import model

FUNCTION = "arn:aws:lambda:eu-west-1:000000000000:function:rotate"
DAY_S = 24 * 3600
TOKEN = "t" * 32


class Function(Service):
    """Stands in for Lambda: invoking it performs a step of a rotation, unless that step is to fail."""

    name = "lambda"

    def invoke(self, function_name: str, payload: bytes = b""):
        if function_name == failing.get("absent"):
            raise ServiceError(f"Function not found: {function_name}")
        event = json.loads(payload)
        steps.append((event["Step"], function_name))
        if event["Step"] == failing.get("step"):
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": b'{"errorMessage": "no"}'}
        secret, token = event["SecretId"], event["ClientRequestToken"]
        held = self.aws.secretsmanager
        described = held.describe_secret(SecretId=secret)
        assert "AWSPENDING" in described["VersionIdsToStages"][token]
        if event["Step"] == "createSecret":
            self.create(secret, token)
        elif event["Step"] == "finishSecret":
            current = next(id for id, stages in described["VersionIdsToStages"].items() if "AWSCURRENT" in stages)
            held.update_secret_version_stage(
                SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
            )
        return {"StatusCode": 200, "Payload": b"null"}

    def create(self, secret: str, token: str):
        """Templates do so only if an earlier attempt has not."""
        held, wanted = self.aws.secretsmanager, {"SecretId": secret, "VersionId": token, "VersionStage": "AWSPENDING"}
        try:
            held.get_secret_value(**wanted)
        except ServiceError:
            new = held.get_random_password()["RandomPassword"]
            stages = ["AWSPENDING"]
            held.put_secret_value(SecretId=secret, ClientRequestToken=token, SecretString=new, VersionStages=stages)


steps: list[tuple[str, str]] = []
failing: dict[str, str] = {}


class WithFunction:
    """The services there are, and this Lambda."""

    def __getattr__(self, name):
        return getattr(services, name)

    def names(self):
        return services.names()

    def subscribers(self, fact):
        """What Lambda hears is not for this one."""
        return [told for told in services.subscribers(fact) if told[0] != "lambda"]

    def load(self, name):
        return Function if name == "lambda" else services.load(name)

    def schema(self, name):
        return None if name == "lambda" else services.schema(name)


class Held:
    """A cloud with an event loop of its own, run step by step by the test, and a secret in it."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.cloud = Cloud(model, WithFunction())
        self.wait(self.cloud.start())
        self.do("CreateSecret", Name="db", SecretString="first", ClientRequestToken="f" * 32)

    def wait(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    def do(self, operation, **params):
        call = Call("secretsmanager", operation, params, "000000000000", "eu-west-1", self.cloud.root())
        return self.cloud.perform(call)

    def rotate(self, **params):
        answer = self.do("RotateSecret", SecretId="db", RotationLambdaARN=FUNCTION, ClientRequestToken=TOKEN, **params)
        self.wait(self.cloud.runner.settle())
        return answer

    def advance(self, days):
        self.wait(self.cloud.runner.advance(self.cloud.clock.now() + days * DAY_S))

    def value(self):
        return self.do("GetSecretValue", SecretId="db")["SecretString"]

    def described(self):
        return self.do("DescribeSecret", SecretId="db")

    def stop(self):
        self.wait(self.cloud.stop())
        self.loop.close()


@pytest.fixture
def held():
    steps.clear()
    failing.clear()
    made = Held()
    yield made
    made.stop()


# What is refused


def test_one_rotation_at_a_time(held):
    failing["step"] = "setSecret"
    held.rotate()
    with pytest.raises(ServiceError, match="A previous rotation isn't complete"):
        held.rotate()


def test_a_schedule_is_days_or_an_expression(held):
    for rules in ({"AutomaticallyAfterDays": 5, "ScheduleExpression": "rate(5 days)"}, {"Duration": "3h"}):
        with pytest.raises(ServiceError, match="AutomaticallyAfterDays"):
            held.rotate(RotationRules=rules)


# What is done


def test_a_rotation_takes_four_steps(held):
    assert held.rotate()["VersionId"] == TOKEN
    assert steps == [(step, FUNCTION) for step in ("createSecret", "setSecret", "testSecret", "finishSecret")]
    assert held.value() != "first"
    described = held.described()
    assert described["VersionIdsToStages"] == {TOKEN: ["AWSCURRENT", "AWSPENDING"], "f" * 32: ["AWSPREVIOUS"]}
    assert (described["RotationEnabled"], described["RotationLambdaARN"]) == (True, FUNCTION)
    assert described["LastRotatedDate"] >= described["CreatedDate"]


def test_a_schedule_may_begin_with_a_test_only(held):
    held.rotate(RotateImmediately=False, RotationRules={"AutomaticallyAfterDays": 10})
    assert steps == [("testSecret", FUNCTION)]
    described = held.described()
    assert held.value() == "first"
    assert list(described["VersionIdsToStages"].values()) == [["AWSCURRENT"]]
    assert described["NextRotationDate"] == pytest.approx(described["CreatedDate"] + 10 * DAY_S, abs=60)


# What happens next


def test_a_secret_rotates_by_the_clock(held):
    held.rotate(RotationRules={"ScheduleExpression": "rate(10 days)"})
    seen = {held.value()}
    for number in range(3):
        held.advance(10)
        seen.add(held.value())
        assert len(seen) == number + 2
    held.do("CancelRotateSecret", SecretId="db")
    held.advance(100)
    assert held.value() in seen
    described = held.described()
    assert described["RotationEnabled"] is False
    assert "NextRotationDate" not in described


def test_a_rotation_that_failed_is_tried_again_at_the_next_time(held):
    failing["step"] = "testSecret"
    held.rotate(RotationRules={"AutomaticallyAfterDays": 5})
    assert held.value() == "first"
    assert held.described()["VersionIdsToStages"][TOKEN] == ["AWSPENDING"]
    failing.clear()
    held.advance(6)
    assert held.value() != "first"
    assert held.described()["VersionIdsToStages"][TOKEN] == ["AWSCURRENT", "AWSPENDING"]


def test_a_function_that_is_not_there_leaves_the_secret_as_it_was(held):
    failing["absent"] = FUNCTION
    held.rotate()
    assert steps == []
    assert held.value() == "first"
    assert held.cloud.jobs.given_up() == []


def test_a_deleted_secret_rotates_no_more(held):
    held.rotate(RotationRules={"AutomaticallyAfterDays": 5})
    steps.clear()
    held.do("DeleteSecret", SecretId="db", RecoveryWindowInDays=30)
    held.advance(20)
    assert steps == []
