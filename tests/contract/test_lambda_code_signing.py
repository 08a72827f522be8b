"""Lambda: code signing configurations, and what they are to functions."""

import pytest

from tests.contract.lambda_code import ACCOUNT, PREFIX, REGION, made, refused, zipped

PUBLISHERS = {"SigningProfileVersionArns": [f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/ours/1234567890"]}
ENFORCED = {"UntrustedArtifactOnDeployment": "Enforce"}
ABSENT = f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-{'0' * 17}"


@pytest.fixture
def functions(aws):
    return aws("lambda")


def config(functions, **settings) -> str:
    asked = {"AllowedPublishers": PUBLISHERS, **settings}
    return functions.create_code_signing_config(**asked)["CodeSigningConfig"]["CodeSigningConfigArn"]


# What is refused


def test_configurations_that_are_not_there(functions, aws):
    gone = ("ResourceNotFoundException", f"The Lambda code signing configuration {ABSENT} can not be found.")
    for name in ("get", "update", "delete"):
        assert refused(getattr(functions, f"{name}_code_signing_config"), CodeSigningConfigArn=ABSENT) == gone
    assert refused(functions.list_functions_by_code_signing_config, CodeSigningConfigArn=ABSENT) == gone
    missing = (
        "CodeSigningConfigNotFoundException",
        "The code signing configuration cannot be found. Check that the provided configuration is not deleted:"
        f" {ABSENT}.",
    )
    put = functions.put_function_code_signing_config
    assert refused(put, FunctionName="ghost", CodeSigningConfigArn=ABSENT) == missing
    ghost = ("ResourceNotFoundException", f"Function not found: {PREFIX}ghost")
    assert refused(put, FunctionName="ghost", CodeSigningConfigArn=config(functions)) == ghost
    assert refused(functions.get_function_code_signing_config, FunctionName="ghost") == ghost
    assert refused(functions.delete_function_code_signing_config, FunctionName="ghost") == ghost


def test_code_that_nobody_signed_where_that_is_enforced(functions, aws):
    arn = config(functions, CodeSigningPolicies=ENFORCED)
    role = made(aws)["Role"]
    functions.put_function_code_signing_config(FunctionName="echo", CodeSigningConfigArn=arn)
    code, message = refused(functions.update_function_code, FunctionName="echo", ZipFile=zipped("new = True"))
    assert (code, message[:40]) == ("CodeVerificationFailedException", "The code signature failed one or more of")
    asked = {"Runtime": "python3.12", "Handler": "app.handler", "Role": role, "Code": {"ZipFile": zipped()}}
    code, _ = refused(functions.create_function, FunctionName="other", CodeSigningConfigArn=arn, **asked)
    assert code == "CodeVerificationFailedException"
    functions.update_function_configuration(FunctionName="echo", Timeout=9)


def test_a_configuration_in_use_is_not_deleted(functions, aws):
    arn = config(functions)
    made(aws, CodeSigningConfigArn=arn)
    assert refused(functions.delete_code_signing_config, CodeSigningConfigArn=arn)[0] == "ResourceConflictException"


# What is done


def test_a_configuration_is_made_changed_listed_and_deleted(functions):
    answer = functions.create_code_signing_config(AllowedPublishers=PUBLISHERS, Description="ours", Tags={"a": "1"})
    made_so = answer["CodeSigningConfig"]
    arn = made_so["CodeSigningConfigArn"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert arn.endswith(f":code-signing-config:{made_so['CodeSigningConfigId']}")
    assert made_so["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
    assert functions.list_tags(Resource=arn)["Tags"] == {"a": "1"}
    changed = functions.update_code_signing_config(CodeSigningConfigArn=arn, CodeSigningPolicies=ENFORCED)
    assert changed["CodeSigningConfig"]["Description"] == "ours"
    shown = functions.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"]
    assert shown["CodeSigningPolicies"] == ENFORCED and shown["AllowedPublishers"] == PUBLISHERS
    assert functions.list_code_signing_configs()["CodeSigningConfigs"] == [shown]
    assert functions.delete_code_signing_config(CodeSigningConfigArn=arn)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert functions.list_code_signing_configs()["CodeSigningConfigs"] == []


def test_a_function_is_given_a_configuration(functions, aws):
    arn = config(functions)
    made(aws)
    shown = functions.get_function_code_signing_config(FunctionName="echo")
    assert "CodeSigningConfigArn" not in shown and "FunctionName" not in shown
    functions.put_function_code_signing_config(FunctionName="echo", CodeSigningConfigArn=arn)
    shown = functions.get_function_code_signing_config(FunctionName="echo")
    assert (shown["CodeSigningConfigArn"], shown["FunctionName"]) == (arn, "echo")
    users = functions.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)
    assert users["FunctionArns"] == [f"{PREFIX}echo"]
    functions.delete_function_code_signing_config(FunctionName="echo")
    assert functions.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)["FunctionArns"] == []


# What happens next


def test_a_policy_that_warns_lets_code_in(functions, aws):
    arn = config(functions)
    made(aws, CodeSigningConfigArn=arn)
    functions.update_function_code(FunctionName="echo", ZipFile=zipped("new = True"))
    functions.get_waiter("function_updated_v2").wait(FunctionName="echo")
    functions.update_code_signing_config(CodeSigningConfigArn=arn, CodeSigningPolicies=ENFORCED)
    code, _ = refused(functions.update_function_code, FunctionName="echo", ZipFile=zipped("newer = True"))
    assert code == "CodeVerificationFailedException"
