"""rest-json: JSON bodies over HTTP bindings (Lambda, API Gateway, MSK, and most services of the last years)."""

from collections.abc import Callable
from typing import Any

from glasshouse.core.errors import SerializationException, ServiceError
from glasshouse.protocol import faults, json
from glasshouse.protocol.model import Operation
from glasshouse.protocol.shapes import Shape
from glasshouse.protocol.trees import unbound


class JsonBodies:
    content_type = "application/json"

    def __init__(self):
        self._reader, self._writer = json.JsonReader(), json.JsonWriter()

    def headers(self, request_id: str) -> dict[str, str]:
        return {"x-amzn-requestid": request_id}

    def malformed(self) -> ServiceError:
        return SerializationException()

    def refused(self, name: str, text: str, shape: Shape) -> ServiceError:
        return SerializationException(f"{text!a} at '{name}' can not be converted to {shape.type_name}")

    def error_headers(self, fault: faults.Fault) -> dict[str, str]:
        return {"x-amzn-errortype": fault.name}

    def reader(self, shape: Shape) -> Callable[[bytes], dict[str, Any]]:
        read = self._reader.body(unbound(shape))
        return lambda body: read(json.decode(body))

    def payload_reader(self, shape: Shape) -> Callable[[bytes], Any]:
        read = self._reader.payload(shape)

        def read_payload(body: bytes) -> Any:
            value = json.decode(body)
            return None if value is None else read(value)

        return read_payload

    def writer(self, operation: Operation, shape: Shape) -> Callable[[dict[str, Any]], bytes]:
        payload = shape.traits.get("payload")
        if not payload:
            write_members = self._writer.members(unbound(shape))
            return lambda result: json.encode(write_members(result))
        write = self._writer.writer(shape.members[payload]) or (lambda value: value)
        return lambda result: json.encode(write(result[payload])) if payload in result else b"{}"

    def event_writer(self, shape: Shape, name: str) -> Callable[[Any], bytes]:
        write = self._writer.writer(shape) or (lambda value: value)
        return lambda value: json.encode(write(value))

    def error(self, fault: faults.Fault, request_id: str) -> bytes:
        return json.encode(error_members(fault))


def error_members(fault: faults.Fault) -> dict[str, Any]:
    """The members of a JSON error. Where no shape says how the message is called, both spellings are there."""
    if fault.shape is None:
        return {"message": fault.message, "Message": fault.message, **fault.members}
    written = json.JsonWriter().members(unbound(fault.shape))(fault.members)
    return written if fault.message_member else {"message": fault.message, **written}
