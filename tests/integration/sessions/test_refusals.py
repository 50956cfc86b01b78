"""Bad input and wrong callers: each gets its own code and reason, and the room goes on."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from typing import Any
from uuid import uuid4

import grpc
import pytest
import pytest_asyncio
from haven.intake.v1 import events_pb2 as intake
from haven.sessions.v1 import sessions_pb2 as pb
from pymongo import MongoClient

from chassis.call import Role
from chassis.clock import DatabaseClock
from chassis.store import CHASSIS_INDEXES
from services.sessions.store import INDEXES
from tests.integration.sessions.browser import Ended
from tests.integration.sessions.clinic import OTHER, Clinic, Person, refusal

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def clinic(
    mongodb_uri: str,
    mongo_client: MongoClient[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Clinic]:
    """One for all of these tests: each has its own session and its own people in it."""
    name, folder = f"t_refusals_{os.getpid()}", tmp_path_factory.mktemp("refusals")
    made = Clinic(mongodb_uri, name, folder=folder, clock=DatabaseClock(mongo_client))
    made.counts(hello_seconds=1.0)
    made.store.ensure_indexes([*CHASSIS_INDEXES, *INDEXES])
    yield made
    made.close()
    mongo_client.drop_database(name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def address(clinic: Clinic) -> AsyncIterator[str]:
    async with clinic.replica() as served:
        yield served


class Ward:
    """The session of one test: p-1 and p-2 have seats, f-1 leads; all names are this test's own."""

    def __init__(self, clinic: Clinic, address: str, stack: AsyncExitStack, tag: str) -> None:
        self.clinic, self.session_id, self.group_id = clinic, f"s-{tag}", f"g-{tag}"
        self._address, self._stack, self._tag = address, stack, tag

    def name(self, short: str) -> str:
        return f"{short}-{self._tag}"

    def person(self, short: str, *roles: Role, tenant_id: str = "") -> Person:
        someone = self.clinic.person(self._address, self.name(short), *roles, tenant_id=tenant_id)
        self._stack.push_async_callback(someone.close)
        return someone

    async def attends(self, someone: Person, **hello: Any) -> tuple[str, str]:
        said = await someone.hello(**{"session_id": self.session_id, **hello})
        attendance = someone.attends()
        with suppress(grpc.RpcError, Ended):  # it may be refused before it has said anything
            await attendance.send(hello=said)
        return await refusal(attendance.stream)


@pytest_asyncio.fixture(loop_scope="module")
async def ward(clinic: Clinic, address: str, test_name: str, wire: str) -> AsyncIterator[Ward]:
    clinic.wire = wire
    async with AsyncExitStack() as stack:
        ward = Ward(clinic, address, stack, test_name[-10:])
        clinic.schedules(
            session_id=ward.session_id,
            group_id=ward.group_id,
            facilitator_id=ward.name("f-1"),
            patients=[ward.name("p-1"), ward.name("p-2")],
        )
        yield ward


async def test_a_stream_that_never_says_hello_ends_in_time(ward: Ward) -> None:
    stream = ward.person("p-1").attends().stream
    assert await refusal(stream) == ("DEADLINE_EXCEEDED", "HELLO_MISSING")


async def test_a_stream_that_begins_with_something_else_is_refused(ward: Ward) -> None:
    attendance = ward.person("p-1").attends()
    await attendance.send(heartbeat=pb.Heartbeat())
    assert await refusal(attendance.stream) == ("INVALID_ARGUMENT", "HELLO_MISSING")


@pytest.mark.parametrize("role", [Role.PARTNER, Role.COORDINATOR, Role.ADMINISTRATOR])
async def test_other_roles_do_not_attend(ward: Ward, role: Role) -> None:
    assert await ward.attends(ward.person("x-1", role)) == ("PERMISSION_DENIED", "ROLE_NOT_ALLOWED")


async def test_a_patient_does_not_start_a_session(ward: Ward) -> None:
    call = ward.person("p-1").changes("StartSession", session_id=ward.session_id)
    assert await refusal(call) == ("PERMISSION_DENIED", "ROLE_NOT_ALLOWED")


async def test_another_clinician_neither_starts_nor_attends_it(ward: Ward) -> None:
    other = ward.person("f-2", Role.CLINICIAN)
    call = other.changes("StartSession", session_id=ward.session_id)
    assert await refusal(call) == ("PERMISSION_DENIED", "NOT_FACILITATOR")
    assert await ward.attends(other) == ("PERMISSION_DENIED", "NOT_FACILITATOR")


async def test_for_another_tenant_the_session_does_not_exist(ward: Ward) -> None:
    stranger = ward.person("f-1", Role.CLINICIAN, tenant_id=OTHER)
    session = {"session_id": ward.session_id}
    both = {**session, "patient_id": ward.name("p-1")}
    for call in (
        stranger.call("GetSession", **session),
        stranger.changes("StartSession", **session),
        stranger.call("ListAttendance", **session),
        stranger.call("GetAttendance", **both),
        stranger.changes("RaiseSafetySignal", **both),
    ):
        assert await refusal(call) == ("NOT_FOUND", "NOT_FOUND")
    assert await ward.attends(stranger) == ("NOT_FOUND", "NOT_FOUND")


