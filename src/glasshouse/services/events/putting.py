"""Events: put onto buses, matched, and sent on their way.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html tells how large an entry is.
"""

from typing import Any

from glasshouse.core import ids
from glasshouse.services.events.errors import ValidationException
from glasshouse.services.events.inputs import iso_time, spelled
from glasshouse.services.events.matching import Plan, Rulebook, Rulebooks, as_object, check_pattern, make_rulebook
from glasshouse.services.events.records import ALL_MANAGEMENT_EVENTS, DEFAULT, Rule, Target

LARGEST_REQUEST, MOST_ENTRIES = 1_048_576, 10
# The members of an entry as AWS's refusal of too many of them prints it.
PRINTED = ("Time", "Source", "Resources", "DetailType", "Detail", "EventBusName", "TraceHeader", "KmsKeyIdentifier",
           "InternalMetadata")  # fmt: skip
TIME_BYTES = 14
NEEDED_OF_TESTED = ("id", "account", "source", "time", "region", "detail-type")


class Putting:
    """PutEvents and TestEventPattern."""

    def put_events(self, entries: list[dict]):
        if len(entries) > MOST_ENTRIES:
            raise ValidationException(
                f"1 validation error detected: Value '[{', '.join(map(_printed, entries))}]' at 'entries' failed to"
                f" satisfy constraint: Member must have length less than or equal to {MOST_ENTRIES}"
            )
        sizes = sum(map(entry_size, entries))
        if sizes >= LARGEST_REQUEST:
            raise ValidationException("Total size of the entries in the request is over the limit.")
        results = [self._put_entry(entry) for entry in entries]
        return {"FailedEntryCount": sum("ErrorCode" in result for result in results), "Entries": results}

    def test_event_pattern(self, event_pattern: str, event: str):
        tested = as_object(event)
        if tested is None or any(name not in tested for name in NEEDED_OF_TESTED):
            raise ValidationException("Parameter Event is not valid.")
        return {"Result": check_pattern(event_pattern).matches(tested)}

    # Within

    def _put_entry(self, entry: dict) -> dict[str, str]:
        for name in ("Source", "DetailType", "Detail"):
            if not entry.get(name):
                return _error(
                    "InvalidArgument", f"Parameter {name} is not valid. Reason: {name} is a required argument."
                )
        if entry["Source"].startswith("aws.") and self.call.principal.kind != "service":
            return _error("NotAuthorizedForSourceException", "Not authorized for the source.")
        detail = as_object(entry["Detail"])
        if detail is None:
            return _error("MalformedDetail", "Detail is malformed.")
        event = self._event(
            entry["Source"], entry["DetailType"], detail, entry.get("Resources") or [], entry.get("Time") or self.now
        )
        account, region, name = self._place_of(entry.get("EventBusName") or DEFAULT)
        # An event for a bus that is not there is taken and lost, as on AWS.
        self._at(account, region)._receive(name, event, entry.get("TraceHeader"))
        return {"EventId": event["id"]}

    def _event(self, source: str, detail_type: str, detail: dict, resources: list[str], time: float) -> dict[str, Any]:
        return {
            "version": "0", "id": ids.uuid(), "detail-type": detail_type, "source": source,
            "account": self.call.account, "time": iso_time(time), "region": self.call.region, "resources": resources,
            "detail": detail,
        }  # fmt: skip

    def _receive(self, bus: str, event: dict[str, Any], trace: str | None = None, reads_only: bool = False):
        """An event on a bus of this account and region. One of a call that only reads is for the rules that ask for
        such."""
        for plan in self._rulebook(bus).matching(event):
            if reads_only and plan.rule.state != ALL_MANAGEMENT_EVENTS:
                continue
            if plan.rule.archive:
                self._keep_in_archive(plan.rule.archive, event)
            else:
                self._send_to_targets(plan.rule.name, plan.rule.arn, plan.targets, event, trace)

    def _send_to_targets(
        self, name: str, rule_arn: str, targets: list[Target], event: dict[str, Any], trace: str | None = None
    ):
        """Matched: from here on the event is delivered, whatever happens."""
        dimensions = {"RuleName": name}
        self.metric("AWS/Events", "MatchedEvents", 1, "Count", dimensions)
        self.metric("AWS/Events", "TriggeredRules", 1, "Count", dimensions)
        text = spelled(event)
        for target in targets:
            method = "_call_destination" if ":api-destination/" in target.arn else "_deliver"
            self.later(method, rule=rule_arn, target=target.body, event=text, begun=self.now, trace=trace)

    # Places

    def _place_of(self, bus: str) -> tuple[str, str, str]:
        """(account, region, name) of a bus that is named, or whose ARN is given."""
        if not bus.startswith("arn:"):
            return self.call.account, self.call.region, bus
        parts = bus.split(":", 5)
        return parts[4], parts[3], parts[5].removeprefix("event-bus/")

    def _at(self, account: str, region: str):
        """This service in another account or region."""
        if (account, region) == (self.call.account, self.call.region):
            return self
        return type(self)(self.cloud, self.call.elsewhere(account, region))

    # Rulebooks

    def _rulebook(self, bus: str) -> Rulebook:
        books = self.cloud.resident(Rulebooks)
        place = (self.call.account, self.call.region, bus)
        revision = self.store.setting(_revision_name(*place), "")
        book = books.get(place, revision)
        if book is None:
            rules = [rule for rule in self.rules.list(bus) if rule.is_enabled and rule.event_pattern]
            book = make_rulebook([Plan(rule, self._targets_of(rule)) for rule in rules])
            books.put(place, revision, book)
        return book

    def _targets_of(self, rule: Rule) -> list[Target]:
        return list(self.targets.list(rule.event_bus_name, rule.name))

    def _rules_changed(self, bus: str):
        """A new revision is chosen by chance: one that was rolled back must not come again for other rules."""
        self.store.keep_setting(_revision_name(self.call.account, self.call.region, bus), ids.uuid())
        if bus == DEFAULT:
            self._listen_to_services()


def _revision_name(account: str, region: str, bus: str) -> str:
    return f"events.rules {account}/{region}/{bus}"


def entry_size(entry: dict) -> int:
    texts = [entry.get("Source"), entry.get("DetailType"), entry.get("Detail"), *(entry.get("Resources") or ())]
    return (TIME_BYTES if entry.get("Time") else 0) + sum(len(text.encode()) for text in texts if text)


def _error(code: str, message: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": message}


def _printed(entry: dict[str, Any]) -> str:
    fields = (f"{name[0].lower()}{name[1:]}={_java(entry.get(name))}" for name in PRINTED)
    return f"PutEventsRequestEntry({', '.join(fields)})"


def _java(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(value)}]"
    return "null" if value is None else str(value)
