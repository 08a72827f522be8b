"""Requests to REST APIs: where they go, how templates and mappings change them, and what browsers see."""

import gzip
import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.contract.http_apis import Backend, Caller
from tests.contract.rest_apis import ACCOUNT, JSON, MOCKED, REGION, RestApi, patches


@pytest.fixture
def api(aws):
    return RestApi(aws("apigateway"))


@pytest.fixture
def ask(endpoint):
    return Caller(endpoint)


@pytest.fixture
def backend():
    found = Backend()
    yield found
    found.stop()


# What is refused


def test_paths_and_methods_that_are_not_there_want_a_token(api, ask):
    api.mock("/pets", "GET")
    api.deploy()
    for path, verb in (("/dev/cats", "GET"), ("/dev/pets", "POST"), ("/dev/pets/1", "GET"), ("/dev", "GET")):
        answer = ask(api.id, path, verb)
        assert (answer.status, answer.document) == (403, {"message": "Missing Authentication Token"})
        assert answer.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"


def test_a_body_that_is_too_long_is_refused(api, ask):
    api.mock("/pets", "POST")
    api.deploy()
    answer = ask(api.id, "/dev/pets", "POST", body=bytes(10 * 1024 * 1024 + 1))
    assert (answer.status, answer.document) == (413, {"message": "Request Too Long"})


@pytest.mark.parametrize("template", ['{"statusCode": "200"}', "{}", "none", '{"status": 200}'])
def test_a_mock_needs_a_status(api, ask, template):
    api.mock(template=template)
    api.deploy()
    answer = ask(api.id, "/dev")
    assert (answer.status, answer.document) == (500, {"message": "Internal server error"})
    assert answer.headers["x-amzn-errortype"] == "InternalServerErrorException"


def test_a_response_that_is_not_declared_cannot_be_given(api, ask):
    api.mock(template='{"statusCode": 404}')
    api.client.put_integration_response(**api.place(), statusCode="404", selectionPattern="404")
    api.deploy()
    assert ask(api.id, "/dev").status == 500


def test_without_a_response_that_fits_there_is_none(api, ask):
    api.method()
    api.client.put_integration(**api.place(), type="MOCK", requestTemplates={JSON: MOCKED})
    api.respond(selectionPattern="4..")
    api.deploy()
    assert ask(api.id, "/dev").status == 500


@pytest.mark.parametrize(
    ("behavior", "templates", "status"),
    [("NEVER", {}, 415), ("WHEN_NO_TEMPLATES", {"text/plain": MOCKED}, 415), ("WHEN_NO_TEMPLATES", {}, 200),
     ("WHEN_NO_MATCH", {"text/plain": "{}"}, 200)],
)  # fmt: skip
def test_bodies_without_a_template_pass_where_they_may(api, ask, behavior, templates, status):
    api.method(verb="POST")
    api.client.put_integration(
        **api.place(verb="POST"), type="MOCK", requestTemplates=templates, passthroughBehavior=behavior
    )
    api.respond(verb="POST")
    api.deploy()
    answer = ask(api.id, "/dev", "POST", {"content-type": JSON}, MOCKED.encode())
    assert answer.status == status
    if status == 415:
        assert answer.document == {"message": "Unsupported Media Type"}


def test_a_template_that_wants_json_refuses_other_bodies(api, ask):
    api.mock(verb="POST", template="#set($a = $input.path('$.a'))" + MOCKED)
    api.deploy()
    answer = ask(api.id, "/dev", "POST", body=b"not json")
    assert answer.status == 400
    assert answer.document["message"].startswith("Could not parse request body into json: ")


def test_a_template_that_fails_is_the_fault_of_the_api(api, ask):
    api.mock(template="#foreach($i in [1..2000])$i#end" + MOCKED)
    api.deploy()
    assert ask(api.id, "/dev").status == 500


# What is done


def test_fixed_parts_come_before_variable_ones_and_those_before_greedy_ones(api, ask):
    for path in ("/", "/pets/new", "/pets/{id}", "/pets/{id}/toys", "/{proxy+}"):
        api.mock(path, answer=f"{path} $input.params().path")
    api.deploy()
    said = {
        path: ask(api.id, f"/dev{path}").body.decode()
        for path in ("", "/", "/pets/new", "/pets/7", "/pets/7/", "/pets/7/toys", "/pets/7/toys/1", "/a/b%20c", "/pets")
    }
    assert said == {
        "": "/ {}", "/": "/ {}", "/pets/new": "/pets/new {}", "/pets/7": "/pets/{id} {id=7}",
        "/pets/7/": "/pets/{id} {id=7}", "/pets/7/toys": "/pets/{id}/toys {id=7}",
        "/pets/7/toys/1": "/{proxy+} {proxy=pets/7/toys/1}", "/a/b%20c": "/{proxy+} {proxy=a/b%20c}",
        "/pets": "/{proxy+} {proxy=pets}",
    }  # fmt: skip


