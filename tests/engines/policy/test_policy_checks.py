"""The checks of policies: a positive and a negative case for each, findings as AWS prints them, and no surprises."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glasshouse.engines.policy.checks import PolicyKind, validate
from glasshouse.engines.policy.checks.subject import check_texts

GOLDEN = Path(__file__).parent / "golden"
ROWS = [
    line.split("\t")
    for line in (GOLDEN / "findings.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
COLUMNS = (
    "code",
    "variant",
    "kind",
    "resource_type",
    "positive",
    "negative",
    "paths",
    "details",
    "also",
    "negative_has",
)
CASES = [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]
WRAPPING = '{\n  "Version": "2012-10-17",\n  "Statement": [\n    %s\n  ]\n}'


def policy_text(written):
    """The text of a policy with its marks."""
    written = re.sub(r"@(\d+)@", lambda match: "a" * int(match.group(1)), written)
    written = re.sub(r"_(\d+)_", lambda match: " " * int(match.group(1)), written).replace("¶", "\n")
    return written[1:] if written.startswith("=") else WRAPPING % written


def taken_apart(marked):
    """A text without its marks, and what they mark: pairs of offsets."""
    text, open_at, spans = "", [], []
    for character in marked:
        if character == "⟦":
            open_at.append(len(text))
        elif character == "⟧":
            spans.append((open_at.pop(), len(text)))
        else:
            text += character
    return text, sorted(spans)


def line_and_column(text, offset):
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1)


def shown_path(location):
    shown = {"value": "{}", "key": "<{}>", "index": "{}"}
    return " > ".join(
        "[{}+{}]".format(*step.value) if step.kind == "substring" else shown[step.kind].format(step.value)
        for step in location.path
    )


def findings(case, text):
    return validate(text, PolicyKind(case["kind"] + "_POLICY"), case["resource_type"] or None)


def codes(found):
    return sorted({finding.issue_code for finding in found})


@pytest.mark.parametrize("case", [pytest.param(case, id=case["code"] + case["variant"]) for case in CASES])
def test_a_policy_has_the_finding_and_where(case):
    text, spans = taken_apart(policy_text(case["positive"]))
    found = findings(case, text)
    assert codes(found) == sorted({case["code"], *filter(None, case["also"].split(","))})
    finding = next(finding for finding in found if finding.issue_code == case["code"])
    expected = check_texts()[case["code"], case["variant"]]
    assert (finding.finding_type, finding.learn_more_link) == (expected.finding_type, expected.link)
    assert finding.details == (case["details"] or expected.details)
    assert " | ".join(shown_path(location) for location in finding.locations) == case["paths"]
    assert sorted((place.span.start.offset, place.span.end.offset) for place in finding.locations) == spans
    for location in finding.locations:
        for position in (location.span.start, location.span.end):
            assert (position.line, position.column) == line_and_column(text, position.offset)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["code"] + case["variant"]) for case in CASES])
def test_a_similar_policy_does_not_have_the_finding(case):
    found = codes(findings(case, policy_text(case["negative"])))
    assert found == sorted(filter(None, case["negative_has"].split(",")))
    assert case["code"] not in found


def test_every_check_has_its_case():
    assert [(case["code"], case["variant"]) for case in CASES] == list(check_texts())


def test_no_details_hold_an_unfilled_placeholder():
    assert not [case for case in CASES if "{{" in case["details"]]


def as_printed(finding):
    """A finding in the shape of the API's answer."""
    return {
        "findingDetails": finding.details,
        "findingType": finding.finding_type,
        "issueCode": finding.issue_code,
        "learnMoreLink": finding.learn_more_link,
        "locations": [
            {
                "path": [{step.kind: step.value} for step in location.path],
                "span": {
                    end: {"line": place.line, "column": place.column, "offset": place.offset}
                    for end, place in (("start", location.span.start), ("end", location.span.end))
                },
            }
            for location in finding.locations
        ],
    }


PRINTED = json.loads((GOLDEN / "printed.json").read_text())


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in PRINTED])
def test_findings_are_those_that_aws_printed(case):
    text = "\n".join(case["policy"])
    found = validate(text, PolicyKind(case["kind"]), case.get("resource_type"))
    assert [as_printed(finding) for finding in found] == case["findings"]


KEYS = ["Version", "Statement", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource"]
KEYS += ["Condition", "Sid", "Id", "AWS", "Service", "Federated", "StringEquals", "ForAllValues:NullIfExists", "Bool"]
KEYS += [
    "IpAddress",
    "DateLessThan",
    "NumericLessThan",
    "aws:SourceIp",
    "aws:ResourceTag/x",
    "aws:TagKeys",
    "s3:prefix",
]
WORDS = ["2012-10-17", "Allow", "Deny", "*", "s3:*", "s3:GetObject", "iam:PassRole", "sts:AssumeRole", "arn:aws:s3:::b"]
WORDS += [
    "arn:",
    "arn:aws:iam::1:role/*",
    "${",
    "${}",
    "${aws:username}",
    "10.0.0.0/8",
    "",
    ":",
    "1",
    "??",
    "x\ty",
    "[",
    "é",
]
SCALARS = st.sampled_from(WORDS) | st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=4)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner),
    max_leaves=14,
)
STATEMENT = st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=6)
KINDS = st.sampled_from(list(PolicyKind))
TYPES = st.sampled_from([None, "AWS::S3::Bucket", "AWS::IAM::AssumeRolePolicyDocument", "AWS::DynamoDB::Table"])


@settings(max_examples=300, deadline=None)
@given(
    ANYTHING | st.builds(lambda statements: {"Statement": statements}, st.lists(STATEMENT, max_size=3)), KINDS, TYPES
)
def test_whatever_stands_in_a_policy_is_judged_and_its_places_exist(value, kind, resource_type):
    text = json.dumps(value, indent=1, ensure_ascii=False)
    for finding in validate(text, kind, resource_type):
        assert "{{" not in finding.details
        for location in finding.locations:
            assert 0 <= location.span.start.offset < location.span.end.offset <= len(text)


@given(st.text(max_size=30))
def test_whatever_is_no_policy_is_an_error(text):
    assert any(finding.finding_type == "ERROR" for finding in validate(text, PolicyKind.IDENTITY))
