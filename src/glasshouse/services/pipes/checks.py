"""What a pipe may be. All of it raises ValidationException, or NotSupported for what this cloud does not have.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html
"""

import json
from typing import NamedTuple

from glasshouse.core.cloud import Cloud
from glasshouse.engines.jsonpath import InvalidPath
from glasshouse.engines.patterns import InvalidPattern, compile_text
from glasshouse.services.pipes.errors import NotSupported, invalid
from glasshouse.services.pipes.records import BATCH_SIZES, SETTINGS, Pipe
from glasshouse.services.pipes.templating import PREDEFINED, is_path, path, template

LARGEST_UNGATHERED = 10
YOUNGEST_S, FOREVER = 60, -1
# Where filters see what producers have written.
DATA = {"kinesis": "data", "dynamodb": "dynamodb"}
OTHER_SOURCES = ("kafka", "mq")
MISSING = "Missing required parameter."


class Kind(NamedTuple):
    """What can be asked: the service of this cloud, the member with its settings, and how many events it takes."""

    service: str
    settings: str | None
    batch: int | None = None


TARGETS = {
    "execute-api": Kind("apigateway", "HttpParameters", 1),
    "firehose": Kind("firehose", None, 500),
    "kinesis": Kind("kinesis", "KinesisStreamParameters", 500),
    "lambda": Kind("lambda", "LambdaFunctionParameters"),
    "logs": Kind("logs", "CloudWatchLogsParameters", 10_000),
    "sns": Kind("sns", None, 10),
    "sqs": Kind("sqs", "SqsQueueParameters", 10),
    "states": Kind("stepfunctions", "StepFunctionStateMachineParameters"),
}
BUS = Kind("events", "EventBridgeEventBusParameters", 10)
API_DESTINATION = Kind("events", "HttpParameters", 1)
ENRICHMENTS = ("lambda", "states", "events", "execute-api")
OTHER_TARGETS = (
    "batch",
    "ecs",
    "inspector",
    "redshift",
    "redshift-serverless",
    "sagemaker",
    "timestream",
)


def is_api_destination(arn: str | None) -> bool:
    return bool(arn) and ":api-destination/" in arn


def is_api(arn: str) -> bool:
    """A REST API of API Gateway."""
    return arn.split(":")[2] == "execute-api"


def kind_of_target(arn: str) -> Kind | None:
    """None for what is no target."""
    service = arn.split(":")[2]
    if service == "events":
        return API_DESTINATION if is_api_destination(arn) else BUS if ":event-bus/" in arn else None
    return TARGETS.get(service)


def check(cloud: Cloud, pipe: Pipe):
    _check_target(cloud, pipe)
    _check_enrichment(cloud, pipe)
    _check_settings(pipe)
    _check_size(pipe)
    _check_filters(pipe)
    _check_template("EnrichmentParameters", pipe.enrichment_parameters)
    _check_template("TargetParameters", pipe.target_parameters)


def check_source(source: str, parameters: dict):
    """What of a source there is to say only once."""
    if source.startswith("smk://") or source.split(":")[2] in OTHER_SOURCES:
        raise NotSupported(f"pipes: the source {source} is not supported by Glasshouse yet")
    kind = source.split(":")[2]
    if kind not in SETTINGS or (kind == "dynamodb" and "/stream/" not in source):
        raise invalid("Source", f"{source} is not a supported source.")
    check_own(kind, parameters)
    name, given = SETTINGS[kind], parameters.get(SETTINGS[kind])
    if given is None and kind != "sqs":
        raise invalid(f"SourceParameters.{name}", MISSING)
    at_timestamp = (given or {}).get("StartingPosition") == "AT_TIMESTAMP"
    if at_timestamp is ((given or {}).get("StartingPositionTimestamp") is None):
        wrong = MISSING if at_timestamp else "StartingPositionTimestamp is only supported for AT_TIMESTAMP."
        raise invalid(f"SourceParameters.{name}.StartingPositionTimestamp", wrong)


def check_own(kind: str, parameters: dict):
    """A source takes its own parameters only."""
    for name, value in parameters.items():
        if value is not None and name not in ("FilterCriteria", SETTINGS[kind]):
            raise invalid(f"SourceParameters.{name}", "Parameter is not supported for the source.")


def _check_target(cloud: Cloud, pipe: Pipe):
    service = pipe.target.split(":")[2]
    if service in OTHER_TARGETS:
        raise NotSupported(f"pipes: targets of {service} are not supported by Glasshouse yet")
    kind = kind_of_target(pipe.target)
    if kind is None:
        raise invalid("Target", f"{pipe.target} is not a supported target.")
    if kind.service not in cloud.services.names():
        raise NotSupported(f"pipes: targets of {service} are not supported by Glasshouse yet")
    if kind is BUS and pipe.target.split(":")[3:5] != pipe.arn.split(":")[3:5]:
        raise invalid("Target", "The event bus must be in the account and region of the pipe.")
    for name in pipe.target_parameters:
        if name not in ("InputTemplate", kind.settings):
            raise invalid(f"TargetParameters.{name}", "Parameter is not supported for the target.")
    if service == "kinesis" and not pipe.target_settings("KinesisStreamParameters"):
        raise invalid("TargetParameters.KinesisStreamParameters", MISSING)
    has_group = bool(pipe.target_settings("SqsQueueParameters").get("MessageGroupId"))
    if service == "sqs" and pipe.target.endswith(".fifo") and not has_group:
        raise invalid("TargetParameters.SqsQueueParameters.MessageGroupId", MISSING)


