"""Documentation: texts about the parts of an API, apart from the API, and versions of all of them."""

import json
from typing import Any

from glasshouse.core import documents, ids
from glasshouse.services.apigateway import patches
from glasshouse.services.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from glasshouse.services.apigateway.finding import by_age
from glasshouse.services.apigateway.openapi import NotReadable, read_document
from glasshouse.services.apigateway.records import DocumentationPart, DocumentationVersion

NO_PART = "Invalid Documentation part identifier specified"
NO_VERSION = "Invalid Documentation version specified"
PLACELESS = ("API", "MODEL", "AUTHORIZER")  # kinds of parts that have no path
PARTS = "x-amazon-apigateway-documentation"


class Documentation:
    def create_documentation_part(self, rest_api_id: str, location: dict, properties: str):
        self._api(rest_api_id)
        location = _completed(location)
        _check_properties(properties)
        if self._part_at(rest_api_id, location):
            raise ConflictException(
                f"Documentation part already exists for the specified location: type '{location['type']}'"
            )
        return self.parts.put(
            DocumentationPart(rest_api_id, ids.token(6, ids.LOWER), location, properties)
        )  # fmt: skip

    def get_documentation_part(self, rest_api_id: str, documentation_part_id: str):
        return self._part(rest_api_id, documentation_part_id)

    def get_documentation_parts(
        self, rest_api_id: str, type: str | None = None, name_query: str | None = None, path: str | None = None,
        position: str | None = None, limit: int | None = None, location_status: str = "DOCUMENTED",
    ):  # fmt: skip
        self._api(rest_api_id)
        if location_status == "UNDOCUMENTED":
            raise BadRequestException("Only documented locations can be listed")
        parts = (
            part for part in self.parts.list(rest_api_id)
            if type in (None, part.location["type"]) and path in (None, part.location.get("path"))
            and (name_query or "") in part.location.get("name", "")
        )  # fmt: skip
        return self._page(parts, limit, position, _order)

    def update_documentation_part(
        self, rest_api_id: str, documentation_part_id: str, patch_operations: list | None = None
    ):  # fmt: skip
        part = self._part(rest_api_id, documentation_part_id)
        patches.replace_listed(part, patch_operations, {"/properties": ("properties", lambda value: value or "")})
        _check_properties(part.properties)
        return self.parts.put(part)

    def delete_documentation_part(self, rest_api_id: str, documentation_part_id: str):
        self._api(rest_api_id)
        self.parts.delete(self._part(rest_api_id, documentation_part_id))

    def import_documentation_parts(
        self, rest_api_id: str, body: bytes, mode: str = "merge", fail_on_warnings: bool = False
    ):
        self._api(rest_api_id)
        try:
            document = read_document(bytes(body))
        except NotReadable:
            raise BadRequestException("Unable to build importer with provided input.") from None
        if mode == "overwrite":
            for part in list(self.parts.list(rest_api_id)):
                self.parts.delete(part)
        found = self._import_parts(rest_api_id, (document.get(PARTS) or {}).get("documentationParts", []))
        return {"ids": found, "warnings": []}

    # Versions

    def create_documentation_version(
        self, rest_api_id: str, documentation_version: str, stage_name: str | None = None,
        description: str | None = None,
    ):  # fmt: skip
        self._api(rest_api_id)
        if self.versions.get(rest_api_id, documentation_version):
            raise ConflictException(f"Documentation version already exists: {documentation_version}")
        parts = [
            {"location": part.location, "properties": part.properties} for part in self.parts.list(rest_api_id)
        ]  # fmt: skip
        version = DocumentationVersion(rest_api_id, documentation_version, self.now, description, parts)
        if stage_name:
            stage = self._stage(rest_api_id, stage_name)
            stage.documentation_version = documentation_version
            self.stages.put(stage)
        return self.versions.put(version)

    def get_documentation_version(self, rest_api_id: str, documentation_version: str):
        return self._version(rest_api_id, documentation_version)

    def get_documentation_versions(self, rest_api_id: str, position: str | None = None, limit: int | None = None):
        self._api(rest_api_id)
        return self._page(
            self.versions.list(rest_api_id), limit, position,
            lambda version: by_age(version.created_date, version.version),
        )  # fmt: skip

    def update_documentation_version(
        self, rest_api_id: str, documentation_version: str, patch_operations: list | None = None
    ):
        version = self._version(rest_api_id, documentation_version)
        patches.replace_listed(version, patch_operations, {"/description": ("description", patches.text)})
        return self.versions.put(version)

    def delete_documentation_version(self, rest_api_id: str, documentation_version: str):
        self.versions.delete(self._version(rest_api_id, documentation_version))

    # Within

    def _part(self, rest_api_id: str, part_id: str) -> DocumentationPart:
        part = self.parts.get(rest_api_id, part_id)
        if part is None:
            raise NotFoundException(NO_PART)
        return part

    def _version(self, rest_api_id: str, name: str) -> DocumentationVersion:
        version = self.versions.get(rest_api_id, name)
        if version is None:
            raise NotFoundException(NO_VERSION)
        return version

    def _part_at(self, rest_api_id: str, location: dict[str, Any]) -> DocumentationPart | None:
        return next((part for part in self.parts.list(rest_api_id) if part.location == location), None)

    def _import_parts(self, rest_api_id: str, given: list[dict[str, Any]]) -> list[str]:
        """Keep the parts of a document; one for a place that has a text replaces it. The ids they have."""
        found = []
        for one in given:
            location, properties = _completed(one["location"]), one["properties"]
            known = self._part_at(rest_api_id, location)
            part_id = known.id if known else ids.token(6, ids.LOWER)
            written = properties if isinstance(properties, str) else json.dumps(properties)
            self.parts.put(DocumentationPart(rest_api_id, part_id, location, written))
            found.append(part_id)
        return found


def _completed(location: dict[str, Any]) -> dict[str, Any]:
    location = {name: value for name, value in location.items() if value}
    if location["type"] not in PLACELESS:
        location.setdefault("path", "/")
    return location


def _order(part: DocumentationPart) -> str:
    location = part.location
    return "\t".join((location["type"], location.get("path", ""), location.get("method", ""), part.id))


def _check_properties(properties: str):
    if not properties:
        raise BadRequestException("Documentation part properties must be non-empty")
    try:
        valid = isinstance(documents.read(properties), dict)
    except ValueError:
        valid = False
    if not valid:
        raise BadRequestException("Invalid documentation part properties: they must be a JSON object")
