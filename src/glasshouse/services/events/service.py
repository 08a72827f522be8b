"""EventBridge: buses, rules and targets, schedules, API destinations, archives and replays.

Differs from AWS: nothing is eventually consistent; an event that a rule matches is delivered by a job of its own at
once; partners' event sources and global endpoints are refused.
"""

from glasshouse.core import Service, Table
from glasshouse.services.events.apis import Apis
from glasshouse.services.events.archives import Archives, Replays
from glasshouse.services.events.buses import Buses
from glasshouse.services.events.calling import Calling
from glasshouse.services.events.connections import Connections
from glasshouse.services.events.delivering import Delivering
from glasshouse.services.events.destinations import Destinations
from glasshouse.services.events.hearing import Hearing
from glasshouse.services.events.putting import Putting
from glasshouse.services.events.records import (
    DEFAULT,
    ApiDestination,
    Archive,
    Bus,
    Connection,
    Replay,
    Rule,
    Target,
)
from glasshouse.services.events.rules import Rules
from glasshouse.services.events.sending import Sending
from glasshouse.services.events.tagging import Tagging
from glasshouse.services.events.targets import Targets

NOBODY = '{"Version": "2012-10-17", "Statement": []}'


class Events(
    Buses, Rules, Targets, Putting, Delivering, Sending, Archives, Replays, Connections, Destinations, Calling, Apis,
    Hearing, Tagging, Service,
):  # fmt: skip
    name = "events"
    buses = Table(Bus, key="name")
    rules = Table(Rule, key=("event_bus_name", "name"))
    targets = Table(Target, key=("bus", "rule", "id"))
    archives = Table(Archive, key="archive_name")
    replays = Table(Replay, key="replay_name")
    connections = Table(Connection, key="name")
    destinations = Table(ApiDestination, key="name")

    def resource_arns(self, params: dict) -> list[str] | None:
        if "ApiDestinationArn" in params:
            return [params["ApiDestinationArn"]]
        if "Entries" in params:
            named = {entry.get("EventBusName") or DEFAULT for entry in params["Entries"]}
            return [self._bus_arn(name) for name in sorted(named)]
        if "ResourceARN" in params:
            return [params["ResourceARN"]]
        name = params.get("EventBusName")
        rule = params.get("Rule") or (params.get("Name") if self.call.operation.endswith("Rule") else None)
        if rule:
            return [self._rule_arn(self._name_of(name or DEFAULT), rule)]
        return None

    def resource_policies(self, params: dict) -> list[tuple[str, str]]:
        """Of the buses that events are put on. One of another account that has none lets nobody in: it says so, since
        its ARN is only looked at where there are policies."""
        found = []
        for entry in params.get("Entries") or ():
            account, region, name = self._place_of(entry.get("EventBusName") or DEFAULT)
            bus = self.buses.within(account, region).get(name)
            if bus and bus.policy:
                found.append((bus.arn, bus.policy))
            elif account != self.call.account:
                found.append((self._bus_arn(entry["EventBusName"]), NOBODY))
        return found

    def _bus_arn(self, name: str) -> str:
        return name if name.startswith("arn:") else self.call.arn(f"event-bus/{name}")