def _check_enrichment(cloud: Cloud, pipe: Pipe):
    if not pipe.enrichment:
        return
    service = pipe.enrichment.split(":")[2]
    if service not in ENRICHMENTS or (service == "events" and not is_api_destination(pipe.enrichment)):
        raise invalid("Enrichment", f"{pipe.enrichment} is not a supported enrichment.")
    kind = kind_of_target(pipe.enrichment)
    if kind is None or kind.service not in cloud.services.names():
        raise NotSupported(f"pipes: enrichments of {service} are not supported by Glasshouse yet")
    http = pipe.enrichment_parameters.get("HttpParameters")
    if http is not None and kind.settings != "HttpParameters":
        raise invalid("EnrichmentParameters.HttpParameters", "Parameter is not supported for the enrichment.")


def _check_settings(pipe: Pipe):
    """Of the source."""
    name, given = f"SourceParameters.{SETTINGS[pipe.kind]}", pipe.settings
    if pipe.kind == "sqs":
        if pipe.source.endswith(".fifo") and (pipe.window_s or pipe.batch_size > LARGEST_UNGATHERED):
            wrong = "Batching window is not supported for FIFO queues." if pipe.window_s else "BatchSize exceeds 10."
            raise invalid(f"{name}.{'MaximumBatchingWindowInSeconds' if pipe.window_s else 'BatchSize'}", wrong)
        if pipe.batch_size > LARGEST_UNGATHERED and not pipe.window_s:
            raise invalid(
                f"{name}.MaximumBatchingWindowInSeconds",
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
            )
        return
    age = given.get("MaximumRecordAgeInSeconds", FOREVER)
    if age != FOREVER and age < YOUNGEST_S:
        raise invalid(
            "MaximumRecordAgeInSeconds",
            "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)",
        )
    if age != FOREVER and pipe.window_s >= age:
        raise invalid(
            "MaximumBatchingWindowInSeconds",
            "MaximumBatchingWindowInSeconds must be less than MaximumRecordAgeInSeconds.",
        )
    letters = (given.get("DeadLetterConfig") or {}).get("Arn")
    if letters and letters.split(":")[2] not in ("sqs", "sns"):
        raise invalid(f"{name}.DeadLetterConfig.Arn", f"{letters} is neither an SQS queue nor an SNS topic.")


def _check_size(pipe: Pipe):
    """A batch may not be larger than what its target takes at once."""
    most = largest_batch(pipe)
    if most is not None and pipe.batch_size > most:
        raise invalid(
            f"SourceParameters.{SETTINGS[pipe.kind]}.BatchSize",
            f"BatchSize must be less than or equal to {most}, which the enrichment and the target support.",
        )


def largest_batch(pipe: Pipe) -> int | None:
    """None if there is no limit."""
    limits = [kind_of_target(arn) for arn in (pipe.target, pipe.enrichment) if arn]
    return min((kind.batch for kind in limits if kind and kind.batch), default=None)


def with_defaults(pipe: Pipe):
    """What is not said about the source."""
    name = SETTINGS[pipe.kind]
    given = {key: value for key, value in (pipe.source_parameters.get(name) or {}).items() if value is not None}
    usual, most = BATCH_SIZES[pipe.kind], largest_batch(pipe)
    size = usual if most is None else min(usual, most)
    pipe.source_parameters = {**pipe.source_parameters, name: {"BatchSize": size, **given}}


def _check_filters(pipe: Pipe):
    filters = (pipe.source_parameters.get("FilterCriteria") or {}).get("Filters") or ()
    for number, one in enumerate(filters):
        field = f"SourceParameters.FilterCriteria.Filters[{number}].Pattern"
        text = one.get("Pattern") or ""
        try:
            compile_text(text)
        except InvalidPattern as wrong:
            raise invalid(field, f"Event pattern is not valid. Reason: {wrong.located}") from None
        data = json.loads(text).get(DATA.get(pipe.kind, ""))
        if data is not None and not isinstance(data, dict):
            raise invalid(field, "The filter pattern for data properties must be a JSON object.")


def _check_template(member: str, parameters: dict):
    for name in template(parameters.get("InputTemplate") or "").names:
        if name not in PREDEFINED and not _is_readable(name):
            raise invalid(f"{member}.InputTemplate", f"InputTemplate contains the invalid placeholder <{name}>.")


def _is_readable(name: str) -> bool:
    try:
        path(name)
    except InvalidPath:
        return False
    return is_path(name)
