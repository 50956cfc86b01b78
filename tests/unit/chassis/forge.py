"""Tokens of every kind: good ones, and each with one thing wrong."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

ISSUER, AUDIENCE = "https://login.haven.test", "haven"
SUBJECT = "7c1f7a52-0b0c-4a53-9d5b-0f6f4f2f8a01"


class Key:
    """A signing key and its JWKS entry."""

    def __init__(self, kid: str, algorithm: str = "ES256") -> None:
        self.kid, self.algorithm = kid, algorithm
        self.private: Any
        if algorithm.startswith("RS"):
            self.private = rsa.generate_private_key(65537, 2048)
            public = jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        else:
            self.private = ec.generate_private_key(ec.SECP256R1())
            public = jwt.algorithms.ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        self.entry: dict[str, Any] = {**public, "kid": kid, "use": "sig", "alg": algorithm}

    @property
    def public_pem(self) -> bytes:
        """The public key as anyone can have it."""
        pem: bytes = self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return pem

    def token(self, *, kid: str | None = None, omit: tuple[str, ...] = (), **claims: Any) -> str:
        """A token; claims by name replace the good ones."""
        body = {name: value for name, value in good_claims(**claims).items() if name not in omit}
        headers = {"kid": self.kid if kid is None else kid}
        return jwt.encode(body, self.private, algorithm=self.algorithm, headers=headers)


def good_claims(**changes: Any) -> dict[str, Any]:
    """What a good token says."""
    now = int(time.time())
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": SUBJECT,
        "tenant": "alpha",
        "roles": ["clinician"],
        "iat": now,
        "exp": now + 600,
    } | changes


def unsigned(header: dict[str, Any], claims: dict[str, Any] | None = None) -> str:
    """A token without a signature."""
    parts = (json.dumps(part).encode() for part in (header, claims or good_claims()))
    return ".".join(_encoded(part) for part in parts) + "."


def hmac_signed(secret: bytes, header: dict[str, Any]) -> str:
    """A token signed with a public key as if it were a shared secret."""
    import hashlib
    import hmac

    signed = unsigned(header).removesuffix(".")
    return f"{signed}.{_encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def publish(path: Path, *keys: Key) -> str:
    """Write the keys as a JWKS file; gives its URI."""
    path.write_text(json.dumps({"keys": [key.entry for key in keys]}))
    return path.as_uri()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
