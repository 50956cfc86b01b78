"""What a peer receives is the same, byte for byte, whether or not somebody needs help."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from haven.crisis.v1 import events_pb2 as crisis
from haven.sessions.v1 import events_pb2 as sessions
from haven.sessions.v1 import resources_pb2 as resources
from haven.sessions.v1 import sessions_pb2 as pb
from pymongo import MongoClient

from chassis.call import Role
from chassis.clock import FixedClock
from chassis.store import CHASSIS_INDEXES
from clinical.risk import Assessment, assess
from services.sessions.codec.attested import timestamp
from services.sessions.handlers import chats
from services.sessions.store import INDEXES
from tests.integration.sessions.clinic import Clinic, Person, noon
from tests.unit.sessions.lobby import written

WORDS = "I want to kill myself"
SLOW = {"heartbeat_seconds": 60.0, "silence_seconds": 180.0, "signal_answer_seconds": 10.0}


@pytest.mark.parametrize("path", ["frame", "request"])
async def test_a_signal_leaves_no_byte_in_a_peers_stream(
    mongodb_uri: str,
    mongo_client: MongoClient[dict[str, Any]],
    test_name: str,
    tmp_path: Path,
    *,
    path: str,
    wire: str,
) -> None:
    received = {}
    for case in ("quiet", path):
        name = f"{test_name[:50]}_{case}"
        with a_clinic(mongodb_uri, mongo_client, name, tmp_path / case) as clinic:
            clinic.wire = wire
            received[case] = await what_a_peer_receives(clinic, signal_by=case)
    assert received["quiet"] == received[path]


async def test_words_that_worry_leave_no_byte_in_a_peers_stream(
    mongodb_uri: str,
    mongo_client: MongoClient[dict[str, Any]],
    test_name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    received = {}
    for case, rules in (("unread", lambda _: Assessment()), ("read", assess)):
        monkeypatch.setattr(chats, "assess", rules)
        name = f"{test_name[:50]}_{case}"
        with a_clinic(mongodb_uri, mongo_client, name, tmp_path / case) as clinic:
            received[case] = await what_a_peer_receives_of_words(clinic)
            assert len(clinic.emitted(sessions.ChatRiskRaised)) == (case == "read")
    assert received["unread"] == received["read"]


@contextmanager
def a_clinic(
    mongodb_uri: str, mongo_client: MongoClient[dict[str, Any]], name: str, folder: Path
) -> Iterator[Clinic]:
    """One whose clock stands still."""
    folder.mkdir()
    clinic = Clinic(mongodb_uri, name, folder=folder, clock=FixedClock(noon()))
    clinic.store.ensure_indexes([*CHASSIS_INDEXES, *INDEXES])
    try:
        yield clinic
    finally:
        clinic.close()
        mongo_client.drop_database(name)


async def what_a_peer_receives_of_words(clinic: Clinic) -> list[bytes]:
    """A short session in which a patient writes what may worry somebody."""
    async with AsyncExitStack() as stack:
        ana, ben, lead = await in_an_open_room(clinic, stack)
        hers, his, theirs = await ana.joins(), await ben.joins(), await lead.joins()
        await hers.say(WORDS)
        await his.hears(WORDS)
        if clinic.emitted(sessions.ChatRiskRaised):
            assert (await theirs.next("private_event")).chat_risk.alias == "Alias of 1-p"
        await hers.say("two")
        await his.hears("two")
        again = await ben.joins(room_cursor=2)
        await again.hears("two")
        return written((*his.frames, *again.frames))


async def in_an_open_room(clinic: Clinic, stack: AsyncExitStack) -> tuple[Person, Person, Person]:
    """Two patients who said where they are, and the facilitator who opened the room."""
    clinic.counts(**SLOW)
    clinic.schedules()
    address = await stack.enter_async_context(clinic.replica())
    ana, ben = clinic.person(address, "p-1"), clinic.person(address, "p-2")
    lead = clinic.person(address, "f-1", Role.CLINICIAN)
    for person in (ana, ben, lead):
        stack.push_async_callback(person.close)
    await lead.changes("StartSession", session_id="s-1")
    for patient in (ana, ben):
        await patient.attests()
    return ana, ben, lead


async def what_a_peer_receives(clinic: Clinic, *, signal_by: str) -> list[bytes]:
    """A short session in which a patient may call for help, is answered by a case, and goes."""
    async with AsyncExitStack() as stack:
        ana, ben, lead = await in_an_open_room(clinic, stack)
        hers, his, theirs = await ana.joins(), await ben.joins(), await lead.joins()
        await hers.say("one")
        await his.hears("one")
        if signal_by == "frame":
            await hers.press()
        elif signal_by == "request":
            answer = await ana.changes("RaiseSafetySignal", patient_id="p-1", session_id="s-1")
            assert answer.safety_signal.call_number == "988"
        if signal_by != "quiet":
            told = await hers.next("private_event")
            seen = await theirs.next("private_event")
            assert seen.safety_signal.patient_id == "p-1"
            await _answer(clinic, told.safety_signal.safety_signal_id)
            await hers.next("private_event")
        await hers.say("two")
        await his.hears("two")
        await hers.send(leave=pb.Leave())
        await his.next("room_event", _is_leave)
        if signal_by != "quiet":
            gone = await theirs.next("private_event", lambda each: each.HasField("departure"))
            assert gone.departure.kind == sessions.DEPARTURE_KIND_LEFT
            assert gone.safety_signal.patient_id == "p-1"
        again = await ben.joins(room_cursor=2)
        await again.next("room_event", _is_leave)
        await lead.changes("EndSession", session_id="s-1")
        await again.next("goodbye")
        return written((*his.frames, *again.frames))


def _is_leave(event: resources.RoomEvent) -> bool:
    return event.kind == resources.ROOM_EVENT_KIND_LEFT


async def _answer(clinic: Clinic, signal_id: str) -> None:
    clinic.hears(
        crisis.CaseOpened(
            case_id="k-1",
            patient_id="p-1",
            severity=crisis.SEVERITY_HIGH,
            safety_signal_id=signal_id,
            open_time=timestamp(clinic.clock.now()),
        )
    )


async def test_the_person_who_pressed_follows_every_step(
    clinic: Clinic, stack: AsyncExitStack
) -> None:
    clinic.counts(**SLOW)
    clinic.schedules()
    address = await stack.enter_async_context(clinic.replica())
    ana = clinic.person(address, "p-1")
    stack.push_async_callback(ana.close)
    answer = await ana.changes("RaiseSafetySignal", patient_id="p-1", session_id="")
    signal_id = answer.safety_signal.safety_signal_id
    (raised,) = clinic.emitted(sessions.SafetySignalRaised)
    assert raised.safety_signal_id == signal_id

    async def state() -> resources.SafetySignal:
        told = await ana.call("GetSafetySignal", safety_signal_id=signal_id)
        return told.safety_signal  # type: ignore[no-any-return]

    assert (await state()).state == resources.SAFETY_SIGNAL_STATE_NOBODY_YET
    await _answer(clinic, signal_id)
    assert (await state()).state == resources.SAFETY_SIGNAL_STATE_SENT
    at = timestamp(clinic.clock.now())
    clinic.hears(
        crisis.CaseAcknowledged(
            case_id="k-1", patient_id="p-1", owner_role="clinician", acknowledge_time=at
        ),
        2,
    )
    held = await state()
    assert held.state == resources.SAFETY_SIGNAL_STATE_HELD_BY_ROLE
    assert held.holder_role == "clinician"


async def test_one_request_id_is_one_signal_over_frame_and_request(
    clinic: Clinic, stack: AsyncExitStack
) -> None:
    clinic.schedules()
    address = await stack.enter_async_context(clinic.replica())
    ana = clinic.person(address, "p-1")
    stack.push_async_callback(ana.close)
    values = {"request_id": "0b0d3c8e-7a54-4d2b-8f11-6a1f5c1f9e11", "patient_id": "p-1"}
    first = await ana.call("RaiseSafetySignal", **values)
    second = await ana.call("RaiseSafetySignal", **values)
    assert first == second
    assert len(clinic.emitted(sessions.SafetySignalRaised)) == 1
