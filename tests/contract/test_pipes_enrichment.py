"""EventBridge Pipes: enrichments, and API destinations at both ends."""

import json

import pytest

from tests.contract.events_box import ACCOUNT, REGION, role
from tests.contract.http_endpoint import Endpoint
from tests.contract.lambda_code import made
from tests.contract.pipes_box import ARN, BODY, LAMBDA, SOURCE, arrived, left, make, may, pipes, send, source, url
from tests.contract.test_events_destinations import connect, destination

__all__ = ["may", "pipes", "source", "url"]  # fixtures
# Does with the bodies of messages, or what a template made of them, what the first one says.
MAKER = """
import json
def handler(event, context):
    bodies = [json.loads(one["body"]) if "body" in one else one for one in event]
    match bodies[0].get("do"):
        case "nothing":
            return []
        case "fail":
            raise ValueError("as it was asked to")
        case "one":
            return {"count": len(bodies)}
        case "many":
            return [{"n": n} for n in range(bodies[0]["count"])]
        case "keep":
            return [{**one, "seen": True} for one in event]
    return bodies
"""


@pytest.fixture
def maker(aws):
    made(aws, "maker", MAKER)
    return LAMBDA + "maker"


@pytest.fixture
def server():
    with Endpoint() as it:
        yield it


@pytest.fixture
def called(aws, server):
    """An API destination."""
    events = aws("events")
    return destination(events, server.url + "/a/*", connect(events))


# What is refused


def test_an_enrichment_that_fails(cloud, aws, pipes, may, source, url, maker):
    make(cloud, pipes, may, Enrichment=maker)
    send(cloud, aws, source, {"do": "fail"})
    assert (arrived(aws, url), left(aws, source)) == ([], (0, 1))


def test_more_than_the_target_takes(cloud, aws, pipes, may, source, url, maker):
    make(cloud, pipes, may, Enrichment=maker)
    send(cloud, aws, source, {"do": "many", "count": 11})
    assert (arrived(aws, url), left(aws, source)) == ([], (0, 1))


def test_an_endpoint_that_fails(cloud, aws, pipes, may, source, url, called, server):
    server.answer = lambda asked: (500, {}, "no")
    make(cloud, pipes, may, Enrichment=called)
    send(cloud, aws, source, {"n": 1})
    assert (arrived(aws, url), left(aws, source), len(server.asked)) == ([], (0, 1), 1)


def test_a_role_that_may_not_call(cloud, aws, pipes, source, called, server):
    reader = role(aws, "reader", "pipes.amazonaws.com", ("sqs:*", SOURCE))
    make(cloud, pipes, reader, target=called)
    send(cloud, aws, source, {"n": 1})
    assert (server.asked, left(aws, source)) == ([], (0, 1))


# What is done


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        ([{"do": "many", "count": 3}], [{"n": 0}, {"n": 1}, {"n": 2}]),
        ([{"do": "one"}, {"n": 1}], [{"count": 2}]),
        ([{"do": "nothing"}], []),
        ([{"n": 1}, {"n": 2}], [{"n": 1}, {"n": 2}]),
    ],
)
def test_a_function_makes_events(cloud, aws, pipes, may, source, url, maker, bodies, expected):
    make(cloud, pipes, may, Enrichment=maker)
    send(cloud, aws, source, *bodies)
    assert (arrived(aws, url), left(aws, source)) == (expected, (0, 0))


def test_templates_before_and_after(cloud, aws, pipes, may, source, url, maker):
    before = {"InputTemplate": '{"x": <$.body.n>, "by": <aws.pipes.enrichment-arn>}'}
    after = {"InputTemplate": '{"y": <$.x>, "by": <$.by>}'}
    make(cloud, pipes, may, Enrichment=maker, EnrichmentParameters=before, TargetParameters=after)
    send(cloud, aws, source, {"n": 1})
    assert arrived(aws, url) == [{"y": 1, "by": maker}]


def test_what_a_function_passes_on_is_still_laid_open(cloud, aws, pipes, may, source, url, maker):
    parameters = {"InputTemplate": '{"do": <$.body.do>, "seen": <$.seen>}'}
    make(cloud, pipes, may, Enrichment=maker, TargetParameters=parameters)
    send(cloud, aws, source, {"do": "keep"})
    assert arrived(aws, url) == [{"do": "keep", "seen": True}]


def test_an_endpoint_makes_events(cloud, aws, pipes, may, source, url, called, server):
    server.answer = lambda asked: (200, {}, json.dumps({"got": asked.document["n"]}))
    http = {
        "PathParameterValues": ["$.body.n"], "HeaderParameters": {"x-one": "1"},
        "QueryStringParameters": {"id": "$.messageId"},
    }  # fmt: skip
    parameters = {"InputTemplate": '{"n": <$.body.n>}', "HttpParameters": http}
    make(cloud, pipes, may, Enrichment=called, EnrichmentParameters=parameters)
    send(cloud, aws, source, {"n": 7}, {"n": 8})
    cloud.clock.advance(1)  # they take turns
    assert sorted(told["got"] for told in arrived(aws, url)) == [7, 8]
    first = next(asked for asked in server.asked if asked.document == {"n": 7})
    assert first.path.startswith("/a/7?id=") and first.headers["x-one"] == "1" and first.headers["x-key"] == "secret"


