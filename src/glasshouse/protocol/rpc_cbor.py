"""The two protocols with a CBOR body each way.

smithy-rpc-v2-cbor is asked by `POST /service/<service>/operation/<operation>` (CloudWatch and others). What the Java
SDKs speak with Kinesis, application/x-amz-cbor-1.1, is awsJson but for the body, in which times are milliseconds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from glasshouse.core.errors import SerializationException, ServiceError
from glasshouse.protocol import cbor, eventstream, faults, timestamps
from glasshouse.protocol.compression import expanded
from glasshouse.protocol.http import Request, Response
from glasshouse.protocol.model import Operation, Service
from glasshouse.protocol.shapes import Shape
from glasshouse.protocol.trees import Reader, TreeReader, TreeWriter, mistyped


@dataclass(frozen=True)
class Dialect:
    """In what the two differ."""

    content_type: str
    headers: dict[str, str]
    read_time: Reader
    write_time: Callable[[Any], cbor.Time]
    error_type: Callable[[Service, str], str]


class CborCodec:
    def __init__(self, service: Service, dialect: Dialect):
        self.service, self._dialect = service, dialect
        self._reader = TreeReader({**_READERS, "timestamp": dialect.read_time})
        self._writer = TreeWriter({"timestamp": lambda shape: dialect.write_time})
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
        response = Response(200, {"x-amzn-requestid": request_id, **self._dialect.headers})
        write(result, response)
        return response

    def serialize_error(
        self, operation: Operation | None, error: ServiceError, request_id: str, service_name: str = ""
    ) -> Response:
        fault = faults.describe(self.service, error)
        dialect = self._dialect
        headers = {"x-amzn-requestid": request_id, "content-type": dialect.content_type, **dialect.headers}
        if self.service.is_query_compatible:
            headers["x-amzn-query-error"] = faults.query_error(fault)
        kind = dialect.error_type(self.service, fault.name)
        return Response(fault.status, headers, cbor.encode({"__type": kind, **self._error_members(fault)}))

    def _compiled(self, operation: Operation) -> Callable[[dict[str, Any], Response], None]:
        if operation.event_stream_output:
            return eventstream.rpc_writer(operation, self._body_writer, self._dialect.content_type)
        if operation.output_shape is None:
            return lambda result, response: None
        write = self._body_writer(operation.output_shape, operation.name)

        def write_body(result: dict[str, Any], response: Response):
            response.headers["content-type"] = self._dialect.content_type
            response.body = write(result)

        return write_body

    def _body_writer(self, shape: Shape, name: str) -> Callable[[Any], bytes]:
        write = self._writer.writer(shape)
        return lambda value: cbor.encode(write(value) if write else value)

    def _error_members(self, fault: faults.Fault) -> dict[str, Any]:
        if fault.shape is None:
            return {"message": fault.message, **fault.members}
        written = self._writer.members(fault.shape.members)(fault.members)
        return written if fault.message_member else {"message": fault.message, **written}


def _decoded(body: bytes) -> Any:
    try:
        return cbor.decode(body)
    except ValueError as refused:
        raise SerializationException(f"The request body is not valid CBOR: {refused}") from None


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


def _read_milliseconds(value: Any) -> float:
    milliseconds = value.seconds if isinstance(value, cbor.Time) else value
    if type(milliseconds) not in (int, float):
        raise mistyped(value, "timestamp")
    return _read_time(cbor.Time(milliseconds / 1000))


_READERS: dict[str, Reader] = {"float": _read_float, "double": _read_float, "blob": _read_blob}
RPC_V2 = Dialect(
    "application/cbor",
    {"smithy-protocol": "rpc-v2-cbor"},
    _read_time,
    lambda value: cbor.Time(timestamps.as_number(value)),
    lambda service, name: f"com.amazonaws.{service.metadata['endpointPrefix']}#{name}",
)
TARGETED = Dialect(
    "application/x-amz-cbor-1.1",
    {},
    _read_milliseconds,
    lambda value: cbor.Time(round(timestamps.as_number(value) * 1000)),
    lambda service, name: name,
)
