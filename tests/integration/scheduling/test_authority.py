"""Licenses, locations and rosters that change at the same moment never leave a silent gap."""

from __future__ import annotations

import random
from datetime import timedelta
from functools import partial

import pytest

from chassis.store import Store
from tests.integration.scheduling.crowd import (
    Act,
    all_at_once,
    assert_every_lack_is_flagged,
    until_decided,
)
from tests.unit.scheduling.builders import NOW
from tests.unit.scheduling.world import World


@pytest.mark.parametrize("round_number", range(6))
def test_enrolling_while_the_license_is_revoked(
    world: World, store: Store, round_number: int
) -> None:
    clinician = world.clinician("VA", "NC")
    series = world.series(clinician, weeks=2)
    patients = [world.patient(state="NC") for _ in range(3)]
    acts: list[Act] = [partial(world.enroll, series, each) for each in patients]
    acts.insert(round_number % 4, partial(world.revoke, clinician, "NC"))
    outcomes = all_at_once([until_decided(each) for each in acts])
    assert outcomes["done"] + outcomes["LICENSE_STATE_MISMATCH"] == 4
    assert_every_lack_is_flagged(world)


@pytest.mark.parametrize("round_number", range(6))
def test_enrolling_while_the_patient_moves(world: World, round_number: int) -> None:
    series = world.series(world.clinician("VA"), weeks=2)
    patient = world.patient(state="VA")
    acts: list[Act] = [
        partial(world.enroll, series, patient),
        partial(world.attested, patient, "NC", at=NOW + timedelta(hours=1)),
    ]
    random.Random(round_number).shuffle(acts)
    outcomes = all_at_once([until_decided(each) for each in acts])
    assert outcomes["done"] + outcomes["LICENSE_STATE_MISMATCH"] == 2
    assert_every_lack_is_flagged(world)


@pytest.mark.parametrize("round_number", range(6))
def test_assigning_while_a_patient_moves(world: World, round_number: int) -> None:
    series = world.series(world.clinician("VA", "NC"), weeks=2)
    world.enroll(series, patient := world.patient(state="VA"))
    colleague = world.clinician("VA")
    acts: list[Act] = [
        partial(world.assign, series, colleague),
        partial(world.attested, patient, "NC", at=NOW + timedelta(hours=1)),
    ]
    random.Random(round_number).shuffle(acts)
    all_at_once([until_decided(each) for each in acts])
    assert_every_lack_is_flagged(world)


@pytest.mark.parametrize("round_number", range(6))
def test_assigning_while_the_new_facilitators_license_is_revoked(
    world: World, round_number: int
) -> None:
    series = world.series(world.clinician("VA"), weeks=2)
    world.enroll(series, world.patient(state="VA"))
    colleague = world.clinician("VA")
    acts: list[Act] = [
        partial(world.assign, series, colleague),
        partial(world.revoke, colleague, "VA"),
    ]
    random.Random(round_number).shuffle(acts)
    all_at_once([until_decided(each) for each in acts])
    assert_every_lack_is_flagged(world)


def test_a_day_of_everything_at_once(world: World) -> None:
    chance = random.Random(7)
    clinicians = [world.clinician("VA", "NC") for _ in range(3)]
    series = [world.series(each, weeks=2, capacity=6) for each in clinicians[:2]]
    patients = [world.patient(state=chance.choice(["VA", "NC"])) for _ in range(10)]
    acts: list[Act] = [partial(world.enroll, chance.choice(series), each) for each in patients]
    for number, patient in enumerate(patients * 2):
        state, at = chance.choice(["VA", "NC", "MD"]), NOW + timedelta(minutes=number + 1)
        acts.append(partial(world.attested, patient, state, at=at))
    acts += [partial(world.license, each.id, "MD") for each in clinicians]
    acts += [partial(world.revoke, clinicians[0], "NC")]
    acts += [partial(world.assign, series[0], clinicians[2])]
    acts += [partial(world.substitute, each, clinicians[2]) for each in series[1].session_ids[:2]]
    chance.shuffle(acts)
    outcomes = all_at_once([until_decided(each) for each in acts])
    assert set(outcomes) <= {"done", "LICENSE_STATE_MISMATCH", "FACILITATOR_BUSY", "SERIES_FULL"}
    assert_every_lack_is_flagged(world)
