"""The functions of the deployment, and what calls them: the queue of new objects, S3, and, by hand, the operator."""

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from names import FUNCTIONS, INDEX, METRICS
from patience import patiently

if TYPE_CHECKING:
    from deploy import Deployment

SOURCES = Path(__file__).parent / "functions"
LAYER = "arn:aws:lambda:{region}:336392948345:layer:AWSSDKPandas-{python}:12"
MEMORY_MB, MEMORY_FOR_PANDAS_MB = 512, 1024
MEMORY_OF_A_METRIC_MB = 1769  # which is given one whole processor
SECONDS, LONGEST_LOAD_S = 60, 120
LONGEST_ANSWER_S = 29  # API Gateway waits no longer
WRITERS_AT_ONCE = 5
NOT_YET = "InvalidParameterValueException"  # the role is not known to Lambda yet


def make(deployment: "Deployment", runtime: str, layer: str | None):
    """All functions, and the mapping from the queue to the one that loads."""
    client, names = deployment.client("lambda"), deployment.names
    for name in FUNCTIONS:
        asked = settings(deployment, name, runtime, layer)
        patiently(lambda asked=asked: client.create_function(**asked), NOT_YET)
    for name in FUNCTIONS:
        client.get_waiter("function_active_v2").wait(FunctionName=names.function(name), WaiterConfig={"Delay": 1})
    client.add_permission(
        FunctionName=names.function("set-aside"), StatementId="bucket", Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com", SourceArn=f"arn:aws:s3:::{names.data_bucket}", SourceAccount=names.account,
    )  # fmt: skip
    patiently(lambda: client.create_event_source_mapping(
        FunctionName=names.function("load"), EventSourceArn=names.arn("sqs", names.queue), BatchSize=5,
        FunctionResponseTypes=["ReportBatchItemFailures"], ScalingConfig={"MaximumConcurrency": WRITERS_AT_ONCE},
        Tags=deployment.tags,
    ), NOT_YET)  # fmt: skip


def settings(deployment: "Deployment", name: str, runtime: str, layer: str | None) -> dict[str, Any]:
    """What a function is created with."""
    names, module = deployment.names, name.replace("-", "_")
    python = runtime.title().replace(".", "")
    found: dict[str, Any] = {
        "FunctionName": names.function(name),
        "Runtime": runtime,
        "Role": names.arn("iam", f"role/{names.role(name)}"),
        "Handler": f"{module}.handler",
        "Code": {"ZipFile": packed(module, *(["transfers"] if name in METRICS else []))},
        "Timeout": SECONDS,
        "MemorySize": MEMORY_MB,
        "Environment": {"Variables": variables(deployment, name)},
        "Tags": deployment.tags,
    }
    if name == "load":
        found |= {"Timeout": LONGEST_LOAD_S, "MemorySize": MEMORY_FOR_PANDAS_MB}
        found["Layers"] = [layer or LAYER.format(region=names.region, python=python)]
    if name in METRICS:
        found |= {"Timeout": LONGEST_ANSWER_S, "MemorySize": MEMORY_OF_A_METRIC_MB}
    return found


def variables(deployment: "Deployment", name: str) -> dict[str, str]:
    names = deployment.names
    if name in METRICS:
        return {"TABLE": names.table, "INDEX": INDEX}
    return {
        "transform": {},
        "load": {"TABLE": names.table},
        "set-aside": {"FAILED_BUCKET": names.failed_bucket},
        "reprocess": {"FAILED_BUCKET": names.failed_bucket, "STREAM": names.stream},
    }[name]


def packed(*modules: str) -> bytes:
    """A zip of some modules; the same one whenever it is made."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for module in modules:
            entry = zipfile.ZipInfo(f"{module}.py")
            entry.external_attr = 0o644 << 16
            file.writestr(entry, (SOURCES / entry.filename).read_text())
    return archive.getvalue()
