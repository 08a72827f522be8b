"""VPC links: the subnets through which HTTP APIs reach what is private.

Differs from AWS: a link is available at once, and its subnets and security groups are named, not looked at.
Integrations that go through one are refused in words, as there are no load balancers to be reached.
"""

from glasshouse.core import ids
from glasshouse.services.apigatewayv2 import checks
from glasshouse.services.apigatewayv2.errors import BadRequestException, not_found, too_many
from glasshouse.services.apigatewayv2.records import VpcLink, values

MOST_LINKS = 10


class VpcLinks:
    """The VPC links of an account in a region."""

    def create_vpc_link(
        self, name: str, subnet_ids: list, security_group_ids: list | None = None, tags: dict | None = None
    ):
        checks.length(name, 1, 128, "Name")
        checks.tags(tags)
        if not subnet_ids:
            raise BadRequestException("At least one subnet must be specified")
        if len(self.vpc_links.keys()) >= MOST_LINKS:
            raise too_many("VPC links", "account")
        link = VpcLink(ids.token(6, ids.LOWER), name, subnet_ids, security_group_ids or [], self.now)
        self.vpc_links.put(link)
        self.cloud.tags.add(self._link_arn(link), tags)
        return self._shown_link(link)

    def get_vpc_link(self, vpc_link_id: str):
        return self._shown_link(self._vpc_link(vpc_link_id))

    def get_vpc_links(self, max_results: str | None = None, next_token: str | None = None):
        page = self.vpc_links.page(checks.page_size(max_results), next_token)
        return {"Items": [self._shown_link(link) for link in page.records], "NextToken": page.next_token}

    def update_vpc_link(self, vpc_link_id: str, name: str | None = None):
        link = self._vpc_link(vpc_link_id)
        checks.length(name, 1, 128, "Name")
        link.name = name or link.name
        return self._shown_link(self.vpc_links.put(link))

    def delete_vpc_link(self, vpc_link_id: str):
        link = self._vpc_link(vpc_link_id)
        self.cloud.tags.clear(self._link_arn(link))
        self.vpc_links.delete(link)
        return {}

    # Within

    def _vpc_link(self, vpc_link_id: str) -> VpcLink:
        link = self.vpc_links.get(vpc_link_id)
        if link is None:
            raise not_found("VpcLink", vpc_link_id)
        return link

    def _link_arn(self, link: VpcLink) -> str:
        return self._arn(f"/vpclinks/{link.vpc_link_id}")

    def _shown_link(self, link: VpcLink) -> dict:
        return values(
            link, tags=self.cloud.tags.of(self._link_arn(link)), vpc_link_status="AVAILABLE",
            vpc_link_status_message="VPC link is ready to route traffic", vpc_link_version="V2",
        )  # fmt: skip
