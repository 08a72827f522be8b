"""The codec of a service in one of the protocols its model lists."""

from functools import cache
from typing import Any, Protocol

from glasshouse.core.errors import ServiceError
from glasshouse.protocol import model
from glasshouse.protocol.http import Request, Response
from glasshouse.protocol.model import Operation

PROTOCOLS = ("json", "query", "ec2", "rest-json", "rest-xml", "smithy-rpc-v2-cbor")
TARGETED_CBOR = "targeted-cbor"  # json, with bodies in CBOR; no model lists it


class Codec(Protocol):
    """Requests into parameters, results and errors into responses."""

    def parse(self, operation: Operation, request: Request, labels: dict[str, str] | None = None) -> dict[str, Any]:
        """The parameters, by wire names: timestamps as epoch seconds, blobs as bytes; a streamed body as it is."""
        ...

    def serialize(self, operation: Operation, result: dict[str, Any], request_id: str) -> Response:
        """The response for a result that was projected onto the operation's output."""
        ...

    def serialize_error(
        self, operation: Operation | None, error: ServiceError, request_id: str, service_name: str = ""
    ) -> Response:
        """The response for an error, in the protocol's envelope."""
        ...


@cache
def codec(service_name: str, protocol: str) -> Codec:
    """The codec that speaks a protocol for a service; KeyError when the service or the protocol is unknown."""
    service = model.service(service_name)
    if protocol == "json":
        from glasshouse.protocol.rpc import JsonCodec

        return JsonCodec(service)
    if protocol == "query":
        from glasshouse.protocol.forms import QueryCodec

        return QueryCodec(service)
    if protocol == "ec2":
        from glasshouse.protocol.forms import Ec2Codec

        return Ec2Codec(service)
    if protocol in ("smithy-rpc-v2-cbor", TARGETED_CBOR):
        from glasshouse.protocol.rpc_cbor import RPC_V2, TARGETED, CborCodec

        return CborCodec(service, TARGETED if protocol == TARGETED_CBOR else RPC_V2)
    from glasshouse.protocol import rest, rest_json, rest_xml

    if protocol == "rest-json":
        return rest.RestCodec(service, rest_json.JsonBodies())
    if protocol == "rest-xml":
        return rest.RestCodec(service, rest_xml.bodies(service))
    raise KeyError(protocol)
