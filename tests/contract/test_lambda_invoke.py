"""Invoking functions: what they are given, what they answer, and what they leave in the logs."""

import base64
import json
import re
import threading

import pytest

from tests.contract.lambda_code import refused, zipped, zipped_files
from tests.contract.lambda_running import failed, invoked, logged, packed, runnable

CONTEXT = """
def handler(event, context):
    names = ("aws_request_id", "log_group_name", "log_stream_name", "function_name", "function_version",
             "memory_limit_in_mb", "invoked_function_arn")
    told = {name: getattr(context, name) for name in names}
    client = context.client_context
    return told | {
        "left": context.get_remaining_time_in_millis(),
        "identity": context.identity.cognito_identity_id,
        "client": client and [client.custom, client.env, client.client.app_title],
    }
"""
ENVIRONMENT = "import os\n\ndef handler(event, context):\n    return dict(os.environ)\n"


# What is refused


def test_a_function_that_is_not_there_is_named(aws):
    code, message = refused(aws("lambda").invoke, FunctionName="nobody")
    assert (code, message) == (
        "ResourceNotFoundException",
        "Function not found: arn:aws:lambda:eu-west-1:000000000000:function:nobody:$LATEST",
    )
    code, message = refused(aws("lambda").invoke, FunctionName="nobody", InvocationType="Event", Qualifier="7")
    assert message.endswith(":function:nobody:7")


@pytest.mark.parametrize("kind", ["RequestResponse", "Event"])
def test_an_event_must_be_json(aws, kind):
    name = runnable(aws)
    code, message = refused(aws("lambda").invoke, FunctionName=name, Payload=b"{oops", InvocationType=kind)
    assert code == "InvalidRequestContentException"
    assert message.startswith("Could not parse request body into json: ")


def test_events_are_limited_in_size(aws):
    name = runnable(aws)
    big = b'"' + b"x" * 6_291_456 + b'"'
    code, message = refused(aws("lambda").invoke, FunctionName=name, Payload=big)
    assert (code, message) == (
        "RequestTooLargeException",
        "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
    )
    code, message = refused(aws("lambda").invoke, FunctionName=name, Payload=big[-1_100_000:], InvocationType="Event")
    assert code == "RequestTooLargeException" and "1048576 bytes" in message


def test_a_client_context_must_be_json_in_base64(aws):
    name = runnable(aws)
    code, message = refused(aws("lambda").invoke, FunctionName=name, ClientContext="no base64")
    assert code == "InvalidRequestContentException"
    assert message == "Client context must be a valid Base64-encoded JSON object."


