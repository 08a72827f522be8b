"""A request refused before it is known whose words to refuse it with."""

from collections.abc import Callable

from glasshouse.core.errors import ServiceError
from glasshouse.gateway.errors import Family


class Rejected(Exception):
    """Carries how to word the error once the family of protocols is known."""

    def __init__(self, worded: Callable[..., ServiceError], *details: str, **members: str):
        super().__init__(*details)
        self._worded, self._details, self._members = worded, details, members

    def error(self, family: Family) -> ServiceError:
        return self._worded(family, *self._details, **self._members)
