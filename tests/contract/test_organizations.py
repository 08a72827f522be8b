"""Organizations: what is refused, what is done, what happens next."""

import json

import pytest
from botocore.exceptions import ClientError

from glasshouse.core.access import Credential
from tests.contract.organization_box import (
    MANAGEMENT,
    administrator,
    control,
    document,
    enable,
    make_account,
    refused,
    with_an_organization,
)


@pytest.fixture
def org(aws):
    return aws("organizations")


@pytest.fixture
def root(aws):
    """The id of the root of a new organization."""
    return with_an_organization(aws)[1]


@pytest.fixture
def account(org, cloud, root):
    """`account("name")` makes a member account and gives its id."""
    return lambda name, **more: make_account(org, cloud, name, **more)


# What is refused


def test_without_an_organization_there_is_nothing_to_ask(org):
    message = refused(org.describe_organization, "AWSOrganizationsNotInUseException")
    assert message == "Your account is not a member of an organization."
    refused(org.list_accounts, "AWSOrganizationsNotInUseException")
    org.create_organization()
    refused(org.create_organization, "AlreadyInOrganizationException")


def test_what_is_not_there_is_said_by_its_kind(org, root):
    refused(lambda: org.describe_account(AccountId="1" * 12), "AccountNotFoundException")
    unit = f"ou-{root[2:]}-12345678"
    refused(lambda: org.describe_organizational_unit(OrganizationalUnitId=unit), "OrganizationalUnitNotFoundException")
    refused(lambda: org.create_organizational_unit(ParentId=unit, Name="n"), "ParentNotFoundException")
    refused(lambda: org.list_parents(ChildId=unit), "ChildNotFoundException")
    refused(lambda: org.describe_policy(PolicyId="p-12345678"), "PolicyNotFoundException")
    refused(lambda: org.attach_policy(PolicyId="p-FullAWSAccess", TargetId=unit), "TargetNotFoundException")
    enabling = lambda: org.enable_policy_type(RootId="r-zzzz", PolicyType="SERVICE_CONTROL_POLICY")  # noqa: E731
    refused(enabling, "RootNotFoundException")
    status = lambda: org.describe_create_account_status(CreateAccountRequestId="car-" + "0" * 32)  # noqa: E731
    refused(status, "CreateAccountStatusNotFoundException")
    refused(lambda: org.list_accounts(NextToken="?"), "InvalidInputException", "INVALID_NEXT_TOKEN")


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("operation", "params", "message"),
    [
        ("describe_account", {"AccountId": "12"}, "You provided a value that does not match the required pattern."),
        ("list_policies", {"Filter": "MOST"}, "You specified an invalid value."),
        ("describe_policy", {"PolicyId": "p-12345678"}, "You specified a policy that doesn't exist."),
        ("delete_policy", {"PolicyId": "p-12345678"}, "We can't find a policy with the PolicyId that you specified."),
    ],
)
def test_what_makes_no_sense_is_told_in_the_words_of_organizations(org, operation, params, message):
    with pytest.raises(ClientError) as refused:
        getattr(org, operation)(**params)
    error = refused.value.response["Error"]
    assert error["Message"] == message
    assert error["Code"] == ("PolicyNotFoundException" if "PolicyId" in params else "InvalidInputException")


