"""Carrying a batch through a pipe: to its enrichment, and to its target, each in a job of its own.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-error-troubleshooting.html
Differs from AWS: the pauses between attempts double from one second to a minute; a pipe is not stopped for failing.
"""

import json
from typing import Any

from glasshouse.core import ServiceError
from glasshouse.core.refusals import kind_of
from glasshouse.engines.sourcerecords import batch_info, instant
from glasshouse.services.pipes import journal
from glasshouse.services.pipes.batches import Batches
from glasshouse.services.pipes.checks import is_api, is_api_destination, largest_batch
from glasshouse.services.pipes.errors import Failed
from glasshouse.services.pipes.records import PROBLEM, Batch, Part, Pipe
from glasshouse.services.pipes.source_events import arrival_of, sequence_of
from glasshouse.services.pipes.targets import SENDERS, execute, identifier, invoke, reported
from glasshouse.services.pipes.templating import Parcel, parcels

RETRY_S, LONGEST_PAUSE_S = 1.0, 60.0
LONGEST_REASON = 512
NAMESPACE = "AWS/EventBridge/Pipes"
FOREVER = -1


class Carrying:
    """The jobs of batches."""

    def _carry_later(self, pipe: Pipe, number: int, after: float = 0.0):
        """Send a batch on its way, from its beginning."""
        if not pipe.enrichment:
            self._send_later(pipe, number, after)
            return
        method = "_call_enrichment" if is_api_destination(pipe.enrichment) else "_enrich"
        self.later(method, after=after, key=f"batch {number}", name=pipe.name, number=number)

    def _send_later(self, pipe: Pipe, number: int, after: float = 0.0):
        method = "_call_target" if is_api_destination(pipe.target) else "_send"
        self.later(method, after=after, key=f"batch {number}", name=pipe.name, number=number)

    def _enrich(self, name: str, number: int):
        """Have the enrichment make something of a batch."""
        pipe, batch, items = self._on_its_way(name, number)
        if pipe is None or batch is None:
            return
        try:
            with self.store.transaction():
                sent = self._for_enrichment(pipe, items)
                answer = self._ask_enrichment(pipe, pipe.enrichment or "", sent)
        except ServiceError as failure:
            self._failed(pipe, batch, items, "Enrichment", failure)
        else:
            self._enriched(pipe, batch, items, answer)

    def _enriched(self, pipe: Pipe, batch: Batch, items: list[dict], answer: Any):
        """On to the target with what has come of it; without anything the target is not asked."""
        events = answer if isinstance(answer, list) else [answer] if answer not in (None, "", {}) else []
        most = largest_batch(pipe)
        if not events:
            steps = journal.succeeded("Enrichment", events)
            self._tell_log(pipe, batch, journal.begun(items), *steps, journal.SKIPPED, journal.ENDED)
            self._conclude(pipe, batch, items, [])
        elif most is not None and len(events) > most:
            self._failed(pipe, batch, items, "Enrichment", Failed(f"The target takes at most {most} events at once."))
        else:
            self._tell_log(pipe, batch, journal.begun(items), *journal.succeeded("Enrichment", events))
            Batches(self.store, pipe.number).enrich(batch.number, events)
            self._send_later(pipe, batch.number)

    def _send(self, name: str, number: int):
        """Give a batch to the target."""
        pipe, batch, items = self._on_its_way(name, number)
        if pipe is None or batch is None:
            return
        try:
            with self.store.transaction():
                sent = self._for_target(pipe, batch, items)
                refused = self._ask_target(pipe, sent)
        except ServiceError as failure:
            self._failed(pipe, batch, items, "Target", failure)
        else:
            self._delivered(pipe, batch, items, sent, refused)

    def _delivered(self, pipe: Pipe, batch: Batch, items: list[dict], sent: list[Parcel], refused: list[int]):
        """The target has taken all of it, or some."""
        first = [] if pipe.enrichment else [journal.begun(items)]
        steps = [*journal.succeeded("Target", [parcel.text for parcel in sent]), journal.ENDED]
        self._tell_log(pipe, batch, *first, *(journal.partially_failed(len(refused)) if refused else steps))
        self._conclude(pipe, batch, items, _refused_items(items, sent, refused))

    def _ask_enrichment(self, pipe: Pipe, enrichment: str, sent: list[Parcel]) -> Any:
        if is_api(enrichment):
            return self._ask_api(pipe, enrichment, pipe.enrichment_parameters.get("HttpParameters"), sent[0])
        return (invoke if ":function:" in enrichment else execute)(self._as_pipe(pipe), enrichment, sent)

    def _ask_target(self, pipe: Pipe, sent: list[Parcel]) -> list[int]:
        """Which of them it did not take."""
        if is_api(pipe.target):
            answer = self._ask_api(pipe, pipe.target, pipe.target_settings("HttpParameters"), sent[0])
            return reported(answer, sent)
        return SENDERS[pipe.target.split(":")[2]](self._at_target(pipe), pipe, sent, self.now)

    def _on_its_way(self, name: str, number: int) -> tuple[Pipe | None, Batch | None, list[dict]]:
        """A batch, with the items of its part that goes now; those that are too old are given up."""
        pipe = self.pipes.get(name)
        if pipe is None:
            return None, None, []
        batches = Batches(self.store, pipe.number)
        batch = batches.get(number)
        if batch is None:
            return None, None, []
        items = batches.items(batch)
        old = self._too_old(pipe, items)
        if not old:
            return pipe, batch, items
        self._bury(pipe, batch, items[:old], "RecordAgeExceeded")
        self._advance(pipe, batch, old)
        return None, None, []

    def _too_old(self, pipe: Pipe, items: list[dict]) -> int:
        """How many of the first records are older than they may become."""
        most = pipe.settings.get("MaximumRecordAgeInSeconds", FOREVER)
        if pipe.kind == "sqs" or most == FOREVER:
            return 0
        young = (place for place, item in enumerate(items) if self.now - arrival_of(item) <= most)
        return next(young, len(items))

    def _for_enrichment(self, pipe: Pipe, items: list[dict]) -> list[Parcel]:
        return parcels(pipe, items, pipe.enrichment_parameters.get("InputTemplate"), self.now)

    def _for_target(self, pipe: Pipe, batch: Batch, items: list[dict]) -> list[Parcel]:
        events = items if batch.enriched is None else batch.enriched
        return parcels(pipe, events, pipe.target_parameters.get("InputTemplate"), self.now)

    def _as_pipe(self, pipe: Pipe):
        """The other services, as the role of the pipe."""
        return self.aws(source_arn=pipe.arn).as_role(pipe.role_arn, session_name=pipe.number.replace("-", ""))

    def _at_target(self, pipe: Pipe):
        """The same where the target lies."""
        region, account = pipe.target.split(":")[3:5]
        return self._as_pipe(pipe)(account=account, region=region)

    # What comes of it

    def _failed(self, pipe: Pipe, batch: Batch, items: list[dict], stage: str, failure: ServiceError):
        """Nothing of it has been done."""
        first = [] if pipe.enrichment and stage == "Target" else [journal.begun(items)]
        self._tell_log(pipe, batch, *first, *journal.failed(stage, failure))
        self._measure(pipe, f"{stage}StageFailed", 1)
        self._measure(pipe, "ExecutionFailed", 1)
        counts = kind_of(failure) not in ("failing", "throttled")
        self._conclude(pipe, batch, items, list(range(len(items))), counts)

    def _conclude(self, pipe: Pipe, batch: Batch, items: list[dict], refused: list[int], counts: bool = True):
        """Some of it, or all, has been done: the rest is for later. An attempt `counts` if it was no fault of AWS's."""
        if 0 < len(refused) < len(items):
            self._measure(pipe, "ExecutionPartiallyFailed", 1)
        if pipe.kind == "sqs":
            self._conclude_messages(pipe, batch, items, refused)
        else:
            self._conclude_records(pipe, batch, items, refused, counts)

    def _conclude_messages(self, pipe: Pipe, batch: Batch, items: list[dict], refused: list[int]):
        """What was not done comes back when its visibility timeout is over."""
        done = [item for place, item in enumerate(items) if place not in set(refused)]
        try:
            with self.store.transaction():
                self._delete_messages(pipe, done)
        except ServiceError as failure:  # they will be received again
            self._note(pipe, PROBLEM + failure.message)
        Batches(self.store, pipe.number).drop(batch.number)
        self.tell(pipe.topic)

    def _conclude_records(self, pipe: Pipe, batch: Batch, items: list[dict], refused: list[int], counts: bool):
        """A stream goes on behind the first record that was refused."""
        done = min(refused, default=len(items))
        rest = len(items) - done
        if not rest:
            self._note(pipe, "OK")
            self._advance(pipe, batch, done)
            return
        part, batches = batch.parts[0], Batches(self.store, pipe.number)
        attempts = part.attempts + counts if not done else 1
        most = pipe.settings.get("MaximumRetryAttempts", FOREVER)
        if pipe.settings.get("OnPartialBatchItemFailure") == "AUTOMATIC_BISECT" and rest > 1:
            parts = [Part(rest // 2, part.attempts), Part(rest - rest // 2, part.attempts)]
        elif 0 <= most < attempts:
            self._bury(pipe, batch, items[done:], "RetryAttemptsExhausted")
            self._advance(pipe, batch, len(items))
            return
        else:
            parts = [Part(rest, attempts)]
        batches.finish(batch.number, done)
        batches.divide(batch.number, [*parts, *batch.parts[1:]])
        self._carry_later(pipe, batch.number, min(RETRY_S * 2 ** min(attempts, 10) / 2, LONGEST_PAUSE_S))

    def _advance(self, pipe: Pipe, batch: Batch, count: int):
        """The first records of a batch are done with."""
        batches, part = Batches(self.store, pipe.number), batch.parts[0]
        batches.finish(batch.number, count)
        rest = [Part(part.count - count, part.attempts)] if count < part.count else []
        parts = [*rest, *batch.parts[1:]]
        if parts:
            batches.divide(batch.number, parts)
            self._carry_later(pipe, batch.number)
            return
        batches.drop(batch.number)
        self._move_on(pipe, batch.shard_id)

    def _bury(self, pipe: Pipe, batch: Batch, items: list[dict], condition: str):
        """Tell the dead-letter queue, if there is one, which records were given up."""
        letters = (pipe.settings.get("DeadLetterConfig") or {}).get("Arn")
        if not letters:
            return
        kind = "KinesisBatchInfo" if pipe.kind == "kinesis" else "DDBStreamBatchInfo"
        told = {
            "context": {"partnerResourceArn": pipe.arn, "condition": condition},
            "version": "1.0",
            "timestamp": instant(self.now),
            kind: batch_info(
                pipe.source, batch.shard_id, (sequence_of(items[0]), sequence_of(items[-1])),
                (arrival_of(items[0]), arrival_of(items[-1])), len(items),
            ),
        }  # fmt: skip
        text = json.dumps(told, separators=(",", ":"))
        try:
            with self.store.transaction():
                self._tell_dead_letters(pipe, letters, text)
        except ServiceError as failure:  # it is lost, as on AWS
            self._note(pipe, PROBLEM + failure.message)

    def _tell_dead_letters(self, pipe: Pipe, letters: str, text: str):
        service, region, account, name = letters.split(":")[2:6]
        there = self._as_pipe(pipe)(account=account, region=region)
        if service == "sqs":
            there.sqs.send_message(QueueUrl=f"https://sqs/{account}/{name}", MessageBody=text)
        else:
            there.sns.publish(TopicArn=letters, Message=text)

    def _note(self, pipe: Pipe, reason: str):
        """What a pipe shows."""
        shown = reason[:LONGEST_REASON]
        if shown != pipe.state_reason:
            pipe.state_reason = shown
            self.pipes.put(pipe)

    def _measure(self, pipe: Pipe, name: str, value: float, unit: str = "Count"):
        self.metric(NAMESPACE, name, value, unit, {"PipeName": pipe.name})


def _refused_items(items: list[dict], sent: list[Parcel], refused: list[int]) -> list[int]:
    """The items whose events were refused. An enrichment's events say by their ids which items those are; if one does
    not, all of them are."""
    known = {identifier(item): place for place, item in enumerate(items)}
    names = [identifier(sent[place].event) for place in refused]
    if any(name not in known for name in names):
        return list(range(len(items)))
    return [known[name] for name in names]
