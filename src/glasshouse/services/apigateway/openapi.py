"""OpenAPI documents, 2.0 and 3.x, in JSON or YAML: reading them, and finding what their references point to."""

from collections.abc import Iterator
from typing import Any

from glasshouse.core import documents
from glasshouse.services.apigateway.errors import BadRequestException

VERBS = {
    "get": "GET", "put": "PUT", "post": "POST", "delete": "DELETE", "options": "OPTIONS", "head": "HEAD",
    "patch": "PATCH", "x-amazon-apigateway-any-method": "ANY",
}  # fmt: skip
EXTENSION = "x-amazon-apigateway-"
DEEPEST = 20


class NotReadable(Exception):
    """Neither JSON nor YAML, or no object."""


def read_document(body: bytes) -> dict[str, Any]:
    """Raises NotReadable."""
    try:
        text = body.decode("utf-8-sig")
        document = documents.read(text) if text.lstrip().startswith("{") else _from_yaml(text)
    except (ValueError, RecursionError) as failure:
        raise NotReadable(str(failure)) from None
    if not isinstance(document, dict):
        raise NotReadable("the document is no object")
    return document


def _from_yaml(text: str) -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """YAML's dates stay texts, and so do the keys that a status code is."""

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        return _with_text_keys(yaml.load(text, Loader))
    except yaml.YAMLError as failure:
        raise ValueError(str(failure)) from None


def _with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _with_text_keys(item) for key, item in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


def to_yaml(document: dict[str, Any]) -> str:
    import yaml

    return yaml.safe_dump(document, sort_keys=False, explicit_start=True, allow_unicode=True)


class Document:
    """An OpenAPI document. Raises BadRequestException for what is none."""

    def __init__(self, body: bytes):
        try:
            self.root = read_document(body)
        except NotReadable:
            raise BadRequestException("Invalid OpenAPI input.") from None
        self.is_swagger = str(self.root.get("swagger", "")) == "2.0"
        if not self.is_swagger and not str(self.root.get("openapi", "")).startswith("3."):
            raise BadRequestException("Only OpenAPI 3.x.x are currently supported")
        if not isinstance(self.root.get("paths"), dict):
            raise BadRequestException(
                "Failed to parse the uploaded OpenAPI document due to: 'paths' is a required property"
            )
        self.warnings: list[str] = []

    @property
    def info(self) -> dict[str, Any]:
        return self.root.get("info") or {}

    @property
    def schemas(self) -> dict[str, Any]:
        return (self.root.get("definitions") if self.is_swagger else self._components("schemas")) or {}

    @property
    def security_schemes(self) -> dict[str, Any]:
        found = self.root.get("securityDefinitions") if self.is_swagger else self._components("securitySchemes")
        return {name: self.resolved(scheme) for name, scheme in (found or {}).items()}

    def _components(self, name: str) -> Any:
        return (self.root.get("components") or {}).get(name)

    def extension(self, name: str, default: Any = None) -> Any:
        return self.root.get(EXTENSION + name, default)

    def resolved(self, value: Any) -> Any:
        """What a reference within the document points to, or the value itself."""
        for _ in range(DEEPEST):
            reference = value.get("$ref") if isinstance(value, dict) else None
            if not isinstance(reference, str):
                return value
            value = self._at(reference)
        raise BadRequestException("Unable to resolve reference: it leads to itself")

    def _at(self, reference: str) -> Any:
        value: Any = self.root
        for step in reference.removeprefix("#/").split("/"):
            step = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(value, dict) or step not in value:
                raise BadRequestException(f"Unable to resolve reference: {reference}")
            value = value[step]
        return value

    @staticmethod
    def object_at(holder: dict[str, Any], name: str, place: str) -> dict[str, Any]:
        """An object within the document, or an empty one for none. Raises BadRequestException for anything else."""
        found = holder.get(name)
        if found is not None and not isinstance(found, dict):
            raise BadRequestException(f"Unable to parse API definition because of a malformed {place}.'{name}'")
        return found or {}

    def operations(self, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """(method, operation) of a path, with the parameters that hold for the whole path."""
        item = self.resolved(self.object_at(self.root["paths"], path, "paths"))
        shared = [self.resolved(parameter) for parameter in item.get("parameters") or ()]
        for name, verb in VERBS.items():
            if name not in item:
                continue
            operation = dict(self.object_at(item, name, f"paths.'{path}'"))
            own = [self.resolved(parameter) for parameter in operation.get("parameters") or ()]
            named = {(one.get("in"), one.get("name")) for one in own}
            inherited = [one for one in shared if (one.get("in"), one.get("name")) not in named]
            operation["parameters"] = inherited + own
            yield verb, operation

    def base_path(self, mode: str) -> str:
        """What comes before every path: nothing, the document's base path, or that without its first step."""
        if mode == "ignore":
            return ""
        path = self.root.get("basePath", "") if self.is_swagger else self._server_path()
        path = "/" + path.strip("/") if path.strip("/") else ""
        if mode == "split":
            rest = path.strip("/").partition("/")[2]
            path = f"/{rest}" if rest else ""
        return path

    def _server_path(self) -> str:
        for server in self.root.get("servers") or ():
            variable = (server.get("variables") or {}).get("basePath")
            if variable:
                return variable.get("default", "")
            _, _, rest = server.get("url", "").partition("://")
            if "/" in (rest or server.get("url", "")):
                return (rest or server.get("url", "")).partition("/")[2]
        return ""
