"""Connections: how EventBridge is let in by an HTTP endpoint. What is secret of them lies in Secrets Manager.

Differs from AWS: private endpoints (InvocationConnectivityParameters) are refused.
"""

import json

from glasshouse.core import ids
from glasshouse.services.events.errors import (
    LimitExceededException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    ValidationException,
)
from glasshouse.services.events.records import Connection

PAGE = 100
MOST_CONNECTIONS = 3000
API_KEY, BASIC, OAUTH = "API_KEY", "BASIC", "OAUTH_CLIENT_CREDENTIALS"
MEMBERS = {API_KEY: "ApiKeyAuthParameters", BASIC: "BasicAuthParameters", OAUTH: "OAuthParameters"}
PARAMETERS = ("HeaderParameters", "QueryStringParameters", "BodyParameters")
SNAKES = {
    "HeaderParameters": "header_parameters", "QueryStringParameters": "query_string_parameters",
    "BodyParameters": "body_parameters",
}  # fmt: skip


class Connections:
    """The operations on connections."""

    def create_connection(
        self,
        name: str,
        authorization_type: str,
        auth_parameters: dict,
        description: str | None = None,
        kms_key_identifier: str | None = None,
    ):
        if self.connections.get(name):
            raise ResourceAlreadyExistsException(f"Connection {name} already exists.")
        if len(self.connections.keys()) >= MOST_CONNECTIONS:
            raise LimitExceededException()
        secret = _secret_of(authorization_type, auth_parameters)
        wanted = {"KmsKeyId": kms_key_identifier} if kms_key_identifier else {}
        made = self.aws.secretsmanager.create_secret(
            Name=f"events!connection/{name}/{ids.uuid()}", SecretString=json.dumps(secret), **wanted
        )
        connection = Connection(
            name, self.call.arn(f"connection/{name}/{ids.uuid()}"), authorization_type,
            _shown(authorization_type, auth_parameters), made["ARN"], "", self.now, self.now, None, None, description,
            kms_key_identifier,
        )  # fmt: skip
        return self._authorize(connection)

    def update_connection(
        self,
        name: str,
        description: str | None = None,
        authorization_type: str | None = None,
        auth_parameters: dict | None = None,
        kms_key_identifier: str | None = None,
    ):
        connection = self._connection(name, "describe")
        kind = authorization_type or connection.authorization_type
        if kind != connection.authorization_type and auth_parameters is None:
            raise ValidationException("AuthParameters must be specified with another AuthorizationType.")
        connection.description = connection.description if description is None else description
        connection.kms_key_identifier = kms_key_identifier or connection.kms_key_identifier
        if auth_parameters is None:
            connection.last_modified_time = self.now
            return self.connections.put(connection)
        before = self._secret(connection) if kind == connection.authorization_type else {}
        secret = _secret_of(kind, auth_parameters, before)
        shown = connection.auth_parameters if kind == connection.authorization_type else {}
        connection.authorization_type = kind
        connection.auth_parameters = {**shown, **_shown(kind, auth_parameters, shown)}
        self.aws.secretsmanager.put_secret_value(SecretId=connection.secret_arn, SecretString=json.dumps(secret))
        return self._authorize(connection)

    def deauthorize_connection(self, name: str):
        connection = self._connection(name, "deauthorize")
        self.aws.secretsmanager.put_secret_value(SecretId=connection.secret_arn, SecretString="{}")
        connection.connection_state, connection.token = "DEAUTHORIZED", None
        connection.last_modified_time = self.now
        self.connections.put(connection)
        return _with_state(connection, "DEAUTHORIZING")

    def describe_connection(self, name: str):
        return self._connection(name, "describe")

    def list_connections(
        self,
        name_prefix: str = "",
        connection_state: str | None = None,
        next_token: str | None = None,
        limit: int = PAGE,
    ):
        page = self.connections.page(
            limit, next_token, name_prefix,
            where=lambda connection: connection_state in (None, connection.connection_state),
        )  # fmt: skip
        return {"Connections": page.records, "NextToken": page.next_token}

    def delete_connection(self, name: str):
        connection = self._connection(name, "delete")
        self.connections.delete(connection)
        self.aws.secretsmanager.delete_secret(SecretId=connection.secret_arn, ForceDeleteWithoutRecovery=True)
        return _with_state(connection, "DELETING")

    # Within

    def _connection(self, name: str, verb: str) -> Connection:
        connection = self.connections.get(name)
        if connection is None:
            raise ResourceNotFoundException(f"Failed to {verb} the connection(s). Connection '{name}' does not exist.")
        return connection

    def _connection_of(self, arn: str) -> Connection | None:
        connection = self.connections.get(arn.split("/")[1])
        return connection if connection and connection.connection_arn == arn else None

    def _secret(self, connection: Connection) -> dict:
        held = self.aws.secretsmanager.get_secret_value(SecretId=connection.secret_arn)
        return json.loads(held["SecretString"])

    def _authorize(self, connection: Connection) -> Connection:
        """Names, passwords and keys are taken as they are; an OAuth endpoint is asked for a token."""
        connection.last_modified_time = connection.last_authorized_time = self.now
        connection.token = connection.token_expires = connection.state_reason = None
        if connection.authorization_type == OAUTH:
            connection.connection_state = "AUTHORIZING"
            self.later("_get_first_token", name=connection.name)
        else:
            connection.connection_state = "AUTHORIZED"
        return self.connections.put(connection)


