"""A caller's token, checked: algorithm, key, signature, issuer, audience, times, claims.

Each failure has its own stable reason. A token that passed is remembered until it expires or the
keys change, because a caller sends the same one with every call.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from chassis.auth.keys import ALGORITHMS, KeySet
from chassis.call import Actor, Role
from chassis.errors import HavenError, Unauthenticated

LEEWAY_SECONDS = 10  # clocks of the issuer and ours
LARGEST_TOKEN = 8192
REMEMBERED = 10_000
SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:|@-]{0,127}")
# A workload is known by its certificate; no token makes one.
TOKEN_ROLES = frozenset(role.value for role in Role) - {Role.WORKLOAD.value}
REQUIRED = ("exp", "iss", "aud", "sub", "tenant", "roles")

REFUSALS: tuple[tuple[type[Exception], str, str], ...] = (
    (jwt.ExpiredSignatureError, "TOKEN_EXPIRED", "the token has expired"),
    (jwt.ImmatureSignatureError, "TOKEN_NOT_YET_VALID", "the token is not valid yet"),
    (jwt.InvalidIssuerError, "TOKEN_ISSUER_WRONG", "another issuer's token"),
    (jwt.InvalidAudienceError, "TOKEN_AUDIENCE_WRONG", "the token is meant for another audience"),
    (jwt.InvalidAlgorithmError, "TOKEN_ALGORITHM_REFUSED", "this algorithm is not accepted"),
    (jwt.InvalidKeyError, "TOKEN_ALGORITHM_REFUSED", "the key is not one of this algorithm"),
    (jwt.InvalidSignatureError, "TOKEN_SIGNATURE_INVALID", "the signature is not the key's"),
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a credential says the caller is."""

    tenant_id: str
    actor: Actor
    expire_time: float  # seconds since the epoch


class Verifier:
    """Turns a bearer token into an identity, or says why not."""

    def __init__(
        self,
        keys: KeySet,
        *,
        issuer: str,
        audience: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.keys = keys
        self._issuer, self._audience, self._now = issuer, audience, now
        self._known: OrderedDict[bytes, Identity] = OrderedDict()
        self._generation = keys.generation
        self._lock = threading.Lock()

    def verify(self, token: str) -> Identity:
        """The token's identity; fetches the keys first where that could help. May wait for it."""
        if not self.keys.is_fresh:
            self.keys.refresh()
        try:
            return self.verify_now(token)
        except HavenError as error:
            if not could_refresh_help(error):
                raise
        self.keys.refresh()
        return self.verify_now(token)

    def verify_now(self, token: str) -> Identity:
        """The token's identity by the keys that are here; never waits."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        generation = self.keys.generation
        identity = self._recalled(digest)
        if identity is None:
            identity = self._checked(token)
            self._remember(digest, identity, generation)
        return identity

    def _checked(self, token: str) -> Identity:
        if not token:
            raise Unauthenticated("TOKEN_MISSING", "an authorization: Bearer token is required")
        if len(token) > LARGEST_TOKEN:
            raise Unauthenticated("TOKEN_MALFORMED", "the token is too long")
        try:
            key = self._key(jwt.get_unverified_header(token))
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY_SECONDS,
                options={"require": list(REQUIRED)},
            )
        except jwt.MissingRequiredClaimError as error:
            text = f"the claim {error.claim} is missing"
            raise Unauthenticated("TOKEN_CLAIMS_MISSING", text) from None
        except (jwt.PyJWTError, RecursionError) as error:  # a header may nest as deep as it likes
            raise _refusal(error) from None
        return _identity(claims)

    def _key(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS:
            raise Unauthenticated("TOKEN_ALGORITHM_REFUSED", "this algorithm is not accepted")
        if not isinstance(kid, str) or not kid:
            raise Unauthenticated("TOKEN_KEY_UNKNOWN", "the token names no key")
        key = self.keys.key(kid)
        if key.algorithm_name != algorithm:
            raise Unauthenticated("TOKEN_ALGORITHM_REFUSED", "the key is not one of this algorithm")
        return key

    def _recalled(self, digest: bytes) -> Identity | None:
        with self._lock:
            if self._generation != self.keys.generation:
                self._known.clear()  # a withdrawn key takes its tokens with it
                self._generation = self.keys.generation
            identity = self._known.get(digest)
            if identity is None:
                return None
            if identity.expire_time + LEEWAY_SECONDS <= self._now():
                del self._known[digest]
                raise Unauthenticated("TOKEN_EXPIRED", "the token has expired")
            self._known.move_to_end(digest)
            return identity

    def _remember(self, digest: bytes, identity: Identity, generation: int) -> None:
        with self._lock:
            if generation != self.keys.generation:
                return  # the key that vouched for it may be gone by now
            self._known[digest] = identity
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)


def could_refresh_help(error: HavenError) -> bool:
    """True where fetching the keys again may turn the refusal into a yes."""
    return error.reason in {"TOKEN_KEY_UNKNOWN", "JWKS_UNAVAILABLE"}


def _refusal(error: Exception) -> Unauthenticated:
    for kind, reason, text in REFUSALS:
        if isinstance(error, kind):
            return Unauthenticated(reason, text)
    return Unauthenticated("TOKEN_MALFORMED", "not a well-formed token")


def _identity(claims: Mapping[str, Any]) -> Identity:
    subject, tenant_id, roles = claims["sub"], claims["tenant"], claims["roles"]
    if not isinstance(subject, str) or not SUBJECT.fullmatch(subject):
        raise Unauthenticated("TOKEN_MALFORMED", "the claim sub is not an id")
    if not isinstance(tenant_id, str) or not tenant_id:
        raise Unauthenticated("TOKEN_MALFORMED", "the claim tenant is not an id")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise Unauthenticated("TOKEN_MALFORMED", "the claim roles is not a list of names")
    if not roles:
        raise Unauthenticated("TOKEN_CLAIMS_MISSING", "the claim roles is empty")
    actor = Actor(subject, frozenset(_role(role) for role in roles))
    return Identity(tenant_id, actor, float(claims["exp"]))


def _role(name: str) -> Role:
    if name not in TOKEN_ROLES:
        raise Unauthenticated("ROLE_UNKNOWN", "the token names a role that does not exist for it")
    return Role(name)
