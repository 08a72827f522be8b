"""What tests of the scheduler share."""

from datetime import UTC, datetime

import pytest

from tests.contract.events_box import ACCOUNT, REGION, messages, role

ARN = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
START = datetime(2026, 1, 1, tzinfo=UTC)
OFF = {"Mode": "OFF"}


@pytest.fixture
def scheduler(aws):
    return aws("scheduler")


@pytest.fixture
def may(aws):
    """The role of schedules that may do anything."""
    return role(aws, "scheduler", "scheduler.amazonaws.com", ("*", "*"))


@pytest.fixture
def url(cloud, aws):
    """A queue that only roles can send to; the clock stands still at the beginning of a year."""
    cloud.clock.freeze()
    cloud.clock.set(START.timestamp())
    return aws("sqs").create_queue(QueueName="q")["QueueUrl"]


def make(scheduler, may, name="s", expression="rate(1 hour)", target=None, **more):
    options = {"FlexibleTimeWindow": OFF, **more}
    given = {"Arn": QUEUE, "RoleArn": may, "Input": "tick", **(target or {})}
    return scheduler.create_schedule(Name=name, ScheduleExpression=expression, Target=given, **options)["ScheduleArn"]


def texts(aws, url):
    return [message["Body"] for message in messages(aws, url)]
