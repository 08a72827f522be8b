"""Server-side encryption: keys, grants, and records that wait sealed."""

import pytest

from tests.contract.firehose_box import ACCOUNT, ARN, Box, refusal

INVALID = "InvalidArgumentException"
STREAM = {"DeliveryStreamName": "events"}
ELSEWHERE = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
MISSING = ELSEWHERE.replace("us-east-1", "eu-west-1")


@pytest.fixture
def box(aws, cloud):
    return Box(aws, cloud)


@pytest.fixture
def key(aws):
    return aws("kms").create_key()["KeyMetadata"]["Arn"]


def start(box, cloud, **configuration):
    given = {"DeliveryStreamEncryptionConfigurationInput": configuration} if configuration else {}
    box.firehose.start_delivery_stream_encryption(**STREAM, **given)
    cloud.settle()
    return box.describe()["DeliveryStreamEncryptionConfiguration"]


def stored(cloud):
    """What the store holds of records."""
    return cloud.run(lambda: [row[0] for row in cloud.cloud.store.read("SELECT data FROM firehose_record").fetchall()])


# What is refused


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"KeyType": "CUSTOMER_MANAGED_CMK"}, "KeyARN has to be specified when KeyType is CUSTOMER_MANAGED_CMK"),
        (
            {"KeyType": "AWS_OWNED_CMK", "KeyARN": MISSING},
            "KeyARN cannot be specified when KeyType is AWS_OWNED_CMK",
        ),
        (
            {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": ELSEWHERE},
            "Cross-region keys are not allowed for SSE. Please provide CMKs in the same region as firehose",
        ),
    ],
)
def test_a_key_must_make_sense(box, configuration, words):
    given = {"DeliveryStreamEncryptionConfigurationInput": configuration}
    assert refusal(box.make, source=given) == (INVALID, words)
    box.make()
    assert refusal(box.firehose.start_delivery_stream_encryption, **STREAM, **given) == (INVALID, words)


def test_a_key_that_is_not_there_makes_it_fail(box, cloud):
    box.make()
    shown = start(box, cloud, KeyType="CUSTOMER_MANAGED_CMK", KeyARN=MISSING)
    assert shown["Status"] == "ENABLING_FAILED" and shown["FailureDescription"]["Type"] == "KMS_KEY_NOT_FOUND"
    assert box.put(b"one")["Encrypted"] is False


def test_a_key_that_is_disabled_makes_it_fail(box, aws, cloud, key):
    box.make()
    aws("kms").disable_key(KeyId=key)
    shown = start(box, cloud, KeyType="CUSTOMER_MANAGED_CMK", KeyARN=key)
    assert shown["FailureDescription"]["Type"] == "DISABLED_KMS_KEY"


def test_it_is_changed_twenty_five_times_a_day(box, cloud):
    box.make()
    for _ in range(12):
        start(box, cloud)
        box.firehose.stop_delivery_stream_encryption(**STREAM)
        cloud.settle()
    start(box, cloud)
    code, message = refusal(box.firehose.stop_delivery_stream_encryption, **STREAM)
    assert code == "LimitExceededException" and "25 times" in message
    cloud.clock.advance(86_401)
    box.firehose.stop_delivery_stream_encryption(**STREAM)


# What is done


def test_a_key_of_aws_seals_what_waits(box, cloud):
    box.make()
    assert start(box, cloud) == {"KeyType": "AWS_OWNED_CMK", "Status": "ENABLED"}
    answer = box.put(b"a secret", b"another")
    assert answer["Encrypted"] is True
    assert len(stored(cloud)) == 2 and not any(b"secret" in data for data in stored(cloud))
    cloud.clock.advance(301)
    assert box.bodies() == [b"a secretanother"]


