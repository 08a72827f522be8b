"""STS: what is refused, what is done, what happens next."""

import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"


def trust(*principals, action="sts:AssumeRole", effect="Allow", condition=None):
    names = list(principals)
    statement = {"Effect": effect, "Principal": {"AWS": names}, "Action": action}
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [statement | ({"Condition": condition} if condition else {})]}
    )


def allow(action, resource="*"):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def role_arn(name):
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def keys(credentials):
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials.get("SessionToken"),
    }


@pytest.fixture
def user(aws):
    """A user with policies: `user("name", policy)` gives the user's keys."""
    iam = aws("iam")

    def make(name, policy=None):
        iam.create_user(UserName=name)
        if policy:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)
        return keys(iam.create_access_key(UserName=name)["AccessKey"])

    return make


def assume(aws, who, role, session="session", **more):
    answer = aws("sts", **who).assume_role(RoleArn=role_arn(role), RoleSessionName=session, **more)
    return keys(answer["Credentials"])


def denied(action):
    with pytest.raises(ClientError) as refused:
        action()
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    return refused.value.response["Error"]["Message"]


# What is refused


def test_a_role_that_trusts_somebody_else_is_not_assumed(aws, user):
    bob = user("bob", allow("sts:*"))
    user("eve")
    aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{ACCOUNT}:user/eve"))
    start = f"User: arn:aws:iam::{ACCOUNT}:user/bob is not authorized to perform: sts:AssumeRole on resource: "
    assert denied(lambda: assume(aws, bob, "r")).startswith(start + role_arn("r"))
    assert denied(lambda: assume(aws, bob, "absent")).startswith(start + role_arn("absent"))


def test_a_longer_session_than_the_role_allows_is_refused(aws, user):
    bob = user("bob", allow("sts:*"))
    aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{ACCOUNT}:root"))
    with pytest.raises(ClientError, match="exceeds the MaxSessionDuration set for this role") as refused:
        assume(aws, bob, "r", DurationSeconds=7200)
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    aws("iam").update_role(RoleName="r", MaxSessionDuration=7200)
    session = assume(aws, bob, "r", DurationSeconds=7200)
    aws("iam").put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=allow("sts:AssumeRole"))
    with pytest.raises(ClientError, match="1 hour session limit for roles assumed by role chaining"):
        assume(aws, session, "r", DurationSeconds=7200)


def test_session_credentials_get_no_session_token(aws):
    session = keys(aws("sts").get_session_token()["Credentials"])
    assert denied(aws("sts", **session).get_session_token) == "Cannot call GetSessionToken with session credentials"


def test_a_malformed_session_policy_is_refused(aws):
    aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust(ACCOUNT))
    with pytest.raises(ClientError) as refused:
        assume(aws, {}, "r", Policy="{}")
    assert refused.value.response["Error"]["Code"] == "MalformedPolicyDocument"


@pytest.mark.parametrize(
    ("tags", "transitive", "message"),
    [
        (["a"], ["z"], "The specified transitive tag key must be included in the requested tags."),
        (["a", "A"], [], "Duplicate tag keys found. Please note that Tag keys are case insensitive."),
    ],
)
def test_tags_of_a_session_must_go_together(aws, tags, transitive, message):
    document = trust(ACCOUNT, action=["sts:AssumeRole", "sts:TagSession"])
    role = aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    given = [{"Key": key, "Value": "1"} for key in tags]
    with pytest.raises(ClientError) as refused:
        aws("sts").assume_role(RoleArn=role, RoleSessionName="session", Tags=given, TransitiveTagKeys=transitive)
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("InvalidParameterValue", message)


def test_a_transitive_tag_is_not_set_anew(aws):
    iam = aws("iam")
    document = trust(ACCOUNT, action=["sts:AssumeRole", "sts:TagSession"])
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=allow("*"))
    tag = [{"Key": "Team", "Value": "1"}]
    asked = {"RoleArn": role, "RoleSessionName": "session"}
    session = aws("sts").assume_role(**asked, Tags=tag, TransitiveTagKeys=["Team"])["Credentials"]
    chained = aws("sts", **keys(session))
    with pytest.raises(ClientError, match="conflicts with a transitive tag key from the calling session"):
        chained.assume_role(**asked, Tags=[{"Key": "team", "Value": "2"}])


