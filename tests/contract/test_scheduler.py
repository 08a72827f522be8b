"""EventBridge Scheduler: groups, schedules and what their targets get."""

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.contract.events_box import ACCOUNT, REGION, role
from tests.contract.scheduler_box import ARN, OFF, QUEUE, START, make, may, scheduler, url

__all__ = ["may", "scheduler", "url"]  # fixtures


def refused(call, code, message=None, status=None, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer
    if message is not None:
        assert answer["Error"]["Message"] == message
    if status is not None:
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == status


# What is refused


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 1 * * * *)", "cron(7 20 * * NOT *)", "cron(INVALID)", "cron(0 dummy ? * MON-FRI *)",
        "cron(71 8 1 * ? *)", "cron()", "rate(10 seconds)", "rate(10 years)", "rate()", "rate(10)",
        "rate(10 minutess)", "rate(foo minutes)", "rate(-10 minutes)", "rate( 10 minutes )", " rate(10 minutes)",
        "at(2021-12-31T23:59:59Z)", "at(2021-12-31)",
    ],
)  # fmt: skip
def test_expressions_that_are_none(scheduler, may, expression):
    message = f"Invalid Schedule Expression {expression}."
    refused(lambda: make(scheduler, may, expression=expression), "ValidationException", message, 400)


def test_what_is_not_there(scheduler, may):
    absent = "ResourceNotFoundException"
    for call in (scheduler.get_schedule, scheduler.delete_schedule):
        refused(call, absent, "Schedule s does not exist.", 404, Name="s")
        refused(call, absent, "Schedule group g does not exist.", 404, Name="s", GroupName="g")
    for call in (scheduler.get_schedule_group, scheduler.delete_schedule_group):
        refused(call, absent, "Schedule group g does not exist.", 404, Name="g")
    refused(scheduler.list_schedules, absent, "Schedule group g does not exist.", 404, GroupName="g")
    refused(lambda: make(scheduler, may, GroupName="g"), absent, "Schedule group g does not exist.", 404)
    arn = ARN + "schedule-group/g"
    refused(scheduler.list_tags_for_resource, absent, "Schedule group g does not exist.", 404, ResourceArn=arn)


def test_names_are_given_once(scheduler, may):
    make(scheduler, may)
    refused(lambda: make(scheduler, may), "ConflictException", "Schedule s already exists.", 409)
    scheduler.create_schedule_group(Name="g")
    message = "Schedule group g already exists."
    refused(scheduler.create_schedule_group, "ConflictException", message, 409, Name="g")
    refused(scheduler.create_schedule_group, "ConflictException", Name="default")
    refused(scheduler.delete_schedule_group, "ValidationException", Name="default")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ScheduleExpressionTimezone": "Mars/Base"}, "Invalid Schedule Expression Timezone Mars/Base."),
        (
            {"StartDate": START - timedelta(hours=1)},
            "The StartDate you specify cannot be earlier than 5 minutes ago.",
        ),
        ({"EndDate": START - timedelta(hours=1)}, None),
        ({"StartDate": START + timedelta(hours=2), "EndDate": START + timedelta(hours=1)}, None),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, None),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1441}}, None),
        ({"target": {"Arn": "q"}}, "Provided Arn is not in correct format."),
        ({"target": {"Arn": "arn:aws:s3:::bucket"}}, "s3 is not a supported service for a target."),
        ({"target": {"Arn": QUEUE + ".fifo"}}, None),
        ({"target": {"KinesisParameters": {"PartitionKey": "k"}}}, None),
        ({"target": {"Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"}}, None),
        ({"target": {"Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f", "Input": "{"}}, None),
        ({"target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:receiveMessage"}}, None),
        ({"target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendLetter"}}, None),
        ({"target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "Input": "[]"}}, None),
        (
            {"target": {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/nobody"}},
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
        ),
    ],
    ids=lambda given: json.dumps(given, default=str) if isinstance(given, dict) else "",
)
def test_schedules_that_cannot_be(scheduler, may, url, options, message):
    refused(lambda: make(scheduler, may, **options), "ValidationException", message)
    assert scheduler.list_schedules()["Schedules"] == []


def test_targets_of_services_that_are_not_here(scheduler, may):
    for arn in (f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/c", "arn:aws:scheduler:::aws-sdk:ec2:stopInstances"):
        refused(lambda arn=arn: make(scheduler, may, target={"Arn": arn, "Input": "{}"}), "NotSupported")


def test_roles_must_trust_the_scheduler(aws, scheduler):
    other = role(aws, "other", "lambda.amazonaws.com")
    message = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
    refused(lambda: make(scheduler, other), "ValidationException", message)


def test_an_update_says_everything_and_a_wrong_one_changes_nothing(scheduler, may):
    make(scheduler, may)
    refused(scheduler.update_schedule, "ValidationException", Name="s", ScheduleExpression="rate(1 hour)")
    target = {"Arn": QUEUE, "RoleArn": may}
    options = {"Target": target, "FlexibleTimeWindow": OFF}
    refused(scheduler.update_schedule, "ValidationException", Name="s", ScheduleExpression="x", **options)
    refused(scheduler.update_schedule, "ResourceNotFoundException", Name="t", ScheduleExpression="x", **options)
    assert scheduler.get_schedule(Name="s")["ScheduleExpression"] == "rate(1 hour)"


def test_users_need_permission(aws, scheduler, may):
    iam = aws("iam")
    iam.create_user(UserName="u")
    document = {"Effect": "Allow", "Action": "scheduler:*", "Resource": ARN + "schedule/default/mine"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [document]})
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName="u")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    theirs = aws("scheduler", **keys)
    refused(lambda: make(theirs, may, "yours"), "AccessDeniedException")
    refused(lambda: make(theirs, may, "mine"), "AccessDeniedException")  # iam:PassRole
    document = [document, {"Effect": "Allow", "Action": "iam:PassRole", "Resource": may}]
    policy = json.dumps({"Version": "2012-10-17", "Statement": document})
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=policy)
    assert make(theirs, may, "mine")


