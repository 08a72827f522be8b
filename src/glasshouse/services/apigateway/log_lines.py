"""What is told of a request afterwards: execution logs, access logs and metrics.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
"""

import re
from contextlib import suppress
from hashlib import blake2s

from glasshouse.core import ServiceError
from glasshouse.core.siblings import Siblings
from glasshouse.core.visit import Answer
from glasshouse.engines.vtl import text
from glasshouse.services.apigateway import contexts
from glasshouse.services.apigateway.exchanges import Exchange
from glasshouse.services.apigateway.functions import OF_LOGS

NAMESPACE = "AWS/ApiGateway"
VARIABLE = re.compile(r"\$context\.([a-zA-Z0-9_:-]+(?:\.[a-zA-Z0-9_:-]+)*)")
LEVELS = {"INFO": 200, "ERROR": 400}  # from which status on a request is logged


class Telling:
    """Writes logs, in the name of the role that the account has for it, and states metrics."""

    def _begin_trail(self, exchange: Exchange):
        """Keep the trail of a request whose stage logs requests of the method."""
        settings = exchange.settings
        trail = exchange.trail
        trail.is_kept = settings.get("loggingLevel", "OFF") in LEVELS and bool(self._logs_role())
        trail.is_full = trail.is_kept and bool(settings.get("dataTraceEnabled"))
        trail.say("Extended Request Id: %s", exchange.extended_id)
        if not exchange.method.get("apiKeyRequired"):
            trail.say(
                "API Key  authorized because method '%s %s' does not require API Key. Request will not contribute to"
                " throttle or quota limits", exchange.verb, exchange.resource["path"],
            )  # fmt: skip

    def _note(self, exchange: Exchange, answer: Answer):
        self._measure(exchange)
        self.call.caused = OF_LOGS
        # A log that cannot be written is no reason not to answer.
        if exchange.trail.lines and answer.status >= LEVELS[exchange.settings["loggingLevel"]]:
            with suppress(ServiceError):
                self._log_execution(exchange)
        if exchange.stage.access_log_settings:
            with suppress(ServiceError):
                self._log_access(exchange)

    def _measure(self, exchange: Exchange):
        outcome, stage = exchange.outcome, exchange.stage.stage_name
        places = [{"ApiName": exchange.release.api["name"]}]
        places.append(places[0] | {"Stage": stage})
        if exchange.method and exchange.settings.get("metricsEnabled"):
            places.append(places[1] | {"Resource": exchange.resource["path"], "Method": exchange.verb})
        for dimensions in places:
            self.metric(NAMESPACE, "Count", 1, "Count", dimensions)
            self.metric(NAMESPACE, "4XXError", int(400 <= outcome.status < 500), "Count", dimensions)
            self.metric(NAMESPACE, "5XXError", int(outcome.status >= 500), "Count", dimensions)
            self.metric(NAMESPACE, "Latency", outcome.latency_ms, "Milliseconds", dimensions)
            if outcome.integration_ms is not None:
                self.metric(NAMESPACE, "IntegrationLatency", outcome.integration_ms, "Milliseconds", dimensions)

    def _logs_role(self) -> str | None:
        return self._account_settings().cloudwatch_role_arn

    def _log_execution(self, exchange: Exchange):
        group = f"API-Gateway-Execution-Logs_{exchange.api_id}/{exchange.stage.stage_name}"
        there = self.aws.as_role(self._logs_role())
        with suppress(ServiceError):
            there.logs.create_log_group(logGroupName=group)
        lines = [f"({exchange.request_id}) {line}" for line in exchange.trail.lines]
        self._put_lines(there, exchange, group, lines)

    def _log_access(self, exchange: Exchange):
        """A line in the stage's format, to a log group or to a delivery stream."""
        settings = exchange.stage.access_log_settings
        target, form = settings.get("destinationArn"), settings.get("format")
        if not target or not form:
            return
        told = line(form, exchange)
        parts = target.split(":")
        there = self.aws(account=parts[4], region=parts[3])
        if parts[2] == "firehose":
            record = {"Data": f"{told}\n".encode()}
            there.firehose.put_record(DeliveryStreamName=target.rpartition("/")[2], Record=record)
            return
        role = self._logs_role()
        self._put_lines(there.as_role(role) if role else there, exchange, parts[6], [told])

    def _put_lines(self, there: Siblings, exchange: Exchange, group: str, lines: list[str]):
        place = f"{exchange.api_id}/{exchange.stage.stage_name}"
        stream = blake2s(place.encode(), digest_size=16).hexdigest()
        with suppress(ServiceError):
            there.logs.create_log_stream(logGroupName=group, logStreamName=stream)
        moment = int(self.now * 1000)
        events = [{"timestamp": moment, "message": told} for told in lines]
        there.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def line(form: str, exchange: Exchange) -> str:
    """What the format says of a request; what is not known is a dash."""
    known = contexts.whole(exchange)

    def told(found: re.Match) -> str:
        value = contexts.look_up(known, found[1])
        return "-" if value is None else text(value)

    return VARIABLE.sub(told, form)
