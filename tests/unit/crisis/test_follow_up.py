"""A follow-up ends by a human's act alone; what is missed reaches somebody, and then everybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from haven.crisis.v1 import events_pb2
from haven.intake.v1 import events_pb2 as intake_pb2
from hypothesis import given
from hypothesis import strategies as st

from chassis.call import Role, system_call
from chassis.errors import FailedPrecondition, HavenError, InvalidArgument, NotFound
from services.crisis.domain.aftercare_commands import (
    CancelFollowUp,
    ListFollowUps,
    ReassignFollowUp,
)
from services.crisis.domain.follow_up import (
    OUTCOMES,
    SUPERVISORS,
    CancelReason,
    FollowUp,
    Kind,
    Outcome,
    Owner,
    State,
)
from services.crisis.domain.signal import Severity, Source
from tests.unit.crisis.builders import NOON, after
from tests.unit.crisis.house import TENANT, House

DAY = timedelta(days=1)


def a_follow_up(kind: Kind = Kind.REASSESS, **changes: Any) -> FollowUp:
    """Due in a week, after a case of high severity."""
    values: dict[str, Any] = {
        "id": "f-1",
        "patient_id": "p-1",
        "origin_id": "c-1",
        "kind": kind,
        "number": 1,
        "owner": Owner("dr-one"),
        "due_time": after(days=7),
        "escalate_time": after(days=7),
        "severity": Severity.HIGH,
    }
    return FollowUp(**{**values, **changes})


def missed(follow_up: FollowUp, at: datetime) -> FollowUp:
    """The follow-up after its time."""
    follow_up.miss(supervisor_id="pool", most=3, repeat=DAY, now=at)
    return follow_up


def listed(house: House, **changes: Any) -> list[FollowUp]:
    """What a list answers."""
    values: dict[str, Any] = {
        "patient_id": "",
        "owner": None,
        "due_before": None,
        "with_closed": False,
        "page_size": 0,
        "page_token": "",
    }
    asked = ListFollowUps(**{**values, **changes})
    return house.crisis.care.follow_up_queries.page(house.call("dr-one"), asked).items


def test_it_is_done_by_somebody_at_some_time_with_some_outcome() -> None:
    follow_up = a_follow_up()

    follow_up.complete("dr-two", Outcome.RISK_SAME, after(days=1), is_supervisor=False)

    assert (follow_up.state, follow_up.closer_id, follow_up.outcome, follow_up.escalate_time) == (
        State.DONE,
        "dr-two",
        Outcome.RISK_SAME,
        None,
    )


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (kind, outcome)
        for kind, outcomes in OUTCOMES.items()
        for outcome in set(Outcome) - outcomes
        if kind is not Kind.SAFETY_PLAN_REVIEW
    ],
)
def test_the_outcome_of_another_kind_completes_nothing(kind: Kind, outcome: Outcome) -> None:
    follow_up = a_follow_up(kind)

    with pytest.raises(InvalidArgument) as refused:
        follow_up.complete("dr-two", outcome, NOON, is_supervisor=True)

    assert refused.value.reason == "OUTCOME_NOT_ALLOWED"
    assert follow_up.is_open


@pytest.mark.parametrize("outcome", Outcome)
def test_a_plan_s_review_is_closed_by_what_is_done_to_the_plan_alone(outcome: Outcome) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        a_follow_up(Kind.SAFETY_PLAN_REVIEW).complete("dr", outcome, NOON, is_supervisor=True)

    assert refused.value.reason == "SAFETY_PLAN_NOT_REVIEWED"


def test_a_second_contact_before_its_time_does_not_count() -> None:
    second = a_follow_up(Kind.CONTACT, number=2, start_time=after(hours=24))

    with pytest.raises(FailedPrecondition) as refused:
        second.complete("dr-one", Outcome.REACHED, after(hours=23), is_supervisor=False)
    second.complete("dr-one", Outcome.REACHED, after(hours=24), is_supervisor=False)

    assert refused.value.reason == "FOLLOW_UP_TOO_EARLY"


@pytest.mark.parametrize(
    ("by", "is_supervisor", "reason"),
    [("dr-two", True, "SECOND_PERSON_REQUIRED"), ("dr-three", False, "SUPERVISOR_REQUIRED")],
)
def test_a_supervisor_reviews_what_somebody_else_resolved(
    by: str, is_supervisor: bool, reason: str
) -> None:
    review = a_follow_up(Kind.SUPERVISOR_REVIEW, resolver_id="dr-two")

    with pytest.raises(FailedPrecondition) as refused:
        review.complete(by, Outcome.REVIEWED, NOON, is_supervisor=is_supervisor)

    assert refused.value.reason == reason


def test_after_the_last_escalation_the_supervisors_own_it_and_it_waits() -> None:
    follow_up = a_follow_up()
    for day in (7, 8, 9):
        missed(follow_up, after(days=day))

    assert (follow_up.owner, follow_up.escalate_time) == (SUPERVISORS, None)
    assert (follow_up.state, follow_up.is_open) == (State.MISSED, True)
    told = [event.recipient_id for event in follow_up.events]  # type: ignore[attr-defined]
    assert told == ["dr-one", "dr-one", "pool"]


def test_handing_it_over_moves_no_time() -> None:
    follow_up = a_follow_up()

    follow_up.reassign(Owner("dr-three"), repeat=DAY, now=after(days=1))

    assert (follow_up.owner, follow_up.due_time, follow_up.escalate_time) == (
        Owner("dr-three"),
        after(days=7),
        after(days=7),
    )


def test_what_the_supervisors_hand_on_comes_back_to_them_unless_it_is_done() -> None:
    follow_up = a_follow_up()
    for day in (7, 8, 9):
        missed(follow_up, after(days=day))

    follow_up.reassign(Owner("dr-three"), repeat=DAY, now=after(days=9))
    assert follow_up.escalate_time == after(days=10)
    missed(follow_up, after(days=10))

    assert (follow_up.owner, follow_up.escalate_time) == (SUPERVISORS, None)


VERBS = st.lists(st.sampled_from(["complete", "cancel", "reassign", "return", "miss"]), max_size=8)


@given(verbs=VERBS, kind=st.sampled_from(Kind))
def test_an_open_one_has_a_time_or_belongs_to_the_supervisors(verbs: list[str], kind: Kind) -> None:
    follow_up = a_follow_up(kind)
    acts = {
        "complete": lambda: follow_up.complete(
            "dr", next(iter(OUTCOMES[kind]), Outcome.REVIEWED), NOON, is_supervisor=True
        ),
        "cancel": lambda: follow_up.cancel("dr", CancelReason.PATIENT_DECLINES, NOON),
        "reassign": lambda: follow_up.reassign(Owner("dr-three"), repeat=DAY, now=NOON),
        "return": lambda: follow_up.reassign(SUPERVISORS, repeat=DAY, now=NOON),
        "miss": lambda: missed(follow_up, NOON),
    }
    for verb in verbs:
        closed = not follow_up.is_open
        before = follow_up.state
        try:
            acts[verb]()
        except HavenError:
            assert follow_up.state is before
            continue
        assert not closed
        if follow_up.is_open:
            assert follow_up.escalate_time is not None or follow_up.owner == SUPERVISORS
            assert not follow_up.closer_id
        else:
            assert follow_up.closer_id == "dr"
            assert follow_up.escalate_time is None


def test_a_missed_contact_after_high_severity_wakes_people_again() -> None:
    house = House().staffed()
    house.closed_case()
    before = len(house.pages)

    house.time_passes(hours=25)

    (case,) = [case for case in house.cases if case["is_open"]]
    assert (case["source"], case["severity"]) == (Source.MISSED_FOLLOW_UP.value, "moderate")
    assert len(house.pages) > before
    (event,) = [e for e in house.store.emitted(events_pb2.FollowUpMissed) if e.kind == "contact"]
    assert (event.recipient_id, event.escalation_count) == ("dr-one", 1)


def test_a_missed_reassessment_after_high_severity_opens_a_low_case() -> None:
    house = House().staffed()
    house.closed_case()
    for contact in house.follow_ups(Kind.CONTACT):
        house.clock.advance(timedelta(hours=24))
        house.complete(contact, Outcome.REACHED)

    house.time_passes(days=6)

    (case,) = [case for case in house.cases if case["is_open"]]
    assert (case["source"], case["severity"]) == (Source.MISSED_FOLLOW_UP.value, "low")


def test_a_missed_contact_after_moderate_severity_tells_its_owner_and_opens_no_case() -> None:
    house = House().staffed()
    house.closed_case(tier=intake_pb2.RISK_TIER_MODERATE)

    house.time_passes(hours=49)

    assert not [case for case in house.cases if case["is_open"]]
    assert "contact" in {e.kind for e in house.store.emitted(events_pb2.FollowUpMissed)}


def test_one_that_is_handled_twice_escalates_once() -> None:
    house = House().staffed()
    house.closed_case()
    house.clock.advance(timedelta(hours=25))
    first = house.follow_ups(Kind.CONTACT)[0]
    call = system_call(TENANT, service="crisis", action="timer.follow-ups")

    for _ in range(3):
        house.crisis.care.follow_ups.escalate(call, first.id)

    assert house.follow_ups(Kind.CONTACT)[0].escalation_count == 1
    assert len(house.store.emitted(events_pb2.FollowUpMissed)) == 1


def test_dying_between_the_case_and_the_note_of_it_opens_no_second_case() -> None:
    house = House().staffed()
    house.closed_case()
    house.clock.advance(timedelta(hours=25))
    first = house.follow_ups(Kind.CONTACT)[0]
    call = system_call(TENANT, service="crisis", action="timer.follow-ups")
    miss = house.crisis.care.follow_ups._miss

    def died(*_: Any) -> None:
        raise RuntimeError("died")

    house.crisis.care.follow_ups._miss = died
    with pytest.raises(RuntimeError):
        house.crisis.care.follow_ups.escalate(call, first.id)
    house.crisis.care.follow_ups._miss = miss
    house.crisis.care.follow_ups.escalate(call, first.id)

    opened = [case for case in house.cases if case["source"] == Source.MISSED_FOLLOW_UP.value]
    assert len(opened) == 1
    signals = [act for act in house.store.documents("case_acts") if act["is_signal"]]
    assert len(signals) == 2


def test_an_assessment_that_finds_more_risk_opens_a_case() -> None:
    house = House().staffed()
    house.screening("p-1", intake_pb2.RISK_TIER_LOW)

    house.complete(house.follow_up(Kind.CLARIFY_SCREEN), Outcome.RISK_HIGHER, "dr-two")

    (case,) = house.cases
    assert (case["source"], case["severity"]) == (Source.CLINICIAN.value, "moderate")
    assert house.woken == ["dr-one"]
    assert house.follow_up(Kind.CLARIFY_SCREEN).state is State.DONE


def test_what_cannot_be_completed_opens_no_case() -> None:
    house = House().staffed()
    house.screening("p-1", intake_pb2.RISK_TIER_LOW)
    clarify = house.follow_up(Kind.CLARIFY_SCREEN)
    house.complete(clarify, Outcome.RISK_LOWER)

    with pytest.raises(FailedPrecondition):
        house.complete(clarify, Outcome.RISK_HIGHER)

    assert house.cases == []


def test_one_that_was_done_in_time_tells_nobody() -> None:
    house = House()
    house.screening("p-1", intake_pb2.RISK_TIER_LOW)
    house.complete(house.follow_up(Kind.CLARIFY_SCREEN), Outcome.RISK_LOWER)

    house.time_passes(days=3)

    assert house.store.emitted(events_pb2.FollowUpMissed) == []


def test_what_was_missed_can_still_be_done() -> None:
    house = House()
    house.screening("p-1", intake_pb2.RISK_TIER_LOW)
    house.time_passes(days=3)

    done = house.complete(house.follow_up(Kind.CLARIFY_SCREEN), Outcome.RISK_SAME)

    assert done.state is State.DONE


def test_nobody_closes_a_closed_one() -> None:
    house = House()
    house.screening("p-1", intake_pb2.RISK_TIER_LOW)
    follow_up = house.follow_up(Kind.CLARIFY_SCREEN)
    house.complete(follow_up, Outcome.RISK_LOWER)
    call = house.call("dr-two", Role.SUPERVISOR)

    for act in (
        lambda: house.complete(follow_up, Outcome.RISK_LOWER),
        lambda: house.crisis.care.follow_ups.cancel(
            call, CancelFollowUp(follow_up.id, CancelReason.MADE_IN_ERROR)
        ),
        lambda: house.crisis.care.follow_ups.reassign(
            call, ReassignFollowUp(follow_up.id, Owner("dr-two"))
        ),
    ):
        with pytest.raises(FailedPrecondition) as refused:
            act()
        assert refused.value.reason == "FOLLOW_UP_CLOSED"


def test_lists_tell_what_is_open_by_due_time_and_narrow_as_asked() -> None:
    house = House().staffed()
    house.closed_case("p-1")
    house.screening("p-2", intake_pb2.RISK_TIER_LOW)

    due = [each.due_time for each in listed(house)]
    assert due == sorted(due)
    assert len(due) == 19
    assert {each.patient_id for each in listed(house, patient_id="p-2")} == {"p-2"}
    assert {each.kind for each in listed(house, owner=SUPERVISORS)} == {Kind.SUPERVISOR_REVIEW}
    soon = listed(house, due_before=after(hours=25), owner=Owner("dr-one"))
    assert Kind.CONTACT in {each.kind for each in soon}
    assert Kind.REASSESS not in {each.kind for each in soon}


def test_closed_ones_are_listed_only_when_asked_for() -> None:
    house = House()
    house.screening("p-1", intake_pb2.RISK_TIER_LOW)
    house.complete(house.follow_up(Kind.CLARIFY_SCREEN), Outcome.RISK_LOWER)

    assert listed(house, patient_id="p-1") == []
    assert len(listed(house, patient_id="p-1", with_closed=True)) == 1


def test_a_patient_of_whom_nobody_told_is_not_found() -> None:
    with pytest.raises(NotFound):
        listed(House(), patient_id="p-9")
