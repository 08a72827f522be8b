"""The bodies of each family, where the properties against botocore do not go: old forms, odd values, roots, headers."""

import gzip
import json
import math

import pytest

from glasshouse.core.errors import ServiceError
from glasshouse.protocol import model, routes, timestamps, wire
from glasshouse.protocol.http import Request, decode_pairs


def read(service: str, protocol: str, operation: str, body: bytes = b"", query: str = "", **headers: str):
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request("POST", "/", query, given, body)
    return wire.codec(service, protocol).parse(model.operation(service, operation), request, {})


def written(service: str, protocol: str, operation: str, result: dict) -> str:
    held = model.operation(service, operation)
    return wire.codec(service, protocol).serialize(held, held.project(result), "id").body.decode()


def refusal(service: str, protocol: str, operation: str, body: bytes = b"", **rest: str) -> tuple[str, str]:
    with pytest.raises(ServiceError) as refused:
        read(service, protocol, operation, body, **rest)
    return refused.value.code, refused.value.message


# -- JSON


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"MaxResults":"1"}', "STRING_VALUE can not be converted to an Integer"),
        (b'{"MaxResults":true}', "TRUE_VALUE can not be converted to an Integer"),
        (b'{"MaxResults":[1]}', "Start of list found where not expected"),
        (b'{"MaxResults":{}}', "Start of structure or map found where not expected."),
        (b'{"MaxResults":1.5}', "NUMBER_VALUE can not be converted to an Integer"),
        (b'{"MaxResults":99999999999}', "Numeric value (99999999999) out of range of an Integer"),
        (b'{"NextToken":1}', "NUMBER_VALUE can not be converted to a String"),
        (b'{"NextToken":false}', "FALSE_VALUE can not be converted to a String"),
        (b'{"ParameterFilters":"x"}', "Expected list or null"),
        (b'{"ParameterFilters":{}}', "Start of structure or map found where not expected."),
        (b'{"ParameterFilters":["x"]}', "Expected null"),
        (b"[]", "Start of list found where not expected"),
        (b"{", "The request body is not valid JSON."),
        (b'"\\ud800"', "The request body is not valid JSON."),
    ],
)
def test_json_of_the_wrong_type_is_refused_in_the_words_of_aws(body, message):
    assert refusal("ssm", "json", "DescribeParameters", body) == ("SerializationException", message)


def test_null_and_unknown_members_are_passed_over():
    body = b'{"NextToken":null,"Ghost":1,"ParameterFilters":[null,{"Key":"Name","Values":["a",null]}]}'
    assert read("ssm", "json", "DescribeParameters", body) == {"ParameterFilters": [{"Key": "Name", "Values": ["a"]}]}


def test_an_empty_body_is_no_parameters():
    assert read("ssm", "json", "DescribeParameters") == {}


def test_numbers_that_are_none():
    metric = {"MetricData": [{"MetricName": "m", "Values": ["NaN", "Infinity", "-Infinity", 1, 2.5]}]}
    values = read("cloudwatch", "json", "PutMetricData", json.dumps(metric).encode())["MetricData"][0]["Values"]
    assert math.isnan(values[0]) and values[1:] == [math.inf, -math.inf, 1.0, 2.5]
    result = {"MetricDataResults": [{"Values": [math.nan, math.inf, -math.inf, 0.5]}]}
    told = json.loads(written("cloudwatch", "json", "GetMetricData", result))
    assert told["MetricDataResults"][0]["Values"] == ["NaN", "Infinity", "-Infinity", 0.5]
    assert "<member>NaN</member><member>Infinity</member>" in written("cloudwatch", "query", "GetMetricData", result)


def test_base64_is_strict():
    assert read("kms", "json", "Decrypt", b'{"CiphertextBlob":"AAEC"}') == {"CiphertextBlob": b"\0\1\2"}
    for text in ("AAE", "A A=", "====", "é", "AAEC\\n"):
        assert (
            refusal("kms", "json", "Decrypt", f'{{"CiphertextBlob":"{text}"}}'.encode())[0] == "SerializationException"
        )


def test_times_are_told_to_the_millisecond():
    told = json.loads(written("ssm", "json", "GetParameter", {"Parameter": {"LastModifiedDate": 1700000000.12345}}))
    assert told == {"Parameter": {"LastModifiedDate": 1700000000.123}}


