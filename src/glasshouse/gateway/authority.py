"""The cloud's own certificate authority: a root in the data directory, and certificates for the names clients ask for.

The root vouches only for names that are AWS's or this machine's (name constraints), so that trusting it gives nobody
who might steal its key power over anything else.
"""

import os
import ssl
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CERTIFICATE_FILE, KEY_FILE, BUNDLE_FILE = "ca.pem", "ca.key", "ca-bundle.pem"
SYSTEM_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
NAME = "Glasshouse local cloud"
PERMITTED = ("amazonaws.com", "amazonaws.com.cn", "aws", "localhost", "localhost.localstack.cloud")
PERMITTED_NETWORKS = ("127.0.0.0/8", "::1/128")
OWN_NAMES = ("localhost", "*.localhost", "localhost.localstack.cloud", "*.localhost.localstack.cloud")
OWN_ADDRESSES = ("127.0.0.1", "::1")
ROOT_DAYS, LEAF_DAYS = 3650, 397  # clients refuse leaves that live longer
REMEMBERED = 256


class Authority:
    """Issues certificates. Kept in a directory, made on first use."""

    def __init__(self, directory: Path, now: Callable[[], float]):
        self._directory, self._now = directory, now
        self._contexts: dict[str, ssl.SSLContext] = {}
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (directory / CERTIFICATE_FILE).exists():
            self._make_root()
        self.pem = (directory / CERTIFICATE_FILE).read_bytes()
        self._root = x509.load_pem_x509_certificate(self.pem)
        self._key = serialization.load_pem_private_key((directory / KEY_FILE).read_bytes(), None)

    def bundle(self) -> Path:
        """A file of this machine's own certificates and the root's: for tools that take one file in place of theirs."""
        paths = ssl.get_default_verify_paths()
        own = next((Path(path) for path in (paths.cafile, *SYSTEM_BUNDLES) if path and Path(path).exists()), None)
        path = self._directory / BUNDLE_FILE
        _write(path, self.pem + (own.read_bytes() if own else b""))
        return path

    def context(self, name: str | None = None) -> ssl.SSLContext:
        """What speaks TLS as the host of that name; without one, or one beyond our reach, as this machine."""
        key = name.lower() if name and _is_permitted(name.lower()) else ""
        context = self._contexts.get(key)
        if context is None:
            if len(self._contexts) >= REMEMBERED:
                self._contexts.clear()
            context = self._contexts[key] = self._context(*_names(key))
        return context

    def choose(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext):
        """The client has said whom it wants to speak to (SNI)."""
        connection.context = self.context(name)

    def issue(self, names: Sequence[str], public_key: CertificatePublicKeyTypes) -> bytes:
        """A certificate (PEM) that says whose a public key is; the first name is the common one."""
        return self._certificate(names, [], public_key).public_bytes(serialization.Encoding.PEM)

    def _context(self, names: list[str], addresses: list[str]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        context.sni_callback = self.choose  # type: ignore[assignment]
        certificate, key = self._leaf(names, addresses)
        path = self._directory / f"leaf.{os.getpid()}.pem"  # OpenSSL takes them from files alone
        try:
            _write(path, _private_pem(key) + certificate.public_bytes(serialization.Encoding.PEM) + self.pem)
            context.load_cert_chain(path)
        finally:
            path.unlink(missing_ok=True)
        return context

    def _leaf(self, names: list[str], addresses: list[str]) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        key = ec.generate_private_key(ec.SECP256R1())
        return self._certificate(names, addresses, key.public_key()), key

    def _certificate(
        self, names: Sequence[str], addresses: Sequence[str], public_key: CertificatePublicKeyTypes
    ) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
        alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
        alternatives += [x509.IPAddress(ip_address(address)) for address in addresses]
        issuer = self._root.public_key()
        return (
            self._begun(subject, public_key, LEAF_DAYS)
            .issuer_name(self._root.subject)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)  # type: ignore[arg-type]
            .sign(self._key, hashes.SHA256())  # type: ignore[arg-type]
        )

    def _make_root(self):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
        permitted: list[x509.GeneralName] = [x509.DNSName(name) for name in PERMITTED]
        permitted += [x509.IPAddress(ip_network(network)) for network in PERMITTED_NETWORKS]
        certificate = (
            self._begun(subject, key.public_key(), ROOT_DAYS)
            .issuer_name(subject)
            .add_extension(x509.BasicConstraints(True, 0), critical=True)
            .add_extension(x509.NameConstraints(permitted, None), critical=True)
            .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        _write(self._directory / KEY_FILE, _private_pem(key))
        _write(self._directory / CERTIFICATE_FILE, certificate.public_bytes(serialization.Encoding.PEM))

    def _begun(self, subject: x509.Name, public_key: CertificatePublicKeyTypes, days: int) -> x509.CertificateBuilder:
        start = datetime.fromtimestamp(self._now(), UTC) - timedelta(days=1)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=days))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        )


def _is_permitted(name: str) -> bool:
    fits = len(name) <= 253 and all(0 < len(label) <= 63 for label in name.split("."))
    return fits and any(name == suffix or name.endswith(f".{suffix}") for suffix in PERMITTED)


def _names(name: str) -> tuple[list[str], list[str]]:
    """The names and addresses of a certificate for a host."""
    if not name or name in OWN_NAMES:
        return list(OWN_NAMES), list(OWN_ADDRESSES)
    parent = name.partition(".")[2]
    # Beside it in the same breath: `bucket.s3.eu-west-1.amazonaws.com` and its siblings.
    siblings = [f"*.{parent}"] if parent.count(".") >= 2 else []
    return [name, *siblings], []


def _usage(**allowed: bool) -> x509.KeyUsage:
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: allowed.get(name, False) for name in every})


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes):
    """For its owner's eyes only, and whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(0o600)
    draft.write_bytes(content)
    draft.rename(path)