def test_a_path_without_the_method_leaves_the_request_to_the_next(api, ask):
    api.mock("/test", "POST", answer="own")
    api.mock("/{proxy+}", "OPTIONS", answer="greedy $input.params('proxy')")
    api.deploy()
    assert ask(api.id, "/dev/test", "POST").body == b"own"
    assert ask(api.id, "/dev/test", "OPTIONS").body == b"greedy test"
    assert ask(api.id, "/dev/test", "GET").status == 403


def test_slashes_at_the_beginning_count_once(api, ask):
    api.mock("/a", answer="$context.path")
    api.mock("/{proxy+}", answer="$context.path $input.params('proxy')")
    api.deploy()
    paths = ("//dev/a", "/dev//a", "/dev/x//y", "/dev//x")
    assert [ask(api.id, path).body for path in paths] == [
        b"/dev/a", b"/dev//a", b"/dev/x//y x//y", b"/dev//x x",
    ]  # fmt: skip


def test_any_stands_for_the_methods_that_have_none_of_their_own(api, ask):
    api.mock(verb="ANY", answer="any $context.httpMethod")
    api.mock(verb="POST", answer="own")
    api.deploy()
    assert [ask(api.id, "/dev", verb).body for verb in ("GET", "POST", "PATCH")] == [b"any GET", b"own", b"any PATCH"]


@pytest.mark.parametrize("form", ["/_aws/execute-api/{}/dev/pets", "/restapis/{}/dev/_user_request_/pets"])
def test_an_api_is_reached_where_its_host_cannot_be_resolved(api, endpoint, form):
    api.mock("/pets", answer="$context.path $context.domainPrefix")
    api.deploy()
    parts = urlsplit(endpoint)
    connection = HTTPConnection(parts.hostname, parts.port)
    connection.request("GET", form.format(api.id))
    assert connection.getresponse().read().decode() == f"/dev/pets {api.id}"
    connection.close()


@pytest.mark.parametrize(
    "host", ["{}.execute-api.eu-west-1.localhost:4566", "{}.execute-api.localhost.localstack.cloud"]
)
def test_an_api_has_several_hosts(api, ask, host):
    api.mock()
    api.deploy()
    assert ask(api.id, "/dev", host=host.format(api.id)).status == 200


def test_an_answer_says_which_request_it_is_for(api, ask):
    api.mock(answer='{"id": "$context.requestId", "extended": "$context.extendedRequestId"}')
    api.deploy()
    answer = ask(api.id, "/dev")
    assert answer.headers["content-type"] == JSON
    assert answer.document == {
        "id": answer.headers["x-amzn-requestid"], "extended": answer.headers["x-amz-apigw-id"],
    }  # fmt: skip


def test_templates_know_the_context(api, ask):
    names = (
        "accountId", "apiId", "httpMethod", "path", "protocol", "resourcePath", "stage", "domainName", "domainPrefix",
        "identity.sourceIp", "identity.userAgent", "identity.caller",
    )  # fmt: skip
    api.mock("/a/{b}", answer=json.dumps({name: f"$!context.{name}" for name in names}))
    api.deploy()
    host = f"{api.id}.execute-api.{REGION}.amazonaws.com"
    assert ask(api.id, "/dev/a/1", headers={"user-agent": "me"}).document == {
        "accountId": ACCOUNT, "apiId": api.id, "httpMethod": "GET", "path": "/dev/a/1", "protocol": "HTTP/1.1",
        "resourcePath": "/a/{b}", "stage": "dev", "domainName": host, "domainPrefix": api.id,
        "identity.sourceIp": "127.0.0.1", "identity.userAgent": "me", "identity.caller": "",
    }  # fmt: skip


