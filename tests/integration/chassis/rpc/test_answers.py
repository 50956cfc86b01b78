"""What a call comes to: once-keys, errors, numbers and traces."""

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
    assert "test_answers.py" in line["where"]


async def test_an_error_after_some_answers_keeps_its_reason(
    client: echo.Client, servicer: echo.Echo
) -> None:
    servicer.act = fails_with(FailedPrecondition("CASE_CLOSED", "the case is closed"))
    answers = client.answers()(echo.message("Say", text="ab!c"), metadata=client.metadata)
    assert [(await answers.read()).text for _ in "ab"] == ["a", "b"]
    assert await refusal(answers.read()) == ("FAILED_PRECONDITION", "CASE_CLOSED")


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


async def test_a_caller_whose_time_is_over_is_counted_as_such(
    client: echo.Client, servicer: echo.Echo
) -> None:
    def late() -> float:
        labels = {"service": echo.ECHO, "method": "Say", "code": "DEADLINE_EXCEEDED"}
        return REGISTRY.get_sample_value("haven_rpc_requests_total", labels) or 0.0

    servicer.act, before = servicer.block, late()
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await client.unary()(echo.message("Say"), metadata=client.metadata, timeout=0.3)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await asyncio.to_thread(eventually, lambda: late() == before + 1, within=5)
    servicer.released.set()


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
