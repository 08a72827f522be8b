"""Which events a trail or an event data store takes: basic and advanced event selectors."""

import re
from typing import Any

from glasshouse.services.cloudtrail.errors import InvalidEventSelectorsException
from glasshouse.services.cloudtrail.records import MANAGEMENT, Trail
from glasshouse.services.cloudtrail.witness import DATA_WANTED, data_events

FIELDS = {
    "eventCategory",
    "readOnly",
    "eventName",
    "eventSource",
    "eventType",
    "resources.type",
    "resources.ARN",
    "userIdentity.arn",
    "sessionCredentialFromConsole",
}
OPERATORS = {
    "Equals": lambda value, given: value in given,
    "NotEquals": lambda value, given: value not in given,
    "StartsWith": lambda value, given: value.startswith(tuple(given)),
    "NotStartsWith": lambda value, given: not value.startswith(tuple(given)),
    "EndsWith": lambda value, given: value.endswith(tuple(given)),
    "NotEndsWith": lambda value, given: not value.endswith(tuple(given)),
}
SELECTORS_AT_MOST = 5


class Selectors:
    """The operations on event selectors."""

    def put_event_selectors(
        self, trail_name: str, event_selectors: list | None = None, advanced_event_selectors: list | None = None
    ):
        trail = self._own_trail(trail_name)
        if bool(event_selectors) == bool(advanced_event_selectors):
            raise InvalidEventSelectorsException("Give either event selectors or advanced event selectors.")
        if event_selectors:
            check_basic(event_selectors)
            trail.event_selectors = [{**MANAGEMENT[0], **selector} for selector in event_selectors]
            trail.advanced_event_selectors = None
        else:
            check_advanced(advanced_event_selectors or [])
            trail.event_selectors, trail.advanced_event_selectors = [], advanced_event_selectors
        self.trails.put(trail)
        self._note_data_wanted()
        return {"TrailARN": trail.trail_arn, **self._selectors(trail)}

    def get_event_selectors(self, trail_name: str):
        trail = self._trail(trail_name)
        return {"TrailARN": trail.trail_arn, **self._selectors(trail)}

    @staticmethod
    def _selectors(trail: Trail) -> dict:
        if trail.advanced_event_selectors is not None:
            return {"AdvancedEventSelectors": trail.advanced_event_selectors}
        return {"EventSelectors": trail.event_selectors}

    def _note_data_wanted(self):
        """Let the witness know which accounts want their data events kept."""
        wanted = {
            scope.partition("/")[0]
            for scope, trail in self.trails.everywhere()
            if trail.is_logging and wants_data(trail)
        }
        wanted |= {
            scope.partition("/")[0]
            for scope, kept in self.stores.everywhere()
            if kept.status == "ENABLED" and any("Data" in str(selector) for selector in kept.advanced_event_selectors)
        }
        self.store.keep_setting(DATA_WANTED, sorted(wanted))


def wants_data(trail: Trail) -> bool:
    advanced = trail.advanced_event_selectors or []
    return any(selector.get("DataResources") for selector in trail.event_selectors) or "Data" in str(advanced)


def takes(trail: Trail, record: dict[str, Any]) -> bool:
    """Whether a trail logs an event."""
    if trail.advanced_event_selectors is not None:
        return any(_advanced(selector, record) for selector in trail.advanced_event_selectors)
    return any(_basic(selector, record) for selector in trail.event_selectors)


def check_basic(selectors: list):
    if len(selectors) > SELECTORS_AT_MOST:
        raise InvalidEventSelectorsException(f"A trail has {SELECTORS_AT_MOST} event selectors at most.")
    known = {entry["type"] for entry in data_events().values()}
    for selector in selectors:
        for resource in selector.get("DataResources") or ():
            if resource.get("Type") not in known:
                raise InvalidEventSelectorsException(f"The data resource type {resource.get('Type')} is not valid.")


def check_advanced(selectors: list):
    for selector in selectors:
        fields = {field.get("Field") for field in selector["FieldSelectors"]}
        if "eventCategory" not in fields:
            raise InvalidEventSelectorsException("Each advanced event selector needs the field eventCategory.")
        unknown = fields - FIELDS
        if unknown:
            raise InvalidEventSelectorsException(f"The field {sorted(unknown)[0]} is not valid.")


def _basic(selector: dict, record: dict[str, Any]) -> bool:
    wanted = selector.get("ReadWriteType", "All")
    if wanted != "All" and record["readOnly"] != (wanted == "ReadOnly"):
        return False
    if record["managementEvent"]:
        excluded = record["eventSource"] in (selector.get("ExcludeManagementEventSources") or ())
        return bool(selector.get("IncludeManagementEvents", True)) and not excluded
    arns = [resource.get("ARN", "") for resource in record.get("resources", ())]
    return any(
        _type_of(record) == resource["Type"]
        and any(_below(arn, value) for arn in arns for value in resource.get("Values", ()))
        for resource in selector.get("DataResources") or ()
    )


def _below(arn: str, value: str) -> bool:
    """`arn:aws:s3:::bucket/prefix` names what begins so; `arn:aws:s3` names everything."""
    return (
        arn.startswith(value)
        if value.endswith("/") or value.count(":") < 5
        else re.match(re.escape(value), arn) is not None
    )


def _type_of(record: dict[str, Any]) -> str:
    source = record["eventSource"].partition(".")[0]
    names = {"monitoring": "cloudwatch"}
    return data_events().get(names.get(source, source), {}).get("type", "")


def _advanced(selector: dict, record: dict[str, Any]) -> bool:
    return all(_field_holds(field, record) for field in selector["FieldSelectors"])


def _field_holds(field: dict, record: dict[str, Any]) -> bool:
    values = _values(field["Field"], record)
    given = [(OPERATORS[name], field[name]) for name in OPERATORS if field.get(name)]
    return all(any(test(value, wanted) for value in values) for test, wanted in given)


def _values(field: str, record: dict[str, Any]) -> list[str]:
    if field == "resources.type":
        return [_type_of(record)]
    if field == "resources.ARN":
        return [resource.get("ARN", "") for resource in record.get("resources", ())] or [""]
    if field == "userIdentity.arn":
        return [record["userIdentity"].get("arn", "")]
    value = record.get(field, "")
    return [str(value).lower() if isinstance(value, bool) else str(value)]
