"""Which operation a request asks for: every operation of every service that botocore knows, and the odd ways to ask."""

import re
from urllib.parse import urlencode

import pytest

from glasshouse.gateway.hosts import PLAIN, read
from glasshouse.gateway.routing import NoService, Router
from glasshouse.protocol import model
from glasshouse.protocol.http import Request

LABEL = re.compile(r"{(\w+)(\+?)}")
FORM = {"content-type": "application/x-www-form-urlencoded"}
# APIs that share name, version and host with another's, down to the paths: nobody can tell a request to one from one
# to the other.
SAME = {
    "docdb": "rds",
    "neptune": "rds",
    "qconnect": "wisdom",
    "greengrassv2": "greengrass",
    "lambda-microvms": "lambda",
    "eventbridgev2": "events",
    "pinpoint-sms-voice": "sms-voice",
}
REPLACED = {
    "PutBucketLifecycle", "GetBucketLifecycle", "PutBucketNotification", "GetBucketNotification",
    "ListDirectoryBuckets",
}  # fmt: skip


@pytest.fixture(scope="module")
def router():
    return Router()


def drawn(listing, operation) -> Request:
    """A request to an operation, with as little in it as may be."""
    protocol = listing.protocols[0]
    if protocol == "json":
        return Request("POST", "/", "", {"x-amz-target": f"{listing.target_prefix}.{operation.name}"}, b"{}")
    if protocol in ("query", "ec2"):
        body = urlencode({"Action": operation.name, "Version": listing.api_version}).encode()
        return Request("POST", "/", "", FORM, body)
    if protocol == "smithy-rpc-v2-cbor":
        prefix = model.service(listing.name).metadata["targetPrefix"]
        return Request("POST", f"/service/{prefix}/operation/{operation.name}", "", {})
    path, _, query = operation.request_uri.partition("?")
    path = LABEL.sub(lambda label: "many/segments" if label[2] else "xyzzy", path)
    required = {name: operation.input_shape.members[name] for name in operation.required}
    headers = {m.wire_name(n).lower(): "x" for n, m in required.items() if m.location == "header"}
    pairs = [f"{m.wire_name(n)}=x" for n, m in required.items() if m.location == "querystring"]
    return Request(operation.http_method, path, "&".join([query, *pairs]).strip("&"), headers)


def test_every_operation_of_every_service_is_found_by_its_host(router):
    """On a host of AWS's; on ours some siblings with one signing name are alike."""
    wrong = []
    for listing in model.index().services.values():
        place = read(f"{listing.endpoint_prefix}.eu-west-1.amazonaws.com")
        service = model.service(listing.name)
        for name in service.operation_names:
            route = router.route(drawn(listing, service.operation(name)), listing.signing_name, place)
            found = (route.service, route.operation and route.operation.name)
            if found != (listing.name, name) and SAME.get(listing.name) != route.service and name not in REPLACED:
                wrong.append(f"{listing.name}:{name} is taken for {found}")
    model.service.cache_clear()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("signing_name", "request_", "service", "operation"),
    [
        ("elasticloadbalancing", b"Action=DescribeLoadBalancers&Version=2012-06-01", "elb", "DescribeLoadBalancers"),
        ("elasticloadbalancing", b"Action=DescribeLoadBalancers&Version=2015-12-01", "elbv2", "DescribeLoadBalancers"),
        ("rds", b"Action=DescribeDBInstances&Version=2014-10-31", "rds", "DescribeDBInstances"),
        ("ses", b"Action=SendEmail&Version=2010-12-01", "ses", "SendEmail"),
        ("ses", Request("POST", "/v2/email/outbound-emails"), "sesv2", "SendEmail"),
        ("apigateway", Request("GET", "/restapis"), "apigateway", "GetRestApis"),
        ("apigateway", Request("GET", "/v2/apis"), "apigatewayv2", "GetApis"),
        ("s3", Request("GET", "/v20180820/jobs", "", {"x-amz-account-id": "1"}), "s3control", "ListJobs"),
        ("s3", Request("GET", "/v20180820/jobs"), "s3", "GetObject"),
        ("dynamodb", Request("POST", "/", "", {"x-amz-target": "DynamoDB_20120810.Query"}), "dynamodb", "Query"),
        (
            "dynamodb",
            Request("POST", "/", "", {"x-amz-target": "DynamoDBStreams_20120810.ListStreams"}),
            "dynamodbstreams",
            "ListStreams",
        ),
        ("sqs", b"Action=SendMessage&Version=2012-11-05", "sqs", "SendMessage"),
        ("sqs", Request("GET", "/000000000000/q", "Action=ReceiveMessage"), "sqs", "ReceiveMessage"),
        (None, Request("GET", "/000000000000/q", "Action=ReceiveMessage&Version=2012-11-05"), "sqs", "ReceiveMessage"),
        (None, b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15", "sts", "AssumeRoleWithWebIdentity"),
        (None, Request("GET", "/bucket/key"), "s3", "GetObject"),
        ("monitoring", b"Action=ListMetrics&Version=2010-08-01", "cloudwatch", "ListMetrics"),
        (
            "monitoring",
            Request("POST", "/service/GraniteServiceVersion20100801/operation/ListMetrics"),
            "cloudwatch",
            "ListMetrics",
        ),
    ],
)
def test_services_that_share_a_name_are_told_apart_on_our_own_host(router, signing_name, request_, service, operation):
    asked = Request("POST", "/", "", FORM, request_) if isinstance(request_, bytes) else request_
    route = router.route(asked, signing_name, PLAIN)
    assert (route.service, route.operation.name) == (service, operation)


