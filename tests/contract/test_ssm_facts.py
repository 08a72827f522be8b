"""What Parameter Store and KMS state as facts, in a cloud where a service listens to them."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from glasshouse import services
from glasshouse.core import Service
from glasshouse.core.call import Call
from glasshouse.core.cloud import Cloud
from glasshouse.protocol import model

DAY_S = 24 * 3600
heard: list[dict] = []


class Listener(Service):
    """Stands in for EventBridge."""

    name = "listener"

    def _heard(self, **detail):
        heard.append(detail)


class WithListener:
    """The services there are, and one that hears everything."""

    def __getattr__(self, name):
        return getattr(services, name)

    def load(self, name):
        return Listener if name == "listener" else services.load(name)

    def schema(self, name):
        return None if name == "listener" else services.schema(name)

    def subscribers(self, fact):
        return [] if fact.startswith("cloud.") else [("listener", "_heard")]


class Told:
    """A cloud with an event loop of its own, run step by step by the test."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.cloud = Cloud(model, WithListener())
        self.wait(self.cloud.start())

    def wait(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    def do(self, service, operation, **params):
        call = Call(service, operation, params, "000000000000", "eu-west-1", self.cloud.root())
        return self.cloud.perform(call)

    def put(self, **params):
        return self.do("ssm", "PutParameter", **({"Name": "/p", "Value": "v", "Type": "String"} | params))

    def facts(self):
        """What has been told since the last time."""
        self.wait(self.cloud.runner.settle())
        told = list(heard)
        heard.clear()
        return told

    def advance(self, days):
        self.wait(self.cloud.runner.advance(self.cloud.clock.now() + days * DAY_S))


@pytest.fixture
def told():
    heard.clear()
    made = Told()
    yield made
    made.wait(made.cloud.stop())
    made.loop.close()


# What is refused


def test_nothing_is_told_of_what_was_refused(told):
    told.put()
    told.facts()
    with pytest.raises(Exception, match="already exists"):
        told.put()
    assert told.facts() == []


# What is done


def test_changes_of_parameters_are_told(told):
    told.put(Description="about")
    arn = "arn:aws:ssm:eu-west-1:000000000000:parameter/p"
    fact = {"name": "/p", "type": "String", "operation": "Create", "arn": arn, "description": "about"}
    assert told.facts() == [fact]
    told.put(Overwrite=True)
    told.do("ssm", "LabelParameterVersion", Name="/p", Labels=["x"])
    told.do("ssm", "DeleteParameter", Name="/p")
    assert [one["operation"] for one in told.facts()] == ["Update", "LabelParameterVersion", "Delete"]


def test_an_image_that_is_none_is_told(told):
    told.put(Value="no image", DataType="aws:ec2:image")
    fact = told.facts()[0]
    assert (fact["exception"], fact["data_type"]) == ("Unable to Describe Resource", "aws:ec2:image")


# What happens next


def test_what_policies_do_is_told(told):
    end = datetime.fromtimestamp(told.cloud.clock.now() + 3 * DAY_S, UTC).isoformat()
    policies = [
        {"Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": end}},
        {"Type": "ExpirationNotification", "Version": "1.0", "Attributes": {"Before": "1", "Unit": "Days"}},
        {"Type": "NoChangeNotification", "Version": "1.0", "Attributes": {"After": "1", "Unit": "Days"}},
    ]
    told.put(Tier="Advanced", Policies=json.dumps(policies))
    told.facts()
    told.advance(4)
    facts = told.facts()
    kinds = [one["policy_type"] for one in facts if "policy_type" in one]
    assert kinds == ["NoChangeNotification", "ExpirationNotification", "Expiration"]
    assert json.loads(facts[0]["policy_content"]) == policies[2]
    assert facts[-1]["operation"] == "Delete"


def test_what_becomes_of_keys_is_told(told):
    key = told.do("kms", "CreateKey")["KeyMetadata"]
    told.do("kms", "EnableKeyRotation", KeyId=key["KeyId"], RotationPeriodInDays=90)
    told.advance(91)
    fact = {"key_id": key["KeyId"], "arn": key["Arn"], "region": "eu-west-1"}
    assert of_keys(told.facts()) == [fact]
    told.do("kms", "ScheduleKeyDeletion", KeyId=key["KeyId"], PendingWindowInDays=7)
    told.advance(8)
    assert of_keys(told.facts()) == [fact]


def of_keys(facts):
    """Without those that only say that somebody's access may have changed."""
    return [fact for fact in facts if "key_id" in fact]
