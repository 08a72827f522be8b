"""Lambda: layers, their versions, who may use them, and what functions take of them."""

import importlib
import json
import shutil
import urllib.request

import pytest

from glasshouse.services.lambda_.public_layers import borrow
from tests.contract.lambda_code import ACCOUNT, REGION, another_account, made, refused, updated, zipped

INVALID, MISSING = "InvalidParameterValueException", "ResourceNotFoundException"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:tools"
TOOLS = zipped("ANSWER = 42\n", "python/tools.py")
PUBLIC_ARN = f"arn:aws:lambda:{REGION}:017000801446:layer:AWSLambdaPowertoolsPythonV3-python312-x86_64:4"
PUBLIC_CODE = "import aws_lambda_powertools as tools\n\ndef handler(event, context): return tools.ANSWER\n"


@pytest.fixture
def functions(aws):
    return aws("lambda")


def published(functions, name: str = "tools", **settings) -> dict:
    return functions.publish_layer_version(LayerName=name, Content={"ZipFile": TOOLS}, **settings)


def public_package(monkeypatch, tmp_path):
    """Something installed that stands for the package of a public layer, and an empty cache; where it lies."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    package = tmp_path / "installed" / "aws_lambda_powertools"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("ANSWER = 7\n")
    monkeypatch.syspath_prepend(str(package.parent))
    return package


# What is refused


def test_layers_that_are_not_there(functions, aws):
    gone = (MISSING, "The resource you requested does not exist.")
    assert refused(functions.get_layer_version, LayerName="tools", VersionNumber=1) == gone
    assert refused(functions.get_layer_version_by_arn, Arn=f"{ARN}:1") == gone
    assert refused(functions.get_layer_version, LayerName="tools", VersionNumber=0) == (
        INVALID, "Layer Version Cannot be less than 1",
    )  # fmt: skip
    assert functions.list_layer_versions(LayerName="tools")["LayerVersions"] == []
    functions.delete_layer_version(LayerName="tools", VersionNumber=1)
    there = (MISSING, f"Layer version {ARN}:1 does not exist.")
    named = {"LayerName": "tools", "VersionNumber": 1}
    assert refused(functions.get_layer_version_policy, **named) == there
    assert refused(functions.remove_layer_version_permission, **named, StatementId="s") == there
    assert refused(made, aws=aws, Layers=[f"{ARN}:1"]) == (INVALID, f"Layer version {ARN}:1 does not exist.")


def test_layers_that_cannot_be(functions):
    published(functions)
    asked = {"CompatibleRuntimes": ["cobol", "java21"], "CompatibleArchitectures": ["vax"]}
    code, message = refused(published, functions=functions, **asked)
    assert code == "ValidationException"
    assert message.startswith(
        "2 validation errors detected: Value '[cobol, java21]' at 'compatibleRuntimes' failed to satisfy constraint:"
        " Member must satisfy enum value set: [nodejs20.x, "
    )
    assert message.endswith(
        "; Value '[vax]' at 'compatibleArchitectures' failed to satisfy constraint: Member must satisfy constraint:"
        " [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"
    )
    assert refused(published, functions=functions, CompatibleArchitectures=["mips"])[0] == "ValidationException"
    assert refused(functions.publish_layer_version, LayerName="tools", Content={"ZipFile": b"no zip"})[0] == INVALID
    assert published(functions)["Version"] == 2


def test_functions_and_layers_that_do_not_go_together(functions, aws):
    published(functions), published(functions)
    made(aws)
    update = functions.update_function_configuration
    assert refused(update, FunctionName="echo", Layers=[f"{ARN}:1", f"{ARN}:2"]) == (
        INVALID, "Two different versions of the same layer are not allowed to be referenced in the same function."
        f" {ARN}:1 and {ARN}:2 are versions of the same layer.",
    )  # fmt: skip
    elsewhere = ARN.replace(REGION, "us-east-1")
    assert refused(update, FunctionName="echo", Layers=[f"{elsewhere}:1"]) == (
        INVALID, f"Layers are not in the same region as the function. Layers are expected to be in region {REGION}.",
    )  # fmt: skip
    foreign = f"arn:aws:lambda:{REGION}:111122223333:layer:theirs:1"
    code, message = refused(update, FunctionName="echo", Layers=[foreign])
    assert code == "AccessDeniedException" and f"lambda:GetLayerVersion on resource: {foreign}" in message


def test_a_public_layer_that_cannot_be_had(functions, aws, monkeypatch, tmp_path):
    """The package index is not to be reached: that is told in words, and nothing is made."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    code, message = refused(made, aws=aws, Layers=[PUBLIC_ARN])
    assert code == INVALID and message.startswith(
        f"Layer version {PUBLIC_ARN} is made of the package aws-lambda-powertools"
    )
    assert functions.list_functions()["Functions"] == []


