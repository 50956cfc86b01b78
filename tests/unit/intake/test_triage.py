"""The C-SSRS screener's tier: exact on whole screens, never too low on any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.answers import Answer, GivenAnswer, Unread, read_answers
from services.intake.domain.instruments.craving import CRAVING, CRAVING_CHECK, USE
from services.intake.domain.instruments.cssrs import CSSRS, Q1, Q2, Q3, Q4, Q5, Q6, Q6B
from services.intake.domain.instruments.gad7 import GAD7
from services.intake.domain.instruments.model import Item
from services.intake.domain.instruments.phq9 import FREQUENCY, ITEM_9, PHQ9
from services.intake.domain.instruments.phq9m import ATTEMPT_EVER, PHQ9M, SERIOUS_THOUGHTS
from services.intake.domain.instruments.phq9m import ITEM_9 as TEEN_ITEM_9
from services.intake.domain.tier import Tier
from services.intake.domain.triage import (
    TriageRules,
    certain_tier,
    reachable_tier,
    unanswered_safety_items,
)

RULES = TriageRules(safety_item_tier=Tier.MODERATE)
ALL = (Q1, Q2, Q3, Q4, Q5, Q6, Q6B)
NO, YES = 0, 1


def patterns() -> Iterator[dict[str, int]]:
    """Every screen that the form's own flow can produce."""
    branches = [{Q2: NO}] + [
        {Q2: YES, Q3: q3, Q4: q4, Q5: q5} for q3, q4, q5 in product((NO, YES), repeat=3)
    ]
    behaviors = [{Q6: NO}, {Q6: YES, Q6B: NO}, {Q6: YES, Q6B: YES}]
    for q1, branch, behavior in product((NO, YES), branches, behaviors):
        yield {Q1: q1} | branch | behavior


def expected(screen: Mapping[str, int]) -> Tier:
    """The published triage, said a second time in other words."""
    yes = {code for code, value in screen.items() if value}
    if yes & {Q4, Q5, Q6B}:
        return Tier.HIGH
    if yes & {Q3, Q6}:
        return Tier.MODERATE
    return Tier.LOW if yes & {Q1, Q2} else Tier.NONE


# Written by hand from the form: Q1, then "-" for Q2 no or the letters of Q3-Q5, then Q6.
BY_HAND = {
    (NO, "no", "never"): Tier.NONE,
    (YES, "no", "never"): Tier.LOW,
    (NO, "yes", "never"): Tier.LOW,
    (YES, "yes", "never"): Tier.LOW,
    (NO, "yes3", "never"): Tier.MODERATE,
    (YES, "yes3", "never"): Tier.MODERATE,
    (NO, "no", "long ago"): Tier.MODERATE,
    (YES, "no", "long ago"): Tier.MODERATE,
    (NO, "yes", "long ago"): Tier.MODERATE,
    (YES, "yes", "long ago"): Tier.MODERATE,
    (NO, "yes3", "long ago"): Tier.MODERATE,
    (YES, "yes3", "long ago"): Tier.MODERATE,
}
THOUGHTS = {
    "no": {Q2: NO},
    "yes": {Q2: YES, Q3: NO, Q4: NO, Q5: NO},
    "yes3": {Q2: YES, Q3: YES, Q4: NO, Q5: NO},
}
BEHAVIOR = {"never": {Q6: NO}, "long ago": {Q6: YES, Q6B: NO}}


def test_the_flow_reaches_fifty_four_screens_in_the_published_shares() -> None:
    tiers = [certain_tier(CSSRS, screen, RULES) for screen in patterns()]
    counts = {tier: tiers.count(tier) for tier in Tier}
    assert counts == {Tier.HIGH: 42, Tier.MODERATE: 8, Tier.LOW: 3, Tier.NONE: 1}


@pytest.mark.parametrize(
    "screen", list(patterns()), ids=lambda screen: "".join(map(str, screen.values()))
)
def test_a_whole_screen_has_its_published_tier(screen: dict[str, int]) -> None:
    assert certain_tier(CSSRS, screen, RULES) is expected(screen)
    assert reachable_tier(CSSRS, screen, RULES) is expected(screen)
    assert not unanswered_safety_items(CSSRS, screen)