def test_a_compressed_body_is_expanded():
    form, headers = b"Namespace=n&MetricData.member.1.MetricName=m", {"content_encoding": "gzip"}
    expected = {"Namespace": "n", "MetricData": [{"MetricName": "m"}]}
    assert read("cloudwatch", "query", "PutMetricData", gzip.compress(form), **headers) == expected
    body = json.dumps(expected).encode()
    assert read("cloudwatch", "json", "PutMetricData", gzip.compress(body), **headers) == expected


def test_a_compressed_body_that_is_none_or_a_bomb_is_refused():
    whole = gzip.compress(b"{}")
    for body in (b"{}", whole[:-4], gzip.compress(bytes(65 * 1024 * 1024), 1)):
        assert (
            refusal("cloudwatch", "json", "PutMetricData", body, content_encoding="gzip")[0] == "SerializationException"
        )


# -- forms


def test_sqs_is_spoken_in_its_old_form():
    form = (
        b"Action=SendMessageBatch&QueueUrl=u&SendMessageBatchRequestEntry.2.Id=b&SendMessageBatchRequestEntry.2.MessageBody=2"
        b"&SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=1"
        b"&SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=n&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value."
        b"DataType=String&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue=v"
    )
    attributes = {"n": {"DataType": "String", "StringValue": "v"}}
    entries = [{"Id": "a", "MessageBody": "1", "MessageAttributes": attributes}, {"Id": "b", "MessageBody": "2"}]
    assert read("sqs", "query", "SendMessageBatch", form) == {"QueueUrl": "u", "Entries": entries}
    form = b"QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5&Tag.1.Key=k&Tag.1.Value=v"
    assert read("sqs", "query", "CreateQueue", form) == {
        "QueueName": "q", "Attributes": {"DelaySeconds": "5"}, "tags": {"k": "v"}
    }  # fmt: skip
    message = {"Body": "b", "Attributes": {"SenderId": "x"}, "MessageAttributes": attributes}
    assert written("sqs", "query", "ReceiveMessage", {"Messages": [message]}).split("ReceiveMessageResult>")[1] == (
        "<Message><Body>b</Body><Attribute><Name>SenderId</Name><Value>x</Value></Attribute><MessageAttribute><Name>n</Name>"
        "<Value><StringValue>v</StringValue><DataType>String</DataType></Value></MessageAttribute></Message></"
    )


def test_a_form_may_be_in_the_url():
    assert read("iam", "query", "GetUser", query="Action=GetUser&UserName=a%20b+c") == {"UserName": "a b c"}
    assert read("iam", "query", "GetUser", b"UserName=u", query="UserName=u") == {"UserName": "u"}


def test_a_parameter_with_two_values_is_refused():
    assert refusal("iam", "query", "GetUser", b"UserName=a&UserName=b")[0] == "MalformedQueryString"


def test_lists_are_in_the_order_of_their_numbers():
    form = b"Tags.member.10.Key=c&Tags.member.2.Key=b&Tags.member.1.Key=a&Tags.member.x.Key=z"
    assert [tag["Key"] for tag in read("iam", "query", "TagUser", form)["Tags"]] == ["a", "b", "c"]
    assert read("iam", "query", "TagUser", b"Tags=") == {"Tags": []}
    form = b"Filter.2.Name=b&Filter.1.Name=a&Filter.1.Value.1=x&Filter.1.Value.2=y"
    assert read("ec2", "ec2", "DescribeInstances", form) == {
        "Filters": [{"Name": "a", "Values": ["x", "y"]}, {"Name": "b"}]
    }


def test_values_of_the_wrong_type_in_a_form():
    assert refusal("iam", "query", "ListUsers", b"MaxItems=x")[0] == "MalformedInput"
    assert refusal("ec2", "ec2", "DescribeInstances", b"MaxResults=x") == (
        "InvalidParameterValue", "Value (x) for parameter MaxResults is invalid. Expected an integer value."
    )  # fmt: skip


