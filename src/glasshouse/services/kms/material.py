"""Key material: made, loaded, looked at. Secret keys are their bytes, private keys PKCS #8 in DER."""

import hashlib
from typing import Any

from glasshouse.core import NotSupported, ids
from glasshouse.services.kms.specs import Spec, find


def make(key_spec: str) -> bytes:
    """New material for a key of that spec."""
    spec = find(key_spec)
    if spec.family in ("SYMMETRIC", "HMAC"):
        return ids.random_bytes(spec.size)
    return private_bytes(_private_key(spec))


def _private_key(spec: Spec) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if spec.family == "RSA":
        return rsa.generate_private_key(public_exponent=65537, key_size=spec.size)
    if spec.family == "EC":
        return ec.generate_private_key(getattr(ec, spec.curve)())
    if spec.family == "ED25519":
        return ed25519.Ed25519PrivateKey.generate()
    return getattr(_lattices(spec.family), f"{spec.curve}PrivateKey").generate()


def _lattices(family: str) -> Any:
    """The module of cryptography that has the post-quantum algorithms; old releases lack them."""
    try:
        if family == "ML_DSA":
            from cryptography.hazmat.primitives.asymmetric import mldsa as module
        else:
            from cryptography.hazmat.primitives.asymmetric import mlkem as module
    except ImportError:
        raise NotSupported(f"kms: {family} needs a newer release of the library cryptography") from None
    return module


def private_bytes(key: Any) -> bytes:
    from cryptography.hazmat.primitives import serialization as forms

    return key.private_bytes(forms.Encoding.DER, forms.PrivateFormat.PKCS8, forms.NoEncryption())


def public_bytes(key_spec: str, material: bytes) -> bytes | None:
    """SubjectPublicKeyInfo in DER; none of secret keys."""
    if find(key_spec).family in ("SYMMETRIC", "HMAC"):
        return None
    from cryptography.hazmat.primitives import serialization as forms

    public = load_private(material).public_key()
    return public.public_bytes(forms.Encoding.DER, forms.PublicFormat.SubjectPublicKeyInfo)


def load_private(material: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    # The material was checked when it was made or imported; to check an RSA key anew takes longer than to use it.
    return load_der_private_key(material, None, unsafe_skip_rsa_key_validation=True)


def load_public(public_key: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    return load_der_public_key(public_key)


def fits(key_spec: str, material: bytes) -> bool:
    """Whether imported material is that of a key of the spec."""
    spec = find(key_spec)
    if spec.family in ("SYMMETRIC", "HMAC"):
        return len(material) == spec.size
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        key = load_der_private_key(material, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return _is_of(spec, key)


def _is_of(spec: Spec, key: Any) -> bool:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if spec.family == "RSA":
        return isinstance(key, rsa.RSAPrivateKey) and key.key_size == spec.size
    if spec.family == "EC":
        return isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, getattr(ec, spec.curve))
    if spec.family == "ED25519":
        return isinstance(key, ed25519.Ed25519PrivateKey)
    return isinstance(key, getattr(_lattices(spec.family), f"{spec.curve}PrivateKey"))


def identify(key_id: str, material: bytes) -> str:
    """The id of a key's material: the same for the same material of the same key, and says nothing about it."""
    return hashlib.sha256(key_id.encode() + b"\0" + material).hexdigest()
