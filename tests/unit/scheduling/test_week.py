"""The week's dose, from the ledger's counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chassis.call import Role
from chassis.clock import FixedClock
from chassis.errors import FailedPrecondition, NotFound
from services.scheduling.domain import commands
from services.scheduling.domain.dose import Dose, DoseState
from tests.fakes.memory_store import MemoryStore
from tests.unit.scheduling.builders import MONDAY, reason_of
from tests.unit.scheduling.world import World


def dose_of(world: World, patient_id: str, *, weeks: int = 0) -> Dose:
    query = commands.GetDose(patient_id, MONDAY + timedelta(days=7 * weeks + 2))
    return world.scheduling.queries.dose(world.look(), query)


def test_a_new_enrollment_promises_the_planned_dose_in_every_week(world: World) -> None:
    world.enroll(world.series(world.clinician("VA")), patient := world.patient())
    for week in range(8):
        dose = dose_of(world, patient, weeks=week)
        assert (dose.planned_minutes, dose.upcoming_minutes) == (540, 540)
        assert dose.state is DoseState.ON_TRACK
    assert dose_of(world, patient, weeks=8).state is DoseState.SHORTFALL


def test_attended_minutes_meet_the_plan(world: World, clock: FixedClock) -> None:
    series = world.series(world.clinician("VA"))
    world.enroll(series, patient := world.patient())
    for session_id in series.session_ids[:3]:
        world.attends(patient, session_id, 180)
    clock.advance(timedelta(days=8))
    world.ends(*series.session_ids[:3])
    dose = dose_of(world, patient)
    assert dose.state is DoseState.MET
    assert [each.is_countable for each in dose.days] == [True, True, True]


def test_a_missed_session_shows_as_a_shortfall_that_a_make_up_session_closes(
    world: World, clock: FixedClock
) -> None:
    series = world.series(world.clinician("VA"))
    world.enroll(series, patient := world.patient())
    clock.advance(timedelta(days=4))
    world.ends(series.session_ids[0])
    assert dose_of(world, patient).shortfall_minutes == 180
    for hours in (0, 1, 2):
        start = clock.now() + timedelta(hours=hours)
        world.one_off(world.clinician("VA"), patient, start_time=start)
    assert dose_of(world, patient).state is DoseState.ON_TRACK


def test_a_newer_count_replaces_an_older_one_and_never_the_other_way(world: World) -> None:
    series = world.series(world.clinician("VA"))
    world.enroll(series, patient := world.patient())
    world.attends(patient, series.session_ids[0], 120, version=2)
    world.attends(patient, series.session_ids[0], 60, version=1)
    assert dose_of(world, patient).attended_minutes == 120
    world.attends(patient, series.session_ids[0], 150, version=3)
    assert dose_of(world, patient).attended_minutes == 150


def test_what_was_attended_counts_although_the_seat_was_given_back(
    world: World, clock: FixedClock
) -> None:
    series = world.series(world.clinician("VA"))
    enrollment = world.enroll(series, patient := world.patient())
    world.attends(patient, series.session_ids[0], 180)
    world.leave(enrollment)
    dose = dose_of(world, patient)
    assert (dose.attended_minutes, dose.upcoming_minutes) == (180, 0)


def test_a_count_for_a_session_that_is_not_ours_is_not_kept(
    world: World, store: MemoryStore
) -> None:
    with pytest.raises(NotFound):
        world.attends(world.patient(), "session-9", 180)
    assert store.documents("attendance") == []


def test_a_dose_needs_a_plan(world: World) -> None:
    world.admitted("patient-1")
    with pytest.raises(FailedPrecondition) as error:
        dose_of(world, "patient-1")
    assert reason_of(error) == "PLAN_NOT_ACTIVE"


def test_a_changed_plan_changes_what_the_week_is_measured_against(world: World) -> None:
    world.enroll(world.series(world.clinician("VA")), patient := world.patient())
    world.planned(patient, weekly_minutes=360, version=2)
    world.planned(patient, weekly_minutes=540, version=1)
    assert dose_of(world, patient).planned_minutes == 360


def test_a_patient_sees_only_the_own_dose(world: World) -> None:
    mine, other = world.patient(), world.patient()
    query = commands.GetDose(mine, MONDAY)
    look = world.scheduling.queries.dose
    assert look(world.look(Role.PATIENT, subject=mine), query).patient_id == mine
    with pytest.raises(NotFound):
        look(world.look(Role.PATIENT, subject=other), query)
