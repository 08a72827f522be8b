"""Scaling: what alarms lead to, and bringing capacities within their bounds.

An alarm acts when it goes off, and each minute as long as it stays so. After scaling out, the capacity that was added
counts as part of the next addition until the cooldown is over; scaling in waits for its cooldown, and for all policies
of the target (https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html).
"""

import math

from glasshouse.core.service import on
from glasshouse.services.application_autoscaling.dimensions import Absent, Resource
from glasshouse.services.application_autoscaling.errors import ServiceError
from glasshouse.services.application_autoscaling.records import Policy, Target
from glasshouse.services.application_autoscaling.tracking import (
    HIGH,
    LOW,
    MINUTE_S,
    MINUTES_IN,
    capacity_for,
    is_consumption,
    measured,
    minutes_out,
)


class Scaling:
    """Acting on alarms, and on bounds."""

    # Bounds

    def _keep_within_soon(self, target: Target):
        self.later("_keep_within", key=f"bounds/{'/'.join(target.key)}", target=list(target.key))

    def _keep_within(self, target: list):
        """Bring a capacity within the bounds that have been set for it."""
        kept = self.targets.get(*target)
        if kept is None:
            return
        try:
            resource = self._resource(kept)
            capacity = resource.capacity()
        except (Absent, ServiceError):
            return
        kept.pending = capacity is not None and not self._is_brought_within(kept, resource, capacity)
        self.targets.put(kept)

    def _is_brought_within(self, target: Target, resource: Resource, capacity: int) -> bool:
        """Whether no more is to be done about it."""
        if capacity < target.min_capacity:
            least = target.min_capacity
            return self._change(target, resource, least, f"minimum capacity was set to {least}")
        if capacity > target.max_capacity:
            most = target.max_capacity
            return self._change(target, resource, most, f"maximum capacity was set to {most}")
        return True

    def _table_changed(self, name: str, status: str):
        """A table has another capacity, or can be changed again."""
        whole, indexes = f"table/{name}", f"table/{name}/index/"
        for target in list(self.targets.list("dynamodb", whole)) + [
            one for one in self.targets.list("dynamodb") if one.resource_id.startswith(indexes)
        ]:
            if target.pending:
                self._keep_within_soon(target)
            for policy in list(self.policies.list(*target.key)):
                self._set_alarms(target, policy)

    def _set_alarms(self, target: Target, policy: Policy):
        """Set a policy's alarms for the capacity there is now."""
        try:
            if self._resource(target).capacity() != policy.capacity:
                self._put_alarms(target, policy)
        except (Absent, ServiceError):
            return

    # Alarms

    @on("cloudwatch.AlarmAction")
    def _alarm_acted(self, action: str, alarm: str, message: dict):
        self._follow(action, alarm)

    def _follow(self, policy_arn: str, alarm: str):
        """Do what an alarm is about, and again in a minute."""
        policy = next((one for one in self.policies.list() if one.policy_arn == policy_arn), None)
        target = self.targets.get(*policy.key) if policy else None
        if policy is None or target is None or alarm not in (policy.alarm_names.get(HIGH), policy.alarm_names.get(LOW)):
            return
        if not self._are_going(alarm):
            return
        self.later("_follow", after=MINUTE_S, key=f"alarm/{alarm}", policy_arn=policy_arn, alarm=alarm)
        try:
            resource = self._resource(target)
            capacity = resource.capacity()
        except (Absent, ServiceError):
            return
        if capacity is None:
            return
        cause = f"monitor alarm {alarm} in state ALARM triggered policy {policy.policy_name}"
        if alarm == policy.alarm_names[HIGH]:
            self._scale_out(target, policy, resource, capacity, cause)
        else:
            self._scale_in(target, policy, resource, capacity, cause)

    def _are_going(self, *alarms: str) -> bool:
        """Whether all of these alarms are in the state ALARM."""
        found = self.aws.cloudwatch.describe_alarms(AlarmNames=[*alarms], StateValue="ALARM")["MetricAlarms"]
        return len(found) == len(alarms)

    def _scale_out(self, target: Target, policy: Policy, resource: Resource, capacity: int, cause: str):
        if target.suspended_state["DynamicScalingOutSuspended"]:
            return
        cooling = self._is_cooling(target.scaled_out, policy, "ScaleOutCooldown")
        base = target.before if cooling else capacity
        wanted = self._wanted(target, policy, resource, base, minutes_out(resource, policy))
        if wanted is None or wanted <= capacity:
            return
        bounded = min(wanted, target.max_capacity)
        if bounded <= capacity:
            self._note_not_scaled(
                target, cause, "AlreadyAtMaxCapacity", MaxCapacity=target.max_capacity, CurrentCapacity=capacity
            )
        elif self._change(target, resource, bounded, cause):
            target.scaled_out, target.before, target.scaled_in = self.now, base, None
            self._has_changed(target)

    def _scale_in(self, target: Target, policy: Policy, resource: Resource, capacity: int, cause: str):
        if target.suspended_state["DynamicScalingInSuspended"] or _keeps_up(policy):
            return
        if self._is_cooling(target.scaled_in, policy, "ScaleInCooldown"):
            return
        ready = [one.alarm_names[LOW] for one in self.policies.list(*target.key) if not _keeps_up(one)]
        wanted = self._wanted(target, policy, resource, capacity, MINUTES_IN)
        if not self._are_going(*ready) or wanted is None or wanted >= capacity:
            return
        bounded = max(wanted, target.min_capacity)
        if bounded >= capacity:
            self._note_not_scaled(
                target, cause, "AlreadyAtMinCapacity", MinCapacity=target.min_capacity, CurrentCapacity=capacity
            )
        elif self._change(target, resource, bounded, cause):
            target.scaled_in = self.now
            self._has_changed(target)

    def _has_changed(self, target: Target):
        self.targets.put(target)
        for policy in list(self.policies.list(*target.key)):
            self._set_alarms(target, policy)

    def _is_cooling(self, scaled: float | None, policy: Policy, cooldown: str) -> bool:
        seconds = policy.target_tracking_scaling_policy_configuration.get(cooldown) or 0
        return scaled is not None and self.now < scaled + seconds

    def _wanted(self, target: Target, policy: Policy, resource: Resource, capacity: int, minutes: int) -> int | None:
        """The capacity that would have been enough for the last minutes; None if nothing is known of them."""
        end = math.floor(self.now / MINUTE_S) * MINUTE_S
        start = end - minutes * MINUTE_S
        if not is_consumption(resource, policy):
            # A share of a capacity says nothing of another one, so only what was measured since then counts.
            changed = max(target.scaled_out or 0.0, target.scaled_in or 0.0)
            start = max(start, math.ceil(changed / MINUTE_S) * MINUTE_S)
        known = measured(policy, resource, self.aws, start, end) if start < end else []
        return capacity_for(policy, resource, max(known), capacity) if known else None


def _keeps_up(policy: Policy) -> bool:
    return bool(policy.target_tracking_scaling_policy_configuration.get("DisableScaleIn"))
