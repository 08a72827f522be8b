"""Application Auto Scaling: targets, policies and scheduled actions, and what is wrong with them."""

import pytest

from tests.contract.dynamodb_tables import make_table, refusal
from tests.contract.scaled_tables import BY_ALBUM, READ, SONGS, UTILIZATION, WRITE, Songs

ROLE = "role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com"
NOT_REGISTERED = (
    "No scalable target registered for service namespace: dynamodb, resource ID: table/songs,"
    f" scalable dimension: {WRITE}"
)
FIVE = {"MinCapacity": 5, "MaxCapacity": 5}
DAILY = "cron(0 8 * * ? *)"


@pytest.fixture
def songs(cloud, aws):
    return Songs(cloud, aws)


@pytest.fixture
def scaling(songs):
    return songs.scaling


# What is refused


def test_what_is_not_registered(scaling):
    not_found = ("ObjectNotFoundException", NOT_REGISTERED)
    assert refusal(scaling.deregister_scalable_target, **SONGS) == not_found
    assert refusal(scaling.put_scaling_policy, **SONGS, PolicyName="p") == not_found
    assert refusal(scaling.put_scheduled_action, **SONGS, ScheduledActionName="a", Schedule=DAILY) == not_found
    code, message = refusal(scaling.delete_scaling_policy, **SONGS, PolicyName="p")
    assert code == "ObjectNotFoundException" and message.startswith("No scaling policy found for service namespace")
    code, message = refusal(scaling.delete_scheduled_action, **SONGS, ScheduledActionName="a")
    assert code == "ObjectNotFoundException" and message.startswith("No scheduled action found")


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"ResourceId": "table/albums"}, "DynamoDB table does not exist: table/albums"),
        (
            {**BY_ALBUM, "ResourceId": "table/songs/index/by-year"},
            "DynamoDB index does not exist: table/songs/index/by-year",
        ),
        ({"ResourceId": "songs"}, "Unsupported service namespace, resource type or scalable dimension"),
        (
            {"ScalableDimension": "lambda:function:ProvisionedConcurrency"},
            "Unsupported service namespace, resource type or scalable dimension",
        ),
        ({"MaxCapacity": 4}, "Maximum capacity cannot be less than minimum capacity"),
        ({"MinCapacity": -1}, "Capacities must not be negative"),
    ],
)
def test_targets_that_cannot_be(scaling, settings, message):
    call = scaling.register_scalable_target
    assert refusal(call, **{**SONGS, **FIVE, **settings}) == ("ValidationException", message)
    assert scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"] == []


def test_a_new_target_needs_bounds_and_tags_are_for_new_ones(songs, scaling):
    code, message = refusal(scaling.register_scalable_target, **SONGS, MinCapacity=5)
    assert code == "ValidationException" and "MaxCapacity" in message
    songs.register()
    code, _ = refusal(scaling.register_scalable_target, **SONGS, Tags={"team": "music"})
    assert code == "ValidationException"


def test_services_that_cannot_be_scaled_yet_are_named(scaling):
    service = {
        "ServiceNamespace": "ecs", "ResourceId": "service/default/web", "ScalableDimension": "ecs:service:DesiredCount",
    }  # fmt: skip
    code, message = refusal(scaling.register_scalable_target, **service, **FIVE)
    assert code == "NotSupported" and "ecs" in message
    assert scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == []
    assert scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []


def test_words_that_the_model_does_not_know(scaling):
    code, message = refusal(scaling.put_scaling_policy, **SONGS, PolicyName="p", PolicyType="ABCDEFG")
    assert code == "ValidationException"
    assert message == (
        "1 validation error detected: Value 'ABCDEFG' at 'policyType' failed to satisfy constraint: Member must satisfy"
        " enum value set: [PredictiveScaling, StepScaling, TargetTrackingScaling]"
    )


