"""Processors: what AWS refuses of a ProcessingConfiguration. The texts are its own, as far as they are known."""

import re
from base64 import b64decode
from collections import Counter
from typing import Any

from glasshouse.engines import jq
from glasshouse.engines.prefixes import Prefix
from glasshouse.services.firehose.errors import InvalidArgumentException

FUNCTION_ARN = re.compile(
    r"arn:[\w-]+:lambda:[a-z0-9-]+:\d{12}:function:[a-zA-Z0-9_-]{1,64}(:(\$LATEST|[a-zA-Z0-9_-]{1,128}))?"
)
MOST_PROCESSORS, MOST_RETRIES = 5, 300
LEAST_BUFFER_MB, MOST_BUFFER_MB, MOST_BUFFER_S = 0.2, 3, 900
PARTITIONED_ONLY = {
    "MetadataExtraction": "MetadataExtractionProcessor", "RecordDeAggregation": "RecordDeAggregationProcessor",
}  # fmt: skip
Parameters = dict[str, str]


def check_given(processing: dict[str, Any] | None):
    """What only shows before the parameters are completed. Raises InvalidArgumentException."""
    for processor in (processing or {}).get("Processors") or ():
        _, parameters = _parameters(processor)
        given = [name in parameters for name in ("BufferSizeInMBs", "BufferIntervalInSeconds")]
        if processor["Type"] == "Lambda" and any(given) and not all(given):
            raise InvalidArgumentException(
                "Both BufferSizeInMBs and BufferIntervalInSeconds are required to configure buffering for lambda"
                " processor."
            )


def check_processing(processing: dict[str, Any], partitioned: bool, prefix: str):
    """Raises InvalidArgumentException."""
    processors = [_parameters(processor) for processor in processing["Processors"]]
    kinds = Counter(kind for kind, _ in processors)
    if kinds["Lambda"] > 1:
        raise InvalidArgumentException("Cannot have more than 1 Lambda processor.")
    if processing["Enabled"] and not 0 < len(processors) <= MOST_PROCESSORS:
        raise InvalidArgumentException(
            f"A maximum of {MOST_PROCESSORS} and a minimum of 1 processor needs to be supplied when processing is"
            " enabled."
        )
    if kinds["CloudWatchLogProcessing"] and not kinds["Decompression"]:
        raise InvalidArgumentException(
            "CloudWatchLogProcessingProcessor can only be enabled with DecompressionProcessor"
        )
    for kind, parameters in processors:
        if kind in PARTITIONED_ONLY and not partitioned:
            raise InvalidArgumentException(
                f"class com.amazonaws.services.firehose.internal.model.{PARTITIONED_ONLY[kind]} can only be present"
                " when Dynamic Partitioning is enabled."
            )
        if kind == "MetadataExtraction":
            _check_query(parameters, prefix)
        elif kind in CHECKS:
            CHECKS[kind](parameters)


def _parameters(processor: dict[str, Any]) -> tuple[str, Parameters]:
    given = processor.get("Parameters") or []
    parameters = {parameter["ParameterName"]: parameter["ParameterValue"] for parameter in given}
    if len(parameters) < len(given):
        raise InvalidArgumentException("Duplicate ProcessorParameter passed to ProcessingConfiguration.")
    return processor["Type"], parameters


def _check_lambda(parameters: Parameters):
    arn = parameters.get("LambdaArn")
    if not arn:
        raise InvalidArgumentException("LambdaArn is required when Lambda processor is used.")
    if not FUNCTION_ARN.fullmatch(arn):
        raise InvalidArgumentException("Invalid lambda ARN.")
    if not 0 <= _number(parameters, "NumberOfRetries") <= MOST_RETRIES:
        raise InvalidArgumentException(f"Number of retries for lambda must be between 0 and {MOST_RETRIES}.")
    if not LEAST_BUFFER_MB <= _number(parameters, "BufferSizeInMBs") <= MOST_BUFFER_MB:
        raise InvalidArgumentException(
            f"BufferSizeInMBs for lambda processor must be between {LEAST_BUFFER_MB} and {MOST_BUFFER_MB}."
        )
    if not 0 <= _number(parameters, "BufferIntervalInSeconds") <= MOST_BUFFER_S:
        raise InvalidArgumentException(
            f"BufferIntervalInSeconds for lambda processor must be between 0 and {MOST_BUFFER_S}."
        )


def _number(parameters: Parameters, name: str) -> float:
    try:
        return float(parameters[name])
    except ValueError:
        raise InvalidArgumentException(f"{name} must be a number.") from None


def _check_query(parameters: Parameters, prefix: str):
    query = parameters.get("MetadataExtractionQuery")
    if parameters.get("JsonParsingEngine") != "JQ-1.6":
        raise InvalidArgumentException("MetaDataExtraction JSON Parsing Engine has to be one of JQ-1.6")
    if not query:
        raise InvalidArgumentException("MetadataExtractionQuery is required when MetadataExtraction processor is used.")
    try:
        jq.check(query)
    except jq.InvalidQuery as failure:
        raise InvalidArgumentException(f"MetaDataExtraction JQ Query is not valid: {failure}") from None
    wanted = Prefix.parse(prefix)
    if any(not wanted.has("partitionKeyFromQuery", key) for key in jq.keys(query)):
        raise InvalidArgumentException(
            "MetaDataExtraction JQ Query can't contain keys that are not present in the S3 Prefix expression"
        )


def _check_deaggregation(parameters: Parameters):
    kind = parameters.get("SubRecordType")
    if kind not in ("JSON", "DELIMITED"):
        raise InvalidArgumentException("SubRecordType has to be one of JSON, DELIMITED")
    if kind == "JSON":
        return
    if "Delimiter" not in parameters:
        raise InvalidArgumentException("Delimiter should be present for DELIMITED")
    try:
        delimiter = b64decode(parameters["Delimiter"], validate=True)
    except ValueError:
        delimiter = b""
    if not delimiter:
        raise InvalidArgumentException("Delimiter has to be base64 encoded")


def _check_decompression(parameters: Parameters):
    if parameters.get("CompressionFormat") != "GZIP":
        raise InvalidArgumentException("Invalid parameter value for CompressionFormat. Allowed value is GZIP.")


def _check_log_processing(parameters: Parameters):
    if parameters.get("DataMessageExtraction", "").lower() not in ("true", "false"):
        raise InvalidArgumentException(
            "Invalid parameter value for DataMessageExtraction. Allowed values are True and False."
        )


CHECKS = {
    "Lambda": _check_lambda, "RecordDeAggregation": _check_deaggregation, "Decompression": _check_decompression,
    "CloudWatchLogProcessing": _check_log_processing,
}  # fmt: skip
