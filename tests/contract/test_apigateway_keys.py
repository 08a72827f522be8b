"""API keys and usage plans: who may call, how often, and how many times."""

from datetime import UTC, datetime

import boto3
import pytest

from glasshouse.app import LiveCloud, Settings
from tests.contract.http_apis import Caller
from tests.contract.rest_apis import REGION, RestApi, patch, patches, refused

SUNDAY = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
DAY_S = 86_400
VALUE = "abcdefghijklmnopqrstuvwxyz"


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
def locked(client, api):
    """An API of a stage `dev` that wants a key at /pets and at /cats."""
    for path in ("/pets", "/cats"):
        api.mock(path, method={"apiKeyRequired": True}, answer="$context.identity.apiKey $context.identity.apiKeyId")
    api.deploy()
    return api


def opened(api, **plan) -> tuple[str, str]:
    """(a plan of the stage, a key in it)."""
    client = api.client
    made = client.create_usage_plan(name="gold", apiStages=[{"apiId": api.id, "stage": "dev"}], **plan)["id"]
    key = client.create_api_key(name="Ann", value=VALUE, enabled=True)["id"]
    client.create_usage_plan_key(usagePlanId=made, keyId=key, keyType="API_KEY")
    return made, key


def call(ask, api, path="/dev/pets", value=VALUE):
    return ask(api.id, path, headers={"x-api-key": value})


# What is refused


def test_a_key_has_a_value_of_its_own(client):
    client.create_api_key(name="a", value=VALUE)
    assert refused(client.create_api_key, name="b", value=VALUE) == ("ConflictException", "API Key already exists")
    assert refused(client.create_api_key, value="short") == (
        "BadRequestException", "API Key value should be at least 20 characters",
    )  # fmt: skip
    assert refused(client.create_api_key, value="a" * 129) == (
        "BadRequestException", "API Key value exceeds maximum size of 128 characters",
    )  # fmt: skip
    assert refused(client.create_api_key, name="a" * 1025)[1] == (
        "Invalid API Key name, can be at most 1024 characters."
    )
    key = client.create_api_key(name="")["id"]
    assert refused(client.update_api_key, apiKey=key, patchOperations=patches(description="a" * 125_001))[1] == (
        "Invalid API Key description specified."
    )
    assert refused(client.update_api_key, apiKey=key, patchOperations=patches(id="a"))[1] == (
        "Invalid patch path  '/id' specified for op 'replace'. Must be one of: [/description, /enabled, /name,"
        " /customerId]"
    )


@pytest.mark.parametrize("operation", ["get_api_key", "delete_api_key", "update_api_key"])
def test_a_key_that_is_not_there_is_not_found(client, operation):
    said = refused(getattr(client, operation), apiKey="nothing")
    assert said == ("NotFoundException", "Invalid API Key identifier specified")


@pytest.mark.parametrize("operation", ["get_usage_plan", "delete_usage_plan", "update_usage_plan"])
def test_a_plan_that_is_not_there_is_not_found(client, operation):
    said = refused(getattr(client, operation), usagePlanId="nothing")
    assert said == ("NotFoundException", "Invalid Usage Plan ID specified")


def test_a_plan_loses_only_stages_that_it_has(client, api):
    plan = client.create_usage_plan(name="gold")["id"]

    def said(stage):
        removal = [{"op": "remove", "path": "/apiStages", "value": stage}]
        return refused(client.update_usage_plan, usagePlanId=plan, patchOperations=removal)

    assert said("dev") == ("BadRequestException", "Invalid API Stage specified")
    assert said(f"{api.id}:dev") == (
        "NotFoundException", f"Invalid API Stage {{api: {api.id}, stage: dev}} specified for usageplan {plan}",
    )  # fmt: skip


def test_a_plan_says_what_can_be_held(client, api):
    def said(**settings):
        return refused(client.create_usage_plan, **{"name": "gold", **settings})

    assert said(name="") == ("BadRequestException", "Usage plan name cannot be empty")
    assert said(apiStages=[{"apiId": api.id, "stage": "dev"}]) == (
        "NotFoundException", f"API Stage not found: {api.id}:dev",
    )  # fmt: skip
    assert said(quota={"limit": 0, "period": "DAY"})[1] == "Usage Plan quota limit must be greater than 0"
    assert said(quota={"limit": 1, "period": "DAY", "offset": 1})[1] == (
        "Usage Plan quota offset must be zero in the DAY period"
    )
    assert said(quota={"limit": 1, "period": "WEEK", "offset": 7})[1] == (
        "Usage Plan quota offset must be between zero and 6 inclusive in the WEEK period"
    )


