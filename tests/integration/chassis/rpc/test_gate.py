"""What the gate does to every call: time, size, once-keys, errors, numbers, traces."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from prometheus_client import REGISTRY

from chassis import log
from chassis.call import Call, RequestOnce
from chassis.crypto import fingerprint
from chassis.errors import FailedPrecondition, HavenError, InvalidArgument, Kind, Violation
from chassis.ids import new_id
from chassis.rpc.bridge import DEFAULT_SECONDS
from chassis.rpc.gate import LARGEST_MESSAGE, LONGEST_SECONDS
from chassis.store import AlreadyAnswered
from chassis.telemetry import tracing
from tests.waiting import eventually

from . import echo
from .conftest import SUBJECT, details, refusal

PLANTED = "ana.petrova@example.test"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def fails_with(error: Exception) -> Any:
    """A use case that fails."""

    def act(call: Call, request: Any) -> str:
        raise error

    return act


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What the process logs."""
    root = logging.getLogger()
    handlers, level, stream = root.handlers[:], root.level, io.StringIO()
    log.configure("echo", "api", stream=stream)
    yield stream
    root.handlers[:], logging.raiseExceptions = handlers, True
    root.setLevel(level)


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
    await asyncio.to_thread(eventually, lambda: executor._accepted == 4, within=5)
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


# --- once


async def test_a_mutation_s_request_id_becomes_its_once_key(
    client: echo.Client, servicer: echo.Echo
) -> None:
    request_id = new_id()
    answer = await client.say("a", method="Change", request_id=request_id.upper())
    once = servicer.calls[0].once
    assert isinstance(once, RequestOnce)
    assert (once.request_id, once.method) == (request_id, f"/{echo.ECHO}/Change")
    assert len(once.fingerprint) == len(fingerprint(b""))
    assert once.encode((servicer.calls[0], "a")) == answer.SerializeToString()


async def test_another_body_has_another_fingerprint(
    client: echo.Client, servicer: echo.Echo
) -> None:
    request_id = new_id()
    for text in ("a", "a", "b"):
        await client.say(text, method="Change", request_id=request_id)
    first, second, third = (_once(call).fingerprint for call in servicer.calls)
    assert first == second
    assert first != third


