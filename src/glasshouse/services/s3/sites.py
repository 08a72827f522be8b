"""Websites of buckets, as their own hosts serve them: index and error documents, redirects, routing rules.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html. A visitor is anonymous, whatever he brings:
each document is asked for as GetObject by nobody in particular, so that the bucket's policy, ACLs and blocks decide.
"""

from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from glasshouse.core import ServiceError
from glasshouse.core.access import ANONYMOUS
from glasshouse.core.call import Call
from glasshouse.core.visit import Answer, Visit
from glasshouse.services.s3.errors import AccessDenied, MethodNotAllowed, NoSuchBucket, NotModified
from glasshouse.services.s3.lifecycle_rules import http_date
from glasshouse.services.s3.setting_errors import NoSuchWebsiteConfiguration

SHOWN = {
    "ContentType": "content-type", "ETag": "etag", "CacheControl": "cache-control", "Expires": "expires",
    "ContentDisposition": "content-disposition", "ContentEncoding": "content-encoding",
    "ContentLanguage": "content-language", "ContentRange": "content-range", "AcceptRanges": "accept-ranges",
}  # fmt: skip
CONDITIONS = {"if-none-match": "IfNoneMatch", "if-match": "IfMatch", "range": "Range"}


@dataclass(slots=True)
class Site:
    """A bucket as a website, and what is asked of it."""

    bucket: Any
    configuration: dict[str, Any]
    visit: Visit
    path: str  # the key, as the visitor names it

    @property
    def index(self) -> str:
        return self.configuration["IndexDocument"]["Suffix"]

    @property
    def key(self) -> str:
        """A folder stands for the index document in it."""
        return self.path + self.index if self.path.endswith("/") or not self.path else self.path


class Sites:
    def _serve_site(self, visit: Visit, bucket: str) -> Answer:
        try:
            if visit.method not in ("GET", "HEAD"):
                raise MethodNotAllowed(Method=visit.method.upper(), ResourceType="OBJECT")
            found = self.buckets.get(bucket)
            if found is None:
                raise NoSuchBucket(BucketName=bucket)
            configuration = self._setting(found, "website", NoSuchWebsiteConfiguration)
        except ServiceError as refusal:
            return _page(visit, refusal, self.call.request_id)
        if all_to := configuration.get("RedirectAllRequestsTo"):
            return _redirect(visit, 301, all_to.get("HostName"), all_to.get("Protocol"), visit.path.lstrip("/"))
        site = Site(found, configuration, visit, visit.path.removeprefix("/"))
        if rule := _rule_for(site, None):
            return _routed(site, rule)
        try:
            return self._document(site, site.key, 200)
        except NotModified as unchanged:
            return Answer(304, {"etag": unchanged.members.get("ETag", "")})
        except ServiceError as refusal:
            return self._instead(site, refusal)

    def _instead(self, site: Site, refusal: ServiceError) -> Answer:
        """What is shown instead of a document that cannot be had."""
        status = _status(refusal)
        if status in (403, 404) and not site.path.endswith("/") and self._is_folder(site):
            return Answer(302, {"location": f"/{quote(site.path)}/"})
        if rule := _rule_for(site, status):
            return _routed(site, rule)
        error_key = (site.configuration.get("ErrorDocument") or {}).get("Key")
        if error_key is None:
            return _page(site.visit, refusal, self.call.request_id)
        try:
            return self._document(site, error_key, status)
        except ServiceError as further:
            return _page(site.visit, refusal, self.call.request_id, further, error_key)

    def _document(self, site: Site, key: str, status: int) -> Answer:
        """An object, with the headers that websites show."""
        params = {"Bucket": site.bucket.name, "Key": key}
        if status == 200:
            headers = site.visit.headers
            params |= {member: headers[name] for name, member in CONDITIONS.items() if name in headers}
        result = self._ask(site, "HeadObject" if site.visit.method == "HEAD" else "GetObject", params)
        if location := result.get("WebsiteRedirectLocation"):
            return Answer(301, {"location": location})
        headers = {name: str(result[member]) for member, name in SHOWN.items() if result.get(member)}
        headers["last-modified"] = http_date(result["LastModified"])
        headers["content-length"] = str(result["ContentLength"])
        headers |= {f"x-amz-meta-{name}": value for name, value in (result.get("Metadata") or {}).items()}
        return Answer(result.get("StatusCode", status) if status == 200 else status, headers, result.get("Body", b""))

    def _is_folder(self, site: Site) -> bool:
        """Whether the path, with a slash behind it, has an index document."""
        try:
            self._ask(site, "HeadObject", {"Bucket": site.bucket.name, "Key": f"{site.path}/{site.index}"})
        except ServiceError:
            return False
        return True

    def _ask(self, site: Site, operation: str, params: dict) -> dict:
        """Perform a call as an anonymous visitor. Who may not list a bucket may not know what is missing in it."""
        bucket = site.bucket

        def call(name: str, given: dict) -> Call:
            return Call("s3", name, given, bucket.account, bucket.region, ANONYMOUS, source=site.visit.source)

        try:
            return self.cloud.perform(call(operation, params))
        except ServiceError as refusal:
            if refusal.code != "NoSuchKey":
                raise
            listing = type(self)(self.cloud, call("ListObjectsV2", {"Bucket": bucket.name}))
            self.cloud.access.authorize(listing, self.cloud.model.operation("s3", "ListObjectsV2"))
            raise


