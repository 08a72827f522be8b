"""CloudWatch Logs: subscriptions, and destinations through which other accounts send their logs."""

import gzip
import json

import pytest
from botocore.exceptions import ClientError

from glasshouse.core.access import Credential, root
from tests.contract import lambda_code

OWNER, SENDER = "000000000000", "111122223333"
STREAM = f"arn:aws:kinesis:eu-west-1:{OWNER}:stream/s"
DESTINATION = f"arn:aws:logs:eu-west-1:{OWNER}:destination:central"
KIND = "SUBSCRIPTION_FILTER_POLICY"
SOURCE = {"StringLike": {"aws:SourceArn": [f"arn:aws:logs:eu-west-1:{SENDER}:*", f"arn:aws:logs:eu-west-1:{OWNER}:*"]}}


@pytest.fixture
def logs(aws):
    return aws("logs")


@pytest.fixture
def sender(aws, cloud):
    """CloudWatch Logs as the root of another account sees it, with a log group."""

    def add():
        with cloud.cloud.store.transaction():
            cloud.cloud.credentials.put(Credential("AKIASENDER", "secret", root(SENDER)))

    cloud.run(add)
    client = aws("logs", aws_access_key_id="AKIASENDER", aws_secret_access_key="secret")
    client.create_log_group(logGroupName="app")
    client.create_log_stream(logGroupName="app", logStreamName="one")
    return client


@pytest.fixture
def role(aws, cloud):
    """A stream `s`, and the ARN of a role with which CloudWatch Logs may write to it, of both accounts' logs."""
    aws("kinesis").create_stream(StreamName="s", ShardCount=1)
    cloud.settle()
    service = {"Service": "logs.eu-west-1.amazonaws.com"}
    trust = {"Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole", "Condition": SOURCE}
    grant = {"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": STREAM}
    iam = aws("iam")
    made = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    document = json.dumps({"Version": "2012-10-17", "Statement": [grant]})
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document)
    return made["Role"]["Arn"]


@pytest.fixture
def central(logs, role):
    """A destination that leads to the stream."""
    return logs.put_destination(destinationName="central", targetArn=STREAM, roleArn=role)["destination"]


def policy(account):
    statement = {
        "Effect": "Allow", "Principal": {"AWS": account}, "Action": "logs:PutSubscriptionFilter",
        "Resource": DESTINATION,
    }  # fmt: skip
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def subscribe(client, arn=DESTINATION, **more):
    members = {"logGroupName": "app", "filterName": "f", "filterPattern": "ERROR", "destinationArn": arn, **more}
    client.put_subscription_filter(**members)


def write(client, cloud, *messages, group="app"):
    now = int(cloud.clock.now() * 1000)
    events = [{"timestamp": now, "message": message} for message in messages]
    client.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)
    cloud.settle()


