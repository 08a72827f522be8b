"""Invoke: synchronous, asynchronous, with a streamed response, or as a rehearsal.

A synchronous call waits until its run is over (see `runs`); it can be made by any service, from whatever can wait.
Differs from AWS: a function that is still being created is waited for, where AWS would refuse the invocation.
"""

from base64 import b64encode
from typing import Any

from glasshouse.core import ServiceError, ids
from glasshouse.core.blobs import Incoming
from glasshouse.services.lambda_.environments import INIT_S
from glasshouse.services.lambda_.errors import (
    AccessDeniedException,
    ResourceNotFoundException,
    ServiceException,
)
from glasshouse.services.lambda_.finding import Target
from glasshouse.services.lambda_.outcomes import Outcome
from glasshouse.services.lambda_.payloads import LARGEST_BYTES, checked, context_header
from glasshouse.services.lambda_.programs import Dressing
from glasshouse.services.lambda_.records import LATEST
from glasshouse.services.lambda_.runs import Order, Run, Runs

SESSION_S = 3600
QUEUING_S = 900.0  # how long an invocation may wait for a process, beside what it may take
NAMESPACE = "AWS/Lambda"


class Invoking:
    """The operations that run functions."""

    def invoke(
        self, function_name: str, invocation_type: str = "RequestResponse", log_type: str = "None",
        client_context: str | None = None, payload: bytes = b"", qualifier: str | None = None,
    ):  # fmt: skip
        if invocation_type == "Event":
            return self._enqueued(function_name, qualifier, payload, client_context)
        if invocation_type == "DryRun":
            self._invocable(function_name, qualifier)
            return {"StatusCode": 204}
        run = self._run_of_call(function_name, qualifier, payload, client_context)
        if not run.is_over:
            self.wait(_patience(run), run.topic)
        outcome = self._outcome(run)
        return {
            "StatusCode": 200,
            "FunctionError": "Unhandled" if outcome.failed else None,
            "LogResult": _log_result(outcome) if log_type == "Tail" else None,
            "ExecutedVersion": outcome.executed_version,
            "Payload": outcome.payload,
            "ContentType": "application/json",
        }

    def invoke_async(self, function_name: str, invoke_args: bytes | Incoming):
        content = invoke_args.read() if isinstance(invoke_args, Incoming) else invoke_args
        return {"Status": self._enqueued(function_name, None, content, None)["StatusCode"]}

    def invoke_with_response_stream(
        self, function_name: str, invocation_type: str = "RequestResponse", log_type: str = "None",
        client_context: str | None = None, payload: bytes = b"", qualifier: str | None = None,
    ):  # fmt: skip
        if invocation_type == "DryRun":
            self._invocable(function_name, qualifier)
            return {"StatusCode": 204}
        run = self._run_of_call(function_name, qualifier, payload, client_context, streams=True)
        if run.content_type is None and not run.is_over:
            self.wait(_patience(run), run.topic)
        if run.failure:
            self._outcome(run)
        return {
            "StatusCode": 200,
            "ExecutedVersion": run.order.configuration.version,
            "ResponseStreamContentType": run.content_type or "application/json",
            "EventStream": self.stream("_next_parts", key=run.key, sent=0, tail=log_type == "Tail"),
        }

    def _next_parts(self, key: str, sent: int, tail: bool) -> tuple[list[dict], dict[str, Any] | None]:
        """What a response that is read in parts has come to beyond those that were sent."""
        runs = self.cloud.resident(Runs)
        run = runs.get(key)
        if run is None:
            return [], None
        run.discard_parts(sent)
        if not run.parts and not run.is_over:
            self.wait(_patience(run), run.topic)
        events = [{"PayloadChunk": {"Payload": part}} for part in run.parts]
        if not run.is_over:
            return events, {"key": key, "sent": sent + len(events), "tail": tail}
        runs.forget(key)
        outcome = run.outcome
        if outcome is None:
            told = {"ErrorCode": "ServiceException", "ErrorDetails": str(run.failure)}
            return [*events, {"InvokeComplete": told}], None
        complete: dict[str, Any] = {"LogResult": _log_result(outcome)} if tail else {}
        if outcome.failed:
            details = outcome.payload.decode(errors="replace")
            complete |= {"ErrorCode": "Unhandled", "ErrorDetails": details}
        elif not sent and not run.parts and outcome.payload:
            events.append({"PayloadChunk": {"Payload": outcome.payload}})
        return [*events, {"InvokeComplete": complete}], None

    # Beginning and ending

    def _run_of_call(
        self, function_name: str, qualifier: str | None, payload: bytes, client_context: str | None,
        streams: bool = False,
    ) -> Run:  # fmt: skip
        """The run of this call, begun when the call is run for the first time."""
        key = self.call.request_id
        run = self.cloud.resident(Runs).get(key)
        if run is not None:
            return run
        target = self._invocable(function_name, qualifier)
        event = checked(payload, LARGEST_BYTES)
        headers = context_header(client_context)
        if not self.call.may_wait:
            raise ServiceException("This call cannot wait for what a function answers.")
        return self._begun(key, target, self.call.request_id, event, headers, streams)

    def _begun(
        self, key: str, target: Target, request_id: str, event: bytes, headers: dict[str, str], streams: bool = False
    ) -> Run:
        """Begin a run. Raises TooManyRequestsException if the function or the account has as many as it may."""
        reserved = self._admitted(target)
        trace = self._trace(target.configuration.tracing_mode)
        reference = target.reference
        order = Order(
            target.configuration, target.arn, reference.account, reference.region, request_id, event, trace, headers,
            streams,
        )  # fmt: skip
        return self.cloud.resident(Runs).begin(key, order, reserved)

    def _outcome(self, run: Run) -> Outcome:
        """Of a run that is over. It is forgotten once the call that asked has been answered."""
        if not run.is_over:
            raise ServiceException("The function has not answered in time.")
        runs = self.cloud.resident(Runs)
        self.store.after_commit(lambda: runs.forget(run.key))
        if run.outcome is None:
            assert run.failure is not None
            raise run.failure
        return run.outcome

    def _invocable(self, function_name: str, qualifier: str | None) -> Target:
        """What is to be invoked, one of an alias's versions drawn by their weights. Raises what stands against it."""
        reference = self._reference(function_name, qualifier)
        if self._functions_at(reference).get(reference.name) is None:
            raise ResourceNotFoundException(
                f"Function not found: {reference.unqualified_arn}:{reference.qualifier or LATEST}"
            )
        target = self._target(reference, draw=True)
        configuration = target.configuration
        if configuration.state == "Pending":
            self._check_settled(target.function, configuration)
        return target

    def _trace(self, mode: str) -> str:
        """A trace header of X-Ray; what is sampled is left to whoever calls, unless tracing is active."""
        root = f"1-{int(self.now):08x}-{ids.token(24, ids.HEX)}"
        return f"Root={root};Parent={ids.token(16, ids.HEX)};Sampled={1 if mode == 'Active' else 0}"

    # What runs ask for

    def _dressed(self, function_name: str, number: int) -> Dressing:
        """What a new environment needs, with a session of the execution role."""
        configuration = self.configurations.get(function_name, number)
        if configuration is None:
            raise ResourceNotFoundException(f"Function not found: {self.call.arn(f'function:{function_name}')}")
        variables = self._variables(configuration)
        try:
            session = self.aws.as_service(configuration.unqualified_arn).sts.assume_role(
                RoleArn=configuration.role, RoleSessionName=function_name.ljust(2, "-"), DurationSeconds=SESSION_S
            )["Credentials"]
        except ServiceError:
            raise AccessDeniedException("The role defined for the function cannot be assumed by Lambda.") from None
        credential = self.cloud.credential(session["AccessKeyId"])
        assert credential is not None
        public = {
            layer.arn: self._public_layer_folder(layer.arn) for layer in configuration.layers if layer.code is None
        }
        return Dressing(
            configuration, variables, session, credential.principal, self.now + SESSION_S, self.call.account,
            self.call.region, public,
        )  # fmt: skip

    def _measured(self, function_arn: str, version: str, error: bool, duration_ms: float, running: int):
        """State the metrics of an invocation: of all functions, of this one, and of what it was called by."""
        name, _, qualifier = function_arn.split(":", 6)[6].partition(":")
        dimensions: list[dict[str, str]] = [{}, {"FunctionName": name}]
        if qualifier:
            resource = {"FunctionName": name, "Resource": f"{name}:{qualifier}"}
            dimensions += [resource, {**resource, "ExecutedVersion": version}]
        for one in dimensions:
            self.metric(NAMESPACE, "Invocations", 1, "Count", one)
            self.metric(NAMESPACE, "Errors", int(error), "Count", one)
            self.metric(NAMESPACE, "Duration", duration_ms, "Milliseconds", one)
            self.metric(NAMESPACE, "ConcurrentExecutions", running, "Count", one)


def _log_result(outcome: Outcome) -> str:
    return b64encode(outcome.log_tail).decode()


def _patience(run: Run) -> float:
    """How long a call waits for its run: until it was started, twice if need be, and has had its time."""
    return QUEUING_S + 2 * INIT_S + run.order.configuration.timeout
