"""Who may call: authorizers that are functions, signatures that IAM judges, and policies of APIs."""

import json

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.contract.http_apis import Caller
from tests.contract.lambda_code import execution_role, made
from tests.contract.rest_apis import ACCOUNT, JSON, REGION, RestApi, patches, policy, refused

DENIED = "User is not authorized to access this resource"
# Says what the token, or the header x-wish, asks for.
JUDGING = """
import json

def policy(effect, resource, **more):
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "me", "policyDocument": document, **more}

def handler(event, context):
    wish = event.get("authorizationToken") or event["headers"].get("x-wish")
    arn = event["methodArn"]
    if wish == "raise":
        raise ValueError("no")
    if wish == "unauthorized":
        raise Exception("Unauthorized")
    if wish.startswith("key "):
        return policy("Allow", arn, usageIdentifierKey=wish[4:])
    told = {"event": json.dumps(event), "number": 7, "yes": True, "id": context.aws_request_id}
    return {
        "allow": policy("Allow", arn, context=told),
        "all": policy("Allow", "*"), "deny": policy("Deny", arn), "other": policy("Allow", arn + "x"),
        "nobody": {"policyDocument": {}}, "nested": policy("Allow", arn, context={"a": {"b": 1}}), "text": "yes",
    }[wish]
"""
TOLD = (
    '{"principal": "$context.authorizer.principalId", "number": "$context.authorizer.number",'
    ' "yes": "$context.authorizer.yes", "event": $context.authorizer.event, "id": "$context.authorizer.id"}'
)


@pytest.fixture
def client(aws):
    return aws("apigateway")


@pytest.fixture
def api(client):
    return RestApi(client)


@pytest.fixture
def ask(endpoint):
    return Caller(endpoint)


def uri(name):
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"


def authorizer(api, name="judge", type="TOKEN", **settings):
    settings = {"authorizerUri": uri("judge"), "identitySource": "method.request.header.X-Token", **settings}
    return api.client.create_authorizer(restApiId=api.id, name=name, type=type, **settings)["id"]


def guarded(aws, api, paths=("/pets",), answer=TOLD, permitted=True, method=None, **settings):
    """An API whose methods are guarded by a function, deployed; the authorizer's id."""
    made(aws, "judge", JUDGING)
    guard = authorizer(api, **settings)
    if permitted:
        aws("lambda").add_permission(
            FunctionName="judge", StatementId="gateway", Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.id}/authorizers/{guard}",
        )  # fmt: skip
    for path in paths:
        api.mock(path, answer=answer, method={"authorizationType": "CUSTOM", "authorizerId": guard, **(method or {})})
    api.deploy()
    return guard


def signed(ask, endpoint, api, keys, path="/dev/pets", token=None):
    """A request with a signature of Version 4."""
    host = f"{api.id}.execute-api.{REGION}.amazonaws.com"
    request = AWSRequest("GET", f"http://{host}{path}")
    SigV4Auth(Credentials(*keys, token), "execute-api", REGION).add_auth(request)
    return ask(api.id, path, headers=dict(request.headers))


def user(aws, *statements):
    """The keys of a user who may do what the statements say."""
    iam = aws("iam")
    iam.create_user(UserName="ann")
    if statements:
        iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=policy(*statements))
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


# What is refused


def test_an_authorizer_is_a_function_that_can_be_asked(client, api):
    def said(**settings):
        wanted = {"restApiId": api.id, "name": "judge", "type": "TOKEN", "authorizerUri": uri("judge")}
        return refused(client.create_authorizer, **{**wanted, **settings})

    assert said(authorizerUri="arn:aws:lambda:eu-west-1:0:function:f") == (
        "BadRequestException",
        "Invalid Authorizer URI: arn:aws:lambda:eu-west-1:0:function:f. Authorizer URI should be a valid API Gateway"
        " ARN that represents a Lambda function invocation.",
    )
    assert said(authorizerResultTtlInSeconds=3601)[1] == "Authorizer result TTL must be between 0 and 3600 seconds."
    assert said(identitySource="method.request.querystring.q")[1] == (
        "Invalid identity source specified: method.request.querystring.q"
    )
    assert said(type="REQUEST")[1] == "Identity source is required when authorization caching is enabled"
    assert said(type="COGNITO_USER_POOLS", providerARNs=["arn:aws:a"])[0] == "NotSupported"
    authorizer(api)
    assert said() == (
        "ConflictException", "Authorizer name must be unique. Authorizer judge already exists in this RestApi.",
    )  # fmt: skip


