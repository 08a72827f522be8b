"""EventBridge Pipes: pipes, their settings and their states."""

import json

import pytest

from tests.contract.events_box import ACCOUNT, REGION, role
from tests.contract.lambda_code import grant, refused
from tests.contract.pipes_box import ARN, LAMBDA, SOURCE, TARGET, make, may, pipes, source, url

__all__ = ["may", "pipes", "source", "url"]  # fixtures
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"
CHANGES = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t/stream/2026-01-01T00:00:00.000"
LATEST = {"StartingPosition": "LATEST"}
FIFO = {"Target": TARGET + ".fifo"}
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
LOGGED = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/d"
CALLED = f"arn:aws:events:{REGION}:{ACCOUNT}:api-destination/d/1"
WRONG = "Input parameter is invalid from the request due to : "


def sqs(**settings):
    return {"SourceParameters": {"SqsQueueParameters": settings}}


def kinesis(**settings):
    return {"Source": STREAM, "SourceParameters": {"KinesisStreamParameters": {**LATEST, **settings}}}


def filters(pattern, **more):
    return {"SourceParameters": {"FilterCriteria": {"Filters": [{"Pattern": json.dumps(pattern)}]}, **more}}


def told(field, message):
    """How a wrong member is told of."""
    return json.dumps({"ValidationErrorFields": [{"Name": field, "Message": message}]}, separators=(",", ":"))


# What is refused


def test_pipes_that_are_not_there(pipes):
    gone = ("NotFoundException", "Pipe p does not exist.")
    for call in (pipes.describe_pipe, pipes.delete_pipe, pipes.start_pipe, pipes.stop_pipe):
        assert refused(call, Name="p") == gone
    assert refused(pipes.update_pipe, Name="p", RoleArn=f"arn:aws:iam::{ACCOUNT}:role/r") == gone
    assert refused(pipes.list_tags_for_resource, resourceArn=ARN + "p") == gone
    assert refused(pipes.tag_resource, resourceArn=ARN + "p", tags={"a": "b"}) == gone
    assert refused(pipes.list_pipes, NextToken="no")[0] == "ValidationException"


