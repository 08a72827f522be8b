"""Systems Manager's documents: their contents, versions, formats, and with whom they are shared."""

import hashlib
import json

import pytest
import yaml
from botocore.exceptions import ClientError

from glasshouse.core.access import Credential, root

OTHER = "111122223333"
ARN = "arn:aws:ssm:eu-west-1:000000000000:document/restart"


@pytest.fixture
def ssm(aws):
    return aws("ssm")


@pytest.fixture
def other(aws, cloud):
    """Systems Manager as another account's root sees it."""

    def add():
        with cloud.cloud.store.transaction():
            cloud.cloud.credentials.put(Credential("AKIAOTHER", "secret", root(OTHER)))

    cloud.run(add)
    return aws("ssm", aws_access_key_id="AKIAOTHER", aws_secret_access_key="secret")


def content(text="echo hello", **more):
    step = {"action": "aws:runShellScript", "name": "say", "inputs": {"runCommand": [text]}}
    return {"schemaVersion": "2.2", "description": "Says it", "mainSteps": [step], **more}


def make(ssm, name="restart", text="echo hello", **more):
    return ssm.create_document(Name=name, Content=json.dumps(content(text)), **more)["DocumentDescription"]


def update(ssm, text, name="restart", **more):
    answer = ssm.update_document(Name=name, Content=json.dumps(content(text)), DocumentVersion="$LATEST", **more)
    return answer["DocumentDescription"]


def refusal(ask, **members):
    with pytest.raises(ClientError) as refused:
        ask(**members)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def names(answer):
    return [one["Name"] for one in answer["DocumentIdentifiers"]]


# What is refused

NOT_VALID = "InvalidDocumentContent", "The content for the document is not valid."
ALIASES = "schemaVersion: '2.2'\nmainSteps:\n- &a {action: 'aws:sleep', name: a}\n- *a\n"


@pytest.mark.parametrize(
    ("text", "more", "expected"),
    [
        ("schemaVersion: '2.2'", {}, NOT_VALID),
        ("{", {"DocumentFormat": "YAML"}, NOT_VALID),
        ("[]", {}, NOT_VALID),
        (ALIASES, {"DocumentFormat": "YAML"}, NOT_VALID),
        (json.dumps(content(mainSteps=[])), {}, NOT_VALID),
        (json.dumps(content(mainSteps=[{"action": "aws:sleep"}])), {}, NOT_VALID),
        (json.dumps(content(mainSteps=content()["mainSteps"] * 2)), {}, NOT_VALID),
        (json.dumps(content(parameters={"a": {"type": "Text"}})), {}, NOT_VALID),
        (json.dumps({"schemaVersion": "1.2"}), {}, NOT_VALID),
        (
            json.dumps(content()),
            {"DocumentType": "Automation"},
            ("InvalidDocumentSchemaVersion", "The version of the document schema is not supported."),
        ),
        ("x" * 65_537, {}, ("MaxDocumentSizeExceeded", "The size limit of a document is 64 KB.")),
    ],
)
def test_contents_that_are_none(ssm, text, more, expected):
    assert refusal(ssm.create_document, Name="restart", Content=text, **more) == expected
    assert ssm.list_documents()["DocumentIdentifiers"] == []


def test_a_name_is_given_once_and_is_not_aws_own(ssm):
    make(ssm)
    told = "DocumentAlreadyExists", "The specified document already exists."
    assert refusal(ssm.create_document, Name="restart", Content=json.dumps(content("x"))) == told
    assert refusal(ssm.create_document, Name="AWS-Restart", Content=json.dumps(content()))[0] == "ValidationException"


def test_what_is_not_there_is_not_found(ssm):
    missing = "InvalidDocument", "The specified document does not exist."
    for ask in (ssm.get_document, ssm.describe_document, ssm.delete_document, ssm.list_document_versions):
        assert refusal(ask, Name="none") == missing
    assert refusal(ssm.update_document, Name="none", Content=json.dumps(content())) == missing
    assert refusal(ssm.update_document_default_version, Name="none", DocumentVersion="1") == missing
    assert refusal(ssm.describe_document_permission, Name="none", PermissionType="Share") == missing
    make(ssm)
    assert refusal(ssm.get_document, Name="restart", DocumentVersion="2") == missing
    assert refusal(ssm.get_document, Name="restart", DocumentVersion="1", VersionName="other") == missing


