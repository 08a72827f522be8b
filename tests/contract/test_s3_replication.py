"""S3: replication to other buckets."""

import json

import pytest

from tests.contract.events_box import THERE, other_account, role
from tests.contract.s3_box import refused

FROM, TO, ACCOUNT = "origin", "mirror", "000000000000"
ON_SOURCE = ["s3:GetReplicationConfiguration", "s3:ListBucket", "s3:GetObjectVersionForReplication",
             "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]  # fmt: skip
ON_TARGET = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags", "s3:ObjectOwnerOverrideToBucketOwner"]
MISSING = f"arn:aws:iam::{ACCOUNT}:role/none"


def versioned(s3, name, **more):
    s3.create_bucket(Bucket=name, **more)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


@pytest.fixture
def s3(aws):
    client = aws("s3", region="us-east-1")
    for name in (FROM, TO):
        versioned(client, name)
    return client


@pytest.fixture
def replicator(aws):
    """A role that may replicate."""
    return role(aws, "replicator", "s3.amazonaws.com", (ON_SOURCE, "*"), (ON_TARGET, "*"))


@pytest.fixture
def mirrored(s3, replicator):
    replicate(s3, rule(), role=replicator)
    return s3


def rule(prefix="", to=TO, markers="Enabled", priority=1, **more):
    destination = {"Bucket": f"arn:aws:s3:::{to}", **more.pop("destination", {})}
    return {"ID": f"to-{to}-{priority}", "Status": "Enabled", "Priority": priority, "Filter": {"Prefix": prefix},
            "DeleteMarkerReplication": {"Status": markers}, "Destination": destination, **more}  # fmt: skip


def replicate(s3, *rules, role=MISSING, bucket=FROM):
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration={"Role": role, "Rules": list(rules)})


def put(s3, cloud, key="a", body=b"1", **params):
    made = s3.put_object(Bucket=FROM, Key=key, Body=body, **params)
    cloud.settle()
    return made


def status(s3, key="a", bucket=FROM, **version):
    return s3.head_object(Bucket=bucket, Key=key, **version).get("ReplicationStatus")


def keys(s3, bucket=TO):
    return [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]


# What is refused


def test_both_buckets_must_be_versioned(s3):
    s3.create_bucket(Bucket="plain")
    error = refused(replicate, s3, rule(), bucket="plain")
    assert (error["Code"], error["Status"]) == ("InvalidRequest", 400)
    assert error["Message"] == "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
    for name in ("plain", "not-there"):
        error = refused(replicate, s3, rule(to=name))
        assert error["Message"] == "Destination bucket must have versioning enabled."


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Priority": None}, "Priority must be specified for this version"),
        ({"DeleteMarkerReplication": None}, "DeleteMarkerReplication must be specified for this version"),
        ({"Filter": None, "Prefix": "", "Priority": None}, "DeleteMarkerReplication cannot be used for this version"),
        ({"Filter": {"Tag": {"Key": "a", "Value": "b"}}}, "Delete marker replication is not supported if any Tag"),
        ({"SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}}}, "ReplicaKmsKeyID must be"),
    ],
)
def test_rules_are_of_one_version_or_the_other(s3, change, words):
    wrong = {name: value for name, value in {**rule(), **change}.items() if value is not None}
    error = refused(replicate, s3, wrong)
    assert error["Code"] == "InvalidRequest"
    assert error["Message"].startswith(words)


@pytest.mark.parametrize(
    "change", [{"Filter": None}, {"Status": "Perhaps"}, {"Prefix": ""}, {"destination": {"StorageClass": "CELLAR"}}]
)
def test_what_is_no_rule_is_malformed(s3, change):
    wrong = {name: value for name, value in rule(**change).items() if value is not None}
    assert refused(replicate, s3, wrong)["Code"] == "MalformedXML"
    assert refused(replicate, s3)["Code"] == "MalformedXML"


def test_rules_have_ids_and_priorities_of_their_own(s3):
    assert refused(replicate, s3, rule(), rule(priority=1, prefix="b", ID="other"))["Code"] == "InvalidRequest"
    assert refused(replicate, s3, rule(), {**rule(priority=2), "ID": rule()["ID"]})["Code"] == "InvalidArgument"


def test_objects_that_are_there_already_are_refused_in_words(s3):
    error = refused(replicate, s3, rule(ExistingObjectReplication={"Status": "Enabled"}))
    assert (error["Code"], error["Status"]) == ("NotSupported", 501)


def test_versioning_stays_on_while_replication_is(s3):
    replicate(s3, rule())
    error = refused(s3.put_bucket_versioning, Bucket=FROM, VersioningConfiguration={"Status": "Suspended"})
    assert (error["Code"], error["Status"]) == ("InvalidBucketState", 409)


# What is done


