"""Of two attestations the later one is the newest, however close together they came."""

from __future__ import annotations

from datetime import timedelta

import pytest
from haven.sessions.v1 import events_pb2 as sessions

from services.sessions.domain.lobby import WaitReason
from tests.unit.sessions.builders import NOON
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

HELD = WaitReason.HELD_FOR_LICENSE
ORDERS = [("VA", "MD"), ("MD", "VA")]


def attested(ward: Ward) -> list[sessions.LocationAttested]:
    return ward.store.emitted(sessions.LocationAttested)


@pytest.mark.parametrize("attempt", range(6))  # ids are random: a tie that they break shows
@pytest.mark.parametrize("states", ORDERS)
def test_in_one_instant_the_second_one_counts_at_the_door(
    states: tuple[str, str], attempt: int
) -> None:
    ward = Ward()
    ward.opens()
    ward.enters(by_facilitator(), "c-lead")
    for state in states:
        ward.attests("p-1", state)
    entered = ward.enters(by_patient(), f"c-{attempt}")
    assert entered.wait_reason is (HELD if states[-1] == "MD" else None)


@pytest.mark.parametrize("states", ORDERS)
def test_others_are_told_times_that_say_which_one_is_the_later(states: tuple[str, str]) -> None:
    ward = Ward()
    ward.schedules()
    for state in (*states, *states):
        ward.attests("p-1", state)
    told = [(each.attest_time.ToDatetime(), each.state) for each in attested(ward)]
    assert [state for _, state in sorted(told)] == [*states, *states]
    assert len({time for time, _ in told}) == 4


def test_a_signal_brings_along_the_one_that_counts_at_the_door() -> None:
    for states in ORDERS * 3:
        ward = Ward()
        ward.schedules()
        for state in states:
            ward.attests("p-1", state)
        ward.presses(by_patient())
        (raised,) = ward.store.emitted(sessions.SafetySignalRaised)
        assert raised.location.state == states[-1]


def test_apart_from_that_the_time_is_the_stores_own() -> None:
    ward = Ward()
    ward.schedules()
    ward.attests("p-1")
    ward.attests("p-2")
    ward.pass_time(seconds=5)
    ward.attests("p-1")
    times = [each.attest_time.ToDatetime(NOON.tzinfo) for each in attested(ward)]
    assert times == [NOON, NOON, NOON + timedelta(seconds=5)]


def test_a_clock_that_stepped_back_hides_no_newer_word() -> None:
    ward = Ward()
    ward.opens()
    ward.enters(by_facilitator(), "c-lead")
    ward.attests("p-1", "VA")
    ward.pass_time(seconds=-30)
    ward.attests("p-1", "MD")
    assert ward.enters(by_patient(), "c-ana").wait_reason is HELD
