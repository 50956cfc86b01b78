"""Words that worry, from a patient's stream to staff and to crisis; no broker takes part."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from haven.sessions.v1 import events_pb2 as sessions
from pymongo import MongoClient
from pymongo.database import Database

from chassis.auth.pki import ensure_local_pki
from chassis.call import Role
from chassis.rpc.main import serving
from services.crisis import api as crisis_api
from services.crisis.settings import CrisisSettings
from tests.integration.sessions.clinic import Attendance, Clinic
from tests.integration.sessions.test_time import relay
from tests.waiting import eventually

WORRYING = "I am going to kill myself"


class Room:
    """Two patients and their facilitator, in the room."""

    def __init__(self, clinic: Clinic, stack: AsyncExitStack) -> None:
        self.clinic, self.stack = clinic, stack

    async def open(self, **changes: Any) -> tuple[Attendance, Attendance, Attendance]:
        """Their streams: a patient who will speak, a peer, the facilitator."""
        self.clinic.schedules()
        self.address = await self.stack.enter_async_context(self.clinic.replica(**changes))
        ana, ben = (self.clinic.person(self.address, each) for each in ("p-1", "p-2"))
        lead = self.clinic.person(self.address, "f-1", Role.CLINICIAN)
        for person in (ana, ben, lead):
            self.stack.push_async_callback(person.close)
        self.ana, self.lead = ana, lead
        await lead.changes("StartSession", session_id="s-1")
        for patient in (ana, ben):
            await patient.attests()
        return await ana.joins(), await ben.joins(), await lead.joins()


@pytest.fixture
def room(clinic: Clinic, stack: AsyncExitStack) -> Room:
    return Room(clinic, stack)


async def says_three_times(hers: Attendance, text: str) -> int:
    """The same frame, as a client sends it again that heard no receipt."""
    request_id = str(uuid4())
    for _ in range(3):
        await hers.say(text, request_id)
    numbers = {(await hers.next("receipt")).number for _ in range(3)}
    (number,) = numbers
    return int(number)


async def test_a_message_that_worries_is_one_fact_though_the_frame_came_three_times(
    clinic: Clinic, room: Room
) -> None:
    hers, his, _ = await room.open()
    number = await says_three_times(hers, WORRYING)

    assert (await his.hears(WORRYING)).number == number
    (event,) = clinic.emitted(sessions.ChatRiskRaised)
    assert (event.patient_id, event.session_id, event.number) == ("p-1", "s-1", number)
    assert event.location.state == "VA"
    assert "kill" not in str(event)


async def test_the_facilitator_is_told_in_private_and_again_after_a_loss_of_the_connection(
    room: Room,
) -> None:
    hers, his, theirs = await room.open()
    number = await says_three_times(hers, WORRYING)

    told = (await theirs.next("private_event")).chat_risk
    assert (told.alias, told.number) == ("Alias of 1-p", number)
    assert told.severity == sessions.CHAT_RISK_SEVERITY_HIGH
    theirs.stream.cancel()
    again = await room.lead.joins(private_cursor=0)
    assert (await again.next("private_event")).chat_risk == told
    await his.hears(WORRYING)
    kinds = {frame.WhichOneof("frame") for frame in (*hers.frames, *his.frames)}
    assert "private_event" not in kinds


async def test_everyday_words_and_a_facilitators_questions_are_told_to_nobody(
    clinic: Clinic, room: Room
) -> None:
    hers, _, theirs = await room.open()
    await hers.say("good morning")
    await theirs.say("does anybody think of suicide?")
    await hers.hears("does anybody think of suicide?")

    assert clinic.emitted(sessions.ChatRiskRaised) == []


@pytest.fixture
def crisis_database(
    mongo_client: MongoClient[dict[str, Any]], test_name: str
) -> Iterator[Database[dict[str, Any]]]:
    name = f"{test_name[:50]}_crisis"
    yield mongo_client[name]
    mongo_client.drop_database(name)


async def test_a_message_that_worries_opens_one_case_without_any_broker(
    clinic: Clinic, stack: AsyncExitStack, room: Room, crisis_database: Database[dict[str, Any]]
) -> None:
    ensure_local_pki(clinic.settings.pki_dir, ["sessions", "crisis"])
    shared = {
        each: getattr(clinic.settings, each)
        for each in ("env", "amqp_uri", "mongodb_uri", "tenants_file", "jwks_uri", "pki_dir")
    }
    settings = CrisisSettings(
        service="crisis",
        database=crisis_database.name,
        token_issuer=clinic.settings.token_issuer,
        token_audience=clinic.settings.token_audience,
        master_key_file=clinic.settings.master_key_file,
        drain_notice_seconds=0.0,
        drain_seconds=3.0,
        **shared,
    )
    crisis = await stack.enter_async_context(serving(settings, crisis_api.assemble))
    hers, _, _ = await room.open(peers={"crisis": crisis.internal_address})
    await says_three_times(hers, WORRYING)
    await says_three_times(hers, "I cannot go on, I want to die")

    def facts() -> bool:
        return len(list(crisis_database["case_acts"].find({"detail": "chat"}))) == 2

    await asyncio.to_thread(eventually, facts, within=20)
    (case,) = crisis_database["cases"].find()
    assert (case["source"], case["severity"], case["patient_id"]) == ("chat", "high", "p-1")
    assert "kill" not in str(case)


async def test_after_its_time_a_text_is_gone_and_a_reader_still_resumes_by_number(
    clinic: Clinic, room: Room
) -> None:
    clinic.counts(chat_kept_days=1.0)
    hers, his, _ = await room.open()
    await hers.say("good morning")
    number = (await his.hears("good morning")).number
    await room.lead.changes("EndSession", session_id="s-1")
    await his.next("goodbye")
    made_old(clinic)
    retention(clinic)

    events = clinic.sessions.room_log.after(clinic.tenant_id, "s-1", 0, 100)
    assert [each.number for each in events] == list(range(1, len(events) + 1))
    (chat,) = [each for each in events if each.number == number]
    assert (chat.text, chat.is_text_removed, chat.alias) == ("", True, "Alias of 1-p")
    assert "good morning" not in str(clinic.documents("room_events"))


def made_old(clinic: Clinic) -> None:
    """The session ended long ago."""
    rows = clinic.client[clinic.settings.database]["sessions"]
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    change = {"actual_end_time": long_ago, "chat_look_time": long_ago}
    assert rows.update_one({"_id": "s-1"}, {"$set": change}).matched_count == 1


def retention(clinic: Clinic) -> None:
    """The relay's timer, until nothing is due."""

    def gone() -> bool:
        (session,) = clinic.documents("sessions")
        return session["chat_look_time"] is None

    with relay(clinic):
        eventually(gone, within=20)
