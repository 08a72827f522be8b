"""Code signing: who may sign what functions are made of, and what happens to a package that nobody signed.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html
Differs from AWS: there is no signer here, so every package counts as unsigned. A configuration with the policy Warn
lets it in, one with the policy Enforce does not.
"""

from collections.abc import Mapping
from typing import Any

from glasshouse.core import ids
from glasshouse.services.lambda_.errors import (
    CodeSigningConfigNotFoundException,
    CodeVerificationFailedException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from glasshouse.services.lambda_.functions import PAGE
from glasshouse.services.lambda_.records import CodeSigningConfig, Function
from glasshouse.services.lambda_.settings import check_tags

ID_LENGTH = 17
USUAL_POLICIES = {"UntrustedArtifactOnDeployment": "Warn"}


class CodeSigning:
    """The operations on code signing configurations."""

    def create_code_signing_config(
        self, allowed_publishers: dict, description: str = "", code_signing_policies: dict | None = None,
        tags: dict | None = None,
    ):  # fmt: skip
        check_tags(tags or {})
        identifier = f"csc-{ids.token(ID_LENGTH, ids.LOWER)}"
        config = CodeSigningConfig(
            identifier, self.call.arn(f"code-signing-config:{identifier}"), allowed_publishers,
            code_signing_policies or USUAL_POLICIES, self.now, description,
        )  # fmt: skip
        self.cloud.tags.add(config.code_signing_config_arn, tags)
        return {"CodeSigningConfig": self.code_signing_configs.put(config)}

    def get_code_signing_config(self, code_signing_config_arn: str):
        return {"CodeSigningConfig": self._signing(code_signing_config_arn)}

    def list_code_signing_configs(self, marker: str | None = None, max_items: int = PAGE):
        found, token = self.code_signing_configs.page(max_items, marker)
        return {"CodeSigningConfigs": found, "NextMarker": token}

    def update_code_signing_config(
        self, code_signing_config_arn: str, description: str | None = None, allowed_publishers: dict | None = None,
        code_signing_policies: dict | None = None,
    ):  # fmt: skip
        config = self._signing(code_signing_config_arn)
        if description is not None:
            config.description = description
        config.allowed_publishers = allowed_publishers or config.allowed_publishers
        config.code_signing_policies = code_signing_policies or config.code_signing_policies
        config.modified = self.now
        return {"CodeSigningConfig": self.code_signing_configs.put(config)}

    def delete_code_signing_config(self, code_signing_config_arn: str):
        config = self._signing(code_signing_config_arn)
        if any(self._signed_by(config.code_signing_config_arn)):
            raise ResourceConflictException(
                f"The code signing configuration {code_signing_config_arn} is in use by at least one function."
            )
        self.cloud.tags.clear(config.code_signing_config_arn)
        self.code_signing_configs.delete(config)
        return {}

    def list_functions_by_code_signing_config(
        self, code_signing_config_arn: str, marker: str | None = None, max_items: int = PAGE
    ):
        arn = self._signing(code_signing_config_arn).code_signing_config_arn
        found, token = self.functions.page(max_items, marker, where=lambda one: one.code_signing_config_arn == arn)
        return {"FunctionArns": [function.arn for function in found], "NextMarker": token}

    def get_function_code_signing_config(self, function_name: str):
        function = self._function(self._unqualified(function_name))
        arn = function.code_signing_config_arn
        return {"CodeSigningConfigArn": arn, "FunctionName": function.name} if arn else {}

    def put_function_code_signing_config(self, function_name: str, code_signing_config_arn: str):
        self._check_signing(code_signing_config_arn)
        reference = self._own(self._unqualified(function_name))
        function = self._function(reference)
        function.code_signing_config_arn = code_signing_config_arn
        self._functions_at(reference).put(function)
        return {"CodeSigningConfigArn": code_signing_config_arn, "FunctionName": function.name}

    def delete_function_code_signing_config(self, function_name: str):
        reference = self._own(self._unqualified(function_name))
        function = self._function(reference)
        function.code_signing_config_arn = None
        self._functions_at(reference).put(function)

    # What it is to functions

    def _signing(self, arn: str) -> CodeSigningConfig:
        config = self.code_signing_configs.get(arn.rpartition(":")[2])
        if config is None or config.code_signing_config_arn != arn:
            raise ResourceNotFoundException(f"The Lambda code signing configuration {arn} can not be found.", Type=None)
        return config

    def _check_signing(self, arn: str) -> CodeSigningConfig:
        """The configuration that a function is to have."""
        try:
            return self._signing(arn)
        except ResourceNotFoundException:
            raise CodeSigningConfigNotFoundException(
                "The code signing configuration cannot be found. Check that the provided configuration is not deleted:"
                f" {arn}."
            ) from None

    def _signed_by(self, arn: str) -> list[Function]:
        return [function for function in self.functions.list() if function.code_signing_config_arn == arn]

    def _check_signed(self, arn: str | None, given: Mapping[str, Any]):
        """Whether a function with this configuration may be given code, or layers, that nobody signed."""
        if arn is None or not (given.get("Code") or given.get("ZipFile") or given.get("S3Key") or given.get("Layers")):
            return
        if self._check_signing(arn).code_signing_policies.get("UntrustedArtifactOnDeployment") == "Enforce":
            raise CodeVerificationFailedException()
