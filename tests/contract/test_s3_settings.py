"""S3: the settings of buckets: encryption, tags, ACLs, policies, block public access, ownership, what is not there."""

import json

import pytest
from botocore.exceptions import ClientError

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
NO_BLOCKS = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False)


@pytest.fixture
def s3(aws):
    client = aws("s3", region="us-east-1")
    client.create_bucket(Bucket="shelf")
    return client


@pytest.fixture
def open_shelf(s3):
    """A bucket with ACLs, which blocks nothing."""
    controls = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.put_bucket_ownership_controls(Bucket="shelf", OwnershipControls=controls)
    s3.put_public_access_block(Bucket="shelf", PublicAccessBlockConfiguration=NO_BLOCKS)
    return s3


def refused(call, **params):
    """The error of a refused call, with its status."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    response = caught.value.response
    return response["Error"] | {"Status": response["ResponseMetadata"]["HTTPStatusCode"]}


def policy(effect="Allow", principal="*", action="s3:GetObject", resource="arn:aws:s3:::shelf/*", **more):
    statement = {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


# Encryption


def test_a_new_bucket_encrypts_with_the_keys_of_s3(s3):
    rules = s3.get_bucket_encryption(Bucket="shelf")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules == [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([], "MalformedXML"),
        ([{"BucketKeyEnabled": True}], "MalformedXML"),
        ([{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "rot13"}}], "MalformedXML"),
        ([{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}] * 2, "MalformedXML"),
        ([{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "k"}}], "InvalidArgument"),
    ],
)
def test_an_encryption_that_s3_does_not_have_is_refused(s3, rules, code):
    configuration = {"Rules": rules}
    error = refused(s3.put_bucket_encryption, Bucket="shelf", ServerSideEncryptionConfiguration=configuration)
    assert error["Code"] == code


def test_deleting_the_encryption_brings_the_default_back(s3):
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket="shelf", ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert s3.get_bucket_encryption(Bucket="shelf")["ServerSideEncryptionConfiguration"]["Rules"] == [rule]
    s3.delete_bucket_encryption(Bucket="shelf")
    kept = s3.get_bucket_encryption(Bucket="shelf")["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert kept["BucketKeyEnabled"] is False


def test_an_object_cannot_ask_for_an_encryption_that_does_not_exist(s3):
    error = refused(s3.put_object, Bucket="shelf", Key="a", Body=b"1", ServerSideEncryption="rot13")
    assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "x-amz-server-side-encryption")
    error = refused(s3.put_object, Bucket="shelf", Key="a", Body=b"1", SSEKMSKeyId="k")
    assert error["Code"] == "InvalidArgument"


# Tags


def tags(**pairs):
    return {"TagSet": [{"Key": key, "Value": value} for key, value in pairs.items()]}


def test_a_bucket_without_tags_says_so(s3):
    error = refused(s3.get_bucket_tagging, Bucket="shelf")
    assert (error["Code"], error["BucketName"], error["Status"]) == ("NoSuchTagSet", "shelf", 404)


def test_the_tags_of_a_bucket_are_replaced_as_a_whole(s3):
    answer = s3.put_bucket_tagging(Bucket="shelf", Tagging=tags(team="red", stage=""))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_bucket_tagging(Bucket="shelf")["TagSet"] == tags(stage="", team="red")["TagSet"]
    s3.put_bucket_tagging(Bucket="shelf", Tagging=tags(only="one"))
    assert s3.get_bucket_tagging(Bucket="shelf")["TagSet"] == tags(only="one")["TagSet"]
    s3.delete_bucket_tagging(Bucket="shelf")
    assert refused(s3.get_bucket_tagging, Bucket="shelf")["Code"] == "NoSuchTagSet"


@pytest.mark.parametrize(
    ("tag_set", "message"),
    [
        ([("a", "1"), ("a", "2")], "Cannot provide multiple Tags with the same key"),
        ([("a,b", "1")], "The TagKey you have provided is invalid"),
        ([("k" * 129, "1")], "The TagKey you have provided is invalid"),
        ([("", "1")], "The TagKey you have provided is invalid"),
        ([("a", "1,2")], "The TagValue you have provided is invalid"),
        ([("a", "v" * 257)], "The TagValue you have provided is invalid"),
        ([("aws:a", "1")], "System tags cannot be added/updated by requester"),
    ],
)
def test_what_cannot_be_a_tag_is_refused(s3, tag_set, message):
    tagging = {"TagSet": [{"Key": key, "Value": value} for key, value in tag_set]}
    error = refused(s3.put_bucket_tagging, Bucket="shelf", Tagging=tagging)
    assert (error["Code"], error["Message"]) == ("InvalidTag", message)


def test_a_bucket_has_fifty_tags_at_most_and_an_object_ten(s3):
    s3.put_object(Bucket="shelf", Key="a", Body=b"1")
    s3.put_bucket_tagging(Bucket="shelf", Tagging=tags(**{f"k{n}": "v" for n in range(50)}))
    error = refused(s3.put_bucket_tagging, Bucket="shelf", Tagging=tags(**{f"k{n}": "v" for n in range(51)}))
    assert error["Message"] == "Bucket tag count cannot be greater than 50"
    s3.put_object_tagging(Bucket="shelf", Key="a", Tagging=tags(**{f"k{n}": "v" for n in range(10)}))
    eleven = tags(**{f"k{n}": "v" for n in range(11)})
    error = refused(s3.put_object_tagging, Bucket="shelf", Key="a", Tagging=eleven)
    assert (error["Code"], error["Message"]) == ("BadRequest", "Object tags cannot be greater than 10")


def test_an_object_is_tagged_by_the_header_that_made_it(s3):
    s3.put_object(Bucket="shelf", Key="a", Body=b"1", Tagging="b=2&a=x%20y&c")
    assert s3.get_object_tagging(Bucket="shelf", Key="a")["TagSet"] == tags(a="x y", b="2", c="")["TagSet"]
    assert s3.get_object(Bucket="shelf", Key="a")["TagCount"] == 3
    s3.delete_object_tagging(Bucket="shelf", Key="a")
    assert s3.get_object_tagging(Bucket="shelf", Key="a")["TagSet"] == []
    assert "TagCount" not in s3.get_object(Bucket="shelf", Key="a")


@pytest.mark.parametrize("header", ["a=1&a=2", "a=1,b=2=3", "TagSet=[{Key=a,Value=b}]"])
def test_a_tagging_header_that_is_no_query_string_is_refused(s3, header):
    error = refused(s3.put_object, Bucket="shelf", Key="a", Body=b"1", Tagging=header)
    assert (error["Code"], error["ArgumentValue"]) == ("InvalidArgument", header)


def test_tags_belong_to_a_version_and_a_delete_marker_has_none(s3):
    s3.put_bucket_versioning(Bucket="shelf", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="shelf", Key="a", Body=b"1", Tagging="v=1")["VersionId"]
    second = s3.put_object(Bucket="shelf", Key="a", Body=b"2", Tagging="v=2")["VersionId"]
    answer = s3.put_object_tagging(Bucket="shelf", Key="a", Tagging=tags(v="two"))
    assert answer["VersionId"] == second
    assert s3.get_object_tagging(Bucket="shelf", Key="a", VersionId=first)["TagSet"] == tags(v="1")["TagSet"]
    s3.delete_object(Bucket="shelf", Key="a")
    error = refused(s3.get_object_tagging, Bucket="shelf", Key="a")
    assert (error["Code"], error["Method"], error["ResourceType"]) == ("MethodNotAllowed", "GET", "DeleteMarker")


def test_the_tags_of_what_is_not_there_cannot_be_asked_for(s3):
    assert refused(s3.get_object_tagging, Bucket="shelf", Key="nothing")["Code"] == "NoSuchKey"
    assert refused(s3.put_bucket_tagging, Bucket="nowhere", Tagging=tags(a="1"))["Code"] == "NoSuchBucket"


def test_a_tag_set_that_lacks_a_value_is_malformed(s3):
    error = refused(s3.put_bucket_tagging, Bucket="shelf", Tagging={"TagSet": [{"Key": "a"}]})
    assert error["Code"] == "MalformedXML"


# ACLs


def test_acls_are_off_in_a_new_bucket(s3):
    s3.put_object(Bucket="shelf", Key="a", Body=b"1")
    assert refused(s3.put_bucket_acl, Bucket="shelf", ACL="private")["Code"] == "AccessControlListNotSupported"
    error = refused(s3.put_object_acl, Bucket="shelf", Key="a", ACL="public-read")
    assert (error["Code"], error["Message"]) == ("AccessControlListNotSupported", "The bucket does not allow ACLs")
    assert refused(s3.put_object, Bucket="shelf", Key="b", ACL="private")["Code"] == "AccessControlListNotSupported"
    s3.put_object(Bucket="shelf", Key="b", ACL="bucket-owner-full-control")
    acl = s3.get_bucket_acl(Bucket="shelf")
    assert [grant["Permission"] for grant in acl["Grants"]] == ["FULL_CONTROL"]
    assert acl["Grants"][0]["Grantee"] == {"Type": "CanonicalUser", "ID": acl["Owner"]["ID"]}
    assert s3.get_object_acl(Bucket="shelf", Key="a")["Grants"] == acl["Grants"]


def test_a_canned_acl_grants_to_everybody(open_shelf):
    open_shelf.put_bucket_acl(Bucket="shelf", ACL="public-read-write")
    grants = open_shelf.get_bucket_acl(Bucket="shelf")["Grants"]
    assert [(grant["Grantee"].get("URI"), grant["Permission"]) for grant in grants] == [
        (None, "FULL_CONTROL"), (ALL_USERS, "READ"), (ALL_USERS, "WRITE"),
    ]  # fmt: skip
    open_shelf.put_object(Bucket="shelf", Key="a", Body=b"1", ACL="public-read")
    grants = open_shelf.get_object_acl(Bucket="shelf", Key="a")["Grants"]
    assert {grant["Permission"] for grant in grants} == {"FULL_CONTROL", "READ"}


def test_headers_and_documents_grant_too(open_shelf):
    someone = "c" * 64
    open_shelf.put_object(Bucket="shelf", Key="a", Body=b"1", GrantRead=f'id="{someone}", uri="{ALL_USERS}"')
    grants = open_shelf.get_object_acl(Bucket="shelf", Key="a")["Grants"]
    assert [grant["Grantee"].get("ID") or grant["Grantee"]["URI"] for grant in grants] == [someone, ALL_USERS]
    acl = open_shelf.get_object_acl(Bucket="shelf", Key="a")
    wanted = [{"Grantee": {"Type": "CanonicalUser", "ID": someone}, "Permission": "WRITE_ACP"}]
    document = {"Owner": acl["Owner"], "Grants": wanted}
    open_shelf.put_object_acl(Bucket="shelf", Key="a", AccessControlPolicy=document)
    assert open_shelf.get_object_acl(Bucket="shelf", Key="a")["Grants"] == wanted


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({"ACL": "public-ready"}, "InvalidArgument", None),
        ({"GrantRead": "uri=http://example.com/group"}, "InvalidArgument", "Invalid group uri"),
        ({"GrantRead": "id=nobody"}, "InvalidArgument", "Invalid id"),
        ({"GrantRead": "nonsense"}, "InvalidArgument", "Argument format not recognized"),
        ({"GrantRead": "emailAddress=a@example.com"}, "MethodNotAllowed", None),
        ({"ACL": "private", "GrantRead": "id=" + "a" * 64}, "InvalidRequest",
         "Specifying both Canned ACLs and Header Grants is not allowed"),
        ({}, "MissingSecurityHeader", "Your request was missing a required header"),
        ({"ACL": "private", "AccessControlPolicy": {"Grants": [], "Owner": {"ID": "a" * 64}}}, "UnexpectedContent",
         "This request does not support content"),
        ({"AccessControlPolicy": {"Grants": []}}, "MalformedACLError", None),
        ({"AccessControlPolicy": {"Grants": [], "Owner": {"ID": "a" * 64}}}, "AccessDenied", None),
    ],
)  # fmt: skip
def test_an_acl_that_makes_no_sense_is_refused(open_shelf, params, code, message):
    error = refused(open_shelf.put_bucket_acl, Bucket="shelf", **params)
    assert error["Code"] == code
    assert message is None or error["Message"] == message


def test_public_acls_can_be_blocked(open_shelf):
    open_shelf.put_public_access_block(
        Bucket="shelf", PublicAccessBlockConfiguration=NO_BLOCKS | {"BlockPublicAcls": True}
    )
    error = refused(open_shelf.put_bucket_acl, Bucket="shelf", ACL="public-read")
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)
    assert "BlockPublicAcls" in error["Message"]
    assert refused(open_shelf.put_object, Bucket="shelf", Key="a", ACL="public-read")["Code"] == "AccessDenied"


def test_a_new_bucket_gets_an_acl_only_where_acls_count(s3):
    error = refused(s3.create_bucket, Bucket="other", ACL="public-read")
    assert error["Code"] == "InvalidBucketAclWithObjectOwnership"
    error = refused(s3.create_bucket, Bucket="other", ACL="public-read", ObjectOwnership="ObjectWriter")
    assert error["Code"] == "InvalidBucketAclWithBlockPublicAccessError"
    s3.create_bucket(Bucket="other", ACL="private")
    s3.create_bucket(Bucket="logged", ACL="log-delivery-write", ObjectOwnership="ObjectWriter")
    grants = s3.get_bucket_acl(Bucket="logged")["Grants"]
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL", "WRITE", "READ_ACP"]


# Policies


def test_a_policy_is_kept_as_it_was_sent(s3):
    text = policy(principal={"AWS": "arn:aws:iam::111122223333:root"})
    answer = s3.put_bucket_policy(Bucket="shelf", Policy=text)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_bucket_policy(Bucket="shelf")["Policy"] == text
    assert s3.get_bucket_policy_status(Bucket="shelf")["PolicyStatus"] == {"IsPublic": False}
    s3.delete_bucket_policy(Bucket="shelf")
    s3.delete_bucket_policy(Bucket="shelf")
    error = refused(s3.get_bucket_policy, Bucket="shelf")
    assert (error["Code"], error["Message"], error["Status"]) == (
        "NoSuchBucketPolicy", "The bucket policy does not exist", 404,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Policies must be valid JSON and the first byte must be '{'"),
        ("invalid", "Policies must be valid JSON and the first byte must be '{'"),
        ("{", "This policy contains invalid Json"),
        ("{}", "Missing required field Statement"),
        ('{"Version": "2020-01-01", "Statement": []}', "The policy must contain a valid version string"),
        ('{"Statement": []}', "Could not parse the policy: Statement is empty!"),
        ('{"Statement": [], "Statements": 1}', "Unknown field Statements"),
        (policy(effect="Maybe"), "Invalid effect: Maybe"),
        (policy(principal={"AWS": "somebody"}), "Invalid principal in policy"),
        (policy(principal={"AWS": "arn:aws:iam::111122223333:user/*"}), "Invalid principal in policy"),
        (policy(action="ec2:RunInstances"), "Policy has invalid action"),
        (policy(action="s3:Frobnicate"), "Policy has invalid action"),
        (policy(resource="arn:aws:s3:::other/*"), "Policy has invalid resource"),
        (policy(resource="*"), "Policy has invalid resource"),
        (policy(resource="arn:aws:s3:::shelf"), "Action does not apply to any resource(s) in statement"),
        (policy(action="s3:ListBucket"), "Action does not apply to any resource(s) in statement"),
        (policy(Condition={"StringLooksLike": {"aws:userid": "a"}}), "Invalid Condition type : StringLooksLike"),
    ],
)
def test_a_policy_that_means_nothing_is_malformed(s3, text, message):
    error = refused(s3.put_bucket_policy, Bucket="shelf", Policy=text)
    assert (error["Code"], error["Message"]) == ("MalformedPolicy", message)


def test_a_statement_may_name_the_bucket_and_its_objects_together(s3):
    both = ["arn:aws:s3:::shelf", "arn:aws:s3:::shelf/*"]
    text = policy(effect="Deny", action="s3:*", resource=both, Condition={"Bool": {"aws:SecureTransport": "false"}})
    s3.put_bucket_policy(Bucket="shelf", Policy=text)
    assert json.loads(s3.get_bucket_policy(Bucket="shelf")["Policy"])["Statement"][0]["Resource"] == both


def test_a_public_policy_needs_the_block_lifted(s3):
    error = refused(s3.put_bucket_policy, Bucket="shelf", Policy=policy())
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)
    assert error["Message"].endswith(
        "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
    )
    s3.put_public_access_block(Bucket="shelf", PublicAccessBlockConfiguration=NO_BLOCKS)
    s3.put_bucket_policy(Bucket="shelf", Policy=policy())
    assert s3.get_bucket_policy_status(Bucket="shelf")["PolicyStatus"] == {"IsPublic": True}


@pytest.mark.parametrize(
    ("condition", "public"),
    [
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, False),
        ({"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}, True),
        ({"StringEquals": {"aws:SourceVpc": "vpc-1"}}, False),
        ({"StringLike": {"aws:SourceVpc": "vpc-*"}}, True),
        ({"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}, True),
        ({"StringEquals": {"aws:UserAgent": "me"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
    ],
)
def test_a_condition_can_keep_a_policy_from_being_public(s3, condition, public):
    s3.put_public_access_block(Bucket="shelf", PublicAccessBlockConfiguration=NO_BLOCKS)
    s3.put_bucket_policy(Bucket="shelf", Policy=policy(Condition=condition))
    assert s3.get_bucket_policy_status(Bucket="shelf")["PolicyStatus"]["IsPublic"] is public


# Block public access and ownership


def test_a_new_bucket_blocks_all_public_access(s3):
    blocks = s3.get_public_access_block(Bucket="shelf")["PublicAccessBlockConfiguration"]
    assert blocks == dict.fromkeys(NO_BLOCKS, True)
    s3.put_public_access_block(Bucket="shelf", PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    blocks = s3.get_public_access_block(Bucket="shelf")["PublicAccessBlockConfiguration"]
    assert blocks == NO_BLOCKS | {"BlockPublicAcls": True}
    s3.delete_public_access_block(Bucket="shelf")
    s3.delete_public_access_block(Bucket="shelf")
    error = refused(s3.get_public_access_block, Bucket="shelf")
    assert (error["Code"], error["Status"]) == ("NoSuchPublicAccessBlockConfiguration", 404)


def test_ownership_can_be_changed_and_given_up(s3):
    def ownership():
        return s3.get_bucket_ownership_controls(Bucket="shelf")["OwnershipControls"]["Rules"]

    assert ownership() == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    preferred = [{"ObjectOwnership": "BucketOwnerPreferred"}]
    s3.put_bucket_ownership_controls(Bucket="shelf", OwnershipControls={"Rules": preferred})
    assert ownership() == preferred
    s3.delete_bucket_ownership_controls(Bucket="shelf")
    error = refused(ownership)
    assert (error["Code"], error["Status"]) == ("OwnershipControlsNotFoundError", 404)


@pytest.mark.parametrize("rules", [[], [{"ObjectOwnership": "Mine"}], [{"ObjectOwnership": "ObjectWriter"}] * 2, [{}]])
def test_an_ownership_that_does_not_exist_is_malformed(s3, rules):
    error = refused(s3.put_bucket_ownership_controls, Bucket="shelf", OwnershipControls={"Rules": rules})
    assert error["Code"] == "MalformedXML"


def test_acls_cannot_be_turned_off_while_they_grant_something(open_shelf):
    open_shelf.put_bucket_acl(Bucket="shelf", ACL="public-read")
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    error = refused(open_shelf.put_bucket_ownership_controls, Bucket="shelf", OwnershipControls=controls)
    assert error["Code"] == "InvalidBucketAclWithObjectOwnership"


# What a bucket has not


def test_a_bucket_answers_truly_for_what_it_does_not_have(s3):
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket="shelf")
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket="shelf")
    assert s3.get_bucket_request_payment(Bucket="shelf")["Payer"] == "BucketOwner"
    assert s3.list_bucket_metrics_configurations(Bucket="shelf")["IsTruncated"] is False
    for listing in ("analytics", "inventory", "intelligent_tiering"):
        answer = getattr(s3, f"list_bucket_{listing}_configurations")(Bucket="shelf")
        assert answer["IsTruncated"] is False


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("get_bucket_cors", {}, "NoSuchCORSConfiguration"),
        ("get_bucket_lifecycle_configuration", {}, "NoSuchLifecycleConfiguration"),
        ("get_bucket_replication", {}, "ReplicationConfigurationNotFoundError"),
        ("get_bucket_website", {}, "NoSuchWebsiteConfiguration"),
        ("get_object_lock_configuration", {}, "ObjectLockConfigurationNotFoundError"),
        ("get_bucket_metrics_configuration", {"Id": "m"}, "NoSuchConfiguration"),
        ("get_bucket_inventory_configuration", {"Id": "m"}, "NoSuchConfiguration"),
    ],
)
def test_a_setting_that_was_never_made_is_not_found(s3, method, params, code):
    error = refused(getattr(s3, method), Bucket="shelf", **params)
    assert (error["Code"], error["Status"]) == (code, 404)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("put_bucket_logging", {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "b", "TargetPrefix": ""}}}),
        ("put_bucket_accelerate_configuration", {"AccelerateConfiguration": {"Status": "Enabled"}}),
        ("put_bucket_request_payment", {"RequestPaymentConfiguration": {"Payer": "Requester"}}),
        ("put_bucket_metrics_configuration", {"Id": "m", "MetricsConfiguration": {"Id": "m"}}),
    ],
)
def test_a_setting_that_would_do_nothing_is_refused_in_words(s3, method, params):
    error = refused(getattr(s3, method), Bucket="shelf", **params)
    assert (error["Code"], error["Status"]) == ("NotSupported", 501)
    assert "not supported by Glasshouse" in error["Message"]


# What happens next


def test_a_bucket_made_anew_has_none_of_the_old_settings(s3):
    s3.put_bucket_tagging(Bucket="shelf", Tagging=tags(a="1"))
    s3.put_public_access_block(Bucket="shelf", PublicAccessBlockConfiguration=NO_BLOCKS)
    s3.put_bucket_policy(Bucket="shelf", Policy=policy())
    s3.delete_bucket(Bucket="shelf")
    s3.create_bucket(Bucket="shelf")
    assert refused(s3.get_bucket_tagging, Bucket="shelf")["Code"] == "NoSuchTagSet"
    assert refused(s3.get_bucket_policy, Bucket="shelf")["Code"] == "NoSuchBucketPolicy"
    assert s3.get_public_access_block(Bucket="shelf")["PublicAccessBlockConfiguration"]["BlockPublicPolicy"] is True


def test_settings_are_only_for_the_expected_owner(s3):
    error = refused(s3.get_bucket_acl, Bucket="shelf", ExpectedBucketOwner="999999999999")
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)
    s3.get_bucket_acl(Bucket="shelf", ExpectedBucketOwner="000000000000")
