"""The access advisor, and the last use of keys and roles: told from what was really called."""

import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"


def allow(*actions):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def refused(action, code):
    with pytest.raises(ClientError) as failure:
        action()
    assert failure.value.response["Error"]["Code"] == code


@pytest.fixture
def iam(aws):
    return aws("iam")


@pytest.fixture
def bob(iam):
    """A user that may use ssm and sqs: the options of a client."""
    iam.create_user(UserName="bob")
    iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=allow("ssm:*", "sqs:Get*", "sts:*"))
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


BOB = f"arn:aws:iam::{ACCOUNT}:user/bob"


def report(iam, cloud, arn, **more):
    job = iam.generate_service_last_accessed_details(Arn=arn, **more)["JobId"]
    cloud.settle()
    answer = iam.get_service_last_accessed_details(JobId=job, MaxItems=1000)
    assert answer["JobStatus"] == "COMPLETED"
    return job, {service["ServiceNamespace"]: service for service in answer["ServicesLastAccessed"]}


def minute(cloud):
    return datetime.fromtimestamp(cloud.clock.now() // 60 * 60, UTC)


# What is refused


def test_a_report_about_nobody(iam):
    refused(lambda: iam.generate_service_last_accessed_details(Arn=f"{BOB}x"), "NoSuchEntity")
    refused(lambda: iam.get_service_last_accessed_details(JobId="0" * 36), "NoSuchEntity")


# What is done


def test_a_key_remembers_its_last_use(aws, iam, bob, cloud):
    key = bob["aws_access_key_id"]
    unused = iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]
    assert unused == {"ServiceName": "N/A", "Region": "N/A"}
    cloud.clock.freeze()
    aws("ssm", **bob).describe_parameters()
    used = iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]
    assert used == {"ServiceName": "ssm", "Region": "eu-west-1", "LastUsedDate": minute(cloud)}
    cloud.clock.advance(120)
    aws("sts", "us-east-1", **bob).get_caller_identity()
    used = iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]
    assert used == {"ServiceName": "sts", "Region": "us-east-1", "LastUsedDate": minute(cloud)}


def test_a_role_remembers_its_last_use(aws, iam, bob, cloud):
    statement = {"Effect": "Allow", "Principal": {"AWS": BOB}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    given = aws("sts", **bob).assume_role(RoleArn=role, RoleSessionName="web")["Credentials"]
    assert iam.get_role(RoleName="r")["Role"]["RoleLastUsed"] == {}
    session = {
        "aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }  # fmt: skip
    cloud.clock.freeze()
    refused(aws("ssm", **session).describe_parameters, "AccessDeniedException")
    assert iam.get_role(RoleName="r")["Role"]["RoleLastUsed"] == {"LastUsedDate": minute(cloud), "Region": "eu-west-1"}


def test_a_report_lists_what_is_allowed_and_what_was_used(aws, iam, bob, cloud):
    cloud.clock.freeze()
    aws("ssm", **bob).describe_parameters()
    job, services = report(iam, cloud, BOB)
    assert set(services) == {"ssm", "sqs", "sts"}
    assert services["ssm"] == {
        "ServiceName": "AWS Systems Manager", "ServiceNamespace": "ssm", "TotalAuthenticatedEntities": 1,
        "LastAuthenticated": minute(cloud), "LastAuthenticatedEntity": BOB, "LastAuthenticatedRegion": "eu-west-1",
    }  # fmt: skip
    assert services["sqs"]["TotalAuthenticatedEntities"] == 0
    assert "LastAuthenticated" not in services["sqs"]
    entities = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="ssm")
    (detail,) = entities["EntityDetailsList"]
    assert (detail["EntityInfo"]["Arn"], detail["LastAuthenticated"]) == (BOB, minute(cloud))


def test_a_report_of_actions(aws, iam, bob, cloud):
    aws("ssm", **bob).describe_parameters()
    _, services = report(iam, cloud, BOB, Granularity="ACTION_LEVEL")
    (action,) = services["ssm"]["TrackedActionsLastAccessed"]
    assert (action["ActionName"], action["LastAccessedEntity"]) == ("DescribeParameters", BOB)


def test_a_group_and_a_policy_are_reported_by_who_has_them(aws, iam, bob, cloud):
    iam.create_group(GroupName="g")
    policy = iam.create_policy(PolicyName="p", PolicyDocument=allow("ssm:Describe*"))["Policy"]["Arn"]
    iam.attach_group_policy(GroupName="g", PolicyArn=policy)
    iam.add_user_to_group(GroupName="g", UserName="bob")
    aws("ssm", **bob).describe_parameters()
    for arn in (policy, f"arn:aws:iam::{ACCOUNT}:group/g"):
        _, services = report(iam, cloud, arn)
        assert list(services) == ["ssm"]
        assert services["ssm"]["LastAuthenticatedEntity"] == BOB


def test_the_policies_that_grant_a_service(iam, bob):
    iam.attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    answer = iam.list_policies_granting_service_access(Arn=BOB, ServiceNamespaces=["sqs", "ssm", "kms"])
    found = {entry["ServiceNamespace"]: entry["Policies"] for entry in answer["PoliciesGrantingServiceAccess"]}
    assert [policy["PolicyName"] for policy in found["sqs"]] == ["own", "AmazonSQSFullAccess"]
    assert found["ssm"] == [{"PolicyName": "own", "PolicyType": "INLINE", "EntityType": "USER", "EntityName": "bob"}]
    assert found["kms"] == []


# What happens next


def test_within_a_minute_one_use_is_written(aws, iam, bob, cloud):
    cloud.clock.freeze()
    ssm = aws("ssm", **bob)
    ssm.describe_parameters()
    writes = []
    cloud.run(lambda: cloud.cloud.store.sql.set_trace_callback(lambda text: writes.append(text)))
    ssm.describe_parameters()
    assert not [text for text in writes if "iam.service_uses" in text]
    cloud.clock.advance(60)
    ssm.describe_parameters()
    cloud.run(lambda: cloud.cloud.store.sql.set_trace_callback(None))
    assert [text for text in writes if "iam.service_uses" in text]
