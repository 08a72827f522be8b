"""What IAM refuses to store, and its words."""

import pytest

from glasshouse.engines.policy import MalformedPolicy
from glasshouse.engines.policy.wellformed import Purpose, require_wellformed

GOOD = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'
TRUST = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": %s}}'


def one(**elements):
    """A policy of one statement with some elements exchanged (None: left out), each given as JSON."""
    statement = {"Effect": '"Allow"', "Action": '"s3:*"', "Resource": '"*"', **elements}
    written = ", ".join(f'"{name}": {value}' for name, value in statement.items() if value is not None)
    return '{"Version": "2012-10-17", "Statement": [{' + written + "}]}"


IAM_PATHS = (
    'IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/,'
    " server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/."
)
LEGACY = "The policy failed legacy parsing"
REFUSED = [
    ("{", "This policy contains invalid Json"),
    ("[]", "Syntax errors in policy."),
    ('{"Version": "2012-10-17"}', "Syntax errors in policy."),
    ('{"Version": "2012-10-17", "Statement": ["x"]}', "Syntax errors in policy."),
    (GOOD[:-1] + ', "Colour": 1}', "Syntax errors in policy."),
    (one(Colour="1"), "Syntax errors in policy."),
    (one(Effect='"Permit"'), "Syntax errors in policy."),
    (one(Effect=None), "Syntax errors in policy."),
    (one(Sid="1"), "Syntax errors in policy."),
    (one(Action="[1]"), "Syntax errors in policy."),
    (one(NotAction='"s3:*"'), "Syntax errors in policy."),
    (one(Condition='"x"'), "Syntax errors in policy."),
    (one(Condition='{"Equals": {"a:b": "c"}}'), "Syntax errors in policy."),
    (one(Condition='{"StringEquals": {"a:b": null}}'), "Syntax errors in policy."),
    (GOOD.replace("2012", "2008"), "Policy document must be version 2012-10-17 or greater."),
    (GOOD.replace('"Version": "2012-10-17", ', ""), "Policy document must be version 2012-10-17 or greater."),
    (one(Principal='"*"'), "Policy document should not specify a principal."),
    (one(Action=None), "Policy statement must contain actions."),
    (one(Action="[]"), "Policy statement must contain actions."),
    (one(Resource=None), "Policy statement must contain resources."),
    (one(Sid='"a"')[:-2] + "," + one(Sid='"a"')[40:], "Statement IDs (SID) in a single policy must be unique."),
    (one(Action='"GetObject"'), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
    (one(Action='"s3:Get:Object"'), "Actions/Condition can contain only one colon."),
    (one(Action='"s 3:GetObject"'), "Vendor s 3 is not valid"),
    (one(Resource='"bucket"'), 'Resource bucket must be in ARN format or "*".'),
    (one(Resource='"arn:aws"'), "Resource vendor must be fully qualified and cannot contain regexes."),
    (one(Resource='"x:y:z"'), 'Partition "y" is not valid for resource "arn:y:z:*:*:*".'),
    (one(Resource='"arn:aws:s3:r::b"'), "Resource arn:aws:s3:r::b can not contain region information."),
    (one(Resource='"bucket"', Action='"Get"'), 'Resource bucket must be in ARN format or "*".'),
    (one(Action='"Get"', Resource=None), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
    (one(Resource='"arn:aws:s3::b"'), LEGACY),
    (one(Resource='"arn:aws::::b"'), LEGACY),
    (one(Effect='"allow"'), LEGACY),
    (one(Condition='{"DateLessThan": {"aws:CurrentTime": "tomorrow"}}'), LEGACY),
    (one(Condition='{"DateLessThan": {"aws:CurrentTime": "2025-13-01"}}'), LEGACY),
    (one(Condition='{"DateLessThan": {"aws:CurrentTime": "9223372036854775808"}}', Action=None), LEGACY),
    ('{"Version": "2012-10-17", "Statement": []}', "Syntax errors in policy."),
    (GOOD.replace("2012", "2013"), "Syntax errors in policy."),
    (one(Resource='"arn:x:s3:::b"'), 'Partition "x" is not valid for resource "arn:x:s3:::b".'),
    (
        one(Resource='"arn:aws:iam:r:1:role/x"'),
        "IAM resource arn:aws:iam:r:1:role/x cannot contain region information.",
    ),
    (one(Resource='"arn:aws:iam::1:roles/x"'), IAM_PATHS),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_a_managed_policy_is_refused_in_iams_words(text, message):
    with pytest.raises(MalformedPolicy) as caught:
        require_wellformed(text, Purpose.MANAGED)
    assert caught.value.message == message


@pytest.mark.parametrize(
    "text",
    [
        one(Resource='"arn:aws:anything"'),
        one(Resource='["*", null]'),
        one(Action='"s3.s:what ever"'),
        one(Condition='{"whatever": {}}'),
        one(Condition='{"DateLessThan": {"aws:CurrentTime": ["2025-12-13T02:00:00.593Z", "2025", "1700000000"]}}'),
        one(Condition='{"DateLessThan": {"aws:CurrentTime": "2025-12-13t2:00:00+10:59"}}'),
        one(Resource='"arn:aws:s3:eu-west-1:123456789012:accesspoint/p"'),
    ],
)
def test_what_looks_odd_and_iam_stores_all_the_same(text):
    require_wellformed(text, Purpose.MANAGED)


REFUSED_TRUST = [
    (one(), "Missing required field Principal"),
    (TRUST.replace('"Principal"', '"Resource": "*", "Principal"') % '"*"', "Has prohibited field Resource"),
    (
        TRUST.replace("sts:AssumeRole", "s3:GetObject") % '"*"',
        "AssumeRole policy may only specify STS AssumeRole actions.",
    ),
    (TRUST % '{"AWS": "arn:aws:iam::1:role/x"}', 'Invalid principal in policy: "AWS":"arn:aws:iam::1:role/x"'),
    (
        TRUST % '{"AWS": "arn:aws:iam::111122223333:role/*"}',
        'Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:role/*"',
    ),
    (TRUST % '{"Service": "ec2"}', 'Invalid principal in policy: "Service":"ec2"'),
    (TRUST % '{"Person": "me"}', 'Invalid principal in policy: "Person":"me"'),
    (TRUST % '"me"', "Invalid principal in policy."),
]


@pytest.mark.parametrize(("text", "message"), REFUSED_TRUST)
def test_a_trust_policy_is_refused_in_iams_words(text, message):
    with pytest.raises(MalformedPolicy) as caught:
        require_wellformed(text, Purpose.TRUST)
    assert caught.value.message == message


ACCEPTED_PRINCIPALS = [
    '"*"',
    '{"AWS": "*"}',
    '{"AWS": "111122223333"}',
    '{"AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:role/team/app", "AROA1234567890EXAMPLE"]}',
    '{"AWS": "arn:aws:sts::111122223333:assumed-role/app/session"}',
    '{"Service": ["ec2.amazonaws.com", "events.amazonaws.com"]}',
    '{"Federated": "cognito-identity.amazonaws.com"}',
]


@pytest.mark.parametrize("principal", ACCEPTED_PRINCIPALS)
def test_a_trust_policy_is_accepted(principal):
    assert require_wellformed(TRUST % principal, Purpose.TRUST, "mine").name == "mine"


ACCEPTED = [
    GOOD,
    one(Resource='["arn:aws:s3:::b/*", "arn:aws:iam::*:role/${aws:username}", "arn:aws:iam::*:*", "arn:aws:sqs:*"]'),
    one(Action='["*", "s3:Get*", "aws-portal:View?illing"]'),
    one(Condition='{"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a", 1, true]}}'),
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_a_managed_policy_is_accepted(text):
    assert require_wellformed(text, Purpose.MANAGED).statements


def test_an_inline_policy_may_be_of_the_old_version_or_of_none():
    assert require_wellformed(GOOD.replace("2012", "2008"), Purpose.INLINE).statements
    assert require_wellformed(GOOD.replace('"Version": "2012-10-17", ', ""), Purpose.INLINE).statements


def test_a_resource_policy_needs_principals_and_no_resource():
    assert require_wellformed(one(Principal='"*"', Resource=None), Purpose.RESOURCE).statements
    with pytest.raises(MalformedPolicy):
        require_wellformed(one(), Purpose.RESOURCE)
