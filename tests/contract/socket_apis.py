"""WebSocket APIs for tests, and clients of them."""

import json
import socket
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.contract.lambda_code import execution_role

STAGE, PATIENCE_S = "dev", 10
GATEWAY = "apigateway.amazonaws.com"
WHO = '{"connectionId": "$context.connectionId"}'
FORM = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}


def dial(endpoint: str, api: str, path: str = f"/{STAGE}", host: str | None = None, **options) -> ClientConnection:
    """A client that is connected. `host` is another one than the API's own."""
    parts = urlsplit(endpoint)
    line = socket.create_connection((parts.hostname, parts.port))
    name = host or f"{api}.execute-api.localhost:{parts.port}"
    return connect(f"ws://{name}{path}", sock=line, open_timeout=PATIENCE_S, close_timeout=PATIENCE_S, **options)


def turned_away(endpoint: str, api: str, path: str = f"/{STAGE}", **options) -> tuple[int, str]:
    """The status and the body with which a client is not let in."""
    with pytest.raises(InvalidStatus) as refused:
        dial(endpoint, api, path, **options)
    response = refused.value.response
    return response.status_code, response.body.decode()


def heard(client: ClientConnection) -> str | bytes:
    return client.recv(timeout=PATIENCE_S)


def spoken(client, expression: str = "$request.body.action", **settings) -> str:
    """A WebSocket API whose changes are served at once, as the stage `dev`; its id."""
    api = client.create_api(
        Name="spoken", ProtocolType="WEBSOCKET", RouteSelectionExpression=expression, **settings
    )["ApiId"]  # fmt: skip
    client.create_stage(ApiId=api, StageName=STAGE, AutoDeploy=True)
    return api


def routed(client, api: str, key: str, answers: bool = True, route: dict | None = None, **integration) -> str:
    """A route with an integration of its own, of which the client hears the answer; the integration's id."""
    made = client.create_integration(ApiId=api, **{"IntegrationMethod": "POST", **integration})["IntegrationId"]
    target = f"integrations/{made}"
    route_id = client.create_route(ApiId=api, RouteKey=key, Target=target, **(route or {}))["RouteId"]
    if answers:
        client.create_route_response(ApiId=api, RouteId=route_id, RouteResponseKey="$default")
    return made


def mocked(client, api: str, key: str, template: str, status: int = 200, route: dict | None = None, **mock) -> str:
    """A route that answers with what a template makes."""
    settings = {"RequestTemplates": {"$default": f'{{"statusCode": {status}}}'}, **mock}
    made = routed(client, api, key, route=route, IntegrationType="MOCK", **settings)
    client.create_integration_response(
        ApiId=api, IntegrationId=made, IntegrationResponseKey="$default", ResponseTemplates={"$default": template}
    )
    return made


def connected(client: ClientConnection) -> str:
    """The id of a connection to an API whose default route says it (`WHO`)."""
    client.send("{}")
    return json.loads(heard(client))["connectionId"]


def telling(aws, client, api: str, key: str, message: str) -> str:
    """A route that sends a message to the queue `told`."""
    role = execution_role(aws, f"teller-{key.strip('$')}", "sqs:SendMessage", service=GATEWAY)
    return routed(
        client, api, key, answers=False, IntegrationType="AWS", CredentialsArn=role, RequestParameters=FORM,
        IntegrationUri="arn:aws:apigateway:eu-west-1:sqs:path/000000000000/told",
        RequestTemplates={"$default": f"Action=SendMessage&MessageBody=$util.urlEncode({message})"},
    )  # fmt: skip


def told(aws, queue: str) -> str:
    """The next message in a queue, for which it waits."""
    (message,) = aws("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    aws("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return message["Body"]
