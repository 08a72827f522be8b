"""CloudWatch Logs: what is refused, what is done, what happens next."""

import gzip
import json
from contextlib import suppress

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.contract.open_policies import bucket_policy

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@pytest.fixture
def logs(aws):
    return aws("logs")


@pytest.fixture
def now(cloud):
    cloud.clock.freeze()
    return int(cloud.clock.now() * 1000)


def code(refused):
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


def put(logs, group, stream, *events):
    """(milliseconds, message) into a stream that is made if need be."""
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=group)
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    batch = [{"timestamp": timestamp, "message": message} for timestamp, message in events]
    return logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)


def messages(answer):
    return [event["message"] for event in answer["events"]]


STREAM = "arn:aws:kinesis:eu-west-1:000000000000:stream/s"


def stream_and_role(aws, cloud):
    """A stream, and the ARN of a role with which CloudWatch Logs may write to it."""
    aws("kinesis").create_stream(StreamName="s", ShardCount=1)
    cloud.settle()
    trust = {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    grant = {"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": STREAM}
    iam = aws("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]["Arn"]
    document = json.dumps({"Version": "2012-10-17", "Statement": [grant]})
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document)
    return role


# What is refused


def test_names_that_are_taken_or_missing(logs):
    logs.create_log_group(logGroupName="g")
    with pytest.raises(ClientError) as refused:
        logs.create_log_group(logGroupName="g")
    assert code(refused) == ("ResourceAlreadyExistsException", "The specified log group already exists")
    with pytest.raises(ClientError) as refused:
        logs.create_log_stream(logGroupName="absent", logStreamName="s")
    assert code(refused) == ("ResourceNotFoundException", "The specified log group does not exist.")
    with pytest.raises(ClientError) as refused:
        logs.get_log_events(logGroupName="g", logStreamName="absent")
    assert code(refused) == ("ResourceNotFoundException", "The specified log stream does not exist.")
    elsewhere = "arn:aws:logs:eu-west-1:111111111111:log-group:g"
    with pytest.raises(ClientError) as refused:
        logs.filter_log_events(logGroupIdentifier=elsewhere)
    assert code(refused)[0] == "ResourceNotFoundException"
    with pytest.raises(ClientError) as refused:
        logs.create_log_group(logGroupName="not allowed!")
    assert code(refused)[0] == "InvalidParameterException"


@pytest.mark.parametrize(
    ("offsets", "message"),
    [
        ([0, -1], "chronological order"),
        ([-DAY_MS - 1, 0], "cannot span more than 24 hours"),
    ],
)
def test_a_batch_out_of_order_or_too_long_is_refused_whole(logs, now, offsets, message):
    put(logs, "g", "s", (now, "before"))
    with pytest.raises(ClientError, match=message) as refused:
        put(logs, "g", "s", *[(now + offset, "x") for offset in offsets])
    assert code(refused)[0] == "InvalidParameterException"
    assert messages(logs.get_log_events(logGroupName="g", logStreamName="s")) == ["before"]


def test_a_batch_that_is_too_large_is_refused(logs, now):
    with pytest.raises(ClientError, match="too large"):
        put(logs, "g", "s", *[(now, "x" * 600_000)] * 2)


def test_a_retention_that_aws_does_not_offer_is_refused(logs):
    logs.create_log_group(logGroupName="g")
    with pytest.raises(ClientError) as refused:
        logs.put_retention_policy(logGroupName="g", retentionInDays=2)
    assert code(refused)[0] == "InvalidParameterException"


def test_patterns_queries_and_tokens_that_make_no_sense_are_refused(logs, now):
    put(logs, "g", "s", (now, "x"))
    with pytest.raises(ClientError) as refused:
        logs.filter_log_events(logGroupName="g", filterPattern="{ $.a }")
    assert code(refused)[0] == "InvalidParameterException"
    with pytest.raises(ClientError) as refused:
        logs.start_query(logGroupName="g", startTime=0, endTime=1, queryString="fields |")
    assert code(refused)[0] == "MalformedQueryException"
    with pytest.raises(ClientError) as refused:
        logs.get_log_events(logGroupName="g", logStreamName="s", nextToken="nonsense")
    assert code(refused) == ("InvalidParameterException", "The specified nextToken is invalid.")


def test_policies_and_buckets_that_are_none(logs, now):
    for text in ("{", '"text"', '{"Version": "2012-10-17"}'):
        with pytest.raises(ClientError) as refused:
            logs.put_resource_policy(policyName="p", policyDocument=text)
        assert code(refused)[0] == "InvalidParameterException"
    assert logs.describe_resource_policies()["resourcePolicies"] == []
    put(logs, "g", "s", (now, "x"))
    with pytest.raises(ClientError) as refused:
        logs.create_export_task(logGroupName="g", fromTime=1, to=now, destination="nowhere")
    message = "The given bucket does not exist. Please make sure the bucket is valid."
    assert code(refused) == ("InvalidParameterException", message)


def test_a_protected_group_is_not_deleted(logs):
    logs.create_log_group(logGroupName="g", deletionProtectionEnabled=True)
    with pytest.raises(ClientError) as refused:
        logs.delete_log_group(logGroupName="g")
    assert code(refused)[0] == "InvalidOperationException"
    logs.put_log_group_deletion_protection(logGroupIdentifier="g", deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName="g")
    assert logs.describe_log_groups()["logGroups"] == []


# What is done


def test_groups_are_described_by_prefix_pattern_and_page(logs):
    for name in ("/aws/lambda/a", "/aws/lambda/b", "/ecs/a"):
        logs.create_log_group(logGroupName=name)
    pages = logs.get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": 2})
    names = [[group["logGroupName"] for group in page["logGroups"]] for page in pages]
    assert names == [["/aws/lambda/a", "/aws/lambda/b"], ["/ecs/a"]]
    by_prefix = logs.describe_log_groups(logGroupNamePrefix="/aws/")["logGroups"]
    assert [group["logGroupName"] for group in by_prefix] == ["/aws/lambda/a", "/aws/lambda/b"]
    by_pattern = logs.describe_log_groups(logGroupNamePattern="/A")["logGroups"]
    assert len(by_pattern) == 3
    arn = by_prefix[0]["arn"]
    assert arn.endswith(":log-group:/aws/lambda/a:*")
    assert by_prefix[0]["logGroupArn"] == arn[:-2]


def test_events_come_out_in_order_and_by_time(logs, now):
    put(logs, "g", "s", (now - 3, "a"), (now - 2, "b"), (now - 1, "c"))
    put(logs, "g", "s", (now - 2, "b2"))
    assert messages(logs.get_log_events(logGroupName="g", logStreamName="s")) == ["a", "b", "b2", "c"]
    some = logs.get_log_events(logGroupName="g", logStreamName="s", startTime=now - 2, endTime=now - 1)
    assert messages(some) == ["b", "b2"]


def test_pages_go_forward_and_backward_until_the_token_stays(logs, now):
    put(logs, "g", "s", *[(now + n, str(n)) for n in range(5)])

    def page(**more):
        return logs.get_log_events(logGroupName="g", logStreamName="s", limit=2, **more)

    latest = page()
    assert messages(latest) == ["3", "4"]
    earlier = page(nextToken=latest["nextBackwardToken"])
    assert messages(earlier) == ["1", "2"]
    head = page(startFromHead=True)
    assert messages(head) == ["0", "1"]
    following = page(nextToken=head["nextForwardToken"])
    assert messages(following) == ["2", "3"]
    last = page(nextToken=page(nextToken=following["nextForwardToken"])["nextForwardToken"])
    assert messages(last) == []
    again = page(nextToken=last["nextForwardToken"])
    assert again["nextForwardToken"] == last["nextForwardToken"]


def test_events_too_old_or_too_new_are_rejected_and_the_rest_is_kept(logs, now):
    answer = put(logs, "g", "s", (now - 15 * DAY_MS, "old"), (now, "kept"), (now + 3 * HOUR_MS, "new"))
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
    assert messages(logs.get_log_events(logGroupName="g", logStreamName="s")) == ["kept"]


def test_filtering_goes_over_streams_in_order_of_time(logs, now):
    put(logs, "g", "a/1", (now, "ERROR one"), (now + 2, "fine"))
    put(logs, "g", "b/1", (now + 1, "ERROR two"))
    found = logs.filter_log_events(logGroupName="g", filterPattern="ERROR")["events"]
    assert [(event["logStreamName"], event["message"]) for event in found] == [
        ("a/1", "ERROR one"),
        ("b/1", "ERROR two"),
    ]
    assert len({event["eventId"] for event in found}) == 2
    only = logs.filter_log_events(logGroupName="g", logStreamNamePrefix="b/")
    assert messages(only) == ["ERROR two"]
    named = logs.filter_log_events(logGroupName="g", logStreamNames=["a/1"], startTime=now + 1)
    assert messages(named) == ["fine"]
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName="g", PaginationConfig={"PageSize": 1})
    assert [messages(page) for page in pages] == [["ERROR one"], ["ERROR two"], ["fine"]]