def arrived(aws):
    """What lies in the stream."""
    kinesis = aws("kinesis")
    start = kinesis.get_shard_iterator(
        StreamName="s", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return [
        json.loads(gzip.decompress(record["Data"])) for record in kinesis.get_records(ShardIterator=start)["Records"]
    ]


def refusal(refused):
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


# What is refused


def test_a_destination_that_cannot_be_reached_is_not_made(logs, role):
    for target, arn in ((STREAM + "x", role), (STREAM, role + "x")):
        with pytest.raises(ClientError) as refused:
            logs.put_destination(destinationName="central", targetArn=target, roleArn=arn)
        assert refusal(refused) == (
            "InvalidParameterException",
            "Could not deliver test message to specified destination. Check if the destination is valid.",
        )
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.put_destination(destinationName="central", targetArn="arn:aws:s3:::bucket", roleArn=role)
    assert logs.describe_destinations()["destinations"] == []


def test_what_is_not_there_is_not_found(logs, central):
    for ask in (
        lambda: logs.delete_destination(destinationName="none"),
        lambda: logs.put_destination_policy(destinationName="none", accessPolicy=policy(SENDER)),
        lambda: logs.list_tags_for_resource(resourceArn=DESTINATION + "x"),
    ):
        with pytest.raises(logs.exceptions.ResourceNotFoundException, match="The specified destination does not exist"):
            ask()
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.put_destination_policy(destinationName="central", accessPolicy="{")


def test_who_is_not_in_the_policy_of_a_destination_may_not_send_to_it(logs, central, sender):
    for document in (None, policy("444455556666")):
        if document:
            logs.put_destination_policy(destinationName="central", accessPolicy=document)
        with pytest.raises(ClientError) as refused:
            subscribe(sender)
        assert refusal(refused) == (
            "AccessDeniedException",
            f"User with accountId: {SENDER} is not authorized to perform: logs:PutSubscriptionFilter on resource:"
            f" {DESTINATION}",
        )
    assert sender.describe_subscription_filters(logGroupName="app")["subscriptionFilters"] == []


def test_a_function_of_another_account_needs_a_destination(sender):
    with pytest.raises(ClientError) as refused:
        subscribe(sender, f"arn:aws:lambda:eu-west-1:{OWNER}:function:f")
    assert refusal(refused) == (
        "AccessDeniedException",
        "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to create cross"
        " account lambda triggers.",
    )


def test_account_policies_that_are_none(logs, role):
    good = {"DestinationArn": STREAM, "RoleArn": role}
    for document, more, code in (
        ("{", {}, "InvalidParameterException"),
        ({"RoleArn": role}, {}, "InvalidParameterException"),
        ({**good, "Colour": "red"}, {}, "InvalidParameterException"),
        ({**good, "Distribution": "Even"}, {}, "InvalidParameterException"),
        ({**good, "DestinationArn": STREAM + "x"}, {}, "InvalidParameterException"),
        ({"DestinationArn": STREAM}, {}, "InvalidParameterException"),
        (good, {"selectionCriteria": "LogGroupName IN"}, "InvalidParameterException"),
        (good, {"policyType": "DATA_PROTECTION_POLICY"}, "NotSupported"),
    ):
        text = document if isinstance(document, str) else json.dumps(document)
        members = {"policyName": "p", "policyDocument": text, "policyType": KIND, **more}
        with pytest.raises(ClientError) as refused:
            logs.put_account_policy(**members)
        assert refusal(refused)[0] == code
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.delete_account_policy(policyName="p", policyType=KIND)
    assert logs.describe_account_policies(policyType=KIND)["accountPolicies"] == []


def test_there_is_one_account_policy(logs, role):
    document = json.dumps({"DestinationArn": STREAM, "RoleArn": role})
    for _ in range(2):
        logs.put_account_policy(policyName="one", policyDocument=document, policyType=KIND)
    with pytest.raises(logs.exceptions.LimitExceededException):
        logs.put_account_policy(policyName="two", policyDocument=document, policyType=KIND)


# What is done


def test_destinations_are_described_changed_and_deleted(logs, role, cloud):
    made = logs.put_destination(destinationName="central", targetArn=STREAM, roleArn=role, tags={"team": "a"})
    expected = {"destinationName": "central", "targetArn": STREAM, "roleArn": role, "arn": DESTINATION}
    assert made["destination"].items() >= expected.items()
    assert logs.list_tags_for_resource(resourceArn=DESTINATION)["tags"] == {"team": "a"}
    logs.put_destination_policy(destinationName="central", accessPolicy=policy(SENDER), forceUpdate=True)
    cloud.clock.advance(60)
    logs.put_destination(destinationName="central", targetArn=STREAM, roleArn=role)
    logs.put_destination(destinationName="other", targetArn=STREAM, roleArn=role)
    (found,) = logs.describe_destinations(DestinationNamePrefix="cen")["destinations"]
    assert found == {**made["destination"], "accessPolicy": policy(SENDER)}
    page = logs.describe_destinations(limit=1)
    rest = logs.describe_destinations(nextToken=page["nextToken"])["destinations"]
    assert [d["destinationName"] for d in (*page["destinations"], *rest)] == ["central", "other"]
    logs.delete_destination(destinationName="central")
    assert [d["destinationName"] for d in logs.describe_destinations()["destinations"]] == ["other"]


def test_tags_of_a_destination_come_and_go(logs, central):
    logs.tag_resource(resourceArn=DESTINATION, tags={"a": "1", "b": "2"})
    logs.untag_resource(resourceArn=DESTINATION, tagKeys=["a"])
    assert logs.list_tags_for_resource(resourceArn=DESTINATION)["tags"] == {"b": "2"}


# What happens next


def test_logs_of_another_account_arrive_through_a_destination(logs, aws, cloud, central, sender):
    logs.put_destination_policy(destinationName="central", accessPolicy=policy(SENDER))
    subscribe(sender)
    (kept,) = sender.describe_subscription_filters(logGroupName="app")["subscriptionFilters"]
    assert kept["destinationArn"] == DESTINATION and "roleArn" not in kept
    write(sender, cloud, "ERROR one", "all is well")
    (control, data) = arrived(aws)
    assert control["messageType"] == "CONTROL_MESSAGE"
    assert data["owner"] == SENDER and data["logGroup"] == "app" and data["subscriptionFilters"] == ["f"]
    assert [event["message"] for event in data["logEvents"]] == ["ERROR one"]


def test_nothing_arrives_through_a_destination_that_is_deleted(logs, aws, cloud, central, sender):
    logs.put_destination_policy(destinationName="central", accessPolicy=policy(SENDER))
    subscribe(sender)
    logs.delete_destination(destinationName="central")
    write(sender, cloud, "ERROR one")
    assert [message["messageType"] for message in arrived(aws)] == ["CONTROL_MESSAGE"]


def test_long_messages_come_in_parts_in_order(logs, aws, cloud, role):
    logs.create_log_group(logGroupName="app")
    logs.create_log_stream(logGroupName="app", logStreamName="one")
    subscribe(logs, STREAM, roleArn=role)
    noise = "".join(f"{number * 2654435761 % 2**32:08x}" for number in range(25_000))
    write(logs, cloud, *(f"ERROR {part} {noise}"[: 200_000 - part] for part in range(4)))
    parts = [message["logEvents"] for message in arrived(aws) if message["messageType"] == "DATA_MESSAGE"]
    assert len(parts) > 1
    assert [event["message"].split()[1] for events in parts for event in events] == ["0", "1", "2", "3"]


def test_a_policy_of_the_account_subscribes_to_all_groups_but_some(logs, aws, cloud, role):
    for group in ("app", "other"):
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="one")
    document = json.dumps(
        {"DestinationArn": STREAM, "RoleArn": role, "FilterPattern": "ERROR", "Distribution": "Random"}
    )
    members = {"policyDocument": document, "policyType": KIND, "scope": "ALL"}
    criteria = 'LogGroupName NOT IN ["other"]'
    made = logs.put_account_policy(policyName="all", selectionCriteria=criteria, **members)["accountPolicy"]
    assert made.items() >= {**members, "policyName": "all", "accountId": OWNER, "selectionCriteria": criteria}.items()
    assert logs.describe_account_policies(policyType=KIND, policyName="all")["accountPolicies"] == [made]
    write(logs, cloud, "ERROR one", "fine")
    write(logs, cloud, "ERROR two", group="other")
    (data,) = [message for message in arrived(aws) if message["messageType"] == "DATA_MESSAGE"]
    assert (data["logGroup"], data["policyLevel"], data["subscriptionFilters"]) == (
        "app", "ACCOUNT_LEVEL_POLICY", ["all"],
    )  # fmt: skip
    logs.delete_account_policy(policyName="all", policyType=KIND)
    write(logs, cloud, "ERROR three")
    assert len([message for message in arrived(aws) if message["messageType"] == "DATA_MESSAGE"]) == 1


