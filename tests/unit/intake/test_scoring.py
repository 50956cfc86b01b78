"""Totals and bands, and what becomes of them when answers are missing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import InvalidArgument, NotFound
from services.intake.domain.instruments import INSTRUMENTS, instrument_of
from services.intake.domain.instruments.gad7 import GAD7
from services.intake.domain.instruments.model import Instrument
from services.intake.domain.instruments.phq9 import DIFFICULTY_ITEM, ITEM_9, PHQ9
from services.intake.domain.scoring import Score, ScoreMethod, score


def answers_of(instrument: Instrument, total: int, *, left_out: int = 0) -> dict[str, int | None]:
    """Answers that sum to `total`, the last `left_out` items without one."""
    items = instrument.scored_items[: len(instrument.scored_items) - left_out]
    base, rest = divmod(total, len(items))
    return {item.code: base + (place < rest) for place, item in enumerate(items)}


@pytest.mark.parametrize(
    ("total", "band"),
    [
        (0, "minimal"), (4, "minimal"), (5, "mild"), (9, "mild"), (10, "moderate"),
        (14, "moderate"), (15, "moderately_severe"), (19, "moderately_severe"), (20, "severe"),
        (27, "severe"),
    ],
)  # fmt: skip
def test_a_phq_9_total_falls_into_its_published_band(total: int, band: str) -> None:
    assert score(PHQ9, answers_of(PHQ9, total)) == Score(total, ScoreMethod.COMPLETE, 0, band)


@pytest.mark.parametrize(
    ("total", "band"),
    [
        (0, "minimal"), (4, "minimal"), (5, "mild"), (9, "mild"), (10, "moderate"),
        (14, "moderate"), (15, "severe"), (21, "severe"),
    ],
)  # fmt: skip
def test_a_gad_7_total_falls_into_its_published_band(total: int, band: str) -> None:
    assert score(GAD7, answers_of(GAD7, total)) == Score(total, ScoreMethod.COMPLETE, 0, band)


@pytest.mark.parametrize(
    ("total", "left_out", "prorated"),
    # floor(sum x 9 / answered + 1/2): 8 x 9/8 = 9; 7 x 9/8 = 7.875; 4 x 9/8 = 4.5, up to 5.
    [(8, 1, 9), (7, 1, 8), (4, 1, 5), (3, 1, 3), (7, 2, 9), (21, 2, 27), (0, 2, 0)],
)
def test_up_to_two_missing_phq_9_answers_are_prorated(
    total: int, left_out: int, prorated: int
) -> None:
    found = score(PHQ9, answers_of(PHQ9, total, left_out=left_out))
    assert (found.value, found.method, found.missing) == (prorated, ScoreMethod.PRORATED, left_out)


@pytest.mark.parametrize(("total", "left_out", "prorated"), [(6, 1, 7), (5, 2, 7), (3, 1, 4)])
def test_up_to_two_missing_gad_7_answers_are_prorated(
    total: int, left_out: int, prorated: int
) -> None:
    assert score(GAD7, answers_of(GAD7, total, left_out=left_out)).value == prorated


@pytest.mark.parametrize("instrument", [PHQ9, GAD7], ids=lambda each: each.id)
@pytest.mark.parametrize("left_out", [3, 4])
def test_with_three_missing_answers_there_is_no_total_and_no_band(
    instrument: Instrument, left_out: int
) -> None:
    found = score(instrument, answers_of(instrument, 12, left_out=left_out))
    assert found == Score(None, ScoreMethod.NONE, left_out, "")


def test_nothing_answered_is_no_total_and_not_zero() -> None:
    assert score(PHQ9, {}).value is None


def test_a_skipped_answer_is_missing_and_not_zero() -> None:
    answers = answers_of(PHQ9, 16, left_out=1) | {ITEM_9: None}
    assert score(PHQ9, answers) == Score(18, ScoreMethod.PRORATED, 1, "moderately_severe")


def test_the_difficulty_item_is_not_part_of_the_total() -> None:
    answers = answers_of(PHQ9, 6) | {DIFFICULTY_ITEM: 3}
    assert score(PHQ9, answers).value == 6


@given(st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=9, max_size=9))
def test_a_phq_9_total_stays_on_its_scale_and_follows_the_published_formula(
    values: list[int | None],
) -> None:
    items = [item.code for item in PHQ9.scored_items]
    found = score(PHQ9, dict(zip(items, values, strict=True)))
    answered = [value for value in values if value is not None]
    if len(answered) < 7:
        assert found.value is None
    else:
        assert found.value == math.floor(sum(answered) * 9 / len(answered) + 0.5)
        assert 0 <= found.value <= 27


def test_item_codes_are_those_of_loinc_and_none_is_used_twice() -> None:
    codes = [item.code for each in INSTRUMENTS for item in each.items]
    assert len(set(codes)) == len(codes)
    assert [item.code for item in PHQ9.items] == [
        "44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3",
        "44260-8", "69722-7",
    ]  # fmt: skip
    assert [item.code for item in GAD7.items] == [
        "69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7",
    ]  # fmt: skip


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda each: each.id)
def test_every_instrument_says_where_its_numbers_come_from(instrument: Instrument) -> None:
    provenance = instrument.provenance
    assert provenance.author
    assert provenance.source
    assert provenance.date
    assert instrument_of(instrument.id, instrument.version) is instrument


@pytest.mark.parametrize(
    ("instrument", "version", "reason"),
    [("phq-8", "1", "INSTRUMENT_UNKNOWN"), ("phq-9", "7", "INSTRUMENT_VERSION_UNKNOWN")],
)
def test_an_unknown_instrument_or_version_is_refused_by_name(
    instrument: str, version: str, reason: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        instrument_of(instrument, version)
    assert refused.value.reason == refused.value.violations[0].reason == reason


def test_an_instrument_does_not_know_other_instruments_items() -> None:
    with pytest.raises(NotFound, match="no item"):
        GAD7.item(ITEM_9)
