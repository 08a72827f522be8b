"""From a modelled operation to the method of a service that performs it."""

import logging
from collections.abc import Callable

from glasshouse.core.errors import NotSupported
from glasshouse.core.ports import Operation
from glasshouse.core.service import Service

log = logging.getLogger("glasshouse.cloud")


class Binding:
    """An operation bound to the method that performs it: made once."""

    def __init__(self, operation: Operation, service: type[Service]):
        self.operation, self.service = operation, service
        method = getattr(service, operation.method, None)
        if method is None:
            raise NotSupported(f"{operation.service_name}:{operation.name} is not supported by Glasshouse yet")
        self.method: Callable = method
        declared = method.__code__.co_varnames[1 : method.__code__.co_argcount + method.__code__.co_kwonlyargcount]
        self.names = {wire: name for wire, name in operation.arguments.items() if name in declared}

    def arguments(self, params: dict, refuse: bool) -> dict:
        """The method's arguments. What it does not declare is refused by name, never dropped silently."""
        names = self.names
        try:
            return {names[wire]: value for wire, value in params.items() if value is not None}
        except KeyError:
            return self._supported(params, refuse)

    def _supported(self, params: dict, refuse: bool) -> dict:
        unknown = [wire for wire, value in params.items() if wire not in self.names and value is not None]
        action = f"{self.operation.service_name}:{self.operation.name}"
        if refuse:
            raise NotSupported(f"{action} {', '.join(unknown)} is not supported by Glasshouse yet")
        log.warning("%s: ignored what is not supported: %s", action, ", ".join(unknown))
        return {self.names[wire]: value for wire, value in params.items() if wire in self.names and value is not None}
