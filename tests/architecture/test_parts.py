"""The parts of a big service lie in files of their own, and are one object: a name belongs to one of them."""

import ast
from collections import defaultdict
from collections.abc import Iterator

from tests.architecture.sources import Source, nobody, package


def test_no_two_parts_of_a_service_define_the_same_name():
    """The one that comes first in the list of bases would silently be called for the other."""
    nobody(
        f"{service}: {name} is defined by {' and by '.join(places)}: give one of them another name"
        for service, parts in _parts().items()
        for name, places in _defined(parts).items()
        if len(places) > 1
    )


def _parts() -> dict[str, list[tuple[Source, ast.ClassDef]]]:
    """(service: the classes that its object is made of)"""
    found = {}
    for source in package():
        if source.layer == "services" and source.path.name == "service.py":
            own = {each.name: (where, each) for where, each in _classes(source.part)}
            wanted = [
                each.name for where, each in own.values() if where.path == source.path and "Service" in _bases(each)
            ]
            found[source.part] = list(_with_bases(wanted, own))
    return found


def _classes(service: str) -> Iterator[tuple[Source, ast.ClassDef]]:
    for source in package():
        if source.layer == "services" and source.part == service:
            yield from ((source, node) for node in source.tree.body if isinstance(node, ast.ClassDef))


def _with_bases(names: list[str], own: dict[str, tuple[Source, ast.ClassDef]]) -> Iterator[tuple[Source, ast.ClassDef]]:
    seen: set[str] = set()
    while names:
        name = names.pop()
        if name in own and name not in seen:
            seen.add(name)
            names += _bases(own[name][1])
            yield own[name]


def _bases(node: ast.ClassDef) -> list[str]:
    return [base.id for base in node.bases if isinstance(base, ast.Name)]


def _defined(parts: list[tuple[Source, ast.ClassDef]]) -> dict[str, list[str]]:
    """(method: where it is defined)"""
    found = defaultdict(list)
    for source, part in parts:
        for node in part.body:
            if isinstance(node, ast.FunctionDef):
                found[node.name].append(source.at(node))
    return found
