"""CORS: which pages of other origins may use a bucket from a browser."""

from glasshouse.core.visit import Answer, Visit
from glasshouse.services.s3.errors import InvalidRequest, MalformedXML
from glasshouse.services.s3.setting_errors import AccessForbidden, BadRequest, NoSuchCORSConfiguration

METHODS = ("GET", "PUT", "HEAD", "POST", "DELETE")
MAX_RULES = 100
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
NOT_ALLOWED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method /"
    " Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)


class Cors:
    def put_bucket_cors(
        self, bucket: str, cors_configuration: dict, content_md5: str | None = None,
        checksum_algorithm: str | None = None, expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        rules = cors_configuration["CORSRules"]
        if not 0 < len(rules) <= MAX_RULES:
            raise MalformedXML()
        for rule in rules:
            _check_rule(rule)
        self._keep_setting(found, "cors", rules)

    def get_bucket_cors(self, bucket: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        return {"CORSRules": self._setting(found, "cors", NoSuchCORSConfiguration)}

    def delete_bucket_cors(self, bucket: str, expected_bucket_owner: str | None = None):
        self._drop_setting(self._bucket(bucket, expected_bucket_owner), "cors")

    def _preflight(self, visit: Visit, bucket: str, key: str) -> Answer:
        """What a browser asks before it sends what a page of another origin wants sent."""
        origin = visit.headers.get("origin")
        if not origin:
            raise BadRequest("Insufficient information. Origin request header needed.")
        method = visit.headers.get("access-control-request-method")
        found = self.buckets.get(bucket)
        if found is None:
            raise _forbidden("CORSResponse: Bucket not found", "OPTIONS", "BUCKET")
        rules = self._setting(found, "cors")
        if rules is None:
            raise _forbidden("CORSResponse: CORS is not enabled for this bucket.", method or "OPTIONS", "BUCKET")
        if method not in METHODS:
            raise BadRequest(f"Invalid Access-Control-Request-Method: {method}")
        asked = _listed(visit.headers.get("access-control-request-headers", ""))
        rule = _matching(rules, origin, method, asked)
        if rule is None:
            raise _forbidden(NOT_ALLOWED, method, "OBJECT" if key else "BUCKET")
        headers = _headers(rule, origin)
        if asked:
            headers["access-control-allow-headers"] = ", ".join(asked)
        return Answer(200, headers)

    def _cors_headers(self, visit: Visit, bucket: str) -> dict[str, str]:
        """What lets a browser show the answer to a request to the page that made it."""
        origin = visit.headers.get("origin")
        found = self.buckets.get(bucket) if origin else None
        rules = self._setting(found, "cors") if found else None
        rule = _matching(rules, origin or "", visit.method, []) if rules else None
        return _headers(rule, origin or "") if rule else {}


def _check_rule(rule: dict):
    if not rule["AllowedMethods"] or not rule["AllowedOrigins"]:
        raise MalformedXML()
    for method in rule["AllowedMethods"]:
        if method not in METHODS:
            raise InvalidRequest(f"Found unsupported HTTP method in CORS config. Unsupported method is {method}")
    for member, name in (("AllowedOrigins", "AllowedOrigin"), ("AllowedHeaders", "AllowedHeader")):
        for value in rule.get(member, ()):
            if value.count("*") > 1:
                raise InvalidRequest(f'{name} "{value}" can not have more than one wildcard.')
    for value in rule.get("ExposeHeaders", ()):
        if "*" in value:
            raise InvalidRequest(
                f'ExposeHeader "{value}" contains wildcard. We currently do not support wildcard for ExposeHeader.'
            )


def _matching(rules: list[dict], origin: str, method: str, headers: list[str]) -> dict | None:
    """The first rule that allows the origin, the method, and all the headers that would be sent."""
    for rule in rules:
        allowed = [pattern.lower() for pattern in rule.get("AllowedHeaders", ())]
        if (
            method in rule["AllowedMethods"]
            and any(_fits(origin, pattern) for pattern in rule["AllowedOrigins"])
            and all(any(_fits(header, pattern) for pattern in allowed) for header in headers)
        ):
            return rule
    return None


def _fits(text: str, pattern: str) -> bool:
    start, star, end = pattern.partition("*")
    if not star:
        return text == pattern
    return text.startswith(start) and text.endswith(end) and len(text) >= len(start) + len(end)


def _listed(text: str) -> list[str]:
    return [name for part in text.split(",") if (name := part.strip().lower())]


def _headers(rule: dict, origin: str) -> dict[str, str]:
    anyone = "*" in rule["AllowedOrigins"]
    headers = {
        "access-control-allow-origin": "*" if anyone else origin,
        "access-control-allow-methods": ", ".join(rule["AllowedMethods"]),
        "vary": VARY,
    }
    if not anyone:
        headers["access-control-allow-credentials"] = "true"
    if rule.get("ExposeHeaders"):
        headers["access-control-expose-headers"] = ", ".join(rule["ExposeHeaders"])
    if rule.get("MaxAgeSeconds") is not None:
        headers["access-control-max-age"] = str(rule["MaxAgeSeconds"])
    return headers


def _forbidden(message: str, method: str, resource_type: str) -> AccessForbidden:
    return AccessForbidden(message, Method=method, ResourceType=resource_type)
