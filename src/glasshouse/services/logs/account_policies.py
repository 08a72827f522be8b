"""Account policies: a subscription of all log groups of an account but those that it leaves out.

Policies of the other types (data protection, field indexes, transformers, metrics) are refused. Differs from AWS: what
the function that is the destination logs itself is not sent to it, which would never end.
"""

import json
import re
from collections.abc import Iterator

from glasshouse.core import documents
from glasshouse.core.errors import NotSupported
from glasshouse.services.logs.errors import (
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from glasshouse.services.logs.records import AccountPolicy, LogGroup, SubscriptionFilter

SUBSCRIPTION = "SUBSCRIPTION_FILTER_POLICY"
MEMBERS = {"DestinationArn": str, "RoleArn": str, "FilterPattern": str, "Distribution": str}
_CRITERIA = re.compile(r"\s*LogGroupName\s+NOT\s+IN\s*(\[.*\])\s*", re.DOTALL)


class AccountPolicies:
    """The operations on account policies."""

    def put_account_policy(
        self,
        policy_name: str,
        policy_document: str,
        policy_type: str,
        scope: str = "ALL",
        selection_criteria: str | None = None,
    ):
        _check_type(policy_type)
        settings = _settings(policy_document)
        _left_out(selection_criteria)
        if any(policy.policy_name != policy_name for policy in self.account_policies.list()):
            raise LimitExceededException("Resource limit exceeded.")  # one of each type in a region
        self._pattern(settings.get("FilterPattern", ""))
        self._check_subscription(settings["DestinationArn"], settings.get("RoleArn"), self.call.arn("*"), policy_name)
        policy = AccountPolicy(
            policy_name, policy_document, self._milliseconds(), policy_type, scope, selection_criteria,
            self.call.account,
        )  # fmt: skip
        return {"accountPolicy": self.account_policies.put(policy)}

    def delete_account_policy(self, policy_name: str, policy_type: str):
        _check_type(policy_type)
        policy = self.account_policies.get(policy_name)
        if policy is None:
            raise ResourceNotFoundException(f"Policy with name [{policy_name}] does not exist.")
        self.account_policies.delete(policy)

    def describe_account_policies(
        self,
        policy_type: str,
        policy_name: str | None = None,
        account_identifiers: list | None = None,
        next_token: str | None = None,
    ):
        """There are none of other types, and of other accounts none that this one sees."""
        here = account_identifiers is None or self.call.account in account_identifiers
        found = [
            policy
            for policy in self.account_policies.list()
            if here and policy.policy_type == policy_type and policy_name in (None, policy.policy_name)
        ]
        return {"accountPolicies": found}

    def _account_subscriptions(self, group: LogGroup) -> Iterator[SubscriptionFilter]:
        """What the account's policy is to a log group."""
        for policy in self.account_policies.list():
            if group.log_group_name in _left_out(policy.selection_criteria):
                continue
            settings = _settings(policy.policy_document)
            if group.log_group_name == _own_group(settings["DestinationArn"]):
                continue
            yield SubscriptionFilter(
                group.log_group_name, policy.policy_name, settings.get("FilterPattern", ""),
                settings["DestinationArn"], settings.get("RoleArn"), settings.get("Distribution", "ByLogStream"),
                policy.last_updated_time,
            )  # fmt: skip


def _check_type(kind: str):
    if kind != SUBSCRIPTION:
        raise NotSupported(f"logs: account policies of the type {kind} are not supported by Glasshouse yet")


def _settings(text: str) -> dict[str, str]:
    """Raises InvalidParameterException."""
    try:
        settings = documents.read(text)
    except ValueError:
        settings = None
    if not isinstance(settings, dict) or not isinstance(settings.get("DestinationArn"), str):
        raise InvalidParameterException("The policy document must be a JSON object with a DestinationArn.")
    if not all(isinstance(value, MEMBERS.get(name, type(None))) for name, value in settings.items()):
        raise InvalidParameterException(f"The members of the policy document are {', '.join(MEMBERS)}.")
    if settings.get("Distribution", "Random") not in ("Random", "ByLogStream"):
        raise InvalidParameterException("The Distribution must be Random or ByLogStream.")
    return settings


def _own_group(arn: str) -> str | None:
    """Where a function logs."""
    _, marked, function = arn.partition(":function:")
    return f"/aws/lambda/{function.partition(':')[0]}" if marked else None


def _left_out(criteria: str | None) -> list[str]:
    """The names of `LogGroupName NOT IN ["a", "b"]`. Raises InvalidParameterException."""
    if not criteria:
        return []
    found = _CRITERIA.fullmatch(criteria)
    try:
        names = json.loads(found[1]) if found else None
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidParameterException('The selection criteria must be LogGroupName NOT IN ["name", ...].')
    return names
