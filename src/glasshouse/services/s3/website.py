"""Website configurations of buckets. How a website is served is in `sites`."""

import re
from typing import Any

from glasshouse.services.s3.errors import InvalidArgument, InvalidRequest, MalformedXML
from glasshouse.services.s3.setting_errors import NoSuchWebsiteConfiguration

MAX_RULES = 50
ERROR_CODE = re.compile(r"[45]\d\d", re.ASCII)
REDIRECT_CODE = re.compile(r"3(0[1-9]|[1-9]\d)", re.ASCII)


class Websites:
    def put_bucket_website(
        self, bucket: str, website_configuration: dict, content_md5: str | None = None,
        checksum_algorithm: str | None = None, expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        _check(website_configuration)
        self._keep_setting(found, "website", website_configuration)

    def get_bucket_website(self, bucket: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        return self._setting(found, "website", NoSuchWebsiteConfiguration)

    def delete_bucket_website(self, bucket: str, expected_bucket_owner: str | None = None):
        self._drop_setting(self._bucket(bucket, expected_bucket_owner), "website")


def _check(configuration: dict[str, Any]):
    if "RedirectAllRequestsTo" in configuration:
        if len(configuration) > 1:
            raise InvalidArgument(
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
                ArgumentName="RedirectAllRequestsTo", ArgumentValue="not null",
            )  # fmt: skip
        _check_protocol(configuration["RedirectAllRequestsTo"])
        return
    index = configuration.get("IndexDocument")
    if index is None:
        raise InvalidArgument(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
            ArgumentName="IndexDocument", ArgumentValue="null",
        )  # fmt: skip
    if not index["Suffix"] or "/" in index["Suffix"]:
        raise InvalidArgument(
            "The IndexDocument Suffix is not well formed", ArgumentName="IndexDocument", ArgumentValue=index["Suffix"]
        )
    if "ErrorDocument" in configuration and not configuration["ErrorDocument"]["Key"]:
        raise MalformedXML()
    if "RoutingRules" in configuration:
        _check_rules(configuration["RoutingRules"])


def _check_rules(rules: list[dict]):
    if not rules:
        raise MalformedXML()
    if len(rules) > MAX_RULES:
        raise InvalidRequest(
            f"{len(rules)} routing rules provided, the number of routing rules in a website configuration is limited"
            f" to {MAX_RULES}."
        )
    for rule in rules:
        condition, redirect = rule.get("Condition"), rule["Redirect"]
        if condition is not None and not any(condition.values()):
            raise InvalidRequest(
                "Condition cannot be empty. To redirect all requests without a condition, the condition element"
                " shouldn't be present."
            )
        _check_codes(condition or {}, redirect)
        _check_protocol(redirect)
        if "ReplaceKeyPrefixWith" in redirect and "ReplaceKeyWith" in redirect:
            raise InvalidRequest("You can only define ReplaceKeyPrefix or ReplaceKey but not both.")


def _check_codes(condition: dict, redirect: dict):
    error, redirection = condition.get("HttpErrorCodeReturnedEquals"), redirect.get("HttpRedirectCode")
    if error is not None and not ERROR_CODE.fullmatch(error):
        raise InvalidRequest(
            f"The provided HTTP error code ({error}) is not valid. Valid codes are 4XX or 5XX."
        )  # fmt: skip
    if redirection is not None and not REDIRECT_CODE.fullmatch(redirection):
        raise InvalidRequest(
            f"The provided HTTP redirect code ({redirection}) is not valid. Valid codes are 3XX except 300."
        )


def _check_protocol(redirect: dict):
    if redirect.get("Protocol", "http") not in ("http", "https"):
        raise InvalidRequest(
            "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected"
            " automatically."
        )
