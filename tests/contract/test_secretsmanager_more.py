"""Secrets Manager: lists, policies, keys, replicas and rotation."""

import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from glasshouse.services.secretsmanager.errors import InvalidParameterException
from glasshouse.services.secretsmanager.records import Rules
from glasshouse.services.secretsmanager.schedule import check, next_rotation

ACCOUNT = "000000000000"
THERE = "us-east-1"


@pytest.fixture
def secrets(aws):
    return aws("secretsmanager")


@pytest.fixture
def there(aws):
    return aws("secretsmanager", THERE)


def refusal(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def make(secrets, name="db", text="one", **more):
    return secrets.create_secret(Name=name, SecretString=text, **more)["ARN"]


def value(secrets, name="db", **more):
    return secrets.get_secret_value(SecretId=name, **more)["SecretString"]


def names(answer):
    return [one["Name"] for one in answer["SecretList"]]


def where(key, *values):
    return {"Key": key, "Values": list(values)}


def policy(principal, action="secretsmanager:GetSecretValue", **more):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def reader(aws):
    """A client of a user who has no permissions of its own, and the user's ARN."""
    iam = aws("iam")
    arn = iam.create_user(UserName="reader")["User"]["Arn"]
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    return aws("secretsmanager", **keys), arn


# What is refused


def test_batches_by_list_or_by_filter(secrets):
    assert refusal(secrets.batch_get_secret_value)[0] == "InvalidParameterException"
    both = {"SecretIdList": ["x"], "Filters": [where("name", "x")]}
    assert refusal(secrets.batch_get_secret_value, **both)[0] == "InvalidParameterException"
    assert refusal(secrets.batch_get_secret_value, SecretIdList=["x"], MaxResults=1)[0] == "InvalidParameterException"


def test_filters_need_a_key_and_values(secrets):
    expected = ("InvalidParameterException", "Invalid filter key")
    assert refusal(secrets.list_secrets, Filters=[{"Values": ["x"]}]) == expected
    expected = ("InvalidParameterException", "Invalid filter values for key: name")
    assert refusal(secrets.list_secrets, Filters=[{"Key": "name"}]) == expected


def test_tokens_that_nobody_gave(secrets):
    make(secrets)
    assert refusal(secrets.list_secrets, NextToken="***")[0] == "InvalidNextTokenException"


def test_policies_that_are_none(secrets):
    make(secrets)
    for text in ("{", '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'):
        code, _ = refusal(secrets.put_resource_policy, SecretId="db", ResourcePolicy=text)
        assert code == "MalformedPolicyDocumentException"
        assert secrets.validate_resource_policy(ResourcePolicy=text)["PolicyValidationPassed"] is False
    public = {"SecretId": "db", "ResourcePolicy": policy("*"), "BlockPublicPolicy": True}
    assert refusal(secrets.put_resource_policy, **public)[0] == "PublicPolicyException"
    assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId="db")


def test_a_key_that_cannot_be_used(aws, secrets):
    kms = aws("kms")
    code, message = refusal(make, secrets=secrets, KmsKeyId="alias/absent")
    assert code == "EncryptionFailure"
    assert "Secrets Manager can't encrypt the protected secret text using the provided KMS key." in message
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    make(secrets, KmsKeyId=key)
    kms.disable_key(KeyId=key)
    assert refusal(secrets.get_secret_value, SecretId="db")[0] == "DecryptionFailure"


def test_a_copy_is_not_changed_itself(secrets, there):
    make(secrets, AddReplicaRegions=[{"Region": THERE}])
    words = "Operation not permitted on a replica secret. Call must be made in primary secret's region."
    for call, params in (
        (there.put_secret_value, {"SecretString": "x"}),
        (there.update_secret, {"Description": "x"}),
        (there.delete_secret, {}),
        (there.tag_resource, {"Tags": [{"Key": "a", "Value": "b"}]}),
        (there.put_resource_policy, {"ResourcePolicy": policy("*")}),
        (there.replicate_secret_to_regions, {"AddReplicaRegions": [{"Region": "us-west-2"}]}),
    ):
        assert refusal(call, SecretId="db", **params) == ("InvalidParameterException", words)


