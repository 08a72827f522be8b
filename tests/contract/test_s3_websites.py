"""S3: websites, and what everybody may see."""

import pytest

from tests.contract.s3_box import refused
from tests.contract.s3_browser import BUCKET, NO_BLOCKS, browser, open_to_all


@pytest.fixture
def s3(aws):
    client = aws("s3", region="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def web(endpoint):
    return browser(endpoint)


# What is refused


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


# What is done

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


def test_what_kms_has_to_open_is_not_for_everybody(web, s3):
    open_to_all(s3)
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"text", ServerSideEncryption="aws:kms")
    status, _, body = web("GET", f"/{BUCKET}/a")
    assert (status, b"text" in body.partition(b"</Code>")[0]) == (400, False)
    assert b"require AWS Signature Version 4" in body
