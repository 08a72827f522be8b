"""The regions of AWS, the services in them, and their endpoints, as botocore knows them."""

from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec


class _Place(msgspec.Struct):
    """An endpoint of a service; `hostname` only where it is not what the defaults say."""

    hostname: str | None = None
    deprecated: bool = False


class _Offer(msgspec.Struct):
    endpoints: dict[str, _Place] = {}
    defaults: dict[str, Any] = {}


class _Partition(msgspec.Struct):
    partition: str
    dnsSuffix: str  # as in the file
    defaults: dict[str, Any]
    regions: dict[str, dict[str, str]]
    services: dict[str, _Offer]


class _Endpoints(msgspec.Struct):
    partitions: list[_Partition]


@dataclass
class Region:
    long_name: str
    domain: str
    partition: str
    services: list[str] = field(default_factory=list)


@cache
def _partitions() -> list[_Partition]:
    spec = find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("botocore, which knows the regions of AWS, is not installed")
    file = Path(spec.submodule_search_locations[0]) / "data" / "endpoints.json"
    known = msgspec.json.decode(file.read_bytes(), type=_Endpoints).partitions
    # AWS publishes what is open to all and, beside it, China and GovCloud.
    return [partition for partition in known if partition.partition in ("aws", "aws-cn", "aws-us-gov")]


@cache
def regions() -> dict[str, Region]:
    found = {}
    for partition in _partitions():
        for name, about in partition.regions.items():
            found[name] = Region(about["description"], partition.dnsSuffix, partition.partition)
    for service, places in services().items():
        for region in places:
            found[region].services.append(service)
    return found


@cache
def services() -> dict[str, list[str]]:
    """The regions of each service."""
    found: dict[str, list[str]] = {}
    for partition in _partitions():
        for service, offer in partition.services.items():
            places = [name for name in offer.endpoints if name in partition.regions]
            found.setdefault(service, []).extend(places)
    return {service: places for service, places in sorted(found.items()) if places}


def endpoint(service: str, region: str) -> str:
    """The host name of a service in a region where it is."""
    partition = next(partition for partition in _partitions() if region in partition.regions)
    offer = partition.services[service]
    template = offer.defaults.get("hostname") or partition.defaults["hostname"]
    named = offer.endpoints[region].hostname or template
    return named.format(service=service, region=region, dnsSuffix=partition.dnsSuffix)
