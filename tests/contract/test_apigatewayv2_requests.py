"""HTTP APIs at work: which route a request takes, what backends and services get of it, and what comes back."""

import json

import pytest

from tests.contract.http_apis import apis, ask, backend, integrated, proxied, refusal, served

__all__ = ["apis", "ask", "backend"]  # fixtures
PREFLIGHT = {"origin": "https://shop.example.com", "access-control-request-method": "PUT"}


# What is refused


def test_what_no_route_is_for(apis, ask):
    api = served(apis)
    integrated(apis, api, "GET /pets", IntegrationType="MOCK")
    for method, path in [("GET", "/"), ("POST", "/pets"), ("GET", "/pets/"), ("GET", "/pets/1"), ("GET", "/Pets")]:
        reply = ask(api, path, method)
        assert (reply.status, reply.body) == (404, b'{"message":"Not Found"}')
        assert reply.headers["content-type"] == "application/json"
    assert len(reply.headers["apigw-requestid"]) == 16


def test_a_stage_that_is_not_there_or_not_deployed(apis, ask):
    api = apis.create_api(Name="n", ProtocolType="HTTP")["ApiId"]
    integrated(apis, api, "GET /pets", IntegrationType="MOCK")
    assert ask(api, "/pets").status == 404
    apis.create_stage(ApiId=api, StageName="dev")
    assert ask(api, "/dev/pets").status == 404
    apis.create_deployment(ApiId=api, StageName="dev")
    assert ask(api, "/dev/pets").status == 200
    assert ask(api, "/pets").status == 404


def test_an_endpoint_that_is_switched_off(apis, ask):
    api = served(apis)
    integrated(apis, api, "$default", IntegrationType="MOCK")
    assert ask(api).status == 200
    apis.update_api(ApiId=api, DisableExecuteApiEndpoint=True)
    assert (ask(api).status, ask(api).document) == (404, {"message": "Not Found"})


def test_requests_beyond_the_rate(apis, ask, cloud):
    cloud.clock.freeze()
    api = served(apis)
    integrated(apis, api, "GET /pets", IntegrationType="MOCK")
    integrated(apis, api, "GET /toys", IntegrationType="MOCK")
    limits = {"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 1}
    apis.update_stage(ApiId=api, StageName="$default", RouteSettings={"GET /pets": limits})
    assert [ask(api, "/pets").status for _ in range(3)] == [200, 200, 429]
    assert ask(api, "/pets").document == {"message": "Too Many Requests"}
    assert ask(api, "/toys").status == 200
    cloud.clock.advance(1)
    assert [ask(api, "/pets").status for _ in range(2)] == [200, 429]


def test_backends_that_do_not_answer(apis, ask, backend):
    api = served(apis)
    proxied(apis, api, "GET /slow", f"{backend.url}/slow", TimeoutInMillis=60)
    proxied(apis, api, "GET /none", "http://127.0.0.1:1/")
    for path in ("/slow", "/none"):
        reply = ask(api, path)
        assert (reply.status, reply.document) == (503, {"message": "Service Unavailable"})


def test_a_body_that_is_too_large(apis, ask, backend):
    api = served(apis)
    proxied(apis, api, "POST /", backend.url)
    reply = ask(api, "/", "POST", body=b"x" * (10 * 1024 * 1024 + 1))
    assert (reply.status, reply.document) == (413, {"message": "Request Entity Too Large"})


def test_a_route_without_an_integration(apis, ask):
    api = served(apis)
    apis.create_route(ApiId=api, RouteKey="GET /")
    assert (ask(api).status, ask(api).document) == (500, {"message": "Internal Server Error"})


# What is done


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1"),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}"),
        ("POST", "/pets/dog/2", "ANY /pets/dog/{id}"),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}"),
        ("PUT", "/pets/cat/1", "ANY /{proxy+}"),
        ("POST", "/test/5", "ANY /{proxy+}"),
        ("GET", "/", "$default"),
    ],
)
def test_the_most_particular_route_answers(apis, ask, backend, method, path, route):
    api = served(apis)
    for number, key in enumerate(
        ("GET /pets/dog/1", "GET /pets/dog/{id}", "ANY /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}",
         "$default")
    ):  # fmt: skip
        proxied(
            apis,
            api,
            key,
            f"{backend.url}/r{number}",
            RequestParameters={"overwrite:header.route": "$context.routeKey"},
        )
    assert ask(api, path, method).document["headers"]["route"] == route


