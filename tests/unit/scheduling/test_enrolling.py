"""A patient gets every seat of a series, or none, and somebody licensed in each."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from haven.scheduling.v1 import events_pb2 as wire
from prometheus_client import REGISTRY

from chassis.clock import FixedClock
from chassis.errors import AlreadyExists, FailedPrecondition, NotFound
from chassis.store import AlreadyAnswered
from services.scheduling.domain import commands
from services.scheduling.domain.enrollment import EnrollmentState
from services.scheduling.domain.group import Track
from tests.fakes.memory_store import MemoryStore
from tests.unit.scheduling.builders import MONDAY, NOW, a_block, reason_of
from tests.unit.scheduling.world import OTHER_TENANT, World


def nothing_stored(store: MemoryStore) -> bool:
    seated = [each for each in store.documents("sessions") if each["roster"]]
    return not seated and not store.documents("enrollments")


def test_an_admitted_patient_with_a_plan_gets_a_seat_in_all_twenty_four_sessions(
    world: World, store: MemoryStore
) -> None:
    series = world.series(world.clinician("VA"))
    patient = world.patient(state="VA")
    enrollment = world.enroll(series, patient)
    assert enrollment.state is EnrollmentState.ACTIVE
    assert enrollment.session_ids == series.session_ids
    assert len(enrollment.session_ids) == 24
    assert enrollment.create_time == enrollment.update_time == NOW
    assert all(each["roster"] == [patient] for each in store.documents("sessions"))
    assert world.seen(series).free_seats == 7


def test_the_enrollment_is_published_with_every_session(world: World, store: MemoryStore) -> None:
    series = world.series(world.clinician("VA"))
    enrollment = world.enroll(series, patient := world.patient())
    (event,) = store.emitted(wire.SeriesEnrolled)
    assert event.enrollment_id == enrollment.id
    assert (event.series_id, event.group_id) == (series.series.id, series.series.group_id)
    assert event.patient_id == patient
    assert tuple(event.session_ids) == series.session_ids


def test_a_patient_of_whom_nothing_is_known_is_not_found(world: World, store: MemoryStore) -> None:
    series = world.series(world.clinician("VA"))
    with pytest.raises(NotFound):
        world.enroll(series, "patient-9")
    assert nothing_stored(store)


def test_a_patient_who_is_not_admitted_is_refused(world: World, store: MemoryStore) -> None:
    series = world.series(world.clinician("VA"))
    world.planned("patient-1")
    with pytest.raises(FailedPrecondition) as error:
        world.enroll(series, "patient-1")
    assert reason_of(error) == "PATIENT_NOT_ADMITTED"
    assert nothing_stored(store)


def test_a_patient_without_an_active_plan_is_refused(world: World, store: MemoryStore) -> None:
    series = world.series(world.clinician("VA"))
    world.admitted("patient-1")
    with pytest.raises(FailedPrecondition) as error:
        world.enroll(series, "patient-1")
    assert reason_of(error) == "PLAN_NOT_ACTIVE"
    assert nothing_stored(store)


def test_a_series_that_supplies_less_than_the_plan_asks_for_is_refused_with_numbers(
    world: World, store: MemoryStore
) -> None:
    series = world.series(world.clinician("VA"), blocks=(a_block(0), a_block(2)))
    with pytest.raises(FailedPrecondition) as error:
        world.enroll(series, world.patient(weekly_minutes=540))
    assert reason_of(error) == "DOSE_NOT_MET"
    assert error.value.metadata["supplied_minutes"] == "360"
    assert error.value.metadata["planned_minutes"] == "540"
    assert nothing_stored(store)


def test_a_facilitator_without_a_license_where_the_patient_sits_is_refused(
    world: World, store: MemoryStore
) -> None:
    series = world.series(world.clinician("VA"))
    with pytest.raises(FailedPrecondition) as error:
        world.enroll(series, patient := world.patient(state="NC"))
    assert reason_of(error) == "LICENSE_STATE_MISMATCH"
    assert error.value.metadata["states"] == "NC"
    assert error.value.metadata["sessions"] == "24"
    assert patient not in f"{error.value.text} {error.value.metadata} {error.value.violations}"
    assert nothing_stored(store)


def test_a_license_that_ends_within_the_series_is_refused_with_its_last_day(world: World) -> None:
    series = world.series(world.clinician("VA", expire_date=date(2027, 1, 20)))
    with pytest.raises(FailedPrecondition) as error:
        world.enroll(series, world.patient(state="VA"))
    assert reason_of(error) == "LICENSE_STATE_MISMATCH"
    assert error.value.metadata["license_expire_date"] == "2027-01-20"
    assert error.value.metadata["sessions"] == "16"
    assert [each.reason for each in error.value.violations] == ["LICENSE_EXPIRED"]


def test_a_substitute_must_be_licensed_too(world: World) -> None:
    series = world.series(world.clinician("VA", "NC"))
    world.substitute(series.session_ids[5], world.clinician("VA"))
    with pytest.raises(FailedPrecondition) as error:
        world.enroll(series, world.patient(state="NC"))
    assert error.value.metadata["sessions"] == "1"
    world.enroll(series, world.patient(state="VA"))


def test_nobody_gets_more_seats_than_there_are(world: World, store: MemoryStore) -> None:
    series = world.series(world.clinician("VA"), capacity=3)
    for _ in range(3):
        world.enroll(series, world.patient())
    with pytest.raises(FailedPrecondition) as error:
        world.enroll(series, late := world.patient())
    assert reason_of(error) == "SERIES_FULL"
    assert not any(late in each["roster"] for each in store.documents("sessions"))


def test_the_same_patient_is_not_enrolled_twice(world: World) -> None:
    series = world.series(world.clinician("VA"))
    world.enroll(series, patient := world.patient())
    with pytest.raises(AlreadyExists) as error:
        world.enroll(series, patient)
    assert reason_of(error) == "ALREADY_ENROLLED"


def test_a_repeated_request_gets_the_first_answer_and_no_second_seat(world: World) -> None:
    series = world.series(world.clinician("VA"))
    command = commands.EnrollPatient(series.series.id, world.patient())
    call = world.call()
    world.scheduling.enrollments.enroll(call, command)
    with pytest.raises(AlreadyAnswered):
        world.scheduling.enrollments.enroll(call, command)
    assert world.seen(series).free_seats == 7


def test_nobody_sits_in_two_series_at_the_same_time(world: World) -> None:
    first, second = (world.series(world.clinician("VA")) for _ in range(2))
    world.enroll(first, patient := world.patient())
    with pytest.raises(FailedPrecondition) as error:
        world.enroll(second, patient)
    assert reason_of(error) == "PATIENT_BUSY"
    assert error.value.metadata["start_time"] == "2027-01-04T23:00:00+00:00"


def test_a_patient_who_comes_later_gets_what_lies_ahead(world: World, clock: FixedClock) -> None:
    series = world.series(world.clinician("VA"))
    clock.advance(timedelta(days=15))
    enrollment = world.enroll(series, world.patient())
    assert enrollment.session_ids == series.session_ids[6:]


def test_a_series_that_is_over_takes_nobody(world: World, clock: FixedClock) -> None:
    series = world.series(world.clinician("VA"))
    clock.advance(timedelta(days=60))
    with pytest.raises(FailedPrecondition) as error:
        world.enroll(series, world.patient())
    assert reason_of(error) == "SERIES_ENDED"


def test_a_protected_groups_enrollment_is_labeled_from_the_first_write(
    world: World, store: MemoryStore
) -> None:
    group = world.group(track=Track.CO_OCCURRING)
    series = world.series(world.clinician("VA"), group=group)
    enrollment = world.enroll(series, world.patient())
    assert enrollment.is_part2_protected
    for collection in ("groups", "series", "sessions", "enrollments"):
        assert all(each["labels"] == ["42cfr_part2"] for each in store.documents(collection))


def test_canceling_releases_what_lies_ahead_and_tells_so(
    world: World, store: MemoryStore, clock: FixedClock
) -> None:
    series = world.series(world.clinician("VA"))
    enrollment = world.enroll(series, patient := world.patient())
    clock.advance(timedelta(days=8))
    left = world.leave(enrollment)
    assert left.state is EnrollmentState.CANCELED
    assert left.session_ids == series.session_ids[:3]
    assert left.released_session_ids == series.session_ids[3:]
    (event,) = store.emitted(wire.SeatReleased)
    assert event.patient_id == patient
    assert tuple(event.session_ids) == series.session_ids[3:]
    assert tuple(event.held_session_ids) == series.session_ids[:3]
    assert world.seen(series).free_seats == 8


def test_a_freed_seat_can_be_taken_and_the_patient_can_come_back(world: World) -> None:
    series = world.series(world.clinician("VA"), capacity=3)
    enrollments = [world.enroll(series, world.patient()) for _ in range(3)]
    left = world.leave(enrollments[0])
    again = world.enroll(series, left.patient_id)
    assert again.id != left.id
    assert world.seen(series).free_seats == 0


def test_an_enrollment_cannot_be_canceled_twice(world: World) -> None:
    enrollment = world.enroll(world.series(world.clinician("VA")), world.patient())
    world.leave(enrollment)
    with pytest.raises(FailedPrecondition) as error:
        world.leave(enrollment)
    assert reason_of(error) == "ENROLLMENT_NOT_OPEN"


@pytest.mark.parametrize("whose", ["series", "patient"])
def test_another_tenants_series_and_patients_do_not_exist(
    world: World, store: MemoryStore, whose: str
) -> None:
    other = World(store, OTHER_TENANT)
    own = world.series(world.clinician("VA"))
    facts: dict[str, Any] = {"series": own, "patient": world.patient()}
    facts[whose] = other.patient() if whose == "patient" else other.series(other.clinician("VA"))
    with pytest.raises(NotFound):
        world.enroll(facts["series"], facts["patient"])


def test_when_the_last_session_is_over_series_and_enrollment_are_too(
    world: World, clock: FixedClock, store: MemoryStore
) -> None:
    series = world.series(world.clinician("VA"), weeks=1)
    enrollment = world.enroll(series, world.patient())
    clock.advance(timedelta(days=20))
    world.ends(*series.session_ids[:2])
    assert world.enrollment(enrollment).state is EnrollmentState.ACTIVE
    world.ends(series.session_ids[2])
    assert world.enrollment(enrollment).state is EnrollmentState.COMPLETED
    assert {each["state"] for each in store.documents("series")} == {"ended"}
    assert not any("due_time" in each for each in store.documents("sessions"))


def test_calling_off_the_last_session_completes_the_series_too(
    world: World, clock: FixedClock
) -> None:
    series = world.series(world.clinician("VA"), weeks=1, first_date=MONDAY)
    enrollment = world.enroll(series, world.patient())
    clock.advance(timedelta(days=6, hours=20))
    world.ends(*series.session_ids[:2])
    world.cancel(series.session_ids[2])
    seen = world.enrollment(enrollment)
    assert seen.state is EnrollmentState.COMPLETED
    assert seen.session_ids == series.session_ids[:2]
    assert seen.released_session_ids == series.session_ids[2:]


def test_each_outcome_is_counted(world: World) -> None:
    def counted(outcome: str) -> float:
        value = REGISTRY.get_sample_value(
            "haven_scheduling_enrollments_total", {"outcome": outcome}
        )
        assert value is not None, "every outcome is there from the start"
        return value

    before = {each: counted(each) for each in ("enrolled", "full", "license_mismatch", "other")}
    series = world.series(world.clinician("VA"), capacity=3)
    for state in ("VA", "NC", "VA", "VA", "VA"):
        with suppress(FailedPrecondition):
            world.enroll(series, world.patient(state=state))
    with suppress(NotFound):
        world.enroll(series, "patient-9")
    grown = {each: counted(each) - before[each] for each in before}
    assert grown == {"enrolled": 3, "full": 1, "license_mismatch": 1, "other": 1}
