"""Putting and deleting parameters, and what their policies do in time."""

from dataclasses import replace

from glasshouse.core import tags as tag_lists
from glasshouse.core.errors import ServiceError, ValidationException
from glasshouse.services.ssm import names, policies, values
from glasshouse.services.ssm.errors import (
    HierarchyTypeMismatchException,
    ParameterAlreadyExists,
    ParameterLimitExceeded,
    ParameterMaxVersionLimitExceeded,
    ParameterNotFound,
)
from glasshouse.services.ssm.records import Census, Parameter, Policy

MOST_VERSIONS = 100
MOST_PARAMETERS = {"Standard": 10_000, "Advanced": 100_000}
DEFAULT_KEY = "alias/aws/ssm"


class Writing:
    """The operations that change parameters."""

    def put_parameter(
        self,
        name: str,
        value: str,
        description: str | None = None,
        type: str | None = None,
        key_id: str | None = None,
        overwrite: bool = False,
        allowed_pattern: str | None = None,
        tags: list[dict] | None = None,
        tier: str | None = None,
        policies: str | None = None,
        data_type: str | None = None,
    ):
        previous = self.parameters.get(names.path_of(name))
        if tags and overwrite:
            raise ValidationException(
                "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please"
                " remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or"
                " RemoveTagsFromResource."
            )
        base = previous or self._blank(name, type)
        if previous and not overwrite:
            raise ParameterAlreadyExists()
        if type and type != base.type:
            raise HierarchyTypeMismatchException()
        if key_id and base.type != "SecureString":
            raise ValidationException("KeyId is required for SecureString type parameter only.")
        changes = {"description": description, "allowed_pattern": allowed_pattern, "key_id": key_id}
        draft = self._draft(base, value, policies, data_type, changes)
        draft.tier = self._tier(tier, previous, draft)
        self._check(draft, base)
        if draft.data_type == values.IMAGE and not self._has_image(draft):
            return draft
        self._keep_new(draft, tag_lists.from_list(tags))
        return draft

    def delete_parameter(self, name: str):
        self._delete(self._named(name))

    def delete_parameters(self, names: list[str]):
        deleted, invalid = [], []
        for name in dict.fromkeys(names):
            try:
                self._delete(self._named(name))
                deleted.append(name)
            except ParameterNotFound:
                invalid.append(name)
        return {"DeletedParameters": deleted, "InvalidParameters": invalid}

    def _named(self, name: str) -> Parameter:
        parameter = self.parameters.get(names.plain(name))
        if parameter is None:
            raise ParameterNotFound(f"Parameter {name} not found.")
        return parameter

    # A new version

    def _blank(self, name: str, type: str | None) -> Parameter:
        """What a parameter is before its first version."""
        path = names.path_of(name)
        arn = self.call.arn(f"parameter{path}")
        name = names.new_name(name, arn)
        if type is None:
            raise ValidationException("A parameter type is required when you create a parameter.")
        key_id = DEFAULT_KEY if type == "SecureString" else None
        return Parameter(path, name, 0, type, "", arn, "Standard", "text", 0.0, "", key_id=key_id)

    def _draft(self, base: Parameter, value: str, policies: str | None, data_type: str | None, changes: dict):
        """The next version: what the request leaves out stays as it was."""
        given = {field: change for field, change in changes.items() if change is not None}
        return replace(
            base,
            version=base.version + 1,
            value=value,
            data_type=data_type or base.data_type,
            policies=self._policies(base, policies),
            last_modified_date=self.now,
            last_modified_user=self.call.principal.arn,
            **given,
        )

    @staticmethod
    def _policies(base: Parameter, text: str | None) -> list[Policy]:
        if text is not None:
            return policies.parse(text)
        # A change starts the time of NoChangeNotification anew; what has expired or been told stays so.
        return [
            replace(kept, policy_status="Pending") if kept.policy_type == policies.NO_CHANGE else kept
            for kept in base.policies
        ]

    def _tier(self, wanted: str | None, previous: Parameter | None, draft: Parameter) -> str:
        wanted = wanted or (previous.tier if previous else self._default_tier())
        if wanted == "Advanced":
            return wanted
        advanced = previous is not None and previous.tier == "Advanced"
        needed = draft.policies or draft.data_type in values.ADVANCED_ONLY
        if wanted == "Intelligent-Tiering":
            large = len(draft.value.encode()) > values.STANDARD_BYTES
            full = previous is None and self._count("Standard") >= MOST_PARAMETERS["Standard"]
            return "Advanced" if advanced or needed or large or full else "Standard"
        if advanced:
            raise ValidationException(
                "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the"
                " advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced"
                " parameter and recreate it as a standard parameter."
            )
        if needed:
            option = "parameter policies" if draft.policies else f"the data type {draft.data_type}"
            raise ValidationException(
                f"Standard tier parameters do not support {option}. To use {option}, upgrade the parameter to use the"
                " advanced-parameter tier."
            )
        return wanted

    def _check(self, draft: Parameter, base: Parameter):
        values.check_text(draft.value)
        values.check_size(draft.value, draft.tier)
        values.check_pattern(draft.value, draft.allowed_pattern)
        values.check_data_type(draft.value, draft.data_type, draft.type, draft.path)
        fixed = {values.IMAGE, values.INTEGRATION}
        if base.version and draft.data_type != base.data_type and fixed & {draft.data_type, base.data_type}:
            raise ValidationException(
                f"You can't change the data type of a parameter from {base.data_type} to {draft.data_type}."
            )

    def _has_image(self, draft: Parameter) -> bool:
        """Whether the value is an image; if not, the parameter stays as it is and an event says so, though the
        request succeeds: AWS looks only after it has answered."""
        known = values.is_image_id(draft.value)
        if known and "ec2" in self.cloud.services.names():
            try:
                known = bool(self.aws.ec2.describe_images(ImageIds=[draft.value]).get("Images"))
            except ServiceError:
                known = False
        if not known:
            self._changed(draft, exception="Unable to Describe Resource")
        return known

    # Keeping it

    def _keep_new(self, draft: Parameter, tags: dict[str, str]):
        if draft.version == 1:
            self._add_to(draft.tier, 1)
            self._tag(draft.arn, tags)
        else:
            before = self.parameters.get(draft.path)
            if before.tier != draft.tier:
                self._add_to(before.tier, -1)
                self._add_to(draft.tier, 1)
            self._make_room(draft)
        if draft.type == "SecureString":
            draft.value = self._encrypted(draft)
        self._keep(draft)
        self._schedule(draft)
        self._changed(draft)

    def _keep(self, parameter: Parameter):
        self.parameters.put(parameter)
        before = self.history.get(parameter.path, parameter.version)
        self.history.put(replace(parameter, labels=before.labels if before else []))

    def _make_room(self, draft: Parameter):
        """The oldest version goes for the hundred and first, unless it is labelled."""
        oldest = next(self.history.list(draft.path))
        if draft.version - oldest.version < MOST_VERSIONS:
            return
        if oldest.labels:
            raise ParameterMaxVersionLimitExceeded(
                f"You attempted to create a new version of {draft.name} by calling the PutParameter API with the"
                f" overwrite flag. Version {oldest.version}, the oldest version, can't be deleted because it has a"
                " label associated with it. Move the label to another version of the parameter, and try again."
            )
        self.history.delete(oldest)

    def _delete(self, parameter: Parameter):
        self._unschedule(parameter.path)
        for version in self.history.list(parameter.path):
            self.history.delete(version)
        self.parameters.delete(parameter)
        self.cloud.tags.clear(parameter.arn)
        self._add_to(parameter.tier, -1)
        self._changed(parameter, "Delete")

    def _changed(self, parameter: Parameter, operation: str | None = None, exception: str | None = None):
        """What EventBridge tells as "Parameter Store Change"."""
        operation = operation or ("Create" if parameter.version == 1 else "Update")
        detail = {"name": parameter.name, "type": parameter.type, "operation": operation, "arn": parameter.arn}
        if exception:
            detail |= {"exception": exception, "data_type": parameter.data_type}
        self.state("ParameterChanged", **detail, description=parameter.description)

    def _count(self, tier: str) -> int:
        census = self.census.get(tier)
        return census.parameters if census else 0

    def _add_to(self, tier: str, change: int):
        number = self._count(tier) + change
        if number > MOST_PARAMETERS[tier]:
            raise ParameterLimitExceeded()
        self.census.put(Census(tier, number))

    # Policies

    def _schedule(self, parameter: Parameter):
        self._unschedule(parameter.path)
        for index, policy in enumerate(parameter.policies):
            if policy.policy_status == "Pending":
                moment = policies.due(policy, parameter.policies, parameter.last_modified_date)
                key = f"policy {index} of {parameter.path}"
                self.later("_execute_policy", at=moment, key=key, path=parameter.path, index=index)

    def _unschedule(self, path: str):
        for index in range(policies.MOST_POLICIES):
            self.cancel(f"policy {index} of {path}")

    def _execute_policy(self, path: str, index: int):
        """What EventBridge tells as "Parameter Store Policy Action"; an expired parameter goes."""
        parameter = self.parameters.get(path)
        policy = parameter.policies[index]
        policy.policy_status = "Finished"
        self.state(
            "ParameterPolicyAction",
            name=parameter.name,
            type=parameter.type,
            arn=parameter.arn,
            policy_type=policy.policy_type,
            policy_content=policy.policy_text,
        )
        if policy.policy_type == policies.EXPIRATION:
            self._delete(parameter)
        else:
            self._keep(parameter)
