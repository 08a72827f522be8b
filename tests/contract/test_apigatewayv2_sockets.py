"""WebSocket APIs: how they are made, which route a message takes, what clients hear, and how they go."""

import json

import pytest
from websockets.exceptions import ConnectionClosed

from glasshouse.core.lines import Lines
from tests.contract.http_apis import Caller, apis, backend, refusal
from tests.contract.lambda_code import execution_role
from tests.contract.socket_apis import (
    GATEWAY,
    STAGE,
    WHO,
    connected,
    dial,
    heard,
    mocked,
    routed,
    spoken,
    telling,
    told,
    turned_away,
)

__all__ = ["apis", "backend"]  # fixtures


@pytest.fixture
def queue(aws):
    return aws("sqs").create_queue(QueueName="told")["QueueUrl"]


# What is refused


def test_apis_that_make_no_sense(apis):
    code, message = refusal(apis.create_api, Name="n", ProtocolType="WEBSOCKET")
    assert (code, message) == ("BadRequestException", "Route selection expression is required for WEBSOCKET protocol")
    call, settings = apis.create_api, {"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.a"}
    assert refusal(call, Name="n", **settings, Target="https://example.com")[0] == "BadRequestException"
    assert refusal(call, Name="n", **settings, CorsConfiguration={})[0] == "BadRequestException"


def test_parts_that_are_for_http_apis_only(apis):
    api = spoken(apis)
    sources = ["route.request.header.Authorization"]
    new = {"ApiId": api, "AuthorizerType": "REQUEST", "AuthorizerUri": "arn:aws:lambda:::function:a", "Name": "a"}
    assert refusal(apis.create_authorizer, **new, IdentitySource=["$request.header.Authorization"]) == (
        "BadRequestException", "Invalid identity source specified: $request.header.Authorization",
    )  # fmt: skip
    code, _ = refusal(apis.create_authorizer, **new, IdentitySource=sources, AuthorizerPayloadFormatVersion="2.0")
    assert code == "BadRequestException"
    code, _ = refusal(apis.create_integration, ApiId=api, IntegrationType="MOCK", PayloadFormatVersion="2.0")
    assert code == "BadRequestException"
    code, message = refusal(apis.create_route, ApiId=api, RouteKey="$default", AuthorizationType="AWS_IAM")
    assert (code, message) == (
        "BadRequestException", "Currently, authorization is restricted to the $connect route only",
    )  # fmt: skip
    code, message = refusal(apis.create_route, ApiId=api, RouteKey="$connect", ApiKeyRequired=True)
    assert code == "NotSupported" and "API keys" in message


def test_stages_and_paths_that_are_not_there(apis, endpoint):
    api = spoken(apis)
    mocked(apis, api, "$default", WHO)
    assert turned_away(endpoint, api, "/test")[0] == 403
    status, said = turned_away(endpoint, api, "/dev/more")
    assert status == 403 and json.loads(said)["message"] == "Forbidden"


def test_requests_that_ask_for_no_websocket(apis, endpoint):
    api = spoken(apis)
    mocked(apis, api, "$default", WHO)
    reply = Caller(endpoint)(api, "/dev")
    assert reply.status == 426 and reply.document["message"] == "Upgrade Required"


def test_clients_whom_the_connect_route_turns_away(apis, endpoint, backend):
    api = spoken(apis)
    mocked(apis, api, "$connect", "{}", status=418)
    assert turned_away(endpoint, api)[0] == 418
    other = spoken(apis)
    routed(apis, other, "$connect", IntegrationType="HTTP_PROXY", IntegrationUri="http://127.0.0.1:1/")
    status, said = turned_away(endpoint, other)
    assert status == 500 and json.loads(said)["message"] == "Internal server error"


def test_clients_that_iam_does_not_know(aws, apis, endpoint):
    api = spoken(apis)
    mocked(apis, api, "$connect", "{}", route={"AuthorizationType": "AWS_IAM"})
    assert turned_away(endpoint, api)[0] == 403


