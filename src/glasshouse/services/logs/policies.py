"""Resource policies: which services may write to the log groups of an account.

They are shown as IAM writes them: with the version that counts where none is named, and without lists of one.
"""

import json

from glasshouse.core import documents
from glasshouse.services.logs.errors import (
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from glasshouse.services.logs.records import ResourcePolicy

RESOURCE_POLICIES = 10


class Policies:
    """The operations on resource policies."""

    def put_resource_policy(self, policy_name: str | None = None, policy_document: str | None = None):
        if not policy_name or not policy_document:
            # The model leaves both open since a policy can also be of one log group (resourceArn), which is refused.
            raise InvalidParameterException("A policyName and a policyDocument are required.")
        if not self.policies.get(policy_name) and len(self.policies.keys()) >= RESOURCE_POLICIES:
            raise LimitExceededException("Resource limit exceeded.")
        check_policy(policy_document)
        return {"resourcePolicy": self.policies.put(ResourcePolicy(policy_name, policy_document, self._milliseconds()))}

    def delete_resource_policy(self, policy_name: str | None = None):
        if not policy_name:
            raise InvalidParameterException("A policyName is required.")
        policy = self.policies.get(policy_name)
        if policy is None:
            raise ResourceNotFoundException(f"Policy with name [{policy_name}] does not exist.")
        self.policies.delete(policy)

    def describe_resource_policies(self, limit: int = 50, next_token: str | None = None, policy_scope: str = "ACCOUNT"):
        """Those of the account; there are none of single log groups (`RESOURCE`)."""
        if policy_scope != "ACCOUNT":
            return {"resourcePolicies": []}
        policies, token = self.policies.page(limit, next_token)
        return {"resourcePolicies": [_shown(policy) for policy in policies], "nextToken": token}

    def resource_policies(self, params: dict) -> list[tuple[str, str]]:
        """Of the log groups; of a destination, where only that is asked for."""
        if (arn := _destination_alone(params)) is None:
            return [(self.call.arn("*"), policy.policy_document) for policy in self.policies.list()]
        destination = self._destination_of(arn)
        return [(arn, destination.access_policy)] if destination and destination.access_policy else []

    def resource_account(self, params: dict) -> str | None:
        return self.call.account if _destination_alone(params) else None


def check_policy(text: str):
    """Raises InvalidParameterException."""
    from glasshouse.engines.policy import MalformedPolicy, compile_policy

    try:
        compile_policy(text)
    except MalformedPolicy as wrong:
        raise InvalidParameterException(f"The resource policy document is malformed: {wrong}") from None
    except ValueError:
        raise InvalidParameterException("The resource policy document is not valid JSON.") from None


def _destination_alone(params: dict) -> str | None:
    """The destination that somebody of another account wants to send to."""
    return params.get("destinationArn") if "logGroupName" not in params else None


def _shown(policy: ResourcePolicy) -> dict:
    written = json.dumps(_plain(documents.read(policy.policy_document)), separators=(",", ":"))
    return {"policyName": policy.policy_name, "policyDocument": written, "lastUpdatedTime": policy.last_updated_time,
            "policyScope": policy.policy_scope}  # fmt: skip


def _plain(document: dict) -> dict:
    """A policy as IAM writes it."""
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    return {"Version": "2008-10-17", **document, "Statement": [_plain_statement(one) for one in statements]}


def _plain_statement(statement: dict) -> dict:
    found = {name: value if name == "Condition" else _single(value) for name, value in statement.items()}
    for name in ("Principal", "NotPrincipal"):
        if isinstance(found.get(name), dict):
            found[name] = {kind: _single(value) for kind, value in found[name].items()}
    return found


def _single(value: object) -> object:
    return value[0] if isinstance(value, list) and len(value) == 1 else value
