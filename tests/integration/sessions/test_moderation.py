"""Staff mutes, whispers and shows out over real streams; peers see none of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from haven.sessions.v1 import resources_pb2 as resources
from haven.sessions.v1 import sessions_pb2 as pb
from pymongo import MongoClient

from chassis.call import Actor, Call, Role
from chassis.deadline import Deadline
from chassis.errors import FailedPrecondition
from chassis.store import Tx
from services.sessions.domain.commands import Moderate, React
from services.sessions.domain.log import RoomEvent
from services.sessions.domain.moderation import Act
from services.sessions.domain.reaction import Reaction
from services.sessions.handlers.gestures import Gestures
from services.sessions.ports import Log
from services.sessions.store import records
from tests.integration.sessions.clinic import Attendance, Clinic
from tests.integration.sessions.test_privacy import a_clinic
from tests.unit.sessions.lobby import written

ANA = "Alias of 1-p"


class Group:
    """Ana and the facilitator on one replica, Ben on another."""

    async def opens(self, clinic: Clinic, stack: AsyncExitStack) -> Group:
        clinic.counts(signal_answer_seconds=10.0, heartbeat_seconds=60.0, silence_seconds=180.0)
        clinic.schedules()
        here = await stack.enter_async_context(clinic.replica())
        there = await stack.enter_async_context(clinic.replica())
        self.ana, self.ben = clinic.person(here, "p-1"), clinic.person(there, "p-2")
        self.lead = clinic.person(here, "f-1", Role.CLINICIAN)
        self.clinic, self.here = clinic, here
        for person in (self.ana, self.ben, self.lead):
            stack.push_async_callback(person.close)
        for patient in (self.ana, self.ben):
            await patient.attests()
        await self.lead.changes("StartSession", session_id="s-1")
        self.theirs = await self.lead.joins()
        self.hers = await self.ana.joins()
        self.his = await self.ben.joins()
        return self

    async def does(self, act: int, alias: str = ANA, request_id: str = "", **fields: str) -> str:
        """The facilitator does it; the id of the request."""
        request_id = request_id or str(uuid4())
        frame = pb.Moderate(request_id=request_id, act=act, alias=alias, **fields)  # type: ignore[arg-type]
        await self.theirs.send(moderate=frame)
        return request_id


async def whispers(attendance: Attendance, text: str, alias: str = "") -> None:
    word = pb.SayPrivately(request_id=str(uuid4()), alias=alias, text=text)
    await attendance.send(say_privately=word)
    await attendance.next("receipt", lambda each: each.number == 0)


async def test_a_muted_patients_safety_signal_goes_and_their_chat_does_not(
    clinic: Clinic, stack: AsyncExitStack
) -> None:
    group = await Group().opens(clinic, stack)
    request_id = await group.does(resources.MODERATION_ACT_MUTE)
    told = await group.hers.next("private_event", lambda each: each.HasField("moderation"))
    assert told.moderation.act == resources.MODERATION_ACT_MUTE
    again = await group.does(resources.MODERATION_ACT_MUTE, request_id=request_id)
    await group.theirs.next("receipt")
    await group.theirs.next("receipt", lambda each: each.request_id == again)
    chat = await group.hers.say("may I?")
    refused = await group.hers.next("refusal", lambda each: each.request_id == chat)
    assert refused.reason == "MUTED"
    await group.hers.press()
    for attendance in (group.hers, group.theirs):
        await attendance.next("private_event", lambda each: each.HasField("safety_signal"))
    logs = [each["log_key"] for each in clinic.documents("private_events") if "moderation" in each]
    assert sorted(logs) == ["f-1", "p-1"], "one act, however often its frame came"


async def test_who_spoke_a_moment_ago_is_refused_after_a_mute_and_numbers_stay_whole(
    clinic: Clinic, stack: AsyncExitStack
) -> None:
    """Both replicas know by then who may speak; the other one and the mute move the log on."""
    group = await Group().opens(clinic, stack)
    for hers in ("one", "three"):
        await group.hers.say(hers)
        await group.his.hears(hers)
        await group.his.say(f"after {hers}")
        await group.hers.hears(f"after {hers}")
    await group.does(resources.MODERATION_ACT_MUTE)
    await group.hers.next("private_event", lambda each: each.HasField("moderation"))
    chat = await group.hers.say("may I?")
    refused = await group.hers.next("refusal", lambda each: each.request_id == chat)
    assert refused.reason == "MUTED"
    await group.his.say("and I?")
    await group.hers.hears("and I?")
    events = sorted(clinic.documents("room_events"), key=lambda each: each["number"])
    assert [each["number"] for each in events] == list(range(1, len(events) + 1))
    texts = [each["text"] for each in events if each["text"]]
    assert texts == ["one", "after one", "three", "after three", "and I?"]


class Late:
    """A room's log before whose next event something else happens."""

    def __init__(self, log: Log[RoomEvent], meanwhile: list[Callable[[], object]]) -> None:
        self._log, self._meanwhile = log, meanwhile

    def append(self, tx: Tx, key: str, event: RoomEvent) -> int:
        if self._meanwhile:
            with ThreadPoolExecutor(1) as beside:
                beside.submit(self._meanwhile.pop()).result()
        return self._log.append(tx, key, event)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


