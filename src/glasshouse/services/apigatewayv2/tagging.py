"""Tags of APIs, stages and domain names, by ARN."""

import re
from urllib.parse import unquote

from glasshouse.services.apigatewayv2 import checks
from glasshouse.services.apigatewayv2.errors import BadRequestException, NotFoundException

ARN = re.compile(r"arn:[\w-]+:apigateway:([\w-]+):(?:\d{12})?:/(apis|domainnames|vpclinks)/([^/]+)(?:/stages/([^/]+))?")


class Tagging:
    """What may be tagged, and with what it is."""

    def get_tags(self, resource_arn: str):
        return {"Tags": self.cloud.tags.of(self._tagged(resource_arn))}

    def tag_resource(self, resource_arn: str, tags: dict | None = None):
        arn = self._tagged(resource_arn)
        checks.tags({**self.cloud.tags.of(arn), **(tags or {})})
        self.cloud.tags.add(arn, tags)

    def untag_resource(self, resource_arn: str, tag_keys: list):
        self.cloud.tags.remove(self._tagged(resource_arn), tag_keys)

    def _tagged(self, arn: str) -> str:
        """The ARN of a resource that is there."""
        found = ARN.fullmatch(unquote(arn))
        if found is None:
            raise BadRequestException(f"Invalid ARN specified in the request: {arn}")
        kind, name, stage = found[2], found[3], found[4]
        if kind == "domainnames":
            return self._domain_arn(self._domain(name))
        if kind == "apis" and stage:
            return self._stage_arn(self._stage(name, stage))
        if kind == "apis":
            return self._api_arn(self._api(name))
        raise NotFoundException("Unable to find the resource specified in the request")
