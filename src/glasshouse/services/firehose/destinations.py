"""Destinations: what is filled in where a configuration says nothing, and how an update is laid over what was there.

What is kept is in the terms of the descriptions, which name some members otherwise than the configurations do.
"""

from copy import deepcopy
from typing import Any

from glasshouse.services.firehose.records import HTTP

Settings = dict[str, Any]
LAMBDA_ORDER = ("LambdaArn", "NumberOfRetries", "RoleArn", "BufferSizeInMBs", "BufferIntervalInSeconds")
LAMBDA_DEFAULTS = {"NumberOfRetries": "3", "BufferSizeInMBs": "1", "BufferIntervalInSeconds": "60"}
OF_S3 = (
    "RoleARN", "BucketARN", "Prefix", "ErrorOutputPrefix", "BufferingHints", "CompressionFormat",
    "EncryptionConfiguration", "CloudWatchLoggingOptions",
)  # fmt: skip
DEFAULT_SIZE_MB, PARTITIONED_SIZE_MB, DEFAULT_INTERVAL_S = 5, 128, 300
HTTP_RETRY_S, PARTITION_RETRY_S = 300, 300
INNER = {
    "S3BackupConfiguration": "S3BackupDescription", "S3BackupUpdate": "S3BackupDescription",
    "S3Configuration": "S3DestinationDescription", "S3Update": "S3DestinationDescription",
}  # fmt: skip


def s3_destination(given: Settings) -> Settings:
    """The description of a bucket, be it a destination, a backup or what is left of an endpoint's."""
    return {
        "BufferingHints": {"SizeInMBs": DEFAULT_SIZE_MB, "IntervalInSeconds": DEFAULT_INTERVAL_S},
        "CompressionFormat": "UNCOMPRESSED",
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "CloudWatchLoggingOptions": {"Enabled": False},
        **_renamed(given),
    }


def extended_destination(given: Settings) -> Settings:
    """The description of a bucket as the destination."""
    made = {"S3BackupMode": "Disabled", **s3_destination(_renamed(given))}
    partitioning = made.get("DynamicPartitioningConfiguration") or {}
    if partitioning.get("Enabled"):
        if not given.get("BufferingHints"):
            made["BufferingHints"]["SizeInMBs"] = PARTITIONED_SIZE_MB
        partitioning.setdefault("RetryOptions", {"DurationInSeconds": PARTITION_RETRY_S})
    made["ProcessingConfiguration"] = _processing(made.get("ProcessingConfiguration"), made.get("RoleARN"))
    if "S3BackupDescription" in made:
        made["S3BackupDescription"] = s3_destination(made["S3BackupDescription"])
    return made


def http_destination(given: Settings) -> Settings:
    """The description of an endpoint, whose access key it does not tell."""
    made = {
        "BufferingHints": {"SizeInMBs": DEFAULT_SIZE_MB, "IntervalInSeconds": DEFAULT_INTERVAL_S},
        "CloudWatchLoggingOptions": {"Enabled": False},
        "RequestConfiguration": {"ContentEncoding": "NONE", "CommonAttributes": []},
        "RetryOptions": {"DurationInSeconds": HTTP_RETRY_S},
        "S3BackupMode": "FailedDataOnly",
        "SecretsManagerConfiguration": {"Enabled": False},
        **_renamed(given),
    }
    made["EndpointConfiguration"].pop("AccessKey", None)
    made["RequestConfiguration"].setdefault("ContentEncoding", "NONE")
    made["RequestConfiguration"].setdefault("CommonAttributes", [])
    role = made.get("RoleARN") or made["S3DestinationDescription"].get("RoleARN")
    made["ProcessingConfiguration"] = _processing(made.get("ProcessingConfiguration"), role)
    made["S3DestinationDescription"] = s3_destination(made["S3DestinationDescription"])
    return made


def updated(kind: str, destination: Settings, update: Settings) -> Settings:
    """A destination with an update laid over it: members replace members, but those of a bucket one by one."""
    changes = _renamed(update)
    merged = {**deepcopy(destination), **changes}
    for inner in set(INNER.values()) & changes.keys() & destination.keys():
        merged[inner] = {**destination[inner], **changes[inner]}
    return http_destination(merged) if kind == HTTP else extended_destination(merged)


def described(kind: str, destination: Settings) -> Settings:
    """As DescribeDeliveryStream shows it: a bucket also in the older terms."""
    if kind == HTTP:
        return {"HttpEndpointDestinationDescription": destination}
    plain = {name: destination[name] for name in OF_S3 if name in destination}
    return {"S3DestinationDescription": plain, "ExtendedS3DestinationDescription": destination}


def _renamed(given: Settings) -> Settings:
    """As it is described. Hints that say nothing are none."""
    stated = {name: value for name, value in given.items() if name != "BufferingHints" or value}
    return {INNER.get(name, name): deepcopy(value) for name, value in stated.items()}


def _processing(given: Settings | None, role: str | None) -> Settings:
    """AWS completes the parameters of a Lambda processor, and shows them in an order of its own."""
    processing = {"Enabled": False, "Processors": [], **(given or {})}
    for processor in processing["Processors"]:
        if processor["Type"] != "Lambda":
            continue
        stated = {one["ParameterName"]: one["ParameterValue"] for one in processor.get("Parameters") or ()}
        complete = {**LAMBDA_DEFAULTS, **({"RoleArn": role} if role else {}), **stated}
        names = sorted(complete, key=lambda name: (LAMBDA_ORDER.index(name) if name in LAMBDA_ORDER else 9, name))
        processor["Parameters"] = [{"ParameterName": name, "ParameterValue": complete[name]} for name in names]
    return processing