def test_who_may_not_invoke_is_refused_before_the_function_runs(aws, cloud):
    name = runnable(aws)
    iam = aws("iam")
    iam.create_user(UserName="stranger")
    key = iam.create_access_key(UserName="stranger")["AccessKey"]
    stranger = aws("lambda", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    code, message = refused(stranger.invoke, FunctionName=name)
    assert code == "AccessDeniedException" and "lambda:InvokeFunction" in message
    code, _ = refused(stranger.invoke, FunctionName=name, InvocationType="DryRun")
    assert code == "AccessDeniedException"


def test_a_role_that_no_longer_trusts_lambda_keeps_its_function_from_starting(aws):
    name = runnable(aws)
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    aws("iam").update_assume_role_policy(RoleName="worker-role", PolicyDocument=policy)
    code, message = refused(aws("lambda").invoke, FunctionName=name)
    assert (code, message) == (
        "AccessDeniedException",
        "The role defined for the function cannot be assumed by Lambda.",
    )


# What is done


def test_a_function_answers_what_its_handler_returns(aws):
    name = runnable(aws)
    answer = aws("lambda").invoke(FunctionName=name, Payload=b'{"a": [1, "\xc3\xa9"]}')
    assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer and "LogResult" not in answer
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "application/json"
    assert json.loads(answer["Payload"].read()) == {"a": [1, "é"]}


def test_without_an_event_it_is_given_an_empty_object(aws):
    name = runnable(aws)
    assert json.loads(aws("lambda").invoke(FunctionName=name)["Payload"].read()) == {}


def test_a_rehearsal_runs_nothing(aws):
    name = runnable(aws)
    answer = aws("lambda").invoke(FunctionName=name, InvocationType="DryRun")
    assert answer["StatusCode"] == 204 and answer["Payload"].read() == b""
    assert not aws("logs").describe_log_groups()["logGroups"]


def test_the_context_tells_of_the_invocation(aws):
    name = runnable(aws, CONTEXT, Timeout=7)
    answer = aws("lambda").invoke(FunctionName=name)
    told = json.loads(answer["Payload"].read())
    assert told["aws_request_id"] == answer["ResponseMetadata"]["RequestId"]
    assert told["function_name"] == "worker" and told["function_version"] == "$LATEST"
    assert told["memory_limit_in_mb"] == "128" and told["log_group_name"] == "/aws/lambda/worker"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", told["log_stream_name"])
    assert told["invoked_function_arn"] == "arn:aws:lambda:eu-west-1:000000000000:function:worker"
    assert 6000 < told["left"] <= 7000
    assert told["identity"] is None and told["client"] is None


def test_the_client_context_is_handed_on(aws):
    name = runnable(aws, CONTEXT)
    context = {"custom": {"a": "b"}, "env": {"c": "d"}, "client": {"app_title": "app"}}
    encoded = base64.b64encode(json.dumps(context).encode()).decode()
    assert invoked(aws, name, ClientContext=encoded)["client"] == [{"a": "b"}, {"c": "d"}, "app"]


def test_the_environment_is_as_aws_sets_it(aws, endpoint):
    own = {"Variables": {"MINE": "yes, it's $HOME", "LD_PRELOAD": "", "AWS_LAMBDA_X": "x"}}
    name = runnable(aws, ENVIRONMENT, Environment=own, MemorySize=256)
    told = invoked(aws, name)
    expected = {
        "_HANDLER": "app.handler", "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11", "AWS_LAMBDA_FUNCTION_NAME": "worker",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/worker",
        "LAMBDA_TASK_ROOT": "/var/task", "LAMBDA_RUNTIME_DIR": "/var/runtime", "TZ": ":UTC", "LANG": "en_US.UTF-8",
        "MINE": "yes, it's $HOME", "LD_PRELOAD": "", "AWS_LAMBDA_X": "x", "AWS_ENDPOINT_URL": endpoint,
    }  # fmt: skip
    assert {key: told.get(key) for key in expected} == expected
    assert told["AWS_ACCESS_KEY_ID"].startswith("ASIA") and told["AWS_SESSION_TOKEN"]
    assert told["_X_AMZN_TRACE_ID"].startswith("Root=1-") and told["AWS_LAMBDA_RUNTIME_API"].startswith("127.0.0.1:")
    assert "HOME" not in told


def test_a_bare_client_of_boto3_acts_as_the_execution_role(aws):
    text = """
import boto3

def handler(event, context):
    who = boto3.client("sts").get_caller_identity()["Arn"]
    boto3.client("s3").put_object(Bucket="results", Key="from/function", Body=b"made")
    return [who, boto3.__file__]
"""
    aws("s3").create_bucket(Bucket="results", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    name = runnable(aws, text, actions=("s3:PutObject",), Timeout=30)
    who, where = invoked(aws, name)
    assert who == "arn:aws:sts::000000000000:assumed-role/worker-role/worker"
    assert where.startswith("/var/runtime/boto3/")
    assert aws("s3").get_object(Bucket="results", Key="from/function")["Body"].read() == b"made"


def test_what_the_role_may_not_do_the_function_may_not_do(aws):
    text = "import boto3\n\ndef handler(event, context):\n    boto3.client('s3').list_buckets()\n"
    error = failed(aws, runnable(aws, text, Timeout=30))
    assert "s3:ListAllMyBuckets" in error["errorMessage"] and "worker-role" in error["errorMessage"]


def test_layers_lie_under_opt_the_later_over_the_earlier(aws):
    client = aws("lambda")
    arns = []
    for number, files in enumerate([
        {"python/shared.py": "WHO = 'first'\n", "data/one.txt": "1"}, {"python/shared.py": "WHO = 'second'\n"},
    ]):  # fmt: skip
        made = client.publish_layer_version(LayerName=f"layer{number}", Content={"ZipFile": zipped_files(files)})
        arns.append(made["LayerVersionArn"])
    text = "import shared\n\ndef handler(event, context):\n    return [shared.WHO, open('/opt/data/one.txt').read()]\n"
    assert invoked(aws, runnable(aws, text, Layers=arns)) == ["second", "1"]


def test_a_function_of_node_answers_by_promise_and_by_callback(aws):
    files = {
        "index.js": """
exports.promised = async (event, context) => {
  console.log("hello\\nthere", event);
  return { event, version: process.version, left: context.getRemainingTimeInMillis(), id: context.awsRequestId };
};
exports.called = (event, context, callback) => { setTimeout(() => callback(null, "called " + event), 5); };
exports.nothing = () => {};
""",
        "modern.mjs": "export const handler = async (event) => [event, import.meta.url];\n",
    }
    client = aws("lambda")
    code = {"ZipFile": zipped_files(files)}
    name = runnable(aws, Runtime="nodejs20.x", Handler="index.promised", Code=code)
    told = invoked(aws, name, {"a": 1})
    assert told["event"] == {"a": 1} and told["version"].startswith("v") and told["left"] > 1000
    assert any(f"{told['id']}\tINFO\thello\nthere {{ a: 1 }}\n" in line for line in logged(aws, "/aws/lambda/worker"))
    for handler, expected in [("index.called", "called x"), ("index.nothing", None)]:
        client.update_function_configuration(FunctionName=name, Handler=handler)
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
        assert invoked(aws, name, "x") == expected
    client.update_function_configuration(FunctionName=name, Handler="modern.handler")
    client.get_waiter("function_updated_v2").wait(FunctionName=name)
    assert invoked(aws, name, 1) == [1, "file:///var/task/modern.mjs"]


def test_a_function_may_bring_its_own_runtime(aws):
    bootstrap = """#!/bin/sh
echo starting $_HANDLER
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  headers=$(mktemp)
  event=$(curl -sS -D "$headers" "$api/next")
  id=$(grep -i Lambda-Runtime-Aws-Request-Id "$headers" | tr -d '[:space:]' | cut -d: -f2)
  curl -sS -o /dev/null "$api/$id/response" -d "{\\"got\\": $event}"
done
"""
    code = {"ZipFile": packed({"bootstrap": bootstrap})}
    name = runnable(aws, Runtime="provided.al2023", Handler="anything", Code=code)
    assert invoked(aws, name, [1]) == {"got": [1]}
    assert invoked(aws, name, [2]) == {"got": [2]}
    assert "starting anything\n" in logged(aws, "/aws/lambda/worker")


def test_aliases_send_invocations_to_their_versions_by_weight(aws):
    client = aws("lambda")
    text = "def handler(event, context):\n    return [context.function_version, context.invoked_function_arn]\n"
    name = runnable(aws, text)
    client.publish_version(FunctionName=name)
    client.update_function_code(FunctionName=name, ZipFile=zipped(text + "# changed\n"))
    client.get_waiter("function_updated_v2").wait(FunctionName=name)
    client.publish_version(FunctionName=name)
    routing = {"AdditionalVersionWeights": {"2": 0.5}}
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig=routing)
    seen = set()
    for _ in range(40):
        answer = client.invoke(FunctionName=name, Qualifier="live")
        version, arn = json.loads(answer["Payload"].read())
        assert version == answer["ExecutedVersion"] and arn.endswith(":function:worker:live")
        seen.add(version)
    assert seen == {"1", "2"}


# What happens next


def test_an_environment_is_used_again_and_keeps_what_it_has(aws):
    text = "count = 0\n\ndef handler(event, context):\n    global count\n    count += 1\n    return count\n"
    name = runnable(aws, text)
    assert [invoked(aws, name) for _ in range(3)] == [1, 2, 3]


def test_invocations_at_the_same_time_get_environments_of_their_own(aws):
    text = """
import os, time

def handler(event, context):
    open("/tmp/mine", "a").write("x")
    time.sleep(0.3)
    return [os.getpid(), context.log_stream_name, open("/tmp/mine").read()]
"""
    name = runnable(aws, text, Timeout=20)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(invoked(aws, name))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({stream for _, stream, _ in answers}) == 3
    assert [mine for *_, mine in answers] == ["x"] * 3


def test_a_change_of_code_or_settings_is_seen_at_once(aws):
    client = aws("lambda")
    name = runnable(aws, "import os\n\ndef handler(event, context):\n    return ['old', os.environ.get('AB')]\n")
    assert invoked(aws, name) == ["old", None]
    client.update_function_code(
        FunctionName=name, ZipFile=zipped("import os\n\ndef handler(e, c):\n    return ['new', os.environ.get('AB')]\n")
    )
    client.get_waiter("function_updated_v2").wait(FunctionName=name)
    assert invoked(aws, name) == ["new", None]
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {"AB": "b"}})
    client.get_waiter("function_updated_v2").wait(FunctionName=name)
    assert invoked(aws, name) == ["new", "b"]


def test_credentials_are_renewed_when_the_environment_grows_old(aws, cloud):
    text = "import os, boto3\n\ndef handler(event, context):\n    boto3.client('sts').get_caller_identity()\n"
    text += "    return os.environ['AWS_ACCESS_KEY_ID']\n"
    name = runnable(aws, text, Timeout=30)
    first = invoked(aws, name)
    cloud.clock.advance(3600)
    assert invoked(aws, name) != first
