"""Lambda: settings of functions and of the account, tags, and how asynchronous invocations end."""

import pytest

from tests.contract.lambda_code import ACCOUNT, ECHO, PREFIX, REGION, made, refused, zipped

INVALID, MISSING = "InvalidParameterValueException", "ResourceNotFoundException"
QUEUE, TOPIC = f"arn:aws:sqs:{REGION}:{ACCOUNT}:told", f"arn:aws:sns:{REGION}:{ACCOUNT}:told"


@pytest.fixture
def functions(aws):
    return aws("lambda")


# What is refused


def test_settings_of_what_is_not_there(functions, aws):
    assert refused(functions.put_function_event_invoke_config, FunctionName="ghost", MaximumRetryAttempts=1) == (
        MISSING, "The function doesn't exist.",
    )  # fmt: skip
    assert refused(functions.list_function_event_invoke_configs, FunctionName="ghost") == (
        MISSING, "The function doesn't exist.",
    )  # fmt: skip
    made(aws)
    none = (MISSING, f"The function {PREFIX}echo:$LATEST doesn't have an EventInvokeConfig")
    assert refused(functions.get_function_event_invoke_config, FunctionName="echo") == none
    assert refused(functions.delete_function_event_invoke_config, FunctionName="echo") == none
    assert refused(functions.update_function_event_invoke_config, FunctionName="echo", MaximumRetryAttempts=1) == none
    assert (
        refused(functions.put_function_event_invoke_config, FunctionName="echo:9", MaximumRetryAttempts=1)[0] == MISSING
    )


def test_destinations_that_cannot_be(functions, aws):
    made(aws)
    put = functions.put_function_event_invoke_config
    assert refused(put, FunctionName="echo") == (
        INVALID, "You must specify at least one of error handling or destination setting.",
    )  # fmt: skip
    for arn, words in (
        (f"{PREFIX}ghost", f"The destination ARN {PREFIX}ghost is invalid."),
        (f"{PREFIX}echo", "You can't specify the function as a destination for itself."),
        (
            "arn:aws:iam::000000000000:role/x",
            "The provided destination config DestinationConfig(onSuccess=null,"
            " onFailure=OnFailure(destination=arn:aws:iam::000000000000:role/x)) is invalid.",
        ),
    ):
        asked = {"OnFailure": {"Destination": arn}}
        assert refused(put, FunctionName="echo", DestinationConfig=asked) == (INVALID, words)
    assert refused(put, FunctionName="echo", MaximumRetryAttempts=3)[0] == "ValidationException"
    assert refused(put, FunctionName="echo", MaximumEventAgeInSeconds=59)[0] == "ValidationException"


def test_tags_that_cannot_be(functions, aws):
    arn = made(aws)["FunctionArn"]
    none = "An error occurred and the request cannot be processed."
    assert refused(functions.tag_resource, Resource=arn, Tags={}) == (INVALID, none)
    absent = f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:00000000-0000-0000-0000-000000000000"
    expected = (MISSING, f"Event source mapping not found: {absent}")
    assert refused(functions.tag_resource, Resource=absent, Tags={"a": "b"}) == expected
    many = {str(number): "" for number in range(51)}
    code = {"ZipFile": zipped(ECHO)}
    asked = {"FunctionName": "other", "Runtime": "python3.12", "Handler": "index.handler", "Code": code, "Tags": many}
    role = functions.get_function_configuration(FunctionName="echo")["Role"]
    expected = (INVALID, "Number of tags exceeds resource tag limit.")
    assert refused(functions.create_function, Role=role, **asked) == expected


# What is done


def test_a_function_is_revised_with_its_tags(functions, aws):
    arn = made(aws)["FunctionArn"]
    functions.get_waiter("function_active_v2").wait(FunctionName="echo")
    seen = [functions.get_function_configuration(FunctionName="echo")["RevisionId"]]
    for change in (
        lambda: functions.tag_resource(Resource=arn, Tags={"a": "b"}),
        lambda: functions.untag_resource(Resource=arn, TagKeys=["a"]),
    ):
        change()
        seen.append(functions.get_function_configuration(FunctionName="echo")["RevisionId"])
    assert len(set(seen)) == 3


