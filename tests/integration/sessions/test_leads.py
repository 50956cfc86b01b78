"""The lead is lost, by a cut or with a whole replica: somebody leads, or everybody is told."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from haven.scheduling.v1 import events_pb2 as scheduling
from haven.sessions.v1 import events_pb2 as sessions
from haven.sessions.v1 import resources_pb2 as resources
from haven.sessions.v1 import sessions_pb2 as pb

from chassis.call import Role
from tests.integration.sessions.clinic import Attendance, Clinic, Person
from tests.integration.sessions.processes import api_process
from tests.integration.sessions.test_time import relay
from tests.waiting import eventually

HELPS = scheduling.SessionScheduled.CoFacilitator(clinician_id="co-1", states=["VA"])
PROMOTED, HELD, RESUMED = (
    resources.ROOM_EVENT_KIND_PROMOTED,
    resources.ROOM_EVENT_KIND_HELD,
    resources.ROOM_EVENT_KIND_RESUMED,
)


async def beats(attendance: Attendance, every: float = 0.3) -> None:
    while True:
        await attendance.send(heartbeat={})
        await asyncio.sleep(every)


async def hears(attendance: Attendance, kind: int) -> Any:
    return await attendance.next("room_event", lambda each: each.kind == kind)


def last_heard(clinic: Clinic, person_id: str) -> Any:
    """The end of somebody's newest mark in the ledger."""
    (place,) = [each for each in clinic.documents("participants") if each["person_id"] == person_id]
    return max(each["end"] for each in place["spans"])


def joined_at(clinic: Clinic, person_id: str) -> Any:
    """When somebody came."""
    (place,) = [each for each in clinic.documents("participants") if each["person_id"] == person_id]
    return place["arrive_time"]


def kinds(clinic: Clinic) -> list[str]:
    """What the room's log says of who leads it."""
    told = {"promoted", "held", "resumed"}
    return [each["kind"] for each in clinic.documents("room_events") if each["kind"] in told]


async def in_room(stack: AsyncExitStack, *people: tuple[Person, str]) -> list[Attendance]:
    """Everybody joins; staff is heard from then on."""
    joined = []
    for person, what in people:
        stack.push_async_callback(person.close)
        if what == "patient":
            await person.attests()
        joined.append(await person.joins())
    return joined


async def test_a_co_facilitator_leads_once_when_the_replica_with_the_lead_is_killed(
    clinic: Clinic, stack: AsyncExitStack, tmp_path: Path
) -> None:
    clinic.counts(lead_silence_seconds=5.0, signal_answer_seconds=10.0)
    clinic.schedules(co_facilitators=[HELPS])
    here = await stack.enter_async_context(clinic.replica())
    doomed = stack.enter_context(api_process(clinic, tmp_path))
    await asyncio.to_thread(doomed.ready)
    lead = clinic.person(doomed.address, "f-1", Role.CLINICIAN)
    ana, helping = clinic.person(here, "p-1"), clinic.person(here, "co-1", Role.CLINICIAN)
    await lead.changes("StartSession", session_id="s-1")
    theirs, hers, his = await in_room(stack, (lead, "lead"), (ana, "patient"), (helping, "co"))
    with relay(clinic), relay(clinic):
        beating = [asyncio.create_task(beats(each)) for each in (theirs, his)]
        await asyncio.to_thread(
            eventually, lambda: last_heard(clinic, "f-1") > joined_at(clinic, "f-1"), within=20
        )
        await asyncio.to_thread(doomed.killed)
        lost = last_heard(clinic, "f-1")
        promoted = await hears(hers, PROMOTED)
        assert promoted.alias == "Co-facilitator"
        assert promoted.role == resources.PARTICIPANT_ROLE_FACILITATOR
        again = clinic.person(here, "f-1", Role.CLINICIAN)
        (back,) = await in_room(stack, (again, "lead"))
        await helping.changes("StartBreak", session_id="s-1")
        await hears(hers, resources.ROOM_EVENT_KIND_BREAK_STARTED)
        for task in beating:
            task.cancel()
    stored = [each for each in clinic.documents("room_events") if each["kind"] == "promoted"]
    assert len(stored) == 1, "promoted once, by whichever of two relays"
    # By stored times: from what was heard of the lead last, which is before the kill.
    assert (stored[0]["event_time"] - lost).total_seconds() <= 10
    (session,) = clinic.documents("sessions")
    assert session["lead_id"] == "co-1"
    assert back.frames[0].welcome.role == resources.PARTICIPANT_ROLE_CO_FACILITATOR


async def test_a_room_without_anybody_who_may_treat_is_held_and_staff_is_called(
    clinic: Clinic, stack: AsyncExitStack
) -> None:
    clinic.counts(lead_silence_seconds=1.0, hold_call_seconds=0.5)
    clinic.schedules()
    here = await stack.enter_async_context(clinic.replica())
    lead, ana = clinic.person(here, "f-1", Role.CLINICIAN), clinic.person(here, "p-1")
    await lead.changes("StartSession", session_id="s-1")
    theirs, hers = await in_room(stack, (lead, "lead"), (ana, "patient"))
    with relay(clinic), relay(clinic):
        theirs.stream.cancel()
        held = await hears(hers, HELD)
        assert held.alias == "Facilitator"
        (called,) = await asyncio.to_thread(
            eventually, lambda: clinic.emitted(sessions.RoomHeld), within=20
        )
        assert (called.session_id, list(called.clinician_ids)) == ("s-1", ["f-1"])
        hello = await ana.hello()
        late = ana.attends()
        await late.send(hello=hello)
        assert (await late.next("welcome")).is_held
    (back,) = await in_room(stack, (lead, "lead"))
    await hears(late, RESUMED)
    assert kinds(clinic) == ["held", "resumed"]
    assert not back.frames[0].welcome.is_held
    assert len(clinic.emitted(sessions.RoomHeld)) == 1


async def test_staff_is_called_to_a_room_that_nobody_opens_while_a_patient_waits_before_it(
    clinic: Clinic, stack: AsyncExitStack
) -> None:
    clinic.counts(absent_seconds=1.0, hold_call_seconds=0.5)
    clinic.schedules()
    ana = clinic.person(await stack.enter_async_context(clinic.replica()), "p-1")
    stack.push_async_callback(ana.close)
    await ana.attests()
    hello = await ana.hello()
    hers = ana.attends()
    await hers.send(hello=hello)
    waiting = await hers.next("waiting")
    assert waiting.reason == resources.WAIT_REASON_BEFORE_START
    with relay(clinic), relay(clinic):
        (called,) = await asyncio.to_thread(
            eventually, lambda: clinic.emitted(sessions.RoomHeld), within=20
        )
    assert (called.session_id, list(called.clinician_ids)) == ("s-1", ["f-1"])
    assert kinds(clinic) == []


async def test_a_lead_that_leaves_is_followed_at_once_without_any_timer(
    clinic: Clinic, stack: AsyncExitStack
) -> None:
    clinic.schedules(co_facilitators=[HELPS])
    here = await stack.enter_async_context(clinic.replica())
    there = await stack.enter_async_context(clinic.replica())
    lead, helping = [
        clinic.person(address, name, Role.CLINICIAN)
        for address, name in ((here, "f-1"), (there, "co-1"))
    ]
    await lead.changes("StartSession", session_id="s-1")
    theirs, his = await in_room(stack, (lead, "lead"), (helping, "co"))
    beating = asyncio.create_task(beats(his))
    await theirs.send(leave=pb.Leave())
    promoted = await hears(his, PROMOTED)
    beating.cancel()
    assert promoted.alias == "Co-facilitator"
