"""Who called for help goes: by a cut, by themselves, or with everybody. Nobody goes unnoticed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from haven.sessions.v1 import events_pb2 as sessions
from haven.sessions.v1 import sessions_pb2 as pb

from chassis.call import Role
from tests.integration.sessions.clinic import Attendance, Clinic, Person
from tests.integration.sessions.test_time import relay
from tests.waiting import eventually

BRISK = {"heartbeat_seconds": 0.5, "silence_seconds": 1.5}
SLOW = {"heartbeat_seconds": 60.0, "silence_seconds": 180.0}


class Room:
    """A started session with Ana and the facilitator in it, on two replicas."""

    def __init__(self, clinic: Clinic, stack: AsyncExitStack) -> None:
        self.clinic, self._stack = clinic, stack

    async def opens(self, **numbers: float) -> Room:
        self.clinic.counts(signal_answer_seconds=10.0, **numbers)
        self.clinic.schedules()
        first, second = [
            await self._stack.enter_async_context(self.clinic.replica()) for _ in range(2)
        ]
        self.ana = self._person(first, "p-1", Role.PATIENT)
        self.lead = self._person(second, "f-1", Role.CLINICIAN)
        await self.ana.attests()
        await self.lead.changes("StartSession", session_id="s-1")
        self.hers, self.theirs = await self.ana.joins(), await self.lead.joins()
        return self

    def departures(self) -> list[sessions.EndangeredPatientLeft]:
        return self.clinic.emitted(sessions.EndangeredPatientLeft)

    async def calls_for_help(self) -> str:
        """Ana presses; the id of her signal."""
        await self.hers.press()
        told = await self.hers.next("private_event")
        await self.theirs.next("private_event")
        return str(told.safety_signal.safety_signal_id)

    async def hears_of_a_departure(self) -> Any:
        """The facilitator does."""
        return await self.theirs.next("private_event", lambda each: each.HasField("departure"))

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """The facilitator's connection holds meanwhile."""
        task = asyncio.create_task(_beats(self.theirs))
        try:
            yield
        finally:
            task.cancel()

    def _person(self, address: str, subject: str, role: Role) -> Person:
        person = self.clinic.person(address, subject, role)
        self._stack.push_async_callback(person.close)
        return person


async def _beats(attendance: Attendance) -> None:
    while True:
        await attendance.send(heartbeat={})
        await asyncio.sleep(0.3)


@pytest.fixture
def room(clinic: Clinic, stack: AsyncExitStack) -> Room:
    return Room(clinic, stack)


async def test_who_leaves_after_a_signal_is_told_to_crisis_and_to_the_facilitator_elsewhere(
    room: Room,
) -> None:
    await room.opens(**SLOW)
    signal_id = await room.calls_for_help()
    await room.hers.send(leave=pb.Leave())
    told = await room.hears_of_a_departure()
    assert (told.number, told.departure.kind) == (2, sessions.DEPARTURE_KIND_LEFT)
    assert told.safety_signal.safety_signal_id == signal_id
    assert told.safety_signal.alias == "Alias of 1-p"
    (event,) = room.departures()
    assert (event.safety_signal_id, event.session_id, event.patient_id) == (signal_id, "s-1", "p-1")
    assert event.location.location_id
    assert event.leave_time == told.departure.leave_time


async def test_a_lost_connection_is_one_departure_whichever_of_two_relays_notices_it(
    room: Room,
) -> None:
    await room.opens(**BRISK)
    await room.calls_for_help()
    async with room.beating():
        with relay(room.clinic), relay(room.clinic):
            room.hers.stream.cancel()
            told = await room.hears_of_a_departure()
            assert told.departure.kind == sessions.DEPARTURE_KIND_LOST
            again = await room.ana.joins()
            again.stream.cancel()
            second = await room.hears_of_a_departure()
    assert (told.number, second.number) == (2, 3)
    first_id, second_id = [event.departure_id for event in room.departures()]
    assert first_id != second_id


async def test_a_session_that_ends_lets_nobody_go_unnoticed(room: Room) -> None:
    await room.opens(**SLOW)
    signal_id = await room.calls_for_help()
    await room.lead.changes("EndSession", session_id="s-1")
    (event,) = room.departures()
    assert (event.safety_signal_id, event.kind) == (signal_id, sessions.DEPARTURE_KIND_DISMISSED)
    # The room's own stream may have said goodbye first: it is in the log that goes on elsewhere.
    kept = await asyncio.to_thread(
        eventually,
        lambda: [
            each
            for each in room.clinic.documents("private_events")
            if each["log_key"] == "f-1" and each["departure"]
        ],
        within=15,
    )
    assert [each["number"] for each in kept] == [2]


async def test_who_leaves_without_a_signal_goes_like_anybody(room: Room) -> None:
    await room.opens(**SLOW)
    await room.hers.send(leave=pb.Leave())
    await room.hers.next("goodbye")
    assert room.departures() == []


async def test_who_presses_leaves_and_closes_at_once_has_left_after_calling(room: Room) -> None:
    await room.opens(**SLOW)
    await room.hers.press()
    await room.hers.say("I want to kill myself")
    await room.hers.send(leave=pb.Leave())
    await room.hers.stream.done_writing()
    told = await room.hears_of_a_departure()
    assert told.departure.kind == sessions.DEPARTURE_KIND_LEFT
    (event,) = room.departures()
    (raised,) = room.clinic.emitted(sessions.SafetySignalRaised)
    assert event.safety_signal_id == raised.safety_signal_id
    assert len(room.clinic.emitted(sessions.ChatRiskRaised)) == 1
