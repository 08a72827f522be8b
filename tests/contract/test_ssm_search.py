"""Parameter Store: parameters by path and by filters, and those that AWS publishes."""

import json

import pytest
from botocore.exceptions import ClientError

NAMES = ("/app/db/host", "/app/db/port", "/app/name", "/apple", "root", "/other/deep/er/still")


@pytest.fixture
def ssm(aws):
    return aws("ssm")


@pytest.fixture
def tree(ssm):
    for name in NAMES:
        ssm.put_parameter(Name=name, Value=f"v of {name}", Type="String")
    return ssm


def refusal(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def names(answer):
    return [parameter["Name"] for parameter in answer["Parameters"]]


def described(ssm, *filters):
    return names(ssm.describe_parameters(ParameterFilters=list(filters)))


def where(key, *values, option=None):
    chosen = {"Option": option} if option else {}
    return {"Key": key, "Values": list(values), **chosen}


# What is refused


@pytest.mark.parametrize("path", ["app", "/app//db", "/a b", "//"])
def test_a_path_must_look_like_one(ssm, path):
    code, message = refusal(ssm.get_parameters_by_path, Path=path)
    assert code == "ValidationException"
    assert message.startswith("The parameter doesn't meet the parameter name requirements.")


@pytest.mark.parametrize("key", ["Name", "Path", "Tier", "DataType", "tag:x"])
def test_by_path_knows_few_filters(ssm, key):
    code, _ = refusal(ssm.get_parameters_by_path, Path="/", ParameterFilters=[where(key, "x")])
    assert code == "InvalidFilterKey"


@pytest.mark.parametrize(
    ("filters", "code", "words"),
    [
        ([where("Label", "x")], "InvalidFilterKey", ""),
        ([where("Name", "x", option="Like")], "InvalidFilterOption", "The following filter option is not valid: Like."),
        ([where("Path", "/x", option="Equals")], "InvalidFilterOption", "Valid options include: [Recursive, OneLevel]"),
        ([where("Type", "Number")], "InvalidFilterValue", "Valid values include: [String, StringList, SecureString]"),
        ([{"Key": "Name"}], "InvalidFilterValue", "The following filter values are missing : null for filter key Name"),
        (
            [where("Name", "x"), where("Name", "y")],
            "InvalidFilterValue",
            "The following filter is duplicated in the request: Name.",
        ),
        ([where("Path", "/aws/service")], "ValidationException", "can't be prefixed with"),
        ([where("Colour", "red")], "ValidationException", "Member must satisfy regular expression pattern"),
    ],
)
def test_filters_that_are_none(ssm, filters, code, words):
    told, message = refusal(ssm.describe_parameters, ParameterFilters=filters)
    assert told == code
    # The model gives InvalidFilterKey no message.
    assert words in message


def test_old_and_new_filters_do_not_go_together(ssm):
    old = [{"Key": "Name", "Values": ["x"]}]
    assert refusal(ssm.describe_parameters, Filters=old, ParameterFilters=old) == (
        "ValidationException",
        "You can use either Filters or ParameterFilters in a single request.",
    )


def test_a_token_that_nobody_gave_is_refused(ssm):
    assert refusal(ssm.describe_parameters, NextToken="%%%")[0] == "InvalidNextToken"


def test_nobody_writes_or_finds_what_aws_does_not_publish(ssm):
    assert refusal(ssm.get_parameter, Name="/aws/service/no/such")[0] == "ParameterNotFound"
    assert ssm.get_parameters_by_path(Path="/aws/service/no/such")["Parameters"] == []


# What is done


def test_one_level_or_everything_below_a_path(tree):
    assert names(tree.get_parameters_by_path(Path="/app")) == ["/app/name"]
    assert names(tree.get_parameters_by_path(Path="/app/")) == ["/app/name"]
    everything = ["/app/db/host", "/app/db/port", "/app/name"]
    assert names(tree.get_parameters_by_path(Path="/app", Recursive=True)) == everything
    assert names(tree.get_parameters_by_path(Path="/")) == ["/apple", "root"]
    assert len(names(tree.get_parameters_by_path(Path="/", Recursive=True))) == len(NAMES)


def test_by_path_filters_by_type_and_label(tree):
    tree.put_parameter(Name="/app/list", Value="a,b", Type="StringList")
    tree.put_parameter(Name="/app/name", Value="new", Overwrite=True)
    tree.label_parameter_version(Name="/app/name", ParameterVersion=1, Labels=["old"])
    lists = tree.get_parameters_by_path(Path="/app", ParameterFilters=[where("Type", "StringList")])
    assert names(lists) == ["/app/list"]
    labelled = tree.get_parameters_by_path(Path="/app", ParameterFilters=[where("Label", "old")])["Parameters"]
    assert [(one["Name"], one["Version"], one["Value"]) for one in labelled] == [("/app/name", 1, "v of /app/name")]


def test_names_are_found_by_equality_beginning_and_content(tree):
    assert described(tree, where("Name", "root")) == ["root"]
    assert described(tree, where("Name", "/root", "/apple")) == ["/apple", "root"]
    assert described(tree, where("Name", "/app/", option="BeginsWith")) == ["/app/db/host", "/app/db/port", "/app/name"]
    assert described(tree, where("Name", "app", option="BeginsWith"))[-1] == "/apple"
    assert described(tree, where("Name", "/db/", option="Contains")) == ["/app/db/host", "/app/db/port"]


def test_paths_are_found_on_one_level_or_all(tree):
    assert described(tree, where("Path", "/app")) == ["/app/name"]
    assert described(tree, where("Path", "/app/db", "/other", option="Recursive")) == [
        "/app/db/host",
        "/app/db/port",
        "/other/deep/er/still",
    ]


def test_types_tiers_data_types_and_tags_are_found(tree):
    tags = [{"Key": "team", "Value": "blue"}]
    tree.put_parameter(Name="big", Value="{}", Type="String", Tier="Advanced", DataType="json", Tags=tags)
    tree.put_parameter(Name="list", Value="1,2", Type="StringList", DataType="integer")
    assert described(tree, where("Tier", "Advanced")) == ["big"]
    assert described(tree, where("DataType", "json", "integer")) == ["big", "list"]
    assert described(tree, where("Type", "String", option="BeginsWith"), where("Name", "list")) == ["list"]
    assert described(tree, where("tag:team", "blue")) == ["big"]
    assert described(tree, {"Key": "tag:team"}) == ["big"]
    assert described(tree, where("tag:team", "red")) == []
    assert names(tree.describe_parameters(Filters=[{"Key": "Type", "Values": ["StringList"]}])) == ["list"]


def test_pages_are_told_in_order_and_survive_insertions(tree):
    first = tree.describe_parameters(MaxResults=2)
    tree.put_parameter(Name="/app/db/a", Value="v", Type="String")
    tree.put_parameter(Name="/zoo", Value="v", Type="String")
    rest = tree.describe_parameters(NextToken=first["NextToken"])
    assert names(first) + names(rest) == [*sorted(NAMES, key=lambda name: f"/{name.lstrip('/')}"), "/zoo"]
    pages = tree.get_paginator("get_parameters_by_path").paginate(Path="/", Recursive=True, MaxResults=3)
    assert [len(page["Parameters"]) for page in pages] == [3, 3, 2]


# What AWS publishes


def test_images_of_amazon_linux_are_published(ssm):
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    parameter = ssm.get_parameter(Name=name)["Parameter"]
    assert parameter["ARN"] == f"arn:aws:ssm:eu-west-1::parameter{name}"
    assert parameter["Value"].startswith("ami-0")
    assert len(parameter["Value"]) == len("ami-") + 17
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path="/aws/service/ami-amazon-linux-latest")
    found = [one["Name"] for page in pages for one in page["Parameters"]]
    assert name in found
    assert found == sorted(found)
    assert len(found) == len(set(found)) > 20


