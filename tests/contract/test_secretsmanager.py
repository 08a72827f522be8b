"""Secrets Manager: secrets, their values, versions and stages."""

import json
import string
import urllib.request

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"
DAY_S = 24 * 3600
FIRST, SECOND, THIRD = ("1" * 32, "2" * 32, "3" * 32)


@pytest.fixture
def secrets(aws):
    return aws("secretsmanager")


@pytest.fixture
def secret(secrets):
    """A secret named `db`, whose first version is FIRST."""
    return secrets.create_secret(Name="db", SecretString="one", ClientRequestToken=FIRST)


def refusal(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def value(secrets, name="db", **more):
    return secrets.get_secret_value(SecretId=name, **more)["SecretString"]


def put(secrets, text, token, **more):
    return secrets.put_secret_value(SecretId="db", SecretString=text, ClientRequestToken=token, **more)


def stages(secrets, name="db"):
    return secrets.describe_secret(SecretId=name)["VersionIdsToStages"]


# What is refused


def test_a_secret_that_is_not_there(secrets):
    absent = ("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    for call in (
        secrets.get_secret_value,
        secrets.describe_secret,
        secrets.list_secret_version_ids,
        secrets.delete_secret,
        secrets.restore_secret,
        secrets.get_resource_policy,
    ):
        assert refusal(call, SecretId="absent") == absent
    assert refusal(secrets.put_secret_value, SecretId="absent", SecretString="x") == absent


@pytest.mark.parametrize("name", ["a b", "a*", "ä", " a", "a?"])
def test_names_have_few_characters(secrets, name):
    wrong = (
        "ValidationException",
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
    )
    assert refusal(secrets.create_secret, Name=name, SecretString="x") == wrong
    assert refusal(secrets.get_secret_value, SecretId=name) == wrong


def test_a_name_is_given_once(secrets, secret):
    assert refusal(secrets.create_secret, Name="db", SecretString="x") == (
        "ResourceExistsException",
        "The operation failed because the secret db already exists.",
    )
    token = "a" * 32
    arn = secrets.create_secret(Name="other", SecretString="x", ClientRequestToken=token)["ARN"]
    assert refusal(secrets.create_secret, Name="other", SecretString="y", ClientRequestToken=token) == (
        "ResourceExistsException",
        f"You can't use ClientRequestToken {token} because that value is already in use for a version of secret {arn}.",
    )


def test_a_value_is_a_text_or_binary(secrets, secret):
    assert refusal(secrets.put_secret_value, SecretId="db", SecretString="x", SecretBinary=b"x") == (
        "InvalidParameterException",
        "You can't specify both a binary secret value and a string secret value in the same secret.",
    )
    assert refusal(secrets.put_secret_value, SecretId="db") == (
        "InvalidRequestException",
        "You must provide either SecretString or SecretBinary.",
    )
    code, _ = refusal(secrets.create_secret, Name="large", SecretString="x" * 65537)
    assert code == "ValidationException"


def test_a_token_stands_for_one_value(secrets, secret):
    assert refusal(secrets.put_secret_value, SecretId="db", SecretString="two", ClientRequestToken=FIRST) == (
        "ResourceExistsException",
        f"You can't use ClientRequestToken {FIRST} because that value is already in use for a version of secret"
        f" {secret['ARN']}.",
    )
    assert value(secrets) == "one"


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("CreateSecret", "InvalidRequestException"),
        ("UpdateSecret", "InvalidRequestException"),
        ("PutSecretValue", "InvalidRequestException"),
        ("RotateSecret", "InvalidParameterException"),
    ],
)
def test_a_request_without_a_token_is_refused(endpoint, secret, operation, code):
    """boto3 always sends one."""
    body = json.dumps({"Name": "x", "SecretId": "db", "SecretString": "x"}).encode()
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"secretsmanager.{operation}"}
    request = AWSRequest("POST", f"{endpoint}/", headers, body)
    SigV4Auth(Credentials("test", "test"), "secretsmanager", "eu-west-1").add_auth(request)
    sent = urllib.request.Request(f"{endpoint}/", body, dict(request.headers), method="POST")
    with pytest.raises(urllib.request.HTTPError) as refused:
        urllib.request.urlopen(sent)
    told = json.loads(refused.value.read())
    assert told["__type"].endswith(code)
    assert "You must provide a ClientRequestToken value. We recommend a UUID-type value." in told.values()


