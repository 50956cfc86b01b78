"""One-off sessions, cancellations, and who may see whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from haven.scheduling.v1 import events_pb2 as wire

from chassis.call import Role
from chassis.clock import FixedClock
from chassis.errors import FailedPrecondition, InvalidArgument, NotFound
from services.scheduling.domain import commands
from services.scheduling.domain.session import SessionState
from tests.fakes.memory_store import MemoryStore
from tests.unit.scheduling.builders import NOW, after, reason_of
from tests.unit.scheduling.world import OTHER_TENANT, World


def test_a_make_up_session_starts_now_for_the_named_patients(
    world: World, store: MemoryStore
) -> None:
    patients = world.patient(), world.patient()
    session = world.one_off(world.clinician("VA"), *patients)
    assert session.span.start == NOW
    assert session.local_date.isoformat() == "2027-01-01"
    assert session.series_id == ""
    (event,) = store.emitted(wire.SessionScheduled)
    assert set(event.patient_ids) == set(patients)
    assert tuple(event.facilitator_states) == ("VA",)
    assert not event.is_canceled


def test_it_may_be_scheduled_ahead_but_not_into_the_past(world: World) -> None:
    clinician = world.clinician("VA")
    ahead = world.one_off(clinician, world.patient(), start_time=after(days=1))
    assert ahead.span.start == after(days=1)
    with pytest.raises(InvalidArgument) as error:
        world.one_off(clinician, world.patient(), start_time=after(minutes=-6))
    assert reason_of(error) == "START_TIME_PAST"


def test_now_on_a_clock_that_is_behind_is_still_now(world: World) -> None:
    session = world.one_off(world.clinician("VA"), world.patient(), start_time=after(minutes=-4))
    assert session.span.start == after(minutes=-4)


def test_an_evening_session_counts_on_the_day_of_its_own_time_zone(world: World) -> None:
    late = world.one_off(world.clinician("VA"), world.patient(), start_time=after(hours=15))
    assert late.span.start.isoformat() == "2027-01-02T03:00:00+00:00"
    assert late.local_date.isoformat() == "2027-01-01"


def test_a_group_is_not_overfilled_by_a_one_off_session(world: World) -> None:
    patients = [world.patient() for _ in range(4)]
    with pytest.raises(FailedPrecondition) as error:
        world.one_off(world.clinician("VA"), *patients, group=world.group(capacity=3))
    assert reason_of(error) == "SESSION_FULL"


def test_one_unknown_patient_stops_the_whole_session(world: World, store: MemoryStore) -> None:
    with pytest.raises(NotFound):
        world.one_off(world.clinician("VA"), world.patient(), "patient-9")
    assert store.documents("sessions") == []


def test_a_patient_who_is_not_admitted_cannot_be_booked(world: World) -> None:
    world.planned("patient-1")
    with pytest.raises(FailedPrecondition) as error:
        world.one_off(world.clinician("VA"), "patient-1")
    assert reason_of(error) == "PATIENT_NOT_ADMITTED"


def test_a_patient_is_in_one_session_at_a_time(world: World) -> None:
    world.one_off(world.clinician("VA"), patient := world.patient())
    with pytest.raises(FailedPrecondition) as error:
        world.one_off(world.clinician("VA"), patient, start_time=after(minutes=59))
    assert reason_of(error) == "PATIENT_BUSY"
    world.one_off(world.clinician("VA"), patient, start_time=after(minutes=60))


def test_a_canceled_session_releases_every_seat_and_tells_each(
    world: World, store: MemoryStore
) -> None:
    series = world.series(world.clinician("VA"))
    patients = [world.patient() for _ in range(3)]
    enrollments = [world.enroll(series, each) for each in patients]
    off = series.session_ids[4]
    canceled = world.cancel(off)
    assert canceled.state is SessionState.CANCELED
    assert store.emitted(wire.SessionScheduled)[-1].is_canceled
    released = store.emitted(wire.SeatReleased)
    assert {each.patient_id for each in released} == set(patients)
    assert all(list(each.session_ids) == [off] for each in released)
    assert all(off not in world.enrollment(each).session_ids for each in enrollments)
    assert off not in world.seen(series).session_ids


def test_a_session_that_has_started_cannot_be_canceled(world: World) -> None:
    session = world.one_off(world.clinician("VA"), world.patient())
    world.starts(session)
    with pytest.raises(FailedPrecondition) as error:
        world.cancel(session.id)
    assert reason_of(error) == "SESSION_STARTED"


def test_the_timer_ends_what_is_over_and_nothing_else(world: World, clock: FixedClock) -> None:
    session = world.one_off(world.clinician("VA"), world.patient())
    world.ends(session.id)
    assert world.session(session.id).state is SessionState.SCHEDULED
    clock.advance(timedelta(hours=1))
    world.ends(session.id, session.id)
    assert world.session(session.id).state is SessionState.ENDED


def test_a_start_that_is_heard_after_the_end_changes_nothing(
    world: World, clock: FixedClock
) -> None:
    session = world.one_off(world.clinician("VA"), world.patient())
    clock.advance(timedelta(hours=1))
    world.ends(session.id)
    world.starts(session)
    assert world.session(session.id).state is SessionState.ENDED


def test_a_patient_lists_own_sessions_only_and_sees_no_other_patient(world: World) -> None:
    mine, other = world.patient(), world.patient()
    shared = world.one_off(world.clinician("VA"), mine, other)
    world.one_off(world.clinician("VA"), world.patient())
    call = world.look(Role.PATIENT, subject=mine)
    (seen,) = world.sessions(call, patient_id=mine)
    assert seen.id == shared.id
    assert seen.seats == ()
    for patient_id in (other, ""):
        with pytest.raises(NotFound):
            world.sessions(call, patient_id=patient_id)


def test_a_patient_can_open_a_session_only_with_a_seat_in_it(world: World) -> None:
    session = world.one_off(world.clinician("VA"), mine := world.patient())
    look = world.scheduling.queries.session
    assert look(world.look(Role.PATIENT, subject=mine), session.id).seats == ()
    with pytest.raises(NotFound):
        look(world.look(Role.PATIENT, subject=world.patient()), session.id)


def test_a_partner_sees_times_but_not_who_else_is_booked(world: World) -> None:
    session = world.one_off(world.clinician("VA"), patient := world.patient())
    (seen,) = world.sessions(world.look(Role.PARTNER), patient_id=patient)
    assert (seen.id, seen.booked_ids) == (session.id, ())
    assert world.session(session.id).booked_ids == (patient,)


def test_a_patient_sees_own_enrollments_only(world: World) -> None:
    enrollment = world.enroll(world.series(world.clinician("VA")), mine := world.patient())
    queries, other = world.scheduling.queries, world.patient()
    assert queries.enrollment(world.look(Role.PATIENT, subject=mine), enrollment.id).id
    with pytest.raises(NotFound):
        queries.enrollment(world.look(Role.PATIENT, subject=other), enrollment.id)
    query = commands.ListEnrollments(mine, "", commands.PageOf())
    assert len(queries.enrollments(world.look(Role.PATIENT, subject=mine), query).items) == 1
    with pytest.raises(NotFound):
        queries.enrollments(world.look(Role.PATIENT, subject=other), query)


@pytest.mark.parametrize(
    ("narrowed", "number"),
    [
        ({}, 4),
        ({"before_time": after(days=3, hours=11)}, 1),
        ({"after_time": after(days=3, hours=12)}, 3),
        ({"after_time": after(days=3, hours=12), "before_time": after(days=6)}, 2),
    ],
)
def test_sessions_are_listed_in_order_within_a_window(
    world: World, narrowed: dict[str, Any], number: int
) -> None:
    world.one_off(world.clinician("VA"), world.patient())
    world.series(world.clinician("VA"), weeks=1)
    listed = world.sessions(**narrowed)
    assert len(listed) == number
    assert listed == sorted(listed, key=lambda each: each.span)


def test_sessions_are_listed_by_group_series_facilitator_and_patient(world: World) -> None:
    clinician = world.clinician("VA")
    series = world.series(clinician)
    world.enroll(series, patient := world.patient())
    world.one_off(world.clinician("VA"), world.patient())
    wanted: list[dict[str, Any]] = [
        {"series_id": series.series.id},
        {"group_id": series.series.group_id},
        {"facilitator_id": clinician.id},
        {"patient_id": patient},
    ]
    for narrowed in wanted:
        assert len(world.sessions(**narrowed)) == 24


@pytest.mark.parametrize("name", ["patient_id", "group_id", "series_id", "facilitator_id"])
def test_a_list_narrowed_by_what_another_tenant_has_is_not_found(
    world: World, store: MemoryStore, name: str
) -> None:
    other = World(store, OTHER_TENANT)
    clinician = other.clinician("VA")
    series = other.series(clinician)
    ids = {
        "patient_id": other.patient(),
        "group_id": series.series.group_id,
        "series_id": series.series.id,
        "facilitator_id": clinician.id,
    }
    with pytest.raises(NotFound):
        world.sessions(None, **{name: ids[name]})


def test_pages_continue_where_the_last_one_ended(world: World) -> None:
    series = world.series(world.clinician("VA"))
    seen: list[str] = []
    page = commands.PageOf(10)
    while True:
        query = commands.ListSessions("", "", series.series.id, "", None, None, page)
        found = world.scheduling.queries.sessions(world.look(), query)
        seen += [each.id for each in found.items]
        if not found.next_page_token:
            break
        page = commands.PageOf(10, found.next_page_token)
    assert tuple(seen) == series.session_ids


def test_whose_records_were_looked_at_is_on_the_audit_trail(
    world: World, store: MemoryStore
) -> None:
    session = world.one_off(world.clinician("VA"), patient := world.patient())
    before = len(store.documents("audit_entries"))
    world.session(session.id)
    entries = store.documents("audit_entries")[before:]
    assert (patient, session.id) in {(each["patient_id"], each["resource_id"]) for each in entries}
