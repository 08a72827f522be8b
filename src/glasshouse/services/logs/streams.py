"""Log streams, and events going in and coming out."""

from itertools import islice, pairwise

from glasshouse.engines.filterpattern import InvalidPattern, Pattern, parse
from glasshouse.services.logs.errors import (
    InvalidParameterException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    ValidationException,
)
from glasshouse.services.logs.events import FIRST, LAST, Event, Stream, billed_bytes
from glasshouse.services.logs.groups import DAY_MS, check_length
from glasshouse.services.logs.queries import read_pointer, record_fields
from glasshouse.services.logs.records import LogGroup
from glasshouse.services.logs.subscriptions import NAMESPACE

BATCH_BYTES, BATCH_EVENTS, EVENT_LIMIT_BYTES = 1_048_576, 10_000, 1_048_576
OLDEST_MS, NEWEST_MS = 14 * DAY_MS, 2 * 3_600_000
PAGE_EVENTS, PAGE_BYTES, SCANNED_EVENTS = 10_000, 1_048_576, 50_000


class StreamOperations:
    """The operations on log streams and events."""

    def create_log_stream(self, log_group_name: str, log_stream_name: str):
        check_length(log_stream_name)
        streams = self._streams(self._group(log_group_name))
        if streams.get(log_stream_name):
            raise ResourceAlreadyExistsException("The specified log stream already exists")
        streams.add(log_stream_name, self._milliseconds())

    def delete_log_stream(self, log_group_name: str, log_stream_name: str):
        group = self._group(log_group_name)
        self._streams(group).delete(self._stream(group, log_stream_name))

    def describe_log_streams(
        self,
        log_group_name: str | None = None,
        log_group_identifier: str | None = None,
        log_stream_name_prefix: str = "",
        order_by: str = "LogStreamName",
        descending: bool = False,
        limit: int = 50,
        next_token: str | None = None,
    ):
        if log_group_name and log_group_identifier:
            raise ValidationException("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
        check_length(log_stream_name_prefix)
        group = self._group(log_group_name or log_group_identifier)
        streams = self._streams(group)
        if order_by == "LastEventTime":
            if log_stream_name_prefix:
                raise InvalidParameterException("Cannot order by LastEventTime with a logStreamNamePrefix.")
            found = streams.by_last_event(_read_stream_token(next_token), limit + 1, descending)
        else:
            after = (_read_stream_token(next_token) or (0, ""))[1]
            found = streams.named(log_stream_name_prefix, after, limit + 1, descending)
        shown = found[:limit]
        token = f"{shown[-1].last_event or 0}@{shown[-1].name}" if len(found) > limit else None
        return {"logStreams": [self._stream_described(group, stream) for stream in shown], "nextToken": token}

    def put_log_events(
        self, log_group_name: str, log_stream_name: str, log_events: list, sequence_token: str | None = None
    ):
        group = self._group(log_group_name)
        stream = self._stream(group, log_stream_name)
        batch = [(event["timestamp"], event["message"]) for event in log_events]
        size = _check_batch(batch)
        now = self._milliseconds()
        kept_ms = (group.retention_in_days or 1 << 20) * DAY_MS
        expired = sum(timestamp < now - kept_ms for timestamp, _ in batch)
        old = sum(timestamp < now - OLDEST_MS for timestamp, _ in batch)
        new = sum(timestamp > now + NEWEST_MS for timestamp, _ in batch)
        valid = batch[max(old, expired) : len(batch) - new]
        if valid and valid[-1][0] - valid[0][0] > DAY_MS:
            raise InvalidParameterException(
                "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
            )
        rejected = {
            "tooOldLogEventEndIndex": old or None,
            "expiredLogEventEndIndex": expired or None,
            "tooNewLogEventStartIndex": len(batch) - new if new else None,
        }
        if valid:
            self._arrived(group, self._events(group).add(stream, valid, now))
        self._measure_incoming(group, len(batch), size)
        info = rejected if old or new or expired else None
        return {"nextSequenceToken": f"{now:020d}{stream.id:036d}", "rejectedLogEventsInfo": info}

    def get_log_events(
        self,
        log_stream_name: str,
        log_group_name: str | None = None,
        log_group_identifier: str | None = None,
        start_time: int | None = None,
        end_time: int | None = None,
        next_token: str | None = None,
        limit: int = PAGE_EVENTS,
        start_from_head: bool = False,
        unmask: bool = False,
    ):
        """The last page first, unless a token or `start_from_head` says otherwise; always in order of time."""
        group = self._group(log_group_name or log_group_identifier)
        stream = self._stream(group, log_stream_name)
        lower = max(self._oldest(group), (start_time or 0, -1))
        upper = (end_time, -1) if end_time is not None else LAST
        forward, place = _read_event_token(next_token) if next_token else (start_from_head, None)
        events = self._events(group)
        if forward:
            found = _page(events.forward(max(lower, place or FIRST), upper, stream), limit)
        else:
            found = _page(events.backward(lower, min(upper, place or LAST), stream), limit)[::-1]
        unmoved = place or (lower if forward else min(upper, (self._milliseconds(), 0)))
        first, last = (found[0].place, found[-1].place) if found else (unmoved, unmoved)
        return {
            "events": found,
            "nextForwardToken": _event_token("f", last),
            "nextBackwardToken": _event_token("b", first),
        }

    def filter_log_events(
        self,
        log_group_name: str | None = None,
        log_group_identifier: str | None = None,
        log_stream_names: list | None = None,
        log_stream_name_prefix: str | None = None,
        start_time: int | None = None,
        end_time: int | None = None,
        filter_pattern: str = "",
        next_token: str | None = None,
        limit: int = PAGE_EVENTS,
        start_from_head: bool = True,
        interleaved: bool = True,
        unmask: bool = False,
    ):
        """In order of time. A call looks at so many events at most; a page may be empty and yet not the last."""
        if log_stream_names and log_stream_name_prefix:
            raise InvalidParameterException("logStreamNames and logStreamNamePrefix are mutually exclusive parameters")
        group = self._group(log_group_name or log_group_identifier)
        for name in log_stream_names or ():
            self._stream(group, name)
        pattern = self._pattern(filter_pattern)
        lower, upper = (
            max(self._oldest(group), (start_time or 0, -1)),
            (end_time, LAST[1]) if end_time is not None else LAST,
        )
        place = _read_event_token(next_token)[1] if next_token else None
        only = self._stream(group, log_stream_names[0]) if log_stream_names and len(log_stream_names) == 1 else None
        if start_from_head:
            source = self._events(group).forward(max(lower, place or FIRST), upper, only)
        else:
            source = self._events(group).backward(lower, min(upper, place or LAST), only)
        names = set(log_stream_names or ())

        def wanted(event: Event) -> bool:
            named = not names or event.stream in names
            return (
                named
                and event.stream.startswith(log_stream_name_prefix or "")
                and pattern.match(event.message) is not None
            )

        found, last = _scan(source, wanted, limit)
        token = _event_token("f" if start_from_head else "b", last) if last else None
        return {"events": [_filtered(group, event) for event in found], "searchedLogStreams": [], "nextToken": token}

    def get_log_record(self, log_record_pointer: str, unmask: bool = False):
        number, timestamp, sequence = read_pointer(log_record_pointer)
        group = next((group for group in self.groups.list() if group.number == number), None)
        event = self._events(group).at(timestamp, sequence) if group else None
        if group is None or event is None:
            raise ResourceNotFoundException("The specified log record does not exist.")
        fields = record_fields(group, event, self.call.account)
        return {"logRecord": {name: str(value) for name, value in fields.items()}}

    # Within

    def _measure_incoming(self, group: LogGroup, count: int, size: int):
        """All four metrics at once, as this is done often."""
        add, account, region, now = self.cloud.metrics.add, self.call.account, self.call.region, self.now

        def measure():
            for about in (None, {"LogGroupName": group.log_group_name}):
                add(account, region, NAMESPACE, "IncomingLogEvents", "Count", about, now, count)
                add(account, region, NAMESPACE, "IncomingBytes", "Bytes", about, now, size)

        self.store.after_commit(measure)

    def _stream(self, group: LogGroup, name: str) -> Stream:
        check_length(name)
        stream = self._streams(group).get(name)
        if stream is None:
            raise ResourceNotFoundException("The specified log stream does not exist.")
        return stream

    def _stream_described(self, group: LogGroup, stream: Stream) -> dict:
        return {
            "logStreamName": stream.name,
            "creationTime": stream.created,
            "firstEventTimestamp": stream.first_event,
            "lastEventTimestamp": stream.last_event,
            "lastIngestionTime": stream.last_ingestion,
            "uploadSequenceToken": f"{stream.last_ingestion:020d}{stream.id:036d}" if stream.last_ingestion else None,
            "arn": f"{group.log_group_arn}:log-stream:{stream.name}",
            "storedBytes": 0,  # "from June 17, 2019, this parameter is no longer supported: it is always zero"
        }

    def _oldest(self, group: LogGroup) -> tuple[int, int]:
        """Where a group's events begin, as retention has it."""
        if not group.retention_in_days:
            return FIRST
        return self._milliseconds() - group.retention_in_days * DAY_MS, -1

    @staticmethod
    def _pattern(text: str) -> Pattern:
        try:
            return parse(text)
        except InvalidPattern as failure:
            raise InvalidParameterException(str(failure)) from None


def _check_batch(batch: list[tuple[int, str]]) -> int:
    """What the batch counts for, in bytes. Raises InvalidParameterException."""
    size = sum(map(billed_bytes, batch))
    if len(batch) > BATCH_EVENTS or size > BATCH_BYTES:
        raise InvalidParameterException(
            f"Upload too large: the batch may have {BATCH_EVENTS} events and {BATCH_BYTES} bytes at most"
        )
    if any(len(message) == 0 for _, message in batch):
        raise InvalidParameterException(
            "1 validation error detected: Value '' at 'logEvents.1.member.message' failed to satisfy constraint:"
            " Member must have length greater than or equal to 1"
        )
    if any(later[0] < earlier[0] for earlier, later in pairwise(batch)):
        raise InvalidParameterException("Log events in a single PutLogEvents request must be in chronological order.")
    return size


def _page(events, limit: int) -> list[Event]:
    """At most `limit` events and one megabyte."""
    found, size = [], 0
    for event in islice(events, limit):
        size += billed_bytes((event.timestamp, event.message))
        if size > PAGE_BYTES and found:
            break
        found.append(event)
    return found


def _scan(source, wanted, limit: int) -> tuple[list[Event], tuple[int, int] | None]:
    """The events that are wanted, and where to go on, or None when the source is at its end."""
    found, size = [], 0
    for scanned, event in enumerate(source, 1):
        if wanted(event):
            found.append(event)
            size += billed_bytes((event.timestamp, event.message))
        if len(found) >= limit or size >= PAGE_BYTES or scanned >= SCANNED_EVENTS:
            return found, event.place if next(source, None) else None
    return found, None


def _filtered(group: LogGroup, event: Event) -> dict:
    return {
        "logStreamName": event.stream,
        "timestamp": event.timestamp,
        "message": event.message,
        "ingestionTime": event.ingestion_time,
        "eventId": f"{event.timestamp:013d}{group.number:021d}{event.sequence:022d}",
    }


def _event_token(direction: str, place: tuple[int, int]) -> str:
    """As AWS's look: a direction, fifty-six digits, and an s."""
    timestamp, sequence = place
    return f"{direction}/{timestamp + 1:028d}{sequence + 1:028d}/s"


def _read_event_token(token: str) -> tuple[bool, tuple[int, int]]:
    direction, _, digits = token.removesuffix("/s").partition("/")
    if direction not in ("f", "b") or len(digits) != 56 or not digits.isdigit():
        raise InvalidParameterException("The specified nextToken is invalid.")
    return direction == "f", (int(digits[:28]) - 1, int(digits[28:]) - 1)


def _read_stream_token(token: str | None) -> tuple[int, str] | None:
    if not token:
        return None
    time, _, name = token.partition("@")
    if not time.isdigit() or not name:
        raise InvalidParameterException("The specified nextToken is invalid.")
    return int(time), name
