"""The shards of Kinesis streams: listed, split, merged, scaled, and what becomes of them."""

from itertools import pairwise

import pytest

from tests.contract.kinesis_streams import ACCOUNT, ARN, make_stream, open_shards, put, refusal, shards, summary, wait

MOST_HASH = 2**128 - 1


@pytest.fixture
def kinesis(aws):
    return aws("kinesis")


def ranges(kinesis):
    """The hash key ranges of the open shards, in order."""
    found = [shard["HashKeyRange"] for shard in open_shards(kinesis)]
    return sorted((int(it["StartingHashKey"]), int(it["EndingHashKey"])) for it in found)


# What is refused


@pytest.mark.parametrize("start", ["0", "1", str(MOST_HASH), str(MOST_HASH * 2)])
def test_a_shard_is_split_within(kinesis, start):
    make_stream(kinesis)
    code, message = refusal(kinesis.split_shard, StreamName="events", ShardToSplit="0", NewStartingHashKey=start)
    assert code == "InvalidArgumentException"
    assert message == (
        f"NewStartingHashKey {start} used in SplitShard() on shard shardId-000000000000 in stream events under account"
        f" {ACCOUNT} is not both greater than one plus the shard's StartingHashKey 0 and less than the shard's"
        f" EndingHashKey {MOST_HASH}."
    )


@pytest.mark.parametrize("name", ["shardId-000000000007", "nonsense", "2147483648"])
def test_a_shard_that_is_not_there_is_told(kinesis, name):
    make_stream(kinesis)
    asked = {"StreamName": "events", "ShardToSplit": name, "NewStartingHashKey": "9"}
    code, message = refusal(kinesis.split_shard, **asked)
    assert code == "ResourceNotFoundException" and f"Could not find shard {name}" in message


def test_only_neighbours_are_merged(kinesis):
    make_stream(kinesis, shards=3)
    asked = {"ShardToMerge": "shardId-000000000000", "AdjacentShardToMerge": "shardId-000000000002"}
    code, message = refusal(kinesis.merge_shards, StreamName="events", **asked)
    assert code == "InvalidArgumentException" and "not an adjacent pair of shards eligible for merging" in message


def test_a_closed_shard_is_not_split_again(kinesis):
    make_stream(kinesis)
    asked = {"StreamName": "events", "ShardToSplit": "0", "NewStartingHashKey": "9"}
    kinesis.split_shard(**asked)
    wait(kinesis)
    assert refusal(kinesis.split_shard, **asked)[0] == "InvalidArgumentException"


@pytest.mark.parametrize(
    ("current", "target", "words"),
    [
        (2, 5, "UpdateShardCount cannot scale up over double your current open shard count. Current open shard"),
        (5, 2, "UpdateShardCount cannot scale down below half your current open shard count. Current open shard"),
        (1, 10_001, "Target shard count or number of open shards cannot be greater than 10000. Current open shard"),
    ],
)
def test_shards_are_at_most_doubled_or_halved(kinesis, current, target, words):
    make_stream(kinesis, shards=current)
    asked = {"StreamName": "events", "TargetShardCount": target, "ScalingType": "UNIFORM_SCALING"}
    code, message = refusal(kinesis.update_shard_count, **asked)
    assert (code, message) == ("LimitExceededException", f"{words} count: {current}, Target shard count: {target}")


def test_the_shards_of_a_stream_on_demand_are_its_own_affair(kinesis):
    make_stream(kinesis, shards=0)
    words = f"Request is invalid. Stream events under account {ACCOUNT} is in On-Demand mode."
    asked = {"StreamName": "events", "TargetShardCount": 5, "ScalingType": "UNIFORM_SCALING"}
    assert refusal(kinesis.update_shard_count, **asked) == ("ValidationException", words)
    asked = {"StreamName": "events", "ShardToSplit": "0", "NewStartingHashKey": "9"}
    assert refusal(kinesis.split_shard, **asked) == ("ValidationException", words)
    asked = {"StreamName": "events", "ShardToMerge": "0", "AdjacentShardToMerge": "1"}
    assert refusal(kinesis.merge_shards, **asked) == ("ValidationException", words)


def test_a_list_goes_on_from_its_token_alone(kinesis, cloud):
    make_stream(kinesis, shards=3)
    token = kinesis.list_shards(StreamName="events", MaxResults=1)["NextToken"]
    assert refusal(kinesis.list_shards, StreamName="events", NextToken=token) == (
        "InvalidArgumentException", "NextToken and StreamName cannot be provided together.",
    )  # fmt: skip
    assert refusal(kinesis.list_shards)[0] == "InvalidArgumentException"
    assert refusal(kinesis.list_shards, NextToken="nonsense")[0] == "InvalidArgumentException"
    cloud.clock.advance(301)
    assert refusal(kinesis.list_shards, NextToken=token)[0] == "ExpiredNextTokenException"


@pytest.mark.parametrize("shard_filter", [{"Type": "AFTER_SHARD_ID"}, {"Type": "AT_TIMESTAMP"}])
def test_a_filter_of_shards_says_what_it_needs(kinesis, shard_filter):
    make_stream(kinesis)
    assert refusal(kinesis.list_shards, StreamName="events", ShardFilter=shard_filter)[0] == "InvalidArgumentException"


# What is done


def test_the_shards_of_an_odd_number_share_everything(kinesis):
    make_stream(kinesis, shards=3)
    assert ranges(kinesis) == [
        (0, 113427455640312821154458202477256070484),
        (113427455640312821154458202477256070485, 226854911280625642308916404954512140969),
        (226854911280625642308916404954512140970, MOST_HASH),
    ]


