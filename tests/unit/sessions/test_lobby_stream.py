"""From the lobby to the room and back, on one stream."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from haven.scheduling.v1 import resources_pb2 as scheduling
from haven.sessions.v1 import resources_pb2, sessions_pb2

from chassis.errors import FailedPrecondition
from services.sessions.domain.commands import Lead, Moderate
from services.sessions.domain.moderation import Act
from tests.unit.sessions.lobby import Client, Replica, replica
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

QUICK = {"hello_seconds": 0.5, "heartbeat_seconds": 0.2, "silence_seconds": 30.0}
LATE, LICENSE = resources_pb2.WAIT_REASON_LATE, resources_pb2.WAIT_REASON_HELD_FOR_LICENSE
LEFT = resources_pb2.ROOM_EVENT_KIND_LEFT


@pytest.fixture
def ward() -> Ward:
    """A process group of ten minutes ago: p-1 came in time, p-2 is late."""
    opened = Ward(dict(QUICK))
    opened.schedules(group_kind=scheduling.GROUP_KIND_PROCESS)
    for patient_id, alias in (("p-1", "Blue Heron 4"), ("p-2", "Red Fox 7")):
        opened.names(patient_id, alias)
        opened.attests(patient_id)
    opened.starts()
    opened.enters(by_patient("p-1"), "c-1")
    opened.leaves(by_patient("p-1"), "c-1")
    opened.pass_time(minutes=10)
    return opened


@pytest.fixture
async def room(ward: Ward) -> AsyncIterator[Replica]:
    async with replica(ward) as served:
        yield served


async def waits(room: Replica, patient_id: str = "p-2") -> tuple[Client, sessions_pb2.Waiting]:
    client = room.connects(by_patient(patient_id))
    client.hello()
    return client, await client.next("waiting")


async def is_shown(lead: Client, state: int = resources_pb2.LOBBY_STATE_WAITING) -> Any:
    event = await lead.next("private_event", lambda each: each.lobby_entry.state == state)
    return event.lobby_entry


def decides(lead: Client, verb: str, **fields: Any) -> str:
    request_id = str(uuid4())
    frame = {"admit": sessions_pb2.Admit, "deny": sessions_pb2.Deny}[verb]
    lead.send(**{verb: frame(request_id=request_id, patient_id="p-2", **fields)})
    return request_id


async def test_who_comes_while_the_room_opens_does_not_stay_outside() -> None:
    ward = Ward(dict(QUICK))
    ward.prepares()
    async with replica(ward) as room:
        first, _ = await waits(room, "p-1")
        doors, hub = room.live.sessions.doors, room.live.hub
        enter: Any = doors.enter

        def enter_slowly(call: Any, command: Any) -> Any:
            """The door has looked; before its answer is heard the room opens."""
            admission = enter(call, command)
            if admission.is_waiting and call.actor.subject == "p-2":
                ward.starts()
                while not hub.rooms.reached(call.tenant_id, "s-1"):
                    threading.Event().wait(0.01)
            return admission

        doors.enter = enter_slowly  # type: ignore[method-assign]
        second, _ = await waits(room, "p-2")
        await second.next("welcome")
        await first.next("welcome")


async def test_a_late_patient_is_let_in_by_the_facilitator(room: Replica) -> None:
    lead = await room.joins(by_facilitator())
    ben, waiting = await waits(room)
    assert (waiting.reason, waiting.call_number) == (LATE, "988")
    shown = await is_shown(lead)
    assert (shown.patient_id, shown.alias, shown.reason) == ("p-2", "Red Fox 7", LATE)
    request_id = decides(lead, "admit")
    receipt = await lead.next("receipt")
    assert (receipt.request_id, receipt.number) == (request_id, 0)
    welcome = await ben.next("welcome")
    assert welcome.resume_token == waiting.resume_token != ""
    joined = resources_pb2.ROOM_EVENT_KIND_JOINED
    await lead.next("room_event", lambda each: each.kind == joined and each.patient_id == "p-2")


async def test_a_facilitator_who_comes_later_is_welcomed_with_who_waits(room: Replica) -> None:
    await waits(room)
    lead = room.connects(by_facilitator())
    lead.hello()
    (entry,) = (await lead.next("welcome")).lobby
    assert (entry.patient_id, entry.reason) == ("p-2", resources_pb2.WAIT_REASON_HELD_FOR_LEAD)


async def test_who_is_denied_is_told_and_the_stream_ends_with_the_reason(room: Replica) -> None:
    lead = await room.joins(by_facilitator())
    ben, _ = await waits(room)
    request_id = decides(lead, "deny")
    await lead.next("receipt")
    answer = (await ben.next("private_event")).door_answer
    assert answer.state == resources_pb2.DOOR_ANSWER_STATE_DENIED
    with pytest.raises(FailedPrecondition) as error:
        await ben.end()
    assert error.value.reason == "ADMISSION_DENIED"
    assert error.value.metadata["help"] == "CALL_PROGRAM"
    lead.send(deny=sessions_pb2.Deny(request_id=request_id, patient_id="p-2"))
    assert (await lead.next("receipt")).request_id == request_id


async def test_a_decision_that_cannot_be_is_refused_and_the_stream_goes_on(room: Replica) -> None:
    lead = await room.joins(by_facilitator())
    decides(lead, "deny")
    assert (await lead.next("refusal")).reason == "PATIENT_NOT_WAITING"
    lead.send(admit=sessions_pb2.Admit(request_id="no uuid", patient_id="p-2"))
    assert (await lead.next("refusal")).reason == "REQUEST_ID_INVALID"
    ana = await room.joins(by_patient("p-1"))
    ana.send(admit=sessions_pb2.Admit(request_id=str(uuid4()), patient_id="p-2"))
    assert (await ana.next("refusal")).reason == "NOT_FACILITATOR"
    lead.say("still here")
    await ana.hears("still here")


async def test_who_is_put_out_hears_nothing_of_the_room_until_they_are_back(
    room: Replica, ward: Ward
) -> None:
    lead = await room.joins(by_facilitator())
    ana = await room.joins(by_patient("p-1"))
    await asyncio.to_thread(ward.moves, "MD")
    waiting = await ana.next("waiting")
    assert waiting.reason == LICENSE
    assert ana.frames[-2].room_event.kind == LEFT
    lead.say("between us")
    await lead.hears("between us")
    ana.say("hello?")
    assert (await ana.next("refusal")).reason == "NOT_ADMITTED"
    assert all(each.room_event.text != "between us" for each in ana.frames)
    await asyncio.to_thread(ward.moves, "VA")
    assert (await ana.next("welcome")).resume_token == waiting.resume_token
    await ana.hears("between us")
    numbers = [each.room_event.number for each in ana.frames if each.HasField("room_event")]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("reads_frames", [True, False])
async def test_who_came_in_by_another_replica_meanwhile_is_told_at_the_door(
    ward: Ward, *, reads_frames: bool
) -> None:
    async with replica(ward) as first, replica(ward) as second:
        lead = await first.joins(by_facilitator())
        before = first.connects(by_patient("p-2"))
        before.hello(reads_frames=reads_frames)
        await before.next("waiting")
        now, _ = await waits(second)
        decides(lead, "admit")
        await now.next("welcome")
        told = await before.next("goodbye")
        assert told.reason == sessions_pb2.GOODBYE_REASON_REPLACED


@pytest.mark.parametrize("lines", [3, 205])
@pytest.mark.parametrize("reads_frames", [True, False])
async def test_a_slow_reader_who_is_put_out_is_not_shown_what_came_after_it(
    room: Replica, ward: Ward, *, reads_frames: bool, lines: int
) -> None:
    await room.joins(by_facilitator())
    ana = await room.joins(by_patient("p-1"), reads_frames=reads_frames)
    ana.wire.is_open.clear()
    await asyncio.to_thread(ward.moves, "MD")
    for _ in range(lines):
        ward.says(by_facilitator(), "between us")
    ana.wire.is_open.set()
    await ana.next("waiting")
    assert ana.frames[-2].room_event.kind == LEFT
    assert all(each.room_event.text != "between us" for each in ana.frames)
    await asyncio.to_thread(ward.moves, "VA")
    await ana.next("welcome")
    last = ward.room()[-1].number
    await ana.next("room_event", lambda each: each.number == last)
    numbers = [each.room_event.number for each in ana.frames if each.HasField("room_event")]
    assert numbers == list(range(1, last + 1))


@pytest.mark.parametrize("reads_frames", [True, False])
async def test_who_is_put_out_and_goes_on_elsewhere_is_shown_nothing_after_the_goodbye(
    ward: Ward, *, reads_frames: bool
) -> None:
    async with replica(ward) as first, replica(ward) as second:
        await first.joins(by_facilitator())
        ana = await first.joins(by_patient("p-1"), reads_frames=reads_frames)
        ana.wire.is_open.clear()
        await asyncio.to_thread(ward.moves, "MD")
        await waits(second, "p-1")
        for _ in range(3):
            ward.says(by_facilitator(), "between us")
        ana.wire.is_open.set()
        ana.beat()  # the first replica may have asked the door before the second did
        await ana.end()
        while not ana.wire.received.empty():
            ana.frames.append(ana.wire.received.get_nowait())
    assert ana.frames[-1].goodbye.reason == sessions_pb2.GOODBYE_REASON_REPLACED
    assert all(each.room_event.text != "between us" for each in ana.frames)


@pytest.mark.parametrize("reads_frames", [True, False])
async def test_who_is_shown_out_is_shown_nothing_more_though_the_private_log_is_late(
    room: Replica, ward: Ward, monkeypatch: pytest.MonkeyPatch, *, reads_frames: bool
) -> None:
    await room.joins(by_facilitator())
    ana = await room.joins(by_patient("p-1"), reads_frames=reads_frames)
    monkeypatch.setattr(ward.sessions.private_log, "after", lambda *_: [])
    ana.wire.is_open.clear()
    remove = Moderate("s-1", Act.REMOVE, "Blue Heron 4", "")
    await asyncio.to_thread(ward.sessions.moderating.moderate, by_facilitator(), remove)
    for _ in range(3):
        ward.says(by_facilitator(), "between us")
    ana.wire.is_open.set()
    await ana.end()
    while not ana.wire.received.empty():
        ana.frames.append(ana.wire.received.get_nowait())
    assert ana.frames[-1].goodbye.reason == sessions_pb2.GOODBYE_REASON_REMOVED
    assert all(each.room_event.text != "between us" for each in ana.frames)


async def test_somebody_held_comes_in_when_somebody_comes_who_leads(room: Replica) -> None:
    ana, waiting = await waits(room, "p-1")
    assert waiting.reason == resources_pb2.WAIT_REASON_HELD_FOR_LEAD
    await room.joins(by_facilitator())
    await ana.next("welcome")


async def test_who_leaves_does_not_come_in_again_by_the_own_leave(
    room: Replica, ward: Ward
) -> None:
    await room.joins(by_facilitator())
    ana = await room.joins(by_patient("p-1"))
    ana.leave()
    await ana.end()
    assert [each.kind.value for each in ward.room() if each.patient_id == "p-1"][-1] == "left"


async def test_the_welcome_of_one_replica_opens_the_door_of_another(ward: Ward) -> None:
    async with replica(ward) as first, replica(ward) as second:
        await first.joins(by_facilitator())
        ana = first.connects(by_patient("p-1"))
        ana.hello()
        token = (await ana.next("welcome")).resume_token
        ana.cut()
        again = second.connects(by_patient("p-1"))
        again.hello(resume_token=token)
        assert (await again.next("welcome")).resume_token == token


async def test_one_ticket_on_two_devices_at_the_same_moment_admits_one(ward: Ward) -> None:
    async with replica(ward) as first, replica(ward) as second:
        await first.joins(by_facilitator())
        ticket = ward.ticket(by_patient("p-1"))
        devices = [each.connects(by_patient("p-1")) for each in (first, second)]
        for each in devices:
            each.hello(join_ticket=ticket)
        ends = [asyncio.create_task(each.next("welcome")) for each in devices]
        streams = [each.stream for each in devices]
        await asyncio.wait([*ends], return_when=asyncio.FIRST_COMPLETED)
        done, _ = await asyncio.wait(streams, return_when=asyncio.FIRST_COMPLETED, timeout=5)
        (refused,) = done
        assert getattr(refused.exception(), "reason", "") == "TICKET_USED"
        assert sum(end.done() for end in ends) == 1
        for end in ends:
            end.cancel()


async def test_a_session_that_is_over_is_the_end_of_the_wait_whatever_else_is_news(
    room: Replica, ward: Ward
) -> None:
    ana, _ = await waits(room, "p-1")
    ana.wire.is_open.clear()
    ward.enters(by_facilitator(), "c-lead")
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    ana.wire.is_open.set()
    goodbye = await ana.next("goodbye")
    assert goodbye.reason == sessions_pb2.GOODBYE_REASON_SESSION_ENDED
    await ana.end()
