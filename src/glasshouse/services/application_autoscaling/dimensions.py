"""What can be scaled: reading and setting the capacities of tables, of their indexes, and of functions' aliases.

Each is reached as the service-linked role that Application Auto Scaling has for the service
(https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html).
"""

import re
from dataclasses import dataclass
from typing import Any

from glasshouse.core import Service, ServiceError
from glasshouse.core.siblings import Siblings
from glasshouse.services.application_autoscaling.records import Target

TABLE = re.compile(r"table/([a-zA-Z0-9_.-]{3,255})")
INDEX = re.compile(r"table/([a-zA-Z0-9_.-]{3,255})/index/([a-zA-Z0-9_.-]{3,255})")
ALIAS = re.compile(r"function:([a-zA-Z0-9_-]{1,64}):([a-zA-Z0-9_-]{1,128})")
UNITS = {"ReadCapacityUnits": "read capacity units", "WriteCapacityUnits": "write capacity units"}


class ForTables(Service):
    """Application Auto Scaling under the name by which the role for tables knows it."""

    name, principal = "application-autoscaling", "dynamodb.application-autoscaling"


class ForFunctions(Service):
    """Application Auto Scaling under the name by which the role for functions knows it."""

    name, principal = "application-autoscaling", "lambda.application-autoscaling"


@dataclass(frozen=True, slots=True)
class Kind:
    """A scalable dimension: how its resources are called, and whose role changes them."""

    form: re.Pattern
    asking: type[Service]
    role: str
    words: str
    missing: str
    metric: str  # the predefined metric of target tracking
    lowest: float  # its target values
    highest: float


def _of_tables(form: re.Pattern, unit: str, what: str) -> Kind:
    return Kind(
        form, ForTables, "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable", UNITS[unit],
        f"DynamoDB {what} does not exist: ", f"DynamoDB{unit.removesuffix('CapacityUnits')}CapacityUtilization",
        20, 90,
    )  # fmt: skip


KINDS = {
    "dynamodb:table:ReadCapacityUnits": _of_tables(TABLE, "ReadCapacityUnits", "table"),
    "dynamodb:table:WriteCapacityUnits": _of_tables(TABLE, "WriteCapacityUnits", "table"),
    "dynamodb:index:ReadCapacityUnits": _of_tables(INDEX, "ReadCapacityUnits", "index"),
    "dynamodb:index:WriteCapacityUnits": _of_tables(INDEX, "WriteCapacityUnits", "index"),
    "lambda:function:ProvisionedConcurrency": Kind(
        ALIAS, ForFunctions, "AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency", "provisioned concurrency",
        "Lambda function alias or version does not exist: ", "LambdaProvisionedConcurrencyUtilization", 0.1, 0.9,
    ),
}  # fmt: skip


class Absent(Exception):
    """The resource is not there."""


@dataclass(frozen=True, slots=True)
class Resource:
    """The resource of a target, reached by `aws`."""

    dimension: str
    names: tuple[str, ...]
    aws: Siblings

    @property
    def unit(self) -> str:
        return self.dimension.rpartition(":")[2]

    @property
    def is_throughput(self) -> bool:
        return self.dimension.startswith("dynamodb:")

    def capacity(self) -> int | None:
        """What it has now; None if there is nothing to set, as it takes what comes. Raises Absent, ServiceError."""
        if self.is_throughput:
            return self._throughput()[self.unit] or None
        return self._concurrency()

    def set_capacity(self, wanted: int):
        """Raises Absent, ServiceError."""
        if not self.is_throughput:
            self._set_concurrency(wanted)
            return
        both = self._throughput()
        given = {unit: wanted if unit == self.unit else both[unit] for unit in UNITS}
        if len(self.names) == 1:
            self.aws.dynamodb.update_table(TableName=self.names[0], ProvisionedThroughput=given)
        else:
            update = {"Update": {"IndexName": self.names[1], "ProvisionedThroughput": given}}
            self.aws.dynamodb.update_table(TableName=self.names[0], GlobalSecondaryIndexUpdates=[update])

    def _throughput(self) -> dict[str, int]:
        try:
            table = self.aws.dynamodb.describe_table(TableName=self.names[0])["Table"]
        except ServiceError as failure:
            if failure.code == "ResourceNotFoundException":
                raise Absent from None
            raise
        if len(self.names) == 1:
            return table["ProvisionedThroughput"]
        for index in table.get("GlobalSecondaryIndexes") or ():
            if index["IndexName"] == self.names[1]:
                return index["ProvisionedThroughput"]
        raise Absent

    def _set_concurrency(self, wanted: int):
        alias = {"FunctionName": self.names[0], "Qualifier": self.names[1]}
        if wanted:
            self.aws.lambda_.put_provisioned_concurrency_config(**alias, ProvisionedConcurrentExecutions=wanted)
        else:
            self.aws.lambda_.delete_provisioned_concurrency_config(**alias)

    def _concurrency(self) -> int:
        name, qualifier = self.names
        try:
            config = self.aws.lambda_.get_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)
        except ServiceError as failure:
            if failure.code == "ProvisionedConcurrencyConfigNotFoundException":
                return 0
            if failure.code in ("ResourceNotFoundException", "InvalidParameterValueException"):
                raise Absent from None
            raise
        return config["RequestedProvisionedConcurrentExecutions"]

    def metric(self) -> dict[str, Any]:
        """The metric whose utilization the predefined target tracking watches."""
        if not self.is_throughput:
            dimensions = {"FunctionName": self.names[0], "Resource": ":".join(self.names)}
            return {
                "Namespace": "AWS/Lambda", "MetricName": "ProvisionedConcurrencyUtilization", "Statistic": "Average",
                "Dimensions": _listed(dimensions),
            }  # fmt: skip
        dimensions = dict(zip(("TableName", "GlobalSecondaryIndexName"), self.names, strict=False))
        return {
            "Namespace": "AWS/DynamoDB", "MetricName": f"Consumed{self.unit}", "Statistic": "Sum",
            "Dimensions": _listed(dimensions),
        }  # fmt: skip


def names_of(dimension: str, resource_id: str) -> tuple[str, ...] | None:
    """The names within a resource id; None if it is none of this dimension."""
    kind = KINDS.get(dimension)
    found = kind.form.fullmatch(resource_id) if kind else None
    return found.groups() if found else None


def resource_of(target: Target, aws: Siblings) -> Resource:
    return Resource(target.scalable_dimension, names_of(target.scalable_dimension, target.resource_id) or (), aws)


def _listed(dimensions: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]