def test_a_secret_with_copies_is_not_deleted(secrets):
    make(secrets, AddReplicaRegions=[{"Region": THERE}])
    assert refusal(secrets.delete_secret, SecretId="db") == (
        "InvalidParameterException",
        f"You can't delete secret db that still has replica regions [{THERE}]",
    )
    code, _ = refusal(secrets.stop_replication_to_replica, SecretId="db")
    assert code == "InvalidRequestException"


def test_a_rotation_needs_its_function(secrets):
    make(secrets)
    assert refusal(secrets.rotate_secret, SecretId="db") == (
        "InvalidRequestException",
        "No Lambda rotation function ARN is associated with this secret.",
    )
    assert refusal(secrets.cancel_rotate_secret, SecretId="db")[0] == "InvalidRequestException"


@pytest.mark.parametrize(
    "expression",
    ["rate(3 hours)", "rate(1000 days)", "rate(5 minutes)", "cron(0 8 * * * *)", "cron(5 8 1 * ? *)", "daily",
     "cron(0 8 32 * ? *)", "cron(0 8 ? * XYZ *)", "cron(0 8 1 * ? 2030)", "cron(0 8 31 2 ? *)"],
)  # fmt: skip
def test_schedules_that_are_none(expression):
    with pytest.raises(InvalidParameterException):
        check(Rules(schedule_expression=expression))


# What is done


def test_secrets_are_listed_in_order_and_pages(secrets):
    for name in ("b", "c", "a"):
        make(secrets, name)
    assert names(secrets.list_secrets()) == ["b", "c", "a"]
    assert names(secrets.list_secrets(SortOrder="desc")) == ["a", "c", "b"]
    assert names(secrets.list_secrets(SortBy="name")) == ["a", "b", "c"]
    first = secrets.list_secrets(SortBy="name", MaxResults=1)
    make(secrets, "aa")
    pages = [first, secrets.list_secrets(SortBy="name", MaxResults=2, NextToken=first["NextToken"])]
    assert [names(page) for page in pages] == [["a"], ["aa", "b"]]
    entry = secrets.list_secrets()["SecretList"][0]
    assert list(entry["SecretVersionsToStages"].values()) == [["AWSCURRENT"]]


def test_filters_find_secrets(secrets):
    make(secrets, "app/Blue", Description="Database of the app", Tags=[{"Key": "Team", "Value": "Sea"}])
    make(secrets, "app/red", Description="queue")
    make(secrets, "other")

    def found(*filters):
        return names(secrets.list_secrets(Filters=list(filters)))

    assert found(where("name", "app/")) == ["app/Blue", "app/red"]
    assert found(where("name", "app/B", "oth")) == ["app/Blue", "other"]
    assert found(where("name", "app/b")) == []
    assert found(where("name", "!app")) == ["other"]
    assert found(where("description", "database")) == ["app/Blue"]
    assert found(where("tag-key", "Te"), where("tag-value", "Se")) == ["app/Blue"]
    assert found(where("tag-key", "te")) == []
    assert found(where("description", "app data")) == ["app/Blue"]
    assert found(where("description", "base")) == []
    assert found(where("all", "BLUE sea")) == ["app/Blue"]
    assert found(where("all", "lue")) == found(where("all", "/")) == []
    make(secrets, "prodCOMPANYthings")
    assert found(where("all", "company")) == []
    assert found(where("all", "compan Ythings")) == ["prodCOMPANYthings"]
    assert found(where("primary-region", "eu-")) == ["app/Blue", "app/red", "other", "prodCOMPANYthings"]


def test_secrets_about_to_be_deleted_are_listed_on_demand(secrets):
    make(secrets)
    secrets.delete_secret(SecretId="db")
    assert names(secrets.list_secrets()) == []
    assert names(secrets.list_secrets(IncludePlannedDeletion=True)) == ["db"]


