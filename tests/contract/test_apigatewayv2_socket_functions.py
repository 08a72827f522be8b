"""WebSocket APIs and functions: what they are called with, what their answers lead to, how they speak to clients."""

import json

from tests.contract.http_apis import apis
from tests.contract.lambda_code import execution_role, grant, made
from tests.contract.socket_apis import dial, heard, routed, spoken, turned_away

__all__ = ["apis"]  # fixtures

# Does what the message, or the query of the client that connects, asks for; else it tells of the event.
DOING = """
import base64, json, os
import boto3

def handler(event, context):
    query = event.get("queryStringParameters") or {}
    try:
        wish = json.loads(event.get("body") or "{}").get("wish") or query.get("wish")
    except ValueError:
        wish = None
    who = event.get("requestContext", {}).get("connectionId")
    if wish == "raise":
        raise ValueError("as it was asked to")
    if wish == "nothing":
        return None
    if wish == "refuse":
        return {"statusCode": 409, "body": "taken"}
    if wish == "protocol":
        return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chat.2"}}
    if wish == "speak":
        client = boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
        client.post_to_connection(ConnectionId=who, Data=b"spoken")
        return {"statusCode": 200}
    if event.get("requestContext", {}).get("eventType") == "DISCONNECT":
        boto3.client("sqs").send_message(QueueUrl=os.environ["TOLD"], MessageBody=json.dumps(event))
    return {"statusCode": 200, "body": json.dumps(event)}
"""
# Says what its identity source, a header, asks for.
JUDGING = """
import json

def handler(event, context):
    wish = event["headers"]["Wish"]
    if wish == "nobody":
        raise Exception("Unauthorized")
    effect = "Allow" if wish == "allow" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {"principalId": "ann", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            "context": {"event": json.dumps(event), "number": 7}}
"""


def may_be_called(aws, name, api, path="*"):
    aws("lambda").add_permission(
        FunctionName=name, StatementId=f"gateway-{api}", Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com", SourceArn=f"arn:aws:execute-api:eu-west-1:000000000000:{api}/{path}",
    )  # fmt: skip


def doing(aws, apis, *keys, **environment):
    """An API whose routes lead to the function `doing`."""
    arn = made(aws, "doing", DOING, Environment={"Variables": environment})["FunctionArn"]
    grant(aws, "doing-worker", "execute-api:ManageConnections", "sqs:SendMessage")
    api = spoken(apis)
    for key in keys:
        routed(apis, api, key, IntegrationType="AWS_PROXY", IntegrationUri=arn)
    may_be_called(aws, "doing", api)
    return api


# What is refused


def test_clients_whom_a_function_turns_away(aws, apis, endpoint):
    api = doing(aws, apis, "$connect")
    assert turned_away(endpoint, api, "/dev?wish=refuse") == (409, "taken")
    for wish in ("raise", "nothing"):
        status, said = turned_away(endpoint, api, f"/dev?wish={wish}")
        assert status == 502 and json.loads(said)["message"] == "Internal server error"


def test_a_function_that_does_not_let_the_api_in(aws, apis, endpoint):
    api = doing(aws, apis, "$connect")
    aws("lambda").remove_permission(FunctionName="doing", StatementId=f"gateway-{api}")
    assert turned_away(endpoint, api)[0] == 500
    may_be_called(aws, "doing", api, "*/$connect")
    with dial(endpoint, api):
        pass


def test_messages_that_a_function_fails_at(aws, apis, endpoint):
    api = doing(aws, apis, "$default")
    with dial(endpoint, api) as client:
        for wish in ("raise", "nothing"):
            client.send(json.dumps({"wish": wish}))
            assert json.loads(heard(client))["message"] == "Internal server error"


def test_clients_whom_an_authorizer_turns_away(aws, apis, endpoint):
    api = guarded(aws, apis)
    assert turned_away(endpoint, api)[0] == 401
    for wish, status in (("nobody", 401), ("deny", 403)):
        found, said = turned_away(endpoint, api, additional_headers={"Wish": wish})
        assert found == status
        assert json.loads(said)["message"] == {401: "Unauthorized", 403: "Forbidden"}[status]


# What is done


