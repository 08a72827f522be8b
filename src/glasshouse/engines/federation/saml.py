"""SAML 2.0: the metadata of identity providers, and the assertions they sign.

The signature is signxml's business (its checks are those of "On Breaking SAML"); what it did not verify is not looked
at. Documents with a DOCTYPE are refused, entities are not resolved, encrypted assertions are not read.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree  # type: ignore[attr-defined]  # compiled, without stubs

from . import Untrusted

SAML, PROTOCOL = "urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:2.0:protocol"
NAMES = {
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "saml": SAML,
    "samlp": PROTOCOL,
}
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a provider has signed about somebody. Times are epoch seconds; a missing one is None."""

    issuer: str
    subject: str
    subject_format: str
    audiences: list[str]
    recipient: str | None
    not_before: float | None
    not_on_or_after: float | None
    redeem_before: float | None
    attributes: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """A provider as its metadata describe it; certificates in base64, as they are written there."""

    entity_id: str
    certificates: list[str]
    valid_until: float | None

    def verified(self, response: bytes) -> Assertion:
        """The one assertion of a response, if this provider has signed either. Raises Untrusted."""
        document = _parse(response)
        if document.tag != f"{{{PROTOCOL}}}Response":
            raise Untrusted("not a SAML response")
        if document.find("saml:EncryptedAssertion", NAMES) is not None:
            raise Untrusted("the assertion is encrypted")
        for certificate in self.certificates:
            signed = _signed_part(document, certificate)
            if signed is not None:
                return _assertion(signed)
        raise Untrusted("no certificate of the provider verifies the signature")


def read_metadata(text: str) -> IdentityProvider:
    """Raises Untrusted for what is no metadata of an identity provider."""
    document = _parse(text.encode())
    entity = document if document.tag.endswith("}EntityDescriptor") else document.find(".//md:EntityDescriptor", NAMES)
    role = entity.find("md:IDPSSODescriptor", NAMES) if entity is not None else None
    if entity is None or role is None or not entity.get("entityID"):
        raise Untrusted("the metadata describe no identity provider")
    found = role.findall("md:KeyDescriptor", NAMES)
    signing = [key for key in found if key.get("use") in (None, "signing")]
    written = [node.text or "" for key in signing for node in key.iterfind(".//ds:X509Certificate", NAMES)]
    certificates = ["".join(text.split()) for text in written]
    if not certificates:
        raise Untrusted("the metadata name no certificate that signs")
    return IdentityProvider(entity.get("entityID"), certificates, _moment(entity.get("validUntil")))


def status_of(response: bytes) -> str:
    """The status code that a response states, signed or not: what a provider says that refuses."""
    code = _parse(response).find("samlp:Status/samlp:StatusCode", NAMES)
    return code.get("Value", "") if code is not None else ""


def issuer_of(response: bytes) -> str:
    """Who a response says has issued it, signed or not."""
    document = _parse(response)
    issuer = document.find("saml:Assertion/saml:Issuer", NAMES)
    issuer = document.find("saml:Issuer", NAMES) if issuer is None else issuer
    return (issuer.text or "").strip() if issuer is not None else ""


def decoded(text: str) -> bytes:
    """A response as it travels. Raises Untrusted."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        raise Untrusted("not base64") from None


def _parse(raw: bytes):
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        document = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as failure:
        raise Untrusted(str(failure)) from None
    if document.getroottree().docinfo.doctype:
        raise Untrusted("a document type is not allowed")
    return document


def _signed_part(document, certificate: str):
    """The element that a signature covers, if it is one made with this certificate's key."""
    from cryptography.x509 import load_der_x509_certificate
    from signxml.exceptions import SignXMLException
    from signxml.verifier import SignatureConfiguration, XMLVerifier

    try:
        x509 = load_der_x509_certificate(base64.b64decode(certificate))
        # Of a provider's certificates only the keys count: AWS takes no notice of their expiry.
        config = SignatureConfiguration(verification_time=x509.not_valid_before_utc)
        result = XMLVerifier().verify(document, x509_cert=x509, expect_config=config)
    except (SignXMLException, ValueError):
        return None
    return result.signed_xml  # type: ignore[union-attr]


def _assertion(signed) -> Assertion:
    found = [signed] if signed.tag == f"{{{SAML}}}Assertion" else signed.findall("saml:Assertion", NAMES)
    if len(found) != 1:
        raise Untrusted("what is signed holds no single assertion")
    one = found[0]
    name = one.find("saml:Subject/saml:NameID", NAMES)
    bearer = one.find("saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData", NAMES)
    conditions = one.find("saml:Conditions", NAMES)
    limits = conditions.attrib if conditions is not None else {}
    confirmed = bearer.attrib if bearer is not None else {}
    return Assertion(
        issuer=_text(one.find("saml:Issuer", NAMES)),
        subject=_text(name),
        subject_format=name.get("Format", "") if name is not None else "",
        audiences=[_text(node) for node in one.iterfind(".//saml:AudienceRestriction/saml:Audience", NAMES)],
        recipient=confirmed.get("Recipient"),
        not_before=_moment(limits.get("NotBefore")),
        not_on_or_after=_moment(limits.get("NotOnOrAfter")),
        redeem_before=_moment(confirmed.get("NotOnOrAfter")),
        attributes={
            node.get("Name", ""): [_text(value) for value in node.iterfind("saml:AttributeValue", NAMES)]
            for node in one.iterfind("saml:AttributeStatement/saml:Attribute", NAMES)
        },
    )


def _text(node) -> str:
    return (node.text or "").strip() if node is not None else ""


def _moment(written: str | None) -> float | None:
    if written is None:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise Untrusted(f"{written} is no time") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
