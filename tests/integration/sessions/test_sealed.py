"""Minutes are sealed by real relays, and whoever writes past Haven is found out."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from haven.sessions.v1 import events_pb2 as sessions
from pymongo.database import Database

from chassis.call import Call, Role
from chassis.errors import FailedPrecondition
from services.sessions.domain import commands
from services.sessions.domain.seal import AmendReason
from services.sessions.domain.views import AttendanceView
from services.sessions.store.shelves import PARTICIPANTS
from services.sessions.timers import due_work
from tests.due import RunningTimers
from tests.integration.sessions.clinic import Clinic
from tests.unit.sessions.ward import a_call, a_ticket, by_patient
from tests.waiting import eventually

SESSION = commands.Lead("s-1")


class Over:
    """A session that is over; one patient was there for a moment."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic
        clinic.schedules()
        ana, service = self.by(by_patient("p-1")), clinic.sessions
        service.attestations.attest(ana, commands.AttestLocation("p-1", "VA", "street", "5550100"))
        service.rooms.start(self.lead, SESSION)
        ticket = a_ticket(service, ana)
        service.doors.enter(ana, commands.Enter("s-1", "c-1", 0, None, join_ticket=ticket))
        service.presences.leave(ana, commands.Connected("s-1", "c-1"))
        service.rooms.end(self.lead, SESSION)

    def by(self, call: Call) -> Call:
        return replace(call, tenant_id=self.clinic.tenant_id)

    @property
    def lead(self) -> Call:
        return self.by(a_call("f-1", Role.CLINICIAN))

    def amends(self, seconds: int) -> AttendanceView:
        command = commands.AmendAttendance("s-1", "p-1", seconds, AmendReason.CLERICAL)
        return self.clinic.sessions.attendances.amend(self.lead, command)

    def seen(self) -> AttendanceView:
        asked = commands.GetAttendance("s-1", "p-1")
        return self.clinic.sessions.queries.attendance(self.lead, asked)


@pytest.fixture
def over(clinic: Clinic) -> Over:
    """Sealed by two relays that look at the same time."""
    made = Over(clinic)
    relays = [RunningTimers(clinic.store, due_work(clinic.sessions)) for _ in range(2)]
    for relay in relays:
        relay.start()
    eventually(lambda: made.seen().participant.seal is not None, within=20)
    for relay in relays:
        relay.stop()
    return made


def test_minutes_are_sealed_once_by_whichever_relay(over: Over) -> None:
    view = over.seen()
    assert view.is_intact
    over.clinic.sessions.attendances.seal(over.lead, "s-1")
    assert over.seen().participant.seal == view.participant.seal


def test_amendments_at_the_same_moment_are_all_kept_and_signed_in_their_order(over: Over) -> None:
    gate = threading.Barrier(4)

    def amend(seconds: int) -> None:
        gate.wait(10)
        over.amends(seconds)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(amend, [100, 200, 300, 400]))

    view = over.seen()
    assert view.participant.seal is not None
    amended = [each.counted_seconds for each in view.participant.seal.amendments]
    assert sorted(amended) == [100, 200, 300, 400]
    assert (view.counted_seconds, view.is_intact) == (amended[-1], True)
    told = [each.counted_seconds for each in over.clinic.emitted(sessions.AttendanceRecorded)]
    assert told[-4:] == amended


@pytest.mark.parametrize(
    "written",
    [
        {"seal.counted_seconds": 9000},
        {"seal.amendments": []},
        {"seal.amendments.0.counted_seconds": 9000},
        {"seal.amendments.0.amender_id": "f-2"},
    ],
)
def test_what_somebody_writes_into_the_database_is_told_to_whoever_reads(
    over: Over, database: Database[dict[str, Any]], written: dict[str, Any]
) -> None:
    over.amends(100)
    over.amends(200)
    assert over.seen().is_intact

    patient = {"tenant_id": over.clinic.tenant_id, "person_id": "p-1"}
    database[PARTICIPANTS].update_one(patient, {"$set": written})

    assert not over.seen().is_intact
    with pytest.raises(FailedPrecondition, match="not signed"):
        over.amends(300)
