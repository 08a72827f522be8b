"""The parameters that AWS publishes below /aws/service: image ids, regions, services and their endpoints.

Which image parameters there are says `images.json`, by families and in the names AWS uses. The ids of the images are
not those of AWS, whose images do not exist here: each is derived from the region and the image's name, so it looks
like one and is the same in every cloud. Regions, services and endpoints are what botocore knows of them; what it does
not know (geolocation, zones, long names of services) is not there. All have version 1 and one date.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

from glasshouse.core import Page, ids
from glasshouse.core.table import make_token, read_token
from glasshouse.services.ssm import infrastructure

PREFIX = "/aws/"
PUBLISHED = 1_756_684_800.0  # 1 September 2025
IMAGES = Path(__file__).with_name("images.json")


@dataclass(frozen=True, slots=True)
class Entry:
    """A published parameter."""

    path: str
    value: str


def get(path: str, region: str) -> Entry | None:
    """The parameter of that name, in a region."""
    node = _tree(region)
    for part in path.strip("/").split("/"):
        node = node.children().get(part) if node else None
    return Entry(path, node.value) if node and node.value is not None else None


def page(hierarchy: str, region: str, recursive: bool, limit: int, token: str | None) -> Page:
    """What is published below a path."""
    after = tuple(read_token(token).strip("/").split("/")) if token else ()
    node = _tree(region)
    for part in hierarchy.strip("/").split("/"):
        node = node.children().get(part) if node else None
    found: list[Entry] = []
    for entry in _walk(node, tuple(hierarchy.strip("/").split("/")), recursive, after) if node else ():
        if len(found) == limit:
            return Page(found, make_token(found[-1].path))
        found.append(entry)
    return Page(found, None)


class Node:
    """A name in the tree: it may have a value, and names below it, which are found when they are asked for."""

    def __init__(self, value: str | None = None, children: "Callable[[], Mapping[str, Node]]" = dict):
        self.value, self.children = value, children


def _walk(node: Node, parts: tuple[str, ...], recursive: bool, after: tuple[str, ...]) -> Iterator[Entry]:
    """In the order of the names, from behind the one where the last page ended."""
    children = node.children()
    for name in sorted(children):
        here = (*parts, name)
        if here < after[: len(here)]:
            continue
        child = children[name]
        if child.value is not None and here > after:
            yield Entry("/" + "/".join(here), child.value)
        if recursive:
            yield from _walk(child, here, recursive, after)


def _tree(region: str) -> Node:
    service = Node(children=lambda: {**_images(region).children(), "global-infrastructure": _infrastructure()})
    return Node(children=lambda: {"aws": Node(children=lambda: {"service": service})})


# -- images -----------------------------------------------------------------------------------------------------------


def image_id(region: str, image: str) -> str:
    """An id that an image of that name could have there."""
    return "ami-0" + ids.uuid_of(f"image in {region}", image).replace("-", "")[:16]


@cache
def _families() -> list[tuple[str, str, dict[str, str | int], bool]]:
    """(path, image name, further values by name, whether the path itself has all of them as JSON)."""
    found = []
    for family in json.loads(IMAGES.read_bytes())["families"]:
        names, choices = list(family.get("with", {})), family.get("with", {}).values()
        for choice in product(*choices):
            chosen = dict(zip(names, choice, strict=True))
            image = family["image"].format(**chosen)
            details = {name: _filled(value, chosen) for name, value in family.get("details", {}).items()}
            found.append((family["path"].format(**chosen), image, details, family.get("json", False)))
    return found


def _filled(value: str | int, chosen: dict[str, str]) -> str | int:
    return value.format(**chosen) if isinstance(value, str) else value


@cache
def _images(region: str) -> Node:
    root: dict = {}
    for path, image, details, as_json in _families():
        id = image_id(region, image)
        if details or as_json:
            everything = {"image_id": id, "image_name": image, **details}
            _plant(root, path, json.dumps(everything) if as_json else None)
            for name, value in everything.items():
                _plant(root, f"{path}/{name}", str(value))
        else:
            _plant(root, path, id)
    return _node(root)


def _plant(root: dict, path: str, value: str | None):
    for part in path.split("/"):
        root = root.setdefault(part, {})
    if value is not None:
        root[""] = value


def _node(planted: dict) -> Node:
    children = {name: _node(below) for name, below in planted.items() if name}
    return Node(planted.get(""), lambda: children)


# -- regions and services ---------------------------------------------------------------------------------------------


def _leaf(value: str) -> Node:
    return Node(value)


def _infrastructure() -> Node:
    return Node(children=lambda: {"regions": _regions(), "services": _services()})


def _regions() -> Node:
    return Node(children=lambda: {name: _region(name) for name in infrastructure.regions()})


def _services() -> Node:
    return Node(children=lambda: {name: _service(name) for name in infrastructure.services()})


def _region(name: str) -> Node:
    about = infrastructure.regions()[name]

    def below() -> dict[str, Node]:
        services = Node(children=lambda: {service: _endpoint(service, name, service) for service in about.services})
        return {
            "domain": _leaf(about.domain),
            "longName": _leaf(about.long_name),
            "partition": _leaf(about.partition),
            "services": services,
        }

    return Node(name, below)


def _service(name: str) -> Node:
    regions = infrastructure.services()[name]
    below = Node(children=lambda: {region: _endpoint(region, region, name) for region in regions})
    return Node(name, lambda: {"regions": below})


def _endpoint(value: str, region: str, service: str) -> Node:
    return Node(value, lambda: {"endpoint": _leaf(infrastructure.endpoint(service, region))})