def test_shards_are_described_in_pages(kinesis):
    make_stream(kinesis, shards=5)
    told = kinesis.describe_stream(StreamName="events", Limit=2)["StreamDescription"]
    assert (len(told["Shards"]), told["HasMoreShards"]) == (2, True)
    last = told["Shards"][-1]["ShardId"]
    told = kinesis.describe_stream(StreamName="events", ExclusiveStartShardId=last)["StreamDescription"]
    assert (len(told["Shards"]), told["HasMoreShards"]) == (3, False)
    found, asked = [], {"StreamName": "events", "ShardFilter": {"Type": "AT_LATEST"}}
    while asked:
        page = kinesis.list_shards(**asked, MaxResults=2)
        found.append([shard["ShardId"][-1] for shard in page["Shards"]])
        asked = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    assert found == [["0", "1"], ["2", "3"], ["4"]]
    found = kinesis.list_shards(StreamName="events", ExclusiveStartShardId="shardId-000000000003")["Shards"]
    assert [shard["ShardId"] for shard in found] == ["shardId-000000000004"]


def test_a_shard_is_split(kinesis):
    make_stream(kinesis)
    kinesis.split_shard(StreamName="events", ShardToSplit="shardId-0", NewStartingHashKey="1000")
    wait(kinesis)
    parent, *children = shards(kinesis)
    assert ranges(kinesis) == [(0, 999), (1000, MOST_HASH)]
    assert [child["ParentShardId"] for child in children] == [parent["ShardId"]] * 2
    ends = int(parent["SequenceNumberRange"]["EndingSequenceNumber"])
    assert all(int(child["SequenceNumberRange"]["StartingSequenceNumber"]) > ends for child in children)
    assert summary(kinesis)["OpenShardCount"] == 2


def test_shards_are_merged(kinesis):
    make_stream(kinesis, shards=2)
    kinesis.merge_shards(StreamARN=ARN + "events", ShardToMerge="shardId-000000000001", AdjacentShardToMerge="0")
    wait(kinesis)
    *_, child = shards(kinesis)
    assert (child["ParentShardId"], child["AdjacentParentShardId"]) == ("shardId-000000000001", "shardId-000000000000")
    assert ranges(kinesis) == [(0, MOST_HASH)]


@pytest.mark.parametrize(("current", "target"), [(2, 4), (4, 2), (1, 1), (3, 4), (5, 3), (4, 7), (7, 4)])
def test_shards_are_scaled_evenly(kinesis, current, target):
    make_stream(kinesis, shards=current)
    answer = kinesis.update_shard_count(
        StreamName="events", TargetShardCount=target, ScalingType="UNIFORM_SCALING"
    )  # fmt: skip
    assert (answer["CurrentShardCount"], answer["TargetShardCount"]) == (current, target)
    assert (answer["StreamName"], answer["StreamARN"]) == ("events", ARN + "events")
    wait(kinesis)
    size = 2**128 // target
    found = ranges(kinesis)
    assert [first for first, _ in found] == [size * index for index in range(target)]
    assert found[-1][1] == MOST_HASH and all(one[1] + 1 == other[0] for one, other in pairwise(found))
    assert summary(kinesis)["OpenShardCount"] == target
    if target in (2 * current, current / 2):
        assert len(shards(kinesis)) == current + target  # no shards but the old ones and the new


# What happens next


def test_shards_are_listed_as_they_were_at_some_time(kinesis, cloud):
    cloud.clock.freeze()
    make_stream(kinesis)
    before = cloud.clock.now()
    cloud.clock.advance(100)
    kinesis.split_shard(StreamName="events", ShardToSplit="0", NewStartingHashKey="1000")
    wait(kinesis)
    cloud.clock.advance(100)

    def listed(kind, **more):
        found = kinesis.list_shards(StreamName="events", ShardFilter={"Type": kind, **more})["Shards"]
        return [int(shard["ShardId"][-1]) for shard in found]

    assert listed("AT_LATEST") == [1, 2]
    assert listed("FROM_TRIM_HORIZON") == [0, 1, 2]
    assert listed("AT_TRIM_HORIZON") == [0]
    assert listed("AT_TIMESTAMP", Timestamp=before + 50) == [0]
    assert listed("FROM_TIMESTAMP", Timestamp=before + 50) == [0, 1, 2]
    assert listed("FROM_TIMESTAMP", Timestamp=before + 150) == [1, 2]
    assert listed("AFTER_SHARD_ID", ShardId="shardId-000000000001") == [2]


def test_a_closed_shard_goes_when_its_records_have_expired(kinesis, cloud):
    make_stream(kinesis)
    put(kinesis, "a")
    kinesis.split_shard(StreamName="events", ShardToSplit="0", NewStartingHashKey="1000")
    wait(kinesis)
    cloud.clock.advance(86_000)
    assert len(shards(kinesis)) == 3
    cloud.clock.advance(1000)
    assert [shard["ShardId"][-1] for shard in shards(kinesis)] == ["1", "2"]
    assert refusal(
        kinesis.get_shard_iterator, StreamName="events", ShardId="0", ShardIteratorType="TRIM_HORIZON"
    ) == (
        "ResourceNotFoundException",
        f"Shard shardId-000000000000 in stream events under account {ACCOUNT} does not exist",
    )  # fmt: skip
    assert cloud.run(lambda: cloud.cloud.jobs.given_up()) == []
