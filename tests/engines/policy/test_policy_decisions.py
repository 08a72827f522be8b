"""Decisions: golden cases, and agreement with an evaluator that shares nothing with the engine."""

import json
import random
from pathlib import Path

import policy_brute_force as brute
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glasshouse.engines.policy import (
    Policies,
    PolicyType,
    Principal,
    Request,
    ResourceRule,
    access_denied,
    compile_policy,
    decide,
    matching,
)

GOLDEN = Path(__file__).parent / "golden"
CONDITIONS = json.loads((GOLDEN / "conditions.json").read_text())
DECISIONS = json.loads((GOLDEN / "decisions.json").read_text())
BOB = Principal.user("arn:aws:iam::111122223333:user/bob")


def principal(given):
    match given["kind"]:
        case "user":
            return Principal.user(given["arn"])
        case "role session":
            return Principal.role_session(given["arn"], given["role"])
        case "root":
            return Principal.root(given["account"])
        case "service":
            return Principal.service(given["arn"])
    return Principal.anonymous()


def compiled(policies):
    return None if policies is None else [compile_policy(json.dumps(policy)) for policy in policies]


def policies(given):
    return Policies(
        identity=compiled(given.get("identity") or []),
        resource=compiled(given.get("resource") or []),
        boundary=compiled(given.get("boundary")),
        session=compiled(given.get("session")),
        service_control=[compiled(level) for level in given.get("service_control", [])],
        resource_control=[compiled(level) for level in given.get("resource_control", [])],
        endpoint=compiled(given.get("endpoint")),
        resource_rule=ResourceRule(given.get("rule", "optional")),
    )


@pytest.mark.parametrize(
    ("condition", "context", "expected"), [pytest.param(*case[1:], id=case[0]) for case in CONDITIONS]
)
def test_a_condition_holds_or_not(condition, context, expected):
    policy = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition},
    }
    request = Request(BOB, "s3:GetObject", "arn:aws:s3:::b/k", context=context)
    assert decide(request, Policies([compile_policy(json.dumps(policy))])).allowed is expected


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in DECISIONS["cases"]])
def test_a_golden_decision(case):
    who = DECISIONS["principals"][case["principal"]]
    named = {**case, "resource": case.get("resource_policies", [])}
    by_name = DECISIONS["policies"]
    chosen = {
        kind: None if named.get(kind) is None else [by_name[name] for name in named[kind]]
        for kind in ("identity", "resource", "boundary", "session", "endpoint")
    }
    for kind in ("service_control", "resource_control"):
        chosen[kind] = [[by_name[name] for name in level] for level in case.get(kind, [])]
    chosen["rule"] = case.get("rule", "optional")
    request = Request(
        principal(who),
        case.get("action", "s3:GetObject"),
        case.get("resource", "arn:aws:s3:::data/x"),
        case.get("account", who.get("account")),
        case.get("context", {}),
    )
    decision = decide(request, policies(chosen))
    sid = decision.statement.sid if decision.statement else None
    assert [decision.allowed, str(decision.policy_type), decision.explicit, sid] == case["expect"]


WORDS = ["a", "b", "ab", "ba", "abb", "*", "?", "a*", "*b", "a?", "*a*", "a*b", "${aws:username}", "${aws:username}*"]
WORDS += ["${*}", "a${?}", "${no:key, 'ab'}", "${no:key}", "${many:key}", "${aws:username, 'x'}b"]
VALUES = ["a", "b", "ab", "abb", "ba", "*", "a*", "x", ""]
ACCOUNTS = ["111122223333", "444455556666"]
ENTITIES = [("user", "u"), ("role session", "r")]


