"""Lambda: functions are made, changed, shown, listed and deleted."""

import hashlib
import json
import urllib.request
from base64 import b64encode
from urllib.error import HTTPError

import pytest

from glasshouse.core.call import Call
from glasshouse.core.errors import ServiceError
from tests.contract.lambda_code import (
    ACCOUNT,
    PREFIX,
    REGION,
    active,
    execution_role,
    made,
    refused,
    updated,
    zipped,
    zipped_files,
)

INVALID = "InvalidParameterValueException"


@pytest.fixture
def functions(aws):
    return aws("lambda")


@pytest.fixture
def role(aws):
    return execution_role(aws)


@pytest.fixture
def wanted(role):
    """What a function is made with."""
    return {
        "FunctionName": "echo", "Runtime": "python3.12", "Handler": "app.handler", "Role": role,
        "Code": {"ZipFile": zipped()},
    }  # fmt: skip


# What is refused


def test_a_function_that_is_not_there(functions):
    code, message = refused(functions.get_function, FunctionName="ghost")
    assert (code, message) == ("ResourceNotFoundException", f"Function not found: {PREFIX}ghost")
    _, message = refused(functions.get_function, FunctionName="ghost", Qualifier="$LATEST")
    assert message == f"Function not found: {PREFIX}ghost:$LATEST"
    for call in (functions.update_function_configuration, functions.delete_function, functions.publish_version):
        assert refused(call, FunctionName="ghost") == (code, f"Function not found: {PREFIX}ghost")
    assert refused(functions.get_function, FunctionName=f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:echo") == (
        code, "Functions from 'us-east-1' are not reachable in this region ('eu-west-1')",
    )  # fmt: skip


def test_a_second_function_of_the_name(functions, wanted):
    functions.create_function(**wanted)
    assert refused(functions.create_function, **wanted) == (
        "ResourceConflictException", "Function already exist: echo",
    )  # fmt: skip


