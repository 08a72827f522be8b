"""Scheduled actions: other bounds, by the clock."""

from glasshouse.core import ids
from glasshouse.core.call import arn
from glasshouse.engines import schedules
from glasshouse.services.application_autoscaling.errors import (
    LimitExceededException,
    ObjectNotFoundException,
    ValidationException,
)
from glasshouse.services.application_autoscaling.records import ScheduledAction, Target, values
from glasshouse.services.application_autoscaling.targets import page_size

MOST_ACTIONS = 200


class ScheduledActions:
    """Operations on scheduled actions, and performing them."""

    def put_scheduled_action(
        self, service_namespace: str, scheduled_action_name: str, resource_id: str, scalable_dimension: str,
        schedule: str | None = None, timezone: str | None = None, start_time: float | None = None,
        end_time: float | None = None, scalable_target_action: dict | None = None,
    ):  # fmt: skip
        """What is left out stays as it was, but for the times."""
        target = self._target(service_namespace, resource_id, scalable_dimension)
        action = self.actions.get(*target.key, scheduled_action_name)
        if action is None:
            action = self._new_action(target, scheduled_action_name, schedule)
        action.schedule = schedule or action.schedule
        action.timezone = timezone or action.timezone
        action.start_time, action.end_time = start_time, end_time
        action.scalable_target_action = scalable_target_action or action.scalable_target_action
        _check_action(action)
        self.actions.put(action)
        self._perform_next(action)

    def delete_scheduled_action(
        self, service_namespace: str, scheduled_action_name: str, resource_id: str, scalable_dimension: str
    ):
        action = self.actions.get(service_namespace, resource_id, scalable_dimension, scheduled_action_name)
        if action is None:
            raise ObjectNotFoundException(
                f"No scheduled action found for service namespace: {service_namespace}, resource ID: {resource_id},"
                f" scalable dimension: {scalable_dimension}, scheduled action name: {scheduled_action_name}"
            )
        self._discard_action(action)

    def describe_scheduled_actions(
        self, service_namespace: str, scheduled_action_names: list | None = None, resource_id: str | None = None,
        scalable_dimension: str | None = None, max_results: int | None = None, next_token: str | None = None,
    ):  # fmt: skip
        def wanted(action: ScheduledAction) -> bool:
            return (
                (not scheduled_action_names or action.scheduled_action_name in scheduled_action_names)
                and resource_id in (None, action.resource_id)
                and scalable_dimension in (None, action.scalable_dimension)
            )

        page = self.actions.page(page_size(max_results), next_token, service_namespace, where=wanted)
        shown = [values(action, ScheduledActionARN=action.scheduled_action_arn) for action in page.records]
        return {"ScheduledActions": shown, "NextToken": page.next_token}

    # Within

    def _new_action(self, target: Target, name: str, schedule: str | None) -> ScheduledAction:
        if schedule is None:
            raise ValidationException("Schedule is required to create a scheduled action")
        if sum(1 for _ in self.actions.list(*target.key)) >= MOST_ACTIONS:
            raise LimitExceededException(f"There can be at most {MOST_ACTIONS} scheduled actions per target")
        where = f"{target.service_namespace}/{target.resource_id}"
        resource = f"scheduledAction:{ids.uuid()}:resource/{where}:scheduledActionName/{name}"
        named = arn("autoscaling", resource, self.call.region, self.call.account)
        return ScheduledAction(*target.key, name, named, self.now, schedule)

    def _perform_next(self, action: ScheduledAction):
        """At the next moment of its schedule, if there is one between its start and its end."""
        earliest = max(self.now, (action.start_time or 0.0) - 1e-6)
        moment = _schedule(action).after(earliest)
        if moment is None or moment > (action.end_time or moment):
            self.cancel(_job_of(action))
            return
        names = [action.service_namespace, action.resource_id, action.scalable_dimension, action.scheduled_action_name]
        self.later("_perform", at=moment, key=_job_of(action), action=names)

    def _perform(self, action: list):
        kept = self.actions.get(*action)
        target = self.targets.get(*action[:3])
        if kept is None or target is None:
            return
        self._perform_next(kept)
        if target.suspended_state["ScheduledScalingSuspended"]:
            return
        bounds = kept.scalable_target_action or {}
        least = _given(bounds.get("MinCapacity"), target.min_capacity)
        most = _given(bounds.get("MaxCapacity"), target.max_capacity)
        if most < least:
            cause = f"scheduled action name {kept.scheduled_action_name} was triggered"
            told = "Maximum capacity cannot be less than minimum capacity"
            self._note(target, f"Setting min capacity to {least} and max capacity to {most}", cause, "Failed", told)
            return
        target.min_capacity, target.max_capacity = least, most
        self.targets.put(target)
        self._keep_within_soon(target)

    def _discard_action(self, action: ScheduledAction):
        self.cancel(_job_of(action))
        self.actions.delete(action)


def _job_of(action: ScheduledAction) -> str:
    return f"action/{action.scalable_dimension}/{action.resource_id}/{action.scheduled_action_name}"


def _given(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


def _schedule(action: ScheduledAction) -> schedules.Schedule:
    """A rate counts from when it starts. Raises InvalidSchedule."""
    anchor = action.start_time or action.creation_time
    return schedules.parse(action.schedule, zone=action.timezone or "UTC", anchor=anchor)


def _check_action(action: ScheduledAction):
    if action.timezone is not None and not schedules.is_zone(action.timezone):
        raise ValidationException(f"Invalid time zone: {action.timezone}")
    try:
        _schedule(action)
    except schedules.InvalidSchedule:
        raise ValidationException(f"Invalid schedule expression: {action.schedule}") from None
    if action.start_time is not None and action.end_time is not None and action.end_time < action.start_time:
        raise ValidationException("The end time must not be before the start time")
    bounds = action.scalable_target_action or {}
    least, most = bounds.get("MinCapacity"), bounds.get("MaxCapacity")
    if least is None and most is None:
        raise ValidationException("ScalableTargetAction must have a MinCapacity, a MaxCapacity or both")
    if (least or 0) < 0 or (most or 0) < 0:
        raise ValidationException("Capacities must not be negative")
    if least is not None and most is not None and most < least:
        raise ValidationException("Maximum capacity cannot be less than minimum capacity")
