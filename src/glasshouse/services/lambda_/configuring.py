"""The settings of a function, as CreateFunction and UpdateFunctionConfiguration are given them."""

import hashlib
from collections.abc import Mapping
from typing import Any

from glasshouse.core import NotSupported, ServiceError
from glasshouse.core.call import Call, partition
from glasshouse.services.lambda_.errors import AccessDeniedException, InvalidParameterValueException
from glasshouse.services.lambda_.records import Configuration
from glasshouse.services.lambda_.runtimes import SNAPSHOTS, check_runtime
from glasshouse.services.lambda_.variables import check_variables

NO_NETWORK = {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": "", "Ipv6AllowedForDualStack": False}
# What the role must be allowed for a dead letter target: the operation, the member that names the target, the words.
DEAD_LETTERS = {"sqs": ("SendMessage", "QueueUrl", "SQS"), "sns": ("Publish", "TopicArn", "SNS")}
PLAIN = {
    "Handler": "handler", "Description": "description", "Timeout": "timeout", "MemorySize": "memory_size",
}  # fmt: skip


class Configuring:
    """Applying settings, and what must be so for them to be possible."""

    def _configure(self, configuration: Configuration, given: Mapping[str, Any]):
        """Apply what is given. Raises InvalidParameterValueException for what cannot be."""
        for member, field in PLAIN.items():
            if given.get(member) is not None:
                setattr(configuration, field, given[member])
        if given.get("Runtime") is not None:
            check_runtime(given["Runtime"])
            configuration.runtime = given["Runtime"]
            configuration.runtime_version_arn = _runtime_version(given["Runtime"], self.call.region)
        if given.get("Role") is not None:
            self._check_role(given["Role"])
            configuration.role = given["Role"]
        if (storage := (given.get("EphemeralStorage") or {}).get("Size")) is not None:
            configuration.ephemeral_storage_mb = storage
        configuration.snap_start_on = (given.get("SnapStart") or {}).get("ApplyOn") or configuration.snap_start_on
        if configuration.takes_snapshots and configuration.runtime not in SNAPSHOTS:
            raise InvalidParameterValueException(
                f"{configuration.runtime} is not supported for SnapStart enabled functions."
            )
        if mode := (given.get("TracingConfig") or {}).get("Mode"):
            configuration.tracing_mode = mode
        self._configure_surroundings(configuration, given)

    def _configure_surroundings(self, configuration: Configuration, given: Mapping[str, Any]):
        if given.get("LoggingConfig") is not None:
            configuration.logging_config = _logging(configuration, given["LoggingConfig"])
        if given.get("VpcConfig") is not None:
            configuration.vpc_config = self._network(given["VpcConfig"])
        if given.get("DeadLetterConfig") is not None:
            target = given["DeadLetterConfig"].get("TargetArn")
            self._check_dead_letters(configuration.role, target)
            configuration.dead_letter_target_arn = target or None
        if given.get("Layers") is not None:
            self._set_layers(configuration, given["Layers"])
        if given.get("Environment") is not None or given.get("KMSKeyArn") is not None:
            self._set_variables(configuration, given)

    def _set_variables(self, configuration: Configuration, given: Mapping[str, Any]):
        key, sealed = configuration.kms_key_arn, configuration.sealed_environment
        if given.get("KMSKeyArn") is not None:
            key = given["KMSKeyArn"] or None
        known = None if sealed is None else self._variables(configuration)
        variables = known if given.get("Environment") is None else given["Environment"].get("Variables")
        if variables is not None:
            check_variables(variables)
        if variables != known or key != configuration.kms_key_arn:
            arn = configuration.unqualified_arn
            configuration.sealed_environment = None if variables is None else self._sealed(variables, key, arn)
            configuration.kms_key_arn = key

    def _check_role(self, role: str):
        """The role must be there, and trust Lambda."""
        if role.split(":")[4] != self.call.account:
            raise AccessDeniedException("Cross-account pass role is not allowed.")
        try:
            self.aws.as_role(role)
        except ServiceError:
            raise InvalidParameterValueException(
                "The role defined for the function cannot be assumed by Lambda."
            ) from None

    def _check_dead_letters(self, role: str, target: str | None):
        if not target:
            return
        operation = DEAD_LETTERS.get(target.split(":")[2])
        if operation is None:
            raise InvalidParameterValueException(
                f"The provided dead letter target {target} is neither an Amazon SQS queue nor an Amazon SNS topic."
            )
        name, member, words = operation
        address = self._queue_url(target) if words == "SQS" else target
        if not self._role_may(role, words.lower(), name, {member: address}):
            raise InvalidParameterValueException(
                f"The provided execution role does not have permissions to call {name} on {words}"
            )

    def _role_may(self, role: str, service: str, operation: str, params: dict[str, Any]) -> bool:
        """Whether a session of the role would be let through, without doing anything in its name."""
        try:
            principal = self.aws.as_role(role).principal
            asked = Call(service, operation, params, self.call.account, self.call.region, principal)
            asking = self.cloud.service_class(service)(self.cloud, asked)
            self.cloud.access.authorize(asking, self.cloud.model.operation(service, operation))
        except ServiceError:
            return False
        return True

    def _queue_url(self, queue_arn: str) -> str:
        _, _, _, _, account, name = queue_arn.split(":", 5)
        return f"{self.cloud.url}/{account}/{name}"

    def _network(self, given: Mapping[str, Any]) -> dict | None:
        subnets, groups = given.get("SubnetIds") or [], given.get("SecurityGroupIds") or []
        if not subnets and not groups:
            return NO_NETWORK
        vpc = self._vpc_of(subnets[0]) if subnets else ""
        dual_stack = bool(given.get("Ipv6AllowedForDualStack"))
        return {
            "SubnetIds": subnets, "SecurityGroupIds": groups, "VpcId": vpc, "Ipv6AllowedForDualStack": dual_stack,
        }  # fmt: skip

    def _vpc_of(self, subnet: str) -> str:
        try:
            return self.aws.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
        except NotSupported:
            return subnet.replace("subnet-", "vpc-")  # a cloud without networks: any will do
        except ServiceError as failure:
            raise InvalidParameterValueException(
                f"Error occurred while DescribeSubnets. EC2 Error Code: {failure.code}. EC2 Error Message:"
                f" {failure.message}"
            ) from None


def _runtime_version(runtime: str, region: str) -> str:
    digest = hashlib.sha256(runtime.encode()).hexdigest()
    return f"arn:{partition(region)}:lambda:{region}::runtime:{digest}"


def _logging(configuration: Configuration, given: Mapping[str, Any]) -> dict:
    """The logging settings after a change: the levels belong to JSON."""
    merged = {**configuration.logging_config, **{name: value for name, value in given.items() if value is not None}}
    levels = {"ApplicationLogLevel", "SystemLogLevel"}
    if merged["LogFormat"] == "JSON":
        return {**dict.fromkeys(sorted(levels), "INFO"), **merged}
    if any(given.get(level) for level in levels):
        raise InvalidParameterValueException(
            "LogLevel is not supported when LogFormat is set to Text. Remove LogLevel from your request or change the"
            " LogFormat to JSON and try again."
        )
    return {name: value for name, value in merged.items() if name not in levels}
