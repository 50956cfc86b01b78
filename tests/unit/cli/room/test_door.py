"""Refusals in plain words, and what a token says of its owner."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest
from grpc import aio

from chassis.errors import InvalidArgument
from cli.room import words
from cli.room.door import Bearer, Door, canceled_there, refused

DOOR = (
    "NOT_FOUND", "NOT_FACILITATOR", "CONSENT_REVOKED", "SESSION_ENDED", "SESSION_CANCELED",
    "SESSION_NOT_STARTED", "LOCATION_STALE", "ALIAS_PENDING", "LICENSE_STATE_MISMATCH",
    "CURSOR_UNKNOWN", "SEAT_RELEASED",
)  # fmt: skip


@pytest.mark.parametrize("reason", DOOR)
def test_every_refusal_of_the_door_says_what_it_means(reason: str) -> None:
    assert words.refusal(reason).startswith(f"{reason}: ")


def test_a_reason_that_is_not_known_is_still_named() -> None:
    assert words.refusal("BRAND_NEW", "FAILED_PRECONDITION") == "BRAND_NEW"
    assert words.refusal("", "UNAVAILABLE").startswith("UNAVAILABLE: nothing answers")


def test_a_token_says_who_comes() -> None:
    claims = json.dumps({"sub": "p-1", "roles": ["patient"]}).encode()
    token = f"head.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.signature"
    assert Bearer.of(token) == Bearer("p-1", frozenset({"patient"}))
    assert Door("127.0.0.1:1", "s-1", lambda: token).person_id == "p-1"


@pytest.mark.parametrize("token", ["", "a.b.c", "a", "e30.e30.e30", "head.\N{BULLET}.x"])
def test_what_is_no_token_is_said_so(token: str) -> None:
    with pytest.raises(InvalidArgument, match="not a token"):
        Bearer.of(token)


@pytest.mark.parametrize("address", ["nowhere", ":1", "host:port"])
def test_what_is_no_address_is_said_so(address: str) -> None:
    with pytest.raises(InvalidArgument, match="host:port"):
        Door(address, "s-1", str)


async def test_a_call_that_the_other_side_canceled_is_asked_again() -> None:
    with pytest.raises(aio.AioRpcError) as canceled, canceled_there():
        raise asyncio.CancelledError
    assert refused(canceled.value).is_passing


async def test_who_is_canceled_here_ends() -> None:
    async def waits() -> None:
        with canceled_there():
            await asyncio.Event().wait()

    waiting = asyncio.create_task(waits())
    await asyncio.wait([waiting], timeout=0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
