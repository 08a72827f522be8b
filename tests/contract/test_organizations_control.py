"""Control policies and organization keys: what they refuse and let pass, in every account."""

import json

import pytest
from botocore.exceptions import ClientError

from glasshouse.core.access import Credential, Principal
from tests.contract.organization_box import (
    MANAGEMENT,
    administrator,
    control,
    document,
    enable,
    make_account,
    with_an_organization,
)


@pytest.fixture
def organized(aws):
    return with_an_organization(aws)


@pytest.fixture
def org(organized):
    return organized[0]


@pytest.fixture
def root(organized):
    return organized[1]


def denied(action):
    with pytest.raises(ClientError) as failure:
        action()
    assert failure.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    return failure.value.response["Error"]["Message"]


@pytest.fixture
def dev(aws, cloud, org, root):
    """A member account: `dev.id`, and `dev("s3")` a client of its administrator."""
    enable(org, root)
    name = make_account(org, cloud, "dev")
    session = administrator(aws, name)

    def client(service, **options):
        return aws(service, **session, **options)

    client.id = name
    return client


# What is refused


def test_a_service_control_policy_binds_an_administrator(org, dev):
    policy = control(org, document("Deny", "ssm:PutParameter"), dev.id)
    message = denied(lambda: dev("ssm").put_parameter(Name="n", Value="v", Type="String"))
    assert message.endswith(f"with an explicit deny in a service control policy: {policy['Arn']}")
    assert dev("ssm").describe_parameters()["Parameters"] == []


def test_each_level_must_allow(org, root, dev):
    unit = org.create_organizational_unit(ParentId=root, Name="u")["OrganizationalUnit"]["Id"]
    control(org, document("Allow", ["ssm:*", "sts:*"]), unit)
    org.detach_policy(PolicyId="p-FullAWSAccess", TargetId=unit)
    dev("sqs").create_queue(QueueName="before")
    org.move_account(AccountId=dev.id, SourceParentId=root, DestinationParentId=unit)
    message = denied(lambda: dev("sqs").create_queue(QueueName="after"))
    assert message.endswith("because no service control policy allows the sqs:CreateQueue action")
    dev("ssm").describe_parameters()
    org.move_account(AccountId=dev.id, SourceParentId=unit, DestinationParentId=root)
    dev("sqs").create_queue(QueueName="after")


def test_the_root_user_of_a_member_account_is_bound_that_of_the_management_account_is_not(
    aws,
    cloud,
    org,
    root,
    dev,
):
    control(org, document("Deny", "ssm:*"), root)
    owner = Credential("AKIAROOTOFMEMBERKEY0", "secret", cloud.cloud.root(dev.id))

    def keep():
        with cloud.cloud.store.transaction():
            cloud.cloud.credentials.put(owner)

    cloud.run(keep)
    ssm = aws("ssm", aws_access_key_id=owner.access_key_id, aws_secret_access_key="secret")
    assert "service control policy" in denied(ssm.describe_parameters)
    assert aws("ssm").describe_parameters()["Parameters"] == []


