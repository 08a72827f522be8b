"""Tags of parameters and documents. Nothing else that SSM tags exists here, which is refused in words."""

from glasshouse.core import tags as tag_lists
from glasshouse.core.errors import NotSupported, ValidationException
from glasshouse.services.ssm import names
from glasshouse.services.ssm.errors import InvalidResourceId, InvalidResourceType, TooManyTagsError

MOST_TAGS = 50
NOT_HERE = (
    "ManagedInstance", "MaintenanceWindow", "PatchBaseline", "OpsItem", "OpsMetadata", "Automation", "Association",
)  # fmt: skip


class Tagging:
    """The operations on tags."""

    def add_tags_to_resource(self, resource_type: str, resource_id: str, tags: list[dict]):
        self._tag(self._tagged_arn(resource_type, resource_id), tag_lists.from_list(tags))

    def list_tags_for_resource(self, resource_type: str, resource_id: str):
        tags = self.cloud.tags.of(self._tagged_arn(resource_type, resource_id))
        return {"TagList": tag_lists.to_list(tags)}

    def remove_tags_from_resource(self, resource_type: str, resource_id: str, tag_keys: list[str]):
        self.cloud.tags.remove(self._tagged_arn(resource_type, resource_id), tag_keys)

    def _tagged_arn(self, resource_type: str, resource_id: str) -> str:
        if resource_type == "Document":
            document = self.documents.get(resource_id)
            if document is None:
                raise InvalidResourceId()
            return document.arn
        if resource_type in NOT_HERE:
            raise NotSupported(f"ssm: tags of the resource type {resource_type} are not supported by Glasshouse yet")
        if resource_type != "Parameter":
            raise InvalidResourceType()
        parameter = self.parameters.get(names.path_of(resource_id))
        if parameter is None:
            raise InvalidResourceId()
        return parameter.arn

    def _tag(self, arn: str, tags: dict[str, str]):
        if any(key.lower().startswith("aws:") for key in tags):
            raise ValidationException("Tag keys can't start with aws: (case-insensitive), which AWS reserves.")
        if len(self.cloud.tags.of(arn).keys() | tags.keys()) > MOST_TAGS:
            raise TooManyTagsError()
        self.cloud.tags.add(arn, tags)
