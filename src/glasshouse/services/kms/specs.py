"""Key specs: what each kind of key is for, and by which algorithms.

Missing, because the cryptography at hand lacks them: SM2 (AWS has it in China only), ML-KEM-512, and the prehashed form
of Ed25519 (ED25519_PH_SHA_512).
"""

from dataclasses import dataclass

from glasshouse.core import NotSupported
from glasshouse.core.errors import ValidationException

ENCRYPT, SIGN, MAC = "ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC"
AGREE, ENCAPSULATE = "KEY_AGREEMENT", "ENCAPSULATE_DECAPSULATE"
SYMMETRIC = "SYMMETRIC_DEFAULT"
MISSING = frozenset({"SM2", "ML_KEM_512"})

_RSA_ENCRYPTION = ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")
_RSA_SIGNING = (
    "RSASSA_PKCS1_V1_5_SHA_256",
    "RSASSA_PKCS1_V1_5_SHA_384",
    "RSASSA_PKCS1_V1_5_SHA_512",
    "RSASSA_PSS_SHA_256",
    "RSASSA_PSS_SHA_384",
    "RSASSA_PSS_SHA_512",
)
# The member of KeyMetadata and GetPublicKey that lists the algorithms of each usage.
MEMBERS = {
    ENCRYPT: "encryption_algorithms",
    SIGN: "signing_algorithms",
    MAC: "mac_algorithms",
    AGREE: "key_agreement_algorithms",
    ENCAPSULATE: "encapsulation_algorithms",
}
OPERATIONS = {
    ENCRYPT: ("Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo"),
    SIGN: ("Sign", "Verify"),
    MAC: ("GenerateMac", "VerifyMac"),
    AGREE: ("DeriveSharedSecret",),
    ENCAPSULATE: ("Encapsulate", "Decapsulate"),
}
DATA_KEYS = (
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
)
ALWAYS = ("CreateGrant", "RetireGrant", "DescribeKey")


@dataclass(frozen=True, slots=True)
class Spec:
    """`algorithms` by usage; `size` in bytes of secret keys, in bits of RSA keys, else the curve or parameter set."""

    family: str  # SYMMETRIC RSA EC ED25519 HMAC ML_DSA ML_KEM
    algorithms: dict[str, tuple[str, ...]]
    size: int = 0
    curve: str = ""


def _rsa(bits: int) -> Spec:
    return Spec("RSA", {ENCRYPT: _RSA_ENCRYPTION, SIGN: _RSA_SIGNING}, bits)


def _hmac(bits: int, size: int) -> Spec:
    return Spec("HMAC", {MAC: (f"HMAC_SHA_{bits}",)}, size)


def _curve(name: str, algorithm: str) -> Spec:
    return Spec("EC", {SIGN: (algorithm,), AGREE: ("ECDH",)}, curve=name)


SPECS = {
    SYMMETRIC: Spec("SYMMETRIC", {ENCRYPT: (SYMMETRIC,)}, 32),
    "RSA_2048": _rsa(2048),
    "RSA_3072": _rsa(3072),
    "RSA_4096": _rsa(4096),
    "ECC_NIST_P256": _curve("SECP256R1", "ECDSA_SHA_256"),
    "ECC_NIST_P384": _curve("SECP384R1", "ECDSA_SHA_384"),
    "ECC_NIST_P521": _curve("SECP521R1", "ECDSA_SHA_512"),
    "ECC_SECG_P256K1": Spec("EC", {SIGN: ("ECDSA_SHA_256",)}, curve="SECP256K1"),
    "ECC_NIST_EDWARDS25519": Spec("ED25519", {SIGN: ("ED25519_SHA_512", "ED25519_PH_SHA_512")}),
    "HMAC_224": _hmac(224, 28),
    "HMAC_256": _hmac(256, 32),
    "HMAC_384": _hmac(384, 48),
    "HMAC_512": _hmac(512, 64),
    "ML_DSA_44": Spec("ML_DSA", {SIGN: ("ML_DSA_SHAKE_256",)}, curve="MLDSA44"),
    "ML_DSA_65": Spec("ML_DSA", {SIGN: ("ML_DSA_SHAKE_256",)}, curve="MLDSA65"),
    "ML_DSA_87": Spec("ML_DSA", {SIGN: ("ML_DSA_SHAKE_256",)}, curve="MLDSA87"),
    "ML_KEM_768": Spec("ML_KEM", {ENCAPSULATE: ("ML_KEM",)}, curve="MLKEM768"),
    "ML_KEM_1024": Spec("ML_KEM", {ENCAPSULATE: ("ML_KEM",)}, curve="MLKEM1024"),
}


def find(name: str) -> Spec:
    """Raises NotSupported for a spec that AWS has and this cloud cannot make."""
    if name in MISSING:
        raise NotSupported(f"kms: keys of the spec {name} are not supported by Glasshouse, whose cryptography lacks it")
    return SPECS[name]


def check_usage(name: str, usage: str | None) -> str:
    """The usage of a new key. Raises ValidationException where it does not suit the spec."""
    spec = find(name)
    if usage is None:
        if name != SYMMETRIC:
            raise ValidationException(
                "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
            )
        return ENCRYPT
    if usage not in spec.algorithms:
        raise ValidationException(f"KeyUsage {usage} is not compatible with KeySpec {name}")
    return usage


def algorithms(name: str, usage: str) -> tuple[str, ...]:
    return SPECS[name].algorithms[usage]


def operations(name: str, usage: str) -> frozenset[str]:
    """What a grant may permit to do with such a key."""
    own = OPERATIONS[usage] + ALWAYS
    if name == SYMMETRIC:
        return frozenset(own + DATA_KEYS)
    secret = SPECS[name].family == "HMAC"
    return frozenset(own if secret else (*own, "GetPublicKey"))
