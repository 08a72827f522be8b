"""EventBridge: what services tell, as the events that AWS documents for them."""

import json

import pytest

from glasshouse.core.service import HEARD
from tests.contract.events_box import ACCOUNT, REGION, bodies, entry, put, queue, role, rule

ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:"


@pytest.fixture
def events(aws):
    return aws("events")


@pytest.fixture
def seen(aws):
    return queue(aws)


@pytest.fixture
def trail(aws):
    """A trail that logs."""
    cloudtrail, s3 = aws("cloudtrail"), aws("s3")
    s3.create_bucket(Bucket="trails", CreateBucketConfiguration={"LocationConstraint": REGION})
    service, bucket = {"Service": "cloudtrail.amazonaws.com"}, "arn:aws:s3:::trails"
    statements = [
        {"Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": bucket},
        {"Effect": "Allow", "Principal": service, "Action": "s3:PutObject", "Resource": bucket + "/*"},
    ]
    s3.put_bucket_policy(Bucket="trails", Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    cloudtrail.create_trail(Name="trail", S3BucketName="trails")
    cloudtrail.start_logging(Name="trail")


def heard(cloud) -> dict:
    """The facts that somebody asked for, by place."""
    return cloud.run(lambda: cloud.cloud.store.setting(HEARD, {}))


def told(cloud, aws, url):
    """(source, detail type, detail) of what has come."""
    cloud.settle()
    return [(event["source"], event["detail-type"], event["detail"]) for event in bodies(aws, url)]


# What is refused


def test_without_a_rule_nobody_listens(cloud, aws, events, seen):
    aws("ssm").put_parameter(Name="p", Value="1", Type="String")
    assert heard(cloud) == {}
    rule(events, seen[1], pattern='{"source": ["shop"], "detail-type": ["Order Placed"]}')
    assert heard(cloud) == {}
    events.create_event_bus(Name="b")
    rule(events, seen[1], pattern='{"source": ["aws.ssm"]}', bus="b")
    assert heard(cloud) == {}
    aws("ssm").put_parameter(Name="p", Value="2", Type="String", Overwrite=True)
    assert told(cloud, aws, seen[0]) == []


def test_only_what_may_match_is_heard(cloud, events, seen):
    rule(events, seen[1], pattern='{"source": ["aws.kms"]}')
    place = f"{ACCOUNT}/{REGION}"
    facts = set(heard(cloud)[place])
    expected = {"kms.KeyDeleted", "kms.KeyRotated", "kms.ImportedKeyMaterialExpired", "cloudtrail.ManagementEvent"}
    assert facts == expected
    events.disable_rule(Name="r")
    assert heard(cloud) == {}


def test_calls_are_told_only_while_a_trail_logs(cloud, aws, events, seen):
    rule(events, seen[1], pattern='{"detail-type": ["AWS API Call via CloudTrail"]}')
    aws("ssm").put_parameter(Name="p", Value="1", Type="String")
    assert told(cloud, aws, seen[0]) == []


# What is done


def test_parameters_tell_of_their_changes(cloud, aws, events, seen):
    rule(events, seen[1], pattern='{"source": ["aws.ssm"], "detail": {"operation": ["Create", "Update", "Delete"]}}')
    ssm = aws("ssm")
    ssm.put_parameter(Name="/a/b", Value="1", Type="String", Description="d")
    ssm.put_parameter(Name="/a/b", Value="2", Overwrite=True)
    ssm.delete_parameter(Name="/a/b")
    cloud.settle()
    found = bodies(aws, seen[0])
    assert [event["detail"]["operation"] for event in found] == ["Create", "Update", "Delete"]
    first = found[0]
    assert (first["source"], first["detail-type"]) == ("aws.ssm", "Parameter Store Change")
    assert first["resources"] == [f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/a/b"]
    assert first["detail"] == {"name": "/a/b", "type": "String", "operation": "Create", "description": "d"}


def test_parameters_tell_of_their_policies(cloud, aws, events, seen):
    rule(events, seen[1], pattern='{"detail-type": ["Parameter Store Policy Action"]}')
    cloud.clock.freeze()
    policy = [{"Type": "NoChangeNotification", "Version": "1.0", "Attributes": {"After": "2", "Unit": "Days"}}]
    aws("ssm").put_parameter(Name="p", Value="1", Type="String", Tier="Advanced", Policies=json.dumps(policy))
    cloud.clock.advance(2 * 86_400)
    ((source, _, detail),) = told(cloud, aws, seen[0])
    assert (source, detail["parameter-name"], detail["policy-type"]) == ("aws.ssm", "p", "NoChangeNotification")


def test_keys_tell_of_their_rotation_and_deletion(cloud, aws, events, seen):
    rule(events, seen[1], pattern='{"source": ["aws.kms"]}')
    kms = aws("kms")
    cloud.clock.freeze()
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.rotate_key_on_demand(KeyId=key)
    found = told(cloud, aws, seen[0])
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    cloud.clock.advance(8 * 86_400)
    found += told(cloud, aws, seen[0])
    assert [kind for _, kind, _ in found] == ["KMS CMK Rotation", "KMS CMK Deletion"]
    assert {detail["key-id"] for _, _, detail in found} == {key}


def test_health_tells_of_its_notices(cloud, aws, events, seen):
    rule(events, seen[1], pattern='{"source": ["aws.health"]}')
    arn = role(aws, "r")

    def notice():
        from glasshouse.core.access import service_principal
        from glasshouse.core.call import Call

        call = Call("health", "_", {}, ACCOUNT, REGION, service_principal("health", ACCOUNT))
        with cloud.cloud.store.transaction():
            health = cloud.cloud.service_class("health")(cloud.cloud, call)
            event = health._new_event("IAM", "AWS_IAM_NOTICE", "accountNotification", "Look.", health.now, None)
            health._affect(event, [arn])

    cloud.run(notice)
    ((source, kind, detail),) = told(cloud, aws, seen[0])
    assert (source, kind, detail["eventTypeCode"]) == ("aws.health", "AWS Health Event", "AWS_IAM_NOTICE")
    assert detail["affectedEntities"] == [{"entityValue": arn}]
    assert detail["eventDescription"] == [{"language": "en_US", "latestDescription": "Look."}]


# What happens next


def test_a_trail_makes_events_of_calls(cloud, aws, events, seen, trail):
    pattern = {
        "source": ["aws.ssm"], "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {"eventSource": ["ssm.amazonaws.com"], "eventName": ["PutParameter", "GetParameter"]},
    }  # fmt: skip
    rule(events, seen[1], pattern=json.dumps(pattern))
    ssm = aws("ssm")
    ssm.put_parameter(Name="p", Value="1", Type="String")
    ssm.get_parameter(Name="p")
    ((source, kind, detail),) = told(cloud, aws, seen[0])
    assert (source, kind, detail["eventName"]) == ("aws.ssm", "AWS API Call via CloudTrail", "PutParameter")
    assert (detail["requestParameters"]["name"], detail["readOnly"]) == ("p", False)
    events.put_rule(Name="r", EventPattern=json.dumps(pattern), State="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
    ssm.get_parameter(Name="p")
    ((_, _, detail),) = told(cloud, aws, seen[0])
    assert (detail["eventName"], detail["readOnly"]) == ("GetParameter", True)


def test_organizations_tell_of_accounts_that_were_made(cloud, aws, events, seen, trail):
    organizations = aws("organizations")
    organizations.create_organization(FeatureSet="ALL")
    us = aws("events", "us-east-1")
    rule(us, seen[1], pattern='{"source": ["aws.organizations"], "detail": {"eventName": ["CreateAccountResult"]}}')
    rule(events, seen[1], pattern='{"source": ["aws.organizations"], "detail": {"eventName": ["CreateAccountResult"]}}')
    organizations.create_account(Email="a@example.com", AccountName="a")
    found = told(cloud, aws, seen[0])
    assert [(source, kind) for source, kind, _ in found] == [("aws.organizations", "AWS Service Event via CloudTrail")]
    assert found[0][2]["serviceEventDetails"]["createAccountStatus"]["state"] == "SUCCEEDED"


def test_events_of_services_go_on_to_archives_and_other_rules(cloud, aws, events, seen):
    events.create_archive(ArchiveName="a", EventSourceArn=ARN + "event-bus/default")
    aws("ssm").put_parameter(Name="p", Value="1", Type="String")
    put(cloud, events, entry())
    assert events.describe_archive(ArchiveName="a")["EventCount"] == 2
