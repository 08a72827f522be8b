"""Deployments and the stages that serve them: variables, settings, canaries and caches."""

import pytest

from tests.contract.http_apis import Backend, Caller
from tests.contract.rest_apis import REGION, RestApi, patch, patches, refused


@pytest.fixture
def client(aws):
    return aws("apigateway")


@pytest.fixture
def api(client):
    return RestApi(client)


@pytest.fixture
def ask(endpoint):
    return Caller(endpoint)


@pytest.fixture
def backend():
    found = Backend()
    yield found
    found.stop()


def cached(api, backend, **settings):
    """A stage that caches what a backend answers to a page's number."""
    api.http(
        f"{backend.url}/pets", method={"requestParameters": {"method.request.querystring.page": False}},
        cacheKeyParameters=["method.request.querystring.page"],
    )  # fmt: skip
    api.deploy(cacheClusterEnabled=True, cacheClusterSize="0.5")
    api.client.update_stage(
        restApiId=api.id, stageName="dev",
        patchOperations=[
            {"op": "replace", "path": f"/*/*/caching/{name}", "value": value}
            for name, value in {"enabled": "true", "ttlInSeconds": "60", **settings}.items()
        ],
    )  # fmt: skip


# What is refused


def test_an_api_is_deployed_only_when_it_can_answer(client, api):
    assert refused(client.create_deployment, restApiId=api.id) == (
        "BadRequestException", "The REST API doesn't contain any methods",
    )  # fmt: skip
    api.method()
    assert refused(client.create_deployment, restApiId=api.id) == (
        "BadRequestException", "No integration defined for method",
    )  # fmt: skip


def test_a_deployment_that_a_stage_serves_stays(client, api):
    api.mock()
    made = api.deploy()
    assert refused(client.delete_deployment, restApiId=api.id, deploymentId=made) == (
        "BadRequestException", "Active stages pointing to this deployment must be moved or deleted",
    )  # fmt: skip


@pytest.mark.parametrize("operation", ["get_deployment", "delete_deployment", "update_deployment"])
def test_a_deployment_that_is_not_there_is_not_found(client, api, operation):
    said = refused(getattr(client, operation), restApiId=api.id, deploymentId="nothing")
    assert said == ("NotFoundException", "Invalid Deployment identifier specified")


def test_a_stage_is_made_of_what_is_there(client, api):
    api.mock()
    made = api.deploy()

    def said(**settings):
        return refused(client.create_stage, **{"restApiId": api.id, "stageName": "b", "deploymentId": made, **settings})

    assert said(deploymentId="nothing") == ("BadRequestException", "Deployment id does not exist")
    assert said(stageName="dev") == ("ConflictException", "Stage already exists")
    assert said(stageName="a b") == ("BadRequestException", "Stage name only allows a-zA-Z0-9_")
    assert said(variables={"a-b": "1"})[1] == (
        "Stage variable names must consist of alphanumeric characters or underscores only"
    )
    assert said(variables={"a": "{}"})[1].startswith("Stage variable value is invalid.")


@pytest.mark.parametrize(
    "operation", ["get_stage", "delete_stage", "update_stage", "flush_stage_cache", "flush_stage_authorizers_cache"]
)
def test_a_stage_that_is_not_there_is_not_found(client, api, operation):
    said = refused(getattr(client, operation), restApiId=api.id, stageName="nothing")
    assert said == ("NotFoundException", "Invalid stage identifier specified")


def test_stages_are_patched_at_paths_that_they_have(client, api):
    api.mock()
    api.deploy()

    def said(operations):
        return refused(client.update_stage, restApiId=api.id, stageName="dev", patchOperations=operations)[1]

    assert said(patches(other="a")).startswith("Invalid method setting path: /other. Must be one of: [/deploymentId,")
    assert said(patches(deploymentId="nothing")) == "Deployment id does not exist"
    assert said(patches(accessLogSettings__format="")) == "Access Log value must not be empty"
    assert said(patches(accessLogSettings__other="a")) == (
        "Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn,"
        " /accessLogSettings/format]"
    )
    assert said(patch("remove", "/accessLogSettings/format")).startswith("Cannot remove method setting accessLog")
    assert said(patches(canarySettings__percentTraffic="101")) == (
        "Invalid canary percent traffic, must be between 0.0 and 100.0"
    )
    assert said(patch("replace", "/*/*/logging/loglevel", "INFO")) == (
        "CloudWatch Logs role ARN must be set in account settings to enable logging"
    )
    assert said(patch("replace", "/*/*/throttling/rateLimit", "many")) == "Invalid number: many"
    assert said(patch("replace", "/*/*/caching/ttlInSeconds", "3601")) == (
        "Invalid cache TTL, must be between 0 and 3600 seconds"
    )
    assert said(patches(clientCertificateId="nothing")) == "Invalid Client Certificate identifier specified"
    assert said(patches(cacheClusterSize="7"))[:36] == "Invalid cache cluster size specified"