def test_permissions_on_layers(functions):
    published(functions)
    named = {"LayerName": "tools", "VersionNumber": 1}
    asked = {"StatementId": "all", "Action": "lambda:GetLayerVersion", "Principal": "*"}
    assert refused(functions.get_layer_version_policy, **named) == (
        MISSING, "No policy is associated with the given resource.",
    )  # fmt: skip
    assert refused(functions.add_layer_version_permission, **named, **{**asked, "Action": "lambda:*"})[0] == (
        "ValidationException"
    )
    functions.add_layer_version_permission(**named, **asked)
    assert refused(functions.add_layer_version_permission, **named, **asked)[0] == "ResourceConflictException"
    stale = {**asked, "StatementId": "more", "RevisionId": "old"}
    code, message = refused(functions.add_layer_version_permission, **named, **stale)
    assert code == "PreconditionFailedException" and "GetLayerPolicy API" in message
    assert refused(functions.remove_layer_version_permission, **named, StatementId="ghost") == (
        MISSING, "Statement ghost is not found in resource policy.",
    )  # fmt: skip


# What is done


def test_a_layer_grows_by_versions(functions):
    first = published(
        functions, Description="handy", LicenseInfo="MIT", CompatibleRuntimes=["python3.12"],
        CompatibleArchitectures=["x86_64"],
    )  # fmt: skip
    assert first.pop("ResponseMetadata")["HTTPStatusCode"] == 201 and first["CreatedDate"].endswith("+0000")
    assert (first["LayerArn"], first["LayerVersionArn"], first["Version"]) == (ARN, f"{ARN}:1", 1)
    assert first["CompatibleRuntimes"] == ["python3.12"] and first["CompatibleArchitectures"] == ["x86_64"]
    assert (first["Description"], first["LicenseInfo"], first["Content"]["CodeSize"]) == ("handy", "MIT", len(TOOLS))
    second = published(functions, ARN, CompatibleRuntimes=["nodejs22.x"])
    assert second["Version"] == 2 and "LicenseInfo" not in second
    for asked in ({"LayerName": "tools", "VersionNumber": 1}, {"LayerName": ARN, "VersionNumber": 1}):
        found = functions.get_layer_version(**asked)
        assert found["Content"]["CodeSha256"] == first["Content"]["CodeSha256"]
    found = functions.get_layer_version_by_arn(Arn=f"{ARN}:2")
    with urllib.request.urlopen(found["Content"]["Location"]) as package:
        assert package.read() == TOOLS


def test_layers_are_listed_the_last_version_first(functions):
    for runtime in ("python3.12", "nodejs22.x", "python3.12"):
        published(functions, CompatibleRuntimes=[runtime])
    published(functions, "other")
    versions = functions.list_layer_versions(LayerName="tools", MaxItems=2)
    rest = functions.list_layer_versions(LayerName="tools", Marker=versions["NextMarker"])
    assert [one["Version"] for one in versions["LayerVersions"] + rest["LayerVersions"]] == [3, 2, 1]
    only = functions.list_layer_versions(LayerName="tools", CompatibleRuntime="nodejs22.x")["LayerVersions"]
    assert [one["Version"] for one in only] == [2]
    layers = functions.list_layers()["Layers"]
    assert [(one["LayerName"], one["LatestMatchingVersion"]["Version"]) for one in layers] == [
        ("other", 1),
        ("tools", 3),
    ]
    matching = functions.list_layers(CompatibleRuntime="nodejs22.x")["Layers"]
    assert [(one["LayerArn"], one["LatestMatchingVersion"]["Version"]) for one in matching] == [(ARN, 2)]
    functions.delete_layer_version(LayerName="other", VersionNumber=1)
    assert [one["LayerName"] for one in functions.list_layers()["Layers"]] == ["tools"]