@pytest.mark.parametrize(("request_id", "reason"), [("", "REQUIRED"), ("1234", "MALFORMED")])
async def test_a_mutation_without_a_request_id_is_refused(
    client: echo.Client, servicer: echo.Echo, request_id: str, reason: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await client.say("a", method="Change", request_id=request_id)
    _, form = details(raised.value)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert [(each.field, each.reason) for each in form.field_violations] == [("request_id", reason)]
    assert servicer.calls == []


async def test_a_repeated_request_gets_its_first_answer(
    client: echo.Client, servicer: echo.Echo
) -> None:
    first = echo.message("Response", text="the first answer")
    servicer.act = fails_with(AlreadyAnswered(first.SerializeToString()))
    answer = await client.say("a", method="Change", request_id=new_id())
    assert answer.text == "the first answer"


# --- errors


@pytest.mark.parametrize("kind", Kind)
async def test_every_kind_of_error_is_its_code(
    client: echo.Client, servicer: echo.Echo, kind: Kind
) -> None:
    error_class = next(each for each in HavenError.__subclasses__() if each.kind is kind)
    servicer.act = fails_with(error_class("SOME_REASON", "some text"))
    assert await refusal(client.say()) == (kind.name, "SOME_REASON")


async def test_a_stock_client_reads_reason_domain_and_fields(
    client: echo.Client, servicer: echo.Echo
) -> None:
    faults = [Violation("answers[2].value", "OUT_OF_RANGE", "must be from 0 to 3")]
    servicer.act = fails_with(
        InvalidArgument("FIELDS_INVALID", "fields at fault", violations=faults)
    )
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await client.say()
    assert raised.value.details() == "fields at fault"
    assert details(raised.value) == [
        ErrorInfo(reason="FIELDS_INVALID", domain="echo.haven"),
        BadRequest(
            field_violations=[
                BadRequest.FieldViolation(
                    field="answers[2].value",
                    reason="OUT_OF_RANGE",
                    description="must be from 0 to 3",
                )
            ]
        ),
    ]


@pytest.mark.parametrize("method", ["Say", "Fail"])
async def test_an_unknown_exception_is_internal_with_an_id_and_nothing_else(
    client: echo.Client, servicer: echo.Echo, logged: io.StringIO, method: str
) -> None:
    servicer.act = fails_with(ValueError(PLANTED))
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await client.say(method=method)
    (info,) = details(raised.value)
    assert (raised.value.code().name, info.reason) == ("INTERNAL", "INTERNAL")
    assert raised.value.details() == "an internal error"
    (line,) = [json.loads(each) for each in logged.getvalue().splitlines()]
    assert line["error_id"] == info.metadata["error_id"]
    assert (line["event"], line["error"]) == ("rpc.failed", "ValueError")
    assert "test_gate.py" in line["where"]


async def test_an_error_after_some_answers_keeps_its_reason(
    client: echo.Client, servicer: echo.Echo
) -> None:
    servicer.act = fails_with(FailedPrecondition("CASE_CLOSED", "the case is closed"))
    answers = client.answers()(echo.message("Say", text="ab!c"), metadata=client.metadata)
    assert [(await answers.read()).text for _ in "ab"] == ["a", "b"]
    assert await refusal(answers.read()) == ("FAILED_PRECONDITION", "CASE_CLOSED")


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


async def test_many_requests_get_one_answer(client: echo.Client) -> None:
    requests = iter([echo.message("Say", text="a"), echo.message("Say", text="b")])
    answer = await client.gathering()(requests, metadata=client.metadata)
    assert answer.text == "ab"


# --- numbers and traces


async def test_calls_are_counted_by_method_and_code(
    client: echo.Client, servicer: echo.Echo
) -> None:
    def count(code: str) -> float:
        labels = {"service": echo.ECHO, "method": "Say", "code": code}
        return REGISTRY.get_sample_value("haven_rpc_requests_total", labels) or 0.0

    def timed() -> float:
        labels = {"service": echo.ECHO, "method": "Say"}
        return REGISTRY.get_sample_value("haven_rpc_duration_seconds_count", labels) or 0.0

    before = count("OK"), count("UNAUTHENTICATED"), count("FAILED_PRECONDITION"), timed()
    await client.say()
    servicer.act = fails_with(FailedPrecondition("CASE_CLOSED"))
    await refusal(client.say())
    client.metadata = ()
    await refusal(client.say())
    after = count("OK"), count("UNAUTHENTICATED"), count("FAILED_PRECONDITION"), timed()
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 1, 3]


async def test_a_caller_s_trace_goes_on_into_the_use_case(
    client: echo.Client, servicer: echo.Echo, tmp_path: Path
) -> None:
    inside: list[str] = []

    def note(call: Call, request: Any) -> str:
        inside.append(tracing.current_traceparent())
        return ""

    servicer.act = note
    tracing.configure("echo", "api", f"file:{tmp_path / 'spans'}")
    try:
        client.metadata += (("traceparent", PARENT),)
        await client.say(patient_id=SUBJECT)
        tracing.flush()
    finally:
        tracing.configure("test", "test")
    (span,) = [json.loads(line) for line in (tmp_path / "spans").read_text().splitlines()]
    assert span["name"] == f"{echo.ECHO}/Say"
    assert (span["trace_id"], span["parent_id"]) == (PARENT[3:35], PARENT[36:52])
    assert (span["kind"], span["attributes"]) == ("server", {"code": "OK"})
    assert inside == [f"00-{span['trace_id']}-{span['span_id']}-01"]


def _once(call: Call) -> RequestOnce:
    assert isinstance(call.once, RequestOnce)
    return call.once


async def _send(client: echo.Client, method: str, *, payload: bytes = b"", raw: bytes = b"") -> Any:
    """Send one message, or bytes as they are, to a method of any shape."""
    request: Any = raw or echo.message("Say", payload=payload)
    if method == "Say":
        return await client.unary()(request, metadata=client.metadata, timeout=5)
    if method == "Gather":
        return await client.gathering()(iter([request]), metadata=client.metadata, timeout=5)
    talk = client.stream()(iter([request]), metadata=client.metadata, timeout=5)
    return await talk.read()