def _with_state(connection: Connection, state: str) -> dict:
    return {
        "ConnectionArn": connection.connection_arn, "ConnectionState": state,
        "CreationTime": connection.creation_time, "LastModifiedTime": connection.last_modified_time,
        "LastAuthorizedTime": connection.last_authorized_time,
    }  # fmt: skip


def _own(kind: str, parameters: dict) -> dict:
    """The parameters of a kind of authorization. Raises ValidationException."""
    own = parameters.get(MEMBERS[kind])
    if own is None:
        raise ValidationException(f"Parameter AuthParameters.{MEMBERS[kind]} must be specified for {kind}.")
    return own


def _secret_of(kind: str, parameters: dict, before: dict | None = None) -> dict:
    """What the secret of a connection says; what an update leaves out stays."""
    own = _own(kind, parameters) if before is None else parameters.get(MEMBERS[kind]) or {}
    if kind == BASIC:
        stated = {"username": own.get("Username"), "password": own.get("Password")}
    elif kind == API_KEY:
        stated = {"api_key_name": own.get("ApiKeyName"), "api_key_value": own.get("ApiKeyValue")}
    else:
        client = own.get("ClientParameters") or {}
        stated = {
            "client_id": client.get("ClientID"), "client_secret": client.get("ClientSecret"),
            "authorization_endpoint": own.get("AuthorizationEndpoint"), "http_method": own.get("HttpMethod"),
        }  # fmt: skip
        if own.get("OAuthHttpParameters") is not None:
            stated["oauth_http_parameters"] = _snakes(own["OAuthHttpParameters"])
    if parameters.get("InvocationHttpParameters") is not None:
        stated["invocation_http_parameters"] = _snakes(parameters["InvocationHttpParameters"])
    return {**(before or {}), **{name: value for name, value in stated.items() if value is not None}}


def _snakes(parameters: dict) -> dict:
    return {
        SNAKES[name]: [
            {"key": one.get("Key"), "value": one.get("Value"), "is_value_secret": bool(one.get("IsValueSecret"))}
            for one in parameters[name]
        ]
        for name in PARAMETERS
        if parameters.get(name)
    }


def _shown(kind: str, parameters: dict, before: dict | None = None) -> dict:
    """What may be told of the parameters of a connection."""
    own = parameters.get(MEMBERS[kind]) or {}
    told: dict = dict((before or {}).get(MEMBERS[kind]) or {})
    if kind == BASIC:
        told |= {"Username": own["Username"]} if own.get("Username") else {}
    elif kind == API_KEY:
        told |= {"ApiKeyName": own["ApiKeyName"]} if own.get("ApiKeyName") else {}
    else:
        told |= {name: own[name] for name in ("AuthorizationEndpoint", "HttpMethod") if own.get(name)}
        if client := own.get("ClientParameters"):
            told["ClientParameters"] = {"ClientID": client.get("ClientID")}
        if own.get("OAuthHttpParameters") is not None:
            told["OAuthHttpParameters"] = _without_secrets(own["OAuthHttpParameters"])
    shown: dict = {MEMBERS[kind]: told}
    if parameters.get("InvocationHttpParameters") is not None:
        shown["InvocationHttpParameters"] = _without_secrets(parameters["InvocationHttpParameters"])
    return shown


def _without_secrets(parameters: dict) -> dict:
    return {
        name: [
            {k: v for k, v in one.items() if k != "Value" or not one.get("IsValueSecret")} for one in parameters[name]
        ]
        for name in PARAMETERS
        if parameters.get(name)
    }
