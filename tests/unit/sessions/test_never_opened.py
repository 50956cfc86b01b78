"""A group waits before a room that nobody opens: somebody is called."""

from __future__ import annotations

from datetime import timedelta

from haven.scheduling.v1 import events_pb2 as scheduling
from haven.sessions.v1 import events_pb2 as sessions

from services.sessions.codec.attested import timestamp
from services.sessions.domain.lobby import WaitReason
from tests.unit.sessions.builders import NOON
from tests.unit.sessions.test_leads import UNLICENSED, VIRGINIA, held_rooms, passes
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

LATE = 300  # seconds after its time


def before_the_door(*helping: scheduling.SessionScheduled.CoFacilitator) -> Ward:
    """Ana waits at the time of the session, and nobody has opened it."""
    ward = Ward()
    ward.prepares()
    ward.schedules(2, co_facilitators=helping)
    came = ward.enters(by_patient("p-1"), "c-ana")
    assert came.wait_reason is WaitReason.BEFORE_START
    return ward


def called(ward: Ward) -> int:
    return len(ward.store.emitted(sessions.RoomHeld))


def test_five_minutes_after_its_time_somebody_is_called_to_a_room_that_nobody_opened() -> None:
    ward = before_the_door(VIRGINIA)
    passes(ward, LATE - 2, "c-ana")
    assert (called(ward), held_rooms(ward)) == (0, 0)
    passes(ward, 4, "c-ana")
    (told,) = ward.store.emitted(sessions.RoomHeld)
    assert (told.session_id, list(told.clinician_ids)) == ("s-1", ["f-1", "co-1"])
    assert told.hold_time == timestamp(NOON + timedelta(seconds=LATE))
    assert held_rooms(ward) == 1
    passes(ward, 600, "c-ana")
    assert called(ward) == 1, "who is on duty was told of it, and engineers see that it lasts"


def test_who_comes_later_to_a_room_that_nobody_opened_has_somebody_called_soon() -> None:
    ward = Ward()
    ward.prepares()
    passes(ward, LATE + 60)
    assert called(ward) == 0, "nobody is there"
    ward.enters(by_patient("p-1"), "c-ana")
    passes(ward, 20, "c-ana")
    assert called(ward) == 1


def test_a_facilitator_who_is_some_minutes_late_needs_nobody_else() -> None:
    ward = before_the_door()
    passes(ward, LATE - 60, "c-ana")
    ward.starts()
    ward.enters(by_facilitator(), "c-lead")
    passes(ward, 120, "c-ana", "c-lead")
    assert (called(ward), held_rooms(ward)) == (0, 0)


def test_a_facilitator_who_is_there_and_has_not_opened_it_yet_is_not_called_for() -> None:
    ward = before_the_door()
    ward.enters(by_facilitator(), "c-lead")
    passes(ward, LATE + 60, "c-ana", "c-lead")
    assert (called(ward), held_rooms(ward)) == (0, 0)
    ward.leaves(by_facilitator(), "c-lead")
    passes(ward, LATE, "c-ana")
    assert called(ward) == 1


def test_staff_without_a_license_cannot_open_it_and_does_not_count() -> None:
    ward = before_the_door(UNLICENSED)
    ward.enters(by_facilitator("co-0"), "c-co-0")
    passes(ward, LATE + 4, "c-ana", "c-co-0")
    assert called(ward) == 1


def test_who_looked_in_and_went_away_again_has_nobody_called() -> None:
    ward = before_the_door()
    passes(ward, LATE + 4, "c-ana")
    ward.leaves(by_patient("p-1"), "c-ana")
    assert held_rooms(ward) == 0

    other = before_the_door()
    other.leaves(by_patient("p-1"), "c-ana")
    passes(other, LATE + 60)
    assert (called(other), held_rooms(other)) == (0, 0)


def test_a_session_that_is_put_off_or_canceled_meanwhile_has_nobody_called() -> None:
    ward = before_the_door()
    ward.schedules(3, start_time=NOON + timedelta(minutes=20))
    passes(ward, 600, "c-ana")
    assert (called(ward), held_rooms(ward)) == (0, 0)
    passes(ward, 900 + 4, "c-ana")
    assert called(ward) == 1

    other = before_the_door()
    other.schedules(3, is_canceled=True)
    passes(other, LATE + 60)
    assert (called(other), held_rooms(other)) == (0, 0)