def test_a_canary_is_of_its_own_kind(client, api):
    api.mock()
    api.deploy()

    def said(*operations):
        return refused(client.update_stage, restApiId=api.id, stageName="dev", patchOperations=list(operations))[1]

    assert said(*patch("add", "/canarySettings/deploymentId", "a")) == (
        "Invalid add operation with path: /canarySettings/deploymentId"
    )
    assert said(*patches(canarySettings__deploymentId="nothing")) == "Deployment id does not exist"
    assert said(*patch("remove", "/canarySettings/stageVariableOverrides")) == (
        "Cannot remove method setting canarySettings/stageVariableOverrides because there is no method setting for this"
        " method "
    )
    assert said(*patches(canarySettings="a")).startswith("Invalid method setting path: /canarySettings. Must be")
    copied = {"op": "copy", "from": "/canarySettings/deploymentId", "path": "/deploymentId"}
    assert said(copied) == "Promotion not available. Canary does not exist."
    assert said({**copied, "from": "/deploymentId", "path": "/canarySettings/deploymentId"}) == (
        "Invalid copy operation with path: /canarySettings/deploymentId and from /deploymentId. Valid copy:path are"
        " [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId,"
        " /canarySettings/stageVariableOverrides]"
    )
    assert refused(
        client.create_deployment, restApiId=api.id, stageName="none", canarySettings={"percentTraffic": 1.0}
    ) == (
        "BadRequestException",
        "Invalid deployment content specified.Stage none must already be created before making a canary release"
        " deployment",
    )


def test_a_canary_needs_a_stage(client, api):
    api.mock()
    assert refused(client.create_deployment, restApiId=api.id, canarySettings={"percentTraffic": 50.0}) == (
        "BadRequestException",
        "Invalid deployment content specified.Non null and non empty stageName must be provided for canary deployment."
        " Provided value is null",
    )


def test_what_is_not_deployed_is_forbidden(api, ask):
    api.mock()
    api.deploy()
    for path in ("/", "/prod", "/prod/"):
        answer = ask(api.id, path)
        assert (answer.status, answer.document) == (403, {"message": "Forbidden"})
        assert answer.headers["x-amzn-errortype"] == "ForbiddenException"


# What is done


def test_a_deployment_is_known_with_what_it_serves(client, api):
    api.mock("/pets", method={"apiKeyRequired": True})
    made = client.create_deployment(restApiId=api.id, description="first")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    known = client.get_deployment(restApiId=api.id, deploymentId=made["id"], embed=["apisummary"])
    assert known["apiSummary"] == {"/pets": {"GET": {"authorizationType": "NONE", "apiKeyRequired": True}}}
    client.update_deployment(restApiId=api.id, deploymentId=made["id"], patchOperations=patches(description="second"))
    assert [one["description"] for one in client.get_deployments(restApiId=api.id)["items"]] == ["second"]
    client.delete_deployment(restApiId=api.id, deploymentId=made["id"])
    assert client.get_deployments(restApiId=api.id)["items"] == []


def test_a_stage_is_as_it_was_made(client, api):
    api.mock()
    deployment = client.create_deployment(restApiId=api.id)["id"]
    made = client.create_stage(
        restApiId=api.id, stageName="prod", deploymentId=deployment, description="of all", variables={"a": "1"},
        tags={"b": "2"}, tracingEnabled=True, cacheClusterEnabled=True, documentationVersion=None,
    )  # fmt: skip
    assert (made["variables"], made["tags"], made["tracingEnabled"]) == ({"a": "1"}, {"b": "2"}, True)
    assert (made["cacheClusterSize"], made["cacheClusterStatus"]) == ("0.5", "AVAILABLE")
    assert made["methodSettings"] == {}
    stages = client.get_stages(restApiId=api.id, deploymentId=deployment)["item"]
    assert [stage["stageName"] for stage in stages] == ["prod"]
    arn = f"arn:aws:apigateway:{REGION}::/restapis/{api.id}/stages/prod"
    client.tag_resource(resourceArn=arn, tags={"c": "3"})
    assert client.get_stage(restApiId=api.id, stageName="prod")["tags"] == {"b": "2", "c": "3"}
    client.delete_stage(restApiId=api.id, stageName="prod")
    assert client.get_stages(restApiId=api.id)["item"] == []


