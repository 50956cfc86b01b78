"""Hands, polls and moods on two replicas: in one order, counted once, private where due."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from haven.sessions.v1 import activities_pb2 as pb
from haven.sessions.v1 import events_pb2 as sessions
from haven.sessions.v1 import resources_pb2 as resources
from haven.sessions.v1 import sessions_pb2
from pymongo import MongoClient

from chassis.call import Actor, Call, Role
from chassis.deadline import Deadline
from chassis.errors import HavenError
from services.sessions.domain.commands import OpenPoll
from services.sessions.domain.poll import Audience, Question
from tests.integration.sessions.clinic import Attendance, Clinic, Person
from tests.integration.sessions.test_privacy import a_clinic, in_an_open_room
from tests.unit.sessions.lobby import written

PATIENTS = [f"p-{number}" for number in range(1, 7)]
QUESTION, OPTIONS = "How hard was the week?", ["easy", "so so", "hard"]
CALM = {"heartbeat_seconds": 30.0, "silence_seconds": 90.0, "act_burst": 100}


def key() -> str:
    return str(uuid4())


class Room:
    """Six patients and their facilitator, at two replicas in turn."""

    def __init__(self, clinic: Clinic, stack: AsyncExitStack) -> None:
        self.clinic, self.stack = clinic, stack

    async def open(self, **numbers: Any) -> tuple[list[Attendance], Attendance]:
        self.clinic.counts(**{**CALM, **numbers})
        self.clinic.schedules(patients=PATIENTS)
        replicas = [await self.stack.enter_async_context(self.clinic.replica()) for _ in range(2)]
        self.lead = self._person(replicas[0], "f-1", Role.CLINICIAN)
        await self.lead.changes("StartSession", session_id="s-1")
        self.patients = [self._person(replicas[at % 2], each) for at, each in enumerate(PATIENTS)]
        for patient in self.patients:
            await patient.attests()
        streams = [await patient.joins() for patient in self.patients]
        return streams, await self.lead.joins()

    def _person(self, address: str, subject: str, *roles: Role) -> Person:
        person = self.clinic.person(address, subject, *roles)
        self.stack.push_async_callback(person.close)
        return person


@pytest.fixture
def room(clinic: Clinic, stack: AsyncExitStack) -> Room:
    return Room(clinic, stack)


async def happens(attendance: Attendance, kind: int) -> resources.RoomEvent:
    event: resources.RoomEvent = await attendance.next("room_event", lambda each: each.kind == kind)
    return event


async def opens(lead: Attendance) -> None:
    poll = pb.OpenPoll(request_id=key(), question=QUESTION, options=OPTIONS)
    poll.audience = pb.POLL_AUDIENCE_ALL
    await lead.send(open_poll=poll)


async def persists(attendance: Attendance, **frame: Any) -> None:
    """Send it until there is a receipt: where many write at once it may have to come again."""
    (request_id,) = {each.request_id for each in frame.values()}
    while True:
        await attendance.send(**frame)
        answer = await attendance.answer(request_id)
        if not isinstance(answer, sessions_pb2.Refusal):
            return
        assert answer.reason == "WRITE_CONFLICT"


async def takes_part(
    patient: Attendance, poll_id: str, options: tuple[int, ...], *, raises_hand: bool
) -> None:
    """One after the other, each frame twice, as a client sends it that heard no receipt."""
    if raises_hand:
        await persists(patient, raise_hand=pb.RaiseHand(request_id=key()))
    for option in options:
        vote = pb.Vote(request_id=key(), poll_id=poll_id, option=option)
        for _ in range(2):
            await persists(patient, vote=vote)


async def test_a_room_on_two_replicas_raises_hands_and_votes_in_one_order(room: Room) -> None:
    patients, lead = await room.open()
    await opens(lead)
    seen = [await happens(each, resources.ROOM_EVENT_KIND_POLL_OPENED) for each in patients]
    (poll_id,) = {event.poll.poll_id for event in seen}
    choices = [(1,), (2, 3), (3,), (1, 2, 1), (3,), (2,)]
    await asyncio.gather(
        *(
            takes_part(each, poll_id, chosen, raises_hand=each in patients[:3])
            for each, chosen in zip(patients, choices, strict=True)
        )
    )
    await persists(lead, close_poll=pb.ClosePoll(request_id=key(), poll_id=poll_id))
    for each in (*patients, lead):
        closed = await happens(each, resources.ROOM_EVENT_KIND_POLL_CLOSED)
        assert list(closed.poll.counts) == [2, 1, 3]
    told = [(event.number, event.kind, event.alias) for event in patients[0].events]
    for each in (*patients[1:], lead):
        assert [(event.number, event.kind, event.alias) for event in each.events] == told
    assert [number for number, _, _ in told] == list(range(1, len(told) + 1))
    raised = [alias for _, kind, alias in told if kind == resources.ROOM_EVENT_KIND_HAND_RAISED]
    again = await room.patients[5].joins(room_cursor=len(told))
    welcome = again.frames[0].welcome
    assert [hand.alias for hand in welcome.raised_hands] == raised
    assert len(raised) == 3
    assert not welcome.HasField("open_poll")


async def test_of_polls_that_are_opened_at_the_same_instant_there_is_one(
    room: Room, clinic: Clinic
) -> None:
    await room.open()
    sessions_, question = clinic.sessions, Question(QUESTION, tuple(OPTIONS), Audience.STAFF)
    lead = Actor("f-1", frozenset({Role.CLINICIAN}))

    def opens_one(_: int) -> str:
        call = Call(clinic.tenant_id, lead, "", None, Deadline.after(30))
        try:
            return str(sessions_.polls.open(call, OpenPoll("s-1", question)))
        except HavenError as error:
            return error.reason

    came_to = await asyncio.gather(*(asyncio.to_thread(opens_one, at) for at in range(6)))
    assert sorted(came_to)[1:] == ["POLL_OPEN_ALREADY"] * 5
    assert len(clinic.documents("polls")) == 1


async def test_a_mood_of_which_the_program_wants_crisis_to_hear_is_one_fact(
    room: Room, clinic: Clinic
) -> None:
    patients, lead = await room.open(mood_crisis="low")
    mood = pb.GiveMood(request_id=key(), value=1)
    for _ in range(3):
        await patients[0].send(give_mood=mood)
        await patients[0].next("receipt")
    told = (await lead.next("private_event")).mood_check_in
    assert (told.alias, told.value, told.is_crisis_told) == ("Alias of 1-p", 1, True)
    (event,) = clinic.emitted(sessions.ChatRiskRaised)
    assert (event.patient_id, event.mood_check_in_id) == ("p-1", told.mood_check_in_id)
    assert event.severity == sessions.CHAT_RISK_SEVERITY_MODERATE


async def test_moods_and_bad_connections_leave_no_byte_in_a_peers_stream(
    mongodb_uri: str, mongo_client: MongoClient[dict[str, Any]], test_name: str, tmp_path: Path
) -> None:
    received = {}
    for case in ("quiet", "told"):
        name = f"{test_name[:50]}_{case}"
        with a_clinic(mongodb_uri, mongo_client, name, tmp_path / case) as clinic:
            received[case] = await what_a_peer_receives(clinic, is_told=case == "told")
    assert received["quiet"] == received["told"]


async def what_a_peer_receives(clinic: Clinic, *, is_told: bool) -> list[bytes]:
    """A short session in which a patient may say that they are unwell, and may nearly drop."""
    async with AsyncExitStack() as stack:
        ana, ben, lead = await in_an_open_room(clinic, stack)
        hers, his, theirs = await ana.joins(), await ben.joins(), await lead.joins()
        await theirs.send(ask_mood=pb.AskMood(request_id=key()))
        asked = await happens(his, resources.ROOM_EVENT_KIND_MOOD_ASKED)
        if is_told:
            await hers.send(give_mood=pb.GiveMood(value=0, ask_number=asked.number))
            seen = await theirs.next("private_event")
            assert seen.mood_check_in.ask_number == asked.number
            await hers.send(report_quality=pb.ReportQuality(round_trip=Duration(seconds=3)))
            seen = await theirs.next("private_event")
            assert seen.connection_quality.grade == pb.QUALITY_GRADE_POOR
        await hers.send(react=pb.React(request_id=key(), reaction=pb.REACTION_THANKS))
        await happens(his, resources.ROOM_EVENT_KIND_REACTED)
        again = await ben.joins(room_cursor=2)
        await happens(again, resources.ROOM_EVENT_KIND_REACTED)
        return written((*his.frames, *again.frames))
