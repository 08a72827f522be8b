"""Custom domain names, and which API answers under which path of one.

Differs from AWS: a domain may be made without a configuration; certificates and trust stores are named, not looked at;
a mapping may name a stage that is not there yet.
"""

import re

from glasshouse.core import domains, ids
from glasshouse.services.apigatewayv2 import checks
from glasshouse.services.apigatewayv2.errors import (
    BadRequestException,
    ConflictException,
    NotFoundException,
    too_many,
)
from glasshouse.services.apigatewayv2.records import Address, ApiMapping, DomainName, values

SITE = "execute-api"
MOST_DOMAINS, MOST_MAPPINGS = 120, 200
NAME = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*", re.IGNORECASE)
KEY = re.compile(r"[a-zA-Z0-9$\-_.+!*'(),/]*")
MODES = ("API_MAPPING_ONLY", "ROUTING_RULE_ONLY", "ROUTING_RULE_THEN_API_MAPPING")
ZONES = {"us-east-1": "Z1UJRXOUMOOFQ8", "eu-west-1": "ZLY8HYME6SFDD", "eu-central-1": "Z1U9ULNL0V5AJ3"}


class Domains:
    """The custom domain names of an account in a region."""

    def create_domain_name(
        self, domain_name: str, domain_name_configurations: list | None = None,
        mutual_tls_authentication: dict | None = None, routing_mode: str | None = None, tags: dict | None = None,
    ):  # fmt: skip
        checks.tags(tags)
        if not NAME.fullmatch(domain_name):
            raise BadRequestException(f"Invalid domain name specified: {domain_name}")
        if self.addresses.get(domain_name):
            raise ConflictException("The domain name resource already exists.")
        if len(self.domain_names.keys()) >= MOST_DOMAINS:
            raise too_many("domain names", "account")
        domain = DomainName(domain_name, [])
        self._change_domain(domain, domain_name_configurations, mutual_tls_authentication, routing_mode)
        self.addresses.put(Address(domain_name, self.call.account, self.call.region, domain_name))
        domains.claim(self.store, domain_name, SITE)
        self.cloud.tags.add(self._domain_arn(domain), tags)
        return self._shown_domain(domain)

    def get_domain_name(self, domain_name: str):
        return self._shown_domain(self._domain(domain_name))

    def get_domain_names(self, max_results: str | None = None, next_token: str | None = None):
        page = self.domain_names.page(checks.page_size(max_results), next_token)
        return {"Items": [self._shown_domain(domain) for domain in page.records], "NextToken": page.next_token}

    def update_domain_name(
        self, domain_name: str, domain_name_configurations: list | None = None,
        mutual_tls_authentication: dict | None = None, routing_mode: str | None = None,
    ):  # fmt: skip
        domain = self._domain(domain_name)
        self._change_domain(domain, domain_name_configurations, mutual_tls_authentication, routing_mode)
        return self._shown_domain(domain)

    def delete_domain_name(self, domain_name: str):
        domain = self._domain(domain_name)
        for mapping in list(self.mappings.list(domain_name)):
            self.mappings.delete(mapping)
        for configuration in domain.domain_name_configurations:
            self.addresses.delete(Address(_label(configuration), "", ""))
        self.addresses.delete(Address(domain_name, "", ""))
        domains.release(self.store, domain_name)
        self.cloud.tags.clear(self._domain_arn(domain))
        self.domain_names.delete(domain)

    # Within

    def _domain(self, name: str) -> DomainName:
        domain = self.domain_names.get(name)
        if domain is None:
            raise NotFoundException("The domain name resource specified in the request was not found.")
        return domain

    def _change_domain(self, domain: DomainName, given: list | None, mutual_tls: dict | None, mode: str | None):
        checks.one_of(mode, MODES, "routing mode")
        domain.routing_mode = mode or domain.routing_mode
        if given is not None:
            before = {one["EndpointType"]: one for one in domain.domain_name_configurations}
            domain.domain_name_configurations = [self._configured(domain, one, before) for one in given]
        if mutual_tls is not None:
            uri = mutual_tls.get("TruststoreUri")
            if uri and not uri.startswith("s3://"):
                raise BadRequestException(f"Invalid S3 URI specified for the truststore: {uri}")
            domain.mutual_tls_authentication = mutual_tls if uri else None
        self.domain_names.put(domain)

    def _configured(self, domain: DomainName, given: dict, before: dict[str, dict]) -> dict:
        """A configuration as it is shown, with the name that API Gateway gives to it."""
        kind = given.get("EndpointType") or "REGIONAL"
        checks.one_of(kind, ("REGIONAL", "EDGE"), "endpoint type")
        checks.one_of(given.get("SecurityPolicy"), ("TLS_1_0", "TLS_1_2"), "security policy")
        known = before.get(kind)
        label = _label(known) if known else f"d-{ids.token(10, ids.LOWER)}"
        self.addresses.put(Address(label, self.call.account, self.call.region, domain.domain_name))
        return {
            "SecurityPolicy": "TLS_1_2", "IpAddressType": "ipv4", **given, "EndpointType": kind,
            "ApiGatewayDomainName": f"{label}.execute-api.{self.call.region}.{self._domain_suffix()}",
            "DomainNameStatus": "AVAILABLE", "HostedZoneId": ZONES.get(self.call.region, "Z2OJLYMUO9EFXC"),
        }  # fmt: skip

    def _domain_arn(self, domain: DomainName) -> str:
        return self._arn(f"/domainnames/{domain.domain_name}")

    def _shown_domain(self, domain: DomainName) -> dict:
        arn = self._domain_arn(domain)
        return values(domain, DomainNameArn=arn, Tags=self.cloud.tags.of(arn))


