"""Proofs that prove nothing: tokens and assertions as an attacker would make them."""

import base64
import hmac
import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree
from tests.contract.federation_box import SamlProvider

from glasshouse.engines.federation import Untrusted
from glasshouse.engines.federation.saml import NAMES, read_metadata
from glasshouse.engines.federation.tokens import read_token

NOW = 1_700_000_000
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLISHED = {**jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "one"}
CLAIMS = {"iss": "https://idp.example.com", "sub": "alice"}


def part(value) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


# Tokens


def test_a_token_is_verified_by_the_key_it_names():
    token = read_token(jwt.encode(CLAIMS, KEY, "RS256", headers={"kid": "one"}))
    assert (token.issuer, token.key_id) == ("https://idp.example.com", "one")
    assert token.verified(token.key_in([{**PUBLISHED, "kid": "two"}, PUBLISHED])) == CLAIMS
    assert token.key_in([{**PUBLISHED, "kid": "two"}]) is None


def test_a_token_that_names_no_key_has_the_only_one():
    token = read_token(jwt.encode(CLAIMS, KEY, "RS256"))
    assert token.key_in([PUBLISHED]) == PUBLISHED
    assert token.key_in([PUBLISHED, PUBLISHED]) is None


def test_a_public_key_is_no_secret_to_sign_with():
    public = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    signed = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(CLAIMS)}"
    signature = base64.urlsafe_b64encode(hmac.digest(public, signed.encode(), "sha256")).decode().rstrip("=")
    with pytest.raises(Untrusted, match="HS256 is not supported"):
        read_token(f"{signed}.{signature}").verified(PUBLISHED)


def test_a_token_that_says_it_needs_no_signature():
    with pytest.raises(Untrusted):
        read_token(f"{part({'alg': 'none', 'kid': 'one'})}.{part(CLAIMS)}.").verified(PUBLISHED)


def test_a_key_of_another_kind():
    other = ec.generate_private_key(ec.SECP256R1())
    published = {**jwt.algorithms.ECAlgorithm.to_jwk(other.public_key(), as_dict=True), "kid": "one"}
    with pytest.raises(Untrusted, match="another kind"):
        read_token(jwt.encode(CLAIMS, KEY, "RS256")).verified(published)


def test_claims_that_were_changed():
    head, _, signature = jwt.encode(CLAIMS, KEY, "RS256").split(".")
    with pytest.raises(Untrusted):
        read_token(f"{head}.{part({**CLAIMS, 'sub': 'root'})}.{signature}").verified(PUBLISHED)


# Assertions


@pytest.fixture(scope="module")
def idp():
    return SamlProvider()


@pytest.fixture(scope="module")
def provider(idp):
    return read_metadata(idp.metadata)


@pytest.fixture
def response(idp):
    return etree.fromstring(base64.b64decode(idp.response(NOW, {"RoleSessionName": ["alice"]})))


def forged(assertion, keep_id):
    """A copy of a signed assertion about somebody else, without its signature."""
    copy = etree.fromstring(etree.tostring(assertion))
    copy.remove(copy.find("ds:Signature", NAMES))
    copy.find(".//saml:NameID", NAMES).text = "root"
    if not keep_id:
        copy.set("ID", "_forged")
    return copy


def test_an_assertion_is_read_as_it_was_signed(provider, response):
    assertion = provider.verified(etree.tostring(response))
    assert (assertion.subject, assertion.issuer) == ("alice", provider.entity_id)
    assert assertion.redeem_before == NOW + 300


@pytest.mark.parametrize("keep_id", [True, False])
@pytest.mark.parametrize("place", ["before", "after", "around", "within"])
def test_a_wrapped_assertion_never_speaks(provider, response, place, keep_id):
    """Signature wrapping: whatever is laid around the signed assertion, what is read is what was signed."""
    signed = response.find("saml:Assertion", NAMES)
    evil = forged(signed, keep_id)
    if place == "before":
        response.insert(0, evil)
    elif place == "after":
        response.append(evil)
    elif place == "within":
        etree.SubElement(signed.find("ds:Signature", NAMES), f"{{{NAMES['ds']}}}Object").append(evil)
    else:
        response.replace(signed, evil)
        evil.append(signed)
    try:
        told = provider.verified(etree.tostring(response)).subject
    except Untrusted:
        told = None
    assert told in (None, "alice")


def test_a_comment_does_not_cut_a_name_short(provider, idp):
    raw = base64.b64decode(idp.response(NOW, {"RoleSessionName": ["alice"]}))
    cut = raw.replace(b">alice</saml:NameID>", b">al<!-- -->ice</saml:NameID>")
    assert cut != raw
    # Comments are no part of what is signed, so the signature still holds; the name must hold as well.
    assert provider.verified(cut).subject == "alice"


def test_an_unsigned_response(provider, response):
    assertion = response.find("saml:Assertion", NAMES)
    assertion.remove(assertion.find("ds:Signature", NAMES))
    with pytest.raises(Untrusted):
        provider.verified(etree.tostring(response))


def test_metadata_that_describe_no_identity_provider(idp):
    with pytest.raises(Untrusted):
        read_metadata(idp.metadata.replace("IDPSSODescriptor", "SPSSODescriptor"))
    with pytest.raises(Untrusted, match="document type"):
        read_metadata(f'<!DOCTYPE x [<!ENTITY a "b">]>{idp.metadata.partition("?>")[2]}')
