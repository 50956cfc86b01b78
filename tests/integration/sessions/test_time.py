"""What time brings, by the database's clock and the relay's own loops."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from typing import Any

from haven.sessions.v1 import events_pb2 as sessions
from haven.sessions.v1 import resources_pb2 as resources
from pymongo import MongoClient
from pymongo.database import Database

from chassis.call import Role
from chassis.store import Store
from services.sessions.bootstrap import bootstrap
from services.sessions.domain import commands
from services.sessions.domain.policy import SessionsPolicy
from services.sessions.domain.seal import AmendReason
from services.sessions.timers import due_work
from tests.due import RunningTimers
from tests.integration.sessions.clinic import Clinic
from tests.tenant_guard import TenantGuard
from tests.unit.sessions.ward import PlainCipher, a_ticket, by_patient
from tests.waiting import eventually

AT_ONCE = SessionsPolicy(chat_kept_days=0.0)
BRISK = {
    "heartbeat_seconds": 0.5,
    "silence_seconds": 1.5,
    "absent_seconds": 1.0,
    "gap_seconds": 0.1,
}


@contextmanager
def relay(clinic: Clinic) -> Iterator[None]:
    """The relay's timers on this clinic."""
    runner = RunningTimers(clinic.store, due_work(clinic.sessions))
    runner.start()
    try:
        yield
    finally:
        runner.stop()


async def test_a_patient_who_does_not_come_is_noticed_once(
    clinic: Clinic, stack: AsyncExitStack
) -> None:
    clinic.counts(**BRISK)
    clinic.schedules()
    address = await stack.enter_async_context(clinic.replica())
    ana, lead = clinic.person(address, "p-1"), clinic.person(address, "f-1", Role.CLINICIAN)
    for person in (ana, lead):
        stack.push_async_callback(person.close)
    await ana.attests()
    waiting = ana.attends()
    await waiting.send(hello=await ana.hello("s-1"))
    await waiting.next("waiting")
    with relay(clinic):
        absent = await asyncio.to_thread(
            eventually, lambda: clinic.emitted(sessions.PatientAbsent), within=15
        )
        assert [event.patient_id for event in absent] == ["p-2"]
        notices: dict[str, bool] = {}
        async with asyncio.timeout(15):  # staff see it with the next majority of the database
            while notices != {"p-1": False, "p-2": True}:
                listed = await lead.call("ListAttendance", session_id="s-1")
                notices = {
                    each.patient_id: each.HasField("absence_notice_time")
                    for each in listed.attendances
                }
    assert len(clinic.emitted(sessions.PatientAbsent)) == 1


async def test_a_patient_who_was_missed_and_comes_after_all_is_told_of_once(
    clinic: Clinic, stack: AsyncExitStack
) -> None:
    clinic.counts(**BRISK)
    clinic.schedules()
    address = await stack.enter_async_context(clinic.replica())
    ana = clinic.person(address, "p-1")
    stack.push_async_callback(ana.close)
    with relay(clinic):
        await asyncio.to_thread(
            eventually, lambda: len(clinic.emitted(sessions.PatientAbsent)) == 2, within=15
        )
    await ana.attests()
    for _ in range(2):
        waiting = ana.attends()
        await waiting.send(hello=await ana.hello("s-1"))
        await waiting.next("waiting")

    (came,) = clinic.emitted(sessions.AbsentPatientCame)
    assert (came.session_id, came.patient_id) == ("s-1", "p-1")


async def test_a_cut_connection_is_told_as_a_leave_and_its_minutes_are_recorded(
    clinic: Clinic, stack: AsyncExitStack, wire: str
) -> None:
    clinic.wire = wire
    clinic.counts(**BRISK)
    clinic.schedules()
    address = await stack.enter_async_context(clinic.replica())
    ana, lead = clinic.person(address, "p-1"), clinic.person(address, "f-1", Role.CLINICIAN)
    for person in (ana, lead):
        stack.push_async_callback(person.close)
    await ana.attests()
    await lead.changes("StartSession", session_id="s-1")
    hers, theirs = await ana.joins(), await lead.joins()
    with relay(clinic):
        beating = asyncio.create_task(_beats(theirs))
        hers.stream.cancel()
        left = await theirs.next(
            "room_event", lambda each: each.kind == resources.ROOM_EVENT_KIND_LEFT
        )
        beating.cancel()
    assert left.patient_id == "p-1"
    told = await ana.call("GetAttendance", session_id="s-1", patient_id="p-1")
    assert not told.attendance.is_present
    assert told.attendance.counted_seconds <= 2 * BRISK["silence_seconds"]


async def _beats(attendance: Any) -> None:
    while True:
        await attendance.send(heartbeat={})
        await asyncio.sleep(0.3)


def test_every_command_names_its_tenant(
    mongodb_uri: str, database: Database[dict[str, Any]], clinic: Clinic
) -> None:
    guard = TenantGuard()
    with MongoClient[dict[str, Any]](mongodb_uri, event_listeners=[guard], tz_aware=True) as client:
        store = Store(client, database.name, service="sessions", clock=clinic.clock)
        clinic.store = store
        clinic.schedules()
        service = bootstrap(store=store, policies=lambda _: AT_ONCE, cipher=PlainCipher())
        _play(service, clinic.tenant_id)
    assert guard.violations == []
    assert guard.checked > 30


def _play(service: Any, tenant_id: str) -> None:
    """A short story that touches every collection."""
    ana = replace(by_patient("p-1"), tenant_id=tenant_id)
    lead = replace(by_patient("f-1"), tenant_id=tenant_id)
    lead = replace(lead, actor=replace(lead.actor, roles=frozenset({Role.CLINICIAN})))
    service.attestations.attest(ana, commands.AttestLocation("p-1", "VA", "a street", "5550100"))
    service.rooms.start(lead, commands.Lead("s-1"))
    ticket = a_ticket(service, ana)
    service.doors.enter(ana, commands.Enter("s-1", "c-1", 0, None, join_ticket=ticket))
    service.chats.say(ana, commands.Say("s-1", "good morning"))
    service.chats.say(ana, commands.Say("s-1", "I want to die"))
    service.presences.beat(ana, commands.Connected("s-1", "c-1"))
    press = service.signals.prepare(ana, commands.RaiseSignal("key", "p-1", "s-1"))
    service.signals.raise_all([press])
    ticket = a_ticket(service, lead)
    service.doors.enter(lead, commands.Enter("s-1", "c-2", 0, None, join_ticket=ticket))
    service.presences.leave(ana, commands.Connected("s-1", "c-1"))
    service.queries.session(lead, commands.Lead("s-1"))
    service.queries.attendances(lead, commands.ListAttendance("s-1", 0, ""))
    service.room_log.heads(tenant_id, ["s-1"])
    service.room_log.after(tenant_id, "s-1", 0, 10)
    service.private_log.after(tenant_id, "p-1", 0, 10)
    service.rooms.end(lead, commands.Lead("s-1"))
    service.attendances.seal(lead, "s-1")
    amend = commands.AmendAttendance("s-1", "p-1", 60, AmendReason.CLERICAL)
    service.attendances.amend(lead, amend)
    service.queries.attendance(lead, commands.GetAttendance("s-1", "p-1"))
    service.chats.forget(replace(lead, action="timer.chat-retention"), "s-1")
