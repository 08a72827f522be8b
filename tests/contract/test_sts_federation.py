"""Roles assumed with the word of an identity provider: what is refused, what is done, what happens next."""

import base64
import json

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.contract.federation_box import SamlProvider, WebProvider, key_and_certificate
from tests.contract.organization_box import (
    administrator,
    control,
    document,
    enable,
    make_account,
    with_an_organization,
)

ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
SAML_ARN = f"arn:aws:iam::{ACCOUNT}:saml-provider/idp"


def refused(action, code):
    with pytest.raises(ClientError) as failure:
        action()
    error = failure.value.response["Error"]
    assert error["Code"] == code, error
    return error["Message"]


def trust(provider, action, **condition):
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": action, "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allow(action):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})


def keys(answer):
    given = answer["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


@pytest.fixture
def stranger(aws):
    """A client without keys."""
    return aws("sts", config=Config(signature_version=UNSIGNED))


@pytest.fixture
def web():
    provider = WebProvider()
    yield provider
    provider.stop()


@pytest.fixture
def web_role(aws, web):
    """A role that trusts the provider: `web_role(StringEquals={...})` sets the conditions."""
    iam = aws("iam")
    arn = iam.create_open_id_connect_provider(Url=web.url, ClientIDList=["app"])["OpenIDConnectProviderArn"]
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(arn, "sts:AssumeRoleWithWebIdentity"))

    def condition(action="sts:AssumeRoleWithWebIdentity", **condition):
        iam.update_assume_role_policy(RoleName="r", PolicyDocument=trust(arn, action, **condition))

    condition.arn = arn
    return condition


@pytest.fixture
def by_token(stranger, cloud, web, web_role):
    def assume(token=None, session="web", **claims):
        token = token or web.token(cloud.clock.now(), **claims)
        return stranger.assume_role_with_web_identity(RoleArn=ROLE, RoleSessionName=session, WebIdentityToken=token)

    return assume


@pytest.fixture
def idp():
    return SamlProvider()


@pytest.fixture
def saml_role(aws, idp):
    iam = aws("iam")
    iam.create_saml_provider(Name="idp", SAMLMetadataDocument=idp.metadata)
    action = ["sts:AssumeRoleWithSAML", "sts:TagSession"]
    conditions = {"StringEquals": {"saml:aud": "https://signin.aws.amazon.com/saml"}}
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(SAML_ARN, action, **conditions))
    return iam


@pytest.fixture
def by_saml(stranger, cloud, idp, saml_role):
    def assume(extra=None, duration=None, **more):
        attributes = {"Role": [f"{ROLE},{SAML_ARN}"], "RoleSessionName": ["alice"], **(extra or {})}
        response = idp.response(cloud.clock.now(), attributes, **more)
        options = {"DurationSeconds": duration} if duration else {}
        return stranger.assume_role_with_saml(RoleArn=ROLE, PrincipalArn=SAML_ARN, SAMLAssertion=response, **options)

    return assume


# What is refused


def test_a_token_that_is_none(by_token):
    message = refused(lambda: by_token("nonsense"), "InvalidIdentityToken")
    assert message.startswith("The ID Token provided is not a valid JWT.")


def test_an_expired_token(by_token, cloud):
    now = cloud.clock.now()
    message = refused(lambda: by_token(exp=int(now) - 1), "ExpiredTokenException")
    assert message.startswith(f"Token expired: current date/time {int(now)}"[:-3])


def test_a_token_for_somebody_else(by_token):
    assert refused(lambda: by_token(aud="other"), "InvalidIdentityToken") == "Incorrect token audience"
    assert refused(lambda: by_token(aud=None), "InvalidIdentityToken") == "Missing a required claim: aud"
    assert refused(lambda: by_token(aud=["app", "x"], azp="x"), "InvalidIdentityToken") == "Incorrect token audience"


def test_a_token_of_an_unknown_provider(by_token):
    message = refused(lambda: by_token(iss="https://other.example.com"), "InvalidIdentityToken")
    assert message == "No OpenIDConnect provider found in your account for https://other.example.com"


def test_a_token_signed_with_another_key(by_token, web):
    key, _ = key_and_certificate()
    assert "not valid" in refused(lambda: by_token(key=key), "InvalidIdentityToken")
    assert "verification key" in refused(lambda: by_token(name="absent", key=key), "InvalidIdentityToken")


def test_a_token_that_is_not_signed_at_all(by_token, web, cloud):
    head, body, _ = web.token(cloud.clock.now()).split(".")
    refused(lambda: by_token(f"{head}.{body}."), "InvalidIdentityToken")


def test_a_provider_that_does_not_answer(aws, stranger, cloud, web, web_role):
    aws("iam").create_open_id_connect_provider(Url="http://127.0.0.1:1", ClientIDList=["app"])
    token = web.token(cloud.clock.now(), iss="http://127.0.0.1:1")
    ask = lambda: stranger.assume_role_with_web_identity(  # noqa: E731
        RoleArn=ROLE, RoleSessionName="web", WebIdentityToken=token
    )
    refused(ask, "IDPCommunicationError")