def test_a_version_or_stage_that_is_not_there(secrets, secret):
    assert refusal(secrets.get_secret_value, SecretId="db", VersionStage="AWSPENDING") == (
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
    )
    assert refusal(secrets.get_secret_value, SecretId="db", VersionId=SECOND) == (
        "ResourceNotFoundException",
        f"Secrets Manager can't find the specified secret value for VersionId: {SECOND}",
    )
    put(secrets, "two", SECOND)
    assert refusal(secrets.get_secret_value, SecretId="db", VersionId=SECOND, VersionStage="AWSPREVIOUS") == (
        "InvalidRequestException",
        "You provided a VersionStage that is not associated to the provided VersionId.",
    )


def test_a_recovery_window_is_of_seven_to_thirty_days(secrets, secret):
    window = ("InvalidParameterException", "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
    for days in (6, 31):
        assert refusal(secrets.delete_secret, SecretId="db", RecoveryWindowInDays=days) == window
    both = {"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True}
    assert refusal(secrets.delete_secret, SecretId="db", **both) == (
        "InvalidParameterException",
        "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    )


def test_stages_do_not_move_by_accident(secrets, secret):
    put(secrets, "two", SECOND, VersionStages=["next"])
    move = {"SecretId": "db", "VersionStage": "AWSCURRENT"}
    assert refusal(secrets.update_secret_version_stage, **move, MoveToVersionId=SECOND) == (
        "InvalidParameterException",
        "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version"
        f" {FIRST}, so you must explicitly reference that version in RemoveFromVersionId.",
    )
    assert refusal(secrets.update_secret_version_stage, **move, RemoveFromVersionId=FIRST) == (
        "InvalidParameterException",
        "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
    )
    code, _ = refusal(secrets.update_secret_version_stage, **move, MoveToVersionId=THIRD)
    assert code == "ResourceNotFoundException"
    code, _ = refusal(secrets.update_secret_version_stage, **move, RemoveFromVersionId=SECOND, MoveToVersionId=SECOND)
    assert code == "InvalidParameterException"


def test_passwords_that_cannot_be(secrets):
    assert refusal(secrets.get_random_password, PasswordLength=3) == (
        "InvalidParameterException",
        "Password length 3 is too short based on the required types.",
    )
    nothing = {f"Exclude{kind}": True for kind in ("Numbers", "Punctuation", "Uppercase", "Lowercase")}
    assert refusal(secrets.get_random_password, **nothing)[0] == "InvalidParameterException"
    assert refusal(secrets.get_random_password, PasswordLength=4097)[0] == "ValidationException"


def test_what_is_not_there_yet_is_refused_in_words(secrets, secret):
    assert refusal_code(secrets.create_secret, Name="e", Type="Partner") == "NotSupported"
    arn = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:x"
    params = {"SecretId": "db", "CrossAccountReplicaARN": arn}
    assert refusal_code(secrets.associate_cross_account_replica, **params) == "NotSupported"


def refusal_code(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response["Error"]["Code"]


# What is done


def test_a_secret_is_kept_and_told(secrets, secret):
    assert secret["ARN"].startswith(f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:db-")
    assert len(secret["ARN"].rpartition("-")[2]) == 6
    told = secrets.get_secret_value(SecretId="db")
    told.pop("ResponseMetadata")
    assert told.pop("CreatedDate").tzinfo
    assert told == {
        "ARN": secret["ARN"],
        "Name": "db",
        "VersionId": FIRST,
        "SecretString": "one",
        "VersionStages": ["AWSCURRENT"],
    }


def test_a_secret_answers_to_its_name_and_its_whole_or_partial_arn(secrets, secret):
    partial = secret["ARN"][:-7]
    for reference in ("db", secret["ARN"], partial):
        assert value(secrets, reference) == "one"
    assert refusal(secrets.get_secret_value, SecretId=f"{partial}-abcdef")[0] == "ResourceNotFoundException"
    elsewhere = secret["ARN"].replace("eu-west-1", "us-east-1")
    assert refusal(secrets.get_secret_value, SecretId=elsewhere)[0] == "ResourceNotFoundException"


def test_names_that_look_like_the_end_of_an_arn(secrets):
    secrets.create_secret(Name="app-abcdef", SecretString="mine")
    assert value(secrets, "app-abcdef") == "mine"
    assert value(secrets, f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:app-abcdef") == "mine"


def test_binary_values_stay_binary(secrets):
    blob = bytes(range(256)) * 256
    secrets.create_secret(Name="bytes", SecretBinary=blob)
    told = secrets.get_secret_value(SecretId="bytes")
    assert told["SecretBinary"] == blob
    assert "SecretString" not in told


def test_a_secret_may_be_made_without_a_value(secrets):
    made = secrets.create_secret(Name="empty")
    assert "VersionId" not in made
    assert refusal(secrets.get_secret_value, SecretId="empty")[0] == "ResourceNotFoundException"
    assert "VersionIdsToStages" not in secrets.describe_secret(SecretId="empty")
    # The first version is the current one, whatever its stages.
    token = secrets.put_secret_value(SecretId="empty", SecretString="x", VersionStages=["mine"])["VersionId"]
    assert stages(secrets, "empty") == {token: ["AWSCURRENT", "mine"]}


def test_the_same_request_come_again_changes_nothing(secrets, secret):
    again = secrets.create_secret(Name="db", SecretString="one", ClientRequestToken=FIRST)
    assert (again["ARN"], again["VersionId"]) == (secret["ARN"], FIRST)
    for _ in range(2):
        put(secrets, "two", SECOND)
    assert stages(secrets) == {SECOND: ["AWSCURRENT"], FIRST: ["AWSPREVIOUS"]}


def test_what_was_current_becomes_the_previous_one(secrets, secret):
    assert put(secrets, "two", SECOND)["VersionStages"] == ["AWSCURRENT"]
    assert (value(secrets), value(secrets, VersionStage="AWSPREVIOUS")) == ("two", "one")
    updated = secrets.update_secret(SecretId="db", SecretString="three", ClientRequestToken=THIRD)
    assert updated["VersionId"] == THIRD
    assert stages(secrets) == {THIRD: ["AWSCURRENT"], SECOND: ["AWSPREVIOUS"]}
    assert value(secrets, VersionId=FIRST) == "one"


def test_a_pending_version_is_promoted(secrets, secret):
    put(secrets, "two", SECOND, VersionStages=["AWSPENDING"])
    assert value(secrets) == "one"
    assert value(secrets, VersionStage="AWSPENDING") == "two"
    secrets.update_secret_version_stage(
        SecretId="db", VersionStage="AWSCURRENT", MoveToVersionId=SECOND, RemoveFromVersionId=FIRST
    )
    assert stages(secrets) == {SECOND: ["AWSCURRENT", "AWSPENDING"], FIRST: ["AWSPREVIOUS"]}
    secrets.update_secret_version_stage(SecretId="db", VersionStage="AWSPENDING", RemoveFromVersionId=SECOND)
    assert stages(secrets)[SECOND] == ["AWSCURRENT"]


def test_stages_of_ones_own_move_to_the_version_that_names_them(secrets, secret):
    put(secrets, "two", SECOND, VersionStages=["one", "two", "three"])
    put(secrets, "three", THIRD, VersionStages=["four", "one", "two"])
    assert stages(secrets) == {FIRST: ["AWSCURRENT"], SECOND: ["three"], THIRD: ["four", "one", "two"]}


def test_versions_are_listed_and_those_without_a_stage_on_demand(secrets, secret):
    put(secrets, "two", SECOND)
    put(secrets, "three", THIRD)
    listed = secrets.list_secret_version_ids(SecretId="db")
    assert (listed["ARN"], listed["Name"]) == (secret["ARN"], "db")
    assert [(one["VersionId"], one["VersionStages"]) for one in listed["Versions"]] == [
        (SECOND, ["AWSPREVIOUS"]),
        (THIRD, ["AWSCURRENT"]),
    ]
    assert listed["Versions"][0]["KmsKeyIds"] == ["DefaultEncryptionKey"]
    everything = {"SecretId": "db", "IncludeDeprecated": True}
    first = secrets.list_secret_version_ids(**everything, MaxResults=2)
    rest = secrets.list_secret_version_ids(**everything, NextToken=first["NextToken"])
    assert [one["VersionId"] for one in first["Versions"] + rest["Versions"]] == [FIRST, SECOND, THIRD]


def test_a_secret_is_described(secrets):
    tags = [{"Key": "team", "Value": "blue"}]
    secrets.create_secret(Name="db", SecretString="x", Description="about", Tags=tags)
    described = secrets.describe_secret(SecretId="db")
    assert (described["Description"], described["Tags"]) == ("about", tags)
    assert not described.keys() & {"KmsKeyId", "RotationEnabled", "LastAccessedDate", "PrimaryRegion", "DeletedDate"}
    value(secrets)
    accessed = secrets.describe_secret(SecretId="db")["LastAccessedDate"].timestamp()
    assert accessed % DAY_S == 0
    secrets.update_secret(SecretId="db", Description="more")
    assert secrets.describe_secret(SecretId="db")["Description"] == "more"


def test_tags_are_added_and_removed(secrets, secret):
    secrets.tag_resource(SecretId="db", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    secrets.untag_resource(SecretId="db", TagKeys=["a"])
    assert secrets.describe_secret(SecretId="db")["Tags"] == [{"Key": "b", "Value": "2"}]
    many = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    assert refusal(secrets.tag_resource, SecretId="db", Tags=many)[0] == "InvalidParameterException"


def test_passwords_are_as_they_were_asked_for(secrets):
    def password(**options):
        return secrets.get_random_password(**options)["RandomPassword"]

    plain = password()
    assert len(plain) == 32
    for alphabet in (string.ascii_lowercase, string.ascii_uppercase, string.digits, string.punctuation):
        assert set(plain) & set(alphabet)
    assert plain != password()
    assert password(PasswordLength=4096, ExcludePunctuation=True).isalnum()
    digits = {"ExcludePunctuation": True, "ExcludeUppercase": True, "ExcludeLowercase": True}
    assert set(password(PasswordLength=200, ExcludeCharacters="0123", **digits)) == set("456789")
    spaced = password(PasswordLength=5, IncludeSpace=True)
    assert spaced.count(" ") == 1
    assert len(password(PasswordLength=1, RequireEachIncludedType=False)) == 1


# What happens next


def test_a_deleted_secret_is_gone_when_its_window_has_passed(secrets, secret, cloud):
    deleted = secrets.delete_secret(SecretId="db", RecoveryWindowInDays=7)
    assert deleted["DeletionDate"].timestamp() == pytest.approx(cloud.clock.now() + 7 * DAY_S, abs=60)
    assert refusal(secrets.get_secret_value, SecretId="db") == (
        "InvalidRequestException",
        "You can't perform this operation on the secret because it was marked for deletion.",
    )
    assert refusal(secrets.create_secret, Name="db", SecretString="x") == (
        "InvalidRequestException",
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
    )
    assert "DeletedDate" in secrets.describe_secret(SecretId="db")
    cloud.clock.advance(7 * DAY_S + 1)
    assert refusal(secrets.describe_secret, SecretId="db")[0] == "ResourceNotFoundException"
    assert secrets.create_secret(Name="db", SecretString="new")["ARN"] != secret["ARN"]


def test_a_deleted_secret_can_be_restored(secrets, secret, cloud):
    secrets.delete_secret(SecretId="db")
    assert secrets.restore_secret(SecretId="db")["ARN"] == secret["ARN"]
    cloud.clock.advance(31 * DAY_S)
    assert value(secrets) == "one"


def test_a_secret_can_be_deleted_at_once(secrets, secret):
    for _ in range(2):
        secrets.delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)
    assert refusal(secrets.get_secret_value, SecretId="db")[0] == "ResourceNotFoundException"
    made = secrets.create_secret(Name="db", SecretString="new")
    assert (made["ARN"] != secret["ARN"], value(secrets)) == (True, "new")
    assert list(stages(secrets)) == [made["VersionId"]]


def test_old_versions_go_when_there_are_more_than_a_hundred(secrets, cloud):
    secrets.create_secret(Name="db", SecretString="first")
    for number in range(120):
        secrets.put_secret_value(SecretId="db", SecretString=str(number))
    everything = {"SecretId": "db", "IncludeDeprecated": True, "MaxResults": 100}
    assert "NextToken" in secrets.list_secret_version_ids(**everything)
    cloud.clock.advance(2 * DAY_S)
    secrets.put_secret_value(SecretId="db", SecretString="last")
    listed = secrets.list_secret_version_ids(**everything)
    assert (len(listed["Versions"]), "NextToken" in listed) == (100, False)
    assert value(secrets, VersionStage="AWSPREVIOUS") == "119"