def test_messages_that_no_route_is_for(apis, endpoint):
    api = spoken(apis)
    mocked(apis, api, "known", WHO)
    with dial(endpoint, api) as client:
        for message in ('{"action": "unknown"}', '{"action": "$connect"}', "no JSON", "[]"):
            client.send(message)
            said = json.loads(heard(client))
            assert said["message"] == "Forbidden" and said["connectionId"] and said["requestId"]
        client.send('{"action": "known"}')
        assert json.loads(heard(client)) == {"connectionId": said["connectionId"]}


def test_bytes_are_not_taken(apis, endpoint):
    api = spoken(apis)
    with dial(endpoint, api) as client:
        client.send(b"bytes")
        with pytest.raises(ConnectionClosed) as ended:
            heard(client)
    assert ended.value.rcvd.code == 1003


def test_messages_beyond_the_rate(apis, endpoint, cloud):
    cloud.clock.freeze()
    api = spoken(apis)
    mocked(apis, api, "$default", WHO)
    limits = {"ThrottlingRateLimit": 1.0, "ThrottlingBurstLimit": 1}
    apis.update_stage(ApiId=api, StageName=STAGE, RouteSettings={"$default": limits})
    with dial(endpoint, api) as client:
        client.send("{}")
        assert "message" not in json.loads(heard(client))
        client.send("{}")
        assert json.loads(heard(client))["message"] == "Too Many Requests"


def test_answers_that_cannot_be_made(apis, endpoint, backend):
    api = spoken(apis, "$request.body.action")
    routed(apis, api, "gone", IntegrationType="HTTP_PROXY", IntegrationUri="http://127.0.0.1:1/")
    slow = {"IntegrationUri": f"{backend.url}/slow", "TimeoutInMillis": 50}
    routed(apis, api, "slow", IntegrationType="HTTP_PROXY", **slow)
    routed(apis, api, "unmapped", IntegrationType="MOCK")
    mocked(apis, api, "broken", "#if(")
    with dial(endpoint, api) as client:
        for action in ("gone", "slow", "unmapped", "broken"):
            client.send(json.dumps({"action": action}))
            wanted = "Endpoint request timed out" if action == "slow" else "Internal server error"
            assert json.loads(heard(client))["message"] == wanted


# What is done


