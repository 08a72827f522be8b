"""Health: what an account is told about services and its own resources.

Events come of what other services state (see notices.py); there are none about the state of AWS. Differs from AWS: no
support plan is asked for, and the view over an organization, tags and lifecycles are refused.
"""

from collections import Counter

from glasshouse.core import Service, Table
from glasshouse.core.errors import NotSupported
from glasshouse.services.health.errors import InvalidPaginationToken, UnsupportedLocale
from glasshouse.services.health.notices import Notices
from glasshouse.services.health.records import Affected, Awaiting, Event

PAGE = 10
LARGE_PAGE = 100
# The members of EventFilter, and what of an event they are compared with.
EVENT_FIELDS = {
    "eventArns": "arn", "eventTypeCodes": "event_type_code", "services": "service", "regions": "region",
    "eventTypeCategories": "event_type_category", "actionabilities": "actionability",
}  # fmt: skip
EVENT_TIMES = {"startTimes": "start_time", "endTimes": "end_time", "lastUpdatedTimes": "last_updated_time"}
ENTITY_FIELDS = {
    "eventArns": "event_arn", "entityArns": "entity_arn", "entityValues": "entity_value", "statusCodes": "status_code",
}  # fmt: skip


class Health(Notices, Service):
    name = "health"
    invalid_page_token = InvalidPaginationToken
    events = Table(Event, key="arn", scope="account")
    affected = Table(Affected, key=("event_arn", "entity_value"), scope="account")
    awaiting = Table(Awaiting, key="role_arn", scope="account")

    def describe_events(
        self,
        filter: dict | None = None,
        max_results: int = PAGE,
        next_token: str | None = None,
        locale: str = "en",
    ):
        _require_english(locale)
        _refuse_tags(filter)
        page = self.events.page(max_results, next_token, where=lambda event: self._wanted(event, filter or {}))
        return {"events": [self._shown(event) for event in page.records], "nextToken": page.next_token}

    def describe_event_details(self, event_arns: list, locale: str = "en"):
        _require_english(locale)
        found, failed = [], []
        for arn in event_arns:
            event = self.events.get(arn)
            if event:
                description = {"latestDescription": event.description}
                found.append({"event": self._shown(event), "eventDescription": description, "eventMetadata": {}})
            else:
                message = f"Event {arn} does not exist or is not about this account."
                failed.append({"eventArn": arn, "errorName": "InvalidEventArn", "errorMessage": message})
        return {"successfulSet": found, "failedSet": failed}

    def describe_affected_entities(
        self, filter: dict, max_results: int = LARGE_PAGE, next_token: str | None = None, locale: str = "en"
    ):
        _require_english(locale)
        _refuse_tags(filter)
        page = self.affected.page(max_results, next_token, where=lambda entity: _entity_wanted(entity, filter))
        return {"entities": page.records, "nextToken": page.next_token}

    def describe_event_aggregates(
        self,
        aggregate_field: str,
        filter: dict | None = None,
        max_results: int = LARGE_PAGE,
        next_token: str | None = None,
    ):
        _refuse_tags(filter)
        wanted = [event for event in self.events.list() if self._wanted(event, filter or {})]
        counts = Counter(event.event_type_category for event in wanted)
        return {"eventAggregates": [{"aggregateValue": name, "count": number} for name, number in counts.items()]}

    def describe_entity_aggregates(self, event_arns: list | None = None):
        arns = event_arns or [event.arn for event in self.events.list()]
        aggregates = []
        for arn in arns:
            statuses = Counter(entity.status_code for entity in self.affected.list(arn))
            aggregates.append({"eventArn": arn, "count": statuses.total(), "statuses": dict(statuses)})
        return {"entityAggregates": aggregates}

    # Within

    def _shown(self, event: Event) -> dict:
        return {**vars(event), "statusCode": event.status(self.now)}

    def _wanted(self, event: Event, given: dict) -> bool:
        """Whether an event is of every kind that a filter names."""
        if not _fits(event, given, EVENT_FIELDS) or not _in_time(event, given, EVENT_TIMES):
            return False
        if given.get("eventStatusCodes") and event.status(self.now) not in given["eventStatusCodes"]:
            return False
        if given.get("personas") and not set(given["personas"]) & set(event.personas):
            return False
        if given.get("availabilityZones"):
            return False
        entities = {name: given[name] for name in ("entityArns", "entityValues") if given.get(name)}
        return not entities or any(_fits(one, entities, ENTITY_FIELDS) for one in self.affected.list(event.arn))


def _entity_wanted(entity: Affected, given: dict) -> bool:
    return _fits(entity, given, ENTITY_FIELDS) and _in_time(entity, given, {"lastUpdatedTimes": "last_updated_time"})


def _fits(record, given: dict, fields: dict[str, str]) -> bool:
    return all(not given.get(name) or getattr(record, field) in given[name] for name, field in fields.items())


def _in_time(record, given: dict, fields: dict[str, str]) -> bool:
    """Whether each of a record's times lies in one of the ranges that are given for it."""
    return all(
        any(_within(getattr(record, field), span) for span in given[name])
        for name, field in fields.items()
        if given.get(name)
    )


def _within(moment: float | None, span: dict) -> bool:
    start, end = span.get("from"), span.get("to")
    return moment is not None and (start is None or moment >= start) and (end is None or moment <= end)


def _refuse_tags(given: dict | None):
    if given and given.get("tags"):
        raise NotSupported("Filtering the events of Health by tags is not supported by Glasshouse yet")


def _require_english(locale: str):
    if locale.partition("-")[0] != "en":
        raise UnsupportedLocale()
