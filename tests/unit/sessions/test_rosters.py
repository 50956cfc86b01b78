"""Who may come is known whatever order events arrive in."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest
from haven.intake.v1 import events_pb2 as intake
from haven.scheduling.v1 import events_pb2 as scheduling

from chassis.call import Role
from chassis.errors import HavenError, NotFound
from services.sessions.domain.commands import Lead
from tests.unit.sessions.builders import after
from tests.unit.sessions.ward import Ward, a_call, by_facilitator, by_patient


def enrolled(ward: Ward, version: int = 1, enrollment_id: str = "e-1") -> None:
    ward.hears(
        scheduling.SeriesEnrolled(
            enrollment_id=enrollment_id,
            series_id="r-1",
            group_id="g-1",
            patient_id="p-3",
            session_ids=["s-1", "s-2"],
        ),
        version,
    )


def released(ward: Ward, version: int = 2) -> None:
    ward.hears(
        scheduling.SeatReleased(
            enrollment_id="e-1",
            group_id="g-1",
            patient_id="p-3",
            session_ids=["s-1"],
            held_session_ids=["s-2"],
        ),
        version,
    )


def seats(ward: Ward) -> list[tuple[str, str]]:
    view = ward.sessions.queries.session(by_facilitator(), Lead("s-1"))
    return [(seat.patient_id, seat.alias) for seat in view.seats]


def test_a_scheduled_session_is_a_room_with_its_booked_patients() -> None:
    ward = Ward()
    ward.schedules()
    ward.names("p-1", "Blue Heron 4")
    assert seats(ward) == [("p-1", "Blue Heron 4"), ("p-2", "")]


@pytest.mark.parametrize("order", list(permutations([Ward.schedules, enrolled])))
def test_an_enrollment_gives_a_seat_before_or_after_the_session_is_known(
    order: tuple[Callable[[Ward], None], ...],
) -> None:
    ward = Ward()
    for arrives in order:
        arrives(ward)
    assert [patient_id for patient_id, _ in seats(ward)] == ["p-1", "p-2", "p-3"]


@pytest.mark.parametrize("order", list(permutations([Ward.schedules, enrolled, released])))
def test_a_released_seat_is_gone_in_whatever_order_the_news_arrives(
    order: tuple[Callable[[Ward], None], ...],
) -> None:
    ward = Ward()
    for arrives in order:
        arrives(ward)
    assert [patient_id for patient_id, _ in seats(ward)] == ["p-1", "p-2"]


def test_a_seat_of_another_enrollment_is_not_touched_by_a_release() -> None:
    ward = Ward()
    ward.schedules()
    enrolled(ward)
    enrolled(ward, enrollment_id="e-2")
    released(ward)
    assert ("p-3", "") in seats(ward)


def test_an_older_roster_never_overwrites_a_newer_one() -> None:
    ward = Ward()
    ward.schedules(version=5, patient_ids=["p-2"])
    ward.schedules(version=4, patient_ids=["p-1"])
    assert [patient_id for patient_id, _ in seats(ward)] == ["p-2"]


def test_a_repeated_event_has_no_second_effect() -> None:
    ward = Ward()
    ward.schedules()
    ward.schedules()
    assert len(ward.store.documents("sessions")) == 1


def test_a_patient_sees_the_session_without_its_seats() -> None:
    ward = Ward()
    ward.schedules()
    assert ward.sessions.queries.session(by_patient(), Lead("s-1")).seats == ()


def test_for_a_patient_without_a_seat_the_session_does_not_exist() -> None:
    ward = Ward()
    ward.schedules()
    with pytest.raises(NotFound):
        ward.sessions.queries.session(by_patient("p-9"), Lead("s-1"))


def test_another_tenants_session_does_not_exist() -> None:
    ward = Ward()
    ward.schedules()
    stranger = a_call("f-1", Role.CLINICIAN, tenant_id="south")
    with pytest.raises(NotFound):
        ward.sessions.queries.session(stranger, Lead("s-1"))


@pytest.mark.parametrize(
    ("scope", "is_barred"),
    [("treatment", True), ("group_participation", True), ("messaging", False)],
)
def test_a_revoked_consent_bars_where_the_room_rests_on_it(scope: str, is_barred: bool) -> None:
    ward = Ward()
    ward.opens()
    ward.hears(intake.ConsentRevoked(patient_id="p-1", consent_id="co-1", scope=scope), version=2)
    if not is_barred:
        ward.enters(by_patient())
        return
    with pytest.raises(HavenError) as error:
        ward.enters(by_patient())
    assert error.value.reason == "CONSENT_REVOKED"


def test_a_canceled_session_tells_those_who_wait_at_its_door() -> None:
    ward = Ward()
    ward.prepares()
    ward.pass_time(minutes=-5)
    ward.enters(by_patient())
    ward.schedules(version=2, is_canceled=True)
    assert [event.kind.value for event in ward.room()] == ["session_ended"]


def test_a_rescheduled_session_keeps_its_new_time() -> None:
    ward = Ward()
    ward.schedules()
    ward.schedules(version=2, start_time=after(hours=1))
    view = ward.sessions.queries.session(by_facilitator(), Lead("s-1"))
    assert view.session.schedule.start_time == after(hours=1)
