"""What counts as this machine."""

from ipaddress import ip_address

OWN_DOMAINS = ("localhost", "localhost.localstack.cloud")


def is_loopback(address: str) -> bool:
    """Of an address or host name that somebody connects from, or binds to."""
    if address.lower() in OWN_DOMAINS:
        return True
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def is_own_host(host: str) -> bool:
    """Whether a Host header names this machine, so that no foreign name was made to lead here."""
    name = host[1 : host.find("]")] if host.startswith("[") else host.rsplit(":", 1)[0]
    name = name.lower().rstrip(".")
    return is_loopback(name) or any(name.endswith(f".{domain}") for domain in OWN_DOMAINS)