def test_templates_know_the_input(api, ask, backend):
    template = """#set($inputRoot = $input.path('$'))
{
  "all": $input.json('$'), "pet": $input.json('$.pets[0]'), "missing": $input.json('$.nothing'),
  "names": [#foreach($pet in $inputRoot.pets)"$pet.name"#if($foreach.hasNext), #end#end],
  "count": $inputRoot.pets.size(), "raw": "$util.escapeJavaScript($input.body)",
  "q": "$input.params('q')", "header": "$input.params().header.get('X-One')", "path": "$input.params('id')",
  "encoded": "$util.base64Encode('a b')", "decoded": "$util.base64Decode('YSBi')",
  "url": "$util.urlEncode('a b/ü')", "back": "$util.urlDecode('a+b%2F')", "parsed": $util.parseJson('{"a": 1}').a
}"""
    api.http(
        f"{backend.url}/t", "/t/{id}", "POST", type="HTTP", requestTemplates={JSON: template}
    )  # fmt: skip
    api.respond("/t/{id}", "POST")
    api.deploy()
    body = {"pets": [{"name": "Rex"}, {"name": "Tom"}]}
    text = json.dumps(body, separators=(",", ":"))
    answer = ask(api.id, "/dev/t/7?q=x", "POST", {"X-One": "1", "content-type": JSON}, text.encode())
    assert json.loads(answer.document["body"]) == {
        "all": body, "pet": {"name": "Rex"}, "missing": "", "names": ["Rex", "Tom"], "count": 2, "raw": text,
        "q": "x", "header": "1", "path": "7", "encoded": "YSBi", "decoded": "a b", "url": "a+b%2F%C3%BC",
        "back": "a b/", "parsed": 1,
    }  # fmt: skip


def test_a_template_can_override_the_answer(api, ask):
    template = (
        "#set($context.responseOverride.status = 418)"
        "#set($context.responseOverride.header.x-kind = 'tea')short and stout"
    )
    api.mock(answer=template)
    api.deploy()
    answer = ask(api.id, "/dev")
    assert (answer.status, answer.headers["x-kind"], answer.body) == (418, "tea", b"short and stout")


def test_large_answers_are_compressed_for_who_takes_that(api, ask):
    api.client.update_rest_api(restApiId=api.id, patchOperations=patches(minimumCompressionSize="10"))
    api.mock(answer="0123456789")
    api.mock("/short", answer="short")
    api.deploy()
    packed = ask(api.id, "/dev", headers={"accept-encoding": "deflate, gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == b"0123456789"
    assert ask(api.id, "/dev").body == b"0123456789"
    assert ask(api.id, "/dev/short", headers={"accept-encoding": "gzip"}).body == b"short"


# What happens next


def test_a_browser_of_another_site_may_ask_by_a_mock_of_options(api, ask):
    """As the console's "Enable CORS" and every framework set it up: a preflight, then the request itself."""
    allowed = {
        "Access-Control-Allow-Headers": "'Content-Type,Authorization'", "Access-Control-Allow-Methods": "'PUT,OPTIONS'",
        "Access-Control-Allow-Origin": "'https://site.example'",
    }  # fmt: skip
    api.method("/pets", "OPTIONS")
    api.client.put_integration(
        **api.place("/pets", "OPTIONS"), type="MOCK", requestTemplates={JSON: "{statusCode:200}"}
    )  # fmt: skip
    api.respond("/pets", "OPTIONS", headers=allowed)
    api.method("/pets", "PUT")
    api.client.put_integration(**api.place("/pets", "PUT"), type="MOCK", requestTemplates={JSON: MOCKED})
    api.respond("/pets", "PUT", headers={"Access-Control-Allow-Origin": "'https://site.example'"})
    api.client.put_gateway_response(
        restApiId=api.id, responseType="DEFAULT_4XX",
        responseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'https://site.example'"},
    )  # fmt: skip
    api.deploy()
    site = {"origin": "https://site.example", "sec-fetch-site": "cross-site"}
    wanted = {"access-control-request-method": "PUT", "access-control-request-headers": "content-type"}
    preflight = ask(api.id, "/dev/pets", "OPTIONS", site | wanted)
    assert (preflight.status, preflight.body) == (200, b"")
    assert preflight.headers["access-control-allow-origin"] == "https://site.example"
    assert preflight.headers["access-control-allow-methods"] == "PUT,OPTIONS"
    assert preflight.headers["access-control-allow-headers"] == "Content-Type,Authorization"
    answer = ask(api.id, "/dev/pets", "PUT", site | {"content-type": JSON}, b"{}")
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "https://site.example")
    lost = ask(api.id, "/dev/cats", "PUT", site)
    assert (lost.status, lost.headers["access-control-allow-origin"]) == (403, "https://site.example")