@pytest.mark.parametrize(("screen", "tier"), list(BY_HAND.items()))
def test_the_screens_below_high_are_as_a_clinician_reads_them(
    screen: tuple[int, str, str], tier: Tier
) -> None:
    first, thoughts, behavior = screen
    answers = {Q1: first} | THOUGHTS[thoughts] | BEHAVIOR[behavior]
    assert reachable_tier(CSSRS, answers, RULES) is tier


@pytest.mark.parametrize("first", [NO, YES])
@pytest.mark.parametrize("behavior", list(BEHAVIOR.values()))
def test_intent_alone_is_high_where_a_known_bad_mapping_says_moderate(
    first: int, behavior: dict[str, int]
) -> None:
    answers = {Q1: first, Q2: YES, Q3: NO, Q4: YES, Q5: NO} | behavior
    assert certain_tier(CSSRS, answers, RULES) is Tier.HIGH


def test_behavior_long_ago_is_moderate_where_a_known_bad_mapping_says_high() -> None:
    answers = {Q1: NO, Q2: NO, Q6: YES, Q6B: NO}
    assert reachable_tier(CSSRS, answers, RULES) is Tier.MODERATE


@pytest.mark.parametrize(
    ("answers", "tier"),
    [
        ({}, Tier.HIGH),
        ({Q1: NO}, Tier.HIGH),
        ({Q1: YES, Q2: YES}, Tier.HIGH),
        ({Q1: NO, Q2: NO}, Tier.HIGH),  # behavior is still open
        ({Q1: NO, Q2: NO, Q6: NO}, Tier.NONE),
        ({Q2: NO, Q6: NO}, Tier.LOW),  # only the wish is unknown
        ({Q1: NO, Q2: NO, Q6: YES}, Tier.HIGH),  # when is unknown
        ({Q1: NO, Q2: None, Q6: NO}, Tier.HIGH),  # skipped is unknown
        ({Q1: NO, Q2: YES, Q3: NO, Q4: NO, Q5: None, Q6: NO}, Tier.HIGH),
        ({Q1: NO, Q2: YES, Q3: None, Q4: NO, Q5: NO, Q6: NO}, Tier.MODERATE),
    ],
)
def test_what_is_unknown_counts_as_the_worst_it_could_be(
    answers: dict[str, int | None], tier: Tier
) -> None:
    assert reachable_tier(CSSRS, answers, RULES) is tier


@pytest.mark.parametrize(
    "answers",
    [
        {Q1: NO, Q2: NO, Q5: YES, Q6: NO},
        {Q1: NO, Q2: NO, Q6: NO, Q6B: YES},
        # A "no" that its own branch contradicts cannot be trusted about the rest of the branch.
        {Q1: NO, Q2: NO, Q3: YES, Q6: NO},
    ],
)
def test_answers_that_contradict_each_other_are_read_upwards(answers: dict[str, int]) -> None:
    assert reachable_tier(CSSRS, answers, RULES) is Tier.HIGH


@given(st.sampled_from(list(patterns())), st.sets(st.sampled_from(ALL)), st.booleans())
def test_whatever_is_hidden_of_a_screen_its_tier_is_never_below_the_true_one(
    screen: dict[str, int], hidden: set[str], as_skipped: bool
) -> None:
    partial: dict[str, int | None] = {
        code: None if code in hidden else value
        for code, value in screen.items()
        if as_skipped or code not in hidden
    }
    true = expected(screen)
    assert certain_tier(CSSRS, partial, RULES) <= true <= reachable_tier(CSSRS, partial, RULES)


def odd_answers(item: Item) -> st.SearchStrategy[GivenAnswer]:
    """What a client may send for an item and nobody can read."""
    numbers = st.integers(-(2**31), 2**31 - 1).filter(lambda n: not item.low <= n <= item.high)
    codes = st.text(min_size=1) | st.sampled_from([*FREQUENCY, "yes", "0", " LA33-6", "la33-6"])
    return (
        st.just(GivenAnswer(item.code))
        | numbers.map(lambda number: GivenAnswer(item.code, value=number))
        | codes.filter(lambda code: code not in item.answer_codes).map(
            lambda code: GivenAnswer(item.code, answer_code=code)
        )
    )


