"""A stream that no gRPC carries comes through the same gate, under the same rules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from chassis.auth.issuer import Issuer
from chassis.auth.keys import KeySet
from chassis.auth.policies import MethodPolicies
from chassis.auth.tokens import Verifier
from chassis.call import Role
from chassis.errors import HavenError, Unavailable
from chassis.rpc.doors import CertificateDoor, Door, TokenDoor
from chassis.rpc.frame import running
from chassis.rpc.gate import Gate
from chassis.tenants import Tenants

from . import echo
from .conftest import AUDIENCE, ISSUER, SUBJECT

PLANTED = "ana.petrova@example.test"
TALK = f"/{echo.ECHO}/Talk"
Serve = Callable[[], Awaitable[None]]


class Caller:
    """Somebody at the end of a line of another kind."""

    def __init__(self, *, is_lost: bool = False) -> None:
        self.told: list[HavenError] = []
        self._is_lost = is_lost

    def is_late(self) -> bool:
        return False

    def is_lost(self) -> bool:
        return self._is_lost

    def chosen(self) -> str:
        return "UNKNOWN"

    async def refuse(self, error: HavenError) -> None:
        self.told.append(error)

    def auth_context(self) -> Mapping[str, Any]:
        return {}


@pytest.fixture
def door(issuer: Issuer, tenants: Tenants) -> TokenDoor:
    keys = KeySet(issuer.jwks_uri)
    return TokenDoor(Verifier(keys, issuer=ISSUER, audience=AUDIENCE), tenants)


def gate(door: Door) -> Gate:
    policies = MethodPolicies.from_services([echo.echo_service()])
    return Gate(service="echo", policies=policies, door=door)


def counted(code: str) -> float:
    labels = {"service": echo.ECHO, "method": "Talk", "code": code}
    return REGISTRY.get_sample_value("haven_rpc_requests_total", labels) or 0.0


async def carried(door: Door, serve: Serve, token: str, caller: Caller | None = None) -> Caller:
    caller = caller or Caller()
    metadata = {"authorization": f"Bearer {token}"} if token else {}
    await gate(door).carry(TALK, serve, caller=caller, metadata=metadata)
    return caller


async def nothing() -> None:
    return None


async def test_it_runs_as_the_caller_of_the_token(door: TokenDoor, token: str) -> None:
    seen = []

    async def serve() -> None:
        seen.append(running())

    before = counted("OK")
    caller = await carried(door, serve, token)
    (frame,) = seen
    assert (frame.tenant_id, frame.actor.subject) == ("alpha", SUBJECT)
    assert frame.policy.method == TALK
    assert caller.told == []
    assert counted("OK") == before + 1


async def test_who_may_not_is_told_and_nothing_runs(door: TokenDoor, issuer: Issuer) -> None:
    async def serve() -> None:
        raise AssertionError("it ran")

    patient = issuer.issue("alpha", SUBJECT, [Role.PATIENT])
    stranger = issuer.issue("nowhere", SUBJECT, [Role.CLINICIAN])
    late = issuer.issue("alpha", SUBJECT, [Role.CLINICIAN], ttl=timedelta(hours=-1))
    reasons = [
        (await carried(door, serve, each)).told[0].reason for each in ("", patient, stranger, late)
    ]
    assert reasons == ["TOKEN_MISSING", "ROLE_NOT_ALLOWED", "TENANT_UNKNOWN", "TOKEN_EXPIRED"]


async def test_a_token_is_no_certificate(token: str) -> None:
    caller = await carried(CertificateDoor(), nothing, token)
    assert [each.reason for each in caller.told] == ["WORKLOAD_UNKNOWN"]


async def test_a_refusal_is_told_and_counted_as_its_kind(door: TokenDoor, token: str) -> None:
    async def serve() -> None:
        raise Unavailable("SERVER_DRAINING", "come again")

    before = counted("UNAVAILABLE")
    caller = await carried(door, serve, token)
    assert [each.reason for each in caller.told] == ["SERVER_DRAINING"]
    assert counted("UNAVAILABLE") == before + 1


async def test_an_unknown_failure_tells_nothing(door: TokenDoor, token: str) -> None:
    async def serve() -> None:
        raise ValueError(PLANTED)

    (told,) = (await carried(door, serve, token)).told
    assert told.reason == "INTERNAL"
    assert PLANTED not in str(told)


async def test_a_caller_who_was_cut_off_counts_as_one_who_left(door: TokenDoor, token: str) -> None:
    before = counted("CANCELLED")
    caller = await carried(door, nothing, token, Caller(is_lost=True))
    assert caller.told == []
    assert counted("CANCELLED") == before + 1
