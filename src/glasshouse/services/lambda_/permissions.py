"""Permissions: the policies of functions, versions and aliases, one statement at a time."""

import json
import re
from collections.abc import Mapping
from typing import Any

from glasshouse.core import ServiceError, ids
from glasshouse.core.call import partition
from glasshouse.services.lambda_.errors import (
    InvalidParameterValueException,
    PolicyLengthExceededException,
    ResourceConflictException,
    ResourceNotFoundException,
    outdated,
)
from glasshouse.services.lambda_.finding import VERSION, Reference
from glasshouse.services.lambda_.records import LATEST, Alias, Configuration, Policy

MOST_BYTES = 20_480
ACCOUNT = re.compile(r"\d{12}")
IAM_ARN = re.compile(r"arn:aws[a-zA-Z-]*:(iam|sts):")
# The conditions that the members stand for, in the order in which AWS writes them.
CONDITIONS = {
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}


class Permissions:
    """The operations on policies."""

    def add_permission(
        self, function_name: str, statement_id: str, action: str, principal: str, source_arn: str | None = None,
        function_url_auth_type: str | None = None, invoked_via_function_url: bool | None = None,
        source_account: str | None = None, event_source_token: str | None = None, qualifier: str | None = None,
        revision_id: str | None = None, principal_org_id: str | None = None,
    ):  # fmt: skip
        reference = self._reference(function_name, qualifier)
        if reference.qualifier == LATEST:
            raise InvalidParameterValueException("We currently do not support adding policies for $LATEST.")
        owner = self._policy_owner(reference)
        if revision_id and revision_id != owner.revision_id:
            raise outdated()
        policy = self._policy(reference) or Policy(reference.name, reference.qualifier or "", reference.arn, ids.uuid())
        if any(statement["Sid"] == statement_id for statement in policy.statements):
            raise ResourceConflictException(
                f"The statement id ({statement_id}) provided already exists. Please provide a new statement id, or"
                " remove the existing statement."
            )
        statement = _statement(self.call.params, _principal(principal, self.call.region), reference.arn)
        policy.statements.append(statement)
        size = len(_document(policy))
        if size > MOST_BYTES:
            raise PolicyLengthExceededException(
                f"The final policy size ({size}) is bigger than the limit ({MOST_BYTES})."
            )
        self._policies_at(reference).put(policy)
        self._touch(reference, owner)
        return {"Statement": json.dumps(statement, separators=(",", ":"))}

    def remove_permission(
        self, function_name: str, statement_id: str, qualifier: str | None = None, revision_id: str | None = None
    ):
        reference = self._reference(function_name, qualifier)
        if self._functions_at(reference).get(reference.name) is None:
            raise ResourceNotFoundException(f"No policy found for: {reference.unqualified_arn}")
        owner = self._policy_owner(reference)
        policy = self._policy(reference)
        if policy is None:
            raise ResourceNotFoundException("No policy is associated with the given resource.")
        kept = [statement for statement in policy.statements if statement["Sid"] != statement_id]
        if len(kept) == len(policy.statements):
            raise ResourceNotFoundException(f"Statement {statement_id} is not found in resource policy.")
        if revision_id and revision_id != owner.revision_id:
            raise outdated()
        policy.statements = kept
        if kept:
            self._policies_at(reference).put(policy)
        else:
            self._policies_at(reference).delete(policy)
        self._touch(reference, owner)

    def get_policy(self, function_name: str, qualifier: str | None = None):
        reference = self._reference(function_name, qualifier)
        self._function(reference)
        policy = self._policy(reference)
        if policy is None:
            raise ResourceNotFoundException()
        return {"Policy": _document(policy), "RevisionId": self._policy_owner(reference).revision_id}

    # What access asks

    def resource_arns(self, params: dict) -> list[str] | None:
        if params.get("LayerName") or params.get("Arn"):
            return [self._called_layer(params)]
        if params.get("UUID"):
            return [self.call.arn(f"event-source-mapping:{params['UUID']}")]
        if named := params.get("Resource") or (not params.get("FunctionName") and params.get("CodeSigningConfigArn")):
            return [named]
        if not params.get("FunctionName"):
            return None
        reference = self._called(params)
        return [reference.arn] if reference else None

    def resource_account(self, params: dict) -> str | None:
        if params.get("LayerName") or params.get("Arn"):
            return self._called_layer(params).split(":")[4]
        reference = self._called(params) if params.get("FunctionName") else None
        return reference.account if reference else None

    def resource_policies(self, params: dict) -> list[tuple[str, str]]:
        if params.get("LayerName") or params.get("Arn"):
            return self._layer_policies(params)
        reference = self._called(params) if params.get("FunctionName") else None
        policy = self._policy(reference) if reference else None
        return [(policy.resource, _document(policy))] if policy else []

    def _called(self, params: dict) -> Reference | None:
        """The function that a call is about, as far as it can be read."""
        try:
            return self._reference(params["FunctionName"], params.get("Qualifier"))
        except ServiceError:
            return None

    def _policy(self, reference: Reference) -> Policy | None:
        qualifier = "" if reference.qualifier in (None, LATEST) else reference.qualifier
        return self._policies_at(reference).get(reference.name, qualifier)

    def _policies_at(self, reference: Reference):
        return self.policies.within(reference.account, reference.region)

    def _policy_owner(self, reference: Reference) -> Configuration | Alias:
        """What a reference names itself: its revision is the one that permissions ask for."""
        self._function(reference)
        qualifier = reference.qualifier
        if qualifier in (None, LATEST) or VERSION.fullmatch(qualifier):
            return self._target(reference).configuration
        alias = self._aliases_at(reference).get(reference.name, qualifier)
        if alias is None:
            words = "Function not found" if "$" in qualifier else "Cannot find alias arn"
            raise ResourceNotFoundException(f"{words}: {reference.arn}")
        return alias

    def _touch(self, reference: Reference, owner: Configuration | Alias):
        """A change of its policy is one of what owns it."""
        owner.revision_id = ids.uuid()
        table = self._aliases_at(reference) if isinstance(owner, Alias) else self._configurations_at(reference)
        table.put(owner)
        self.state("FunctionAccessChanged", arn=reference.arn)


def _document(policy: Policy) -> str:
    document = {"Version": "2012-10-17", "Id": "default", "Statement": policy.statements}
    return json.dumps(document, separators=(",", ":"))


def _principal(principal: str, region: str) -> Any:
    """A principal as the statement writes it. Raises InvalidParameterValueException."""
    if principal == "*":
        return "*"
    if principal.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return {"Service": principal}
    if ACCOUNT.fullmatch(principal):
        return {"AWS": f"arn:{partition(region)}:iam::{principal}:root"}
    if IAM_ARN.match(principal):
        return {"AWS": principal}
    raise InvalidParameterValueException(
        "The provided principal was invalid. Please check the principal and try again."
    )


def _statement(given: Mapping[str, Any], principal: Any, resource: str) -> dict[str, Any]:
    statement = {
        "Sid": given["StatementId"],
        "Effect": "Allow",
        "Principal": principal,
        "Action": given["Action"],
        "Resource": resource,
    }
    conditions: dict[str, dict] = {}
    for member, (operator, key) in CONDITIONS.items():
        value = given.get(member)
        if value is not None:
            conditions.setdefault(operator, {})[key] = str(value).lower() if operator == "Bool" else value
    return {**statement, "Condition": conditions} if conditions else statement
