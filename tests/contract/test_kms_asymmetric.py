"""KMS: key pairs and authentication codes, with the library cryptography and the openssl command as oracles."""

import hashlib
import hmac
import shutil
import subprocess

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

RSA = ("RSA_2048", "RSA_3072", "RSA_4096")
HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
CURVES = {
    "ECC_NIST_P256": ("ECDSA_SHA_256", ec.SECP256R1),
    "ECC_NIST_P384": ("ECDSA_SHA_384", ec.SECP384R1),
    "ECC_NIST_P521": ("ECDSA_SHA_512", ec.SECP521R1),
    "ECC_SECG_P256K1": ("ECDSA_SHA_256", ec.SECP256K1),
}
MESSAGE = b"what is signed"


@pytest.fixture
def kms(aws):
    return aws("kms")


def make(kms, spec, usage="SIGN_VERIFY", **more):
    return kms.create_key(KeySpec=spec, KeyUsage=usage, **more)["KeyMetadata"]["Arn"]


def public(kms, key):
    return kms.get_public_key(KeyId=key)["PublicKey"]


def refusal(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def check_elsewhere(key, algorithm, signature, message=MESSAGE):
    """Verify with the library; it raises where the signature is none."""
    digest = HASHES[algorithm[-3:]]()
    if algorithm.startswith("ECDSA"):
        key.verify(signature, message, ec.ECDSA(digest))
    elif "PSS" in algorithm:
        scheme = padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)
        key.verify(signature, message, scheme, digest)
    else:
        key.verify(signature, message, padding.PKCS1v15(), digest)


# What is refused


