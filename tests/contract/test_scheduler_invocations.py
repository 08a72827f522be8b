"""EventBridge Scheduler: what happens when a schedule is due."""

import json
from datetime import UTC, datetime, timedelta

from glasshouse.core.errors import InternalFailure
from glasshouse.services.sqs.service import Sqs
from tests.contract.events_box import ACCOUNT, REGION, attributes, bodies, entry, messages, queue, role, rule
from tests.contract.scheduler_box import ARN, OFF, QUEUE, START, make, may, scheduler, texts, url

__all__ = ["may", "scheduler", "url"]  # fixtures


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
    make(scheduler, may, "deleted", expression="cron(30 * * * ? *)")
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
