"""What a ServiceError is on the wire of a service: its code, its status, whose fault it is, and its members.

The model's error shape of the error's class name decides, or the shape whose trait states that code; an error the
model does not know speaks for itself. An overlay may give the namespace of a JSON 1.0 service's error types:
`"glasshouse": {"errorNamespace": "com.amazonaws.dynamodb.v20120810"}`.
"""

from dataclasses import dataclass
from typing import Any

from glasshouse.core.errors import ServiceError
from glasshouse.protocol.model import Service
from glasshouse.protocol.shapes import Shape


@dataclass(slots=True)
class Fault:
    name: str  # of the error shape
    code: str  # what the query protocols call it
    status: int
    message: str
    shape: Shape | None
    message_member: str | None  # the member of the shape that carries the message
    members: dict[str, Any]  # of the shape, the message among them; without a shape, what the error brought
    extras: dict[
        str, Any
    ]  # what the error brought and its shape does not know: S3's errors name the bucket and the key

    @property
    def sender(self) -> str:
        return "Sender" if self.status < 500 else "Receiver"


def describe(service: Service, error: ServiceError) -> Fault:
    shape = service.error_shape(error.code)
    if shape is None:
        return Fault(error.code, error.code, error.status, error.message, None, None, error.members, {})
    traits = shape.traits.get("error", {})
    status = traits.get("httpStatusCode") or (500 if shape.traits.get("fault") else error.status)
    message_member = next((name for name in shape.members if name.lower() in ("message", "errormessage")), None)
    brought = dict(error.members)
    if message_member:
        brought.setdefault(message_member, error.message)
    members = service.projections.projector(shape)(brought)
    extras = {name: value for name, value in error.members.items() if name not in shape.members}
    code = traits.get("code", shape.name)
    return Fault(shape.name, code, status, error.message, shape, message_member, members, extras)


def error_type(service: Service, fault: Fault) -> str:
    """The `__type` of a JSON error: the bare name, in JSON 1.0 with its namespace."""
    if service.metadata.get("jsonVersion") != "1.0":
        return fault.name
    if fault.shape is not None:
        namespace = service.notes.get("errorNamespace") or f"com.amazonaws.{service.metadata['endpointPrefix']}"
        return f"{namespace}#{fault.name}"
    return f"com.amazon.coral.{'validate' if fault.name == 'ValidationException' else 'service'}#{fault.name}"


def query_error(fault: Fault) -> str:
    """The header in which a service of the query protocol's past keeps its older codes."""
    return f"{fault.code};{fault.sender}"