def test_a_configuration_is_shown_as_it_was_put_and_can_be_taken_back(s3):
    replicate(s3, rule())
    shown = s3.get_bucket_replication(Bucket=FROM)["ReplicationConfiguration"]
    assert shown == {"Role": MISSING, "Rules": [rule()]}
    s3.delete_bucket_replication(Bucket=FROM)
    assert refused(s3.get_bucket_replication, Bucket=FROM)["Code"] == "ReplicationConfigurationNotFoundError"
    s3.delete_bucket_replication(Bucket=FROM)


def test_a_rule_without_an_id_is_given_one(s3):
    replicate(s3, {name: value for name, value in rule().items() if name != "ID"})
    assert s3.get_bucket_replication(Bucket=FROM)["ReplicationConfiguration"]["Rules"][0]["ID"]


def test_a_new_object_is_replicated_with_all_that_belongs_to_it(cloud, mirrored):
    made = put(mirrored, cloud, body=b"hello", ContentType="text/plain", Metadata={"m": "1"}, Tagging="t=1")
    assert status(mirrored) == "COMPLETED"
    replica = mirrored.get_object(Bucket=TO, Key="a")
    assert replica["Body"].read() == b"hello"
    assert replica["ReplicationStatus"] == "REPLICA"
    assert (replica["VersionId"], replica["ETag"]) == (made["VersionId"], made["ETag"])
    assert (replica["ContentType"], replica["Metadata"], replica["TagCount"]) == ("text/plain", {"m": "1"}, 1)


def test_a_status_is_pending_until_the_job_has_run(cloud, mirrored):
    def seen():
        with cloud.cloud.store.transaction():
            cloud.cloud.store.write("UPDATE s3_replication SET status = 'PENDING'")

    put(mirrored, cloud)
    cloud.run(seen)
    assert status(mirrored) == "PENDING"


def test_copies_and_uploads_in_parts_are_replicated(cloud, mirrored):
    put(mirrored, cloud)
    mirrored.copy_object(Bucket=FROM, Key="copy", CopySource=f"{FROM}/a")
    upload = mirrored.create_multipart_upload(Bucket=FROM, Key="parts")["UploadId"]
    part = mirrored.upload_part(Bucket=FROM, Key="parts", UploadId=upload, PartNumber=1, Body=b"part")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    mirrored.complete_multipart_upload(Bucket=FROM, Key="parts", UploadId=upload, MultipartUpload=parts)
    cloud.settle()
    assert keys(mirrored) == ["a", "copy", "parts"]
    assert mirrored.get_object(Bucket=TO, Key="parts")["Body"].read() == b"part"


def test_only_what_a_rule_is_for_is_replicated(cloud, s3, replicator):
    tagged = rule(markers="Disabled", Filter={"And": {"Prefix": "in/", "Tags": [{"Key": "t", "Value": "1"}]}})
    replicate(s3, tagged, role=replicator)
    for key, tagging in (("in/a", "t=1"), ("in/b", "t=2"), ("out/c", "t=1")):
        put(s3, cloud, key, Tagging=tagging)
    assert keys(s3) == ["in/a"]
    assert status(s3, "in/b") is None


def test_the_rule_of_the_highest_priority_applies(cloud, s3, replicator):
    versioned(s3, "second")
    cold = rule(priority=2, destination={"StorageClass": "STANDARD_IA"})
    replicate(s3, rule(priority=1), cold, rule(to="second", priority=0), role=replicator)
    put(s3, cloud)
    assert s3.head_object(Bucket=TO, Key="a")["StorageClass"] == "STANDARD_IA"
    assert keys(s3, "second") == ["a"]
    assert status(s3) == "COMPLETED"


def test_delete_markers_are_replicated_where_the_rule_says_so(cloud, s3, replicator):
    versioned(s3, "second")
    replicate(s3, rule(), rule(to="second", priority=2, markers="Disabled"), role=replicator)
    put(s3, cloud)
    marker = s3.delete_object(Bucket=FROM, Key="a")
    cloud.settle()
    there = s3.list_object_versions(Bucket=TO)["DeleteMarkers"]
    assert [each["VersionId"] for each in there] == [marker["VersionId"]]
    assert keys(s3, "second") == ["a"]


def test_rules_of_the_older_form_replicate_delete_markers(cloud, s3, replicator):
    old = {"ID": "old", "Status": "Enabled", "Prefix": "", "Destination": {"Bucket": f"arn:aws:s3:::{TO}"}}
    replicate(s3, old, role=replicator)
    put(s3, cloud)
    s3.delete_object(Bucket=FROM, Key="a")
    cloud.settle()
    assert keys(s3) == []


