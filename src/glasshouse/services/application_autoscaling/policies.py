"""Scaling policies: the targets that metrics are to be kept at.

AWS knows step scaling not for tables and functions, and predictive scaling only for ECS: they are refused here as there
(https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html).
"""

from glasshouse.core import ids
from glasshouse.core.call import arn
from glasshouse.services.application_autoscaling.dimensions import KINDS, Absent
from glasshouse.services.application_autoscaling.errors import (
    FailedResourceAccessException,
    LimitExceededException,
    ObjectNotFoundException,
    ServiceError,
    ValidationException,
)
from glasshouse.services.application_autoscaling.records import Policy, Target, values
from glasshouse.services.application_autoscaling.targets import page_size
from glasshouse.services.application_autoscaling.tracking import alarm_settings

MOST_POLICIES = 50
TRACKING = "TargetTrackingScaling"
SPECIFICATIONS = ("PredefinedMetricSpecification", "CustomizedMetricSpecification")


class Policies:
    """Operations on scaling policies, and the alarms that are kept for them."""

    def put_scaling_policy(
        self, policy_name: str, service_namespace: str, resource_id: str, scalable_dimension: str,
        policy_type: str | None = None, target_tracking_scaling_policy_configuration: dict | None = None,
    ):  # fmt: skip
        target = self._target(service_namespace, resource_id, scalable_dimension)
        policy = self.policies.get(*target.key, policy_name)
        policy_type = policy_type or (policy.policy_type if policy else "StepScaling")
        if policy_type != TRACKING:
            raise ValidationException(f"Policy type {policy_type} is not supported for {scalable_dimension}")
        config = target_tracking_scaling_policy_configuration
        if config is None:
            raise ValidationException(
                "TargetTrackingScalingPolicyConfiguration must be specified for policy type TargetTrackingScaling"
            )
        _check_tracking(config, scalable_dimension)
        others = [other for other in self.policies.list(*target.key) if other.policy_name != policy_name]
        if any(_specification(other.target_tracking_scaling_policy_configuration) == _specification(config)
               for other in others):  # fmt: skip
            raise ValidationException(
                "Only one TargetTrackingScaling policy for a given metric specification is allowed."
            )
        if policy is None:
            if len(others) >= MOST_POLICIES:
                raise LimitExceededException(f"There can be at most {MOST_POLICIES} scaling policies per target")
            policy = Policy(*target.key, policy_name, self._policy_arn(target, policy_name), self.now, TRACKING, config)
        policy.target_tracking_scaling_policy_configuration = config
        try:
            self._put_alarms(target, policy)
        except (Absent, ServiceError) as failure:
            raise FailedResourceAccessException(str(failure) or f"There is no {resource_id}") from failure
        return {"PolicyARN": policy.policy_arn, "Alarms": self._alarms_shown(policy)}

    def delete_scaling_policy(
        self, policy_name: str, service_namespace: str, resource_id: str, scalable_dimension: str
    ):
        policy = self.policies.get(service_namespace, resource_id, scalable_dimension, policy_name)
        if policy is None:
            raise ObjectNotFoundException(
                f"No scaling policy found for service namespace: {service_namespace}, resource ID: {resource_id},"
                f" scalable dimension: {scalable_dimension}, policy name: {policy_name}"
            )
        self._discard_policy(policy)

    def describe_scaling_policies(
        self, service_namespace: str, policy_names: list | None = None, resource_id: str | None = None,
        scalable_dimension: str | None = None, max_results: int | None = None, next_token: str | None = None,
    ):  # fmt: skip
        def wanted(policy: Policy) -> bool:
            named = not policy_names or policy.policy_name in policy_names or policy.policy_arn in policy_names
            return (
                named
                and resource_id in (None, policy.resource_id)
                and scalable_dimension in (None, policy.scalable_dimension)
            )

        page = self.policies.page(page_size(max_results), next_token, service_namespace, where=wanted)
        shown = [
            values(policy, PolicyARN=policy.policy_arn, Alarms=self._alarms_shown(policy)) for policy in page.records
        ]
        return {"ScalingPolicies": shown, "NextToken": page.next_token}

    # Within

    def _policy_arn(self, target: Target, name: str) -> str:
        where = f"{target.service_namespace}/{target.resource_id}"
        resource = f"scalingPolicy:{ids.uuid()}:resource/{where}:policyName/{name}"
        return arn("autoscaling", resource, self.call.region, self.call.account)

    def _alarms_shown(self, policy: Policy) -> list[dict[str, str]]:
        def arn_of(name: str) -> str:
            return arn("cloudwatch", f"alarm:{name}", self.call.region, self.call.account)

        return [{"AlarmName": name, "AlarmARN": arn_of(name)} for name in policy.alarm_names.values()]

    def _put_alarms(self, target: Target, policy: Policy):
        """Make a policy's alarms, or set them for the capacity there is now. Raises Absent, ServiceError."""
        resource = self._resource(target)
        policy.capacity = resource.capacity()
        for watched, settings in alarm_settings(policy, resource).items():
            name = f"TargetTracking-{target.resource_id}-{watched}-{ids.uuid()}"
            resource.aws.cloudwatch.put_metric_alarm(
                AlarmName=policy.alarm_names.setdefault(watched, name), AlarmActions=[policy.policy_arn],
                AlarmDescription=f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.policy_arn}.",
                **settings,
            )  # fmt: skip
        self.policies.put(policy)

    def _discard_policy(self, policy: Policy):
        self.aws.cloudwatch.delete_alarms(AlarmNames=[*policy.alarm_names.values()])
        self.policies.delete(policy)


def _specification(config: dict) -> dict:
    """What a policy watches."""
    return {name: config[name] for name in SPECIFICATIONS if config.get(name)}


def _check_tracking(config: dict, dimension: str):
    kind, specification, target = KINDS[dimension], _specification(config), config["TargetValue"]
    if len(specification) != 1:
        raise ValidationException("Exactly one metric specification must be given: a predefined or a customized one")
    for name in ("ScaleOutCooldown", "ScaleInCooldown"):
        if (config.get(name) or 0) < 0:
            raise ValidationException(f"{name} must not be negative")
    predefined = specification.get(SPECIFICATIONS[0])
    if predefined is None:
        _check_customized(specification[SPECIFICATIONS[1]], target)
        return
    metric = predefined["PredefinedMetricType"]
    if metric != kind.metric:
        raise ValidationException(f"Predefined metric type {metric} is not supported for {dimension}")
    if predefined.get("ResourceLabel"):
        raise ValidationException(f"ResourceLabel cannot be given with {metric}")
    if not kind.lowest <= target <= kind.highest:
        raise ValidationException(f"Target value of {metric} must be between {kind.lowest} and {kind.highest}")


def _check_customized(specification: dict, target: float):
    one, several = {"MetricName", "Namespace", "Statistic"}, specification.get("Metrics")
    given = {name for name in (*one, "Dimensions", "Unit") if specification.get(name)}
    if (several and given) or (not several and not one <= given):
        raise ValidationException(
            "A customized metric specification has either MetricName, Namespace and Statistic, or Metrics"
        )
    if several and sum(query.get("ReturnData") is not False for query in several) != 1:
        raise ValidationException("Exactly one of the metrics must return data")
    if target <= 0:
        raise ValidationException("TargetValue must be greater than 0")