def who_asks(rng):
    kind = rng.choice(["user", "user", "role session", "role session", "root", "service", "anonymous"])
    account = rng.choice(ACCOUNTS)
    if kind == "service":
        return {"kind": kind, "arn": "x.amazonaws.com"}
    if kind == "anonymous":
        return {"kind": kind}
    arns = {
        "user": f"arn:aws:iam::{account}:user/u",
        "role session": f"arn:aws:sts::{account}:assumed-role/r/s",
        "root": f"arn:aws:iam::{account}:root",
    }
    return {"kind": kind, "account": account, "arn": arns[kind], "role": f"arn:aws:iam::{account}:role/r"}


def some(rng, choices, most=2):
    chosen = rng.sample(choices, rng.randint(1, most))
    return chosen[0] if len(chosen) == 1 and rng.random() < 0.5 else chosen


def principal_element(rng):
    if rng.random() < 0.25:
        return rng.choice(["*", {"AWS": "*"}])
    named = []
    for account in ACCOUNTS:
        named += [f"arn:aws:iam::{account}:user/u", f"arn:aws:iam::{account}:role/r", account]
        named += [f"arn:aws:sts::{account}:assumed-role/r/s", f"arn:aws:iam::{account}:root"]
    element = {"AWS": some(rng, named, 4)}
    if rng.random() < 0.3:
        element["Service"] = rng.choice(["x.amazonaws.com", "y.amazonaws.com"])
    return element


def condition_block(rng):
    block = {}
    for _ in range(rng.randint(1, 2)):
        family = rng.choice(["string", "number", "date", "ip", "arn", "bool", "null"])
        operators, values = {
            "string": (
                ["StringEquals", "StringLike", "StringNotEquals", "StringNotLike", "StringEqualsIgnoreCase"],
                WORDS,
            ),
            "number": (
                ["NumericEquals", "NumericLessThan", "NumericNotEquals", "NumericGreaterThanEquals"],
                ["1", "2", 3],
            ),
            "date": (["DateEquals", "DateLessThan", "DateGreaterThanEquals"], ["2020-01-01", "2021-01-01T00:00:00Z"]),
            "ip": (["IpAddress", "NotIpAddress"], ["10.0.0.0/8", "10.1.2.3", "2001:db8::/32"]),
            "arn": (
                ["ArnLike", "ArnNotLike", "ArnEquals"],
                ["arn:aws:s3:::a*", "arn:*:*:*:*:${aws:username}", "arn:aws:s3:*"],
            ),
            "bool": (["Bool"], ["true", "false", True]),
            "null": (["Null"], ["true", "false", False]),
        }[family]
        operator = rng.choice(operators)
        if family != "null":
            operator = (
                rng.choice(["", "", "ForAllValues:", "ForAnyValue:"]) + operator + rng.choice(["", "", "IfExists"])
            )
        block.setdefault(operator, {})[rng.choice(["Aws:UserName", f"k:{family}", f"k:{family}"])] = some(rng, values)
    return block


def statement(rng, with_principal):
    made = {"Effect": rng.choice(["Allow"] * 9 + ["Deny"])}
    made[rng.choice(["Action", "Action", "Action", "NotAction"])] = some(
        rng, ["s:a", "s:A*", "s:*", "*", "t:?b", "*:a", "s:a*b"]
    )
    made[rng.choice(["Resource", "Resource", "Resource", "NotResource"])] = some(rng, [*WORDS, "*"], 3)
    if with_principal:
        made[rng.choice(["Principal"] * 5 + ["NotPrincipal"])] = principal_element(rng)
    if rng.random() < 0.4:
        made["Condition"] = condition_block(rng)
    return made


def policy(rng, with_principal=False):
    return {
        "Version": rng.choice(["2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17"]),
        "Statement": [statement(rng, with_principal) for _ in range(rng.randint(1, 3))],
    }


def several(rng, most=2, with_principal=False):
    return [policy(rng, with_principal) for _ in range(rng.randint(0, most))]


