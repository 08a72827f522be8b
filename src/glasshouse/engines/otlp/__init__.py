"""Metrics as OpenTelemetry's protocol writes them: summaries in the protocol buffers of its versions 0.7 and 1.0.

    summary = Summary("orders", "1", {"shop": "a"}, start, end, 2, 5.0, ())
    message = request(Version.ONE, {"service.name": "shop"}, [summary])

gives an ExportMetricsServiceRequest; `delimited` puts its length before it, as where many follow one another. Source:
opentelemetry-proto, `metrics.proto` of v0.7.0 and v1.0.0.
"""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

Attributes = Mapping[str, "str | Attributes"]
FIXED64, BYTES = 1, 2  # kinds of fields


class Version(Enum):
    """The two that differ: in 0.7 a summary has labels, which are texts; in 1.0 attributes, which nest."""

    ZERO_SEVEN = "0.7"
    ONE = "1.0"


@dataclass(frozen=True)
class Summary:
    """What was measured within a time (nanoseconds since 1970): `quantiles` are pairs of (0 to 1, value)."""

    name: str
    unit: str
    attributes: Attributes
    start_ns: int
    end_ns: int
    count: float
    total: float
    quantiles: Iterable[tuple[float, float]]


def request(version: Version, resource: Attributes, summaries: Iterable[Summary]) -> bytes:
    """All of one resource."""
    described = b"".join(_bytes(1, _key_value(name, value)) for name, value in resource.items())
    metrics = b"".join(_bytes(2, _metric(version, summary)) for summary in summaries)
    return _bytes(1, _bytes(1, described) + _bytes(2, metrics))


def delimited(message: bytes) -> bytes:
    return _varint(len(message)) + message


def _metric(version: Version, summary: Summary) -> bytes:
    point = (
        _fixed(2, struct.pack("<Q", summary.start_ns)) + _fixed(3, struct.pack("<Q", summary.end_ns))
        + _fixed(4, struct.pack("<Q", round(summary.count))) + _fixed(5, struct.pack("<d", summary.total))
        + b"".join(_bytes(6, _quantile(*quantile)) for quantile in summary.quantiles)
    )  # fmt: skip
    if version is Version.ONE:
        point += b"".join(_bytes(7, _key_value(name, value)) for name, value in summary.attributes.items())
    else:
        labels = ((name, value) for name, value in summary.attributes.items() if isinstance(value, str))
        point = b"".join(_bytes(1, _text(1, name) + _text(2, value)) for name, value in labels) + point
    return _text(1, summary.name) + _text(3, summary.unit) + _bytes(11, _bytes(1, point))


def _quantile(rank: float, value: float) -> bytes:
    return _fixed(1, struct.pack("<d", rank)) + _fixed(2, struct.pack("<d", value))


def _key_value(name: str, value: "str | Attributes") -> bytes:
    if isinstance(value, str):
        return _text(1, name) + _bytes(2, _text(1, value))
    listed = b"".join(_bytes(1, _key_value(inner, content)) for inner, content in value.items())
    return _text(1, name) + _bytes(2, _bytes(6, listed))


def _text(number: int, text: str) -> bytes:
    return _bytes(number, text.encode())


def _bytes(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | BYTES) + _varint(len(content)) + content


def _fixed(number: int, packed: bytes) -> bytes:
    """What is zero is left out."""
    return _varint(number << 3 | FIXED64) + packed if any(packed) else b""


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