def test_streams_are_described_by_name_or_latest_event(logs, now):
    put(logs, "g", "a", (now + 5, "x"))
    put(logs, "g", "b", (now + 9, "x"))
    logs.create_log_stream(logGroupName="g", logStreamName="c")

    def names(**how):
        pages = logs.get_paginator("describe_log_streams").paginate(
            logGroupName="g", PaginationConfig={"PageSize": 2}, **how
        )
        return [stream["logStreamName"] for page in pages for stream in page["logStreams"]]

    assert names() == ["a", "b", "c"]
    assert names(descending=True) == ["c", "b", "a"]
    assert names(orderBy="LastEventTime", descending=True) == ["b", "a", "c"]
    assert names(logStreamNamePrefix="b") == ["b"]
    stream = logs.describe_log_streams(logGroupName="g", logStreamNamePrefix="a")["logStreams"][0]
    assert (stream["firstEventTimestamp"], stream["lastEventTimestamp"]) == (now + 5, now + 5)


def test_tags_by_arn_and_by_name_are_the_same(logs):
    logs.create_log_group(logGroupName="g", tags={"a": "1"})
    arn = logs.describe_log_groups()["logGroups"][0]["logGroupArn"]
    logs.tag_resource(resourceArn=arn, tags={"b": "2"})
    logs.untag_log_group(logGroupName="g", tags=["a"])
    assert logs.list_tags_log_group(logGroupName="g")["tags"] == {"b": "2"}
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}