async def test_a_patient_without_a_seat_finds_nothing(ward: Ward) -> None:
    assert await ward.attends(ward.person("p-9")) == ("NOT_FOUND", "NOT_FOUND")


async def test_the_door_names_what_is_missing_in_its_order(ward: Ward) -> None:
    ana = ward.person("p-1")
    bare = ana.attends()
    await bare.send(hello=pb.Hello(session_id=ward.session_id))
    assert await refusal(bare.stream) == ("FAILED_PRECONDITION", "TICKET_REQUIRED")
    assert await ward.attends(ana) == ("FAILED_PRECONDITION", "LOCATION_STALE")
    await ana.attests()
    assert await ward.attends(ana, room_cursor=99) == ("OUT_OF_RANGE", "CURSOR_UNKNOWN")
    consent = {"patient_id": ana.subject, "scope": "treatment"}
    revoked = intake.ConsentRevoked(consent_id=ward.name("c-1"), **consent)
    ward.clinic.hears(revoked, 2)
    assert await ward.attends(ana) == ("FAILED_PRECONDITION", "CONSENT_REVOKED")
    ward.clinic.hears(intake.ConsentRecorded(consent_id=ward.name("c-2"), **consent), 3)
    assert await ward.attends(ana, room_cursor=99) == ("OUT_OF_RANGE", "CURSOR_UNKNOWN")


async def test_an_alias_on_its_way_is_worth_another_try(ward: Ward) -> None:
    ana, session_id = ward.person("p-1"), ward.name("s-2")
    group_id = ward.name("g-2")
    ward.clinic.schedules(
        session_id=session_id, group_id=group_id, patients=[ana.subject], named=False
    )
    await ana.attests()
    assert await ward.attends(ana, session_id=session_id) == ("UNAVAILABLE", "ALIAS_PENDING")


async def test_a_frame_that_is_too_large_ends_its_own_stream_only(ward: Ward) -> None:
    ana, ben = ward.person("p-1"), ward.person("p-2")
    lead = ward.person("f-1", Role.CLINICIAN)
    await lead.changes("StartSession", session_id=ward.session_id)
    for patient in (ana, ben):
        await patient.attests()
    hers, his = await ana.joins(ward.session_id), await ben.joins(ward.session_id)
    await hers.send(chat=pb.Chat(request_id=str(uuid4()), text="x" * (1 << 20)))
    assert await refusal(hers.stream) == ("RESOURCE_EXHAUSTED", "MESSAGE_TOO_LARGE")
    await his.say("good morning")
    await his.hears("good morning")


async def test_every_field_at_fault_is_named(ward: Ward) -> None:
    ana = ward.person("p-1")
    place = {"state": "XX", "address": " ", "callback_number": "nine"}
    call = ana.changes("AttestLocation", patient_id=ana.subject, **place)
    assert await refusal(call) == ("INVALID_ARGUMENT", "FIELDS_INVALID")
    kept = ward.clinic.documents("location_attestations")
    assert ana.subject not in {each["patient_id"] for each in kept}


async def test_a_patient_attests_and_raises_for_nobody_else(ward: Ward) -> None:
    ana, other = ward.person("p-1"), ward.name("p-2")
    place = {"state": "VA", "address": "12 Elm Street", "callback_number": "555 0100"}
    for call in (
        ana.changes("AttestLocation", patient_id=other, **place),
        ana.changes("RaiseSafetySignal", patient_id=other),
        ana.call("GetAttendance", session_id=ward.session_id, patient_id=other),
    ):
        assert await refusal(call) == ("NOT_FOUND", "NOT_FOUND")


async def test_a_signal_needs_its_request_id(ward: Ward) -> None:
    call = ward.person("p-1").call("RaiseSafetySignal", patient_id=ward.name("p-1"))
    assert await refusal(call) == ("INVALID_ARGUMENT", "FIELDS_INVALID")


async def test_the_same_start_again_gets_the_first_answer(ward: Ward) -> None:
    lead = ward.person("f-1", Role.CLINICIAN)
    values = {"request_id": str(uuid4()), "session_id": ward.session_id}
    first = await lead.call("StartSession", **values)
    assert await lead.call("StartSession", **values) == first
    call = lead.changes("StartSession", session_id=ward.session_id)
    assert await refusal(call) == ("FAILED_PRECONDITION", "SESSION_ALREADY_STARTED")


async def test_places_rest_as_ciphertext_only(ward: Ward) -> None:
    await ward.person("p-1").attests()
    for collection in ("location_attestations", "outbox", "idempotency_keys", "audit_entries"):
        assert "Elm" not in str(ward.clinic.documents(collection))