def _status(refusal: ServiceError) -> int:
    return 404 if refusal.code == "NoSuchKey" else refusal.status


def _rule_for(site: Site, status: int | None) -> dict | None:
    """The first routing rule that applies: before the document is looked for, or to the error it came to."""
    for rule in site.configuration.get("RoutingRules", ()):
        condition = rule.get("Condition") or {}
        error = condition.get("HttpErrorCodeReturnedEquals")
        wanted = status is None if error is None else str(status) == error
        if wanted and site.path.startswith(condition.get("KeyPrefixEquals", "")):
            return rule
    return None


def _routed(site: Site, rule: dict) -> Answer:
    redirect, prefix = rule["Redirect"], (rule.get("Condition") or {}).get("KeyPrefixEquals", "")
    key = site.path
    if "ReplaceKeyWith" in redirect:
        key = redirect["ReplaceKeyWith"]
    elif "ReplaceKeyPrefixWith" in redirect:
        key = redirect["ReplaceKeyPrefixWith"] + key[len(prefix) :]
    code = int(redirect.get("HttpRedirectCode", 301))
    return _redirect(site.visit, code, redirect.get("HostName"), redirect.get("Protocol"), key)


def _redirect(visit: Visit, code: int, host: str | None, protocol: str | None, key: str) -> Answer:
    protocol = protocol or ("https" if visit.source.secure else "http")
    query = f"?{urlencode(visit.query)}" if visit.query else ""
    return Answer(code, {"location": f"{protocol}://{host or visit.host}/{quote(key)}{query}"})


def _page(
    visit: Visit, refusal: ServiceError, request_id: str, further: ServiceError | None = None, error_key: str = ""
) -> Answer:
    """An error as websites show it."""
    status = _status(refusal)
    title = f"{status} {HTTPStatus(status).phrase}"
    lines = _items(refusal, {"RequestId": request_id, "HostId": request_id})
    text = f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{lines}"
    if further is not None:
        text += "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n"
        text += _items(further, {} if isinstance(further, AccessDenied) else {"Key": error_key})
    text += "<hr/>\n</body>\n</html>\n"
    headers = {
        "content-type": "text/html; charset=utf-8",
        "x-amz-error-code": refusal.code,
        "x-amz-error-message": refusal.message,
        "x-amz-request-id": request_id,
    }
    body = b"" if visit.method == "HEAD" else text.encode()
    return Answer(status, headers | {"content-length": str(len(text.encode()))}, body)


def _items(refusal: ServiceError, further: dict[str, str]) -> str:
    shown = {"Code": refusal.code, "Message": refusal.message}
    shown |= {name: str(value) for name, value in refusal.members.items() if isinstance(value, str)}
    items = "".join(f"<li>{name}: {escape(value)}</li>\n" for name, value in (shown | further).items())
    return f"<ul>\n{items}</ul>\n"