def test_an_update_brings_something_new_to_the_latest_version(ssm):
    make(ssm, VersionName="first")
    body = json.dumps(content("two"))
    no_version = "InvalidDocumentVersion", "The document version is not valid or does not exist."
    assert refusal(ssm.update_document, Name="restart", Content=body, DocumentVersion="2") == no_version
    assert refusal(ssm.update_document_default_version, Name="restart", DocumentVersion="2") == no_version
    same = refusal(ssm.update_document, Name="restart", Content=json.dumps(content()))
    assert same[0] == "DuplicateDocumentContent"
    taken = refusal(ssm.update_document, Name="restart", Content=body, VersionName="first")
    assert taken == ("DuplicateDocumentVersionName", "The specified version name is a duplicate.")
    assert ssm.describe_document(Name="restart")["Document"]["LatestVersion"] == "1"


def test_the_default_version_and_what_is_shared_are_not_deleted(ssm):
    make(ssm)
    told = "InvalidDocumentOperation", "Default version of the document can't be deleted."
    assert refusal(ssm.delete_document, Name="restart", DocumentVersion="1") == told
    ssm.modify_document_permission(Name="restart", PermissionType="Share", AccountIdsToAdd=[OTHER])
    assert refusal(ssm.delete_document, Name="restart")[0] == "InvalidDocumentOperation"


def test_a_document_is_shared_with_all_or_with_some(ssm):
    make(ssm)
    told = "DocumentPermissionLimit", "Accounts can either be all or a group of AWS accounts"
    for accounts in (["all", OTHER], [OTHER, "All"]):
        members = {"Name": "restart", "PermissionType": "Share", "AccountIdsToAdd": accounts}
        assert refusal(ssm.modify_document_permission, **members) == told
    refused = refusal(ssm.modify_document_permission, Name="restart", PermissionType="Share", AccountIdsToAdd=["alll"])
    assert refused[0] == "ValidationException"
    assert ssm.describe_document_permission(Name="restart", PermissionType="Share")["AccountIds"] == []


def test_kinds_of_permissions_and_of_what_is_tagged_that_are_none(ssm):
    make(ssm)
    for ask in (ssm.describe_document_permission, ssm.modify_document_permission):
        assert refusal(ask, Name="restart", PermissionType="Sell")[0] == "InvalidPermissionType"
    for kind, code in (("Thing", "InvalidResourceType"), ("PatchBaseline", "NotSupported")):
        assert refusal(ssm.list_tags_for_resource, ResourceType=kind, ResourceId="restart")[0] == code


def test_a_filter_is_one_of_those_there_are(ssm):
    assert refusal(ssm.list_documents, Filters=[{"Key": "Colour", "Values": ["red"]}])[0] == "InvalidFilterKey"
    assert refusal(ssm.list_documents, NextToken="nonsense")[0] == "InvalidNextToken"


# What is done


def test_a_document_is_described_as_it_was_written(ssm):
    parameters = {
        "Count": {"type": "Integer", "default": 3, "description": "How often"},
        "Names": {"type": "StringList", "default": ["a", "b"]},
        "Word": {"type": "String"},
    }
    text = json.dumps(content(parameters=parameters))
    made = ssm.create_document(
        Name="restart", Content=text, VersionName="first", TargetType="/AWS::EC2::Instance", DisplayName="Restart it",
        Tags=[{"Key": "team", "Value": "a"}],
    )["DocumentDescription"]  # fmt: skip
    assert made.pop("CreatedDate")
    assert made == {
        "Name": "restart", "Owner": "000000000000", "Status": "Active", "DocumentVersion": "1", "LatestVersion": "1",
        "DefaultVersion": "1", "VersionName": "first", "DisplayName": "Restart it", "Description": "Says it",
        "DocumentType": "Command", "DocumentFormat": "JSON", "SchemaVersion": "2.2", "HashType": "Sha256",
        "Hash": hashlib.sha256(text.encode()).hexdigest(), "PlatformTypes": ["Linux", "MacOS"],
        "TargetType": "/AWS::EC2::Instance", "Tags": [{"Key": "team", "Value": "a"}],
        "Parameters": [
            {"Name": "Count", "Type": "Integer", "Description": "How often", "DefaultValue": "3"},
            {"Name": "Names", "Type": "StringList", "DefaultValue": '["a", "b"]'},
            {"Name": "Word", "Type": "String"},
        ],
    }  # fmt: skip
    assert ssm.describe_document(Name="restart")["Document"].items() >= made.items()