def test_apis_are_described(apis):
    api = apis.create_api(Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    assert api["ApiEndpoint"] == f"wss://{api['ApiId']}.execute-api.eu-west-1.amazonaws.com"
    assert api["ApiKeySelectionExpression"] == "$request.header.x-api-key"
    made = apis.create_integration(ApiId=api["ApiId"], IntegrationType="MOCK")
    assert made["PassthroughBehavior"] == "WHEN_NO_MATCH" and made["TimeoutInMillis"] == 29_000
    assert made["IntegrationResponseSelectionExpression"] == "${integration.response.statuscode}"
    stage = apis.create_stage(ApiId=api["ApiId"], StageName="dev")
    wanted = {"DataTraceEnabled": False, "DetailedMetricsEnabled": False, "LoggingLevel": "OFF"}
    assert stage["DefaultRouteSettings"] == wanted


@pytest.mark.parametrize(
    "expression, message, action",
    [
        ("$request.body.action", '{"action": "a"}', "a"),
        ("${request.body.type.name}", '{"type": {"name": "a"}}', "a"),
        ("\\$default", '{"action": "a"}', "other"),
        ("$request.body.action", '{"action": "b"}', "other"),
        ("$request.body.action", "plain text", "other"),
    ],
)
def test_routes_are_selected_by_an_expression(apis, endpoint, expression, message, action):
    api = spoken(apis, expression)
    mocked(apis, api, "a", "a")
    mocked(apis, api, "$default", "other")
    with dial(endpoint, api) as client:
        client.send(message)
        assert heard(client) == action


def test_backends_get_messages_as_they_are(apis, endpoint, backend):
    api = spoken(apis)
    routed(
        apis, api, "$default", IntegrationType="HTTP_PROXY", IntegrationUri=f"{backend.url}/{{to}}",
        RequestParameters={
            "integration.request.header.connection-is": "context.connectionId",
            "integration.request.querystring.name": "route.request.querystring.name",
            "integration.request.path.to": "route.request.body.to", "integration.request.header.constant": "'a b'",
        },
    )  # fmt: skip
    with dial(endpoint, api, "/dev?name=Ann") as client:
        client.send('{"to": "here"}')
        seen = json.loads(heard(client))
    assert (seen["method"], seen["path"], seen["body"]) == ("POST", "/here?name=Ann", '{"to": "here"}')
    assert seen["headers"]["constant"] == "a b" and seen["headers"]["connection-is"].endswith("=")
    assert seen["headers"]["user-agent"] == f"AmazonAPIGateway_{api}"


def test_templates_make_what_is_asked_and_what_is_answered(apis, endpoint, backend):
    template = """{
        "body": $input.body, "name": $input.json('$.name'), "first": "$input.path('$.list[0]')",
        "query": "$input.params('q')", "agent": "$context.identity.userAgent", "route": "$context.routeKey",
        "type": "$context.eventType", "quoted": "$util.escapeJavaScript('a"b')", "stage": "$stageVariables.color"
    }"""
    api = spoken(apis)
    apis.update_stage(ApiId=api, StageName=STAGE, StageVariables={"color": "red"})
    made = routed(
        apis, api, "$default", IntegrationType="HTTP", IntegrationUri=backend.url,
        RequestTemplates={"a": template, "b": "B"}, TemplateSelectionExpression="$request.body.kind",
    )  # fmt: skip
    backend.answers["/"] = (203, {"content-type": "text/x; charset=utf-8"}, b'{"n": 1}')
    apis.create_integration_response(
        ApiId=api, IntegrationId=made, IntegrationResponseKey="/20\\d/",
        TemplateSelectionExpression="$integration.response.header.Content-Type",
        ResponseTemplates={"text/x": "$input.json('$.n') of text/x", "$default": "other"},
    )  # fmt: skip
    apis.create_integration_response(ApiId=api, IntegrationId=made, IntegrationResponseKey="$default")
    with dial(endpoint, api, "/dev?q=1", user_agent_header="test/1.0") as client:
        client.send('{"kind": "a", "name": "Ann", "list": [7]}')
        assert heard(client) == "1 of text/x"
        backend.answers["/"] = (404, {}, b"as it is")
        client.send('{"kind": "b"}')
        assert heard(client) == "as it is"
    asked = json.loads(backend.asked[0]["body"])
    assert asked == {
        "body": {"kind": "a", "name": "Ann", "list": [7]}, "name": "Ann", "first": "7", "query": "1",
        "agent": "test/1.0", "route": "$default", "type": "MESSAGE", "quoted": 'a"b', "stage": "red",
    }  # fmt: skip
    assert backend.asked[1]["body"] == "B"


def test_messages_become_records(aws, apis, endpoint):
    kinesis = aws("kinesis")
    kinesis.create_stream(StreamName="said", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="said")
    api = spoken(apis)
    template = '{"StreamName": "said", "Data": "$util.base64Encode($input.body)", "PartitionKey": "p"}'
    made = routed(
        apis, api, "$default", IntegrationType="AWS", RequestTemplates={"default": template},
        IntegrationUri="arn:aws:apigateway:eu-west-1:kinesis:action/PutRecord", TemplateSelectionExpression="default",
        CredentialsArn=execution_role(aws, "writer", "kinesis:PutRecord", service=GATEWAY),
    )  # fmt: skip
    apis.create_integration_response(ApiId=api, IntegrationId=made, IntegrationResponseKey="/200/")
    with dial(endpoint, api) as client:
        client.send("$u{}\\1")
        assert json.loads(heard(client))["ShardId"] == "shardId-000000000000"
    start = kinesis.get_shard_iterator(
        StreamName="said", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    assert [record["Data"] for record in kinesis.get_records(ShardIterator=start)["Records"]] == [b"$u{}\\1"]


def test_a_client_that_signs_is_known(aws, apis, endpoint, cloud):
    """As the SDKs of browsers do, by the query."""
    api = spoken(apis)
    mocked(apis, api, "$connect", "{}", route={"AuthorizationType": "AWS_IAM"})
    mocked(apis, api, "$default", "$context.authorizer.userArn")
    from botocore.auth import SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest("GET", f"https://{api}.execute-api.localhost/dev")
    SigV4QueryAuth(Credentials("test", "test"), "execute-api", "eu-west-1").add_auth(request)
    path = request.url.partition(".localhost")[2]
    with dial(endpoint, api, path, host=f"{api}.execute-api.localhost") as client:
        client.send("{}")
        assert heard(client) == "arn:aws:iam::000000000000:root"


# What happens next


def test_who_says_nothing_for_ten_minutes_is_let_go(aws, apis, endpoint, cloud, queue):
    cloud.clock.freeze()
    api = spoken(apis)
    mocked(apis, api, "$default", WHO)
    telling(aws, apis, api, "$disconnect", '"$context.disconnectStatusCode $context.disconnectReason"')
    with dial(endpoint, api) as client:
        cloud.clock.advance(500)
        connected(client)
        cloud.clock.advance(500)
        name = connected(client)
        cloud.clock.advance(601)
        with pytest.raises(ConnectionClosed) as ended:
            heard(client)
    assert (ended.value.rcvd.code, ended.value.rcvd.reason) == (1001, "Going away")
    assert told(aws, queue) == "1001 Going away"
    assert refusal(aws("apigatewaymanagementapi").get_connection, ConnectionId=name)[0] == "GoneException"


def test_nobody_stays_for_more_than_two_hours(apis, endpoint, cloud):
    cloud.clock.freeze()
    api = spoken(apis)
    mocked(apis, api, "$default", WHO)
    with dial(endpoint, api) as client:
        for _ in range(14):
            cloud.clock.advance(500)
            connected(client)
        cloud.clock.advance(201)
        with pytest.raises(ConnectionClosed):
            heard(client)


def test_the_disconnect_route_hears_how_a_client_has_gone(aws, apis, endpoint, queue):
    api = spoken(apis)
    telling(aws, apis, api, "$disconnect", '"$context.disconnectStatusCode $context.eventType"')
    with dial(endpoint, api) as client:
        client.close(4000, "enough")
    assert told(aws, queue) == "4000 DISCONNECT"
    with dial(endpoint, api) as client:
        client.socket.close()
    assert told(aws, queue) == "1006 DISCONNECT"


def test_who_was_connected_when_the_process_died_has_gone(aws, apis, endpoint, cloud, queue):
    cloud.clock.freeze()
    api = spoken(apis)
    mocked(apis, api, "$default", WHO)
    telling(aws, apis, api, "$disconnect", '"$context.connectionId $context.disconnectStatusCode"')
    with dial(endpoint, api) as client:
        name = connected(client)
        cloud.run(lambda: cloud.cloud.resident(Lines).drop(name))
    cloud.clock.advance(601)
    assert told(aws, queue) == f"{name} 1006"


def test_with_the_api_go_its_clients(apis, endpoint):
    api = spoken(apis)
    with dial(endpoint, api) as client:
        apis.delete_stage(ApiId=api, StageName=STAGE)
        with pytest.raises(ConnectionClosed):
            heard(client)
    apis.create_stage(ApiId=api, StageName=STAGE, AutoDeploy=True)
    with dial(endpoint, api) as client:
        apis.delete_api(ApiId=api)
        with pytest.raises(ConnectionClosed):
            heard(client)


def test_connections_and_messages_are_logged_and_counted(aws, apis, endpoint, cloud):
    logs = aws("logs")
    logs.create_log_group(logGroupName="said")
    api = spoken(apis)
    mocked(apis, api, "$default", WHO)
    settings = {
        "DestinationArn": "arn:aws:logs:eu-west-1:000000000000:log-group:said",
        "Format": "$context.requestId $context.eventType $context.routeKey $context.connectionId $context.status",
    }
    apis.update_stage(ApiId=api, StageName=STAGE, AccessLogSettings=settings)
    with dial(endpoint, api) as client:
        name = connected(client)
    cloud.settle()
    lines = [event["message"].split(" ", 1)[1] for event in logs.filter_log_events(logGroupName="said")["events"]]
    assert lines[:2] == [f"CONNECT - {name} 101", f"MESSAGE $default {name} 200"]
    cloud.clock.advance(60)
    metrics = aws("cloudwatch").list_metrics(Namespace="AWS/ApiGateway")["Metrics"]
    assert {"ConnectCount", "MessageCount", "ClientError"} <= {metric["MetricName"] for metric in metrics}
