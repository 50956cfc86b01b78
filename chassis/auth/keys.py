"""The issuer's public keys: fetched from a JWKS address, kept, and fetched again when they rotate.

Once fetched, keys go on working while the address is away. A token with an unknown `kid` causes
one fetch, and only so many in half a minute: a flood of forged tokens must not become a flood of
fetches.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from chassis.errors import Unauthenticated, Unavailable
from chassis.log import failure, get_logger
from chassis.settings import SettingsError, is_loopback

log = get_logger("auth.keys")

ALGORITHMS = frozenset({"RS256", "ES256"})
FETCH_SECONDS = 3.0
LARGEST_ANSWER = 1 << 20
FETCHES, FETCH_WINDOW_SECONDS = 5, 30.0
FRESH_SECONDS = 300.0  # how long a withdrawn key may live on
SMALLEST_RSA_BITS = 2048  # RFC 7518 3.3


class KeySet:
    """The keys of one issuer."""

    def __init__(self, uri: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._read = _reader_of(uri)
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched: float | None = None
        self._attempts: deque[float] = deque(maxlen=FETCHES)
        self.generation = 0  # grows whenever the set of keys changes

    @property
    def is_fresh(self) -> bool:
        """False once the keys should be looked at again."""
        return self._fetched is not None and self._monotonic() - self._fetched < FRESH_SECONDS

    @property
    def can_refresh(self) -> bool:
        """True where a fetch is allowed now."""
        return (
            len(self._attempts) < FETCHES
            or self._monotonic() - self._attempts[0] >= FETCH_WINDOW_SECONDS
        )

    def key(self, kid: str) -> jwt.PyJWK:
        """The key of that name. Never waits; raises what a caller should hear if it is not here."""
        if (known := self._keys.get(kid)) is not None:
            return known
        if self._fetched is None:
            raise Unavailable("JWKS_UNAVAILABLE", "the issuer's keys cannot be fetched")
        raise Unauthenticated("TOKEN_KEY_UNKNOWN", "the issuer lists no such key")

    def refresh(self) -> None:
        """Fetch the keys unless that was tried too often. Failing keeps what is known."""
        with self._lock:
            if not self.can_refresh:
                return
            self._attempts.append(self._monotonic())
            try:
                keys = _usable(json.loads(self._read()))
            except (OSError, ValueError) as error:
                log.warning("jwks.unavailable", **failure(error))
                return
            if {kid: _print(key) for kid, key in keys.items()} != {
                kid: _print(key) for kid, key in self._keys.items()
            }:
                self._keys, self.generation = keys, self.generation + 1
            self._fetched = self._monotonic()


def _usable(document: Any) -> dict[str, jwt.PyJWK]:
    """The signing keys of a JWKS document; odd ones are left out, they harm only themselves."""
    entries = document.get("keys") if isinstance(document, dict) else None
    if entries is None or not isinstance(entries, list):
        raise ValueError("not a JWKS document")
    keys: dict[str, jwt.PyJWK] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
            continue
        if entry.get("kty") not in {"RSA", "EC"} or entry.get("use", "sig") != "sig":
            continue
        try:
            key = jwt.PyJWK.from_dict(entry)
        except jwt.PyJWTError as error:
            log.warning("jwks.key-refused", **failure(error))
            continue
        if key.algorithm_name in ALGORITHMS and _is_strong(key):
            keys[entry["kid"]] = key
    return keys


def _is_strong(key: jwt.PyJWK) -> bool:
    if isinstance(key.key, RSAPublicKey):
        return key.key.key_size >= SMALLEST_RSA_BITS
    return isinstance(key.key, EllipticCurvePublicKey) and isinstance(key.key.curve, SECP256R1)


def _print(key: jwt.PyJWK) -> str:
    return json.dumps(key._jwk_data, sort_keys=True)


def _reader_of(uri: str) -> Callable[[], bytes]:
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return Path(parts.path).read_bytes
    if parts.scheme == "https" or (
        parts.scheme == "http" and is_loopback(f"{parts.hostname}:{parts.port or 80}")
    ):
        return lambda: _fetched(uri)
    # Whoever can answer for the issuer can be anyone: keys come over TLS or from this machine.
    raise SettingsError(["HAVEN_JWKS_URI: must be https:, file:, or http: on loopback"])


def _fetched(uri: str) -> bytes:
    with urllib.request.urlopen(uri, timeout=FETCH_SECONDS) as answer:  # noqa: S310  # scheme checked
        body: bytes = answer.read(LARGEST_ANSWER + 1)
    if len(body) > LARGEST_ANSWER:
        raise ValueError("the JWKS answer is too large")
    return body
