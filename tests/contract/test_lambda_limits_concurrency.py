"""Concurrency: reserved, unreserved and provisioned, and what is throttled."""

import pytest

from tests.contract.lambda_code import PREFIX, made, refused, updated
from tests.contract.lambda_running import invoked, logged, runnable


def published(aws, name: str) -> str:
    client = aws("lambda")
    version = client.publish_version(FunctionName=name)["Version"]
    client.get_waiter("function_active_v2").wait(FunctionName=name, Qualifier=version)
    return version


# What is refused


def test_the_account_keeps_a_hundred_for_everybody(aws):
    client = aws("lambda")
    made(aws, "one")
    made(aws, "two")
    client.put_function_concurrency(FunctionName="one", ReservedConcurrentExecutions=900)
    code, message = refused(client.put_function_concurrency, FunctionName="two", ReservedConcurrentExecutions=1)
    assert code == "InvalidParameterValueException"
    assert message == (
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below"
        " its minimum value of [100]."
    )
    assert client.put_function_concurrency(FunctionName="one", ReservedConcurrentExecutions=5)


@pytest.mark.parametrize("operation", ["put", "get", "delete"])
def test_concurrency_is_that_of_a_function(aws, operation):
    more = {"ReservedConcurrentExecutions": 1} if operation == "put" else {}
    call = getattr(aws("lambda"), f"{operation}_function_concurrency")
    assert refused(call, FunctionName="nobody", **more)[0] == "ResourceNotFoundException"


def test_a_function_with_nothing_reserved_for_it_is_throttled(aws):
    client = aws("lambda")
    name = runnable(aws)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(client.exceptions.TooManyRequestsException) as throttled:
        client.invoke(FunctionName=name)
    answer = throttled.value.response
    assert answer["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert answer["Error"]["Message"] == "Rate Exceeded." and answer["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert client.invoke(FunctionName=name, InvocationType="Event")["StatusCode"] == 202


def test_what_stands_ready_must_be_published(aws):
    client = aws("lambda")
    name = runnable(aws)
    call = client.put_provisioned_concurrency_config
    code, message = refused(call, FunctionName=name, Qualifier="$LATEST", ProvisionedConcurrentExecutions=1)
    assert (code, message) == (
        "InvalidParameterValueException",
        "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
    )
    code, _ = refused(call, FunctionName=name, Qualifier="7", ProvisionedConcurrentExecutions=1)
    assert code == "ResourceNotFoundException"
    absent = ("ResourceNotFoundException", f"Cannot find alias arn: {PREFIX}{name}:live")
    assert refused(call, FunctionName=name, Qualifier="live", ProvisionedConcurrentExecutions=1) == absent
    code, message = refused(client.get_provisioned_concurrency_config, FunctionName=name, Qualifier="$LATEST")
    assert message == "The function resource provided must be an alias or a published version."
    version = published(aws, name)
    code, message = refused(client.get_provisioned_concurrency_config, FunctionName=name, Qualifier=version)
    assert (code, message) == (
        "ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function"
    )  # fmt: skip
    code, message = refused(call, FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=1001)
    assert code == "InvalidParameterValueException" and message.endswith("unreserved concurrency [1000].")
    code, message = refused(call, FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=901)
    assert code == "InvalidParameterValueException" and message.endswith("below its minimum value of [100].")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
    code, message = refused(call, FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=3)
    assert message.startswith("Requested Provisioned Concurrency should not be greater than the reserved")


# What is done


def test_concurrency_is_reserved_shown_and_given_back(aws):
    client = aws("lambda")
    made(aws, "one")
    assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(FunctionName="one")
    put = client.put_function_concurrency(FunctionName="one", ReservedConcurrentExecutions=7)
    assert put["ReservedConcurrentExecutions"] == 7
    assert client.get_function_concurrency(FunctionName="one")["ReservedConcurrentExecutions"] == 7
    assert client.get_function(FunctionName="one")["Concurrency"] == {"ReservedConcurrentExecutions": 7}
    assert client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 993
    client.delete_function_concurrency(FunctionName="one")
    assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(FunctionName="one")


def test_no_more_run_at_once_than_are_reserved(aws):
    """A function that calls itself finds its one place taken."""
    text = """
import boto3
client = boto3.client("lambda")

def handler(event, context):
    try:
        return client.invoke(FunctionName=context.function_name, Payload="1")["StatusCode"] if not event else None
    except client.exceptions.TooManyRequestsException as throttled:
        return throttled.response["Reason"]
"""
    client = aws("lambda")
    name = runnable(aws, text, actions=("lambda:InvokeFunction",), Timeout=20)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    assert invoked(aws, name) == "ReservedFunctionConcurrentInvocationLimitExceeded"
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
    assert invoked(aws, name) == 200


def test_environments_stand_ready_for_a_version(aws, cloud):
    client = aws("lambda")
    name = runnable(aws, "import os\nprint('loaded')\n\ndef handler(event, context):\n    return dict(os.environ)\n")
    version = published(aws, name)
    put = client.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=2
    )
    assert put["Status"] == "IN_PROGRESS" and put["RequestedProvisionedConcurrentExecutions"] == 2
    cloud.settle()
    got = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=version)
    assert got["Status"] == "READY"
    assert got["AllocatedProvisionedConcurrentExecutions"] == got["AvailableProvisionedConcurrentExecutions"] == 2
    listed = client.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"]
    assert [one["FunctionArn"] for one in listed] == [f"arn:aws:lambda:eu-west-1:000000000000:function:{name}:1"]
    told = invoked(aws, name, Qualifier=version)
    assert told["AWS_LAMBDA_INITIALIZATION_TYPE"] == "provisioned-concurrency"
    assert invoked(aws, name)["AWS_LAMBDA_INITIALIZATION_TYPE"] == "on-demand"
    report = next(message for message in logged(aws, f"/aws/lambda/{name}") if message.startswith("REPORT"))
    assert "Init Duration" not in report
    cloud.clock.advance(7200)  # their credentials have ended: others take their place
    assert invoked(aws, name, Qualifier=version)["AWS_LAMBDA_INITIALIZATION_TYPE"] == "provisioned-concurrency"


