"""How a caller is known: by token at the public address, by certificate at the internal one."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from chassis.auth.pki import workload_of
from chassis.auth.tokens import Identity, Verifier, could_refresh_help
from chassis.call import Actor, Role
from chassis.errors import HavenError, Unauthenticated
from chassis.tenants import Tenants

BEARER = "bearer "
WORKLOAD = frozenset({Role.WORKLOAD})


class Peer(Protocol):
    """The other end of a connection: a gRPC context, or what else carries calls."""

    def auth_context(self) -> Mapping[str, Any]:
        """What TLS has verified of it; empty where that is nothing."""
        ...


class Door(Protocol):
    """Knows a caller or refuses."""

    async def identify(self, metadata: Mapping[str, str], peer: Peer) -> Identity:
        """The tenant (empty for workloads), the actor, and until when that holds."""
        ...


class TokenDoor:
    """People and partner applications, by the token of their identity provider."""

    def __init__(self, verifier: Verifier, tenants: Tenants) -> None:
        self._verifier, self._tenants = verifier, tenants
        self._fetcher = ThreadPoolExecutor(1, thread_name_prefix="jwks")
        self._fetching: asyncio.Future[None] | None = None

    async def identify(
        self,
        metadata: Mapping[str, str],
        peer: Peer,  # noqa: ARG002  # what a door may look at
    ) -> Identity:
        """Checks the authorization metadata; TENANT_UNKNOWN for a tenant not served here."""
        identity = await self._identity(_bearer(metadata.get("authorization", "")))
        self._tenants.require(identity.tenant_id)
        return identity

    async def _identity(self, token: str) -> Identity:
        keys = self._verifier.keys
        try:
            identity = self._verifier.verify_now(token)
        except HavenError as error:
            if not could_refresh_help(error) or not keys.can_refresh:
                raise
        else:
            if not keys.is_fresh and keys.can_refresh:
                self._fetch()  # for the callers to come; this one is known already
            return identity
        # Shielded: one caller's leaving must not end the fetch that others wait for.
        await asyncio.shield(self._fetch())
        return self._verifier.verify_now(token)

    def _fetch(self) -> asyncio.Future[None]:
        """The fetch under way, or a new one; on a thread, so that no other call waits for it."""
        if self._fetching is None or self._fetching.done():
            refresh = self._verifier.keys.refresh
            self._fetching = asyncio.wrap_future(self._fetcher.submit(refresh))
        return self._fetching


class CertificateDoor:
    """Other Haven processes, by the name in the certificate that TLS has verified."""

    async def identify(
        self,
        metadata: Mapping[str, str],  # noqa: ARG002  # a token says nothing here
        peer: Peer,
    ) -> Identity:
        """The workload; its messages name the tenant themselves."""
        names = peer.auth_context().get("x509_subject_alternative_name", ())
        service = workload_of(names)
        if not service:
            raise Unauthenticated("WORKLOAD_UNKNOWN", "a Haven client certificate is required")
        return Identity("", Actor(f"service:{service}", WORKLOAD), math.inf)


def _bearer(authorization: str) -> str:
    if not authorization:
        raise Unauthenticated("TOKEN_MISSING", "an authorization: Bearer token is required")
    if not authorization[: len(BEARER)].lower() == BEARER:
        raise Unauthenticated("TOKEN_MALFORMED", "authorization must be Bearer and a token")
    return authorization[len(BEARER) :].strip()
