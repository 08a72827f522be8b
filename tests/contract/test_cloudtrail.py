"""CloudTrail: what is refused, what is done, what happens next."""

import gzip
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.contract.open_policies import bucket_policy

ACCOUNT, REGION = "000000000000", "eu-west-1"


@pytest.fixture
def trail(aws):
    return aws("cloudtrail")


@pytest.fixture
def bucket(aws):
    s3 = aws("s3")
    s3.create_bucket(Bucket="logs", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_policy(Bucket="logs", Policy=bucket_policy("logs", "cloudtrail.amazonaws.com"))
    return "logs"


def refused(action, code):
    with pytest.raises(ClientError) as failure:
        action()
    assert failure.value.response["Error"]["Code"] == code


def events(trail, **attributes):
    """The records of the event history, oldest first."""
    lookup = [{"AttributeKey": key, "AttributeValue": value} for key, value in attributes.items()]
    pages = trail.get_paginator("lookup_events").paginate(LookupAttributes=lookup)
    return [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]][::-1]


def files(aws, prefix):
    """Key and content of the gzipped JSON files in the bucket."""
    s3 = aws("s3")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket="logs", Prefix=prefix).get("Contents", [])]
    read = [s3.get_object(Bucket="logs", Key=key) for key in keys]
    return [(key, json.loads(gzip.decompress(one["Body"].read()))) for key, one in zip(keys, read, strict=True)]


# What is refused


def test_trails_need_a_name_and_a_bucket(trail, bucket):
    refused(lambda: trail.create_trail(Name="ab", S3BucketName=bucket), "InvalidTrailNameException")
    refused(lambda: trail.create_trail(Name="a b c", S3BucketName=bucket), "InvalidTrailNameException")
    refused(lambda: trail.create_trail(Name="abc", S3BucketName="absent"), "S3BucketDoesNotExistException")
    trail.create_trail(Name="abc", S3BucketName=bucket)
    refused(lambda: trail.create_trail(Name="abc", S3BucketName=bucket), "TrailAlreadyExistsException")
    refused(lambda: trail.start_logging(Name="absent"), "TrailNotFoundException")
    assert [found["Name"] for found in trail.describe_trails()["trailList"]] == ["abc"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ab", "Trail name too short. Minimum allowed length: 3 characters. Specified name length: 2 characters."),
        (
            "a" * 129,
            "Trail name too long. Maximum allowed length: 128 characters. Specified name length: 129 characters.",
        ),
        ("-abc", "Trail name must starts with a letter or number."),
        ("abc!", "Trail name must ends with a letter or number."),
    ],
)  # fmt: skip
def test_a_name_that_is_none_is_told_why(trail, name, message):
    with pytest.raises(ClientError) as failure:
        trail.create_trail(Name=name, S3BucketName="logs")
    assert failure.value.response["Error"]["Message"] == message


def test_a_topic_must_let_cloudtrail_in(aws, trail, bucket):
    sns = aws("sns")
    policy = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sns:Publish"}
    topic = sns.create_topic(Name="news")["TopicArn"]
    for name in ("none", "news"):
        ask = {"Name": "abc", "S3BucketName": bucket, "SnsTopicName": name}
        refused(lambda ask=ask: trail.create_trail(**ask), "InsufficientSnsTopicPolicyException")
    text = json.dumps({"Version": "2012-10-17", "Statement": [{**policy, "Resource": topic}]})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text)
    assert trail.create_trail(**ask)["SnsTopicARN"] == topic
    assert trail.get_trail(Name="abc")["Trail"]["IsOrganizationTrail"] is False


def test_trails_have_no_insights(trail, bucket):
    arn = trail.create_trail(Name="abc", S3BucketName=bucket)["TrailARN"]
    with pytest.raises(ClientError, match=f"Trail {arn} does not have Insights enabled") as failure:
        trail.get_insight_selectors(TrailName="abc")
    assert failure.value.response["Error"]["Code"] == "InsightNotEnabledException"


