"""Networks of IP addresses, such as `10.0.0.0/24` and `2001:db8::/32`."""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from .errors import InvalidPattern

LOOKS_LIKE_IT = re.compile(r"[0-9a-fA-F.:]+")


def contains(text: str) -> Callable[[str], bool]:
    """Whether an address lies in a network. Raises InvalidPattern, which knows no place."""
    if text.count("/") != 1:
        raise InvalidPattern("Malformed CIDR, one '/' required")
    base, mask = text.split("/")
    try:
        bits = int(mask)
    except ValueError:
        raise InvalidPattern("Malformed CIDR, mask bits must be an integer") from None
    if bits < 0:
        raise InvalidPattern("Malformed CIDR, mask bits must not be negative")
    bottom = _address(base)
    if bottom is None:
        raise InvalidPattern(f"Nonstandard IP address: {base}")
    if bits >= bottom.max_prefixlen:
        raise InvalidPattern(f"IPv{bottom.version} mask bits must be < {bottom.max_prefixlen}")
    top = ip_network(f"{base}/{bits}", strict=False).broadcast_address

    def inside(value: str) -> bool:
        # Up from the address as it stands there, even if that is not the first of its network: so does Event Ruler.
        found = _address(value)
        return found is not None and found.version == bottom.version and int(bottom) <= int(found) <= int(top)

    return inside


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text) if LOOKS_LIKE_IT.fullmatch(text) else None
    except ValueError:
        return None