def policy_set(rng):
    chosen = {"identity": several(rng), "resource": several(rng, with_principal=True)}
    for kind in ("boundary", "session", "endpoint"):
        chosen[kind] = several(rng, with_principal=kind == "endpoint") if rng.random() < 0.25 else None
    for kind in ("service_control", "resource_control"):
        chosen[kind] = [several(rng, with_principal=kind == "resource_control")] if rng.random() < 0.1 else []
    chosen["rule"] = rng.choice(["optional", "optional", "required"])
    return chosen


def question(rng):
    context = {
        "aws:username": ["ab"],
        "many:key": ["a", "b"],
        "k:string": rng.sample(VALUES, rng.randint(1, 2)),
        "k:number": rng.sample(["1", "2", "3", "x"], rng.randint(1, 2)),
        "k:date": [rng.choice(["2020-01-01T00:00:00Z", "2020-06-01", "1609459200"])],
        "k:ip": [rng.choice(["10.1.2.3", "11.0.0.1", "2001:db8::1"])],
        "k:arn": [rng.choice(["arn:aws:s3:::ab", "arn:aws:s3:::b", "ab"])],
        "k:bool": [rng.choice(["true", "false"])],
    }
    return {
        "principal": who_asks(rng),
        "action": rng.choice(["s:a", "S:ab", "s:b", "t:ab", "t:a"]),
        "resource": rng.choice(VALUES),
        "resource_account": rng.choice(ACCOUNTS),
        "context": {key: values for key, values in context.items() if rng.random() < 0.6},
    }


def disagreement(rng, questions):
    """The first case in which the engine and the brute-force evaluator disagree, else None."""
    given = policy_set(rng)
    engine = policies(given)
    for _ in range(questions):
        asked = question(rng)
        request = Request(
            principal(asked["principal"]),
            asked["action"],
            asked["resource"],
            asked["resource_account"],
            asked["context"],
        )
        if decide(request, engine).allowed != brute.decide(asked, given):
            return given, asked
    return None


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_engine_agrees_with_brute_force(rng):
    assert disagreement(rng, 5) is None


def test_the_engine_agrees_with_brute_force_on_many_random_pairs():
    for seed in range(400):
        assert disagreement(random.Random(seed), 50) is None, seed


def test_random_questions_are_both_allowed_and_refused():
    rng = random.Random(7)
    answers = [brute.decide(question(rng), policy_set(rng)) for _ in range(600)]
    assert 40 < sum(answers) < 360


TWO_STATEMENTS = """{
  "Statement": [
    {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
    {"Sid": "No", "Effect": "Deny", "Action": "*", "Resource": "*"}
  ]
}"""


def test_the_deciding_statement_and_its_place_are_told():
    kept = compile_policy(TWO_STATEMENTS, "mine")
    decision = decide(Request(BOB, "s3:GetObject"), Policies([kept]))
    assert decision.policy is kept
    assert decision.statement is not None
    start = decision.statement.span.start
    at = TWO_STATEMENTS.index('{"Sid"')
    assert (decision.statement.index, start.line, start.column, start.offset) == (1, 4, 4, at)


def test_all_matching_statements_can_be_listed():
    kept = compile_policy(TWO_STATEMENTS)
    assert [found.index for _, found in matching([kept], Request(BOB, "s3:GetObject"))] == [0, 1]


def test_a_policy_knows_the_context_keys_it_asks_for():
    kept = compile_policy(
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "a/${aws:username}",'
        ' "Condition": {"StringLike": {"s3:Prefix": "${aws:PrincipalTag/Team}"}}}}'
    )
    assert kept.context_keys == {"aws:username", "s3:prefix", "aws:principaltag/team"}


def test_a_role_session_is_known_by_its_role_wherever_the_role_has_no_path():
    session = Principal.role_session("arn:aws:sts::111122223333:assumed-role/app/s1")
    trust = compile_policy(
        '{"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "*"}}'
    )
    assert decide(
        Request(session, "sts:AssumeRole"), Policies(resource=[trust], resource_rule=ResourceRule.REQUIRED)
    ).allowed