def test_an_answer_has_the_elements_of_its_family():
    query = written("iam", "query", "CreateUser", {"User": {"UserName": "u", "CreateDate": 0}})
    assert query.startswith(
        '<?xml version="1.0" encoding="UTF-8"?>\n<CreateUserResponse xmlns="https://iam.amazonaws.com/'
    )
    assert "<CreateUserResult><User><UserName>u</UserName><CreateDate>1970-01-01T00:00:00Z</CreateDate></User>" in query
    assert query.endswith("<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></CreateUserResponse>")
    ec2 = written("ec2", "ec2", "DescribeVpcs", {"Vpcs": [{"VpcId": "v", "Tags": [{"Key": "k", "Value": "w"}]}]})
    assert "<requestId>id</requestId><vpcSet><item>" in ec2 and "<tagSet><item><key>k</key><value>w</value>" in ec2


# -- rest


def test_the_roots_of_s3s_documents():
    for operation, root in (("ListBuckets", "ListAllMyBucketsResult"), ("ListObjectsV2", "ListBucketResult")):
        assert f'<{root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' in written("s3", "rest-xml", operation, {})
    location = written("s3", "rest-xml", "GetBucketLocation", {"LocationConstraint": "eu-west-1"})
    assert location.endswith(
        '<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">eu-west-1</LocationConstraint>'
    )
    hold = written("s3", "rest-xml", "GetObjectLegalHold", {"LegalHold": {"Status": "ON"}})
    assert "<LegalHold xmlns=" in hold and "<Status>ON</Status>" in hold


def test_what_xml_cannot_say_is_written_as_a_reference():
    listed = written("s3", "rest-xml", "ListObjectsV2", {"Contents": [{"Key": "a\x01\r<&"}]})
    assert "<Key>a&#x1;&#xd;&lt;&amp;</Key>" in listed


def test_namespaces_and_prefixes_of_a_document_do_not_matter():
    body = b'<x:Tagging xmlns:x="http://s3.amazonaws.com/doc/2006-03-01/"><x:TagSet><x:Tag><x:Key>k</x:Key></x:Tag></x:TagSet></x:Tagging>'
    assert read("s3", "rest-xml", "PutBucketTagging", body) == {"Tagging": {"TagSet": [{"Key": "k"}]}}


def test_malformed_documents_are_refused():
    for body in (b"<Tagging>", b"<Other/>", b"<!DOCTYPE x><Tagging/>", b"\xff"):
        assert refusal("s3", "rest-xml", "PutBucketTagging", body)[0] == "MalformedXML"
        assert refusal("route53", "rest-xml", "ChangeResourceRecordSets", body)[0] == "MalformedInput"


def test_bindings_of_the_wrong_type_are_refused():
    assert refusal("s3", "rest-xml", "ListObjectsV2", query="max-keys=x") == (
        "InvalidArgument", "Provided max-keys not an integer or within integer range"
    )  # fmt: skip
    assert refusal("lambda", "rest-json", "ListFunctions", query="MaxItems=x")[0] == "SerializationException"
    assert refusal("s3", "rest-xml", "GetObject", if_modified_since="yesterday")[0] == "InvalidArgument"


def test_lists_in_headers():
    read_back = read("s3", "rest-xml", "GetObjectAttributes", x_amz_object_attributes='ETag, "a,b" ,Checksum')
    assert read_back["ObjectAttributes"] == ["ETag", "a,b", "Checksum"]


def test_metadata_headers_are_a_map():
    read_back = read("s3", "rest-xml", "PutObject", b"x", x_amz_meta_a="1", x_amz_meta_B="2", x_amz_acl="private")
    assert read_back == {"Body": b"x", "Metadata": {"a": "1", "B": "2"}, "ACL": "private"}
    response = wire.codec("s3", "rest-xml").serialize(
        model.operation("s3", "HeadObject"), {"Metadata": {"a": "1"}}, "id"
    )
    assert response.headers["x-amz-meta-a"] == "1" and response.body == b""


def test_a_bound_member_is_not_read_from_the_body():
    body = b'{"FunctionName":"smuggled","Description":"d"}'
    request = Request("PUT", "/2015-03-31/functions/f/configuration", body=body)
    operation, labels = routes.match("lambda", request.method, request.path)
    held = model.operation("lambda", operation)
    assert wire.codec("lambda", "rest-json").parse(held, request, labels) == {"FunctionName": "f", "Description": "d"}


