"""Authorizers: functions that are asked who may call a method. How they are asked is in `authorizing`."""

import re
from typing import Any

from glasshouse.core import ids
from glasshouse.core.errors import NotSupported
from glasshouse.services.apigateway import patches
from glasshouse.services.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from glasshouse.services.apigateway.records import DEFAULT_TTL_S, Authorizer

DONE = ("TOKEN", "REQUEST")
LONGEST_TTL_S = 3600
URI = re.compile(r"arn:[\w-]+:apigateway:[\w-]+:lambda:path/+2015-03-31/functions/.+/invocations")
IDENTITY = re.compile(
    r"method\.request\.(?:header|querystring|multivalueheader|multivaluequerystring)\.\S+|stageVariables\.\w+"
    r"|context\.[\w.]+"
)
NO_AUTHORIZER = "Invalid Authorizer identifier specified"


class Authorizers:
    def create_authorizer(
        self, rest_api_id: str, name: str, type: str, auth_type: str | None = None, authorizer_uri: str | None = None,
        authorizer_credentials: str | None = None, identity_source: str | None = None,
        identity_validation_expression: str | None = None, authorizer_result_ttl_in_seconds: int | None = None,
    ):  # fmt: skip
        if self.apis.get(rest_api_id) is None:
            raise ConflictException(
                "Unable to complete operation due to concurrent modification. Please try again later."
            )  # fmt: skip
        authorizer = Authorizer(
            rest_api_id, ids.token(6, ids.LOWER), name, type, auth_type or "custom", authorizer_uri,
            authorizer_credentials, identity_source, identity_validation_expression, authorizer_result_ttl_in_seconds,
        )  # fmt: skip
        self._check_authorizer(authorizer)
        return self.authorizers.put(authorizer)

    def get_authorizer(self, rest_api_id: str, authorizer_id: str):
        return self._authorizer(rest_api_id, authorizer_id)

    def get_authorizers(self, rest_api_id: str, position: str | None = None, limit: int | None = None):
        self._api(rest_api_id)
        return self._page(self.authorizers.list(rest_api_id), limit, position, lambda authorizer: authorizer.name)

    def update_authorizer(self, rest_api_id: str, authorizer_id: str, patch_operations: list | None = None):
        authorizer = self._authorizer(rest_api_id, authorizer_id)
        for patch in patches.read(patch_operations):
            if patch.path not in FIELDS:
                raise patch.unknown()
            patch.require("replace")
            attribute, convert = FIELDS[patch.path]
            setattr(authorizer, attribute, convert(patch.value))
        self._check_authorizer(authorizer)
        return self.authorizers.put(authorizer)

    def delete_authorizer(self, rest_api_id: str, authorizer_id: str):
        authorizer = self._authorizer(rest_api_id, authorizer_id)
        for resource in self.resources.list(rest_api_id):
            for verb, method in resource.resource_methods.items():
                if method.get("authorizerId") == authorizer_id:
                    raise ConflictException(
                        f"Cannot delete authorizer '{authorizer.name}', is referenced in method: {resource.path}/{verb}"
                    )
        self.authorizers.delete(authorizer)

    # Within

    def _authorizer(self, rest_api_id: str, authorizer_id: str) -> Authorizer:
        authorizer = self.authorizers.get(rest_api_id, authorizer_id)
        if authorizer is None:
            raise NotFoundException(NO_AUTHORIZER)
        return authorizer

    def _check_authorizer(self, authorizer: Authorizer):
        check(authorizer)
        for other in self.authorizers.list(authorizer.api):
            if other.name == authorizer.name and other.id != authorizer.id:
                raise ConflictException(
                    f"Authorizer name must be unique. Authorizer {authorizer.name} already exists in this RestApi."
                )


def check(authorizer: Authorizer):
    """Raise unless it can be asked anything."""
    if authorizer.type not in DONE:
        raise NotSupported(f"apigateway authorizers of type {authorizer.type} are not supported by Glasshouse yet")
    if not authorizer.name:
        raise BadRequestException("Authorizer name cannot be empty")
    if not URI.fullmatch(authorizer.authorizer_uri or ""):
        raise BadRequestException(
            f"Invalid Authorizer URI: {authorizer.authorizer_uri}. Authorizer URI should be a valid API Gateway ARN"
            " that represents a Lambda function invocation."
        )
    if not 0 <= authorizer.ttl_s <= LONGEST_TTL_S:
        raise BadRequestException(
            f"Authorizer result TTL must be between 0 and {LONGEST_TTL_S} seconds."
        )  # fmt: skip
    _check_identity(authorizer)


def _check_identity(authorizer: Authorizer):
    sources = [source.strip() for source in (authorizer.identity_source or "").split(",") if source.strip()]
    if authorizer.type == "TOKEN":
        authorizer.identity_source = authorizer.identity_source or "method.request.header.Authorization"
        if len(sources) > 1 or not authorizer.identity_source.startswith("method.request.header."):
            raise BadRequestException(f"Invalid identity source specified: {authorizer.identity_source}")
    elif not sources and authorizer.ttl_s > 0:
        raise BadRequestException("Identity source is required when authorization caching is enabled")
    for source in sources:
        if not IDENTITY.fullmatch(source):
            raise BadRequestException(f"Invalid identity source specified: {source}")
    try:
        re.compile(authorizer.identity_validation_expression or "")
    except re.error:
        raise BadRequestException("Invalid identity validation expression specified") from None


def _seconds(value: str | None) -> int:
    return int(value) if value and value.isdigit() else -1 if value else DEFAULT_TTL_S


FIELDS: dict[str | None, tuple[str, Any]] = {
    "/name": ("name", lambda value: value or ""),
    "/type": ("type", lambda value: value or ""),
    "/authType": ("auth_type", patches.text),
    "/authorizerUri": ("authorizer_uri", patches.text),
    "/authorizerCredentials": ("authorizer_credentials", patches.text),
    "/identitySource": ("identity_source", patches.text),
    "/identityValidationExpression": ("identity_validation_expression", patches.text),
    "/authorizerResultTtlInSeconds": ("authorizer_result_ttl_in_seconds", _seconds),
}