def test_a_message_that_was_never_encoded_is_not_decoded(aws):
    with pytest.raises(ClientError) as refused:
        aws("sts").decode_authorization_message(EncodedMessage="nonsense")
    assert refused.value.response["Error"]["Code"] == "InvalidAuthorizationMessageException"


# What is done


def test_who_is_asking(aws, user):
    assert {k: aws("sts").get_caller_identity()[k] for k in ("UserId", "Account", "Arn")} == {
        "UserId": ACCOUNT,
        "Account": ACCOUNT,
        "Arn": f"arn:aws:iam::{ACCOUNT}:root",
    }
    # Anyone may ask who they are, also a user who may do nothing else.
    assert aws("sts", **user("bob")).get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/bob"


def test_an_access_key_names_its_account(aws, user):
    key = user("bob")["aws_access_key_id"]
    assert aws("sts").get_access_key_info(AccessKeyId=key)["Account"] == ACCOUNT
    assert aws("sts").get_access_key_info(AccessKeyId="AKIAIOSFODNN7EXAMPLE")["Account"] == "581039954779"


def test_a_session_has_the_roles_permissions_within_its_session_policy(aws, user):
    bob = user("bob", allow("sts:AssumeRole"))
    role = aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust(ACCOUNT))["Role"]
    aws("iam").put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=allow("ssm:*"))
    answer = aws("sts", **bob).assume_role(
        RoleArn=role["Arn"], RoleSessionName="session", Policy=allow("ssm:GetParameter"), DurationSeconds=900
    )
    assert answer["AssumedRoleUser"] == {
        "AssumedRoleId": f"{role['RoleId']}:session",
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/r/session",
    }
    session = keys(answer["Credentials"])
    assert aws("sts", **session).get_caller_identity()["Arn"] == answer["AssumedRoleUser"]["Arn"]
    aws("ssm").put_parameter(Name="n", Value="v", Type="String")
    assert aws("ssm", **session).get_parameter(Name="n")["Parameter"]["Value"] == "v"
    with pytest.raises(ClientError, match="because no session policy allows the ssm:PutParameter action"):
        aws("ssm", **session).put_parameter(Name="n", Value="w", Type="String", Overwrite=True)


def test_an_external_id_and_tags_are_conditions(aws, user):
    bob = user("bob", allow("sts:*"))
    condition = {"StringEquals": {"sts:ExternalId": "id42", "aws:RequestTag/team": "blue"}}
    statement = trust(ACCOUNT, action=["sts:AssumeRole", "sts:TagSession"], condition=condition)
    aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=statement)
    tags = [{"Key": "team", "Value": "blue"}]
    assert denied(lambda: assume(aws, bob, "r", Tags=tags))
    assert denied(lambda: assume(aws, bob, "r", ExternalId="id42"))
    assert assume(aws, bob, "r", ExternalId="id42", Tags=tags)["aws_session_token"]


