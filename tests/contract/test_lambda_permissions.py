"""Lambda: permissions, as policies that IAM really asks."""

import json

import pytest

from tests.contract.lambda_code import ACCOUNT, PREFIX, another_account, made, refused

INVALID, MISSING = "InvalidParameterValueException", "ResourceNotFoundException"
S3 = {"StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
BUCKET = "arn:aws:s3:::box"


@pytest.fixture
def functions(aws):
    """A client, and the function `echo` with a version and an alias."""
    made(aws, Publish=True)
    client = aws("lambda")
    client.create_alias(FunctionName="echo", Name="live", FunctionVersion="1")
    return client


def policy(functions, **asked) -> dict:
    return json.loads(functions.get_policy(FunctionName="echo", **asked)["Policy"])


# What is refused


def test_permissions_that_are_not_there(functions):
    assert refused(functions.get_policy, FunctionName="echo") == (
        MISSING, "The resource you requested does not exist.",
    )  # fmt: skip
    assert refused(functions.get_policy, FunctionName="ghost") == (MISSING, f"Function not found: {PREFIX}ghost")
    assert refused(functions.remove_permission, FunctionName="echo", StatementId="s3") == (
        MISSING, "No policy is associated with the given resource.",
    )  # fmt: skip
    functions.add_permission(FunctionName="echo", **S3)
    assert refused(functions.remove_permission, FunctionName="echo", StatementId="other") == (
        MISSING, "Statement other is not found in resource policy.",
    )  # fmt: skip
    assert refused(functions.remove_permission, FunctionName="ghost", StatementId="s3") == (
        MISSING, f"No policy found for: {PREFIX}ghost",
    )  # fmt: skip


def test_permissions_that_cannot_be(functions):
    add = functions.add_permission
    add(FunctionName="echo", **S3)
    assert refused(add, FunctionName="echo", **S3) == (
        "ResourceConflictException",
        "The statement id (s3) provided already exists. Please provide a new statement id, or remove the existing"
        " statement.",
    )
    assert refused(add, FunctionName="ghost", **S3) == (MISSING, f"Function not found: {PREFIX}ghost")
    assert refused(add, FunctionName="echo", Qualifier="none", **S3) == (
        MISSING, f"Cannot find alias arn: {PREFIX}echo:none",
    )  # fmt: skip
    assert refused(add, FunctionName="echo", Qualifier="9", **S3) == (MISSING, f"Function not found: {PREFIX}echo:9")
    assert refused(add, FunctionName="echo", Qualifier="$LATEST", **S3) == (
        INVALID, "We currently do not support adding policies for $LATEST.",
    )  # fmt: skip
    assert refused(add, FunctionName="echo", **{**S3, "StatementId": "new", "Principal": "nobody"}) == (
        INVALID, "The provided principal was invalid. Please check the principal and try again.",
    )  # fmt: skip
    assert refused(add, FunctionName="echo", **{**S3, "StatementId": "not fit"})[0] == "ValidationException"
    stale = {**S3, "StatementId": "new", "RevisionId": "old"}
    assert refused(add, FunctionName="echo", **stale)[0] == "PreconditionFailedException"


def test_a_policy_has_an_end(functions):
    for number in range(200):
        principal = f"arn:aws:iam::{ACCOUNT}:role/{'long' * 14}"
        asked = {"StatementId": f"s{number}", "Action": "lambda:InvokeFunction", "Principal": principal}
        try:
            functions.add_permission(FunctionName="echo", **asked)
        except functions.exceptions.PolicyLengthExceededException as refusal:
            assert "is bigger than the limit (20480)" in str(refusal)
            break
    else:
        raise AssertionError("a policy of any size")


# What is done


@pytest.mark.parametrize(
    ("asked", "principal", "condition"),
    [
        ({"Principal": "s3.amazonaws.com"}, {"Service": "s3.amazonaws.com"}, None),
        ({"Principal": "111122223333"}, {"AWS": "arn:aws:iam::111122223333:root"}, None),
        ({"Principal": "arn:aws:iam::111122223333:role/r"}, {"AWS": "arn:aws:iam::111122223333:role/r"}, None),
        ({"Principal": "*"}, "*", None),
        (
            {"Principal": "s3.amazonaws.com", "SourceArn": BUCKET, "SourceAccount": "111122223333"},
            {"Service": "s3.amazonaws.com"},
            {"StringEquals": {"AWS:SourceAccount": "111122223333"}, "ArnLike": {"AWS:SourceArn": BUCKET}},
        ),
        (
            {"Principal": "*", "PrincipalOrgID": "o-abcdefghij", "FunctionUrlAuthType": "NONE"},
            "*",
            {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE", "aws:PrincipalOrgID": "o-abcdefghij"}},
        ),
        (
            {"Principal": "alexa-appkit.amazonaws.com", "EventSourceToken": "skill"},
            {"Service": "alexa-appkit.amazonaws.com"},
            {"StringEquals": {"lambda:EventSourceToken": "skill"}},
        ),
    ],
)
def test_a_statement_is_written_as_aws_writes_it(functions, asked, principal, condition):
    answer = functions.add_permission(FunctionName="echo", StatementId="it", Action="lambda:InvokeFunction", **asked)
    statement = {
        "Sid": "it", "Effect": "Allow", "Principal": principal, "Action": "lambda:InvokeFunction",
        "Resource": f"{PREFIX}echo", **({"Condition": condition} if condition else {}),
    }  # fmt: skip
    assert json.loads(answer["Statement"]) == statement
    assert policy(functions) == {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}


def test_each_qualifier_has_a_policy_of_its_own(functions):
    for qualifier in ("1", "live"):
        functions.add_permission(FunctionName="echo", Qualifier=qualifier, **S3)
        (statement,) = policy(functions, Qualifier=qualifier)["Statement"]
        assert statement["Resource"] == f"{PREFIX}echo:{qualifier}"
    assert refused(functions.get_policy, FunctionName="echo")[0] == MISSING
    before = functions.get_alias(FunctionName="echo", Name="live")["RevisionId"]
    functions.add_permission(FunctionName="echo:live", **{**S3, "StatementId": "more"}, RevisionId=before)
    after = functions.get_policy(FunctionName="echo", Qualifier="live")["RevisionId"]
    assert after != before and after == functions.get_alias(FunctionName="echo", Name="live")["RevisionId"]
    functions.remove_permission(FunctionName="echo", StatementId="s3", Qualifier="live", RevisionId=after)
    assert [one["Sid"] for one in policy(functions, Qualifier="live")["Statement"]] == ["more"]
    functions.remove_permission(FunctionName="echo", StatementId="more", Qualifier="live")
    assert refused(functions.get_policy, FunctionName="echo", Qualifier="live")[0] == MISSING


# What happens next


def test_another_account_is_let_in_by_the_policy(functions, aws, cloud):
    number, theirs = another_account(aws, cloud)
    stranger = theirs("lambda")
    arn = f"{PREFIX}echo"
    assert refused(stranger.get_function, FunctionName=arn)[0] == "AccessDeniedException"
    let_in = {"StatementId": "other", "Action": "lambda:GetFunction", "Principal": number}
    functions.add_permission(FunctionName="echo", **let_in)
    assert stranger.get_function(FunctionName=arn)["Configuration"]["FunctionArn"] == arn
    assert refused(stranger.get_function, FunctionName=f"{arn}:live")[0] == "AccessDeniedException"