@pytest.mark.parametrize(("service", "path", "code"), [
    ("s3", "/b/%ff", "InvalidURI"), ("lambda", "/2015-03-31/functions/%ff", "SerializationException"),
])  # fmt: skip
def test_a_path_that_is_not_utf_8_is_refused(service, path, code):
    operation, labels = routes.match(service, "GET", path)
    held = model.operation(service, operation)
    with pytest.raises(ServiceError) as refused:
        wire.codec(service, held.service.protocols[0]).parse(held, Request("GET", path), labels)
    assert refused.value.code == code and refused.value.message.encode()


def test_a_header_cannot_be_ended_by_what_it_holds():
    codec, operation = wire.codec("s3", "rest-xml"), model.operation("s3", "GetObject")
    result = {"ContentDisposition": "a\r\nx-evil: 1", "Metadata": {"k\n": "a\0b\té"}}
    headers = codec.serialize(operation, result, "id").headers
    assert headers["content-disposition"] == "a  x-evil: 1" and headers["x-amz-meta-k "] == "a b\té"


class Received:
    """A body that was streamed away and is read on demand."""

    def read(self) -> bytes:
        return b"<Tagging><TagSet/></Tagging>"


def test_a_received_body_is_handed_on_or_read():
    codec, received = wire.codec("s3", "rest-xml"), Received()
    put = codec.parse(
        model.operation("s3", "PutObject"), Request("PUT", "/b/k", body=received), {"Bucket": "b", "Key": "k"}
    )
    assert put["Body"] is received
    assert codec.parse(model.operation("s3", "PutBucketTagging"), Request("PUT", "/b", body=received), {}) == {
        "Tagging": {"TagSet": []}
    }


def test_a_streaming_member_is_the_body_as_it_is():
    body = object()
    response = wire.codec("s3", "rest-xml").serialize(
        model.operation("s3", "GetObject"), {"Body": body, "ETag": '"e"', "ContentLength": 3, "LastModified": 0}, "id"
    )
    assert response.body is body
    headers = {"etag": '"e"', "content-length": "3", "last-modified": "Thu, 01 Jan 1970 00:00:00 GMT"}
    assert response.headers.items() >= headers.items()


def test_a_status_may_be_a_member():
    codec, operation = wire.codec("lambda", "rest-json"), model.operation("lambda", "Invoke")
    response = codec.serialize(operation, {"StatusCode": 202, "Payload": b"", "FunctionError": "Handled"}, "id")
    assert (response.status, response.headers["x-amz-function-error"]) == (202, "Handled")


# -- the rest


def test_pairs_of_a_query_keep_blanks_and_order():
    assert decode_pairs("b=1&a&a=&c=%C3%A9+x%2B&&=y") == [
        ("b", "1"), ("a", ""), ("a", ""), ("c", "é x+"), ("", "y")
    ]  # fmt: skip
    assert Request("GET", "/").query_pairs == []


TIMES = """
2023-11-14T22:13:20Z 2023-11-14T22:13:20.000Z 2023-11-15T00:13:20+02:00 20231114T221320Z 2023-11-14T22:13:20
1700000000 1.7E9 Tue,_14_Nov_2023_22:13:20_GMT
"""


@pytest.mark.parametrize("text", [text.replace("_", " ") for text in TIMES.split()])
def test_times_are_read_in_every_format(text):
    assert timestamps.read(text) == 1700000000.0


@pytest.mark.parametrize("value", [1e15, 253402300800, -62135596801, "-62135596801", "0001-01-01T00:00:00+01:00"])
def test_times_of_no_year_of_the_calendar_are_none(value):
    with pytest.raises(ValueError, match="out of range"):
        timestamps.read(value)


def test_times_are_written_in_every_format():
    assert timestamps.as_iso8601(1700000000) == "2023-11-14T22:13:20Z"
    assert timestamps.as_iso8601(1700000000.1239) == "2023-11-14T22:13:20.124Z"
    assert timestamps.as_iso8601(-0.001) == "1969-12-31T23:59:59.999Z"
    assert timestamps.as_iso8601_milliseconds(0) == "1970-01-01T00:00:00.000Z"
    assert timestamps.as_http_date(1700000000.9) == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert timestamps.as_number(1700000000.0) == 1700000000 and timestamps.as_number(0.5) == 0.5