@pytest.mark.parametrize("operation", ["get_authorizer", "delete_authorizer", "update_authorizer"])
def test_an_authorizer_that_is_not_there_is_not_found(client, api, operation):
    said = refused(getattr(client, operation), restApiId=api.id, authorizerId="nothing")
    assert said == ("NotFoundException", "Invalid Authorizer identifier specified")


def test_an_authorizer_that_guards_a_method_stays(client, api):
    guard = authorizer(api)
    api.mock(method={"authorizationType": "CUSTOM", "authorizerId": guard})
    assert refused(client.delete_authorizer, restApiId=api.id, authorizerId=guard) == (
        "ConflictException", "Cannot delete authorizer 'judge', is referenced in method: //GET",
    )  # fmt: skip


def test_whom_a_function_does_not_let_in_is_told_so(aws, api, ask):
    guarded(aws, api)
    for token, status, body, kind in [
        (None, 401, {"message": "Unauthorized"}, "UnauthorizedException"),
        ("unauthorized", 401, {"message": "Unauthorized"}, "UnauthorizedException"),
        ("deny", 403, {"Message": f"{DENIED} with an explicit deny"}, "AccessDeniedException"),
        ("other", 403, {"Message": DENIED}, "AccessDeniedException"),
        ("raise", 500, {"message": None}, "AuthorizerConfigurationException"),
        ("nobody", 500, {"message": None}, "AuthorizerConfigurationException"),
        ("nested", 500, {"message": None}, "AuthorizerConfigurationException"),
        ("text", 500, {"message": None}, "AuthorizerConfigurationException"),
    ]:
        answer = ask(api.id, "/dev/pets", headers={"x-token": token} if token else {})
        assert (answer.status, answer.document, answer.headers["x-amzn-errortype"]) == (status, body, kind)


def test_a_function_that_may_not_be_asked_lets_nobody_in(aws, api, ask):
    guarded(aws, api, permitted=False)
    assert ask(api.id, "/dev/pets", headers={"x-token": "allow"}).status == 500


def test_a_token_of_another_form_is_not_asked_about(aws, api, ask):
    guarded(aws, api, identityValidationExpression="a.*")
    assert ask(api.id, "/dev/pets", headers={"x-token": "deny"}).status == 401
    assert ask(api.id, "/dev/pets", headers={"x-token": "allow"}).status == 200


