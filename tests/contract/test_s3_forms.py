"""S3: uploads from a browser's form."""

import json
from base64 import b64decode, b64encode
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.contract.s3_browser import BUCKET, browser, error_of, open_to_all


@pytest.fixture
def s3(aws):
    client = aws("s3", region="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def web(endpoint):
    return browser(endpoint)


def form(fields, file=b"text", file_name="photo.jpg", boundary="frontier"):
    """A body of multipart/form-data, and its type."""
    parts = []
    for name, value in fields.items():
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\n\r\n'
    parts.append(head.encode() + file + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


@pytest.fixture
def upload(web, s3):
    """Upload by a presigned form: `upload(key, fields, conditions, file)`; what `also` says is not signed for."""

    def send(key="a", fields=None, conditions=(), also=(), **file):
        conditions = [*conditions, *({name: value} for name, value in (fields or {}).items())]
        presigned = s3.generate_presigned_post(BUCKET, key, Fields=fields, Conditions=conditions)
        body, content_type = form({**presigned["fields"], **dict(also)}, **file)
        return web("POST", urlsplit(presigned["url"]).path, body, Content_Type=content_type)

    return send


def test_a_form_must_be_a_form_and_name_a_key(web, s3):
    status, _, body = web("POST", f"/{BUCKET}", b"key=a", Content_Type="text/plain")
    assert (status, error_of(body)["Code"]) == (412, "PreconditionFailed")
    body, content_type = form({"acl": "private"})
    status, _, body = web("POST", f"/{BUCKET}", body, Content_Type=content_type)
    assert (status, error_of(body)["ArgumentName"]) == (400, "key")


def test_a_form_that_nobody_signed_is_anonymous(web, s3):
    body, content_type = form({"key": "a"})
    status, _, answer = web("POST", f"/{BUCKET}", body, Content_Type=content_type)
    assert (status, error_of(answer)["Code"]) == (403, "AccessDenied")
    open_to_all(s3, "s3:PutObject")
    assert web("POST", f"/{BUCKET}", body, Content_Type=content_type)[0] == 204
    assert s3.get_object(Bucket=BUCKET, Key="a")["Body"].read() == b"text"


def test_a_policy_that_was_changed_is_not_signed(web, s3):
    presigned = s3.generate_presigned_post(BUCKET, "a")
    policy = json.loads(b64decode(presigned["fields"]["policy"]))
    policy["expiration"] = "2099-01-01T00:00:00Z"
    presigned["fields"]["policy"] = b64encode(json.dumps(policy).encode()).decode()
    body, content_type = form(presigned["fields"])
    status, _, answer = web("POST", f"/{BUCKET}", body, Content_Type=content_type)
    assert (status, error_of(answer)["Code"]) == (403, "SignatureDoesNotMatch")


def test_an_expired_policy_is_refused(web, s3):
    presigned = s3.generate_presigned_post(BUCKET, "a", ExpiresIn=-1)
    body, content_type = form(presigned["fields"])
    status, _, answer = web("POST", f"/{BUCKET}", body, Content_Type=content_type)
    error = error_of(answer)
    assert (status, error["Code"]) == (403, "AccessDenied")
    assert error["Message"] == "Invalid according to Policy: Policy expired."


@pytest.mark.parametrize(
    ("conditions", "fields", "also", "message"),
    [
        ([], {}, {"key": "other"}, 'Policy Condition failed: ["eq", "$key", "a"]'),
        ([["starts-with", "$x-amz-meta-who", "me"]], {}, {"x-amz-meta-who": "you"},
         'Policy Condition failed: ["starts-with", "$x-amz-meta-who", "me"]'),
        ([["starts-with", "$x-amz-meta-who", ""]], {}, {},
         'Policy Condition failed: ["starts-with", "$x-amz-meta-who", ""]'),
        ([["eq", "x-amz-meta-who", "me"]], {}, {"x-amz-meta-who": "me"},
         'Policy Condition failed: ["eq", "x-amz-meta-who", "me"]'),
        ([], {}, {"x-amz-meta-who": "me"}, "Extra input fields: x-amz-meta-who"),
    ],
)  # fmt: skip
def test_a_form_must_say_what_its_policy_allows(upload, conditions, fields, also, message):
    status, _, body = upload("a", fields, conditions, also)
    assert (status, error_of(body)["Code"]) == (403, "AccessDenied")
    assert error_of(body)["Message"] == f"Invalid according to Policy: {message}"


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"a": "1", "b": "2"}, "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."),
        ({"a": 1}, "Invalid Simple-Condition: value must be a string."),
        ([], "Invalid Condition: missing operation identifier."),
        (["matches", "$a", "b"], "Invalid Condition: unknown operation 'matches'."),
    ],
)
def test_a_policy_that_makes_no_sense_is_invalid(upload, condition, message):
    status, _, body = upload("a", conditions=[condition])
    assert (status, error_of(body)["Code"]) == (400, "InvalidPolicyDocument")
    assert error_of(body)["Message"] == f"Invalid Policy: {message}"