def measured(aws, cloud, name, **dimensions):
    """The sum of a metric of CloudWatch Logs."""
    now = cloud.clock.now()
    found = aws("cloudwatch").get_metric_statistics(
        Namespace="AWS/Logs", MetricName=name, StartTime=now - 600, EndTime=now + 600, Period=1200, Statistics=["Sum"],
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
    )["Datapoints"]  # fmt: skip
    return sum(point["Sum"] for point in found)


def test_what_comes_in_and_goes_on_is_measured(logs, aws, cloud, role):
    logs.create_log_group(logGroupName="app")
    logs.create_log_stream(logGroupName="app", logStreamName="one")
    subscribe(logs, STREAM, roleArn=role)
    write(logs, cloud, "ERROR one", "ERROR two", "fine")
    assert (
        measured(aws, cloud, "IncomingLogEvents") == measured(aws, cloud, "IncomingLogEvents", LogGroupName="app") == 3
    )
    assert measured(aws, cloud, "IncomingBytes", LogGroupName="app") == 9 + 9 + 4 + 3 * 26
    about = {"LogGroupName": "app", "DestinationType": "Kinesis", "FilterName": "f"}
    assert measured(aws, cloud, "ForwardedLogEvents", **about) == 2
    assert measured(aws, cloud, "ForwardedBytes", **about) > 0
    aws("iam").delete_role_policy(RoleName="r", PolicyName="p")
    write(logs, cloud, "ERROR three")
    assert measured(aws, cloud, "DeliveryErrors", **about) == 1
    assert measured(aws, cloud, "ForwardedLogEvents", **about) == 2


def test_a_function_that_hears_all_does_not_hear_itself(logs, aws, cloud):
    role = lambda_code.execution_role(aws, "worker", "logs:*")
    lambda_code.made(aws, "hears", "def handler(event, context):\n    print('heard', list(event))\n", role)
    aws("lambda").add_permission(
        FunctionName="hears", StatementId="logs", Action="lambda:InvokeFunction", Principal="logs.amazonaws.com",
        SourceArn=f"arn:aws:logs:eu-west-1:{OWNER}:*",
    )  # fmt: skip
    document = json.dumps({"DestinationArn": f"arn:aws:lambda:eu-west-1:{OWNER}:function:hears"})
    logs.put_account_policy(policyName="all", policyDocument=document, policyType=KIND)
    logs.create_log_group(logGroupName="app")
    logs.create_log_stream(logGroupName="app", logStreamName="one")
    write(logs, cloud, "ERROR one")
    heard = logs.filter_log_events(logGroupName="/aws/lambda/hears", filterPattern="heard")["events"]
    assert [event["message"].strip() for event in heard] == ["heard ['awslogs']"]
