"""The REST API: a resource for each metric, answered by its function, and open to pages of other domains."""

import json
from typing import TYPE_CHECKING

from names import METRICS, STAGE
from patience import patiently

if TYPE_CHECKING:
    from deploy import Deployment

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET,OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type",
}
LOGGED = json.dumps({
    "time": "$context.requestTime", "path": "$context.resourcePath", "status": "$context.status",
    "latency": "$context.responseLatency", "requestId": "$context.requestId", "error": "$context.error.message",
})  # fmt: skip


def make(deployment: "Deployment") -> str:
    """Returns its URL."""
    client, names = deployment.client("apigateway"), deployment.names
    api = client.create_rest_api(
        name=names.api, description="Metrics of smart contracts", endpointConfiguration={"types": ["REGIONAL"]},
        tags=deployment.tags,
    )["id"]  # fmt: skip
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    for metric in METRICS:
        resource = client.create_resource(restApiId=api, parentId=root, pathPart=metric)["id"]
        _answered(deployment, client, api, resource, metric)
        _open(client, {"restApiId": api, "resourceId": resource, "httpMethod": "OPTIONS"})
    for kind in ("DEFAULT_4XX", "DEFAULT_5XX"):
        headers = {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in CORS.items()}
        client.put_gateway_response(restApiId=api, responseType=kind, responseParameters=headers)
    deployed = client.create_deployment(restApiId=api)["id"]
    client.create_stage(restApiId=api, stageName=STAGE, deploymentId=deployed, tags=deployment.tags)
    _logged(deployment, client, api)
    return f"{deployment.scheme}://{api}.execute-api.{names.region}.{deployment.domain}/{STAGE}"


def _answered(deployment: "Deployment", client, api: str, resource: str, metric: str):
    """GET, by the metric's function."""
    names = deployment.names
    method = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    asked = {f"method.request.querystring.{name}": False for name in ("address", "interval", "from", "to")}
    client.put_method(**method, authorizationType="NONE", requestParameters=asked)
    function = names.arn("lambda", f"function:{names.function(metric)}")
    client.put_integration(
        **method, type="AWS_PROXY", integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:{names.region}:lambda:path/2015-03-31/functions/{function}/invocations",
    )  # fmt: skip
    deployment.client("lambda").add_permission(
        FunctionName=names.function(metric), StatementId="api", Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com", SourceArn=names.arn("execute-api", f"{api}/*/GET/{metric}"),
    )  # fmt: skip


def _open(client, method: dict[str, str]):
    """OPTIONS, which a browser asks before it lets a page of another domain in: answered by the API itself."""
    client.put_method(**method, authorizationType="NONE")
    client.put_integration(**method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 204}'})
    declared = {f"method.response.header.{name}": value for name, value in CORS.items()}
    client.put_method_response(
        **method, statusCode="204", responseParameters=dict.fromkeys(declared, True), responseModels={}
    )
    client.put_integration_response(
        **method, statusCode="204", responseParameters={name: f"'{value}'" for name, value in declared.items()}
    )


def _logged(deployment: "Deployment", client, api: str):
    """Its requests, to CloudWatch Logs: by a role that is set once for all APIs of the account and region."""
    names = deployment.names
    if not client.get_account().get("cloudwatchRoleArn"):
        role = names.arn("iam", f"role/{names.role('api')}")
        change = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
        patiently(lambda: client.update_account(patchOperations=change), "BadRequestException")
    group = names.arn("logs", f"log-group:{names.access_log}")
    changes = {"/accessLogSettings/destinationArn": group, "/accessLogSettings/format": LOGGED,
               "/*/*/metrics/enabled": "true"}  # fmt: skip
    client.update_stage(
        restApiId=api, stageName=STAGE,
        patchOperations=[{"op": "replace", "path": path, "value": value} for path, value in changes.items()],
    )  # fmt: skip
