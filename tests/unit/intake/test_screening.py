"""A screening from its first answer to its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import FailedPrecondition, InvalidArgument
from services.intake.domain.answers import GivenAnswer, Unread
from services.intake.domain.instruments.cssrs import CSSRS, Q1, Q2, Q3, Q4, Q5, Q6, Q6B
from services.intake.domain.instruments.gad7 import GAD7
from services.intake.domain.instruments.model import Instrument, Item
from services.intake.domain.instruments.phq9 import ITEM_9, PHQ9
from services.intake.domain.screening import (
    RiskSeen,
    Screening,
    ScreeningEnded,
    ScreeningRules,
    ScreeningState,
)
from services.intake.domain.tier import Tier, Trigger
from services.intake.domain.triage import TriageRules, reachable_tier

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
RULES = ScreeningRules(TriageRules(Tier.MODERATE), timedelta(minutes=10))
LATER = NOW + timedelta(minutes=10)


def a_screening(instrument: Instrument = PHQ9) -> Screening:
    return Screening(
        id="4e4f5b0c-6c7d-4d6f-9f5e-0c1d2e3f4a5b",
        patient_id="ana",
        instrument_id=instrument.id,
        instrument_version=instrument.version,
        is_part2_protected=False,
        create_time=NOW,
    )


def given_values(answers: dict[str, int]) -> list[GivenAnswer]:
    return [GivenAnswer(code, value=value) for code, value in answers.items()]


def risks(screening: Screening) -> list[tuple[Tier, Trigger]]:
    return [(each.tier, each.trigger) for each in screening.events if isinstance(each, RiskSeen)]


def test_item_nine_raises_risk_the_moment_it_arrives_before_the_form_is_complete() -> None:
    screening = a_screening()
    screening.record(given_values({ITEM_9: 1}), RULES, NOW)
    assert risks(screening) == [(Tier.MODERATE, Trigger.PHQ9_ITEM9)]
    assert screening.state is ScreeningState.ANSWERING
    assert screening.score is None


def test_a_positive_item_nine_raises_risk_even_if_the_total_is_minimal() -> None:
    screening = a_screening()
    answers = {item.code: 0 for item in PHQ9.scored_items} | {ITEM_9: 1}
    screening.record(given_values(answers), RULES, NOW)
    screening.complete(RULES, NOW)
    assert screening.score is not None
    assert (screening.score.value, screening.score.band) == (1, "minimal")
    assert screening.tier is Tier.MODERATE


def test_the_same_risk_is_raised_once_however_often_it_is_answered() -> None:
    screening = a_screening()
    for value in (1, 2, 3):
        screening.record(given_values({ITEM_9: value}), RULES, NOW)
    screening.complete(RULES, NOW)
    assert risks(screening) == [(Tier.MODERATE, Trigger.PHQ9_ITEM9)]


def test_an_answer_taken_back_does_not_take_back_the_risk() -> None:
    screening = a_screening()
    screening.record(given_values({ITEM_9: 3}), RULES, NOW)
    screening.record(given_values({ITEM_9: 0}), RULES, NOW)
    screening.complete(RULES, NOW)
    assert screening.tier is Tier.MODERATE


def test_answers_that_climb_raise_each_higher_tier_as_a_fact_of_its_own() -> None:
    screening = a_screening(CSSRS)
    for code in (Q1, Q2, Q3, Q4, Q5):
        screening.record(given_values({code: 1}), RULES, NOW)
    assert [tier for tier, _ in risks(screening)] == [Tier.LOW, Tier.MODERATE, Tier.HIGH]
    ids = [each.risk_id for each in screening.events if isinstance(each, RiskSeen)]
    assert len(set(ids)) == 3


def test_a_risk_has_the_same_id_whenever_and_wherever_it_is_computed() -> None:
    first, second = a_screening(), a_screening()
    first.record(given_values({ITEM_9: 1}), RULES, NOW)
    second.record(given_values({ITEM_9: 2}), RULES, LATER)
    assert isinstance(first.events[0], RiskSeen)
    assert isinstance(second.events[0], RiskSeen)
    assert first.events[0].risk_id == second.events[0].risk_id


def test_a_screener_left_after_its_second_question_counts_as_its_worst_completion() -> None:
    screening = a_screening(CSSRS)
    screening.record(given_values({Q1: 0}), RULES, NOW)
    screening.record(given_values({Q2: 0}), RULES, NOW)
    assert screening.leave(RULES, LATER)
    assert screening.state is ScreeningState.ABANDONED
    assert screening.tier is Tier.HIGH
    assert risks(screening) == [(Tier.HIGH, Trigger.SCREENING_ABANDONED)]
    assert screening.is_safety_item_unanswered


def test_every_further_answer_gives_the_person_the_whole_time_again() -> None:
    screening = a_screening(CSSRS)
    screening.record(given_values({Q1: 0}), RULES, NOW)
    screening.record(given_values({Q2: 0}), RULES, NOW + timedelta(minutes=9))
    assert not screening.leave(RULES, LATER)
    assert screening.leave(RULES, NOW + timedelta(minutes=19))


def test_a_skipped_safety_item_starts_the_time_too() -> None:
    screening = a_screening()
    screening.record([GivenAnswer(ITEM_9, is_skipped=True)], RULES, NOW)
    assert screening.leave_deadline_time == LATER
    assert screening.leave(RULES, LATER)
    assert risks(screening) == [(Tier.MODERATE, Trigger.SCREENING_ABANDONED)]


def test_a_form_left_before_any_safety_item_stays_open() -> None:
    screening = a_screening()
    screening.record(given_values({PHQ9.items[0].code: 2}), RULES, NOW)
    assert screening.leave_deadline_time is None
    assert not screening.leave(RULES, NOW + timedelta(days=9))


def test_a_form_left_after_a_calm_item_nine_ends_without_risk() -> None:
    screening = a_screening()
    screening.record(given_values({ITEM_9: 0}), RULES, NOW)
    assert screening.leave(RULES, LATER)
    assert (screening.tier, risks(screening)) == (Tier.NONE, [])
    assert not screening.is_safety_item_unanswered


def test_a_screening_that_was_left_is_closed_once() -> None:
    screening = a_screening(CSSRS)
    screening.record(given_values({Q1: 1}), RULES, NOW)
    assert screening.leave(RULES, LATER)
    assert not screening.leave(RULES, LATER)


def test_a_form_completed_without_item_nine_is_flagged_and_counts_as_endorsed() -> None:
    screening = a_screening()
    others = {item.code: 1 for item in PHQ9.scored_items if item.code != ITEM_9}
    screening.record(given_values(others), RULES, NOW)
    screening.complete(RULES, NOW)
    assert screening.is_safety_item_unanswered
    assert screening.score is not None
    assert screening.score.value == 9  # prorated from the other eight
    assert risks(screening) == [(Tier.MODERATE, Trigger.PHQ9_ITEM9)]


def test_a_calm_screener_completes_without_risk_and_asks_nothing_more() -> None:
    screening = a_screening(CSSRS)
    screening.record(given_values({Q1: 0, Q2: 0, Q6: 0}), RULES, NOW)
    screening.complete(RULES, NOW)
    assert (screening.tier, screening.is_safety_item_unanswered) == (Tier.NONE, False)
    assert screening.leave_deadline_time is None
    ended = screening.events[-1]
    assert isinstance(ended, ScreeningEnded)
    assert (ended.instrument, ended.tier) == ("c-ssrs-screener", Tier.NONE)


def test_an_empty_screener_that_is_completed_is_high() -> None:
    screening = a_screening(CSSRS)
    screening.complete(RULES, NOW)
    assert screening.tier is Tier.HIGH


def test_a_gad_7_raises_nothing_at_its_worst() -> None:
    screening = a_screening(GAD7)
    screening.record(given_values({item.code: 3 for item in GAD7.items}), RULES, NOW)
    screening.complete(RULES, NOW)
    assert screening.score is not None
    assert (screening.score.value, screening.tier) == (21, Tier.NONE)


@pytest.mark.parametrize(
    "more",
    [
        lambda screening: screening.record([GivenAnswer("69725-0", value=1)], RULES, NOW),
        lambda screening: screening.complete(RULES, NOW),
    ],
    ids=["answers", "a second end"],
)
def test_a_screening_that_ended_refuses_more(more: Callable[[Screening], None]) -> None:
    screening = a_screening(GAD7)
    screening.complete(RULES, NOW)
    with pytest.raises(FailedPrecondition) as refused:
        more(screening)
    assert refused.value.reason == "SCREENING_CLOSED"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (GivenAnswer("00000-0", value=1), "ITEM_CODE_UNKNOWN"),
        (GivenAnswer(ITEM_9, value=1), "ITEM_CODE_UNKNOWN"),  # the PHQ-9's
        (GivenAnswer("68509-9", value=4), "ANSWER_OUT_OF_RANGE"),
        (GivenAnswer("68509-9", value=-1), "ANSWER_OUT_OF_RANGE"),
        (GivenAnswer("68509-9"), "ANSWER_MISSING"),
        (GivenAnswer("68509-9", answer_code="LA33-6"), "ANSWER_CODE_UNKNOWN"),
    ],
)
def test_without_a_safety_item_an_answer_at_fault_refuses_the_request(
    answer: GivenAnswer, reason: str
) -> None:
    screening = a_screening(GAD7)
    sound = GivenAnswer("69725-0", value=1)
    with pytest.raises(InvalidArgument) as refused:
        screening.record([sound, answer], RULES, NOW)
    assert refused.value.reason == reason
    assert [each.field for each in refused.value.violations] == ["answers[1]"]
    assert (screening.answers, screening.events) == ({}, [])


ODD = [
    (GivenAnswer(Q1, value=2), Unread.OUT_OF_RANGE),
    (GivenAnswer(Q1, value=-1), Unread.OUT_OF_RANGE),
    (GivenAnswer(Q1), Unread.MISSING),
    (GivenAnswer(Q1, answer_code="LA6568-5"), Unread.CODE_UNKNOWN),
]


@pytest.mark.parametrize(("odd", "unread"), ODD)
def test_an_odd_answer_of_a_screener_does_not_cost_the_danger_said_beside_it(
    odd: GivenAnswer, unread: Unread
) -> None:
    screening = a_screening(CSSRS)
    screening.record([odd, GivenAnswer(Q5, value=1)], RULES, NOW)
    assert screening.answers == {Q1: unread, Q5: 1}
    assert risks(screening) == [(Tier.HIGH, Trigger.CSSRS_SCREENER)]


@pytest.mark.parametrize(("odd", "unread"), ODD)
def test_a_screener_with_one_odd_answer_that_is_left_counts_as_its_worst_completion(
    odd: GivenAnswer, unread: Unread
) -> None:
    screening = a_screening(CSSRS)
    screening.record([odd], RULES, NOW)
    assert screening.leave(RULES, LATER)
    assert risks(screening) == [(Tier.HIGH, Trigger.SCREENING_ABANDONED)]
    assert screening.is_safety_item_unanswered


@pytest.mark.parametrize(("odd", "unread"), ODD)
def test_an_odd_answer_in_place_of_the_last_calm_one_leaves_its_question_open(
    odd: GivenAnswer, unread: Unread
) -> None:
    screening = a_screening(CSSRS)
    screening.record(given_values({Q1: 0, Q2: 0, Q6: 0}), RULES, NOW)
    screening.record([odd], RULES, NOW)
    screening.complete(RULES, NOW)
    assert (screening.tier, screening.is_safety_item_unanswered) == (Tier.LOW, True)


def test_what_was_odd_is_known_once_it_is_answered_again() -> None:
    screening = a_screening(CSSRS)
    screening.record([GivenAnswer(Q1, value=7)], RULES, NOW)
    screening.record(given_values({Q1: 0, Q2: 0, Q6: 0}), RULES, NOW)
    screening.complete(RULES, NOW)
    assert (screening.tier, screening.is_safety_item_unanswered) == (Tier.NONE, False)


@pytest.mark.parametrize("item", PHQ9.items, ids=lambda item: item.code)
def test_an_odd_answer_of_a_phq_9_is_a_missing_one_and_its_item_nine_still_acts(
    item: Item,
) -> None:
    screening = a_screening()
    form = {each.code: 1 for each in PHQ9.items if each.code != item.code}
    screening.record([GivenAnswer(item.code, value=9), *given_values(form)], RULES, NOW)
    screening.complete(RULES, NOW)
    assert risks(screening) == [(Tier.MODERATE, Trigger.PHQ9_ITEM9)]
    assert screening.is_safety_item_unanswered is (item.code == ITEM_9)
    assert screening.score is not None
    assert (screening.score.value, screening.score.missing) == (9, int(item.is_scored))


def test_an_item_answered_twice_in_one_request_is_refused() -> None:
    with pytest.raises(InvalidArgument) as refused:
        a_screening().record(
            [GivenAnswer(ITEM_9, value=0), GivenAnswer(ITEM_9, value=1)], RULES, NOW
        )
    assert refused.value.reason == "ITEM_REPEATED"


def test_every_answer_at_fault_has_its_own_violation() -> None:
    wrong = [GivenAnswer("nonsense", value=1), GivenAnswer("69725-0", value=9)]
    with pytest.raises(InvalidArgument) as refused:
        a_screening(GAD7).record(wrong, RULES, NOW)
    reasons = [each.reason for each in refused.value.violations]
    assert reasons == ["ITEM_CODE_UNKNOWN", "ANSWER_OUT_OF_RANGE"]


@pytest.mark.parametrize(
    ("instrument", "code", "answer_code", "value"),
    [
        (PHQ9, ITEM_9, "LA6568-5", 0),
        (PHQ9, ITEM_9, "LA6571-9", 3),
        (CSSRS, Q4, "LA33-6", 1),
        (CSSRS, Q4, "LA32-8", 0),
        (PHQ9, "69722-7", "LA6574-3", 3),
    ],
)
def test_a_loinc_answer_code_is_the_value_it_stands_for(
    instrument: Instrument, code: str, answer_code: str, value: int
) -> None:
    screening = a_screening(instrument)
    screening.record([GivenAnswer(code, answer_code=answer_code)], RULES, NOW)
    assert screening.answers == {code: value}


ITEMS = st.sampled_from([Q1, Q2, Q3, Q4, Q5, Q6, Q6B])
ANSWERS = st.builds(
    lambda code, value: GivenAnswer(code, value=value, is_skipped=value is None),
    ITEMS,
    st.sampled_from([0, 1, None]),
)


@given(st.lists(ANSWERS, max_size=20), st.booleans())
def test_however_answers_arrive_the_end_is_never_below_any_completion_of_them(
    arriving: Sequence[GivenAnswer], is_left: bool
) -> None:
    screening, highest = a_screening(CSSRS), Tier.NONE
    for answer in arriving:
        screening.record([answer], RULES, NOW)
        highest = max(highest, screening.tier)
    reachable = reachable_tier(CSSRS, screening.answers, RULES.triage)
    if is_left and arriving:
        assert screening.leave(RULES, LATER)
    else:
        screening.complete(RULES, NOW)
    assert screening.tier == max(reachable, highest)
    raised = [tier for tier, _ in risks(screening)]
    assert raised == sorted(set(raised))
    assert (raised or [Tier.NONE])[-1] is screening.tier
