"""Identity providers for tests: one that signs web tokens and serves its keys, one that signs SAML responses."""

import base64
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree
from signxml import XMLSigner

PEM = serialization.Encoding.PEM
SIGN_IN = "https://signin.aws.amazon.com/saml"
ATTRIBUTE = "https://aws.amazon.com/SAML/Attributes/"


class WebProvider:
    """An OpenID Connect provider on this machine."""

    def __init__(self):
        provider = self
        self.keys = {"first": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
        self.asked = 0

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps(provider.answer(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                """Keep silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.place = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.place}"
        self.configuration = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, path):
        if path == "/.well-known/openid-configuration":
            return self.configuration
        self.asked += 1
        return {"keys": [self._published(name, key) for name, key in self.keys.items()]}

    @staticmethod
    def _published(name, key):
        if isinstance(key, rsa.RSAPrivateKey):
            shown, algorithm = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "RS256"
        else:
            shown, algorithm = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "ES256"
        return {**shown, "kid": name, "use": "sig", "alg": algorithm}

    def add_curve_key(self, name):
        self.keys[name] = ec.generate_private_key(ec.SECP256R1())

    def token(self, now, name="first", key=None, **claims):
        key = key or self.keys[name]
        stated = {"iss": self.url, "aud": "app", "sub": "user-1", "iat": int(now), "exp": int(now) + 600, **claims}
        stated = {claim: value for claim, value in stated.items() if value is not None}
        algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
        return jwt.encode(stated, key, algorithm, headers={"kid": name})

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def key_and_certificate(name="idp"):
    """A private key and its self-signed certificate, which has ended years ago: IAM does not mind."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    start = datetime(2015, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def pem_of(key):
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


class SamlProvider:
    """A SAML identity provider."""

    entity_id = "https://idp.example.com/metadata"

    def __init__(self):
        self.key, self.certificate = key_and_certificate()

    @property
    def metadata(self):
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        return f"""<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{self.entity_id}">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing">
      <ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
        <ds:X509Data><ds:X509Certificate>{base64.encodebytes(der).decode()}</ds:X509Certificate></ds:X509Data>
      </ds:KeyInfo>
    </md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
      Location="https://idp.example.com/sso"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>"""

    def response(self, now, attributes, signed="Assertion", key=None, audience=SIGN_IN, recipient=SIGN_IN, life=300):
        """A signed response in base64; `attributes` are names after AWS's prefix, and their values."""
        response = etree.fromstring(_response(self.entity_id, now, attributes, audience, recipient, life).encode())
        tag = f"{{urn:oasis:names:tc:SAML:2.0:assertion}}{signed}"
        part = response if signed == "Response" else response.find(tag)
        pem = self.certificate.public_bytes(PEM)
        made = XMLSigner().sign(part, key=pem_of(key or self.key), cert=pem, reference_uri=part.get("ID"))
        if part is response:
            response = made
        else:
            response.replace(part, made)
        return base64.b64encode(etree.tostring(response)).decode()


def _iso(moment):
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _response(issuer, now, attributes, audience, recipient, life):
    told = "".join(
        f'<saml:Attribute Name="{ATTRIBUTE}{name}">'
        + "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)
        + "</saml:Attribute>"
        for name, values in attributes.items()
    )
    return f"""<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r" Version="2.0" IssueInstant="{_iso(now)}">
 <saml:Issuer>{issuer}</saml:Issuer>
 <samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
 <saml:Assertion ID="_a" Version="2.0" IssueInstant="{_iso(now)}">
  <saml:Issuer>{issuer}</saml:Issuer>
  <saml:Subject>
   <saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">alice</saml:NameID>
   <saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
    <saml:SubjectConfirmationData NotOnOrAfter="{_iso(now + life)}" Recipient="{recipient}"/>
   </saml:SubjectConfirmation>
  </saml:Subject>
  <saml:Conditions NotBefore="{_iso(now)}" NotOnOrAfter="{_iso(now + life)}">
   <saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction>
  </saml:Conditions>
  <saml:AttributeStatement>{told}</saml:AttributeStatement>
 </saml:Assertion>
</samlp:Response>"""
