"""What the core asks of those it must not import: the models, the services, who watches, what lives beside it."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from glasshouse.core.call import Call
from glasshouse.core.errors import ServiceError
from glasshouse.core.service import Service


class Resident(Protocol):
    """Something that lives as long as the cloud does."""

    def close(self) -> None: ...


class Operation(Protocol):
    """What the core asks of an operation's model."""

    service_name: str
    name: str
    method: str
    arguments: dict[str, str]

    def validate(self, params: dict) -> None: ...
    def project(self, result: Any) -> dict: ...


class Model(Protocol):
    """What the core asks of the models of the AWS APIs. They raise KeyError for what AWS does not have."""

    def operation(self, service_name: str, operation_name: str) -> Operation: ...
    def operation_name(self, service_name: str, method: str) -> str: ...
    def protocols(self, service_name: str) -> Sequence[str]: ...
    def endpoint_prefix(self, service_name: str) -> str: ...


class Witness(Protocol):
    """Sees every call from outside, with its result or its failure."""

    def __call__(self, call: Call, result: dict | None, failure: ServiceError | None) -> None: ...


class Services(Protocol):
    """Where the services are: loaded by name at their first call."""

    def names(self) -> Iterable[str]: ...
    def load(self, name: str) -> type[Service] | None: ...
    def schema(self, name: str) -> str | None: ...
    def subscribers(self, fact: str) -> list[tuple[str, str]]: ...