def test_a_resource_control_policy_binds_whoever_asks(aws, org, root, dev):
    enable(org, root, "RESOURCE_CONTROL_POLICY")
    queue = dev("sqs").create_queue(QueueName="q")["QueueUrl"]
    anyone = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [anyone]})
    dev("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    aws("sqs").get_queue_attributes(QueueUrl=queue)
    organization = org.describe_organization()["Organization"]["Id"]
    condition = {"StringNotEquals": {"aws:PrincipalAccount": dev.id}}
    rcp = document("Deny", "sqs:*", Principal="*", Condition=condition)
    policy = control(org, rcp, dev.id, "RESOURCE_CONTROL_POLICY")
    message = denied(lambda: aws("sqs").get_queue_attributes(QueueUrl=queue))
    assert message.endswith(f"with an explicit deny in a resource control policy: {policy['Arn']}")
    dev("sqs").get_queue_attributes(QueueUrl=queue)
    assert organization in policy["Arn"]


def test_resource_control_policies_keep_to_the_services_that_have_them(org, root, dev):
    enable(org, root, "RESOURCE_CONTROL_POLICY")
    control(org, document("Deny", ["ssm:*", "sqs:*"], Principal="*"), dev.id, "RESOURCE_CONTROL_POLICY")
    dev("ssm").describe_parameters()
    denied(lambda: dev("sqs").create_queue(QueueName="q"))


# What is done


def test_the_organization_is_a_condition(aws, org, root, dev):
    organization = org.describe_organization()["Organization"]["Id"]
    path = f"{organization}/{root}/"

    def queue_policy(**condition):
        statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*", "Condition": condition}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    sqs = aws("sqs")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]

    def allowed(**condition):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": queue_policy(**condition)})
        try:
            dev("sqs").get_queue_attributes(QueueUrl=queue)
        except ClientError:
            return False
        return True

    assert allowed(StringEquals={"aws:PrincipalOrgID": organization})
    assert not allowed(StringEquals={"aws:PrincipalOrgID": "o-aaaaaaaaaa"})
    assert allowed(**{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{path}*"}})
    assert not allowed(**{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{path}ou-*"}})
    assert allowed(StringEquals={"aws:ResourceOrgID": "${aws:PrincipalOrgID}"})


def test_service_linked_roles_are_not_bound(aws, cloud, org, root, dev):
    control(org, document("Deny", "ssm:*"), dev.id)
    role = f"arn:aws:iam::{dev.id}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
    dev("iam").create_service_linked_role(AWSServiceName="x.amazonaws.com")
    session = {"issued": 0.0, "role_arn": role, "role_name": "AWSServiceRoleForX"}
    arn = f"arn:aws:sts::{dev.id}:assumed-role/AWSServiceRoleForX/s"
    linked = Credential("AKIASERVICELINKEDKEY", "secret", Principal("role", dev.id, arn, "AROAX:s", session))

    def keep():
        with cloud.cloud.store.transaction():
            cloud.cloud.credentials.put(linked)

    cloud.run(keep)
    ssm = aws("ssm", aws_access_key_id=linked.access_key_id, aws_secret_access_key="secret")
    assert "identity-based policy" in denied(ssm.describe_parameters)


def test_the_simulator_knows_of_control_policies(org, dev):
    control(org, document("Deny", "sqs:*"), dev.id)
    role = f"arn:aws:iam::{dev.id}:role/OrganizationAccountAccessRole"
    answer = dev("iam").simulate_principal_policy(
        PolicySourceArn=role, ActionNames=["sqs:SendMessage", "ssm:GetParameter"]
    )
    found = [
        (result["EvalDecision"], result["OrganizationsDecisionDetail"]["AllowedByOrganizations"])
        for result in answer["EvaluationResults"]
    ]
    assert found == [("explicitDeny", False), ("allowed", True)]


# What happens next


def test_a_change_holds_from_the_next_call_on(org, root, dev):
    policy = control(org, document("Deny", "ssm:*"), root)
    denied(dev("ssm").describe_parameters)
    org.update_policy(PolicyId=policy["Id"], Content=document("Deny", "sqs:*"))
    dev("ssm").describe_parameters()
    denied(dev("sqs").list_queues)
    org.disable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    dev("sqs").list_queues()
    assert org.list_roots()["Roots"][0]["PolicyTypes"] == []
    assert org.describe_account(AccountId=MANAGEMENT)["Account"]["Status"] == "ACTIVE"


def test_a_reset_leaves_no_policy_behind(aws, cloud, org, root, dev):
    control(org, document("Deny", "ssm:*"), root)
    denied(dev("ssm").describe_parameters)
    cloud.run(cloud.cloud.reset)
    org, root = with_an_organization(aws)
    enable(org, root)
    session = administrator(aws, make_account(org, cloud, "dev"))
    control(org, document("Deny", "sqs:*"), root)
    assert aws("ssm", **session).describe_parameters()["Parameters"] == []
    denied(aws("sqs", **session).list_queues)