def test_how_asynchronous_invocations_end_is_set_for_each_qualifier(functions, aws):
    made(aws, Publish=True)
    functions.create_alias(FunctionName="echo", Name="live", FunctionVersion="1")
    told = {"OnSuccess": {"Destination": QUEUE}, "OnFailure": {"Destination": TOPIC}}
    answer = functions.put_function_event_invoke_config(
        FunctionName="echo",
        Qualifier="live",
        MaximumRetryAttempts=1,
        MaximumEventAgeInSeconds=60,
        DestinationConfig=told,
    )
    assert answer.pop("LastModified").year > 2000 and answer.pop("ResponseMetadata")
    assert answer == {
        "FunctionArn": f"{PREFIX}echo:live", "MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": told,
    }  # fmt: skip
    functions.put_function_event_invoke_config(FunctionName="echo", MaximumRetryAttempts=0)
    changed = functions.update_function_event_invoke_config(
        FunctionName="echo:live", MaximumRetryAttempts=2, DestinationConfig={"OnSuccess": {}}
    )
    assert (changed["MaximumRetryAttempts"], changed["MaximumEventAgeInSeconds"]) == (2, 60)
    assert changed["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {"Destination": TOPIC}}
    plain = functions.get_function_event_invoke_config(FunctionName="echo")
    assert plain["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}}
    assert (plain["FunctionArn"], "MaximumEventAgeInSeconds" in plain) == (f"{PREFIX}echo:$LATEST", False)
    listed = functions.list_function_event_invoke_configs(FunctionName="echo")["FunctionEventInvokeConfigs"]
    assert [one["FunctionArn"] for one in listed] == [f"{PREFIX}echo:$LATEST", f"{PREFIX}echo:live"]
    functions.delete_function_event_invoke_config(FunctionName="echo", Qualifier="live")
    assert len(functions.list_function_event_invoke_configs(FunctionName="echo")["FunctionEventInvokeConfigs"]) == 1


def test_tags_are_set_and_taken_back(functions, aws):
    arn = made(aws, Tags={"a": "1"})["FunctionArn"]
    functions.tag_resource(Resource=arn, Tags={"b": "2"})
    assert functions.list_tags(Resource=arn)["Tags"] == {"a": "1", "b": "2"}
    functions.untag_resource(Resource=arn, TagKeys=["a", "ghost"])
    assert functions.list_tags(Resource=arn)["Tags"] == {"b": "2"}
    assert refused(functions.list_tags, Resource=f"{PREFIX}ghost") == (
        "ResourceNotFoundException", f"Function not found: {PREFIX}ghost",
    )  # fmt: skip
    many = {f"key{n}": "x" for n in range(50)}
    assert refused(functions.tag_resource, Resource=arn, Tags=many) == (
        INVALID, "Number of tags exceeds resource tag limit.",
    )  # fmt: skip
    assert "Tags on function aliases and versions" in refused(functions.list_tags, Resource=f"{arn}:1")[1]


def test_smaller_settings(functions, aws):
    made(aws)
    assert functions.get_function_recursion_config(FunctionName="echo")["RecursiveLoop"] == "Terminate"
    functions.put_function_recursion_config(FunctionName="echo", RecursiveLoop="Allow")
    assert functions.get_function_recursion_config(FunctionName="echo")["RecursiveLoop"] == "Allow"
    assert functions.get_runtime_management_config(FunctionName="echo")["UpdateRuntimeOn"] == "Auto"
    put = functions.put_runtime_management_config(FunctionName="echo", UpdateRuntimeOn="FunctionUpdate")
    assert (put["UpdateRuntimeOn"], put["FunctionArn"]) == ("FunctionUpdate", f"{PREFIX}echo:$LATEST")
    assert functions.get_runtime_management_config(FunctionName="echo")["UpdateRuntimeOn"] == "FunctionUpdate"
    assert refused(functions.put_runtime_management_config, FunctionName="echo", UpdateRuntimeOn="Manual")[0] == INVALID
    assert "CodeSigningConfigArn" not in functions.get_function_code_signing_config(FunctionName="echo")
    assert refused(functions.create_code_signing_config, AllowedPublishers={"SigningProfileVersionArns": ["a"]})[0] in (
        "NotSupported", "ValidationException",
    )  # fmt: skip


def test_the_account_is_measured(functions, aws):
    before = functions.get_account_settings()
    assert before["AccountUsage"] == {"TotalCodeSize": 0, "FunctionCount": 0}
    made(aws, Publish=True)
    after = functions.get_account_settings()
    assert after["AccountUsage"] == {"TotalCodeSize": 2 * len(zipped(ECHO)), "FunctionCount": 1}
    assert after["AccountLimit"] == {
        "TotalCodeSize": 80530636800, "CodeSizeUnzipped": 262144000, "CodeSizeZipped": 52428800,
        "ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000,
    }  # fmt: skip


# What happens next


def test_settings_of_an_alias_go_with_it(functions, aws):
    made(aws, Publish=True)
    for _ in range(2):
        functions.create_alias(FunctionName="echo", Name="live", FunctionVersion="1")
        assert refused(functions.get_function_event_invoke_config, FunctionName="echo", Qualifier="live")[0] == MISSING
        functions.put_function_event_invoke_config(FunctionName="echo", Qualifier="live", MaximumRetryAttempts=0)
        functions.delete_alias(FunctionName="echo", Name="live")
