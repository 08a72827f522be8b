"""How asynchronous invocations end: how often and how long they are tried, and who is told."""

from collections.abc import Mapping
from typing import Any

from glasshouse.core import ServiceError
from glasshouse.services.lambda_.errors import InvalidParameterValueException, ResourceNotFoundException
from glasshouse.services.lambda_.finding import Reference
from glasshouse.services.lambda_.functions import PAGE
from glasshouse.services.lambda_.records import LATEST, EventInvokeConfig

DESTINATIONS = ("sqs", "sns", "lambda", "events", "s3")


class InvokeConfigs:
    """The operations on event invoke configs."""

    def put_function_event_invoke_config(
        self, function_name: str, qualifier: str | None = None, maximum_retry_attempts: int | None = None,
        maximum_event_age_in_seconds: int | None = None, destination_config: dict | None = None,
    ):  # fmt: skip
        self._check_stated(maximum_retry_attempts, maximum_event_age_in_seconds, destination_config)
        reference = self._configurable(function_name, qualifier)
        stated = reference.qualifier or LATEST
        config = EventInvokeConfig(
            reference.name, stated, f"{reference.unqualified_arn}:{stated}", self.now, maximum_retry_attempts,
            maximum_event_age_in_seconds, self._destinations(reference, destination_config or {}),
        )  # fmt: skip
        return self._invoke_configs_at(reference).put(config)

    def update_function_event_invoke_config(
        self, function_name: str, qualifier: str | None = None, maximum_retry_attempts: int | None = None,
        maximum_event_age_in_seconds: int | None = None, destination_config: dict | None = None,
    ):  # fmt: skip
        self._check_stated(maximum_retry_attempts, maximum_event_age_in_seconds, destination_config)
        reference = self._configurable(function_name, qualifier)
        config = self._invoke_config(reference)
        if maximum_retry_attempts is not None:
            config.maximum_retry_attempts = maximum_retry_attempts
        if maximum_event_age_in_seconds is not None:
            config.maximum_event_age_in_seconds = maximum_event_age_in_seconds
        if destination_config is not None:
            config.destination_config |= self._destinations(reference, destination_config, destination_config)
        config.modified = self.now
        return self._invoke_configs_at(reference).put(config)

    def get_function_event_invoke_config(self, function_name: str, qualifier: str | None = None):
        return self._invoke_config(self._reference(function_name, qualifier))

    def list_function_event_invoke_configs(self, function_name: str, marker: str | None = None, max_items: int = PAGE):
        reference = self._reference(function_name)
        if self._functions_at(reference).get(reference.name) is None:
            raise ResourceNotFoundException("The function doesn't exist.")
        found, token = self._invoke_configs_at(reference).page(min(max_items, PAGE), marker, reference.name)
        return {"FunctionEventInvokeConfigs": found, "NextMarker": token}

    def delete_function_event_invoke_config(self, function_name: str, qualifier: str | None = None):
        reference = self._reference(function_name, qualifier)
        self._invoke_configs_at(reference).delete(self._invoke_config(reference))

    def _invoke_config(self, reference: Reference) -> EventInvokeConfig:
        qualifier = reference.qualifier or LATEST
        config = self._invoke_configs_at(reference).get(reference.name, qualifier)
        if config is None:
            arn = f"{reference.unqualified_arn}:{qualifier}"
            raise ResourceNotFoundException(f"The function {arn} doesn't have an EventInvokeConfig")
        return config

    def _configurable(self, function_name: str, qualifier: str | None) -> Reference:
        reference = self._reference(function_name, qualifier)
        try:
            self._target(reference)
        except ResourceNotFoundException:
            raise ResourceNotFoundException("The function doesn't exist.") from None
        return reference

    def _invoke_configs_at(self, reference: Reference):
        return self.invoke_configs.within(reference.account, reference.region)

    @staticmethod
    def _check_stated(*stated: Any):
        if all(one is None for one in stated):
            raise InvalidParameterValueException(
                "You must specify at least one of error handling or destination setting."
            )

    def _destinations(
        self, reference: Reference, given: Mapping[str, Any], only: Mapping[str, Any] | None = None
    ) -> dict[str, dict]:
        """Destinations as they are kept: an outcome without one is empty. Raises InvalidParameterValueException."""
        kept = {}
        for outcome in ("OnSuccess", "OnFailure"):
            if only is not None and outcome not in only:
                continue
            arn = (given.get(outcome) or {}).get("Destination")
            if arn:
                self._check_destination(reference, arn, given)
            kept[outcome] = {"Destination": arn} if arn else {}
        return kept

    def _check_destination(self, reference: Reference, arn: str, given: Mapping[str, Any]):
        service = arn.split(":")[2]
        succeeded = (given.get("OnSuccess") or {}).get("Destination")
        if service not in DESTINATIONS or (service == "s3" and arn == succeeded):
            raise InvalidParameterValueException(f"The provided destination config {_printed(given)} is invalid.")
        if service != "lambda":
            return
        try:
            function = self._function(self._reference(arn))
        except ServiceError:
            raise InvalidParameterValueException(f"The destination ARN {arn} is invalid.") from None
        if function.arn == reference.unqualified_arn:
            raise InvalidParameterValueException("You can't specify the function as a destination for itself.")


def _printed(given: Mapping[str, Any]) -> str:
    """A destination config as AWS's refusal prints it."""
    parts = []
    for outcome in ("OnSuccess", "OnFailure"):
        arn = (given.get(outcome) or {}).get("Destination")
        name = outcome[0].lower() + outcome[1:]
        parts.append(f"{name}={outcome}(destination={arn})" if arn else f"{name}=null")
    return f"DestinationConfig({', '.join(parts)})"
