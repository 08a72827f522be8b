"""Calls of API destinations, from jobs outside of the store, and tokens of OAuth endpoints.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
Differs from AWS: endpoints may be of plain HTTP, and are asked from this machine.
"""

import json
import ssl
from base64 import b64decode, b64encode
from typing import Any

from glasshouse.core import ServiceError, documents, outside
from glasshouse.core.access import Principal
from glasshouse.core.call import Call
from glasshouse.services.events.connections import OAUTH
from glasshouse.services.events.delivering import diagnosis
from glasshouse.services.events.errors import Undelivered
from glasshouse.services.events.http import Answer, Request, send
from glasshouse.services.events.inputs import input_of
from glasshouse.services.events.records import ApiDestination, Connection
from glasshouse.services.events.requests import request_to, token_request

PASSING = (401, 407, 409, 429)
REFUSED = (401, 407)
TOKEN_EARLY_S = 60
TOKEN_S = 3600


class Invocation:
    """What a role must be allowed to; it is no operation of the API."""

    service_name, name = "events", "InvokeApiDestination"
    arguments: dict[str, str] = {}


INVOCATION = Invocation()


class Calling:
    """Jobs that call somebody's endpoint."""

    @outside
    def _call_destination(
        self, rule: str, target: dict, event: str, begun: float, trace: str | None = None, attempt: int = 0
    ):
        matter = {"rule": rule, "target": target, "event": event, "begun": begun, "trace": trace, "attempt": attempt}
        wanted = self.inside("_prepared", **matter)
        if wanted is not None:
            self.inside("_answered", **matter, answer=self._asked(**wanted))

    def _asked(self, arn: str, account: str, region: str, parameters: dict, text: str, event: dict) -> Answer:
        """Ask a destination, with a token that is still good if it wants one. In a thread."""
        place = {"arn": arn, "account": account, "region": region}
        for _ in range(2):
            request, needs_token = self.inside("_request", **place, parameters=parameters, text=text, event=event)
            if not needs_token:
                return send(request, self._trust)
            answer = send(request, self._trust)
            self.inside("_token_came", **place, answer=answer)
            if not answer.is_good:
                return answer
        return Answer(None, "There is no token.")

    def _prepared(
        self, rule: str, target: dict, event: str, begun: float, trace: str | None, attempt: int
    ) -> dict[str, Any] | None:
        """What to ask; None if it is not to be asked now."""
        self._note_attempt(rule, attempt)
        parsed = json.loads(event)
        account, region = target["Arn"].split(":")[4], target["Arn"].split(":")[3]
        matter = (rule, target, event, begun, trace, attempt)
        try:
            text = input_of(target, parsed, rule, begun)
            there = self._at(account, region)
            pause = there._turn_at(target["Arn"], self._reach(rule, target).principal)
        except Undelivered as failure:
            self._not_delivered("_call_destination", failure, *matter)
            return None
        except ServiceError as refusal:
            self._not_delivered("_call_destination", diagnosis(refusal), *matter)
            return None
        if pause > 0:
            self.later(
                "_call_destination", after=pause, rule=rule, target=target, event=event, begun=begun, trace=trace,
                attempt=attempt,
            )  # fmt: skip
            return None
        parameters = target.get("HttpParameters") or {}
        return {
            "arn": target["Arn"], "account": account, "region": region, "parameters": parameters, "text": text,
            "event": parsed,
        }  # fmt: skip

    def _answered(
        self, rule: str, target: dict, event: str, begun: float, trace: str | None, attempt: int, answer: Answer
    ):
        failure = failed_call(answer)
        if failure:
            self._not_delivered("_call_destination", failure, rule, target, event, begun, trace, attempt)

    # Seams: pipes use these too, by cloud.run_method

    def _turn_at(self, arn: str, principal: Principal) -> float:
        """Take a turn at a destination, in the name of a role; in how many seconds to come again if there is none now.

        Raises Undelivered, or what IAM says.
        """
        destination, _ = self._open_destination(arn)
        call = Call(
            "events", INVOCATION.name, {"ApiDestinationArn": arn}, self.call.account, self.call.region, principal
        )
        self.cloud.access.authorize(type(self)(self.cloud, call), INVOCATION)  # type: ignore[arg-type]
        if destination.next_turn > self.now:
            return destination.next_turn - self.now
        destination.next_turn = self.now + 1 / destination.invocation_rate_limit_per_second
        self.destinations.put(destination)
        return 0.0

    def _request(
        self, arn: str, account: str, region: str, parameters: dict, text: str, event: dict
    ) -> tuple[Request, bool]:
        """The next request on the way to a destination, and whether it is for a token."""
        there = self._at(account, region)
        destination, connection = there._open_destination(arn)
        secret = there._secret(connection)
        if connection.authorization_type != OAUTH:
            return request_to(destination, connection, secret, parameters, text, event), False
        token = there._token(connection)
        if token is None:
            return token_request(secret), True
        return request_to(destination, connection, secret | {"token": token}, parameters, text, event), False

    def _open_destination(self, arn: str) -> tuple[ApiDestination, Connection]:
        destination = self.destinations.get(arn.split("/")[1])
        if destination is None or destination.api_destination_arn != arn:
            raise Undelivered("NO_RESOURCE", f"The API destination {arn} does not exist.")
        connection = self._connection_of(destination.connection_arn)
        if connection is None or connection.connection_state == "DEAUTHORIZED":
            raise Undelivered("NO_PERMISSIONS", "The connection of the API destination is not authorized.")
        return destination, connection

    # Tokens

    @outside
    def _get_first_token(self, name: str):
        """A new connection shows whether it is let in."""
        wanted = self.inside("_first_token_request", name=name)
        if wanted is not None:
            self.inside("_first_token_came", name=name, answer=send(wanted, self._trust))

    def _first_token_request(self, name: str) -> Request | None:
        connection = self.connections.get(name)
        return token_request(self._secret(connection)) if connection else None

    def _first_token_came(self, name: str, answer: Answer):
        connection = self.connections.get(name)
        if connection:
            self._take_token(connection, answer)

    def _token_came(self, arn: str, account: str, region: str, answer: Answer):
        there = self._at(account, region)
        there._take_token(there._open_destination(arn)[1], answer)

    def _take_token(self, connection: Connection, answer: Answer):
        """Keep the token of an answer, if it has one; otherwise the connection is not authorized."""
        try:
            given = documents.read(answer.text) if answer.is_good else {}
        except ValueError:
            given = {}
        token = given.get("access_token") if isinstance(given, dict) else None
        if isinstance(token, str):
            sealed = self.cloud.seal.close(token.encode(), connection.connection_arn.encode())
            connection.token = b64encode(sealed).decode()
            lasts = given.get("expires_in")
            connection.token_expires = self.now + (float(lasts) if isinstance(lasts, int | float) else TOKEN_S)
            connection.connection_state, connection.state_reason = "AUTHORIZED", None
            connection.last_authorized_time = self.now
        else:
            connection.connection_state, connection.token = "DEAUTHORIZED", None
            status = "no answer" if answer.status is None else f"status code {answer.status}"
            connection.state_reason = f"The authorization endpoint gave no access token: {status}."
        self.connections.put(connection)

    def _token(self, connection: Connection) -> str | None:
        if connection.token is None or (connection.token_expires or 0) - TOKEN_EARLY_S <= self.now:
            return None
        return self.cloud.seal.open(b64decode(connection.token), connection.connection_arn.encode()).decode()

    def _trust(self) -> ssl.SSLContext:
        """An HTTPS endpoint's certificate must be trusted on this machine, or come from this cloud."""
        context = ssl.create_default_context()
        context.load_verify_locations(cadata=self.cloud.authority().pem.decode())
        return context


def failed_call(answer: Answer) -> Undelivered | None:
    """Why a call of a destination did not do; None if it did."""
    if answer.is_good:
        return None
    if answer.status is None:
        code = "TIMEOUT" if answer.text.startswith("TimeoutError") else "CONNECTION_FAILURE"
        return Undelivered(
            code, "Unable to invoke ApiDestination endpoint: API destination endpoint cannot be reached.", True
        )
    message = (
        f"Unable to invoke ApiDestination endpoint: Request failed because HTTP status code {answer.status} was"
        " returned."
    )
    stated = answer.headers.get("retry-after", "")
    after = float(stated) if stated.isascii() and stated.isdigit() else None
    return Undelivered("ERROR_FROM_TARGET", message, answer.status in PASSING or answer.status >= 500, after)