@pytest.mark.parametrize(
    "config, said",
    [
        ({"TargetValue": 70.0}, "Exactly one metric specification"),
        ({**UTILIZATION, "TargetValue": 95.0}, "must be between 20 and 90"),
        ({**UTILIZATION, "TargetValue": 70.0, "ScaleInCooldown": -1}, "ScaleInCooldown must not be negative"),
        (
            {
                "TargetValue": 70.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"},
            },
            "is not supported for dynamodb:table:WriteCapacityUnits",
        ),
        (
            {"TargetValue": 70.0, "PredefinedMetricSpecification": {
                "PredefinedMetricType": "DynamoDBWriteCapacityUtilization", "ResourceLabel": "x",
            }},
            "ResourceLabel cannot be given",
        ),
        ({"TargetValue": 70.0, "CustomizedMetricSpecification": {"MetricName": "Load"}}, "MetricName, Namespace and"),
        (
            {"TargetValue": 0.0, "CustomizedMetricSpecification": {
                "MetricName": "Load", "Namespace": "Mine", "Statistic": "Sum",
            }},
            "greater than 0",
        ),
        (
            {"TargetValue": 1.0, "CustomizedMetricSpecification": {"Metrics": [
                {"Id": "a", "Expression": "1"}, {"Id": "b", "Expression": "2"},
            ]}},
            "Exactly one of the metrics",
        ),
    ],
)  # fmt: skip
def test_policies_that_cannot_be(songs, scaling, config, said):
    songs.register()
    call = scaling.put_scaling_policy
    code, message = refusal(
        call, **SONGS, PolicyName="p", PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=config,
    )  # fmt: skip
    assert code == "ValidationException" and said in message
    assert songs.alarms() == {}


@pytest.mark.parametrize("kind", [{}, {"PolicyType": "StepScaling"}, {"PolicyType": "PredictiveScaling"}])
def test_tables_have_target_tracking_only(songs, scaling, kind):
    songs.register()
    code, message = refusal(scaling.put_scaling_policy, **SONGS, PolicyName="p", **kind)
    assert code == "ValidationException" and "is not supported for dynamodb:table:WriteCapacityUnits" in message


def test_a_metric_is_tracked_by_one_policy(songs):
    songs.register()
    songs.track(50.0, "half")
    code, message = refusal(songs.track, percent=60.0, name="more")
    assert code == "ValidationException"
    assert message == "Only one TargetTrackingScaling policy for a given metric specification is allowed."
    songs.track(60.0, "half")


@pytest.mark.parametrize(
    "settings, said",
    [
        ({"ScalableTargetAction": FIVE}, "Schedule is required"),
        ({"Schedule": "daily", "ScalableTargetAction": FIVE}, "Invalid schedule expression: daily"),
        ({"Schedule": DAILY, "Timezone": "Mars/Base", "ScalableTargetAction": FIVE}, "Invalid time zone: Mars/Base"),
        ({"Schedule": DAILY}, "ScalableTargetAction"),
        ({"Schedule": DAILY, "ScalableTargetAction": {"MinCapacity": -1}}, "must not be negative"),
        (
            {"Schedule": DAILY, "ScalableTargetAction": {"MinCapacity": 6, "MaxCapacity": 5}},
            "Maximum capacity cannot be less than minimum capacity",
        ),
        (
            {"Schedule": DAILY, "ScalableTargetAction": FIVE, "StartTime": 2e9, "EndTime": 1e9},
            "end time must not be before the start time",
        ),
    ],
)
def test_scheduled_actions_that_cannot_be(songs, scaling, settings, said):
    songs.register()
    code, message = refusal(scaling.put_scheduled_action, **SONGS, ScheduledActionName="a", **settings)
    assert code == "ValidationException" and said in message
    assert scaling.describe_scheduled_actions(ServiceNamespace="dynamodb")["ScheduledActions"] == []


def test_tags_of_what_is_not_there(scaling):
    arn = "arn:aws:application-autoscaling:eu-west-1:000000000000:scalable-target/0123"
    assert refusal(scaling.list_tags_for_resource, ResourceARN=arn)[0] == "ResourceNotFoundException"
    assert refusal(scaling.tag_resource, ResourceARN=arn, Tags={"a": "b"})[0] == "ResourceNotFoundException"


def test_a_target_has_fifty_tags_at_the_most(songs, scaling):
    many = {f"tag-{number}": "x" for number in range(51)}
    assert refusal(scaling.register_scalable_target, **SONGS, **FIVE, Tags=many)[0] == "TooManyTagsException"
    arn = songs.register()
    assert refusal(scaling.tag_resource, ResourceARN=arn, Tags=many)[0] == "TooManyTagsException"


def test_tokens_that_were_never_given(scaling):
    call = scaling.describe_scalable_targets
    assert refusal(call, ServiceNamespace="dynamodb", NextToken="?")[0] == "InvalidNextTokenException"


# What is done


