"""Destinations: names for streams to which other accounts may send their logs, as an access policy says.

A log group and a destination are of one region; what the destination stands for may be in any.
"""

from glasshouse.core import ServiceError
from glasshouse.services.logs.errors import (
    AccessDeniedException,
    InvalidParameterException,
    ResourceNotFoundException,
)
from glasshouse.services.logs.policies import check_policy
from glasshouse.services.logs.records import Destination
from glasshouse.services.logs.subscriptions import service_of


class Destinations:
    """The operations on destinations."""

    def put_destination(self, destination_name: str, target_arn: str, role_arn: str, tags: dict | None = None):
        """Create one, or change where it leads to; its policy stays."""
        if service_of(target_arn) not in ("kinesis", "firehose") or target_arn.count(":") < 5:
            raise InvalidParameterException("The specified target is not valid.")
        known = self.destinations.get(destination_name)
        arn = self.call.arn(f"destination:{destination_name}")
        destination = Destination(
            destination_name, arn, target_arn, role_arn,
            known.creation_time if known else self._milliseconds(), known.access_policy if known else None,
        )  # fmt: skip
        self.destinations.put(destination)
        if known is None:
            self.cloud.tags.add(arn, tags)
        try:
            self._deliver(arn, None, arn, self._control_message(), "control")
        except ServiceError:
            raise InvalidParameterException(
                "Could not deliver test message to specified destination. Check if the destination is valid."
            ) from None
        return {"destination": destination}

    def put_destination_policy(self, destination_name: str, access_policy: str, force_update: bool = False):
        """`force_update` would insist where filters exist of accounts that the old policy named one by one."""
        destination = self._destination(destination_name)
        check_policy(access_policy)
        destination.access_policy = access_policy
        self.destinations.put(destination)

    def describe_destinations(self, destination_name_prefix: str = "", limit: int = 50, next_token: str | None = None):
        prefix = (destination_name_prefix,) if destination_name_prefix else ()
        destinations, token = self.destinations.page(limit, next_token, *prefix)
        return {"destinations": destinations, "nextToken": token}

    def delete_destination(self, destination_name: str):
        """Filters that send to it stay, and deliver nothing any more."""
        destination = self._destination(destination_name)
        self.destinations.delete(destination)
        self.cloud.tags.clear(destination.arn)

    # Within

    def _destination(self, name: str) -> Destination:
        destination = self.destinations.get(name)
        if destination is None:
            raise ResourceNotFoundException("The specified destination does not exist.")
        return destination

    def _own_destination(self, arn: str) -> Destination:
        """By ARN, of this account."""
        return self._destination(arn.rpartition(":")[2] if arn.split(":")[4:5] == [self.call.account] else "")

    def _destination_of(self, arn: str) -> Destination | None:
        """By ARN, of any account, in this region."""
        _, _, _, region, account, kind, name = [*arn.split(":", 6), *[""] * 7][:7]
        if kind != "destination" or region != self.call.region:
            return None
        return self.destinations.within(account=account).get(name)

    def _check_destination(self, arn: str, filter_name: str):
        """Whether the caller may subscribe to it. Raises AccessDeniedException and InvalidParameterException."""
        owner = arn.split(":")[4]
        asked = {"destinationArn": arn, "filterName": filter_name}
        may = owner == self.call.account or self.aws(account=owner).as_caller().may(
            "logs", "put_subscription_filter", **asked
        )
        if not may:
            raise AccessDeniedException(
                f"User with accountId: {self.call.account} is not authorized to perform: logs:PutSubscriptionFilter on"
                f" resource: {arn}"
            )
        if self._destination_of(arn) is None:
            raise InvalidParameterException("The specified destination does not exist.")
