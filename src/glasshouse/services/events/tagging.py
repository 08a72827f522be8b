"""Tags of rules and buses."""

from glasshouse.core.tags import from_list, to_list
from glasshouse.services.events.errors import ResourceNotFoundException, ValidationException
from glasshouse.services.events.records import DEFAULT


class Tagging:
    """The operations on tags."""

    def tag_resource(self, resource_arn: str, tags: list):
        self.cloud.tags.add(self._taggable(resource_arn), from_list(tags))

    def untag_resource(self, resource_arn: str, tag_keys: list[str]):
        self.cloud.tags.remove(self._taggable(resource_arn), tag_keys)

    def list_tags_for_resource(self, resource_arn: str):
        return {"Tags": to_list(self.cloud.tags.of(self._taggable(resource_arn)))}

    def _taggable(self, arn: str) -> str:
        kind, _, name = arn.split(":", 5)[-1].partition("/")
        if kind == "event-bus":
            return self._bus(name).arn
        if kind != "rule":
            raise ValidationException(f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format.")
        bus, _, rule = name.rpartition("/")
        bus = bus or DEFAULT
        found = self.rules.get(bus, rule)
        if found is None:
            raise ResourceNotFoundException(f"Rule {rule} does not exist on EventBus {bus}.")
        return found.arn