def test_targets_are_described(songs, scaling, aws):
    arn = songs.register(5, 100, SuspendedState={"DynamicScalingInSuspended": True}, Tags={"team": "music"})
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert target.pop("CreationTime")
    assert target == {
        **SONGS, "MinCapacity": 5, "MaxCapacity": 100, "ScalableTargetARN": arn,
        "RoleARN": f"arn:aws:iam::000000000000:{ROLE}/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable",
        "SuspendedState": {
            "DynamicScalingInSuspended": True, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": False,
        },
    }  # fmt: skip
    assert arn.startswith("arn:aws:application-autoscaling:eu-west-1:000000000000:scalable-target/")
    assert aws("iam").list_attached_role_policies(
        RoleName="AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"
    )["AttachedPolicies"][0]["PolicyName"] == "AWSApplicationAutoscalingDynamoDBTablePolicy"  # fmt: skip


def test_targets_are_found_and_come_in_pages(songs, scaling):
    songs.register()
    songs.register(target={**SONGS, "ScalableDimension": READ})
    songs.register(target=BY_ALBUM)

    def found(**wanted) -> list[str]:
        targets = scaling.describe_scalable_targets(ServiceNamespace="dynamodb", **wanted)["ScalableTargets"]
        return [target["ScalableDimension"] for target in targets]

    assert found() == [READ, WRITE, BY_ALBUM["ScalableDimension"]]
    assert found(ResourceIds=["table/songs"]) == [READ, WRITE]
    assert found(ResourceIds=["table/songs"], ScalableDimension=READ) == [READ]
    pages = scaling.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="dynamodb", PaginationConfig={"PageSize": 2}
    )
    assert [len(page["ScalableTargets"]) for page in pages] == [2, 1]


def test_a_target_is_changed_in_parts(songs, scaling):
    arn = songs.register(5, 100)
    scaling.register_scalable_target(**SONGS, MaxCapacity=50)
    scaling.register_scalable_target(**SONGS, SuspendedState={"ScheduledScalingSuspended": True})
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"], target["ScalableTargetARN"]) == (5, 50, arn)
    assert target["SuspendedState"]["ScheduledScalingSuspended"]