def test_a_provider_that_is_none(aws, stranger, cloud, web, web_role):
    """It answers, but what it publishes leads to a file."""
    web.configuration = {"issuer": web.url, "jwks_uri": "file:///etc/hosts"}
    key, _ = key_and_certificate()
    token = web.token(cloud.clock.now(), name="new", key=key)
    ask = lambda: stranger.assume_role_with_web_identity(  # noqa: E731
        RoleArn=ROLE, RoleSessionName="web", WebIdentityToken=token
    )
    refused(ask, "IDPCommunicationError")


def test_resource_control_policies_bind_strangers_too(aws, cloud, stranger, web):
    org, root = with_an_organization(aws)
    enable(org, root, "RESOURCE_CONTROL_POLICY")
    member = make_account(org, cloud, "dev")
    iam = aws("iam", **administrator(aws, member))
    arn = iam.create_open_id_connect_provider(Url=web.url, ClientIDList=["app"])["OpenIDConnectProviderArn"]
    action = "sts:AssumeRoleWithWebIdentity"
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(arn, action))["Role"]["Arn"]

    def ask(**claims):
        token = web.token(cloud.clock.now(), **claims)
        return stranger.assume_role_with_web_identity(RoleArn=role, RoleSessionName="web", WebIdentityToken=token)

    assert ask()["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{member}:assumed-role/r/web"
    condition = {"StringNotEquals": {f"{web.place}:sub": "user-2"}}
    control(org, document("Deny", action, Principal="*", Condition=condition), member, "RESOURCE_CONTROL_POLICY")
    assert refused(ask, "AccessDenied") == f"Not authorized to perform {action}"
    assert ask(sub="user-2")["SubjectFromWebIdentityToken"] == "user-2"


def test_the_trust_policy_decides_on_the_claims(by_token, web, web_role):
    web_role(StringEquals={f"{web.place}:sub": "user-2"})
    message = refused(by_token, "AccessDenied")
    assert message == "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    assert by_token(sub="user-2")["SubjectFromWebIdentityToken"] == "user-2"
    web_role(StringEquals={f"{web.place}:aud": "other"})
    refused(by_token, "AccessDenied")
    web_role(action="sts:AssumeRoleWithSAML")
    refused(by_token, "AccessDenied")


def test_tags_of_a_token_need_leave(by_token, web_role, aws):
    tags = {"https://aws.amazon.com/tags": {"principal_tags": {"team": ["blue"]}, "transitive_tag_keys": ["team"]}}
    refused(lambda: by_token(**tags), "AccessDenied")
    web_role(["sts:AssumeRoleWithWebIdentity", "sts:TagSession"], StringEquals={"aws:RequestTag/team": "blue"})
    assert by_token(**tags)["AssumedRoleUser"]["Arn"].endswith("assumed-role/r/web")


def test_a_response_signed_with_another_key(by_saml):
    key, _ = key_and_certificate()
    assert refused(lambda: by_saml(key=key), "InvalidIdentityToken").startswith("Response signature invalid")


def test_a_response_that_was_changed_after_it_was_signed(stranger, idp, saml_role, cloud):
    attributes = {"Role": [f"{ROLE},{SAML_ARN}"], "RoleSessionName": ["alice"]}
    raw = base64.b64decode(idp.response(cloud.clock.now(), attributes)).replace(b">alice<", b">admin<")
    changed = base64.b64encode(raw).decode()
    ask = lambda: stranger.assume_role_with_saml(RoleArn=ROLE, PrincipalArn=SAML_ARN, SAMLAssertion=changed)  # noqa: E731
    refused(ask, "InvalidIdentityToken")


def test_an_assertion_wrapped_into_another(stranger, idp, saml_role, cloud):
    """The signed assertion is there and verifies, but a forged one stands before it."""
    attributes = {"Role": [f"{ROLE},{SAML_ARN}"], "RoleSessionName": ["alice"]}
    raw = base64.b64decode(idp.response(cloud.clock.now(), attributes)).decode()
    start, end = raw.index("<saml:Assertion"), raw.index("</saml:Assertion>") + len("</saml:Assertion>")
    signature = raw[raw.index("<ds:Signature") : raw.index("</ds:Signature>") + len("</ds:Signature>")]
    forged = raw[start:end].replace(signature, "").replace("alice", "admin").replace('ID="_a"', 'ID="_b"')
    wrapped = base64.b64encode((raw[:start] + forged + raw[start:]).encode()).decode()
    answer = stranger.assume_role_with_saml(RoleArn=ROLE, PrincipalArn=SAML_ARN, SAMLAssertion=wrapped)
    assert answer["Subject"] == "alice"
    assert answer["AssumedRoleUser"]["Arn"].endswith("/alice")


def test_a_document_type_is_not_read(stranger, saml_role):
    bomb = b'<!DOCTYPE r [<!ENTITY a "b">]><samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">&a;'
    ask = lambda: stranger.assume_role_with_saml(  # noqa: E731
        RoleArn=ROLE, PrincipalArn=SAML_ARN, SAMLAssertion=base64.b64encode(bomb + b"</samlp:Response>").decode()
    )
    refused(ask, "InvalidIdentityToken")


def test_an_assertion_for_another_audience_recipient_role_or_time(by_saml, cloud):
    message = refused(lambda: by_saml(audience="urn:other"), "InvalidIdentityToken")
    assert message == "Response does not contain the required audience."
    refused(lambda: by_saml(recipient="https://example.com"), "InvalidIdentityToken")
    other = {"Role": [f"{ROLE}x,{SAML_ARN}"]}
    assert refused(lambda: by_saml(other), "AccessDenied") == "Not authorized to perform sts:AssumeRoleWithSAML"
    assert "RoleSessionName is required" in refused(lambda: by_saml({"RoleSessionName": []}), "InvalidIdentityToken")
    message = refused(lambda: by_saml(life=-1), "ExpiredTokenException")
    assert message == "Token must be redeemed within 5 minutes of issuance"


def test_metadata_that_are_none(aws):
    create = lambda: aws("iam").create_saml_provider(Name="x", SAMLMetadataDocument="<x/>" + " " * 1000)  # noqa: E731
    assert refused(create, "InvalidInput") == "Could not parse metadata"


# What is done


def test_a_token_is_worth_a_session(aws, by_token, web, web_role):
    answer = by_token()
    assert (answer["Provider"], answer["Audience"]) == (web_role.arn, "app")
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/r/web"
    session = keys(answer)
    assert aws("sts", **session).get_caller_identity()["Arn"] == answer["AssumedRoleUser"]["Arn"]
    refused(aws("ssm", **session).describe_parameters, "AccessDeniedException")
    aws("iam").put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=allow("ssm:*"))
    assert aws("ssm", **session).describe_parameters()["Parameters"] == []


