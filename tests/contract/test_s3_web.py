"""S3 on the web: CORS, websites, uploads from forms, and what everybody may see."""

import json
from base64 import b64decode, b64encode
from http.client import HTTPConnection
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError

BUCKET = "page"
ORIGIN = "https://app.example.com"
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
NO_BLOCKS = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False)


@pytest.fixture
def s3(aws):
    client = aws("s3", region="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def web(endpoint):
    """Plain HTTP to the cloud: `web(method, path, body, **headers)` answers (status, headers, body)."""
    address = urlsplit(endpoint)

    def ask(method, path, body=None, **headers):
        connection = HTTPConnection(address.hostname, address.port, timeout=10)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, content

    return ask


def refused(call, **params):
    """The error of a refused call, with its status."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    response = caught.value.response
    return response["Error"] | {"Status": response["ResponseMetadata"]["HTTPStatusCode"]}


def error_of(body):
    """The members of an error document."""
    return {element.tag: element.text for element in ElementTree.fromstring(body)}


def open_to_all(s3, *actions, bucket=BUCKET, effect="Allow"):
    """Let everybody read the objects, or do what is named."""
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=NO_BLOCKS)
    statements = []
    for action in actions or ("s3:GetObject",):
        on = f"arn:aws:s3:::{bucket}" if action == "s3:ListBucket" else f"arn:aws:s3:::{bucket}/*"
        statements.append({"Effect": effect, "Principal": "*", "Action": action, "Resource": on})
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))


# CORS: what is refused


@pytest.mark.parametrize(
    ("rule", "code", "message"),
    [
        ({"AllowedMethods": ["PATCH"], "AllowedOrigins": ["*"]}, "InvalidRequest",
         "Found unsupported HTTP method in CORS config. Unsupported method is PATCH"),
        ({"AllowedMethods": ["GET"], "AllowedOrigins": ["http://*.*.com"]}, "InvalidRequest",
         'AllowedOrigin "http://*.*.com" can not have more than one wildcard.'),
        ({"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ExposeHeaders": ["*"]}, "InvalidRequest",
         'ExposeHeader "*" contains wildcard. We currently do not support wildcard for ExposeHeader.'),
        ({"AllowedMethods": ["GET"]}, "MalformedXML", None),
    ],
)  # fmt: skip
def test_a_cors_rule_that_makes_no_sense_is_refused(s3, rule, code, message):
    error = refused(s3.put_bucket_cors, Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})
    assert error["Code"] == code
    assert message is None or error["Message"] == message


def test_a_hundred_cors_rules_are_the_most(s3):
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    for rules in ([], [rule] * 101):
        error = refused(s3.put_bucket_cors, Bucket=BUCKET, CORSConfiguration={"CORSRules": rules})
        assert error["Code"] == "MalformedXML"


def allow(s3, **rule):
    rule = {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": [ORIGIN], "MaxAgeSeconds": 3000, **rule}
    s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})
    return rule


def test_a_preflight_without_an_origin_or_a_bucket_is_refused(web, s3):
    status, _, body = web("OPTIONS", f"/{BUCKET}/a")
    assert (status, error_of(body)["Code"]) == (400, "BadRequest")
    assert error_of(body)["Message"] == "Insufficient information. Origin request header needed."
    status, _, body = web("OPTIONS", "/nowhere/a", Origin=ORIGIN, Access_Control_Request_Method="GET")
    assert (status, error_of(body)["Message"]) == (403, "CORSResponse: Bucket not found")
    status, _, body = web("OPTIONS", f"/{BUCKET}/a", Origin=ORIGIN, Access_Control_Request_Method="PUT")
    error = error_of(body)
    assert (status, error["Message"]) == (403, "CORSResponse: CORS is not enabled for this bucket.")
    assert (error["Method"], error["ResourceType"]) == ("PUT", "BUCKET")


@pytest.mark.parametrize(
    ("origin", "method", "headers"),
    [
        ("https://evil.example.com", "GET", ""),
        (ORIGIN, "DELETE", ""),
        (ORIGIN, "GET", "x-secret"),
        ("https://app.example.com.evil.org", "GET", ""),
    ],
)
def test_a_preflight_that_no_rule_allows_is_forbidden(web, s3, origin, method, headers):
    allow(s3, AllowedHeaders=["x-amz-*"])
    asked = {"Access_Control_Request_Headers": headers} if headers else {}
    status, answered, body = web(
        "OPTIONS", f"/{BUCKET}/a", Origin=origin, Access_Control_Request_Method=method, **asked
    )
    assert (status, error_of(body)["Code"], error_of(body)["ResourceType"]) == (403, "AccessForbidden", "OBJECT")
    assert "access-control-allow-origin" not in answered


# CORS: what is done


def test_the_rules_are_kept_until_they_are_deleted(s3):
    rule = allow(s3)
    assert s3.get_bucket_cors(Bucket=BUCKET)["CORSRules"] == [rule]
    s3.delete_bucket_cors(Bucket=BUCKET)
    s3.delete_bucket_cors(Bucket=BUCKET)
    assert refused(s3.get_bucket_cors, Bucket=BUCKET)["Code"] == "NoSuchCORSConfiguration"


def test_a_preflight_is_answered_with_what_the_rule_allows(web, s3):
    allow(s3, AllowedHeaders=["x-AMZ-*"], ExposeHeaders=["ETag", "x-amz-request-id"])
    status, headers, body = web(
        "OPTIONS", f"/{BUCKET}/a", Origin=ORIGIN, Access_Control_Request_Method="PUT",
        Access_Control_Request_Headers="X-Amz-Date, x-amz-acl",
    )  # fmt: skip
    assert (status, body) == (200, b"")
    assert {name: value for name, value in headers.items() if name.startswith("access-control")} == {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "x-amz-date, x-amz-acl",
        "access-control-expose-headers": "ETag, x-amz-request-id",
        "access-control-max-age": "3000",
        "access-control-allow-credentials": "true",
    }
    assert headers["vary"] == "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


def test_a_bucket_in_the_host_name_is_asked_the_same_way(web, s3):
    allow(s3)
    host = f"{BUCKET}.s3.us-east-1.amazonaws.com"
    status, headers, _ = web("OPTIONS", "/a", Host=host, Origin=ORIGIN, Access_Control_Request_Method="GET")
    assert (status, headers["access-control-allow-origin"]) == (200, ORIGIN)


@pytest.mark.parametrize(
    ("allowed", "origin", "shown"),
    [("*", "http://anywhere", "*"), ("https://*.example.com", ORIGIN, ORIGIN), ("http://*", "https://secure", None)],
)
def test_an_origin_may_have_a_wildcard(web, s3, allowed, origin, shown):
    allow(s3, AllowedOrigins=[allowed])
    _, headers, _ = web("OPTIONS", f"/{BUCKET}", Origin=origin, Access_Control_Request_Method="GET")
    assert headers.get("access-control-allow-origin") == shown
    assert ("access-control-allow-credentials" in headers) is (shown not in (None, "*"))


# CORS: what happens next


def test_a_page_may_see_the_answer_to_what_it_asked(web, s3):
    open_to_all(s3)
    allow(s3)
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"text")
    status, headers, body = web("GET", f"/{BUCKET}/a", Origin=ORIGIN)
    assert (status, body, headers["access-control-allow-origin"]) == (200, b"text", ORIGIN)
    _, headers, _ = web("GET", f"/{BUCKET}/a", Origin="https://evil.example.com")
    assert "access-control-allow-origin" not in headers
    status, headers, _ = web("GET", f"/{BUCKET}/missing", Origin=ORIGIN)
    assert (status // 100, headers["access-control-allow-origin"]) == (4, ORIGIN)
    _, headers, _ = web("GET", f"/{BUCKET}/a")
    assert "access-control-allow-origin" not in headers


# Websites: what is refused


@pytest.mark.parametrize(
    ("configuration", "code"),
    [
        ({}, "InvalidArgument"),
        ({"IndexDocument": {"Suffix": "a/b"}}, "InvalidArgument"),
        ({"IndexDocument": {"Suffix": ""}}, "InvalidArgument"),
        ({"IndexDocument": {"Suffix": "i"}, "ErrorDocument": {"Key": ""}}, "MalformedXML"),
        ({"IndexDocument": {"Suffix": "i"}, "RedirectAllRequestsTo": {"HostName": "h"}}, "InvalidArgument"),
        ({"RedirectAllRequestsTo": {"HostName": "h", "Protocol": "gopher"}}, "InvalidRequest"),
        ({"IndexDocument": {"Suffix": "i"}, "RoutingRules": [{"Redirect": {"HttpRedirectCode": "200"}}]},
         "InvalidRequest"),
        ({"IndexDocument": {"Suffix": "i"}, "RoutingRules": [
            {"Condition": {"HttpErrorCodeReturnedEquals": "200"}, "Redirect": {"HostName": "h"}}]}, "InvalidRequest"),
        ({"IndexDocument": {"Suffix": "i"}, "RoutingRules": [
            {"Redirect": {"ReplaceKeyWith": "a", "ReplaceKeyPrefixWith": "b"}}]}, "InvalidRequest"),
        ({"IndexDocument": {"Suffix": "i"}, "RoutingRules": [{"Redirect": {"HostName": "h"}}] * 51}, "InvalidRequest"),
    ],
)  # fmt: skip
def test_a_website_that_makes_no_sense_is_refused(s3, configuration, code):
    assert refused(s3.put_bucket_website, Bucket=BUCKET, WebsiteConfiguration=configuration)["Code"] == code


# Websites: what is done

SITE = f"{BUCKET}.s3-website-us-east-1.amazonaws.com"


def build(s3, *rules, error=None):
    configuration = {"IndexDocument": {"Suffix": "index.html"}}
    configuration |= {"ErrorDocument": {"Key": error}} if error else {}
    configuration |= {"RoutingRules": list(rules)} if rules else {}
    s3.put_bucket_website(Bucket=BUCKET, WebsiteConfiguration=configuration)
    return configuration


def publish(s3, **pages):
    open_to_all(s3, "s3:GetObject", "s3:ListBucket")
    for name, text in pages.items():
        key = name.replace("__", "/") + ".html"
        s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode(), ContentType="text/html")


def test_a_website_is_kept_until_it_is_deleted(s3):
    configuration = build(s3, error="oops.html")
    kept = s3.get_bucket_website(Bucket=BUCKET)
    assert {name: kept[name] for name in configuration} == configuration
    s3.delete_bucket_website(Bucket=BUCKET)
    error = refused(s3.get_bucket_website, Bucket=BUCKET)
    assert (error["Code"], error["BucketName"], error["Status"]) == ("NoSuchWebsiteConfiguration", BUCKET, 404)


@pytest.mark.parametrize(
    "host",
    [SITE, f"{BUCKET}.s3-website.us-east-1.amazonaws.com", f"{BUCKET}.s3-website.localhost.localstack.cloud:4566"],
)
def test_a_website_shows_index_documents(web, s3, host):
    build(s3)
    publish(s3, index="home", docs__index="documents", about="about")
    shown = {path: web("GET", path, Host=host) for path in ("/", "/docs/", "/about.html")}
    assert {path: (status, body) for path, (status, _, body) in shown.items()} == {
        "/": (200, b"home"), "/docs/": (200, b"documents"), "/about.html": (200, b"about"),
    }  # fmt: skip
    headers = shown["/"][1]
    assert (headers["content-type"], headers["content-length"]) == ("text/html", "4")
    status, headers, body = web("HEAD", "/", Host=host)
    assert (status, headers["content-length"], body) == (200, "4", b"")


def test_a_folder_gets_its_slash(web, s3):
    build(s3)
    publish(s3, docs__index="documents")
    status, headers, _ = web("GET", "/docs", Host=SITE)
    assert (status, headers["location"]) == (302, "/docs/")


def test_what_is_missing_is_told_in_html_or_by_the_error_document(web, s3):
    build(s3)
    publish(s3, oops="sorry")
    status, headers, body = web("GET", "/nothing.html", Host=SITE)
    assert (status, headers["x-amz-error-code"]) == (404, "NoSuchKey")
    assert b"<li>Code: NoSuchKey</li>" in body and b"<li>Key: nothing.html</li>" in body
    build(s3, error="oops.html")
    assert web("GET", "/nothing.html", Host=SITE)[::2] == (404, b"sorry")
    build(s3, error="gone.html")
    status, _, body = web("GET", "/nothing.html", Host=SITE)
    assert status == 404
    assert b"An Error Occurred While Attempting to Retrieve a Custom Error Document" in body


def test_a_website_is_only_for_reading(web, s3):
    build(s3)
    status, _, body = web("POST", "/", b"x", Host=SITE)
    assert (status, b"MethodNotAllowed" in body) == (405, True)


def test_a_bucket_that_is_no_website_says_so(web, s3):
    status, _, body = web("GET", "/", Host=SITE)
    assert (status, b"NoSuchWebsiteConfiguration" in body) == (404, True)
    status, _, body = web("GET", "/", Host="nowhere.s3-website-us-east-1.amazonaws.com")
    assert (status, b"NoSuchBucket" in body) == (404, True)


def test_a_private_bucket_is_a_website_for_nobody(web, s3):
    build(s3)
    s3.put_object(Bucket=BUCKET, Key="index.html", Body=b"secret")
    status, headers, body = web("GET", "/", Host=SITE)
    assert (status, headers["x-amz-error-code"]) == (403, "AccessDenied")
    assert b"secret" not in body


def test_who_may_not_list_may_not_know_what_is_missing(web, s3):
    build(s3)
    open_to_all(s3, "s3:GetObject")
    assert web("GET", "/nothing.html", Host=SITE)[0] == 403


def test_everything_can_be_redirected(web, s3):
    all_to = {"RedirectAllRequestsTo": {"HostName": "www.example.com", "Protocol": "https"}}
    s3.put_bucket_website(Bucket=BUCKET, WebsiteConfiguration=all_to)
    status, headers, _ = web("GET", "/a/b?c=d", Host=SITE)
    assert (status, headers["location"]) == (301, "https://www.example.com/a/b?c=d")


@pytest.mark.parametrize(
    ("rule", "path", "location"),
    [
        ({"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"ReplaceKeyPrefixWith": "documents/"}}, "/docs/a",
         (301, f"http://{SITE}/documents/a")),
        ({"Condition": {"KeyPrefixEquals": "old"}, "Redirect": {"ReplaceKeyWith": "new.html", "HostName": "h"}},
         "/old/a", (301, "http://h/new.html")),
        ({"Condition": {"HttpErrorCodeReturnedEquals": "404"},
          "Redirect": {"HostName": "h", "Protocol": "https", "HttpRedirectCode": "307",
                       "ReplaceKeyPrefixWith": "report-404/"}},
         "/missing", (307, "https://h/report-404/missing")),
        ({"Condition": {"HttpErrorCodeReturnedEquals": "403"}, "Redirect": {"HostName": "h"}}, "/missing", (404, None)),
        ({"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"HostName": "h"}}, "/about.html", (200, None)),
    ],
)  # fmt: skip
def test_a_routing_rule_redirects_what_it_is_for(web, s3, rule, path, location):
    build(s3, rule)
    publish(s3, about="about")
    status, headers, _ = web("GET", path, Host=SITE)
    assert (status, headers.get("location")) == location


def test_an_object_can_redirect(web, s3):
    build(s3)
    publish(s3)
    s3.put_object(Bucket=BUCKET, Key="old.html", Body=b"", WebsiteRedirectLocation="/new.html")
    status, headers, _ = web("GET", "/old.html", Host=SITE)
    assert (status, headers["location"]) == (301, "/new.html")


def test_a_browser_need_not_load_again_what_it_has(web, s3):
    build(s3)
    publish(s3, index="home")
    etag = web("GET", "/", Host=SITE)[1]["etag"]
    status, _, body = web("GET", "/", Host=SITE, If_None_Match=etag)
    assert (status, body) == (304, b"")


# What everybody may see


def test_a_public_policy_lets_everybody_read(web, s3):
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"text")
    assert web("GET", f"/{BUCKET}/a")[0] == 403
    open_to_all(s3)
    assert web("GET", f"/{BUCKET}/a")[::2] == (200, b"text")
    assert web("DELETE", f"/{BUCKET}/a")[0] == 403
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=NO_BLOCKS | {
        "RestrictPublicBuckets": True})  # fmt: skip
    assert web("GET", f"/{BUCKET}/a")[0] == 403
    assert s3.get_object(Bucket=BUCKET, Key="a")["Body"].read() == b"text"


def test_a_public_acl_lets_everybody_read_unless_it_is_ignored(web, s3):
    controls = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls=controls)
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=NO_BLOCKS)
    s3.put_object(Bucket=BUCKET, Key="open", Body=b"text", ACL="public-read")
    s3.put_object(Bucket=BUCKET, Key="closed", Body=b"text")
    assert (web("GET", f"/{BUCKET}/open")[0], web("GET", f"/{BUCKET}/closed")[0]) == (200, 403)
    assert web("GET", f"/{BUCKET}")[0] == 403
    s3.put_bucket_acl(Bucket=BUCKET, ACL="public-read")
    assert web("GET", f"/{BUCKET}")[0] == 200
    ignored = NO_BLOCKS | {"IgnorePublicAcls": True}
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=ignored)
    assert web("GET", f"/{BUCKET}/open")[0] == 403


# Forms


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
    assert (status, error["Code"], error["ProposedSize"], error["MaxSizeAllowed"]) == (400, "EntityTooLarge", "11", "10")
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
