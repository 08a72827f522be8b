"""Comparison of policies: golden cases, soundness against enumeration, and witnesses that are real."""

import itertools
import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_brute_force import wild

from glasshouse.engines.policy import Principal, Request, compile_policy, matching
from glasshouse.engines.policy.compare import granted_access, new_access, public_access
from glasshouse.engines.policy.languages import combinations, counterexample, includes, overlap
from glasshouse.engines.policy.patterns import read_pieces

GOLDEN = json.loads((Path(__file__).parent / "golden" / "comparisons.json").read_text())
PATTERNS = st.text(alphabet="ab*?", max_size=5)
SHORT_TEXTS = ["".join(letters) for size in range(6) for letters in itertools.product("abx", repeat=size)]


def pieces(pattern):
    return read_pieces(pattern, False)


@settings(max_examples=60, deadline=None)
@given(st.lists(PATTERNS, min_size=1, max_size=3))
def test_exactly_the_possible_combinations_of_patterns_are_found(patterns):
    found = combinations([pieces(pattern) for pattern in patterns])
    for matched, text in found.items():
        assert matched == sum(1 << at for at, pattern in enumerate(patterns) if wild(pattern, text))
    for text in SHORT_TEXTS:
        assert sum(1 << at for at, pattern in enumerate(patterns) if wild(pattern, text)) in found


@settings(max_examples=150, deadline=None)
@given(PATTERNS, PATTERNS)
def test_inclusion_and_overlap_of_patterns(one, other):
    example = counterexample(pieces(one), [pieces(other)])
    assert (example is None) is includes(pieces(other), pieces(one))
    if example is None:
        assert all(wild(other, text) for text in SHORT_TEXTS if wild(one, text))
    else:
        assert wild(one, example)
        assert not wild(other, example)
    both = [text for text in SHORT_TEXTS if wild(one, text) and wild(other, text)]
    assert overlap(pieces(one), pieces(other)) or not both
    assert overlap(pieces(one), pieces(other)) is any(
        matched == 3 for matched in combinations([pieces(one), pieces(other)])
    )


def policy_text(statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def shown(access):
    return [access.permitted, [reason.index for reason in access.reasons]]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in GOLDEN["new access"]])
def test_whether_a_policy_permits_more(case):
    assert shown(new_access(policy_text(case["new"]), policy_text(case["existing"]))) == case["expect"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in GOLDEN["granted access"]])
def test_whether_a_policy_grants_some_access(case):
    access = granted_access(policy_text(case["policy"]), case.get("actions", []), case.get("resources", []))
    assert shown(access) == case["expect"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in GOLDEN["public access"]])
def test_whether_a_policy_grants_access_to_everyone(case):
    assert shown(public_access(policy_text(case["policy"]))) == case["expect"]