def test_a_document_can_be_had_as_json_and_as_yaml(ssm):
    written = yaml.safe_dump(content(), sort_keys=False)
    ssm.create_document(Name="restart", Content=written, DocumentFormat="YAML", DocumentType="Command")
    assert json.loads(ssm.get_document(Name="restart")["Content"]) == content()
    assert ssm.get_document(Name="restart", DocumentFormat="YAML")["Content"] == written
    make(ssm, "other")
    assert yaml.safe_load(ssm.get_document(Name="other", DocumentFormat="YAML")["Content"]) == content()
    assert ssm.get_document(Name="other")["Content"] == json.dumps(content())


def test_documents_of_other_types(ssm):
    runbook = {"schemaVersion": "0.3", "mainSteps": [{"name": "wait", "action": "aws:sleep", "inputs": {}}]}
    made = ssm.create_document(Name="runbook", Content=json.dumps(runbook), DocumentType="Automation")
    assert made["DocumentDescription"]["PlatformTypes"] == ["Windows", "Linux", "MacOS"]
    session = {"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": {}}
    ssm.create_document(Name="session", Content=json.dumps(session), DocumentType="Session")
    ssm.create_document(Name="settings", Content='{"a": 1}', DocumentType="ApplicationConfiguration")
    calendar = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    ssm.create_document(
        Name="calendar", Content=calendar, DocumentType="ChangeCalendar", DocumentFormat="TEXT"
    )  # fmt: skip
    assert ssm.get_document(Name="calendar")["Content"] == calendar
    wrong = refusal(ssm.create_document, Name="xyz", Content=calendar, DocumentType="Command", DocumentFormat="TEXT")
    assert wrong[0] == "InvalidDocumentContent"
    assert names(ssm.list_documents()) == ["calendar", "runbook", "session", "settings"]


def test_lists_are_filtered_and_come_in_pages(ssm):
    make(ssm, "one", Tags=[{"Key": "team", "Value": "a"}])
    make(ssm, "other", TargetType="/AWS::EC2::Instance")
    runbook = {"schemaVersion": "0.3", "mainSteps": [{"name": "wait", "action": "aws:sleep", "inputs": {}}]}
    ssm.create_document(Name="third", Content=json.dumps(runbook), DocumentType="Automation")
    for key, value, expected in (
        ("Name", "o", ["one", "other"]), ("Owner", "Self", ["one", "other", "third"]), ("Owner", "Amazon", []),
        ("DocumentType", "Automation", ["third"]), ("PlatformTypes", "Windows", ["third"]), ("tag:team", "a", ["one"]),
        ("TargetType", "/AWS::EC2::Instance", ["other"]), ("SearchKeyword", "HIR", ["third"]),
    ):  # fmt: skip
        assert names(ssm.list_documents(Filters=[{"Key": key, "Values": [value]}])) == expected
    assert names(ssm.list_documents(DocumentFilterList=[{"key": "Name", "value": "th"}])) == ["third"]
    page = ssm.list_documents(MaxResults=2)
    assert names(page) + names(ssm.list_documents(MaxResults=2, NextToken=page["NextToken"])) == [
        "one", "other", "third",
    ]  # fmt: skip


def test_tags_of_a_document_come_and_go(ssm):
    make(ssm, Tags=[{"Key": "team", "Value": "a"}])
    of = {"ResourceType": "Document", "ResourceId": "restart"}
    ssm.add_tags_to_resource(**of, Tags=[{"Key": "stage", "Value": "test"}])
    ssm.remove_tags_from_resource(**of, TagKeys=["team"])
    assert ssm.list_tags_for_resource(**of)["TagList"] == [{"Key": "stage", "Value": "test"}]
    ssm.delete_document(Name="restart")
    assert refusal(ssm.list_tags_for_resource, **of)[0] == "InvalidResourceId"


