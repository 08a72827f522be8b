"""Checks of the ARNs in the Resource and NotResource elements.

Whether the parts of an ARN fit is judged by the resource types of its service whose resource part it can match.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..document import Node
from ..languages import overlap
from ..parse import Statement
from ..patterns import Piece, Variable, Wildcard, read_pieces
from ..service_data import ResourceType, glob_of
from .actions import is_wild, redundant
from .subject import Finding, Location, Subject

_ACCOUNT = re.compile(r"[0-9]{12}")
_OWNERS = frozenset({"aws", "amazon", "aws-marketplace", "aws-managed", "third-party"})
ELEMENTS = ("Resource", "NotResource")


@dataclass(frozen=True, slots=True)
class Arn:
    """A resource ARN as written: its node, and its parts as far as they are there."""

    node: Node
    parts: tuple[str, ...]

    @property
    def service(self) -> str:
        return self.parts[2]

    def place(self, subject: Subject, index: int) -> Location:
        """Where one part stands; an empty part is shown by the whole ARN."""
        if not self.parts[index]:
            return subject.at(self.node)
        start = sum(len(part) + 1 for part in self.parts[:index])
        return subject.within(self.node, start, len(self.parts[index]))


def resource_nodes(statement: Statement) -> Iterator[Node]:
    for name in ELEMENTS:
        yield from statement.strings(name)


def _split(text: str) -> tuple[str, ...]:
    """The parts of an ARN; colons within ${...} separate nothing."""
    guarded = re.sub(r"\$\{[^}]*\}", lambda match: match.group().replace(":", "\0"), text)
    return tuple(part.replace("\0", ":") for part in guarded.split(":", 5))


def _arns(subject: Subject) -> Iterator[Arn]:
    for statement in subject.statements:
        for node in resource_nodes(statement):
            if node.text not in ("*", ""):
                yield Arn(node, _split(node.text))


def _whole_arns(subject: Subject) -> Iterator[Arn]:
    for arn in _arns(subject):
        if arn.parts[0] == "arn" and len(arn.parts) == 6:
            yield arn


def _is_open(part: str) -> bool:
    return is_wild(part) or "${" in part


def invalid_arn_prefix(subject: Subject) -> Iterator[Finding]:
    for arn in _arns(subject):
        if arn.parts[0] != "arn" and not _is_open(arn.parts[0]):
            yield subject.finding("INVALID_ARN_PREFIX", [arn.node])


def missing_arn_field(subject: Subject) -> Iterator[Finding]:
    """A star at the end of the text stands for whatever parts follow."""
    for arn in _arns(subject):
        if arn.parts[0] == "arn" and len(arn.parts) < 6 and not arn.node.text.endswith("*"):
            yield subject.finding("MISSING_ARN_FIELD", [arn.node], fields=6)


def invalid_partition(subject: Subject) -> Iterator[Finding]:
    partitions = subject.services.partitions
    for arn in _whole_arns(subject):
        if not _is_open(arn.parts[1]) and arn.parts[1] not in partitions:
            place = arn.place(subject, 1)
            named = ", ".join(partitions)
            yield subject.finding(
                "INVALID_PARTITION", [place], service=arn.service, partition=arn.parts[1], partitions=named
            )


def invalid_arn_service_case(subject: Subject) -> Iterator[Finding]:
    for arn in _whole_arns(subject):
        lowered = arn.service.lower()
        if arn.service != lowered and subject.services.knows_namespace(lowered):
            yield subject.finding("INVALID_ARN_SERVICE_CASE", [arn.place(subject, 2)], service=arn.service)


def invalid_service(subject: Subject) -> Iterator[Finding]:
    for arn in _whole_arns(subject):
        if not _is_open(arn.service) and not subject.services.knows_namespace(arn.service.lower()):
            yield subject.finding("INVALID_SERVICE", [arn.place(subject, 2)], service=arn.service)


def invalid_arn_region(subject: Subject) -> Iterator[Finding]:
    """A Region must exist, in the ARN's partition."""
    regions = subject.services.regions
    for arn in _whole_arns(subject):
        partition, region = arn.parts[1], arn.parts[3]
        if not region or _is_open(region):
            continue
        if region not in regions or (partition in subject.services.partitions and regions[region] != partition):
            yield subject.finding("INVALID_ARN_REGION", [arn.place(subject, 3)], region=region)


def invalid_arn_account(subject: Subject) -> Iterator[Finding]:
    for arn in _whole_arns(subject):
        account = arn.parts[4]
        if account and not _is_open(account) and account not in _OWNERS and not _ACCOUNT.fullmatch(account):
            yield subject.finding("INVALID_ARN_ACCOUNT", [arn.place(subject, 4)], account=account)


def _without_variables(text: str) -> tuple[Piece, ...]:
    pieces = read_pieces(text, True)
    marks = ["*" if isinstance(piece, Variable | Wildcard) else piece.text for piece in pieces]
    return read_pieces("".join(marks), False)


@functools.cache
def _pattern(declared: str) -> tuple[Piece, ...]:
    return glob_of(declared)


def _candidates(subject: Subject, arn: Arn) -> list[ResourceType] | None:
    """The resource types that an ARN may be of; None where nothing is known of its service's resources."""
    types = subject.services.resources_of(arn.service)
    if not types:
        return None
    wanted = _without_variables(arn.parts[5])
    return [resource for resource in types if overlap(_pattern(resource.fields[5]), wanted)]


def arn_fields(subject: Subject) -> Iterator[Finding]:
    """The checks of a Region or account that is missing or too much, and of the resource part."""
    for arn in _whole_arns(subject):
        types = _candidates(subject, arn)
        if types is None:
            continue
        if not types:
            yield subject.finding("INVALID_ARN_RESOURCE", [arn.place(subject, 5)])
            continue
        yield from _region(subject, arn, types)
        if _is_superfluous(arn, types, 4):
            yield subject.finding("ARN_ACCOUNT_NOT_ALLOWED", [arn.place(subject, 4)], service=arn.service)


def _region(subject: Subject, arn: Arn, types: list[ResourceType]) -> Iterator[Finding]:
    if _is_superfluous(arn, types, 3):
        yield subject.finding("ARN_REGION_NOT_ALLOWED", [arn.place(subject, 3)], service=arn.service)
    elif not arn.parts[3] and all(resource.fields[3] for resource in types):
        yield subject.finding("MISSING_ARN_REGION", [arn.place(subject, 3)], service=arn.service)


def _is_superfluous(arn: Arn, types: list[ResourceType], index: int) -> bool:
    part = arn.parts[index]
    return part.strip("*") != "" and not any(resource.fields[index] for resource in types)


def empty_array_resource(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        for name in ELEMENTS:
            node = statement.value(name)
            if node is not None and node.kind == "array" and not node.items:
                yield subject.finding("EMPTY_ARRAY_RESOURCE", [node])


def redundant_resource(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        for name in ELEMENTS:
            found = redundant(statement.strings(name), fold=False)
            if found:
                yield subject.finding("REDUNDANT_RESOURCE", found, redundantResourceCount=len(found))


CHECKS = (
    invalid_arn_prefix,
    missing_arn_field,
    invalid_partition,
    invalid_arn_service_case,
    invalid_service,
    invalid_arn_region,
    invalid_arn_account,
    arn_fields,
    empty_array_resource,
    redundant_resource,
)
