"""Routes: from method, path, query and headers to the operation and its labels."""

import re

import pytest

from glasshouse.protocol import model, routes
from glasshouse.protocol.http import Request
from tests.protocol.client import REPLACED

S3 = {
    "GET /": "ListBuckets",
    "GET /b": "ListObjects",
    "GET /b/": "ListObjects",
    "GET /b?list-type=2": "ListObjectsV2",
    "GET /b?list-type=1": "ListObjects",
    "GET /b?location": "GetBucketLocation",
    "GET /b?location=": "GetBucketLocation",
    "GET /b?versions&prefix=x": "ListObjectVersions",
    "GET /b?uploads": "ListMultipartUploads",
    "GET /b?analytics": "ListBucketAnalyticsConfigurations",
    "GET /b?analytics&id=x": "GetBucketAnalyticsConfiguration",
    "GET /b?lifecycle": "GetBucketLifecycleConfiguration",
    "HEAD /b": "HeadBucket",
    "PUT /b": "CreateBucket",
    "PUT /b?acl": "PutBucketAcl",
    "DELETE /b": "DeleteBucket",
    "POST /b?delete": "DeleteObjects",
    "GET /b/k": "GetObject",
    "GET /b/k?x-id=GetObject": "GetObject",
    "GET /b/k?versionId=1": "GetObject",
    "GET /b/k?acl": "GetObjectAcl",
    "GET /b/k?attributes": "GetObjectAttributes",
    "GET /b/k?uploadId=u": "ListParts",
    "HEAD /b/k": "HeadObject",
    "PUT /b/k": "PutObject",
    "PUT /b/k?tagging": "PutObjectTagging",
    "PUT /b/k?partNumber=1&uploadId=u": "UploadPart",
    "PUT /b/k?uploadId=u": "UploadPart",
    "PUT /b/k?partNumber=1": "UploadPart",
    "POST /b/k?uploads": "CreateMultipartUpload",
    "POST /b/k?uploadId=u": "CompleteMultipartUpload",
    "POST /b/k?select&select-type=2": "SelectObjectContent",
    "POST /b/k?restore": "RestoreObject",
    "DELETE /b/k": "DeleteObject",
    "DELETE /b/k?uploadId=u": "AbortMultipartUpload",
}


def found(service: str, line: str, **headers: str):
    method, _, target = line.partition(" ")
    path, _, query = target.partition("?")
    request = Request(method, path, query)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return routes.match(service, method, path, request.query_pairs, given)


@pytest.mark.parametrize("line", S3)
def test_the_operations_of_s3_are_told_apart(line):
    operation, labels = found("s3", line)
    assert operation == S3[line]
    assert labels.get("Key", "k") == "k" and labels.get("Bucket", "b") == "b"


def test_a_copy_is_known_by_its_header():
    assert found("s3", "PUT /b/k", x_amz_copy_source="/a/b")[0] == "CopyObject"
    assert found("s3", "PUT /b/k?partNumber=1&uploadId=u", x_amz_copy_source="/a/b")[0] == "UploadPartCopy"


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("a//b", "a//b"), ("/a", "/a"), ("//", "//"), ("a/", "a/"), ("../a/./b", "../a/./b"), ("%2E%2e/x", "../x"),
        ("a%2Fb", "a/b"), ("a%252Fb", "a%2Fb"), ("%C3%A9", "é"), ("a+b%20c", "a+b c"), ("%00", "\0"), ("a%", "a%"),
    ],
)  # fmt: skip
def test_a_key_is_what_stands_in_the_path_decoded_once(raw, key):
    assert found("s3", f"GET /b/{raw}") == ("GetObject", {"Bucket": "b", "Key": key})


def test_an_encoded_slash_stays_within_its_label():
    arn = "arn%3Aaws%3Akafka%3Aeu-west-1%3A1%3Acluster%2Fname%2Fid"
    operation, labels = found("kafka", f"GET /v1/clusters/{arn}")
    assert (operation, labels) == ("DescribeCluster", {"clusterArn": "arn:aws:kafka:eu-west-1:1:cluster/name/id"})


def test_a_literal_comes_before_a_label():
    assert found("apigateway", "GET /restapis/r/resources/x/methods/GET/integration")[0] == "GetIntegration"
    assert found("lambda", "GET /2015-03-31/event-source-mappings")[0] == "ListEventSourceMappings"
    assert found("lambda", "GET /2015-03-31/event-source-mappings/")[0] == "ListEventSourceMappings"


def test_what_no_operation_has_is_not_found():
    assert found("lambda", "GET /nothing/of/the/kind") is None
    assert found("lambda", "PATCH /2015-03-31/functions/f") is None
    assert found("s3", "PATCH /b/k") is None
    assert found("lambda", "GET ") is None


@pytest.mark.parametrize("first", "abcdefghijklmnopqrstuvwxyz")
def test_every_operation_of_every_rest_service_has_a_route_of_its_own(first):
    listings = [listing for name, listing in model.index().services.items() if name.startswith(first)]
    for name in [held.name for held in listings if any(p.startswith("rest") for p in held.protocols)]:
        service = model.service(name)
        for operation in map(service.operation, service.operation_names):
            assert route_of(operation) == REPLACED.get(operation.name, operation.name)


def route_of(operation) -> str:
    """Where a request to an operation goes that has only what it must have."""
    path, _, query = operation.request_uri.partition("?")
    pairs = [(name, value) for name, _, value in (part.partition("=") for part in query.split("&"))]
    required = [(name, operation.input_shape.members[name]) for name in operation.required]
    pairs += [(shape.wire_name(name), "v") for name, shape in required if shape.location == "querystring"]
    headers = {shape.wire_name(name).lower(): "v" for name, shape in required if shape.location == "header"}
    raw = re.sub(r"\{[^}]+\}", "label", path)
    return routes.match(operation.service_name, operation.http_method, raw, pairs, headers)[0]
