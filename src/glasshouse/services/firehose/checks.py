"""What AWS refuses of a destination: the texts are its own, as far as anybody has written them down."""

from typing import Any

from glasshouse.core.errors import NotSupported
from glasshouse.engines.prefixes import InvalidPrefix, Prefix
from glasshouse.engines.schedules import is_zone
from glasshouse.services.firehose.errors import InvalidArgumentException
from glasshouse.services.firehose.processors import check_processing
from glasshouse.services.firehose.records import HTTP

Settings = dict[str, Any]
LONGEST_PREFIX = 512
LEAST_PARTITIONED_MB, LEAST_PARTITIONED_S = 64, 60
PARTITION_NAMESPACES = ("partitionKeyFromQuery", "partitionKeyFromLambda")


def check_destination(kind: str, destination: Settings, region: str):
    """Raises InvalidArgumentException, and NotSupported for the conversion of formats."""
    bucket = destination["S3DestinationDescription"] if kind == HTTP else destination
    partitioned = bool((destination.get("DynamicPartitioningConfiguration") or {}).get("Enabled"))
    _check_hints(destination["BufferingHints"])
    _check_logging(destination)
    _check_bucket(bucket, region, partitioned)
    check_processing(destination["ProcessingConfiguration"], partitioned, bucket.get("Prefix") or "")
    if kind == HTTP:
        _check_endpoint(destination)
        return
    _check_conversion(destination)
    if backup := destination.get("S3BackupDescription"):
        _check_bucket(backup, region, False)
    elif destination["S3BackupMode"] == "Enabled":
        raise InvalidArgumentException("S3 backup destination configuration is required when enabling S3 backup.")
    if partitioned:
        _check_partitioning(destination)
    zone = destination.get("CustomTimeZone")
    if zone and zone != "UTC" and not ("/" in zone and is_zone(zone)):
        raise InvalidArgumentException(
            "Provided custom time zone is not supported. Custom time zones are limited to UTC and non-3-letter IANA"
            " time zones."
        )


def _check_hints(hints: Settings):
    if ("SizeInMBs" in hints) != ("IntervalInSeconds" in hints):
        raise InvalidArgumentException(
            "Both SizeInMBs and IntervalInSeconds have to be specified in BufferingHints, or neither of them."
        )


def _check_bucket(bucket: Settings, region: str, partitioned: bool):
    _check_hints(bucket["BufferingHints"])
    _check_logging(bucket)
    _check_prefixes(bucket.get("Prefix") or "", bucket.get("ErrorOutputPrefix") or "", partitioned)
    encryption = bucket["EncryptionConfiguration"]
    if len(encryption) != 1:
        raise InvalidArgumentException("Exactly one of NoEncryptionConfig or KMSEncryptionConfig must be specified")
    key = encryption.get("KMSEncryptionConfig", {}).get("AWSKMSKeyARN")
    if key and key.split(":")[3] != region:
        raise InvalidArgumentException(f"KMS Key {key} does not exist in the same region as the S3 bucket")


def _check_logging(settings: Settings):
    logging = settings["CloudWatchLoggingOptions"]
    if not logging.get("Enabled"):
        return
    if not logging.get("LogGroupName"):
        raise InvalidArgumentException("CloudWatch Log Group Name is required if CloudWatch Logging is enabled")
    if not logging.get("LogStreamName"):
        raise InvalidArgumentException("CloudWatch Log Stream Name is required if CloudWatch Logging is enabled")


def _check_prefixes(text: str, error_text: str, partitioned: bool):
    prefix, error_prefix = _parsed(text, "Prefix"), _parsed(error_text, "ErrorOutputPrefix")
    if prefix.has("firehose", "error-output-type"):
        raise _constraint("Prefix must not contain any occurrence of !{firehose:error-output-type}")
    if prefix.expressions and not error_text:
        raise _constraint("ErrorOutputPrefix cannot be null or empty when Prefix contains expressions")
    if error_prefix.expressions and not error_prefix.has("firehose", "error-output-type"):
        raise _constraint("ErrorOutputPrefix must contain at least one occurrence of !{firehose:error-output-type}")
    if any(error_prefix.has(namespace) for namespace in PARTITION_NAMESPACES):
        raise InvalidArgumentException("Dynamic Partitioning Namespaces can't be part of an error prefix expression")
    has_keys = any(prefix.has(namespace) for namespace in PARTITION_NAMESPACES)
    if has_keys and not partitioned:
        raise InvalidArgumentException(
            "Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic Partitioning is"
            " enabled."
        )
    if partitioned and not has_keys:
        raise InvalidArgumentException(
            "S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is enabled"
        )


def _parsed(text: str, field: str) -> Prefix:
    try:
        prefix = Prefix.parse(text)
    except InvalidPrefix as failure:
        raise _constraint(str(failure).replace("{field}", field)) from None
    literal = sum(len(part) for part in prefix.parts if isinstance(part, str))
    if literal + len(prefix.expressions) > LONGEST_PREFIX:
        name = "prefix" if field == "Prefix" else field
        raise _constraint(f"Length of evaluated {name} cannot be greater than {LONGEST_PREFIX}")
    return prefix


def _constraint(text: str) -> InvalidArgumentException:
    return InvalidArgumentException(f"Ths supplied prefix(es) do not satisfy the following constraint: {text}")


def _check_partitioning(destination: Settings):
    hints = destination["BufferingHints"]
    if hints["SizeInMBs"] < LEAST_PARTITIONED_MB:
        raise InvalidArgumentException(
            f"BufferingHints.SizeInMBs must be at least {LEAST_PARTITIONED_MB} when Dynamic Partitioning is enabled."
        )
    if hints["IntervalInSeconds"] < LEAST_PARTITIONED_S:
        raise InvalidArgumentException(
            f"BufferingHints.IntervalInSeconds must be at least {LEAST_PARTITIONED_S} when Dynamic Partitioning is"
            " enabled."
        )


def _check_conversion(destination: Settings):
    conversion = destination.get("DataFormatConversionConfiguration")
    if conversion is not None and conversion.get("Enabled", True):
        raise NotSupported(
            "firehose: DataFormatConversionConfiguration is not supported by Glasshouse yet: there is no Glue Data"
            " Catalog whose tables could say what the records look like. With Enabled set to false it is kept, and not"
            " used"
        )


def _check_endpoint(destination: Settings):
    attributes = destination["RequestConfiguration"]["CommonAttributes"]
    names = [attribute["AttributeName"] for attribute in attributes]
    for name in names:
        if names.count(name) > 1:
            raise InvalidArgumentException(f"Http Endpoint Common Attributes have duplicate name {name}")
    secret = destination["SecretsManagerConfiguration"]
    if secret.get("Enabled") and not secret.get("SecretARN"):
        raise InvalidArgumentException("Invalid secret ARN: null")
