"""Pipes: made, changed, started and stopped, and their tags."""

from glasshouse.core import ids
from glasshouse.services.pipes.checks import check, check_own, check_source, kind_of_target, with_defaults
from glasshouse.services.pipes.errors import (
    ConflictException,
    NotFoundException,
    ServiceQuotaExceededException,
    ValidationException,
)
from glasshouse.services.pipes.journal import check_log
from glasshouse.services.pipes.records import DELETED, RUNNING, SETTINGS, STOPPED, Pipe

MOST_PIPES = 1000
PAGE = 100
CHANGING = ("CREATING", "UPDATING", "STARTING", "STOPPING", "DELETING")
KEPT = ("StartingPosition", "StartingPositionTimestamp")  # of a stream, whatever else is changed


class Pipes:
    """The operations."""

    def create_pipe(
        self,
        name: str,
        source: str,
        target: str,
        role_arn: str,
        description: str | None = None,
        desired_state: str = RUNNING,
        source_parameters: dict | None = None,
        enrichment: str | None = None,
        enrichment_parameters: dict | None = None,
        target_parameters: dict | None = None,
        tags: dict | None = None,
        log_configuration: dict | None = None,
        kms_key_identifier: str | None = None,
    ):
        if self.pipes.get(name) is not None:
            raise ConflictException(f"Pipe {name} already exists.", resourceId=name, resourceType="pipe")
        if len(self.pipes.keys()) >= MOST_PIPES:
            raise ServiceQuotaExceededException(
                f"You have reached the limit of {MOST_PIPES} pipes.", resourceId=name, resourceType="pipe",
                serviceCode="pipes", quotaCode="L-7EF7BD4A",
            )  # fmt: skip
        given = _without_nothing(source_parameters)
        check_source(source, given)
        pipe = Pipe(
            name, self.call.arn(f"pipe/{name}"), ids.uuid(), role_arn, source, target, desired_state, "CREATING",
            self.now, self.now, given, _without_nothing(target_parameters), enrichment or None,
            _without_nothing(enrichment_parameters), description,
            kms_key_identifier=kms_key_identifier or None,
            log_configuration=_without_nothing(log_configuration) or None,
        )  # fmt: skip
        self._keep(pipe)
        self.cloud.tags.add(pipe.arn, tags)
        return pipe

    def update_pipe(
        self,
        name: str,
        role_arn: str,
        description: str | None = None,
        desired_state: str | None = None,
        source_parameters: dict | None = None,
        enrichment: str | None = None,
        enrichment_parameters: dict | None = None,
        target: str | None = None,
        target_parameters: dict | None = None,
        log_configuration: dict | None = None,
        kms_key_identifier: str | None = None,
    ):
        pipe = self._idle(name)
        pipe.role_arn = role_arn
        pipe.description = pipe.description if description is None else description
        pipe.desired_state = desired_state or pipe.desired_state
        if target is not None and target != pipe.target:
            self._aim(pipe, target)
        if enrichment is not None:
            pipe.enrichment = enrichment or None
        if kms_key_identifier is not None:
            pipe.kms_key_identifier = kms_key_identifier or None
        if log_configuration is not None:
            pipe.log_configuration = _without_nothing(log_configuration)
        pipe.target_parameters = _merged(pipe.target_parameters, target_parameters)
        pipe.enrichment_parameters = _merged(pipe.enrichment_parameters, enrichment_parameters)
        pipe.source_parameters = self._changed_source(pipe, source_parameters)
        pipe.current_state, pipe.last_modified_time = "UPDATING", self.now
        self._stop_polling(pipe)
        return self._keep(pipe)

    def describe_pipe(self, name: str):
        pipe = self._pipe(name)
        fields = {name: getattr(pipe, name) for name in pipe.__slots__}
        return {**fields, "Tags": self.cloud.tags.of(pipe.arn)}

    def list_pipes(
        self,
        name_prefix: str = "",
        desired_state: str | None = None,
        current_state: str | None = None,
        source_prefix: str = "",
        target_prefix: str = "",
        next_token: str | None = None,
        limit: int = PAGE,
    ):
        page = self.pipes.page(
            limit, next_token, name_prefix,
            where=lambda pipe: (
                desired_state in (None, pipe.desired_state) and current_state in (None, pipe.current_state)
                and pipe.source.startswith(source_prefix) and pipe.target.startswith(target_prefix)
            ),
        )  # fmt: skip
        return {"Pipes": page.records, "NextToken": page.next_token}

    def delete_pipe(self, name: str):
        pipe = self._pipe(name)
        if pipe.current_state == "DELETING":
            raise _in_state(pipe)
        pipe.desired_state, pipe.current_state, pipe.last_modified_time = DELETED, "DELETING", self.now
        self._stop_polling(pipe)
        return self._change(pipe)

    def start_pipe(self, name: str):
        return self._turn(name, RUNNING, "STARTING")

    def stop_pipe(self, name: str):
        return self._turn(name, STOPPED, "STOPPING")

    def tag_resource(self, resource_arn: str, tags: dict):
        self.cloud.tags.add(self._taggable(resource_arn), tags)

    def untag_resource(self, resource_arn: str, tag_keys: list[str]):
        self.cloud.tags.remove(self._taggable(resource_arn), tag_keys)

    def list_tags_for_resource(self, resource_arn: str):
        return {"tags": self.cloud.tags.of(self._taggable(resource_arn))}

    # Within

    def _pipe(self, name: str) -> Pipe:
        pipe = self.pipes.get(name)
        if pipe is None:
            raise NotFoundException(f"Pipe {name} does not exist.")
        return pipe

    def _idle(self, name: str) -> Pipe:
        """A pipe that is not being changed."""
        pipe = self._pipe(name)
        if pipe.current_state in CHANGING:
            raise _in_state(pipe)
        return pipe

    def _turn(self, name: str, wanted: str, state: str) -> Pipe:
        """On or off."""
        pipe = self._idle(name)
        if pipe.current_state == wanted:
            raise _in_state(pipe)
        pipe.desired_state, pipe.current_state, pipe.last_modified_time = wanted, state, self.now
        self._stop_polling(pipe)
        return self._change(pipe)

    def _keep(self, pipe: Pipe) -> Pipe:
        """Check it all, then keep it, and have it become what it should."""
        with_defaults(pipe)
        check(self.cloud, pipe)
        check_log(pipe.log_configuration or {})
        return self._change(pipe)

    def _aim(self, pipe: Pipe, target: str):
        """At another target; what was said about one of another kind is forgotten."""
        before, after = kind_of_target(pipe.target), kind_of_target(target)
        if before and before != after:
            pipe.target_parameters = _without_nothing({**pipe.target_parameters, before.settings: None})
        pipe.target = target

    def _changed_source(self, pipe: Pipe, given: dict | None) -> dict:
        check_own(pipe.kind, given or {})
        kept = {name: value for name, value in pipe.settings.items() if name in KEPT}
        merged = _merged(pipe.source_parameters, given)
        name = SETTINGS[pipe.kind]
        return {**merged, name: {**(merged.get(name) or {}), **kept}}

    def _taggable(self, arn: str) -> str:
        kind, _, name = arn.split(":", 5)[-1].partition("/")
        if kind != "pipe":
            raise ValidationException(f"The resource {arn} cannot be tagged.")
        return self._pipe(name).arn


def _in_state(pipe: Pipe) -> ConflictException:
    return ConflictException(
        f"Pipe {pipe.name} is in state {pipe.current_state}.", resourceId=pipe.name, resourceType="pipe"
    )


def _without_nothing(parameters: dict | None) -> dict:
    """Parameters without members that are null, or empty."""
    return {name: value for name, value in (parameters or {}).items() if value not in (None, "", {})}


def _merged(before: dict, given: dict | None) -> dict:
    """Each member that is given replaces the one before as a whole; an empty one takes it away."""
    return _without_nothing({**before, **{name: it for name, it in (given or {}).items() if it is not None}})
