"""Parameter policies, executed by the clock, and the limits of the tiers."""

import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

DAY_S = 24 * 3600


@pytest.fixture
def ssm(aws):
    return aws("ssm")


def refusal(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response["Error"]["Code"]


def policy(kind, **attributes):
    return {"Type": kind, "Version": "1.0", "Attributes": attributes}


def expiration(moment):
    return policy("Expiration", Timestamp=datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds"))


def put(ssm, *policies, value="v", **more):
    params = {"Name": "p", "Value": value, "Type": "String", "Tier": "Advanced", "Overwrite": True}
    return ssm.put_parameter(**params, Policies=json.dumps(policies), **more)


def states(ssm):
    policies = ssm.describe_parameters()["Parameters"][0]["Policies"]
    return [(one["PolicyType"], one["PolicyStatus"]) for one in policies]


# What is refused


@pytest.mark.parametrize(
    ("policies", "code"),
    [
        ([policy("Explosion", Timestamp="2030-01-01T00:00:00Z")], "InvalidPolicyTypeException"),
        ([policy("Expiration", Timestamp="tomorrow")], "InvalidPolicyAttributeException"),
        ([policy("Expiration", Before="1", Unit="Days")], "InvalidPolicyAttributeException"),
        ([policy("NoChangeNotification", After="0", Unit="Days")], "InvalidPolicyAttributeException"),
        ([policy("NoChangeNotification", After="1", Unit="Weeks")], "InvalidPolicyAttributeException"),
        ([policy("ExpirationNotification", Before="1", Unit="Days")], "IncompatiblePolicyException"),
        ([policy("Expiration", Timestamp="2030-01-01T00:00:00Z")] * 2, "IncompatiblePolicyException"),
        ([policy("NoChangeNotification", After="1", Unit="Days")] * 11, "PoliciesLimitExceededException"),
    ],
)
def test_policies_that_are_none(ssm, policies, code):
    params = {"Name": "p", "Value": "v", "Type": "String", "Tier": "Advanced", "Policies": json.dumps(policies)}
    assert refusal(ssm.put_parameter, **params) == code
    assert ssm.describe_parameters()["Parameters"] == []


def test_policies_need_json_and_the_advanced_tier(ssm):
    params = {"Name": "p", "Value": "v", "Type": "String"}
    assert refusal(ssm.put_parameter, **params, Tier="Advanced", Policies="{") == "ValidationException"
    text = json.dumps([policy("NoChangeNotification", After="1", Unit="Days")])
    assert refusal(ssm.put_parameter, **params, Policies=text) == "ValidationException"
    assert ssm.put_parameter(**params, Policies=text, Tier="Intelligent-Tiering")["Tier"] == "Advanced"


# What is done


def test_policies_are_told_and_stay_until_others_come(ssm, cloud):
    first, second = expiration(cloud.clock.now() + DAY_S), policy("NoChangeNotification", After="2", Unit="Hours")
    put(ssm, first, second)
    ssm.put_parameter(Name="p", Value="w", Overwrite=True)
    told = ssm.describe_parameters()["Parameters"][0]["Policies"]
    assert [json.loads(one["PolicyText"]) for one in told] == [first, second]
    assert ssm.get_parameter_history(Name="p")["Parameters"][1]["Policies"] == told
    put(ssm, {})
    assert ssm.describe_parameters()["Parameters"][0]["Policies"] == []


# What happens next


def test_a_parameter_expires_by_the_clock(ssm, cloud):
    put(ssm, expiration(cloud.clock.now() + 2 * DAY_S))
    cloud.clock.advance(DAY_S)
    assert ssm.get_parameter(Name="p")["Parameter"]["Value"] == "v"
    cloud.clock.advance(DAY_S + 1)
    assert refusal(ssm.get_parameter, Name="p") == "ParameterNotFound"


def test_an_expiration_that_was_taken_back_does_not_happen(ssm, cloud):
    put(ssm, expiration(cloud.clock.now() + DAY_S))
    put(ssm, {})
    cloud.clock.advance(2 * DAY_S)
    assert ssm.get_parameter(Name="p")["Parameter"]["Value"] == "v"


def test_a_deleted_parameter_leaves_nothing_that_expires_its_successor(ssm, cloud):
    put(ssm, expiration(cloud.clock.now() + DAY_S))
    ssm.delete_parameter(Name="p")
    ssm.put_parameter(Name="p", Value="successor", Type="String")
    cloud.clock.advance(2 * DAY_S)
    assert ssm.get_parameter(Name="p")["Parameter"]["Value"] == "successor"


def test_a_warning_is_given_before_the_expiration(ssm, cloud):
    end = cloud.clock.now() + 3 * DAY_S
    put(ssm, expiration(end), policy("ExpirationNotification", Before="24", Unit="Hours"))
    cloud.clock.advance(2 * DAY_S - 60)
    assert states(ssm) == [("Expiration", "Pending"), ("ExpirationNotification", "Pending")]
    cloud.clock.advance(120)
    assert states(ssm) == [("Expiration", "Pending"), ("ExpirationNotification", "Finished")]
    ssm.put_parameter(Name="p", Value="w", Overwrite=True)
    assert states(ssm)[1] == ("ExpirationNotification", "Finished")


def test_a_change_starts_the_time_of_no_change_anew(ssm, cloud):
    put(ssm, policy("NoChangeNotification", After="2", Unit="Days"))
    cloud.clock.advance(1.5 * DAY_S)
    ssm.put_parameter(Name="p", Value="w", Overwrite=True)
    cloud.clock.advance(DAY_S)
    assert states(ssm) == [("NoChangeNotification", "Pending")]
    cloud.clock.advance(DAY_S + 1)
    assert states(ssm) == [("NoChangeNotification", "Finished")]


def test_ten_thousand_standard_parameters_fill_a_region(cloud, ssm):
    fill(cloud, 10_000)
    assert refusal(ssm.put_parameter, Name="one-more", Value="v", Type="String") == "ParameterLimitExceeded"
    tier = ssm.put_parameter(Name="one-more", Value="v", Type="String", Tier="Intelligent-Tiering")["Tier"]
    assert tier == "Advanced"
    ssm.delete_parameter(Name="/p/1")
    assert ssm.put_parameter(Name="another", Value="v", Type="String")["Tier"] == "Standard"


def fill(cloud, number):
    """Put many parameters without the wire, which would take its time."""
    from glasshouse.core.call import Call

    live = cloud.cloud
    for index in range(number):
        params = {"Name": f"/p/{index}", "Value": "v", "Type": "String"}
        call = Call("ssm", "PutParameter", params, live.account, "eu-west-1", live.root())
        cloud.run(lambda call=call: live.perform(call))
