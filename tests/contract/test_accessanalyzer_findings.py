"""Findings of IAM Access Analyzer: what outsiders reach."""

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


# What happens next: external access


def test_a_role_that_trusts_another_account_is_found(aws, arn, analyzer, findings):
    iam = aws("iam")
    iam.create_role(RoleName="ApplicationAccess", AssumeRolePolicyDocument=trusting({"AWS": PAYMENT}))
    iam.create_role(RoleName="Inside", AssumeRolePolicyDocument=trusting({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
    iam.create_role(RoleName="Service", AssumeRolePolicyDocument=trusting({"Service": "lambda.amazonaws.com"}))
    (found,) = findings(arn)
    assert (found["resource"], found["resourceType"], found["resourceOwnerAccount"]) == (
        ROLE,
        "AWS::IAM::Role",
        ACCOUNT,
    )
    assert (found["principal"], found["action"], found["condition"]) == ({"AWS": PAYMENT}, ["sts:AssumeRole"], {})
    assert (found["status"], found["isPublic"]) == ("ACTIVE", False)
    assert analyzer.get_finding(analyzerArn=arn, id=found["id"])["finding"]["principal"] == {"AWS": PAYMENT}
    second = analyzer.get_finding_v2(analyzerArn=arn, id=found["id"])
    assert second["findingType"] == "ExternalAccess"
    assert second["findingDetails"][0]["externalAccessDetails"]["principal"] == {"AWS": PAYMENT}


def test_a_finding_is_resolved_when_the_access_ends_and_active_when_it_is_back(aws, arn, findings):
    iam = aws("iam")
    iam.create_role(RoleName="ApplicationAccess", AssumeRolePolicyDocument=trusting({"AWS": PAYMENT}))
    (found,) = findings(arn)
    inside = trusting({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    iam.update_assume_role_policy(RoleName="ApplicationAccess", PolicyDocument=inside)
    assert [(one["id"], one["status"]) for one in findings(arn)] == [(found["id"], "RESOLVED")]
    iam.update_assume_role_policy(RoleName="ApplicationAccess", PolicyDocument=trusting({"AWS": PAYMENT}))
    assert [one["status"] for one in findings(arn)] == ["ACTIVE"]
    iam.delete_role(RoleName="ApplicationAccess")
    assert [one["status"] for one in findings(arn)] == ["RESOLVED"]


def test_federated_identities_and_their_conditions_are_shown(aws, arn, findings):
    condition = {"StringEquals": {"cognito-identity.amazonaws.com:aud": "us-west-2:pool"}}
    policy = trusting(
        {"Federated": "cognito-identity.amazonaws.com"}, "sts:AssumeRoleWithWebIdentity", Condition=condition
    )
    aws("iam").create_role(RoleName="Web", AssumeRolePolicyDocument=policy)
    (found,) = findings(arn)
    assert found["principal"] == {"Federated": "cognito-identity.amazonaws.com"}
    assert found["action"] == ["sts:AssumeRoleWithWebIdentity"]
    assert found["condition"] == {"cognito-identity.amazonaws.com:aud": "us-west-2:pool"}


def bucket(aws, name: str, *statements: dict, blocked: bool = False):
    s3 = aws("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    if not blocked:
        s3.delete_public_access_block(Bucket=name)
    s3.put_bucket_policy(Bucket=name, Policy=document(*statements))


def test_a_public_bucket_is_found_with_what_is_denied_left_out(aws, arn, findings):
    everything = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject*", "Resource": "arn:aws:s3:::shop/*"}
    denied = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObjectAcl", "Resource": "arn:aws:s3:::shop/*"}
    bucket(aws, "shop", everything, denied)
    (found,) = findings(arn)
    assert found["isPublic"] and found["principal"] == {"AWS": "*"} and found["sources"] == [{"type": "POLICY"}]
    assert "s3:GetObject" in found["action"] and "s3:GetObjectAcl" not in found["action"]
    assert all(action.startswith("s3:GetObject") for action in found["action"])


def test_findings_end_with_what_they_are_about(aws, arn, findings):
    bucket(
        aws, "shop", {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop/*"}
    )
    sending = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sqs:SendMessage", "Resource": "*"}
    queue = aws("sqs").create_queue(QueueName="q", Attributes={"Policy": document(sending)})["QueueUrl"]
    assert [one["status"] for one in findings(arn)] == ["ACTIVE", "ACTIVE"]
    aws("s3").delete_bucket(Bucket="shop")
    aws("sqs").delete_queue(QueueUrl=queue)
    assert [one["status"] for one in findings(arn)] == ["RESOLVED", "RESOLVED"]


def test_conditions_that_only_the_trusted_meet_are_no_finding(aws, arn, findings):
    def allow(**condition):
        return {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::shop/*",
            "Condition": condition,
        }

    bucket(
        aws,
        "shop",
        allow(StringEquals={"aws:PrincipalAccount": ACCOUNT}),
        allow(ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}),
    )
    assert findings(arn) == []
    aws("s3").put_bucket_policy(
        Bucket="shop", Policy=document(allow(StringEquals={"aws:PrincipalAccount": [ACCOUNT, "111122223333"]}))
    )
    (found,) = findings(arn)
    assert found["condition"] == {"aws:PrincipalAccount": f"{ACCOUNT},111122223333"} and not found["isPublic"]


def test_an_acl_opens_a_bucket_until_public_acls_are_ignored(aws, arn, findings):
    s3 = aws("s3")
    s3.create_bucket(
        Bucket="shop",
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
        ObjectOwnership="BucketOwnerPreferred",
    )
    s3.delete_public_access_block(Bucket="shop")
    s3.put_bucket_acl(Bucket="shop", ACL="public-read")
    (found,) = findings(arn)
    assert found["isPublic"] and found["sources"] == [{"type": "BUCKET_ACL"}] and "s3:ListBucket" in found["action"]
    s3.put_public_access_block(
        Bucket="shop",
        PublicAccessBlockConfiguration={
            "IgnorePublicAcls": True,
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    assert [one["status"] for one in findings(arn)] == ["RESOLVED"]


def test_keys_their_grants_queues_topics_and_secrets_are_looked_at(aws, arn, findings):
    other = {"AWS": "arn:aws:iam::111122223333:root"}
    own = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"}
    shared = {"Effect": "Allow", "Principal": other, "Action": "kms:Decrypt", "Resource": "*"}
    key = aws("kms").create_key(Policy=document(own, shared))["KeyMetadata"]["Arn"]
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"
    sending = {"Effect": "Allow", "Principal": other, "Action": "sqs:SendMessage", "Resource": queue}
    aws("sqs").create_queue(QueueName="q", Attributes={"Policy": document(sending)})
    topic = aws("sns").create_topic(Name="t")["TopicArn"]
    publishing = {"Effect": "Allow", "Principal": other, "Action": "sns:Publish", "Resource": topic}
    aws("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document(publishing))
    secret = aws("secretsmanager").create_secret(Name="s", SecretString="x")["ARN"]
    reading = {"Effect": "Allow", "Principal": other, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    aws("secretsmanager").put_resource_policy(SecretId="s", ResourcePolicy=document(reading))
    assert {one["resource"]: (one["principal"]["AWS"], one["action"]) for one in findings(arn)} == {
        key: ("111122223333", ["kms:Decrypt"]),
        queue: ("111122223333", ["sqs:SendMessage"]),
        topic: ("111122223333", ["sns:Publish"]),
        secret: ("111122223333", ["secretsmanager:GetSecretValue"]),
    }
    aws("kms").create_grant(KeyId=key, GranteePrincipal=PAYMENT, Operations=["Encrypt", "Decrypt"])
    granted = [one["action"] for one in findings(arn) if one["principal"]["AWS"] == PAYMENT]
    assert granted == [["kms:Decrypt", "kms:Encrypt"]]


def test_what_was_there_before_the_analyzer_is_found(aws, analyzer, findings):
    aws("iam").create_role(RoleName="ApplicationAccess", AssumeRolePolicyDocument=trusting({"AWS": PAYMENT}))
    arn = analyzer.create_analyzer(analyzerName="late", type="ACCOUNT")["arn"]
    assert [one["resource"] for one in findings(arn)] == [ROLE]
    shown = analyzer.get_analyzer(analyzerName="late")["analyzer"]
    assert shown["lastResourceAnalyzed"] == ROLE and shown["lastResourceAnalyzedAt"]


def test_roles_are_seen_from_every_region_and_queues_from_theirs(aws, arn, findings, cloud):
    there = aws("accessanalyzer", region="us-east-1")
    elsewhere = there.create_analyzer(analyzerName="there", type="ACCOUNT")["arn"]
    aws("iam").create_role(RoleName="ApplicationAccess", AssumeRolePolicyDocument=trusting({"AWS": PAYMENT}))
    sending = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sqs:SendMessage", "Resource": "*"}
    aws("sqs").create_queue(QueueName="q", Attributes={"Policy": document(sending)})
    assert {one["resourceType"] for one in findings(arn)} == {"AWS::IAM::Role", "AWS::SQS::Queue"}
    found = there.list_findings(analyzerArn=elsewhere)["findings"]
    assert {one["resourceType"] for one in found} == {"AWS::IAM::Role"}


def test_findings_are_archived_brought_back_filtered_sorted_and_paged(aws, analyzer, arn, findings, cloud):
    for number in range(5):
        trust = trusting({"AWS": f"11112222333{number}"})
        aws("iam").create_role(RoleName=f"role{number}", AssumeRolePolicyDocument=trust)
    ids = [one["id"] for one in findings(arn, sort={"attributeName": "resource"})]
    analyzer.update_findings(analyzerArn=arn, status="ARCHIVED", ids=ids[:2])
    analyzer.update_findings(analyzerArn=arn, status="ACTIVE", resourceArn=f"arn:aws:iam::{ACCOUNT}:role/role1")
    archived = findings(arn, filter={"status": {"eq": ["ARCHIVED"]}})
    assert [one["resource"][-5:] for one in archived] == ["role0"]
    others = findings(arn, filter={"principal.AWS": {"neq": ["111122223330"]}, "isPublic": {"eq": ["false"]}})
    assert len(others) == 4
    falling = {"attributeName": "resource", "orderBy": "DESC"}
    seen, token = [], {}
    while token is not None:
        page = analyzer.list_findings_v2(analyzerArn=arn, maxResults=2, sort=falling, **token)
        seen += [one["resource"][-1] for one in page["findings"]]
        token = {"nextToken": page["nextToken"]} if "nextToken" in page else None
    assert seen == ["4", "3", "2", "1", "0"]
    (told,) = analyzer.get_findings_statistics(analyzerArn=arn)["findingsStatistics"]
    assert told["externalAccessFindingsStatistics"]["totalActiveFindings"] == 4
    assert told["externalAccessFindingsStatistics"]["totalArchivedFindings"] == 1


def test_analyzed_resources_are_listed_shown_and_scanned_when_asked(aws, analyzer, arn, cloud):
    aws("iam").create_role(RoleName="ApplicationAccess", AssumeRolePolicyDocument=trusting({"AWS": PAYMENT}))
    aws("sqs").create_queue(QueueName="plain")
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:plain"
    analyzer.start_resource_scan(analyzerArn=arn, resourceArn=queue)
    cloud.settle()
    listed = analyzer.list_analyzed_resources(analyzerArn=arn)["analyzedResources"]
    assert [one["resourceArn"] for one in listed] == [ROLE, queue]
    shown = analyzer.get_analyzed_resource(analyzerArn=arn, resourceArn=ROLE)["resource"]
    assert (shown["status"], shown["actions"], shown["isPublic"]) == ("ACTIVE", ["sts:AssumeRole"], False)
    assert "status" not in analyzer.get_analyzed_resource(analyzerArn=arn, resourceArn=queue)["resource"]
    with pytest.raises(ClientError) as failure:
        analyzer.get_analyzed_resource(analyzerArn=arn, resourceArn=queue + "2")
    assert code(failure) == "ResourceNotFoundException"


def test_resolved_findings_go_after_ninety_days(aws, arn, findings, cloud):
    aws("iam").create_role(RoleName="ApplicationAccess", AssumeRolePolicyDocument=trusting({"AWS": PAYMENT}))
    assert len(findings(arn)) == 1
    aws("iam").delete_role(RoleName="ApplicationAccess")
    cloud.clock.advance(89 * DAY)
    assert len(findings(arn)) == 1
    cloud.clock.advance(2 * DAY)
    assert findings(arn) == []