def test_a_role_that_lambda_cannot_take_on(functions, wanted, aws):
    cannot = (INVALID, "The role defined for the function cannot be assumed by Lambda.")
    ghost = f"arn:aws:iam::{ACCOUNT}:role/ghost"
    stranger = execution_role(aws, "stranger", service="ec2.amazonaws.com")
    for role in (ghost, stranger):
        assert refused(functions.create_function, **{**wanted, "Role": role}) == cannot
    code, message = refused(functions.create_function, **{**wanted, "Role": "worker"})
    assert code == "ValidationException" and "at 'role' failed to satisfy constraint" in message
    assert functions.list_functions()["Functions"] == []


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"Runtime": "cobol"}, INVALID, "Value cobol at 'runtime' failed to satisfy constraint: Member must satisfy"),
        ({"Runtime": None}, INVALID, "Runtime and Handler are mandatory parameters for functions created with"),
        ({"Timeout": 901}, "ValidationException", "Value '901' at 'timeout'"),
        ({"MemorySize": 127}, "ValidationException", "Value '127' at 'memorySize'"),
        ({"MemorySize": 10241}, "ValidationException", "value less than or equal to 10240"),
        ({"EphemeralStorage": {"Size": 511}}, "ValidationException", "at 'ephemeralStorage.size'"),
        ({"Architectures": ["mips"]}, "ValidationException", "[x86_64, arm64]"),
        ({"FunctionName": "no spaces"}, "ValidationException", "at 'functionName' failed to satisfy constraint"),
        ({"FunctionName": "a" * 65}, INVALID, "Member must have length less than or equal to 64"),
        ({"FunctionName": "echo:1"}, "ValidationException", "Member must satisfy regular expression pattern"),
        ({"Code": {"ZipFile": b"no zip"}}, INVALID, "Could not unzip uploaded file. Please check your file"),
        ({"Code": {"ZipFile": zipped_files({})}}, INVALID, "Uploaded file must be a non-empty zip"),
        ({"Code": {}}, INVALID, "Please provide a source for function code."),
        ({"Code": {"ZipFile": zipped(), "S3Bucket": "box"}}, INVALID, "Please do not provide other FunctionCode"),
        ({"Code": {"ImageUri": "x"}}, "NotSupported", "container images are not supported by Glasshouse yet"),
        ({"PackageType": "Image"}, "NotSupported", "container images are not supported by Glasshouse yet"),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}, "Runtime": "java8"}, INVALID, "java8 is not supported"),
        ({"FileSystemConfigs": [{"Arn": "a", "LocalMountPath": "/mnt/x"}]}, "ValidationException", "fileSystemConfigs"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, INVALID, "reserved keys that are currently not"),
        ({"Environment": {"Variables": {"BIG": "x" * 4096}}}, INVALID, "exceeded the 4KB limit. String measured: {"),
        ({"LoggingConfig": {"ApplicationLogLevel": "DEBUG"}}, INVALID, "LogLevel is not supported when LogFormat"),
        ({"DeadLetterConfig": {"TargetArn": "arn:aws:s3:::box"}}, INVALID, "neither an Amazon SQS queue nor"),
        ({"Layers": [f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:tools:{n}" for n in range(6)]}, INVALID, "more than 5"),
        ({"KMSKeyArn": "arn:aws:kms:eu-west-1:000000000000:key/no", "Environment": {"Variables": {"KEY": "x"}}},
         INVALID, "the KMS key is invalid for CreateGrant"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be(functions, wanted, change, code, words):
    asked = {name: value for name, value in {**wanted, **change}.items() if value is not None}
    refusal = refused(functions.create_function, **asked)
    assert refusal[0] == code and words in refusal[1]
    assert functions.list_functions()["Functions"] == []


def test_a_package_that_is_not_in_s3(functions, wanted, aws):
    missing = {**wanted, "Code": {"S3Bucket": "box", "S3Key": "app.zip"}}
    begin = "Error occurred while GetObject. S3 Error Code: "
    assert refused(functions.create_function, **missing) == (
        INVALID, f"{begin}NoSuchBucket. S3 Error Message: The specified bucket does not exist",
    )  # fmt: skip
    aws("s3", "us-east-1").create_bucket(Bucket="box")
    assert refused(functions.create_function, **missing) == (
        INVALID, f"{begin}NoSuchKey. S3 Error Message: The specified key does not exist.",
    )  # fmt: skip


def test_a_dead_letter_queue_that_the_role_may_not_send_to(functions, wanted, aws):
    aws("sqs").create_queue(QueueName="dead")
    target = {"TargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"}
    assert refused(functions.create_function, **wanted, DeadLetterConfig=target) == (
        INVALID, "The provided execution role does not have permissions to call SendMessage on SQS",
    )  # fmt: skip


def test_a_change_of_what_has_changed_meanwhile(functions, wanted):
    first = functions.create_function(**wanted)["RevisionId"]
    active(functions, "echo")
    words = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API"
    for call, change in (
        (functions.update_function_configuration, {"Timeout": 9}),
        (functions.update_function_code, {"ZipFile": zipped()}),
        (functions.publish_version, {}),
    ):
        code, message = refused(call, FunctionName="echo", RevisionId=first, **change)
        assert code == "PreconditionFailedException" and message.startswith(words)


def test_the_latest_version_is_not_deleted_alone(functions, wanted):
    functions.create_function(**wanted)
    assert refused(functions.delete_function, FunctionName="echo", Qualifier="$LATEST") == (
        INVALID, "$LATEST version cannot be deleted without deleting the function.",
    )  # fmt: skip


def test_two_qualifiers_that_differ(functions, wanted):
    functions.create_function(**wanted)
    assert refused(functions.get_function, FunctionName="echo:1", Qualifier="2") == (
        INVALID, "The derived qualifier from the function name does not match the specified qualifier.",
    )  # fmt: skip


def test_a_user_may_only_what_policies_say(aws, wanted, functions):
    functions.create_function(**wanted)
    iam = aws("iam")
    iam.create_user(UserName="reader")
    keys = iam.create_access_key(UserName="reader")["AccessKey"]
    statement = {"Effect": "Allow", "Action": "lambda:GetFunction", "Resource": f"{PREFIX}echo"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)
    secret = {"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"]}
    reader = aws("lambda", **secret)
    for name in ("echo", f"{PREFIX}echo", f"{ACCOUNT}:function:echo"):
        assert reader.get_function(FunctionName=name)["Configuration"]["FunctionName"] == "echo"
    for call, name in (
        (reader.get_function, "other"),
        (reader.delete_function, "echo"),
        (reader.get_function, "echo:1"),
    ):
        code, message = refused(call, FunctionName=name)
        assert code == "AccessDeniedException" and "is not authorized to perform: lambda:" in message


# What is done


def test_a_new_function_is_shown_as_it_was_asked_for(functions, wanted):
    answer = functions.create_function(
        **wanted, Description="says it again", Timeout=20, MemorySize=256, Tags={"team": "blue"},
        Environment={"Variables": {"MODE": "fast"}}, Architectures=["arm64"], EphemeralStorage={"Size": 1024},
        TracingConfig={"Mode": "Active"}, VpcConfig={"SubnetIds": ["subnet-1a"], "SecurityGroupIds": ["sg-1a"]},
        LoggingConfig={"LogFormat": "JSON", "LogGroup": "/my/group"},
    )  # fmt: skip
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 201
    assert {answer["State"], answer["StateReasonCode"], answer["StateReason"]} == {
        "Pending", "Creating", "The function is being created.",
    }  # fmt: skip
    assert "LastUpdateStatus" not in answer
    active(functions, "echo")
    found = functions.get_function(FunctionName="echo")
    shown, package = found["Configuration"], wanted["Code"]["ZipFile"]
    assert (shown["State"], shown["LastUpdateStatus"]) == ("Active", "Successful") and "StateReason" not in shown
    volatile = ("State", "StateReason", "StateReasonCode", "LastUpdateStatus", "RevisionId", "RuntimeVersionConfig")
    kept = {name: value for name, value in shown.items() if name not in volatile}
    assert kept == {name: value for name, value in answer.items() if name not in volatile}
    assert kept.pop("LastModified").endswith("+0000")
    assert kept == {
        "FunctionName": "echo", "FunctionArn": f"{PREFIX}echo", "Runtime": "python3.12", "Handler": "app.handler",
        "Role": wanted["Role"], "CodeSize": len(package), "Description": "says it again", "Timeout": 20,
        "CodeSha256": b64encode(hashlib.sha256(package).digest()).decode(), "MemorySize": 256, "Version": "$LATEST",
        "VpcConfig": {
            "SubnetIds": ["subnet-1a"], "SecurityGroupIds": ["sg-1a"], "VpcId": "vpc-1a",
            "Ipv6AllowedForDualStack": False,
        },
        "Environment": {"Variables": {"MODE": "fast"}}, "TracingConfig": {"Mode": "Active"}, "PackageType": "Zip",
        "Architectures": ["arm64"], "EphemeralStorage": {"Size": 1024},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {
            "LogFormat": "JSON", "LogGroup": "/my/group", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO",
        },
    }  # fmt: skip
    assert found["Tags"] == {"team": "blue"}
    assert functions.get_function_configuration(FunctionName="echo") | {"ResponseMetadata": 0} == shown | {
        "ResponseMetadata": 0
    }


def test_what_is_not_said_has_a_default(functions, wanted):
    shown = functions.create_function(**wanted)
    assert (shown["Timeout"], shown["MemorySize"], shown["Description"]) == (3, 128, "")
    assert shown["EphemeralStorage"] == {"Size": 512} and shown["Architectures"] == ["x86_64"]
    assert shown["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/aws/lambda/echo"}
    assert shown["TracingConfig"] == {"Mode": "PassThrough"}
    assert not {"Environment", "VpcConfig", "Layers", "KMSKeyArn", "DeadLetterConfig"} & set(shown)


def test_the_package_can_be_downloaded_for_ten_minutes(functions, wanted, cloud):
    functions.create_function(**wanted)
    code = functions.get_function(FunctionName="echo")["Code"]
    assert code["RepositoryType"] == "S3"
    with urllib.request.urlopen(code["Location"]) as answer:
        assert answer.read() == wanted["Code"]["ZipFile"]
    with pytest.raises(HTTPError, match="404"):
        urllib.request.urlopen(code["Location"].replace("/snapshots", "x/snapshots"))
    cloud.clock.advance(601)
    with pytest.raises(HTTPError, match="403"):
        urllib.request.urlopen(code["Location"])


def test_a_package_from_s3_is_read_in_the_name_of_the_caller(functions, wanted, aws):
    s3 = aws("s3", "us-east-1")
    s3.create_bucket(Bucket="box")
    s3.put_object(Bucket="box", Key="app.zip", Body=zipped())
    from_s3 = {**wanted, "Code": {"S3Bucket": "box", "S3Key": "app.zip"}}
    assert functions.create_function(**from_s3)["CodeSize"] == len(zipped())
    iam = aws("iam")
    iam.create_user(UserName="deployer")
    keys = iam.create_access_key(UserName="deployer")["AccessKey"]
    statement = {"Effect": "Allow", "Action": ["lambda:*", "iam:PassRole"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="deployer", PolicyName="deploy", PolicyDocument=policy)
    secret = {"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"]}
    code, message = refused(aws("lambda", **secret).create_function, **{**from_s3, "FunctionName": "other"})
    assert code == INVALID and "S3 Error Code: AccessDenied" in message


def test_a_function_is_called_by_many_names(functions, wanted):
    functions.create_function(**wanted)
    for name in (
        "echo",
        f"{PREFIX}echo",
        f"{ACCOUNT}:function:echo",
        "function:echo",
        f"{REGION}:{ACCOUNT}:function:echo",
    ):
        assert functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"] == f"{PREFIX}echo"
    for asked in ({"FunctionName": "echo:$LATEST"}, {"FunctionName": "echo", "Qualifier": "$LATEST"}):
        assert functions.get_function(**asked)["Configuration"]["FunctionArn"] == f"{PREFIX}echo:$LATEST"


def test_a_function_is_made_by_its_arn(functions, wanted):
    for name in (f"{PREFIX}one", f"{ACCOUNT}:function:two"):
        functions.create_function(**{**wanted, "FunctionName": name})
    assert [one["FunctionName"] for one in functions.list_functions()["Functions"]] == ["one", "two"]


def test_settings_are_changed_one_by_one(functions, aws, wanted):
    functions.create_function(**wanted, Environment={"Variables": {"MODE": "fast"}})
    active(functions, "echo")
    aws("sns").create_topic(Name="dead")
    aws("iam").attach_role_policy(RoleName="worker", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    changes = {
        "Timeout": 30, "MemorySize": 512, "Description": "", "Handler": "app.other", "Runtime": "python3.13",
        "DeadLetterConfig": {"TargetArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:dead"},
        "Environment": {"Variables": {"MODE": "slow"}},
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/aws/lambda/echo", "ApplicationLogLevel": "WARN",
                          "SystemLogLevel": "INFO"},
    }  # fmt: skip
    for member, value in changes.items():
        answer = functions.update_function_configuration(FunctionName="echo", **{member: value})
        assert (answer[member], answer["LastUpdateStatus"]) == (value, "InProgress")
        updated(functions, "echo")
    shown = functions.get_function_configuration(FunctionName="echo")
    assert {member: shown[member] for member in changes} == changes and shown["LastUpdateStatus"] == "Successful"
    emptied = functions.update_function_configuration(
        FunctionName="echo", DeadLetterConfig={"TargetArn": ""}, Environment={}, LoggingConfig={"LogFormat": "Text"},
        VpcConfig={"SubnetIds": [], "SecurityGroupIds": []},
    )  # fmt: skip
    assert not {"DeadLetterConfig", "Environment"} & set(emptied)
    assert emptied["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/aws/lambda/echo"}
    assert emptied["VpcConfig"]["VpcId"] == ""


def test_code_is_exchanged(functions, wanted):
    before = functions.create_function(**wanted)
    active(functions, "echo")
    other = zipped("def handler(event, context):\n    return 'other'\n")
    tried = functions.update_function_code(FunctionName="echo", ZipFile=other, DryRun=True)
    assert tried["CodeSize"] == len(other)
    assert functions.get_function_configuration(FunctionName="echo")["CodeSha256"] == before["CodeSha256"]
    answer = functions.update_function_code(FunctionName="echo", ZipFile=other, Architectures=["arm64"], Publish=True)
    assert (answer["Version"], answer["FunctionArn"]) == ("1", f"{PREFIX}echo:1")
    updated(functions, "echo")
    found = functions.get_function(FunctionName="echo")
    assert (found["Configuration"]["CodeSize"], found["Configuration"]["Architectures"]) == (len(other), ["arm64"])
    with urllib.request.urlopen(found["Code"]["Location"]) as package:
        assert package.read() == other


def test_variables_under_a_key_are_seen_by_those_who_may_use_it(functions, wanted, aws, cloud):
    kms, iam = aws("kms"), aws("iam")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    variables = {"Variables": {"TOKEN": "s3cret"}}
    shown = functions.create_function(**wanted, KMSKeyArn=key, Environment=variables)
    assert (shown["KMSKeyArn"], shown["Environment"]) == (key, variables)
    iam.create_user(UserName="reader")
    keys = iam.create_access_key(UserName="reader")["AccessKey"]
    statement = {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)
    secret = {"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"]}
    seen = aws("lambda", **secret).get_function_configuration(FunctionName="echo")["Environment"]
    assert seen["Error"]["ErrorCode"] == "AccessDeniedException" and "Variables" not in seen
    rows = cloud.run(lambda: cloud.cloud.store.read("SELECT body FROM record WHERE kind LIKE 'lambda.%'").fetchall())
    assert not any("s3cret" in body for (body,) in rows)
    updated(functions, "echo")
    plain = functions.update_function_configuration(FunctionName="echo", KMSKeyArn="")
    assert plain["Environment"] == variables and "KMSKeyArn" not in plain


def test_functions_are_listed_page_by_page(functions, wanted):
    for name in ("c", "a", "b"):
        functions.create_function(**{**wanted, "FunctionName": name}, Publish=name == "b")
    first = functions.list_functions(MaxItems=2)
    rest = functions.list_functions(MaxItems=2, Marker=first["NextMarker"])
    names = [one["FunctionName"] for one in first["Functions"] + rest["Functions"]]
    assert names == ["a", "b", "c"] and "NextMarker" not in rest
    assert "State" not in first["Functions"][0]
    arns = [one["FunctionArn"] for one in functions.list_functions(FunctionVersion="ALL")["Functions"]]
    assert arns == [f"{PREFIX}a:$LATEST", f"{PREFIX}b:$LATEST", f"{PREFIX}b:1", f"{PREFIX}c:$LATEST"]


# What happens next


def test_nothing_is_left_of_a_deleted_function(functions, aws, cloud):
    made(aws, Publish=True, Tags={"a": "1"})
    functions.create_alias(FunctionName="echo", Name="live", FunctionVersion="1")
    permission = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    functions.add_permission(FunctionName="echo", **permission)
    functions.create_function_url_config(FunctionName="echo", AuthType="NONE")
    functions.put_function_event_invoke_config(FunctionName="echo", MaximumRetryAttempts=0)
    assert functions.delete_function(FunctionName="echo")["ResponseMetadata"]["HTTPStatusCode"] == 204
    cloud.settle()
    left = (
        "SELECT kind FROM record WHERE kind LIKE 'lambda.%' UNION ALL SELECT id FROM blob UNION ALL SELECT arn FROM tag"
    )
    assert cloud.run(lambda: cloud.cloud.store.read(left).fetchall()) == []
    assert refused(functions.delete_function, FunctionName="echo")[0] == "ResourceNotFoundException"


def test_a_function_that_is_changing_is_not_changed(functions, wanted, cloud):
    functions.create_function(**wanted)
    active(functions, "echo")

    def change_twice():
        call = Call("lambda", "Job", {}, ACCOUNT, REGION, cloud.cloud.root())
        aws = cloud.cloud.service_class("lambda")(cloud.cloud, call).aws
        with cloud.cloud.store.transaction():
            aws.lambda_.update_function_configuration(FunctionName="echo", Timeout=4)
            aws.lambda_.update_function_configuration(FunctionName="echo", Timeout=5)

    with pytest.raises(ServiceError, match=f"An update is in progress for resource: {PREFIX}echo") as refusal:
        cloud.run(change_twice)
    assert refusal.value.code == "ResourceConflictException"
    assert functions.get_function_configuration(FunctionName="echo")["Timeout"] == 3
