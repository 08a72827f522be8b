"""Authorizers: who vouches for the callers of an API. How they are asked is in `authorization`."""

import re

from glasshouse.core import ids
from glasshouse.services.apigatewayv2 import checks
from glasshouse.services.apigatewayv2.errors import BadRequestException, ConflictException, not_found, too_many
from glasshouse.services.apigatewayv2.expressions import is_known
from glasshouse.services.apigatewayv2.records import Api, Authorizer, change

MOST_AUTHORIZERS, MOST_AUDIENCES = 10, 50
SOCKET_SOURCE = re.compile(r"route\.request\.(header|querystring)\.\S+|(context|stageVariables)\.\S+")


class Authorizers:
    """The authorizers of an API."""

    def create_authorizer(
        self, api_id: str, authorizer_type: str, identity_source: list, name: str,
        authorizer_credentials_arn: str | None = None, authorizer_payload_format_version: str | None = None,
        authorizer_result_ttl_in_seconds: int | None = None, authorizer_uri: str | None = None,
        enable_simple_responses: bool | None = None, identity_validation_expression: str | None = None,
        jwt_configuration: dict | None = None,
    ):  # fmt: skip
        api = self._api(api_id)
        authorizer = Authorizer(
            api_id, ids.token(6, ids.LOWER), name, authorizer_type, identity_source, authorizer_credentials_arn,
            authorizer_payload_format_version, authorizer_result_ttl_in_seconds, authorizer_uri,
            enable_simple_responses, identity_validation_expression, jwt_configuration,
        )  # fmt: skip
        self._put_new_authorizer(api, authorizer)
        self._deploy_automatically(api)
        return authorizer

    def get_authorizer(self, api_id: str, authorizer_id: str):
        return self._authorizer(api_id, authorizer_id)

    def get_authorizers(self, api_id: str, max_results: str | None = None, next_token: str | None = None):
        self._api(api_id)
        page = self.authorizers.page(checks.page_size(max_results), next_token, api_id)
        return {"Items": page.records, "NextToken": page.next_token}

    def update_authorizer(
        self, api_id: str, authorizer_id: str, authorizer_credentials_arn: str | None = None,
        authorizer_payload_format_version: str | None = None, authorizer_result_ttl_in_seconds: int | None = None,
        authorizer_type: str | None = None, authorizer_uri: str | None = None,
        enable_simple_responses: bool | None = None, identity_source: list | None = None,
        identity_validation_expression: str | None = None, jwt_configuration: dict | None = None,
        name: str | None = None,
    ):  # fmt: skip
        api, authorizer = self._api(api_id), self._authorizer(api_id, authorizer_id)
        settings = {
            "authorizer_credentials_arn": authorizer_credentials_arn,
            "authorizer_payload_format_version": authorizer_payload_format_version,
            "authorizer_result_ttl_in_seconds": authorizer_result_ttl_in_seconds, "authorizer_type": authorizer_type,
            "authorizer_uri": authorizer_uri, "enable_simple_responses": enable_simple_responses,
            "identity_source": identity_source, "identity_validation_expression": identity_validation_expression,
            "jwt_configuration": jwt_configuration, "name": name,
        }  # fmt: skip
        change(authorizer, settings)
        self._check_authorizer(api, authorizer)
        self.authorizers.put(authorizer)
        self._deploy_automatically(api)
        return authorizer

    def delete_authorizer(self, api_id: str, authorizer_id: str):
        api, authorizer = self._api(api_id), self._authorizer(api_id, authorizer_id)
        users = [route.route_id for route in self.routes.list(api_id) if route.authorizer_id == authorizer_id]
        if users:
            raise ConflictException(
                "Cannot delete Authorizer because it is referenced by the following Routes with Ids:"
                f" [{', '.join(users)}]"
            )
        self.authorizers.delete(authorizer)
        self._deploy_automatically(api)

    # Within

    def _authorizer(self, api_id: str, authorizer_id: str) -> Authorizer:
        self._api(api_id)
        authorizer = self.authorizers.get(api_id, authorizer_id)
        if authorizer is None:
            raise not_found("Authorizer", authorizer_id)
        return authorizer

    def _put_new_authorizer(self, api: Api, authorizer: Authorizer):
        known = list(self.authorizers.list(api.api_id))
        if len(known) >= MOST_AUTHORIZERS:
            raise too_many("Authorizers", "API")
        if api.is_http and authorizer.authorizer_type == "REQUEST":
            if authorizer.authorizer_result_ttl_in_seconds is None:
                authorizer.authorizer_result_ttl_in_seconds = 0
            if authorizer.authorizer_payload_format_version == "2.0" and authorizer.enable_simple_responses is None:
                authorizer.enable_simple_responses = False
        self._check_authorizer(api, authorizer)
        self.authorizers.put(authorizer)

    def _check_authorizer(self, api: Api, authorizer: Authorizer):
        """Raises BadRequestException, ConflictException."""
        checks.one_of(authorizer.authorizer_type, ("REQUEST", "JWT"), "authorizer type")
        checks.length(authorizer.name, 1, 128, "Name")
        others = (one for one in self.authorizers.list(api.api_id) if one.authorizer_id != authorizer.authorizer_id)
        if any(one.name == authorizer.name for one in others):
            raise ConflictException("Authorizer name must be unique. Authorizer with this name already exists in API")
        for source in authorizer.identity_source:
            known = is_known(source) if api.is_http else SOCKET_SOURCE.fullmatch(source)
            if source and not known:
                raise BadRequestException(f"Invalid identity source specified: {source}")
        if authorizer.authorizer_type == "JWT":
            _check_token_authorizer(api, authorizer)
        else:
            _check_function_authorizer(api, authorizer)


def _check_token_authorizer(api: Api, authorizer: Authorizer):
    if not api.is_http:
        raise BadRequestException("JWT authorizers are supported only for HTTP APIs")
    rules = authorizer.jwt_configuration or {}
    if not rules.get("Issuer"):
        raise BadRequestException("Issuer is a required parameter for JWT authorizer")
    if not rules["Issuer"].startswith(("https://", "http://")):
        raise BadRequestException(
            f"Invalid issuer: {rules['Issuer']}. Issuer must have a valid discovery endpoint ended with"
            " '/.well-known/openid-configuration'"
        )
    if len(rules.get("Audience") or ()) > MOST_AUDIENCES:
        raise BadRequestException(f"A JWT authorizer may have at most {MOST_AUDIENCES} audiences")
    if len(authorizer.identity_source) != 1:
        raise BadRequestException("A JWT authorizer must have exactly one identity source")


def _check_function_authorizer(api: Api, authorizer: Authorizer):
    if api.is_http and not authorizer.authorizer_payload_format_version:
        raise BadRequestException("AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer")
    if not api.is_http and authorizer.authorizer_payload_format_version:
        raise BadRequestException("AuthorizerPayloadFormatVersion is supported only for HTTP APIs")
    checks.within(authorizer.authorizer_result_ttl_in_seconds, 0, 3600, "AuthorizerResultTtlInSeconds")
    if authorizer.enable_simple_responses and authorizer.authorizer_payload_format_version == "1.0":
        raise BadRequestException("EnableSimpleResponses is supported only for the payload format version 2.0")
