"""API destinations and REST APIs as enrichment or target, asked as EventBridge asks them: API destinations from jobs
outside of the store."""

from dataclasses import replace
from typing import Any

from glasshouse.core import ServiceError, outside
from glasshouse.core.call import Call
from glasshouse.services.pipes.errors import Failed
from glasshouse.services.pipes.records import Pipe
from glasshouse.services.pipes.targets import document, reported
from glasshouse.services.pipes.templating import Parcel


class Calling:
    """The jobs that call somebody's endpoint. They take one event at a time."""

    @outside
    def _call_enrichment(self, name: str, number: int):
        wanted = self.inside("_call_of_enrichment", name=name, number=number)
        if wanted is not None:
            self.inside("_enrichment_answered", name=name, number=number, answer=self._ask_destination(wanted))

    @outside
    def _call_target(self, name: str, number: int):
        wanted = self.inside("_call_of_target", name=name, number=number)
        if wanted is not None:
            self.inside("_target_answered", name=name, number=number, answer=self._ask_destination(wanted))

    def _ask_destination(self, wanted: dict[str, Any]) -> Any:
        """In a thread."""
        call = Call("events", "InvokeApiDestination", {}, self.call.account, self.call.region, self.call.principal)
        return self.cloud.service_class("events")(self.cloud, call)._asked(**wanted)

    def _call_of_enrichment(self, name: str, number: int) -> dict[str, Any] | None:
        """What to ask; None if it is not to be asked now."""
        pipe, batch, items = self._on_its_way(name, number)
        if pipe is None or batch is None:
            return None
        try:
            with self.store.transaction():
                parcel = self._for_enrichment(pipe, items)[0]
                pause = self._turn_at(pipe, pipe.enrichment or "")
        except ServiceError as failure:
            self._failed(pipe, batch, items, "Enrichment", failure)
            return None
        if pause > 0:
            self._carry_later(pipe, number, pause)
            return None
        return _asked(pipe.enrichment or "", pipe.enrichment_parameters.get("HttpParameters"), parcel)

    def _call_of_target(self, name: str, number: int) -> dict[str, Any] | None:
        pipe, batch, items = self._on_its_way(name, number)
        if pipe is None or batch is None:
            return None
        try:
            with self.store.transaction():
                parcel = self._for_target(pipe, batch, items)[0]
                pause = self._turn_at(pipe, pipe.target)
        except ServiceError as failure:
            self._failed(pipe, batch, items, "Target", failure)
            return None
        if pause > 0:
            self._send_later(pipe, number, pause)
            return None
        return _asked(pipe.target, pipe.target_settings("HttpParameters"), parcel)

    def _turn_at(self, pipe: Pipe, destination: str) -> float:
        """In how many seconds to come again; a turn at the destination is taken if that is now."""
        region, account = destination.split(":")[3:5]
        principal = self._as_pipe(pipe).principal
        call = Call("events", "InvokeApiDestination", {}, account, region, self.call.principal)
        return self.cloud.run_method(call, "events", "_turn_at", {"arn": destination, "principal": principal})

    def _ask_api(self, pipe: Pipe, arn: str, parameters: dict | None, parcel: Parcel) -> Any:
        """What a REST API answers. Raises ServiceError."""
        params = {
            "arn": arn, "principal": self._as_pipe(pipe).principal, "parameters": parameters or {},
            "text": parcel.text, "event": parcel.opened,
        }  # fmt: skip
        call = replace(self.call, service="events", request_id=self.call.next_request_id())
        answer = self.cloud.run_method(call, "events", "_ask_api", params)
        if not answer.is_good:
            raise _failure(answer)
        return document(answer.text)

    def _enrichment_answered(self, name: str, number: int, answer: Any):
        pipe, batch, items = self._on_its_way(name, number)
        if pipe is None or batch is None:
            return
        if answer.is_good:
            self._enriched(pipe, batch, items, document(answer.text))
        else:
            self._failed(pipe, batch, items, "Enrichment", _failure(answer))

    def _target_answered(self, name: str, number: int, answer: Any):
        pipe, batch, items = self._on_its_way(name, number)
        if pipe is None or batch is None:
            return
        if answer.is_good:
            sent = self._for_target(pipe, batch, items)
            self._delivered(pipe, batch, items, sent, reported(document(answer.text), sent))
        else:
            self._failed(pipe, batch, items, "Target", _failure(answer))


def _asked(arn: str, parameters: dict | None, parcel: Parcel) -> dict[str, Any]:
    region, account = arn.split(":")[3:5]
    return {
        "arn": arn, "account": account, "region": region, "parameters": parameters or {}, "text": parcel.text,
        "event": parcel.opened,
    }  # fmt: skip


def _failure(answer: Any) -> Failed:
    return Failed(f"The endpoint answered with {answer.status}: {answer.text[:200]}")