def test_who_does_not_sign_rightly_is_told_so(aws, api, ask, endpoint):
    api.mock("/pets", method={"authorizationType": "AWS_IAM"})
    api.deploy()
    assert ask(api.id, "/dev/pets").document == {"message": "Missing Authentication Token"}
    odd = ask(api.id, "/dev/pets", headers={"authorization": "Bearer a"})
    assert (odd.status, odd.headers["x-amzn-errortype"]) == (403, "IncompleteSignatureException")
    key, _ = user(aws, {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"})
    wrong = signed(ask, endpoint, api, (key, "wrong"))
    assert (wrong.status, wrong.headers["x-amzn-errortype"]) == (403, "InvalidSignatureException")
    unknown = signed(ask, endpoint, api, ("AKIAUNKNOWN", "wrong"))
    assert unknown.document == {"message": "The security token included in the request is invalid."}


def test_who_may_not_is_told_what_he_may_not(aws, api, ask, endpoint):
    api.mock("/pets", method={"authorizationType": "AWS_IAM"})
    api.deploy()
    answer = signed(ask, endpoint, api, user(aws))
    resource = f"arn:aws:execute-api:{REGION}:********0000:{api.id}/dev/GET/pets"
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    assert answer.document == {
        "Message": f"User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: execute-api:Invoke on"
        f" resource: {resource} because no identity-based policy allows the execute-api:Invoke action"
    }


# What is done


def test_an_authorizer_is_as_it_was_made(client, api):
    role = f"arn:aws:iam::{ACCOUNT}:role/asker"
    made = client.create_authorizer(
        restApiId=api.id, name="judge", type="REQUEST", authorizerUri=uri("judge"), authorizerCredentials=role,
        identitySource="method.request.header.A,method.request.querystring.b", authorizerResultTtlInSeconds=5,
        authType="mine",
    )  # fmt: skip
    known = client.get_authorizer(restApiId=api.id, authorizerId=made["id"])
    for answer in (made, known):
        del answer["ResponseMetadata"]
    assert made == known
    assert (made["authorizerResultTtlInSeconds"], made["authType"]) == (5, "mine")
    changed = client.update_authorizer(
        restApiId=api.id, authorizerId=made["id"],
        patchOperations=patches(
            name="new", type="TOKEN", authorizerResultTtlInSeconds="0", identitySource="method.request.header.C",
            identityValidationExpression="a+", authorizerCredentials="", authType="", authorizerUri=uri("other"),
        ),
    )  # fmt: skip
    assert (changed["name"], changed["type"], changed["authorizerResultTtlInSeconds"]) == ("new", "TOKEN", 0)
    assert (changed["identitySource"], changed["authorizerUri"]) == ("method.request.header.C", uri("other"))
    assert "authorizerCredentials" not in changed
    assert [one["name"] for one in client.get_authorizers(restApiId=api.id)["items"]] == ["new"]
    client.delete_authorizer(restApiId=api.id, authorizerId=made["id"])
    assert client.get_authorizers(restApiId=api.id)["items"] == []


def test_a_token_is_judged_by_a_function(aws, api, ask):
    guarded(aws, api)
    answer = ask(api.id, "/dev/pets", headers={"x-token": "allow"})
    assert answer.document | {"id": ""} == {
        "principal": "me", "number": "7", "yes": "true", "id": "",
        "event": {
            "type": "TOKEN", "methodArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.id}/dev/GET/pets",
            "authorizationToken": "allow",
        },
    }  # fmt: skip


def test_a_request_is_judged_by_a_function(aws, api, ask):
    sources = "method.request.header.X-Wish, method.request.querystring.q, stageVariables.v, context.identity.sourceIp"
    guarded(aws, api, ("/pets/{id}",), type="REQUEST", identitySource=sources)
    api.set("dev", variables__v="1")
    event = ask(api.id, "/dev/pets/7?q=1&q=2", headers={"x-wish": "allow"}).document["event"]
    assert (event["type"], event["resource"], event["path"], event["httpMethod"]) == (
        "REQUEST", "/pets/{id}", "/pets/7", "GET",
    )  # fmt: skip
    assert event["methodArn"].endswith("/dev/GET/pets/7")
    assert event["queryStringParameters"] == {"q": "2"}
    assert event["multiValueQueryStringParameters"] == {"q": ["1", "2"]}
    assert (event["pathParameters"], event["stageVariables"]) == ({"id": "7"}, {"v": "1"})
    assert event["requestContext"]["apiId"] == api.id
    assert ask(api.id, "/dev/pets/7", headers={"x-wish": "allow"}).status == 401


def test_an_authorizer_is_tried_out(aws, api):
    guard = guarded(aws, api)

    def tried(token):
        headers = {"X-Token": token} if token else {}
        return api.client.test_invoke_authorizer(restApiId=api.id, authorizerId=guard, headers=headers)

    allowed = tried("allow")
    assert (allowed["clientStatus"], allowed["principalId"]) == (200, "me")
    assert json.loads(allowed["policy"])["Statement"][0]["Resource"].endswith("/ESTestInvoke-stage/GET/")
    assert "Using valid authorizer policy for principal: me" in allowed["log"]
    assert tried(None)["clientStatus"] == 401
    assert tried("raise")["clientStatus"] == 500


def test_a_signature_is_judged_by_iam(aws, api, ask, endpoint):
    told = json.dumps({name: f"$context.identity.{name}" for name in ("accountId", "userArn", "accessKey", "caller")})
    api.mock("/pets", answer=told, method={"authorizationType": "AWS_IAM"})
    api.mock("/cats", method={"authorizationType": "AWS_IAM"})
    api.deploy()
    place = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.id}/dev/GET/pets"
    keys = user(aws, {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": place})
    known = signed(ask, endpoint, api, keys).document
    assert (known["accountId"], known["accessKey"]) == (ACCOUNT, keys[0])
    assert known["userArn"] == f"arn:aws:iam::{ACCOUNT}:user/ann"
    assert signed(ask, endpoint, api, keys, "/dev/cats").status == 403


# What happens next


def test_a_judgement_holds_for_a_while(aws, api, ask, cloud):
    guarded(aws, api, authorizerResultTtlInSeconds=60)
    cloud.clock.freeze()

    def judged():
        return ask(api.id, "/dev/pets", headers={"x-token": "allow"}).document["id"]

    first = judged()
    assert judged() == first
    cloud.clock.advance(61)
    second = judged()
    assert second != first
    api.client.flush_stage_authorizers_cache(restApiId=api.id, stageName="dev")
    assert judged() not in (first, second)


def test_a_judgement_that_holds_is_about_every_method(aws, api, ask):
    guarded(aws, api, ("/pets", "/cats"), "yes")
    token = {"x-token": "allow"}
    assert ask(api.id, "/dev/pets", headers=token).status == 200
    # The policy that was given for /pets is what is known of the token, and it does not name /cats.
    assert ask(api.id, "/dev/cats", headers=token).status == 403
    assert ask(api.id, "/dev/cats", headers={"x-token": "all"}).status == 200


def test_without_a_time_to_live_each_request_is_judged(aws, api, ask):
    guarded(aws, api, authorizerResultTtlInSeconds=0)
    ids = {ask(api.id, "/dev/pets", headers={"x-token": "allow"}).document["id"] for _ in range(2)}
    assert len(ids) == 2


def test_an_authorizer_gives_the_key_where_the_api_says_so(aws, api, ask):
    api.client.update_rest_api(restApiId=api.id, patchOperations=patches(apiKeySource="AUTHORIZER"))
    guarded(aws, api, answer="$context.identity.apiKeyId", method={"apiKeyRequired": True})
    value = "v" * 20
    key = api.client.create_api_key(name="k", value=value, enabled=True)["id"]
    plan = api.client.create_usage_plan(name="p", apiStages=[{"apiId": api.id, "stage": "dev"}])["id"]
    api.client.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
    assert ask(api.id, "/dev/pets", headers={"x-token": f"key {value}"}).body.decode() == key
    assert ask(api.id, "/dev/pets", headers={"x-token": "all"}).status == 403


def test_a_function_is_asked_in_the_name_of_a_role(aws, api, ask):
    role = execution_role(aws, "asker", "lambda:InvokeFunction", service="apigateway.amazonaws.com")
    guarded(aws, api, permitted=False, authorizerCredentials=role)
    assert ask(api.id, "/dev/pets", headers={"x-token": "allow"}).status == 200


@pytest.mark.parametrize(
    ("statements", "status"),
    [
        ([("Allow", {})], 200), ([("Allow", {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})], 403),
        ([("Allow", {}), ("Deny", {"IpAddress": {"aws:SourceIp": "127.0.0.1"}})], 403),
    ],
)  # fmt: skip
def test_the_policy_of_an_api_says_who_may_call_it(api, ask, statements, status):
    everywhere = {"Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    made_of = [{"Effect": effect, "Condition": condition, **everywhere} for effect, condition in statements]
    document = policy(*made_of)
    api.client.update_rest_api(restApiId=api.id, patchOperations=patches(policy=document))
    api.mock("/pets")
    api.deploy()
    answer = ask(api.id, "/dev/pets")
    assert answer.status == status
    if status == 403:
        assert answer.document["Message"].startswith("User: anonymous is not authorized to perform: execute-api:Invoke")


def test_the_policy_of_an_api_lets_in_who_has_none_of_his_own(aws, api, ask, endpoint):
    keys = user(aws)
    statement = {
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ann"}, "Action": "execute-api:Invoke",
        "Resource": "execute-api:/*/GET/*",
    }  # fmt: skip
    api.client.update_rest_api(restApiId=api.id, patchOperations=patches(policy=policy(statement)))
    api.mock("/pets", method={"authorizationType": "AWS_IAM"})
    api.deploy()
    assert signed(ask, endpoint, api, keys).status == 200


def test_the_policy_of_an_api_stands_before_its_authorizer(aws, api, ask):
    denial = {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    api.client.update_rest_api(restApiId=api.id, patchOperations=patches(policy=policy(denial)))
    guarded(aws, api)
    answer = ask(api.id, "/dev/pets", headers={"x-token": "allow"})
    assert (answer.status, answer.headers["content-type"]) == (403, JSON)


def test_a_caller_of_a_role_that_is_gone_is_refused(aws, api, ask, endpoint):
    role = execution_role(aws, "visitor", "execute-api:Invoke")
    trust = policy({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"})
    aws("iam").update_assume_role_policy(RoleName="visitor", PolicyDocument=trust)
    keys = aws("sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    api.mock("/pets", answer="$context.identity.userArn", method={"authorizationType": "AWS_IAM"})
    api.deploy()
    signer = keys["AccessKeyId"], keys["SecretAccessKey"]
    answer = signed(ask, endpoint, api, signer, token=keys["SessionToken"])
    assert answer.body.decode() == f"arn:aws:sts::{ACCOUNT}:assumed-role/visitor/me"
    aws("iam").delete_role_policy(RoleName="visitor", PolicyName="granted")
    assert signed(ask, endpoint, api, signer, token=keys["SessionToken"]).status == 403
