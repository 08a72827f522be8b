"""IAM Access Analyzer: what outsiders would reach, what nobody uses, and organizations."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.analyzed_policies import ACCOUNT, DAY, PAYMENT, ROLE, code, document, trusting


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


# What happens next: previews


def previewed(analyzer, cloud, arn, configurations):
    preview = analyzer.create_access_preview(analyzerArn=arn, configurations=configurations)["id"]
    cloud.settle()
    told = analyzer.get_access_preview(accessPreviewId=preview, analyzerArn=arn)["accessPreview"]
    assert told["status"] == "COMPLETED" and told["configurations"] == configurations
    return analyzer.list_access_preview_findings(accessPreviewId=preview, analyzerArn=arn)["findings"]


def test_a_preview_tells_who_would_get_in(analyzer, arn, cloud):
    (found,) = previewed(analyzer, cloud, arn, {ROLE: {"iamRole": {"trustPolicy": trusting({"AWS": PAYMENT})}}})
    assert (found["principal"], found["action"], found["resource"]) == ({"AWS": PAYMENT}, ["sts:AssumeRole"], ROLE)
    assert (found["changeType"], found["status"], found["isPublic"]) == ("NEW", "ACTIVE", False)
    inside = trusting({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    assert previewed(analyzer, cloud, arn, {ROLE: {"iamRole": {"trustPolicy": inside}}}) == []
    assert [one["status"] for one in analyzer.list_access_previews(analyzerArn=arn)["accessPreviews"]] == [
        "COMPLETED"
    ] * 2


def test_a_preview_of_what_exists_tells_what_would_change(aws, analyzer, arn, cloud, findings):
    aws("iam").create_role(
        RoleName="ApplicationAccess", AssumeRolePolicyDocument=trusting({"AWS": [PAYMENT, "444455556666"]})
    )
    known = {one["principal"]["AWS"]: one["id"] for one in findings(arn)}
    told = previewed(
        analyzer, cloud, arn, {ROLE: {"iamRole": {"trustPolicy": trusting({"AWS": [PAYMENT, "777788889999"]})}}}
    )
    assert {one["principal"]["AWS"]: (one["changeType"], one["status"]) for one in told} == {
        PAYMENT: ("UNCHANGED", "ACTIVE"),
        "444455556666": ("CHANGED", "RESOLVED"),
        "777788889999": ("NEW", "ACTIVE"),
    }
    assert {one["existingFindingId"] for one in told if "existingFindingId" in one} == {*known.values()}


def test_previews_of_buckets_keys_queues_and_secrets(analyzer, arn, cloud):
    other = {"AWS": "111122223333"}

    def policy(action, resource="*"):
        return document({"Effect": "Allow", "Principal": other, "Action": action, "Resource": resource})

    group = {"uri": "http://acs.amazonaws.com/groups/global/AllUsers"}
    block = {"ignorePublicAcls": True, "restrictPublicBuckets": True}
    here = f"eu-west-1:{ACCOUNT}"
    for resource, configuration, actions in (
        (
            "arn:aws:s3:::b",
            {"s3Bucket": {"bucketPolicy": policy("s3:PutObject", "arn:aws:s3:::b/*")}},
            ["s3:PutObject"],
        ),
        (
            "arn:aws:s3:::b",
            {"s3Bucket": {"bucketAclGrants": [{"permission": "READ_ACP", "grantee": group}]}},
            ["s3:GetBucketAcl"],
        ),
        (
            "arn:aws:s3:::b",
            {
                "s3Bucket": {
                    "bucketAclGrants": [{"permission": "READ_ACP", "grantee": group}],
                    "bucketPublicAccessBlock": block,
                }
            },
            None,
        ),
        (f"arn:aws:kms:{here}:key/1", {"kmsKey": {"keyPolicies": {"default": policy("kms:Sign")}}}, ["kms:Sign"]),
        (f"arn:aws:sqs:{here}:q", {"sqsQueue": {"queuePolicy": policy("sqs:SendMessage")}}, ["sqs:SendMessage"]),
        (
            f"arn:aws:secretsmanager:{here}:secret:s",
            {"secretsManagerSecret": {"secretPolicy": policy("secretsmanager:GetSecretValue")}},
            ["secretsmanager:GetSecretValue"],
        ),
    ):
        told = previewed(analyzer, cloud, arn, {resource: configuration})
        assert [one["action"] for one in told] == ([actions] if actions else [])


def test_a_preview_of_a_policy_without_meaning_fails(analyzer, arn, cloud):
    preview = analyzer.create_access_preview(analyzerArn=arn, configurations={ROLE: {"iamRole": {"trustPolicy": "{"}}})[
        "id"
    ]
    cloud.settle()
    told = analyzer.get_access_preview(accessPreviewId=preview, analyzerArn=arn)["accessPreview"]
    assert (told["status"], told["statusReason"]) == ("FAILED", {"code": "INVALID_CONFIGURATION"})
    with pytest.raises(ClientError) as failure:
        analyzer.list_access_preview_findings(accessPreviewId=preview, analyzerArn=arn)
    assert code(failure) == "ConflictException"


# What happens next: unused access


def test_what_nobody_uses_is_found_when_it_is_old_enough(aws, analyzer, cloud):
    iam = aws("iam")
    iam.create_role(RoleName="Idle", AssumeRolePolicyDocument=trusting({"AWS": ACCOUNT}))
    iam.create_role(
        RoleName="Spared",
        AssumeRolePolicyDocument=trusting({"AWS": ACCOUNT}),
        Tags=[{"Key": "keep", "Value": "yes"}],
    )
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    iam.create_login_profile(UserName="ann", Password="A-long-1-password")
    rule = {"exclusions": [{"resourceTags": [{"keep": "yes"}]}]}
    arn = analyzer.create_analyzer(
        analyzerName="idle",
        type="ACCOUNT_UNUSED_ACCESS",
        configuration={"unusedAccess": {"unusedAccessAge": 10, "analysisRule": rule}},
    )["arn"]
    cloud.clock.advance(9 * DAY)
    assert analyzer.list_findings_v2(analyzerArn=arn)["findings"] == []
    cloud.clock.advance(2 * DAY)
    found = analyzer.list_findings_v2(analyzerArn=arn)["findings"]
    assert {(one["resource"].rpartition("/")[2], one["findingType"]) for one in found} == {
        ("Idle", "UnusedIAMRole"),
        ("ann", "UnusedIAMUserAccessKey"),
        ("ann", "UnusedIAMUserPassword"),
    }
    of_key = next(one["id"] for one in found if one["findingType"] == "UnusedIAMUserAccessKey")
    told = analyzer.get_finding_v2(analyzerArn=arn, id=of_key)
    assert told["findingDetails"] == [{"unusedIamUserAccessKeyDetails": {"accessKeyId": key}}]
    with pytest.raises(ClientError) as failure:
        analyzer.get_finding(analyzerArn=arn, id=of_key)
    assert code(failure) == "ValidationException"


def test_what_is_used_is_no_finding_and_what_is_used_again_is_resolved(aws, analyzer, cloud):
    iam = aws("iam")
    iam.create_user(UserName="ann")
    reading = document({"Effect": "Allow", "Action": ["sqs:ListQueues", "s3:GetObject"], "Resource": "*"})
    iam.put_user_policy(UserName="ann", PolicyName="read", PolicyDocument=reading)
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    arn = analyzer.create_analyzer(
        analyzerName="idle", type="ACCOUNT_UNUSED_ACCESS", configuration={"unusedAccess": {"unusedAccessAge": 5}}
    )["arn"]

    def found() -> dict[str, tuple[str, list]]:
        told = [
            analyzer.get_finding_v2(analyzerArn=arn, id=one["id"])
            for one in analyzer.list_findings_v2(analyzerArn=arn)["findings"]
        ]
        return {one["findingType"]: (one["status"], one["findingDetails"]) for one in told}

    cloud.clock.advance(6 * DAY + 60)
    of_key, of_permissions = found()["UnusedIAMUserAccessKey"], found()["UnusedPermission"]
    assert of_key == ("ACTIVE", [{"unusedIamUserAccessKeyDetails": {"accessKeyId": key["AccessKeyId"]}}])
    unused = [{"unusedPermissionDetails": {"serviceNamespace": name}} for name in ("s3", "sqs")]
    assert of_permissions == ("ACTIVE", unused)
    theirs = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    aws("sqs", **theirs).list_queues()
    cloud.clock.advance(DAY)
    assert found()["UnusedIAMUserAccessKey"][0] == "RESOLVED"
    assert found()["UnusedPermission"] == ("ACTIVE", unused[:1])


def test_a_key_that_is_put_out_of_use_is_resolved(aws, analyzer, cloud):
    iam = aws("iam")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    arn = analyzer.create_analyzer(
        analyzerName="idle", type="ACCOUNT_UNUSED_ACCESS", configuration={"unusedAccess": {"unusedAccessAge": 5}}
    )["arn"]
    cloud.clock.advance(6 * DAY)
    assert [one["status"] for one in analyzer.list_findings_v2(analyzerArn=arn)["findings"]] == ["ACTIVE"]
    iam.update_access_key(UserName="ann", AccessKeyId=key, Status="Inactive")
    cloud.clock.advance(DAY)
    assert [one["status"] for one in analyzer.list_findings_v2(analyzerArn=arn)["findings"]] == ["RESOLVED"]
    told = analyzer.update_analyzer(analyzerName="idle", configuration={"unusedAccess": {"unusedAccessAge": 30}})[
        "configuration"
    ]
    assert told == {"unusedAccess": {"unusedAccessAge": 30}}
    for age in (0, 366):
        with pytest.raises(ClientError) as failure:
            analyzer.update_analyzer(analyzerName="idle", configuration={"unusedAccess": {"unusedAccessAge": age}})
        assert code(failure) == "ValidationException"


def test_an_organization_is_one_zone_of_trust(aws, analyzer, cloud, findings):
    organizations = aws("organizations")
    organizations.create_organization(FeatureSet="ALL")
    created = organizations.create_account(Email="data@example.com", AccountName="BusinessData")["CreateAccountStatus"]
    cloud.settle()
    told = organizations.describe_create_account_status(CreateAccountRequestId=created["Id"])["CreateAccountStatus"]
    member = told["AccountId"]
    arn = analyzer.create_analyzer(analyzerName="all", type="ORGANIZATION")["arn"]
    iam = aws("iam")
    iam.create_role(RoleName="Sister", AssumeRolePolicyDocument=trusting({"AWS": member}))
    iam.create_role(RoleName="Stranger", AssumeRolePolicyDocument=trusting({"AWS": "111122223333"}))
    assert [one["resource"].rpartition("/")[2] for one in findings(arn)] == ["Stranger"]
    theirs = aws("iam", **session_in(aws, member))
    theirs.create_role(RoleName="Theirs", AssumeRolePolicyDocument=trusting({"AWS": ["111122223333", ACCOUNT]}))
    (found,) = findings(arn, filter={"resourceOwnerAccount": {"eq": [member]}})
    assert found["resource"] == f"arn:aws:iam::{member}:role/Theirs"
    assert found["principal"] == {"AWS": "111122223333"}


def session_in(aws, account: str) -> dict:
    """Keys of the role that an organization makes in its accounts."""
    iam = aws("iam")
    iam.create_user(UserName="administrator")
    allowed = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"})
    iam.put_user_policy(UserName="administrator", PolicyName="assume", PolicyDocument=allowed)
    key = iam.create_access_key(UserName="administrator")["AccessKey"]
    sts = aws("sts", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    told = sts.assume_role(RoleArn=role, RoleSessionName="administrator")["Credentials"]
    return {
        "aws_access_key_id": told["AccessKeyId"],
        "aws_secret_access_key": told["SecretAccessKey"],
        "aws_session_token": told["SessionToken"],
    }
