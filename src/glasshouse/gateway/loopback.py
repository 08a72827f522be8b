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


def local_address(host: str) -> str:
    """By which this machine reaches what listens on a host, as in a URL: by its own address, or 127.0.0.1 if that will
    do (it is also what tells SDKs to put buckets into the path)."""
    try:
        found = ip_address(host)
    except ValueError:
        return "127.0.0.1" if is_loopback(host) else host
    if found.is_unspecified:
        return "127.0.0.1"
    return f"[{host}]" if found.version == 6 else host