def test_a_federated_user_may_do_what_both_user_and_policy_allow(aws, user):
    bob = user("bob", allow(["ssm:*", "sts:*"]))
    answer = aws("sts", **bob).get_federation_token(Name="fred", Policy=allow("ssm:GetParameter"))
    assert answer["FederatedUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:federated-user/fred"
    fred = keys(answer["Credentials"])
    aws("ssm").put_parameter(Name="n", Value="v", Type="String")
    assert aws("ssm", **fred).get_parameter(Name="n")["Parameter"]["Value"] == "v"
    with pytest.raises(ClientError, match="not authorized to perform: ssm:DeleteParameter"):
        aws("ssm", **fred).delete_parameter(Name="n")


# What happens next


def test_a_session_ends_by_the_clock(aws, cloud):
    session = keys(aws("sts").get_session_token(DurationSeconds=900)["Credentials"])
    assert aws("sts", **session).get_caller_identity()["Account"] == ACCOUNT
    cloud.clock.advance(901)
    with pytest.raises(ClientError) as refused:
        aws("sts", **session).get_caller_identity()
    assert refused.value.response["Error"]["Code"] == "ExpiredToken"


ROLE_A, ROLE_B = role_arn("RoleA"), role_arn("RoleB")


@pytest.fixture
def self_trust(aws):
    """Two roles that root may put on; `self_trust(document)` sets the trust policy of RoleA afterwards."""
    iam = aws("iam")
    for name in ("RoleA", "RoleB"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(ACCOUNT))

    def sessions(document, identity_policy=True):
        iam.update_assume_role_policy(RoleName="RoleA", PolicyDocument=trust(ACCOUNT))
        if identity_policy:
            iam.put_role_policy(RoleName="RoleA", PolicyName="self", PolicyDocument=allow("sts:AssumeRole", ROLE_A))
        a, b = assume(aws, {}, "RoleA"), assume(aws, {}, "RoleB")
        iam.update_assume_role_policy(RoleName="RoleA", PolicyDocument=document)
        return a, b

    return sessions


def test_a_role_assumes_itself_only_if_its_trust_policy_says_so(aws, self_trust):
    a, b = self_trust(trust(ROLE_B))
    message = denied(lambda: assume(aws, a, "RoleA"))
    start = f"User: arn:aws:sts::{ACCOUNT}:assumed-role/RoleA/session is not authorized to perform: sts:AssumeRole"
    assert message.startswith(f"{start} on resource: {ROLE_A}")
    assert assume(aws, b, "RoleA")
    a, _ = self_trust(trust(ROLE_B, ROLE_A), identity_policy=False)
    assert assume(aws, a, "RoleA")


def test_trust_in_the_account_leaves_it_to_the_identity_policy(aws, self_trust):
    a, b = self_trust(trust(f"arn:aws:iam::{ACCOUNT}:root"))
    assert assume(aws, a, "RoleA")
    assert denied(lambda: assume(aws, b, "RoleA"))


def test_the_conditions_of_the_grant_hold_for_the_role_itself(aws, self_trust):
    condition = {"StringEquals": {"aws:PrincipalTag/project": "BlueSkyProject"}}
    a, _ = self_trust(trust(ROLE_B, ROLE_A, action=["sts:AssumeRole", "sts:TagSession"], condition=condition))
    assert denied(lambda: assume(aws, a, "RoleA"))
    aws("iam").tag_role(RoleName="RoleA", Tags=[{"Key": "project", "Value": "BlueSkyProject"}])
    assert assume(aws, a, "RoleA")


def epoch(day):
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()


def test_the_old_rule_holds_before_the_change_and_for_those_who_relied_on_it_until_its_end(aws, cloud, self_trust):
    cloud.clock.set(epoch("2022-08-01"))
    a, _ = self_trust(trust(ROLE_B))
    assert assume(aws, a, "RoleA")
    cloud.clock.set(epoch("2022-12-01"))
    a, _ = self_trust(trust(ROLE_B))
    assert assume(aws, a, "RoleA")
    aws("iam").update_assume_role_policy(RoleName="RoleA", PolicyDocument=trust(ROLE_A, effect="Deny"))
    assert "explicit deny" in denied(lambda: assume(aws, a, "RoleA"))
    cloud.clock.set(epoch("2023-02-16"))
    a, _ = self_trust(trust(ROLE_B))
    assert denied(lambda: assume(aws, a, "RoleA"))


def test_a_role_that_never_relied_on_the_old_rule_has_the_new_one_at_once(aws, cloud, self_trust):
    cloud.clock.set(epoch("2022-10-01"))
    a, _ = self_trust(trust(ROLE_B))
    assert denied(lambda: assume(aws, a, "RoleA"))
