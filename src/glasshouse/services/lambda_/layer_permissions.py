"""Who else may use a layer version."""

import json

from glasshouse.core import ids
from glasshouse.core.call import partition
from glasshouse.services.lambda_.errors import (
    PreconditionFailedException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from glasshouse.services.lambda_.records import LayerVersion


class LayerPermissions:
    """The operations on the policies of layer versions."""

    def add_layer_version_permission(
        self, layer_name: str, version_number: int, statement_id: str, action: str, principal: str,
        organization_id: str | None = None, revision_id: str | None = None,
    ):  # fmt: skip
        version = self._permitted_version(layer_name, version_number)
        if any(statement["Sid"] == statement_id for statement in version.statements):
            raise ResourceConflictException(
                f"The statement id ({statement_id}) provided already exists. Please provide a new statement id, or"
                " remove the existing statement."
            )
        _check_revision(version, revision_id)
        everyone = {"AWS": f"arn:{partition(self.call.region)}:iam::{principal}:root"}
        statement = {
            "Sid": statement_id,
            "Effect": "Allow",
            "Principal": "*" if principal == "*" else everyone if principal.isdecimal() else {"AWS": principal},
            "Action": action,
            "Resource": version.layer_version_arn,
        }
        if organization_id:
            statement["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": organization_id}}
        version.statements.append(statement)
        self._put_layer_policy(version)
        return {"Statement": json.dumps(statement, separators=(",", ":")), "RevisionId": version.policy_revision_id}

    def remove_layer_version_permission(
        self, layer_name: str, version_number: int, statement_id: str, revision_id: str | None = None
    ):
        version = self._permitted_version(layer_name, version_number)
        _check_revision(version, revision_id)
        kept = [statement for statement in version.statements if statement["Sid"] != statement_id]
        if len(kept) == len(version.statements):
            raise ResourceNotFoundException(f"Statement {statement_id} is not found in resource policy.")
        version.statements = kept
        self._put_layer_policy(version)

    def get_layer_version_policy(self, layer_name: str, version_number: int):
        version = self._permitted_version(layer_name, version_number)
        if not version.statements:
            raise ResourceNotFoundException("No policy is associated with the given resource.")
        return {"Policy": _document(version), "RevisionId": version.policy_revision_id}

    def _permitted_version(self, layer_name: str, number: int) -> LayerVersion:
        account, region, name = self._layer_place(layer_name)
        version = self.layer_versions.within(account, region).get(name, number)
        if version is None:
            arn = self.call.elsewhere(account, region).arn(f"layer:{name}:{number}")
            raise ResourceNotFoundException(f"Layer version {arn} does not exist.")
        return version

    def _put_layer_policy(self, version: LayerVersion):
        version.policy_revision_id = ids.uuid()
        _, _, _, region, account, *_ = version.layer_arn.split(":")
        self.layer_versions.within(account, region).put(version)
        self.state("LayerAccessChanged", arn=version.layer_version_arn)

    # What access asks

    def _called_layer(self, params: dict) -> str | None:
        """The ARN of the layer, or of its version, that a call is about."""
        if params.get("Arn"):
            return params["Arn"]
        account, region, name = self._layer_place(params["LayerName"])
        arn = self.call.elsewhere(account, region).arn(f"layer:{name}")
        number = params.get("VersionNumber")
        return arn if number is None else f"{arn}:{number}"

    def _layer_policies(self, params: dict) -> list[tuple[str, str]]:
        version = self._layer_by_arn(self._called_layer(params))
        return [(version.layer_version_arn, _document(version))] if version and version.statements else []


def _check_revision(version: LayerVersion, revision_id: str | None):
    if revision_id and revision_id != version.policy_revision_id:
        raise PreconditionFailedException(
            "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve"
            " the latest Revision Id"
        )


def _document(version: LayerVersion) -> str:
    document = {"Version": "2012-10-17", "Id": "default", "Statement": version.statements}
    return json.dumps(document, separators=(",", ":"))