def test_a_policy_of_a_layer_is_written_as_aws_writes_it(functions):
    published(functions)
    named = {"LayerName": "tools", "VersionNumber": 1, "Action": "lambda:GetLayerVersion"}
    one = functions.add_layer_version_permission(**named, StatementId="one", Principal="111122223333")
    functions.add_layer_version_permission(
        **named, StatementId="org", Principal="*", OrganizationId="o-abcdefghij", RevisionId=one["RevisionId"]
    )
    named.pop("Action")
    found = functions.get_layer_version_policy(**named)
    common = {"Effect": "Allow", "Action": "lambda:GetLayerVersion", "Resource": f"{ARN}:1"}
    statements = [
        {"Sid": "one", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, **common},
        {"Sid": "org", "Principal": "*", **common,
         "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}},
    ]  # fmt: skip
    assert json.loads(found["Policy"]) == {"Version": "2012-10-17", "Id": "default", "Statement": statements}
    assert json.loads(one["Statement"]) == statements[0]
    functions.remove_layer_version_permission(**named, StatementId="one", RevisionId=found["RevisionId"])
    assert len(json.loads(functions.get_layer_version_policy(**named)["Policy"])["Statement"]) == 1


# What happens next


def test_a_function_imports_from_its_layers(functions, aws):
    published(functions)
    made(aws, "asks", "import tools\n\ndef handler(event, context): return tools.ANSWER\n", Layers=[f"{ARN}:1"])
    assert functions.invoke(FunctionName="asks")["Payload"].read() == b"42"


def test_a_public_layer_is_made_of_an_installed_package(functions, aws, monkeypatch, tmp_path):
    public_package(monkeypatch, tmp_path)
    assert made(aws, "asks", PUBLIC_CODE, Layers=[PUBLIC_ARN])["Layers"][0]["Arn"] == PUBLIC_ARN
    assert functions.invoke(FunctionName="asks")["Payload"].read() == b"7"


def test_a_public_layer_that_is_gone_from_the_cache_is_made_again(functions, aws, monkeypatch, tmp_path):
    public_package(monkeypatch, tmp_path)
    made(aws, "asks", PUBLIC_CODE, Layers=[PUBLIC_ARN])
    shutil.rmtree(tmp_path / "cache")
    assert functions.invoke(FunctionName="asks")["Payload"].read() == b"7"


def test_a_public_layer_that_cannot_be_made_again(functions, aws, monkeypatch, tmp_path):
    package = public_package(monkeypatch, tmp_path)
    made(aws, "asks", PUBLIC_CODE, Layers=[PUBLIC_ARN])
    shutil.rmtree(tmp_path / "cache")
    shutil.rmtree(package)
    importlib.invalidate_caches()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    code, message = refused(functions.invoke, FunctionName="asks")
    assert code == "ServiceException" and "aws-lambda-powertools[all], which is gone: " in message


def test_a_public_layer_has_what_its_package_needs(tmp_path):
    assert borrow("hypothesis[cli]", "hypothesis", tmp_path / "python")
    assert {"hypothesis", "sortedcontainers"} <= {path.name for path in (tmp_path / "python").iterdir()}
    assert not borrow("nothing-of-the-kind", "nothing_of_the_kind", tmp_path / "nothing")


def test_a_function_keeps_a_layer_that_was_deleted(functions, aws):
    published(functions)
    shown = made(aws, Layers=[f"{ARN}:1"])
    assert shown["Layers"] == [{"Arn": f"{ARN}:1", "CodeSize": len(TOOLS)}]
    functions.delete_layer_version(LayerName="tools", VersionNumber=1)
    assert functions.update_function_configuration(FunctionName="echo", Layers=[f"{ARN}:1"])["Layers"]
    updated(functions, "echo")
    assert "Layers" not in functions.update_function_configuration(FunctionName="echo", Layers=[])
    updated(functions, "echo")
    assert refused(functions.update_function_configuration, FunctionName="echo", Layers=[f"{ARN}:1"])[0] == INVALID


def test_another_account_uses_a_layer_that_is_shared(functions, aws, cloud):
    number, theirs = another_account(aws, cloud)
    published(functions)
    made(theirs)
    update = theirs("lambda").update_function_configuration
    assert refused(update, FunctionName="echo", Layers=[f"{ARN}:1"])[0] == "AccessDeniedException"
    shared = {"StatementId": "s", "Action": "lambda:GetLayerVersion", "Principal": number}
    functions.add_layer_version_permission(LayerName="tools", VersionNumber=1, **shared)
    assert update(FunctionName="echo", Layers=[f"{ARN}:1"])["Layers"][0]["Arn"] == f"{ARN}:1"
