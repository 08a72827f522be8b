"""Requests that are no modelled operation but that a service answers on the web: preflights, forms, websites, pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from glasshouse.core.access import Principal
from glasshouse.core.call import Source


@dataclass(slots=True)
class Visit:
    """A plain HTTP request to a service. `path` is decoded, `query` keeps order, `headers` have lower-case names."""

    method: str
    host: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: Any  # bytes, or an Incoming body as the blob store received it
    principal: Principal
    region: str
    source: Source


@dataclass(slots=True)
class Answer:
    """What the visitor gets; the body is bytes or a Body of the blob store."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = b""
