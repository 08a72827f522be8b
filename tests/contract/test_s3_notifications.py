"""S3: event notifications."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.contract.s3_box import refused

BUCKET, QUEUE = "desk", "events"


@pytest.fixture
def s3(aws):
    client = aws("s3", region="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def sqs(aws):
    return aws("sqs", region="us-east-1")


@pytest.fixture
def queue(sqs):
    """The ARN of a queue."""
    return make_queue(sqs, QUEUE)


def make_queue(sqs, name):
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage",
                 "Resource": arn}  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return arn


def to_queue(arn, *events, prefix=None, suffix=None, **more):
    rules = [{"Name": name, "Value": value} for name, value in (("prefix", prefix), ("suffix", suffix)) if value]
    filtered = {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}
    return {"QueueArn": arn, "Events": list(events or ["s3:ObjectCreated:*"]), **filtered, **more}


def configure(s3, *queues, bucket=BUCKET, **params):
    configuration = {"QueueConfigurations": list(queues)}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration, **params)


def messages(cloud, sqs, name=QUEUE):
    """The messages that have come, without the first one, which only tries the queue."""
    cloud.settle()
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    found = []
    while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(message["Body"]) for message in batch]
        for message in batch:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [message for message in found if message.get("Event") != "s3:TestEvent"]


def records(cloud, sqs, name=QUEUE):
    return sorted((message["Records"][0] for message in messages(cloud, sqs, name)), key=in_order)


def in_order(record):
    return record["s3"]["object"].get("sequencer", "")


# What is refused


@pytest.mark.parametrize(
    ("change", "message", "name", "value"),
    [
        ({"QueueArn": "invalid-queue"}, "The ARN could not be parsed", "Queue", "invalid-queue"),
        ({"QueueArn": "arn:aws:sns:us-east-1:000000000000:events"}, "The ARN is not well formed", "Queue", None),
        ({"QueueArn": "arn:aws:sqs:eu-west-1:000000000000:events"},
         "The notification destination service region is not valid for the bucket location constraint", "Queue", None),
        ({"Events": ["s3:ObjectPainted:*"]}, "A specified event is not supported for notifications.", "Event",
         "s3:ObjectPainted:*"),
        ({"Filter": {"Key": {"FilterRules": [{"Name": "INVALID", "Value": "x"}]}}},
         "filter rule name must be either prefix or suffix", "FilterRule.Name", "INVALID"),
        ({"Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "x"}, {"Name": "Prefix", "Value": "y"}]}}},
         "Cannot specify more than one prefix rule in a filter.", "FilterRule.Name", "Prefix"),
        ({"Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "x" * 1025}]}}},
         "Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation", "FilterRule.Value", None),
    ],
)  # fmt: skip
def test_a_configuration_that_makes_no_sense_is_refused(s3, queue, change, message, name, value):
    with pytest.raises(ClientError) as caught:
        configure(s3, to_queue(queue) | change)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"], error["ArgumentName"]) == ("InvalidArgument", message, name)
    assert value is None or error["ArgumentValue"] == value


def test_a_queue_that_does_not_exist_is_refused_unless_it_is_not_looked_for(s3):
    missing = "arn:aws:sqs:us-east-1:000000000000:nowhere"
    with pytest.raises(ClientError) as caught:
        configure(s3, to_queue(missing))
    error = caught.value.response["Error"]
    assert error["Message"] == "Unable to validate the following destination configurations"
    assert (error["ArgumentName1"], error["ArgumentValue1"]) == (missing, "The destination queue does not exist")
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=BUCKET)
    configure(s3, to_queue(missing), SkipDestinationValidation=True)
    assert s3.get_bucket_notification_configuration(Bucket=BUCKET)["QueueConfigurations"][0]["QueueArn"] == missing


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({"prefix": "a"}, {"prefix": "ab"}),
        ({"suffix": ".jpg"}, {"suffix": "pg"}),
        ({"prefix": "a"}, {"suffix": ".jpg"}),
        ({"prefix": "a", "suffix": "x"}, {"suffix": "yx"}),
    ],
)
def test_no_event_may_fall_to_two_destinations(s3, queue, one, other):
    with pytest.raises(ClientError) as caught:
        configure(s3, to_queue(queue, "s3:ObjectCreated:*", **one), to_queue(queue, "s3:ObjectCreated:Put", **other))
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidArgument"
    assert error["Message"].startswith("Configuration is ambiguously defined.")


def test_destinations_that_do_not_meet_are_accepted(s3, queue):
    configure(
        s3,
        to_queue(queue, "s3:ObjectCreated:*", prefix="a"),
        to_queue(queue, "s3:ObjectCreated:*", prefix="b"),
        to_queue(queue, "s3:ObjectCreated:*", prefix="c", suffix=".jpg"),
        to_queue(queue, "s3:ObjectCreated:*", prefix="c", suffix=".png"),
        to_queue(queue, "s3:ObjectRemoved:*", prefix="a"),
    )
    assert len(s3.get_bucket_notification_configuration(Bucket=BUCKET)["QueueConfigurations"]) == 5


def test_two_configurations_cannot_share_an_id(s3, queue):
    with pytest.raises(ClientError) as caught:
        configure(s3, to_queue(queue, prefix="a", Id="same"), to_queue(queue, prefix="b", Id="same"))
    assert caught.value.response["Error"]["Code"] == "InvalidArgument"


def test_the_owner_is_checked(s3, queue):
    with pytest.raises(ClientError) as caught:
        configure(s3, to_queue(queue), ExpectedBucketOwner="999999999999")
    assert caught.value.response["Error"]["Code"] == "AccessDenied"


# What is done


def test_a_configuration_is_kept_with_an_id_and_proper_names(s3, queue):
    assert set(s3.get_bucket_notification_configuration(Bucket=BUCKET)) == {"ResponseMetadata"}
    configure(s3, to_queue(queue, "s3:ObjectCreated:Put", prefix="in/", suffix=".txt"))
    kept = s3.get_bucket_notification_configuration(Bucket=BUCKET)["QueueConfigurations"][0]
    assert kept["Filter"]["Key"]["FilterRules"] == [
        {"Name": "Prefix", "Value": "in/"}, {"Name": "Suffix", "Value": ".txt"},
    ]  # fmt: skip
    assert kept["Events"] == ["s3:ObjectCreated:Put"]
    assert kept["Id"]


def test_the_queue_is_told_that_it_will_be_told(s3, sqs, queue):
    configure(s3, to_queue(queue))
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    body = json.loads(message["Body"])
    assert set(body) == {"Service", "Event", "Time", "Bucket", "RequestId", "HostId"}
    assert (body["Service"], body["Event"], body["Bucket"]) == ("Amazon S3", "s3:TestEvent", BUCKET)


def test_an_event_is_told_in_the_documented_form(cloud, s3, sqs, queue):
    configure(s3, to_queue(queue, "s3:ObjectCreated:*", Id="all"))
    answer = s3.put_object(Bucket=BUCKET, Key="red flower/ä+1.jpg", Body=b"something")
    [message] = messages(cloud, sqs)
    [record] = message["Records"]
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert record["responseElements"] == {name: headers[name] for name in ("x-amz-request-id", "x-amz-id-2")}
    assert record["requestParameters"] == {"sourceIPAddress": "127.0.0.1"}
    assert record["userIdentity"]["principalId"].startswith("AWS:")
    assert (record["eventVersion"], record["eventSource"], record["awsRegion"]) == ("2.1", "aws:s3", "us-east-1")
    assert record["eventName"] == "ObjectCreated:Put"
    told = record["s3"]
    assert (told["s3SchemaVersion"], told["configurationId"]) == ("1.0", "all")
    assert (told["bucket"]["name"], told["bucket"]["arn"]) == (BUCKET, f"arn:aws:s3:::{BUCKET}")
    assert told["object"].pop("sequencer")
    assert told["object"] == {
        "key": "red+flower/%C3%A4%2B1.jpg", "size": 9, "eTag": answer["ETag"].strip('"'),
    }  # fmt: skip


def test_only_what_is_wanted_is_told(cloud, s3, sqs, queue):
    configure(s3, to_queue(queue, "s3:ObjectCreated:Put", prefix="in/", suffix=".txt"))
    for key in ("in/a.txt", "in/a.jpg", "out/a.txt"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"1")
    s3.copy_object(Bucket=BUCKET, Key="in/b.txt", CopySource={"Bucket": BUCKET, "Key": "in/a.txt"})
    s3.delete_object(Bucket=BUCKET, Key="in/a.txt")
    told = records(cloud, sqs)
    assert [(record["eventName"], record["s3"]["object"]["key"]) for record in told] == [
        ("ObjectCreated:Put", "in/a.txt")
    ]


def test_every_way_to_make_an_object_has_its_name(cloud, s3, sqs, queue):
    configure(s3, to_queue(queue, "s3:ObjectCreated:*"))
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    s3.copy_object(Bucket=BUCKET, Key="b", CopySource={"Bucket": BUCKET, "Key": "a"})
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="c")["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key="c", UploadId=upload, PartNumber=1, Body=b"123")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=BUCKET, Key="c", UploadId=upload, MultipartUpload=parts)
    told = records(cloud, sqs)
    assert [record["eventName"] for record in told] == [
        "ObjectCreated:Put", "ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload",
    ]  # fmt: skip
    assert told[2]["s3"]["object"]["size"] == 3


def test_every_way_to_lose_an_object_has_its_name(cloud, s3, sqs, queue):
    configure(s3, to_queue(queue, "s3:ObjectRemoved:*"))
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    s3.delete_object(Bucket=BUCKET, Key="a")
    s3.delete_object(Bucket=BUCKET, Key="never there")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=BUCKET, Key="b", Body=b"1")["VersionId"]
    marker = s3.delete_object(Bucket=BUCKET, Key="b")["VersionId"]
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "b", "VersionId": version}]})
    told = records(cloud, sqs)
    assert [(record["eventName"], record["s3"]["object"].get("versionId")) for record in told] == [
        ("ObjectRemoved:Delete", None), ("ObjectRemoved:DeleteMarkerCreated", marker),
        ("ObjectRemoved:Delete", version),
    ]  # fmt: skip
    assert set(told[0]["s3"]["object"]) == {"key", "sequencer"}


def test_tags_acls_and_retentions_are_told_without_a_sequence(cloud, s3, sqs, queue):
    configure(s3, to_queue(queue, "s3:ObjectTagging:*", "s3:ObjectAcl:Put"))
    controls = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls=controls)
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    s3.put_object_tagging(Bucket=BUCKET, Key="a", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    s3.delete_object_tagging(Bucket=BUCKET, Key="a")
    s3.put_object_acl(Bucket=BUCKET, Key="a", ACL="private")
    told = records(cloud, sqs)
    assert {record["eventName"] for record in told} == {
        "ObjectTagging:Put", "ObjectTagging:Delete", "ObjectAcl:Put",
    }  # fmt: skip
    assert {record["eventVersion"] for record in told} == {"2.3"}
    assert all(set(record["s3"]["object"]) == {"key", "eTag"} for record in told)


# What happens next


def test_sequencers_tell_which_event_came_first(cloud, s3, sqs, queue):
    configure(s3, to_queue(queue, "s3:ObjectCreated:*", "s3:ObjectRemoved:*"))
    for number in range(3):
        s3.put_object(Bucket=BUCKET, Key="a", Body=b"x" * number)
    s3.delete_object(Bucket=BUCKET, Key="a")
    told = records(cloud, sqs)
    assert [record["s3"]["object"].get("size") for record in told] == [0, 1, 2, None]
    sequencers = [record["s3"]["object"]["sequencer"] for record in told]
    assert sequencers == sorted(set(sequencers))


def test_what_is_refused_is_not_told(cloud, s3, sqs, queue):
    configure(s3, to_queue(queue))
    refused(s3.put_object, Bucket=BUCKET, Key="a", Body=b"1", ContentMD5="AAAAAAAAAAAAAAAAAAAAAA==")
    assert messages(cloud, sqs) == []


def test_nothing_more_is_told_once_the_configuration_is_empty(cloud, s3, sqs, queue):
    configure(s3, to_queue(queue))
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={})
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    assert messages(cloud, sqs) == []
    assert set(s3.get_bucket_notification_configuration(Bucket=BUCKET)) == {"ResponseMetadata"}


def test_two_queues_hear_each_their_own(cloud, s3, sqs, queue):
    other = make_queue(sqs, "others")
    configure(s3, to_queue(queue, prefix="a/"), to_queue(other, prefix="b/"))
    s3.put_object(Bucket=BUCKET, Key="a/1", Body=b"1")
    s3.put_object(Bucket=BUCKET, Key="b/1", Body=b"1")
    assert [record["s3"]["object"]["key"] for record in records(cloud, sqs)] == ["a/1"]
    assert [record["s3"]["object"]["key"] for record in records(cloud, sqs, "others")] == ["b/1"]


def test_a_queue_that_is_gone_does_not_keep_objects_from_being_put(cloud, s3, sqs, queue):
    configure(s3, to_queue(queue))
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"])
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    cloud.settle()
    assert s3.get_object(Bucket=BUCKET, Key="a")["Body"].read() == b"1"
    cloud.clock.advance(3600)
    assert cloud.run(lambda: cloud.cloud.jobs.given_up()) == []


def test_what_rules_do_is_told_as_theirs(cloud, s3, sqs, queue):
    configure(s3, to_queue(queue, "s3:LifecycleExpiration:*", "s3:ObjectRemoved:*", "s3:LifecycleTransition"))
    cloud.clock.freeze()
    rule = {"Status": "Enabled", "Filter": {"ObjectSizeGreaterThan": 0}, "Expiration": {"Days": 3},
            "Transitions": [{"Days": 1, "StorageClass": "GLACIER_IR"}]}  # fmt: skip
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    cloud.clock.advance(5 * 24 * 3600)
    told = records(cloud, sqs)
    assert [record["eventName"] for record in told] == ["LifecycleTransition", "LifecycleExpiration:Delete"]
    assert {record["userIdentity"]["principalId"] for record in told} == {"s3.amazonaws.com"}
    assert told[0]["lifecycleEventData"] == {"transitionEventData": {"destinationStorageClass": "GLACIER_IR"}}


def test_a_restore_is_told_when_it_begins_ends_and_is_over(cloud, s3, sqs, queue):
    configure(s3, to_queue(queue, "s3:ObjectRestore:*"))
    cloud.clock.freeze()
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"1", StorageClass="GLACIER")
    request = {"Days": 1, "GlacierJobParameters": {"Tier": "Expedited"}}
    s3.restore_object(Bucket=BUCKET, Key="a", RestoreRequest=request)
    cloud.clock.advance(3 * 24 * 3600)  # a day before the queue forgets
    told = records(cloud, sqs)
    assert [record["eventName"] for record in told] == [
        "ObjectRestore:Post", "ObjectRestore:Completed", "ObjectRestore:Delete",
    ]  # fmt: skip
    restored = told[1]["glacierEventData"]["restoreEventData"]
    assert restored["lifecycleRestoreStorageClass"] == "GLACIER"
    assert restored["lifecycleRestorationExpiryTime"].endswith("T00:00:00.000Z")
