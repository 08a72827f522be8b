"""Signing, verifying, and encrypting with key pairs, by the names AWS gives the algorithms."""

from collections.abc import Callable
from typing import Any

from glasshouse.core import NotSupported
from glasshouse.core.errors import ValidationException
from glasshouse.services.kms.errors import InvalidCiphertextException, KMSInvalidSignatureException
from glasshouse.services.kms.material import load_private, load_public

DIGEST_BYTES = {"256": 32, "384": 48, "512": 64}
MU_BYTES = 64
PLAIN_ONLY = ("ML_DSA_SHAKE_256", "ED25519_SHA_512")  # these take whole messages: they hash in their own way


def sign(material: bytes, algorithm: str, message: bytes, message_type: str) -> bytes:
    _check(algorithm, message, message_type)
    key = load_private(material)
    if message_type == "EXTERNAL_MU":
        return key.sign_mu(message)
    return key.sign(message, *_parameters(algorithm, message_type))


def verify(public_key: bytes, algorithm: str, message: bytes, message_type: str, signature: bytes):
    """Raises KMSInvalidSignatureException."""
    from cryptography.exceptions import InvalidSignature

    _check(algorithm, message, message_type)
    key = load_public(public_key)
    try:
        if message_type == "EXTERNAL_MU":
            key.verify_mu(signature, message)
        else:
            key.verify(signature, message, *_parameters(algorithm, message_type))
    except InvalidSignature:
        raise KMSInvalidSignatureException("") from None


def encrypt(public_key: bytes, key_spec: str, algorithm: str, plaintext: bytes) -> bytes:
    """By RSA OAEP. Raises ValidationException on what does not fit into the key."""
    key = load_public(public_key)
    hash_bytes = 20 if algorithm.endswith("SHA_1") else 32
    most = key.key_size // 8 - 2 * hash_bytes - 2
    if len(plaintext) > most:
        raise ValidationException(
            f"Algorithm {algorithm} and key spec {key_spec} cannot encrypt data larger than {most} bytes."
        )
    return key.encrypt(plaintext, oaep(algorithm))


def decrypt(material: bytes, algorithm: str, ciphertext: bytes) -> bytes:
    """Raises InvalidCiphertextException."""
    try:
        return load_private(material).decrypt(ciphertext, oaep(algorithm))
    except ValueError:
        raise InvalidCiphertextException("") from None


def oaep(algorithm: str) -> Any:
    """The padding of RSAES_OAEP_SHA_1 or _256 (also within RSA_AES_KEY_WRAP_...)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    digest = hashes.SHA1 if algorithm.endswith("SHA_1") else hashes.SHA256
    return padding.OAEP(mgf=padding.MGF1(digest()), algorithm=digest(), label=None)


def _check(algorithm: str, message: bytes, message_type: str):
    if algorithm == "ED25519_PH_SHA_512":
        raise NotSupported("kms: ED25519_PH_SHA_512 is not supported by Glasshouse, whose cryptography lacks it")
    if message_type == "EXTERNAL_MU":
        if algorithm != "ML_DSA_SHAKE_256":
            raise ValidationException(f"MessageType EXTERNAL_MU is not valid for algorithm {algorithm}.")
        if len(message) != MU_BYTES:
            raise ValidationException(f"Digest is invalid length for algorithm {algorithm}.")
    elif message_type == "DIGEST":
        if algorithm in PLAIN_ONLY:
            raise ValidationException(f"MessageType DIGEST is not valid for algorithm {algorithm}.")
        if len(message) != DIGEST_BYTES[algorithm[-3:]]:
            raise ValidationException(f"Digest is invalid length for algorithm {algorithm}.")


def _parameters(algorithm: str, message_type: str) -> tuple:
    """What cryptography's sign and verify take beside the message."""
    if algorithm in PLAIN_ONLY:
        return ()
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

    make: Callable[[], Any] = getattr(hashes, f"SHA{algorithm[-3:]}")
    digest = utils.Prehashed(make()) if message_type == "DIGEST" else make()
    if algorithm.startswith("ECDSA"):
        return (ec.ECDSA(digest),)
    if algorithm.startswith("RSASSA_PSS"):
        # "the salt is as long as the digest" (KMS developer guide, "RSA key specs for signing")
        return padding.PSS(mgf=padding.MGF1(make()), salt_length=DIGEST_BYTES[algorithm[-3:]]), digest
    return padding.PKCS1v15(), digest
