"""API Gateway's management of connections: backends speak to the clients of WebSocket APIs, look at them, hang up.

It knows the lines that the APIs hold; a client is on one of them until its connection ends.
"""

from glasshouse.core import Service, ServiceError
from glasshouse.core.call import arn
from glasshouse.core.lines import Held, Lines

LARGEST_BYTES = 128 * 1024
METHODS = {"PostToConnection": "POST", "GetConnection": "GET", "DeleteConnection": "DELETE"}


class GoneException(ServiceError):
    """The connection with the provided id no longer exists."""

    status = 410


class PayloadTooLargeException(ServiceError):
    """Message too long"""

    status = 413


class ApiGatewayManagementApi(Service):
    name = "apigatewaymanagementapi"
    principal = "apigateway"

    def post_to_connection(self, data: bytes, connection_id: str):
        held = self._held(connection_id)
        message = data if isinstance(data, bytes) else data.read()
        if len(message) > LARGEST_BYTES:
            raise PayloadTooLargeException()
        held.active = self.now
        text = message.decode("utf-8", "replace")  # as on AWS, clients get texts only
        self.store.after_commit(lambda: held.line.say(text))

    def get_connection(self, connection_id: str):
        held = self._held(connection_id)
        identity = {"SourceIp": held.address, "UserAgent": held.agent}
        return {"ConnectedAt": held.since, "Identity": identity, "LastActiveAt": held.active}

    def delete_connection(self, connection_id: str):
        held = self._held(connection_id)
        self.store.after_commit(held.hang_up)

    def resource_arns(self, params: dict) -> list[str] | None:
        """`<api>/<stage>/POST/@connections/<id>` of the API."""
        connection = params.get("ConnectionId", "")
        held = self.cloud.resident(Lines).get(connection)
        place = held.place if held else "*/*"
        path = f"{place}/{METHODS[self.call.operation]}/@connections/{connection}"
        return [arn("execute-api", path, self.call.region, self.call.account)]

    def _held(self, connection_id: str) -> Held:
        held = self.cloud.resident(Lines).get(connection_id)
        if held is None or held.is_parting or (held.account, held.region) != (self.call.account, self.call.region):
            raise GoneException("")
        return held
