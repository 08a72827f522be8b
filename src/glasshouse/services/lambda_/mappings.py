"""Event source mappings: made, changed, shown and deleted. Polling has its own parts."""

from typing import Any

from glasshouse.core import ids
from glasshouse.services.lambda_.batches import Batches
from glasshouse.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from glasshouse.services.lambda_.functions import PAGE, PATIENCE_S
from glasshouse.services.lambda_.mapping_records import NOTHING_YET, Mapping
from glasshouse.services.lambda_.mapping_settings import DEFAULT_SIZES, FIELDS, STREAM_DEFAULTS, check, check_source
from glasshouse.services.lambda_.settings import check_tags

SETTLED = ("Enabled", "Disabled")


class Mappings:
    """The operations on event source mappings."""

    def create_event_source_mapping(
        self, function_name: str, event_source_arn: str | None = None, enabled: bool = True,
        batch_size: int | None = None, filter_criteria: dict | None = None, metrics_config: dict | None = None,
        scaling_config: dict | None = None, maximum_batching_window_in_seconds: int | None = None,
        parallelization_factor: int | None = None, starting_position: str | None = None,
        starting_position_timestamp: float | None = None, destination_config: dict | None = None,
        maximum_record_age_in_seconds: int | None = None, bisect_batch_on_function_error: bool | None = None,
        maximum_retry_attempts: int | None = None, tags: dict | None = None,
        tumbling_window_in_seconds: int | None = None, function_response_types: list | None = None,
    ):  # fmt: skip
        check_source(event_source_arn, self.call.params)
        reference = self._reference(function_name)
        if self._functions_at(reference).get(reference.name) is None:
            raise InvalidParameterValueException("Function does not exist")
        role = self._target(reference).configuration.role
        uuid = ids.uuid()
        mapping = Mapping(
            uuid, self.call.arn(f"event-source-mapping:{uuid}"), event_source_arn or "", reference.arn, reference.name,
            DEFAULT_SIZES[(event_source_arn or "").split(":")[2]], self.now, enabled,
        )  # fmt: skip
        self._check_new(mapping)
        self._set(mapping, self.call.params)
        self._check_reachable(mapping, role)
        check_tags(tags or {})
        self.cloud.tags.add(mapping.event_source_mapping_arn, tags)
        self._begin(mapping, "Creating")
        return mapping

    def get_event_source_mapping(self, uuid: str):
        return self._mapping(uuid)

    def list_event_source_mappings(
        self, event_source_arn: str | None = None, function_name: str | None = None, marker: str | None = None,
        max_items: int = 100,
    ):  # fmt: skip
        reference = self._reference(function_name) if function_name else None

        def wanted(mapping: Mapping) -> bool:
            if event_source_arn not in (None, mapping.event_source_arn):
                return False
            if reference is None:
                return True
            exactly = mapping.function_arn == reference.arn
            return exactly or (reference.qualifier is None and mapping.function_name == reference.name)

        found, token = self.mappings.page(min(max_items, 2 * PAGE), marker, where=wanted)
        return {"EventSourceMappings": found, "NextMarker": token}

    def update_event_source_mapping(
        self, uuid: str, function_name: str | None = None, enabled: bool | None = None, batch_size: int | None = None,
        filter_criteria: dict | None = None, metrics_config: dict | None = None, scaling_config: dict | None = None,
        maximum_batching_window_in_seconds: int | None = None, parallelization_factor: int | None = None,
        destination_config: dict | None = None, maximum_record_age_in_seconds: int | None = None,
        bisect_batch_on_function_error: bool | None = None, maximum_retry_attempts: int | None = None,
        tumbling_window_in_seconds: int | None = None, function_response_types: list | None = None,
    ):  # fmt: skip
        mapping = self._settled_mapping(uuid, "update")
        if function_name is not None:
            reference = self._reference(function_name)
            if self._functions_at(reference).get(reference.name) is None:
                raise InvalidParameterValueException("Function does not exist")
            self._target(reference)
            mapping.function_arn, mapping.function_name = reference.arn, reference.name
        was, mapping.enabled = mapping.enabled, mapping.enabled if enabled is None else enabled
        self._set(mapping, self.call.params)
        self._check_reachable(mapping, self._mapping_role(mapping))
        changing = "Updating" if was == mapping.enabled else "Enabling" if mapping.enabled else "Disabling"
        self._begin(mapping, changing)
        return mapping

    def delete_event_source_mapping(self, uuid: str):
        mapping = self._settled_mapping(uuid, "delete")
        mapping.enabled = False
        self._begin(mapping, "Deleting")
        return mapping

    def _mapping(self, uuid: str) -> Mapping:
        mapping = self.mappings.get(uuid)
        if mapping is None:
            raise ResourceNotFoundException()
        return mapping

    def _settled_mapping(self, uuid: str, intent: str) -> Mapping:
        """A mapping that may be changed, which here it may in a moment. Raises ResourceInUseException."""
        mapping = self._mapping(uuid)
        if mapping.state not in SETTLED:
            self.wait(PATIENCE_S, mapping.topic)
            raise ResourceInUseException(f"Cannot {intent} the event source mapping because it is in use.")
        return mapping

    def _set(self, mapping: Mapping, given: dict[str, Any]):
        """Apply the settings that are given. Raises InvalidParameterValueException."""
        for member, field in FIELDS.items():
            if given.get(member) is not None:
                setattr(mapping, field, given[member])
        if mapping.kind == "sqs":
            mapping.state_transition_reason = "USER_INITIATED"
        else:
            for field, value in STREAM_DEFAULTS.items():
                if getattr(mapping, field) is None:
                    setattr(mapping, field, value)
            mapping.destination_config = mapping.destination_config or {"OnFailure": {}}
            mapping.last_processing_result = mapping.last_processing_result or NOTHING_YET
        if mapping.filter_criteria is not None and not mapping.filter_criteria.get("Filters"):
            mapping.filter_criteria = None
        mapping.scaling_config = mapping.scaling_config or None
        check(mapping)

    def _check_new(self, mapping: Mapping):
        """A function reads a source by one mapping only."""
        for other in self.mappings.list():
            if (other.function_arn, other.event_source_arn) != (mapping.function_arn, mapping.event_source_arn):
                continue
            told = f'(" {mapping.event_source_arn} ") and function (" {mapping.function_name} ")'
            ending = f"Please update or delete the existing mapping with UUID {other.uuid}"
            if mapping.kind == "sqs":
                raise ResourceConflictException(f"An event source mapping with SQS arn {told} already exists. {ending}")
            raise ResourceConflictException(f"The event source arn {told} provided mapping already exists. {ending}")

    # From one state to the next

    def _begin(self, mapping: Mapping, state: str):
        """What polls by the old settings ends; what is to be follows in a job that is due at once."""
        mapping.state, mapping.modified, mapping.turn = state, self.now, mapping.turn + 1
        self.mappings.put(mapping)
        self._stop_polling(mapping)
        self.later("_settle_mapping", key=f"mapping {mapping.uuid}", uuid=mapping.uuid)

    def _settle_mapping(self, uuid: str):
        mapping = self.mappings.get(uuid)
        if mapping is None:
            return
        self.tell(mapping.topic)
        if mapping.state == "Deleting":
            self._remove_mapping(mapping)
            return
        mapping.state = "Enabled" if mapping.enabled else "Disabled"
        self.mappings.put(mapping)
        if mapping.enabled:
            self._start_polling(mapping)

    def _remove_mapping(self, mapping: Mapping):
        Batches(self.store, mapping.uuid).clear()
        for position in list(self.positions.list(mapping.uuid)):
            self.positions.delete(position)
        self.cloud.tags.clear(mapping.event_source_mapping_arn)
        self.mappings.delete(mapping)
