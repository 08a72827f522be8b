"""What a service stands on. Nothing here knows the wire or any one service."""

from glasshouse.core.errors import NotSupported, ServiceError, ValidationException
from glasshouse.core.service import Service, on, outside
from glasshouse.core.table import Page, Table

__all__ = ["NotSupported", "Page", "Service", "ServiceError", "Table", "ValidationException", "on", "outside"]