def test_units_have_names_of_their_own_and_five_levels(org, root):
    parent = root
    for level in range(5):
        parent = org.create_organizational_unit(ParentId=parent, Name=f"level {level}")["OrganizationalUnit"]["Id"]
    deeper = lambda: org.create_organizational_unit(ParentId=parent, Name="deeper")  # noqa: E731
    refused(deeper, "ConstraintViolationException", "OU_DEPTH_LIMIT_EXCEEDED")
    again = lambda: org.create_organizational_unit(ParentId=root, Name="level 0")  # noqa: E731
    refused(again, "DuplicateOrganizationalUnitException")
    top = org.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"][0]["Id"]
    delete = lambda: org.delete_organizational_unit(OrganizationalUnitId=top)  # noqa: E731
    refused(delete, "OrganizationalUnitNotEmptyException")


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("SERVICE_CONTROL_POLICY", "no json"),
        ("SERVICE_CONTROL_POLICY", document("Allow", "*", Principal="*")),
        ("SERVICE_CONTROL_POLICY", json.dumps({"Statement": []})),
        ("RESOURCE_CONTROL_POLICY", document("Deny", "s3:*")),
        ("RESOURCE_CONTROL_POLICY", document("Allow", "s3:*", Principal="*")),
        ("RESOURCE_CONTROL_POLICY", document("Deny", "*", Principal="*")),
    ],
)
def test_a_policy_that_is_none_of_its_type_is_refused(org, root, kind, content):
    create = lambda: org.create_policy(Content=content, Description="", Name="n", Type=kind)  # noqa: E731
    message = refused(create, "MalformedPolicyDocumentException")
    assert message == "The provided policy document does not meet the requirements of the specified policy type."


