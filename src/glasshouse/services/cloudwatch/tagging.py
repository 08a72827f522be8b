"""Tags of alarms, dashboards, metric streams, insight rules and mute rules."""

from glasshouse.core.tags import from_list, to_list
from glasshouse.services.cloudwatch.errors import InvalidParameterValueException, ResourceNotFoundException

MOST_TAGS = 50


class Tagging:
    """Tags by ARN."""

    def list_tags_for_resource(self, resource_arn: str):
        self._check_resource(resource_arn)
        return {"Tags": to_list(self.cloud.tags.of(resource_arn))}

    def tag_resource(self, resource_arn: str, tags: list):
        self._check_resource(resource_arn)
        merged = {**self.cloud.tags.of(resource_arn), **from_list(tags)}
        if len(merged) > MOST_TAGS:
            raise InvalidParameterValueException(f"A resource cannot have more than {MOST_TAGS} tags.")
        if any(key.lower().startswith("aws:") for key in from_list(tags)):
            raise InvalidParameterValueException("Tag keys must not start with aws:")
        self.cloud.tags.add(resource_arn, from_list(tags))

    def untag_resource(self, resource_arn: str, tag_keys: list):
        self._check_resource(resource_arn)
        self.cloud.tags.remove(resource_arn, tag_keys)

    def _check_resource(self, arn: str):
        _, _, alarm = arn.partition(":alarm:")
        _, _, dashboard = arn.partition(":dashboard/")
        _, _, mute = arn.partition(":alarm-mute-rule:")
        _, _, rule = arn.partition(":insight-rule/")
        _, _, stream = arn.partition(":metric-stream/")
        own = (
            (alarm and arn == self._alarm_arn(alarm) and self._any_alarm(alarm))
            or (dashboard and arn == self._dashboard_arn(dashboard) and self.dashboards.get(dashboard))
            or (stream and arn == self._metric_stream_arn(stream) and self.metric_streams.get(stream))
            or (mute and arn == self._mute_rule_arn(mute) and self.mute_rules.get(mute))
            or (rule and arn == self._insight_rule_arn(rule) and self.insight_rules.get(rule))
        )
        if not own:
            raise ResourceNotFoundException()