def test_many_values_are_got_at_once(secrets):
    for name in ("a", "b", "c"):
        make(secrets, name, text=f"value of {name}")
    batch = secrets.batch_get_secret_value(SecretIdList=["b", "none", "a"])
    assert [(one["Name"], one["SecretString"]) for one in batch["SecretValues"]] == [
        ("b", "value of b"),
        ("a", "value of a"),
    ]
    assert batch["Errors"] == [
        {
            "SecretId": "none",
            "ErrorCode": "ResourceNotFoundException",
            "Message": "Secrets Manager can't find the specified secret.",
        }
    ]
    filters = {"Filters": [where("name", "a", "b", "c")], "MaxResults": 2}
    first = secrets.batch_get_secret_value(**filters)
    rest = secrets.batch_get_secret_value(**filters, NextToken=first["NextToken"])
    assert [one["Name"] for one in first["SecretValues"] + rest["SecretValues"]] == ["a", "b", "c"]


def test_a_policy_lets_others_read_a_secret(secrets, reader):
    client, arn = reader
    make(secrets)
    make(secrets, "other")
    assert refusal(client.get_secret_value, SecretId="db")[0] == "AccessDeniedException"
    text = policy({"AWS": arn})
    assert secrets.validate_resource_policy(SecretId="db", ResourcePolicy=text)["PolicyValidationPassed"] is True
    secrets.put_resource_policy(SecretId="db", ResourcePolicy=text)
    assert secrets.get_resource_policy(SecretId="db")["ResourcePolicy"] == text
    assert value(client) == "one"
    batch = policy({"AWS": arn}, "secretsmanager:*")
    assert refusal(client.get_secret_value, SecretId="other")[0] == "AccessDeniedException"
    secrets.put_resource_policy(SecretId="other", ResourcePolicy=batch)
    secrets.delete_resource_policy(SecretId="db")
    assert refusal(client.get_secret_value, SecretId="db")[0] == "AccessDeniedException"
    assert value(client, "other") == "one"


def test_a_secret_is_kept_with_a_key_of_ones_own(aws, secrets, reader):
    kms, (client, arn) = aws("kms"), reader
    key = kms.create_key()["KeyMetadata"]["Arn"]
    make(secrets, KmsKeyId=key)
    assert secrets.describe_secret(SecretId="db")["KmsKeyId"] == key
    assert secrets.list_secret_version_ids(SecretId="db")["Versions"][0]["KmsKeyIds"] == [key]
    secrets.put_resource_policy(SecretId="db", ResourcePolicy=policy({"AWS": arn}))
    assert refusal(client.get_secret_value, SecretId="db") == (
        "AccessDeniedException",
        "Access to KMS is not allowed",
    )
    kms.create_grant(KeyId=key, GranteePrincipal=arn, Operations=["Decrypt"])
    assert value(client) == "one"


def test_another_key_seals_the_versions_anew(aws, secrets):
    kms = aws("kms")
    first, second = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    make(secrets, KmsKeyId=first)
    secrets.put_secret_value(SecretId="db", SecretString="two")
    secrets.update_secret(SecretId="db", KmsKeyId=second)
    kms.disable_key(KeyId=first)
    assert (value(secrets), value(secrets, VersionStage="AWSPREVIOUS")) == ("two", "one")
    secrets.update_secret(SecretId="db", KmsKeyId="")
    kms.disable_key(KeyId=second)
    assert value(secrets) == "two"
    assert "KmsKeyId" not in secrets.describe_secret(SecretId="db")


def test_a_secret_is_copied_to_other_regions(aws, secrets, there):
    key = aws("kms", THERE).create_key()["KeyMetadata"]["Arn"]
    arn = make(secrets, Tags=[{"Key": "a", "Value": "b"}])
    answer = secrets.replicate_secret_to_regions(
        SecretId="db", AddReplicaRegions=[{"Region": THERE, "KmsKeyId": key}, {"Region": "us-west-2"}]
    )
    assert [(one["Region"], one["Status"]) for one in answer["ReplicationStatus"]] == [
        (THERE, "InSync"),
        ("us-west-2", "InSync"),
    ]
    copy = there.describe_secret(SecretId="db")
    assert copy["ARN"] == arn.replace("eu-west-1", THERE)
    assert (copy["PrimaryRegion"], copy["KmsKeyId"]) == ("eu-west-1", key)
    assert copy["Tags"] == [{"Key": "a", "Value": "b"}]
    assert value(there) == value(there, copy["ARN"]) == "one"
    assert value(aws("secretsmanager", "us-west-2")) == "one"


