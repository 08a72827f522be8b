"""botocore's side of the wire: its models, its serializers and its parsers, against which ours are held."""

import json
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import botocore
from botocore.awsrequest import HeadersDict, create_request_object, prepare_request_dict
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from botocore.utils import deep_merge, parse_timestamp

import glasshouse.protocol
from glasshouse.protocol.http import Request, Response

SERVICES = """
sts ssm sqs s3 sns iam ec2 dynamodb lambda stepfunctions glue athena logs cloudwatch kinesis events cloudformation
apigateway quicksight securityhub kafka acm apigatewayv2 dynamodbstreams route53 cloudfront kms secretsmanager
"""
# The deprecated form of an operation has the route of the one that replaced it; ListDirectoryBuckets has none.
REPLACED = {
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "ListDirectoryBuckets": "ListBuckets",
}
_OVERLAYS = Path(glasshouse.protocol.__file__).with_name("overlays")
_loader = Loader(extra_search_paths=[str(Path(botocore.__file__).parent / "data")], include_default_search_paths=False)


@cache
def service(name: str, protocol: str) -> ServiceModel:
    """A service as botocore would know it if the service still spoke that protocol."""
    description = json.loads(json.dumps(_loader.load_service_model(name, "service-2")))
    overlay = _OVERLAYS / f"{name}.json"
    if protocol == "query" and overlay.is_file():
        # botocore's query protocol reads locationName where the overlay says queryName
        deep_merge(description, json.loads(overlay.read_text().replace("queryName", "locationName")))
        for operation, definition in description["operations"].items():
            if "output" in definition:
                definition["output"].setdefault("resultWrapper", f"{operation}Result")
    return ServiceModel(description, name)


def protocols(name: str) -> list[str]:
    from glasshouse.protocol import model

    return model.service(name).protocols


def operations(services: str = SERVICES, deprecated: bool = True) -> list[tuple[str, str, str]]:
    """Every operation of the services, in every protocol that the service lists."""
    return [
        (name, protocol, operation)
        for name in services.split()
        for protocol in protocols(name)
        for operation in service(name, protocol).operation_names
        if deprecated or operation not in REPLACED
    ]


def spoken(services: str = SERVICES) -> list[tuple[str, str]]:
    """Every service with every protocol that it lists."""
    return [(name, protocol) for name in services.split() for protocol in protocols(name)]


def retyped(theirs, ours) -> list[str]:
    """The members to which an overlay of ours gave another type than botocore does."""
    members = theirs.members if theirs else {}
    return [name for name, member in members.items() if member.type_name != ours.members[name].type_name]


def operation(name: str, protocol: str, operation_name: str) -> OperationModel:
    return service(name, protocol).operation_model(operation_name)


@cache
def _serializer(protocol: str):
    return create_serializer(protocol, include_validation=False)


@cache
def _parser(protocol: str):
    parser = create_parser(protocol)
    parser._timestamp_parser = lambda value: parse_timestamp(value).timestamp()
    if parser._event_stream_parser is not None:
        parser._event_stream_parser._timestamp_parser = parser._timestamp_parser
    return parser


def request(protocol: str, model: OperationModel, params: dict) -> Request:
    """The request that botocore sends for these parameters."""
    described = _serializer(protocol).serialize_to_request(params, model)
    prepare_request_dict(described, endpoint_url="http://127.0.0.1")
    prepared = create_request_object(described).prepare()
    url = urlsplit(prepared.url)
    body = prepared.body or b""
    headers = {
        name.lower(): value if isinstance(value, str) else value.decode() for name, value in prepared.headers.items()
    }
    if "ContentLength" not in params:
        headers.pop("content-length", None)  # which the client adds, and S3 has a member for
    path = prepared.url.split("://", 1)[1].partition("/")[2].partition("?")[0]
    return Request(prepared.method, f"/{path}", url.query, headers, body.encode() if isinstance(body, str) else body)


class Stream:
    """A streamed body, which botocore hands to its caller unread."""

    def __init__(self, body):
        self.chunks = [body] if isinstance(body, bytes) else list(body)

    def stream(self):
        return iter(self.chunks)

    def read(self) -> bytes:
        return b"".join(self.chunks)

    def close(self):
        pass


def parse(protocol: str, response: Response, shape, streaming: bool = False, operation_name: str = "") -> dict:
    """What botocore's client makes of a response."""
    return _parser(protocol).parse(
        {
            "status_code": response.status,
            "headers": HeadersDict(response.headers),
            "body": Stream(response.body) if streaming else response.body,
            "context": {"operation_name": operation_name},
        },
        shape,
    )
