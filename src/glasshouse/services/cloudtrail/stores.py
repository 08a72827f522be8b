"""Event data stores of CloudTrail Lake: their settings. Queries come with the SQL engine."""

from glasshouse.core import ids
from glasshouse.core.tags import from_list
from glasshouse.services.cloudtrail.errors import (
    EventDataStoreAlreadyExistsException,
    EventDataStoreNotFoundException,
    EventDataStoreTerminationProtectedException,
    InactiveEventDataStoreException,
)
from glasshouse.services.cloudtrail.records import EventDataStore
from glasshouse.services.cloudtrail.selectors import check_advanced

MANAGEMENT = [
    {"Name": "Default management events", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
]
PENDING_S = 7 * 86_400


class Stores:
    """The operations on event data stores."""

    def create_event_data_store(
        self,
        name: str,
        advanced_event_selectors: list | None = None,
        multi_region_enabled: bool = True,
        organization_enabled: bool = False,
        retention_period: int | None = None,
        termination_protection_enabled: bool = True,
        tags_list: list | None = None,
        start_ingestion: bool = True,
        billing_mode: str = "EXTENDABLE_RETENTION_PRICING",
    ):
        if any(kept.name == name for kept in self.stores.list()):
            raise EventDataStoreAlreadyExistsException(f"An event data store with the name {name} already exists.")
        check_advanced(advanced_event_selectors or [])
        arn = self.call.arn(f"eventdatastore/{ids.uuid()}")
        days = retention_period or (366 if billing_mode == "EXTENDABLE_RETENTION_PRICING" else 2557)
        made = EventDataStore(
            arn, name, "ENABLED" if start_ingestion else "STOPPED_INGESTION", advanced_event_selectors or MANAGEMENT,
            multi_region_enabled, days, termination_protection_enabled, billing_mode, self.now, self.now,
            organization_enabled,
        )  # fmt: skip
        self.stores.put(made)
        self.cloud.tags.add(arn, from_list(tags_list))
        self._note_data_wanted()
        return {**vars(made), "Status": "CREATED", "TagsList": tags_list}

    def get_event_data_store(self, event_data_store: str):
        return self._store_of(event_data_store)

    def list_event_data_stores(self, next_token: str | None = None, max_results: int = 1000):
        found, token = self.stores.page(max_results, next_token)
        return {"EventDataStores": found, "NextToken": token}

    def update_event_data_store(
        self,
        event_data_store: str,
        name: str | None = None,
        advanced_event_selectors: list | None = None,
        multi_region_enabled: bool | None = None,
        retention_period: int | None = None,
        termination_protection_enabled: bool | None = None,
    ):
        kept = self._active(event_data_store)
        check_advanced(advanced_event_selectors or [])
        changes = {
            "name": name, "advanced_event_selectors": advanced_event_selectors, "retention_period": retention_period,
            "multi_region_enabled": multi_region_enabled,
            "termination_protection_enabled": termination_protection_enabled,
        }  # fmt: skip
        for attribute, value in changes.items():
            if value is not None:
                setattr(kept, attribute, value)
        kept.updated_timestamp = self.now
        self._note_data_wanted()
        return self.stores.put(kept)

    def delete_event_data_store(self, event_data_store: str):
        kept = self._active(event_data_store)
        if kept.termination_protection_enabled:
            raise EventDataStoreTerminationProtectedException(
                "The event data store cannot be deleted because termination protection is enabled for it."
            )
        kept.status, kept.updated_timestamp = "PENDING_DELETION", self.now
        self.stores.put(kept)
        self.later(
            "_forget_store", after=PENDING_S, key=f"delete {kept.event_data_store_arn}", arn=kept.event_data_store_arn
        )
        self._note_data_wanted()

    def restore_event_data_store(self, event_data_store: str):
        kept = self._store_of(event_data_store)
        if kept.status != "PENDING_DELETION":
            raise InactiveEventDataStoreException("The event data store is not pending deletion.")
        self.cancel(f"delete {kept.event_data_store_arn}")
        kept.status = "ENABLED"
        self._note_data_wanted()
        return self.stores.put(kept)

    def start_event_data_store_ingestion(self, event_data_store: str):
        self._set_ingestion(event_data_store, "ENABLED")

    def stop_event_data_store_ingestion(self, event_data_store: str):
        self._set_ingestion(event_data_store, "STOPPED_INGESTION")

    def _set_ingestion(self, identifier: str, status: str):
        kept = self._active(identifier)
        kept.status, kept.updated_timestamp = status, self.now
        self.stores.put(kept)
        self._note_data_wanted()

    def _active(self, identifier: str) -> EventDataStore:
        kept = self._store_of(identifier)
        if kept.status == "PENDING_DELETION":
            raise InactiveEventDataStoreException("The event data store is pending deletion.")
        return kept

    def _store_of(self, identifier: str) -> EventDataStore:
        """By ARN, or the id that it ends with."""
        arn = identifier if identifier.startswith("arn:") else self.call.arn(f"eventdatastore/{identifier}")
        kept = self.stores.get(arn)
        if kept is None:
            raise EventDataStoreNotFoundException("The specified event data store was not found.")
        return kept

    def _forget_store(self, arn: str):
        if kept := self.stores.get(arn):
            self.cloud.tags.clear(arn)
            self.stores.delete(kept)
