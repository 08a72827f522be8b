"""Parameter Store: parameters, what they may be, and who may read them."""

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"
ARN = f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter"


@pytest.fixture
def ssm(aws):
    return aws("ssm")


def put(ssm, name, value="v", **more):
    return ssm.put_parameter(**{"Name": name, "Value": value, "Type": "String", **more})


def refusal(call, **params):
    """(code, message) of the error that a call ends in."""
    with pytest.raises(ClientError) as refused:
        call(**params)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


# What is refused


def test_a_new_parameter_needs_a_type(ssm):
    assert refusal(ssm.put_parameter, Name="p", Value="v") == (
        "ValidationException",
        "A parameter type is required when you create a parameter.",
    )


def test_an_existing_parameter_is_overwritten_only_on_purpose(ssm):
    put(ssm, "p")
    assert refusal(ssm.put_parameter, Name="p", Value="w", Type="String") == (
        "ParameterAlreadyExists",
        "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
    )
    assert ssm.get_parameter(Name="p")["Parameter"]["Value"] == "v"


def test_the_type_of_a_parameter_stays(ssm):
    put(ssm, "p")
    code, _ = refusal(ssm.put_parameter, Name="p", Value="a,b", Type="StringList", Overwrite=True)
    assert code == "HierarchyTypeMismatchException"


def test_tags_and_overwrite_do_not_go_together(ssm):
    tags = [{"Key": "k", "Value": "v"}]
    code, message = refusal(ssm.put_parameter, Name="p", Value="v", Type="String", Overwrite=True, Tags=tags)
    assert code == "ValidationException"
    assert message.startswith("Invalid request: tags and overwrite can't be used together.")


@pytest.mark.parametrize("name", ["aws_test", "AWS", "ssmx", "SSM.y", "/aws-x", "/Ssm"])
def test_names_beginning_with_aws_or_ssm_are_reserved(ssm, name):
    assert refusal(ssm.put_parameter, Name=name, Value="v", Type="String") == (
        "ValidationException",
        'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).',
    )


def test_paths_below_aws_are_not_for_users(ssm):
    assert refusal(ssm.put_parameter, Name="/aws/service/mine", Value="v", Type="String") == (
        "AccessDeniedException",
        "No access to reserved parameter name: /aws/service/mine.",
    )


@pytest.mark.parametrize("name", ["a b", "/a//b", "/a/", "/ssm/x", "{x}", "/a/ü", "a:b"])
def test_names_of_other_characters_are_refused(ssm, name):
    code, message = refusal(ssm.put_parameter, Name=name, Value="v", Type="String")
    assert code == "ValidationException"
    assert message.startswith('Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path')


def test_a_path_begins_with_a_slash(ssm):
    assert refusal(ssm.put_parameter, Name="a/b", Value="v", Type="String") == (
        "ValidationException",
        "Parameter name must be a fully qualified name.",
    )


def test_a_hierarchy_has_fifteen_levels_at_most(ssm):
    assert put(ssm, "/x" * 15)["Version"] == 1
    code, message = refusal(ssm.put_parameter, Name="/x" * 16, Value="v", Type="String")
    assert code == "HierarchyLevelLimitExceededException"
    assert "maximum of 15 levels" in message


def test_a_name_and_its_arn_have_1011_characters_at_most(ssm):
    room = 1011 - len(f"{ARN}/")
    assert put(ssm, "n" * room)["Version"] == 1
    assert refusal(ssm.put_parameter, Name="n" * (room + 1), Value="v", Type="String")[0] == "ValidationException"


@pytest.mark.parametrize("value", ["{{ssm:other}}", "x {{ y }} z"])
def test_parameters_are_not_nested(ssm, value):
    assert refusal(ssm.put_parameter, Name="p", Value=value, Type="String") == (
        "ValidationException",
        'Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.',
    )


def test_an_empty_value_is_refused(ssm):
    code, message = refusal(ssm.put_parameter, Name="p", Value="", Type="String")
    assert code == "ValidationException"
    assert "Member must have length greater than or equal to 1" in message


def test_a_value_must_match_the_allowed_pattern_also_when_it_changes(ssm):
    put(ssm, "p", "123", AllowedPattern=r"^\d+$")
    assert refusal(ssm.put_parameter, Name="p", Value="x", Overwrite=True) == (
        "ParameterPatternMismatchException",
        r"Parameter value, cannot be validated against allowedPattern: ^\d+$",
    )
    code, _ = refusal(ssm.put_parameter, Name="q", Value="x", Type="String", AllowedPattern="[")
    assert code == "InvalidAllowedPatternException"


def test_a_key_is_for_secure_strings_only(ssm):
    assert refusal(ssm.put_parameter, Name="p", Value="v", Type="String", KeyId="alias/aws/ssm") == (
        "ValidationException",
        "KeyId is required for SecureString type parameter only.",
    )


