"""REST APIs in front of backends over HTTP."""

import gzip
from urllib.parse import urlsplit

import pytest

from tests.contract.http_apis import Backend, Caller
from tests.contract.rest_apis import JSON, REGION, RestApi, patch, patches

RAW, BASE64, MANGLED = b"\x00\xff", b"AP8=", b"\x00\xef\xbf\xbd"
HANDLINGS: dict[str, dict] = {
    "as-it-is": {}, "text": {"contentHandling": "CONVERT_TO_TEXT"}, "binary": {"contentHandling": "CONVERT_TO_BINARY"},
}  # fmt: skip
MAPPED = {
    "method": {"requestParameters": {"method.request.path.what": True}},
    "requestParameters": {"integration.request.path.what": "method.request.path.what"},
}


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


def test_a_backend_that_is_not_there_or_too_slow_is_told_of(api, ask, backend):
    api.http("http://127.0.0.1:1/", "/lost")
    api.http("http://nowhere.invalid/", "/unknown")
    api.http(f"{backend.url}/slow", "/slow", timeoutInMillis=200)
    api.deploy()
    lost = ask(api.id, "/dev/lost")
    assert (lost.status, lost.document) == (504, {"message": "Network error communicating with endpoint"})
    assert (ask(api.id, "/dev/unknown").status, ask(api.id, "/dev/unknown").document) == (
        500, {"message": "Internal server error"},
    )  # fmt: skip
    slow = ask(api.id, "/dev/slow")
    assert (slow.status, slow.document) == (504, {"message": "Endpoint request timed out"})
    assert slow.headers["x-amzn-errortype"] == "InternalServerErrorException"


def test_headers_that_are_the_gateways_own_cannot_be_mapped(api, ask, backend):
    mapping = {"integration.request.header.X-Amzn-Trace-Id": "'mine'"}
    api.http(backend.url, requestParameters=mapping)
    api.deploy()
    assert ask(api.id, "/dev").status == 500


# What is done


def test_a_backend_sees_the_request_as_it_came_through_a_proxy(api, ask, backend):
    declared = {"method.request.path.proxy": True}
    api.http(
        f"{backend.url}/base/{{proxy}}", "/{proxy+}", "ANY", method={"requestParameters": declared},
        requestParameters={
            "integration.request.path.proxy": "method.request.path.proxy",
            "integration.request.header.x-stage": "context.stage",
            "integration.request.querystring.added": "'yes'",
        },
    )  # fmt: skip
    api.deploy()
    answer = ask(api.id, "/dev/a/b?x=1&x=2", "PUT", {"X-One": "1", "user-agent": "me"}, b"body")
    seen = answer.document
    assert (seen["method"], seen["path"], seen["body"]) == ("PUT", "/base/a/b?x=1&x=2&added=yes", "body")
    headers = seen["headers"]
    assert (headers["x-one"], headers["x-stage"], headers["user-agent"]) == ("1", "dev", "me")
    assert headers["x-amzn-apigateway-api-id"] == api.id
    assert headers["host"] == urlsplit(backend.url).netloc


def test_what_a_backend_answers_goes_back_through_a_proxy(api, ask, backend):
    backend.answers["/pets"] = 201, {"x-many": ["1", "2"], "x-amzn-requestid": "theirs", "content-type": "a/b"}, b"made"
    api.http(f"{backend.url}/pets")
    api.deploy()
    answer = ask(api.id, "/dev")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (201, b"made", "a/b")
    assert answer.headers["x-many"] == "1, 2"
    assert answer.headers["x-amzn-remapped-x-amzn-requestid"] == "theirs"
    assert "x-amzn-remapped-date" in answer.headers


def test_answers_of_a_backend_are_chosen_by_their_status_and_mapped(api, ask, backend):
    backend.answers["/404"] = 404, {"x-why": "gone"}, b'{"reason": "sold", "by": {"name": "Ann"}}'
    for path in ("/404", "/200"):
        api.http(f"{backend.url}{path}", path, type="HTTP")
        api.respond(path, headers={"x-usual": "'yes'"})
        api.respond(
            path, status="410", selectionPattern="4\\d{2}",
            headers={
                "x-why": "integration.response.header.X-Why", "x-by": "integration.response.body.by.name",
                "x-all": "integration.response.body.by", "x-at": "context.stage",
            },
            responseTemplates={JSON: '{"sorry": "$input.path("$.reason")"}'},
        )  # fmt: skip
    api.deploy()
    gone = ask(api.id, "/dev/404")
    assert (gone.status, gone.document) == (410, {"sorry": "sold"})
    assert (gone.headers["x-why"], gone.headers["x-by"], gone.headers["x-at"]) == ("gone", "Ann", "dev")
    assert gone.headers["x-all"] == '{"name":"Ann"}'
    usual = ask(api.id, "/dev/200")
    assert (usual.status, usual.headers["x-usual"]) == (200, "yes")


