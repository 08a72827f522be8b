"""EventBridge: archives and replays."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.events_box import ACCOUNT, PATTERN, REGION, bodies, entry, put, queue, rule
from tests.contract.test_events_rules import refused

ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:"
BUS = ARN + "event-bus/default"
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def events(aws):
    return aws("events")


def at(minute, **detail):
    return entry(detail or {"minute": minute}, Time=START + timedelta(minutes=minute))


def replay(events, name="again", first=0, last=60, **options):
    options = {"EventSourceArn": ARN + "archive/a", "Destination": {"Arn": BUS}, **options}
    begin, end = START + timedelta(minutes=first), START + timedelta(minutes=last)
    return events.start_replay(ReplayName=name, EventStartTime=begin, EventEndTime=end, **options)


# What is refused


def test_archives_that_cannot_be(events):
    events.create_archive(ArchiveName="a", EventSourceArn=BUS)
    make = events.create_archive
    exists = "Archive a already exists."
    refused(make, "ResourceAlreadyExistsException", exists, ArchiveName="a", EventSourceArn=BUS)
    absent = "Event bus gone does not exist."
    refused(make, "ResourceNotFoundException", absent, ArchiveName="b", EventSourceArn=ARN + "event-bus/gone")
    pattern = '{"a": "x"}'
    refused(make, "InvalidEventPatternException", ArchiveName="b", EventSourceArn=BUS, EventPattern=pattern)
    refused(events.update_archive, "InvalidEventPatternException", ArchiveName="a", EventPattern="invalid")
    long = "a" * 49
    refused(make, "ValidationException", ArchiveName=long, EventSourceArn=BUS)


def test_archives_that_are_not_there(events):
    message = "Archive a does not exist."
    for call in (events.describe_archive, events.update_archive, events.delete_archive):
        refused(call, "ResourceNotFoundException", message, ArchiveName="a")
    message = "Replay r does not exist."
    for call in (events.describe_replay, events.cancel_replay):
        refused(call, "ResourceNotFoundException", message, ReplayName="r")


def test_lists_take_one_filter(events):
    for call, name in ((events.list_archives, "ListArchives"), (events.list_replays, "ListReplays")):
        message = f"At most one filter is allowed for {name}. Use either : State, EventSourceArn, or NamePrefix."
        state = "ENABLED" if name == "ListArchives" else "COMPLETED"
        refused(call, "ValidationException", message, NamePrefix="a", State=state)
        refused(call, "ValidationException", State="invalid")


def test_replays_that_cannot_be(events):
    events.create_archive(ArchiveName="a", EventSourceArn=BUS)
    events.create_event_bus(Name="b")
    validation = "ValidationException"

    def wrong(code, message, **options):
        refused(lambda **params: replay(events, **params), code, message, **options)

    reason = "Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN."
    wrong(validation, reason, Destination={"Arn": "invalid"})
    gone = {"Arn": ARN + "event-bus/gone"}
    wrong("ResourceNotFoundException", "Event bus gone does not exist.", Destination=gone)
    reason = "Parameter EventSourceArn is not valid. Reason: Archive gone does not exist."
    wrong(validation, reason, EventSourceArn=ARN + "archive/gone")
    reason = "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted."
    wrong(validation, reason, Destination={"Arn": ARN + "event-bus/b"})
    reason = "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime."
    wrong(validation, reason, first=5, last=5)
    replay(events)
    wrong("ResourceAlreadyExistsException", "Replay again already exists.")


# What is done


def test_archives_are_made_and_described(events):
    made = events.create_archive(ArchiveName="a", EventSourceArn=BUS, Description="d", EventPattern=PATTERN)
    assert (made["ArchiveArn"], made["State"]) == (ARN + "archive/a", "ENABLED")
    found = events.describe_archive(ArchiveName="a")
    del found["ResponseMetadata"]
    expected = {
        "ArchiveArn": ARN + "archive/a", "ArchiveName": "a", "EventSourceArn": BUS, "Description": "d",
        "EventPattern": PATTERN, "State": "ENABLED", "RetentionDays": 0, "SizeBytes": 0, "EventCount": 0,
        "CreationTime": made["CreationTime"],
    }  # fmt: skip
    assert found == expected
    events.update_archive(ArchiveName="a", RetentionDays=14, EventPattern='{"source": ["x"]}')
    found = events.describe_archive(ArchiveName="a")
    assert (found["RetentionDays"], found["EventPattern"], found["Description"]) == (14, '{"source": ["x"]}', "d")


def test_archives_are_listed(events):
    bus = events.create_event_bus(Name="b")["EventBusArn"]
    for name, source in (("one", BUS), ("other", bus), ("three", BUS)):
        events.create_archive(ArchiveName=name, EventSourceArn=source)

    def names(**options):
        return [archive["ArchiveName"] for archive in events.list_archives(**options)["Archives"]]

    assert names() == ["one", "other", "three"]
    assert names(NamePrefix="o") == ["one", "other"]
    assert names(EventSourceArn=BUS) == ["one", "three"]
    assert (names(State="DISABLED"), len(names(State="ENABLED"))) == ([], 3)
    first = events.list_archives(Limit=2)
    assert names(NextToken=first["NextToken"]) == ["three"]
    assert "ArchiveArn" not in first["Archives"][0]
    events.delete_archive(ArchiveName="one")
    assert names() == ["other", "three"]
    assert [found["Name"] for found in events.list_rules()["Rules"]] == ["Events-Archive-three"]


def test_an_archive_keeps_what_its_pattern_matches(cloud, events):
    events.create_archive(ArchiveName="all", EventSourceArn=BUS)
    events.create_archive(ArchiveName="some", EventSourceArn=BUS, EventPattern=PATTERN)
    command = {"command": "update-account", "payload": {"acc_id": "0a787ecb-4015", "sf_id": "baz"}}
    put(cloud, events, entry(command), entry(source="other"), entry({"id": 2}))
    counts = {name: events.describe_archive(ArchiveName=name)["EventCount"] for name in ("all", "some")}
    assert counts == {"all": 3, "some": 2}
    assert events.list_archives()["Archives"][0]["SizeBytes"] > 100


def test_replays_are_listed(cloud, events):
    events.create_archive(ArchiveName="a", EventSourceArn=BUS)
    made = replay(events, "one", Description="d")
    assert (made["ReplayArn"], made["State"]) == (ARN + "replay/one", "STARTING")
    replay(events, "other")
    cloud.clock.advance(1)
    found = events.describe_replay(ReplayName="one")
    assert (found["State"], found["Description"], found["Destination"]) == ("COMPLETED", "d", {"Arn": BUS})
    assert found["EventStartTime"] == START
    assert found["ReplayStartTime"] <= found["ReplayEndTime"]

    def names(**options):
        return [one["ReplayName"] for one in events.list_replays(**options)["Replays"]]

    assert names() == ["one", "other"]
    assert (names(NamePrefix="ot"), names(State="FAILED")) == (["other"], [])
    assert names(EventSourceArn=ARN + "archive/a") == ["one", "other"]
    first = events.list_replays(Limit=1)
    assert names(NextToken=first["NextToken"]) == ["other"]


# What happens next


def test_a_replay_puts_events_again_in_the_order_of_their_times(cloud, aws, events):
    url, arn = queue(aws)
    rule(events, arn)
    events.create_archive(ArchiveName="a", EventSourceArn=BUS, EventPattern=PATTERN)
    put(cloud, events, at(30), at(10), at(59), at(60), at(0))
    first = {event["detail"]["minute"]: event for event in bodies(aws, url)}
    replay(events)
    cloud.clock.advance(1)
    again = bodies(aws, url)
    assert [event["detail"]["minute"] for event in again] == [0, 10, 30, 59]
    for event in again:
        original = first[event["detail"]["minute"]]
        assert event.pop("replay-name") == "again"
        assert event.pop("id") != original.pop("id")
        assert event == original
    found = events.describe_replay(ReplayName="again")
    assert found["EventLastReplayedTime"] == START + timedelta(minutes=59)
    assert events.describe_archive(ArchiveName="a")["EventCount"] == 5


def test_a_replay_may_be_for_some_rules_only(cloud, aws, events):
    url, arn = queue(aws)
    wanted = rule(events, arn, InputPath="$.detail")
    rule(events, arn, name="unwanted")
    events.create_archive(ArchiveName="a", EventSourceArn=BUS)
    put(cloud, events, at(1))
    bodies(aws, url)
    replay(events, Destination={"Arn": BUS, "FilterArns": [wanted]})
    cloud.clock.advance(1)
    assert bodies(aws, url) == [{"minute": 1}]


def test_a_rule_can_tell_replayed_events(cloud, aws, events):
    url, arn = queue(aws)
    rule(events, arn, pattern=json.dumps({"source": ["shop"], "replay-name": [{"exists": True}]}))
    events.create_archive(ArchiveName="a", EventSourceArn=BUS)
    put(cloud, events, at(1))
    assert bodies(aws, url) == []
    replay(events)
    cloud.clock.advance(1)
    assert len(bodies(aws, url)) == 1


def test_a_long_replay_takes_its_time_and_can_be_cancelled(cloud, aws, events):
    url, arn = queue(aws)
    rule(events, arn, InputPath="$.detail.minute")
    events.create_archive(ArchiveName="a", EventSourceArn=BUS)
    cloud.clock.freeze()
    for _ in range(25):
        put(cloud, events, *[at(1)] * 10)
    assert len(bodies(aws, url)) == 250
    replay(events, "whole")
    cloud.clock.advance(1)
    assert events.describe_replay(ReplayName="whole")["State"] == "RUNNING"
    cloud.clock.advance(2)
    assert events.describe_replay(ReplayName="whole")["State"] == "COMPLETED"
    assert len(bodies(aws, url)) == 250
    replay(events, "part")
    cloud.clock.advance(1)
    assert events.cancel_replay(ReplayName="part")["State"] == "CANCELLING"
    cloud.clock.advance(2)
    assert events.describe_replay(ReplayName="part")["State"] == "CANCELLED"
    assert len(bodies(aws, url)) == 100
    refused(events.cancel_replay, "IllegalStatusException", ReplayName="part")


def test_a_replay_that_has_not_begun_can_be_cancelled(cloud, aws, events):
    url, arn = queue(aws)
    rule(events, arn)
    events.create_archive(ArchiveName="a", EventSourceArn=BUS)
    put(cloud, events, at(1))
    bodies(aws, url)
    cloud.clock.freeze()
    replay(events)
    assert events.cancel_replay(ReplayName="again")["State"] == "CANCELLING"
    refused(events.cancel_replay, "IllegalStatusException", ReplayName="again")
    assert events.describe_replay(ReplayName="again")["State"] == "CANCELLING"
    cloud.clock.advance(1)
    assert events.describe_replay(ReplayName="again")["State"] == "CANCELLED"
    assert bodies(aws, url) == []


def test_at_most_ten_replays_at_once(cloud, events):
    events.create_archive(ArchiveName="a", EventSourceArn=BUS)
    cloud.clock.freeze()
    for _ in range(10):
        put(cloud, events, *[at(1)] * 10)
    for number in range(10):
        replay(events, f"r{number}")
    cloud.settle()
    refused(lambda **params: replay(events, "another"), "LimitExceededException")
    cloud.clock.advance(2)
    assert replay(events, "another")["State"] == "STARTING"


def test_archived_events_expire(cloud, events):
    events.create_archive(ArchiveName="a", EventSourceArn=BUS, RetentionDays=2)
    cloud.clock.freeze()
    put(cloud, events, entry())
    cloud.clock.advance(86_400)
    put(cloud, events, entry())
    counts = []
    for _ in range(3):
        cloud.clock.advance(86_400)
        counts.append(events.describe_archive(ArchiveName="a")["EventCount"])
    assert counts[-1] == 0 and sorted(counts, reverse=True) == counts
    assert counts[0] > 0