@pytest.mark.parametrize(
    ("data_type", "value"),
    [
        ("integer", "1.5"),
        ("boolean", "yes"),
        ("float", "NaN"),
        ("ipv4-address", "1.2.3.256"),
        ("ipv6-address", "1::2::3"),
        ("hostname", "-x.example"),
        ("email", "nobody"),
        ("aws:account:id", "123"),
        ("aws:region", "Frankfurt"),
        ("binary", "no base64!"),
    ],
)
def test_a_value_is_checked_against_its_data_type(ssm, data_type, value):
    code, message = refusal(ssm.put_parameter, Name="p", Value=value, Type="String", DataType=data_type)
    assert (code, message) == (
        "ValidationException",
        f"The parameter value is not valid for the data type {data_type}.",
    )


def test_an_unknown_data_type_is_refused(ssm):
    assert refusal(ssm.put_parameter, Name="p", Value="v", Type="String", DataType="Text") == (
        "ValidationException",
        "The following data type is not supported: Text (Data type names are all lowercase.)",
    )


def test_a_parameter_that_is_not_there_is_not_found(ssm):
    for call in (ssm.get_parameter, ssm.get_parameter_history, ssm.delete_parameter):
        assert refusal(call, Name="absent") == ("ParameterNotFound", "Parameter absent not found.")
    assert refusal(ssm.label_parameter_version, Name="/no/such", Labels=["x"])[0] == "ParameterNotFound"


def test_other_operations_of_systems_manager_are_refused_in_words(ssm):
    with pytest.raises(ClientError, match=r"ssm:SendCommand is not supported by Glasshouse yet"):
        ssm.send_command(DocumentName="AWS-RunShellScript", InstanceIds=["i-1"])
    with pytest.raises(ClientError, match=r"Shared"):
        ssm.describe_parameters(Shared=True)
    with pytest.raises(ClientError, match=r"tags of the resource type MaintenanceWindow"):
        ssm.list_tags_for_resource(ResourceType="MaintenanceWindow", ResourceId="d")


def test_parameters_of_other_accounts_are_not_shared(ssm):
    code, _ = refusal(ssm.get_parameter, Name="arn:aws:ssm:eu-west-1:111122223333:parameter/theirs")
    assert code == "AccessDeniedException"


# What is done


def test_a_parameter_is_kept_and_versioned(ssm):
    assert put(ssm, "/a/b", "one") | {"ResponseMetadata": None} == {
        "Version": 1,
        "Tier": "Standard",
        "ResponseMetadata": None,
    }
    assert ssm.put_parameter(Name="/a/b", Value="two", Overwrite=True)["Version"] == 2
    parameter = ssm.get_parameter(Name="/a/b")["Parameter"]
    del parameter["LastModifiedDate"]
    assert parameter == {
        "Name": "/a/b",
        "Type": "String",
        "Value": "two",
        "Version": 2,
        "ARN": f"{ARN}/a/b",
        "DataType": "text",
    }


def test_spaces_around_a_name_do_not_count(ssm):
    put(ssm, "  p ")
    assert ssm.get_parameter(Name=" p")["Parameter"]["Name"] == "p"


def test_at_the_root_the_slash_makes_no_other_parameter(ssm):
    put(ssm, "p")
    assert ssm.get_parameter(Name="/p")["Parameter"]["Name"] == "p"
    assert refusal(ssm.put_parameter, Name="/p", Value="w", Type="String")[0] == "ParameterAlreadyExists"


def test_what_an_update_leaves_out_stays(ssm):
    put(ssm, "p", "1", Description="about", AllowedPattern=r"\d+", Tags=[{"Key": "k", "Value": "v"}])
    ssm.put_parameter(Name="p", Value="2", Overwrite=True)
    described = ssm.describe_parameters()["Parameters"][0]
    assert described["Description"] == "about"
    assert described["AllowedPattern"] == r"\d+"
    assert described["LastModifiedUser"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert "Value" not in described
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="p")["TagList"] == [
        {"Key": "k", "Value": "v"}
    ]