@pytest.mark.parametrize(
    ("signing_name", "request_"),
    [
        ("nosuch", Request("GET", "/")),
        (None, Request("POST", "/", "", {"x-amz-target": "NoSuch_20200101.Do"})),
        (None, Request("POST", "/", "Action=Do&Version=1999-01-01")),
        (None, Request("POST", "/service/NoSuch/operation/Do")),
    ],
)
def test_what_no_service_of_aws_knows_is_no_service(router, signing_name, request_):
    with pytest.raises(NoService):
        router.route(request_, signing_name, PLAIN)


@pytest.mark.parametrize(
    ("host", "prefix", "region", "labels"),
    [
        ("localhost:4566", None, None, ""),
        ("127.0.0.1:4566", None, None, ""),
        ("[::1]:4566", None, None, ""),
        ("example.com", None, None, ""),
        ("sqs.us-east-1.amazonaws.com", "sqs", "us-east-1", ""),
        ("sqs.us-east-1.localhost:4566", "sqs", "us-east-1", ""),
        ("us-east-1.queue.amazonaws.com", "sqs", "us-east-1", ""),
        ("iam.amazonaws.com", "iam", None, ""),
        ("streams.dynamodb.eu-west-1.amazonaws.com", "streams.dynamodb", "eu-west-1", ""),
        ("api.ecr.eu-west-1.amazonaws.com", "api.ecr", "eu-west-1", ""),
        ("kms.cn-north-1.amazonaws.com.cn", "kms", "cn-north-1", ""),
        ("lambda.eu-west-1.api.aws", "lambda", "eu-west-1", ""),
        ("s3.amazonaws.com", "s3", None, ""),
        ("bucket.s3.amazonaws.com", "s3", None, "bucket"),
        ("my.dotted.bucket.s3.eu-west-1.amazonaws.com", "s3", "eu-west-1", "my.dotted.bucket"),
        ("bucket.s3-eu-west-1.amazonaws.com", "s3", "eu-west-1", "bucket"),
        ("bucket.s3.dualstack.eu-west-1.amazonaws.com", "s3", "eu-west-1", "bucket"),
        ("bucket.s3-accelerate.amazonaws.com", "s3", None, "bucket"),
        ("bucket.s3.localhost:4566", "s3", None, "bucket"),
        ("bucket.s3.localhost.localstack.cloud:4566", "s3", None, "bucket"),
        ("bucket.s3.eu-west-1.localhost.localstack.cloud", "s3", "eu-west-1", "bucket"),
        ("bucket.localhost:4566", "s3", None, "bucket"),
        ("site.s3-website-eu-west-1.amazonaws.com", "s3-website", "eu-west-1", "site"),
        ("site.s3-website.eu-central-1.amazonaws.com", "s3-website", "eu-central-1", "site"),
        ("site.s3-website.localhost:4566", "s3-website", None, "site"),
        ("abc123.execute-api.eu-west-1.amazonaws.com", "execute-api", "eu-west-1", "abc123"),
        ("abc123.lambda-url.eu-west-1.on.aws", "lambda-url", "eu-west-1", "abc123"),
        ("123456789012.s3-control.eu-west-1.amazonaws.com", "s3-control", "eu-west-1", "123456789012"),
    ],
)
def test_a_host_says_service_region_and_bucket(host, prefix, region, labels):
    place = read(host)
    assert (place.prefix, place.region, place.labels) == (prefix, region, labels)


def test_a_bucket_named_like_a_service_is_a_bucket_to_who_signs_for_s3():
    assert read("events.localhost").prefix == "events"
    assert read("events.localhost").as_bucket().bucket == "events"
    assert read("my.events.localhost").as_bucket().bucket == "my.events"
    assert read("events.amazonaws.com").as_bucket().bucket is None
