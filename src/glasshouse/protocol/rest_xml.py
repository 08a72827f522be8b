"""rest-xml: XML bodies over HTTP bindings (S3, Route 53, CloudFront).

An overlay may name a response's root element (`"output": {"locationName": "ListBucketResult"}`), and say that a
response is the text of its only member, without an element around it (`"output": {"unwrapped": true}`).
"""

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

from glasshouse.core.errors import MalformedInput, ServiceError
from glasshouse.core.ids import host_id
from glasshouse.protocol import faults, timestamps, xml
from glasshouse.protocol.model import Operation, Service
from glasshouse.protocol.shapes import Shape

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


class MalformedXML(ServiceError):
    """The XML you provided was not well-formed or did not validate against our published schema"""


class InvalidArgument(ServiceError):
    """Invalid Argument"""


class InvalidURI(ServiceError):
    """Couldn't parse the specified URI."""


class XmlBodies:
    content_type = "text/xml"

    def __init__(self, service: Service):
        self._service = service
        self._writer = xml.Writer()
        self._namespace = _uri(service.metadata.get("xmlNamespace"))

    def headers(self, request_id: str) -> dict[str, str]:
        return {"x-amzn-requestid": request_id}

    def error_headers(self, fault: faults.Fault) -> dict[str, str]:
        return {}

    def malformed(self) -> ServiceError:
        return MalformedInput("The request body is not the XML that was expected.")

    def refused(self, name: str, text: str, shape: Shape) -> ServiceError:
        return MalformedInput(f"Unexpected value {text!a} at '{name}'")

    def reader(self, shape: Shape) -> Callable[[bytes], dict[str, Any]]:
        return self._document_reader(shape, xml.body_reader(shape), None)

    def payload_reader(self, shape: Shape) -> Callable[[bytes], Any]:
        return self._document_reader(shape, xml.reader(shape), shape.traits.get("locationName"))

    def writer(self, operation: Operation, shape: Shape) -> Callable[[dict[str, Any]], bytes]:
        payload = shape.traits.get("payload")
        if payload:
            member = shape.members[payload]
            write = self._writer.root(member, member.wire_name(member.name), self._output_namespace(operation))
            return lambda result: _document(write, result[payload]) if payload in result else b""
        body = [name for name, member in shape.members.items() if member.location is None]
        if not body:
            return lambda result: b""
        tag = shape.wire_name(shape.name)
        if shape.traits.get("unwrapped"):
            write = self._writer.root(shape.members[body[0]], body[0], self._output_namespace(operation))
            return lambda result: _document(write, result.get(body[0], ""))
        write = self._writer.body_root(shape, tag, self._output_namespace(operation))
        return lambda result: _document(write, result)

    def event_writer(self, shape: Shape, name: str) -> Callable[[Any], bytes]:
        write = self._writer.root(shape, shape.wire_name(name), None)
        return lambda value: _document(write, value)

    def error(self, fault: faults.Fault, request_id: str) -> bytes:
        out: list[str] = [DECLARATION, "<ErrorResponse", f' xmlns="{self._namespace}">' if self._namespace else ">"]
        out += [f"<Error><Type>{fault.sender}</Type><Code>{xml.escape(fault.code)}</Code>"]
        out += [f"<Message>{xml.escape(fault.message)}</Message>"]
        write_members(fault, self._writer, out)
        out += [f"</Error><RequestId>{request_id}</RequestId></ErrorResponse>"]
        return "".join(out).encode("utf-8", "replace")

    def _document_reader(
        self, shape: Shape, read: Callable[[Element], Any], root: str | None
    ) -> Callable[[bytes], Any]:
        expected = {name for name in (root, shape.traits.get("locationName"), shape.name) if name}

        def read_document(body: bytes) -> Any:
            try:
                node = xml.parse(body)
                if xml.local_name(node.tag) not in expected:
                    raise ValueError("an unexpected root element")
                return read(node)
            except (ValueError, OverflowError, RecursionError):
                raise self.malformed() from None

        return read_document

    def _output_namespace(self, operation: Operation) -> str | None:
        for shape in (operation.output_shape, operation.input_shape):
            if shape and "xmlNamespace" in shape.traits:
                return _uri(shape.traits["xmlNamespace"])
        return self._namespace


class S3Bodies(XmlBodies):
    """S3's: its own errors and ids, and times that always have their milliseconds."""

    content_type = "application/xml"

    def __init__(self, service: Service):
        super().__init__(service)
        self._writer = xml.Writer(timestamps.as_iso8601_milliseconds)

    def headers(self, request_id: str) -> dict[str, str]:
        return {"x-amz-request-id": request_id, "x-amz-id-2": host_id(request_id)}

    def malformed(self) -> ServiceError:
        return MalformedXML()

    def refused(self, name: str, text: str, shape: Shape) -> ServiceError:
        if shape.type_name == "string":
            return InvalidURI()
        whole = shape.type_name in ("integer", "long")
        kind = "an integer or within integer range" if whole else f"a {shape.type_name}"
        return InvalidArgument(f"Provided {name} not {kind}", ArgumentName=name, ArgumentValue=text)

    def error(self, fault: faults.Fault, request_id: str) -> bytes:
        out: list[str] = [DECLARATION, f"<Error><Code>{xml.escape(fault.code)}</Code>"]
        out += [f"<Message>{xml.escape(fault.message)}</Message>"]
        write_members(fault, self._writer, out)
        out += [f"<{name}>{xml.escape(str(value))}</{name}>" for name, value in fault.extras.items()]
        out += [f"<RequestId>{request_id}</RequestId><HostId>{host_id(request_id)}</HostId></Error>"]
        return "".join(out).encode("utf-8", "replace")


def bodies(service: Service) -> XmlBodies:
    return S3Bodies(service) if service.name == "s3" else XmlBodies(service)


def write_members(fault: faults.Fault, writer: xml.Writer, out: list[str]):
    """The further members of an error, after its code and message."""
    if fault.shape is not None:
        told = ("Code", "Type", fault.message_member)
        members = {name: value for name, value in fault.members.items() if name not in told}
        if members:
            writer.content(fault.shape, lambda member: member.location is not None)(members, out.append)
        return
    for name, value in fault.members.items():
        out.append(f"<{name}>{xml.escape(str(value))}</{name}>")


def _document(write: xml.Content, value: Any) -> bytes:
    out = [DECLARATION]
    write(value, out.append)
    return "".join(out).encode("utf-8", "replace")


def _uri(namespace: Any) -> str | None:
    return namespace["uri"] if isinstance(namespace, dict) else namespace