# What is done


def test_schedules_are_made_and_described(scheduler, may):
    assert make(scheduler, may) == ARN + "schedule/default/s"
    found = scheduler.get_schedule(Name="s")
    assert found.pop("CreationDate") == found.pop("LastModificationDate")
    del found["ResponseMetadata"]
    target = {
        "Arn": QUEUE, "RoleArn": may, "Input": "tick",
        "RetryPolicy": {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185},
    }  # fmt: skip
    assert found == {
        "Arn": ARN + "schedule/default/s", "Name": "s", "GroupName": "default", "State": "ENABLED",
        "ScheduleExpression": "rate(1 hour)", "ScheduleExpressionTimezone": "UTC", "ActionAfterCompletion": "NONE",
        "FlexibleTimeWindow": OFF, "Target": target,
    }  # fmt: skip


def test_schedules_are_changed(scheduler, may):
    make(scheduler, may, Description="d", State="DISABLED")
    flexible = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}
    scheduler.update_schedule(
        Name="s", ScheduleExpression="rate(2 minute)", Target={"Arn": QUEUE + "2", "RoleArn": may},
        FlexibleTimeWindow=flexible, ScheduleExpressionTimezone="Europe/Berlin", ActionAfterCompletion="DELETE",
    )  # fmt: skip
    found = scheduler.get_schedule(Name="s")
    assert (found["ScheduleExpression"], found["State"], found["FlexibleTimeWindow"]) == (
        "rate(2 minute)", "ENABLED", flexible
    )  # fmt: skip
    assert (found["Target"]["Arn"], found["ActionAfterCompletion"]) == (QUEUE + "2", "DELETE")
    assert "Description" not in found and "Input" not in found["Target"]
    assert found["CreationDate"] <= found["LastModificationDate"]


def test_schedules_are_listed(scheduler, may):
    scheduler.create_schedule_group(Name="g")
    for group in ("default", "g"):
        for name in ("a1", "a2", "b"):
            make(scheduler, may, name, GroupName=group, State="DISABLED" if name == "b" else "ENABLED")

    def names(**options):
        return [(one["GroupName"], one["Name"]) for one in scheduler.list_schedules(**options)["Schedules"]]

    every = [(group, name) for group in ("default", "g") for name in ("a1", "a2", "b")]
    assert names() == every
    assert names(GroupName="g") == every[3:]
    assert names(NamePrefix="a") == [one for one in every if one[1] != "b"]
    assert names(GroupName="g", NamePrefix="a", State="ENABLED") == [("g", "a1"), ("g", "a2")]
    assert names(State="DISABLED") == [("default", "b"), ("g", "b")]
    first = scheduler.list_schedules(MaxResults=4)
    assert names(NextToken=first["NextToken"]) == every[4:]
    assert first["Schedules"][0]["Target"] == {"Arn": QUEUE}
    scheduler.delete_schedule(Name="a1")
    assert names() == every[1:]


def test_groups_are_made_listed_tagged_and_deleted(scheduler, may):
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    arn = scheduler.create_schedule_group(Name="g", Tags=tags[:1])["ScheduleGroupArn"]
    assert arn == ARN + "schedule-group/g"
    found = scheduler.get_schedule_group(Name="g")
    assert (found["Arn"], found["State"]) == (arn, "ACTIVE")
    for name in ("h1", "h2"):
        scheduler.create_schedule_group(Name=name)
    names = [group["Name"] for group in scheduler.list_schedule_groups()["ScheduleGroups"]]
    assert names == ["default", "g", "h1", "h2"]
    first = scheduler.list_schedule_groups(NamePrefix="h", MaxResults=1)
    rest = scheduler.list_schedule_groups(NamePrefix="h", NextToken=first["NextToken"])
    assert [group["Name"] for page in (first, rest) for group in page["ScheduleGroups"]] == ["h1", "h2"]
    scheduler.tag_resource(ResourceArn=arn, Tags=tags[1:])
    assert scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"] == tags
    scheduler.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"] == tags[1:]
    make(scheduler, may, GroupName="g")
    scheduler.delete_schedule_group(Name="g")
    assert scheduler.list_schedules()["Schedules"] == []
    refused(scheduler.get_schedule_group, "ResourceNotFoundException", Name="g")


def test_a_request_that_comes_twice_is_done_once(scheduler, may):
    first = make(scheduler, may, ClientToken="t")
    assert make(scheduler, may, ClientToken="t") == first
    refused(lambda: make(scheduler, may, ClientToken="u"), "ConflictException")
    group = scheduler.create_schedule_group(Name="g", ClientToken="t")["ScheduleGroupArn"]
    assert scheduler.create_schedule_group(Name="g", ClientToken="t")["ScheduleGroupArn"] == group
