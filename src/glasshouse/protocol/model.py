"""The AWS APIs as botocore describes them, with what this project adds as data.

`index()` knows every service without loading a model; `service(name)` loads one, and its shapes as they are needed.
Over botocore's model two files are merged, where they exist: `protocol/overlays/<service>.json` (what the model lacks
of the wire: old query names, root elements) and `services/<service>/model.json` (what it lacks of the behaviour: error
codes, defaults). A null in an overlay removes what it stands for. An overlay's own key "glasshouse" is described in
`validate` and `errors`.
"""

import gzip
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path
from typing import Any

import msgspec

from glasshouse.protocol.project import Projector
from glasshouse.protocol.shapes import Shape, Shapes, python_name

INDEX_FILE = Path(__file__).with_name("services.json")
_SERVICES = Path(__file__).parents[1] / "services"
_OVERLAYS = Path(__file__).with_name("overlays")
_DOCUMENTATION = re.compile(rb'"documentation":"[^"\\]*(?:\\.[^"\\]*)*"')


class Listing(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a service without loading its model."""

    name: str
    service_id: str
    signing_name: str
    endpoint_prefix: str
    api_version: str
    protocols: tuple[str, ...]  # in the model's order
    target_prefix: str | None = None
    json_version: str | None = None
    global_endpoint: str | None = None


@dataclass(slots=True)
class Index:
    """Every service, by the names a request may call it."""

    services: dict[str, Listing]
    by_signing_name: dict[str, list[Listing]] = field(default_factory=dict)
    by_endpoint_prefix: dict[str, list[Listing]] = field(default_factory=dict)
    by_target_prefix: dict[str, list[Listing]] = field(default_factory=dict)

    def __post_init__(self):
        for listing in self.services.values():
            self.by_signing_name.setdefault(listing.signing_name, []).append(listing)
            self.by_endpoint_prefix.setdefault(listing.endpoint_prefix, []).append(listing)
            if listing.target_prefix:
                self.by_target_prefix.setdefault(listing.target_prefix, []).append(listing)

    def get(self, name: str) -> Listing | None:
        return self.services.get(name)

    def __contains__(self, name: object) -> bool:
        return name in self.services


class Service:
    """The model of one service."""

    def __init__(self, name: str, description: dict):
        self.name = name
        self.metadata: dict[str, Any] = description["metadata"]
        self.shapes = Shapes(description["shapes"])
        self.notes: dict[str, Any] = description.get("glasshouse", {})
        self.projections = Projector()
        self._definitions: dict[str, Any] = description["operations"]
        self._operations: dict[str, Operation] = {}

    @property
    def protocols(self) -> list[str]:
        return self.metadata.get("protocols") or [self.metadata["protocol"]]

    @property
    def is_query_compatible(self) -> bool:
        """A service of the query protocol's past: its errors keep their older codes."""
        return "awsQueryCompatible" in self.metadata

    @property
    def operation_names(self) -> list[str]:
        return list(self._definitions)

    @cached_property
    def methods(self) -> dict[str, str]:
        """The operation of each python name: `put_parameter` -> `PutParameter`."""
        return {python_name(name): name for name in self._definitions}

    def operation(self, name: str) -> "Operation":
        """The operation of that name; KeyError when the service has none."""
        found = self._operations.get(name)
        if found is None:
            definition = self._definitions[name]
            if isinstance(definition, msgspec.Raw):
                definition = msgspec.json.decode(definition)
            found = self._operations[name] = Operation(self, name, definition)
        return found

    def error_shape(self, code: str) -> Shape | None:
        """The error shape of a class name, else the one that states this code."""
        if code in self.shapes and self.shapes[code].is_exception:
            return self.shapes[code]
        return self._errors_by_code.get(code)

    @cached_property
    def _errors_by_code(self) -> dict[str, Shape]:
        return {shape.traits.get("error", {}).get("code", shape.name): shape for shape in self.shapes.exceptions()}


class Operation:
    """One operation. What is compiled for it (its validation, its projection) is compiled when first asked for."""

    def __init__(self, service: Service, name: str, definition: dict):
        self.service, self.service_name, self.name = service, service.name, name
        self.method = python_name(name)
        http = definition.get("http", {})
        self.http_method: str = http.get("method", "POST")
        self.request_uri: str = http.get("requestUri", "/")
        self.response_code: int = http.get("responseCode", 200)
        self.host_prefix: str | None = definition.get("endpoint", {}).get("hostPrefix")
        self.checksum: dict[str, Any] = definition.get("httpChecksum", {})
        self.is_compressible: bool = "requestcompression" in definition
        self.checksum_required: bool = definition.get("httpChecksumRequired", False)
        self.auth_type: str | None = definition.get("authtype")
        self.deprecated: bool = definition.get("deprecated", False)
        self.errors: list[str] = [error["shape"] for error in definition.get("errors", [])]
        self.input_shape, self.output_shape = self._shape(definition, "input"), self._shape(definition, "output")
        self.required = frozenset(self.input_shape.required if self.input_shape else ())
        self.streaming_input = _streaming(self.input_shape)
        self.streaming_output = _streaming(self.output_shape)
        self.event_stream_input = _event_stream(self.input_shape)
        self.event_stream_output = _event_stream(self.output_shape)

    @cached_property
    def arguments(self) -> dict[str, str]:
        """The python name of each member of the input; one that is a word of the language takes an underscore."""
        members = self.input_shape.members if self.input_shape else {}
        names = {name: python_name(name) for name in members}
        return {name: f"{alias}_" if iskeyword(alias) else alias for name, alias in names.items()}

    @cached_property
    def validate(self) -> Callable[[Mapping[str, Any]], None]:
        """Raise the ServiceError that AWS raises for such parameters, if it would."""
        from glasshouse.protocol.validate import validator

        return validator(self)

    @cached_property
    def project(self) -> Callable[[Any], dict[str, Any]]:
        """What of a result the output shape lets the client see, by wire names."""
        return self.service.projections.projector(self.output_shape)

    def _shape(self, definition: dict, part: str) -> Shape | None:
        return self.service.shapes.resolve(definition[part]) if part in definition else None

    def __repr__(self) -> str:
        return f"<Operation {self.service_name}:{self.name}>"


@cache
def index() -> Index:
    """Every service botocore knows, from the generated file."""
    return Index(msgspec.json.decode(INDEX_FILE.read_bytes(), type=dict[str, Listing]))


@cache
def service(name: str) -> Service:
    """The model of a service, by botocore's name of it; KeyError when there is none."""
    return Service(name, described(name))


@cache
def operation(service_name: str, operation_name: str) -> Operation:
    return service(service_name).operation(operation_name)


def operation_name(service_name: str, method: str) -> str:
    """The operation that botocore's clients call by a method; KeyError when there is none."""
    return service(service_name).methods[method]


def protocols(service_name: str) -> tuple[str, ...]:
    """The protocols that a service speaks, in the model's order; no model is loaded for it."""
    return index().services[service_name].protocols


def endpoint_prefix(service_name: str) -> str:
    """What a service's host names begin with; no model is loaded for it."""
    return index().services[service_name].endpoint_prefix


def model_names() -> list[str]:
    """The services whose models botocore brings."""
    return sorted(path.name for path in _data().iterdir() if path.is_dir() and _model_file(path))


def _streaming(shape: Shape | None) -> str | None:
    """The member whose bytes are the body."""
    payload = shape.traits.get("payload") if shape else None
    return payload if shape and payload and shape.members[payload].type_name == "blob" else None


def _event_stream(shape: Shape | None) -> str | None:
    members = shape.members if shape else {}
    return next((name for name, member in members.items() if member.traits.get("eventstream")), None)


@cache
def _data() -> Path:
    spec = find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("botocore, whose models describe the AWS APIs, is not installed")
    return Path(spec.submodule_search_locations[0]) / "data"


def _model_file(folder: Path) -> Path | None:
    """A service's model of the latest API version."""
    found = sorted(folder.glob("*/service-2.json*"), key=lambda path: path.parent.name)
    return found[-1] if found else None


class _Description(msgspec.Struct):
    """A model as read: operations and shapes stay text until they are asked for."""

    metadata: dict[str, Any]
    operations: dict[str, msgspec.Raw]
    shapes: dict[str, msgspec.Raw]


def described(name: str) -> dict:
    path = _model_file(_data() / name) if re.fullmatch(r"[\w-]+", name) else None
    if path is None:
        raise KeyError(name)
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    read = msgspec.json.decode(_DOCUMENTATION.sub(b'"documentation":""', text), type=_Description)
    description = {"metadata": read.metadata, "operations": read.operations, "shapes": read.shapes}
    folder = name.replace("-", "_") + ("_" if iskeyword(name) else "")
    for overlay in (_OVERLAYS / f"{name}.json", _SERVICES / folder / "model.json"):
        if overlay.is_file():
            merge(description, msgspec.json.decode(overlay.read_bytes()))
    return description


def _decoded(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value


def merge(base: dict, overlay: dict):
    """Lay an overlay over a description; text that is not decoded yet is decoded where the overlay reaches it."""
    for key, value in overlay.items():
        current = base[key] = _decoded(base[key]) if key in base else None
        if value is None:
            del base[key]
        elif isinstance(value, dict) and isinstance(current, dict):
            merge(current, value)
        else:
            base[key] = value
