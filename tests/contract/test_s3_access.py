"""S3: who may use a bucket: ACLs, policies, block public access, object ownership."""

import json

import pytest

from tests.contract.s3_box import refused

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


def policy(effect="Allow", principal="*", action="s3:GetObject", resource="arn:aws:s3:::shelf/*", **more):
    statement = {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


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


def test_many_objects_are_deleted_as_far_as_one_may(aws, s3):
    for key in ("mine/a", "mine/b", "theirs/c"):
        s3.put_object(Bucket="shelf", Key=key, Body=b"1")
    iam = aws("iam")
    iam.create_user(UserName="bob")
    statement = {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::shelf/mine/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    theirs = aws("s3", region="us-east-1", **keys)
    answer = theirs.delete_objects(Bucket="shelf", Delete={"Objects": [{"Key": "mine/a"}, {"Key": "theirs/c"}]})
    assert [each["Key"] for each in answer["Deleted"]] == ["mine/a"]
    assert [(each["Key"], each["Code"]) for each in answer["Errors"]] == [("theirs/c", "AccessDenied")]
    assert [each["Key"] for each in s3.list_objects_v2(Bucket="shelf")["Contents"]] == ["mine/b", "theirs/c"]


def test_whoever_copies_must_be_allowed_to_read_the_source(aws, s3):
    s3.create_bucket(Bucket="desk")
    s3.put_object(Bucket="shelf", Key="a b", Body=b"1")
    s3.put_object(Bucket="shelf", Key="secret", Body=b"1")
    iam = aws("iam")
    iam.create_user(UserName="clerk")
    statements = [
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shelf/a b"},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="clerk", PolicyName="may", PolicyDocument=document)
    keys = iam.create_access_key(UserName="clerk")["AccessKey"]
    clerk = aws("s3", region="us-east-1", aws_access_key_id=keys["AccessKeyId"],
                aws_secret_access_key=keys["SecretAccessKey"])  # fmt: skip
    clerk.copy_object(Bucket="desk", Key="copy", CopySource="shelf/a b")
    error = refused(clerk.copy_object, Bucket="desk", Key="copy", CopySource="shelf/secret")
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)
    assert "s3:GetObject" in error["Message"]
    upload = clerk.create_multipart_upload(Bucket="desk", Key="parts")["UploadId"]
    part = {"Bucket": "desk", "Key": "parts", "UploadId": upload, "PartNumber": 1}
    assert refused(clerk.upload_part_copy, **part, CopySource="shelf/secret")["Code"] == "AccessDenied"


def test_a_delete_marker_has_no_acl(open_shelf):
    open_shelf.put_bucket_versioning(Bucket="shelf", VersioningConfiguration={"Status": "Enabled"})
    open_shelf.put_object(Bucket="shelf", Key="a", Body=b"1")
    marker = open_shelf.delete_object(Bucket="shelf", Key="a")["VersionId"]
    named = {"Bucket": "shelf", "Key": "a"}
    for params in (named, {**named, "VersionId": marker}):
        error = refused(open_shelf.put_object_acl, ACL="private", **params)
        assert (error["Code"], error["Method"]) == ("MethodNotAllowed", "PUT")
    assert refused(open_shelf.get_object_acl, **named)["Code"] == "NoSuchKey"
