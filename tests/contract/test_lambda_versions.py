"""Lambda: versions are published and kept, aliases lead to them."""

import pytest

from tests.contract.lambda_code import PREFIX, active, made, refused, updated, zipped

INVALID, MISSING = "InvalidParameterValueException", "ResourceNotFoundException"


@pytest.fixture
def functions(aws):
    """A client, and the function `echo`."""
    made(aws)
    return aws("lambda")


def another(functions, number: int) -> dict:
    """A further version, of other code."""
    functions.update_function_code(FunctionName="echo", ZipFile=zipped(f"def handler(event, context): return {number}"))
    updated(functions, "echo")
    return functions.publish_version(FunctionName="echo")


# What is refused


def test_publishing_other_code_than_is_there(functions):
    current = functions.get_function_configuration(FunctionName="echo")["CodeSha256"]
    assert refused(functions.publish_version, FunctionName="echo", CodeSha256="other") == (
        INVALID, f"CodeSHA256 (other) is different from current CodeSHA256 in $LATEST ({current})."
        " Please try again with the CodeSHA256 in $LATEST.",
    )  # fmt: skip


def test_versions_and_aliases_that_are_not_there(functions):
    assert refused(functions.get_function, FunctionName="echo", Qualifier="7") == (
        MISSING, f"Function not found: {PREFIX}echo:7",
    )  # fmt: skip
    assert refused(functions.get_function, FunctionName="echo:live") == (
        MISSING, f"Function not found: {PREFIX}echo:live",
    )  # fmt: skip
    unknown = (MISSING, f"Cannot find alias arn: {PREFIX}echo:live")
    assert refused(functions.get_alias, FunctionName="echo", Name="live") == unknown
    assert refused(functions.update_alias, FunctionName="echo", Name="live") == unknown
    functions.delete_alias(FunctionName="echo", Name="live")
    for name in ("echo", "ghost"):
        missing = (MISSING, f"Function not found: {PREFIX}{name}:7")
        assert refused(functions.create_alias, FunctionName=name, Name="live", FunctionVersion="7") == missing


def test_aliases_that_cannot_be(functions):
    functions.publish_version(FunctionName="echo")
    another(functions, 2)
    create = functions.create_alias
    assert refused(create, FunctionName="echo", Name="7", FunctionVersion="1")[0] == "ValidationException"
    wanted = {"FunctionName": "echo", "Name": "live"}
    for version, weights, words in (
        (
            "1",
            {"1": 0.5},
            "Invalid function version 1. Function version 1 is already included in routing configuration.",
        ),
        ("$LATEST", {"1": 0.5}, "$LATEST is not supported for an alias pointing to more than 1 version"),
        ("1", {"1": 0.1, "2": 0.1}, "Number of items in AdditionalVersionWeights cannot be greater than 1"),
    ):
        routing = {"AdditionalVersionWeights": weights}
        assert refused(create, **wanted, FunctionVersion=version, RoutingConfig=routing) == (INVALID, words)
    routing = {"AdditionalVersionWeights": {"2": 1.5}}
    assert refused(create, **wanted, FunctionVersion="1", RoutingConfig=routing)[0] == "ValidationException"
    create(**wanted, FunctionVersion="1")
    assert refused(create, **wanted, FunctionVersion="2") == (
        "ResourceConflictException", f"Alias already exists: {PREFIX}echo:live",
    )  # fmt: skip


def test_a_version_that_an_alias_leads_to_is_not_deleted(functions):
    functions.publish_version(FunctionName="echo")
    functions.create_alias(FunctionName="echo", Name="live", FunctionVersion="1")
    code, message = refused(functions.delete_function, FunctionName="echo", Qualifier="1")
    assert code == "ResourceConflictException" and "the following aliases reference it: [live]" in message
    assert refused(functions.delete_function, FunctionName="echo", Qualifier="live")[0] == INVALID


def test_versions_are_not_changed(functions):
    functions.publish_version(FunctionName="echo")
    assert refused(functions.update_function_configuration, FunctionName="echo:1", Timeout=9)[0] == INVALID


# What is done


