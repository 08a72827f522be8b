"""EventBridge Scheduler: groups, schedules, and targets that are invoked by the cloud's clock.

Differs from AWS: nothing is eventually consistent; the keys that encrypt schedules (KmsKeyArn) are noted only.
"""

from glasshouse.core import Service, Table
from glasshouse.services.scheduler.groups import Groups
from glasshouse.services.scheduler.invoking import Invoking
from glasshouse.services.scheduler.records import DEFAULT, Group, Schedule
from glasshouse.services.scheduler.schedules import Schedules


class Scheduler(Groups, Schedules, Invoking, Service):
    name = "scheduler"
    groups = Table(Group, key="name")
    schedules = Table(Schedule, key=("group_name", "name"))

    def resource_arns(self, params: dict) -> list[str] | None:
        if "ResourceArn" in params:
            return [params["ResourceArn"]]
        if self.call.operation.endswith("ScheduleGroup") and "Name" in params:
            return [self._group_arn(params["Name"])]
        if self.call.operation.endswith("Schedule") and "Name" in params:
            return [self._schedule_arn(params.get("GroupName") or DEFAULT, params["Name"])]
        return None
