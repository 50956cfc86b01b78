"""Whoever leads is licensed where each patient sits, and leads one session at a time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from haven.scheduling.v1 import events_pb2 as wire

from chassis.clock import FixedClock
from chassis.errors import Aborted, FailedPrecondition, NotFound
from chassis.store import etag_of
from services.scheduling.domain import commands
from tests.fakes.memory_store import MemoryStore
from tests.unit.scheduling.builders import after, reason_of
from tests.unit.scheduling.world import OTHER_TENANT, World


def test_a_licensed_colleague_takes_over_everything_ahead(
    world: World, store: MemoryStore, clock: FixedClock
) -> None:
    series = world.series(world.clinician("VA"))
    world.enroll(series, world.patient(state="VA"))
    clock.advance(timedelta(days=8))
    colleague = world.clinician("VA", "MD")
    assigned = world.assign(series, colleague)
    assert assigned.series.facilitator_id == colleague.id
    leads = [world.session(each).facilitator_id == colleague.id for each in series.session_ids]
    assert leads == [False] * 3 + [True] * 21
    told = store.emitted(wire.SessionScheduled)[24:]
    assert len(told) == 21
    assert {tuple(each.facilitator_states) for each in told} == {("MD", "VA")}


def test_a_colleague_without_a_license_where_an_enrolled_patient_sits_is_refused(
    world: World, store: MemoryStore
) -> None:
    first = world.clinician("VA", "NC")
    series = world.series(first)
    world.enroll(series, world.patient(state="VA"))
    world.enroll(series, world.patient(state="NC"))
    with pytest.raises(FailedPrecondition) as error:
        world.assign(series, world.clinician("VA", "MD"))
    assert reason_of(error) == "LICENSE_STATE_MISMATCH"
    assert error.value.metadata["states"] == "NC"
    assert {each["facilitator_id"] for each in store.documents("sessions")} == {first.id}


def test_a_colleague_whose_license_ends_within_the_series_is_refused_with_the_day(
    world: World,
) -> None:
    series = world.series(world.clinician("VA"))
    world.enroll(series, world.patient(state="VA"))
    with pytest.raises(FailedPrecondition) as error:
        world.assign(series, world.clinician("VA", expire_date=date(2027, 2, 1)))
    assert error.value.metadata["license_expire_date"] == "2027-02-01"


def test_a_series_without_patients_can_be_given_to_anybody(world: World) -> None:
    series = world.series(world.clinician("VA"))
    assert (
        world.assign(series, colleague := world.clinician()).series.facilitator_id == colleague.id
    )


def test_a_substitute_leads_one_session_only(world: World, store: MemoryStore) -> None:
    series = world.series(first := world.clinician("VA"))
    world.enroll(series, world.patient(state="VA"))
    substitute = world.clinician("VA")
    session = world.substitute(series.session_ids[3], substitute)
    assert session.facilitator_id == substitute.id
    leads = [each["facilitator_id"] for each in store.documents("sessions")]
    assert leads.count(substitute.id) == 1
    assert leads.count(first.id) == 23


def test_a_substitute_without_the_license_is_refused(world: World) -> None:
    series = world.series(world.clinician("VA"))
    world.enroll(series, world.patient(state="VA"))
    with pytest.raises(FailedPrecondition) as error:
        world.substitute(series.session_ids[0], world.clinician("NC"))
    assert reason_of(error) == "LICENSE_STATE_MISMATCH"


def test_a_one_off_session_needs_authority_for_each_patient(world: World) -> None:
    clinician = world.clinician("VA")
    patients = world.patient(state="VA"), world.patient(state="NC")
    with pytest.raises(FailedPrecondition) as error:
        world.one_off(clinician, *patients)
    assert reason_of(error) == "LICENSE_STATE_MISMATCH"
    world.license(clinician.id, "NC")
    assert world.one_off(clinician, *patients).facilitator_states == ("NC", "VA")


def test_nobody_leads_two_sessions_at_once(world: World) -> None:
    clinician = world.clinician("VA")
    world.series(clinician)
    for act in (
        lambda: world.series(clinician),
        lambda: world.assign(world.series(world.clinician("VA")), clinician),
        lambda: world.one_off(clinician, world.patient(), start_time=after(days=3, hours=12)),
    ):
        with pytest.raises(FailedPrecondition) as error:
            act()
        assert reason_of(error) == "FACILITATOR_BUSY"


def test_one_who_leads_the_series_already_may_be_assigned_again(world: World) -> None:
    clinician = world.clinician("VA")
    series = world.series(clinician)
    world.assign(series, clinician)


def test_a_stale_etag_is_refused_and_the_present_one_accepted(world: World) -> None:
    series = world.series(world.clinician("VA"))
    colleague = world.clinician("VA")
    seen = world.seen(series)
    for etag, is_accepted in ((etag_of(seen.series), True), (etag_of(seen.series), False)):
        command = commands.AssignFacilitator(series.series.id, colleague.id, etag)
        if is_accepted:
            world.scheduling.series.assign(world.call(), command)
            continue
        with pytest.raises(Aborted) as error:
            world.scheduling.series.assign(world.call(), command)
        assert reason_of(error) == "ETAG_STALE"


def test_another_tenants_clinicians_and_sessions_do_not_exist(
    world: World, store: MemoryStore
) -> None:
    other = World(store, OTHER_TENANT)
    own_series, other_series = (each.series(each.clinician("VA")) for each in (world, other))
    for session, clinician in (
        (own_series.session_ids[0], other.clinician("VA")),
        (other_series.session_ids[0], world.clinician("VA")),
    ):
        with pytest.raises(NotFound):
            world.substitute(session, clinician)
