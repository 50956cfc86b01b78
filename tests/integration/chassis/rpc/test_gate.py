"""What the gate does to every call: time, room, streams."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest

from chassis.call import Call
from chassis.rpc.bridge import DEFAULT_SECONDS
from chassis.rpc.gate import LARGEST_MESSAGE, LONGEST_SECONDS
from tests.waiting import eventually

from . import echo
from .conftest import refusal

PLANTED = "ana.petrova@example.test"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def fails_with(error: Exception) -> Any:
    """A use case that fails."""

    def act(call: Call, request: Any) -> str:
        raise error

    return act


# --- time


async def test_a_call_without_a_deadline_gets_one(client: echo.Client, servicer: echo.Echo) -> None:
    await client.unary()(echo.message("Say", text="a"), metadata=client.metadata)
    assert 0 < servicer.calls[0].deadline.remaining() <= DEFAULT_SECONDS


async def test_a_caller_s_deadline_is_kept(client: echo.Client, servicer: echo.Echo) -> None:
    await client.unary()(echo.message("Say", text="a"), metadata=client.metadata, timeout=3)
    assert 2 < servicer.calls[0].deadline.remaining() < 3


async def test_nobody_waits_longer_than_the_longest(
    client: echo.Client, servicer: echo.Echo
) -> None:
    await client.unary()(echo.message("Say", text="a"), metadata=client.metadata, timeout=600)
    assert 20 < servicer.calls[0].deadline.remaining() < LONGEST_SECONDS


async def test_with_too_little_time_nothing_is_begun(
    client: echo.Client, servicer: echo.Echo
) -> None:
    await client.say()
    before = len(servicer.calls)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await client.unary()(echo.message("Say"), metadata=client.metadata, timeout=0.015)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert len(servicer.calls) == before


async def test_an_answer_that_takes_too_long_is_given_up(
    client: echo.Client, servicer: echo.Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.rpc.gate.DEFAULT_SECONDS", 0.3)
    servicer.act = servicer.block
    call = client.unary()(echo.message("Say"), metadata=client.metadata)
    assert await refusal(call) == ("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED")
    servicer.released.set()


# --- room


async def test_more_calls_than_fit_are_told_to_come_back(
    client: echo.Client, servicer: echo.Echo
) -> None:
    servicer.act = servicer.block
    waiting = [asyncio.create_task(client.say()) for _ in range(4)]
    await asyncio.to_thread(eventually, lambda: len(servicer.calls) == 2, within=5)
    executor = servicer.bridge._executor
    await asyncio.to_thread(eventually, lambda: executor.accepted == 4, within=5)
    assert await refusal(client.say()) == ("RESOURCE_EXHAUSTED", "SERVER_BUSY")
    servicer.released.set()
    assert [answer.text for answer in await asyncio.gather(*waiting)] == ["hello"] * 4


@pytest.mark.parametrize("method", ["Say", "Gather", "Talk"])
async def test_a_message_above_a_mebibyte_is_refused_and_harms_nobody(
    client: echo.Client, servicer: echo.Echo, method: str
) -> None:
    payload = b"x" * LARGEST_MESSAGE
    assert await refusal(_send(client, method, payload=payload)) == (
        "RESOURCE_EXHAUSTED",
        "MESSAGE_TOO_LARGE",
    )
    assert servicer.calls == []
    assert (await client.say("still here")).text == "still here"


async def test_a_message_far_above_is_refused_before_it_is_read(client: echo.Client) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await client.say(payload=b"x" * (5 * LARGEST_MESSAGE))
    assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (await client.say("still here")).text == "still here"


async def test_a_message_just_below_passes(client: echo.Client) -> None:
    answer = await client.say("fits", payload=b"x" * (LARGEST_MESSAGE - 100))
    assert answer.text == "fits"


@pytest.mark.parametrize("method", ["Say", "Gather", "Talk"])
async def test_bytes_that_are_no_message_are_refused(client: echo.Client, method: str) -> None:
    assert await refusal(_send(client, method, raw=b"\xff\xff\xff")) == (
        "INVALID_ARGUMENT",
        "MESSAGE_UNDECODABLE",
    )


# --- streams


async def test_both_sides_of_a_stream_talk(client: echo.Client) -> None:
    talk = client.stream()(metadata=client.metadata)
    for text in ("a", "b"):
        await talk.write(echo.message("Say", text=text))
        assert (await talk.read()).text == text
    await talk.done_writing()
    assert await talk.read() is grpc.aio.EOF
    assert await talk.code() is grpc.StatusCode.OK


async def test_each_call_inside_a_stream_has_its_own_deadline(
    client: echo.Client, servicer: echo.Echo
) -> None:
    seen: list[Call] = []

    def note(call: Call, request: Any) -> str:
        seen.append(call)
        return "noted"

    servicer.act = note
    talk = client.stream()(metadata=client.metadata)
    for _ in range(2):
        await talk.write(echo.message("Say"))
        await talk.read()
    talk.cancel()
    assert [call.tenant_id for call in seen] == ["alpha"] * 2
    assert seen[0].deadline.at < seen[1].deadline.at


async def test_a_caller_who_leaves_ends_what_was_running_for_it(
    client: echo.Client, servicer: echo.Echo
) -> None:
    answers = client.answers()(echo.message("Say", text="a~b"), metadata=client.metadata)
    assert (await answers.read()).text == "a"
    answers.cancel()
    await asyncio.to_thread(eventually, lambda: servicer.generators_closed == 1, within=5)


async def test_many_requests_get_one_answer(client: echo.Client) -> None:
    requests = iter([echo.message("Say", text="a"), echo.message("Say", text="b")])
    answer = await client.gathering()(requests, metadata=client.metadata)
    assert answer.text == "ab"


async def _send(client: echo.Client, method: str, *, payload: bytes = b"", raw: bytes = b"") -> Any:
    """Send one message, or bytes as they are, to a method of any shape."""
    request: Any = raw or echo.message("Say", payload=payload)
    if method == "Say":
        return await client.unary()(request, metadata=client.metadata, timeout=5)
    if method == "Gather":
        return await client.gathering()(iter([request]), metadata=client.metadata, timeout=5)
    talk = client.stream()(iter([request]), metadata=client.metadata, timeout=5)
    return await talk.read()
