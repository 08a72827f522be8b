"""WebSocket APIs at work: clients connect, say things, are spoken to, and go.

A client is let in once the route $connect, if there is one, has agreed. Each message is a job of its own, so that many
are under way at a time, as on AWS. Who speaks to clients from outside does so through `apigatewaymanagementapi`.
"""

from base64 import urlsafe_b64encode
from contextlib import suppress
from hashlib import blake2s
from typing import TYPE_CHECKING

from glasshouse.core import ServiceError, ids
from glasshouse.core.access import ANONYMOUS, service_principal
from glasshouse.core.call import Call, Source
from glasshouse.core.lines import Held, Lines
from glasshouse.core.visit import Answer, Line, Visit, Wired
from glasshouse.services.apigatewayv2 import access_logs
from glasshouse.services.apigatewayv2.exchanges import Exchange, Refused
from glasshouse.services.apigatewayv2.records import Connection
from glasshouse.services.apigatewayv2.socket_exchanges import DISCONNECT, MESSAGE, SocketExchange
from glasshouse.services.apigatewayv2.traffic import Release, Traffic, UnderWay

if TYPE_CHECKING:
    from glasshouse.core.cloud import Cloud

IDLE_S, LONGEST_S = 600, 7200
CONNECTIONS = "/@connections/"
GOING_AWAY, NO_STATUS, ABNORMAL, UNSUPPORTED = 1001, 1005, 1006, 1003
REASONS = {NO_STATUS: "Client-side close frame status not set", ABNORMAL: "Connection Closed Abnormally"}
NAMESPACE = "AWS/ApiGateway"


