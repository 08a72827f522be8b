"""AWS query and EC2's dialect of it: a form in, XML out."""

from collections.abc import Callable
from typing import Any

from glasshouse.core.errors import ServiceError
from glasshouse.protocol import faults, query, timestamps, xml
from glasshouse.protocol.compression import expanded
from glasshouse.protocol.http import Request, Response, decode_pairs
from glasshouse.protocol.model import Operation, Service
from glasshouse.protocol.rest_xml import DECLARATION, write_members

Write = Callable[[dict[str, Any], str], bytes]


class QueryCodec:
    """AWS query: IAM, STS, SNS, CloudFormation, RDS, and the past of SQS and CloudWatch."""

    _dialect: query.Dialect = query.Dialect()

    def __init__(self, service: Service):
        self.service = service
        self._readers: dict[str, query.Reader] = {}
        self._writers: dict[str, Write] = {}
        self._xml = self._xml_writer()
        self._path_member: str | None = service.notes.get("queryPath")  # what the path of a request stands for
        namespace = service.metadata.get("xmlNamespace") or self._default_namespace()
        self._namespace: str = namespace["uri"] if isinstance(namespace, dict) else namespace

    def parse(self, operation: Operation, request: Request, labels: dict[str, str] | None = None) -> dict[str, Any]:
        if operation.input_shape is None:
            return {}
        read = self._readers.get(operation.name)
        if read is None:
            read = self._readers[operation.name] = query.reader(operation.input_shape, self._dialect)
        params = read(query.tree([*request.query_pairs, *form(request)]))
        if self._path_member and self._path_member in operation.arguments and len(request.path) > 1:
            params.setdefault(self._path_member, request.path)
        return params

    def serialize(self, operation: Operation, result: dict[str, Any], request_id: str) -> Response:
        write = self._writers.get(operation.name)
        if write is None:
            write = self._writers[operation.name] = self._writer(operation)
        return Response(200, self._headers(request_id), write(result, request_id))

    def serialize_error(
        self, operation: Operation | None, error: ServiceError, request_id: str, service_name: str = ""
    ) -> Response:
        fault = faults.describe(self.service, error)
        return Response(fault.status, self._headers(request_id), self._error(fault, request_id))

    def _headers(self, request_id: str) -> dict[str, str]:
        return {"x-amzn-requestid": request_id, "content-type": "text/xml"}

    def _xml_writer(self) -> xml.Writer:
        return xml.Writer(query_names=True)

    def _default_namespace(self) -> str:
        return (
            f"http://{self.service.metadata['endpointPrefix']}.amazonaws.com/doc/{self.service.metadata['apiVersion']}/"
        )

    def _writer(self, operation: Operation) -> Write:
        name, shape = operation.name, operation.output_shape
        start = f'<{name}Response xmlns="{self._namespace}">'
        write_result = None
        if shape is not None:
            write_result = self._xml.body_root(shape, shape.traits.get("resultWrapper", f"{name}Result"), None)

        def write(result: dict[str, Any], request_id: str) -> bytes:
            out = [DECLARATION, start]
            if write_result:
                write_result(result, out.append)
            out.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>")
            return "".join(out).encode("utf-8", "replace")

        return write

    def _error(self, fault: faults.Fault, request_id: str) -> bytes:
        out = [DECLARATION, f'<ErrorResponse xmlns="{self._namespace}"><Error><Type>{fault.sender}</Type>']
        # An overlay says where AWS has other words for those who speak the older of two protocols.
        message = fault.shape.traits.get("error", {}).get("queryMessage") if fault.shape else None
        out.append(f"<Code>{xml.escape(fault.code)}</Code><Message>{xml.escape(message or fault.message)}</Message>")
        write_members(fault, self._xml, out)
        out.append(f"</Error><RequestId>{request_id}</RequestId></ErrorResponse>")
        return "".join(out).encode("utf-8", "replace")


class Ec2Codec(QueryCodec):
    """EC2's: names begin in upper case, lists are flat, and the answer has no result element."""

    _dialect = query.Ec2Dialect()

    def _headers(self, request_id: str) -> dict[str, str]:
        return {"x-amzn-requestid": request_id, "content-type": "text/xml;charset=UTF-8"}

    def _xml_writer(self) -> xml.Writer:
        return xml.Writer(timestamps.as_iso8601_milliseconds)

    def _writer(self, operation: Operation) -> Write:
        name, shape = operation.name, operation.output_shape
        start = f'{DECLARATION}<{name}Response xmlns="{self._namespace}">'
        write_members = self._xml.content(shape) if shape else None

        def write(result: dict[str, Any], request_id: str) -> bytes:
            out = [start, f"<requestId>{request_id}</requestId>"]
            if write_members:
                write_members(result, out.append)
            else:
                out.append("<return>true</return>")
            out.append(f"</{name}Response>")
            return "".join(out).encode("utf-8", "replace")

        return write

    def _error(self, fault: faults.Fault, request_id: str) -> bytes:
        out = [DECLARATION, f"<Response><Errors><Error><Code>{xml.escape(fault.code)}</Code>"]
        out.append(f"<Message>{xml.escape(fault.message)}</Message></Error></Errors>")
        out.append(f"<RequestID>{request_id}</RequestID></Response>")
        return "".join(out).encode("utf-8", "replace")


def form(request: Request) -> list[tuple[str, str]]:
    """The decoded pairs of a form in the body."""
    body = expanded(request)
    try:
        return decode_pairs(body.decode("utf-8")) if body else []
    except UnicodeDecodeError:
        raise query.MalformedQueryString() from None
