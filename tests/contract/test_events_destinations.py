"""EventBridge: connections and API destinations."""

import json
from base64 import b64encode
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from tests.contract.events_box import ACCOUNT, PATTERN, REGION, attributes, entry, messages, put, queue, role
from tests.contract.http_endpoint import Endpoint
from tests.contract.test_events_rules import refused

ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:"
KEY = {"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "secret"}}
BASIC = {"BasicAuthParameters": {"Username": "user", "Password": "pass"}}


@pytest.fixture
def events(aws):
    return aws("events")


@pytest.fixture
def server():
    with Endpoint() as it:
        yield it


def connect(events, kind="API_KEY", parameters=KEY, name="c", **more) -> str:
    return events.create_connection(Name=name, AuthorizationType=kind, AuthParameters=parameters, **more)[
        "ConnectionArn"
    ]


def oauth(server, **more) -> dict:
    client = {"ClientID": "me", "ClientSecret": "shh"}
    return {
        "OAuthParameters": {
            "AuthorizationEndpoint": server.url + "/token", "HttpMethod": "POST", "ClientParameters": client, **more,
        }
    }  # fmt: skip


def destination(events, url, connection, name="d", method="POST", **more) -> str:
    return events.create_api_destination(
        Name=name, ConnectionArn=connection, InvocationEndpoint=url, HttpMethod=method, **more
    )["ApiDestinationArn"]


def target(aws, events, arn, **options) -> str:
    """A rule that calls a destination."""
    may = role(aws, "caller", "events.amazonaws.com", ("events:InvokeApiDestination", arn))
    events.put_rule(Name="r", EventPattern=PATTERN)
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": arn, "RoleArn": may, **options}])
    return may


# What is refused


def test_connections_that_cannot_be(events):
    connect(events)
    make = {"AuthorizationType": "API_KEY", "AuthParameters": KEY}
    refused(
        events.create_connection, "ResourceAlreadyExistsException", "Connection c already exists.", Name="c", **make
    )
    refused(events.create_connection, "ValidationException", Name="d", **make | {"AuthParameters": BASIC})
    message = (
        "1 validation error detected: Value 'Invalid Name!' at 'name' failed to satisfy constraint: Member must satisfy"
        " regular expression pattern: [\\.\\-_A-Za-z0-9]+"
    )
    refused(events.create_connection, "ValidationException", message, Name="Invalid Name!", **make)
    resource = f"arn:aws:vpc-lattice:{REGION}:{ACCOUNT}:resourceconfiguration/rcfg-{'0' * 17}"
    private = {"ResourceParameters": {"ResourceConfigurationArn": resource}}
    refused(events.create_connection, "NotSupported", Name="d", InvocationConnectivityParameters=private, **make)


def test_what_is_not_there(events):
    for verb, call in (
        ("describe", events.describe_connection),
        ("delete", events.delete_connection),
        ("deauthorize", events.deauthorize_connection),
    ):
        message = f"Failed to {verb} the connection(s). Connection 'c' does not exist."
        refused(call, "ResourceNotFoundException", message, Name="c")
    for verb, call in (
        ("describe", events.describe_api_destination),
        ("delete", events.delete_api_destination),
        ("update", events.update_api_destination),
    ):
        message = f"Failed to {verb} the api-destination(s). An api-destination 'd' does not exist."
        refused(call, "ResourceNotFoundException", message, Name="d")
    gone = ARN + "connection/c/3d6d4d25-0ba5-4d4f-b7f0-1d4b9a2b1a11"
    make = {"Name": "d", "ConnectionArn": gone, "InvocationEndpoint": "https://example.com", "HttpMethod": "POST"}
    refused(events.create_api_destination, "ResourceNotFoundException", **make)


def test_destinations_have_names_of_their_own(events):
    arn = connect(events)
    destination(events, "https://example.com", arn)
    make = {"Name": "d", "ConnectionArn": arn, "InvocationEndpoint": "https://example.com", "HttpMethod": "POST"}
    message = "An api-destination 'd' already exists."
    refused(events.create_api_destination, "ResourceAlreadyExistsException", message, **make)
    message = (
        "1 validation error detected: Value 'SEND' at 'httpMethod' failed to satisfy constraint: Member must satisfy"
        " enum value set: [HEAD, POST, PATCH, DELETE, PUT, GET, OPTIONS]"
    )
    refused(events.create_api_destination, "ValidationException", message, **make | {"HttpMethod": "SEND"})


# What is done


@pytest.mark.parametrize(
    ("kind", "given", "shown", "secret"),
    [
        ("API_KEY", KEY, {"ApiKeyName": "x-key"}, {"api_key_name": "x-key", "api_key_value": "secret"}),
        ("BASIC", BASIC, {"Username": "user"}, {"username": "user", "password": "pass"}),
    ],
)
def test_secrets_of_a_connection_lie_in_secrets_manager(aws, events, kind, given, shown, secret):
    header = {"Key": "h", "Value": "hidden", "IsValueSecret": True}
    query = {"Key": "q", "Value": "open", "IsValueSecret": False}
    given = {**given, "InvocationHttpParameters": {"HeaderParameters": [header], "QueryStringParameters": [query]}}
    made = events.create_connection(Name="c", AuthorizationType=kind, AuthParameters=given, Description="why")
    assert made["ConnectionState"] == "AUTHORIZED"
    assert made["ConnectionArn"].startswith(ARN + "connection/c/")
    found = events.describe_connection(Name="c")
    member = next(name for name in given if name != "InvocationHttpParameters")
    assert found["AuthParameters"][member] == shown
    told = found["AuthParameters"]["InvocationHttpParameters"]
    assert told == {
        "HeaderParameters": [{"Key": "h", "IsValueSecret": True}], "QueryStringParameters": [query]
    }  # fmt: skip
    assert (found["AuthorizationType"], found["Description"]) == (kind, "why")
    held = aws("secretsmanager").get_secret_value(SecretId=found["SecretArn"])
    assert held["Name"].startswith("events!connection/c/")
    kept = json.loads(held["SecretString"])
    assert kept.pop("invocation_http_parameters")["header_parameters"][0]["value"] == "hidden"
    assert kept == secret


def test_the_secret_of_a_connection_belongs_to_events(aws, events):
    connect(events, name="a")
    secrets = aws("secretsmanager")
    found = secrets.describe_secret(SecretId=events.describe_connection(Name="a")["SecretArn"])
    assert found["OwningService"] == "events"
    assert found["Tags"] == [{"Key": "aws:secretsmanager:owningService", "Value": "events"}]
    secrets.create_secret(Name="mine", SecretString="s")
    owned = secrets.list_secrets(Filters=[{"Key": "owning-service", "Values": ["events"]}])["SecretList"]
    assert [one["ARN"] for one in owned] == [found["ARN"]]
    assert "OwningService" not in secrets.describe_secret(SecretId="mine")


def test_connections_are_updated_listed_and_deleted(aws, events):
    connect(events, name="a")
    connect(events, "BASIC", BASIC, name="b")
    first = events.list_connections(Limit=1)
    rest = events.list_connections(NextToken=first["NextToken"])
    assert [one["Name"] for page in (first, rest) for one in page["Connections"]] == ["a", "b"]
    assert [one["Name"] for one in events.list_connections(NamePrefix="b")["Connections"]] == ["b"]
    secret = events.describe_connection(Name="b")["SecretArn"]
    events.update_connection(Name="b", AuthParameters={"BasicAuthParameters": {"Password": "new"}}, Description="d")
    held = json.loads(aws("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])
    assert held == {"username": "user", "password": "new"}
    assert events.describe_connection(Name="b")["AuthParameters"] == {"BasicAuthParameters": {"Username": "user"}}
    events.update_connection(Name="b", AuthorizationType="API_KEY", AuthParameters=KEY)
    found = events.describe_connection(Name="b")
    assert found["AuthParameters"] == {"ApiKeyAuthParameters": {"ApiKeyName": "x-key"}}
    refused(events.update_connection, "ValidationException", Name="b", AuthorizationType="BASIC")
    assert events.deauthorize_connection(Name="b")["ConnectionState"] == "DEAUTHORIZING"
    assert [one["Name"] for one in events.list_connections(ConnectionState="DEAUTHORIZED")["Connections"]] == ["b"]
    assert events.delete_connection(Name="b")["ConnectionState"] == "DELETING"
    refused(events.describe_connection, "ResourceNotFoundException", Name="b")
    refused(aws("secretsmanager").describe_secret, "ResourceNotFoundException", SecretId=secret)


def test_destinations_are_made_updated_listed_and_deleted(events):
    connection = connect(events)
    arn = destination(events, "https://example.com/api", connection, Description="d")
    assert arn.startswith(ARN + "api-destination/d/")
    found = events.describe_api_destination(Name="d")
    del found["ResponseMetadata"]
    expected = {
        "ApiDestinationArn": arn, "Name": "d", "Description": "d", "ApiDestinationState": "ACTIVE",
        "ConnectionArn": connection, "InvocationEndpoint": "https://example.com/api", "HttpMethod": "POST",
        "InvocationRateLimitPerSecond": 300, "CreationTime": found["CreationTime"],
        "LastModifiedTime": found["LastModifiedTime"],
    }  # fmt: skip
    assert found == expected
    events.update_api_destination(Name="d", HttpMethod="PUT", InvocationRateLimitPerSecond=5)
    found = events.describe_api_destination(Name="d")
    assert (found["HttpMethod"], found["InvocationRateLimitPerSecond"]) == ("PUT", 5)
    other = connect(events, name="other")
    destination(events, "https://example.com", other, name="e")
    listed = events.list_api_destinations(ConnectionArn=other)["ApiDestinations"]
    assert [one["Name"] for one in listed] == ["e"]
    first = events.list_api_destinations(Limit=1)
    rest = events.list_api_destinations(NextToken=first["NextToken"])
    assert [one["Name"] for page in (first, rest) for one in page["ApiDestinations"]] == ["d", "e"]
    assert len(events.list_api_destinations(NamePrefix="e")["ApiDestinations"]) == 1
    events.deauthorize_connection(Name="c")
    assert events.describe_api_destination(Name="d")["ApiDestinationState"] == "INACTIVE"
    events.delete_api_destination(Name="d")
    refused(events.describe_api_destination, "ResourceNotFoundException", Name="d")


def test_a_destination_is_called(cloud, aws, events, server):
    added = {
        "HeaderParameters": [{"Key": "x-added", "Value": "connection"}],
        "QueryStringParameters": [{"Key": "q", "Value": "1"}],
        "BodyParameters": [{"Key": "token", "Value": "t"}],
    }
    connection = connect(events, parameters={**KEY, "InvocationHttpParameters": added})
    arn = destination(events, server.url + "/orders/*/of/*?fixed=yes", connection)
    http = {
        "PathParameterValues": ["$.detail.id", "a b"], "HeaderParameters": {"x-who": "$.detail.who", "x-added": "rule"},
        "QueryStringParameters": {"who": "$.detail.who"},
    }  # fmt: skip
    target(aws, events, arn, InputPath="$.detail", HttpParameters=http)
    put(cloud, events, entry({"id": 7, "who": "Eve"}))
    (asked,) = server.asked
    parts = urlsplit(asked.path)
    assert (asked.method, parts.path) == ("POST", "/orders/7/of/a%20b")
    assert parse_qsl(parts.query) == [("fixed", "yes"), ("who", "Eve"), ("q", "1")]
    assert asked.document == {"id": 7, "who": "Eve", "token": "t"}
    expected = {
        "x-key": "secret", "x-who": "Eve", "x-added": "connection", "content-type": "application/json; charset=utf-8",
        "user-agent": "Amazon/EventBridge/ApiDestinations",
    }  # fmt: skip
    assert {name: asked.headers[name] for name in expected} == expected


def test_a_destination_may_want_a_password(cloud, aws, events, server):
    arn = destination(events, server.url, connect(events, "BASIC", BASIC), method="GET")
    target(aws, events, arn)
    put(cloud, events, entry())
    (asked,) = server.asked
    assert asked.headers["authorization"] == f"Basic {b64encode(b'user:pass').decode()}"
    assert (asked.method, asked.body) == ("GET", "")


def test_a_destination_may_want_a_token(cloud, aws, events, server):
    server.answer = lambda asked: (200, {}, json.dumps({"access_token": "abc", "expires_in": 600}))
    extra = {"BodyParameters": [{"Key": "scope", "Value": "all", "IsValueSecret": False}]}
    parameters = oauth(server, OAuthHttpParameters=extra)
    made = events.create_connection(Name="c", AuthorizationType="OAUTH_CLIENT_CREDENTIALS", AuthParameters=parameters)
    assert made["ConnectionState"] == "AUTHORIZING"
    cloud.settle()
    assert events.describe_connection(Name="c")["ConnectionState"] == "AUTHORIZED"
    shown = events.describe_connection(Name="c")["AuthParameters"]["OAuthParameters"]
    assert shown["ClientParameters"] == {"ClientID": "me"}
    (token,) = server.asked
    expected = {
        "grant_type": ["client_credentials"], "client_id": ["me"], "client_secret": ["shh"], "scope": ["all"],
    }  # fmt: skip
    assert parse_qs(token.body) == expected
    arn = destination(events, server.url + "/api", made["ConnectionArn"])
    target(aws, events, arn)
    put(cloud, events, entry(), entry())
    cloud.clock.advance(1)  # they take turns
    paths = [(asked.path, asked.headers.get("authorization")) for asked in server.asked[1:]]
    assert paths == [("/api", "Bearer abc")] * 2
    cloud.clock.advance(600)
    put(cloud, events, entry())
    assert [asked.path for asked in server.asked[3:]] == ["/token", "/api"]


# What happens next


def test_a_connection_that_gets_no_token_is_not_authorized(cloud, events, server):
    server.answer = lambda asked: (401, {}, "no")
    connect(events, "OAUTH_CLIENT_CREDENTIALS", oauth(server))
    cloud.settle()
    found = events.describe_connection(Name="c")
    assert found["ConnectionState"] == "DEAUTHORIZED"
    assert "401" in found["StateReason"]


def test_a_role_needs_to_be_allowed(cloud, aws, events, server):
    url, grave = queue(aws, "grave")
    arn = destination(events, server.url, connect(events))
    may_not = role(aws, "may-not")
    events.put_rule(Name="r", EventPattern=PATTERN)
    letters = {"DeadLetterConfig": {"Arn": grave}}
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": arn, "RoleArn": may_not, **letters}])
    put(cloud, events, entry())
    (letter,) = messages(aws, url)
    assert (attributes(letter)["ERROR_CODE"], server.asked) == ("NO_PERMISSIONS", [])


@pytest.mark.parametrize("status", [429, 500, 503, 401])
def test_a_destination_that_fails_for_the_moment_is_called_again(cloud, aws, events, server, status):
    answers = [(status, {"retry-after": "100"}, ""), (status, {}, "")]
    server.answer = lambda asked: answers.pop(0) if answers else (200, {}, "")
    target(aws, events, destination(events, server.url, connect(events)))
    cloud.clock.freeze()
    put(cloud, events, entry())
    cloud.clock.advance(99)
    assert len(server.asked) == 1
    cloud.clock.advance(1)
    assert len(server.asked) == 2
    cloud.clock.advance(86_400)
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("status", "code", "retries"), [(404, "ERROR_FROM_TARGET", "0"), (500, "ERROR_FROM_TARGET", "2")]
)
def test_what_a_destination_does_not_take_is_a_dead_letter(cloud, aws, events, server, status, code, retries):
    url, grave = queue(aws, "grave")
    server.answer = lambda asked: (status, {}, "sorry")
    arn = destination(events, server.url, connect(events))
    target(aws, events, arn, RetryPolicy={"MaximumRetryAttempts": 2}, DeadLetterConfig={"Arn": grave})
    put(cloud, events, entry())
    cloud.clock.advance(60)
    (letter,) = messages(aws, url)
    told = attributes(letter)
    assert (told["ERROR_CODE"], told["RETRY_ATTEMPTS"]) == (code, retries)
    assert str(status) in told["ERROR_MESSAGE"]


def test_a_destination_that_is_down_is_tried_again(cloud, aws, events):
    url, grave = queue(aws, "grave")
    with Endpoint() as gone:
        arn = destination(events, gone.url, connect(events))
    target(aws, events, arn, RetryPolicy={"MaximumRetryAttempts": 1}, DeadLetterConfig={"Arn": grave})
    put(cloud, events, entry())
    cloud.clock.advance(60)
    (letter,) = messages(aws, url)
    assert attributes(letter)["ERROR_CODE"] == "CONNECTION_FAILURE"


def test_a_destination_is_called_no_faster_than_it_wants(cloud, aws, events, server):
    arn = destination(events, server.url, connect(events), InvocationRateLimitPerSecond=1)
    target(aws, events, arn)
    cloud.clock.freeze()
    put(cloud, events, *[entry()] * 4)
    assert len(server.asked) == 1
    cloud.clock.advance(2)
    assert len(server.asked) == 3
    cloud.clock.advance(1)
    assert len(server.asked) == 4