def test_keys_are_put_into_plans_once(client, locked):
    plan, key = opened(locked)
    again = {"usagePlanId": plan, "keyId": key, "keyType": "API_KEY"}
    assert refused(client.create_usage_plan_key, **again)[0] == "ConflictException"
    assert refused(client.create_usage_plan_key, **{**again, "keyType": "OTHER"})[0] == "BadRequestException"
    assert refused(client.create_usage_plan_key, **{**again, "keyId": "nothing"}) == (
        "NotFoundException", "Invalid API Key identifier specified",
    )  # fmt: skip
    other = client.create_api_key(name="Bob")["id"]
    for operation in ("get_usage_plan_key", "delete_usage_plan_key"):
        assert refused(getattr(client, operation), usagePlanId=plan, keyId=other) == (
            "NotFoundException", "Invalid Usage Plan ID specified",
        )  # fmt: skip


def test_usage_is_of_days_that_make_sense(client, locked):
    plan, key = opened(locked)
    for first, last in (("2026-03-02", "2026-03-01"), ("2026-01-01", "2026-06-01"), ("today", "tomorrow")):
        assert refused(client.get_usage, usagePlanId=plan, startDate=first, endDate=last)[0] == "BadRequestException"
    assert refused(client.update_usage, usagePlanId=plan, keyId=key, patchOperations=patches(used="1"))[0] == (
        "BadRequestException"
    )


def test_without_a_key_that_opens_the_stage_it_is_forbidden(client, locked, ask):
    _, key = opened(locked)
    client.create_api_key(name="in no plan", value=VALUE * 2, enabled=True)
    for headers in ({}, {"x-api-key": "unknown"}, {"x-api-key": VALUE * 2}):
        answer = ask(locked.id, "/dev/pets", headers=headers)
        assert (answer.status, answer.document) == (403, {"message": "Forbidden"})
        assert answer.headers["x-amzn-errortype"] == "ForbiddenException"
    client.update_api_key(apiKey=key, patchOperations=patches(enabled="false"))
    assert call(ask, locked).status == 403


def test_imported_keys_are_a_table(client):
    assert refused(client.import_api_keys, body=b"Name\na\n", format="csv")[0] == "BadRequestException"
    table = f"Name,key,UsageplanIds\na,{VALUE},nothing\n".encode()
    assert refused(client.import_api_keys, body=table, format="csv", failOnWarnings=True)[0] == "BadRequestException"


# What is done


def test_a_key_is_as_it_was_made(client):
    made = client.create_api_key(
        name="Ann", description="hers", enabled=True, customerId="c1", tags={"a": "1"},
        stageKeys=[{"restApiId": "x", "stageName": "dev"}],
    )  # fmt: skip
    assert (len(made["id"]), len(made["value"]), made["stageKeys"]) == (10, 40, ["x/dev"])
    known = client.get_api_key(apiKey=made["id"])
    assert "value" not in known
    assert known["tags"] == {"a": "1"}
    assert client.get_api_key(apiKey=made["id"], includeValue=True)["value"] == made["value"]
    changed = client.update_api_key(
        apiKey=made["id"], patchOperations=patches(name="Bob", description="his", enabled="false", customerId="c2")
    )
    assert (changed["name"], changed["description"], changed["enabled"], changed["customerId"]) == (
        "Bob", "his", False, "c2",
    )  # fmt: skip
    client.delete_api_key(apiKey=made["id"])
    assert client.get_api_keys()["items"] == []


def test_keys_are_found_by_the_beginning_of_their_names_and_by_customers(client):
    for name in ("Ann", "Anton", "Bob"):
        client.create_api_key(name=name, customerId=name[0])
    assert [key["name"] for key in client.get_api_keys(nameQuery="An", includeValues=True)["items"]] == ["Anton", "Ann"]
    assert [key["name"] for key in client.get_api_keys(customerId="B")["items"]] == ["Bob"]
    pages = client.get_paginator("get_api_keys").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["items"]) for page in pages] == [2, 1]


