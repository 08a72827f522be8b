"""What the settings of an event source mapping may be, by the kind of its source."""

from collections.abc import Mapping as Dict
from typing import Any

from glasshouse.core import NotSupported
from glasshouse.services.lambda_.errors import InvalidParameterValueException
from glasshouse.services.lambda_.filtering import check_filters
from glasshouse.services.lambda_.mapping_records import Mapping

DEFAULT_SIZES = {"sqs": 10, "kinesis": 100, "dynamodb": 100}
FIELDS = {
    "BatchSize": "batch_size",
    "MaximumBatchingWindowInSeconds": "maximum_batching_window_in_seconds",
    "FilterCriteria": "filter_criteria",
    "FunctionResponseTypes": "function_response_types",
    "MetricsConfig": "metrics_config",
    "ScalingConfig": "scaling_config",
    "StartingPosition": "starting_position",
    "StartingPositionTimestamp": "starting_position_timestamp",
    "ParallelizationFactor": "parallelization_factor",
    "BisectBatchOnFunctionError": "bisect_batch_on_function_error",
    "MaximumRecordAgeInSeconds": "maximum_record_age_in_seconds",
    "MaximumRetryAttempts": "maximum_retry_attempts",
    "TumblingWindowInSeconds": "tumbling_window_in_seconds",
    "DestinationConfig": "destination_config",
}
STREAM_DEFAULTS = {
    "parallelization_factor": 1,
    "bisect_batch_on_function_error": False,
    "maximum_record_age_in_seconds": -1,
    "maximum_retry_attempts": -1,
    "tumbling_window_in_seconds": 0,
}
OF_STREAMS = (
    "ParallelizationFactor", "BisectBatchOnFunctionError", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts",
    "TumblingWindowInSeconds", "DestinationConfig",
)  # fmt: skip
OF_QUEUES = ("ScalingConfig",)
# Sources of AWS's that nobody polls here.
OTHER_SOURCES = ("kafka", "mq", "rds")
DESTINATIONS = ("sqs", "sns", "s3")
MOST_UNWAITED, YOUNGEST_S = 10, 60


def check_source(arn: str | None, given: Dict[str, Any]):
    """Whether there is a source, of a kind that suits what is said of where to begin."""
    if not arn:
        raise InvalidParameterValueException("Unrecognized event source.")
    service, resource = arn.split(":")[2], arn.split(":", 5)[5]
    if service in OTHER_SOURCES:
        raise NotSupported(f"lambda: event sources of the service {service} are not supported by Glasshouse yet")
    if service not in DEFAULT_SIZES or (service == "dynamodb" and "/stream/" not in resource):
        raise InvalidParameterValueException(
            f"Unrecognized event source, must be kinesis, dynamodb stream or sqs. Unsupported source arn : {arn}"
        )
    _check_start(arn, service, given.get("StartingPosition"), given.get("StartingPositionTimestamp"))


def _check_start(arn: str, service: str, position: str | None, moment: float | None):
    if service == "sqs":
        if position is not None:
            raise InvalidParameterValueException("StartingPosition is not valid for SQS event sources.")
        return
    if position is None:
        raise InvalidParameterValueException(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must"
            " not be null."
        )
    if service == "dynamodb" and position == "AT_TIMESTAMP":
        raise InvalidParameterValueException(f"Unsupported starting position for arn type: {arn}")
    if moment is not None and position != "AT_TIMESTAMP":
        raise InvalidParameterValueException("Timestamp only valid with StartingPosition AT_TIMESTAMP")
    if position == "AT_TIMESTAMP" and moment is None:
        raise InvalidParameterValueException(
            "StartingPositionTimestamp is required when StartingPosition is AT_TIMESTAMP."
        )
    if moment is not None and moment < 0:
        raise InvalidParameterValueException(
            "Received Exception while reading from provided stream. class java.lang.Long can not be converted to a"
            " Timestamp"
        )


def check(mapping: Mapping):
    """Raises InvalidParameterValueException for settings that do not go together."""
    foreign = OF_STREAMS if mapping.kind == "sqs" else OF_QUEUES
    for member in foreign:
        if getattr(mapping, FIELDS[member]) is not None:
            raise unsupported(member)
    check_filters(mapping.filter_criteria)
    if mapping.kind == "sqs":
        _check_queue(mapping)
    else:
        _check_stream(mapping)


def _check_queue(mapping: Mapping):
    fifo = mapping.event_source_arn.endswith(".fifo")
    if fifo and mapping.batch_size > MOST_UNWAITED:
        raise InvalidParameterValueException("Batch size cannot be greater than 10 for an SQS FIFO queue.")
    if fifo and mapping.maximum_batching_window_in_seconds:
        raise InvalidParameterValueException("Batching window is not supported for FIFO queues")
    if mapping.batch_size > MOST_UNWAITED and not mapping.maximum_batching_window_in_seconds:
        raise InvalidParameterValueException(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )


def _check_stream(mapping: Mapping):
    age = mapping.maximum_record_age_in_seconds or 0
    if age != -1 and age < YOUNGEST_S:
        raise InvalidParameterValueException(
            f"Value '{age}' at 'maximumRecordAgeInSeconds' failed to satisfy constraint: Member must be -1 or have"
            f" value greater than or equal to {YOUNGEST_S}"
        )
    if mapping.tumbling_window_in_seconds and (mapping.parallelization_factor or 1) > 1:
        raise InvalidParameterValueException("Tumbling windows do not support a ParallelizationFactor greater than 1.")
    config = mapping.destination_config or {}
    if (config.get("OnSuccess") or {}).get("Destination"):
        raise unsupported("DestinationConfig")
    target = mapping.failure_destination
    if target and target.split(":")[2] not in DESTINATIONS:
        raise InvalidParameterValueException(
            "The provided destination config DestinationConfig(onSuccess=null,"
            f" onFailure=OnFailure(destination={target})) is invalid."
        )


def unsupported(member: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(f"Unsupported {member} parameter for given event source mapping type.")