def test_a_key_of_the_customer_seals_what_waits(box, aws, cloud, key):
    given = {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": key}
    box.make(source={"DeliveryStreamEncryptionConfigurationInput": given})
    cloud.settle()
    assert box.describe()["DeliveryStreamEncryptionConfiguration"] == {**given, "Status": "ENABLED"}
    [grant] = aws("kms").list_grants(KeyId=key)["Grants"]
    assert grant["GranteePrincipal"] == "firehose.amazonaws.com"
    assert grant["Constraints"] == {"EncryptionContextSubset": {"aws:firehose:arn": f"{ARN}events"}}
    assert box.put(b"a secret")["Encrypted"] is True
    assert box.firehose.put_record(**STREAM, Record={"Data": b"!"})["Encrypted"] is True
    assert not any(b"secret" in data for data in stored(cloud))
    cloud.clock.advance(301)
    assert box.bodies() == [b"a secret!"]


def test_it_can_be_stopped(box, aws, cloud, key):
    box.make()
    start(box, cloud, KeyType="CUSTOMER_MANAGED_CMK", KeyARN=key)
    box.firehose.stop_delivery_stream_encryption(**STREAM)
    cloud.settle()
    assert box.describe()["DeliveryStreamEncryptionConfiguration"] == {"Status": "DISABLED"}
    assert aws("kms").list_grants(KeyId=key)["Grants"] == []
    assert box.put(b"open")["Encrypted"] is False
    assert stored(cloud) == [b"open"]


def test_the_key_can_be_changed(box, aws, cloud, key):
    box.make()
    other = aws("kms").create_key()["KeyMetadata"]["Arn"]
    start(box, cloud, KeyType="CUSTOMER_MANAGED_CMK", KeyARN=key)
    assert start(box, cloud, KeyType="CUSTOMER_MANAGED_CMK", KeyARN=other)["KeyARN"] == other
    assert aws("kms").list_grants(KeyId=key)["Grants"] == []
    assert len(aws("kms").list_grants(KeyId=other)["Grants"]) == 1


# What happens next


def test_what_lay_open_and_what_lay_sealed_are_delivered_together(box, cloud):
    box.make()
    box.put(b"open ")
    start(box, cloud)
    box.put(b"too ")
    cloud.clock.advance(301)
    box.put(b"sealed")
    box.firehose.stop_delivery_stream_encryption(**STREAM)
    cloud.clock.advance(301)
    assert sorted(box.bodies()) == [b"open too ", b"sealed"]


def test_a_key_that_is_disabled_refuses_records_and_keeps_those_that_wait(box, aws, cloud, key):
    box.make()
    start(box, cloud, KeyType="CUSTOMER_MANAGED_CMK", KeyARN=key)
    box.put(b"one")
    aws("kms").disable_key(KeyId=key)
    code, message = refusal(box.put, b"two")
    assert code == "InvalidKMSResourceException" and "disabled" in message
    cloud.clock.advance(600)
    assert box.names() == []
    aws("kms").enable_key(KeyId=key)
    cloud.clock.advance(200)
    assert box.bodies() == [b"one"]


def test_a_stream_that_goes_lets_go_of_the_key(box, aws, cloud, key):
    box.make()
    start(box, cloud, KeyType="CUSTOMER_MANAGED_CMK", KeyARN=key)
    box.firehose.delete_delivery_stream(**STREAM)
    cloud.settle()
    assert aws("kms").list_grants(KeyId=key)["Grants"] == []


def test_whoever_starts_it_must_be_allowed_to_make_grants(box, aws, cloud, key):
    box.make()
    iam = aws("iam")
    iam.create_user(UserName="ann")
    allowed = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "firehose:*", "Resource": "*"}]}'
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=allowed)
    made = iam.create_access_key(UserName="ann")["AccessKey"]
    keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    aws("firehose", **keys).start_delivery_stream_encryption(
        **STREAM, DeliveryStreamEncryptionConfigurationInput={"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": key}
    )
    cloud.settle()
    shown = box.describe()["DeliveryStreamEncryptionConfiguration"]
    assert shown["Status"] == "ENABLING_FAILED" and shown["FailureDescription"]["Type"] == "KMS_ACCESS_DENIED"
