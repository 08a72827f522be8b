"""IAM: what is refused, what is done, what happens next."""

import base64
import csv
import hmac
import io
import json
import time

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def policy(action, effect="Allow", resource="*", **more):
    statement = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def iam(aws):
    return aws("iam")


@pytest.fixture
def user(aws, iam):
    """`user("name", *policies)` gives the options of a client that signs as that user."""

    def make(name, *documents):
        iam.create_user(UserName=name)
        for number, document in enumerate(documents):
            iam.put_user_policy(UserName=name, PolicyName=f"p{number}", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}

    return make


def refused(action, code, message=""):
    with pytest.raises(ClientError) as failure:
        action()
    error = failure.value.response["Error"]
    assert error["Code"] == code
    assert message in error["Message"]


# What is refused


def test_what_is_not_there_is_said_by_kind_and_name(iam):
    refused(lambda: iam.get_user(UserName="x"), "NoSuchEntity", "The user with name x cannot be found.")
    refused(lambda: iam.get_group(GroupName="x"), "NoSuchEntity", "The group with name x cannot be found.")
    refused(lambda: iam.get_role(RoleName="x"), "NoSuchEntity", "The role with name x cannot be found.")
    arn = f"arn:aws:iam::{ACCOUNT}:policy/x"
    refused(lambda: iam.get_policy(PolicyArn=arn), "NoSuchEntity", f"Policy {arn} was not found.")
    iam.create_user(UserName="u")
    attach = lambda: iam.attach_user_policy(UserName="u", PolicyArn=arn)  # noqa: E731
    refused(attach, "NoSuchEntity", "does not exist or is not attachable")


def test_names_are_taken_whatever_the_case_of_their_letters(iam):
    iam.create_user(UserName="Bob")
    refused(lambda: iam.create_user(UserName="bob"), "EntityAlreadyExists", "User with name bob already exists.")
    iam.create_role(RoleName="Role", AssumeRolePolicyDocument=TRUST)
    again = lambda: iam.create_role(RoleName="ROLE", AssumeRolePolicyDocument=TRUST)  # noqa: E731
    refused(again, "EntityAlreadyExists", "Role with name ROLE already exists.")


@pytest.mark.parametrize(
    "document",
    ["not json", "{}", policy("nonsense"), policy("s3:*", effect="Maybe"), TRUST, policy("s3:*", resource="x")],
)
def test_a_malformed_policy_is_not_stored(iam, document):
    iam.create_user(UserName="u")
    put = lambda: iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)  # noqa: E731
    refused(put, "MalformedPolicyDocument")
    assert iam.list_user_policies(UserName="u")["PolicyNames"] == []


def test_a_trust_policy_names_principals_and_no_resources(iam):
    create = lambda document: iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)  # noqa: E731
    refused(lambda: create(policy("sts:AssumeRole")), "MalformedPolicyDocument")
    assert iam.list_roles()["Roles"] == []


def test_what_still_has_something_is_not_deleted(iam):
    iam.create_user(UserName="u")
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName="u")
    refused(lambda: iam.delete_user(UserName="u"), "DeleteConflict", "must remove users from group first")
    refused(lambda: iam.delete_group(GroupName="g"), "DeleteConflict", "must remove users from group first")
    iam.remove_user_from_group(GroupName="g", UserName="u")
    iam.attach_user_policy(UserName="u", PolicyArn=READ_ONLY)
    refused(lambda: iam.delete_user(UserName="u"), "DeleteConflict", "must detach all policies first")
    iam.detach_user_policy(UserName="u", PolicyArn=READ_ONLY)
    key = iam.create_access_key(UserName="u")["AccessKey"]["AccessKeyId"]
    refused(lambda: iam.delete_user(UserName="u"), "DeleteConflict", "must delete access keys first")
    iam.delete_access_key(UserName="u", AccessKeyId=key)
    iam.delete_user(UserName="u")
    assert iam.list_users()["Users"] == []


def test_quotas_hold(iam):
    iam.create_user(UserName="u")
    for _ in range(2):
        iam.create_access_key(UserName="u")
    refused(lambda: iam.create_access_key(UserName="u"), "LimitExceeded", "AccessKeysPerUser: 2")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=policy("s3:*"))["Policy"]["Arn"]
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("s3:*"))
    more = lambda: iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("s3:*"))  # noqa: E731
    refused(more, "LimitExceeded", "can have up to 5 versions")
    refused(lambda: iam.delete_policy(PolicyArn=arn), "DeleteConflict", "more than one version")


# What is done