def test_a_trail_is_changed_from_its_home_region_only(aws, trail, bucket):
    arn = trail.create_trail(Name="abc", S3BucketName=bucket, IsMultiRegionTrail=True)["TrailARN"]
    elsewhere = aws("cloudtrail", region="us-east-1")
    assert elsewhere.get_trail(Name=arn)["Trail"]["HomeRegion"] == REGION
    refused(lambda: elsewhere.delete_trail(Name=arn), "InvalidHomeRegionException")


def test_queries_are_refused_in_words(trail):
    with pytest.raises(ClientError, match="cloudtrail:StartQuery is not supported"):
        trail.start_query(QueryStatement="SELECT 1")


def test_selectors_must_make_sense(trail, bucket):
    trail.create_trail(Name="abc", S3BucketName=bucket)
    refused(lambda: trail.put_event_selectors(TrailName="abc"), "InvalidEventSelectorsException")
    no_category = [{"FieldSelectors": [{"Field": "eventName", "Equals": ["x"]}]}]
    put = lambda: trail.put_event_selectors(TrailName="abc", AdvancedEventSelectors=no_category)  # noqa: E731
    refused(put, "InvalidEventSelectorsException")
    two = [{"AttributeKey": "EventName", "AttributeValue": "x"}] * 2
    refused(lambda: trail.lookup_events(LookupAttributes=two), "InvalidLookupAttributesException")


# What is done


def test_events_of_lambda_are_named_with_the_date_of_its_api(aws, trail):
    """As on AWS, where rules and queries look for these names."""
    functions = aws("lambda")
    functions.list_functions()
    with pytest.raises(ClientError):
        functions.get_function(FunctionName="absent")
    functions.list_code_signing_configs()
    names = [event["eventName"] for event in events(trail, EventSource="lambda.amazonaws.com")]
    assert names == ["ListFunctions20150331", "GetFunction20150331v2", "ListCodeSigningConfigs"]
    assert len(events(trail, EventName="ListFunctions20150331")) == 1