class SocketServing:
    """Lets clients in, hears them, and sees them go."""

    def _answer_socket(self, exchange: Exchange, release: Release, under_way: UnderWay) -> Answer:
        """The answer to what comes over HTTP: a client that connects, or somebody who wants to speak to one."""
        if exchange.path.startswith(CONNECTIONS):
            return self._managed(exchange)
        visit = exchange.visit
        # Backends speak to clients at the domain that they are told, so it has the port, where AWS has none.
        known = blake2s(f"{visit.request_id} connection".encode(), digest_size=11).digest()
        socket = SocketExchange(
            visit, exchange.account, exchange.region, exchange.api_id, exchange.stage, exchange.path,
            visit.host.lower(), exchange.begun, connection_id=urlsafe_b64encode(known).decode(),
            connected=exchange.begun,
        )  # fmt: skip
        try:
            if exchange.path != "/":
                raise Refused(403, "There is nothing below a stage")
            if visit.headers.get("upgrade", "").lower() != "websocket":
                raise Refused(426, "The request asks for no WebSocket")
            answer = self._welcomed(socket, release, under_way)
        except Refused as refusal:
            answer = self._refused(socket, refusal)
        self._note_socket(socket, answer.status, "ConnectCount")
        return answer

    def _managed(self, exchange: Exchange) -> Answer:
        """An operation of `apigatewaymanagementapi`, in the name of who asks."""
        visit = exchange.visit
        name = exchange.path.removeprefix(CONNECTIONS)
        held = self.cloud.resident(Lines).get(name)
        if held is not None and held.place != f"{exchange.api_id}/{exchange.stage.stage_name}":
            return Answer(410, {"x-amzn-errortype": "GoneException"})
        path = visit.raw_path[visit.raw_path.index("/%40connections/" if "/%40" in visit.raw_path else CONNECTIONS) :]
        asked = Wired("execute-api", self.call.region, visit.method, path, "", dict(visit.headers), exchange.body)
        return self.aws.as_caller().send(asked)

    def _refused(self, exchange: SocketExchange, refusal: Refused) -> Answer:
        exchange.outcome.error = refusal.reason
        return Answer(refusal.status, {"content-type": "application/json"}, exchange.error(refusal.status))

    def _welcomed(self, exchange: SocketExchange, release: Release, under_way: UnderWay) -> Answer:
        """Let a client in, if it may come. Raises Refused."""
        headers: dict[str, str | list[str]] = {}
        route = exchange.route = release.routes.get("$connect")
        if route is not None:
            self._throttle(exchange, under_way)
            self._authorize(exchange, release, route, under_way.started)
            integration = release.integrations.get(route.integration_id)
            answer = self._socket_answer(exchange, integration, under_way) if integration else Answer(200)
            if not 200 <= answer.status < 300:
                return answer
            if "sec-websocket-protocol" in answer.headers:
                headers["sec-websocket-protocol"] = answer.headers["sec-websocket-protocol"]
        connection = self.connections.put(
            Connection(
                exchange.api_id, exchange.connection_id, exchange.stage.stage_name, self.now, exchange.domain_name,
                exchange.source_ip, exchange.user_agent, dict(exchange.headers), exchange.visit.query,
                exchange.authorizer, exchange.principal_id,
            )
        )  # fmt: skip
        self._look_after(connection, self.now + IDLE_S)
        return Answer(101, headers, b"", SocketTalk(self.cloud, self.call, connection))

    # What clients say

    def _hear(self, connection: list, text: str):
        self.later("_take_message", connection=connection, message_id=_short_id(), text=text)

    def _take_message(self, connection: list, message_id: str, text: str):
        """Do what a message asks for, and answer if there is an answer."""
        found = self._spoken(connection, MESSAGE)
        if found is None:
            return
        exchange, release, under_way = found
        exchange.message_id, exchange.body = message_id, text.encode()
        try:
            reply = self._replied(exchange, release, under_way)
            status = 200
        except Refused as refusal:
            status, exchange.outcome.error = refusal.status, refusal.reason
            reply = exchange.error(status)
        if reply is not None:
            self._say(exchange.connection_id, reply)
        self._note_socket(exchange, status, "MessageCount")

    def _replied(self, exchange: SocketExchange, release: Release, under_way: UnderWay) -> bytes | None:
        """Raises Refused."""
        selected = exchange.selected(release.snapshot.route_selection_expression)
        known = release.routes.get(selected) if selected and selected not in ("$connect", "$disconnect") else None
        route = exchange.route = known or release.routes.get("$default")
        if route is None:
            raise Refused(403, "No route matches")
        self._throttle(exchange, under_way)
        integration = release.integrations.get(route.integration_id)
        if integration is None:
            raise Refused(500, "The route has no integration")
        answer = self._socket_answer(exchange, integration, under_way)
        return self._reply(exchange, release, integration, answer)

    def _say(self, connection_id: str, message: bytes):
        held = self.cloud.resident(Lines).get(connection_id)
        if held is not None:
            self.store.after_commit(lambda: held.line.say(message.decode("utf-8", "replace")))

    def _spoken(self, connection: list, event: str) -> tuple[SocketExchange, Release, UnderWay] | None:
        """What a client has said, or that it has gone; None if nobody serves it any more."""
        kept = self.connections.get(*connection)
        stage = self.stages.get(kept.api_id, kept.stage_name) if kept else None
        release = self._release(stage)
        if kept is None or stage is None or release is None:
            return None
        under_way = self.cloud.resident(Traffic).begin(self.call.request_id, self.now)
        visit = Visit(
            "POST", kept.domain_name, "/", kept.query, kept.headers, b"", ANONYMOUS, self.call.region,
            Source(kept.source_ip, kept.user_agent, self.cloud.url), request_id=self.call.request_id,
        )  # fmt: skip
        exchange = SocketExchange(
            visit, self.call.account, self.call.region, kept.api_id, stage, "/", kept.domain_name, under_way.begun,
            authorizer=kept.authorizer, principal_id=kept.principal_id, connection_id=kept.connection_id,
            connected=kept.connected, event_type=event,
        )  # fmt: skip
        return exchange, release, under_way

    # How they go

    def _look_after(self, connection: Connection, at: float):
        names = [connection.api_id, connection.connection_id]
        self.later("_hang_up_on_the_idle", at=at, key=f"connection/{connection.connection_id}", connection=names)

    def _hang_up_on_the_idle(self, connection: list):
        """A connection ends after ten minutes of silence, and after two hours."""
        kept = self.connections.get(*connection)
        if kept is None:
            return
        held = self.cloud.resident(Lines).get(kept.connection_id)
        if held is None:  # it ended with the process that held it
            self._part(connection, ABNORMAL, "")
            return
        end = min(held.active + IDLE_S, held.since + LONGEST_S)
        if end > self.now:
            self._look_after(kept, end)
        else:
            self.store.after_commit(lambda: held.hang_up(GOING_AWAY, "Going away"))

    def _part(self, connection: list, code: int, reason: str):
        """A client has gone."""
        self.cancel(f"connection/{connection[1]}")
        self.later("_take_leave", connection=connection, code=code, reason=reason or REASONS.get(code, ""))

    def _take_leave(self, connection: list, code: int, reason: str):
        kept, found = self.connections.get(*connection), self._spoken(connection, DISCONNECT)
        if found is not None:
            exchange, release, under_way = found
            exchange.farewell = code, reason
            route = exchange.route = release.routes.get("$disconnect")
            integration = release.integrations.get(route.integration_id) if route else None
            if integration is not None:
                with suppress(Refused):  # nobody is there any more to be told of it
                    self._socket_answer(exchange, integration, under_way)
            self._note_socket(exchange, 200, None)
        if kept is not None:
            self.connections.delete(kept)

    def _hang_up_on_all(self, api_id: str, stage_name: str | None = None):
        """An API, or a stage of it, is no more."""
        for kept in self.connections.list(api_id):
            held = self.cloud.resident(Lines).get(kept.connection_id)
            if held is not None and stage_name in (None, kept.stage_name):
                self.store.after_commit(lambda held=held: held.hang_up(GOING_AWAY, "Going away"))

    # What is told of it

    def _note_socket(self, exchange: SocketExchange, status: int, counted: str | None):
        self.cloud.resident(Traffic).end(exchange.visit.request_id)
        outcome = exchange.outcome
        outcome.status = status
        places = [{"ApiId": exchange.api_id}, {"ApiId": exchange.api_id, "Stage": exchange.stage.stage_name}]
        settings = exchange.stage.default_route_settings | exchange.stage.route_settings.get(exchange.route_key, {})
        if settings.get("DetailedMetricsEnabled") and exchange.route:
            places.append(places[1] | {"Route": exchange.route_key})
        for dimensions in places:
            if counted:
                self.metric(NAMESPACE, counted, 1, "Count", dimensions)
            self.metric(NAMESPACE, "ClientError", int(400 <= status < 500), "Count", dimensions)
            self.metric(NAMESPACE, "ExecutionError", int(status >= 500), "Count", dimensions)
            if outcome.integration_ms is not None:
                failed = int((outcome.integration_status or 500) >= 400)
                self.metric(NAMESPACE, "IntegrationError", failed, "Count", dimensions)
                self.metric(NAMESPACE, "IntegrationLatency", outcome.integration_ms, "Milliseconds", dimensions)
        if exchange.stage.access_log_settings:
            with suppress(ServiceError):
                access_logs.write(self.aws, exchange, self.now)