def test_a_user_has_a_path_tags_and_a_boundary(iam):
    created = iam.create_user(
        UserName="u", Path="/team/", PermissionsBoundary=READ_ONLY, Tags=[{"Key": "a", "Value": "1"}]
    )["User"]
    assert created["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/u"
    assert created["UserId"].startswith("AIDA")
    user = iam.get_user(UserName="u")["User"]
    assert user["PermissionsBoundary"] == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": READ_ONLY}
    assert user["Tags"] == [{"Key": "a", "Value": "1"}]
    assert [u["UserName"] for u in iam.list_users(PathPrefix="/team/")["Users"]] == ["u"]
    assert iam.list_users(PathPrefix="/other/")["Users"] == []
    iam.update_user(UserName="u", NewUserName="v", NewPath="/")
    assert iam.get_user(UserName="v")["User"]["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/v"
    assert iam.list_user_tags(UserName="v")["Tags"] == [{"Key": "a", "Value": "1"}]


def test_pages_of_users(iam):
    for number in range(5):
        iam.create_user(UserName=f"u{number}")
    pages = iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 2})
    assert [[user["UserName"] for user in page["Users"]] for page in pages] == [["u0", "u1"], ["u2", "u3"], ["u4"]]


def test_documents_come_back_as_they_were_given(iam):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, Description="d", MaxSessionDuration=7200)
    role = iam.get_role(RoleName="r")["Role"]
    assert role["AssumeRolePolicyDocument"] == json.loads(TRUST)
    assert (role["Description"], role["MaxSessionDuration"]) == ("d", 7200)
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy("s3:Get*"))
    assert iam.get_role_policy(RoleName="r", PolicyName="p")["PolicyDocument"] == json.loads(policy("s3:Get*"))
    assert iam.list_role_policies(RoleName="r")["PolicyNames"] == ["p"]


def test_versions_of_a_managed_policy(iam):
    arn = iam.create_policy(PolicyName="p", PolicyDocument=policy("s3:Get*"))["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("s3:*"), SetAsDefault=True)
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [(v["VersionId"], v["IsDefaultVersion"]) for v in versions] == [("v2", True), ("v1", False)]
    refused(lambda: iam.delete_policy_version(PolicyArn=arn, VersionId="v2"), "DeleteConflict")
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    document = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"]
    assert document == json.loads(policy("s3:Get*"))
    iam.create_group(GroupName="g")
    iam.attach_group_policy(GroupName="g", PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    assert iam.list_entities_for_policy(PolicyArn=arn)["PolicyGroups"][0]["GroupName"] == "g"
    refused(lambda: iam.delete_policy(PolicyArn=arn), "DeleteConflict", "attached to entities")
    assert [p["PolicyName"] for p in iam.list_policies(Scope="Local", OnlyAttached=True)["Policies"]] == ["p"]


def test_the_policies_of_aws_are_there(iam):
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    found = iam.get_policy(PolicyArn=arn)["Policy"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=found["DefaultVersionId"])["PolicyVersion"]["Document"]
    actions = document["Statement"][0]["Action"]
    assert sorted(actions) == ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]


def test_instance_profiles_hold_one_role(iam):
    for name in ("r", "s"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    iam.create_instance_profile(InstanceProfileName="ip")
    iam.add_role_to_instance_profile(InstanceProfileName="ip", RoleName="r")
    add = lambda: iam.add_role_to_instance_profile(InstanceProfileName="ip", RoleName="s")  # noqa: E731
    refused(add, "LimitExceeded")
    assert iam.list_instance_profiles_for_role(RoleName="r")["InstanceProfiles"][0]["InstanceProfileName"] == "ip"
    refused(lambda: iam.delete_role(RoleName="r"), "DeleteConflict", "remove roles from instance profile")
    iam.remove_role_from_instance_profile(InstanceProfileName="ip", RoleName="r")
    iam.delete_instance_profile(InstanceProfileName="ip")
    iam.delete_role(RoleName="r")
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == ["s"]


def test_the_account_and_what_is_in_it(iam):
    iam.create_user(UserName="u")
    iam.create_account_alias(AccountAlias="glass")
    iam.create_account_alias(AccountAlias="house")
    assert iam.list_account_aliases()["AccountAliases"] == ["house"]
    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["Users"], summary["UsersQuota"]) == (1, 5000)
    refused(iam.get_account_password_policy, "NoSuchEntity")
    iam.update_account_password_policy(MinimumPasswordLength=12, RequireNumbers=True)
    assert iam.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] == 12
    short = lambda: iam.create_login_profile(UserName="u", Password="short1")  # noqa: E731
    refused(short, "PasswordPolicyViolation", "minimum length of 12")
    iam.create_login_profile(UserName="u", Password="long enough 1")
    assert iam.get_login_profile(UserName="u")["LoginProfile"]["UserName"] == "u"
    details = iam.get_account_authorization_details(Filter=["User"])
    assert [user["UserName"] for user in details["UserDetailList"]] == ["u"]