def test_calls_are_in_the_history_with_who_and_what(aws, trail):
    aws("iam").create_user(UserName="bob")
    event = events(trail, EventName="CreateUser")[0]
    assert event["userIdentity"]["type"] == "Root"
    assert event["userIdentity"]["accessKeyId"] == "test"
    assert (event["eventSource"], event["awsRegion"], event["readOnly"]) == ("iam.amazonaws.com", REGION, False)
    assert event["requestParameters"] == {"userName": "bob"}
    assert event["responseElements"]["user"]["userName"] == "bob"
    assert event["userAgent"].startswith("Boto3/")
    listed = trail.lookup_events(LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": "bob"}])["Events"]
    assert listed[0]["Resources"] == [{"ResourceType": "AWS::IAM::User", "ResourceName": "bob"}]
    assert (listed[0]["Username"], listed[0]["ReadOnly"]) == ("root", "false")


def test_failures_are_events_too(aws, trail):
    with pytest.raises(ClientError):
        aws("iam").get_user(UserName="absent")
    event = events(trail, EventName="GetUser")[0]
    assert (event["errorCode"], event["responseElements"]) == ("NoSuchEntity", None)
    assert "absent" in event["errorMessage"]


def test_secrets_are_masked(aws, trail):
    aws("ssm").put_parameter(Name="p", Value="very secret", Type="SecureString")
    aws("iam").create_user(UserName="u")
    aws("iam").create_access_key(UserName="u")
    history = events(trail)
    assert "very secret" not in json.dumps(history)
    created = next(event for event in history if event["eventName"] == "CreateAccessKey")
    assert created["responseElements"]["accessKey"]["secretAccessKey"] == "HIDDEN_DUE_TO_SECURITY_REASONS"


def test_an_assumed_role_is_named_with_its_issuer(aws, trail):
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
    }
    role = aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(document))["Role"]
    session = aws("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="session")["Credentials"]
    keys = {
        "aws_access_key_id": session["AccessKeyId"],
        "aws_secret_access_key": session["SecretAccessKey"],
        "aws_session_token": session["SessionToken"],
    }
    aws("sts", **keys).get_caller_identity()
    assumed = events(trail, EventName="AssumeRole")[0]
    assert assumed["resources"] == [{"accountId": ACCOUNT, "type": "AWS::IAM::Role", "ARN": role["Arn"]}]
    identity = events(trail, EventName="GetCallerIdentity")[0]["userIdentity"]
    assert (identity["type"], identity["principalId"]) == ("AssumedRole", f"{role['RoleId']}:session")
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == role["Arn"]


def test_the_proof_of_a_federated_caller_is_masked(aws, trail):
    refused(
        lambda: aws("sts").assume_role_with_web_identity(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/r", RoleSessionName="session", WebIdentityToken="very.secret.token"
        ),
        "InvalidIdentityToken",
    )
    event = events(trail, EventName="AssumeRoleWithWebIdentity")[0]
    assert event["userIdentity"] == {"type": "WebIdentityUser"}
    assert event["requestParameters"]["webIdentityToken"] == "HIDDEN_DUE_TO_SECURITY_REASONS"


def test_data_events_are_not_in_the_history(aws, trail, bucket):
    aws("s3").put_object(Bucket=bucket, Key="k", Body=b"")
    assert "PutObject" not in [event["eventName"] for event in events(trail)]


def test_event_data_stores_have_settings(trail):
    arn = trail.create_event_data_store(Name="store", RetentionPeriod=90)["EventDataStoreArn"]
    kept = trail.get_event_data_store(EventDataStore=arn)
    assert (kept["Status"], kept["RetentionPeriod"], kept["TerminationProtectionEnabled"]) == ("ENABLED", 90, True)
    delete = lambda: trail.delete_event_data_store(EventDataStore=arn)  # noqa: E731
    refused(delete, "EventDataStoreTerminationProtectedException")
    trail.update_event_data_store(EventDataStore=arn, TerminationProtectionEnabled=False)
    delete()
    assert trail.get_event_data_store(EventDataStore=arn)["Status"] == "PENDING_DELETION"
    trail.restore_event_data_store(EventDataStore=arn)
    assert [store["Name"] for store in trail.list_event_data_stores()["EventDataStores"]] == ["store"]


# What happens next


def test_a_call_that_names_no_role_is_kept_as_well(aws, trail):
    refused(
        lambda: aws("sts").assume_role(RoleArn="nothing-valid-in-here", RoleSessionName="session"), "ValidationError"
    )
    [event] = events(trail, EventName="AssumeRole")
    assert (event["errorCode"], "resources" in event) == ("ValidationError", False)


def test_a_trail_writes_files_by_the_clock(aws, trail, cloud, bucket):
    trail.create_trail(Name="abc", S3BucketName=bucket, S3KeyPrefix="p")
    aws("iam").create_user(UserName="before")
    trail.start_logging(Name="abc")
    aws("iam").create_user(UserName="bob")
    assert files(aws, "p/") == []
    cloud.clock.advance(301)
    (key, content) = files(aws, "p/")[0]
    moment = datetime.fromtimestamp(cloud.clock.now() - 1, UTC)
    assert key.startswith(f"p/AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{moment:%Y/%m/%d}/{ACCOUNT}_CloudTrail_{REGION}_")
    created = [record for record in content["Records"] if record["eventName"] == "CreateUser"]
    assert [record["requestParameters"]["userName"] for record in created] == ["bob"]
    status = trail.get_trail_status(Name="abc")
    assert status["IsLogging"] and status["LatestDeliveryTime"]
    trail.stop_logging(Name="abc")
    count = len(files(aws, "p/"))
    aws("iam").create_user(UserName="after")
    cloud.clock.advance(3600)
    assert len(files(aws, "p/")) == count


def test_data_events_are_logged_where_a_trail_asks_for_them(aws, trail, cloud, bucket):
    trail.create_trail(Name="abc", S3BucketName=bucket)
    selector = {
        "ReadWriteType": "WriteOnly",
        "IncludeManagementEvents": False,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::logs/watched/"]}],
    }
    trail.put_event_selectors(TrailName="abc", EventSelectors=[selector])
    trail.start_logging(Name="abc")
    s3 = aws("s3")
    for key in ("watched/a", "other/a"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
        s3.get_object(Bucket=bucket, Key=key)
    cloud.clock.advance(301)
    records = [record for _, content in files(aws, "AWSLogs/") for record in content["Records"]]
    assert [(r["eventName"], r["requestParameters"]["key"]) for r in records] == [("PutObject", "watched/a")]
    assert records[0]["eventCategory"] == "Data"


def test_the_events_of_ninety_days_are_kept(aws, trail, cloud):
    aws("iam").create_user(UserName="bob")
    cloud.clock.advance(89 * 86_400)
    assert len(events(trail, EventName="CreateUser")) == 1
    cloud.clock.advance(2 * 86_400)
    assert events(trail, EventName="CreateUser") == []


def test_the_aws_cli_validates_the_digest_chain(aws, trail, cloud, bucket, endpoint, tmp_path):
    arn = trail.create_trail(Name="abc", S3BucketName=bucket, EnableLogFileValidation=True)["TrailARN"]
    trail.start_logging(Name="abc")
    start = datetime.fromtimestamp(cloud.clock.now() - 60, UTC)
    for name in ("one", "two", "three"):
        aws("iam").create_user(UserName=name)
        cloud.clock.advance(3601)

    def validate():
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        }  # fmt: skip
        end = datetime.fromtimestamp(cloud.clock.now() + 60, UTC)
        command = [
            Path(sys.executable).with_name("aws"), "cloudtrail", "validate-logs", "--trail-arn", arn, "--verbose",
            "--start-time", start.isoformat(), "--end-time", end.isoformat(),
        ]  # fmt: skip
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout

    assert "3/3 digest files valid\n3/3 log files valid" in validate()
    key, content = files(aws, "AWSLogs/000000000000/CloudTrail/")[0]
    content["Records"][0]["eventName"] = "Forged"
    aws("s3").put_object(Bucket=bucket, Key=key, Body=gzip.compress(json.dumps(content).encode()))
    assert "2/3 log files valid, 1/3 log files INVALID" in validate()


def test_a_trail_writes_into_a_log_group_as_far_as_its_role_may(aws, trail, bucket, cloud):
    iam, logs = aws("iam"), aws("logs")
    logs.create_log_group(logGroupName="calls")
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:calls:*"
    trust = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]["Arn"]
    both = {"CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": role}
    name = {"Name": "calls", "S3BucketName": bucket}
    refused(lambda: trail.create_trail(**name, CloudWatchLogsRoleArn=role), "InvalidParameterCombinationException")
    refused(lambda: trail.create_trail(**name, **both), "InvalidCloudWatchLogsRoleArnException")
    grant = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": group}
    document = json.dumps({"Version": "2012-10-17", "Statement": [grant]})
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document)
    nowhere = {**both, "CloudWatchLogsLogGroupArn": group.replace("calls", "nowhere")}
    refused(lambda: trail.create_trail(**name, **nowhere), "InvalidCloudWatchLogsRoleArnException")
    trail.create_trail(**name, **both)
    trail.start_logging(Name="calls")
    iam.create_user(UserName="ann")
    cloud.clock.advance(301)
    stream = f"{ACCOUNT}_CloudTrail_{REGION}"
    events = logs.get_log_events(logGroupName="calls", logStreamName=stream, startFromHead=True)["events"]
    assert "CreateUser" in [json.loads(event["message"])["eventName"] for event in events]
    assert trail.get_trail_status(Name="calls")["LatestCloudWatchLogsDeliveryTime"]