def test_a_backend_gets_only_what_is_mapped(api, ask, backend):
    declared = {"method.request.header.X-One": False, "method.request.querystring.q": False}
    api.http(
        f"{backend.url}/pets", "/pets", "POST", type="HTTP", method={"requestParameters": declared},
        requestParameters={
            "integration.request.header.x-one": "method.request.header.X-One",
            "integration.request.querystring.all": "method.request.multivaluequerystring.q",
            "integration.request.querystring.whole": "method.request.body.a.b",
            "integration.request.querystring.none": "method.request.body.z",
        },
    )  # fmt: skip
    api.respond("/pets", "POST")
    api.deploy()
    seen = ask(api.id, "/dev/pets?q=1&q=2&r=3", "POST", {"x-one": "1", "x-two": "2"}, b'{"a": {"b": 5}}').document
    assert (seen["path"], seen["body"]) == ("/pets?all=1&all=2&whole=5", '{"a": {"b": 5}}')
    assert seen["headers"]["x-one"] == "1"
    assert "x-two" not in seen["headers"]
    assert seen["headers"]["user-agent"] == f"AmazonAPIGateway_{api.id}"
    assert seen["headers"]["content-type"] == JSON


def test_stage_variables_choose_the_backend(api, ask, backend):
    api.http("http://${stageVariables.backend}/pets")
    api.deploy(variables={"backend": urlsplit(backend.url).netloc})
    assert ask(api.id, "/dev").document["path"] == "/pets"


def test_requests_are_converted_by_their_types(api, ask, backend):
    """What AWS does to bodies, as its documentation tabulates it."""
    api.client.update_rest_api(restApiId=api.id, patchOperations=patch("add", "/binaryMediaTypes/image~1png"))
    for name, handling in HANDLINGS.items():
        api.http(f"{backend.url}/seen", f"/{name}", "POST", type="HTTP", **handling)
        api.respond(f"/{name}", "POST")
    api.deploy()

    def seen(name, kind, body):
        answer = ask(api.id, f"/dev/{name}", "POST", {"content-type": kind}, body)
        return answer.document["body"].encode("latin-1") if answer.status == 200 else answer.status

    assert [seen(name, "image/png", RAW) for name in HANDLINGS] == [RAW, BASE64, RAW]
    assert [seen(name, "text/plain", RAW) for name in HANDLINGS] == [MANGLED, MANGLED, 500]
    assert [seen(name, "text/plain", BASE64) for name in HANDLINGS] == [BASE64, BASE64, RAW]


def test_answers_are_converted_by_their_types_and_what_is_accepted(api, ask, backend):
    api.client.update_rest_api(restApiId=api.id, patchOperations=patch("add", "/binaryMediaTypes/image~1png"))
    for name, handling in HANDLINGS.items():
        api.http(f"{backend.url}/{{what}}", f"/{name}/{{what}}", type="HTTP", **MAPPED)
        api.respond(f"/{name}/{{what}}", **handling)
    api.deploy()
    for what, kind, body in (("png", "image/png", RAW), ("text", "text/plain", RAW), ("base64", "text/plain", BASE64)):
        backend.answers[f"/{what}"] = 200, {"content-type": kind}, body

    def got(name, what, accepted):
        answer = ask(api.id, f"/dev/{name}/{what}", headers={"accept": accepted})
        return answer.body if answer.status == 200 else answer.status

    assert [got(name, "png", "image/png") for name in HANDLINGS] == [RAW, BASE64, RAW]
    assert [got(name, "png", "text/plain") for name in HANDLINGS] == [BASE64, BASE64, RAW]
    assert [got(name, "text", "image/png") for name in HANDLINGS] == [500, MANGLED, 500]
    assert [got(name, "text", "text/plain") for name in HANDLINGS] == [MANGLED, MANGLED, 500]
    assert [got(name, "base64", "image/png") for name in HANDLINGS] == [RAW, BASE64, RAW]


def test_a_template_makes_nothing_of_a_binary_body(api, ask, backend):
    api.client.update_rest_api(restApiId=api.id, patchOperations=patch("add", "/binaryMediaTypes/application~1json"))
    api.http(backend.url, verb="POST", type="HTTP", requestTemplates={JSON: "{}"})
    api.respond(verb="POST")
    api.deploy()
    assert ask(api.id, "/dev", "POST", {"content-type": JSON}, b"{}").status == 500


def test_compressed_requests_are_taken_by_an_api_that_compresses(api, ask, backend):
    api.client.update_rest_api(restApiId=api.id, patchOperations=patches(minimumCompressionSize="1000"))
    api.http(backend.url, verb="POST", type="HTTP")
    api.respond(verb="POST")
    api.deploy()
    answer = ask(api.id, "/dev", "POST", {"content-encoding": "gzip"}, gzip.compress(b'{"a": 1}'))
    assert answer.document["body"] == '{"a": 1}'


def test_a_template_can_override_what_a_backend_is_asked(api, ask, backend):
    template = (
        "#set($context.requestOverride.header.x-who = 'me')#set($context.requestOverride.querystring.q = ['1', '2'])"
        "#set($context.requestOverride.path.id = 'seven'){}"
    )
    api.http(f"{backend.url}/pets/{{id}}", type="HTTP", requestTemplates={JSON: template})
    api.respond()
    api.deploy()
    seen = ask(api.id, "/dev").document
    assert (seen["path"], seen["headers"]["x-who"]) == ("/pets/seven?q=1&q=2", "me")


# What happens next


def test_a_backend_may_be_another_api_of_this_cloud(aws, api, ask):
    api.mock("/inner", answer="from within")
    api.deploy()
    outer = RestApi(aws("apigateway"))
    outer.http(f"https://{api.id}.execute-api.{REGION}.amazonaws.com/dev/inner")
    outer.deploy()
    assert ask(outer.id, "/dev").body == b"from within"
