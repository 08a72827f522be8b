"""Context keys as a stranger can fill them.

What a key tells of the caller's identity or whereabouts (their account, organization, network, address, the resource
that they act for) a stranger cannot choose to be what a policy names; it can be anything else, or be missing. All other
keys a stranger may fill at will. An address range that is wider than /8 (/32 for IPv6) names nobody, as in Amazon S3's
"block public access".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Sequence

from ..conditions import Condition
from ..languages import combinations
from ..operators import read_network
from ..patterns import is_literal, literal_text
from .values import Key, arns, pattern_of

_NAMES = frozenset(
    {
        "aws:principalaccount",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "aws:vpceaccount",
        "aws:vpceorgid",
        "aws:vpceorgpaths",
        "kms:calleraccount",
        "s3:dataaccesspointaccount",
    }
)
_ARNS = frozenset(
    {
        "aws:principalarn",
        "aws:sourcearn",
        "aws:sourcevpcarn",
        "ec2:sourceinstancearn",
        "lambda:sourcefunctionarn",
        "s3:dataaccesspointarn",
    }
)
_ADDRESS = "aws:sourceip"
_IS_SERVICE = "aws:principalisawsservice"
_WIDEST = {4: 8, 6: 32}


class StrangerKey(Key):
    """A key of which the values are those that a stranger can have."""

    def examples(self, family: str, conditions: Sequence[Condition]) -> Iterator[str]:
        values = list(dict.fromkeys(value for condition in conditions for value in condition.values))
        if family == "Arn" and self.name in _ARNS:
            return arns(values, _not_named(values))
        if family == "String" and self.name in _ARNS | _NAMES:
            return _unnamed_texts(conditions, self.name in _ARNS)
        found = super().examples(family, conditions)
        if self.name == _ADDRESS and family == "IpAddress":
            return (address for address in found if not _is_named(address, values))
        if self.name == _IS_SERVICE and family == "Bool":
            return (value for value in found if value != "true")
        return found


def _not_named(values: Sequence[str]) -> Callable[[int, str, list[str]], bool]:
    """Leaves out the accounts of some ARNs, and the resources of those that have no account."""
    whole = [parts for value in values if len(parts := value.split(":", 5)) == 6]
    accounts = {parts[4] for parts in whole if parts[4]}
    resources = {parts[5] for parts in whole if not parts[4]}

    def keep(at: int, text: str, before: list[str]) -> bool:
        if at == 4:
            return text not in accounts
        return at != 5 or before[4] != "" or text not in resources

    return keep


def _unnamed_texts(conditions: Sequence[Condition], of_arns: bool) -> Iterator[str]:
    """Texts but those that are named: written out or, of ARNs, bound to an account that is."""
    patterns = list(dict.fromkeys([pattern_of(one, value) for one in conditions for value in one.values] + [()]))
    named = [at for at, pattern in enumerate(patterns) if pattern and is_literal(pattern)]
    bound = [at for at, pattern in enumerate(patterns) if of_arns and _is_bound(literal_text(pattern[:1]))]
    for matched, text in combinations(patterns).items():
        if not any(matched & 1 << at for at in (*named, *bound)):
            yield text


def _is_bound(head: str) -> bool:
    """Whether the beginning of a pattern of ARNs, before its first wildcard, goes as far as an account."""
    parts = head.split(":", 5)
    return len(parts) == 6 and parts[4] != ""


def _is_named(address: str, values: Sequence[str]) -> bool:
    try:
        place = ipaddress.ip_address(address)
    except ValueError:
        return False
    networks = [network for value in values if (network := read_network(value)) is not None]
    return any(place in network and network.prefixlen >= _WIDEST[network.version] for network in networks)
