"""Parameter Store: the versions of parameters, and their labels."""

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


def test_a_version_that_is_not_there_is_not_found(ssm):
    put(ssm, "p")
    assert refusal(ssm.get_parameter, Name="p:2") == (
        "ParameterVersionNotFound",
        "Systems Manager could not find version 2 of p. Verify the version and try again.",
    )
    assert refusal(ssm.get_parameter, Name="p:production")[0] == "ParameterVersionNotFound"
    for name in ("p:2:3", "q:2"):
        assert refusal(ssm.get_parameter, Name=name) == ("ParameterNotFound", f"Parameter {name} not found.")
    code, _ = refusal(ssm.label_parameter_version, Name="p", ParameterVersion=7, Labels=["x"])
    assert code == "ParameterVersionNotFound"


# What is done


def test_versions_labels_and_arns_select(ssm):
    for value in ("one", "two", "three"):
        put(ssm, "/a/b", value, Overwrite=True)
    ssm.label_parameter_version(Name="/a/b", ParameterVersion=2, Labels=["production"])
    assert ssm.get_parameter(Name="/a/b:1")["Parameter"]["Value"] == "one"
    labelled = ssm.get_parameter(Name="/a/b:production")["Parameter"]
    assert (labelled["Value"], labelled["Selector"], labelled["Name"]) == ("two", ":production", "/a/b")
    assert ssm.get_parameter(Name=f"{ARN}/a/b")["Parameter"]["Value"] == "three"
    assert ssm.get_parameter(Name=f"{ARN}/a/b:1")["Parameter"]["Value"] == "one"


def test_many_are_got_at_once_and_the_missing_are_told(ssm):
    put(ssm, "b", "2")
    put(ssm, "a", "1")
    found = ssm.get_parameters(Names=["b", "a:1", "c", "a:9", "b"])
    assert [(one["Name"], one["Value"]) for one in found["Parameters"]] == [("a", "1"), ("b", "2")]
    assert found["InvalidParameters"] == ["c", "a:9"]


def test_the_history_tells_every_version(ssm):
    put(ssm, "p", "one", Description="first")
    put(ssm, "p", "two", Overwrite=True, Description="second")
    ssm.label_parameter_version(Name="p", ParameterVersion=1, Labels=["old"])
    history = ssm.get_parameter_history(Name="p")["Parameters"]
    seen = [(one["Version"], one["Value"], one["Description"], one["Labels"]) for one in history]
    assert seen == [(1, "one", "first", ["old"]), (2, "two", "second", [])]


def test_the_history_comes_in_pages(ssm):
    for number in range(5):
        put(ssm, "p", str(number), Overwrite=True)
    pages = ssm.get_paginator("get_parameter_history").paginate(Name="p", PaginationConfig={"PageSize": 2})
    assert [[one["Version"] for one in page["Parameters"]] for page in pages] == [[1, 2], [3, 4], [5]]
    assert refusal(ssm.get_parameter_history, Name="p", NextToken="***")[0] == "InvalidNextToken"


def test_a_label_moves_from_version_to_version(ssm):
    put(ssm, "p", "one")
    put(ssm, "p", "two", Overwrite=True)
    ssm.label_parameter_version(Name="p", ParameterVersion=1, Labels=["live", "old"])
    assert ssm.label_parameter_version(Name="p", Labels=["live"])["ParameterVersion"] == 2
    assert [one["Labels"] for one in ssm.get_parameter_history(Name="p")["Parameters"]] == [["old"], ["live"]]
    removed = ssm.unlabel_parameter_version(Name="p", ParameterVersion=1, Labels=["old", "live"])
    assert (removed["RemovedLabels"], removed["InvalidLabels"]) == (["old"], ["live"])


def test_labels_that_break_the_rules_are_told_and_the_others_attached(ssm):
    put(ssm, "p")
    labels = ["good", "9lives", "awsome", "SSM1", "a/b"]
    answer = ssm.label_parameter_version(Name="p", Labels=labels)
    assert answer["InvalidLabels"] == labels[1:]
    assert ssm.get_parameter(Name="p:good")["Parameter"]["Version"] == 1


def test_a_version_has_ten_labels_at_most(ssm):
    put(ssm, "p")
    ssm.label_parameter_version(Name="p", Labels=[f"l{number}" for number in range(9)])
    code, _ = refusal(ssm.label_parameter_version, Name="p", Labels=["x", "y"])
    assert code == "ParameterVersionLabelLimitExceeded"
    assert ssm.label_parameter_version(Name="p", Labels=["x", "l1"])["InvalidLabels"] == []


# What happens next


def test_a_hundred_versions_are_kept_and_a_labelled_one_stands_in_the_way(ssm):
    for number in range(100):
        put(ssm, "p", str(number), Overwrite=True)
    assert put(ssm, "p", "100", Overwrite=True)["Version"] == 101
    history = ssm.get_parameter_history(Name="p", MaxResults=1)["Parameters"]
    assert history[0]["Version"] == 2
    ssm.label_parameter_version(Name="p", ParameterVersion=2, Labels=["keep"])
    assert refusal(ssm.put_parameter, Name="p", Value="101", Overwrite=True) == (
        "ParameterMaxVersionLimitExceeded",
        "You attempted to create a new version of p by calling the PutParameter API with the overwrite flag. Version 2,"
        " the oldest version, can't be deleted because it has a label associated with it. Move the label to another"
        " version of the parameter, and try again.",
    )
    ssm.unlabel_parameter_version(Name="p", ParameterVersion=2, Labels=["keep"])
    assert put(ssm, "p", "101", Overwrite=True)["Version"] == 102
