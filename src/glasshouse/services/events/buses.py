"""Event buses, and who may put events on them."""

import json

from glasshouse.core import NotSupported, documents
from glasshouse.core.tags import from_list
from glasshouse.services.events.errors import (
    LimitExceededException,
    PolicyLengthExceededException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    ValidationException,
)
from glasshouse.services.events.records import DEFAULT, Bus

MOST_BUSES = 100
PAGE = 100
LONGEST_POLICY = 10_240
GRANTABLE = "events:PutEvents"


class Buses:
    """The operations on buses and their policies."""

    def create_event_bus(
        self,
        name: str,
        event_source_name: str | None = None,
        description: str | None = None,
        kms_key_identifier: str | None = None,
        dead_letter_config: dict | None = None,
        log_config: dict | None = None,
        tags: list | None = None,
    ):
        if event_source_name is not None:
            # Partners' event sources are none of this cloud's.
            raise ResourceNotFoundException(f"Event source {event_source_name} does not exist.")
        if "/" in name:
            raise ValidationException("Event bus name must not contain '/'.")
        if name == DEFAULT or self.buses.get(name):
            raise ResourceAlreadyExistsException(f"Event bus {name} already exists.")
        if len(self.buses.keys()) >= MOST_BUSES:
            raise LimitExceededException()
        _check_dead_letters(dead_letter_config)
        _check_log(log_config)
        bus = Bus(
            name, self.call.arn(f"event-bus/{name}"), self.now, self.now, description, kms_key_identifier,
            dead_letter_config, log_config,
        )  # fmt: skip
        self.buses.put(bus)
        self.cloud.tags.add(bus.arn, from_list(tags))
        return _shown(bus) | {"EventBusArn": bus.arn}

    def update_event_bus(
        self,
        name: str = DEFAULT,
        kms_key_identifier: str | None = None,
        description: str | None = None,
        dead_letter_config: dict | None = None,
        log_config: dict | None = None,
    ):
        bus = self._bus(name)
        _check_dead_letters(dead_letter_config)
        _check_log(log_config)
        bus.kms_key_identifier, bus.description = kms_key_identifier, description
        bus.dead_letter_config, bus.log_config = dead_letter_config, log_config
        self._put_bus(bus)
        return _shown(bus) | {"Arn": bus.arn, "Name": bus.name}

    def describe_event_bus(self, name: str = DEFAULT):
        return self._bus(name)

    def list_event_buses(self, name_prefix: str = "", next_token: str | None = None, limit: int = PAGE):
        self._bus(DEFAULT)
        page = self.buses.page(limit, next_token, name_prefix)
        return {"EventBuses": page.records, "NextToken": page.next_token}

    def delete_event_bus(self, name: str):
        if name == DEFAULT:
            raise ValidationException("Cannot delete event bus default.")
        bus = self.buses.get(self._name_of(name))
        if bus is None:
            return
        if next(self.rules.list(bus.name), None):
            raise ValidationException(f"Event bus {bus.name} can't be deleted since it has rules.")
        self.buses.delete(bus)
        self.cloud.tags.clear(bus.arn)

    # Policies

    def put_permission(
        self,
        event_bus_name: str = DEFAULT,
        action: str | None = None,
        principal: str | None = None,
        statement_id: str | None = None,
        condition: dict | None = None,
        policy: str | None = None,
    ):
        bus = self._bus(event_bus_name)
        if policy is not None:
            self._put_policy(bus, _document(policy))
            return
        if action != GRANTABLE:
            raise ValidationException("Provided value in parameter 'action' is not supported.")
        if principal is None or statement_id is None:
            raise ValidationException("Parameters 'principal' and 'statementId' must be specified.")
        statement = _statement(bus, principal, statement_id, condition)
        document = json.loads(bus.policy) if bus.policy else {"Version": "2012-10-17", "Statement": []}
        others = [other for other in _statements(document) if other.get("Sid") != statement_id]
        self._put_policy(bus, document | {"Statement": [*others, statement]})

    def remove_permission(
        self, statement_id: str | None = None, remove_all_permissions: bool = False, event_bus_name: str = DEFAULT
    ):
        bus = self._bus(event_bus_name)
        if remove_all_permissions:
            self._put_policy(bus, None)
            return
        document = json.loads(bus.policy) if bus.policy else {"Statement": []}
        kept = [statement for statement in _statements(document) if statement.get("Sid") != statement_id]
        if len(kept) == len(_statements(document)):
            raise ResourceNotFoundException("Statement with the provided id does not exist.")
        self._put_policy(bus, document | {"Statement": kept} if kept else None)

    # Within

    def _bus(self, name: str) -> Bus:
        """A bus by its name or ARN; the default one is made when it is first looked at."""
        name = self._name_of(name)
        bus = self.buses.get(name)
        if bus is None and name == DEFAULT:
            return self.buses.put(Bus(name, self.call.arn(f"event-bus/{name}"), self.now, self.now))
        if bus is None:
            raise ResourceNotFoundException(f"Event bus {name} does not exist.")
        return bus

    @staticmethod
    def _name_of(name: str) -> str:
        return name.partition(":event-bus/")[2] if name.startswith("arn:") else name

    def _put_bus(self, bus: Bus):
        bus.last_modified_time = self.now
        self.buses.put(bus)

    def _put_policy(self, bus: Bus, document: dict | None):
        text = json.dumps(document, separators=(",", ":")) if document else None
        if text and len(text) > LONGEST_POLICY:
            raise PolicyLengthExceededException()
        bus.policy = text
        self._put_bus(bus)


def _check_log(config: dict | None):
    """No bus writes logs here."""
    if config and config.get("Level", "OFF") != "OFF":
        raise NotSupported(
            "events: the logs of an event bus are not supported by Glasshouse yet; only the level OFF is"
        )


def _check_dead_letters(config: dict | None):
    if config and config.get("Arn") and config["Arn"].split(":")[2:3] != ["sqs"]:
        raise ValidationException(
            f"Parameter {config['Arn']} is not valid. Reason: Provided Arn is not in correct format."
        )


def _shown(bus: Bus) -> dict:
    return {
        "Description": bus.description, "KmsKeyIdentifier": bus.kms_key_identifier,
        "DeadLetterConfig": bus.dead_letter_config, "LogConfig": bus.log_config,
    }  # fmt: skip


def _document(policy: str) -> dict:
    try:
        document = documents.read(policy)
    except ValueError:
        document = None
    if not isinstance(document, dict) or "Statement" not in document:
        raise ValidationException("This policy contains invalid Json")
    return document


def _statements(document: dict) -> list[dict]:
    statements = document["Statement"]
    return [statements] if isinstance(statements, dict) else statements


def _statement(bus: Bus, principal: str, statement_id: str, condition: dict | None) -> dict:
    partition = bus.arn.split(":")[1]
    who = "*" if principal == "*" else {"AWS": f"arn:{partition}:iam::{principal}:root"}
    statement: dict = {
        "Sid": statement_id, "Effect": "Allow", "Principal": who, "Action": GRANTABLE, "Resource": bus.arn
    }  # fmt: skip
    if condition:
        statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    return statement
