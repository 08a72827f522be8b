"""Systems Manager's service settings."""

import pytest
from botocore.exceptions import ClientError

TIER = "/ssm/parameter-store/default-parameter-tier"
ARN = f"arn:aws:ssm:eu-west-1:000000000000:servicesetting{TIER}"


@pytest.fixture
def ssm(aws):
    return aws("ssm")


def refused(ask, **members):
    with pytest.raises(ClientError) as refusal:
        ask(**members)
    return refusal.value.response["Error"]["Code"]


# What is refused


def test_settings_and_values_that_are_none(ssm):
    assert refused(ssm.get_service_setting, SettingId="/ssm/other") == "ServiceSettingNotFound"
    assert refused(ssm.get_service_setting, SettingId="/ssm/managed-instance/activation-tier") == "NotSupported"
    assert refused(ssm.update_service_setting, SettingId=TIER, SettingValue="Large") == "ValidationException"
    assert ssm.get_service_setting(SettingId=TIER)["ServiceSetting"]["Status"] == "Default"


# What is done


def test_a_setting_is_changed_and_reset(ssm):
    default = {
        "SettingId": TIER, "ARN": ARN, "SettingValue": "Standard", "LastModifiedUser": "System", "Status": "Default",
    }  # fmt: skip
    assert ssm.get_service_setting(SettingId=TIER)["ServiceSetting"] == default
    ssm.update_service_setting(SettingId=ARN, SettingValue="Advanced")
    changed = ssm.get_service_setting(SettingId=ARN)["ServiceSetting"]
    assert (changed["SettingValue"], changed["Status"]) == ("Advanced", "Customized")
    assert changed["LastModifiedDate"]
    assert ssm.reset_service_setting(SettingId=TIER)["ServiceSetting"] == default


# What happens next


def test_a_new_parameter_is_of_the_tier_that_is_set(ssm):
    ssm.put_parameter(Name="before", Value="1", Type="String")
    ssm.update_service_setting(SettingId=TIER, SettingValue="Intelligent-Tiering")
    assert ssm.put_parameter(Name="small", Value="1", Type="String")["Tier"] == "Standard"
    assert ssm.put_parameter(Name="large", Value="1" * 5000, Type="String")["Tier"] == "Advanced"
    ssm.update_service_setting(SettingId=TIER, SettingValue="Advanced")
    assert ssm.put_parameter(Name="next", Value="1", Type="String")["Tier"] == "Advanced"
    assert ssm.put_parameter(Name="before", Value="2", Overwrite=True)["Tier"] == "Standard"
