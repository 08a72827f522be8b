"""Asynchronous invocations: kept until they are done with, tried again when they fail, and told of in the end.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
The times between attempts pass by the cloud's clock.
"""

import json
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from glasshouse.core import ServiceError, documents, ids
from glasshouse.services.lambda_.errors import ResourceNotFoundException, TooManyRequestsException
from glasshouse.services.lambda_.outcomes import Outcome
from glasshouse.services.lambda_.payloads import LARGEST_EVENT_BYTES, checked, context_header
from glasshouse.services.lambda_.records import LATEST
from glasshouse.services.lambda_.running_logs import spelled
from glasshouse.services.lambda_.runs import Runs

log = logging.getLogger("glasshouse.lambda")
RETRIES, RETRY_AFTER_S = 2, (60.0, 120.0)
LONGEST_AGE_S = 6 * 3600
LONGEST_PAUSE_S = 300.0  # between attempts that were throttled
MESSAGE_BYTES = 1024
WAIT_S = 900.0


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the queue: `invoked` counts the attempts that ran, `throttled` those that could not."""

    id: int
    function_arn: str
    request_id: str
    received: float
    invoked: int
    throttled: int
    context: str
    payload: bytes

    @property
    def run_key(self) -> str:
        return f"{self.request_id} event {self.id} attempt {self.invoked}"


class Asynchronous:
    """The queue of events, and what becomes of them."""

    def _enqueued(self, function_name: str, qualifier: str | None, payload: bytes, client_context: str | None) -> dict:
        """Keep an event that is to be handled after the call is answered."""
        target = self._invocable(function_name, qualifier)
        event = checked(payload, LARGEST_EVENT_BYTES)
        context = json.dumps(context_header(client_context))
        reference = target.reference
        arn = f"{reference.unqualified_arn}:{reference.qualifier or LATEST}"
        number = self.store.write(
            "INSERT INTO lambda_event (function_arn, request_id, received, context, payload) VALUES (?, ?, ?, ?, ?)",
            (arn, self.call.request_id, self.now, context, event),
        ).lastrowid
        self._schedule(number, arn, self.now)
        self._count(arn, "AsyncEventsReceived", 1)
        return {"StatusCode": 202, "Payload": b""}

    def _schedule(self, number: int | None, arn: str, due: float):
        """A job where the function is: whoever invokes it may be elsewhere."""
        _, _, _, region, account, *_ = arn.split(":")
        self.cloud.jobs.schedule("lambda", "_handle_event", account, region, due, f"event {number}", {"number": number})

    def _handle_event(self, number: int):
        """Give an event to its function, and see what comes of it."""
        row = self.store.read(
            "SELECT id, function_arn, request_id, received, invoked, throttled, context, payload FROM lambda_event"
            " WHERE id = ?",
            (number,),
        ).fetchone()
        if row is None:
            return
        event = Event(*row)
        run = self.cloud.resident(Runs).get(event.run_key)
        if run is None:
            run = self._attempted(event)
            if run is None:
                return
        if not run.is_over:
            self.wait(WAIT_S, run.topic)
        try:
            outcome = self._outcome(run)
        except ResourceNotFoundException:
            self._done(event)
        except ServiceError as failure:
            self._postpone(event, str(failure))
        else:
            self._answered(event, outcome)

    def _attempted(self, event: Event):
        """The run of an event's next attempt; None if there is none now."""
        try:
            target = self._invocable(event.function_arn, None)
        except ServiceError as refusal:
            if isinstance(refusal, ResourceNotFoundException):
                self._done(event)  # the function is gone, and its events with it
            else:
                self._postpone(event, str(refusal))
            return None
        age = self.now - event.received
        if age > self._longest_age(event):
            self._give_up(event, "EventAgeExceeded", None, "The event has exceeded its maximum age.")
            return None
        self._count(event.function_arn, "AsyncEventAge", age * 1000, "Milliseconds")
        try:
            return self._begun(event.run_key, target, event.request_id, event.payload, json.loads(event.context))
        except TooManyRequestsException as throttled:
            self._postpone(event, str(throttled))
            return None

    def _postpone(self, event: Event, reason: str):
        """Try again later, after longer and longer pauses, as long as the event is not too old."""
        pause = min(LONGEST_PAUSE_S, 2.0 ** min(event.throttled, 10))
        if self.now + pause - event.received > self._longest_age(event):
            self._give_up(event, "EventAgeExceeded", None, reason)
            return
        self.store.write("UPDATE lambda_event SET throttled = throttled + 1 WHERE id = ?", (event.id,))
        self._schedule(event.id, event.function_arn, self.now + pause)

    def _answered(self, event: Event, outcome: Outcome):
        if not outcome.failed:
            self._tell(event, "OnSuccess", "Success", outcome)
            self._done(event)
        elif event.invoked < self._retries(event):
            self.store.write("UPDATE lambda_event SET invoked = invoked + 1 WHERE id = ?", (event.id,))
            self._schedule(event.id, event.function_arn, self.now + RETRY_AFTER_S[event.invoked])
        else:
            self._give_up(event, "RetriesExhausted", outcome, outcome.payload.decode(errors="replace"))

    def _give_up(self, event: Event, condition: str, outcome: Outcome | None, message: str):
        self._count(event.function_arn, "AsyncEventsDropped", 1)
        self._tell(event, "OnFailure", condition, outcome)
        self._bury(event, outcome, message)
        self._done(event)

    def _done(self, event: Event):
        self.store.write("DELETE FROM lambda_event WHERE id = ?", (event.id,))

    # Settings

    def _event_settings(self, event: Event):
        name, qualifier = event.function_arn.split(":")[6:8]
        return self.invoke_configs.get(name, qualifier)

    def _retries(self, event: Event) -> int:
        settings = self._event_settings(event)
        wanted = settings.maximum_retry_attempts if settings else None
        return RETRIES if wanted is None else wanted

    def _longest_age(self, event: Event) -> float:
        settings = self._event_settings(event)
        return (settings.maximum_event_age_in_seconds if settings else None) or LONGEST_AGE_S

    # Who is told

    def _tell(self, event: Event, which: str, condition: str, outcome: Outcome | None):
        """Send the record of an event that is done with to the destination set for that, if there is one."""
        settings = self._event_settings(event)
        destination = ((settings.destination_config if settings else {}).get(which) or {}).get("Destination")
        if not destination:
            return
        record = self._record(event, condition, outcome)
        try:
            with self.store.transaction():
                self._send(event, destination, record, which)
        except ServiceError as refusal:
            log.warning("the outcome of an event of %s did not reach %s: %s", event.function_arn, destination, refusal)
            self._count(event.function_arn, "DestinationDeliveryFailures", 1)

    def _record(self, event: Event, condition: str, outcome: Outcome | None) -> dict[str, Any]:
        attempts = event.invoked + (outcome is not None)
        record: dict[str, Any] = {
            "version": "1.0",
            "timestamp": spelled(self.now),
            "requestContext": {
                "requestId": event.request_id,
                "functionArn": event.function_arn,
                "condition": condition,
                "approximateInvokeCount": attempts,
            },
            "requestPayload": json.loads(event.payload),
        }
        if outcome is not None:
            record["responseContext"] = {"statusCode": 200, "executedVersion": outcome.executed_version}
            if outcome.failed:
                record["responseContext"]["functionError"] = "Unhandled"
            record["responsePayload"] = _json_or_text(outcome.payload)
        return record

    def _send(self, event: Event, destination: str, record: dict[str, Any], which: str):
        """In the name of the execution role, as on AWS."""
        _, _, service, region, account, name, *_ = destination.split(":")
        there = self.aws(account=account or None, region=region or None).as_role(self._role_of(event))
        text = json.dumps(record)
        if service == "sqs":
            there.sqs.send_message(QueueUrl=f"https://sqs/{account}/{name}", MessageBody=text)
        elif service == "sns":
            there.sns.publish(TopicArn=destination, Message=text)
        elif service == "lambda":
            there.lambda_.invoke(FunctionName=destination, InvocationType="Event", Payload=text.encode())
        elif service == "s3":
            there.s3.put_object(Bucket=name, Key=self._object_key(event), Body=text.encode())
        else:
            entry = {
                "Source": "lambda",
                "DetailType": f"Lambda Function Invocation Result - {which.removeprefix('On')}",
                "Detail": text,
                "Resources": [event.function_arn, destination],
                "EventBusName": destination,
            }
            there.events.put_events(Entries=[entry])

    def _object_key(self, event: Event) -> str:
        moment = datetime.fromtimestamp(self.now, UTC)
        name = event.function_arn.split(":")[6]
        return f"aws/lambda/async/{name}/{moment:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{ids.uuid()}"

    def _bury(self, event: Event, outcome: Outcome | None, message: str):
        """Lay an event that failed for good into the function's dead-letter queue or topic."""
        target = self._dead_letters(event)
        if not target:
            return
        attributes = {
            "RequestID": {"DataType": "String", "StringValue": event.request_id},
            "ErrorCode": {"DataType": "Number", "StringValue": "200" if outcome else "429"},
            "ErrorMessage": {"DataType": "String", "StringValue": _error_message(outcome, message)},
        }
        _, _, service, region, account, name, *_ = target.split(":")
        text = event.payload.decode(errors="replace")
        try:
            with self.store.transaction():
                there = self.aws(account=account, region=region).as_role(self._role_of(event))
                if service == "sqs":
                    there.sqs.send_message(
                        QueueUrl=f"https://sqs/{account}/{name}", MessageBody=text, MessageAttributes=attributes
                    )
                else:
                    there.sns.publish(TopicArn=target, Message=text, MessageAttributes=attributes)
        except ServiceError as refusal:
            log.warning("an event of %s did not reach its dead-letter queue: %s", event.function_arn, refusal)
            self._count(event.function_arn, "DeadLetterErrors", 1)

    def _dead_letters(self, event: Event) -> str | None:
        with suppress(ResourceNotFoundException):
            return self._found(event.function_arn).configuration.dead_letter_target_arn
        return None

    def _role_of(self, event: Event) -> str:
        return self._found(event.function_arn).configuration.role

    def _count(self, arn: str, name: str, value: float, unit: str = "Count"):
        for dimensions in ({}, {"FunctionName": arn.split(":")[6]}):
            self.metric("AWS/Lambda", name, value, unit, dimensions)


def _json_or_text(payload: bytes) -> Any:
    try:
        return documents.read(payload)
    except ValueError:
        return payload.decode(errors="replace")


def _error_message(outcome: Outcome | None, message: str) -> str:
    """What the error says, as far as a message attribute has room for it."""
    told = _json_or_text(outcome.payload) if outcome else message
    text = told.get("errorMessage", "") if isinstance(told, dict) else str(told)
    return str(text).encode()[:MESSAGE_BYTES].decode(errors="ignore") or "Unhandled"