def test_a_name_taken_elsewhere_is_overwritten_only_on_purpose(secrets, there):
    make(secrets)
    make(there, text="theirs")
    regions = {"SecretId": "db", "AddReplicaRegions": [{"Region": THERE}]}
    status = secrets.replicate_secret_to_regions(**regions)["ReplicationStatus"][0]
    assert (status["Status"], status["StatusMessage"]) == (
        "Failed",
        f"Replication failed: Secret name db already exists in region {THERE}.",
    )
    assert value(there) == "theirs"
    status = secrets.replicate_secret_to_regions(ForceOverwriteReplicaSecret=True, **regions)["ReplicationStatus"]
    assert [one["Status"] for one in status] == ["InSync"]
    assert value(there) == "one"


def moment(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("rules", "now", "then"),
    [
        (Rules(automatically_after_days=30), "2026-01-15T10:30", "2026-02-14T10:30"),
        (Rules(schedule_expression="rate(10 days)"), "2026-01-15T10:30", "2026-01-25T00:00"),
        (Rules(schedule_expression="rate(12 hours)"), "2026-01-15T10:30", "2026-01-15T22:00"),
        (Rules(schedule_expression="cron(0 8 1 * ? *)"), "2026-01-15T10:30", "2026-02-01T08:00"),
        (Rules(schedule_expression="cron(0 16 ? * 1L *)"), "2026-01-15T10:30", "2026-01-25T16:00"),
        (Rules(schedule_expression="cron(0 8 ? 1/3 2#1 *)"), "2026-01-15T10:30", "2026-04-06T08:00"),
        (Rules(schedule_expression="cron(0 1/4 ? * MON-FRI *)"), "2026-01-16T21:30", "2026-01-19T01:00"),
        (Rules(schedule_expression="cron(0 0 L * ? *)"), "2026-02-27T23:00", "2026-02-28T00:00"),
        (Rules(schedule_expression="cron(0 10 29 FEB ? *)"), "2026-01-01T00:00", "2028-02-29T10:00"),
    ],
)
def test_schedules_say_when_the_next_rotation_is(rules, now, then):
    check(rules)
    assert next_rotation(rules, moment(now)) == moment(then)


# What happens next


def test_copies_follow_their_secret(secrets, there):
    make(secrets, AddReplicaRegions=[{"Region": THERE}])
    token = secrets.put_secret_value(SecretId="db", SecretString="two")["VersionId"]
    assert (value(there), value(there, VersionStage="AWSPREVIOUS")) == ("two", "one")
    assert there.get_secret_value(SecretId="db")["VersionId"] == token
    secrets.update_secret(SecretId="db", Description="new")
    secrets.tag_resource(SecretId="db", Tags=[{"Key": "a", "Value": "b"}])
    copy = there.describe_secret(SecretId="db")
    assert (copy["Description"], copy["Tags"]) == ("new", [{"Key": "a", "Value": "b"}])


def test_a_copy_goes_with_its_replication(secrets, there):
    make(secrets, AddReplicaRegions=[{"Region": THERE}])
    removed = secrets.remove_regions_from_replication(SecretId="db", RemoveReplicaRegions=[THERE])
    assert removed["ReplicationStatus"] == []
    assert refusal(there.describe_secret, SecretId="db")[0] == "ResourceNotFoundException"
    assert value(secrets) == "one"


def test_a_copy_can_become_a_secret_of_its_own(secrets, there):
    make(secrets, AddReplicaRegions=[{"Region": THERE}])
    there.stop_replication_to_replica(SecretId="db")
    there.put_secret_value(SecretId="db", SecretString="theirs")
    assert (value(secrets), value(there)) == ("one", "theirs")
    assert "ReplicationStatus" not in secrets.describe_secret(SecretId="db")
    assert "PrimaryRegion" not in there.describe_secret(SecretId="db")
    secrets.put_secret_value(SecretId="db", SecretString="two")
    assert value(there) == "theirs"
