"""What every stream does, whatever carries it: begins, goes on, and ends for a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from haven.sessions.v1 import resources_pb2 as resources
from haven.sessions.v1 import sessions_pb2 as pb
from prometheus_client import REGISTRY

from chassis.auth import tokens
from chassis.call import Role
from tests.integration.sessions.clinic import Attendance, Clinic, Person, refusal
from tests.waiting import eventually

PATIENT = {"heartbeat_seconds": 30.0, "silence_seconds": 90.0}
METHOD = {"service": "haven.sessions.v1.SessionsService", "method": "AttendSession"}


class Room:
    """A session that runs, on one replica."""

    def __init__(self, clinic: Clinic, stack: AsyncExitStack) -> None:
        self.clinic, self._stack = clinic, stack
        self._address = ""

    async def opens(self, **numbers: float) -> Room:
        self.clinic.counts(**{**PATIENT, **numbers})
        self.clinic.schedules()
        self._address = await self._stack.enter_async_context(self.clinic.replica())
        self.lead = self.person("f-1", Role.CLINICIAN)
        await self.lead.changes("StartSession", session_id="s-1")
        for patient_id in ("p-1", "p-2"):
            await self.person(patient_id).attests()
        return self

    def person(self, subject: str, *roles: Role) -> Person:
        person = self.clinic.person(self._address, subject, *roles)
        self._stack.push_async_callback(person.close)
        return person


@pytest.fixture
def room(clinic: Clinic, stack: AsyncExitStack, wire: str) -> Room:
    clinic.wire = wire
    return Room(clinic, stack)


async def goodbye(attendance: Attendance) -> Any:
    """What the stream ended with, and that it has ended."""
    said = await attendance.next("goodbye")
    await attendance.until_lost()
    assert attendance.frames[-1].WhichOneof("frame") == "goodbye"
    return said.reason


def finished(code: str) -> float:
    return REGISTRY.get_sample_value("haven_rpc_requests_total", {**METHOD, "code": code}) or 0.0


async def test_who_leaves_is_let_go_with_a_goodbye(room: Room) -> None:
    await room.opens()
    before = finished("OK")
    hers = await room.person("p-1").joins()
    await hers.send(leave=pb.Leave())
    assert await goodbye(hers) == pb.GOODBYE_REASON_LEFT
    assert finished("OK") == before + 1


async def test_the_end_of_the_session_ends_the_stream(room: Room) -> None:
    await room.opens()
    hers = await room.person("p-1").joins()
    await room.lead.changes("EndSession", session_id="s-1")
    assert await goodbye(hers) == pb.GOODBYE_REASON_SESSION_ENDED
    assert hers.events[-1].kind == resources.ROOM_EVENT_KIND_SESSION_ENDED


async def test_a_second_connection_replaces_the_first(room: Room) -> None:
    await room.opens()
    phone, laptop = await room.person("p-1").joins(), await room.person("p-1").joins()
    assert await goodbye(phone) == pb.GOODBYE_REASON_REPLACED
    await laptop.say("from the laptop")
    await laptop.hears("from the laptop")


async def test_who_comes_back_by_cursors_gets_what_was_missed_and_nothing_twice(
    room: Room,
) -> None:
    await room.opens()
    hers, his = await room.person("p-1").joins(), await room.person("p-2").joins()
    await his.say("one")
    seen = (await hers.hears("one")).number
    hers.stream.cancel()
    await his.say("two")
    await his.hears("two")
    again = await room.person("p-1").joins(room_cursor=seen)
    await again.hears("two")
    assert [event.number for event in again.events] == [seen + 1]


async def test_who_reads_frames_together_gets_the_same_frames_in_fewer_messages(
    room: Room,
) -> None:
    await room.opens(chat_burst=100)
    his, staff = await room.person("p-2").joins(), await room.lead.joins()
    for number in range(40):
        await his.say(f"line {number}")
        await his.hears(f"line {number}")
    ana = room.person("p-1")
    together, apart = await ana.joins(reads_frames=True), await room.person("p-2").joins()
    for each in (together, apart):
        await each.hears("line 39")
    await staff.say("good morning")
    live = [await each.hears("good morning") for each in (together, apart, staff)]
    assert together.messages < 10
    assert apart.messages > 40
    shared = slice(0, len(together.events))
    assert together.events == apart.events[shared]
    assert live[0] == live[1] == live[2]


async def test_who_sends_nothing_for_too_long_is_shown_out(room: Room) -> None:
    await room.opens(heartbeat_seconds=0.2, silence_seconds=0.6)
    hers = await room.person("p-1").joins()
    assert await refusal(hers.stream) == ("DEADLINE_EXCEEDED", "HEARTBEAT_MISSING")


async def test_who_floods_is_shown_out(room: Room) -> None:
    await room.opens(frame_burst=5, frames_per_second=0.001)
    hers = await room.person("p-1").joins()
    for _ in range(6):
        await hers.send(heartbeat=pb.Heartbeat())
    assert await refusal(hers.stream) == ("RESOURCE_EXHAUSTED", "FRAMES_TOO_MANY")


async def test_a_signal_passes_by_a_flood_of_frames(room: Room) -> None:
    await room.opens(frame_burst=1, frames_per_second=0.001)
    hers = await room.person("p-1").joins()
    await hers.press()
    told = await hers.next("private_event")
    assert told.safety_signal.is_stored


async def test_bytes_that_are_no_frame_end_their_own_stream_only(room: Room) -> None:
    await room.opens()
    hers, his = await room.person("p-1").joins(), await room.person("p-2").joins()
    await hers.stream.write(b"\xff\xff\xff")
    assert await refusal(hers.stream) == ("INVALID_ARGUMENT", "MESSAGE_UNDECODABLE")
    await his.say("good morning")
    await his.hears("good morning")


async def test_a_frame_of_a_later_version_is_refused_and_the_stream_goes_on(room: Room) -> None:
    await room.opens()
    hers = await room.person("p-1").joins()
    await hers.send()
    assert (await hers.next("refusal")).reason == "FRAME_UNKNOWN"
    await hers.say("still here")
    await hers.hears("still here")


async def test_who_is_cut_off_counts_as_one_who_left_the_call(room: Room) -> None:
    await room.opens()
    before = finished("CANCELLED")
    hers = await room.person("p-1").joins()
    hers.stream.cancel()
    await until(lambda: finished("CANCELLED") == before + 1)


async def test_a_token_that_expires_ends_no_stream_that_it_opened_and_opens_no_other(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.opens()
    ana = room.person("p-1")
    hers = await ana.joins()
    monkeypatch.setattr(tokens, "LEEWAY_SECONDS", -7200)  # it holds for an hour
    assert await refusal(ana.attends().stream) == ("UNAUTHENTICATED", "TOKEN_EXPIRED")
    await hers.say("still here")
    await hers.hears("still here")


async def until(holds: Callable[[], bool]) -> None:
    await asyncio.to_thread(eventually, holds, within=20)