async def test_a_sign_that_was_on_its_way_when_staff_muted_its_sender_is_refused(
    clinic: Clinic, stack: AsyncExitStack
) -> None:
    await Group().opens(clinic, stack)
    kept, sessions = records(clinic.store), clinic.sessions

    def by(subject: str, role: Role) -> Call:
        actor = Actor(subject, frozenset({role}))
        return Call(clinic.tenant_id, actor, "test.act", None, Deadline.after(30))

    def mute() -> None:
        sessions.moderating.moderate(by("f-1", Role.CLINICIAN), Moderate("s-1", Act.MUTE, ANA))

    late = cast(Log[RoomEvent], Late(kept.room_log, [mute]))
    gestures = Gestures(clinic.store, replace(kept, room_log=late))
    with pytest.raises(FailedPrecondition) as refused:
        gestures.react(by("p-1", Role.PATIENT), React("s-1", Reaction.HEART))
    assert refused.value.reason == "MUTED"
    assert all("reaction" not in each for each in clinic.documents("room_events"))


async def test_peers_bytes_do_not_change_by_private_words_and_a_mute(
    mongodb_uri: str, mongo_client: MongoClient[dict[str, Any]], test_name: str, tmp_path: Path
) -> None:
    received = {}
    for case in ("quiet", "whispered"):
        name = f"{test_name[:50]}_{case}"
        with a_clinic(mongodb_uri, mongo_client, name, tmp_path / case) as clinic:
            async with AsyncExitStack() as stack:
                group = await Group().opens(clinic, stack)
                if case == "whispered":
                    await whisper_and_mute(group)
                await group.theirs.say("let us go on")
                await group.his.hears("let us go on")
                again = await group.ben.joins(room_cursor=1)
                await again.hears("let us go on")
                frames = (*group.his.frames, *again.frames)
                received[case] = written(frames)
    assert received["quiet"] == received["whispered"]


async def whisper_and_mute(group: Group) -> None:
    """Everything that Ben must not notice."""
    await whispers(group.theirs, "are you well?", ANA)
    heard = await group.hers.next("private_event")
    assert (heard.private_word.text, heard.private_word.alias) == ("are you well?", "Facilitator")
    await whispers(group.hers, "I want to kill myself")
    answered = await group.theirs.next(
        "private_event", lambda each: each.private_word.role == resources.PARTICIPANT_ROLE_PATIENT
    )
    assert answered.private_word.alias == ANA
    risk = await group.theirs.next("private_event", lambda each: each.HasField("chat_risk"))
    assert risk.chat_risk.is_private
    await group.does(resources.MODERATION_ACT_MUTE)
    await group.theirs.next("receipt")


async def test_who_is_shown_out_is_told_so_and_their_stream_ends(
    clinic: Clinic, stack: AsyncExitStack
) -> None:
    group = await Group().opens(clinic, stack)
    await group.hers.press()
    await group.theirs.next("private_event", lambda each: each.HasField("safety_signal"))
    refused = await group.does(resources.MODERATION_ACT_BAR)
    told = await group.theirs.next("refusal", lambda each: each.request_id == refused)
    assert told.reason == "HANDOVER_REQUIRED"
    await group.does(resources.MODERATION_ACT_BAR, contact_id="dr-lee")
    farewell = await group.hers.next("goodbye")
    assert farewell.reason == pb.GOODBYE_REASON_REMOVED
    left = await group.his.next(
        "room_event", lambda each: each.kind == resources.ROOM_EVENT_KIND_LEFT
    )
    assert left.alias == ANA
    back = group.ana.attends()
    await back.send(hello=await group.ana.hello())
    await back.until_lost()
    assert back.frames == []


async def test_two_meet_aside_while_the_group_hears_that_it_is_held(
    clinic: Clinic, stack: AsyncExitStack
) -> None:
    group = await Group().opens(clinic, stack)
    await group.theirs.send(pull_aside=pb.PullAside(request_id=str(uuid4()), alias=ANA))
    asked = await group.hers.next("private_event", lambda each: each.HasField("aside_room"))
    aside_id = asked.aside_room.session_id
    his = await group.lead.joins(aside_id)
    hers = await group.ana.joins(aside_id)
    await hers.say("thank you")
    await his.hears("thank you")
    await group.his.next("room_event", lambda each: each.kind == resources.ROOM_EVENT_KIND_HELD)
    await group.lead.changes("EndSession", session_id=aside_id)
    await group.his.next("room_event", lambda each: each.kind == resources.ROOM_EVENT_KIND_RESUMED)
    assert all(each.text != "thank you" for each in group.his.events)
