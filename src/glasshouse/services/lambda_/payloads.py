"""What is given to functions: events, which are JSON of a limited size, and what a mobile SDK says of its app."""

import json
from base64 import b64decode

from glasshouse.core import documents
from glasshouse.services.lambda_.errors import (
    InvalidParameterValueException,
    InvalidRequestContentException,
    RequestTooLargeException,
)

LARGEST_BYTES, LARGEST_EVENT_BYTES = 6_291_456, 1_048_576
LONGEST_CONTEXT = 3583


def checked(payload: bytes, limit: int) -> bytes:
    """A payload that is JSON and not too large; without one it is an empty object."""
    if len(payload) > limit:
        raise RequestTooLargeException(f"Request must be smaller than {limit} bytes for the InvokeFunction operation")
    if not payload:
        return b"{}"
    try:
        documents.read(payload)
    except ValueError as broken:
        raise InvalidRequestContentException(
            f"Could not parse request body into json: Could not parse payload into json: {broken}"
        ) from None
    return payload


def context_header(client_context: str | None) -> dict[str, str]:
    if not client_context:
        return {}
    try:
        if len(client_context) > LONGEST_CONTEXT:
            raise InvalidParameterValueException(
                f"Client context must be no more than {LONGEST_CONTEXT} bytes when base64 encoded."
            )
        context = documents.read(b64decode(client_context, validate=True))
    except ValueError:
        raise InvalidRequestContentException("Client context must be a valid Base64-encoded JSON object.") from None
    return {"Lambda-Runtime-Client-Context": json.dumps(context)}