def test_a_second_pipe_of_a_name(cloud, pipes, may, source, url):
    make(cloud, pipes, may)
    with pytest.raises(pipes.exceptions.ConflictException) as refusal:
        pipes.create_pipe(Name="p", Source=SOURCE, Target=TARGET, RoleArn=may)
    assert refusal.value.response["Error"]["Message"] == "Pipe p already exists."
    assert (refusal.value.response["resourceId"], refusal.value.response["resourceType"]) == ("p", "pipe")


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"Source": f"arn:aws:s3:::{'b' * 10}"}, "Source", None),
        ({"Source": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t"}, "Source", None),
        ({"Source": STREAM}, "SourceParameters.KinesisStreamParameters", "Missing required parameter."),
        ({"Source": CHANGES}, "SourceParameters.DynamoDBStreamParameters", "Missing required parameter."),
        (sqs(BatchSize=11), "SourceParameters.SqsQueueParameters.MaximumBatchingWindowInSeconds", None),
        (sqs(BatchSize=11, MaximumBatchingWindowInSeconds=1), "SourceParameters.SqsQueueParameters.BatchSize", None),
        (kinesis(BatchSize=11), "SourceParameters.KinesisStreamParameters.BatchSize", None),
        (
            {"Source": SOURCE + ".fifo", **sqs(MaximumBatchingWindowInSeconds=1)},
            "SourceParameters.SqsQueueParameters.MaximumBatchingWindowInSeconds",
            None,
        ),
        (
            {"SourceParameters": {"KinesisStreamParameters": LATEST}},
            "SourceParameters.KinesisStreamParameters",
            "Parameter is not supported for the source.",
        ),
        (
            kinesis(MaximumRecordAgeInSeconds=59),
            "MaximumRecordAgeInSeconds",
            "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)",
        ),
        (
            kinesis(MaximumRecordAgeInSeconds=60, MaximumBatchingWindowInSeconds=60),
            "MaximumBatchingWindowInSeconds",
            "MaximumBatchingWindowInSeconds must be less than MaximumRecordAgeInSeconds.",
        ),
        (
            kinesis(StartingPosition="AT_TIMESTAMP"),
            "SourceParameters.KinesisStreamParameters.StartingPositionTimestamp",
            "Missing required parameter.",
        ),
        (
            kinesis(StartingPositionTimestamp=1),
            "SourceParameters.KinesisStreamParameters.StartingPositionTimestamp",
            None,
        ),
        (
            kinesis(DeadLetterConfig={"Arn": STREAM}),
            "SourceParameters.KinesisStreamParameters.DeadLetterConfig.Arn",
            None,
        ),
        (filters({"body": "x"}), "SourceParameters.FilterCriteria.Filters[0].Pattern", None),
        (
            filters({"data": ["x"]}, KinesisStreamParameters=LATEST) | {"Source": STREAM},
            "SourceParameters.FilterCriteria.Filters[0].Pattern",
            "The filter pattern for data properties must be a JSON object.",
        ),
        ({"Target": f"arn:aws:s3:::{'b' * 10}"}, "Target", None),
        ({"Target": f"arn:aws:events:eu-west-2:{ACCOUNT}:event-bus/b"}, "Target", None),
        ({"Target": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"}, "Target", None),
        ({"Target": STREAM}, "TargetParameters.KinesisStreamParameters", "Missing required parameter."),
        (FIFO, "TargetParameters.SqsQueueParameters.MessageGroupId", "Missing required parameter."),
        (
            {"TargetParameters": {"CloudWatchLogsParameters": {"LogStreamName": "s"}}},
            "TargetParameters.CloudWatchLogsParameters",
            "Parameter is not supported for the target.",
        ),
        ({"Target": CALLED, **sqs(BatchSize=2)}, "SourceParameters.SqsQueueParameters.BatchSize", None),
        ({"TargetParameters": {"InputTemplate": "<aws.pipes.no>"}}, "TargetParameters.InputTemplate", None),
        ({"TargetParameters": {"InputTemplate": "<$.a[>"}}, "TargetParameters.InputTemplate", None),
        ({"EnrichmentParameters": {"InputTemplate": "<$x>"}}, "EnrichmentParameters.InputTemplate", None),
        ({"LogConfiguration": {"Level": "INFO"}}, "LogConfiguration", None),
        ({"Enrichment": TARGET}, "Enrichment", None),
        ({"Enrichment": BUS}, "Enrichment", None),
        (
            {
                "Enrichment": LAMBDA + "f",
                "EnrichmentParameters": {"HttpParameters": {"PathParameterValues": ["x"]}},
            },
            "EnrichmentParameters.HttpParameters",
            None,
        ),
    ],
)
def test_pipes_that_cannot_be(pipes, may, source, url, change, field, message):
    wanted = {"Name": "p", "Source": SOURCE, "Target": TARGET, "RoleArn": may, **change}
    with pytest.raises(pipes.exceptions.ValidationException) as refusal:
        pipes.create_pipe(**wanted)
    told_of = refusal.value.response["fieldList"][0]
    assert told_of["name"] == field and message in (None, told_of["message"])
    assert refusal.value.response["Error"]["Message"] == told(field, told_of["message"])
    assert pipes.list_pipes()["Pipes"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"Source": "smk://broker.example.com:9092"},
        {"Source": f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/c/1"},
        {"Target": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/c"},
        {"Target": f"arn:aws:redshift:{REGION}:{ACCOUNT}:cluster:c"},
        {"LogConfiguration": {"Level": "ERROR", "FirehoseLogDestination": {"DeliveryStreamArn": LOGGED}}},
    ],
)
def test_what_this_cloud_does_not_have(pipes, may, change):
    wanted = {"Name": "p", "Source": SOURCE, "Target": TARGET, "RoleArn": may, **change}
    code, message = refused(pipes.create_pipe, **wanted)
    assert code == "NotSupported" and message.endswith("not supported by Glasshouse yet")


def test_a_change_that_cannot_be_leaves_the_pipe_as_it_is(cloud, pipes, may, source, url):
    make(cloud, pipes, may, Description="as it was")
    before = pipes.describe_pipe(Name="p")
    for change in (
        {"Target": STREAM},
        {"SourceParameters": {"KinesisStreamParameters": {}}},
        {"SourceParameters": {"SqsQueueParameters": {"BatchSize": 20}}},
        {"TargetParameters": {"InputTemplate": "<aws.pipes.no>"}},
    ):
        assert (
            refused(pipes.update_pipe, Name="p", RoleArn=may, Description="new", **change)[0] == "ValidationException"
        )
    after = pipes.describe_pipe(Name="p")
    assert {**after, "ResponseMetadata": None} == {**before, "ResponseMetadata": None}


def test_states_that_do_not_follow_each_other(cloud, pipes, may, source, url):
    make(cloud, pipes, may)
    running = ("ConflictException", "Pipe p is in state RUNNING.")
    assert refused(pipes.start_pipe, Name="p") == running
    pipes.stop_pipe(Name="p")
    cloud.settle()
    assert refused(pipes.stop_pipe, Name="p") == ("ConflictException", "Pipe p is in state STOPPED.")


# What is done


def test_a_pipe_is_made(cloud, pipes, may, source, url):
    settings = {
        "SourceParameters": {
            "FilterCriteria": {"Filters": [{"Pattern": '{"body": {"n": [1]}}'}]},
            "SqsQueueParameters": {"BatchSize": 5, "MaximumBatchingWindowInSeconds": 10},
        },
        "TargetParameters": {"InputTemplate": "<$.body>", "SqsQueueParameters": {"MessageGroupId": "$.body.g"}},
        "EnrichmentParameters": {"InputTemplate": "<aws.pipes.event>"},
    }
    given = {"Enrichment": LAMBDA + "f", "Description": "a pipe", "KmsKeyIdentifier": "alias/k", **settings}
    made = pipes.create_pipe(Name="p", Source=SOURCE, Target=TARGET, RoleArn=may, Tags={"a": "b"}, **given)
    assert (made["Arn"], made["DesiredState"], made["CurrentState"]) == (ARN + "p", "RUNNING", "CREATING")
    cloud.settle()
    found = pipes.describe_pipe(Name="p")
    assert {name: found[name] for name in given} == given
    assert (found["DesiredState"], found["CurrentState"], found["Tags"]) == ("RUNNING", "RUNNING", {"a": "b"})
    assert (found["Source"], found["Target"], found["RoleArn"]) == (SOURCE, TARGET, may)
    assert found["CreationTime"] == made["CreationTime"] == made["LastModifiedTime"]


def test_what_is_not_said(cloud, pipes, may, source, url, aws):
    make(cloud, pipes, may)
    found = pipes.describe_pipe(Name="p")
    assert found["SourceParameters"] == {"SqsQueueParameters": {"BatchSize": 10}}
    assert not {"Enrichment", "Description"} & found.keys()
    assert (found["TargetParameters"], found["EnrichmentParameters"], found["Tags"]) == ({}, {}, {})
    aws("kinesis").create_stream(StreamName="s", ShardCount=1)
    cloud.settle()
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g"
    make(cloud, pipes, may, "q", STREAM, group, SourceParameters={"KinesisStreamParameters": LATEST})
    assert pipes.describe_pipe(Name="q")["SourceParameters"] == {"KinesisStreamParameters": LATEST | {"BatchSize": 100}}
    make(cloud, pipes, may, "r", STREAM, TARGET, SourceParameters={"KinesisStreamParameters": LATEST})
    assert pipes.describe_pipe(Name="r")["SourceParameters"]["KinesisStreamParameters"]["BatchSize"] == 10


def test_pipes_are_listed(cloud, pipes, may, source, url):
    for name in ("a1", "a2", "b1"):
        make(cloud, pipes, may, name)
    make(cloud, pipes, may, "b2", target=BUS)
    pipes.stop_pipe(Name="a1")
    cloud.settle()

    def names(**wanted):
        return [pipe["Name"] for pipe in pipes.list_pipes(**wanted)["Pipes"]]

    assert names() == ["a1", "a2", "b1", "b2"]
    assert names(NamePrefix="b") == ["b1", "b2"]
    assert names(DesiredState="STOPPED") == names(CurrentState="STOPPED") == ["a1"]
    assert names(TargetPrefix="arn:aws:events") == ["b2"]
    assert names(SourcePrefix=SOURCE) == ["a1", "a2", "b1", "b2"] and names(SourcePrefix="arn:aws:kinesis") == []
    pages = [
        [pipe["Name"] for pipe in page["Pipes"]]
        for page in pipes.get_paginator("list_pipes").paginate(PaginationConfig={"PageSize": 3})
    ]
    assert pages == [["a1", "a2", "b1"], ["b2"]]
    first = pipes.list_pipes(Limit=1)["Pipes"][0]
    assert (first["Arn"], first["Source"], first["Target"]) == (ARN + "a1", SOURCE, TARGET)


def test_tags(cloud, pipes, may, source, url):
    arn = make(cloud, pipes, may, Tags={"a": "1"})
    pipes.tag_resource(resourceArn=arn, tags={"a": "2", "b": "3"})
    assert pipes.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "2", "b": "3"}
    pipes.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert pipes.describe_pipe(Name="p")["Tags"] == {"b": "3"}


def test_a_change_replaces_what_it_names(cloud, pipes, may, source, url, aws):
    parameters = {"InputTemplate": "<$.body>", "SqsQueueParameters": {"MessageGroupId": "g"}}
    pattern = {"Filters": [{"Pattern": '{"body": ["x"]}'}]}
    settings = {"SqsQueueParameters": {"BatchSize": 5, "MaximumBatchingWindowInSeconds": 9}, "FilterCriteria": pattern}
    make(cloud, pipes, may, TargetParameters=parameters, SourceParameters=settings, Description="d")
    other = role(aws, "other", "pipes.amazonaws.com", ("*", "*"))
    changed = pipes.update_pipe(
        Name="p", RoleArn=other, SourceParameters={"SqsQueueParameters": {"BatchSize": 3}}, Enrichment=LAMBDA + "f"
    )
    assert (changed["DesiredState"], changed["CurrentState"]) == ("RUNNING", "UPDATING")
    cloud.settle()
    found = pipes.describe_pipe(Name="p")
    assert found["SourceParameters"] == {"SqsQueueParameters": {"BatchSize": 3}, "FilterCriteria": pattern}
    assert (found["TargetParameters"], found["Description"], found["RoleArn"]) == (parameters, "d", other)
    assert (found["Enrichment"], found["CurrentState"]) == (LAMBDA + "f", "RUNNING")
    pipes.update_pipe(
        Name="p", RoleArn=other, Enrichment="", Target=BUS, TargetParameters={"InputTemplate": ""}, Description="",
        SourceParameters={"FilterCriteria": {}}, DesiredState="STOPPED",
    )  # fmt: skip
    cloud.settle()
    found = pipes.describe_pipe(Name="p")
    assert "Enrichment" not in found and found["TargetParameters"] == {}
    assert (found["Target"], found["Description"], found["CurrentState"]) == (BUS, "", "STOPPED")
    assert found["SourceParameters"] == {"SqsQueueParameters": {"BatchSize": 3}}


def test_a_stream_s_start_stays_when_it_is_changed(cloud, pipes, may, aws, url):
    aws("kinesis").create_stream(StreamName="s", ShardCount=1)
    cloud.settle()
    settings = {"KinesisStreamParameters": {**LATEST, "MaximumRetryAttempts": 3}}
    make(cloud, pipes, may, begin=STREAM, SourceParameters=settings)
    pipes.update_pipe(Name="p", RoleArn=may, SourceParameters={"KinesisStreamParameters": {"BatchSize": 2}})
    found = pipes.describe_pipe(Name="p")["SourceParameters"]
    assert found == {"KinesisStreamParameters": {**LATEST, "BatchSize": 2}}


# What happens next


def test_states(cloud, pipes, may, source, url):
    make(cloud, pipes, may, DesiredState="STOPPED", state="STOPPED")
    assert pipes.start_pipe(Name="p")["CurrentState"] == "STARTING"
    cloud.settle()
    assert pipes.describe_pipe(Name="p")["CurrentState"] == "RUNNING"
    stopping = pipes.stop_pipe(Name="p")
    assert (stopping["DesiredState"], stopping["CurrentState"]) == ("STOPPED", "STOPPING")
    cloud.settle()
    assert pipes.describe_pipe(Name="p")["CurrentState"] == "STOPPED"
    deleting = pipes.delete_pipe(Name="p")
    assert (deleting["DesiredState"], deleting["CurrentState"]) == ("DELETED", "DELETING")
    cloud.settle()
    assert pipes.list_pipes()["Pipes"] == []
    make(cloud, pipes, may)
    assert pipes.describe_pipe(Name="p")["Tags"] == {}


def test_a_pipe_whose_role_may_not_read_fails(cloud, pipes, aws, url):
    reader = role(aws, "reader", "pipes.amazonaws.com")

    def reason(**asked):
        cloud.settle()
        found = pipes.describe_pipe(Name="p")
        return found["CurrentState"], found.get("StateReason")

    pipes.create_pipe(Name="p", Source=SOURCE, Target=TARGET, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/ghost")
    assert reason() == ("CREATE_FAILED", WRONG + "The role defined for the pipe cannot be assumed by Pipes.")
    pipes.update_pipe(Name="p", RoleArn=reader)
    state, why = reason()
    assert state == "UPDATE_FAILED" and "SQS Error Code: AWS.SimpleQueueService.NonExistentQueue." in why
    aws("sqs").create_queue(QueueName="from")
    pipes.start_pipe(Name="p")
    denied = "The provided customer role does not have permissions to call ReceiveMessage on SQS"
    assert reason() == ("START_FAILED", WRONG + denied)
    grant(aws, "reader", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
    pipes.start_pipe(Name="p")
    assert reason() == ("RUNNING", "USER_INITIATED")


def test_a_pipe_from_a_stream_that_cannot_be_read_fails(cloud, pipes, aws, url):
    reader = role(aws, "reader", "pipes.amazonaws.com")
    letters = f"arn:aws:sqs:{REGION}:{ACCOUNT}:letters"
    settings = {"KinesisStreamParameters": {**LATEST, "DeadLetterConfig": {"Arn": letters}}}

    def reason():
        pipes.create_pipe(Name="p", Source=STREAM, Target=TARGET, RoleArn=reader, SourceParameters=settings)
        cloud.settle()
        found = pipes.describe_pipe(Name="p")
        pipes.delete_pipe(Name="p")
        cloud.settle()
        return found["StateReason"].removeprefix(WRONG)

    assert reason() == f"Stream not found: {STREAM}"
    aws("kinesis").create_stream(StreamName="s", ShardCount=1)
    cloud.settle()
    assert reason().startswith(f"Cannot access stream {STREAM}. Please ensure the role can perform the GetRecords,")
    grant(aws, "reader", "kinesis:*")
    assert reason() == f"Error occurred while sending message to SQS queue: {letters}"
    grant(aws, "reader", "kinesis:*", "sqs:SendMessage")
    assert reason() == "No records processed"
