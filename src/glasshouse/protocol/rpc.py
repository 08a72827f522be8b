"""awsJson: one path, the operation in the X-Amz-Target header, a JSON body each way."""

from collections.abc import Callable
from typing import Any

from glasshouse.core.errors import SerializationException, ServiceError
from glasshouse.protocol import eventstream, faults, json
from glasshouse.protocol.compression import expanded
from glasshouse.protocol.http import Request, Response
from glasshouse.protocol.model import Operation, Service
from glasshouse.protocol.rest_json import error_members
from glasshouse.protocol.shapes import Shape
from glasshouse.protocol.trees import Reader


class JsonCodec:
    """awsJson 1.0 and 1.1."""

    def __init__(self, service: Service):
        self.service = service
        self._content_type = f"application/x-amz-json-{service.metadata.get('jsonVersion', '1.1')}"
        self._reader, self._writer = json.JsonReader(), json.JsonWriter()
        self._readers: dict[str, Reader] = {}
        self._writers: dict[str, Callable[[dict[str, Any], Response], None]] = {}

    def parse(self, operation: Operation, request: Request, labels: dict[str, str] | None = None) -> dict[str, Any]:
        read = self._readers.get(operation.name)
        if read is None:
            shape = operation.input_shape
            read = self._readers[operation.name] = self._reader.payload(shape) if shape else lambda value: {}
        body = expanded(request)
        try:
            return read(json.decode(body)) if body else {}
        except SerializationException as failure:
            raise SerializationException(self._worded(failure.message)) from None

    def _worded(self, message: str) -> str:
        """What cannot be read, in the words of the service: an overlay's `"glasshouse": {"serialization": {...}}`."""
        for words, own in self.service.notes.get("serialization", {}).items():
            message = message.replace(words, own)
        return message

    def serialize(self, operation: Operation, result: dict[str, Any], request_id: str) -> Response:
        write = self._writers.get(operation.name)
        if write is None:
            write = self._writers[operation.name] = self._compiled(operation)
        response = Response(200, {"x-amzn-requestid": request_id, "content-type": self._content_type})
        write(result, response)
        return response

    def serialize_error(
        self, operation: Operation | None, error: ServiceError, request_id: str, service_name: str = ""
    ) -> Response:
        fault = faults.describe(self.service, error)
        headers = {"x-amzn-requestid": request_id, "content-type": self._content_type, "x-amzn-errortype": fault.name}
        if self.service.is_query_compatible:
            headers["x-amzn-query-error"] = faults.query_error(fault)
        body = {"__type": faults.error_type(self.service, fault), **error_members(fault)}
        return Response(fault.status, headers, json.encode(body))

    def _compiled(self, operation: Operation) -> Callable[[dict[str, Any], Response], None]:
        if operation.event_stream_output:
            return eventstream.rpc_writer(operation, self._event_writer, "application/json")
        write = self._writer.writer(operation.output_shape) if operation.output_shape else None

        def write_body(result: dict[str, Any], response: Response):
            response.body = json.encode(write(result) if write else result)

        return write_body

    def _event_writer(self, shape: Shape, name: str) -> Callable[[Any], bytes]:
        write = self._writer.writer(shape) or (lambda value: value)
        return lambda value: json.encode(write(value))
