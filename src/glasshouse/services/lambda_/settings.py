"""What is set for an account, and the smaller settings of a function: tags, recursion, runtime updates."""

from collections.abc import Mapping

from glasshouse.core import ids
from glasshouse.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceNotFoundException,
    violation,
)
from glasshouse.services.lambda_.packages import UNZIPPED_BYTES, ZIPPED_BYTES

CONCURRENT_EXECUTIONS, TOTAL_BYTES, MOST_TAGS = 1000, 80_530_636_800, 50
KEPT_TAGS = "aws:"


class Settings:
    """The operations on settings."""

    def get_account_settings(self):
        functions = list(self.functions.list())
        reserved = sum(function.reserved_concurrency or 0 for function in functions)
        provisioned = sum(
            one.requested_provisioned_concurrent_executions
            for one in self.provisioned.list()
            if self.functions.get(one.function_name).reserved_concurrency is None
        )
        used = sum(one.code.size for one in self.configurations.list())
        used += sum(one.code.size for one in self.layer_versions.list())
        return {
            "AccountLimit": {
                "TotalCodeSize": TOTAL_BYTES,
                "CodeSizeUnzipped": UNZIPPED_BYTES,
                "CodeSizeZipped": ZIPPED_BYTES,
                "ConcurrentExecutions": CONCURRENT_EXECUTIONS,
                "UnreservedConcurrentExecutions": CONCURRENT_EXECUTIONS - reserved - provisioned,
            },
            "AccountUsage": {"TotalCodeSize": used, "FunctionCount": len(functions)},
        }

    def tag_resource(self, resource: str, tags: dict):
        arn = self._taggable(resource)
        if not tags:
            raise InvalidParameterValueException("An error occurred and the request cannot be processed.")
        check_tags({**self.cloud.tags.of(arn), **tags})
        self.cloud.tags.add(arn, tags)
        self._revise(arn)

    def untag_resource(self, resource: str, tag_keys: list):
        if not tag_keys:
            raise violation("null", "tagKeys", "Member must not be null")
        arn = self._taggable(resource)
        self.cloud.tags.remove(arn, tag_keys)
        self._revise(arn)

    def list_tags(self, resource: str):
        return {"Tags": self.cloud.tags.of(self._taggable(resource))}

    def get_function_recursion_config(self, function_name: str):
        return {"RecursiveLoop": self._function(self._unqualified(function_name)).recursive_loop}

    def put_function_recursion_config(self, function_name: str, recursive_loop: str):
        reference = self._unqualified(function_name)
        function = self._function(reference)
        function.recursive_loop = recursive_loop
        self._functions_at(reference).put(function)
        return {"RecursiveLoop": recursive_loop}

    def get_runtime_management_config(self, function_name: str, qualifier: str | None = None):
        target = self._found(function_name, qualifier)
        shown = target.configuration
        return {
            "UpdateRuntimeOn": shown.update_runtime_on,
            "FunctionArn": shown.qualified_arn,
            "RuntimeVersionArn": shown.runtime_version_arn if shown.update_runtime_on == "Manual" else None,
        }

    def put_runtime_management_config(
        self, function_name: str, update_runtime_on: str, qualifier: str | None = None,
        runtime_version_arn: str | None = None,
    ):  # fmt: skip
        target = self._found(function_name, qualifier)
        if update_runtime_on == "Manual" and not runtime_version_arn:
            raise InvalidParameterValueException("RuntimeVersionArn is required when UpdateRuntimeOn is set to Manual.")
        if update_runtime_on != "Manual" and runtime_version_arn:
            raise InvalidParameterValueException(
                f"RuntimeVersionArn is not supported when UpdateRuntimeOn is set to {update_runtime_on}."
            )
        changed = target.configuration
        changed.update_runtime_on = update_runtime_on
        if runtime_version_arn:
            changed.runtime_version_arn = runtime_version_arn
        self._configurations_at(target.reference).put(changed)
        return {
            "UpdateRuntimeOn": update_runtime_on,
            "FunctionArn": changed.qualified_arn,
            "RuntimeVersionArn": runtime_version_arn,
        }

    def _taggable(self, resource: str) -> str:
        """The ARN under which the tags of a function, an event source mapping or a code signing configuration are
        kept."""
        kind, name = resource.split(":")[5:7]
        if kind == "event-source-mapping":
            mapping = self.mappings.get(name)
            if mapping is None:
                raise ResourceNotFoundException(f"Event source mapping not found: {resource}")
            return mapping.event_source_mapping_arn
        if kind == "code-signing-config":
            return self._signing(resource).code_signing_config_arn
        if kind != "function":
            raise ResourceNotFoundException()
        reference = self._reference(resource)
        if reference.qualifier:
            raise InvalidParameterValueException(
                "Tags on function aliases and versions are not supported. Please specify a function ARN."
            )
        return self._function(reference).arn

    def _revise(self, arn: str):
        """To change the tags of a function is to revise it."""
        if arn.split(":")[5] == "function":
            latest = self._latest(self._reference(arn))
            latest.revision_id = ids.uuid()
            self.configurations.put(latest)


def check_tags(tags: Mapping[str, str]):
    """Raises InvalidParameterValueException."""
    if any(key.lower().startswith(KEPT_TAGS) for key in tags):
        raise InvalidParameterValueException("Tag keys that begin with aws: are reserved for AWS.")
    if len(tags) > MOST_TAGS:
        raise InvalidParameterValueException("Number of tags exceeds resource tag limit.")
