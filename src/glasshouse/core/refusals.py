"""Why a service refused: what its error code says to those who deliver on behalf of others, and may try again."""

from typing import Literal

from glasshouse.core.errors import ServiceError

Kind = Literal["denied", "absent", "throttled", "failing", "full", "wrong"]
WORDS: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    ("denied", ("AccessDenied", "NotAuthorized", "AuthorizationError", "Forbidden")),
    ("absent", ("NotFound", "NonExistent", "NotExist", "NoSuch")),
    ("throttled", ("Throttl", "TooManyRequests", "ThroughputExceeded", "OverLimit", "SlowDown")),
    ("failing", ("InternalFailure", "InternalError", "InternalServer", "ServiceException", "Unavailable")),
    ("full", ("LimitExceeded", "QuotaExceeded")),
)
PASSING = ("throttled", "failing", "full")


def kind_of(refusal: ServiceError) -> Kind:
    """Whether somebody may not, nothing is there, it is too much at once, the service fails, a quota is used up, or
    the request is wrong."""
    for kind, words in WORDS:
        if any(word in refusal.code for word in words):
            return kind
    return "wrong"


def is_passing(refusal: ServiceError) -> bool:
    """Whether the same request may succeed later."""
    return kind_of(refusal) in PASSING
