"""The REST protocols: rest-json and rest-xml. The operation is in the method and the path; see `routes`."""

from collections.abc import Callable
from typing import Any, Protocol

from glasshouse.core.errors import ServiceError
from glasshouse.protocol import eventstream, faults
from glasshouse.protocol.bindings import InputBindings, OutputBindings
from glasshouse.protocol.compression import content, expanded
from glasshouse.protocol.http import Request, Response
from glasshouse.protocol.model import Operation, Service
from glasshouse.protocol.shapes import Shape

ReadBody = Callable[[Any, dict[str, Any]], None]  # adds what a body holds to the parameters
WriteBody = Callable[[dict[str, Any], Response], None]


class Bodies(Protocol):
    """What rest-json and rest-xml do each in its own way."""

    content_type: str

    def headers(self, request_id: str) -> dict[str, str]: ...

    def error_headers(self, fault: faults.Fault) -> dict[str, str]: ...

    def malformed(self) -> ServiceError: ...

    def refused(self, name: str, text: str, shape: Shape) -> ServiceError: ...

    def reader(self, shape: Shape) -> Callable[[bytes], dict[str, Any]]:
        """Reads the members of an input that are bound to nothing else."""
        ...

    def payload_reader(self, shape: Shape) -> Callable[[bytes], Any]:
        """Reads a body that is one member of the input."""
        ...

    def writer(self, operation: Operation, shape: Shape) -> Callable[[dict[str, Any]], bytes]: ...

    def event_writer(self, shape: Shape, name: str) -> Callable[[Any], bytes]: ...

    def error(self, fault: faults.Fault, request_id: str) -> bytes: ...


class RestCodec:
    """What both have in common: the bindings to path, query and headers, and the choice of the body."""

    def __init__(self, service: Service, bodies: Bodies):
        self.service, self._bodies = service, bodies
        self._inputs: dict[str, Callable[[Request, dict[str, str] | None], dict[str, Any]]] = {}
        self._outputs: dict[str, WriteBody] = {}

    def parse(self, operation: Operation, request: Request, labels: dict[str, str] | None = None) -> dict[str, Any]:
        """The parameters of a request to an operation."""
        read = self._inputs.get(operation.name)
        if read is None:
            read = self._inputs[operation.name] = self._input(operation)
        return read(request, labels)

    def serialize(self, operation: Operation, result: dict[str, Any], request_id: str) -> Response:
        """The response for a projected result."""
        write = self._outputs.get(operation.name)
        if write is None:
            write = self._outputs[operation.name] = self._output(operation)
        response = Response(operation.response_code, self._bodies.headers(request_id))
        write(result, response)
        return response

    def serialize_error(
        self, operation: Operation | None, error: ServiceError, request_id: str, service_name: str = ""
    ) -> Response:
        """The response for an error; that of a HEAD has no body."""
        fault = faults.describe(self.service, error)
        response = Response(fault.status, self._bodies.headers(request_id))
        response.headers.update(self._bodies.error_headers(fault))
        if fault.shape:
            OutputBindings(fault.shape).write(fault.members, response.headers)
        if operation is None or operation.http_method != "HEAD":
            response.headers["content-type"] = self._bodies.content_type
            response.body = self._bodies.error(fault, request_id)
        return response

    # -- requests

    def _input(self, operation: Operation) -> Callable[[Request, dict[str, str] | None], dict[str, Any]]:
        shape = operation.input_shape
        if shape is None:
            return lambda request, labels: {}
        literals = frozenset(part.partition("=")[0] for part in operation.request_uri.partition("?")[2].split("&"))
        bindings, read_body = InputBindings(shape, literals | {"x-id"}, self._bodies.refused), self._input_body(shape)

        def read(request: Request, labels: dict[str, str] | None) -> dict[str, Any]:
            params: dict[str, Any] = {}
            if read_body is not None:
                read_body(expanded(request) if operation.is_compressible else request.body, params)
            bindings.read(request, labels, params)
            return params

        return read

    def _input_body(self, shape: Shape) -> ReadBody | None:
        payload = shape.traits.get("payload")
        if payload:
            return self._payload_reader(payload, shape.members[payload], payload in shape.required)
        if all(member.location for member in shape.members.values()):
            return None
        read = self._bodies.reader(shape)

        def read_members(body: Any, params: dict[str, Any]):
            if held := content(body):
                params.update(read(held))

        return read_members

    def _payload_reader(self, name: str, shape: Shape, required: bool) -> ReadBody:
        if shape.type_name == "blob" or shape.traits.get("eventstream"):

            def read_bytes(body: Any, params: dict[str, Any]):
                if required or not (isinstance(body, bytes) and not body):
                    params[name] = body

            return read_bytes
        if shape.type_name == "string":

            def read_text(body: Any, params: dict[str, Any]):
                try:
                    text = content(body).decode("utf-8")
                except UnicodeDecodeError:
                    raise self._bodies.malformed() from None
                if required or text:
                    params[name] = text

            return read_text
        read = self._bodies.payload_reader(shape)

        def read_value(body: Any, params: dict[str, Any]):
            if (held := content(body)) and (value := read(held)) is not None:
                params[name] = value

        return read_value

    # -- responses

    def _output(self, operation: Operation) -> WriteBody:
        shape = operation.output_shape
        bindings = OutputBindings(shape) if shape else None
        write_body = self._output_body(operation, shape) if shape else None

        def write(result: dict[str, Any], response: Response):
            if bindings and bindings.any:
                response.status = bindings.write(result, response.headers) or response.status
            if write_body:
                write_body(result, response)

        return write

    def _output_body(self, operation: Operation, shape: Shape) -> WriteBody | None:
        payload = shape.traits.get("payload")
        if payload and shape.members[payload].traits.get("eventstream"):
            return self._events(payload, shape.members[payload])
        if payload and shape.members[payload].type_name in ("blob", "string"):
            return self._plain_payload(payload)
        write = self._bodies.writer(operation, shape)

        def write_body(result: dict[str, Any], response: Response):
            if response.status not in (204, 304) and operation.http_method != "HEAD":
                response.body = write(result)
                if response.body:
                    response.headers.setdefault("content-type", self._bodies.content_type)

        return write_body

    def _plain_payload(self, payload: str) -> WriteBody:
        def write_payload(result: dict[str, Any], response: Response):
            body = result.get(payload, b"")
            response.body = body.encode("utf-8", "replace") if isinstance(body, str) else body
            if payload in result:
                response.headers.setdefault("content-type", "application/octet-stream")

        return write_payload

    def _events(self, payload: str, shape: Shape) -> WriteBody:
        writer = eventstream.EventWriter(shape, self._bodies.event_writer, self._bodies.content_type)

        def write_events(result: dict[str, Any], response: Response):
            response.headers["content-type"] = eventstream.CONTENT_TYPE
            response.body = writer.frames(result.get(payload, ()))

        return write_events