def code(seed, step):
    digest = hmac.digest(base64.b32decode(seed), step.to_bytes(8), "sha1")
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF) % 1_000_000:06d}"


def test_an_mfa_device_is_enabled_by_two_codes_in_a_row(iam):
    iam.create_user(UserName="u")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    seed, serial, step = device["Base32StringSeed"], device["SerialNumber"], int(time.time()) // 30
    enable = {"UserName": "u", "SerialNumber": serial}
    wrong = lambda: iam.enable_mfa_device(AuthenticationCode1="000000", AuthenticationCode2="000000", **enable)  # noqa: E731
    refused(wrong, "InvalidAuthenticationCode")
    iam.enable_mfa_device(AuthenticationCode1=code(seed, step - 1), AuthenticationCode2=code(seed, step), **enable)
    assert [found["SerialNumber"] for found in iam.list_mfa_devices(UserName="u")["MFADevices"]] == [serial]
    refused(lambda: iam.delete_virtual_mfa_device(SerialNumber=serial), "DeleteConflict")
    iam.deactivate_mfa_device(**enable)
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []


def test_the_simulator_tells_decision_and_statement(iam):
    documents = [policy("s3:Get*"), policy("s3:GetObjectAcl", effect="Deny", Sid="No")]
    answer = iam.simulate_custom_policy(
        PolicyInputList=documents, ActionNames=["s3:GetObject", "s3:GetObjectAcl", "s3:PutObject"]
    )
    results = {result["EvalActionName"]: result for result in answer["EvaluationResults"]}
    assert {name: result["EvalDecision"] for name, result in results.items()} == {
        "s3:GetObject": "allowed",
        "s3:GetObjectAcl": "explicitDeny",
        "s3:PutObject": "implicitDeny",
    }
    assert [s["SourcePolicyId"] for s in results["s3:GetObjectAcl"]["MatchedStatements"]] == ["PolicyInputList.2"]
    iam.create_user(UserName="u", PermissionsBoundary=READ_ONLY)
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=policy("s3:*"))
    arn = f"arn:aws:iam::{ACCOUNT}:user/u"
    answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["s3:DeleteBucket"])
    result = answer["EvaluationResults"][0]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}


def test_conditions_of_a_simulation_come_from_its_entries(iam):
    document = policy("s3:GetObject", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}})
    assert iam.get_context_keys_for_custom_policy(PolicyInputList=[document])["ContextKeyNames"] == [
        "aws:principaltag/team"
    ]
    ask = {"PolicyInputList": [document], "ActionNames": ["s3:GetObject"]}
    missing = iam.simulate_custom_policy(**ask)["EvaluationResults"][0]
    assert (missing["EvalDecision"], missing["MissingContextValues"]) == ("implicitDeny", ["aws:principaltag/team"])
    entry = {"ContextKeyName": "aws:PrincipalTag/team", "ContextKeyValues": ["blue"], "ContextKeyType": "string"}
    assert (
        iam.simulate_custom_policy(**ask, ContextEntries=[entry])["EvaluationResults"][0]["EvalDecision"] == "allowed"
    )


# What happens next


def test_a_new_user_may_do_nothing_but_ask_who_they_are(aws, user):
    bob = user("bob")
    assert aws("sts", **bob).get_caller_identity()["Arn"].endswith(":user/bob")
    refused(
        lambda: aws("s3", **bob).list_buckets(),
        "AccessDenied",
        "because no identity-based policy allows the s3:ListAllMyBuckets action",
    )
    refused(lambda: aws("sqs", **bob).list_queues(), "AccessDenied")
    refused(lambda: aws("ssm", **bob).describe_parameters(), "AccessDeniedException")
    refused(lambda: aws("logs", **bob).describe_log_groups(), "AccessDeniedException")
    refused(lambda: aws("iam", **bob).list_users(), "AccessDenied", "iam:ListUsers")


