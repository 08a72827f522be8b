"""Who gets through an HTTP API: signatures and IAM, and tokens of an issuer on this machine."""

import json

import jwt
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.contract.federation_box import WebProvider
from tests.contract.http_apis import apis, ask, backend, proxied, refusal, served

__all__ = ["apis", "ask", "backend"]  # fixtures
NOT_LET_IN = {"message": "Forbidden"}


@pytest.fixture
def issuer():
    issuer = WebProvider()
    yield issuer
    issuer.stop()


@pytest.fixture
def user(aws):
    """A user's keys, and a way to give him policies."""
    iam = aws("iam")
    iam.create_user(UserName="u")
    key = iam.create_access_key(UserName="u")["AccessKey"]

    def allow(*resources, effect="Allow"):
        statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": list(resources)}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="u", PolicyName=effect, PolicyDocument=policy)

    return Credentials(key["AccessKeyId"], key["SecretAccessKey"]), allow


def signed(api, path, method, credentials, service="execute-api"):
    """The headers of a signed request."""
    host = f"{api}.execute-api.eu-west-1.amazonaws.com"
    request = AWSRequest(method, f"https://{host}{path}")
    SigV4Auth(credentials, service, "eu-west-1").add_auth(request)
    return dict(request.headers)


def guarded(apis, issuer, backend, scopes=None, **authorizer):
    """An API whose route wants a token."""
    api = served(apis)
    given = {
        "IdentitySource": ["$request.header.Authorization"],
        "JwtConfiguration": {"Issuer": issuer.url, "Audience": ["app", "other"]},
        **authorizer,
    }
    made = apis.create_authorizer(ApiId=api, Name="tokens", AuthorizerType="JWT", **given)["AuthorizerId"]
    route = {"AuthorizationType": "JWT", "AuthorizerId": made}
    if scopes:
        route["AuthorizationScopes"] = scopes
    seen = {"append:header.sub": "$context.authorizer.claims.sub", "append:header.n": "$context.authorizer.claims.n"}
    proxied(apis, api, "GET /", backend.url, route, RequestParameters=seen)
    return api


def bearer(token):
    return {"authorization": f"Bearer {token}"}


# What is refused


def test_unsigned_and_wrongly_signed_requests(apis, ask, backend, user):
    credentials, allow = user
    api = served(apis)
    proxied(apis, api, "GET /pets", backend.url, {"AuthorizationType": "AWS_IAM"})
    allow("*")
    unsigned = ask(api, "/pets")
    assert (unsigned.status, unsigned.document) == (403, NOT_LET_IN)
    wrong = Credentials(credentials.access_key, "wrong")
    assert ask(api, "/pets", headers=signed(api, "/pets", "GET", wrong)).document == NOT_LET_IN
    stranger = Credentials("AKIAAAAAAAAAAAAAAAAA", "secret")
    assert ask(api, "/pets", headers=signed(api, "/pets", "GET", stranger)).status == 403
    assert backend.asked == []


def test_whoever_may_not_invoke_the_path(apis, ask, backend, user):
    credentials, allow = user
    api = served(apis)
    proxied(apis, api, "ANY /pets/{id}", backend.url, {"AuthorizationType": "AWS_IAM"})

    def status(path, method="GET"):
        return ask(api, path, method, headers=signed(api, path, method, credentials)).status

    assert status("/pets/1") == 403
    here = f"arn:aws:execute-api:eu-west-1:000000000000:{api}/$default"
    allow(f"{here}/GET/pets/*")
    assert (status("/pets/1"), status("/pets/2"), status("/pets/1", "DELETE")) == (200, 200, 403)
    allow(f"{here}/*/pets/2", effect="Deny")
    assert (status("/pets/1"), status("/pets/2")) == (200, 403)


@pytest.mark.parametrize(
    ("claims", "description"),
    [
        ({"exp": 1}, "the token has expired"),
        ({"aud": "somebody"}, "the token does not have a valid audience"),
        ({"aud": None}, "the token does not have a valid audience"),
        ({"iss": "https://elsewhere.example.com"}, "the token does not have a valid issuer"),
        ({"nbf": 9_999_999_999}, "the token is not valid yet"),
    ],
)
def test_tokens_that_are_not_for_us(apis, ask, backend, issuer, cloud, claims, description):
    api = guarded(apis, issuer, backend)
    reply = ask(api, headers=bearer(issuer.token(cloud.clock.now(), **claims)))
    assert (reply.status, reply.document) == (401, {"message": "Unauthorized"})
    challenge = f'Bearer scope="" error="invalid_token" error_description="{description}"'
    assert reply.headers["www-authenticate"] == challenge
    assert backend.asked == []


def test_tokens_that_prove_nothing(apis, ask, backend, issuer, cloud):
    api = guarded(apis, issuer, backend)
    now = cloud.clock.now()
    other = WebProvider()
    other.stop()
    issuer.add_curve_key("curve")
    claims = {"iss": issuer.url, "aud": "app", "exp": now + 60}
    for token in [
        "nonsense",
        issuer.token(now)[:-8] + "AAAAAAAA",
        issuer.token(now, key=other.keys["first"]),
        issuer.token(now, name="unknown", key=other.keys["first"]),
        issuer.token(now, name="curve"),
        jwt.encode(claims, "secret" * 8, "HS256", headers={"kid": "first"}),
        jwt.encode(claims, None, "none", headers={"kid": "first"}),
    ]:
        assert ask(api, headers=bearer(token)).status == 401
    missing = ask(api)
    assert (missing.status, missing.headers["www-authenticate"]) == (401, "Bearer")
    assert backend.asked == []