def test_an_endpoint_is_the_target(cloud, aws, pipes, may, source, called, server):
    make(cloud, pipes, may, target=called, TargetParameters=BODY)
    assert pipes.describe_pipe(Name="p")["SourceParameters"] == {"SqsQueueParameters": {"BatchSize": 1}}
    send(cloud, aws, source, {"n": 1}, {"n": 2})
    cloud.clock.advance(1)
    assert sorted(asked.document["it"]["n"] for asked in server.asked) == [1, 2]
    assert left(aws, source) == (0, 0)


# What happens next


def test_a_target_that_fails_has_the_enrichment_done_again(cloud, aws, pipes, may, source, called, server, maker):
    answers = [(503, {}, ""), (200, {}, "")]
    server.answer = lambda asked: answers[len(server.asked) - 1]
    make(cloud, pipes, may, target=called, Enrichment=maker)
    send(cloud, aws, source, {"n": 1})
    assert (len(server.asked), left(aws, source)) == (1, (0, 1))
    cloud.clock.advance(30)
    assert [asked.document for asked in server.asked] == [{"n": 1}, {"n": 1}]
    assert left(aws, source) == (0, 0)


def test_an_endpoint_says_that_an_event_was_not_processed(cloud, aws, pipes, may, source, called, server):
    def answer(asked):
        failures = [{"itemIdentifier": asked.document["messageId"]}] if len(server.asked) == 1 else []
        return 200, {}, json.dumps({"batchItemFailures": failures})

    server.answer = answer
    make(cloud, pipes, may, target=called)
    send(cloud, aws, source, {"n": 1})
    assert left(aws, source) == (0, 1)
    cloud.clock.advance(30)
    assert (len(server.asked), left(aws, source)) == (2, (0, 0))


def test_no_more_calls_than_a_destination_takes(cloud, aws, pipes, may, source, server):
    cloud.clock.freeze()
    events = aws("events")
    slow = destination(events, server.url, connect(events), InvocationRateLimitPerSecond=1)
    make(cloud, pipes, may, target=slow)
    send(cloud, aws, source, *range(3))
    assert len(server.asked) == 1
    cloud.clock.advance(1)
    assert len(server.asked) == 2
    cloud.clock.advance(1)
    assert (len(server.asked), left(aws, source)) == (3, (0, 0))


def steps(aws) -> list[dict]:
    """What the log of the pipe tells."""
    found = aws("logs").get_log_events(logGroupName="g", logStreamName="p", startFromHead=True)["events"]
    return [json.loads(event["message"]) for event in found]


def logged(level, **more) -> dict:
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g"
    return {"LogConfiguration": {"Level": level, "CloudwatchLogsLogDestination": {"LogGroupArn": group}, **more}}


def test_an_execution_is_logged_step_by_step(cloud, aws, pipes, may, source, url, maker):
    aws("logs").create_log_group(logGroupName="g")
    wanted = logged("TRACE", IncludeExecutionData=["ALL"])
    make(cloud, pipes, may, Enrichment=maker, **wanted)
    assert pipes.describe_pipe(Name="p")["LogConfiguration"] == wanted["LogConfiguration"]
    send(cloud, aws, source, {"n": 1})
    told = steps(aws)
    assert [one["messageType"] for one in told] == [
        "ExecutionStarted", "EnrichmentStageEntered", "EnrichmentInvocationStarted", "EnrichmentInvocationSucceeded",
        "EnrichmentStageSucceeded", "TargetStageEntered", "TargetInvocationStarted", "TargetInvocationSucceeded",
        "TargetStageSucceeded", "ExecutionSucceeded",
    ]  # fmt: skip
    assert len({one["executionId"] for one in told}) == 1
    assert {one["resourceArn"] for one in told} == {ARN + "p"}
    assert json.loads(told[0]["payload"])[0]["body"] == '{"n": 1}'
    assert (json.loads(told[4]["payload"]), told[0]["logLevel"], told[2]["logLevel"]) == ([{"n": 1}], "INFO", "TRACE")


def test_failures_are_logged_alone(cloud, aws, pipes, may, source, url, maker):
    aws("logs").create_log_group(logGroupName="g")
    make(cloud, pipes, may, Enrichment=maker, **logged("ERROR"))
    send(cloud, aws, source, {"n": 1}, {"do": "nothing"})
    send(cloud, aws, source, {"do": "fail"})
    told = steps(aws)
    assert [one["messageType"] for one in told] == [
        "EnrichmentInvocationFailed", "EnrichmentStageFailed", "ExecutionFailed",
    ]  # fmt: skip
    assert "as it was asked to" in told[0]["error"]["message"] and "payload" not in told[0]
    pipes.update_pipe(Name="p", RoleArn=may, LogConfiguration={"Level": "OFF"})
    cloud.settle()
    send(cloud, aws, source, {"do": "fail"})
    assert len(steps(aws)) == 3