def test_metric_filters_are_kept_and_can_be_tried(logs):
    logs.create_log_group(logGroupName="g")
    made = [{"metricName": "m", "metricNamespace": "n", "metricValue": "$.ms"}]
    logs.put_metric_filter(logGroupName="g", filterName="f", filterPattern="{ $.ms > 5 }", metricTransformations=made)
    found = logs.describe_metric_filters(logGroupName="g")["metricFilters"]
    assert [(f["filterName"], f["metricTransformations"]) for f in found] == [("f", made)]
    assert logs.describe_log_groups()["logGroups"][0]["metricFilterCount"] == 1
    tried = logs.test_metric_filter(filterPattern="{ $.ms > 5 }", logEventMessages=['{"ms": 9}', '{"ms": 1}'])
    assert tried["matches"] == [{"eventNumber": 1, "eventMessage": '{"ms": 9}', "extractedValues": {"$.ms": "9"}}]
    logs.delete_metric_filter(logGroupName="g", filterName="f")
    assert logs.describe_metric_filters(logGroupName="g")["metricFilters"] == []


def test_a_third_subscription_is_refused(logs, aws, cloud):
    logs.create_log_group(logGroupName="g")
    to = {"destinationArn": STREAM, "roleArn": stream_and_role(aws, cloud)}
    for name in ("one", "two", "two"):
        logs.put_subscription_filter(logGroupName="g", filterName=name, filterPattern="", **to)
    with pytest.raises(logs.exceptions.LimitExceededException):
        logs.put_subscription_filter(logGroupName="g", filterName="three", filterPattern="", **to)
    assert [f["filterName"] for f in logs.describe_subscription_filters(logGroupName="g")["subscriptionFilters"]] == [
        "one",
        "two",
    ]


