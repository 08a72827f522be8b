"""API destinations: HTTP endpoints that rules and pipes call."""

from glasshouse.core import ids
from glasshouse.services.events.errors import (
    LimitExceededException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
)
from glasshouse.services.events.records import ApiDestination

PAGE = 100
MOST_DESTINATIONS = 3000


class Destinations:
    """The operations on API destinations."""

    def create_api_destination(
        self,
        name: str,
        connection_arn: str,
        invocation_endpoint: str,
        http_method: str,
        description: str | None = None,
        invocation_rate_limit_per_second: int = 300,
    ):
        if self.destinations.get(name):
            raise ResourceAlreadyExistsException(f"An api-destination '{name}' already exists.")
        if len(self.destinations.keys()) >= MOST_DESTINATIONS:
            raise LimitExceededException()
        self._check_connection(connection_arn)
        destination = ApiDestination(
            name, self.call.arn(f"api-destination/{name}/{ids.uuid()}"), connection_arn, invocation_endpoint,
            http_method, self.now, self.now, invocation_rate_limit_per_second, description,
        )  # fmt: skip
        return self._destination_shown(self.destinations.put(destination))

    def update_api_destination(
        self,
        name: str,
        description: str | None = None,
        connection_arn: str | None = None,
        invocation_endpoint: str | None = None,
        http_method: str | None = None,
        invocation_rate_limit_per_second: int | None = None,
    ):
        destination = self._destination(name, "update")
        if connection_arn is not None:
            self._check_connection(connection_arn)
            destination.connection_arn = connection_arn
        destination.description = destination.description if description is None else description
        destination.invocation_endpoint = invocation_endpoint or destination.invocation_endpoint
        destination.http_method = http_method or destination.http_method
        rate = invocation_rate_limit_per_second or destination.invocation_rate_limit_per_second
        destination.invocation_rate_limit_per_second, destination.last_modified_time = rate, self.now
        return self._destination_shown(self.destinations.put(destination))

    def describe_api_destination(self, name: str):
        return self._destination_shown(self._destination(name, "describe"))

    def list_api_destinations(
        self,
        name_prefix: str = "",
        connection_arn: str | None = None,
        next_token: str | None = None,
        limit: int = PAGE,
    ):
        page = self.destinations.page(
            limit, next_token, name_prefix,
            where=lambda destination: connection_arn in (None, destination.connection_arn),
        )  # fmt: skip
        shown = [self._destination_shown(destination) for destination in page.records]
        return {"ApiDestinations": shown, "NextToken": page.next_token}

    def delete_api_destination(self, name: str):
        self.destinations.delete(self._destination(name, "delete"))

    # Within

    def _destination(self, name: str, verb: str) -> ApiDestination:
        destination = self.destinations.get(name)
        if destination is None:
            raise ResourceNotFoundException(
                f"Failed to {verb} the api-destination(s). An api-destination '{name}' does not exist."
            )
        return destination

    def _check_connection(self, arn: str):
        if self._connection_of(arn) is None:
            raise ResourceNotFoundException(f"Connection '{arn}' does not exist.")

    def _destination_shown(self, destination: ApiDestination) -> dict:
        """With its state, which is that of its connection."""
        connection = self._connection_of(destination.connection_arn)
        lets_in = connection is not None and connection.connection_state == "AUTHORIZED"
        return {
            "ApiDestinationArn": destination.api_destination_arn, "Name": destination.name,
            "ApiDestinationState": "ACTIVE" if lets_in else "INACTIVE", "Description": destination.description,
            "ConnectionArn": destination.connection_arn, "InvocationEndpoint": destination.invocation_endpoint,
            "HttpMethod": destination.http_method,
            "InvocationRateLimitPerSecond": destination.invocation_rate_limit_per_second,
            "CreationTime": destination.creation_time, "LastModifiedTime": destination.last_modified_time,
        }  # fmt: skip