def test_images_differ_from_region_to_region_and_not_from_cloud_to_cloud(aws):
    name = "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2"
    here, there = (aws("ssm", region).get_parameter(Name=name) for region in ("eu-west-1", "us-east-1"))
    assert here["Parameter"]["Value"] == "ami-01714f162531051ae"
    assert there["Parameter"]["Value"] != here["Parameter"]["Value"]


@pytest.mark.parametrize(
    "name",
    [
        "/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base",
        "/aws/service/eks/optimized-ami/1.31/amazon-linux-2023/x86_64/standard/recommended/image_id",
        "/aws/service/bottlerocket/aws-k8s-1.31/arm64/latest/image_id",
        "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id",
        "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id",
    ],
)
def test_the_images_that_templates_ask_for_are_there(ssm, name):
    assert ssm.get_parameters(Names=[name])["Parameters"][0]["Value"].startswith("ami-0")


def test_what_ecs_recommends_is_told_whole_and_in_parts(ssm):
    path = "/aws/service/ecs/optimized-ami/amazon-linux-2/recommended"
    whole = json.loads(ssm.get_parameter(Name=path)["Parameter"]["Value"])
    assert whole["os"] == "Amazon Linux 2"
    assert whole["schema_version"] == 1
    parts = {one["Name"].removeprefix(f"{path}/"): one["Value"] for one in all_below(ssm, path)}
    assert parts["image_id"] == whole["image_id"]
    assert parts["image_name"] == whole["image_name"]


def test_regions_services_and_endpoints_are_published(ssm):
    root = "/aws/service/global-infrastructure"
    regions = [one["Value"] for one in all_below(ssm, f"{root}/regions")]
    assert {"eu-west-1", "us-east-1", "cn-north-1", "us-gov-west-1"} <= set(regions)
    endpoint = ssm.get_parameter(Name=f"{root}/regions/us-west-1/services/ssm/endpoint")["Parameter"]
    assert endpoint["Value"] == "ssm.us-west-1.amazonaws.com"
    name = ssm.get_parameter(Name=f"{root}/regions/eu-central-1/longName")["Parameter"]["Value"]
    assert name == "Europe (Frankfurt)"
    where_ssm_is = [one["Value"] for one in all_below(ssm, f"{root}/services/ssm/regions")]
    assert set(where_ssm_is) <= set(regions)


def all_below(ssm, path):
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path)
    return [one for page in pages for one in page["Parameters"]]


# What happens next


def test_what_is_deleted_is_found_no_more(tree):
    tree.delete_parameters(Names=["/app/db/host", "/app/db/port"])
    assert names(tree.get_parameters_by_path(Path="/app", Recursive=True)) == ["/app/name"]
    assert described(tree, where("Name", "/app/db", option="BeginsWith")) == []
