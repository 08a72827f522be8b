"""Health: what is refused, what is done, what happens next."""

import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def epoch(day):
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()


def trust(*names):
    statement = {"Effect": "Allow", "Principal": {"AWS": list(names)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allow(resource):
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def refused(action, code):
    with pytest.raises(ClientError) as failure:
        action()
    assert failure.value.response["Error"]["Code"] == code


@pytest.fixture
def health(aws):
    return aws("health", "us-east-1")


@pytest.fixture
def self_assuming(aws, cloud):
    """`self_assuming("name")` makes a role that assumes itself by its identity policy alone, as of the clock's time."""
    iam = aws("iam")

    def make(name):
        arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(ROOT))
        iam.put_role_policy(RoleName=name, PolicyName="self", PolicyDocument=allow(arn))
        given = aws("sts").assume_role(RoleArn=arn, RoleSessionName="web")["Credentials"]
        # From here on the trust policy trusts somebody else.
        iam.create_role(RoleName=f"{name}-other", AssumeRolePolicyDocument=trust(ROOT))
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust(f"{arn}-other"))
        session = {
            "aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }  # fmt: skip
        aws("sts", **session).assume_role(RoleArn=arn, RoleSessionName="again")
        cloud.settle()
        return arn

    return make


def letters(cloud):
    return cloud.run(lambda: cloud.cloud.mail.letters(f"root@{ACCOUNT}.example"))


@pytest.fixture
def noticed(cloud, health, self_assuming):
    """(event, role ARN) on the day of the change."""
    cloud.clock.set(epoch("2022-08-01"))
    arn = self_assuming("RoleA")
    assert health.describe_events()["events"] == []
    cloud.clock.set(epoch("2022-09-21"))
    return health.describe_events()["events"][0], arn


# What is refused


def test_what_is_not_valid(health):
    refused(lambda: health.describe_events(nextToken="aaaaa"), "InvalidPaginationToken")
    refused(lambda: health.describe_events(locale="fr"), "UnsupportedLocale")
    refused(lambda: health.describe_events(filter={"tags": {"a": ["b"]}}), "NotSupported")


def test_an_event_that_is_not_there_is_said_among_the_failed(health):
    arn = "arn:aws:health:global::event/IAM/AWS_IAM_X/AWS_IAM_X_1"
    answer = health.describe_event_details(eventArns=[arn])
    assert answer["successfulSet"] == []
    assert (answer["failedSet"][0]["eventArn"], answer["failedSet"][0]["errorName"]) == (arn, "InvalidEventArn")


# What is done


def test_a_role_that_relied_on_self_trust_is_told_of_on_the_day_of_the_change(cloud, health, noticed):
    event, role = noticed
    assert (event["service"], event["eventTypeCategory"]) == ("IAM", "accountNotification")
    assert (event["eventScopeCode"], event["region"], event["statusCode"]) == ("ACCOUNT_SPECIFIC", "global", "open")
    assert event["startTime"].timestamp() == epoch("2022-09-21")
    assert event["endTime"].timestamp() == epoch("2023-02-15")
    (detail,) = health.describe_event_details(eventArns=[event["arn"]])["successfulSet"]
    assert "February 15,\n2023" in detail["eventDescription"]["latestDescription"]
    (entity,) = health.describe_affected_entities(filter={"eventArns": [event["arn"]]})["entities"]
    assert (entity["entityValue"], entity["awsAccountId"], entity["statusCode"]) == (role, ACCOUNT, "PENDING")
    (letter,) = letters(cloud)
    assert role in letter.content


def test_events_are_filtered(health, noticed):
    event, role = noticed
    day = datetime(2022, 9, 21, tzinfo=UTC)

    def found(**given):
        return [one["arn"] for one in health.describe_events(filter=given)["events"]]

    matching = [
        {"services": ["IAM", "EC2"]}, {"eventTypeCategories": ["accountNotification"]}, {"eventStatusCodes": ["open"]},
        {"eventTypeCodes": [event["eventTypeCode"]]}, {"entityValues": [role]}, {"startTimes": [{"from": day}]},
        {"regions": ["global"]}, {"eventArns": [event["arn"]]}, {"personas": ["SECURITY"]},
    ]  # fmt: skip
    assert [found(**given) for given in matching] == [[event["arn"]]] * len(matching)
    others = [
        {"services": ["EC2"]}, {"eventStatusCodes": ["closed"]}, {"entityValues": ["other"]}, {"personas": ["BILLING"]},
        {"startTimes": [{"to": datetime(2022, 9, 20, tzinfo=UTC)}]}, {"availabilityZones": ["us-east-1a"]},
    ]  # fmt: skip
    assert [found(**given) for given in others] == [[]] * len(others)


def test_counts_of_events_and_entities(health, noticed):
    event, _ = noticed
    (kind,) = health.describe_event_aggregates(aggregateField="eventTypeCategory")["eventAggregates"]
    assert kind == {"aggregateValue": "accountNotification", "count": 1}
    (entities,) = health.describe_entity_aggregates(eventArns=[event["arn"]])["entityAggregates"]
    assert (entities["count"], entities["statuses"]) == (1, {"PENDING": 1})


# What happens next


def test_all_roles_of_an_account_are_in_one_event_and_one_letter(cloud, health, self_assuming):
    cloud.clock.set(epoch("2022-08-01"))
    roles = [self_assuming(f"Role{number}") for number in range(12)]
    cloud.clock.set(epoch("2022-12-01"))
    (event,) = health.describe_events()["events"]
    wanted = {"filter": {"eventArns": [event["arn"]]}, "PaginationConfig": {"PageSize": 10}}
    pages = list(health.get_paginator("describe_affected_entities").paginate(**wanted))
    assert [len(page["entities"]) for page in pages] == [10, 2]
    assert {entity["entityValue"] for page in pages for entity in page["entities"]} == set(roles)
    assert len(letters(cloud)) == 1


def test_the_event_closes_with_the_time_of_grace(cloud, health, noticed):
    cloud.clock.set(epoch("2023-02-15"))
    (event,) = health.describe_events()["events"]
    assert event["statusCode"] == "closed"


def test_roles_that_trust_themselves_or_that_nobody_used_are_not_told_of(aws, cloud, health, self_assuming):
    cloud.clock.set(epoch("2022-06-01"))
    self_assuming("TooEarly")
    cloud.clock.set(epoch("2022-08-01"))
    arn = f"arn:aws:iam::{ACCOUNT}:role/Explicit"
    aws("iam").create_role(RoleName="Explicit", AssumeRolePolicyDocument=trust(ROOT))
    aws("iam").put_role_policy(RoleName="Explicit", PolicyName="self", PolicyDocument=allow(arn))
    given = aws("sts").assume_role(RoleArn=arn, RoleSessionName="web")["Credentials"]
    session = {
        "aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }  # fmt: skip
    aws("sts", **session).assume_role(RoleArn=arn, RoleSessionName="again")
    cloud.clock.set(epoch("2022-12-01"))
    assert health.describe_events()["events"] == []
    assert letters(cloud) == []
