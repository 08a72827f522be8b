"""Functions: created, changed, shown, listed and deleted."""

from dataclasses import replace
from typing import Any

from glasshouse.core import NotSupported, ids
from glasshouse.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
    outdated,
    violation,
)
from glasshouse.services.lambda_.finding import NAMED, VERSION, Reference, Target
from glasshouse.services.lambda_.packages import check_whole_size
from glasshouse.services.lambda_.records import LATEST, Configuration, Function
from glasshouse.services.lambda_.settings import check_tags
from glasshouse.services.lambda_.showing import in_list, shown

PAGE, PATIENCE_S, LONGEST_NAME = 50, 5.0, 64
CREATING = {"reason": "The function is being created.", "code": "Creating"}
NAME_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
    r"([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
)


class Functions:
    """The operations on functions as a whole and on `$LATEST`."""

    def create_function(
        self, function_name: str, role: str, code: dict, runtime: str | None = None, handler: str | None = None,
        description: str = "", timeout: int = 3, memory_size: int = 128, publish: bool = False,
        vpc_config: dict | None = None, package_type: str = "Zip", dead_letter_config: dict | None = None,
        environment: dict | None = None, kms_key_arn: str | None = None, tracing_config: dict | None = None,
        tags: dict | None = None, layers: list | None = None, architectures: list | None = None,
        ephemeral_storage: dict | None = None, snap_start: dict | None = None, logging_config: dict | None = None,
        code_signing_config_arn: str | None = None,
    ):  # fmt: skip
        name = self._new_name(function_name)
        if package_type != "Zip":
            raise NotSupported("lambda: functions from container images are not supported by Glasshouse yet")
        if not runtime or not handler:
            raise InvalidParameterValueException(
                "Runtime and Handler are mandatory parameters for functions created with deployment packages."
            )
        function = Function(
            name, self.call.arn(f"function:{name}"), self.now, code_signing_config_arn=code_signing_config_arn
        )
        self._check_signed(code_signing_config_arn, self.call.params)
        package = self._package(code, "CreateFunction")
        configuration = Configuration(
            name, 0, function.arn, role, package, ids.uuid(), ids.uuid(), self.now,
            architectures=architectures or ["x86_64"],
            logging_config={"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
        )  # fmt: skip
        self._configure(configuration, self.call.params)
        if self.functions.get(name):
            raise ResourceConflictException(f"Function already exist: {name}")
        check_tags(tags or {})
        self.functions.put(function)
        self.configurations.put(configuration)
        self.cloud.tags.add(function.arn, tags)
        self._settle_later(configuration)
        self.state("FunctionCreated", arn=function.arn)
        told = self._publish(function, configuration) if publish else configuration
        return shown(told, function.arn, self._shown_environment(told))

    def get_function(self, function_name: str, qualifier: str | None = None):
        target = self._found(function_name, qualifier)
        configuration, function = target.configuration, target.function
        reserved = function.reserved_concurrency
        path = f"{function.account}/{function.name}-{configuration.version.strip('$')}"
        return {
            "Configuration": self._shown(target),
            "Code": {"RepositoryType": "S3", "Location": self._location(configuration.code, path)},
            "Tags": self.cloud.tags.of(function.arn) or None,
            "Concurrency": None if reserved is None else {"ReservedConcurrentExecutions": reserved},
        }

    def get_function_configuration(self, function_name: str, qualifier: str | None = None):
        return self._shown(self._found(function_name, qualifier))

    def update_function_code(
        self, function_name: str, zip_file: bytes | None = None, s3_bucket: str | None = None,
        s3_key: str | None = None, s3_object_version: str | None = None, s3_object_storage_mode: str | None = None,
        image_uri: str | None = None, architectures: list | None = None, publish: bool = False, dry_run: bool = False,
        revision_id: str | None = None, source_kms_key_arn: str | None = None,
    ):  # fmt: skip
        function, latest = self._changeable(self._unqualified(function_name), revision_id)
        if image_uri:
            raise InvalidParameterValueException(
                "Please don't provide ImageUri when updating a function with packageType Zip."
            )
        self._check_signed(function.code_signing_config_arn, self.call.params)
        package = self._package(self.call.params, "UpdateFunctionCode")
        old, latest.code = latest.code, package
        if architectures:
            latest.architectures = architectures
        check_whole_size(latest)
        if dry_run:
            self.cloud.blobs.drop(package.blob)
            return shown(latest, function.arn, self._shown_environment(latest))
        if package.sha256 == old.sha256 and not architectures:
            latest.code = old
            self.cloud.blobs.drop(package.blob)
        else:
            latest.build = ids.uuid()
            self.cloud.blobs.drop(old.blob)
        self._changed(latest)
        self.state("FunctionCodeUpdated", arn=function.arn)
        if not publish:
            return shown(latest, function.arn, self._shown_environment(latest))
        published = self._publish(function, latest)
        return shown(published, published.function_arn, self._shown_environment(published))

    def update_function_configuration(
        self, function_name: str, role: str | None = None, handler: str | None = None, description: str | None = None,
        timeout: int | None = None, memory_size: int | None = None, vpc_config: dict | None = None,
        environment: dict | None = None, runtime: str | None = None, dead_letter_config: dict | None = None,
        kms_key_arn: str | None = None, tracing_config: dict | None = None, revision_id: str | None = None,
        layers: list | None = None, ephemeral_storage: dict | None = None, snap_start: dict | None = None,
        logging_config: dict | None = None,
    ):  # fmt: skip
        function, latest = self._changeable(self._unqualified(function_name), revision_id)
        self._check_signed(function.code_signing_config_arn, self.call.params)
        before = replace(latest)
        self._configure(latest, self.call.params)
        if latest != before:
            latest.build = ids.uuid()
        self._changed(latest)
        self.state("FunctionConfigurationUpdated", arn=function.arn)
        return shown(latest, function.arn, self._shown_environment(latest))

    def delete_function(self, function_name: str, qualifier: str | None = None):
        reference = self._own(self._reference(function_name, qualifier))
        if reference.qualifier == LATEST:
            raise InvalidParameterValueException("$LATEST version cannot be deleted without deleting the function.")
        function = self.functions.get(reference.name)
        if function is None:
            raise ResourceNotFoundException(f"Function not found: {reference.unqualified_arn}")
        if reference.qualifier:
            self._delete_version(function, reference.qualifier)
        else:
            self._delete_whole(function)
        return {"StatusCode": 204}

    def list_functions(self, function_version: str | None = None, marker: str | None = None, max_items: int = PAGE):
        limit = min(max_items, PAGE)
        if function_version == "ALL":
            found, token = self.configurations.page(limit, marker)
            listed = [in_list(one, one.qualified_arn, self._shown_environment(one)) for one in found]
        else:
            functions, token = self.functions.page(limit, marker)
            latest = [self._latest(self._reference(function.name)) for function in functions]
            listed = [in_list(one, one.unqualified_arn, self._shown_environment(one)) for one in latest]
        return {"Functions": listed, "NextMarker": token}

    # Changing

    def _new_name(self, function_name: str) -> str:
        """The name that a function to be created is given, as a name or as an ARN of this place."""
        read = NAMED.fullmatch(function_name)
        if read is None or read["qualifier"]:
            raise violation(
                function_name, "functionName", f"Member must satisfy regular expression pattern: {NAME_PATTERN}"
            )
        if len(read["name"]) > LONGEST_NAME:
            constraint = f"Member must have length less than or equal to {LONGEST_NAME}"
            raise InvalidParameterValueException(violation(read["name"], "functionName", constraint).message)
        return self._own(self._reference(function_name)).name

    def _changeable(self, reference: Reference, revision_id: str | None) -> tuple[Function, Configuration]:
        """A function and its `$LATEST`. Raises what stands against changing it now."""
        function = self._function(self._own(reference))
        latest = self._latest(reference)
        if revision_id and revision_id != latest.revision_id:
            raise outdated()
        self._check_settled(function, latest)
        return function, latest

    def _check_settled(self, function: Function, configuration: Configuration):
        """Wait a moment for what is being created or changed, which here is a matter of milliseconds; raises
        ResourceConflictException if that is in vain."""
        pending = configuration.state == "Pending"
        if not pending and configuration.last_update_status != "InProgress":
            return
        self.wait(PATIENCE_S, function.topic)
        reason = (
            "The function is currently in the following state: Pending"
            if pending
            else f"An update is in progress for resource: {configuration.unqualified_arn}"
        )
        raise ResourceConflictException(f"The operation cannot be performed at this time. {reason}")

    def _changed(self, latest: Configuration):
        """Keep a changed `$LATEST`, which is on its way to be used."""
        latest.modified, latest.revision_id = self.now, ids.uuid()
        latest.last_update_status = "InProgress"
        latest.last_update_status_reason, latest.last_update_status_reason_code = CREATING["reason"], CREATING["code"]
        self.configurations.put(latest)
        self._settle_later(latest)

    def _settle_later(self, configuration: Configuration):
        name, number = configuration.function_name, configuration.number
        self.later("_settle", key=f"settle {name}:{number}", function_name=name, number=number)

    def _settle(self, function_name: str, number: int):
        """What was created or changed is ready."""
        configuration = self.configurations.get(function_name, number)
        if configuration is None:
            return
        configuration.state, configuration.state_reason, configuration.state_reason_code = "Active", None, None
        configuration.last_update_status = "Successful"
        configuration.last_update_status_reason = configuration.last_update_status_reason_code = None
        configuration.revision_id = ids.uuid()
        self.configurations.put(configuration)
        self.tell(f"lambda {configuration.unqualified_arn}")

    # Deleting

    def _delete_version(self, function: Function, qualifier: str):
        if not VERSION.fullmatch(qualifier):
            raise InvalidParameterValueException("Deletion of aliases is not currently supported.")
        referring = [
            alias.name
            for alias in self.aliases.list(function.name)
            if qualifier == alias.function_version or qualifier in alias.weights
        ]
        if referring:
            raise ResourceConflictException(
                f"Unable to delete version because the following aliases reference it: [{', '.join(referring)}]"
            )
        configuration = self.configurations.get(function.name, int(qualifier))
        if configuration is not None:
            self._discard(configuration)
            self._forget_qualifier(function.name, qualifier)

    def _delete_whole(self, function: Function):
        for configuration in list(self.configurations.list(function.name)):
            self._discard(configuration)
        for table in (self.aliases, self.policies, self.invoke_configs, self.provisioned):
            for record in list(table.list(function.name)):
                table.delete(record)
        for url in list(self.urls.list(function.name)):
            self._delete_url(url)
        self.functions.delete(function)
        self.cloud.tags.clear(function.arn)
        self.state("FunctionDeleted", arn=function.arn)

    def _discard(self, configuration: Configuration):
        """Delete a configuration, and let go of its packages."""
        for package in (configuration.code, *(layer.code for layer in configuration.layers)):
            if package is not None:
                self.cloud.blobs.drop(package.blob)
        self.configurations.delete(configuration)
        self.state("VersionDeleted", arn=configuration.qualified_arn)

    def _forget_qualifier(self, name: str, qualifier: str):
        """What was set for a version or alias goes with it; an address that leads nowhere stays, as on AWS."""
        for table in (self.policies, self.invoke_configs, self.provisioned):
            record = table.get(name, qualifier)
            if record is not None:
                table.delete(record)

    def _shown(self, target: Target) -> dict[str, Any]:
        configuration = target.configuration
        return shown(configuration, target.arn, self._shown_environment(configuration))
