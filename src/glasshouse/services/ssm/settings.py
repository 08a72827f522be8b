"""Service settings: of those that AWS has, the tier of parameters for which a request names none."""

from glasshouse.core.errors import NotSupported, ValidationException
from glasshouse.services.ssm.errors import ServiceSettingNotFound
from glasshouse.services.ssm.records import Setting

TIER = "/ssm/parameter-store/default-parameter-tier"
VALUES = {TIER: ("Standard", "Advanced", "Intelligent-Tiering")}  # the first one is the default
NOT_HERE = (
    "/ssm/appconfig/", "/ssm/automation/", "/ssm/documents/", "/ssm/managed-instance/", "/ssm/opsinsights/",
    "/ssm/opsitem/", "/ssm/parameter-store/high-throughput-enabled",
)  # fmt: skip


class Settings:
    """The operations on service settings."""

    def get_service_setting(self, setting_id: str):
        return {"ServiceSetting": self._shown_setting(self._setting_name(setting_id))}

    def update_service_setting(self, setting_id: str, setting_value: str):
        name = self._setting_name(setting_id)
        if setting_value not in VALUES[name]:
            raise ValidationException(
                f"Invalid value {setting_value} for the setting {name}: {', '.join(VALUES[name])}."
            )
        self.settings.put(Setting(name, setting_value, self.now, self.call.principal.arn))

    def reset_service_setting(self, setting_id: str):
        name = self._setting_name(setting_id)
        if kept := self.settings.get(name):
            self.settings.delete(kept)
        return {"ServiceSetting": self._shown_setting(name)}

    def _default_tier(self) -> str:
        kept = self.settings.get(TIER)
        return kept.setting_value if kept else VALUES[TIER][0]

    def _setting_name(self, identifier: str) -> str:
        """By name, or the ARN that ends with it."""
        name = identifier.partition(":servicesetting")[2] if identifier.startswith("arn:") else identifier
        if name.startswith(NOT_HERE):
            raise NotSupported(f"ssm: the service setting {name} is not supported by Glasshouse yet")
        if name not in VALUES:
            raise ServiceSettingNotFound()
        return name

    def _shown_setting(self, name: str) -> dict:
        kept = self.settings.get(name)
        told = {"SettingId": name, "ARN": self.call.arn(f"servicesetting{name}")}
        if kept is None:
            return {**told, "SettingValue": VALUES[name][0], "LastModifiedUser": "System", "Status": "Default"}
        return {
            **told, "SettingValue": kept.setting_value, "LastModifiedDate": kept.last_modified_date,
            "LastModifiedUser": kept.last_modified_user, "Status": "Customized",
        }  # fmt: skip