def test_targets_have_tags(songs, scaling):
    arn = songs.register(Tags={"team": "music", "stage": "test"})
    scaling.tag_resource(ResourceARN=arn, Tags={"stage": "live", "cost": "7"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["cost"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"team": "music", "stage": "live"}


def test_a_policy_has_four_alarms_that_watch_the_table(songs, scaling):
    songs.register(5, 100)
    made = songs.track(70.0)
    (policy,) = scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
    assert policy["PolicyARN"] == made["PolicyARN"] and policy["Alarms"] == made["Alarms"]
    assert made["PolicyARN"].startswith("arn:aws:autoscaling:eu-west-1:000000000000:scalingPolicy:")
    assert made["PolicyARN"].endswith(":resource/dynamodb/table/songs:policyName/half")
    assert policy["TargetTrackingScalingPolicyConfiguration"] == {"TargetValue": 70.0, **UTILIZATION}
    alarms = songs.alarms()
    assert {alarm["AlarmArn"] for alarm in alarms.values()} == {alarm["AlarmARN"] for alarm in made["Alarms"]}
    told = {
        name: (alarm["ComparisonOperator"], alarm["Threshold"], alarm["EvaluationPeriods"], alarm["Period"])
        for name, alarm in alarms.items()
    }
    assert told == {
        "AlarmHigh": ("GreaterThanThreshold", 210.0, 2, 60), "AlarmLow": ("LessThanThreshold", 150.0, 15, 60),
        "ProvisionedCapacityHigh": ("GreaterThanThreshold", 5.0, 3, 300),
        "ProvisionedCapacityLow": ("LessThanThreshold", 5.0, 3, 300),
    }  # fmt: skip
    high = alarms["AlarmHigh"]
    assert high["AlarmDescription"] == (f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {made['PolicyARN']}.")
    assert (high["MetricName"], high["Statistic"]) == ("ConsumedWriteCapacityUnits", "Sum")
    assert high["Dimensions"] == [{"Name": "TableName", "Value": "songs"}]


def test_a_policy_that_is_put_again_keeps_its_alarms(songs, scaling):
    songs.register(5, 100)
    first = songs.track(70.0)
    again = songs.track(50.0, ScaleInCooldown=60)
    assert again == {**first, "ResponseMetadata": again["ResponseMetadata"]}
    assert songs.alarms()["AlarmHigh"]["Threshold"] == 150.0


def test_policies_are_found_by_name_and_arn(songs, scaling):
    songs.register()
    songs.register(target=BY_ALBUM)
    arn = songs.track(name="table")["PolicyARN"]
    songs.track(name="index", target=BY_ALBUM)

    def found(**wanted) -> list[str]:
        policies = scaling.describe_scaling_policies(ServiceNamespace="dynamodb", **wanted)["ScalingPolicies"]
        return [policy["PolicyName"] for policy in policies]

    assert found() == ["table", "index"]
    assert found(PolicyNames=["index"]) == found(ResourceId=BY_ALBUM["ResourceId"]) == ["index"]
    assert found(PolicyNames=[arn]) == found(ScalableDimension=WRITE) == ["table"]


def test_scheduled_actions_are_described(songs, scaling):
    songs.register()
    scaling.put_scheduled_action(
        **SONGS, ScheduledActionName="morning", Schedule=DAILY, Timezone="Europe/Berlin", ScalableTargetAction=FIVE,
        StartTime=2e9, EndTime=3e9,
    )  # fmt: skip
    (action,) = scaling.describe_scheduled_actions(
        ServiceNamespace="dynamodb", ScheduledActionNames=["morning"], ResourceId="table/songs", ScalableDimension=WRITE
    )["ScheduledActions"]
    assert action["ScheduledActionARN"].startswith("arn:aws:autoscaling:eu-west-1:000000000000:scheduledAction:")
    assert action["ScheduledActionARN"].endswith(":resource/dynamodb/table/songs:scheduledActionName/morning")
    assert (action["Schedule"], action["Timezone"]) == (DAILY, "Europe/Berlin")
    assert action["ScalableTargetAction"] == FIVE
    assert (action["StartTime"].timestamp(), action["EndTime"].timestamp()) == (2e9, 3e9)


def test_a_scheduled_action_is_changed_in_parts_but_for_its_times(songs, scaling):
    songs.register()
    named = {**SONGS, "ScheduledActionName": "morning"}
    scaling.put_scheduled_action(**named, Schedule=DAILY, ScalableTargetAction=FIVE, EndTime=3e9)
    scaling.put_scheduled_action(**named, ScalableTargetAction={"MaxCapacity": 8})
    (action,) = scaling.describe_scheduled_actions(ServiceNamespace="dynamodb")["ScheduledActions"]
    assert action["Schedule"] == DAILY and action["ScalableTargetAction"] == {"MaxCapacity": 8}
    assert "EndTime" not in action


# What happens next


def test_policies_and_actions_are_deleted(songs, scaling):
    songs.register()
    songs.track()
    scaling.put_scheduled_action(**SONGS, ScheduledActionName="a", Schedule=DAILY, ScalableTargetAction=FIVE)
    scaling.delete_scaling_policy(**SONGS, PolicyName="half")
    scaling.delete_scheduled_action(**SONGS, ScheduledActionName="a")
    assert scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"] == []
    assert scaling.describe_scheduled_actions(ServiceNamespace="dynamodb")["ScheduledActions"] == []
    assert songs.alarms() == {}


def test_with_a_target_goes_all_that_it_had(songs, scaling):
    arn = songs.register(Tags={"a": "b"})
    songs.track()
    scaling.put_scheduled_action(**SONGS, ScheduledActionName="a", Schedule=DAILY, ScalableTargetAction=FIVE)
    scaling.deregister_scalable_target(**SONGS)
    assert scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"] == []
    assert scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"] == []
    assert scaling.describe_scheduled_actions(ServiceNamespace="dynamodb")["ScheduledActions"] == []
    assert songs.alarms() == {}
    assert refusal(scaling.list_tags_for_resource, ResourceARN=arn)[0] == "ResourceNotFoundException"


def test_a_table_that_takes_what_comes_is_left_alone(songs, scaling):
    make_table(songs.dynamodb, "albums")
    target = {**SONGS, "ResourceId": "table/albums"}
    songs.register(target=target)
    songs.track(target=target)
    assert songs.activities() == []
    assert songs.dynamodb.describe_table(TableName="albums")["Table"]["BillingModeSummary"]["BillingMode"] == (
        "PAY_PER_REQUEST"
    )
