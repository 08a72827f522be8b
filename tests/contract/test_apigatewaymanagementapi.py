"""The management of connections: backends speak to the clients of WebSocket APIs, look at them and hang up."""

import json

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from websockets.exceptions import ConnectionClosed

from tests.contract.http_apis import refusal
from tests.contract.socket_apis import WHO, connected, dial, heard, mocked, spoken, telling, told


@pytest.fixture
def apis(aws):
    return aws("apigatewayv2")


# What is refused


def test_connections_that_are_not_there(aws, apis, endpoint):
    api = spoken(apis)
    mocked(apis, api, "$default", WHO)
    for url in (endpoint, f"{endpoint}/_aws/execute-api/{api}/dev"):
        manager = aws("apigatewaymanagementapi", endpoint_url=url)
        for call in (manager.get_connection, manager.delete_connection):
            assert refusal(call, ConnectionId="gone=") == ("GoneException", "")
        assert refusal(manager.post_to_connection, ConnectionId="gone=", Data=b"x") == ("GoneException", "")
    manager = aws("apigatewaymanagementapi", endpoint_url=f"{endpoint}/_aws/execute-api/{api}/test")
    assert refusal(manager.get_connection, ConnectionId="gone=") == ("ForbiddenException", "Forbidden")


def test_whoever_may_not_speak_to_clients(aws, apis, endpoint):
    api = spoken(apis)
    mocked(apis, api, "$default", WHO)
    url = f"{endpoint}/_aws/execute-api/{api}/dev"
    aws("iam").create_user(UserName="ann")
    key = aws("iam").create_access_key(UserName="ann")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    ann = aws("apigatewaymanagementapi", endpoint_url=url, **keys)
    nobody = aws("apigatewaymanagementapi", endpoint_url=url, config=Config(signature_version=UNSIGNED))
    with dial(endpoint, api) as client:
        name = connected(client)
        assert refusal(ann.get_connection, ConnectionId=name)[0] == "AccessDeniedException"
        assert refusal(nobody.get_connection, ConnectionId=name)[0] != "GoneException"
        arn = f"arn:aws:execute-api:eu-west-1:000000000000:{api}/dev/GET/@connections/*"
        statement = {"Effect": "Allow", "Action": "execute-api:ManageConnections", "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        aws("iam").put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=policy)
        assert ann.get_connection(ConnectionId=name)["Identity"]["SourceIp"] == "127.0.0.1"
        assert refusal(ann.post_to_connection, ConnectionId=name, Data=b"x")[0] == "AccessDeniedException"


def test_messages_that_are_too_large_to_be_posted(aws, apis, endpoint):
    api = spoken(apis)
    mocked(apis, api, "$default", WHO)
    manager = aws("apigatewaymanagementapi")
    with dial(endpoint, api) as client:
        code, _ = refusal(manager.post_to_connection, ConnectionId=connected(client), Data=b"x" * (128 * 1024 + 1))
    assert code == "PayloadTooLargeException"


# What is done


def test_backends_speak_to_clients_and_look_at_them(aws, apis, endpoint, cloud):
    api = spoken(apis)
    mocked(apis, api, "$default", WHO)
    with dial(endpoint, api, user_agent_header="test/1.0") as client:
        name = connected(client)
        for url in (endpoint, f"{endpoint}/_aws/execute-api/{api}/dev"):
            manager = aws("apigatewaymanagementapi", endpoint_url=url)
            manager.post_to_connection(ConnectionId=name, Data="Grüße".encode())
            assert heard(client) == "Grüße"
        seen = manager.get_connection(ConnectionId=name)
        assert seen["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "test/1.0"}
        assert seen["ConnectedAt"] <= seen["LastActiveAt"]


# What happens next


def test_a_backend_hangs_up(aws, apis, endpoint):
    queue = aws("sqs").create_queue(QueueName="told")["QueueUrl"]
    api = spoken(apis)
    mocked(apis, api, "$default", WHO)
    telling(aws, apis, api, "$disconnect", '"$context.connectionId"')
    manager = aws("apigatewaymanagementapi")
    with dial(endpoint, api) as client:
        name = connected(client)
        manager.delete_connection(ConnectionId=name)
        assert refusal(manager.get_connection, ConnectionId=name)[0] == "GoneException"
        with pytest.raises(ConnectionClosed):
            heard(client)
    assert told(aws, queue) == name
