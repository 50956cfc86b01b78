"""Workload certificates: a local authority that makes them, and where each process finds its own.

<dir>/ca.pem, <dir>/<service>.pem and <dir>/<service>-key.pem. In production the same three files
are mounted from the cluster's own authority. A certificate names its service twice: as the URI
spiffe://haven/<service>, by which a server knows its caller, and as the DNS name <service>.haven,
by which a caller knows its server, whatever the address.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chassis.settings import SettingsError

SPIFFE = "spiffe://haven/"
WORKLOAD_NAME = re.compile(SPIFFE.encode() + rb"([a-z][a-z0-9-]{0,62})")
BACKDATED = timedelta(minutes=5)  # clocks differ
AUTHORITY_LIFE, CERTIFICATE_LIFE = timedelta(days=3650), timedelta(days=365)
LOCAL_NAMES = ("localhost",)
LOCAL_ADDRESSES = ("127.0.0.1", "::1")


@dataclass(frozen=True)
class Credentials:
    """One process's own certificate and key, and the authority it trusts; all PEM."""

    authority: bytes
    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        return "Credentials(***)"

    @classmethod
    def of(cls, directory: Path, service: str) -> Credentials:
        """Read the three files; SettingsError naming the one that cannot be read."""
        names = ("ca.pem", f"{service}.pem", f"{service}-key.pem")
        try:
            authority, certificate, key = ((directory / name).read_bytes() for name in names)
        except OSError as error:
            fault = f"HAVEN_PKI_DIR: unreadable {Path(str(error.filename)).name}"
            raise SettingsError([fault]) from None
        return cls(authority, certificate, key)


def ensure_local_pki(directory: Path, services: Iterable[str]) -> None:
    """Make the authority and each service's certificate where they are missing. Local use only."""
    directory.mkdir(parents=True, exist_ok=True)
    if not (directory / "ca.pem").exists():
        _make_authority(directory)
    for service in services:
        if not (directory / f"{service}.pem").exists():
            _make_certificate(directory, service)


def workload_of(names: Iterable[bytes]) -> str:
    """The service that a client certificate's alternative names speak for; empty if none."""
    ours = [name for name in names if name.startswith(b"spiffe://")]
    match = WORKLOAD_NAME.fullmatch(ours[0]) if len(ours) == 1 else None
    return match[1].decode() if match else ""


def write_private(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Write a key for its owner's eyes only, complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    draft.rename(path)


def _make_authority(directory: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("haven local authority")
    certificate = (
        _builder(name, name, key.public_key(), AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(directory / "ca-key.pem", key)
    _write(directory / "ca.pem", certificate)


def _make_certificate(directory: Path, service: str) -> None:
    authority = x509.load_pem_x509_certificate((directory / "ca.pem").read_bytes())
    signer = serialization.load_pem_private_key((directory / "ca-key.pem").read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    certificate = (
        _builder(_name(service), authority.subject, key.public_key(), CERTIFICATE_LIFE)
        .add_extension(_alternative_names(service), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(both), critical=False)
        .add_extension(issuer_key, critical=False)
        .sign(signer, hashes.SHA256())
    )
    write_private(directory / f"{service}-key.pem", key)
    _write(directory / f"{service}.pem", certificate)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
    )


def _alternative_names(service: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName(
        [
            x509.UniformResourceIdentifier(f"{SPIFFE}{service}"),
            x509.DNSName(f"{service}.haven"),
            *(x509.DNSName(name) for name in LOCAL_NAMES),
            *(x509.IPAddress(ip_address(address)) for address in LOCAL_ADDRESSES),
        ]
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _write(path: Path, certificate: x509.Certificate) -> None:
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    draft.rename(path)
