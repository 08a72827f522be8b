"""Custom domains, and which of their paths lead to which API.

A domain is served to whoever asks for it in the Host header, over plain HTTP or with a certificate of this cloud; those
that it names are kept but not shown to anybody. Its regional name (`d-...execute-api...`) is served as well.
"""

import re
from typing import Any

from glasshouse.core import domains, ids
from glasshouse.services.apigateway import errors, patches
from glasshouse.services.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from glasshouse.services.apigateway.patches import Patch
from glasshouse.services.apigateway.records import BasePathMapping, DomainName, Place

NAME = re.compile(r"(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
BASE_PATH = re.compile(r"[a-zA-Z0-9$\-_.+!*'()]+")
NO_PATH = "(none)"
SITE = "execute-api"
DISTRIBUTION_ZONE = "Z2FDTNDATAQYW2"  # CloudFront's, everywhere
REGIONAL_ZONES = {
    "us-east-1": "Z1UJRXOUMOOFQ8", "us-east-2": "ZOJJZC49E0EPZ", "us-west-1": "Z2MUQ32089INYE",
    "us-west-2": "Z2OJLYMUO9EFXC", "eu-west-1": "ZLY8HYME6SFDD", "eu-west-2": "ZJ5UAJN8Y3Z2Q",
    "eu-central-1": "Z1U9ULNL0V5AJ3", "eu-north-1": "Z3UWIKFBOOGXPP", "ap-southeast-1": "ZL327KTPIQFUL",
    "ap-southeast-2": "Z2RPCDW04V8134", "ap-northeast-1": "Z1YSHQZHG15GKL",
}  # fmt: skip
FIELDS: dict[str | None, str] = {
    "/certificateName": "certificate_name", "/certificateArn": "certificate_arn",
    "/regionalCertificateName": "regional_certificate_name", "/regionalCertificateArn": "regional_certificate_arn",
    "/securityPolicy": "security_policy",
    "/ownershipVerificationCertificateArn": "ownership_verification_certificate_arn",
}  # fmt: skip

SHOWN = {
    "domainName": "domain_name", "domainNameArn": "domain_name_arn", "certificateName": "certificate_name",
    "certificateArn": "certificate_arn", "certificateUploadDate": "certificate_upload_date",
    "regionalDomainName": "regional_domain_name", "regionalHostedZoneId": "regional_hosted_zone_id",
    "regionalCertificateName": "regional_certificate_name", "regionalCertificateArn": "regional_certificate_arn",
    "distributionDomainName": "distribution_domain_name", "distributionHostedZoneId": "distribution_hosted_zone_id",
    "endpointConfiguration": "endpoint_configuration", "domainNameStatus": "domain_name_status",
    "securityPolicy": "security_policy",
    "ownershipVerificationCertificateArn": "ownership_verification_certificate_arn",
}  # fmt: skip


class Domains:
    def create_domain_name(
        self, domain_name: str, certificate_name: str | None = None, certificate_body: str | None = None,
        certificate_private_key: str | None = None, certificate_chain: str | None = None,
        certificate_arn: str | None = None, regional_certificate_name: str | None = None,
        regional_certificate_arn: str | None = None, endpoint_configuration: dict | None = None,
        tags: dict | None = None, security_policy: str | None = None,
        ownership_verification_certificate_arn: str | None = None,
    ):  # fmt: skip
        if not domain_name:
            raise BadRequestException("No Domain Name specified")
        if not NAME.fullmatch(domain_name):
            raise BadRequestException("Invalid domain name specified")
        if self.places.get(domain_name.lower()):
            raise BadRequestException("The domain name you provided already exists.")
        regional = bool(regional_certificate_arn or regional_certificate_name)
        endpoint = {"types": ["REGIONAL" if regional else "EDGE"], "ipAddressType": "ipv4"}
        endpoint |= {name: value for name, value in (endpoint_configuration or {}).items() if value}
        if "PRIVATE" in endpoint["types"]:
            raise BadRequestException("Private custom domain names need a VPC endpoint")
        domain = DomainName(
            domain_name, self.now, endpoint, self._arn(f"/domainnames/{domain_name}"), certificate_name,
            certificate_arn, regional_certificate_name=regional_certificate_name,
            regional_certificate_arn=regional_certificate_arn, security_policy=security_policy or "TLS_1_2",
            ownership_verification_certificate_arn=ownership_verification_certificate_arn,
        )  # fmt: skip
        if certificate_arn or certificate_name or certificate_body:
            domain.certificate_upload_date = self.now
        self._name_endpoints(domain)
        self.cloud.tags.add(domain.domain_name_arn, tags)
        self.places.put(Place(domain_name.lower(), self.call.account, self.call.region))
        domains.claim(self.store, domain_name, SITE)
        return self._shown_domain(self.domains.put(domain))

    def get_domain_name(self, domain_name: str):
        return self._shown_domain(self._domain(domain_name))

    def get_domain_names(self, position: str | None = None, limit: int | None = None):
        page = self._page(self.domains.list(), limit, position, lambda domain: domain.domain_name)
        return page | {"items": [self._shown_domain(domain) for domain in page["items"]]}

    def update_domain_name(self, domain_name: str, patch_operations: list | None = None):
        domain = self._domain(domain_name)
        for patch in patches.read(patch_operations):
            if attribute := FIELDS.get(patch.path):
                patch.require("replace", "add", "remove")
                setattr(domain, attribute, None if patch.op == "remove" else patch.value)
            elif patch.steps[:2] == ("endpointConfiguration", "types"):
                patch.require("replace", "add", "remove")
                _patch_types(domain.endpoint_configuration, patch)
            elif patch.path == "/endpointConfiguration/ipAddressType":
                patch.require("replace")
                domain.endpoint_configuration["ipAddressType"] = patch.value
            else:
                raise patch.unknown()
        self._name_endpoints(domain)
        return self._shown_domain(self.domains.put(domain))

    def delete_domain_name(self, domain_name: str):
        domain = self._domain(domain_name)
        for mapping in list(self.mappings.list(domain_name)):
            self.mappings.delete(mapping)
        self.places.delete(Place(domain_name.lower(), self.call.account, self.call.region))
        domains.release(self.store, domain_name)
        if domain.regional_domain_name:
            self.places.delete(Place(_label(domain), self.call.account, self.call.region))
        self.cloud.tags.clear(domain.domain_name_arn)
        self.domains.delete(domain)

    # Base path mappings

    def create_base_path_mapping(
        self, domain_name: str, rest_api_id: str, base_path: str | None = None, stage: str | None = None
    ):  # fmt: skip
        self._domain(domain_name)
        mapping = BasePathMapping(domain_name, base_path or NO_PATH, rest_api_id, stage or None)
        self._check_mapping(mapping)
        if self.mappings.get(domain_name, mapping.base_path):
            raise ConflictException("Base path already exists for this domain name")
        return self.mappings.put(mapping)

    def get_base_path_mapping(self, domain_name: str, base_path: str):
        return self._mapping(domain_name, base_path)

    def get_base_path_mappings(self, domain_name: str, position: str | None = None, limit: int | None = None):
        self._domain(domain_name)
        return self._page(self.mappings.list(domain_name), limit, position, lambda mapping: mapping.base_path)

    def update_base_path_mapping(self, domain_name: str, base_path: str, patch_operations: list | None = None):
        mapping = self._mapping(domain_name, base_path)
        self.mappings.delete(mapping)
        for patch in patches.read(patch_operations):
            if patch.op != "replace":
                raise patch.not_supported()
            if patch.path == "/stage":
                mapping.stage = patch.value or None
            elif patch.path == "/restapiId":
                mapping.rest_api_id = patch.value or ""
            elif patch.path == "/basePath":
                mapping.base_path = patch.value or NO_PATH
            else:
                raise BadRequestException(
                    f"Invalid patch path  '{patch.path}' specified for op 'replace'. Must be one of: [/basePath,"
                    " /stage, /restapiId]"
                )
        self._check_mapping(mapping)
        if self.mappings.get(domain_name, mapping.base_path):
            raise ConflictException("Base path already exists for this domain name")
        return self.mappings.put(mapping)

    def delete_base_path_mapping(self, domain_name: str, base_path: str):
        self.mappings.delete(self._mapping(domain_name, base_path))

    # Within

    def _domain(self, domain_name: str) -> DomainName:
        domain = self.domains.get(domain_name)
        if domain is None:
            raise NotFoundException(errors.NO_DOMAIN)
        return domain

    def _mapping(self, domain_name: str, base_path: str) -> BasePathMapping:
        self._domain(domain_name)
        mapping = self.mappings.get(domain_name, base_path or NO_PATH)
        if mapping is None:
            raise NotFoundException("Invalid base path mapping identifier specified")
        return mapping

    def _check_mapping(self, mapping: BasePathMapping):
        if "/" in mapping.base_path:
            raise BadRequestException(
                "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level"
                " base path mapping, use API Gateway V2."
            )
        if mapping.base_path != NO_PATH and not BASE_PATH.fullmatch(mapping.base_path):
            raise BadRequestException("Invalid base path specified")
        if self.apis.get(mapping.rest_api_id) is None:
            raise BadRequestException("Invalid REST API identifier specified")
        if mapping.stage and self.stages.get(mapping.rest_api_id, mapping.stage) is None:
            raise BadRequestException("Invalid stage identifier specified")

    def _name_endpoints(self, domain: DomainName):
        """The names to which a DNS entry for the domain would point."""
        types, region = domain.endpoint_configuration["types"], self.call.region
        if "REGIONAL" in types and not domain.regional_domain_name:
            domain.regional_domain_name = f"d-{ids.token(10, ids.LOWER)}.execute-api.{region}.amazonaws.com"
            domain.regional_hosted_zone_id = REGIONAL_ZONES.get(region, "Z2RPCDW04V8134")
            place = Place(_label(domain), self.call.account, region, domain.domain_name)
            self.places.put(place)
        if "EDGE" in types and not domain.distribution_domain_name:
            domain.distribution_domain_name = f"d{ids.token(13, ids.LOWER)}.cloudfront.net"
            domain.distribution_hosted_zone_id = DISTRIBUTION_ZONE

    def _shown_domain(self, domain: DomainName) -> dict[str, Any]:
        shown = {member: getattr(domain, attribute) for member, attribute in SHOWN.items()}
        return shown | {"tags": self.cloud.tags.of(domain.domain_name_arn) or None}


def _label(domain: DomainName) -> str:
    return (domain.regional_domain_name or "").partition(".")[0]


def _patch_types(endpoint: dict[str, Any], patch: Patch):
    """`/endpointConfiguration/types/EDGE` replaced by REGIONAL, or a second one added while one moves."""
    types = endpoint["types"]
    if patch.op == "replace":
        endpoint["types"] = [patch.value]
    elif patch.op == "add" and patch.value not in types:
        types.append(patch.value)
    elif patch.op == "remove" and patch.value in types:
        types.remove(patch.value)
