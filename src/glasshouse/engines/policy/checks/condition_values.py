"""Checks of condition values: are they of the operator's type, and can they have the effect that is meant?"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterator

from ..document import Node
from ..operators import read_date, read_network, read_number
from ..parse import ConditionEntry
from ..patterns import Wildcard, read_pieces
from .condition_keys import conditions, operator_kind
from .subject import Finding, Subject

_EPOCH = re.compile(r"-?[0-9]{5,}|-?[0-9]{1,3}")
_VPC = re.compile(r"vpc-([a-z0-9]{8}|[a-z0-9]{17})")
_VPCE = re.compile(r"vpce-([a-z0-9]{8}|[a-z0-9]{17})")
_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?")
_REGIONAL = re.compile(r"[a-z0-9-]+\.[a-z]{2,4}(-[a-z]+)+-[0-9]\.amazonaws\.com(\.cn)?")
_REGION_KEYS = frozenset({"aws:requestedregion", "ec2:region", "kms:replicaregion", "kms:primaryregion"})
_FORMATS = {
    "kms:viaservice": (_REGIONAL, "service-name.AWS_region.amazonaws.com"),
    "secretsmanager:viaservice": (_REGIONAL, "service-name.AWS_region.amazonaws.com"),
    "aws:principalservicename": (_SERVICE, "service-name.amazonaws.com"),
    "aws:principalservicenameslist": (_SERVICE, "service-name.amazonaws.com"),
    "aws:calledvia": (_SERVICE, "service-name.amazonaws.com"),
    "aws:calledviafirst": (_SERVICE, "service-name.amazonaws.com"),
    "aws:calledvialast": (_SERVICE, "service-name.amazonaws.com"),
    "iam:passedtoservice": (_SERVICE, "service-name.amazonaws.com"),
    "iam:awsservicename": (_SERVICE, "service-name.amazonaws.com"),
}
_PRIVATE = [
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
    )
]


def _texts(entry: ConditionEntry) -> Iterator[tuple[Node, str]]:
    """The values without variables or wildcards, that is those of which the text is all."""
    for node in entry.values:
        if node.kind in ("string", "number", "boolean"):
            text = str(node.value).lower() if node.kind == "boolean" else str(node.value)
            if "${" not in text and "*" not in text and "?" not in text:
                yield node, text


def _family(entry: ConditionEntry) -> str:
    kind = operator_kind(entry)
    return kind.family if kind else ""


def invalid_condition_data_type(subject: Subject) -> Iterator[Finding]:
    for _, entry in conditions(subject):
        if len({node.kind for node in entry.values}) > 1:
            yield subject.finding("INVALID_CONDITION_DATA_TYPE", [entry.value])


def invalid_condition_multiple_boolean(subject: Subject) -> Iterator[Finding]:
    for _, entry in conditions(subject):
        if _family(entry) == "Bool" and len(entry.values) > 1:
            yield subject.finding("INVALID_CONDITION_MULTIPLE_BOOLEAN", [entry.value])


def type_mismatches(subject: Subject) -> Iterator[Finding]:
    """Values that are not of their operator's type: Boolean, date, IP range, number, base64 string."""
    for _, entry in conditions(subject):
        code, fits = _TYPES.get(_family(entry), ("", bool))
        for node, text in _texts(entry) if code else ():
            if not fits(text):
                yield subject.finding(code, [node], operator=entry.operator_key.text)


def _is_boolean(text: str) -> bool:
    return text.lower() in ("true", "false")


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


_TYPES = {
    "Bool": ("TYPE_MISMATCH_BOOLEAN", _is_boolean),
    "Null": ("TYPE_MISMATCH_BOOLEAN", _is_boolean),
    "Date": ("TYPE_MISMATCH_DATE", lambda text: read_date(text) is not None),
    "IpAddress": ("TYPE_MISMATCH_IP_RANGE", lambda text: read_network(text) is not None),
    "Numeric": ("TYPE_MISMATCH_NUMBER", lambda text: read_number(text) is not None),
    "Binary": ("TYPE_MISMATCH_STRING", _is_base64),
}


def invalid_date_value(subject: Subject) -> Iterator[Finding]:
    """Seconds since 1970, which are a date but perhaps not the one that is meant."""
    for _, entry in conditions(subject):
        for node, text in _texts(entry) if _family(entry) == "Date" else ():
            if _EPOCH.fullmatch(text) and entry.key.text.lower() != "aws:epochtime":
                yield subject.finding("INVALID_DATE_VALUE", [node], date=text)


