"""What a check looks at, and what it finds.

A `Subject` is a policy with what is said of it: its kind and, for resource policies, the type of the resource. It makes
`Finding`s by the table of checks (data/checks.tsv), which holds issue codes, types, anchors and AWS's words.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..document import Node, Span, Step
from ..parse import Policy, Statement
from ..service_data import ServiceData, read_table

REFERENCE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"

_ANCHORS = {"ERROR": "error", "WARNING": "general-warning", "SECURITY_WARNING": "security-warning"}
_PLACEHOLDER = re.compile(r"\{\{([^}]+)\}\}")
TRUST = "AWS::IAM::AssumeRolePolicyDocument"


class PolicyKind(StrEnum):
    IDENTITY = "IDENTITY_POLICY"
    RESOURCE = "RESOURCE_POLICY"
    SERVICE_CONTROL = "SERVICE_CONTROL_POLICY"
    RESOURCE_CONTROL = "RESOURCE_CONTROL_POLICY"


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the policy: the way through its JSON, and the characters."""

    path: tuple[Step, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Finding:
    issue_code: str
    finding_type: str
    details: str
    learn_more_link: str
    locations: tuple[Location, ...]


@dataclass(frozen=True, slots=True)
class CheckText:
    """A row of the table of checks."""

    issue_code: str
    finding_type: str
    anchor: str
    details: str

    @property
    def link(self) -> str:
        kind = _ANCHORS.get(self.finding_type, "suggestion")
        return f"{REFERENCE}#access-analyzer-reference-policy-checks-{kind}-{self.anchor}"


@functools.cache
def check_texts() -> dict[tuple[str, str], CheckText]:
    """The rows by issue code and, where a code has several, what tells them apart."""
    rows = read_table("checks.tsv")
    return {(row[0], row[4] if len(row) > 4 else ""): CheckText(*row[:4]) for row in rows}


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    policy: Policy
    kind: PolicyKind
    resource_type: str | None
    services: ServiceData

    @property
    def statements(self) -> list[Statement]:
        return self.policy.statements

    @property
    def is_trust(self) -> bool:
        """Whether this is a role's trust policy: so it is said, or nothing else is and all actions are of STS."""
        if self.resource_type is not None or self.kind is not PolicyKind.RESOURCE:
            return self.resource_type == TRUST
        actions = [node.text for statement in self.statements for node in statement.strings("Action")]
        return bool(actions) and all(action.lower().startswith("sts:") for action in actions)

    def at(self, node: Node) -> Location:
        return Location(node.path, self.policy.document.span(node.start, node.end))

    def within(self, node: Node, start: int, length: int) -> Location:
        """The place of a part of a string."""
        first, last = self.policy.document.inside(node, start, length)
        path = (*node.path, Step("substring", (start, length)))
        return Location(path, self.policy.document.span(first, last))

    def finding(
        self, code: str, locations: Sequence[Location | Node], variant: str = "", **values: str | int
    ) -> Finding:
        """`values` fill the placeholders of AWS's words; an underscore stands for their dashes and slashes."""
        text = check_texts()[code, variant]
        details = _PLACEHOLDER.sub(lambda match: str(values[re.sub(r"\W", "_", match.group(1))]), text.details)
        places = tuple(place if isinstance(place, Location) else self.at(place) for place in locations)
        return Finding(code, text.finding_type, details, text.link, places)


Check = Callable[[Subject], Iterator[Finding]]