def test_an_assertion_is_worth_a_session(aws, by_saml, idp):
    answer = by_saml({"PrincipalTag:team": ["blue"], "SessionDuration": ["1800"]})
    assert (answer["Subject"], answer["SubjectType"], answer["Issuer"]) == ("alice", "persistent", idp.entity_id)
    assert answer["Audience"] == "https://signin.aws.amazon.com/saml"
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/r/alice"
    condition = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    statement = {"Effect": "Allow", "Action": "ssm:*", "Resource": "*", "Condition": condition}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("iam").put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy)
    assert aws("ssm", **keys(answer)).describe_parameters()["Parameters"] == []


def test_a_signature_over_the_whole_response_is_as_good(by_saml):
    assert by_saml(signed="Response")["Subject"] == "alice"


def test_providers_are_listed_changed_and_deleted(aws, web, idp):
    iam = aws("iam")
    arn = iam.create_open_id_connect_provider(
        Url=web.url, ClientIDList=["a"], ThumbprintList=["f" * 40], Tags=[{"Key": "k", "Value": "v"}]
    )["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:oidc-provider/{web.place}"
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="b")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="a")
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=["0" * 40])
    shown = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (shown["Url"], shown["ClientIDList"], shown["ThumbprintList"]) == (web.place, ["b"], ["0" * 40])
    assert shown["Tags"] == [{"Key": "k", "Value": "v"}]
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [{"Arn": arn}]
    again = lambda: iam.create_open_id_connect_provider(Url=web.url)  # noqa: E731
    refused(again, "EntityAlreadyExists")
    refused(lambda: iam.create_open_id_connect_provider(Url="http://example.com"), "ValidationError")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    refused(lambda: iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn), "NoSuchEntity")
    iam.create_saml_provider(Name="idp", SAMLMetadataDocument=idp.metadata)
    assert iam.get_saml_provider(SAMLProviderArn=SAML_ARN)["SAMLMetadataDocument"] == idp.metadata
    assert [one["Arn"] for one in iam.list_saml_providers()["SAMLProviderList"]] == [SAML_ARN]
    assert iam.get_account_summary()["SummaryMap"]["Providers"] == 1
    iam.delete_saml_provider(SAMLProviderArn=SAML_ARN)
    assert iam.list_saml_providers()["SAMLProviderList"] == []


# What happens next


def test_a_new_key_of_the_provider_is_fetched_when_a_token_names_it(by_token, web, cloud):
    by_token()
    cloud.settle()
    asked = web.asked
    by_token()
    assert web.asked == asked
    web.add_curve_key("second")
    assert by_token(name="second")["Audience"] == "app"
    cloud.settle()
    assert web.asked > asked


def test_an_assertion_ends_by_the_clouds_clock(stranger, cloud, idp, saml_role):
    attributes = {"Role": [f"{SAML_ARN}, {ROLE}"], "RoleSessionName": ["alice"]}
    response = idp.response(cloud.clock.now(), attributes)
    ask = lambda: stranger.assume_role_with_saml(RoleArn=ROLE, PrincipalArn=SAML_ARN, SAMLAssertion=response)  # noqa: E731
    ask()
    cloud.clock.advance(301)
    refused(ask, "ExpiredTokenException")


def test_new_metadata_are_what_counts(aws, by_saml, idp):
    by_saml()
    aws("iam").update_saml_provider(SAMLProviderArn=SAML_ARN, SAMLMetadataDocument=SamlProvider().metadata)
    refused(by_saml, "InvalidIdentityToken")
