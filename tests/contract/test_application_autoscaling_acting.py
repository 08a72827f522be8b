"""Application Auto Scaling: throughput and concurrency really follow bounds, use and schedules."""

from datetime import UTC, datetime

import pytest

from tests.contract.dynamodb_tables import refusal
from tests.contract.lambda_code import made
from tests.contract.scaled_tables import BY_ALBUM, READ, SONGS, Songs

LINKED = "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"
LIVE = {
    "ServiceNamespace": "lambda", "ResourceId": "function:hello:live",
    "ScalableDimension": "lambda:function:ProvisionedConcurrency",
}  # fmt: skip
LOAD = {"CustomizedMetricSpecification": {"MetricName": "Load", "Namespace": "Mine", "Statistic": "Average"}}


@pytest.fixture
def songs(cloud, aws):
    return Songs(cloud, aws)


# What is refused


def test_without_its_role_nothing_is_scaled_and_policies_cannot_be_made(songs, aws):
    songs.register(5, 100)
    songs.track()
    aws("iam").delete_service_linked_role(RoleName=LINKED)
    songs.use(5, minutes=3)
    assert songs.writes() == 5
    assert refusal(songs.track, name="half")[0] == "FailedResourceAccessException"
    songs.scaling.deregister_scalable_target(**SONGS)
    assert songs.alarms() == {}


def test_a_change_that_the_service_refuses_is_a_failed_activity(songs, aws):
    client = aws("lambda")
    made(aws, "hello")
    client.publish_version(FunctionName="hello")
    client.create_alias(FunctionName="hello", Name="live", FunctionVersion="1")
    client.put_function_concurrency(FunctionName="hello", ReservedConcurrentExecutions=2)
    songs.register(3, 9, LIVE)
    (failed,) = songs.scaling.describe_scaling_activities(ServiceNamespace="lambda")["ScalingActivities"]
    assert failed["StatusCode"] == "Failed"
    assert failed["StatusMessage"].startswith("Failed to set provisioned concurrency to 3. Reason: ")


# What is done


def test_capacities_are_brought_within_their_bounds_at_once(songs):
    songs.register(5, 100)
    songs.register(7, 100, {**SONGS, "ScalableDimension": READ})
    assert songs.described()["ProvisionedThroughput"]["ReadCapacityUnits"] == 7
    assert songs.writes() == 5
    songs.register(1, 3)
    assert songs.writes() == 3
    (latest, *_) = songs.activities(ResourceId="table/songs", ScalableDimension=SONGS["ScalableDimension"])
    assert latest["Cause"] == "maximum capacity was set to 3"
    assert latest["Description"] == "Setting write capacity units to 3."
    assert latest["StatusCode"] == "Successful"
    assert latest["StatusMessage"] == (
        "Successfully set write capacity units to 3. Change successfully fulfilled by dynamodb."
    )