def test_a_request_reaches_the_backend_as_it_came(apis, ask, backend):
    api = served(apis)
    proxied(apis, api, "ANY /a/{id}/{rest+}", f"{backend.url}/back/{{id}}/to/{{rest}}?fixed=1")
    headers = {"x-mine": "yes", "content-type": "text/plain", "user-agent": "me"}
    reply = ask(api, "/a/b%20c/d/e?z=1&z=%262", "PUT", headers, b"hello")
    seen = reply.document
    assert (seen["method"], seen["path"], seen["body"]) == ("PUT", "/back/b%20c/to/d/e?fixed=1&z=1&z=%262", "hello")
    assert seen["headers"]["x-mine"] == "yes" and seen["headers"]["user-agent"] == "me"
    assert seen["headers"]["via"] == "HTTP/1.1 AmazonAPIGateway"
    assert f"host={api}.execute-api.eu-west-1.amazonaws.com;proto=https" in seen["headers"]["forwarded"]
    assert seen["headers"]["host"] == backend.url.removeprefix("http://")
    assert "x-amzn-trace-id" in seen["headers"]


def test_an_answer_comes_back_as_it_was_given(apis, ask, backend):
    api = served(apis)
    backend.answers["/made"] = (201, {"set-cookie": ["a=1", "b=2"], "x-other": "o"}, b"\x00\xff")
    proxied(apis, api, "$default", f"{backend.url}/made")
    reply = ask(api)
    assert (reply.status, reply.body, reply.headers["x-other"]) == (201, b"\x00\xff", "o")
    assert [value for name, value in reply.all_headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert ask(api, method="HEAD").body == b""


def test_parameters_are_mapped_on_the_way(apis, ask, backend):
    api = served(apis)
    apis.update_stage(ApiId=api, StageName="$default", StageVariables={"color": "red", "host": backend.url[7:]})
    proxied(
        apis, api, "POST /things/{id}", "http://${stageVariables.host}/x",
        RequestParameters={
            "append:header.x-id": "$request.path.id", "overwrite:header.x-mine": "$request.header.x-other",
            "remove:header.x-gone": "''", "append:querystring.q": "$stageVariables.color",
            "remove:querystring.drop": "''", "overwrite:path": "/things/${request.path.id}/in",
            "append:header.x-name": "$request.body.names[1]", "append:header.x-stage": "$context.stage",
        },
        ResponseParameters={
            "404": {
                "overwrite:statuscode": "203", "append:header.x-said": "$response.body.said",
                "overwrite:header.x-b": "$response.header.x-a", "remove:header.x-a": "''",
            }
        },
    )  # fmt: skip
    backend.answers["/things/7/in"] = (404, {"x-a": "1", "content-type": "application/json"}, b'{"said": "no"}')
    headers = {"x-mine": "1", "x-other": "2", "x-gone": "3"}
    reply = ask(api, "/things/7?q=1&drop=2", "POST", headers, b'{"names": ["a", "b"]}')
    seen = backend.asked[0]
    assert seen["path"] == "/things/7/in?q=1&q=red"
    wanted = {"x-id": "7", "x-mine": "2", "x-name": "b", "x-stage": "$default"}
    assert {name: seen["headers"].get(name) for name in wanted} == wanted and "x-gone" not in seen["headers"]
    assert (reply.status, reply.headers["x-said"], reply.headers["x-b"]) == (203, "no", "1")
    assert "x-a" not in reply.headers
    ask(api, "/things/8", "POST", {}, b"[" * 10_000)
    assert backend.asked[1]["path"] == "/things/8/in?q=red" and "x-name" not in backend.asked[1]["headers"]
    apis.update_stage(ApiId=api, StageName="$default", StageVariables={"host": "["})
    assert ask(api, "/things/8", "POST").status == 500


def test_the_gateway_answers_preflights_itself(apis, ask, backend):
    rules = {
        "AllowOrigins": ["https://shop.example.com", "http://localhost:*"], "AllowMethods": ["GET", "PUT"],
        "AllowHeaders": ["x-a"], "ExposeHeaders": ["x-b"], "AllowCredentials": True, "MaxAge": 60,
    }  # fmt: skip
    api = served(apis, CorsConfiguration=rules)
    backend.answers["/x"] = (200, {"access-control-allow-origin": "https://evil", "x-b": "1"}, b"")
    proxied(apis, api, "PUT /x", f"{backend.url}/x")
    reply = ask(api, "/anything", "OPTIONS", PREFLIGHT)
    assert reply.status == 204
    named = {name: value for name, value in reply.headers.items() if name.startswith("access-control")}
    assert named == {
        "access-control-allow-origin": "https://shop.example.com", "access-control-allow-methods": "GET,PUT",
        "access-control-allow-headers": "x-a", "access-control-expose-headers": "x-b",
        "access-control-allow-credentials": "true", "access-control-max-age": "60",
    }  # fmt: skip
    assert backend.asked == []
    stranger = ask(api, "/x", "OPTIONS", {**PREFLIGHT, "origin": "https://evil"})
    assert (stranger.status, "access-control-allow-origin" in stranger.headers) == (204, False)
    answered = ask(api, "/x", "PUT", {"origin": "http://localhost:3000"})
    assert answered.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "access-control-allow-origin" not in ask(api, "/x", "PUT").headers
    missing = ask(api, "/none", "GET", {"origin": "https://shop.example.com"})
    assert (missing.status, missing.headers["access-control-allow-origin"]) == (404, "https://shop.example.com")


def test_all_origins_are_welcome_with_a_star(apis, ask, backend):
    api = served(apis, CorsConfiguration={"AllowOrigins": ["*"]})
    proxied(apis, api, "GET /", backend.url)
    assert ask(api, headers={"origin": "https://any"}).headers["access-control-allow-origin"] == "*"


def test_without_rules_backends_speak_for_themselves(apis, ask, backend):
    api = served(apis)
    backend.answers["/x"] = (204, {"access-control-allow-origin": "https://own"}, b"")
    proxied(apis, api, "OPTIONS /x", f"{backend.url}/x")
    assert ask(api, "/x", "OPTIONS", PREFLIGHT).headers["access-control-allow-origin"] == "https://own"
    assert ask(api, "/none", "OPTIONS", PREFLIGHT).status == 404


def test_stages_stand_before_the_path(apis, ask, backend):
    api = served(apis)
    proxied(apis, api, "GET /pets", backend.url, RequestParameters={"append:header.p": "$context.path"})
    apis.create_stage(ApiId=api, StageName="dev", AutoDeploy=True)
    assert ask(api, "/dev/pets").document["headers"]["p"] == "/dev/pets"
    assert ask(api, "/pets").document["headers"]["p"] == "/pets"
    assert ask(api, host=f"{api}.execute-api.localhost", path="/pets").status == 200
    assert ask(api, host="127.0.0.1", path=f"/_aws/execute-api/{api}/dev/pets").status == 200


def test_a_custom_domain_leads_to_stages_by_its_paths(apis, ask, backend):
    api = served(apis)
    apis.create_stage(ApiId=api, StageName="dev", AutoDeploy=True)
    seen = {"append:header.s": "$context.stage", "append:header.b": "$context.customDomain.basePathMatched"}
    proxied(apis, api, "ANY /pets", backend.url, RequestParameters=seen)
    made = apis.create_domain_name(DomainName="api.example.com", DomainNameConfigurations=[{"CertificateArn": "c"}])
    own = made["DomainNameConfigurations"][0]["ApiGatewayDomainName"]
    apis.create_api_mapping(DomainName="api.example.com", ApiId=api, Stage="dev", ApiMappingKey="v1/beta")
    apis.create_api_mapping(DomainName="api.example.com", ApiId=api, Stage="$default")
    beta, plain = ask(api, "/v1/beta/pets", host=own).document, ask(api, "/pets", host=own).document
    assert (beta["headers"]["s"], beta["headers"]["b"]) == ("dev", "v1/beta")
    assert plain["headers"]["s"] == "$default" and "b" not in plain["headers"]
    assert ask(api, "/v1/beta/pets", host="api.example.com").document["headers"]["s"] == "dev"
    assert ask(api, "/v1/pets", host=own).status == 404
    apis.update_api(ApiId=api, DisableExecuteApiEndpoint=True)
    assert (ask(api, "/pets").status, ask(api, "/pets", host=own).status) == (404, 200)


# What happens next


def test_only_what_is_deployed_is_served(apis, ask, backend):
    api = apis.create_api(Name="n", ProtocolType="HTTP")["ApiId"]
    integration = proxied(apis, api, "GET /", f"{backend.url}/one")
    apis.create_stage(ApiId=api, StageName="$default")
    first = apis.create_deployment(ApiId=api, StageName="$default")["DeploymentId"]
    apis.update_integration(ApiId=api, IntegrationId=integration, IntegrationUri=f"{backend.url}/two")
    assert ask(api).document["path"] == "/one"
    apis.create_deployment(ApiId=api, StageName="$default")
    assert ask(api).document["path"] == "/two"
    apis.update_stage(ApiId=api, StageName="$default", DeploymentId=first)
    assert ask(api).document["path"] == "/one"


def test_each_request_leaves_a_line_in_the_log(aws, apis, ask, cloud):
    logs = aws("logs")
    logs.create_log_group(logGroupName="requests")
    api = served(apis)
    integrated(apis, api, "GET /pets/{id}", IntegrationType="MOCK")
    form = json.dumps({
        "id": "$context.requestId", "status": "$context.status", "route": "$context.routeKey", "none": "$context.nope",
        "error": "$context.error.message", "kind": "$context.error.responseType", "path": "$context.path",
        "ip": "$context.identity.sourceIp",
    })  # fmt: skip
    settings = {"DestinationArn": "arn:aws:logs:eu-west-1:000000000000:log-group:requests", "Format": form}
    apis.update_stage(ApiId=api, StageName="$default", AccessLogSettings=settings)
    first, second = ask(api, "/pets/1"), ask(api, "/none")
    lines = [json.loads(event["message"]) for event in logs.filter_log_events(logGroupName="requests")["events"]]
    assert [line["id"] for line in lines] == [first.headers["apigw-requestid"], second.headers["apigw-requestid"]]
    assert lines[0] | {"id": ""} == {
        "id": "", "status": "200", "route": "GET /pets/{id}", "none": "-", "error": "-", "kind": "-",
        "path": "/pets/1", "ip": "127.0.0.1",
    }  # fmt: skip
    assert (lines[1]["status"], lines[1]["error"], lines[1]["route"]) == ("404", "Not Found", "-")
    logs.delete_log_group(logGroupName="requests")
    assert ask(api, "/pets/1").status == 200


def test_a_request_that_waits_is_logged_and_counted_once(aws, apis, ask, backend, cloud):
    cloud.clock.freeze()
    aws("logs").create_log_group(logGroupName="requests")
    api = served(apis)
    proxied(apis, api, "GET /", backend.url)
    settings = {
        "DestinationArn": "arn:aws:logs:eu-west-1:000000000000:log-group:requests",
        "Format": "$context.requestId $context.integrationStatus",
    }
    limits = {"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 0}
    apis.update_stage(
        ApiId=api, StageName="$default", AccessLogSettings=settings, DefaultRouteSettings=limits
    )  # fmt: skip
    assert [ask(api).status for _ in range(3)] == [200, 200, 429]
    assert len(backend.asked) == 2
    lines = aws("logs").filter_log_events(logGroupName="requests")["events"]
    assert [line["message"].split()[1] for line in lines] == ["200", "200", "-"]


def test_an_api_that_is_gone_is_served_no_more(apis, ask):
    api = served(apis)
    integrated(apis, api, "$default", IntegrationType="MOCK")
    assert ask(api).status == 200
    apis.delete_api(ApiId=api)
    assert ask(api).status in (403, 404)
    assert refusal(apis.get_api, ApiId=api)[0] == "NotFoundException"
