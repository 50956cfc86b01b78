"""Eight seats stay eight, however many want them at once."""

from __future__ import annotations

import time
from functools import partial

from chassis.ids import new_id
from chassis.store import AlreadyAnswered, Store
from services.scheduling.domain import commands
from services.scheduling.domain.series import SeriesView
from tests.integration.scheduling.crowd import (
    Act,
    all_at_once,
    assert_nobody_is_half_enrolled,
    documents,
    patients_of,
    until_decided,
)
from tests.unit.scheduling.world import World


def wishes(world: World, series: SeriesView, patients: list[str]) -> list[Act]:
    """Each patient's one request, repeated until it is answered."""
    return [
        until_decided(partial(world.enroll, series, each, request_id=new_id())) for each in patients
    ]


def test_fifty_at_once_on_eight_seats_leave_exactly_eight_enrolled(
    world: World, store: Store
) -> None:
    series = world.series(world.clinician("VA"), capacity=8)
    patients = patients_of(world, 50)
    outcomes = all_at_once(wishes(world, series, patients))
    assert outcomes == {"done": 8, "SERIES_FULL": 42}
    enrolled = assert_nobody_is_half_enrolled(store, capacity=8, sessions=24)
    assert len(enrolled) == 8
    assert world.seen(series).free_seats == 0


def test_five_hundred_at_once_on_eight_seats_are_decided_in_bounds(
    world: World, store: Store
) -> None:
    series = world.series(world.clinician("VA"), capacity=8)
    patients = patients_of(world, 500)
    started = time.monotonic()
    outcomes = all_at_once(wishes(world, series, patients))
    seconds = time.monotonic() - started
    print(f"500 attempts on 8 seats: {seconds:.1f} s, {dict(outcomes)}")
    assert outcomes == {"done": 8, "SERIES_FULL": 492}
    assert len(assert_nobody_is_half_enrolled(store, capacity=8, sessions=24)) == 8
    published = [each["type"] for each in documents(store, "outbox")]
    assert published.count("haven.scheduling.v1.SeriesEnrolled") == 8


def test_one_patient_asking_twenty_times_is_enrolled_once(world: World, store: Store) -> None:
    series = world.series(world.clinician("VA"))
    patient = world.patient()
    outcomes = all_at_once([until_decided(partial(world.enroll, series, patient))] * 20)
    assert outcomes == {"done": 1, "ALREADY_ENROLLED": 19}
    assert assert_nobody_is_half_enrolled(store, capacity=8, sessions=24) == {patient}


def test_the_same_request_twenty_times_is_one_enrollment(world: World, store: Store) -> None:
    series = world.series(world.clinician("VA"))
    command = commands.EnrollPatient(series.series.id, world.patient())
    request_id = new_id()

    def ask() -> None:
        try:
            world.scheduling.enrollments.enroll(world.call(request_id=request_id), command)
        except AlreadyAnswered as repeated:
            assert repeated.answer == b"answer"  # noqa: PT017  # both ends are right

    assert all_at_once([until_decided(ask)] * 20) == {"done": 20}
    assert len(documents(store, "enrollments")) == 1


def test_two_series_at_the_same_time_cannot_both_have_the_patient(
    world: World, store: Store
) -> None:
    both = [world.series(world.clinician("VA")) for _ in range(2)]
    patients = [world.patient() for _ in range(6)]
    acts = [
        until_decided(partial(world.enroll, series, patient))
        for patient in patients
        for series in both
    ]
    assert all_at_once(acts) == {"done": 6, "PATIENT_BUSY": 6}
    enrolled = [each["patient_id"] for each in documents(store, "enrollments")]
    assert sorted(enrolled) == sorted(patients)


def test_two_series_at_the_same_time_cannot_both_have_the_facilitator(
    world: World, store: Store
) -> None:
    clinician, group = world.clinician("VA"), world.group()
    create = partial(world.series, clinician, group=group)
    assert all_at_once([until_decided(create)] * 4) == {"done": 1, "FACILITATOR_BUSY": 3}
    assert len(documents(store, "sessions")) == 24


def test_coming_and_going_at_once_keeps_seats_and_enrollments_the_same(
    world: World, store: Store
) -> None:
    series = world.series(world.clinician("VA"), capacity=8)
    first = [world.enroll(series, world.patient()) for _ in range(8)]
    leaving = [until_decided(partial(world.leave, each)) for each in first]
    coming = wishes(world, series, [world.patient() for _ in range(16)])
    outcomes = all_at_once([act for pair in zip(leaving, coming[:8], strict=True) for act in pair])
    assert outcomes["done"] >= 8
    late = all_at_once(coming[8:])
    assert set(outcomes) | set(late) <= {"done", "SERIES_FULL"}
    enrolled = assert_nobody_is_half_enrolled(store, capacity=8, sessions=24)
    assert enrolled.isdisjoint(each.patient_id for each in first)
    assert len(enrolled) == 8
