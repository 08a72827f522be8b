"""Lambda: services that call functions need the permission to, and then really do."""

import gzip
import json
from base64 import b64decode

import pytest

from tests.contract.lambda_code import ACCOUNT, PREFIX, REGION, execution_role, made, refused
from tests.contract.lambda_witness import LOGGING, seen, witness

FUNCTION = f"{PREFIX}witness"
# Sets a new version of a secret, in the four steps of a rotation.
ROTATION = """
import boto3

def handler(event, context):
    client, secret, token = boto3.client("secretsmanager"), event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        client.put_secret_value(SecretId=secret, ClientRequestToken=token, SecretString="new",
                                VersionStages=["AWSPENDING"])
    if event["Step"] == "finishSecret":
        stages = client.describe_secret(SecretId=secret)["VersionIdsToStages"]
        current = next(version for version, names in stages.items() if "AWSCURRENT" in names)
        client.update_secret_version_stage(SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token,
                                           RemoveFromVersionId=current)
"""


@pytest.fixture
def functions(aws):
    witness(aws)
    return aws("lambda")


def let_in(functions, service: str, source: str, name: str = "witness"):
    functions.add_permission(
        FunctionName=name, StatementId=service, Action="lambda:InvokeFunction", Principal=f"{service}.amazonaws.com",
        SourceArn=source,
    )  # fmt: skip


# What is refused


def test_a_bucket_that_may_not_call(functions, aws):
    s3 = aws("s3", REGION)
    s3.create_bucket(Bucket="box", CreateBucketConfiguration={"LocationConstraint": REGION})
    wanted = {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": FUNCTION, "Events": ["s3:ObjectCreated:*"]}]}
    asked = {"Bucket": "box", "NotificationConfiguration": wanted}
    assert refused(s3.put_bucket_notification_configuration, **asked)[0] == "InvalidArgument"
    let_in(functions, "s3", "arn:aws:s3:::other")
    assert refused(s3.put_bucket_notification_configuration, **asked)[0] == "InvalidArgument"


def test_a_topic_that_may_not_call(functions, aws, cloud):
    sns = aws("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=FUNCTION)
    sns.publish(TopicArn=topic, Message="hello")
    assert seen(aws, cloud) == []


# What is done


def test_an_object_calls_the_function(functions, aws, cloud):
    s3 = aws("s3", REGION)
    s3.create_bucket(Bucket="box", CreateBucketConfiguration={"LocationConstraint": REGION})
    let_in(functions, "s3", "arn:aws:s3:::box")
    wanted = {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": FUNCTION, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket="box", NotificationConfiguration=wanted)
    s3.put_object(Bucket="box", Key="a b", Body=b"hello")
    (event,) = seen(aws, cloud)
    (record,) = event["Records"]
    assert (record["eventSource"], record["eventName"]) == ("aws:s3", "ObjectCreated:Put")
    assert (record["s3"]["bucket"]["name"], record["s3"]["object"]["key"]) == ("box", "a+b")


def test_a_message_calls_the_function(functions, aws, cloud):
    sns = aws("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    let_in(functions, "sns", topic)
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=FUNCTION)
    sent = sns.publish(TopicArn=topic, Message="hello", Subject="news")
    (event,) = seen(aws, cloud)
    (record,) = event["Records"]
    assert (record["EventSource"], record["Sns"]["TopicArn"]) == ("aws:sns", topic)
    assert (record["Sns"]["Message"], record["Sns"]["MessageId"]) == ("hello", sent["MessageId"])


def test_a_log_event_calls_the_function(functions, aws, cloud):
    logs = aws("logs")
    logs.create_log_group(logGroupName="app")
    logs.create_log_stream(logGroupName="app", logStreamName="one")
    wanted = {
        "logGroupName": "app", "filterName": "errors", "filterPattern": "ERROR", "destinationArn": FUNCTION,
    }  # fmt: skip
    assert refused(logs.put_subscription_filter, **wanted)[0] == "InvalidParameterException"
    let_in(functions, "logs", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:app:*")
    logs.put_subscription_filter(**wanted)
    now = int(cloud.clock.now() * 1000)
    events = [{"timestamp": now, "message": text} for text in ("ERROR one", "fine")]
    logs.put_log_events(logGroupName="app", logStreamName="one", logEvents=events)
    (event,) = seen(aws, cloud)
    told = json.loads(gzip.decompress(b64decode(event["awslogs"]["data"])))
    assert (told["logGroup"], [one["message"] for one in told["logEvents"]]) == ("app", ["ERROR one"])


# What happens next


def test_a_secret_is_rotated_by_a_function(aws, cloud):
    role = execution_role(aws, "rotor-role", *LOGGING, "secretsmanager:*")
    arn = made(aws, "rotor", ROTATION, role=role, Timeout=30)["FunctionArn"]
    secrets, functions = aws("secretsmanager"), aws("lambda")
    secret = secrets.create_secret(Name="password", SecretString="old")["ARN"]
    let_in(functions, "secretsmanager", secret, "rotor")
    secrets.rotate_secret(SecretId="password", RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 30})
    cloud.settle()
    assert secrets.get_secret_value(SecretId="password")["SecretString"] == "new"
