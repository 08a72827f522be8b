"""Resources: the tree of an API's paths."""

import re
from collections.abc import Iterator

from glasshouse.core import ids
from glasshouse.services.apigateway import errors, patches
from glasshouse.services.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from glasshouse.services.apigateway.records import Resource

PART = re.compile(r"[a-zA-Z0-9._:-]+|\{[a-zA-Z0-9._:-]+\+?\}")


class Resources:
    def create_resource(self, rest_api_id: str, parent_id: str, path_part: str):
        parent = self._resource(rest_api_id, parent_id)
        _check_part(path_part)
        resource = Resource(rest_api_id, ids.token(6, ids.LOWER), _below(parent, path_part), parent.id, path_part)
        self._check_place(resource, parent)
        return _shown(self.resources.put(resource), None)

    def get_resource(self, rest_api_id: str, resource_id: str, embed: list[str] | None = None):
        return _shown(self._resource(rest_api_id, resource_id), embed)

    def get_resources(
        self, rest_api_id: str, position: str | None = None, limit: int | None = None, embed: list[str] | None = None
    ):
        self._api(rest_api_id)
        page = self._page(self.resources.list(rest_api_id), limit, position, lambda resource: resource.path)
        return page | {"items": [_shown(resource, embed) for resource in page["items"]]}

    def update_resource(self, rest_api_id: str, resource_id: str, patch_operations: list | None = None):
        resource = self._resource(rest_api_id, resource_id)
        for patch in patches.read(patch_operations):
            self._patch_resource(resource, patch)
        return _shown(resource, None)

    def delete_resource(self, rest_api_id: str, resource_id: str):
        resource = self._resource(rest_api_id, resource_id)
        if resource.parent_id is None:
            raise BadRequestException("Root resource cannot be deleted.")
        for lower in [resource, *self._descendants(resource)]:
            self.resources.delete(lower)

    # Within

    def _patch_resource(self, resource: Resource, patch: patches.Patch):
        if patch.op != "replace":
            raise patch.not_supported()
        if patch.path not in ("/parentId", "/pathPart"):
            raise BadRequestException(
                f"Invalid patch path  '{patch.path}' specified for op 'replace'. Must be one of: [/parentId, /pathPart]"
            )
        if resource.parent_id is None:
            raise BadRequestException(f"Root resource cannot update its {patch.key}.")
        if patch.path == "/pathPart":
            _check_part(patch.value or "")
            resource.path_part = patch.value
        else:
            resource.parent_id = patch.value
        parent = self.resources.get(resource.api, resource.parent_id)
        if parent is None:
            raise NotFoundException(errors.NO_RESOURCE)
        if parent.id == resource.id or any(lower.id == parent.id for lower in self._descendants(resource)):
            raise BadRequestException("Resources cannot be cyclical.")
        self._check_place(resource, parent)
        self._move(resource, parent)

    def _check_place(self, resource: Resource, parent: Resource):
        """Raise unless a resource can lie where it is to lie."""
        if parent.is_greedy:
            raise BadRequestException(
                f"Cannot create a child of a resource with a greedy path variable: {parent.path_part}"
            )
        for sibling in self._children(parent):
            if sibling.id == resource.id:
                continue
            if sibling.path_part == resource.path_part:
                raise ConflictException(
                    f"Another resource with the same parent already has this name: {resource.path_part}"
                )
            if sibling.is_variable and resource.is_variable:
                raise BadRequestException(
                    f"A sibling ({sibling.path_part}) of this resource already has a variable path part -- only one"
                    " is allowed"
                )

    def _move(self, resource: Resource, parent: Resource):
        """Give a resource, and what lies below it, their paths."""
        children = list(self._children(resource))
        resource.path = _below(parent, resource.path_part or "")
        self.resources.put(resource)
        for child in children:
            self._move(child, resource)

    def _children(self, parent: Resource) -> Iterator[Resource]:
        return (one for one in list(self.resources.list(parent.api)) if one.parent_id == parent.id)

    def _descendants(self, resource: Resource) -> Iterator[Resource]:
        for child in self._children(resource):
            yield child
            yield from self._descendants(child)


def _check_part(part: str):
    if not PART.fullmatch(part):
        raise BadRequestException(
            "Resource's path part only allow a-zA-Z0-9._- and curly braces at the beginning and the end and an optional"
            " plus sign before the closing brace."
        )


def _below(parent: Resource, part: str) -> str:
    return f"{parent.path.rstrip('/')}/{part}"


def _shown(resource: Resource, embed: list[str] | None) -> dict:
    """Without `embed`, of its methods only the names."""
    methods = resource.resource_methods
    if "methods" not in (embed or ()):
        methods = {verb: {} for verb in methods}
    return {
        "id": resource.id, "parentId": resource.parent_id, "pathPart": resource.path_part, "path": resource.path,
        "resourceMethods": methods or None,
    }  # fmt: skip
