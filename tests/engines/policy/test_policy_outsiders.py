"""Outsiders: nobody from outside of the zone of trust gets in without being told of."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from glasshouse.engines.policy import MalformedPolicy, Policies, Principal, Request, compile_policy, decide
from glasshouse.engines.policy.outsiders import ROLE, Outsider, Place, Zone, outsiders

HERE, THERE = "000000000000", "111122223333"
ZONE = Zone((HERE,), "o-mine", ("canonical",))
PLACES = [Place("bucket", "arn:aws:s3:::shop"), Place("object", "arn:aws:s3:::shop/*")]
ROLE_HERE = [Place(ROLE, f"arn:aws:iam::{HERE}:role/ApplicationAccess")]
ANYTHING = compile_policy('{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}')


def found(*statements: dict, places=PLACES) -> list[Outsider]:
    return list(outsiders(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), places, ZONE))


def allow(principal, action="s3:GetObject", resource="arn:aws:s3:::shop/*", **more) -> dict:
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **more}


def trust(principal, action="sts:AssumeRole") -> dict:
    return {"Effect": "Allow", "Principal": principal, "Action": action}


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": HERE},
        {"AWS": [f"arn:aws:iam::{HERE}:root", f"arn:aws:sts::{HERE}:assumed-role/a/b"]},
        {"Service": "lambda.amazonaws.com"},
        {"CanonicalUser": "canonical"},
    ],
)
def test_the_trusted_and_services_are_no_outsiders(principal):
    assert found(allow(principal)) == []


@pytest.mark.parametrize(
    ("principal", "shown"),
    [
        ({"AWS": f"arn:aws:iam::{THERE}:root"}, {"AWS": THERE}),
        ({"AWS": f"arn:aws:iam::{THERE}:user/ann"}, {"AWS": f"arn:aws:iam::{THERE}:user/ann"}),
        ({"CanonicalUser": "theirs"}, {"CanonicalUser": "theirs"}),
        ({"Federated": "accounts.google.com"}, {"Federated": "accounts.google.com"}),
        ("*", {"AWS": "*"}),
    ],
)
def test_all_others_are_shown(principal, shown):
    (one,) = found(allow(principal))
    assert (one.principal, one.actions, one.is_public) == (shown, {"s3:GetObject"}, principal == "*")


@pytest.mark.parametrize(
    ("condition", "gets_in", "public"),
    [
        ({"StringEquals": {"aws:PrincipalAccount": HERE}}, False, False),
        ({"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{HERE}:role/*"}}, False, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-mine"}}, False, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-other"}}, True, False),
        ({"StringEqualsIfExists": {"aws:PrincipalAccount": HERE}}, True, True),
        ({"StringNotEquals": {"aws:PrincipalAccount": THERE}}, True, True),
        ({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, True, False),
    ],
)
def test_conditions_may_leave_only_the_trusted(condition, gets_in, public):
    told = found(allow("*", Condition=condition))
    assert bool(told) is gets_in
    assert any(one.is_public for one in told) is public


def test_what_is_denied_is_not_told_but_where_the_denial_has_a_gap():
    denied = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::shop/*"}
    both = allow({"AWS": THERE}, ["s3:GetObject", "s3:PutObject"])
    assert found(both, denied)[0].actions == {"s3:GetObject"}
    gap = {**denied, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    assert found(both, gap)[0].actions == {"s3:GetObject", "s3:PutObject"}


def test_wildcards_are_told_as_the_actions_they_stand_for():
    (one,) = found(allow({"AWS": THERE}, "s3:Get*"))
    assert {"s3:GetObject", "s3:GetObjectAcl"} < one.actions and "s3:GetBucketAcl" not in one.actions
    (one,) = found(allow({"AWS": THERE}, "s3:Get*", "arn:aws:s3:::shop"))
    assert "s3:GetBucketAcl" in one.actions and "s3:GetObject" not in one.actions


def test_a_trust_policy_lets_in_by_what_a_principal_can_do():
    assert found(trust({"AWS": THERE}, "sts:TagSession"), places=ROLE_HERE) == []
    assert found(trust({"AWS": THERE}, "sts:AssumeRoleWithSAML"), places=ROLE_HERE) == []
    (one,) = found(trust({"AWS": THERE}, ["sts:AssumeRole", "sts:TagSession"]), places=ROLE_HERE)
    assert one.actions == {"sts:AssumeRole", "sts:TagSession"}
    (one,) = found(trust({"Federated": f"arn:aws:iam::{HERE}:saml-provider/x"}, "sts:*"), places=ROLE_HERE)
    assert "sts:AssumeRoleWithSAML" in one.actions and "sts:AssumeRole" not in one.actions


def test_a_text_without_meaning_is_refused():
    with pytest.raises(MalformedPolicy):
        list(outsiders("{", PLACES, ZONE))


USERS = [f"arn:aws:iam::{account}:user/{name}" for account in (HERE, THERE) for name in ("ann", "bob")]
ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:ListBucket"]
PRINCIPALS = some.one_of(
    some.just("*"),
    some.builds(lambda names: {"AWS": names}, some.lists(some.sampled_from([*USERS, HERE, THERE]), min_size=1)),
)
STATEMENTS = some.fixed_dictionaries(
    {
        "Effect": some.sampled_from(["Allow", "Allow", "Deny"]),
        "Principal": PRINCIPALS,
        "Action": some.lists(some.sampled_from([*ACTIONS, "s3:*", "s3:Get*"]), min_size=1, max_size=2),
        "Resource": some.lists(
            some.sampled_from(["*", "arn:aws:s3:::shop", "arn:aws:s3:::shop/*", "arn:aws:s3:::shop/a*"]),
            min_size=1,
            max_size=2,
        ),
    },
    optional={
        "Condition": some.sampled_from(
            [
                {"StringEquals": {"aws:PrincipalAccount": HERE}},
                {"StringNotEquals": {"aws:PrincipalAccount": THERE}},
                {"Bool": {"aws:SecureTransport": "false"}},
            ]
        )
    },
)


@settings(max_examples=150, deadline=None)
@given(some.lists(STATEMENTS, min_size=1, max_size=4))
def test_whoever_is_let_in_from_outside_is_told_of(statements):
    told = found(*statements)
    policy = compile_policy(json.dumps({"Version": "2012-10-17", "Statement": statements}))
    for user in [user for user in USERS if f":{THERE}:" in user]:
        names = [{"AWS": user}, {"AWS": THERE}, {"AWS": "*"}]
        actions = {action for one in told if one.principal in names for action in one.actions}
        for action in ACTIONS:
            resource = "arn:aws:s3:::shop" if action == "s3:ListBucket" else "arn:aws:s3:::shop/a"
            context = {"aws:principalaccount": [THERE], "aws:securetransport": ["true"]}
            request = Request(Principal.user(user), action, resource, HERE, context)
            if decide(request, Policies(identity=[ANYTHING], resource=[policy])).allowed:
                assert action in actions, (user, action, told)