def test_a_wrong_signature_is_refused(kms):
    key = make(kms, "ECC_NIST_P256")
    params = {"KeyId": key, "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = kms.sign(Message=MESSAGE, **params)["Signature"]
    for message, wrong in ((b"another", signature), (MESSAGE, signature[:-1] + bytes([signature[-1] ^ 1]))):
        refused = refusal(kms.verify, Message=message, Signature=wrong, **params)
        assert refused == ("KMSInvalidSignatureException", "")


def test_a_digest_has_the_length_of_its_algorithm(kms):
    params = {"KeyId": make(kms, "ECC_NIST_P384"), "SigningAlgorithm": "ECDSA_SHA_384", "MessageType": "DIGEST"}
    assert refusal(kms.sign, Message=b"x" * 32, **params) == (
        "ValidationException",
        "Digest is invalid length for algorithm ECDSA_SHA_384.",
    )


def test_a_key_is_used_for_what_it_is_for(kms):
    symmetric = kms.create_key()["KeyMetadata"]["Arn"]
    mac, signing = make(kms, "HMAC_256", "GENERATE_VERIFY_MAC"), make(kms, "RSA_2048")
    assert refusal(kms.generate_mac, KeyId=symmetric, Message=b"x", MacAlgorithm="HMAC_SHA_256") == (
        "InvalidKeyUsageException",
        f"{symmetric} key usage is ENCRYPT_DECRYPT which is not valid for GenerateMac.",
    )
    assert refusal(kms.sign, KeyId=mac, Message=b"x", SigningAlgorithm="RSASSA_PSS_SHA_256") == (
        "InvalidKeyUsageException",
        f"{mac} key usage is GENERATE_VERIFY_MAC which is not valid for Sign.",
    )
    assert refusal(kms.encrypt, KeyId=signing, Plaintext=b"x")[0] == "InvalidKeyUsageException"
    assert refusal(kms.generate_mac, KeyId=mac, Message=b"x", MacAlgorithm="HMAC_SHA_512") == (
        "InvalidKeyUsageException",
        "Algorithm HMAC_SHA_512 is incompatible with key spec HMAC_256.",
    )
    blob = kms.encrypt(KeyId=symmetric, Plaintext=b"x")["CiphertextBlob"]
    assert refusal(kms.decrypt, CiphertextBlob=blob, KeyId=mac)[0] == "IncorrectKeyException"
    assert refusal(kms.get_public_key, KeyId=symmetric)[0] == "UnsupportedOperationException"


def test_rsa_encrypts_what_fits_into_the_key(kms):
    key = make(kms, "RSA_2048", "ENCRYPT_DECRYPT")
    for algorithm, most in (("RSAES_OAEP_SHA_1", 214), ("RSAES_OAEP_SHA_256", 190)):
        params = {"KeyId": key, "EncryptionAlgorithm": algorithm}
        assert refusal(kms.encrypt, Plaintext=b"x" * (most + 1), **params) == (
            "ValidationException",
            f"Algorithm {algorithm} and key spec RSA_2048 cannot encrypt data larger than {most} bytes.",
        )
        assert len(kms.encrypt(Plaintext=b"x" * most, **params)["CiphertextBlob"]) == 256
    code, _ = refusal(kms.decrypt, CiphertextBlob=b"x" * 256, KeyId=key, EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    assert code == "InvalidCiphertextException"


def test_a_wrong_code_is_refused(kms):
    key = make(kms, "HMAC_224", "GENERATE_VERIFY_MAC")
    params = {"KeyId": key, "MacAlgorithm": "HMAC_SHA_224"}
    mac = kms.generate_mac(Message=MESSAGE, **params)["Mac"]
    assert refusal(kms.verify_mac, Message=b"another", Mac=mac, **params) == ("KMSInvalidMacException", "")


def test_what_the_cryptography_at_hand_lacks_is_refused_in_words(kms):
    key = make(kms, "ECC_NIST_EDWARDS25519")
    params = {"KeyId": key, "Message": b"x" * 64, "MessageType": "DIGEST", "SigningAlgorithm": "ED25519_PH_SHA_512"}
    assert refusal(kms.sign, **params)[0] == "NotSupported"
    code, message = refusal(kms.create_key, KeySpec="ML_KEM_512", KeyUsage="ENCAPSULATE_DECAPSULATE")
    assert (code, "ML_KEM_512" in message) == ("NotSupported", True)


def test_a_secret_is_agreed_on_one_curve(kms):
    key = make(kms, "ECC_NIST_P256", "KEY_AGREEMENT")
    for peer in (public(kms, make(kms, "ECC_NIST_P384", "KEY_AGREEMENT")), b"no key"):
        code, _ = refusal(kms.derive_shared_secret, KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=peer)
        assert code == "ValidationException"


# What is done


@pytest.mark.parametrize("spec", RSA)
def test_rsa_signatures_verify_elsewhere_and_theirs_here(kms, spec):
    key = make(kms, spec)
    answer = kms.get_public_key(KeyId=key)
    other = load_der_public_key(answer["PublicKey"])
    assert isinstance(other, rsa.RSAPublicKey)
    assert other.key_size == int(spec[-4:])
    assert len(answer["SigningAlgorithms"]) == 6
    for algorithm in answer["SigningAlgorithms"]:
        digest = hashlib.new(f"sha{algorithm[-3:]}", MESSAGE).digest()
        raw = kms.sign(KeyId=key, Message=MESSAGE, SigningAlgorithm=algorithm)["Signature"]
        digested = kms.sign(KeyId=key, Message=digest, MessageType="DIGEST", SigningAlgorithm=algorithm)["Signature"]
        for signature in (raw, digested):
            check_elsewhere(other, algorithm, signature)
        verified = kms.verify(
            KeyId=key, Message=digest, MessageType="DIGEST", Signature=raw, SigningAlgorithm=algorithm
        )
        assert verified["SignatureValid"] is True


@pytest.mark.parametrize("spec", CURVES)
def test_signatures_on_curves_verify_elsewhere(kms, spec):
    algorithm, curve = CURVES[spec]
    key = make(kms, spec)
    other = load_der_public_key(public(kms, key))
    assert isinstance(other, ec.EllipticCurvePublicKey)
    assert isinstance(other.curve, curve)
    digest = hashlib.new(f"sha{algorithm[-3:]}", MESSAGE).digest()
    signature = kms.sign(KeyId=key, Message=digest, MessageType="DIGEST", SigningAlgorithm=algorithm)["Signature"]
    check_elsewhere(other, algorithm, signature)
    other.verify(signature, digest, ec.ECDSA(utils.Prehashed(HASHES[algorithm[-3:]]())))
    assert kms.verify(KeyId=key, Message=MESSAGE, Signature=signature, SigningAlgorithm=algorithm)["SignatureValid"]


def test_edwards_and_lattice_signatures_verify_elsewhere(kms):
    edwards = make(kms, "ECC_NIST_EDWARDS25519")
    params = {"KeyId": edwards, "Message": MESSAGE, "SigningAlgorithm": "ED25519_SHA_512"}
    load_der_public_key(public(kms, edwards)).verify(kms.sign(**params)["Signature"], MESSAGE)
    for spec in ("ML_DSA_44", "ML_DSA_65", "ML_DSA_87"):
        key = make(kms, spec)
        params = {"KeyId": key, "Message": MESSAGE, "SigningAlgorithm": "ML_DSA_SHAKE_256"}
        signature = kms.sign(**params)["Signature"]
        load_der_public_key(public(kms, key)).verify(signature, MESSAGE)
        assert kms.verify(Signature=signature, **params)["SignatureValid"]


@pytest.mark.parametrize(
    ("spec", "algorithm", "options"),
    [
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256", ()),
        ("RSA_2048", "RSASSA_PSS_SHA_512", ("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:64")),
        ("ECC_NIST_P521", "ECDSA_SHA_512", ()),
        ("ECC_SECG_P256K1", "ECDSA_SHA_256", ()),
    ],
)
def test_openssl_verifies_what_is_signed_here(kms, tmp_path, spec, algorithm, options):
    key = make(kms, spec)
    (tmp_path / "key.der").write_bytes(public(kms, key))
    (tmp_path / "message").write_bytes(MESSAGE)
    signature = kms.sign(KeyId=key, Message=MESSAGE, SigningAlgorithm=algorithm)["Signature"]
    (tmp_path / "signature").write_bytes(signature)
    if shutil.which("openssl") is None:  # then the library, which is OpenSSL too, must do
        check_elsewhere(load_der_public_key(public(kms, key)), algorithm, signature)
        return
    command = ["openssl", "dgst", f"-sha{algorithm[-3:]}", "-verify", "key.der", "-keyform", "DER", *options]
    told = subprocess.run(
        [*command, "-signature", "signature", "message"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert told.stdout == "Verified OK\n"


@pytest.mark.parametrize("algorithm", ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"])
def test_what_is_encrypted_elsewhere_for_an_rsa_key_is_decrypted_here(kms, algorithm):
    key = make(kms, "RSA_3072", "ENCRYPT_DECRYPT")
    digest = hashes.SHA1() if algorithm.endswith("SHA_1") else hashes.SHA256()
    scheme = padding.OAEP(mgf=padding.MGF1(digest), algorithm=digest, label=None)
    blob = load_der_public_key(public(kms, key)).encrypt(b"secret", scheme)
    params = {"KeyId": key, "EncryptionAlgorithm": algorithm}
    assert kms.decrypt(CiphertextBlob=blob, **params)["Plaintext"] == b"secret"
    own = kms.encrypt(Plaintext=b"mine", **params)["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=own, **params)["Plaintext"] == b"mine"
    assert refusal(kms.decrypt, CiphertextBlob=own, EncryptionAlgorithm=algorithm)[0] == "ValidationException"


@pytest.mark.parametrize("bits", ["224", "256", "384", "512"])
def test_codes_are_made_and_verified(kms, bits):
    key = make(kms, f"HMAC_{bits}", "GENERATE_VERIFY_MAC")
    params = {"KeyId": key, "Message": MESSAGE, "MacAlgorithm": f"HMAC_SHA_{bits}"}
    mac = kms.generate_mac(**params)["Mac"]
    assert len(mac) == int(bits) // 8
    assert kms.verify_mac(Mac=mac, **params)["MacValid"] is True


@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"])
def test_a_secret_is_agreed_with_somebody_elsewhere(kms, spec):
    key = make(kms, spec, "KEY_AGREEMENT")
    own = load_der_public_key(public(kms, key))
    assert isinstance(own, ec.EllipticCurvePublicKey)
    peer = ec.generate_private_key(own.curve)
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    answer = kms.derive_shared_secret(
        KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=peer.public_key().public_bytes(*form)
    )
    assert answer["SharedSecret"] == peer.exchange(ec.ECDH(), own)


@pytest.mark.parametrize(("spec", "size"), [("ML_KEM_768", 1088), ("ML_KEM_1024", 1568)])
def test_a_secret_is_encapsulated(kms, spec, size):
    key = make(kms, spec, "ENCAPSULATE_DECAPSULATE")
    params = {"KeyId": key, "EncapsulationAlgorithm": "ML_KEM"}
    made = kms.encapsulate(**params)
    blob = made["SharedSecretCiphertextBlob"]
    assert len(blob) == size
    assert kms.decapsulate(SharedSecretCiphertextBlob=blob, **params)["SharedSecret"] == made["SharedSecret"]
    theirs, sealed = load_der_public_key(public(kms, key)).encapsulate()
    assert kms.decapsulate(SharedSecretCiphertextBlob=sealed, **params)["SharedSecret"] == theirs
    code, _ = refusal(kms.decapsulate, SharedSecretCiphertextBlob=blob[:-1], **params)
    assert code == "InvalidCiphertextException"


@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P256", "ECC_NIST_EDWARDS25519"])
def test_data_key_pairs_are_given_in_clear_and_sealed(kms, spec):
    key = kms.create_key()["KeyMetadata"]["Arn"]
    params = {"KeyId": key, "KeyPairSpec": spec, "EncryptionContext": {"a": "b"}}
    pair = kms.generate_data_key_pair(**params)
    opened = kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"], EncryptionContext={"a": "b"})["Plaintext"]
    assert opened == pair["PrivateKeyPlaintext"]
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert load_der_private_key(opened, None).public_key().public_bytes(*form) == pair["PublicKey"]
    assert "PrivateKeyPlaintext" not in kms.generate_data_key_pair_without_plaintext(**params)


# What happens next


def test_a_disabled_pair_does_not_sign_and_a_signature_stays_valid(kms):
    key = make(kms, "ECC_NIST_P256")
    params = {"KeyId": key, "Message": MESSAGE, "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = kms.sign(**params)["Signature"]
    kms.disable_key(KeyId=key)
    assert refusal(kms.sign, **params) == ("DisabledException", f"{key} is disabled.")
    assert refusal(kms.get_public_key, KeyId=key)[0] == "DisabledException"
    kms.enable_key(KeyId=key)
    assert kms.verify(Signature=signature, **params)["SignatureValid"]


def test_codes_of_imported_keys_are_those_of_everybody(kms):
    """With a key that both sides know, the code is the plain HMAC of RFC 2104."""
    secret = bytes(range(32))
    key = make(kms, "HMAC_256", "GENERATE_VERIFY_MAC", Origin="EXTERNAL")
    asked = {"KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    given = kms.get_parameters_for_import(**asked)
    scheme = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    kms.import_key_material(
        KeyId=key,
        ImportToken=given["ImportToken"],
        EncryptedKeyMaterial=load_der_public_key(given["PublicKey"]).encrypt(secret, scheme),
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
    )
    mac = kms.generate_mac(KeyId=key, Message=MESSAGE, MacAlgorithm="HMAC_SHA_256")["Mac"]
    assert mac == hmac.digest(secret, MESSAGE, "sha256")
