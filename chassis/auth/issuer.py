"""Tokens for a developer's machine and for tests, from a key made at first run. Never elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chassis.auth.pki import write_private
from chassis.call import Role
from chassis.ids import new_id
from chassis.settings import SettingsError

KEY_FILE, JWKS_FILE = "issuer-key.pem", "jwks.json"
DEFAULT_TTL = timedelta(hours=1)


class Issuer:
    """A local OpenID issuer without the login: whoever can read its key can be anyone."""

    def __init__(self, directory: Path, *, issuer: str, audience: str, environment: str) -> None:
        if environment != "local":
            raise SettingsError(["HAVEN_ENV: tokens are issued here only where it is local"])
        self._issuer, self._audience = issuer, audience
        self._key = _key(directory / KEY_FILE)
        public = jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        self.kid = _thumbprint(public)
        self.jwks_file = directory / JWKS_FILE
        entry = {**public, "kid": self.kid, "use": "sig", "alg": "ES256"}
        draft = directory / f"{JWKS_FILE}.{self.kid}"
        draft.write_text(json.dumps({"keys": [entry]}, indent=1), encoding="utf-8")
        draft.replace(self.jwks_file)  # services may be reading it

    @property
    def jwks_uri(self) -> str:
        """What HAVEN_JWKS_URI must say for services to accept these tokens."""
        return self.jwks_file.resolve().as_uri()

    def issue(
        self,
        tenant_id: str,
        subject: str,
        roles: Iterable[Role | str],
        *,
        ttl: timedelta = DEFAULT_TTL,
    ) -> str:
        """A signed token."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": subject,
            "tenant": tenant_id,
            "roles": [str(role) for role in roles],
            "iat": now,
            "exp": now + int(ttl.total_seconds()),
            "jti": new_id(),
        }
        return jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": self.kid})


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    if path.exists():
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key
    key = ec.generate_private_key(ec.SECP256R1())
    write_private(path, key)
    return key


def _thumbprint(public: dict[str, Any]) -> str:
    """RFC 7638: the same key has the same name everywhere."""
    members = {name: public[name] for name in ("crv", "kty", "x", "y")}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).decode().rstrip("=")
