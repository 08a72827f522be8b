"""AWS's own managed policies, as the largest set of policies that are known to be good."""

from pathlib import Path

from glasshouse.engines.policy.checks import PolicyKind, validate

SOURCES = Path(__file__).parents[3] / "src" / "glasshouse"
MANAGED = SOURCES / "services" / "iam" / "managed_policies.tsv"
# Policies of AWS with an ARN or a condition that by AWS's own reference has not the form it must have.
MALFORMED = (Path(__file__).parent / "malformed_managed_policies.txt").read_text().splitlines()


def test_the_well_formed_managed_policies_have_no_errors():
    rows = [line.split("\t") for line in MANAGED.read_text().splitlines() if not line.startswith("#")]
    assert len(rows) > 1000
    faulty = {
        (name, finding.issue_code)
        for name, _, _, document in rows
        for finding in validate(document, PolicyKind.IDENTITY)
        if finding.finding_type == "ERROR"
    }
    assert {name for name, _ in faulty} == set(MALFORMED)
    assert {code for _, code in faulty} == {"INVALID_ARN_RESOURCE", "MISSING_QUALIFIER"}