def test_versions_that_are_deleted_for_good_stay_in_the_mirror(cloud, mirrored):
    made = put(mirrored, cloud)
    mirrored.delete_object(Bucket=FROM, Key="a", VersionId=made["VersionId"])
    cloud.settle()
    assert keys(mirrored) == ["a"]


def test_replicas_go_to_other_regions(cloud, aws, s3, replicator):
    far = aws("s3", region="eu-west-1")
    versioned(far, "far-away", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    replicate(s3, rule(to="far-away"), role=replicator)
    put(s3, cloud)
    assert keys(far, "far-away") == ["a"]


def test_tags_of_a_replicated_object_follow_it(cloud, mirrored):
    put(mirrored, cloud)
    mirrored.put_object_tagging(Bucket=FROM, Key="a", Tagging={"TagSet": [{"Key": "t", "Value": "1"}]})
    cloud.settle()
    assert mirrored.get_object_tagging(Bucket=TO, Key="a")["TagSet"] == [{"Key": "t", "Value": "1"}]


# What happens next


def test_what_the_role_may_not_do_fails_and_is_told(cloud, aws, s3):
    sqs = aws("sqs", region="us-east-1")
    url = sqs.create_queue(QueueName="failures")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:failures"
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:*", "Resource": arn}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [statement]})})
    told = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:Replication:OperationFailedReplication"]}]}
    s3.put_bucket_notification_configuration(Bucket=FROM, NotificationConfiguration=told)
    cloud.settle()
    sqs.purge_queue(QueueUrl=url)
    weak = role(aws, "weak", "s3.amazonaws.com", (ON_SOURCE, "*"))
    replicate(s3, rule(), role=weak)
    put(s3, cloud)
    assert status(s3) == "FAILED"
    assert keys(s3) == []
    (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert json.loads(message["Body"])["Records"][0]["eventName"] == "Replication:OperationFailedReplication"


def test_a_role_that_does_not_trust_s3_fails(cloud, aws, s3):
    replicate(s3, rule(), role=role(aws, "foreign", "ec2.amazonaws.com", ("s3:*", "*")))
    put(s3, cloud)
    assert status(s3) == "FAILED"


def test_the_bucket_of_another_account_must_let_the_role_in(cloud, aws, s3, replicator):
    theirs = other_account(cloud, aws)("s3", region="us-east-1")
    versioned(theirs, "theirs")
    handed_over = {"Account": THERE, "AccessControlTranslation": {"Owner": "Destination"}}
    replicate(s3, rule(to="theirs", destination=handed_over), role=replicator)
    put(s3, cloud, "early")
    assert status(s3, "early") == "FAILED"
    statement = {"Effect": "Allow", "Principal": {"AWS": replicator}, "Action": ON_TARGET,
                 "Resource": "arn:aws:s3:::theirs/*"}  # fmt: skip
    theirs.put_bucket_policy(Bucket="theirs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    put(s3, cloud, "late")
    assert status(s3, "late") == "COMPLETED"
    assert keys(theirs, "theirs") == ["late"]


def test_replicas_are_not_replicated_again(cloud, s3, replicator):
    replicate(s3, rule(), role=replicator)
    replicate(s3, rule(to=FROM), role=replicator, bucket=TO)
    put(s3, cloud)
    assert (status(s3), status(s3, bucket=TO)) == ("COMPLETED", "REPLICA")
    s3.put_object(Bucket=TO, Key="back", Body=b"1")
    cloud.settle()
    assert keys(s3, FROM) == ["a", "back"]


def test_objects_that_kms_encrypts_need_a_rule_that_says_so(cloud, aws, s3):
    kms = aws("kms", region="us-east-1")
    here, there = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    keeper = role(aws, "keeper", "s3.amazonaws.com", (ON_SOURCE + ON_TARGET, "*"),
                  (["kms:Decrypt", "kms:GenerateDataKey"], "*"))  # fmt: skip
    replicate(s3, rule(), role=keeper)
    sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": here}
    put(s3, cloud, "unsaid", **sealed)
    assert status(s3, "unsaid") is None
    chosen = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    destination = {"EncryptionConfiguration": {"ReplicaKmsKeyID": there}}
    replicate(s3, rule(SourceSelectionCriteria=chosen, destination=destination), role=keeper)
    put(s3, cloud, "said", **sealed)
    assert status(s3, "said") == "COMPLETED"
    replica = s3.get_object(Bucket=TO, Key="said")
    assert (replica["SSEKMSKeyId"], replica["Body"].read()) == (there, b"1")


def test_after_the_configuration_is_gone_nothing_is_replicated(cloud, mirrored):
    put(mirrored, cloud)
    mirrored.delete_bucket_replication(Bucket=FROM)
    put(mirrored, cloud, "b")
    assert keys(mirrored) == ["a"]
    assert (status(mirrored), status(mirrored, "b")) == ("COMPLETED", None)
