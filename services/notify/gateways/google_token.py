"""Access tokens of a Google service account: a signed claim is exchanged for a bearer token.

RFC 7523, as https://developers.google.com/identity/protocols/oauth2/service-account says.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chassis.errors import FailedPrecondition, Unavailable
from chassis.settings import Secret
from services.notify.gateways.calling import Caller, Place, garbled

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLAIM_SECONDS = 3_600  # the longest that is allowed
# A token is renewed this long before its end: it must outlive the call that carries it, and a
# clock that differs from the provider's.
EARLY_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """The parts of the key file that are used."""

    project_id: str
    client_email: str
    private_key_id: str
    private_key: Secret
    token_uri: str


def checked(account: ServiceAccount) -> ServiceAccount:
    """The account; ValueError, without the key, where the key cannot sign."""
    try:
        load_pem_private_key(account.private_key.reveal().encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("private_key is not a PEM private key") from None
    return account


class AccessTokens:
    """One account's current token. Safe to share between threads: one of them fetches."""

    def __init__(
        self,
        account: ServiceAccount,
        caller: Caller,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._account, self._caller = account, caller
        self._place = Place.of(account.token_uri)
        self._clock, self._wall_clock = clock, wall_clock
        self._lock = threading.Lock()
        self._token, self._renew_time = "", 0.0

    def current(self, until: float) -> str:
        """A token that is good for some minutes yet; `until` is the monotonic clock's.

        Raises as a provider does: Unavailable, or FailedPrecondition where the account is refused.
        """
        if not self._lock.acquire(timeout=max(until - time.monotonic(), 0)):
            raise Unavailable("PROVIDER_UNREACHABLE", "the token did not come in time")
        try:
            if not self._token or self._clock() >= self._renew_time:
                self._token, lifetime = self._fetch(until)
                self._renew_time = self._clock() + lifetime - EARLY_SECONDS
            return self._token
        finally:
            self._lock.release()

    def forget(self, token: str) -> None:
        """The token was refused; the next one is fetched."""
        with self._lock:
            if self._token == token:
                self._token = ""

    def _fetch(self, until: float) -> tuple[str, float]:
        body = urlencode({"grant_type": GRANT, "assertion": self._claim()}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._caller.post(self._place, headers, body, until=until)
        if answer.status in {400, 401, 403}:
            answer.document()  # a refusal that is not the provider's own form says nothing
            raise FailedPrecondition("PROVIDER_REFUSED", "the provider refused the account")
        if not answer.is_success:
            raise Unavailable("PROVIDER_BUSY", "the provider gave no token for now")
        found = answer.document()
        token, lifetime = found.get("access_token"), found.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(lifetime, int | float):
            raise garbled()
        return token, min(float(lifetime), CLAIM_SECONDS)

    def _claim(self) -> str:
        now = int(self._wall_clock())
        claims = {
            "iss": self._account.client_email,
            "scope": SCOPE,
            "aud": self._account.token_uri,
            "iat": now,
            "exp": now + CLAIM_SECONDS,
        }
        return jwt.encode(
            claims,
            self._account.private_key.reveal(),
            algorithm="RS256",
            headers={"kid": self._account.private_key_id},
        )
