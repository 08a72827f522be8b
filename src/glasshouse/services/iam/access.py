"""The answer to core's question, on every call: may this principal do this?

Root is held back by explicit denies, and in the member accounts of an organization by its control policies. The
cloud's services pass in their own affairs; what they do for a user's resource they do by its policy, by a role or as
whoever called them (core/siblings.py), and are asked like anybody else.
"""

from functools import cached_property

from glasshouse.core.cloud import Cloud
from glasshouse.core.service import Service

ORGANIZATIONS = "organizations.revision"  # empty where there was never an organization; see organizations.py


class IamAccess:
    """Lets pass whom no policy can hold back, and asks the policies about all others."""

    def __init__(self, cloud: Cloud):
        self._cloud = cloud

    def authorize(self, service: Service, operation) -> None:
        """Raise what the service answers to those who may not."""
        kind = service.call.principal.kind
        carries_policies = type(service).resource_policies is not Service.resource_policies
        if kind == "service" and (self._cloud.is_open or not service.call.by_policy):
            return
        if kind == "root" and not carries_policies and not self._cloud.store.setting(ORGANIZATIONS, ""):
            return
        self._decisions.require(service, operation, carries_policies)

    @cached_property
    def _decisions(self):
        # The policy engine takes 50 ms to load, which a cloud whose only user is root need not wait for.
        from glasshouse.services.iam.decisions import Decisions

        return Decisions(self._cloud)
