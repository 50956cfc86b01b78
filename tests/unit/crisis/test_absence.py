"""A patient did not come: whether that worries depends on what is known of them."""

from __future__ import annotations

import pytest
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.ids import new_id
from chassis.store import AlreadyDone
from services.crisis.domain.absence import worry
from services.crisis.domain.signal import Severity
from tests.unit.crisis.builders import after
from tests.unit.crisis.house import House


@pytest.fixture
def house() -> House:
    return House().staffed()


def screened(house: House, tier: int, *, instrument: str = "phq-9", minutes: float = 0) -> None:
    event = intake_pb2.ScreeningCompleted(
        screening_id=new_id(), patient_id="p-1", instrument=instrument, tier=tier
    )
    event.complete_time.FromDatetime(after(minutes=minutes))
    house.hear(event)


def absent(house: House, session_id: str = "s-1", **parts: str) -> None:
    house.hear(sessions_pb2.PatientAbsent(session_id=session_id, patient_id="p-1"), **parts)


@pytest.mark.parametrize(
    ("tiers", "severity"),
    [
        ([], None),
        (["none"], None),
        (["low", "none"], None),
        (["moderate"], Severity.LOW),
        (["low", "moderate"], Severity.LOW),
        (["high", "none"], Severity.MODERATE),
        (["a word of a later release"], Severity.MODERATE),
    ],
)
def test_how_much_it_worries(tiers: list[str], severity: Severity | None) -> None:
    assert worry(tiers) is severity


def test_somebody_calls_a_patient_at_risk_who_did_not_come(house: House) -> None:
    screened(house, intake_pb2.RISK_TIER_HIGH)
    absent(house)

    (case,) = house.cases
    assert (case["source"], case["severity"]) == ("missed_check_in", "moderate")
    assert house.woken == ["dr-one"]


def test_nobody_is_woken_for_a_patient_of_whom_nothing_worrying_is_known(house: House) -> None:
    screened(house, intake_pb2.RISK_TIER_LOW)
    absent(house)

    assert house.cases == []


def test_the_newest_answers_of_an_instrument_count(house: House) -> None:
    screened(house, intake_pb2.RISK_TIER_HIGH)
    screened(house, intake_pb2.RISK_TIER_NONE, minutes=5)
    absent(house)

    assert house.cases == []


def test_good_answers_of_one_instrument_do_not_hide_bad_ones_of_another(house: House) -> None:
    screened(house, intake_pb2.RISK_TIER_HIGH, instrument="c-ssrs")
    screened(house, intake_pb2.RISK_TIER_NONE, minutes=5)
    absent(house)

    assert len(house.cases) == 1


def test_one_session_is_one_signal_however_often_it_is_told(house: House) -> None:
    screened(house, intake_pb2.RISK_TIER_MODERATE)
    absent(house, event_id="e-1")
    with pytest.raises(AlreadyDone):
        absent(house, event_id="e-1")
    absent(house, event_id="e-2")

    assert house.woken == ["dr-one"]
    assert sum(act["is_signal"] for act in house.acts()) == 1


def test_an_absence_joins_the_open_case_and_lowers_nothing(house: House) -> None:
    screened(house, intake_pb2.RISK_TIER_MODERATE)
    house.signal("p-1")
    absent(house)

    (case,) = house.cases
    assert case["severity"] == "high"
    assert [act["kind"] for act in house.acts()][-1] == "signal_joined"