def test_a_federated_principal_is_known_by_its_provider():
    provider = '{"Federated": "arn:aws:iam::1:oidc-provider/x"}'
    trust = compile_policy('{"Statement": {"Effect": "Allow", "Action": "*", "Principal": ' + provider + "}}")
    for provider, allowed in (("arn:aws:iam::1:oidc-provider/x", True), ("arn:aws:iam::1:oidc-provider/y", False)):
        request = Request(Principal.federated(provider), "sts:AssumeRoleWithWebIdentity")
        assert decide(request, Policies(resource=[trust])).allowed is allowed


WORDINGS = [
    ({"identity": []}, "because no identity-based policy allows the s3:GetObject action"),
    ({"identity": ["deny-get"]}, "with an explicit deny in an identity-based policy"),
    ({"identity": ["all"], "boundary": []}, "because no permissions boundary allows the s3:GetObject action"),
    ({"identity": ["all"], "boundary": ["deny-get"]}, "with an explicit deny in a permissions boundary"),
    ({"identity": ["all"], "session": []}, "because no session policy allows the s3:GetObject action"),
    ({"identity": ["all"], "session": ["deny-get"]}, "with an explicit deny in a session policy"),
    ({"service_control": [[]]}, "because no service control policy allows the s3:GetObject action"),
    ({"service_control": [["deny-get"]]}, "with an explicit deny in a service control policy"),
    ({"resource_control": [["deny-get"]]}, "with an explicit deny in a resource control policy"),
    ({"endpoint": []}, "because no VPC endpoint policy allows the s3:GetObject action"),
    ({"endpoint": ["deny-get"]}, "with an explicit deny in a VPC endpoint policy"),
    ({"rule": "required"}, "because no resource-based policy allows the s3:GetObject action"),
    ({"resource": ["bucket-deny"]}, "with an explicit deny in a resource-based policy"),
]


@pytest.mark.parametrize(("given", "ending"), WORDINGS)
def test_a_refusal_is_worded_as_aws_words_it(given, ending):
    def named(names):
        return [named(name) if isinstance(name, list) else DECISIONS["policies"][name] for name in names]

    chosen = {kind: names if kind == "rule" else named(names) for kind, names in given.items()}
    decision = decide(Request(BOB, "s3:GetObject", "arn:aws:s3:::data/x"), policies(chosen))
    message = access_denied(BOB.arn, "s3:GetObject", "arn:aws:s3:::data/x", decision)
    subject = f"User: {BOB.arn} is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::data/x "
    assert message == subject + ending


@pytest.mark.parametrize(
    ("trust", "ending"),
    [
        ("trust-B", "because no role trust policy allows the sts:AssumeRole action"),
        ("trust-deny-A", "with an explicit deny in the role trust policy"),
    ],
)
def test_a_refusal_by_a_trust_policy_says_so(trust, ending):
    session = principal(DECISIONS["principals"]["RoleA"])
    role = "arn:aws:iam::123456789012:role/RoleA"
    trusting = compiled([DECISIONS["policies"][trust]])
    given = Policies(resource=trusting, resource_rule=ResourceRule.REQUIRED, resource_type=PolicyType.ROLE_TRUST)
    decision = decide(Request(session, "sts:AssumeRole", role), given)
    message = access_denied(session.arn, "sts:AssumeRole", role, decision)
    assert message == f"User: {session.arn} is not authorized to perform: sts:AssumeRole on resource: {role} {ending}"


def test_a_denying_managed_policy_is_named():
    arn = "arn:aws:iam::111122223333:policy/no"
    policy = compile_policy('{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}', arn)
    decision = decide(Request(BOB, "s3:ListAllMyBuckets"), Policies([policy]))
    assert access_denied(BOB.arn, "s3:ListAllMyBuckets", "*", decision) == (
        f"User: {BOB.arn} is not authorized to perform: s3:ListAllMyBuckets"
        f" with an explicit deny in an identity-based policy: {arn}"
    )