class ApiMappings:
    """Which stage of which API answers under which path of a custom domain."""

    def create_api_mapping(self, api_id: str, domain_name: str, stage: str, api_mapping_key: str | None = None):
        self._domain(domain_name)
        if len(list(self.mappings.list(domain_name))) >= MOST_MAPPINGS:
            raise too_many("API mappings", "domain name")
        mapping = ApiMapping(domain_name, ids.token(6, ids.LOWER), api_id, stage, api_mapping_key or "")
        return self._put_mapping(mapping)

    def get_api_mapping(self, api_mapping_id: str, domain_name: str):
        return self._mapping(domain_name, api_mapping_id)

    def get_api_mappings(self, domain_name: str, max_results: str | None = None, next_token: str | None = None):
        self._domain(domain_name)
        page = self.mappings.page(checks.page_size(max_results), next_token, domain_name)
        return {"Items": page.records, "NextToken": page.next_token}

    def update_api_mapping(
        self, api_id: str, api_mapping_id: str, domain_name: str, api_mapping_key: str | None = None,
        stage: str | None = None,
    ):  # fmt: skip
        mapping = self._mapping(domain_name, api_mapping_id)
        mapping.api_id, mapping.stage = api_id, stage or mapping.stage
        mapping.api_mapping_key = mapping.api_mapping_key if api_mapping_key is None else api_mapping_key
        return self._put_mapping(mapping)

    def delete_api_mapping(self, api_mapping_id: str, domain_name: str):
        self.mappings.delete(self._mapping(domain_name, api_mapping_id))

    def _mapping(self, domain_name: str, mapping_id: str) -> ApiMapping:
        self._domain(domain_name)
        mapping = self.mappings.get(domain_name, mapping_id)
        if mapping is None:
            raise NotFoundException("The api mapping resource specified in the request was not found.")
        return mapping

    def _put_mapping(self, mapping: ApiMapping) -> ApiMapping:
        if self.apis.get(mapping.api_id) is None:
            raise NotFoundException(
                "Invalid API identifier specified The resource specified in the request was not found."
            )
        key = mapping.api_mapping_key
        if key.startswith("/") or "//" in key:
            raise BadRequestException("API mapping key should not start with a '/' or have consecutive '/'s.")
        if key.endswith("/"):
            raise BadRequestException("API mapping key should not end with a '/'.")
        if not KEY.fullmatch(key) or len(key) > 300:
            raise BadRequestException("API mapping key may contain only letters, numbers and $-_.+!*'()/ characters.")
        others = (
            one for one in self.mappings.list(mapping.domain_name) if one.api_mapping_id != mapping.api_mapping_id
        )
        if any(one.api_mapping_key == key for one in others):
            raise ConflictException("ApiMapping key already exists for this domain name")
        return self.mappings.put(mapping)


def _label(configuration: dict) -> str:
    """The first label of the name that API Gateway gives to a domain."""
    return configuration["ApiGatewayDomainName"].partition(".")[0]
