"""Scheduling takes the license or the seat of whoever leads a room that is under way."""

from __future__ import annotations

from typing import Any

import pytest
from haven.sessions.v1 import events_pb2 as sessions

from services.sessions.domain.commands import GetAttendance, Lead
from services.sessions.domain.log import RoomEventKind
from tests.unit.sessions.test_leads import VIRGINIA, opened, passes, told
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

HELD, RESUMED = RoomEventKind.HELD, RoomEventKind.RESUMED


def goes_on(ward: Ward, seconds: float, *others: str) -> None:
    passes(ward, seconds, "c-ana", "c-lead", *others)


@pytest.mark.parametrize(
    "change",
    [{"facilitator_states": []}, {"facilitator_id": "f-9"}],
    ids=["the last license ends", "another clinician is booked"],
)
def test_a_room_whose_lead_may_not_lead_any_more_is_held_and_somebody_is_called(
    change: dict[str, Any],
) -> None:
    ward = opened()
    goes_on(ward, 60)
    ward.schedules(3, **change)
    assert [kind for kind, _ in told(ward)] == [HELD]
    goes_on(ward, 60)
    assert len(ward.store.emitted(sessions.RoomHeld)) == 1
    counted = ward.sessions.queries.attendance(by_patient(), GetAttendance("s-1", "p-1"))
    assert counted.counted_seconds <= 62, "nobody who may treat was there after that"


def test_whoever_helps_and_is_licensed_leads_at_once() -> None:
    ward = opened(VIRGINIA, present=("co-1",))
    ward.schedules(3, co_facilitators=[VIRGINIA], facilitator_states=[])
    session = ward.sessions.queries.session(by_facilitator("co-1"), Lead("s-1")).session
    assert session.lead_id == "co-1"
    assert [kind for kind, _ in told(ward)] == [RoomEventKind.PROMOTED]


def test_a_license_that_comes_back_lets_the_room_go_on() -> None:
    ward = opened()
    ward.schedules(3, facilitator_states=[])
    goes_on(ward, 4)
    ward.schedules(4)
    goes_on(ward, 4)
    assert [kind for kind, _ in told(ward)] == [HELD, RESUMED]


def test_the_clinician_who_was_booked_instead_resumes_the_room() -> None:
    ward = opened()
    ward.schedules(3, facilitator_id="f-9")
    ward.enters(by_facilitator("f-9"), "c-f-9")
    assert [kind for kind, _ in told(ward)] == [HELD, RESUMED]


def test_a_word_of_scheduling_that_changes_nothing_for_the_lead_holds_nothing() -> None:
    ward = opened(VIRGINIA, present=("co-1",))
    goes_on(ward, 10, "c-co-1")
    ward.schedules(3, co_facilitators=[VIRGINIA], facilitator_states=["VA", "NC"])
    assert told(ward) == []


def test_another_clinician_booked_before_anybody_led_holds_nothing() -> None:
    ward = Ward()
    ward.opens()
    ward.enters(by_patient("p-1"), "c-ana")
    ward.schedules(3, facilitator_id="f-9")
    assert told(ward) == []