def test_bounds_of_several_dimensions_are_kept_one_after_the_other(songs, cloud):
    """A table takes one change at a time."""
    call = songs.scaling.register_scalable_target
    for dimension in (READ, SONGS["ScalableDimension"]):
        call(**{**SONGS, "ScalableDimension": dimension}, MinCapacity=5, MaxCapacity=9)
    call(**BY_ALBUM, MinCapacity=6, MaxCapacity=9)
    cloud.settle()
    throughput = songs.described()["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == (5, 5)
    assert songs.described()["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["WriteCapacityUnits"] == 6
    assert {activity["StatusCode"] for activity in songs.activities()} == {"Successful"}


def test_a_busy_table_gets_what_it_needs_after_two_minutes(songs):
    songs.register(5, 100)
    songs.track(50.0)
    songs.use(4.9)
    assert songs.writes() == 5
    songs.use(4.9, minutes=2)
    assert songs.writes() == 10  # 4.9 are about half of it
    assert songs.alarms()["AlarmHigh"]["Threshold"] == 300.0
    (latest, *_) = songs.activities()
    alarm = songs.alarms()["AlarmHigh"]["AlarmName"]
    assert latest["Cause"] == f"monitor alarm {alarm} in state ALARM triggered policy half"


def test_a_quiet_table_gets_less_after_fifteen_minutes(songs):
    songs.register(5, 100)
    songs.track(50.0)
    songs.use(20, minutes=3)
    assert songs.writes() == 40
    songs.use(4, minutes=14)
    assert songs.writes() == 40
    songs.use(4, minutes=3)
    assert songs.writes() == 8


def test_an_index_is_scaled_by_its_own_use(songs):
    songs.register(5, 100, BY_ALBUM)
    songs.track(50.0, target=BY_ALBUM)
    songs.use(10, minutes=3, GlobalSecondaryIndexName="by-album")
    (found,) = songs.described()["GlobalSecondaryIndexes"]
    assert found["ProvisionedThroughput"]["WriteCapacityUnits"] == 20
    assert songs.writes() == 1


def test_a_metric_of_ones_own_is_followed_in_proportion(songs):
    songs.register(10, 100)
    songs.track(40.0, metric=LOAD)
    assert list(songs.alarms()) == ["AlarmHigh", "AlarmLow"]
    songs.measure("Mine", "Load", 60, 3)
    assert songs.writes() == 15


def test_an_expression_is_followed_too(songs):
    songs.register(10, 100)
    load = {"Metric": {"Namespace": "Mine", "MetricName": "Load", "Dimensions": []}, "Stat": "Sum"}
    metrics = [
        {"Id": "load", "MetricStat": load, "ReturnData": False},
        {"Id": "half", "Expression": "load / 2"},
    ]
    songs.track(40.0, metric={"CustomizedMetricSpecification": {"Metrics": metrics}})
    songs.measure("Mine", "Load", 120, 3)
    assert songs.writes() == 15


def test_an_alias_gets_more_that_stand_ready(songs, aws, cloud):
    client = aws("lambda")
    made(aws, "hello")
    client.publish_version(FunctionName="hello")
    client.create_alias(FunctionName="hello", Name="live", FunctionVersion="1")
    absent = {**LIVE, "ResourceId": "function:hello:test"}
    call = songs.scaling.register_scalable_target
    assert refusal(call, **absent, MinCapacity=1, MaxCapacity=3) == (
        "ValidationException", "Lambda function alias or version does not exist: function:hello:test",
    )  # fmt: skip
    songs.register(1, 3, LIVE)
    utilization = {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"}
    songs.track(0.5, target=LIVE, metric={"PredefinedMetricSpecification": utilization})

    def ready() -> int:
        found = client.get_provisioned_concurrency_config(FunctionName="hello", Qualifier="live")
        return found["RequestedProvisionedConcurrentExecutions"]

    assert ready() == 1
    used = {"FunctionName": "hello", "Resource": "hello:live"}
    songs.measure("AWS/Lambda", "ProvisionedConcurrencyUtilization", 1.0, 3, **used)
    assert ready() == 2
    songs.register(0, 0, LIVE)
    assert client.list_provisioned_concurrency_configs(FunctionName="hello")["ProvisionedConcurrencyConfigs"] == []


# What happens next


def test_no_more_than_the_bounds_allow(songs):
    songs.register(5, 12)
    songs.track(50.0)
    songs.use(50, minutes=5)
    assert songs.writes() == 12
    shown, asked = songs.activities(), songs.activities(IncludeNotScaledActivities=True)
    assert len(asked) == len(shown) + 1
    assert asked[0]["NotScaledReasons"] == [{"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 12, "CurrentCapacity": 12}]
    songs.use(1, minutes=18)
    assert songs.writes() == 5
    (latest, *_) = songs.activities(IncludeNotScaledActivities=True)
    assert latest["NotScaledReasons"] == [{"Code": "AlreadyAtMinCapacity", "MinCapacity": 5, "CurrentCapacity": 5}]


def test_suspended_scaling_and_policies_that_never_scale_in(songs):
    songs.register(5, 100, SuspendedState={"DynamicScalingOutSuspended": True})
    songs.track(50.0, DisableScaleIn=True)
    songs.use(10, minutes=3)
    assert songs.writes() == 5
    songs.register(5, 100, SuspendedState={"DynamicScalingOutSuspended": False})
    songs.use(10, minutes=2)
    assert songs.writes() == 20
    songs.use(1, minutes=18)
    assert songs.writes() == 20
    songs.track(50.0)
    songs.register(5, 100, SuspendedState={"DynamicScalingInSuspended": True})
    songs.use(1, minutes=2)
    assert songs.writes() == 20


def test_scaling_in_waits_for_its_cooldown(songs):
    songs.register(5, 100)
    songs.track(50.0, ScaleInCooldown=600)
    songs.use(20, minutes=3)
    songs.use(10, minutes=17)
    assert songs.writes() == 20
    songs.use(2.5, minutes=5)
    songs.use(2.5, minutes=18)
    assert songs.writes() == 5


def test_what_was_added_counts_until_the_cooldown_is_over(songs):
    songs.register(10, 1000)
    songs.track(40.0, metric=LOAD, ScaleOutCooldown=300)
    songs.measure("Mine", "Load", 80, 3)
    assert songs.writes() == 20
    songs.measure("Mine", "Load", 80, 4)
    assert songs.writes() == 20
    songs.measure("Mine", "Load", 80, 1)
    assert songs.writes() == 40


def test_all_policies_must_agree_to_scale_in(songs):
    songs.register(5, 100)
    songs.track(50.0, "use")
    songs.track(40.0, "load", metric=LOAD)
    songs.use(20, minutes=3)
    assert songs.writes() == 40
    for _ in range(18):
        songs.cloudwatch.put_metric_data(Namespace="Mine", MetricData=[{"MetricName": "Load", "Value": 40.0}])
        songs.use(4)
    assert songs.writes() == 40


def test_alarms_follow_what_others_provision(songs):
    songs.register(5, 100)
    songs.track(50.0)
    other = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 20}
    songs.dynamodb.update_table(TableName="songs", ProvisionedThroughput=other)
    songs.cloud.settle()
    assert songs.alarms()["AlarmHigh"]["Threshold"] == 600.0
    assert songs.writes() == 20


def test_bounds_change_by_the_clock(songs, cloud):
    songs.register(5, 100)
    cloud.clock.set(datetime(2030, 1, 1, 7, 30, tzinfo=UTC).timestamp())
    put = songs.scaling.put_scheduled_action
    put(
        **SONGS, ScheduledActionName="morning", Schedule="cron(0 9 * * ? *)", Timezone="Europe/Berlin",
        ScalableTargetAction={"MinCapacity": 50},
    )  # fmt: skip
    put(**SONGS, ScheduledActionName="evening", Schedule="at(2030-01-01T20:00:00)", ScalableTargetAction={
        "MinCapacity": 2, "MaxCapacity": 10,
    })  # fmt: skip
    cloud.clock.advance(1799)
    assert songs.writes() == 5
    cloud.clock.advance(1)
    assert songs.writes() == 50
    cloud.clock.advance(12 * 3600)
    assert songs.writes() == 10
    (target,) = songs.scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 10)
    cloud.clock.advance(12 * 3600)
    (latest, *_) = songs.activities()
    assert latest["StatusCode"] == "Failed" and "less than minimum" in latest["StatusMessage"]


def test_schedules_have_a_start_and_an_end_and_can_be_suspended(songs, cloud):
    songs.register(5, 100)
    start = datetime(2030, 1, 1, tzinfo=UTC).timestamp()
    cloud.clock.set(start - 3600)
    songs.scaling.put_scheduled_action(
        **SONGS, ScheduledActionName="hourly", Schedule="rate(1 hour)", StartTime=start, EndTime=start + 3600,
        ScalableTargetAction={"MinCapacity": 50},
    )  # fmt: skip
    cloud.clock.advance(3599)
    assert songs.writes() == 5
    cloud.clock.advance(1)
    assert songs.writes() == 50
    songs.register(5, 6, SuspendedState={"ScheduledScalingSuspended": True})
    cloud.clock.advance(3600)
    songs.register(5, 6, SuspendedState={"ScheduledScalingSuspended": False})
    cloud.clock.advance(3600)
    assert songs.writes() == 6


def test_activities_are_forgotten_after_six_weeks(songs, cloud):
    songs.register(5, 100)
    assert len(songs.activities()) == 1
    cloud.clock.advance(42 * 86_400 + 1)
    assert songs.activities() == []


def test_what_was_scaled_is_gone(songs):
    songs.register(5, 100)
    songs.track()
    songs.dynamodb.delete_table(TableName="songs")
    songs.cloud.settle()
    songs.use(50, minutes=3)
    assert songs.cloud.run(lambda: songs.cloud.cloud.jobs.given_up()) == []
    songs.scaling.deregister_scalable_target(**SONGS)
    assert songs.alarms() == {}
