"""EventBridge: buses, rules and targets."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.contract.events_box import ACCOUNT, PATTERN, REGION, bodies, entry, put, queue, rule

ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"


@pytest.fixture
def events(aws):
    return aws("events")


def refused(call, code, message=None, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    if message is not None:
        assert error["Message"] == message


# What is refused


def test_buses_that_cannot_be(events):
    events.create_event_bus(Name="b")
    exists, invalid = "ResourceAlreadyExistsException", "ValidationException"
    refused(events.create_event_bus, exists, "Event bus b already exists.", Name="b")
    refused(events.create_event_bus, exists, "Event bus default already exists.", Name="default")
    refused(events.create_event_bus, invalid, "Event bus name must not contain '/'.", Name="a/b")
    source = "aws.partner/x/y"
    absent = f"Event source {source} does not exist."
    refused(events.create_event_bus, "ResourceNotFoundException", absent, Name=source, EventSourceName=source)
    refused(events.delete_event_bus, invalid, "Cannot delete event bus default.", Name="default")
    events.put_rule(Name="r", EventPattern=PATTERN, EventBusName="b")
    refused(events.delete_event_bus, invalid, Name="b")
    for call in (events.describe_event_bus, events.update_event_bus):
        refused(call, "ResourceNotFoundException", "Event bus c does not exist.", Name="c")


def test_a_bus_writes_no_logs(events):
    refused(events.create_event_bus, "NotSupported", Name="b", LogConfig={"Level": "INFO", "IncludeDetail": "FULL"})
    events.create_event_bus(Name="b", LogConfig={"Level": "OFF"})
    assert events.describe_event_bus(Name="b")["LogConfig"] == {"Level": "OFF"}


def test_at_most_a_hundred_buses(events):
    for number in range(100):
        events.create_event_bus(Name=f"b{number}")
    refused(events.create_event_bus, "LimitExceededException", Name="another")


def test_permissions_that_cannot_be_given(events):
    who = {"Principal": "111111111111", "StatementId": "s", "Action": "events:PutEvents"}
    absent = "Event bus c does not exist."
    refused(events.put_permission, "ResourceNotFoundException", absent, EventBusName="c", **who)
    unknown = "Provided value in parameter 'action' is not supported."
    refused(events.put_permission, "ValidationException", unknown, **who | {"Action": "events:PutRule"})
    refused(events.put_permission, "ValidationException", "This policy contains invalid Json", Policy="{")
    gone = "Statement with the provided id does not exist."
    refused(events.remove_permission, "ResourceNotFoundException", gone, StatementId="s")
    events.put_permission(**who)
    refused(events.remove_permission, "ResourceNotFoundException", gone, StatementId="t")
    long = json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "x" * 11_000}]})
    refused(events.put_permission, "PolicyLengthExceededException", Policy=long)


@pytest.mark.parametrize(
    "expression",
    ["rate(1 minutes)", "rate(10 seconds)", "cron(0 1 * * * *)", "cron(71 8 1 * ? *)", "at(2030-01-01T00:00:00)", "x"],
)
def test_schedules_that_are_none(events, expression):
    message = "Parameter ScheduleExpression is not valid."
    refused(events.put_rule, "ValidationException", message, Name="r", ScheduleExpression=expression)


def test_rules_that_cannot_be(events):
    message = "Parameter(s) EventPattern or ScheduleExpression must be specified."
    refused(events.put_rule, "ValidationException", message, Name="r", EventPattern="", ScheduleExpression="")
    events.create_event_bus(Name="b")
    message = "ScheduleExpression is supported only on the default event bus."
    refused(
        events.put_rule, "ValidationException", message, Name="r", EventBusName="b", ScheduleExpression="rate(1 day)"
    )
    absent = "Event bus c does not exist."
    refused(events.put_rule, "ResourceNotFoundException", absent, Name="r", EventBusName="c", EventPattern=PATTERN)
    refused(events.list_rules, "ResourceNotFoundException", absent, EventBusName="c")


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (
            '{"int": 42}',
            '"int" must be an object or an array\n at [Source: (String)"{"int": 42}"; line: 1, column: 11]',
        ),
        ("{}", 'Empty objects are not allowed\n at [Source: (String)"{}"; line: 1, column: 3]'),
        ('{"a": [{"cidr": "x"}]}', "Malformed CIDR, one '/' required"),
        (
            '{"a": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}',
            "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a"
            " wildcard character",
        ),
    ],
)
def test_patterns_that_are_none(events, pattern, reason):
    message = f"Event pattern is not valid. Reason: {reason}"
    refused(events.put_rule, "InvalidEventPatternException", message, Name="r", EventPattern=pattern)


def test_rules_that_are_not_there(events):
    message = "Rule r does not exist on EventBus default."
    for call in (events.describe_rule, events.enable_rule, events.disable_rule):
        refused(call, "ResourceNotFoundException", message, Name="r")
    refused(events.list_targets_by_rule, "ResourceNotFoundException", message, Rule="r")
    refused(events.remove_targets, "ResourceNotFoundException", message, Rule="r", Ids=["t"])
    target = [{"Id": "t", "Arn": QUEUE}]
    refused(events.put_targets, "ResourceNotFoundException", message, Rule="r", Targets=target)
    arn = ARN + "rule/r"
    refused(events.list_tags_for_resource, "ResourceNotFoundException", message, ResourceARN=arn)
    refused(events.tag_resource, "ResourceNotFoundException", message, ResourceARN=arn, Tags=[])
    assert events.delete_rule(Name="r")


def test_a_rule_with_targets_stays(events):
    rule(events, QUEUE)
    refused(events.delete_rule, "ValidationException", "Rule can't be deleted since it has targets.", Name="r")


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        (
            {"Arn": "x"},
            "ValidationException",
            "Parameter x is not valid. Reason: Provided Arn is not in correct format.",
        ),
        ({"Arn": "arn:aws:s3:::b"}, "ValidationException", "s3 is not a supported service for a target."),
        (
            {"Arn": f"arn:aws:iam::{ACCOUNT}:role/r"},
            "ValidationException",
            "iam is not a supported service for a target.",
        ),
        ({"Arn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/c"}, "NotSupported", None),
        (
            {"Arn": QUEUE, "DeadLetterConfig": {"Arn": "arn:a"}},
            "ValidationException",
            "Parameter arn:a is not valid. Reason: Provided Arn is not in correct format.",
        ),
        (
            {"Arn": QUEUE + ".fifo"},
            "ValidationException",
            "Parameter(s) SqsParameters must be specified for target: t.",
        ),
        (
            {"KinesisParameters": {"PartitionKeyPath": "$.id"}},
            "ValidationException",
            "Parameter KinesisParameters is not valid for targett.",
        ),
        (
            {"Input": "{}", "InputPath": "$.detail"},
            "ValidationException",
            "Only one of Input, InputPath, or InputTransformer must be provided for target t.",
        ),
        ({"Input": "{"}, "ValidationException", "JSON syntax error in input for target t"),
        ({"InputPath": "detail"}, "ValidationException", "Invalid InputPath for target t : [detail]"),
        (
            {"InputTransformer": {"InputTemplate": '"<a> <b>"', "InputPathsMap": {"a": "$.id"}}},
            "ValidationException",
            "InputTemplate for target t contains invalid placeholder b.",
        ),
        (
            {"InputTransformer": {"InputTemplate": '"<awsx>"', "InputPathsMap": {"awsx": "$.id"}}},
            "ValidationException",
            "InputPathsMap for target t contains invalid key awsx.",
        ),
        (
            {"InputTransformer": {"InputTemplate": '"<a>"', "InputPathsMap": {"a": "id"}}},
            "ValidationException",
            "Invalid InputPathsMap argument for target t: id",
        ),
        ({"DeadLetterConfig": {"Arn": "q"}}, "ValidationException", None),
        ({"DeadLetterConfig": {"Arn": QUEUE + ".fifo"}}, "ValidationException", None),
        (
            {"Arn": ARN + "api-destination/a/1"},
            "ValidationException",
            f"RoleArn is required for target {ARN}api-destination/a/1.",
        ),
        ({"Arn": ARN + "event-bus/b", "Input": "{}"}, "ValidationException", None),
        (
            {"Id": "!"},
            "ValidationException",
            "1 validation error detected: Value '!' at 'targets.1.member.id' failed to satisfy constraint: Member must"
            " satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+",
        ),
    ],
    ids=lambda given: json.dumps(given) if isinstance(given, dict) else "",
)
def test_targets_that_cannot_be(events, target, code, message):
    events.put_rule(Name="r", EventPattern=PATTERN)
    refused(events.put_targets, code, message, Rule="r", Targets=[{"Id": "t", "Arn": QUEUE, **target}])
    assert events.list_targets_by_rule(Rule="r")["Targets"] == []


def test_at_most_five_targets_of_a_rule(events):
    rule(events, QUEUE)
    more = [{"Id": str(number), "Arn": QUEUE} for number in range(5)]
    refused(events.put_targets, "LimitExceededException", Rule="r", Targets=more)
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": QUEUE}, *more[:4]])


def test_users_need_permission(aws, cloud):
    user = aws("iam")
    user.create_user(UserName="u")
    document = {"Effect": "Allow", "Action": "events:PutRule", "Resource": ARN + "rule/mine*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [document]})
    user.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=policy)
    key = user.create_access_key(UserName="u")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    events = aws("events", **keys)
    events.put_rule(Name="mine", EventPattern=PATTERN)
    refused(events.put_rule, "AccessDeniedException", Name="yours", EventPattern=PATTERN)
    refused(events.put_events, "AccessDeniedException", Entries=[entry()])


# What is done


def test_buses_are_made_and_described(events):
    made = events.create_event_bus(Name="b", Description="d", Tags=[{"Key": "k", "Value": "v"}])
    assert made["EventBusArn"] == ARN + "event-bus/b"
    bus = events.describe_event_bus(Name="b")
    assert (bus["Name"], bus["Arn"], bus["Description"]) == ("b", made["EventBusArn"], "d")
    assert bus["CreationTime"] == bus["LastModifiedTime"]
    assert events.describe_event_bus()["Name"] == events.describe_event_bus(Name=ARN + "event-bus/default")["Name"]
    queue_arn = {"Arn": QUEUE}
    updated = events.update_event_bus(Name="b", Description="e", DeadLetterConfig=queue_arn)
    assert (updated["Description"], updated["DeadLetterConfig"]) == ("e", queue_arn)
    assert "Policy" not in events.describe_event_bus(Name="b")


def test_buses_are_listed_by_name_and_page(events):
    for name in ("b-2", "a", "b-1"):
        events.create_event_bus(Name=name)
    assert [bus["Name"] for bus in events.list_event_buses()["EventBuses"]] == ["a", "b-1", "b-2", "default"]
    first = events.list_event_buses(NamePrefix="b", Limit=1)
    rest = events.list_event_buses(NamePrefix="b", Limit=1, NextToken=first["NextToken"])
    assert [bus["Name"] for page in (first, rest) for bus in page["EventBuses"]] == ["b-1", "b-2"]
    events.delete_event_bus(Name="a")
    events.delete_event_bus(Name="was-never-there")
    assert len(events.list_event_buses()["EventBuses"]) == 3


def test_permissions_are_statements_of_a_policy(events):
    bus = ARN + "event-bus/default"
    events.put_permission(Action="events:PutEvents", Principal="111111111111", StatementId="one")
    condition = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-1234567890"}
    events.put_permission(Action="events:PutEvents", Principal="*", StatementId="all", Condition=condition)
    one = {
        "Sid": "one", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
        "Action": "events:PutEvents", "Resource": bus,
    }  # fmt: skip
    everyone = one | {
        "Sid": "all", "Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}
    }  # fmt: skip
    policy = json.loads(events.describe_event_bus()["Policy"])
    assert policy == {"Version": "2012-10-17", "Statement": [one, everyone]}
    events.remove_permission(StatementId="all")
    assert json.loads(events.describe_event_bus()["Policy"])["Statement"] == [one]
    events.put_permission(Policy=json.dumps({"Version": "2012-10-17", "Statement": everyone}))
    assert json.loads(events.describe_event_bus()["Policy"])["Statement"] == everyone
    events.remove_permission(RemoveAllPermissions=True)
    assert "Policy" not in events.describe_event_bus()


def test_rules_are_made_and_described(events):
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    made = events.put_rule(Name="r", EventPattern=PATTERN, State="DISABLED", Description="d", RoleArn=role)
    assert made["RuleArn"] == ARN + "rule/r"
    found = events.describe_rule(Name="r")
    del found["ResponseMetadata"]
    expected = {
        "Name": "r", "Arn": ARN + "rule/r", "EventPattern": PATTERN, "State": "DISABLED", "Description": "d",
        "RoleArn": role, "EventBusName": "default", "CreatedBy": ACCOUNT,
    }  # fmt: skip
    assert found == expected
    events.put_rule(Name="r", ScheduleExpression="rate(5 minutes)")
    found = events.describe_rule(Name="r")
    assert (found["ScheduleExpression"], found["State"]) == ("rate(5 minutes)", "ENABLED")
    assert not {"EventPattern", "Description", "RoleArn"} & found.keys()


def test_rules_of_a_custom_bus_bear_its_name(events):
    bus = events.create_event_bus(Name="b")["EventBusArn"]
    made = events.put_rule(Name="r", EventPattern=PATTERN, EventBusName=bus)
    assert made["RuleArn"] == ARN + "rule/b/r"
    assert events.list_rules()["Rules"] == []
    assert [found["EventBusName"] for found in events.list_rules(EventBusName="b")["Rules"]] == ["b"]
    events.delete_rule(Name="r", EventBusName="b")
    assert events.list_rules(EventBusName="b")["Rules"] == []


def test_rules_are_listed_in_pages(events):
    for name in ("b1", "a", "b2", "b3"):
        events.put_rule(Name=name, EventPattern=PATTERN)
    first = events.list_rules(NamePrefix="b", Limit=2)
    rest = events.list_rules(NamePrefix="b", NextToken=first["NextToken"])
    assert [[found["Name"] for found in page["Rules"]] for page in (first, rest)] == [["b1", "b2"], ["b3"]]
    refused(events.list_rules, "ValidationException", NextToken="?")


def test_rules_are_switched(events):
    events.put_rule(Name="r", EventPattern=PATTERN)
    events.disable_rule(Name="r")
    assert events.describe_rule(Name="r")["State"] == "DISABLED"
    events.enable_rule(Name="r")
    assert events.describe_rule(Name="r")["State"] == "ENABLED"


def test_targets_are_kept_as_they_were_put(events):
    events.put_rule(Name="r", EventPattern=PATTERN)
    transformer = {"InputPathsMap": {"a": "$.detail.a"}, "InputTemplate": '{"a": <a>}'}
    one = {
        "Id": "1", "Arn": QUEUE + ".fifo", "SqsParameters": {"MessageGroupId": "g"}, "InputTransformer": transformer,
        "RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 60}, "DeadLetterConfig": {"Arn": QUEUE},
    }  # fmt: skip
    assert events.put_targets(Rule="r", Targets=[one, {"Id": "2", "Arn": QUEUE}])["FailedEntries"] == []
    assert events.list_targets_by_rule(Rule="r")["Targets"] == [one, {"Id": "2", "Arn": QUEUE}]
    first = events.list_targets_by_rule(Rule="r", Limit=1)
    assert events.list_targets_by_rule(Rule="r", NextToken=first["NextToken"])["Targets"] == [{"Id": "2", "Arn": QUEUE}]
    removed = events.remove_targets(Rule="r", Ids=["1", "3"])
    assert (removed["FailedEntryCount"], removed["FailedEntries"][0]["TargetId"]) == (1, "3")
    assert events.list_targets_by_rule(Rule="r")["Targets"] == [{"Id": "2", "Arn": QUEUE}]


def test_the_rules_of_a_target(events):
    for name in ("a", "b", "c"):
        rule(events, QUEUE if name != "b" else QUEUE + "2", name=name)
    assert events.list_rule_names_by_target(TargetArn=QUEUE)["RuleNames"] == ["a", "c"]
    first = events.list_rule_names_by_target(TargetArn=QUEUE, Limit=1)
    rest = events.list_rule_names_by_target(TargetArn=QUEUE, NextToken=first["NextToken"])
    assert (first["RuleNames"], rest["RuleNames"]) == (["a"], ["c"])


def test_tags(events):
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    arn = events.put_rule(Name="r", EventPattern=PATTERN, Tags=tags[:1])["RuleArn"]
    events.put_rule(Name="r", EventPattern=PATTERN, Tags=[{"Key": "z", "Value": "ignored"}])
    bus = events.create_event_bus(Name="b", Tags=tags[:1])["EventBusArn"]
    inner = events.put_rule(Name="r", EventPattern=PATTERN, Tags=tags[:1], EventBusName="b")["RuleArn"]
    for tagged in (arn, bus, inner):
        events.tag_resource(ResourceARN=tagged, Tags=tags[1:])
        assert events.list_tags_for_resource(ResourceARN=tagged)["Tags"] == tags
        events.untag_resource(ResourceARN=tagged, TagKeys=["a"])
        assert events.list_tags_for_resource(ResourceARN=tagged)["Tags"] == tags[1:]
    events.delete_rule(Name="r")
    events.put_rule(Name="r", EventPattern=PATTERN)
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == []


# What happens next


def test_rules_of_a_service_are_managed_by_it(cloud, aws, events):
    """Here an archive's: its rule is EventBridge's own."""
    events.create_archive(ArchiveName="a", EventSourceArn=ARN + "event-bus/default")
    managed = events.list_rules()["Rules"][0]
    assert (managed["Name"], managed["ManagedBy"]) == ("Events-Archive-a", "prod.vhs.events.aws.internal")
    for call in (events.delete_rule, events.disable_rule, events.enable_rule):
        refused(call, "ManagedRuleException", Name=managed["Name"])
    refused(events.put_rule, "ManagedRuleException", Name=managed["Name"], EventPattern=PATTERN)
    target = [{"Id": "t", "Arn": QUEUE}]
    refused(events.put_targets, "ManagedRuleException", Rule=managed["Name"], Targets=target)
    events.delete_rule(Name=managed["Name"], Force=True)
    put(cloud, events, entry())
    assert events.describe_archive(ArchiveName="a")["EventCount"] == 0


def test_a_changed_rule_works_at_once(cloud, aws, events):
    url, arn = queue(aws)
    rule(events, arn, pattern='{"source": ["other"]}')
    put(cloud, events, entry())
    events.put_rule(Name="r", EventPattern=PATTERN)
    put(cloud, events, entry({"n": 2}))
    events.disable_rule(Name="r")
    put(cloud, events, entry({"n": 3}))
    events.enable_rule(Name="r")
    put(cloud, events, entry({"n": 4}))
    events.remove_targets(Rule="r", Ids=["t"])
    put(cloud, events, entry({"n": 5}))
    assert [event["detail"]["n"] for event in bodies(aws, url)] == [2, 4]
