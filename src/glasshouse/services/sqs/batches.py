"""Batches: entries with ids, each of which succeeds or fails by itself."""

import re
from collections.abc import Callable, Mapping

from glasshouse.services.sqs.errors import (
    BatchEntryIdsNotDistinct,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    MessageNotInflight,
    MissingParameter,
    ServiceError,
    TooManyEntriesInBatchRequest,
)

MOST_ENTRIES = 10
ENTRY_ID_RULE = (
    "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters"
    " long."
)
ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


def check(entries: list | None, kind: str) -> list:
    """The entries of a batch. Refuses those that cannot be told apart, or are none, or too many."""
    if not entries:
        raise EmptyBatchRequest(f"There should be at least one {kind} in the request.")
    if len(entries) > MOST_ENTRIES:
        raise TooManyEntriesInBatchRequest(
            f"Maximum number of entries per request are {MOST_ENTRIES}. You have sent {len(entries)}."
        )
    seen = set()
    for position, entry in enumerate(entries, 1):
        id = entry.get("Id")
        if id is None:
            raise MissingParameter(f"The request must contain the parameter {kind}.{position}.Id.")
        if not ENTRY_ID.fullmatch(id):
            raise InvalidBatchEntryId(ENTRY_ID_RULE)
        if id in seen:
            raise BatchEntryIdsNotDistinct(f"Id {id} repeated.")
        seen.add(id)
    return entries


def each(entries: list[Mapping], act: Callable[[Mapping], dict]) -> dict:
    """Do something for each entry, which either succeeds or fails without a trace; report both."""
    successful, failed = [], []
    for entry in entries:
        try:
            successful.append({"Id": entry["Id"], **act(entry)})
        except ServiceError as refused:
            failed.append({"Id": entry["Id"], "SenderFault": True, "Code": _code(refused), "Message": refused.message})
    return {"Successful": successful or None, "Failed": failed or None}


def _code(refused: ServiceError) -> str:
    return f"AWS.SimpleQueueService.{refused.code}" if isinstance(refused, MessageNotInflight) else refused.code