def test_what_stands_ready_is_a_part_of_what_is_reserved(aws, cloud):
    client = aws("lambda")
    name = runnable(aws)
    version = published(aws, name)
    client.put_provisioned_concurrency_config(FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=2)
    cloud.settle()
    assert refused(client.put_function_concurrency, FunctionName=name, ReservedConcurrentExecutions=1) == (
        "InvalidParameterValueException",
        " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2].",
    )
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
    assert client.invoke(FunctionName=name, Qualifier=version)["StatusCode"] == 200
    assert refused(client.invoke, FunctionName=name) == ("TooManyRequestsException", "Rate Exceeded.")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=3)
    assert client.invoke(FunctionName=name)["StatusCode"] == 200


def test_a_version_that_does_not_start_cannot_stand_ready(aws, cloud):
    client = aws("lambda")
    name = runnable(aws, "raise ValueError('never')\n")
    version = published(aws, name)
    client.put_provisioned_concurrency_config(FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=1)
    cloud.settle()
    got = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=version)
    assert (got["Status"], got["StatusReason"]) == ("FAILED", "FUNCTION_ERROR_INIT_FAILURE")


# What happens next


def test_what_stood_ready_for_an_alias_ends_with_its_setting(aws, cloud):
    client = aws("lambda")
    name = runnable(aws)
    version = published(aws, name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    client.put_provisioned_concurrency_config(FunctionName=name, Qualifier="live", ProvisionedConcurrentExecutions=1)
    code, message = refused(
        client.put_provisioned_concurrency_config, FunctionName=name, Qualifier=version,
        ProvisionedConcurrentExecutions=1,
    )  # fmt: skip
    assert (code, message) == ("ResourceConflictException", "Version is pointed by a Provisioned Concurrency alias")
    cloud.settle()
    client.delete_provisioned_concurrency_config(FunctionName=name, Qualifier="live")
    assert client.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"] == []
    code, _ = refused(client.get_provisioned_concurrency_config, FunctionName=name, Qualifier="live")
    assert code == "ProvisionedConcurrencyConfigNotFoundException"
    client.update_function_configuration(FunctionName=name, Timeout=5)
    updated(client, name)