# What happens next


def test_retention_deletes_what_is_older_by_the_clock(logs, cloud, now):
    put(logs, "g", "s", (now - HOUR_MS, "old"), (now, "young"))
    logs.put_retention_policy(logGroupName="g", retentionInDays=1)
    cloud.clock.advance(23 * 3600 + 1800)
    assert messages(logs.filter_log_events(logGroupName="g")) == ["young"]
    cloud.clock.advance(2 * 86_400)
    assert messages(logs.filter_log_events(logGroupName="g")) == []
    assert cloud.run(lambda: cloud.cloud.store.read("SELECT COUNT(*) FROM logs_event").fetchone()) == (0,)
    assert logs.describe_log_groups()["logGroups"][0]["storedBytes"] == 0


def test_a_query_runs_and_keeps_its_results(logs, cloud, now):
    put(logs, "g", "s", *[(now + n, json.dumps({"ms": n, "level": "ERROR" if n % 2 else "INFO"})) for n in range(10)])
    start = {"startTime": now // 1000 - 10, "endTime": now // 1000 + 10}
    query = logs.start_query(
        logGroupNames=["g"], queryString="stats sum(ms) as total by level | sort total desc", **start
    )["queryId"]
    cloud.settle()
    answer = logs.get_query_results(queryId=query)
    assert answer["status"] == "Complete"
    rows = [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]
    assert rows == [{"level": "ERROR", "total": "25"}, {"level": "INFO", "total": "20"}]
    assert answer["statistics"]["recordsScanned"] == 10
    events = logs.start_query(logGroupName="g", queryString="fields ms | limit 1", **start)["queryId"]
    cloud.settle()
    row = {cell["field"]: cell["value"] for cell in logs.get_query_results(queryId=events)["results"][0]}
    assert row["ms"] == "9"
    assert logs.get_log_record(logRecordPointer=row["@ptr"])["logRecord"]["@message"] == '{"ms": 9, "level": "ERROR"}'


def test_an_export_lies_gzipped_in_the_bucket(logs, aws, cloud, now):
    s3 = aws("s3")
    s3.create_bucket(Bucket="exports", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_policy(Bucket="exports", Policy=bucket_policy("exports", "logs.eu-west-1.amazonaws.com"))
    put(logs, "g", "a/b", (now, "one"), (now + 1, "two"))
    span = {"from": now, "to": now + 10}
    task = logs.create_export_task(logGroupName="g", destination="exports", **span)
    cloud.settle()
    described = logs.describe_export_tasks(taskId=task["taskId"])["exportTasks"][0]
    assert described["status"]["code"] == "COMPLETED"
    assert described["from"] == now
    body = s3.get_object(Bucket="exports", Key=f"exportedlogs/{task['taskId']}/a-b/000000.gz")["Body"].read()
    lines = gzip.decompress(body).decode().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["one", "two"]


def test_a_live_tail_shows_what_arrives(aws, now):
    logs = aws("logs", config=Config(inject_host_prefix=False))  # "stream-127.0.0.1" is no address
    put(logs, "g", "s", (now, "before"))
    arn = logs.describe_log_groups()["logGroups"][0]["logGroupArn"]
    stream = logs.start_live_tail(logGroupIdentifiers=[arn], logEventFilterPattern="ERROR")["responseStream"]
    tail = iter(stream)
    assert next(tail)["sessionStart"]["logGroupIdentifiers"] == [arn]
    put(logs, "g", "s", (now, "fine"), (now, "ERROR here"))
    results = next(tail)["sessionUpdate"]["sessionResults"]
    assert [result["message"] for result in results] == ["ERROR here"]
    stream.close()
