"""EventBridge Scheduler: groups, schedules and what their targets get."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from glasshouse.core.errors import InternalFailure
from glasshouse.services.sqs.service import Sqs
from tests.contract.events_box import ACCOUNT, REGION, attributes, bodies, entry, messages, queue, role, rule

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


def refused(call, code, message=None, status=None, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer
    if message is not None:
        assert answer["Error"]["Message"] == message
    if status is not None:
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == status


def texts(aws, url):
    return [message["Body"] for message in messages(aws, url)]


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


# What happens next


def test_a_rate_begins_at_once(cloud, aws, scheduler, may, url):
    make(scheduler, may)
    cloud.settle()
    assert texts(aws, url) == ["tick"]
    cloud.clock.advance(3599)
    assert texts(aws, url) == []
    cloud.clock.advance(1 + 2 * 3600)
    assert texts(aws, url) == ["tick"] * 3


def test_a_rate_counts_from_its_start_to_its_end(cloud, aws, scheduler, may, url):
    dates = {"StartDate": START + timedelta(minutes=90), "EndDate": START + timedelta(minutes=211)}
    make(scheduler, may, target={"Input": "<aws.scheduler.scheduled-time>"}, **dates)
    cloud.clock.advance(86_400)
    assert texts(aws, url) == ["2026-01-01T01:30:00Z", "2026-01-01T02:30:00Z", "2026-01-01T03:30:00Z"]


def test_cron_knows_time_zones(cloud, aws, scheduler, may, url):
    cloud.clock.set(datetime(2026, 3, 27, tzinfo=UTC).timestamp())
    options = {"expression": "cron(30 2 * * ? *)", "ScheduleExpressionTimezone": "Europe/Berlin"}
    make(scheduler, may, target={"Input": "<aws.scheduler.scheduled-time>"}, **options)
    cloud.clock.advance(4 * 86_400)
    # On the 29th there is no half past two in Berlin.
    assert texts(aws, url) == ["2026-03-27T01:30:00Z", "2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"]


def test_once_is_once(cloud, aws, scheduler, may, url):
    ignored = {"StartDate": START + timedelta(days=2), "EndDate": START + timedelta(days=3)}
    make(scheduler, may, expression="at(2026-01-01T12:00:00)", **ignored)
    make(scheduler, may, "gone", expression="at(2026-01-01T13:00:00)", ActionAfterCompletion="DELETE")
    cloud.clock.advance(12 * 3600)
    assert texts(aws, url) == ["tick"]
    cloud.clock.advance(86_400)
    assert texts(aws, url) == ["tick"]
    assert [one["Name"] for one in scheduler.list_schedules()["Schedules"]] == ["s"]


def test_a_schedule_may_go_after_its_last_time(cloud, aws, scheduler, may, url):
    make(scheduler, may, EndDate=START + timedelta(hours=2), ActionAfterCompletion="DELETE")
    cloud.clock.advance(3600)
    assert scheduler.get_schedule(Name="s")
    cloud.clock.advance(3600)
    assert len(texts(aws, url)) == 3
    assert scheduler.list_schedules()["Schedules"] == []


def test_a_disabled_or_deleted_schedule_does_nothing(cloud, aws, scheduler, may, url):
    make(scheduler, may, State="DISABLED")
    make(scheduler, may, "deleted", expression="cron(0 * * * ? *)")
    scheduler.delete_schedule(Name="deleted")
    cloud.clock.advance(86_400)
    assert texts(aws, url) == []
    target = {"Arn": QUEUE, "RoleArn": may, "Input": "tock"}
    scheduler.update_schedule(Name="s", ScheduleExpression="rate(1 day)", Target=target, FlexibleTimeWindow=OFF)
    cloud.settle()
    assert texts(aws, url) == ["tock"]


def test_a_flexible_schedule_takes_place_within_its_window(cloud, aws, scheduler, may, url):
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 10}
    for number in range(5):
        make(scheduler, may, f"s{number}", "at(2026-01-01T12:00:00)", FlexibleTimeWindow=window)
    cloud.clock.advance(12 * 3600)
    at_once = len(texts(aws, url))
    cloud.clock.advance(601)
    assert at_once + len(texts(aws, url)) == 5
    assert at_once < 5


def test_targets_get_a_notification_where_there_is_no_input(cloud, aws, scheduler, may, url):
    scheduler.create_schedule(
        Name="s", ScheduleExpression="rate(1 day)", Target={"Arn": QUEUE, "RoleArn": may}, FlexibleTimeWindow=OFF
    )
    cloud.settle()
    (found,) = bodies(aws, url)
    del found["id"]
    assert found == {
        "version": "0", "detail-type": "Scheduled Event", "source": "aws.scheduler", "account": ACCOUNT,
        "time": "2026-01-01T00:00:00Z", "region": REGION, "resources": [ARN + "schedule/default/s"], "detail": "{}",
    }  # fmt: skip


def test_an_input_may_tell_of_its_schedule(cloud, aws, scheduler, may, url):
    given = "<aws.scheduler.schedule-arn> <aws.scheduler.attempt-number> <aws.scheduler.execution-id>"
    make(scheduler, may, target={"Input": given})
    cloud.settle()
    arn, attempt, execution = texts(aws, url)[0].split(" ")
    assert (arn, attempt, len(execution)) == (ARN + "schedule/default/s", "1", 36)


def test_topics_and_fifo_queues_are_targets(cloud, aws, scheduler, may, url):
    topic = aws("sns").create_topic(Name="t")["TopicArn"]
    seen, arn = queue(aws, "seen", principal="sns.amazonaws.com")
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    make(scheduler, may, "topic", target={"Arn": topic})
    fifo, _ = queue(aws, "f.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    parameters = {"SqsParameters": {"MessageGroupId": "g"}}
    make(scheduler, may, "fifo", target={"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:f.fifo", **parameters})
    cloud.settle()
    assert texts(aws, seen) == ["tick"]
    assert messages(aws, fifo)[0]["Attributes"]["MessageGroupId"] == "g"


def test_buses_are_targets(cloud, aws, scheduler, may):
    seen, arn = queue(aws, "seen")
    events = aws("events")
    rule(events, arn)
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    parameters = {"EventBridgeParameters": {"Source": "shop", "DetailType": "Closing Time"}}
    make(scheduler, may, target={"Arn": bus, "Input": json.dumps({"at": 8}), **parameters})
    cloud.settle()
    (found,) = bodies(aws, seen)
    assert (found["detail-type"], found["detail"]) == ("Closing Time", {"at": 8})


def test_any_operation_is_a_target(cloud, aws, scheduler, may, url):
    given = {
        ("sqs", "sendMessage"): {"QueueUrl": url, "MessageBody": "sent"},
        ("eventbridge", "putEvents"): {"Entries": [entry()]},
        ("ssm", "putParameter"): {"Name": "p", "Value": "1", "Type": "String"},
        ("cloudwatchlogs", "createLogGroup"): {"LogGroupName": "made"},
        ("dynamodb", "createTable"): {
            "TableName": "table", "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
        },
    }  # fmt: skip
    for (service, action), params in given.items():
        target = {"Arn": f"arn:aws:scheduler:::aws-sdk:{service}:{action}", "Input": json.dumps(params)}
        make(scheduler, may, service, target=target)
    cloud.settle()
    assert texts(aws, url) == ["sent"]
    assert aws("ssm").get_parameter(Name="p")["Parameter"]["Value"] == "1"
    assert aws("logs").describe_log_groups()["logGroups"][0]["logGroupName"] == "made"
    assert aws("dynamodb").list_tables()["TableNames"] == ["table"]


def test_the_role_must_be_allowed(cloud, aws, scheduler, url):
    grave, arn = queue(aws, "grave")
    weak = role(aws, "weak", "scheduler.amazonaws.com", ("sqs:SendMessage", arn))
    make(scheduler, weak, target={"DeadLetterConfig": {"Arn": arn}})
    cloud.settle()
    assert texts(aws, url) == []
    (letter,) = messages(aws, grave)
    told = attributes(letter)
    assert letter["Body"] == "tick"
    assert told["ERROR_CODE"] in ("AccessDenied", "AccessDeniedException")
    assert "not authorized to perform: sqs:" in told["ERROR_MESSAGE"].lower()
    assert (told["SCHEDULE_ARN"], told["TARGET_ARN"]) == (ARN + "schedule/default/s", QUEUE)
    assert (told["RETRY_ATTEMPTS"], "EXHAUSTED_RETRY_CONDITION" in told) == ("0", False)


def test_a_target_that_fails_for_the_moment_is_tried_again(cloud, aws, scheduler, may, url, monkeypatch):
    grave, arn = queue(aws, "grave")
    find, jammed = Sqs._queue, [True]

    def failing(sqs, asked):
        if jammed[0] and sqs.call.operation == "SendMessage" and "grave" not in asked:
            raise InternalFailure()
        return find(sqs, asked)

    monkeypatch.setattr(Sqs, "_queue", failing)
    once = {"expression": "at(2026-01-01T00:00:00)", "ActionAfterCompletion": "DELETE"}
    make(scheduler, may, **once, target={"Input": "<aws.scheduler.attempt-number>"})
    retry = {"RetryPolicy": {"MaximumRetryAttempts": 2}, "DeadLetterConfig": {"Arn": arn}}
    make(scheduler, may, "given-up", **once, target=retry)
    cloud.clock.advance(60)
    (letter,) = messages(aws, grave)
    told = attributes(letter)
    assert (told["EXHAUSTED_RETRY_CONDITION"], told["RETRY_ATTEMPTS"]) == ("MaximumRetryAttempts", "2")
    assert [one["Name"] for one in scheduler.list_schedules()["Schedules"]] == ["s"]
    jammed[0] = False
    cloud.clock.advance(60)
    assert texts(aws, url) == ["7"]
    assert scheduler.list_schedules()["Schedules"] == []
