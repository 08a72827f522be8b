"""smithy-rpc-v2-cbor: `POST /service/<service>/operation/<operation>`, a CBOR body each way (CloudWatch and others)."""

from collections.abc import Callable
from typing import Any

from glasshouse.core.errors import SerializationException, ServiceError
from glasshouse.protocol import cbor, eventstream, faults, timestamps
from glasshouse.protocol.compression import expanded
from glasshouse.protocol.http import Request, Response
from glasshouse.protocol.model import Operation, Service
from glasshouse.protocol.shapes import Shape
from glasshouse.protocol.trees import Reader, TreeReader, TreeWriter, mistyped

CONTENT_TYPE = "application/cbor"
_HEADERS = {"smithy-protocol": "rpc-v2-cbor"}


class CborCodec:
    def __init__(self, service: Service):
        self.service = service
        self._reader, self._writer = TreeReader(_READERS), TreeWriter(_WRITERS)
        self._readers: dict[str, Reader] = {}
        self._writers: dict[str, Callable[[dict[str, Any], Response], None]] = {}

    def parse(self, operation: Operation, request: Request, labels: dict[str, str] | None = None) -> dict[str, Any]:
        read = self._readers.get(operation.name)
        if read is None:
            shape = operation.input_shape
            read = self._readers[operation.name] = self._reader.payload(shape) if shape else lambda value: {}
        body = expanded(request)
        return read(_decoded(body)) if body else {}

    def serialize(self, operation: Operation, result: dict[str, Any], request_id: str) -> Response:
        write = self._writers.get(operation.name)
        if write is None:
            write = self._writers[operation.name] = self._compiled(operation)
        response = Response(200, {"x-amzn-requestid": request_id, **_HEADERS})
        write(result, response)
        return response

    def serialize_error(
        self, operation: Operation | None, error: ServiceError, request_id: str, service_name: str = ""
    ) -> Response:
        fault = faults.describe(self.service, error)
        headers = {"x-amzn-requestid": request_id, "content-type": CONTENT_TYPE, **_HEADERS}
        if self.service.is_query_compatible:
            headers["x-amzn-query-error"] = faults.query_error(fault)
        return Response(fault.status, headers, cbor.encode(_error_members(self.service, fault)))

    def _compiled(self, operation: Operation) -> Callable[[dict[str, Any], Response], None]:
        if operation.event_stream_output:
            return eventstream.rpc_writer(operation, self._body_writer, CONTENT_TYPE)
        if operation.output_shape is None:
            return lambda result, response: None
        write = self._body_writer(operation.output_shape, operation.name)

        def write_body(result: dict[str, Any], response: Response):
            response.headers["content-type"] = CONTENT_TYPE
            response.body = write(result)

        return write_body

    def _body_writer(self, shape: Shape, name: str) -> Callable[[Any], bytes]:
        write = self._writer.writer(shape)
        return lambda value: cbor.encode(write(value) if write else value)


def _decoded(body: bytes) -> Any:
    try:
        return cbor.decode(body)
    except ValueError as refused:
        raise SerializationException(f"The request body is not valid CBOR: {refused}") from None


def _error_members(service: Service, fault: faults.Fault) -> dict[str, Any]:
    kind = f"com.amazonaws.{service.metadata['endpointPrefix']}#{fault.name}"
    if fault.shape is None:
        return {"__type": kind, "message": fault.message, **fault.members}
    written = TreeWriter(_WRITERS).members(fault.shape.members)(fault.members)
    return {"__type": kind, **({} if fault.message_member else {"message": fault.message}), **written}


def _read_float(value: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is not int:
        raise mistyped(value, "double")
    try:
        return float(value)
    except OverflowError:
        raise SerializationException("Numeric value out of range of a Double") from None


def _read_blob(value: Any) -> bytes:
    if type(value) is not bytes:
        raise mistyped(value, "blob")
    return value


def _read_time(value: Any) -> float:
    if not isinstance(value, cbor.Time):
        raise mistyped(value, "timestamp")
    try:
        return timestamps.read(value.seconds)
    except ValueError:
        raise SerializationException("A timestamp is out of range.") from None


_READERS: dict[str, Reader] = {
    "float": _read_float,
    "double": _read_float,
    "blob": _read_blob,
    "timestamp": _read_time,
}
_WRITERS = {"timestamp": lambda shape: lambda value: cbor.Time(timestamps.as_number(value))}