# What happens next


def test_versions_follow_one_another_and_one_is_the_default(ssm):
    make(ssm, VersionName="first", DisplayName="Restart")
    made = update(ssm, "two", VersionName="second")
    assert (made["DocumentVersion"], made["LatestVersion"], made["DefaultVersion"]) == ("2", "2", "1")
    assert made["DisplayName"] == "Restart"
    update(ssm, "three")
    assert ssm.get_document(Name="restart")["DocumentVersion"] == "1"
    for asked, number in (
        ({"DocumentVersion": "$LATEST"}, "3"), ({"VersionName": "second"}, "2"), ({"DocumentVersion": "$DEFAULT"}, "1"),
    ):  # fmt: skip
        assert ssm.get_document(Name="restart", **asked)["DocumentVersion"] == number
    changed = ssm.update_document_default_version(Name="restart", DocumentVersion="2")["Description"]
    assert changed == {"Name": "restart", "DefaultVersion": "2", "DefaultVersionName": "second"}
    assert json.loads(ssm.get_document(Name="restart")["Content"]) == content("two")
    ssm.delete_document(Name="restart", DocumentVersion="3")
    ssm.delete_document(Name="restart", VersionName="first")
    assert update(ssm, "four")["DocumentVersion"] == "4"
    listed = ssm.list_document_versions(Name="restart")["DocumentVersions"]
    assert [(one["DocumentVersion"], one["IsDefaultVersion"]) for one in listed] == [("4", False), ("2", True)]
    ssm.delete_document(Name="restart")
    assert ssm.list_documents()["DocumentIdentifiers"] == []


def test_another_account_sees_what_is_shared_with_it(ssm, other):
    make(ssm)
    update(ssm, "two")
    assert refusal(other.get_document, Name=ARN)[0] == "InvalidDocument"
    share = {"Name": "restart", "PermissionType": "Share"}
    ssm.modify_document_permission(**share, AccountIdsToAdd=[OTHER, "444455556666"])
    told = ssm.describe_document_permission(**share)
    assert told["AccountIds"] == [OTHER, "444455556666"]
    assert told["AccountSharingInfoList"][0] == {"AccountId": OTHER, "SharedDocumentVersion": "$DEFAULT"}
    seen = other.get_document(Name=ARN)
    assert (seen["Name"], seen["DocumentVersion"]) == (ARN, "1")
    assert refusal(other.get_document, Name=ARN, DocumentVersion="2")[0] == "InvalidDocument"
    assert names(other.list_documents()) == []
    assert names(other.list_documents(Filters=[{"Key": "Owner", "Values": ["Private"]}])) == [ARN]
    ssm.modify_document_permission(**share, AccountIdsToRemove=[OTHER, "444455556666"])
    ssm.modify_document_permission(**share, AccountIdsToAdd=["all"], SharedDocumentVersion="$ALL")
    assert other.get_document(Name=ARN, DocumentVersion="2")["DocumentVersion"] == "2"
    assert names(other.list_documents(Filters=[{"Key": "Owner", "Values": ["Public"]}])) == [ARN]
    ssm.modify_document_permission(**share, AccountIdsToRemove=["all"])
    assert refusal(other.describe_document, Name=ARN)[0] == "InvalidDocument"


def test_a_user_has_what_a_policy_says_of_the_document(ssm, aws):
    make(ssm)
    make(ssm, "other")
    iam = aws("iam")
    iam.create_user(UserName="somebody")
    grant = {"Effect": "Allow", "Action": "ssm:GetDocument", "Resource": ARN}
    document = json.dumps({"Version": "2012-10-17", "Statement": [grant]})
    iam.put_user_policy(UserName="somebody", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="somebody")["AccessKey"]
    user = aws("ssm", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    assert user.get_document(Name="restart")["Name"] == "restart"
    assert refusal(user.get_document, Name="other")[0] == "AccessDeniedException"