def wildcard_without_like_operator(subject: Subject) -> Iterator[Finding]:
    for _, entry in conditions(subject):
        kind = operator_kind(entry)
        if kind is None or kind.family != "String" or "Like" in kind.name:
            continue
        for node in entry.values:
            pieces = read_pieces(node.text, True) if node.kind == "string" else ()
            if any(isinstance(piece, Wildcard) for piece in pieces):
                yield subject.finding("WILDCARD_WITHOUT_LIKE_OPERATOR", [entry.operator_key, node])


def null_operator(subject: Subject) -> Iterator[Finding]:
    """Null with IfExists, and Null with a qualifier."""
    for _, entry in conditions(subject):
        if _family(entry) != "Null":
            continue
        if entry.operator.if_exists:
            yield subject.finding("NULL_WITH_IF_EXISTS", [entry.operator_key])
        if entry.operator.qualifier:
            yield subject.finding("NULL_WITH_QUALIFIER", [entry.operator_key])


def empty_array_condition(subject: Subject) -> Iterator[Finding]:
    for _, entry in conditions(subject):
        if entry.value.kind != "array" or entry.value.items:
            continue
        code = {
            "forallvalues": "EMPTY_ARRAY_CONDITION_FORALLVALUES",
            "foranyvalue": "EMPTY_ARRAY_CONDITION_FORANYVALUE",
        }
        plain = "EMPTY_ARRAY_CONDITION_IFEXISTS" if entry.operator.if_exists else "EMPTY_ARRAY_CONDITION"
        chosen = code.get(entry.operator.qualifier.lower(), plain)
        yield subject.finding(chosen, [entry.value], key=entry.key.text)


def formats_of_values(subject: Subject) -> Iterator[Finding]:
    """Regions, VPCs, VPC endpoints and service principals, where a key takes them."""
    for _, entry in conditions(subject):
        key = entry.key.text.lower()
        for node, text in _texts(entry) if _family(entry) == "String" else ():
            if key in _REGION_KEYS and text not in subject.services.regions:
                yield subject.finding("INVALID_REGION", [node], region=text)
            if key == "aws:sourcevpc" and not _VPC.fullmatch(text):
                yield subject.finding("INVALID_VPC_FORMAT", [node])
            if key == "aws:sourcevpce" and not _VPCE.fullmatch(text):
                yield subject.finding("INVALID_VPCE_FORMAT", [node])
            pattern, expected = _FORMATS.get(key, (None, ""))
            if pattern and not pattern.fullmatch(text):
                yield subject.finding("INVALID_SERVICE_PRINCIPAL_FORMAT", [node], expectedFormat=expected)


def _is_private(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    return any(
        network.version == private.version
        and int(network.network_address) & int(private.netmask) == int(private.network_address)
        and network.prefixlen >= private.prefixlen
        for private in _PRIVATE
    )


def private_ip_address(subject: Subject) -> Iterator[Finding]:
    """aws:SourceIp compared with private addresses, only (an error) or among others (a suggestion)."""
    for _, entry in conditions(subject):
        kind = operator_kind(entry)
        if entry.key.text.lower() != "aws:sourceip" or kind is None or kind.family != "IpAddress":
            continue
        networks = [(node, network) for node, text in _texts(entry) if (network := read_network(text)) is not None]
        private = [node for node, network in networks if _is_private(network)]
        if private:
            code = "PRIVATE_NOTIPADDRESS" if kind.negated else "PRIVATE_IP_ADDRESS"
            yield subject.finding(code if len(private) == len(networks) else f"{code}_SUBSET", private)


def improve_ip_range(subject: Subject) -> Iterator[Finding]:
    for _, entry in conditions(subject):
        for node, text in _texts(entry) if _family(entry) == "IpAddress" else ():
            network = read_network(text)
            if network is not None and ipaddress.ip_interface(text).ip != network.network_address:
                yield subject.finding("IMPROVE_IP_RANGE", [node], addr=str(network))


def redundant_condition_value_num(subject: Subject) -> Iterator[Finding]:
    """Of several limits only one counts."""
    for _, entry in conditions(subject):
        kind = operator_kind(entry)
        if kind is None or kind.family != "Numeric" or "Than" not in kind.name or len(entry.values) < 2:
            continue
        which = "greatest" if "Less" in kind.name else "least"
        yield subject.finding(
            "REDUNDANT_CONDITION_VALUE_NUM",
            [entry.value],
            operator=entry.operator_key.text,
            greatest_least=which,
            key=entry.key.text,
        )


CHECKS = (
    invalid_condition_data_type,
    invalid_condition_multiple_boolean,
    type_mismatches,
    invalid_date_value,
    wildcard_without_like_operator,
    null_operator,
    empty_array_condition,
    formats_of_values,
    private_ip_address,
    improve_ip_range,
    redundant_condition_value_num,
)
