"""IAM Access Analyzer: policies judged; analyzers and their rules."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.analyzed_policies import ACCOUNT, PAYMENT, ROLE, TRUST, code, document, trusting


@pytest.fixture
def analyzer(aws):
    return aws("accessanalyzer")


@pytest.fixture
def arn(analyzer):
    return analyzer.create_analyzer(analyzerName="mine", type="ACCOUNT")["arn"]


@pytest.fixture
def findings(analyzer, cloud):
    """What an analyzer has found, once all that is due has been done."""

    def found(arn: str, **options):
        cloud.settle()
        return analyzer.list_findings(analyzerArn=arn, **options)["findings"]

    return found


# What is refused


def test_an_analyzer_that_is_not_there_is_not_found(analyzer, arn):
    with pytest.raises(ClientError) as failure:
        analyzer.get_analyzer(analyzerName="other")
    assert code(failure) == "ResourceNotFoundException"
    assert failure.value.response["resourceType"] == "analyzer"
    assert failure.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    with pytest.raises(ClientError) as failure:
        analyzer.list_findings(analyzerArn=arn.replace(ACCOUNT, "111122223333"))
    assert code(failure) == "ResourceNotFoundException"


def test_a_name_is_taken_once_and_an_account_has_one_analyzer_of_a_type(analyzer, arn):
    with pytest.raises(ClientError) as failure:
        analyzer.create_analyzer(analyzerName="mine", type="ACCOUNT")
    assert code(failure) == "ConflictException"
    with pytest.raises(ClientError) as failure:
        analyzer.create_analyzer(analyzerName="second", type="ACCOUNT")
    assert code(failure) == "ServiceQuotaExceededException"
    assert failure.value.response["ResponseMetadata"]["HTTPStatusCode"] == 402


def test_what_is_not_there_yet_is_refused_in_words(analyzer):
    for type in ("ACCOUNT_INTERNAL_ACCESS", "ORGANIZATION_UNUSED_ACCESS"):
        with pytest.raises(ClientError, match=f"type {type} is not supported by Glasshouse yet"):
            analyzer.create_analyzer(analyzerName="x", type=type)
    with pytest.raises(ClientError, match="StartPolicyGeneration is not supported by Glasshouse yet"):
        analyzer.start_policy_generation(policyGenerationDetails={"principalArn": PAYMENT})
    with pytest.raises(ClientError, match="locale DE is not supported by Glasshouse yet"):
        analyzer.validate_policy(policyDocument="{}", policyType="IDENTITY_POLICY", locale="DE")


def test_an_organization_is_analyzed_by_those_who_are_in_one(analyzer):
    with pytest.raises(ClientError) as failure:
        analyzer.create_analyzer(analyzerName="x", type="ORGANIZATION")
    assert code(failure) == "ValidationException"


def test_members_that_are_wrong_are_named(analyzer, arn):
    for ask, field in (
        (lambda: analyzer.list_findings(analyzerArn=arn, filter={"colour": {"eq": ["red"]}}), "filter"),
        (lambda: analyzer.list_findings(analyzerArn=arn, sort={"attributeName": "colour"}), "sort"),
        (lambda: analyzer.list_findings(analyzerArn=arn, maxResults=0), "maxResults"),
        (lambda: analyzer.update_findings(analyzerArn=arn, status="ARCHIVED"), "ids"),
        (
            lambda: analyzer.validate_policy(
                policyDocument="{}", policyType="IDENTITY_POLICY", validatePolicyResourceType=TRUST
            ),
            "validatePolicyResourceType",
        ),
        (lambda: analyzer.create_access_preview(analyzerArn=arn, configurations={}), "configurations"),
        (
            lambda: analyzer.create_access_preview(analyzerArn=arn, configurations={ROLE: {"sqsQueue": {}}}),
            "configurations",
        ),
    ):
        with pytest.raises(ClientError) as failure:
            ask()
        assert code(failure) == "ValidationException"
        assert failure.value.response["reason"] == "fieldValidationFailed"
        assert [one["name"] for one in failure.value.response["fieldList"]] == [field]


def test_what_the_model_forbids_is_named_too(analyzer):
    with pytest.raises(ClientError) as failure:
        analyzer.create_analyzer(analyzerName="no name", type="ACCOUNT")
    assert code(failure) == "ValidationException"
    assert failure.value.response["reason"] == "fieldValidationFailed"
    assert [one["name"] for one in failure.value.response["fieldList"]] == ["analyzerName"]


def test_checks_of_a_document_without_meaning_are_refused(analyzer):
    for document_ in ("{", document({"Effect": "Perhaps", "Action": "*", "Resource": "*"})):
        with pytest.raises(ClientError) as failure:
            analyzer.check_no_new_access(
                newPolicyDocument=document_, existingPolicyDocument=document_, policyType="IDENTITY_POLICY"
            )
        assert code(failure) == "InvalidParameterException"
    with pytest.raises(ClientError, match="must not specify a principal"):
        analyzer.check_access_not_granted(
            policyDocument=trusting("*"), access=[{"actions": ["sts:AssumeRole"]}], policyType="IDENTITY_POLICY"
        )


def test_a_user_without_permission_may_not_even_look(aws, analyzer, arn):
    iam = aws("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    theirs = aws(
        "accessanalyzer",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    with pytest.raises(
        ClientError, match="not authorized to perform: access-analyzer:ListFindings on resource: " + arn
    ):
        theirs.list_findings_v2(analyzerArn=arn)
    allowed = document({"Effect": "Allow", "Action": "access-analyzer:ListFindings", "Resource": arn})
    iam.put_user_policy(UserName="nobody", PolicyName="look", PolicyDocument=allowed)
    assert theirs.list_findings_v2(analyzerArn=arn)["findings"] == []


# What is done: documents


def test_the_trust_policy_of_the_walk_has_no_findings(analyzer):
    told = analyzer.validate_policy(
        policyDocument=trusting({"AWS": PAYMENT}), policyType="RESOURCE_POLICY", validatePolicyResourceType=TRUST
    )
    assert told["findings"] == []


def test_a_finding_says_where_it_is_to_the_character(analyzer):
    text = (
        '{\n  "Version": "2012-10-17",\n  "Statement": [{\n    "Effect": "Allow",\n    "Principal": "*",\n'
        '    "Action": "sts:AssumeRole"\n  }]\n}'
    )
    (finding,) = analyzer.validate_policy(
        policyDocument=text, policyType="RESOURCE_POLICY", validatePolicyResourceType=TRUST
    )["findings"]
    assert finding["findingType"] == "ERROR"
    assert finding["issueCode"] == "ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL"
    assert finding["learnMoreLink"].endswith("-error-role-trust-policy-unsupported-wildcard-in-principal")
    (place,) = finding["locations"]
    assert place["path"] == [{"value": "Statement"}, {"index": 0}, {"value": "Principal"}]
    at = text.index('"*"')
    assert place["span"] == {
        "start": {"line": 5, "column": 17, "offset": at},
        "end": {"line": 5, "column": 20, "offset": at + 3},
    }


@pytest.mark.parametrize(
    ("statement", "issue"),
    [
        (
            {"Principal": {"AWS": PAYMENT}, "Action": ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"]},
            "MISMATCHED_ACTION_FOR_PRINCIPAL",
        ),
        (
            {
                "Principal": {"AWS": PAYMENT},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:RequestTag/x": "1"}},
            },
            "MISSING_ACTION_FOR_CONDITION_KEY",
        ),
        (
            {"Principal": {"Federated": "not a provider"}, "Action": "sts:AssumeRoleWithWebIdentity"},
            "INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY",
        ),
    ],
)
def test_mistakes_in_trust_policies_are_found(analyzer, statement, issue):
    told = analyzer.validate_policy(
        policyDocument=document({"Effect": "Allow", **statement}),
        policyType="RESOURCE_POLICY",
        validatePolicyResourceType=TRUST,
    )
    assert issue in [finding["issueCode"] for finding in told["findings"] if finding["findingType"] == "ERROR"]


def test_what_is_no_json_is_told_with_its_place(analyzer):
    told = analyzer.validate_policy(policyDocument='{\n  "Version": }', policyType="IDENTITY_POLICY")
    (finding,) = told["findings"]
    assert finding["issueCode"] == "JSON_SYNTAX_ERROR"
    assert finding["locations"][0]["span"]["start"] == {"line": 2, "column": 13, "offset": 15}


def test_a_part_of_a_string_is_a_path_of_its_own(analyzer):
    bad = document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:nowhere::bucket/key"})
    told = analyzer.validate_policy(policyDocument=bad, policyType="IDENTITY_POLICY")
    paths = [place["path"][-1] for finding in told["findings"] for place in finding["locations"]]
    assert {"substring": {"start": 11, "length": 7}} in paths


def test_findings_on_a_document_come_in_pages(analyzer):
    wrong = [{"Effect": "Allow", "Action": f"s3:No{number}", "Resource": "*"} for number in range(5)]
    seen, token = [], {}
    while token is not None:
        page = analyzer.validate_policy(
            policyDocument=document(*wrong), policyType="IDENTITY_POLICY", maxResults=2, **token
        )
        assert len(page["findings"]) <= 2
        seen += [finding["locations"][0]["path"][1]["index"] for finding in page["findings"]]
        token = {"nextToken": page["nextToken"]} if "nextToken" in page else None
    assert seen == sorted(seen) and {*seen} == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("kind", ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"])
def test_control_policies_have_checks_of_their_own(analyzer, kind):
    named = document({"Effect": "Deny", "Principal": {"AWS": PAYMENT}, "Action": "s3:*", "Resource": "*"})
    found = analyzer.validate_policy(policyDocument=named, policyType=kind)["findings"]
    short = "SCP" if kind.startswith("SERVICE") else "RCP"
    assert f"{short}_SYNTAX_ERROR_PRINCIPAL" in [finding["issueCode"] for finding in found]


def test_new_access_is_told_with_its_statement(analyzer):
    def check(new, old):
        return analyzer.check_no_new_access(
            newPolicyDocument=new, existingPolicyDocument=old, policyType="IDENTITY_POLICY"
        )

    narrow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}
    wide = {"Sid": "Wide", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::a/*"}
    assert check(document(narrow), document(wide))["result"] == "PASS"
    told = check(document(narrow, wide), document(narrow))
    assert told["result"] == "FAIL"
    assert told["message"] == "The modified permissions grant new access compared to your existing policy."
    assert told["reasons"] == [
        {"description": "New access in the statement with sid: Wide.", "statementIndex": 1, "statementId": "Wide"}
    ]


def test_access_that_is_not_granted_passes(analyzer):
    def check(action, **more):
        policy = document({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::a/*"})
        access = [{"actions": [action], **more}]
        return analyzer.check_access_not_granted(policyDocument=policy, access=access, policyType="IDENTITY_POLICY")

    assert check("sqs:SendMessage")["result"] == "PASS"
    assert check("s3:DeleteObject", resources=["arn:aws:s3:::b/*"])["result"] == "PASS"
    told = check("s3:DeleteObject", resources=["arn:aws:s3:::a/key"])
    assert told["result"] == "FAIL" and told["reasons"][0]["statementIndex"] == 0


def test_public_access_is_told_from_access_of_the_known(analyzer):
    def check(**more):
        policy = document(
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*", **more}
        )
        return analyzer.check_no_public_access(policyDocument=policy, resourceType="AWS::S3::Bucket")["result"]

    assert check() == "FAIL"
    assert check(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}) == "PASS"


# What is done: analyzers and rules


def test_an_analyzer_is_shown_listed_tagged_and_deleted(analyzer):
    arn = analyzer.create_analyzer(analyzerName="mine", type="ACCOUNT", tags={"team": "red"})["arn"]
    assert arn == f"arn:aws:access-analyzer:eu-west-1:{ACCOUNT}:analyzer/mine"
    shown = analyzer.get_analyzer(analyzerName="mine")["analyzer"]
    assert (shown["status"], shown["type"], shown["tags"]) == ("ACTIVE", "ACCOUNT", {"team": "red"})
    analyzer.tag_resource(resourceArn=arn, tags={"cost": "1"})
    analyzer.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert analyzer.list_tags_for_resource(resourceArn=arn)["tags"] == {"cost": "1"}
    assert [one["name"] for one in analyzer.list_analyzers(type="ACCOUNT")["analyzers"]] == ["mine"]
    assert analyzer.list_analyzers(type="ORGANIZATION")["analyzers"] == []
    analyzer.delete_analyzer(analyzerName="mine")
    assert analyzer.list_analyzers()["analyzers"] == []


def test_archive_rules_are_kept_and_archive_what_comes(aws, analyzer, arn, findings):
    analyzer.create_archive_rule(
        analyzerName="mine", ruleName="payment", filter={"principal.AWS": {"contains": ["PaymentApplication"]}}
    )
    with pytest.raises(ClientError) as failure:
        analyzer.create_archive_rule(analyzerName="mine", ruleName="payment", filter={"status": {"exists": True}})
    assert code(failure) == "ConflictException"
    aws("iam").create_role(RoleName="ApplicationAccess", AssumeRolePolicyDocument=trusting({"AWS": PAYMENT}))
    aws("iam").create_role(RoleName="Other", AssumeRolePolicyDocument=trusting({"AWS": "111122223333"}))
    assert {one["resource"].rpartition("/")[2]: one["status"] for one in findings(arn)} == {
        "ApplicationAccess": "ARCHIVED",
        "Other": "ACTIVE",
    }
    analyzer.update_archive_rule(
        analyzerName="mine", ruleName="payment", filter={"principal.AWS": {"eq": ["111122223333"]}}
    )
    analyzer.apply_archive_rule(analyzerArn=arn, ruleName="payment")
    assert {one["status"] for one in findings(arn)} == {"ARCHIVED"}
    (rule,) = analyzer.list_archive_rules(analyzerName="mine")["archiveRules"]
    assert rule["filter"] == {"principal.AWS": {"eq": ["111122223333"]}} and rule["updatedAt"] >= rule["createdAt"]
    analyzer.delete_archive_rule(analyzerName="mine", ruleName="payment")
    with pytest.raises(ClientError) as failure:
        analyzer.get_archive_rule(analyzerName="mine", ruleName="payment")
    assert code(failure) == "ResourceNotFoundException"