def test_scopes_that_are_not_granted(apis, ask, backend, issuer, cloud):
    api = guarded(apis, issuer, backend, scopes=["pets.read", "pets.write"])
    now = cloud.clock.now()
    reply = ask(api, headers=bearer(issuer.token(now, scope="toys.read openid")))
    assert (reply.status, reply.document) == (403, NOT_LET_IN)
    assert reply.headers["www-authenticate"].startswith(
        'Bearer scope="pets.read pets.write" error="insufficient_scope"'
    )
    assert ask(api, headers=bearer(issuer.token(now, scope="openid pets.read"))).status == 200
    assert ask(api, headers=bearer(issuer.token(now, scp=["pets.write"]))).status == 200


def test_an_issuer_that_is_not_there(apis, ask, backend, issuer, cloud):
    api = guarded(apis, issuer, backend)
    token = issuer.token(cloud.clock.now())
    issuer.stop()
    assert ask(api, headers=bearer(token)).status == 401


def test_an_authorizer_in_use_stays(apis, backend, issuer):
    api = guarded(apis, issuer, backend)
    route = apis.get_routes(ApiId=api)["Items"][0]
    assert refusal(apis.delete_authorizer, ApiId=api, AuthorizerId=route["AuthorizerId"]) == (
        "ConflictException",
        f"Cannot delete Authorizer because it is referenced by the following Routes with Ids: [{route['RouteId']}]",
    )
    apis.update_route(ApiId=api, RouteId=route["RouteId"], AuthorizationType="NONE")
    apis.delete_authorizer(ApiId=api, AuthorizerId=route["AuthorizerId"])


# What is done


def test_a_signer_reaches_the_backend(apis, ask, backend, user):
    credentials, allow = user
    api = served(apis)
    seen = {"append:header.arn": "$context.identity.userArn", "append:header.account": "$context.identity.accountId"}
    proxied(apis, api, "GET /pets", backend.url, {"AuthorizationType": "AWS_IAM"}, RequestParameters=seen)
    allow(f"arn:aws:execute-api:*:*:{api}/*")
    reply = ask(api, "/pets", headers=signed(api, "/pets", "GET", credentials))
    headers = reply.document["headers"]
    assert (headers["arn"], headers["account"]) == ("arn:aws:iam::000000000000:user/u", "000000000000")
    root = Credentials("test", "test")
    assert ask(api, "/pets", headers=signed(api, "/pets", "GET", root)).status == 200


def test_a_token_of_the_issuer_opens_the_route(apis, ask, backend, issuer, cloud):
    api = guarded(apis, issuer, backend)
    now = cloud.clock.now()
    reply = ask(api, headers=bearer(issuer.token(now, n=[1, "a", True])))
    assert reply.status == 200
    assert (reply.document["headers"]["sub"], reply.document["headers"]["n"]) == ("user-1", "[1 a true]")
    assert ask(api, headers={"authorization": issuer.token(now)}).status == 200
    assert ask(api, headers=bearer(issuer.token(now, aud=["x", "other"]))).status == 200
    assert ask(api, headers=bearer(issuer.token(now, aud=None, client_id="app"))).status == 200
    assert issuer.asked == 1


def test_a_token_may_come_in_the_query(apis, ask, backend, issuer, cloud):
    api = guarded(apis, issuer, backend, IdentitySource=["$request.querystring.token"])
    token = issuer.token(cloud.clock.now())
    assert (ask(api, f"/?token={token}").status, ask(api, headers=bearer(token)).status) == (200, 401)


# What happens next


def test_keys_that_an_issuer_changes_are_looked_for(apis, ask, backend, issuer, cloud):
    api = guarded(apis, issuer, backend)
    cloud.clock.freeze()
    now = cloud.clock.now()
    old = issuer.token(now + 9000)
    assert ask(api, headers=bearer(issuer.token(now))).status == 200
    issuer.keys["second"] = issuer.keys.pop("first")
    assert ask(api, headers=bearer(issuer.token(now, name="second"))).status == 200
    assert ask(api, headers=bearer(issuer.token(now, name="third", key=issuer.keys["second"]))).status == 401
    asked = issuer.asked
    assert ask(api, headers=bearer(issuer.token(now, name="third", key=issuer.keys["second"]))).status == 401
    assert issuer.asked == asked  # once in a minute for each key
    cloud.clock.advance(9001)
    assert ask(api, headers=bearer(old)).status == 401  # two hours later the keys are fetched anew


def test_a_token_ends_by_the_clock_of_the_cloud(apis, ask, backend, issuer, cloud):
    api = guarded(apis, issuer, backend)
    token = issuer.token(cloud.clock.now())
    assert ask(api, headers=bearer(token)).status == 200
    cloud.clock.advance(601)
    assert ask(api, headers=bearer(token)).status == 401