def test_statements_are_named_in_the_reasons():
    statement = {"Sid": "Mine", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    access = new_access(policy_text([statement]), policy_text([]))
    assert [(reason.index, reason.sid) for reason in access.reasons] == [(0, "Mine")]
    assert access.witness is not None
    assert access.witness.action == "s3:getobject"


def test_what_is_too_entangled_counts_as_permitted():
    entangled = [f"arn:aws:s3:::{'*'.join('abcdefgh'[at:] + 'abcdefgh'[:at])}*" for at in range(8)]
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": entangled}
    access = new_access(policy_text([statement]), policy_text([{**statement, "Resource": entangled[:4]}]))
    assert shown(access) == [True, [0]]


ACTIONS = ["s:a", "s:b", "s:ab", "t:a", "t:b"]
ACTION_PATTERNS = ["*", "s:*", "s:a", "s:a*", "s:?", "*:a", "t:b", "?:*b"]
RESOURCES = ["*", *(f"arn:p:s:::{name}" for name in ("a", "b", "ab", "abb", "x"))]
RESOURCE_PATTERNS = ["*", "arn:*", "arn:p:s:::*", "arn:p:s:::a*", "arn:p:s:::a", "arn:p:s:::?b", "arn:*:b"]
ARN_PATTERNS = ["arn:p:s:::a*", "arn:*:*:*:1:*", "arn:p:*:*:1:b", "arn:p:s:*"]
ARN_VALUES = ["arn:p:s:::ab", "arn:p:s::1:b", "arn:q:s::1:x", "x"]
VALUES = {
    "k:s": ["a", "b", "ab", "A"],
    "k:n": ["1", "2", "2.5", "3", "x"],
    "k:i": ["10.0.0.1", "10.1.0.1", "11.0.0.1"],
    "k:d": ["2020-01-01", "2020-06-01T00:00:00Z", "2021-01-01"],
    "k:b": ["true", "false"],
    "k:arn": ARN_VALUES,
}
OPERATORS = {
    "k:s": (
        ["StringEquals", "StringLike", "StringNotEquals", "StringNotLike", "StringEqualsIgnoreCase"],
        ["a", "b", "a*", "A"],
    ),
    "k:n": (["NumericEquals", "NumericLessThan", "NumericGreaterThanEquals", "NumericNotEquals"], ["1", "2", "3"]),
    "k:i": (["IpAddress", "NotIpAddress"], ["10.0.0.0/8", "10.0.0.0/16", "10.0.0.1"]),
    "k:d": (["DateLessThan", "DateGreaterThanEquals", "DateEquals"], ["2020-01-01", "2020-12-31"]),
    "k:b": (["Bool"], ["true", "false"]),
    "k:arn": (["ArnLike", "ArnNotLike"], ARN_PATTERNS),
}
PRINCIPALS = [
    Principal.user("arn:aws:iam::111122223333:user/bob"),
    Principal.user("arn:aws:iam::111122223333:user/ann"),
    Principal.role_session("arn:aws:sts::111122223333:assumed-role/app/s", "arn:aws:iam::111122223333:role/app"),
    Principal.role_session("arn:aws:sts::111122223333:assumed-role/app/t", "arn:aws:iam::111122223333:role/app"),
    Principal.root("111122223333"),
    Principal.user("arn:aws:iam::444455556666:user/bob"),
    Principal.service("x.amazonaws.com"),
    Principal.anonymous(),
]
NAMED = [
    "*",
    {"AWS": "*"},
    {"AWS": "111122223333"},
    {"AWS": "arn:aws:iam::111122223333:user/bob"},
    {"AWS": ["arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:root"]},
    {"AWS": "arn:aws:sts::111122223333:assumed-role/app/s"},
    {"Service": "x.amazonaws.com"},
]


def condition(rng):
    key = rng.choice(list(OPERATORS))
    operators, values = OPERATORS[key]
    qualifier = rng.choice(["", "", "", "ForAllValues:", "ForAnyValue:"])
    operator = qualifier + rng.choice(operators) + rng.choice(["", "", "IfExists"])
    if rng.random() < 0.15:
        return {"Null": {key: rng.choice(["true", "false"])}}
    return {operator: {key: rng.sample(values, rng.randint(1, 2))}}


def statement(rng, with_principal):
    made = {"Effect": rng.choice(["Allow", "Allow", "Deny"])}
    made[rng.choice(["Action", "Action", "NotAction"])] = rng.sample(ACTION_PATTERNS, rng.randint(1, 2))
    made[rng.choice(["Resource", "Resource", "NotResource"])] = rng.sample(RESOURCE_PATTERNS, rng.randint(1, 2))
    if with_principal:
        made[rng.choice(["Principal", "Principal", "Principal", "NotPrincipal"])] = rng.choice(NAMED)
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        made.setdefault("Condition", {}).update(condition(rng))
    return made


def statements(rng, with_principal):
    return [statement(rng, with_principal) for _ in range(rng.randint(1, 2))]


def permits(policy, request):
    found = [kept for _, kept in matching([policy], request)]
    return any(kept.allows for kept in found) and all(kept.allows for kept in found)


def keys_with_qualifier(made):
    blocks = [block for one in made for operator, block in one.get("Condition", {}).items() if ":" in operator]
    return {key for block in blocks for key in block}


def contexts(rng, several):
    """Contexts in which the keys that are compared as sets have one value or two, the others one."""
    for _ in range(25):
        yield {
            key: rng.sample(values, rng.randint(1, 2) if key in several else 1)
            for key, values in VALUES.items()
            if rng.random() < 0.7
        }


def is_new(request, new, existing):
    return permits(new, request) and not permits(existing, request)


def questions(rng, several, principals):
    for context in contexts(rng, several):
        for action, resource, principal in itertools.product(ACTIONS, RESOURCES, principals):
            yield Request(principal, action, resource, context=context)


def test_enumeration_finds_nothing_where_no_new_access_is_said_to_be():
    found = 0
    for seed in range(120):
        rng = random.Random(seed)
        with_principal = rng.random() < 0.5
        after, before = statements(rng, with_principal), statements(rng, with_principal)
        if new_access(policy_text(after), policy_text(before)).permitted:
            found += 1
            continue
        new, existing = compile_policy(policy_text(after)), compile_policy(policy_text(before))
        asked = questions(rng, keys_with_qualifier(after + before), PRINCIPALS if with_principal else PRINCIPALS[:1])
        assert not any(is_new(request, new, existing) for request in asked), seed
    assert 30 < found < 110


def test_every_example_of_new_access_is_real():
    for seed in range(120):
        rng = random.Random(seed)
        with_principal = rng.random() < 0.5
        after, before = statements(rng, with_principal), statements(rng, with_principal)
        access = new_access(policy_text(after), policy_text(before))
        if access.witness is None:
            continue
        example = access.witness
        context = {key: list(values) for key, values in example.context.items() if values is not None}
        principal = example.principal if with_principal else PRINCIPALS[0]
        assert principal is not None
        request = Request(principal, example.action, example.resource, context=context)
        assert is_new(request, compile_policy(policy_text(after)), compile_policy(policy_text(before))), seed


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_no_policy_permits_more_than_itself_or_than_everything(rng):
    made = policy_text(statements(rng, with_principal=False))
    everything = policy_text([{"Effect": "Allow", "Action": "*", "Resource": "*"}])
    assert not new_access(made, made).permitted
    assert not new_access(made, everything).permitted
