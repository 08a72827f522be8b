"""Schedules: made, changed and listed; and when each of them is due.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
Differs from AWS: invocations take place in the second in which they are due.
"""

from glasshouse.core import ServiceError, ids
from glasshouse.engines.schedules import At, InvalidSchedule, is_zone, parse
from glasshouse.engines.schedules import Schedule as Times
from glasshouse.services.scheduler.errors import ConflictException, ResourceNotFoundException, ValidationException
from glasshouse.services.scheduler.records import DEFAULT, Schedule
from glasshouse.services.scheduler.targets import check_target

PAGE = 100
RETRIES = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
EARLIEST_START_S = 300
MOMENT_S = 1e-3  # so that what is due right now is due


class Schedules:
    """The operations on schedules."""

    def create_schedule(
        self,
        name: str,
        schedule_expression: str,
        target: dict,
        flexible_time_window: dict,
        group_name: str = DEFAULT,
        start_date: float | None = None,
        end_date: float | None = None,
        description: str | None = None,
        schedule_expression_timezone: str = "UTC",
        state: str = "ENABLED",
        kms_key_arn: str | None = None,
        client_token: str | None = None,
        action_after_completion: str = "NONE",
    ):
        group = self._group(group_name)
        existing = self.schedules.get(group.name, name)
        if existing is not None:
            if client_token is None or existing.client_token != client_token:
                raise ConflictException(f"Schedule {name} already exists.")
            return {"ScheduleArn": existing.arn}
        schedule = Schedule(
            group.name, name, self._schedule_arn(group.name, name), ids.uuid(), schedule_expression, target,
            flexible_time_window, self.now, self.now, self.now, schedule_expression_timezone, state,
            action_after_completion, start_date, end_date, description, kms_key_arn, client_token,
        )  # fmt: skip
        return self._keep(schedule)

    def update_schedule(
        self,
        name: str,
        schedule_expression: str,
        target: dict,
        flexible_time_window: dict,
        group_name: str = DEFAULT,
        start_date: float | None = None,
        end_date: float | None = None,
        description: str | None = None,
        schedule_expression_timezone: str = "UTC",
        state: str = "ENABLED",
        kms_key_arn: str | None = None,
        client_token: str | None = None,
        action_after_completion: str = "NONE",
    ):
        before = self._schedule(group_name, name)
        same = (before.schedule_expression, before.start_date, before.state) == (
            schedule_expression, start_date, "ENABLED"
        )  # fmt: skip
        schedule = Schedule(
            group_name, name, before.arn, before.number, schedule_expression, target, flexible_time_window,
            before.creation_date, self.now, before.anchor if same else self.now, schedule_expression_timezone, state,
            action_after_completion, start_date, end_date, description, kms_key_arn, before.client_token,
        )  # fmt: skip
        return self._keep(schedule, is_new=not same)

    def get_schedule(self, name: str, group_name: str = DEFAULT):
        return self._schedule(group_name, name)

    def list_schedules(
        self,
        group_name: str | None = None,
        name_prefix: str = "",
        state: str | None = None,
        next_token: str | None = None,
        max_results: int = PAGE,
    ):
        within = (self._group(group_name).name, name_prefix) if group_name else ()
        page = self.schedules.page(
            max_results, next_token, *within,
            where=lambda schedule: schedule.name.startswith(name_prefix) and state in (None, schedule.state),
        )  # fmt: skip
        return {"Schedules": page.records, "NextToken": page.next_token}

    def delete_schedule(self, name: str, group_name: str = DEFAULT, client_token: str | None = None):
        self._remove(self._schedule(group_name, name))

    # Within

    def _schedule(self, group_name: str, name: str) -> Schedule:
        group = self._group(group_name)
        schedule = self.schedules.get(group.name, name)
        if schedule is None:
            raise ResourceNotFoundException(f"Schedule {name} does not exist.")
        return schedule

    def _schedule_arn(self, group: str, name: str) -> str:
        return self.call.arn(f"schedule/{group}/{name}")

    def _keep(self, schedule: Schedule, is_new: bool = True) -> dict:
        """Check it all, then keep it and plan its next time."""
        self._check(schedule)
        schedule.target = {**schedule.target, "RetryPolicy": RETRIES | (schedule.target.get("RetryPolicy") or {})}
        self.schedules.put(schedule)
        # A rate begins with its beginning: at once, if there is no start date.
        self._plan(schedule, self.now - MOMENT_S if is_new else self.now)
        return {"ScheduleArn": schedule.arn}

    def _check(self, schedule: Schedule):
        if not is_zone(schedule.schedule_expression_timezone):
            raise ValidationException(f"Invalid Schedule Expression Timezone {schedule.schedule_expression_timezone}.")
        _times(schedule)
        window = schedule.flexible_time_window
        if schedule.is_flexible and not window.get("MaximumWindowInMinutes"):
            raise ValidationException(
                "A maximum time window must be provided when the flexible time window mode is FLEXIBLE."
            )
        start, end = schedule.start_date, schedule.end_date
        if start is not None and start < schedule.last_modification_date - EARLIEST_START_S:
            raise ValidationException("The StartDate you specify cannot be earlier than 5 minutes ago.")
        if end is not None and end < schedule.last_modification_date:
            raise ValidationException("The EndDate you specify cannot be earlier than the current time.")
        if start is not None and end is not None and end <= start:
            raise ValidationException("The EndDate you specify must be later than the StartDate.")
        check_target(self.cloud, schedule.target)
        self._check_role(schedule.target["RoleArn"])

    def _check_role(self, arn: str):
        try:
            self.aws.as_role(arn)
        except ServiceError:
            raise ValidationException(
                "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
            ) from None

    def _remove(self, schedule: Schedule):
        self.schedules.delete(schedule)
        self.cancel(_key(schedule))

    # By the clock

    def _plan(self, schedule: Schedule, after: float) -> bool:
        """Have its next invocation done; whether there is one."""
        due = _next(schedule, after) if schedule.state == "ENABLED" else None
        if due is None:
            self.cancel(_key(schedule))
            return False
        self.later("_due", at=due, key=_key(schedule), group=schedule.group_name, name=schedule.name, moment=due)
        return True

    def _due(self, group: str, name: str, moment: float):
        """It is time."""
        schedule = self.schedules.get(group, name)
        if schedule is None or schedule.state != "ENABLED":
            return
        is_last = not self._plan(schedule, max(moment, self.now))
        delay = ids.random_fraction() * schedule.window_s
        self.later(
            "_invoke", after=delay, group=group, name=name, number=schedule.number, moment=moment,
            execution=ids.uuid(), is_last=is_last,
        )  # fmt: skip


def _key(schedule: Schedule) -> str:
    return f"schedule {schedule.arn}"


def _times(schedule: Schedule) -> Times:
    """When a schedule is due. Raises ValidationException."""
    anchor = schedule.anchor if schedule.start_date is None else schedule.start_date
    try:
        return parse(schedule.schedule_expression, schedule.schedule_expression_timezone, anchor, strict=False)
    except InvalidSchedule:
        raise ValidationException(f"Invalid Schedule Expression {schedule.schedule_expression}.") from None


def _next(schedule: Schedule, after: float) -> float | None:
    """The next time of a schedule, within its dates; those are not for schedules that are due once."""
    times = _times(schedule)
    if isinstance(times, At):
        return times.after(after)
    if schedule.start_date is not None:
        after = max(after, schedule.start_date - MOMENT_S)
    due = times.after(after)
    return due if due is not None and (schedule.end_date is None or due <= schedule.end_date) else None
