"""From a room to a patient's evening and back to staff: real streams, database and timers."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from google.type.date_pb2 import Date
from haven.sessions.v1 import assignments_pb2 as pb
from haven.sessions.v1 import events_pb2 as sessions

from chassis.call import Role
from tests.integration.sessions.between import Caller
from tests.integration.sessions.clinic import Attendance, Clinic, refusal
from tests.integration.sessions.test_time import relay
from tests.waiting import eventually

WORRYING = "I want to kill myself"


class House:
    """A running session with p-1 in the room; p-2 has a seat and is at home."""

    def __init__(self, clinic: Clinic, stack: AsyncExitStack) -> None:
        self.clinic, self.stack = clinic, stack

    async def open(self) -> tuple[Attendance, Attendance]:
        self.clinic.schedules()
        address = await self.stack.enter_async_context(self.clinic.replica())
        ana, lead = (
            self.clinic.person(address, "p-1"),
            self.clinic.person(address, "f-1", Role.CLINICIAN),
        )
        ben = self.clinic.person(address, "p-2")
        self.ana, self.ben, self.lead = (Caller(address, each) for each in (ana, ben, lead))
        for each in (ana, ben, lead, self.ana, self.ben, self.lead):
            self.stack.push_async_callback(each.close)
        await lead.changes("StartSession", session_id="s-1")
        await ana.attests()
        return await ana.joins(), await lead.joins()

    async def hands_out(self, *patient_ids: str, request_id: str = "") -> list[Any]:
        day = datetime.now(UTC).date() + timedelta(days=7)
        answer = await self.lead.changes(
            "HandOutAssignment",
            request_id=request_id or str(uuid4()),
            session_id="s-1",
            patient_ids=patient_ids,
            title="Sleep diary",
            instructions="Write down when you slept",
            due_date=Date(year=day.year, month=day.month, day=day.day),
            due_minute=1080,
        )
        return list(answer.assignments)


async def test_what_is_handed_out_is_heard_in_the_room_and_found_at_home_once(
    clinic: Clinic, stack: AsyncExitStack
) -> None:
    house = House(clinic, stack)
    hers, _ = await house.open()
    key = str(uuid4())
    tries = (house.hands_out("p-1", "p-2", request_id=key) for _ in range(4))
    answers = await asyncio.gather(*tries)
    assert len({str(answer) for answer in answers}) == 1
    assert len(clinic.documents("assignments")) == 2

    told = (await hers.next("private_event")).assignment
    assert told.state == pb.ASSIGNMENT_STATE_ASSIGNED
    (found,) = (await house.ben.asks("ListAssignments", patient_id="p-2")).assignments
    assert (found.title, found.patient_id) == ("Sleep diary", "p-2")
    others = house.ben.asks("GetAssignment", assignment_id=told.assignment_id)
    assert await refusal(others) == ("NOT_FOUND", "NOT_FOUND")


async def test_what_is_handed_in_is_read_by_staff_rests_as_ciphertext_and_worries_once(
    clinic: Clinic, stack: AsyncExitStack
) -> None:
    house = House(clinic, stack)
    _, theirs = await house.open()
    (given,) = await house.hands_out()
    id, key = given.assignment_id, str(uuid4())
    answer = {"assignment_id": id, "text": WORRYING, "numbers": [3.0, 7.5], "request_id": key}
    await asyncio.gather(*(house.ana.changes("SubmitAssignment", **answer) for _ in range(3)))

    (event,) = clinic.emitted(sessions.ChatRiskRaised)
    assert (event.assignment_id, event.number, event.patient_id) == (id, 1, "p-1")
    risk = (await theirs.next("private_event")).chat_risk
    assert (risk.assignment_id, risk.alias) == (id, "Alias of 1-p")
    assert (await theirs.next("private_event")).assignment.assignment_id == id

    read = (await house.lead.asks("GetAssignment", assignment_id=id)).assignment
    assert (read.rounds[0].text, list(read.rounds[0].numbers)) == (WORRYING, [3.0, 7.5])
    await house.lead.changes(
        "ReviewAssignment", assignment_id=id, comment="We talk today", etag=read.etag
    )
    mine = (await house.ana.asks("GetAssignment", assignment_id=id)).assignment
    assert (mine.rounds[0].review.comment, mine.rounds[0].review.reviewer_id) == (
        "We talk today",
        "",
    )
    kept = ("assignments", "private_events", "chat_risks", "idempotency_keys", "outbox")
    resting = "".join(str(clinic.documents(each)) for each in kept)
    for words in ("kill", "Sleep", "Write down", "We talk"):
        assert words not in resting


async def test_what_is_over_is_told_once_and_is_in_staffs_list(
    clinic: Clinic, stack: AsyncExitStack
) -> None:
    house = House(clinic, stack)
    await house.open()
    given = await house.hands_out("p-1", "p-2")
    late = next(each.assignment_id for each in given if each.patient_id == "p-2")
    rows = clinic.client[clinic.settings.database]["assignments"]
    yesterday = datetime.now(UTC) - timedelta(hours=5)
    rows.update_one({"_id": late}, {"$set": {"due_time": yesterday, "look_time": yesterday}})

    with relay(clinic):
        told = await asyncio.to_thread(
            eventually, lambda: clinic.emitted(sessions.AssignmentReminderRequested), within=20
        )
    assert [(each.patient_id, each.kind) for each in told] == [
        ("p-2", sessions.ASSIGNMENT_REMINDER_KIND_OVERDUE)
    ]
    listed = (await house.lead.asks("ListAssignments", is_overdue_only=True)).assignments
    assert [each.assignment_id for each in listed] == [late]
    await house.ben.changes("SubmitAssignment", assignment_id=late, text="late, but here")
    assert not (await house.lead.asks("ListAssignments", is_overdue_only=True)).assignments
