"""What a Host header says: the service, the region, the bucket.

Hosts end like AWS's own (`sqs.us-east-1.amazonaws.com`) or like ours (`sqs.us-east-1.localhost`, and the names that
tools know from LocalStack, which resolve to the loopback address everywhere).
"""

import re
from dataclasses import dataclass, field

from glasshouse.protocol import model

AWS_SUFFIXES = (".amazonaws.com.cn", ".amazonaws.com", ".api.aws", ".on.aws")
OWN_SUFFIXES = (".localhost.localstack.cloud", ".localhost")
REMEMBERED = 1024
_REGION = re.compile(r"[a-z]{2}(-(gov|iso[a-z]?|isob))?-[a-z]+-\d", re.ASCII)
_S3 = re.compile(r"s3(-(accelerate|fips|website|external-1))?(-([a-z]{2}(?:-gov)?-[a-z]+-\d))?", re.ASCII)
_ALIASES = {"queue": "sqs"}
# Not API endpoints but sites that a service serves: the label in front names the function, API or distribution.
_SITES = frozenset({"execute-api", "lambda-url", "cloudfront"})


@dataclass(frozen=True, slots=True)
class Place:
    """`prefix` is an endpoint prefix of botocore's models, or `s3-website`, `execute-api`, `lambda-url`; `labels` is
    what stands in front of it, for S3 the bucket."""

    prefix: str | None = None
    region: str | None = None
    labels: str = ""
    own: bool = False  # under a suffix of ours, where a bucket may stand in front of nothing

    @property
    def bucket(self) -> str | None:
        return self.labels or None if self.prefix in ("s3", "s3-website") else None

    def as_bucket(self) -> "Place":
        """The same host, read by somebody who knows that the request is one of S3's."""
        if self.prefix in ("s3", "s3-website") or not self.own:
            return self
        parts = [self.labels, self.prefix or "", self.region or ""]
        return Place("s3", None, ".".join(part for part in parts if part), True)


PLAIN = Place()


@dataclass(slots=True)
class Hosts:
    """Reads host names, and remembers what it read."""

    _known: dict[str, Place] = field(default_factory=dict)

    def place(self, host: str) -> Place:
        known = self._known.get(host)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[host] = read(host)
        return known


def read(host: str) -> Place:
    """What a host name says; a plain Place for one that says nothing."""
    name = host.rsplit(":", 1)[0].lower() if not host.endswith("]") else host
    name = name.rstrip(".")
    for suffix in (*OWN_SUFFIXES, *AWS_SUFFIXES):
        if name.endswith(suffix):
            return _read_labels(name[: -len(suffix)].split("."), suffix in OWN_SUFFIXES)
    if name.endswith(".cloudfront.net"):
        return Place("cloudfront", None, name[: -len(".cloudfront.net")])
    return PLAIN


def _read_labels(labels: list[str], own: bool) -> Place:
    region = labels.pop() if _REGION.fullmatch(labels[-1]) else None
    if labels and labels[-1] == "dualstack":
        labels.pop()
    if not labels:
        return Place(None, region, "", own)
    if found := _S3.fullmatch(labels[-1]):
        prefix = "s3-website" if found[2] == "website" else "s3"
        return Place(prefix, region or found[4], ".".join(labels[:-1]), own)
    known = model.index().by_endpoint_prefix
    for count in (3, 2, 1):
        prefix = ".".join(labels[-count:])
        prefix = _ALIASES.get(prefix, prefix)
        if len(labels) >= count and (prefix in known or prefix in _SITES or prefix in model.index()):
            rest = labels[:-count]
            if rest and region is None and _REGION.fullmatch(rest[-1]):
                region = rest.pop()
            return Place(prefix, region, ".".join(rest), own)
    return Place("s3", region, ".".join(labels), own) if own else Place(None, region, ".".join(labels), own)
