"""The event history: ninety days of management events, looked up by one attribute."""

import msgspec

from glasshouse.core.table import make_token, read_token
from glasshouse.services.cloudtrail.errors import InvalidLookupAttributesException, InvalidTimeRangeException

COLUMNS = {
    "EventId": "event_id", "EventName": "name", "ReadOnly": "read_only", "Username": "username",
    "EventSource": "source", "AccessKeyId": "access_key_id",
}  # fmt: skip
KEPT_S = 90 * 86_400


class Lookup:
    """LookupEvents."""

    def lookup_events(
        self,
        lookup_attributes: list | None = None,
        start_time: float | None = None,
        end_time: float | None = None,
        max_results: int = 50,
        next_token: str | None = None,
    ):
        """Latest first: what happened in this Region, and what IAM and STS did, which are everywhere."""
        if start_time is not None and end_time is not None and start_time > end_time:
            raise InvalidTimeRangeException("The start time must not be after the end time.")
        condition, arguments = _condition(lookup_attributes or [])
        before = int(read_token(next_token) or 1 << 62)
        rows = self.store.read(
            "SELECT id, event_id, name, read_only, access_key_id, time, source, username, resources, record"
            " FROM cloudtrail_event WHERE account = ? AND category = 'Management' AND time BETWEEN ? AND ? AND id < ?"
            f" AND (region = ? OR source IN ('iam.amazonaws.com', 'sts.amazonaws.com')) AND {condition}"
            " ORDER BY id DESC LIMIT ?",
            (
                self.call.account, max(start_time or 0.0, self.now - KEPT_S), end_time or self.now + 1, before,
                self.call.region, *arguments, max_results + 1,
            ),
        ).fetchall()  # fmt: skip
        shown = rows[:max_results]
        token = make_token(str(shown[-1][0])) if len(rows) > max_results else None
        return {"Events": [_event(row) for row in shown], "NextToken": token}


def _condition(attributes: list) -> tuple[str, list]:
    if len(attributes) > 1:
        raise InvalidLookupAttributesException("Only one lookup attribute can be given at a time.")
    if not attributes:
        return "1", []
    key, value = attributes[0]["AttributeKey"], attributes[0]["AttributeValue"]
    if key in ("ResourceType", "ResourceName"):
        return f"EXISTS (SELECT 1 FROM json_each(resources) WHERE json_extract(value, '$.{key}') = ?)", [value]
    if key not in COLUMNS:
        raise InvalidLookupAttributesException(f"{key} is not a lookup attribute.")
    return f"{COLUMNS[key]} = ?", [value.lower() == "true" if key == "ReadOnly" else value]


def _event(row: tuple) -> dict:
    _, event_id, name, read_only, key, time, source, username, resources, record = row
    return {
        "EventId": event_id, "EventName": name, "ReadOnly": "true" if read_only else "false", "AccessKeyId": key,
        "EventTime": int(time), "EventSource": source, "Username": username,
        "Resources": msgspec.json.decode(resources), "CloudTrailEvent": record,
    }  # fmt: skip
