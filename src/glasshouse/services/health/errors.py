"""Errors of Health."""

from glasshouse.core import ServiceError


class InvalidPaginationToken(ServiceError):
    """The specified pagination token is not valid."""


class UnsupportedLocale(ServiceError):
    """The specified locale is not supported."""
