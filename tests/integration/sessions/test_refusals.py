"""Bad input and wrong callers: each gets its own code and reason, and the room goes on."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import pytest
from haven.intake.v1 import events_pb2 as intake
from haven.sessions.v1 import sessions_pb2 as pb

from chassis.call import Role
from tests.integration.sessions.clinic import OTHER, Clinic, Person, refusal


@pytest.fixture
async def address(clinic: Clinic, stack: AsyncExitStack) -> str:
    clinic.counts(hello_seconds=0.3)
    clinic.schedules()
    return await stack.enter_async_context(clinic.replica())


@pytest.fixture
def person(clinic: Clinic, stack: AsyncExitStack, address: str) -> Any:
    def made(subject: str, *roles: Role, tenant_id: str = "") -> Person:
        someone = clinic.person(address, subject, *roles, tenant_id=tenant_id)
        stack.push_async_callback(someone.close)
        return someone

    return made


async def attends(someone: Person, **hello: Any) -> tuple[str, str]:
    attendance = someone.attends()
    await attendance.send(hello=pb.Hello(**{"session_id": "s-1", **hello}))
    return await refusal(attendance.stream)


async def test_a_stream_that_never_says_hello_ends_in_time(person: Any) -> None:
    stream = person("p-1").attends().stream
    assert await refusal(stream) == ("DEADLINE_EXCEEDED", "HELLO_MISSING")


async def test_a_stream_that_begins_with_something_else_is_refused(person: Any) -> None:
    attendance = person("p-1").attends()
    await attendance.send(heartbeat=pb.Heartbeat())
    assert await refusal(attendance.stream) == ("INVALID_ARGUMENT", "HELLO_MISSING")


@pytest.mark.parametrize("role", [Role.PARTNER, Role.COORDINATOR, Role.ADMINISTRATOR])
async def test_other_roles_do_not_attend(person: Any, role: Role) -> None:
    assert await attends(person("x-1", role)) == ("PERMISSION_DENIED", "ROLE_NOT_ALLOWED")


async def test_a_patient_does_not_start_a_session(person: Any) -> None:
    call = person("p-1").changes("StartSession", session_id="s-1")
    assert await refusal(call) == ("PERMISSION_DENIED", "ROLE_NOT_ALLOWED")


async def test_another_clinician_neither_starts_nor_attends_it(person: Any) -> None:
    other = person("f-2", Role.CLINICIAN)
    call = other.changes("StartSession", session_id="s-1")
    assert await refusal(call) == ("PERMISSION_DENIED", "NOT_FACILITATOR")
    assert await attends(other) == ("PERMISSION_DENIED", "NOT_FACILITATOR")


async def test_for_another_tenant_the_session_does_not_exist(person: Any) -> None:
    stranger = person("f-1", Role.CLINICIAN, tenant_id=OTHER)
    for call in (
        stranger.call("GetSession", session_id="s-1"),
        stranger.changes("StartSession", session_id="s-1"),
        stranger.call("ListAttendance", session_id="s-1"),
        stranger.call("GetAttendance", session_id="s-1", patient_id="p-1"),
        stranger.changes("RaiseSafetySignal", session_id="s-1", patient_id="p-1"),
    ):
        assert await refusal(call) == ("NOT_FOUND", "NOT_FOUND")
    assert await attends(stranger) == ("NOT_FOUND", "NOT_FOUND")


async def test_a_patient_without_a_seat_finds_nothing(person: Any) -> None:
    assert await attends(person("p-9")) == ("NOT_FOUND", "NOT_FOUND")


async def test_the_door_names_what_is_missing_in_its_order(clinic: Clinic, person: Any) -> None:
    ana = person("p-1")
    assert await attends(ana) == ("FAILED_PRECONDITION", "LOCATION_STALE")
    await ana.attests("MD")
    assert await attends(ana) == ("FAILED_PRECONDITION", "LICENSE_STATE_MISMATCH")
    await ana.attests("VA")
    assert await attends(ana, room_cursor=99) == ("OUT_OF_RANGE", "CURSOR_UNKNOWN")
    clinic.hears(intake.ConsentRevoked(patient_id="p-1", consent_id="c-1", scope="treatment"), 2)
    assert await attends(ana) == ("FAILED_PRECONDITION", "CONSENT_REVOKED")


async def test_an_alias_on_its_way_is_worth_another_try(clinic: Clinic, person: Any) -> None:
    clinic.schedules(session_id="s-2", group_id="g-2")
    ana = person("p-1")
    await ana.attests()
    assert await attends(ana, session_id="s-2") == ("UNAVAILABLE", "ALIAS_PENDING")


async def test_a_frame_that_is_too_large_ends_its_own_stream_only(person: Any) -> None:
    ana, ben = person("p-1"), person("p-2")
    lead = person("f-1", Role.CLINICIAN)
    await lead.changes("StartSession", session_id="s-1")
    for patient in (ana, ben):
        await patient.attests()
    hers, his = await ana.joins(), await ben.joins()
    await hers.send(chat=pb.Chat(request_id=str(uuid4()), text="x" * (1 << 20)))
    assert await refusal(hers.stream) == ("RESOURCE_EXHAUSTED", "MESSAGE_TOO_LARGE")
    await his.say("good morning")
    await his.hears("good morning")


async def test_every_field_at_fault_is_named(clinic: Clinic, person: Any) -> None:
    call = person("p-1").changes(
        "AttestLocation", patient_id="p-1", state="XX", address=" ", callback_number="nine"
    )
    assert await refusal(call) == ("INVALID_ARGUMENT", "FIELDS_INVALID")
    assert clinic.documents("location_attestations") == []


async def test_a_patient_attests_and_raises_for_nobody_else(person: Any) -> None:
    ana = person("p-1")
    for call in (
        ana.changes(
            "AttestLocation", patient_id="p-2", state="VA", address="a", callback_number="5550100"
        ),
        ana.changes("RaiseSafetySignal", patient_id="p-2"),
        ana.call("GetAttendance", session_id="s-1", patient_id="p-2"),
    ):
        assert await refusal(call) == ("NOT_FOUND", "NOT_FOUND")


async def test_a_signal_needs_its_request_id(person: Any) -> None:
    call = person("p-1").call("RaiseSafetySignal", patient_id="p-1")
    assert await refusal(call) == ("INVALID_ARGUMENT", "FIELDS_INVALID")


async def test_the_same_start_again_gets_the_first_answer(person: Any) -> None:
    lead = person("f-1", Role.CLINICIAN)
    values = {"request_id": str(uuid4()), "session_id": "s-1"}
    first = await lead.call("StartSession", **values)
    assert await lead.call("StartSession", **values) == first
    call = lead.changes("StartSession", session_id="s-1")
    assert await refusal(call) == ("FAILED_PRECONDITION", "SESSION_ALREADY_STARTED")


async def test_places_rest_as_ciphertext_only(clinic: Clinic, person: Any) -> None:
    await person("p-1").attests()
    for collection in ("location_attestations", "outbox", "idempotency_keys", "audit_entries"):
        assert "Elm" not in str(clinic.documents(collection))
