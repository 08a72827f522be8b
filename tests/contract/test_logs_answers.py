"""CloudWatch Logs: answers as AWS words and writes them."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.contract.open_policies import bucket_policy

ACCOUNT = "000000000000"
GROUP = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:g"


@pytest.fixture
def logs(aws):
    client = aws("logs")
    client.create_log_group(logGroupName="g")
    client.create_log_stream(logGroupName="g", logStreamName="s")
    return client


@pytest.fixture
def now(cloud):
    cloud.clock.freeze()
    return int(cloud.clock.now())


def refusal(ask, **members):
    with pytest.raises(ClientError) as refused:
        ask(**members)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def write(logs, now, *messages):
    events = [{"timestamp": now * 1000, "message": message} for message in messages]
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=events)


# What is refused


def test_a_group_is_named_in_one_way(logs):
    told = "ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters."
    assert refusal(logs.describe_log_streams, logGroupName="g", logGroupIdentifier="g") == told


def test_names_of_groups_and_streams_have_512_characters_at_most(logs, now):
    told = (
        "InvalidParameterException",
        "Invalid LogGroup or LogStream, both must have length less than or equal to 512.",
    )
    long = "x" * 513
    assert refusal(logs.create_log_group, logGroupName=long) == told
    assert refusal(logs.delete_metric_filter, logGroupName=long, filterName="f") == told
    assert refusal(logs.create_log_stream, logGroupName="g", logStreamName=long) == told
    assert refusal(logs.get_log_events, logGroupName="g", logStreamName=long) == told
    logs.create_log_group(logGroupName=long[1:])


def test_an_identifier_that_is_none_is_not_repeated(logs):
    refused = refusal(logs.get_log_events, logGroupIdentifier=f"{GROUP}:*", logStreamName="s")
    assert refused[1].startswith("1 validation error detected: Value at 'logGroupIdentifier' failed to satisfy")


def test_a_query_of_a_group_that_is_not_there(logs, now):
    code, message = refusal(logs.start_query, logGroupName="x", startTime=0, endTime=now, queryString="fields @message")
    assert code == "ResourceNotFoundException"
    assert message.startswith(
        f"Log group 'x' does not exist for account ID '{ACCOUNT}' (Service: AWSLogs; Status Code: 400;"
        " Error Code: ResourceNotFoundException; Request ID: "
    )


def test_a_policy_that_is_not_there_is_not_deleted(logs):
    told = "ResourceNotFoundException", "Policy with name [none] does not exist."
    assert refusal(logs.delete_resource_policy, policyName="none") == told


def test_an_export_that_is_done_cannot_be_cancelled(logs, aws, cloud, now):
    aws("s3").create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    aws("s3").put_bucket_policy(Bucket="lake", Policy=bucket_policy("lake", "logs.amazonaws.com"))
    span = {"from": 1, "to": now}
    task = logs.create_export_task(logGroupName="g", destination="lake", **span)["taskId"]
    assert aws("s3").get_object(Bucket="lake", Key="aws-logs-write-test")["Body"].read() == (
        b"Permission Check Successful"
    )
    cloud.settle()
    told = "InvalidOperationException", "The specified export task has already finished"
    assert refusal(logs.cancel_export_task, taskId=task) == told


# What is done


def test_policies_are_shown_as_iam_writes_them(logs):
    statement = {
        "Effect": "Allow", "Principal": {"Service": ["route53.amazonaws.com"]}, "Action": ["logs:PutLogEvents"],
        "Resource": "*",
    }  # fmt: skip
    text = json.dumps({"Statement": [statement]})
    made = logs.put_resource_policy(policyName="p", policyDocument=text)["resourcePolicy"]
    assert (made["policyDocument"], made["policyScope"]) == (text, "ACCOUNT")
    (shown,) = logs.describe_resource_policies()["resourcePolicies"]
    plain = {**statement, "Principal": {"Service": "route53.amazonaws.com"}, "Action": "logs:PutLogEvents"}
    assert json.loads(shown["policyDocument"]) == {"Version": "2008-10-17", "Statement": [plain]}
    assert logs.describe_resource_policies(policyScope="RESOURCE")["resourcePolicies"] == []


def test_a_stream_without_events_has_no_token(logs, now):
    (stream,) = logs.describe_log_streams(logGroupName="g")["logStreams"]
    assert stream.keys() == {"logStreamName", "creationTime", "arn", "storedBytes"}
    write(logs, now, "x")
    assert "uploadSequenceToken" in logs.describe_log_streams(logGroupName="g")["logStreams"][0]


def test_groups_that_a_pattern_finds_are_told_less_of(logs):
    by_prefix = logs.describe_log_groups(logGroupNamePrefix="g")["logGroups"][0]
    by_pattern = logs.describe_log_groups(logGroupNamePattern="g")["logGroups"][0]
    assert by_prefix.keys() - by_pattern.keys() == {"deletionProtectionEnabled", "storedBytes"}


def test_groups_of_linked_accounts_are_those_of_this_one(logs):
    for ask in (logs.describe_log_groups, logs.list_log_groups):
        for accounts, found in (([ACCOUNT], ["g"]), (["111122223333"], [])):
            answer = ask(includeLinkedAccounts=True, accountIdentifiers=accounts)
            assert [group["logGroupName"] for group in answer["logGroups"]] == found


def test_query_definitions_have_a_language(logs):
    text = "fields @message"
    logs.put_query_definition(name="q", queryString=text, queryLanguage="CWLI")
    assert refusal(logs.put_query_definition, name="s", queryString=text, queryLanguage="SQL")[0] == (
        "InvalidParameterException"
    )
    (found,) = logs.describe_query_definitions(queryLanguage="CWLI")["queryDefinitions"]
    assert (found["name"], found["queryLanguage"]) == ("q", "CWLI")
    assert logs.describe_query_definitions(queryLanguage="PPL")["queryDefinitions"] == []


def test_a_namespace_may_have_a_colon(logs):
    made = {"metricName": "errors", "metricNamespace": "A.B-c_d/1#2:errors", "metricValue": "1"}
    logs.put_metric_filter(
        logGroupName="g", filterName="f", filterPattern=" ", metricTransformations=[made], applyOnTransformedLogs=True
    )
    (found,) = logs.describe_metric_filters(metricName="errors", metricNamespace=made["metricNamespace"])[
        "metricFilters"
    ]
    assert found["metricTransformations"] == [made] and found["applyOnTransformedLogs"] is True


# What happens next


def test_queries_are_described_with_where_they_looked(logs, now, cloud):
    asked = {"startTime": now - 60, "endTime": now, "queryString": "fields @message"}
    query = logs.start_query(logGroupIdentifiers=[GROUP], **asked)["queryId"]
    cloud.settle()
    (told,) = logs.describe_queries(logGroupName="g", status="Complete", queryLanguage="CWLI")["queries"]
    assert told["queryString"] == f'SOURCE "g" START={now - 60}000 END={now}999 | fields @message'
    assert logs.describe_queries(queryLanguage="SQL")["queries"] == []
    assert logs.list_log_groups_for_query(queryId=query)["logGroupIdentifiers"] == ["g"]


def test_fields_of_a_group_are_told_in_percent(logs, now):
    write(logs, now - 600, '{"level": "error", "user": {"id": 3}}', '{"level": "info"}', "plain", "text")
    write(logs, now - 3600, '{"older": 1}')
    told = {one["name"]: one["percent"] for one in logs.get_log_group_fields(logGroupName="g")["logGroupFields"]}
    assert told.items() >= {"@message": 100, "@logStream": 100, "level": 50, "user.id": 25}.items()
    assert "older" not in told
    then = logs.get_log_group_fields(logGroupIdentifier=GROUP, time=now - 3600)["logGroupFields"]
    assert {one["name"] for one in then} >= {"older"}