@given(st.data(), st.sampled_from(list(patterns())), st.sets(st.sampled_from(ALL)))
def test_whatever_of_a_screen_arrives_mistyped_its_tier_is_never_below_the_true_one(
    data: st.DataObject, screen: dict[str, int], mistyped: set[str]
) -> None:
    sent = [
        data.draw(odd_answers(CSSRS.item(code)))
        if code in mistyped
        else GivenAnswer(code, value=value)
        for code, value in screen.items()
    ]
    answers = read_answers(CSSRS, data.draw(st.permutations(sent)))
    assert certain_tier(CSSRS, answers, RULES) <= expected(screen)
    assert reachable_tier(CSSRS, answers, RULES) >= expected(screen)
    assert unanswered_safety_items(CSSRS, answers) >= mistyped & set(screen)


@given(st.data(), st.dictionaries(st.sampled_from(ALL), st.sampled_from([NO, YES, None, "odd"])))
def test_what_is_mistyped_is_never_less_than_any_value_it_could_have_meant(
    data: st.DataObject, sent: dict[str, int | str | None]
) -> None:
    given_answers, mistyped = [], []
    for code, value in sent.items():
        if isinstance(value, str):
            given_answers.append(data.draw(odd_answers(CSSRS.item(code))))
            mistyped.append(code)
        else:
            given_answers.append(GivenAnswer(code, value=value, is_skipped=value is None))
    answers = read_answers(CSSRS, given_answers)
    tier = reachable_tier(CSSRS, answers, RULES)
    for meant in product((NO, YES, None), repeat=len(mistyped)):
        read = answers | dict(zip(mistyped, meant, strict=True))
        assert reachable_tier(CSSRS, read, RULES) <= tier


@given(st.data(), st.sampled_from(PHQ9.items), st.integers(0, 3))
def test_whatever_of_a_phq_9_arrives_mistyped_its_item_nine_counts(
    data: st.DataObject, item: Item, value: int
) -> None:
    sound = [GivenAnswer(each.code, value=value) for each in PHQ9.items if each is not item]
    answers = read_answers(PHQ9, [data.draw(odd_answers(item)), *sound])
    is_calm = value == 0 and item.code != ITEM_9
    assert reachable_tier(PHQ9, answers, RULES) is (Tier.NONE if is_calm else Tier.MODERATE)


@given(st.dictionaries(st.sampled_from(ALL), st.sampled_from([NO, YES, None])))
def test_odd_answers_never_end_below_what_they_say(odd: dict[str, int | None]) -> None:
    plain = {code: value for code, value in odd.items() if value is not None}
    assert reachable_tier(CSSRS, odd, RULES) >= expected(plain)


@given(
    st.dictionaries(st.sampled_from(ALL), st.sampled_from([NO, YES, None])),
    st.dictionaries(st.sampled_from(ALL), st.sampled_from([NO, YES])),
)
def test_no_completion_ends_above_what_was_announced_as_reachable(
    odd: dict[str, int | None], rest: dict[str, int]
) -> None:
    answered = {code: value for code, value in odd.items() if value is not None}
    open_items = unanswered_safety_items(CSSRS, odd)
    completed = answered | {code: rest.get(code, YES) for code in open_items}
    assert certain_tier(CSSRS, completed, RULES) <= reachable_tier(CSSRS, odd, RULES)


@pytest.mark.parametrize(
    ("value", "tier"), [(0, Tier.NONE), (1, Tier.MODERATE), (3, Tier.MODERATE)]
)
def test_item_nine_of_the_phq_9_counts_from_several_days_on(value: int, tier: Tier) -> None:
    assert certain_tier(PHQ9, {ITEM_9: value}, RULES) is tier
    assert reachable_tier(PHQ9, {ITEM_9: value}, RULES) is tier


