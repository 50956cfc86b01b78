"""Somebody calls a patient who did not come, again and again, until one of them closes it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from haven.crisis.v1 import events_pb2
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.errors import InvalidArgument
from chassis.ids import new_id
from services.crisis.codec.names import CANCEL_REASONS
from services.crisis.domain.follow_up import CancelReason, FollowUp, Kind, Outcome, OwnerRole, State
from tests.unit.crisis.builders import NOON, after
from tests.unit.crisis.house import House


@pytest.fixture
def house() -> House:
    return House().staffed()


def screened(house: House, tier: intake_pb2.RiskTier.ValueType) -> None:
    event = intake_pb2.ScreeningCompleted(
        screening_id=new_id(), patient_id="p-1", instrument="phq-9", tier=tier
    )
    event.complete_time.FromDatetime(NOON)
    house.hear(event)


def absent(
    house: House, session_id: str = "s-1", start_time: datetime | None = NOON, event_id: str = ""
) -> None:
    event = sessions_pb2.PatientAbsent(session_id=session_id, patient_id="p-1")
    event.notice_time.FromDatetime(house.clock.now())
    if start_time is not None:
        event.start_time.FromDatetime(start_time)
    house.hear(event, event_id=event_id)


def came(house: House) -> None:
    house.hear(sessions_pb2.AbsentPatientCame(session_id="s-1", patient_id="p-1"))


def the_call(house: House) -> FollowUp:
    (found,) = [each for each in house.follow_ups(Kind.ABSENCE_CALL) if each.is_open]
    return found


@pytest.mark.parametrize(
    ("tier", "minutes"),
    [
        (None, 15),
        (intake_pb2.RISK_TIER_NONE, 120),
        (intake_pb2.RISK_TIER_LOW, 120),
        (intake_pb2.RISK_TIER_MODERATE, 15),
        (intake_pb2.RISK_TIER_HIGH, 15),
    ],
)
def test_how_soon_somebody_calls_depends_on_what_is_known(
    house: House, tier: intake_pb2.RiskTier.ValueType | None, minutes: int
) -> None:
    if tier is not None:
        screened(house, tier)
    house.clock.advance(timedelta(minutes=5))
    absent(house)

    call = the_call(house)
    assert (call.due_time, call.owner.role) == (after(minutes=minutes), OwnerRole.CLINICIAN)
    assert call.escalate_time == call.due_time


def test_whoever_is_told_late_has_ten_minutes(house: House) -> None:
    house.clock.advance(timedelta(minutes=50))
    absent(house)
    assert the_call(house).due_time == after(minutes=60)


def test_an_absence_that_an_earlier_release_told_of_counts_from_now(house: House) -> None:
    house.clock.advance(timedelta(minutes=5))
    absent(house, start_time=None)
    assert the_call(house).due_time == after(minutes=20)


def test_one_absence_is_one_call_however_often_it_is_told(house: House) -> None:
    absent(house, event_id="e-1")
    absent(house, event_id="e-2")
    assert len(house.follow_ups(Kind.ABSENCE_CALL)) == 1


def test_whoever_misses_the_whole_day_is_called_once(house: House) -> None:
    absent(house, "s-1")
    absent(house, "s-2", after(minutes=70))
    assert len(house.follow_ups(Kind.ABSENCE_CALL)) == 1


def test_a_patient_who_was_reached_is_not_called_again(house: House) -> None:
    absent(house)
    house.complete(the_call(house), Outcome.REACHED)
    assert [each.state for each in house.follow_ups(Kind.ABSENCE_CALL)] == [State.DONE]


def test_where_nobody_answers_the_next_attempt_follows_until_the_care_is_reviewed(
    house: House,
) -> None:
    absent(house)
    due = []
    for _ in range(6):
        call = the_call(house)
        due.append(call.due_time)
        house.complete(call, Outcome.NOT_REACHED)

    assert due == [
        after(minutes=15),
        after(hours=6),
        after(hours=24),
        after(hours=48),
        after(days=5),
        after(days=7),
    ]
    assert all(not each.is_open for each in house.follow_ups(Kind.ABSENCE_CALL))
    assert house.follow_up(Kind.LEVEL_OF_CARE_REVIEW).due_time == after(days=14)


def test_a_call_that_is_not_made_is_told_to_the_supervisors(house: House) -> None:
    absent(house)
    house.time_passes(minutes=16)

    (missed,) = house.store.emitted(events_pb2.FollowUpMissed)
    assert missed.recipient_id
    assert the_call(house).state is State.MISSED


def test_a_call_that_was_never_closed_does_not_silence_a_later_absence(house: House) -> None:
    absent(house)
    house.time_passes(minutes=16)
    for _ in range(6):
        house.time_passes(hours=24)
    (left,) = house.follow_ups(Kind.ABSENCE_CALL)
    assert left.escalate_time is None, "the supervisors own it for good"
    house.clock.advance(timedelta(days=20))
    absent(house, "s-9", house.clock.now())

    assert the_call(house).origin_id != left.origin_id
    states = {each.state for each in house.follow_ups(Kind.ABSENCE_CALL)}
    assert states == {State.CANCELLED, State.OPEN}


def test_an_absence_that_is_told_again_does_not_take_its_own_call_away(house: House) -> None:
    absent(house)
    house.time_passes(minutes=16)
    for _ in range(6):
        house.time_passes(hours=24)
    absent(house)

    assert the_call(house).escalate_time is None, "the supervisors own it still"


def test_a_caller_who_hears_of_danger_opens_a_case(house: House) -> None:
    absent(house)
    house.complete(the_call(house), Outcome.RISK_HIGHER)
    (case,) = house.cases
    assert case["severity"] == "moderate"


def test_nobody_needs_to_call_a_patient_who_came_after_all(house: House) -> None:
    absent(house)
    house.complete(the_call(house), Outcome.NOT_REACHED)
    came(house)

    last = house.follow_ups(Kind.ABSENCE_CALL)[-1]
    assert (last.state, last.cancel_reason) == (State.CANCELLED, CancelReason.PATIENT_CAME)
    absent(house, "s-2", after(hours=2))
    assert the_call(house).origin_id != last.origin_id


def test_a_case_that_the_absence_opened_stays_though_the_patient_came(house: House) -> None:
    screened(house, intake_pb2.RISK_TIER_HIGH)
    absent(house)
    came(house)
    (case,) = house.cases
    assert case["is_open"]


def test_only_the_patient_can_say_that_they_came() -> None:
    assert CancelReason.PATIENT_CAME not in CANCEL_REASONS.values()


def test_a_call_is_not_closed_by_an_assessment(house: House) -> None:
    absent(house)
    with pytest.raises(InvalidArgument, match="another kind"):
        house.complete(the_call(house), Outcome.RISK_SAME)