def test_a_stage_is_patched(client, api):
    api.mock()
    first = api.deploy()
    second = client.create_deployment(restApiId=api.id)["id"]
    changed = client.update_stage(
        restApiId=api.id, stageName="dev",
        patchOperations=[
            *patches(deploymentId=second, description="new", variables__a="1", tracingEnabled="true"),
            *patch("replace", "/*/*/metrics/enabled", "true"),
            *patch("replace", "/~1pets/GET/throttling/burstLimit", "7"),
            *patch("replace", "/accessLogSettings/destinationArn", "arn:aws:logs:eu-west-1:0:log-group:a:*"),
            *patch("replace", "/accessLogSettings/format", "$context.status"),
        ],
    )  # fmt: skip
    assert (changed["deploymentId"], changed["description"], changed["variables"]) == (second, "new", {"a": "1"})
    assert changed["methodSettings"]["*/*"] == {
        "metricsEnabled": True, "dataTraceEnabled": False, "throttlingBurstLimit": 5000,
        "throttlingRateLimit": 10000.0, "cachingEnabled": False, "cacheTtlInSeconds": 300,
        "cacheDataEncrypted": False, "requireAuthorizationForCacheControl": True,
        "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
    }  # fmt: skip
    own = changed["methodSettings"]["~1pets/GET"]
    assert (own["throttlingBurstLimit"], own["metricsEnabled"]) == (7, True)
    assert changed["accessLogSettings"] == {
        "destinationArn": "arn:aws:logs:eu-west-1:0:log-group:a", "format": "$context.status",
    }  # fmt: skip
    less = patch("remove", "/~1pets/GET") + patch("remove", "/accessLogSettings") + patch("remove", "/variables/a")
    changed = client.update_stage(restApiId=api.id, stageName="dev", patchOperations=less)
    assert set(changed["methodSettings"]) == {"*/*"}
    assert not {"accessLogSettings", "variables"} & set(changed)
    client.delete_deployment(restApiId=api.id, deploymentId=first)


# What happens next


def test_changes_are_served_after_a_deployment(client, api, ask):
    api.mock(answer="one")
    api.deploy()
    two = patch("replace", "/responseTemplates/application~1json", "two")
    client.update_integration_response(**api.place(), statusCode="200", patchOperations=two)
    assert ask(api.id, "/dev").body == b"one"
    api.deploy("next")
    assert (ask(api.id, "/dev").body, ask(api.id, "/next").body) == (b"one", b"two")
    api.deploy()
    assert ask(api.id, "/dev").body == b"two"


def test_a_stage_can_go_back(client, api, ask):
    api.mock(answer="one")
    first = api.deploy()
    client.delete_method(**api.place())
    api.mock(answer="two")
    api.deploy()
    api.set("dev", deploymentId=first)
    assert ask(api.id, "/dev").body == b"one"


def test_variables_belong_to_stages(api, ask):
    api.mock(answer="$stageVariables.who and $stageVariables.get('who')")
    api.deploy("a", variables={"who": "Ann"})
    api.deploy("b", variables={"who": "Bob"})
    assert (ask(api.id, "/a").body, ask(api.id, "/b").body) == (b"Ann and Ann", b"Bob and Bob")


def test_a_canary_gets_its_share(client, api, ask):
    api.mock(answer="$stageVariables.who $context.isCanaryRequest one")
    api.deploy(variables={"who": "all"})
    client.delete_method(**api.place())
    api.mock(answer="$stageVariables.who $context.isCanaryRequest two")
    canary = {"percentTraffic": 100.0, "stageVariableOverrides": {"who": "few"}}
    deployed = client.create_deployment(restApiId=api.id, stageName="dev", canarySettings=canary)["id"]
    known = client.get_stage(restApiId=api.id, stageName="dev")
    assert known["canarySettings"] == {**canary, "deploymentId": deployed, "useStageCache": False}
    assert ask(api.id, "/dev").body == b"few true two"
    api.set("dev", canarySettings__percentTraffic="0")
    assert ask(api.id, "/dev").body == b"all false one"
    api.set("dev", canarySettings__percentTraffic="50")
    assert {ask(api.id, "/dev").body for _ in range(40)} == {b"all false one", b"few true two"}