@pytest.mark.parametrize("answers", [{}, {ITEM_9: None}])
def test_a_missing_item_nine_counts_as_if_it_were_endorsed(answers: dict[str, int | None]) -> None:
    assert certain_tier(PHQ9, answers, RULES) is Tier.NONE
    assert reachable_tier(PHQ9, answers, RULES) is Tier.MODERATE
    assert unanswered_safety_items(PHQ9, answers) == {ITEM_9}


def test_a_tenant_may_take_item_nine_more_seriously() -> None:
    strict = TriageRules(safety_item_tier=Tier.HIGH)
    assert certain_tier(PHQ9, {ITEM_9: 1}, strict) is Tier.HIGH


@pytest.mark.parametrize("code", [TEEN_ITEM_9, SERIOUS_THOUGHTS, ATTEMPT_EVER])
def test_any_one_suicide_item_of_the_teens_form_counts(code: str) -> None:
    calm = {item.code: 0 for item in PHQ9M.safety_items}
    assert reachable_tier(PHQ9M, calm, RULES) is Tier.NONE
    assert certain_tier(PHQ9M, calm | {code: 1}, RULES) is Tier.MODERATE
    assert certain_tier(PHQ9M, {code: 1}, RULES) is Tier.MODERATE


@pytest.mark.parametrize("code", [TEEN_ITEM_9, SERIOUS_THOUGHTS, ATTEMPT_EVER])
def test_a_missing_suicide_item_of_the_teens_form_counts_as_if_it_were_endorsed(code: str) -> None:
    rest: dict[str, Answer] = {item.code: 0 for item in PHQ9M.items if item.code != code}
    for answers in (rest, rest | {code: None}, rest | {code: Unread.OUT_OF_RANGE}):
        assert certain_tier(PHQ9M, answers, RULES) is Tier.NONE
        assert reachable_tier(PHQ9M, answers, RULES) is Tier.MODERATE
        assert unanswered_safety_items(PHQ9M, answers) == {code}


@pytest.mark.parametrize(
    ("craving", "use", "certain", "reachable"),
    [
        (90, YES, Tier.MODERATE, Tier.MODERATE),
        (100, YES, Tier.MODERATE, Tier.MODERATE),
        (89, YES, Tier.NONE, Tier.NONE),
        (100, NO, Tier.NONE, Tier.NONE),
        (0, NO, Tier.NONE, Tier.NONE),
        (90, None, Tier.NONE, Tier.MODERATE),
        (90, Unread.MISSING, Tier.NONE, Tier.MODERATE),
        (None, YES, Tier.NONE, Tier.MODERATE),
        (Unread.OUT_OF_RANGE, YES, Tier.NONE, Tier.MODERATE),
        (None, None, Tier.NONE, Tier.MODERATE),
        (89, None, Tier.NONE, Tier.NONE),
        (None, NO, Tier.NONE, Tier.NONE),
    ],
)
def test_craving_counts_from_ninety_on_and_together_with_use(
    craving: Answer, use: Answer, certain: Tier, reachable: Tier
) -> None:
    answers = {CRAVING: craving, USE: use}
    assert certain_tier(CRAVING_CHECK, answers, RULES) is certain
    assert reachable_tier(CRAVING_CHECK, answers, RULES) is reachable
    is_open = bool(unanswered_safety_items(CRAVING_CHECK, answers))
    assert is_open is (certain is not reachable)


@given(
    st.integers(0, 100), st.integers(0, 1), st.sets(st.sampled_from([CRAVING, USE])), st.booleans()
)
def test_whatever_is_hidden_of_a_craving_check_its_tier_is_never_below_the_true_one(
    craving: int, use: int, hidden: set[str], as_unread: bool
) -> None:
    whole = {CRAVING: craving, USE: use}
    true = Tier.MODERATE if craving >= 90 and use else Tier.NONE
    unknown = Unread.OUT_OF_RANGE if as_unread else None
    partial = {code: unknown if code in hidden else value for code, value in whole.items()}
    assert certain_tier(CRAVING_CHECK, partial, RULES) <= true
    assert reachable_tier(CRAVING_CHECK, partial, RULES) >= true


def test_an_instrument_without_a_safety_item_raises_nothing() -> None:
    assert reachable_tier(GAD7, {}, RULES) is Tier.NONE