def test_a_plan_is_as_it_was_made(client, locked):
    plan, key = opened(
        locked, description="of all", throttle={"rateLimit": 1.5, "burstLimit": 2}, tags={"a": "1"},
        quota={"limit": 10, "period": "MONTH"},
    )  # fmt: skip
    known = client.get_usage_plan(usagePlanId=plan)
    assert known["quota"] == {"limit": 10, "offset": 0, "period": "MONTH"}
    assert known["throttle"] == {"rateLimit": 1.5, "burstLimit": 2}
    assert known["apiStages"] == [{"apiId": locked.id, "stage": "dev"}]
    assert (known["tags"], known["description"]) == ({"a": "1"}, "of all")
    link = client.get_usage_plan_key(usagePlanId=plan, keyId=key)
    assert (link["id"], link["type"], link["name"]) == (key, "API_KEY", "Ann")
    assert [one["id"] for one in client.get_usage_plan_keys(usagePlanId=plan)["items"]] == [key]
    assert client.get_usage_plan_keys(usagePlanId=plan, nameQuery="B")["items"] == []
    assert client.get_usage_plan_keys(usagePlanId="nothing")["items"] == []
    client.create_usage_plan(name="silver")
    assert [one["name"] for one in client.get_usage_plans()["items"]] == ["gold", "silver"]
    assert [one["name"] for one in client.get_usage_plans(keyId=key)["items"]] == ["gold"]
    arn = f"arn:aws:apigateway:{REGION}::/usageplans/{plan}"
    assert client.get_tags(resourceArn=arn)["tags"] == {"a": "1"}


def test_a_plan_is_patched(client, locked):
    plan, _ = opened(locked, throttle={"rateLimit": 1.0, "burstLimit": 2}, quota={"limit": 10, "period": "DAY"})
    stage = f"{locked.id}:dev"
    changed = client.update_usage_plan(
        usagePlanId=plan,
        patchOperations=[
            *patches(name="silver", description="less", productCode="p", throttle__rateLimit="3.5"),
            *patches(throttle__burstLimit="4", quota__limit="5", quota__period="WEEK", quota__offset="1"),
            *patch("replace", f"/apiStages/{stage}/throttle/~1pets/GET/rateLimit", "1"),
            *patch("replace", f"/apiStages/{stage}/throttle//pets/GET/burstLimit", "2"),
        ],
    )
    assert (changed["name"], changed["description"], changed["productCode"]) == ("silver", "less", "p")
    assert changed["throttle"] == {"rateLimit": 3.5, "burstLimit": 4}
    assert changed["quota"] == {"limit": 5, "period": "WEEK", "offset": 1}
    assert changed["apiStages"][0]["throttle"] == {"/pets/GET": {"rateLimit": 1.0, "burstLimit": 2}}
    less = patch("remove", "/throttle") + patch("remove", "/quota") + patch("remove", "/apiStages", stage)
    changed = client.update_usage_plan(usagePlanId=plan, patchOperations=less)
    assert not {"throttle", "quota"} & set(changed)
    assert changed["apiStages"] == []
    again = client.update_usage_plan(usagePlanId=plan, patchOperations=patch("add", "/apiStages", stage))
    assert again["apiStages"] == [{"apiId": locked.id, "stage": "dev"}]


def test_keys_are_imported(client, locked, ask):
    plan = client.create_usage_plan(name="gold", apiStages=[{"apiId": locked.id, "stage": "dev"}])["id"]
    table = f"Name,Key,Description,Enabled,UsagePlanIds\nAnn,{VALUE},hers,TRUE,{plan}\nBob,{VALUE}b,,FALSE,nothing\n"
    made = client.import_api_keys(body=table.encode(), format="csv")
    assert len(made["ids"]) == 2
    assert made["warnings"] == ["Invalid Usage Plan ID specified: nothing"]
    known = client.get_api_key(apiKey=made["ids"][0], includeValue=True)
    assert (known["name"], known["value"], known["description"], known["enabled"]) == ("Ann", VALUE, "hers", True)
    assert call(ask, locked).status == 200


# What happens next


def test_a_key_in_a_plan_of_the_stage_opens_it(client, locked, ask):
    plan, key = opened(locked)
    assert call(ask, locked).body.decode() == f"{VALUE} {key}"
    client.delete_usage_plan_key(usagePlanId=plan, keyId=key)
    assert call(ask, locked).status == 403
    client.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
    client.delete_usage_plan(usagePlanId=plan)
    assert call(ask, locked).status == 403