def test_limits_of_policies(org, root):
    scp = {"Description": "", "Type": "SERVICE_CONTROL_POLICY"}
    large = document("Deny", ["s3:GetObject"] * 800)
    assert len(large) > 10_240
    create = lambda: org.create_policy(Content=large, Name="n", **scp)  # noqa: E731
    assert refused(create, "ConstraintViolationException", "POLICY_CONTENT_LIMIT_EXCEEDED")
    made = org.create_policy(Content=document("Deny", "s3:*"), Name="n", **scp)["Policy"]["PolicySummary"]["Id"]
    attach = lambda: org.attach_policy(PolicyId=made, TargetId=root)  # noqa: E731
    refused(attach, "PolicyTypeNotEnabledException")
    enable(org, root)
    refused(lambda: enable(org, root), "PolicyTypeAlreadyEnabledException")
    attach()
    refused(attach, "DuplicatePolicyAttachmentException")
    refused(lambda: org.delete_policy(PolicyId=made), "PolicyInUseException")
    org.detach_policy(PolicyId="p-FullAWSAccess", TargetId=root)
    last = lambda: org.detach_policy(PolicyId=made, TargetId=root)  # noqa: E731
    refused(last, "ConstraintViolationException", "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
    detach = lambda: org.detach_policy(PolicyId="p-FullAWSAccess", TargetId=root)  # noqa: E731
    refused(detach, "PolicyNotAttachedException")
    update = lambda: org.update_policy(PolicyId="p-FullAWSAccess", Name="mine")  # noqa: E731
    refused(update, "InvalidInputException", "IMMUTABLE_POLICY")
    for number in range(9):
        control(org, document("Deny", "s3:*"), root, name=f"p{number}")
    more = lambda: control(org, document("Deny", "s3:*"), root, name="one too many")  # noqa: E731
    refused(more, "ConstraintViolationException", "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")


def test_other_types_of_policies_are_refused_in_words(org, root):
    message = refused(lambda: enable(org, root, "TAG_POLICY"), "NotSupported")
    assert message == "Policies of the type TAG_POLICY are not supported by Glasshouse yet"


def test_consolidated_billing_has_no_policies(org):
    made = org.create_organization(FeatureSet="CONSOLIDATED_BILLING")["Organization"]
    assert (made["FeatureSet"], made["AvailablePolicyTypes"]) == ("CONSOLIDATED_BILLING", [])
    root = org.list_roots()["Roots"][0]["Id"]
    refused(lambda: enable(org, root), "PolicyTypeNotAvailableForOrganizationException")


def test_a_member_sees_its_organization_and_no_more(aws, org, account):
    member = aws("organizations", **administrator(aws, account("dev")))
    assert member.describe_organization()["Organization"] == org.describe_organization()["Organization"]
    message = refused(member.list_accounts, "AccessDeniedException")
    assert message == "You don't have permissions to access this resource."
    refused(lambda: member.create_account(Email="a@example.com", AccountName="a"), "AccessDeniedException")


def test_the_management_account_neither_leaves_nor_closes(org, account):
    remove = lambda: org.remove_account_from_organization(AccountId=MANAGEMENT)  # noqa: E731
    refused(remove, "MasterCannotLeaveOrganizationException")
    close = lambda: org.close_account(AccountId=MANAGEMENT)  # noqa: E731
    refused(close, "ConstraintViolationException", "CANNOT_CLOSE_MANAGEMENT_ACCOUNT")
    account("dev")
    refused(org.delete_organization, "OrganizationNotEmptyException")


# What is done


def test_an_organization_has_a_root_and_its_management_account(org):
    made = org.create_organization()["Organization"]
    arn = f"arn:aws:organizations::{MANAGEMENT}"
    assert made["Arn"] == f"{arn}:organization/{made['Id']}"
    assert made["MasterAccountArn"] == f"{arn}:account/{made['Id']}/{MANAGEMENT}"
    assert made["FeatureSet"] == "ALL"
    root = org.list_roots()["Roots"][0]
    assert root["Arn"] == f"{arn}:root/{made['Id']}/{root['Id']}"
    assert (root["Name"], root["PolicyTypes"]) == ("Root", [])
    (only,) = org.list_accounts()["Accounts"]
    assert (only["Id"], only["JoinedMethod"], only["Status"]) == (MANAGEMENT, "INVITED", "ACTIVE")
    org.delete_organization()
    refused(org.describe_organization, "AWSOrganizationsNotInUseException")


def test_an_account_is_made_with_a_role_for_its_administrator(aws, org, account):
    made = account("dev", Tags=[{"Key": "stage", "Value": "test"}])
    shown = org.describe_account(AccountId=made)["Account"]
    assert (shown["Name"], shown["Email"], shown["JoinedMethod"]) == ("dev", "dev@example.com", "CREATED")
    assert org.list_tags_for_resource(ResourceId=made)["Tags"] == [{"Key": "stage", "Value": "test"}]
    session = administrator(aws, made)
    assert aws("sts", **session).get_caller_identity()["Account"] == made
    aws("iam", **session).create_user(UserName="bob")
    assert [user["UserName"] for user in aws("iam", **session).list_users()["Users"]] == ["bob"]
    assert aws("iam").list_users()["Users"] == []


def test_an_address_makes_one_account(org, account, cloud):
    account("dev")
    again = org.create_account(Email="DEV@example.com", AccountName="other")["CreateAccountStatus"]["Id"]
    cloud.settle()
    status = org.describe_create_account_status(CreateAccountRequestId=again)["CreateAccountStatus"]
    assert (status["State"], status["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")
    failed = org.list_create_account_status(States=["FAILED"])["CreateAccountStatuses"]
    assert [status["Id"] for status in failed] == [again]


def test_accounts_and_units_make_a_tree(org, account, root):
    dev = account("dev")
    unit = org.create_organizational_unit(ParentId=root, Name="workloads")["OrganizationalUnit"]
    inner = org.create_organizational_unit(ParentId=unit["Id"], Name="test")["OrganizationalUnit"]
    organization = org.describe_organization()["Organization"]["Id"]
    assert inner["Path"] == f"{organization}/{root}/{unit['Id']}/{inner['Id']}/"
    move = {"AccountId": dev, "SourceParentId": root, "DestinationParentId": inner["Id"]}
    org.move_account(**move)
    refused(lambda: org.move_account(**move), "DuplicateAccountException")
    assert org.list_parents(ChildId=dev)["Parents"] == [{"Id": inner["Id"], "Type": "ORGANIZATIONAL_UNIT"}]
    assert org.list_parents(ChildId=unit["Id"])["Parents"] == [{"Id": root, "Type": "ROOT"}]
    assert [one["Id"] for one in org.list_accounts_for_parent(ParentId=inner["Id"])["Accounts"]] == [dev]
    children = org.list_children(ParentId=unit["Id"], ChildType="ORGANIZATIONAL_UNIT")["Children"]
    assert children == [{"Id": inner["Id"], "Type": "ORGANIZATIONAL_UNIT"}]
    org.update_organizational_unit(OrganizationalUnitId=inner["Id"], Name="tests")
    assert org.describe_organizational_unit(OrganizationalUnitId=inner["Id"])["OrganizationalUnit"]["Name"] == "tests"


def test_pages_of_accounts(org, account):
    made = {MANAGEMENT, *(account(f"a{number}") for number in range(4))}
    pages = list(org.get_paginator("list_accounts").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["Accounts"]) for page in pages] == [2, 2, 1]
    assert {one["Id"] for page in pages for one in page["Accounts"]} == made


def test_policies_are_written_attached_and_found(org, account, root):
    dev = account("dev")
    enabled = enable(org, root)
    assert enabled["PolicyTypes"] == [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]
    policy = control(org, document("Deny", "s3:*"), dev)
    assert "/service_control_policy/" in policy["Arn"]
    found = org.list_policies_for_target(TargetId=dev, Filter="SERVICE_CONTROL_POLICY")["Policies"]
    assert {one["Name"] for one in found} == {"FullAWSAccess", "control"}
    (target,) = org.list_targets_for_policy(PolicyId=policy["Id"])["Targets"]
    assert (target["TargetId"], target["Type"], target["Name"]) == (dev, "ACCOUNT", "dev")
    everywhere = org.list_targets_for_policy(PolicyId="p-FullAWSAccess")["Targets"]
    assert {one["TargetId"] for one in everywhere} == {root, dev, MANAGEMENT}
    org.update_policy(PolicyId=policy["Id"], Name="no buckets", Content=document("Deny", "s3:CreateBucket"))
    shown = org.describe_policy(PolicyId=policy["Id"])["Policy"]
    assert shown["PolicySummary"]["Name"] == "no buckets"
    assert json.loads(shown["Content"])["Statement"][0]["Action"] == "s3:CreateBucket"
    org.detach_policy(PolicyId=policy["Id"], TargetId=dev)
    org.delete_policy(PolicyId=policy["Id"])
    assert len(org.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]) == 1


