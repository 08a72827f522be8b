"""Scalable targets: what may be scaled, and between which bounds."""

from glasshouse.core import NotSupported, ids
from glasshouse.core.siblings import Siblings
from glasshouse.services.application_autoscaling import dimensions
from glasshouse.services.application_autoscaling.dimensions import KINDS, Absent, Resource
from glasshouse.services.application_autoscaling.errors import (
    ObjectNotFoundException,
    ResourceNotFoundException,
    ServiceError,
    TooManyTagsException,
    ValidationException,
)
from glasshouse.services.application_autoscaling.records import Target, values

NAMESPACES = ("dynamodb", "lambda")
PAGE, MOST_TAGS = 50, 50
OF_TABLES = {"dynamodb.TableChanged": "_table_changed"}


class Targets:
    """Registering, describing and deregistering."""

    def register_scalable_target(
        self, service_namespace: str, resource_id: str, scalable_dimension: str, min_capacity: int | None = None,
        max_capacity: int | None = None, role_arn: str | None = None, suspended_state: dict | None = None,
        tags: dict | None = None,
    ):  # fmt: skip
        _check_kind(service_namespace, resource_id, scalable_dimension)
        target = self.targets.get(service_namespace, resource_id, scalable_dimension)
        if target is None:
            target = self._new_target(service_namespace, resource_id, scalable_dimension, min_capacity, max_capacity)
        elif tags:
            raise ValidationException("Tags can be given only when a scalable target is registered for the first time")
        if min_capacity is not None:
            target.min_capacity = min_capacity
        if max_capacity is not None:
            target.max_capacity = max_capacity
        if target.min_capacity < 0 or target.max_capacity < 0:
            raise ValidationException("Capacities must not be negative")
        if target.max_capacity < target.min_capacity:
            raise ValidationException("Maximum capacity cannot be less than minimum capacity")
        target.suspended_state |= suspended_state or {}
        if len(tags or ()) > MOST_TAGS:
            raise TooManyTagsException()
        self.cloud.tags.add(target.scalable_target_arn, tags)
        self.targets.put(target)
        self.hear(OF_TABLES)
        self._keep_within_soon(target)
        return {"ScalableTargetARN": target.scalable_target_arn}

    def deregister_scalable_target(self, service_namespace: str, resource_id: str, scalable_dimension: str):
        target = self._target(service_namespace, resource_id, scalable_dimension)
        for policy in list(self.policies.list(*target.key)):
            self._discard_policy(policy)
        for action in list(self.actions.list(*target.key)):
            self._discard_action(action)
        self.cloud.tags.clear(target.scalable_target_arn)
        self.targets.delete(target)
        if not self.targets.keys():
            self.hear({})

    def describe_scalable_targets(
        self, service_namespace: str, resource_ids: list | None = None, scalable_dimension: str | None = None,
        max_results: int | None = None, next_token: str | None = None,
    ):  # fmt: skip
        def wanted(target: Target) -> bool:
            named = not resource_ids or target.resource_id in resource_ids
            return named and scalable_dimension in (None, target.scalable_dimension)

        page = self.targets.page(page_size(max_results), next_token, service_namespace, where=wanted)
        shown = [values(target, RoleARN=target.role_arn) for target in page.records]
        return {"ScalableTargets": shown, "NextToken": page.next_token}

    # Tags

    def list_tags_for_resource(self, resource_arn: str):
        return {"Tags": self.cloud.tags.of(self._tagged(resource_arn))}

    def tag_resource(self, resource_arn: str, tags: dict):
        arn = self._tagged(resource_arn)
        if len({**self.cloud.tags.of(arn), **tags}) > MOST_TAGS:
            raise TooManyTagsException(ResourceName=arn)
        self.cloud.tags.add(arn, tags)

    def untag_resource(self, resource_arn: str, tag_keys: list):
        self.cloud.tags.remove(self._tagged(resource_arn), tag_keys)

    # Within

    def _tagged(self, arn: str) -> str:
        if not any(target.scalable_target_arn == arn for target in self.targets.list()):
            raise ResourceNotFoundException(f"The specified resource doesn't exist: {arn}", ResourceName=arn)
        return arn

    def _target(self, namespace: str, resource_id: str, dimension: str) -> Target:
        target = self.targets.get(namespace, resource_id, dimension)
        if target is None:
            raise ObjectNotFoundException(
                f"No scalable target registered for service namespace: {namespace}, resource ID: {resource_id},"
                f" scalable dimension: {dimension}"
            )
        return target

    def _new_target(
        self, namespace: str, resource_id: str, dimension: str, least: int | None, most: int | None
    ) -> Target:
        if least is None or most is None:
            raise ValidationException("MinCapacity and MaxCapacity are required to register a new scalable target")
        kind = KINDS[dimension]
        names = dimensions.names_of(dimension, resource_id) or ()
        try:
            Resource(dimension, names, self.aws).capacity()
        except Absent:
            raise ValidationException(f"{kind.missing}{resource_id}") from None
        arn = self.call.arn(f"scalable-target/{ids.token(36, ids.HEX)}")
        return Target(
            namespace, resource_id, dimension, arn, self._linked_role(namespace, kind.role), self.now, least, most
        )

    def _linked_role(self, namespace: str, name: str) -> str:
        """The service-linked role for a service, made when it is first needed."""
        host = f"{namespace}.application-autoscaling.amazonaws.com"
        try:
            return self.aws.iam.get_role(RoleName=name)["Role"]["Arn"]
        except ServiceError:
            return self.aws.iam.create_service_linked_role(AWSServiceName=host)["Role"]["Arn"]

    def _linked(self, target: Target) -> Siblings:
        """The other services, as the service-linked role for a target. Raises AccessDenied."""
        asking = KINDS[target.scalable_dimension].asking(self.cloud, self.call)
        return asking.aws.as_role(target.role_arn, "AutoScaling")

    def _resource(self, target: Target) -> Resource:
        return dimensions.resource_of(target, self._linked(target))


def page_size(max_results: int | None) -> int:
    return PAGE if max_results is None else min(max(max_results, 1), PAGE)


def _check_kind(namespace: str, resource_id: str, dimension: str):
    if namespace not in NAMESPACES:
        raise NotSupported(f"application-autoscaling: scaling of {namespace} is not supported by Glasshouse yet")
    if not dimension.startswith(f"{namespace}:") or dimensions.names_of(dimension, resource_id) is None:
        raise ValidationException("Unsupported service namespace, resource type or scalable dimension")