def test_a_version_is_what_the_latest_was(functions):
    published = functions.publish_version(FunctionName="echo", Description="the first")
    assert published["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (published["Version"], published["FunctionArn"]) == ("1", f"{PREFIX}echo:1")
    assert (published["State"], published["LastUpdateStatus"]) == ("Active", "Successful")
    functions.update_function_configuration(FunctionName="echo", Timeout=77)
    updated(functions, "echo")
    kept = functions.get_function_configuration(FunctionName="echo", Qualifier="1")
    assert (kept["Timeout"], kept["Description"], kept["State"]) == (3, "the first", "Active")
    latest = functions.get_function_configuration(FunctionName="echo")
    assert (latest["Timeout"], latest["Description"]) == (77, "")
    assert functions.publish_version(FunctionName="echo")["Version"] == "2"


def test_what_has_not_changed_is_not_published_again(functions):
    first = functions.publish_version(FunctionName="echo")
    again = functions.publish_version(FunctionName="echo", Description="in vain")
    assert (again["Version"], again["Description"]) == ("1", "")
    functions.update_function_configuration(FunctionName="echo", Timeout=first["Timeout"])
    updated(functions, "echo")
    assert functions.publish_version(FunctionName="echo")["Version"] == "1"


def test_a_function_can_be_published_as_it_is_made(aws):
    answer = made(aws, "other", Publish=True)
    assert (answer["Version"], answer["FunctionArn"]) == ("1", f"{PREFIX}other")
    assert aws("lambda").get_function(FunctionName="other:1")["Configuration"]["FunctionArn"] == f"{PREFIX}other:1"


def test_snapshots_may_be_wanted_but_no_version_says_that_it_has_one(aws):
    functions = aws("lambda")
    answer = made(aws, "quick", SnapStart={"ApplyOn": "PublishedVersions"})
    assert answer["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}
    assert functions.publish_version(FunctionName="quick")["State"] == "Pending"
    functions.get_waiter("published_version_active").wait(FunctionName="quick", Qualifier="1")
    version = functions.get_function_configuration(FunctionName="quick:1")
    assert (version["State"], version["SnapStart"]["OptimizationStatus"]) == ("Active", "Off")
    functions.update_function_configuration(FunctionName="quick", SnapStart={"ApplyOn": "None"})
    latest = functions.get_function_configuration(FunctionName="quick")
    assert latest["SnapStart"] == {"ApplyOn": "None", "OptimizationStatus": "Off"}


def test_versions_are_listed_in_order(functions):
    functions.publish_version(FunctionName="echo")
    for number in range(2, 12):
        another(functions, number)
    first = functions.list_versions_by_function(FunctionName="echo", MaxItems=5)
    rest = functions.list_versions_by_function(FunctionName="echo", Marker=first["NextMarker"])
    names = [one["Version"] for one in first["Versions"] + rest["Versions"]]
    assert names == ["$LATEST", *map(str, range(1, 12))]
    assert first["Versions"][0]["FunctionArn"] == f"{PREFIX}echo:$LATEST"
    functions.delete_function(FunctionName="echo", Qualifier="11")
    assert another(functions, 12)["Version"] == "12"


def test_an_alias_leads_to_a_version(functions):
    functions.publish_version(FunctionName="echo")
    another(functions, 2)
    routing = {"AdditionalVersionWeights": {"2": 0.25}}
    alias = functions.create_alias(
        FunctionName="echo", Name="live", FunctionVersion="1", Description="what is used", RoutingConfig=routing
    )
    assert alias.pop("ResponseMetadata")["HTTPStatusCode"] == 201 and alias.pop("RevisionId")
    assert alias == {
        "AliasArn": f"{PREFIX}echo:live", "Name": "live", "FunctionVersion": "1", "Description": "what is used",
        "RoutingConfig": routing,
    }  # fmt: skip
    shown = functions.get_function_configuration(FunctionName="echo", Qualifier="live")
    assert (shown["FunctionArn"], shown["Version"]) == (f"{PREFIX}echo:live", "1")
    changed = functions.update_alias(FunctionName="echo", Name="live", FunctionVersion="2", RoutingConfig={})
    assert changed["FunctionVersion"] == "2" and "RoutingConfig" not in changed
    assert functions.get_alias(FunctionName="echo", Name="live")["RevisionId"] == changed["RevisionId"]
    assert refused(functions.update_alias, FunctionName="echo", Name="live", RevisionId="x")[0] == (
        "PreconditionFailedException"
    )
    functions.create_alias(FunctionName="echo", Name="beta", FunctionVersion="$LATEST")
    listed = functions.list_aliases(FunctionName="echo", MaxItems=1)
    assert [one["Name"] for one in listed["Aliases"]] == ["beta"]
    rest = functions.list_aliases(FunctionName="echo", Marker=listed["NextMarker"])["Aliases"]
    assert [one["Name"] for one in rest] == ["live"]
    only = functions.list_aliases(FunctionName="echo", FunctionVersion="2")["Aliases"]
    assert [one["Name"] for one in only] == ["live"]
    functions.delete_alias(FunctionName="echo", Name="live")
    assert refused(functions.get_alias, FunctionName="echo", Name="live")[0] == MISSING


# What happens next


def test_numbers_are_not_given_twice(functions):
    functions.publish_version(FunctionName="echo")
    functions.delete_function(FunctionName="echo", Qualifier="1")
    assert refused(functions.get_function, FunctionName="echo:1")[0] == MISSING
    assert functions.publish_version(FunctionName="echo")["Version"] == "2"
    functions.get_waiter("published_version_active").wait(FunctionName="echo", Qualifier="2")
    active(functions, "echo")
