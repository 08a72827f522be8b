"""REST APIs in the tests: built from paths, put behind methods of all kinds, and deployed."""

import json
from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ClientError

ACCOUNT, REGION = "000000000000", "eu-west-1"
JSON = "application/json"
MOCKED = '{"statusCode": 200}'


@dataclass
class RestApi:
    """A new API; `settings` are CreateRestApi's."""

    client: object
    settings: dict = field(default_factory=dict)

    def __post_init__(self):
        made = self.client.create_rest_api(**{"name": "pets", **self.settings})
        self.id, self._paths = made["id"], {"/": made["rootResourceId"]}

    def resource(self, path: str) -> str:
        """The id of the resource at a path, made with those above it where they are not there yet."""
        if path not in self._paths:
            above, _, part = path.rpartition("/")
            made = self.client.create_resource(restApiId=self.id, parentId=self.resource(above or "/"), pathPart=part)
            self._paths[path] = made["id"]
        return self._paths[path]

    def place(self, path: str = "/", verb: str = "GET") -> dict:
        return {"restApiId": self.id, "resourceId": self.resource(path), "httpMethod": verb}

    def method(self, path: str = "/", verb: str = "GET", **settings):
        self.client.put_method(**self.place(path, verb), **{"authorizationType": "NONE", **settings})

    def respond(self, path: str = "/", verb: str = "GET", status: str = "200", headers: dict | None = None, **response):
        """A response; `headers` are mapped to what they say."""
        targets = {f"method.response.header.{name}": source for name, source in (headers or {}).items()}
        place = self.place(path, verb)
        self.client.put_method_response(**place, statusCode=status, responseParameters=dict.fromkeys(targets, False))
        self.client.put_integration_response(**place, statusCode=status, responseParameters=targets, **response)

    def mock(self, path: str = "/", verb: str = "GET", template: str = MOCKED, answer: str = "", method=None, **more):
        """A method that answers by itself, with what a template makes."""
        self.method(path, verb, **(method or {}))
        settings = {"requestTemplates": {JSON: template}, **more}
        self.client.put_integration(**self.place(path, verb), type="MOCK", **settings)
        self.respond(path, verb, responseTemplates={JSON: answer})

    def http(self, url: str, path: str = "/", verb: str = "GET", type: str = "HTTP_PROXY", method=None, **more):
        self.method(path, verb, **(method or {}))
        settings = {"integrationHttpMethod": verb, "uri": url, **more}
        self.client.put_integration(**self.place(path, verb), type=type, **settings)

    def function(self, arn: str, path: str = "/", verb: str = "ANY", type: str = "AWS_PROXY", method=None, **more):
        self.method(path, verb, **(method or {}))
        uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"
        settings = {"integrationHttpMethod": "POST", "uri": uri, **more}
        self.client.put_integration(**self.place(path, verb), type=type, **settings)

    def service(self, uri: str, role: str, path: str = "/", verb: str = "POST", method=None, **more):
        self.method(path, verb, **(method or {}))
        settings = {"integrationHttpMethod": "POST", "uri": f"arn:aws:apigateway:{REGION}:{uri}", **more}
        self.client.put_integration(**self.place(path, verb), type="AWS", credentials=role, **settings)

    def deploy(self, stage: str = "dev", **settings) -> str:
        return self.client.create_deployment(restApiId=self.id, stageName=stage, **settings)["id"]

    def set(self, stage: str, **values):
        """Replace settings of a stage, by their paths, `__` being a slash."""
        self.client.update_stage(restApiId=self.id, stageName=stage, patchOperations=patches(**values))


def patches(**values) -> list[dict]:
    return [
        {"op": "replace", "path": f"/{name.replace('__', '/')}", "value": str(value)} for name, value in values.items()
    ]


def patch(op: str, path: str, value: str | None = None) -> list[dict]:
    made = {"op": op, "path": path}
    return [made if value is None else made | {"value": value}]


def refused(call, **parameters) -> tuple[str, str]:
    """The code and message with which a call is refused."""
    with pytest.raises(ClientError) as refusal:
        call(**parameters)
    return refusal.value.response["Error"]["Code"], refusal.value.response["Error"]["Message"]


def policy(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