def test_a_canary_is_promoted(client, api, ask):
    api.mock(answer="one")
    api.deploy()
    client.delete_method(**api.place())
    api.mock(answer="two")
    canary = {"percentTraffic": 1.0, "stageVariableOverrides": {"who": "few"}}
    deployed = client.create_deployment(restApiId=api.id, stageName="dev", canarySettings=canary)["id"]
    promoted = client.update_stage(
        restApiId=api.id, stageName="dev",
        patchOperations=[
            {"op": "copy", "from": "/canarySettings/stageVariableOverrides", "path": "/variables"},
            {"op": "copy", "from": "/canarySettings/deploymentId", "path": "/deploymentId"},
            {"op": "remove", "path": "/canarySettings"},
        ],
    )  # fmt: skip
    assert (promoted["deploymentId"], promoted["variables"]) == (deployed, {"who": "few"})
    assert "canarySettings" not in promoted
    assert ask(api.id, "/dev").body == b"two"


def test_an_api_without_its_endpoint_is_forbidden(api, ask):
    api.client.update_rest_api(restApiId=api.id, patchOperations=patches(disableExecuteApiEndpoint="true"))
    api.mock()
    api.deploy()
    assert ask(api.id, "/dev").status == 403


def test_requests_are_throttled_by_the_stage_of_the_method(api, ask, cloud):
    api.mock("/pets")
    api.mock("/others")
    api.deploy()
    limits = [
        {"op": "replace", "path": "/~1pets/GET/throttling/rateLimit", "value": "1"},
        {"op": "replace", "path": "/~1pets/GET/throttling/burstLimit", "value": "2"},
    ]
    api.client.update_stage(restApiId=api.id, stageName="dev", patchOperations=limits)
    cloud.clock.freeze()
    assert [ask(api.id, "/dev/pets").status for _ in range(3)] == [200, 200, 429]
    refused_one = ask(api.id, "/dev/pets")
    assert refused_one.document == {"message": "Too Many Requests"}
    assert refused_one.headers["x-amzn-errortype"] == "TooManyRequestsException"
    assert ask(api.id, "/dev/others").status == 200
    cloud.clock.advance(1)
    assert [ask(api.id, "/dev/pets").status for _ in range(2)] == [200, 429]


def test_answers_are_cached_by_the_parameters_named_for_it(api, ask, backend, cloud):
    cached(api, backend)
    cloud.clock.freeze()
    for path in ("/dev?page=1&x=1", "/dev?page=1&x=2", "/dev?page=2", "/dev?page=2"):
        assert ask(api.id, path).status == 200
    assert [one["path"] for one in backend.asked] == ["/pets?page=1&x=1", "/pets?page=2"]
    cloud.clock.advance(61)
    ask(api.id, "/dev?page=2")
    assert len(backend.asked) == 3


def test_a_cache_is_flushed(client, api, ask, backend):
    cached(api, backend)
    ask(api.id, "/dev")
    assert client.flush_stage_cache(restApiId=api.id, stageName="dev")["ResponseMetadata"]["HTTPStatusCode"] == 202
    client.flush_stage_authorizers_cache(restApiId=api.id, stageName="dev")
    ask(api.id, "/dev")
    assert len(backend.asked) == 2


@pytest.mark.parametrize(
    ("strategy", "status", "warning"),
    [
        ("FAIL_WITH_403", 403, None), ("SUCCEED_WITHOUT_RESPONSE_HEADER", 200, None),
        ("SUCCEED_WITH_RESPONSE_HEADER", 200, '199 apigateway.amazonaws.com "The caller is not permitted to invalidate'
         ' cache."'),
    ],
)  # fmt: skip
def test_not_everybody_may_have_answers_made_anew(api, ask, backend, strategy, status, warning):
    cached(api, backend, unauthorizedCacheControlHeaderStrategy=strategy)
    ask(api.id, "/dev")
    answer = ask(api.id, "/dev", headers={"cache-control": "max-age=0"})
    assert (answer.status, answer.headers.get("warning")) == (status, warning)
    assert len(backend.asked) == 1


def test_where_everybody_may_answers_are_made_anew(api, ask, backend):
    cached(api, backend, requireAuthorizationForCacheControl="false")
    ask(api.id, "/dev")
    ask(api.id, "/dev", headers={"cache-control": "max-age=0"})
    assert len(backend.asked) == 2
