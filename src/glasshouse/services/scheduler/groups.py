"""Groups of schedules, and their tags.

Differs from AWS: a group that is deleted goes at once, with its schedules.
"""

from glasshouse.core.tags import from_list, to_list
from glasshouse.services.scheduler.errors import (
    ConflictException,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
    ValidationException,
)
from glasshouse.services.scheduler.records import DEFAULT, Group

MOST_GROUPS = 500
PAGE = 100


class Groups:
    """The operations on groups."""

    def create_schedule_group(self, name: str, tags: list | None = None, client_token: str | None = None):
        existing = self._find_group(name)
        if existing is not None:
            if client_token is None or existing.client_token != client_token:
                raise ConflictException(f"Schedule group {name} already exists.")
            return {"ScheduleGroupArn": existing.arn}
        if len(self.groups.keys()) >= MOST_GROUPS:
            raise ServiceQuotaExceededException(f"You have reached the limit of {MOST_GROUPS} schedule groups.")
        group = Group(name, self._group_arn(name), self.now, self.now, client_token=client_token)
        self.groups.put(group)
        self.cloud.tags.add(group.arn, from_list(tags))
        return {"ScheduleGroupArn": group.arn}

    def get_schedule_group(self, name: str):
        return self._group(name)

    def list_schedule_groups(self, name_prefix: str = "", next_token: str | None = None, max_results: int = PAGE):
        self._group(DEFAULT)
        page = self.groups.page(max_results, next_token, name_prefix)
        return {"ScheduleGroups": page.records, "NextToken": page.next_token}

    def delete_schedule_group(self, name: str, client_token: str | None = None):
        if name == DEFAULT:
            raise ValidationException("Deletion of default schedule group is not allowed.")
        group = self._group(name)
        for schedule in list(self.schedules.list(name)):
            self._remove(schedule)
        self.groups.delete(group)
        self.cloud.tags.clear(group.arn)

    def tag_resource(self, resource_arn: str, tags: list):
        self.cloud.tags.add(self._taggable(resource_arn), from_list(tags))

    def untag_resource(self, resource_arn: str, tag_keys: list[str]):
        self.cloud.tags.remove(self._taggable(resource_arn), tag_keys)

    def list_tags_for_resource(self, resource_arn: str):
        return {"Tags": to_list(self.cloud.tags.of(self._taggable(resource_arn)))}

    # Within

    def _find_group(self, name: str) -> Group | None:
        """The default one is made when it is first looked at."""
        group = self.groups.get(name)
        if group is None and name == DEFAULT:
            return self.groups.put(Group(name, self._group_arn(name), self.now, self.now))
        return group

    def _group(self, name: str) -> Group:
        group = self._find_group(name)
        if group is None:
            raise ResourceNotFoundException(f"Schedule group {name} does not exist.")
        return group

    def _group_arn(self, name: str) -> str:
        return self.call.arn(f"schedule-group/{name}")

    def _taggable(self, arn: str) -> str:
        return self._group(arn.rpartition("/")[2]).arn