def test_tags_are_added_listed_and_removed(ssm):
    put(ssm, "/t/p")
    on = {"ResourceType": "Parameter", "ResourceId": "/t/p"}
    ssm.add_tags_to_resource(**on, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    ssm.add_tags_to_resource(**on, Tags=[{"Key": "a", "Value": "3"}])
    ssm.remove_tags_from_resource(**on, TagKeys=["b"])
    assert ssm.list_tags_for_resource(**on)["TagList"] == [{"Key": "a", "Value": "3"}]
    many = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    assert refusal(ssm.add_tags_to_resource, **on, Tags=many)[0] == "TooManyTagsError"
    on["ResourceId"] = "/t/q"
    assert refusal(ssm.list_tags_for_resource, **on)[0] == "InvalidResourceId"


def test_a_larger_value_needs_the_advanced_tier(ssm):
    code, message = refusal(ssm.put_parameter, Name="p", Value="x" * 4097, Type="String")
    assert code == "ValidationException"
    assert message.startswith("Standard tier parameters support a maximum parameter value of 4096 characters.")
    assert put(ssm, "p", "x" * 8192, Tier="Advanced")["Tier"] == "Advanced"
    code, message = refusal(ssm.put_parameter, Name="p", Value="x" * 8193, Overwrite=True)
    assert message == "Advanced tier parameters support a maximum parameter value of 8192 characters."
    code, message = refusal(ssm.put_parameter, Name="p", Value="x", Overwrite=True, Tier="Standard")
    assert message.startswith("This parameter uses the advanced-parameter tier. You can't downgrade")


def test_intelligent_tiering_chooses_the_tier_that_is_needed(ssm):
    assert put(ssm, "p", "small", Tier="Intelligent-Tiering")["Tier"] == "Standard"
    assert put(ssm, "p", "x" * 5000, Tier="Intelligent-Tiering", Overwrite=True)["Tier"] == "Advanced"
    assert put(ssm, "p", "small", Tier="Intelligent-Tiering", Overwrite=True)["Tier"] == "Advanced"
    assert put(ssm, "j", "{}", Tier="Intelligent-Tiering", DataType="json")["Tier"] == "Advanced"


@pytest.mark.parametrize(
    ("data_type", "value", "more"),
    [
        ("integer", "-42", {}),
        ("boolean", "true", {}),
        ("float", "6.02e23", {}),
        ("ipv6-address", "::1", {}),
        ("hostname", "db.example.com", {}),
        ("integer", "1,2,3", {"Type": "StringList"}),
        ("jsonc", '{"a": 1 /* one */} // end', {"Tier": "Advanced"}),
        ("url", "https://example.com/x?y=z", {"Tier": "Advanced"}),
    ],
)
def test_values_of_a_data_type_are_kept_as_given(ssm, data_type, value, more):
    put(ssm, "p", value, DataType=data_type, **more)
    parameter = ssm.get_parameter(Name="p")["Parameter"]
    assert (parameter["Value"], parameter["DataType"]) == (value, data_type)


def test_an_image_is_looked_at_after_the_answer(ssm):
    image = "ami-0123456789abcdef0"
    assert put(ssm, "good", image, DataType="aws:ec2:image")["Version"] == 1
    assert put(ssm, "bad", "no image", DataType="aws:ec2:image")["Version"] == 1
    assert ssm.get_parameters(Names=["good", "bad"])["InvalidParameters"] == ["bad"]


# What happens next


def test_a_deleted_parameter_is_gone_with_its_versions_labels_and_tags(ssm):
    put(ssm, "p", "one", Tags=[{"Key": "k", "Value": "v"}])
    put(ssm, "p", "two", Overwrite=True)
    ssm.label_parameter_version(Name="p", Labels=["x"])
    ssm.delete_parameter(Name="p")
    assert refusal(ssm.get_parameter, Name="p")[0] == "ParameterNotFound"
    assert put(ssm, "p", "three")["Version"] == 1
    assert len(ssm.get_parameter_history(Name="p")["Parameters"]) == 1
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="p")["TagList"] == []


def test_many_are_deleted_at_once_and_the_missing_are_told(ssm):
    put(ssm, "a")
    put(ssm, "/b/c")
    answer = ssm.delete_parameters(Names=["a", "/b/c", "none"])
    assert (answer["DeletedParameters"], answer["InvalidParameters"]) == (["a", "/b/c"], ["none"])
    assert ssm.describe_parameters()["Parameters"] == []


def test_parameters_of_one_region_are_not_in_another(aws, ssm):
    put(ssm, "p")
    assert refusal(aws("ssm", "us-east-1").get_parameter, Name="p")[0] == "ParameterNotFound"


def test_a_policy_on_a_parameter_holds_for_its_versions_too(aws, ssm):
    for value in ("one", "two"):
        put(ssm, "/open/p", value, Overwrite=True)
        put(ssm, "/shut/p", value, Overwrite=True)
    iam = aws("iam")
    iam.create_user(UserName="reader")
    allowed = f'{{"Effect": "Allow", "Action": "ssm:GetParameter*", "Resource": "{ARN}/open/*"}}'
    document = f'{{"Version": "2012-10-17", "Statement": [{allowed}]}}'
    iam.put_user_policy(UserName="reader", PolicyName="open", PolicyDocument=document)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    reader = aws("ssm", **keys)
    assert reader.get_parameter(Name="/open/p:1")["Parameter"]["Value"] == "one"
    assert refusal(reader.get_parameter, Name="/shut/p:1")[0] == "AccessDeniedException"
    assert refusal(reader.put_parameter, Name="/open/p", Value="x", Overwrite=True)[0] == "AccessDeniedException"
