"""What functions leave in CloudWatch Logs and among the metrics."""

import json
import re

from tests.contract.lambda_code import execution_role
from tests.contract.lambda_running import LOGS, failed, invoked, logged, runnable, tail

LOGGING = """
import logging
log = logging.getLogger()
log.setLevel("INFO")
print("loading")

def handler(event, context):
    print("one")
    log.info("two\\nlines")
    print("three", end="")
    return "done"
"""


# What is refused


def test_a_role_that_may_not_write_logs_leaves_none(aws):
    name = runnable(aws, LOGGING, actions=())
    answer = aws("lambda").invoke(FunctionName=name, LogType="Tail")
    assert "one" in tail(answer)
    assert not aws("logs").describe_log_groups()["logGroups"]


# What is done


def test_the_last_of_the_log_comes_with_the_answer(aws):
    name = runnable(aws, LOGGING)
    answer = aws("lambda").invoke(FunctionName=name, LogType="Tail")
    id = answer["ResponseMetadata"]["RequestId"]
    first, one, two, more, three, end, report = tail(answer).splitlines()
    assert first == f"START RequestId: {id} Version: $LATEST"
    assert (one, more, three) == ("one", "lines", "three")
    assert re.fullmatch(rf"\[INFO\]\t\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z\t{id}\ttwo", two)
    assert end == f"END RequestId: {id}"
    assert re.fullmatch(
        rf"REPORT RequestId: {id}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t"
        r"Max Memory Used: \d+ MB\tInit Duration: \d+\.\d\d ms\t", report
    )  # fmt: skip


def test_logs_are_written_line_by_line_in_order(aws):
    name = runnable(aws, LOGGING)
    invoked(aws, name)
    invoked(aws, name)
    messages = logged(aws, "/aws/lambda/worker")
    kinds = [re.split(r"[\s:]", message)[0] for message in messages]
    round_ = ["START", "one", "[INFO]", "three", "END", "REPORT"]
    assert kinds == ["INIT_START", "loading", *round_, *round_]
    assert messages[4].endswith("\ttwo\nlines\n")
    assert "Init Duration" in messages[7] and "Init Duration" not in messages[-1]
    streams = aws("logs").describe_log_streams(logGroupName="/aws/lambda/worker")["logStreams"]
    assert len(streams) == 1


def test_the_managed_policy_for_execution_lets_logs_be_written(aws):
    role = execution_role(aws, "basic")
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    aws("iam").attach_role_policy(RoleName="basic", PolicyArn=arn)
    invoked(aws, runnable(aws, role=role))
    assert logged(aws, "/aws/lambda/worker")


def test_logs_in_json_are_events_and_obey_levels(aws):
    text = """
import logging
log = logging.getLogger("shop")

def handler(event, context):
    print("plain")
    log.info("quiet")
    log.warning("loud", extra={"order": 7})
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("wrong")
    return 1
"""
    settings = {"LogFormat": "JSON", "ApplicationLogLevel": "WARN", "SystemLogLevel": "INFO", "LogGroup": "/shop"}
    name = runnable(aws, text, LoggingConfig=settings)
    answer = aws("lambda").invoke(FunctionName=name)
    id = answer["ResponseMetadata"]["RequestId"]
    events = [json.loads(message) for message in logged(aws, "/shop")]
    assert [event.get("type") for event in events] == [
        "platform.initStart", "platform.start", None, None, "platform.report"
    ]  # fmt: skip
    loud, wrong = events[2:4]
    assert loud["level"] == "WARNING" and loud["message"] == "loud" and loud["logger"] == "shop" and loud["order"] == 7
    assert loud["requestId"] == id
    assert wrong["errorType"] == "ZeroDivisionError" and wrong["errorMessage"] == "division by zero"
    assert wrong["location"].startswith("/var/task/app.py:handler:")
    report = events[-1]["record"]
    assert report["status"] == "success" and report["metrics"]["memorySizeMB"] == 128
    stream = aws("logs").describe_log_streams(logGroupName="/shop")["logStreams"][0]["logStreamName"]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/worker\[\$LATEST\][0-9a-f]{32}", stream)


# What happens next


def test_invocations_are_measured(aws, cloud):
    name = runnable(aws, "def handler(event, context):\n    return 1 / event\n")
    invoked(aws, name, 1)
    failed(aws, name, 0)
    cloud.run(cloud.cloud.metrics.flush)
    rows = cloud.run(lambda: cloud.cloud.store.read(
        "SELECT metric.name, SUM(metric_data.total) FROM metric JOIN metric_data ON metric_data.metric = metric.id"
        " WHERE namespace = 'AWS/Lambda' AND dimensions LIKE '%worker%' GROUP BY metric.name"
    ).fetchall())  # fmt: skip
    told = dict(rows)
    assert told["Invocations"] == 2 and told["Errors"] == 1 and told["Duration"] > 0


def test_tracing_gives_the_function_a_sampled_trace(aws):
    text = "import os\n\ndef handler(event, context):\n    return os.environ['_X_AMZN_TRACE_ID']\n"
    role = execution_role(aws, "tracer", *LOGS, "xray:PutTraceSegments", "xray:PutTelemetryRecords")
    name = runnable(aws, text, role=role, TracingConfig={"Mode": "Active"})
    trace = invoked(aws, name)
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=1", trace)
    report = logged(aws, "/aws/lambda/worker")[-1]
    assert f"XRAY TraceId: {trace[5:40]}\tSegmentId: " in report
