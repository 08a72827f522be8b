"""Who may use a Kinesis stream, and how its records are encrypted."""

import json

import pytest

from glasshouse.core.access import Credential, root
from tests.contract.kinesis_streams import ARN, data, make_stream, put, read, refusal, summary, wait

OTHER = "111122223333"
MANAGED = "alias/aws/kinesis"
FIRST = "shardId-000000000000"


@pytest.fixture
def kinesis(aws):
    return aws("kinesis")


@pytest.fixture
def other(aws, cloud):
    """Kinesis as another account's root sees it."""

    def add():
        with cloud.cloud.store.transaction():
            cloud.cloud.credentials.put(Credential("AKIAOTHER", "secret", root(OTHER)))

    cloud.run(add)
    return aws("kinesis", aws_access_key_id="AKIAOTHER", aws_secret_access_key="secret")


def user(aws, *statements):
    """Kinesis as a user with these statements sees it."""
    iam = aws("iam")
    iam.create_user(UserName="somebody")
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    iam.put_user_policy(UserName="somebody", PolicyName="policy", PolicyDocument=policy)
    key = iam.create_access_key(UserName="somebody")["AccessKey"]
    return aws("kinesis", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])


def allow(actions, resource="*", **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


def policy_for(arn, actions, principal=OTHER):
    statement = allow(actions, arn, Principal={"AWS": principal})
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def encrypt(kinesis, key=MANAGED):
    kinesis.start_stream_encryption(StreamName="events", EncryptionType="KMS", KeyId=key)
    wait(kinesis)


# What is refused


def test_a_user_without_permission_neither_writes_nor_reads(kinesis, aws):
    make_stream(kinesis)
    put(kinesis, "a")
    somebody = user(aws, allow("kinesis:GetShardIterator", ARN + "events"))
    code, message = refusal(somebody.put_record, StreamName="events", Data=b"", PartitionKey="a")
    assert code == "AccessDeniedException" and f"kinesis:PutRecord on resource: {ARN}events" in message
    asked = {"StreamARN": ARN + "events", "ShardId": FIRST, "ShardIteratorType": "TRIM_HORIZON"}
    token = somebody.get_shard_iterator(**asked)["ShardIterator"]
    assert refusal(somebody.get_records, ShardIterator=token)[0] == "AccessDeniedException"


def test_another_account_needs_the_policy_of_the_stream(kinesis, other):
    arn = make_stream(kinesis)
    asked = {"StreamARN": arn, "Data": b"", "PartitionKey": "a"}
    assert refusal(other.put_record, **asked)[0] == "AccessDeniedException"
    kinesis.put_resource_policy(ResourceARN=arn, Policy=policy_for(arn, "kinesis:GetRecords"))
    assert refusal(other.put_record, **asked)[0] == "AccessDeniedException"


@pytest.mark.parametrize(
    "policy",
    [
        "nonsense",
        "{}",
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kinesis:*", "Resource": "%s"}]}',
        '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kinesis:*", "Resource": "*"}}',
    ],
)  # fmt: skip
def test_a_policy_must_be_one_for_the_stream(kinesis, policy):
    arn = make_stream(kinesis)
    policy = policy.replace("%s", arn)
    assert refusal(kinesis.put_resource_policy, ResourceARN=arn, Policy=policy)[0] == "InvalidArgumentException"
    assert kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == "{}"


def test_a_policy_that_is_not_there_is_not_deleted(kinesis):
    arn = make_stream(kinesis)
    words = f"No resource policy found for resource ARN {arn}."
    assert refusal(kinesis.delete_resource_policy, ResourceARN=arn) == ("ResourceNotFoundException", words)
    assert refusal(kinesis.get_resource_policy, ResourceARN=ARN + "gone")[0] == "ResourceNotFoundException"


def test_a_key_must_be_one(kinesis, aws):
    make_stream(kinesis)
    asked = {"StreamName": "events", "EncryptionType": "KMS"}
    assert refusal(kinesis.start_stream_encryption, **asked, KeyId="alias/gone")[0] == "KMSNotFoundException"
    key = aws("kms").create_key()["KeyMetadata"]["KeyId"]
    aws("kms").disable_key(KeyId=key)
    assert refusal(kinesis.start_stream_encryption, **asked, KeyId=key)[0] == "KMSDisabledException"
    asked["EncryptionType"] = "NONE"
    assert refusal(kinesis.start_stream_encryption, **asked, KeyId=key)[0] == "InvalidArgumentException"
    assert summary(kinesis)["EncryptionType"] == "NONE"


def test_encryption_is_changed_25_times_a_day(kinesis, cloud):
    make_stream(kinesis)
    for _ in range(25):
        encrypt(kinesis)
    asked = {"StreamName": "events", "EncryptionType": "KMS", "KeyId": MANAGED}
    assert refusal(kinesis.stop_stream_encryption, **asked)[0] == "LimitExceededException"
    cloud.clock.advance(86_401)
    kinesis.stop_stream_encryption(**asked)


# What is done


def test_a_user_with_permission_writes_and_reads(kinesis, aws):
    make_stream(kinesis)
    somebody = user(aws, allow(["kinesis:Put*", "kinesis:Get*"], ARN + "events"))
    put(somebody, "a")
    assert data(somebody) == [b"a"]


def test_the_policy_of_the_stream_lets_another_account_in(kinesis, other):
    arn = make_stream(kinesis)
    actions = ["kinesis:PutRecord", "kinesis:PutRecords", "kinesis:GetRecords", "kinesis:GetShardIterator"]
    policy = policy_for(arn, actions)
    kinesis.put_resource_policy(ResourceARN=arn, Policy=policy)
    assert kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == policy
    other.put_record(StreamARN=arn, Data=b"a", PartitionKey="a")
    other.put_records(StreamARN=arn, Records=[{"Data": b"b", "PartitionKey": "a"}])
    asked = {"StreamARN": arn, "ShardId": FIRST, "ShardIteratorType": "TRIM_HORIZON"}
    token = other.get_shard_iterator(**asked)["ShardIterator"]
    assert [it["Data"] for it in other.get_records(ShardIterator=token)["Records"]] == [b"a", b"b"]
    assert refusal(other.delete_stream, StreamARN=arn)[0] == "AccessDeniedException"
    kinesis.delete_resource_policy(ResourceARN=arn)
    assert refusal(other.get_records, ShardIterator=token)[0] == "AccessDeniedException"


def test_encrypted_records_say_so(kinesis):
    make_stream(kinesis)
    put(kinesis, "before")
    encrypt(kinesis)
    assert (summary(kinesis)["EncryptionType"], summary(kinesis)["KeyId"]) == ("KMS", MANAGED)
    answer = kinesis.put_record(StreamName="events", Data=b"secret", PartitionKey="a")
    assert answer["EncryptionType"] == "KMS"
    records = [{"Data": b"more", "PartitionKey": "a"}] * 2
    assert kinesis.put_records(StreamName="events", Records=records)["EncryptionType"] == "KMS"
    found = [(it["Data"], it.get("EncryptionType")) for it in read(kinesis)["Records"]]
    assert found == [(b"before", None), (b"secret", "KMS"), (b"more", "KMS"), (b"more", "KMS")]


# What happens next


def test_nothing_of_an_encrypted_record_lies_open_in_the_store(kinesis, cloud):
    make_stream(kinesis)
    encrypt(kinesis)
    put(kinesis, "my secret")
    rows = cloud.run(lambda: cloud.cloud.store.read("SELECT data FROM kinesis_record").fetchall())
    assert len(rows) == 1 and b"secret" not in rows[0][0]


def test_records_can_be_read_when_encryption_has_stopped(kinesis):
    make_stream(kinesis)
    encrypt(kinesis)
    put(kinesis, "a")
    kinesis.stop_stream_encryption(StreamName="events", EncryptionType="KMS", KeyId=MANAGED)
    wait(kinesis)
    put(kinesis, "b")
    assert data(kinesis) == [b"a", b"b"] and "KeyId" not in summary(kinesis)


def test_writers_and_readers_need_the_key(kinesis, aws):
    make_stream(kinesis)
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    encrypt(kinesis, key)
    somebody = user(aws, allow("kinesis:*"), allow("kms:GenerateDataKey", key))
    put(somebody, "a")
    asked = {"StreamName": "events", "ShardId": FIRST, "ShardIteratorType": "TRIM_HORIZON"}
    token = somebody.get_shard_iterator(**asked)["ShardIterator"]
    assert refusal(somebody.get_records, ShardIterator=token)[0] == "KMSAccessDeniedException"
    assert data(kinesis) == [b"a"]
    kms.disable_key(KeyId=key)
    asked = {"StreamName": "events", "Data": b"", "PartitionKey": "a"}
    assert refusal(kinesis.put_record, **asked)[0] == "KMSDisabledException"
    assert refusal(kinesis.get_records, ShardIterator=token)[0] == "KMSDisabledException"