def test_a_function_is_told_who_connects(aws, apis, endpoint):
    queue = aws("sqs").create_queue(QueueName="told")["QueueUrl"]
    api = doing(aws, apis, "$connect", "$default", "$disconnect", TOLD=queue)
    with dial(endpoint, api, "/dev?a=1&a=2", additional_headers={"X-Mine": "yes"}, user_agent_header="t/1") as client:
        client.send('{"say": "hello"}')
        event = json.loads(heard(client))
        client.close(1000, "bye")
    context = event.pop("requestContext")
    assert event == {"body": '{"say": "hello"}', "isBase64Encoded": False}
    assert context.pop("messageId") and context.pop("requestId") == context.pop("extendedRequestId")
    assert context.pop("requestTimeEpoch") >= context.pop("connectedAt")
    assert context.pop("requestTime").endswith(" +0000")
    name = context["connectionId"]
    assert context == {
        "routeKey": "$default", "eventType": "MESSAGE", "messageDirection": "IN", "stage": "dev", "apiId": api,
        "identity": {"userAgent": "t/1", "sourceIp": "127.0.0.1"}, "connectionId": name,
        "domainName": f"{api}.execute-api.localhost:{endpoint.rpartition(':')[2]}",
    }  # fmt: skip
    (message,) = aws("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    parted = json.loads(message["Body"])
    assert parted["headers"]["Host"] == context["domainName"] and "body" not in parted
    assert parted["requestContext"]["connectionId"] == name
    assert parted["requestContext"]["disconnectStatusCode"] == 1000
    assert parted["requestContext"]["disconnectReason"] == "bye"


def test_the_connect_route_gets_the_clients_headers_and_query(aws, apis, endpoint):
    api = guarded(aws, apis)
    headers = {"Wish": "allow", "X-Mine": "yes"}
    with dial(endpoint, api, "/dev?a=1&a=2", additional_headers=headers) as client:
        client.send("{}")
        authorizer = json.loads(heard(client))["requestContext"]["authorizer"]
    assert (authorizer["principalId"], authorizer["number"]) == ("ann", 7)
    event = json.loads(authorizer["event"])
    assert (event["type"], event["methodArn"]) == (
        "REQUEST", f"arn:aws:execute-api:eu-west-1:000000000000:{api}/dev/$connect",
    )  # fmt: skip
    assert event["headers"]["X-Mine"] == "yes" and event["headers"]["Upgrade"] == "websocket"
    assert event["multiValueHeaders"]["Wish"] == ["allow"] and event["headers"]["Sec-WebSocket-Key"]
    assert event["queryStringParameters"] == {"a": "2"}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
    context = event["requestContext"]
    assert (context["routeKey"], context["eventType"]) == ("$connect", "CONNECT")
    assert context["connectionId"] and "messageId" not in context


def guarded(aws, apis):
    """The function `doing` behind an authorizer."""
    api = doing(aws, apis, "$connect", "$default")
    arn = made(aws, "judging", JUDGING)["FunctionArn"]
    authorizer = apis.create_authorizer(
        ApiId=api, Name="judge", AuthorizerType="REQUEST", AuthorizerUri=arn,
        IdentitySource=["route.request.header.Wish"],
    )["AuthorizerId"]  # fmt: skip
    may_be_called(aws, "judging", api, f"authorizers/{authorizer}")
    routes = {route["RouteKey"]: route["RouteId"] for route in apis.get_routes(ApiId=api)["Items"]}
    apis.update_route(
        ApiId=api, RouteId=routes["$connect"], AuthorizationType="CUSTOM", AuthorizerId=authorizer
    )  # fmt: skip
    return api


def test_a_function_chooses_the_protocol(aws, apis, endpoint):
    api = doing(aws, apis, "$connect")
    with dial(endpoint, api, "/dev?wish=protocol", subprotocols=["chat.1", "chat.2"]) as client:
        assert client.subprotocol == "chat.2"


def test_a_function_speaks_to_the_client(aws, apis, endpoint):
    api = doing(aws, apis, "$default")
    with dial(endpoint, api) as client:
        client.send('{"wish": "speak"}')
        assert {heard(client), heard(client)} == {"spoken", ""}


def test_a_function_gets_what_a_template_makes(aws, apis, endpoint):
    arn = made(aws, "doing", DOING)["FunctionArn"]
    uri = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    api = spoken(apis)
    made_by = routed(
        apis, api, "$default", IntegrationType="AWS", IntegrationUri=uri,
        RequestTemplates={"$default": '{"said": "$input.path(\'$.say\')"}'},
        CredentialsArn=execution_role(aws, "caller", "lambda:InvokeFunction", service="apigateway.amazonaws.com"),
    )  # fmt: skip
    apis.create_integration_response(
        ApiId=api, IntegrationId=made_by, IntegrationResponseKey="$default",
        TemplateSelectionExpression="$integration.response.statuscode",
        ResponseTemplates={"200": "$input.path('$.body')", "$default": "other"},
    )  # fmt: skip
    with dial(endpoint, api) as client:
        client.send('{"say": "hello"}')
        assert json.loads(heard(client)) == {"said": "hello"}


# What happens next


def test_one_way_routes_answer_nothing(aws, apis, endpoint):
    api = doing(aws, apis, "$default")
    (route,) = apis.get_routes(ApiId=api)["Items"]
    (response,) = apis.get_route_responses(ApiId=api, RouteId=route["RouteId"])["Items"]
    apis.delete_route_response(ApiId=api, RouteId=route["RouteId"], RouteResponseId=response["RouteResponseId"])
    with dial(endpoint, api) as client:
        client.send('{"wish": "speak"}')
        assert heard(client) == "spoken"
        client.send("{}")
        client.send('{"wish": "speak"}')
        assert heard(client) == "spoken"


def test_many_clients_at_a_time(aws, apis, endpoint):
    api = doing(aws, apis, "$connect", "$default")
    with dial(endpoint, api) as one, dial(endpoint, api) as other:
        one.send('{"wish": "speak"}')
        other.send('{"number": 2}')
        assert {heard(one), heard(one)} == {"spoken", ""}
        assert json.loads(json.loads(heard(other))["body"]) == {"number": 2}
