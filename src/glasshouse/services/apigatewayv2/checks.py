"""Checks of what clients say that several resources share."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from glasshouse.services.apigatewayv2.errors import BadRequestException

STAGE_NAME = re.compile(r"\$default|[a-zA-Z0-9_-]{1,128}")
NUMBER = re.compile(r"[0-9]{1,9}")
LONGEST_PAGE, USUAL_PAGE = 500, 100
MOST_TAGS = 50


def one_of(value: str | None, allowed: Iterable[str], what: str):
    """Raise BadRequestException for a value that the API does not know."""
    known = list(allowed)
    if value is not None and value not in known:
        raise BadRequestException(f"Invalid {what} specified. Must be one of [{', '.join(known)}]")


def within(value: int | None, least: int, most: int, member: str):
    if value is not None and not least <= value <= most:
        raise BadRequestException(f"{member} should be between {least} and {most}")


def length(value: str | None, least: int, most: int, member: str):
    if value is not None and not least <= len(value) <= most:
        raise BadRequestException(f"{member} should be between {least} and {most} characters long")


def page_size(max_results: str | None) -> int:
    if max_results is None:
        return USUAL_PAGE
    if not (NUMBER.fullmatch(max_results) and 1 <= int(max_results) <= LONGEST_PAGE):
        raise BadRequestException(f"Invalid value for maxResults: {max_results}")
    return int(max_results)


def is_url(text: str) -> bool:
    try:
        return urlsplit(text).scheme in ("http", "https")
    except ValueError:
        return False


def tags(given: dict | None):
    for key, value in (given or {}).items():
        if not 1 <= len(key) <= 128 or key.lower().startswith("aws:"):
            raise BadRequestException(f"Invalid tag key specified: {key}")
        length(value, 0, 256, f"The value of the tag {key}")
    if given and len(given) > MOST_TAGS:
        raise BadRequestException(f"The number of tags exceeds the limit of {MOST_TAGS}")
