"""A request to a WebSocket API while it is under way: a client connects, says something, or has gone."""

import re
from dataclasses import dataclass
from typing import Any

from glasshouse.core.visit import Answer
from glasshouse.services.apigatewayv2 import expressions
from glasshouse.services.apigatewayv2.exchanges import Exchange

CONNECT, MESSAGE, DISCONNECT = "CONNECT", "MESSAGE", "DISCONNECT"
SAID = {
    401: "Unauthorized", 403: "Forbidden", 413: "Message too long", 426: "Upgrade Required", 429: "Too Many Requests",
    504: "Endpoint request timed out",
}  # fmt: skip
_OF_RESPONSE = re.compile(r"\$\{?integration\.response\.(statuscode|header\.(?P<header>[^}]+))\}?", re.IGNORECASE)


@dataclass
class SocketExchange(Exchange):
    """`farewell` is how a client that has gone has said so: a status code and a reason."""

    connection_id: str = ""
    connected: float = 0.0
    event_type: str = CONNECT
    message_id: str | None = None
    farewell: tuple[int, str] | None = None

    def arn(self, path: str) -> str:
        """The ARN of a route of this API, which has no paths."""
        place = f"{self.api_id}/{self.stage.stage_name}"
        return f"arn:aws:execute-api:{self.region}:{self.account}:{place}/{self.route_key}"

    def error(self, status: int) -> bytes:
        """What the gateway itself tells the client."""
        said = SAID.get(status, "Internal server error")
        known = f'"connectionId":"{self.connection_id}", "requestId":"{self.request_id}"'
        return f'{{"message": "{said}", {known}}}'.encode()

    @property
    def identity(self) -> dict[str, Any]:
        agent = {"userAgent": self.user_agent} if self.user_agent else {}
        return {**agent, "sourceIp": self.source_ip}

    @property
    def authorized(self) -> dict[str, Any]:
        """What an authorizer has found out about the client when it connected."""
        if "iam" in self.authorizer:
            return self.authorizer["iam"]
        known = {"principalId": self.principal_id} if self.principal_id else {}
        return {**known, **(self.authorizer.get("lambda") or {})}

    @property
    def context(self) -> dict[str, Any]:
        """What functions and templates are told of the request."""
        context: dict[str, Any] = {"routeKey": self.route_key}
        if self.authorized:
            context["authorizer"] = self.authorized
        if self.message_id:
            context["messageId"] = self.message_id
        if self.farewell:
            context["disconnectStatusCode"] = self.farewell[0]
        context |= {
            "eventType": self.event_type, "extendedRequestId": self.request_id, "requestTime": self.time,
            "messageDirection": "IN",
        }  # fmt: skip
        if self.farewell:
            context["disconnectReason"] = self.farewell[1]
        return context | {
            "stage": self.stage.stage_name, "connectedAt": int(self.connected * 1000),
            "requestTimeEpoch": self.time_ms, "identity": self.identity, "requestId": self.request_id,
            "domainName": self.domain_name, "connectionId": self.connection_id, "apiId": self.api_id,
        }  # fmt: skip

    @property
    def _known(self) -> dict[str, Any]:
        return {**super()._known, **self.context}

    # Expressions

    def identity_of(self, source: str) -> Any:
        return self.mapped(source)

    def mapped(self, source: str) -> Any:
        """The value of `route.request.header.name`, `context.connectionId`, `stageVariables.name` or `'a constant'`."""
        if source.startswith("'"):
            return source.strip("'")
        return expressions.evaluate(f"${source.removeprefix('route.')}", self.look_up)

    def selected(self, expression: str | None, answer: Answer | None = None) -> str | None:
        r"""What an expression that selects a route or a template says: `$request.body.action`, `\$default`, `200`."""
        if not expression:
            return None
        if expression.startswith("\\$"):
            return expression[1:]
        if answer is not None and (found := _OF_RESPONSE.fullmatch(expression)):
            value = answer.headers.get(found["header"].lower()) if found["header"] else str(answer.status)
            return str(value).partition(";")[0] if value is not None else None
        return expressions.as_text(expressions.evaluate(expression, self.look_up))