def test_a_policy_decides_the_very_next_call(aws, iam, user):
    bob = user("bob", policy("ssm:GetParameter", resource="arn:aws:ssm:*:*:parameter/app/*"))
    for name in ("/app/a", "/other/a"):
        aws("ssm").put_parameter(Name=name, Value="v", Type="String")
    ssm = aws("ssm", **bob)
    assert ssm.get_parameter(Name="/app/a")["Parameter"]["Value"] == "v"
    refused(lambda: ssm.get_parameter(Name="/other/a"), "AccessDeniedException", "parameter/other/a")
    iam.put_user_policy(UserName="bob", PolicyName="deny", PolicyDocument=policy("ssm:*", effect="Deny"))
    refused(
        lambda: ssm.get_parameter(Name="/app/a"), "AccessDeniedException", "explicit deny in an identity-based policy"
    )
    iam.delete_user_policy(UserName="bob", PolicyName="deny")
    assert ssm.get_parameter(Name="/app/a")["Parameter"]["Value"] == "v"


def test_permissions_come_from_groups_and_end_with_the_boundary(aws, iam, user):
    bob = user("bob")
    iam.create_group(GroupName="g")
    iam.attach_group_policy(GroupName="g", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.add_user_to_group(GroupName="g", UserName="bob")
    assert aws("sqs", **bob).create_queue(QueueName="q")["QueueUrl"]
    iam.put_user_permissions_boundary(UserName="bob", PermissionsBoundary=READ_ONLY)
    refused(
        lambda: aws("sqs", **bob).create_queue(QueueName="r"), "AccessDenied", "because no permissions boundary allows"
    )


def test_an_inactive_key_signs_nothing(aws, iam, user):
    bob = user("bob", policy("*"))
    key = {"UserName": "bob", "AccessKeyId": bob["aws_access_key_id"]}
    assert aws("s3", **bob).list_buckets()["Buckets"] == []
    iam.update_access_key(Status="Inactive", **key)
    refused(lambda: aws("sts", **bob).get_caller_identity(), "InvalidClientTokenId")
    iam.update_access_key(Status="Active", **key)
    assert aws("sts", **bob).get_caller_identity()["Account"] == ACCOUNT
    iam.delete_access_key(**key)
    refused(lambda: aws("sts", **bob).get_caller_identity(), "InvalidClientTokenId")


def test_a_bucket_policy_grants_and_denies(aws, user):
    s3, bob = aws("s3", region="us-east-1"), user("bob")
    s3.create_bucket(Bucket="shared")
    s3.put_object(Bucket="shared", Key="open/a", Body=b"a")
    s3.put_object(Bucket="shared", Key="closed/a", Body=b"a")
    grant = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"},
                "Action": "s3:GetObject",
                "Resource": "arn:aws:s3:::shared/*",
            },
            {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shared/closed/*"},
        ],
    }
    s3.put_bucket_policy(Bucket="shared", Policy=json.dumps(grant))
    theirs = aws("s3", region="us-east-1", **bob)
    assert theirs.get_object(Bucket="shared", Key="open/a")["Body"].read() == b"a"
    refused(lambda: theirs.get_object(Bucket="shared", Key="closed/a"), "AccessDenied", "explicit deny")
    refused(lambda: s3.get_object(Bucket="shared", Key="closed/a"), "AccessDenied", "explicit deny")
    refused(lambda: theirs.put_object(Bucket="shared", Key="open/b", Body=b""), "AccessDenied")


def test_a_role_is_passed_only_by_those_who_may(aws, iam, user):
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    bob = user("bob", policy("logs:*"))
    logs = aws("logs", **bob)
    logs.create_log_group(logGroupName="g")
    subscription = {
        "logGroupName": "g",
        "filterName": "f",
        "filterPattern": "",
        "destinationArn": f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/s",
        "roleArn": role,
    }
    refused(lambda: logs.put_subscription_filter(**subscription), "AccessDeniedException", "iam:PassRole on resource")
    iam.put_user_policy(UserName="bob", PolicyName="pass", PolicyDocument=policy("iam:PassRole", resource=role))
    # What is refused now is the test message: there is no such stream.
    refused(lambda: logs.put_subscription_filter(**subscription), "InvalidParameterException", "Could not deliver")


def test_the_credential_report_lists_the_users(iam, cloud):
    iam.create_user(UserName="u")
    refused(iam.get_credential_report, "ReportNotPresent")
    assert iam.generate_credential_report()["State"] == "STARTED"
    cloud.settle()
    report = iam.get_credential_report()
    rows = list(csv.DictReader(io.StringIO(report["Content"].decode())))
    told = [(row["user"], row["password_enabled"], row["mfa_active"]) for row in rows]
    assert told == [("<root_account>", "not_supported", "false"), ("u", "false", "false")]
    assert (rows[0]["arn"], rows[0]["cert_2_last_rotated"]) == ("arn:aws:iam::000000000000:root", "N/A")
