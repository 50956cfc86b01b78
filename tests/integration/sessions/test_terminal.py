"""`haven room join` as real processes in a real room."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from haven.crisis.v1 import events_pb2 as crisis

from chassis.call import Role
from chassis.rpc.gate import LARGEST_MESSAGE
from tests.integration.sessions.clinic import Clinic, Person
from tests.integration.sessions.proxy import Proxy
from tests.integration.terminal import Terminal, terminal

ANA, BEN = "Alias of 1-p", "Alias of 2-p"
ROLES = {"p": Role.PATIENT, "f": Role.CLINICIAN}


@dataclass
class Room:
    """Session s-1, scheduled to begin now, behind a network that can be cut."""

    clinic: Clinic
    stack: AsyncExitStack
    network: Proxy

    def person(self, subject: str) -> Person:
        person = self.clinic.person(self.network.address, subject, ROLES[subject[0]])
        self.stack.push_async_callback(person.close)
        return person

    async def joins(self, subject: str, *, session_id: str = "s-1") -> Terminal:
        """Somebody opens a terminal; the token is in the environment."""
        role = ROLES[subject[0]]
        token = self.clinic.issuer.issue(self.clinic.tenant_id, subject, [role])
        who = "patient" if role is Role.PATIENT else "facilitator"
        joining = terminal(
            "room", "join", session_id, "--as", who, "--address", self.network.address,
            HAVEN_TOKEN=token,
        )  # fmt: skip
        return await self.stack.enter_async_context(joining)

    async def begins(self) -> None:
        for patient_id in ("p-1", "p-2"):
            await self.person(patient_id).attests()
        await self.person("f-1").changes("StartSession", session_id="s-1")


@pytest.fixture
async def room(clinic: Clinic, stack: AsyncExitStack) -> Room:
    clinic.counts(heartbeat_seconds=1.0, silence_seconds=20.0)
    clinic.schedules()
    address = await stack.enter_async_context(clinic.replica())
    return Room(clinic, stack, await stack.enter_async_context(Proxy(address)))


async def test_a_group_works_from_its_begin_to_its_end(room: Room) -> None:
    for patient_id in ("p-1", "p-2"):
        await room.person(patient_id).attests()
    ana = await room.joins("p-1")
    await ana.sees("at the door")
    await ana.types("too early")
    await ana.sees("not said: NOT_ADMITTED")
    lead = await room.joins("f-1")
    await lead.sees("in the room as Facilitator")
    await lead.types("/start")
    await ana.sees(f"in the room as {ANA}")
    await ana.types("good morning")
    await lead.sees("good morning")
    for line in ("welcome", "/break", "/resume", "on we go", "/end"):
        await lead.types(line)
    assert await lead.ends() == await ana.ends() == 0
    assert ana.room == lead.room
    assert [number for number, _ in ana.room] == list(range(1, len(ana.room) + 1))
    assert [text for _, text in ana.room if not text.endswith("came in")] == [
        "* the session has begun", f"{ANA}: good morning", "Facilitator: welcome",
        "* a break begins", "* the break is over", "Facilitator: on we go",
        "* the session is over",
    ]  # fmt: skip
    assert not any("p-1" in line for line in (*ana.said, *lead.said))


async def test_hands_a_poll_and_moods_from_a_terminal(room: Room) -> None:
    await room.begins()
    ana, ben, lead = [await room.joins(each) for each in ("p-1", "p-2", "f-1")]
    for each in (ana, ben, lead):
        await each.sees("in the room as")
    await ana.types("/hand")
    await lead.sees(f"* {ANA} raises a hand")
    await lead.types(f"/lower {ANA}")
    await ana.sees(f"* the hand of {ANA} is down, by the facilitator")
    await lead.types("/poll Ready? | yes | not yet")
    await ana.sees("* poll: Ready? 1 yes, 2 not yet; /vote NUMBER")
    await ana.types("/vote 2")
    await lead.sees("votes so far: yes 0, not yet 1")
    await lead.types("/close")
    await ben.sees("* poll closed: Ready? too few voted")
    await lead.sees("* poll closed: Ready? yes 0, not yet 1")
    await lead.types("/mood")
    await ana.sees("* how are you? /mood 0 (the worst)")
    await ana.types("/mood 1")
    await ana.sees("staff have it, and nobody else")
    await lead.sees(f"mood of {ANA}: 1 of 10 (VERY LOW)")
    await ana.types("/react thanks")
    await ben.sees(f"* {ANA} says thanks")
    assert ben.private == ana.private == []


async def test_a_call_for_help_is_seen_by_the_facilitator_and_not_by_the_others(
    room: Room,
) -> None:
    await room.begins()
    ana, ben, lead = [await room.joins(each) for each in ("p-1", "p-2", "f-1")]
    for each in (ana, ben, lead):
        await each.sees("in the room as")
    await ana.types("/sos I can not go on")
    await ana.sees("your call for help: NOBODY HAS IT YET: call 988 now")
    await lead.sees(f"call for help of {ANA}: NOBODY HAS IT YET")
    (row,) = room.clinic.documents("safety_signals")
    await asyncio.to_thread(
        room.clinic.hears,
        _opened(row["_id"]),
    )
    await ana.sees("your call for help: sent, somebody is being called")
    await lead.sees(f"call for help of {ANA}: sent")
    await ana.types("I am here")
    await ben.sees("I am here")
    assert ben.private == []
    assert not any("go on" in line for line in (*ben.said, *lead.said))


async def test_a_facilitator_who_fears_for_a_patient_names_the_alias(room: Room) -> None:
    await room.begins()
    lead = await room.joins("f-1")
    await lead.sees("in the room as")
    await lead.types("/sos Nobody")
    await lead.sees(f"nobody has that alias. There are {ANA}, {BEN}")
    await lead.types(f"/sos {BEN.upper()}")  # who has not even come
    await lead.sees(f"call for help of {BEN}, raised by staff: NOBODY HAS IT YET")
    (row,) = room.clinic.documents("safety_signals")
    assert "p-2" in str(row)


async def test_what_is_cut_off_comes_back_with_everything_once(room: Room) -> None:
    await room.begins()
    ana, lead = await room.joins("p-1"), await room.joins("f-1")
    for each in (ana, lead):
        await each.sees("in the room as")
    for number in range(30):
        await ana.types(f"line {number}")
        if number in {10, 20}:
            room.network.cut()
    await lead.sees("line 29")
    await ana.sees("line 29")
    await ana.sees("connection lost")
    await ana.types("/leave")
    assert await ana.ends() == 0
    said = [text for _, text in lead.room if text.startswith(ANA)]
    assert said == [f"{ANA}: line {number}" for number in range(30)]
    assert [text for _, text in ana.room if text.startswith(ANA)] == said
    numbers = [number for number, _ in lead.room]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_connection_through_which_nothing_comes_is_left_for_a_new_one(
    room: Room,
) -> None:
    await room.begins()
    ana = await room.joins("p-1")
    await ana.sees("in the room as")
    room.network.lose()
    await ana.types("is anybody there")
    await ana.sees("connection lost (nothing was heard for too long)")
    await ana.sees(f"{ANA}: is anybody there")


async def test_a_replica_that_shuts_down_is_left_for_another(
    room: Room, clinic: Clinic, stack: AsyncExitStack
) -> None:
    await room.begins()
    async with clinic.replica() as leaving:
        staying = room.network.target
        room.network.target = leaving
        ana = await room.joins("p-1")
        await ana.sees("in the room as")
        await ana.types("before")
        await ana.sees("before")
        room.network.target = staying
    await ana.sees("that server is shutting down")
    await ana.types("after")
    await ana.sees(f"{ANA}: after")
    assert [text for _, text in ana.room if text.startswith(ANA)] == [
        f"{ANA}: before",
        f"{ANA}: after",
    ]


async def test_a_call_for_help_finds_its_way_while_the_connection_is_away(
    room: Room, clinic: Clinic
) -> None:
    await room.begins()
    ana = await room.joins("p-1")
    await ana.sees("in the room as")
    back, away = room.network.target, "127.0.0.1:1"
    room.network.target = away
    room.network.cut()
    await ana.sees("connection lost")
    await ana.types("/sos")
    await ana.sees("BEING SENT, nobody is known to have it. If it cannot wait call 988")
    assert clinic.documents("safety_signals") == []
    room.network.target = back
    await ana.sees("NOBODY HAS IT YET: call 988 now")
    assert len(clinic.documents("safety_signals")) == 1


async def test_a_call_for_help_outlives_the_session_that_it_was_made_in(
    room: Room, clinic: Clinic
) -> None:
    await room.begins()
    ana = await room.joins("p-1")
    await ana.sees("in the room as")
    back, room.network.target = room.network.target, "127.0.0.1:1"
    room.network.cut()
    await ana.sees("connection lost")
    for line in ("/sos", "/leave"):
        await ana.types(line)
    await ana.sees("a call for help is still being sent; /leave ends that")
    room.network.target = back
    assert await ana.ends() == 0
    assert "NOBODY HAS IT YET: call 988 now" in ana.said[-1]
    assert len(clinic.documents("safety_signals")) == 1


async def test_what_is_too_long_is_not_said_and_holds_nothing_up(room: Room) -> None:
    await room.begins()
    ana = await room.joins("p-1")
    await ana.sees("in the room as")
    await ana.types("x" * 3_000)
    await ana.sees("not said: TEXT_TOO_LONG")
    await ana.types("x" * (LARGEST_MESSAGE + 1))
    await ana.sees("not said: MESSAGE_TOO_LARGE")
    await ana.types("short")
    await ana.sees(f"{ANA}: short")


async def test_more_than_may_be_said_at_once_is_said_all_the_same_in_its_order(
    room: Room,
) -> None:
    await room.begins()
    ana = await room.joins("p-1")
    await ana.sees("in the room as")
    for number in range(15):
        await ana.types(f"line {number}")
    await ana.sees("line 14")
    said = [text for _, text in ana.room if text.startswith(ANA)]
    assert said == [f"{ANA}: line {number}" for number in range(15)]


async def test_who_comes_in_again_elsewhere_is_let_go_here(room: Room) -> None:
    await room.begins()
    phone = await room.joins("p-1")
    await phone.sees("in the room as")
    laptop = await room.joins("p-1")
    await laptop.sees("in the room as")
    assert await phone.ends() == 0
    assert "that connection goes on" in phone.said[-1]


async def test_a_patient_who_ends_the_input_has_left(room: Room) -> None:
    await room.begins()
    ana = await room.joins("p-1")
    await ana.sees("in the room as")
    await ana.types("last words")
    assert ana.process.stdin is not None
    ana.process.stdin.close()
    assert await ana.ends() == 0
    lead = await room.joins("f-1")
    await lead.sees("last words")
    await lead.sees(f"* {ANA} went out")


@pytest.mark.parametrize(
    ("session_id", "subject", "reason", "helps"),
    [
        ("s-1", "p-1", "LOCATION_STALE", "attest the location"),
        ("s-2", "p-1", "NOT_FOUND", "check both ids"),
        ("s-1", "f-2", "NOT_FACILITATOR", "come as its facilitator"),
    ],
)
async def test_the_door_says_why_and_what_would_help(
    room: Room, session_id: str, subject: str, reason: str, helps: str
) -> None:
    refused = await room.joins(subject, session_id=session_id)
    assert await refused.ends() == 1
    assert any(reason in line and helps in line for line in refused.said)


async def test_what_is_no_command_reaches_nobody(room: Room) -> None:
    await room.begins()
    ana = await room.joins("p-1")
    await ana.sees("in the room as")
    for line in ("/hepl", "/end", "/who", "/help", "the end"):
        await ana.types(line)
    await ana.sees("/hepl is no command; nothing was sent")
    await ana.sees("/end is for the facilitator; nothing was sent")
    await ana.sees(f"here: {ANA}")
    await ana.sees("calls for help in private")
    await ana.sees(f"{ANA}: the end")
    assert len([text for _, text in ana.room if text.startswith(ANA)]) == 1
    assert room.clinic.documents("safety_signals") == []


def _opened(signal_id: str) -> crisis.CaseOpened:
    opened = crisis.CaseOpened(case_id="c-1", patient_id="p-1", safety_signal_id=signal_id)
    opened.open_time.GetCurrentTime()
    return opened
