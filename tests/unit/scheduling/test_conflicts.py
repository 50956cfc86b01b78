"""Nobody is silently served without authority: what changes later is flagged, and clears itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from haven.scheduling.v1 import events_pb2 as wire
from haven.scheduling.v1 import resources_pb2 as resources

from chassis.clock import FixedClock
from services.scheduling.domain.clinician import Clinician
from services.scheduling.domain.enrollment import Enrollment, EnrollmentState
from services.scheduling.domain.series import SeriesView
from tests.fakes.memory_store import MemoryStore
from tests.unit.scheduling.builders import NOW
from tests.unit.scheduling.world import World

NEEDS_REVIEW, ACTIVE = EnrollmentState.NEEDS_REVIEW, EnrollmentState.ACTIVE


@pytest.fixture
def clinician(world: World) -> Clinician:
    return world.clinician("VA")


@pytest.fixture
def series(world: World, clinician: Clinician) -> SeriesView:
    return world.series(clinician)


@pytest.fixture
def enrollment(world: World, series: SeriesView) -> Enrollment:
    return world.enroll(series, world.patient(state="VA"))


def test_a_patient_who_moves_where_nobody_is_licensed_is_flagged(
    world: World, clinician: Clinician, series: SeriesView, enrollment: Enrollment
) -> None:
    world.attested(enrollment.patient_id, "NC")
    assert world.enrollment(enrollment).state is NEEDS_REVIEW
    (conflict,) = world.conflicts()
    assert conflict.enrollment_id == enrollment.id
    assert conflict.state == "NC"
    assert conflict.session_ids == series.session_ids
    assert conflict.facilitator_ids == (clinician.id,)
    assert world.enrollment(enrollment).session_ids == series.session_ids, "seats are kept"


@pytest.mark.parametrize("state", ["XX", "ZZZ"])
def test_a_place_that_is_no_state_counts_as_covered_by_nobody(
    world: World, enrollment: Enrollment, state: str
) -> None:
    world.attested(enrollment.patient_id, state)
    assert world.enrollment(enrollment).state is NEEDS_REVIEW


def test_attesting_the_same_state_again_changes_nothing(
    world: World, enrollment: Enrollment, store: MemoryStore
) -> None:
    before = {each["_id"]: each["version"] for each in store.documents("sessions")}
    world.attested(enrollment.patient_id, "VA")
    assert world.enrollment(enrollment).state is ACTIVE
    assert world.conflicts() == []
    assert {each["_id"]: each["version"] for each in store.documents("sessions")} == before


def test_coming_back_clears_the_flag(world: World, enrollment: Enrollment) -> None:
    world.attested(enrollment.patient_id, "NC", at=NOW + timedelta(hours=1))
    world.attested(enrollment.patient_id, "VA", at=NOW + timedelta(hours=2))
    assert world.enrollment(enrollment).state is ACTIVE
    assert world.conflicts() == []


def test_an_older_attestation_that_arrives_late_flags_nothing(
    world: World, enrollment: Enrollment
) -> None:
    world.attested(enrollment.patient_id, "VA", at=NOW + timedelta(hours=2))
    world.attested(enrollment.patient_id, "NC", at=NOW + timedelta(hours=1))
    assert world.enrollment(enrollment).state is ACTIVE


def test_a_new_license_clears_the_flag_and_the_rooms_hear_of_it(
    world: World, clinician: Clinician, enrollment: Enrollment, store: MemoryStore
) -> None:
    world.attested(enrollment.patient_id, "NC")
    world.license(clinician.id, "NC")
    assert world.enrollment(enrollment).state is ACTIVE
    assert world.conflicts() == []
    told = store.emitted(wire.SessionScheduled)[-24:]
    assert {tuple(each.facilitator_states) for each in told} == {("NC", "VA")}
    # The kind was kept with the session: its door depends on it.
    assert {each.group_kind for each in told} == {resources.GROUP_KIND_PROCESS}


def test_a_revoked_license_flags_everybody_who_sits_there(
    world: World, clinician: Clinician, series: SeriesView, store: MemoryStore
) -> None:
    world.license(clinician.id, "NC")
    here, there = (world.enroll(series, world.patient(state=each)) for each in ("VA", "NC"))
    world.revoke(clinician, "NC")
    assert world.enrollment(here).state is ACTIVE
    assert world.enrollment(there).state is NEEDS_REVIEW
    told = store.emitted(wire.SessionScheduled)[-24:]
    assert {tuple(each.facilitator_states) for each in told} == {("VA",)}


def test_a_substitute_resolves_the_session_that_it_covers(
    world: World, series: SeriesView, enrollment: Enrollment
) -> None:
    world.attested(enrollment.patient_id, "NC")
    world.substitute(series.session_ids[0], world.clinician("NC"))
    (conflict,) = world.conflicts()
    assert conflict.session_ids == series.session_ids[1:]
    assert world.enrollment(enrollment).state is NEEDS_REVIEW


def test_a_new_facilitator_for_the_series_resolves_all(
    world: World, series: SeriesView, enrollment: Enrollment
) -> None:
    world.attested(enrollment.patient_id, "NC")
    world.assign(series, world.clinician("NC"))
    assert world.conflicts() == []
    assert world.enrollment(enrollment).state is ACTIVE


def test_canceling_the_enrollment_resolves_it(world: World, enrollment: Enrollment) -> None:
    world.attested(enrollment.patient_id, "NC")
    world.leave(enrollment)
    assert world.conflicts() == []
    assert world.enrollment(enrollment).state is EnrollmentState.CANCELED


def test_a_canceled_session_is_no_conflict_any_more(
    world: World, series: SeriesView, enrollment: Enrollment
) -> None:
    world.attested(enrollment.patient_id, "NC")
    world.cancel(series.session_ids[0])
    (conflict,) = world.conflicts()
    assert conflict.session_ids == series.session_ids[1:]


def test_a_session_that_is_over_is_no_conflict_any_more(
    world: World, series: SeriesView, enrollment: Enrollment, clock: FixedClock
) -> None:
    world.attested(enrollment.patient_id, "NC")
    clock.advance(timedelta(days=4))
    world.ends(series.session_ids[0])
    (conflict,) = world.conflicts()
    assert conflict.session_ids == series.session_ids[1:]


def test_a_one_off_session_is_a_conflict_of_its_own(
    world: World, clinician: Clinician, clock: FixedClock
) -> None:
    session = world.one_off(clinician, patient := world.patient(state="VA"))
    world.attested(patient, "NC", at=NOW + timedelta(minutes=1))
    (conflict,) = world.conflicts()
    assert (conflict.enrollment_id, conflict.session_ids) == ("", (session.id,))
    clock.advance(timedelta(hours=2))
    world.ends(session.id)
    assert world.conflicts() == []


def test_an_admission_heard_twice_does_not_move_the_patient(
    world: World, enrollment: Enrollment
) -> None:
    world.attested(enrollment.patient_id, "VA", at=NOW + timedelta(hours=1))
    world.admitted(enrollment.patient_id, state="NC", at=NOW + timedelta(hours=3))
    assert world.enrollment(enrollment).state is ACTIVE


def test_moving_from_one_uncovered_state_to_another_keeps_one_conflict(
    world: World, enrollment: Enrollment
) -> None:
    world.attested(enrollment.patient_id, "NC", at=NOW + timedelta(hours=1))
    world.attested(enrollment.patient_id, "MD", at=NOW + timedelta(hours=2))
    (conflict,) = world.conflicts()
    assert conflict.state == "MD"
    assert conflict.detect_time == NOW