def test_delegated_administrators_see_the_organization(aws, org, account):
    dev = account("dev")
    service = "access-analyzer.amazonaws.com"
    org.enable_aws_service_access(ServicePrincipal=service)
    (enabled,) = org.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    assert enabled["ServicePrincipal"] == service
    register = {"AccountId": dev, "ServicePrincipal": service}
    org.register_delegated_administrator(**register)
    refused(lambda: org.register_delegated_administrator(**register), "AccountAlreadyRegisteredException")
    seen = aws("organizations", **administrator(aws, dev)).list_accounts()
    assert seen["Accounts"] == org.list_accounts()["Accounts"]
    (delegated,) = org.list_delegated_administrators(ServicePrincipal=service)["DelegatedAdministrators"]
    assert delegated["Id"] == dev
    services = org.list_delegated_services_for_account(AccountId=dev)["DelegatedServices"]
    assert [one["ServicePrincipal"] for one in services] == [service]
    remove = lambda: org.remove_account_from_organization(AccountId=dev)  # noqa: E731
    refused(remove, "ConstraintViolationException", "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG")
    org.deregister_delegated_administrator(**register)
    refused(lambda: org.deregister_delegated_administrator(**register), "AccountNotRegisteredException")
    remove()
    refused(lambda: org.describe_account(AccountId=dev), "AccountNotFoundException")


OTHER = "444455556666"


@pytest.fixture
def other(aws, cloud):
    """A client that acts as the root user of an account outside of the organization."""
    owner = Credential("AKIAROOTOFANOTHERKEY", "secret", cloud.cloud.root(OTHER))

    def keep():
        with cloud.cloud.store.transaction():
            cloud.cloud.credentials.put(owner)

    cloud.run(keep)
    return aws("organizations", aws_access_key_id=owner.access_key_id, aws_secret_access_key="secret")


