"""Tickets, the lobby and the license check, by real people on real servers and both wires."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import grpc
import pytest
from haven.crisis.v1 import events_pb2 as crisis
from haven.intake.v1 import events_pb2 as intake
from haven.scheduling.v1 import events_pb2 as events
from haven.scheduling.v1 import resources_pb2 as scheduling
from haven.sessions.v1 import events_pb2 as sessions
from haven.sessions.v1 import resources_pb2 as resources
from haven.sessions.v1 import sessions_pb2 as pb

from chassis.call import Role
from services.sessions.codec.attested import timestamp
from services.sessions.store.tickets import JOIN_TICKET_USES
from tests.integration.sessions.browser import Ended
from tests.integration.sessions.clinic import Attendance, Clinic, Person, reason_of, refusal

LATE, LICENSE = resources.WAIT_REASON_LATE, resources.WAIT_REASON_HELD_FOR_LICENSE
BEFORE_START = resources.WAIT_REASON_BEFORE_START
UNHURRIED = {"heartbeat_seconds": 30.0, "silence_seconds": 90.0, "hello_seconds": 20.0}


class House:
    """Session s-1 of a process group, and as many replicas as its test wants."""

    def __init__(self, clinic: Clinic, stack: AsyncExitStack) -> None:
        self.clinic, self.stack = clinic, stack
        self.addresses: list[str] = []

    async def opens(self, *, replicas: int = 1, **numbers: float) -> House:
        self.clinic.counts(**UNHURRIED, **numbers)
        self.clinic.schedules(group_kind=scheduling.GROUP_KIND_PROCESS)
        for _ in range(replicas):
            self.addresses.append(await self.stack.enter_async_context(self.clinic.replica()))
        self.lead = self.person("f-1", Role.CLINICIAN)
        self.ana, self.ben = self.person("p-1"), self.person("p-2")
        await self.lead.changes("StartSession", session_id="s-1")
        await asyncio.gather(self.ana.attests(), self.ben.attests())
        return self

    def person(self, subject: str, *roles: Role, replica: int = 0) -> Person:
        person = self.clinic.person(self.addresses[replica], subject, *roles)
        self.stack.push_async_callback(person.close)
        return person

    def case_of(self, patient_id: str) -> None:
        at = timestamp(self.clinic.clock.now())
        opened = {"case_id": f"k-{patient_id}", "severity": crisis.SEVERITY_HIGH, "open_time": at}
        self.clinic.hears(crisis.CaseOpened(patient_id=patient_id, **opened))


@pytest.fixture(autouse=True)
def over_each_wire(clinic: Clinic, wire: str) -> None:
    clinic.wire = wire


@pytest.fixture
def house(clinic: Clinic, stack: AsyncExitStack) -> House:
    return House(clinic, stack)


async def says_hello(person: Person, **fields: Any) -> Attendance:
    hello = await person.hello(**fields)
    attendance = person.attends()
    await attendance.send(hello=hello)
    return attendance


async def came_to(attendance: Attendance) -> str:
    """The kind of the first frame, or the reason of the refusal."""
    try:
        return str((await attendance.stream.read()).WhichOneof("frame"))
    except Ended as ended:
        return ended.reason
    except grpc.aio.AioRpcError as error:
        return reason_of(error)


async def decides(lead: Attendance, verb: str, patient_id: str, **fields: Any) -> None:
    frame = {"admit": pb.Admit, "deny": pb.Deny}[verb]
    made = frame(request_id=str(uuid4()), patient_id=patient_id, **fields)
    await lead.send(**{verb: made})


def counted(outcomes: Sequence[str]) -> dict[str, int]:
    return {each: list(outcomes).count(each) for each in set(outcomes)}


async def test_a_ticket_used_by_many_devices_at_once_admits_exactly_one(house: House) -> None:
    await house.opens(replicas=2)
    ticket = await house.ana.ticket()
    devices = [house.person("p-1", replica=number % 2) for number in range(6)]
    attendances = await asyncio.gather(*(says_hello(each, join_ticket=ticket) for each in devices))
    outcomes = await asyncio.gather(*(came_to(each) for each in attendances))
    assert counted(outcomes) == {"welcome": 1, "TICKET_USED": 5}
    assert len(house.clinic.documents(JOIN_TICKET_USES)) == 1


async def test_nobody_comes_in_with_what_is_somebody_elses(house: House) -> None:
    await house.opens()
    ticket = await house.ana.ticket()
    hers = await says_hello(house.ben, join_ticket=ticket)
    assert await refusal(hers.stream) == ("PERMISSION_DENIED", "TICKET_MISMATCH")
    hers = await says_hello(house.ben, resume_token="guessed")
    assert await refusal(hers.stream) == ("FAILED_PRECONDITION", "RESUME_UNKNOWN")
    await house.ana.joins(join_ticket=ticket)


async def test_who_comes_again_by_another_replica_needs_no_ticket(house: House) -> None:
    await house.opens(replicas=2)
    first = await says_hello(house.ana)
    token = (await first.next("welcome")).resume_token
    first.stream.cancel()
    again = await says_hello(house.person("p-1", replica=1), resume_token=token)
    assert (await again.next("welcome")).resume_token == token


async def test_a_patient_whom_nobody_may_treat_is_held_and_never_silently_served(
    house: House,
) -> None:
    await house.opens(replicas=2)
    lead = await house.person("f-1", Role.CLINICIAN, replica=1).joins()
    ana, ben = await house.ana.joins(), await house.ben.joins()
    await house.ana.attests("MD")
    assert (await ana.next("waiting")).reason == LICENSE
    entry = await lead.next("private_event", lambda each: each.HasField("lobby_entry"))
    assert (entry.lobby_entry.patient_id, entry.lobby_entry.reason) == ("p-1", LICENSE)
    await ben.say("between us")
    await lead.hears("between us")
    (held,) = house.clinic.emitted(sessions.PatientHeld)
    assert (held.patient_id, held.reason) == ("p-1", sessions.HOLD_REASON_LICENSE)
    deadline = held.contact_deadline_time.ToDatetime() - held.hold_time.ToDatetime()
    assert deadline.total_seconds() == 900
    assert all(each.text != "between us" for each in ana.events)
    await decides(lead, "admit", "p-1")
    assert (await lead.next("refusal")).reason == "LICENSE_STATE_MISMATCH"
    await house.ana.attests("VA")
    await ana.next("welcome")
    await ana.hears("between us")
    (served,) = house.clinic.emitted(sessions.HeldPatientServed)
    assert served.hold_id == held.hold_id


async def test_who_comes_late_waits_for_a_word_of_the_facilitator(house: House) -> None:
    await house.opens(replicas=2, process_ask_seconds=0.0)
    lead = await house.person("f-1", Role.CLINICIAN, replica=1).joins()
    hers, his = await says_hello(house.ana), await says_hello(house.ben)
    for waiting in (hers, his):
        assert (await waiting.next("waiting")).reason == LATE
    await decides(lead, "admit", "p-1")
    await decides(lead, "deny", "p-2")
    await hers.next("welcome")
    assert await refusal(his.stream) == ("FAILED_PRECONDITION", "ADMISSION_DENIED")


async def test_before_the_start_everybody_waits_with_a_number_to_call(house: House) -> None:
    clinic = house.clinic
    clinic.counts(**UNHURRIED)
    clinic.schedules()
    house.addresses.append(await house.stack.enter_async_context(clinic.replica()))
    lead, ana = house.person("f-1", Role.CLINICIAN), house.person("p-1")
    await ana.attests()
    house.case_of("p-1")
    hers = await says_hello(ana)
    waiting = await hers.next("waiting")
    assert (waiting.reason, waiting.call_number) == (BEFORE_START, "988")
    (alarm,) = clinic.emitted(sessions.EndangeredPatientAtDoor)
    assert (alarm.patient_id, alarm.cause) == ("p-1", sessions.DOOR_CAUSE_ALONE)
    his = await says_hello(lead)
    (entry,) = (await his.next("welcome")).lobby
    assert (entry.patient_id, entry.is_at_risk) == ("p-1", True)
    await lead.changes("StartSession", session_id="s-1")
    assert (await hers.next("welcome")).resume_token == waiting.resume_token


async def test_nobody_at_risk_is_denied_without_a_hand_over(house: House) -> None:
    clinic = house.clinic
    await house.opens()
    lead = await house.lead.joins()
    await house.ana.attests("MD")
    house.case_of("p-1")
    hers = await says_hello(house.ana)
    assert (await hers.next("waiting")).reason == LICENSE
    await decides(lead, "deny", "p-1")
    assert (await lead.next("refusal")).reason == "HANDOVER_REQUIRED"
    await decides(lead, "deny", "p-1", is_handed_over=True)
    await lead.next("receipt")
    assert await refusal(hers.stream) == ("FAILED_PRECONDITION", "ADMISSION_DENIED")
    assert len(clinic.emitted(sessions.PatientHeld)) == 1
    causes = [each.cause for each in clinic.emitted(sessions.EndangeredPatientAtDoor)]
    assert causes[:2] == [sessions.DOOR_CAUSE_HELD, sessions.DOOR_CAUSE_DENIED]


async def test_who_is_at_risk_and_comes_to_a_canceled_session_is_not_turned_away_unnoticed(
    house: House,
) -> None:
    clinic = house.clinic
    clinic.counts(**UNHURRIED)
    seat = {"enrollment_id": "e-1", "group_id": "g-1", "patient_id": "p-3"}
    clinic.hears(events.SeriesEnrolled(series_id="r-1", session_ids=["s-1"], **seat))
    clinic.schedules()
    house.addresses.append(await house.stack.enter_async_context(clinic.replica()))
    ana, eve, stranger = (house.person(each) for each in ("p-1", "p-3", "p-9"))
    for each in (ana, eve, stranger):
        house.case_of(each.subject)
    clinic.hears(events.SeatReleased(session_ids=["s-1"], **seat), 2)
    assert await refusal((await says_hello(eve)).stream) == ("FAILED_PRECONDITION", "SEAT_RELEASED")
    clinic.schedules(version=2, is_canceled=True, patients=[])
    for each in (ana, eve):
        desk = each.changes("CreateJoinTicket", session_id="s-1")
        assert await refusal(desk) == ("FAILED_PRECONDITION", "SESSION_CANCELED")
        hers = await says_hello(each)
        assert await refusal(hers.stream) == ("FAILED_PRECONDITION", "SESSION_CANCELED")
    assert await refusal((await says_hello(stranger)).stream) == ("NOT_FOUND", "NOT_FOUND")
    told = clinic.emitted(sessions.EndangeredPatientAtDoor)
    assert [(each.patient_id, each.refusal_reason) for each in told] == [
        ("p-3", "SEAT_RELEASED"),
        ("p-1", "SESSION_CANCELED"),
        ("p-3", "SESSION_CANCELED"),
    ]


@pytest.mark.parametrize("is_told_last", [False, True])
async def test_who_is_in_a_room_that_has_just_opened_stays_when_it_is_canceled(
    house: House, is_told_last: bool
) -> None:
    clinic = house.clinic
    await house.opens()
    seat = {"enrollment_id": "e-1", "group_id": "g-1", "patient_id": "p-3"}
    clinic.hears(events.SeriesEnrolled(series_id="r-1", session_ids=["s-1"], **seat))
    clinic.hears(intake.AliasAssigned(patient_id="p-3", group_id="g-1", alias="Green Owl 2"))
    eve = house.person("p-3")
    await eve.attests()
    lead, hers, his = await house.lead.joins(), await eve.joins(), await house.ben.joins()
    if is_told_last:
        clinic.hears(events.SeatReleased(session_ids=["s-1"], **seat), 2)
    clinic.schedules(version=2, is_canceled=True, patients=[])
    if not is_told_last:
        clinic.hears(events.SeatReleased(session_ids=["s-1"], **seat), 2)
    for each in (hers, his):
        await each.send(heartbeat=pb.Heartbeat())
        await asyncio.sleep(0.5)  # a lost seat would be found with it
        await each.say("still here")
        await lead.hears("still here")
    hers.stream.cancel()
    await (await eve.joins()).say("here again")
    await lead.hears("here again")


async def test_everything_that_opens_a_door_is_stored_as_a_hash(house: House) -> None:
    await house.opens()
    ticket = await house.ana.ticket()
    attendance = await says_hello(house.ana, join_ticket=ticket)
    token = (await attendance.next("welcome")).resume_token
    client = house.clinic.client[house.clinic.settings.database]
    for collection in client.list_collection_names():
        kept = repr(house.clinic.documents(collection))
        assert ticket not in kept, collection
        assert token not in kept, collection
