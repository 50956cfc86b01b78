"""Two patients and a facilitator in one room, over real streams of each kind and two replicas."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from haven.sessions.v1 import resources_pb2 as resources
from haven.sessions.v1 import sessions_pb2 as pb

from chassis.call import Role
from services.sessions.live import hub as hub_module
from tests.integration.sessions.clinic import Attendance, Clinic, Person
from tests.integration.sessions.proxy import Proxy

CHAT = resources.ROOM_EVENT_KIND_CHAT
FAST = {"chat_burst": 1000, "frame_burst": 2000, "heartbeat_seconds": 30.0, "silence_seconds": 90.0}


class Room:
    """A started session, its replicas, and its people at the addresses they use."""

    def __init__(self, clinic: Clinic, stack: AsyncExitStack) -> None:
        self.clinic, self.stack = clinic, stack
        self.addresses: list[str] = []

    async def opens(self, *, replicas: int = 2) -> None:
        self.clinic.counts(**FAST)
        self.clinic.schedules()
        for _ in range(replicas):
            self.addresses.append(await self.stack.enter_async_context(self.clinic.replica()))
        self.lead = self.person("f-1", Role.CLINICIAN)
        await self.lead.changes("StartSession", session_id="s-1")
        for patient_id in ("p-1", "p-2"):
            await self.person(patient_id).attests()

    def person(self, subject: str, *roles: Role, address: str = "") -> Person:
        person = self.clinic.person(address or self.addresses[0], subject, *roles)
        self.stack.push_async_callback(person.close)
        return person


@pytest.fixture(autouse=True)
def over_each_wire(clinic: Clinic, wire: str) -> None:
    clinic.wire = wire


@pytest.fixture
async def room(clinic: Clinic, stack: AsyncExitStack) -> Room:
    opened = Room(clinic, stack)
    await opened.opens()
    return opened


async def speak(attendance: Attendance, name: str, count: int) -> None:
    for number in range(count):
        await attendance.say(f"{name} {number}")


async def test_concurrent_chat_arrives_everywhere_in_the_same_order(room: Room) -> None:
    first, second = room.addresses
    ana = await room.person("p-1", address=first).joins()
    ben = await room.person("p-2", address=second).joins()
    lead = await room.person("f-1", Role.CLINICIAN, address=second).joins()
    everyone = [ana, ben, lead]
    await asyncio.gather(*(speak(each, f"voice {at}", 15) for at, each in enumerate(everyone)))
    await asyncio.gather(*(_hears_chats(each, 45) for each in everyone))
    heard = [[(event.number, event.text) for event in _chats(each)] for each in everyone]
    assert heard[0] == heard[1] == heard[2]
    numbers = [event.number for event in ana.events]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_cut_in_the_middle_of_a_chat_loses_and_doubles_nothing(room: Room) -> None:
    first, second = room.addresses
    proxy = await room.stack.enter_async_context(Proxy(room.clinic.way(first)))
    ticket = await room.person("p-1").ticket()
    ana = await room.person("p-1", address=proxy.address).joins(join_ticket=ticket)
    ben = await room.person("p-2", address=second).joins()
    sent = {await ana.say(f"ana {number}"): f"ana {number}" for number in range(20)}
    speaking = asyncio.create_task(speak(ben, "ben", 20))
    await ana.next("receipt")
    proxy.cut()
    await ana.until_lost()
    seen = max((event.number for event in ana.events), default=0)

    again = await room.person("p-1", address=second).joins(room_cursor=seen)
    for request_id, text in sent.items():
        if request_id not in ana.receipts:
            await again.say(text, request_id)
    await speaking
    said = [*sent.values(), *(f"ben {number}" for number in range(20))]
    while len(events := [*ana.events, *again.events]) < len(said) or not _has(events, said):
        await again.next("room_event")
    numbers = [event.number for event in events]
    assert numbers == list(range(1, len(numbers) + 1))
    texts = [event.text for event in events if event.kind == CHAT]
    assert sorted(texts) == sorted(said)


async def test_peers_never_receive_a_patient_id(room: Room) -> None:
    ana, ben = await room.person("p-1").joins(), await room.person("p-2").joins()
    lead = await room.person("f-1", Role.CLINICIAN).joins()
    await ana.say("good morning")
    await ben.hears("good morning")
    assert (await lead.hears("good morning")).patient_id == "p-1"
    assert all(b"p-1" not in frame.SerializeToString() for frame in ben.frames)


async def test_replicas_hear_each_other_by_the_change_stream_between_two_sweeps(
    clinic: Clinic, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "SWEEP_SECONDS", 3600.0)
    room = Room(clinic, stack)
    await room.opens()
    first, second = room.addresses
    ana = await room.person("p-1", address=first).joins()
    ben = await room.person("p-2", address=second).joins()
    await ana.say("good morning")
    await ben.hears("good morning")


async def test_a_replica_that_shuts_down_sends_its_people_elsewhere(
    clinic: Clinic, stack: AsyncExitStack
) -> None:
    room = Room(clinic, stack)
    await room.opens(replicas=1)
    async with clinic.replica() as leaving:
        ana = await room.person("p-1", address=leaving).joins()
        await ana.say("good morning")
        seen = (await ana.hears("good morning")).number
        goodbye = asyncio.create_task(ana.next("goodbye"))
    assert (await goodbye).reason == pb.GOODBYE_REASON_RESUME_ELSEWHERE
    again = await room.person("p-1").joins(room_cursor=seen)
    await again.say("back again")
    assert (await again.hears("back again")).number == seen + 1


async def test_two_devices_on_two_replicas_leave_one_connection(room: Room) -> None:
    first, second = room.addresses
    phone = await room.person("p-1", address=first).joins()
    laptop = await room.person("p-1", address=second).joins()
    ben = await room.person("p-2", address=second).joins()
    await laptop.say("from the laptop")
    await ben.hears("from the laptop")
    joined = [
        event for event in ben.events
        if event.kind == resources.ROOM_EVENT_KIND_JOINED and event.alias == "Alias of 1-p"
    ]  # fmt: skip
    assert len(joined) == 1
    phone.stream.cancel()


async def test_many_join_at_once_and_everyone_is_seen_once(
    clinic: Clinic, stack: AsyncExitStack
) -> None:
    patients = [f"p-{number}" for number in range(1, 13)]
    clinic.counts(**FAST)
    clinic.schedules(patients=patients)
    addresses = [await stack.enter_async_context(clinic.replica()) for _ in range(2)]
    lead = clinic.person(addresses[0], "f-1", Role.CLINICIAN)
    stack.push_async_callback(lead.close)
    await lead.changes("StartSession", session_id="s-1")
    everyone = [clinic.person(addresses[at % 2], each) for at, each in enumerate(patients)]
    for person in everyone:
        stack.push_async_callback(person.close)
        await person.attests()
    streams = await asyncio.gather(*(person.joins() for person in everyone))
    last = await _hears_count(streams[0], resources.ROOM_EVENT_KIND_JOINED, len(patients))
    assert last.number == len(patients) + 1  # and the start of the session


def _chats(attendance: Attendance) -> list[resources.RoomEvent]:
    return [event for event in attendance.events if event.kind == CHAT]


async def _hears_chats(attendance: Attendance, count: int) -> None:
    while len(_chats(attendance)) < count:
        await attendance.next("room_event")


async def _hears_count(
    attendance: Attendance, kind: resources.RoomEventKind.ValueType, count: int
) -> resources.RoomEvent:
    while sum(event.kind == kind for event in attendance.events) < count:
        await attendance.next("room_event")
    return attendance.events[-1]


def _has(events: list[resources.RoomEvent], texts: list[str]) -> bool:
    return set(texts) <= {event.text for event in events}