class SocketTalk:
    """The API's end of a client's WebSocket."""

    def __init__(self, cloud: "Cloud", call: Call, connection: Connection):
        self._cloud, self._account, self._region = cloud, call.account, call.region
        self._connection = connection

    def begun(self, line: Line):
        kept = self._connection
        now = self._cloud.clock.now()
        held = Held(line, self._account, self._region, kept.place, now, now, kept.source_ip, kept.user_agent)
        self._cloud.resident(Lines).hold(kept.connection_id, held)

    def said(self, message: str | bytes):
        held = self._cloud.resident(Lines).get(self._connection.connection_id)
        if held is None or held.is_parting:
            return
        held.active = self._cloud.clock.now()
        if isinstance(message, bytes):
            held.hang_up(UNSUPPORTED, "Binary messages are not supported")
        else:
            self._run("_hear", text=message)

    def ended(self, code: int, reason: str):
        lines = self._cloud.resident(Lines)
        if lines.get(self._connection.connection_id) is not None:  # else the cloud has ended before it
            lines.drop(self._connection.connection_id)
            self._run("_part", code=code, reason=reason)

    def _run(self, method: str, **params):
        principal = service_principal("apigateway", self._account)
        call = Call("apigatewayv2", method, {}, self._account, self._region, principal)
        names = [self._connection.api_id, self._connection.connection_id]
        self._cloud.run_method(call, "apigatewayv2", method, {"connection": names, **params})


def _short_id() -> str:
    return urlsafe_b64encode(ids.random_bytes(11)).decode()