def test_a_file_may_not_be_larger_or_smaller_than_its_policy_says(upload, s3):
    bounds = [["content-length-range", 5, 10]]
    status, _, body = upload(conditions=bounds, file=b"x" * 11)
    error = error_of(body)
    assert (status, error["Code"], error["ProposedSize"], error["MaxSizeAllowed"]) == (
        400,
        "EntityTooLarge",
        "11",
        "10",
    )
    status, _, body = upload(conditions=bounds, file=b"x" * 4)
    assert (status, error_of(body)["Code"], error_of(body)["MinSizeAllowed"]) == (400, "EntityTooSmall", "5")
    assert upload(conditions=bounds, file=b"x" * 5)[0] == 204
    assert upload(conditions=bounds, file=b"x" * 10)[0] == 204
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 1


def test_a_form_makes_an_object_with_all_that_its_fields_say(upload, s3):
    fields = {"Content-Type": "image/jpeg", "x-amz-meta-WHO": "me", "Cache-Control": "no-cache",
              "tagging": "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>",
              "x-amz-storage-class": "STANDARD_IA"}  # fmt: skip
    status, headers, body = upload("dir/${filename}", fields, file=b"x" * 100_000, file_name="my photo.jpg")
    assert (status, body) == (204, b"")
    answer = s3.get_object(Bucket=BUCKET, Key="dir/my photo.jpg")
    assert (answer["ETag"], answer["Body"].read()) == (headers["etag"], b"x" * 100_000)
    assert (answer["ContentType"], answer["CacheControl"]) == ("image/jpeg", "no-cache")
    assert (answer["Metadata"], answer["TagCount"], answer["StorageClass"]) == ({"who": "me"}, 1, "STANDARD_IA")
    assert headers["location"].endswith(f"/{BUCKET}/dir%2Fmy%20photo.jpg")


def test_a_form_says_how_it_wants_to_be_answered(upload):
    assert upload(fields={"success_action_status": "200"})[0] == 200
    assert upload(fields={"success_action_status": "404"})[0] == 204
    status, headers, body = upload("b/c", fields={"success_action_status": "201"})
    answer = error_of(body)
    assert (status, answer["Bucket"], answer["Key"]) == (201, BUCKET, "b/c")
    assert (answer["ETag"], answer["Location"]) == (headers["etag"], headers["location"])


def test_a_form_sends_the_browser_on(upload):
    status, headers, _ = upload(fields={"success_action_redirect": "http://example.com/done?x=1"})
    location = urlsplit(headers["location"])
    assert (status, location.netloc, location.path) == (303, "example.com", "/done")
    told = parse_qs(location.query)
    assert (told["x"], told["bucket"], told["key"]) == (["1"], [BUCKET], ["a"])
    assert told["etag"] == [headers["etag"]]
    assert upload(fields={"success_action_redirect": "/relative"})[0] == 204


def test_an_upload_by_form_is_told_as_one(cloud, upload, s3, aws):
    sqs = aws("sqs", region="us-east-1")
    url = sqs.create_queue(QueueName="uploads")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage",
                 "Resource": arn}  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    queues = [{"QueueArn": arn, "Events": ["s3:ObjectCreated:Post"]}]
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": queues}, SkipDestinationValidation=True
    )
    assert upload("a")[0] == 204
    cloud.settle()
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    record = json.loads(message["Body"])["Records"][0]
    assert (record["eventName"], record["s3"]["object"]["key"]) == ("ObjectCreated:Post", "a")