def test_a_plan_throttles_each_key(client, locked, ask, cloud):
    plan, _ = opened(locked, throttle={"rateLimit": 0.5, "burstLimit": 2})
    other = client.create_api_key(name="Bob", value=VALUE * 2, enabled=True)["id"]
    client.create_usage_plan_key(usagePlanId=plan, keyId=other, keyType="API_KEY")
    cloud.clock.freeze()
    assert [call(ask, locked).status for _ in range(3)] == [200, 200, 429]
    assert call(ask, locked).document == {"message": "Too Many Requests"}
    assert call(ask, locked, value=VALUE * 2).status == 200
    cloud.clock.advance(2)
    assert [call(ask, locked).status for _ in range(2)] == [200, 429]


def test_a_plan_throttles_a_method_by_itself(locked, ask, cloud):
    plan, _ = opened(locked)
    place = f"/apiStages/{locked.id}:dev/throttle/~1pets/GET"
    limits = patch("replace", f"{place}/rateLimit", "1") + patch("replace", f"{place}/burstLimit", "1")
    locked.client.update_usage_plan(usagePlanId=plan, patchOperations=limits)
    cloud.clock.freeze()
    assert [call(ask, locked).status for _ in range(2)] == [200, 429]
    assert call(ask, locked, "/dev/cats").status == 200


@pytest.mark.parametrize(
    ("quota", "more_days"), [({"period": "DAY"}, 1), ({"period": "WEEK", "offset": 2}, 2), ({"period": "MONTH"}, 31)]
)
def test_a_quota_holds_for_its_period(locked, ask, cloud, quota, more_days):
    cloud.clock.freeze()
    cloud.clock.set(SUNDAY)
    opened(locked, quota={"limit": 2, **quota})
    assert [call(ask, locked).status for _ in range(3)] == [200, 200, 429]
    answer = call(ask, locked)
    assert answer.document == {"message": "Limit Exceeded"}
    assert answer.headers["x-amzn-errortype"] == "LimitExceededException"
    if more_days > 1:
        cloud.clock.advance((more_days - 1) * DAY_S)
        assert call(ask, locked).status == 429
    cloud.clock.advance(DAY_S if more_days > 1 else more_days * DAY_S)
    assert call(ask, locked).status == 200


def test_usage_is_told_by_days(client, locked, ask, cloud):
    cloud.clock.freeze()
    cloud.clock.set(SUNDAY)
    plan, key = opened(locked, quota={"limit": 5, "period": "WEEK"})
    for _ in range(2):
        call(ask, locked)
    cloud.clock.advance(2 * DAY_S)
    call(ask, locked)
    usage = client.get_usage(usagePlanId=plan, startDate="2026-02-28", endDate="2026-03-03")
    assert usage["items"] == {key: [[0, 5], [2, 3], [0, 3], [1, 2]]}
    assert (usage["usagePlanId"], usage["startDate"], usage["endDate"]) == (plan, "2026-02-28", "2026-03-03")
    assert client.get_usage(usagePlanId=plan, keyId=key, startDate="2026-03-03", endDate="2026-03-03")["items"] == {
        key: [[1, 2]]
    }


def test_a_key_is_given_more_requests(client, locked, ask):
    plan, key = opened(locked, quota={"limit": 1, "period": "MONTH"})
    assert [call(ask, locked).status for _ in range(2)] == [200, 429]
    given = client.update_usage(usagePlanId=plan, keyId=key, patchOperations=patches(remaining="2"))
    assert given["items"] == {key: [[1, 2]]}
    assert [call(ask, locked).status for _ in range(3)] == [200, 200, 429]


def test_a_stage_that_goes_leaves_its_plans(client, locked):
    plan, _ = opened(locked)
    client.delete_stage(restApiId=locked.id, stageName="dev")
    assert client.get_usage_plan(usagePlanId=plan)["apiStages"] == []


def test_quotas_and_what_was_deployed_outlive_a_restart(tmp_path):
    def begun():
        live = LiveCloud(Settings(data=tmp_path, port=0))
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return live, boto3.client("apigateway", REGION, endpoint_url=live.url, **keys)

    live, client = begun()
    api = RestApi(client)
    api.mock("/pets", method={"apiKeyRequired": True})
    api.deploy()
    opened(api, quota={"limit": 2, "period": "MONTH"})
    assert call(Caller(live.url), api).status == 200
    live.stop()
    live, _ = begun()
    assert [call(Caller(live.url), api).status for _ in range(2)] == [200, 429]
    live.stop()
