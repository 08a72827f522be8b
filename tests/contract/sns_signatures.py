"""Verifies what SNS has signed as AWS's guide says, by the certificate that the document names."""

import re
from base64 import b64decode

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tests.contract.sns_receiver import visit

CERTIFICATE_URL = re.compile(
    r"https://sns\.[a-z]+-[a-z]+-1\.amazonaws\.com(/SimpleNotificationService-[0-9a-f]{32}\.pem)", re.ASCII
)
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
ALGORITHMS = {"1": hashes.SHA1, "2": hashes.SHA256}


def verify(endpoint: str, document: dict, version: str | None = None):
    """Raises InvalidSignature."""
    names = [name for name in SIGNED[document["Type"]] if name in document]
    text = "".join(f"{name}\n{document[name]}\n" for name in names)
    key = certificate(endpoint, document).public_key()
    assert isinstance(key, RSAPublicKey)
    algorithm = ALGORITHMS[version or document["SignatureVersion"]]()
    key.verify(b64decode(document["Signature"]), text.encode(), padding.PKCS1v15(), algorithm)


def certificate(endpoint: str, document: dict) -> x509.Certificate:
    found = CERTIFICATE_URL.fullmatch(document["SigningCertURL"])
    assert found
    return x509.load_pem_x509_certificate(visit(endpoint + found[1]).encode())