def test_an_account_is_invited_and_joins(org, root, other):
    invite = lambda: org.invite_account_to_organization(Target={"Id": OTHER, "Type": "ACCOUNT"}, Notes="Join us")  # noqa: E731
    made = invite()["Handshake"]
    assert (made["State"], made["Action"]) == ("OPEN", "INVITE")
    assert {"Type": "NOTES", "Value": "Join us"} in made["Resources"]
    refused(invite, "DuplicateHandshakeException")
    refused(lambda: org.accept_handshake(HandshakeId=made["Id"]), "AccessDeniedException")
    (listed,) = other.list_handshakes_for_account()["Handshakes"]
    assert listed["Id"] == made["Id"]
    assert other.accept_handshake(HandshakeId=made["Id"])["Handshake"]["State"] == "ACCEPTED"
    assert org.describe_account(AccountId=OTHER)["Account"]["JoinedMethod"] == "INVITED"
    refused(lambda: other.accept_handshake(HandshakeId=made["Id"]), "HandshakeAlreadyInStateException")
    refused(lambda: org.cancel_handshake(HandshakeId=made["Id"]), "InvalidHandshakeTransitionException")
    refused(invite, "HandshakeConstraintViolationException", "ALREADY_IN_AN_ORGANIZATION")
    other.leave_organization()
    refused(lambda: org.describe_account(AccountId=OTHER), "AccountNotFoundException")


def test_an_invitation_by_address_is_declined_cancelled_or_expires(org, root, other, cloud):
    def invite():
        target = {"Id": f"root@{OTHER}.example", "Type": "EMAIL"}
        return org.invite_account_to_organization(Target=target)["Handshake"]["Id"]

    def state(number):
        return org.describe_handshake(HandshakeId=number)["Handshake"]["State"]

    first = invite()
    other.decline_handshake(HandshakeId=first)
    second = invite()
    org.cancel_handshake(HandshakeId=second)
    third = invite()
    cloud.clock.advance(16 * 86_400)
    assert [state(first), state(second), state(third)] == ["DECLINED", "CANCELED", "EXPIRED"]
    refused(lambda: other.accept_handshake(HandshakeId=third), "InvalidHandshakeTransitionException")
    assert len(org.list_handshakes_for_organization()["Handshakes"]) == 3
    unknown = lambda: org.invite_account_to_organization(Target={"Id": "x@example.com", "Type": "EMAIL"})  # noqa: E731
    refused(unknown, "InvalidInputException", "INVALID_EMAIL_ADDRESS_TARGET")


def test_tags_of_units_and_policies(org, root):
    unit = org.create_organizational_unit(ParentId=root, Name="u", Tags=[{"Key": "a", "Value": "1"}])
    name = unit["OrganizationalUnit"]["Id"]
    org.tag_resource(ResourceId=name, Tags=[{"Key": "b", "Value": "2"}])
    org.untag_resource(ResourceId=name, TagKeys=["a"])
    assert org.list_tags_for_resource(ResourceId=name)["Tags"] == [{"Key": "b", "Value": "2"}]
    system = lambda: org.tag_resource(ResourceId=root, Tags=[{"Key": "aws:x", "Value": "1"}])  # noqa: E731
    refused(system, "InvalidInputException", "INVALID_SYSTEM_TAGS_PARAMETER")


def test_a_closed_account_goes_after_ninety_days(org, account, cloud):
    dev = account("dev")
    org.close_account(AccountId=dev)
    assert org.describe_account(AccountId=dev)["Account"]["Status"] == "SUSPENDED"
    refused(lambda: org.close_account(AccountId=dev), "AccountAlreadyClosedException")
    cloud.clock.advance(91 * 86_400)
    refused(lambda: org.describe_account(AccountId=dev), "AccountNotFoundException")
